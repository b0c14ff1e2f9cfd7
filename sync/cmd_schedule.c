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
#include "base/log.h"
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

/* The folders that this configuration has written to. */
struct folders {
	const char **all;
	unsigned n;
};

static void add_folder(struct arena *mem, struct folders *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == path ? "/" : arena_copy(mem, path, (size_t)(slash - path));

	for (unsigned i = 0; i < f->n; i++) {
		if (strcmp(f->all[i], folder) == 0)
			return;
	}
	f->all[f->n++] = folder;
}

static struct folders folders_of(struct arena *mem, const struct setup *setup)
{
	struct folders f = {.n = 0};

	f.all = arena_alloc(mem, (setup->n + 2) * sizeof(*f.all));
	add_folder(mem, &f, setup->state);
	if (setup->metrics != NULL)
		add_folder(mem, &f, setup->metrics);
	for (unsigned i = 0; i < setup->n; i++) {
		const struct config *target = setup->flows[i].target_config;
		if (strcmp(config_text(target, "type"), "ldif") == 0)
			add_folder(mem, &f, config_text(target, "file"));
	}
	return f;
}

static bool below(const char *path, const char *folder)
{
	const size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* The service has its own view of these (ProtectHome, PrivateTmp). */
static void warn_unseen(const char *path)
{
	static const char *const unseen[] = {"/home", "/root", "/run/user", "/tmp", "/var/tmp"};

	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if (below(path, unseen[i]))
			log_warn("%s: the service does not see what is in %s: /etc/galway and "
				 "/var/lib/galway are the places for it",
				path, unseen[i]);
	}
}

/* The service may write to /var/lib/galway, and where the configuration says. */
static int open_folders(struct arena *mem, const struct setup *setup, const char *config,
	struct buf *b, struct err *err)
{
	const struct folders f = folders_of(mem, setup);
	char full[PATH_MAX];

	warn_unseen(realpath(config, full) != NULL ? full : config);
	for (unsigned i = 0; i < f.n; i++) {
		if (below(f.all[i], "/var/lib/galway"))
			continue;
		if (plain(f.all[i], err) == NULL)
			return -1;
		warn_unseen(f.all[i]);
		buf_printf(b, "ReadWritePaths=%s\n", f.all[i]);
	}
	return 0;
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

/* Into the folder, or (NULL) to be read. more: what the service's last section has besides. */
static int put(const struct scheduler *s, const char *folder, const char *call, const char *more,
	struct arena *mem, struct err *err)
{
	struct buf b = {0};
	int rc = 0;

	for (unsigned i = 0; i < 2 && s->files[i].text != NULL && rc == 0; i++) {
		fill(&b, s->files[i].text, call);
		if (strcmp(s->files[i].text, "service") == 0)
			buf_puts(&b, more);
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
	struct setup setup;
	struct buf more = {0};
	const char *folder = q->argc == 2 ? q->argv[1] : NULL;
	if (setup_load(mem, q->config, &setup, err) < 0)
		return -1;
	const char *call = called(mem, q->config, err);
	int rc = call != NULL ? 0 : -1;
	if (rc == 0 && strcmp(s->name, "systemd") == 0)
		rc = open_folders(mem, &setup, q->config, &more, err);
	if (rc == 0)
		rc = put(s, folder, call, more.data != NULL ? more.data : "", mem, err);
	buf_free(&more);
	if (rc == 0 && folder != NULL)
		printf("%s", s->next);
	return rc < 0 ? -1 : EXIT_GOOD;
}
