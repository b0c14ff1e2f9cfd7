#include "sync/files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/setup.h"

/* The folder as the system knows it, and the name in it. */
static bool resolve(const char *path, char folder[PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	char copy[PATH_MAX];
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	*name = slash != NULL ? slash + 1 : path;
	if (n >= sizeof(copy))
		return false;
	memcpy(copy, path, n);
	copy[n] = '\0';
	return realpath(slash == NULL ? "." : n == 0 ? "/" : copy, folder) != NULL;
}

bool files_same(const char *a, const char *b)
{
	struct stat at, bt;
	char folder_a[PATH_MAX], folder_b[PATH_MAX];
	const char *name_a, *name_b;

	if (stat(a, &at) == 0 && stat(b, &bt) == 0)
		return at.st_dev == bt.st_dev && at.st_ino == bt.st_ino;
	return resolve(a, folder_a, &name_a) && resolve(b, folder_b, &name_b) &&
	       strcmp(folder_a, folder_b) == 0 && strcmp(name_a, name_b) == 0;
}

/* Has the connector's type a setting of that name? */
static const char *path_of(const struct config *connector, const char *name)
{
	const struct connector_type *type = connector_type(config_text(connector, "type"));

	for (const struct setting *s = type->settings; s->name != NULL; s++) {
		if (s->kind == SETTING_PATH && strcmp(s->name, name) == 0)
			return config_text(connector, name);
	}
	return NULL;
}

static bool keeps_file(const struct config *connector)
{
	return strcmp(config_text(connector, "type"), "mem") != 0 &&
	       path_of(connector, "file") != NULL;
}

int files_apart(const struct config *root, struct err *err)
{
	for (unsigned i = 0; i < config_count(root, "connector"); i++) {
		const struct config *c = config_at(root, "connector", i);
		for (unsigned k = 0; k < i; k++) {
			const struct config *other = config_at(root, "connector", k);
			if (keeps_file(c) && keeps_file(other) &&
				files_same(config_text(c, "file"), config_text(other, "file")))
				return err_set(err, ERR_FATAL,
					"%s: file: it is connector %s's, too (%s): one directory "
					"is one connector",
					config_where(c, "file"), config_title(other),
					config_where(other, "file"));
		}
	}
	return 0;
}

static const char *connector_use(struct arena *mem, const struct config *c, const char *path)
{
	static const char *const suffixes[] = {"", ".changes", ".tmp"};
	const struct connector_type *type = connector_type(config_text(c, "type"));

	for (const struct setting *s = type->settings; s->name != NULL; s++) {
		const char *file = s->kind == SETTING_PATH ? config_text(c, s->name) : NULL;
		for (unsigned i = 0; file != NULL && i < 3; i++) {
			if (files_same(path, arena_printf(mem, "%s%s", file, suffixes[i])))
				return arena_printf(mem, "connector %s: %s%s", config_title(c),
					s->name, suffixes[i]);
		}
	}
	return NULL;
}

/* The rules of a flow, and what they include. */
static const char *rules_use(struct arena *mem, const struct flow *f, const char *path)
{
	unsigned n;
	const char *const *files = rules_files(f->rules, &n);

	for (unsigned i = 0; i < n; i++) {
		if (files_same(path, files[i]))
			return arena_printf(mem, "flow %s: rules", f->name);
	}
	return NULL;
}

const char *files_use(
	struct arena *mem, const struct setup *setup, const char *config, const char *path)
{
	static const char *const suffixes[] = {"", ".lock", "-journal", ".mailed"};
	const char *use = NULL;

	if (files_same(path, config))
		return "the configuration";
	for (unsigned i = 0; i < 4; i++) {
		if (files_same(path, arena_printf(mem, "%s%s", setup->state, suffixes[i])))
			return "the state";
	}
	for (unsigned i = 0; use == NULL && i < setup->n; i++)
		use = rules_use(mem, &setup->flows[i], path);
	for (unsigned i = 0; use == NULL && i < config_count(setup->config, "connector"); i++)
		use = connector_use(mem, config_at(setup->config, "connector", i), path);
	return use;
}

int files_free(struct arena *mem, const struct setup *setup, const char *config, const char *what,
	const char *path, struct err *err)
{
	struct stat there;

	if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return err_set(err, ERR_FATAL, "%s %s: not a regular file", what, path);
	const char *use = files_use(mem, setup, config, path);
	if (use != NULL)
		return err_set(err, ERR_FATAL, "%s %s: not over %s", what, path, use);
	return 0;
}
