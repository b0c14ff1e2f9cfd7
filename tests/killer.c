/*
 * Preloaded into galway by tests/flows/run.py: a crash at a chosen moment.
 *
 * Calls that change files are counted, those of SQLite too. With KILLER_AT = n the process is
 * killed before the nth of them, and with KILLER_TORN = 1, when that is a write, after half of it.
 * A run that comes to its end appends its count to the file KILLER_COUNT.
 *
 * Not counted: what is not a regular file, and files without a name, which go with the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls, kill_at;
static bool torn;

static void die(void)
{
	(void)syscall(SYS_kill, getpid(), SIGKILL);
	_exit(1);
}

/* A call that changes a file is about to be made. */
static void before(void)
{
	if (++calls == kill_at)
		die();
}

static bool counts(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0;
}

/* The number of bytes that may be written: half of them when the process dies after it. */
static size_t allowed(int fd, size_t n, bool *last)
{
	*last = false;
	if (!counts(fd))
		return n;
	*last = torn && calls + 1 == kill_at && n > 1;
	if (!*last)
		before();
	return *last ? n / 2 : n;
}

__attribute__((constructor)) static void start(void)
{
	const char *at = getenv("KILLER_AT");

	kill_at = at != NULL ? atol(at) : 0;
	torn = getenv("KILLER_TORN") != NULL;
}

__attribute__((destructor)) static void finish(void)
{
	const char *path = getenv("KILLER_COUNT");
	char line[32];

	if (path == NULL)
		return;
	int n = snprintf(line, sizeof(line), "%ld\n", calls);
	int fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		(void)syscall(SYS_write, fd, line, (size_t)n);
		(void)syscall(SYS_close, fd);
	}
}

/* System calls by their numbers: what stands behind in the list of libraries is not asked. */

ssize_t write(int fd, const void *data, size_t n)
{
	bool last;
	size_t some = allowed(fd, n, &last);
	ssize_t done = syscall(SYS_write, fd, data, some);

	if (last)
		die();
	return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	bool last;
	size_t some = allowed(fd, n, &last);
	ssize_t done = syscall(SYS_pwrite64, fd, data, some, at);

	if (last)
		die();
	return done;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	return pwrite(fd, data, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	if (counts(fd))
		before();
	return syscall(SYS_writev, fd, parts, n);
}

int fsync(int fd)
{
	if (counts(fd))
		before();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	if (counts(fd))
		before();
	return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
	if (counts(fd))
		before();
	return (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int rename(const char *from, const char *to)
{
	before();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
	if (access(path, F_OK) == 0)
		before();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int link(const char *from, const char *to)
{
	before();
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int open_file(int folder, const char *path, int flags, mode_t mode)
{
	if ((flags & O_CREAT) != 0 && faccessat(folder, path, F_OK, 0) != 0)
		before();
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF(mode, flags)                                  \
	do {                                                  \
		va_list ap;                                   \
		va_start(ap, flags);                          \
		if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) \
			(mode) = va_arg(ap, mode_t);          \
		va_end(ap);                                   \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_file(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_file(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_file(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_file(folder, path, flags, mode);
}
