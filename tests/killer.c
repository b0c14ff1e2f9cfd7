/*
 * Preloaded into galway by tests: a crash or a fault at a chosen moment.
 *
 * Calls that change files are counted, those of SQLite too; with KILLER_SOCKETS what is sent over
 * TCP as well, libldap's; with KILLER_NAMELESS files without a name, too. KILLER_AT is the number
 * of the call that meets its fate, KILLER_MODE says which:
 *
 *   before  the process is killed before it (without KILLER_MODE, too)
 *   after   killed after it
 *   first   of a write, the first byte is written, then it is killed; else as before
 *   torn    half of the bytes
 *   last    all bytes but one
 *   full    there is no room from here on: half of a write is done, then ENOSPC for whatever needs
 *           room. Sent: half of it, then the connection is gone, EPIPE
 *   error   EIO, once. Sent: all of it, but said to be ECONNRESET, and the connection is gone
 *   lost    sent, and no answer comes: the connection is gone. Of files as before
 *
 * A run that comes to its end appends a line to the file KILLER_COUNT: of each call what it is (w
 * a write, s sent, t a file without a name is made or written, c another one), or "-", and how many
 * there were. The file KILLER_MET gets what the call is that meets its fate, before it does.
 *
 * Not counted: what goes neither to a regular file or a folder nor to TCP; standard input and
 * outputs that have no name; what stdio writes by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { PASS, BEFORE, AFTER, FIRST, TORN, LAST, FULL, ERROR, LOST };

static const char *const modes[] = {
	"", "before", "after", "first", "torn", "last", "full", "error", "lost"};

static atomic_long calls;
static long fate_at;
static enum mode fate = BEFORE;
static bool sockets, nameless;
static atomic_bool full;
static char kinds[8192];

static void die(void)
{
	(void)syscall(SYS_kill, getpid(), SIGKILL);
	_exit(1);
}

static void tell(const char *path, const char *text, size_t len)
{
	const int fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	(void)syscall(SYS_write, fd, text, len);
	(void)syscall(SYS_close, fd);
}

/* A call of this kind is about to be made: what shall become of it. */
static enum mode next(char kind)
{
	const long n = atomic_fetch_add(&calls, 1) + 1;

	if (n < (long)sizeof(kinds))
		kinds[n - 1] = kind;
	if (n != fate_at)
		return PASS;
	if (getenv("KILLER_MET") != NULL)
		tell(getenv("KILLER_MET"), &kind, 1);
	if (fate == BEFORE || (fate == LOST && kind != 's') ||
		(kind == 'c' && fate >= FIRST && fate <= LAST))
		die();
	return fate;
}

/* -1 with errno, when the call is not to be made. */
static int begin(enum mode m, bool needs_room)
{
	if (m == FULL)
		full = true;
	if (m == ERROR || (needs_room && full)) {
		errno = m == ERROR ? EIO : ENOSPC;
		return -1;
	}
	return 0;
}

static int end(enum mode m, int rc)
{
	if (m == AFTER)
		die();
	return rc;
}

/* 'w', 's', 't', or 0 for what does not count. */
static char kind_of(int fd)
{
	struct stat st;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 0))
		return 'w';
	if (S_ISREG(st.st_mode))
		return nameless && fd > STDERR_FILENO ? 't' : 0;
	if (!sockets || !S_ISSOCK(st.st_mode) || getpeername(fd, (void *)&peer, &len) < 0)
		return 0;
	return peer.ss_family == AF_INET || peer.ss_family == AF_INET6 ? 's' : 0;
}

static size_t part(enum mode m, size_t n)
{
	switch (m) {
	case FIRST:
		return n > 1 ? 1 : 0;
	case TORN:
	case FULL:
		return n / 2;
	case LAST:
		return n - 1;
	default:
		return n;
	}
}

/* System calls by their numbers: what stands behind in the list of libraries is not asked. */

static ssize_t put(int fd, const void *data, size_t n, off_t at)
{
	return at < 0 ? syscall(SYS_write, fd, data, n) : syscall(SYS_pwrite64, fd, data, n, at);
}

