#include "sync/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/spool.h"
#include "connectors/file.h"

/* Who wrote itself into the lock last; pid 0: nobody, or it came to its end. */
static struct state_holder read_holder(int fd)
{
	struct state_holder h = {0};
	char text[64] = "", *end;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	h.pid = strtol(text, &end, 10);
	h.since = strtoll(end, &end, 10);
	/* An older program wrote its number alone. */
	return h.pid > 0 && h.since > 0 && *end == '\n' ? h : (struct state_holder){0};
}

static void write_holder(int fd, const struct state_holder *h)
{
	char text[64];
	int n = h->pid == 0 ? 0 : snprintf(text, sizeof(text), "%ld %lld\n", h->pid, h->since);

	(void)!ftruncate(fd, 0);
	(void)!pwrite(fd, text, (size_t)n, 0);
}

/* A reader writes nothing: the process is that of a writer before, which was killed. */
static int held(int fd, const char *path, struct err *err)
{
	const struct state_holder h = read_holder(fd);
	const long long seconds = (long long)time(NULL) - h.since;

	if (h.pid == 0 || (kill((pid_t)h.pid, 0) < 0 && errno == ESRCH))
		return err_set(err, ERR_BUSY,
			"state %s: somebody reads it (galway diff, history ...): wait for it",
			path);
	return err_set(err, ERR_BUSY,
		"state %s: another run holds the lock, process %ld, for %lld s: wait for it", path,
		h.pid, seconds > 0 ? seconds : 0);
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
		*h = read_holder(lock);
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

static bool folder_of(const char *path, struct stat *st)
{
	const char *slash = strrchr(path, '/');
	char *folder = NULL;

	if (asprintf(&folder, "%.*s", slash != NULL ? (int)(slash + 1 - path) : 1,
		    slash != NULL ? path : ".") < 0)
		return false;
	const bool there = stat(folder, st) == 0;
	free(folder);
	return there;
}

void state_give(int fd, const char *path)
{
	struct stat above, st;

	/* One link: it is no other name of somebody's empty file. */
	if (fd >= 0 && geteuid() == 0 && fstat(fd, &st) == 0 && st.st_size == 0 &&
		st.st_nlink == 1 && st.st_uid == 0 && folder_of(path, &above) && above.st_uid != 0)
		(void)!fchown(fd, above.st_uid, above.st_gid);
}

/* The lock file cannot be had: -1. */
static int no_lock(const char *path, int fault, struct err *err)
{
	const struct passwd *owner = NULL;
	struct stat above;

	if (fault == EACCES && folder_of(path, &above) && above.st_uid != geteuid())
		owner = getpwuid(above.st_uid);
	err_set(err, fault == ENOSPC ? ERR_BUSY : ERR_FATAL,
		"state %s: cannot open its lock file: %s", path, strerror(fault));
	if (owner != NULL)
		err_set(err, ERR_FATAL,
			"state %s: %s: its folder is %s's: runuser -u %s -- galway ...", path,
			strerror(fault), owner->pw_name, owner->pw_name);
	return -1;
}

static int check_writable(const char *path, const char *suffix, struct err *err)
{
	char *name;
	int rc = 0;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	if (access(name, R_OK | W_OK) < 0 && errno != ENOENT)
		rc = err_set(err, ERR_FATAL,
			"state %s: %s may not be written: %s: give it to the user who runs galway",
			path, name, strerror(errno));
	free(name);
	return rc;
}

int state_writable(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"", ".lock", "-journal"};

	if (!file_may_make(path) && errno == ENOENT)
		return err_set(err, ERR_FATAL,
			"state %s: its folder is not there: make it, for the user who runs galway",
			path);
	if (!file_may_make(path))
		return no_lock(path, errno, err);
	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (check_writable(path, suffixes[i], err) < 0)
			return -1;
	}
	return 0;
}

int state_lock(const char *path, bool write, int *fd, struct state_holder *left, struct err *err)
{
	char *name;

	*fd = -1;
	*left = (struct state_holder){0};
	if (asprintf(&name, "%s.lock", path) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	int flags = O_CLOEXEC | O_NOFOLLOW | (write ? O_RDWR | O_CREAT : O_RDONLY);
	int lock = open(name, flags, 0600), fault = errno;
	struct stat st;
	if (write)
		state_give(lock, name);
	int rc = lock < 0 || fstat(lock, &st) < 0 ? 0 : state_private(name, &st, err);
	free(name);
	if (lock < 0) {
		if (!write && fault == ENOENT)
			return 0;
		return no_lock(path, fault, err);
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
	*left = read_holder(lock);
	if (write)
		write_holder(lock, &(struct state_holder){(long)getpid(), (long long)time(NULL)});
	*fd = lock;
	return 0;
}

void state_unlock(int fd, const struct state_holder *left)
{
	if (fd < 0)
		return;
	if (left != NULL)
		write_holder(fd, left);
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
