#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define SECRET_MAX 4096
#define ROOM (2 * SECRET_MAX)
#define COMMAND_SECONDS 30

/* Pages of their own, so that locking and leaving out of a core file concern nothing else. */
static int room(struct secret *s, struct err *err)
{
	s->data = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->data == MAP_FAILED) {
		s->data = NULL;
		return err_set(err, ERR_BUSY, "memory for a secret: %s", strerror(errno));
	}
	s->len = 0;
	(void)mlock(s->data, ROOM);
	(void)madvise(s->data, ROOM, MADV_DONTDUMP);
	return 0;
}

void secret_free(struct secret *s)
{
	if (s->data != NULL) {
		explicit_bzero(s->data, ROOM);
		(void)munmap(s->data, ROOM);
	}
	*s = (struct secret){NULL, 0};
}

/* What was read becomes the first line of it. */
static int first_line(struct secret *s, const char *where, struct err *err)
{
	const char *end = memchr(s->data, '\n', s->len);

	if (end != NULL)
		s->len = (size_t)(end - s->data);
	else if (s->len > SECRET_MAX)
		return err_set(err, ERR_FATAL, "%s: over %d bytes", where, SECRET_MAX);
	if (s->len > 0 && s->data[s->len - 1] == '\r')
		s->len--;
	if (s->len == 0)
		return err_set(err, ERR_FATAL, "%s: the secret is empty", where);
	if (memchr(s->data, 0, s->len) != NULL)
		return err_set(err, ERR_FATAL, "%s: has a NUL in it", where);
	explicit_bzero(s->data + s->len, ROOM - s->len);
	return 0;
}

/* Up to a line end, the end, or more than a secret has. */
static int read_line(int fd, struct secret *s)
{
	while (s->len <= SECRET_MAX && memchr(s->data, '\n', s->len) == NULL) {
		ssize_t n = read(fd, s->data + s->len, SECRET_MAX + 1 - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		s->len += (size_t)n;
	}
	return 0;
}

static int check_file(int fd, const char *where, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_FATAL, "%s: %s", where, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_FATAL, "%s: not a regular file", where);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_FATAL, "%s: belongs to neither us nor root", where);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_FATAL,
			"%s: others may read it (mode %04o): chmod 600 it, and change the secret",
			where, (unsigned)(st.st_mode & 07777));
	return 0;
}

/* The file, or -1. */
static int open_file(const char *where, const char *path, struct err *err)
{
	/* Not waiting for a writer, should it be a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_set(err, ERR_FATAL, "%s: %s", where, strerror(errno));
	if (check_file(fd, where, err) == 0)
		return fd;
	close(fd);
	return -1;
}

int secret_check_file(const char *where, const char *path, struct err *err)
{
	int fd = open_file(where, path, err);

	return fd < 0 ? -1 : close(fd);
}

static int from_path(const char *where, const char *path, struct secret *s, struct err *err)
{
	int fd = open_file(where, path, err), r = 0;

	if (fd < 0)
		return -1;
	if (read_line(fd, s) < 0)
		r = err_set(err, ERR_FATAL, "%s: %s", where, strerror(errno));
	close(fd);
	return r;
}

static int from_file(const char *where, const char *path, struct secret *s, struct err *err)
{
	if (path[0] != '/')
		return err_set(err, ERR_FATAL, "%s: the path must begin with /", where);
	return from_path(where, path, s, err);
}

static int from_env(const char *where, const char *name, struct secret *s, struct err *err)
{
	const char *value = getenv(name);

	if (value == NULL)
		return err_set(err, ERR_FATAL, "%s: not in the environment", where);
	s->len = strnlen(value, SECRET_MAX + 1);
	memcpy(s->data, value, s->len);
	return 0;
}

static int from_credential(const char *where, const char *name, struct secret *s, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (folder == NULL || folder[0] != '/')
		return err_set(err, ERR_FATAL,
			"%s: $CREDENTIALS_DIRECTORY is not set: is LoadCredential= in the unit?",
			where);
	if (name[0] == '.' || strchr(name, '/') != NULL)
		return err_set(err, ERR_FATAL, "%s: not the name of a credential", where);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return err_set(err, ERR_FATAL, "%s: too long", where);
	return from_path(where, path, s, err);
}

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* What comes from the pipe until its end; what is over a secret is read and thrown away, so that
 * the command can end. 0, or -1 when it took too long. */
static int drain(int fd, struct secret *s, long long until)
{
	char rest[512];

	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		const long long left = until - now_ms();
		if (left <= 0)
			return -1;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		const bool full = s->len > SECRET_MAX;
		ssize_t n = full ? read(fd, rest, sizeof(rest))
				 : read(fd, s->data + s->len, SECRET_MAX + 1 - s->len);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		s->len += full || n < 0 ? 0 : (size_t)n;
	}
	explicit_bzero(rest, sizeof(rest));
	return 0;
}

/* The end of a command that has closed its output: at once, as a rule. */
static int reap(pid_t pid, long long until, int *status)
{
	const struct timespec moment = {0, 5000000};
	pid_t r;

	while ((r = waitpid(pid, status, WNOHANG)) == 0 && now_ms() < until)
		(void)nanosleep(&moment, NULL);
	return r == pid ? 0 : -1;
}

static int start(const char *command, int out, pid_t *pid)
{
	char shell[] = "sh", option[] = "-c";
	char *argv[] = {shell, option, (char *)(uintptr_t)command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;

	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&files, out, 1);
	(void)posix_spawnattr_init(&how);
	/* A process group of its own: all of it is ended when it takes too long. */
	(void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
	int r = posix_spawn(pid, "/bin/sh", &files, &how, argv, environ);
	(void)posix_spawnattr_destroy(&how);
	(void)posix_spawn_file_actions_destroy(&files);
	return r;
}

static int from_command(const char *where, const char *command, struct secret *s, struct err *err)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, ERR_BUSY, "%s: %s", where, strerror(errno));
	int r = start(command, ends[1], &pid);
	close(ends[1]);
	if (r != 0) {
		close(ends[0]);
		return err_set(err, ERR_FATAL, "%s: %s", where, strerror(r));
	}
	const long long until = now_ms() + COMMAND_SECONDS * 1000LL;
	const bool late = drain(ends[0], s, until) < 0 || reap(pid, until, &status) < 0;
	close(ends[0]);
	if (late) {
		(void)kill(-pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		return err_set(err, ERR_FATAL, "%s: took longer than %d s", where, COMMAND_SECONDS);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_FATAL, "%s: ended with %s %d", where,
			WIFEXITED(status) ? "exit code" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 0;
}

static const struct source {
	const char *scheme;
	int (*load)(const char *where, const char *rest, struct secret *, struct err *);
} sources[] = {
	{"file:", from_file},
	{"env:", from_env},
	{"exec:", from_command},
	{"credential:", from_credential},
};

int secret_load(const char *where, struct secret *s, struct err *err)
{
	const struct source *from = NULL;
	size_t skip = 0;

	*s = (struct secret){NULL, 0};
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		skip = strlen(sources[i].scheme);
		if (strncmp(where, sources[i].scheme, skip) == 0) {
			from = &sources[i];
			break;
		}
	}
	/* Not quoted: somebody may have written the secret itself there. */
	if (from == NULL)
		return err_set(err, ERR_FATAL,
			"says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME");
	if (room(s, err) < 0)
		return -1;
	/* Not quoted either: a command may have secrets in it. */
	const char *name = from->load == from_command ? "exec" : where;
	if (from->load(name, where + skip, s, err) < 0 || first_line(s, name, err) < 0) {
		secret_free(s);
		return -1;
	}
	return 0;
}
