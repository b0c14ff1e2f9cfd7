/* A configuration that loads, written again from what was loaded, loads as the same. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct setting root_settings[] = {
	{"state", SETTING_PATH, "state.db", NULL, ""},
	{"interval", SETTING_SPAN, "3h", NULL, ""},
	{"names", SETTING_LIST, "{\"a\", b}", NULL, ""},
	{"ratio", SETTING_NUMBER, NULL, NULL, ""},
	{"quick", SETTING_BOOL, "true", NULL, ""},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting connector_settings[] = {
	{"type", SETTING_WORD, "ldif", "ldif|ad", ""},
	{"base", SETTING_TEXT, NULL, NULL, ""},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting ad_settings[] = {
	{"url", SETTING_LIST, NULL, NULL, ""},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct section_variant types[] = {{"ldif", NULL}, {"ad", ad_settings}, {NULL, NULL}};

static const struct section_shape flow_sections[] = {
	{"authority", false, true, NULL, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static const struct section_shape root_sections[] = {
	{"connector", true, false, connector_settings, "type", types, NULL},
	{"flow", true, false, NULL, NULL, NULL, flow_sections},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static const struct section_shape root = {
	NULL, false, false, root_settings, NULL, NULL, root_sections};

static void put_quoted(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
	buf_puts(b, "\"");
}

static void put_list(struct buf *b, const struct config *c, const char *name)
{
	unsigned n;
	const char *const *list = config_list(c, name, &n);

	buf_printf(b, "%s = {", name);
	for (unsigned i = 0; i < n; i++) {
		put_quoted(b, list[i]);
		buf_puts(b, ", ");
	}
	buf_puts(b, "}\n");
}

static void put_text(struct buf *b, const struct config *c, const char *name)
{
	if (config_text(c, name) == NULL)
		return;
	buf_printf(b, "%s = ", name);
	put_quoted(b, config_text(c, name));
	buf_puts(b, "\n");
}

static void put_connector(struct buf *b, const struct config *c)
{
	buf_puts(b, "connector ");
	put_quoted(b, config_title(c));
	buf_puts(b, " {\n");
	put_text(b, c, "type");
	put_text(b, c, "base");
	if (strcmp(config_text(c, "type"), "ad") == 0)
		put_list(b, c, "url");
	buf_puts(b, "}\n");
}

static void put_flow(struct buf *b, const struct config *c)
{
	const struct config *authority = config_section(c, "authority", NULL);

	buf_puts(b, "flow ");
	put_quoted(b, config_title(c));
	buf_puts(b, " {\nauthority {\n");
	for (unsigned i = 0; authority != NULL && i < config_pairs(authority); i++) {
		buf_printf(b, "%s = ", config_key(authority, i));
		put_quoted(b, config_value(authority, i));
		buf_puts(b, "\n");
	}
	buf_puts(b, "}\n}\n");
}

/* What the text says, as a text; -1 when it is refused. */
static int rewrite(const char *text, size_t len, struct buf *to)
{
	struct arena *mem = arena_new();
	struct config *c = NULL;
	struct err err = {0};
	char path[50];
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int r = config_load(mem, path, &root, &c, &err);
	if (r < 0 && (err.kind != ERR_FATAL || strncmp(err.text, path, strlen(path)) != 0))
		abort();
	if (r == 0) {
		put_text(to, c, "state");
		put_list(to, c, "names");
		buf_printf(to, "interval = %llds\n", config_number(c, "interval"));
		if (config_number(c, "ratio") >= 0)
			buf_printf(to, "ratio = %lld\n", config_number(c, "ratio"));
		buf_printf(to, "quick = %s\n", config_bool(c, "quick") ? "true" : "false");
		for (unsigned i = 0; i < config_count(c, "connector"); i++)
			put_connector(to, config_at(c, "connector", i));
		for (unsigned i = 0; i < config_count(c, "flow"); i++)
			put_flow(to, config_at(c, "flow", i));
	}
	close(fd);
	arena_free(mem);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = {0}, second = {0};

	if (rewrite((const char *)data, size, &first) == 0) {
		if (rewrite(first.data, first.len, &second) < 0 ||
			strcmp(first.data, second.data) != 0)
			abort();
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}
