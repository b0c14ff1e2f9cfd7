#include "sync/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/spool.h"

/* Who wrote itself into the lock last. */
static struct state_holder holder_of(int fd)
{
	struct state_holder h = {0};
	const ssize_t n = pread(fd, h.pid, sizeof(h.pid) - 1, 0);
	struct stat st;

	h.pid[n > 0 ? n : 0] = '\0';
	h.pid[strspn(h.pid, "0123456789")] = '\0';
	if (fstat(fd, &st) == 0)
		h.since = st.st_mtime;
	return h;
}

/* A reader writes nothing: the process is that of the last writer, which may be gone. */
static int held(int fd, const char *path, struct err *err)
{
	const struct state_holder h = holder_of(fd);

	if (h.pid[0] != '\0' && kill((pid_t)strtol(h.pid, NULL, 10), 0) < 0 && errno == ESRCH)
		return err_set(err, ERR_BUSY,
			"state %s: somebody reads it (galway diff, history ...): wait for it",
			path);
	return err_set(err, ERR_BUSY, "state %s: another run holds the lock%s%s: wait for it", path,
		h.pid[0] != '\0' ? ", process " : "", h.pid);
}

bool state_held(const char *path, struct state_holder *h)
{
	char *name;

	if (asprintf(&name, "%s.lock", path) < 0)
		return false;
	const int lock = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	free(name);
	if (lock < 0)
		return false;
	const bool free_now = flock(lock, LOCK_SH | LOCK_NB) == 0;
	if (!free_now)
		*h = holder_of(lock);
	(void)close(lock);
	return !free_now;
}

int state_private(const char *path, const struct stat *st, struct err *err)
{
	const uid_t user = geteuid();
	const char *fault = NULL;

	if (!S_ISREG(st->st_mode))
		fault = "not a regular file";
	else if (user != 0 && st->st_uid != user && st->st_uid != 0)
		fault = "the file belongs to another user";
	else if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		fault = "group or others may write it (chmod go-w)";
	return fault == NULL ? 0 : err_set(err, ERR_FATAL, "state %s: %s", path, fault);
}

int state_lock(const char *path, bool write, int *fd, struct err *err)
{
	char *name;
	char pid[32];

	*fd = -1;
	if (asprintf(&name, "%s.lock", path) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	int flags = O_CLOEXEC | O_NOFOLLOW | (write ? O_RDWR | O_CREAT : O_RDONLY);
	int lock = open(name, flags, 0600), fault = errno;
	struct stat st;
	int rc = lock < 0 || fstat(lock, &st) < 0 ? 0 : state_private(name, &st, err);
	free(name);
	if (lock < 0) {
		if (!write && fault == ENOENT)
			return 0;
		return err_set(err, fault == ENOSPC ? ERR_BUSY : ERR_FATAL,
			"state %s: cannot open its lock file: %s", path, strerror(fault));
	}
	if (rc < 0) {
		close(lock);
		return -1;
	}
	if (flock(lock, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0) {
		held(lock, path, err);
		close(lock);
		return -1;
	}
	if (write) {
		int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
		/* Only for the message above; nothing depends on it. */
		(void)!ftruncate(lock, 0);
		(void)!pwrite(lock, pid, (size_t)n, 0);
	}
	*fd = lock;
	return 0;
}

void state_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

long long state_way_back(const char *path)
{
	struct stat st;
	char *name;

	if (asprintf(&name, "%s-journal", path) < 0)
		return -1;
	const bool there = stat(name, &st) == 0;
	free(name);
	return there ? (long long)st.st_size : -1;
}

bool state_hot(const char *path)
{
	return state_way_back(path) > 0;
}

static int copy_file(const char *from, const char *to, struct err *err)
{
	char block[65536];
	ssize_t n = -1;
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (in >= 0 && out >= 0) {
		while ((n = read(in, block, sizeof(block))) > 0) {
			if (write(out, block, (size_t)n) != n) {
				n = -1;
				break;
			}
		}
	}
	if (n < 0)
		err_set(err, ERR_BUSY, "copy %s to %s: %s", from, to, strerror(errno));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n < 0 ? -1 : 0;
}

int state_copy(const char *path, char **copy, struct err *err)
{
	char *folder = NULL, *file = NULL, *journal_from = NULL, *journal_to = NULL;
	int rc = -1;

	*copy = NULL;
	if (asprintf(&folder, "%s/galway-XXXXXX", spool_folder()) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	if (mkdtemp(folder) == NULL) {
		err_set(err, ERR_BUSY, "%s: %s", folder, strerror(errno));
		free(folder);
		return -1;
	}
	if (asprintf(&file, "%s/state.db", folder) > 0 &&
		asprintf(&journal_from, "%s-journal", path) > 0 &&
		asprintf(&journal_to, "%s-journal", file) > 0)
		rc = copy_file(path, file, err) < 0 ? -1 : copy_file(journal_from, journal_to, err);
	if (rc == 0) {
		*copy = file;
	} else {
		state_copy_remove(file);
	}
	free(folder);
	free(journal_from);
	free(journal_to);
	return rc;
}

void state_copy_remove(char *copy)
{
	static const char *const suffixes[] = {"-journal", ""};

	if (copy == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		char *name;
		if (asprintf(&name, "%s%s", copy, suffixes[i]) < 0)
			continue;
		(void)unlink(name);
		free(name);
	}
	*strrchr(copy, '/') = '\0';
	(void)rmdir(copy);
	free(copy);
}
