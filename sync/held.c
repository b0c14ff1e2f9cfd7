#include "sync/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spool.h"

#define NOT_HELD (-1)

static bool blocks(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

int held_begin(void)
{
	if (!blocks(STDOUT_FILENO))
		return NOT_HELD;
	const int file = open(spool_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	const int pipe = file >= 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
	const bool held = pipe >= 0 && dup2(file, STDOUT_FILENO) >= 0;

	if (pipe >= 0 && !held)
		(void)close(pipe);
	if (file >= 0)
		(void)close(file);
	return held ? pipe : NOT_HELD;
}

static int put(int fd, const char *data, ssize_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, (size_t)len);
		if (n < 0 && errno != EINTR)
			return -1;
		data += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	return 0;
}

static int copy(int from, int to)
{
	char bytes[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0) {
		if (put(to, bytes, n) < 0)
			return -1;
		at += n;
	}
	return n < 0 ? -1 : 0;
}

int held_end(int held)
{
	if (held == NOT_HELD)
		return 0;
	/* What could not be put into the file is told, and what is in it goes out all the same. */
	const int put_all = fflush(stdout), why = errno;
	const int rc = copy(STDOUT_FILENO, held);
	const int fault = rc < 0 ? errno : why;

	(void)dup2(held, STDOUT_FILENO);
	(void)close(held);
	errno = fault;
	return put_all != 0 || rc < 0 ? -1 : 0;
}
