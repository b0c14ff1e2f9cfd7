#include "sync/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/schedule.h"

/* What each scheduler wants, where it is usually kept, and what is left to do. */
static const struct scheduler {
	const char *name;
	struct {
		const char *text, *file;
	} files[2]; /* ended by NULL, when there is one */
	const char *next;
} schedulers[] = {
	{"systemd", {{"service", "galway.service"}, {"timer", "galway.timer"}},
		"It runs as the user galway, who must be able to read the configuration:\n"
		"  useradd --system --home-dir /var/lib/galway galway\n"
		"  systemctl daemon-reload\n"
		"  systemctl enable --now galway.timer\n"},
	{"cron", {{"cron", "galway"}, {NULL, NULL}},
		"It runs as the user galway, who must be able to read the configuration:\n"
		"  useradd --system --home-dir /var/lib/galway galway\n"},
};

static const struct scheduler *scheduler_named(const char *name)
{
	for (size_t i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
		if (strcmp(schedulers[i].name, name) == 0)
			return &schedulers[i];
	}
	return NULL;
}

/* Neither systemd nor a shell shall read more into it than a path. */
static const char *plain(const char *path, struct err *err)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/._-+";

	if (path[strspn(path, good)] == '\0')
		return path;
	err_set(err, ERR_FATAL,
		"%s: a scheduler's file takes a path of letters, digits and /._-+ only", path);
	return NULL;
}

/* How this very program is called with this very configuration. */
static const char *called(struct arena *mem, const char *config, struct err *err)
{
	char self[PATH_MAX], full[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || realpath(config, full) == NULL) {
		err_set(err, ERR_FATAL, "%s: %s", n < 0 ? "/proc/self/exe" : config,
			strerror(errno));
		return NULL;
	}
	self[n] = '\0';
	if (plain(self, err) == NULL || plain(full, err) == NULL)
		return NULL;
	return arena_printf(mem, "%s -c %s", self, full);
}

static void fill(struct buf *b, const char *name, const char *call)
{
	static const char here[] = "@GALWAY@";
	const struct schedule_files *f = schedule_files;

	while (strcmp(f->name, name) != 0)
		f++;
	const char *at = f->text, *end = f->text + f->len, *next;
	while ((next = strstr(at, here)) != NULL) {
		buf_add(b, at, (size_t)(next - at));
		buf_puts(b, call);
		at = next + sizeof(here) - 1;
	}
	buf_add(b, at, (size_t)(end - at));
}

static int write_new(const char *path, const struct buf *b, struct err *err)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(err, ERR_FATAL, "%s: %s%s", path, strerror(errno),
			errno == EEXIST ? ": take it away first" : "");
	const bool good = fchmod(fd, 0644) == 0 && write(fd, b->data, b->len) == (ssize_t)b->len;
	if (close(fd) < 0 || !good) {
		err_set(err, ERR_BUSY, "%s: %s", path, strerror(errno));
		(void)unlink(path);
		return -1;
	}
	printf("%s: written\n", path);
	return 0;
}

/* Into the folder, or (NULL) to be read. */
static int put(const struct scheduler *s, const char *folder, const char *call, struct arena *mem,
	struct err *err)
{
	struct buf b = {0};
	int rc = 0;

	for (unsigned i = 0; i < 2 && s->files[i].text != NULL && rc == 0; i++) {
		fill(&b, s->files[i].text, call);
		if (folder != NULL)
			rc = write_new(
				arena_printf(mem, "%s/%s", folder, s->files[i].file), &b, err);
		else
			printf("%s# %s\n%s", i > 0 ? "\n" : "", s->files[i].file, b.data);
		buf_clear(&b);
	}
	buf_free(&b);
	return rc;
}

int command_schedule(struct arena *mem, const struct request *q, struct err *err)
{
	const struct scheduler *s = q->argc > 0 ? scheduler_named(q->argv[0]) : NULL;

	if (s == NULL || q->argc > 2)
		return err_set(err, ERR_FATAL,
			"schedule: name systemd or cron, and the folder into which its files go "
			"(/etc/systemd/system, /etc/cron.d); without one they are printed");
	const char *call = called(mem, q->config, err);
	const char *folder = q->argc == 2 ? q->argv[1] : NULL;
	if (call == NULL || put(s, folder, call, mem, err) < 0)
		return -1;
	if (folder != NULL)
		printf("%s", s->next);
	return EXIT_GOOD;
}