static ssize_t send_off(int fd, const void *data, size_t n, enum mode m)
{
	const ssize_t done = put(fd, data, part(m, n), -1);

	if (m >= AFTER && m <= LAST)
		die();
	if (m == PASS || done < 0)
		return done;
	(void)shutdown(fd, SHUT_RDWR);
	errno = m == FULL ? EPIPE : ECONNRESET;
	return m == LOST ? done : -1;
}

static ssize_t store(int fd, const void *data, size_t n, off_t at, enum mode m)
{
	if (begin(m, m != FULL || n < 2) < 0)
		return -1;
	const ssize_t done = put(fd, data, part(m, n), at);
	if (m >= AFTER && m <= LAST)
		die();
	return done;
}

static ssize_t bytes(int fd, const void *data, size_t n, off_t at)
{
	const char kind = n > 0 ? kind_of(fd) : 0;

	if (kind == 0)
		return put(fd, data, n, at);
	const enum mode m = next(kind);
	return kind == 's' ? send_off(fd, data, n, m) : store(fd, data, n, at, m);
}

__attribute__((constructor)) static void start(void)
{
	const char *at = getenv("KILLER_AT"), *mode = getenv("KILLER_MODE");

	fate_at = at != NULL ? atol(at) : 0;
	sockets = getenv("KILLER_SOCKETS") != NULL;
	nameless = getenv("KILLER_NAMELESS") != NULL;
	for (size_t i = BEFORE; mode != NULL && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(mode, modes[i]) == 0)
			fate = (enum mode)i;
}

__attribute__((destructor)) static void finish(void)
{
	const char *path = getenv("KILLER_COUNT");
	char line[sizeof(kinds) + 32];

	if (path == NULL)
		return;
	const int n =
		snprintf(line, sizeof(line), "%s %ld\n", calls > 0 ? kinds : "-", (long)calls);
	tell(path, line, (size_t)n);
}

ssize_t write(int fd, const void *data, size_t n)
{
	return bytes(fd, data, n, -1);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return bytes(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	return bytes(fd, data, n, at);
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
	return flags == 0 ? bytes(fd, data, n, -1)
			  : syscall(SYS_sendto, fd, data, n, flags, NULL, 0);
}

/* A part of it is that many of its parts, and a first or last byte is none of them. */
ssize_t writev(int fd, const struct iovec *parts, int n)
{
	const enum mode m = kind_of(fd) == 'w' ? next('w') : PASS;

	if (begin(m, true) < 0)
		return -1;
	const ssize_t done = syscall(SYS_writev, fd, parts, m == TORN ? n / 2 : n);
	if (m >= AFTER && m <= LAST)
		die();
	return done;
}

static int synced(long number, int fd)
{
	const enum mode m = kind_of(fd) == 'w' ? next('c') : PASS;

	return begin(m, false) < 0 ? -1 : end(m, (int)syscall(number, fd));
}

int fsync(int fd)
{
	return synced(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return synced(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
	const enum mode m = kind_of(fd) == 'w' ? next('c') : PASS;

	return begin(m, false) < 0 ? -1 : end(m, (int)syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int rename(const char *from, const char *to)
{
	const enum mode m = next('c');

	return begin(m, true) < 0
		       ? -1
		       : end(m, (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
	const enum mode m = access(path, F_OK) == 0 ? next('c') : PASS;

	return begin(m, false) < 0 ? -1 : end(m, (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int link(const char *from, const char *to)
{
	const enum mode m = next('c');

	return begin(m, true) < 0
		       ? -1
		       : end(m, (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int mkdir(const char *path, mode_t mode)
{
	const enum mode m = next('c');

	return begin(m, true) < 0 ? -1 : end(m, (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

static int open_file(int folder, const char *path, int flags, mode_t mode)
{
	const bool unnamed = nameless && (flags & O_TMPFILE) == O_TMPFILE;
	const bool makes =
		unnamed || ((flags & O_CREAT) != 0 && faccessat(folder, path, F_OK, 0) != 0);
	const enum mode m = makes ? next(unnamed ? 't' : 'c') : PASS;

	/* To make a file has no parts. */
	if (unnamed && m >= FIRST && m <= LAST)
		die();
	return begin(m, makes) < 0 ? -1
				   : end(m, (int)syscall(SYS_openat, folder, path, flags, mode));
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
