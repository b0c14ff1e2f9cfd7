#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config_private.h"
#include "base/err.h"

#define SIZE_LIMIT (1u << 20)

/* Who can write the file tells us whom to delete, and what to run ("exec:" passwords). */
static int check_trust(const char *path, const char *folder, const struct stat *st, struct err *err)
{
	struct stat above;

	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_FATAL, "%s: not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(
			err, ERR_FATAL, "%s: belongs neither to root nor to this user", path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(
			err, ERR_FATAL, "%s: group or others may write it (chmod go-w)", path);
	if (stat(folder, &above) < 0)
		return err_set(err, ERR_FATAL, "%s: %s", folder, strerror(errno));
	if ((above.st_mode & S_IWOTH) != 0 && (above.st_mode & S_ISVTX) == 0)
		return err_set(err, ERR_FATAL, "%s: others may write its folder", path);
	if (st->st_size > SIZE_LIMIT)
		return err_set(err, ERR_FATAL, "%s: larger than %u KiB", path, SIZE_LIMIT >> 10);
	return 0;
}

static int read_text(struct arena *mem, const char *path, int fd, size_t size, char **text,
	size_t *len, struct err *err)
{
	*text = arena_alloc(mem, size + 1);
	for (*len = 0; *len < size;) {
		ssize_t n = read(fd, *text + *len, size - *len);
		if (n < 0)
			return err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	(*text)[*len] = '\0';
	return 0;
}

/* Of the path as given: a link may lead elsewhere, what is relative does not. */
static char *folder_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char *real = realpath(len > 0 ? arena_copy(mem, path, len) : ".", NULL);
	char *folder = real != NULL ? arena_strdup(mem, real) : NULL;

	free(real);
	return folder;
}

int config_read(struct arena *mem, const char *path, char **folder, char **text, size_t *len,
	struct err *err)
{
	struct stat st;
	int r = -1;

	*folder = folder_of(mem, path);
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || *folder == NULL || fstat(fd, &st) < 0)
		err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	else if (check_trust(path, *folder, &st, err) == 0)
		r = read_text(mem, path, fd, (size_t)st.st_size, text, len, err);
	if (fd >= 0)
		close(fd);
	return r;
}
