#include "connectors/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#define BLOCK (256u << 10)

int file_fail(struct err *err, const char *path)
{
	const bool full = errno == ENOSPC || errno == EDQUOT;

	return err_set(err, full ? ERR_BUSY : ERR_FATAL, "%s: %s", path, strerror(errno));
}

bool file_changed(int fd, const struct stat *then)
{
	struct stat now;

	return fstat(fd, &now) < 0 || now.st_size != then->st_size ||
	       now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

bool file_replaced(const char *path, const struct stat *then)
{
	struct stat now;

	return stat(path, &now) < 0 || now.st_dev != then->st_dev || now.st_ino != then->st_ino ||
	       now.st_size != then->st_size || now.st_ctim.tv_sec != then->st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != then->st_ctim.tv_nsec;
}

int file_write(
	int fd, const char *path, const void *data, size_t len, long long offset, struct err *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = offset < 0 ? write(fd, at, len) : pwrite(fd, at, len, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_fail(err, path);
		at += n;
		len -= (size_t)n;
		offset += offset < 0 ? 0 : n;
	}
	return 0;
}

int file_sync(int fd, const char *path, struct err *err)
{
	return fsync(fd) < 0 ? file_fail(err, path) : 0;
}

static struct buf folder_of(const char *path)
{
	struct buf folder = {0};
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		buf_puts(&folder, ".");
	else
		buf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
	return folder;
}

bool file_may_make(const char *path)
{
	struct buf folder = folder_of(path);
	const bool may = access(folder.data, W_OK | X_OK) == 0;
	const int fault = errno;

	buf_free(&folder);
	errno = fault;
	return may;
}

int file_sync_folder(const char *path, struct err *err)
{
	struct buf folder = folder_of(path);
	int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? file_fail(err, folder.data) : file_sync(fd, folder.data, err);
	if (fd >= 0)
		close(fd);
	buf_free(&folder);
	return r;
}

int file_digest_open(int fd, const char *path, uint64_t *size, uint64_t *digest, struct err *err)
{
	struct buf block = {0};
	size_t have = 0;
	ssize_t n;

	buf_room(&block, BLOCK);
	*size = *digest = 0;
	/* Whole blocks, whatever a read gives: the hashes are chained. */
	do {
		n = pread(fd, block.data + have, BLOCK - have, (off_t)(*size + have));
		have += n > 0 ? (size_t)n : 0;
		if (have == BLOCK || n == 0) {
			*digest = hash_bytes(block.data, have, *digest);
			*size += have;
			have = 0;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	int r = n < 0 ? file_fail(err, path) : 0;
	buf_free(&block);
	return r;
}

int file_digest(const char *path, uint64_t *size, uint64_t *digest, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return file_fail(err, path);
	int r = file_digest_open(fd, path, size, digest, err);
	close(fd);
	return r;
}
