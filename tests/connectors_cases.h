#ifndef TESTS_CONNECTORS_CASES_H
#define TESTS_CONNECTORS_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/ldif.h"
#include "connectors/connector.h"

/*
 * The language of the connectors' tests. Entries: "cn=a,ou=p mail=x mail=y; cn=b,ou=p mail=z",
 * where the naming attribute is not told (it follows the name). Changes: "add cn=a mail=x; mod cn=a
 * -mail=x +mail=y; ren cn=a cn=b +mail=z; del cn=b", with "id=" for the id that the caller knows.
 */

static char folder[64];

static inline int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/galway-connectors-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static inline int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A path in the folder; for two calls at a time. */
static inline const char *path_of(const char *name)
{
	static char paths[2][128];
	static unsigned turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
	return paths[turn];
}

static inline void put_file(const char *name, const char *data, size_t len)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), 0600), 0);
}

static inline void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* The file's bytes; data NULL when there is none. */
static inline struct buf get_file(const char *name)
{
	struct buf b = {0};
	FILE *f = fopen(path_of(name), "r");
	size_t n;

	if (f == NULL)
		return b;
	do {
		n = fread(buf_room(&b, 4096), 1, 4096, f);
		b.len += n;
	} while (n > 0);
	b.data[b.len] = '\0';
	fclose(f);
	return b;
}

static inline bool has_file(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

/* Opens a connector as the configuration would: `settings` are lines of its section. */
static inline int open_with(
	struct arena *mem, const char *settings, struct connector **c, struct err *err)
{
	const struct section_shape inner[] = {connector_section(), {.name = NULL}};
	const struct section_shape root = {.inner = inner};
	struct config *cfg;

	put_text("test.conf", arena_printf(mem, "connector abc {\n%s\n}\n", settings));
	if (config_load(mem, path_of("test.conf"), &root, &cfg, err) < 0)
		return -1;
	return connector_open(config_section(cfg, "connector", "abc"), c, err);
}

static inline struct connector *opened(struct arena *mem, const char *settings)
{
	struct connector *c = NULL;
	struct err err = {0};

	if (open_with(mem, settings, &c, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

/* "name=value", cut in two. */
static inline unsigned cut_pair(char *pair, struct value *v)
{
	char *equals = strchr(pair, '=');

	assert_non_null(equals);
	*equals = '\0';
	*v = value_of(equals + 1);
	return attr_named(pair);
}

static inline void add_to(struct arena *mem, struct change *c, char *pair, bool remove)
{
	struct mod *more = arena_zalloc(mem, (c->n + 1) * sizeof(*more));
	struct value *v = arena_alloc(mem, sizeof(*v));
	unsigned attr = cut_pair(pair, v);

	for (unsigned i = 0; i < c->n; i++) {
		struct mod *m = &c->mods[i];
		unsigned *n = remove ? &m->n_remove : &m->n_add;
		struct value **values = remove ? &m->remove : &m->add;
		if (m->attr != attr)
			continue;
		struct value *all = arena_alloc(mem, (*n + 1) * sizeof(*all));
		if (*n > 0)
			memcpy(all, *values, *n * sizeof(*all));
		all[(*n)++] = *v;
		*values = all;
		return;
	}
	if (c->n > 0)
		memcpy(more, c->mods, c->n * sizeof(*more));
	more[c->n].attr = attr;
	*(remove ? &more[c->n].n_remove : &more[c->n].n_add) = 1;
	*(remove ? &more[c->n].remove : &more[c->n].add) = v;
	c->mods = more;
	c->n++;
}

/* One change; the text is cut up. */
static inline struct change parse_change(struct arena *mem, char *text)
{
	char *at = text, *word = strsep(&at, " ");
	struct change c = {.op = strcmp(word, "add") == 0   ? CHANGE_ADD
				 : strcmp(word, "del") == 0 ? CHANGE_DELETE
							    : CHANGE_MODIFY};

	c.name = value_of(strsep(&at, " "));
	if (strcmp(word, "ren") == 0)
		c.new_name = value_of(strsep(&at, " "));
	while (at != NULL) {
		char *pair = strsep(&at, " ");
		if (strncmp(pair, "id=", 3) == 0)
			c.id = value_of(pair + 3);
		else
			add_to(mem, &c, pair + (*pair == '+' || *pair == '-'), *pair == '-');
	}
	return c;
}

static inline size_t parse_changes(
	struct arena *mem, const char *text, struct change *c, size_t room)
{
	char *at = arena_strdup(mem, text);
	size_t n = 0;

	while (at != NULL && *at != '\0') {
		assert_true(n < room);
		c[n++] = parse_change(mem, strsep(&at, ";"));
		while (at != NULL && *at == ' ')
			at++;
	}
	return n;
}

/* Entries as an LDIF file. */
static inline void entries_to_ldif(struct arena *mem, const char *text, struct buf *out)
{
	char *at = arena_strdup(mem, text);

	while (at != NULL && *at != '\0') {
		char *entry = strsep(&at, ";"), *pair;
		const char *name = strsep(&entry, " "), *equals = strchr(name, '=');
		buf_printf(out, "dn: %s\n%.*s: %.*s\n", name, (int)(equals - name), name,
			(int)strcspn(equals + 1, ","), equals + 1);
		while ((pair = strsep(&entry, " ")) != NULL) {
			struct value v;
			unsigned attr = cut_pair(pair, &v);
			buf_printf(out, "%s: %s\n", attr_name(attr), v.data);
		}
		buf_putc(out, '\n');
		while (at != NULL && *at == ' ')
			at++;
	}
}

/* One entry in the language; but not the values that its name tells. */
static inline void entry_to_text(struct buf *out, const struct entry *e)
{
	const unsigned class = attr_named("objectClass"), guid = attr_named("objectGUID");
	const char *equals = memchr(e->name.data, '=', e->name.len);

	buf_add(out, e->name.data, e->name.len);
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		size_t n = (size_t)(equals - e->name.data);
		bool naming = strlen(attr_name(a->id)) == n &&
			      strncasecmp(attr_name(a->id), e->name.data, n) == 0;
		for (unsigned k = 0; k < a->n; k++) {
			struct value v = a->values[k];
			bool same = naming && e->name.len > n + v.len &&
				    strncmp(e->name.data + n + 1, v.data, v.len) == 0;
			if (a->id != class && a->id != guid && !same)
				buf_printf(out, " %s=%.*s", attr_name(a->id), (int)v.len, v.data);
		}
	}
}

/* All that a read gives, as a text; or "! error". What is gone is "gone". */
static inline const char *read_with(struct arena *mem, struct connector *c, const struct query *q)
{
	struct arena *scratch = arena_new();
	struct buf out = {0};
	struct entry e;
	struct err err = {0};
	int r = connector_read(c, q, &err);

	while (r >= 0 && (r = connector_next(c, scratch, &e, &err)) > 0) {
		buf_puts(&out, out.len > 0 ? "; " : "");
		if (e.gone)
			buf_puts(&out, "gone");
		else
			entry_to_text(&out, &e);
		arena_reset(scratch);
	}
	const char *text = r < 0 ? arena_printf(mem, "! %s", err.text)
				 : arena_copy(mem, out.data != NULL ? out.data : "", out.len);
	arena_free(scratch);
	buf_free(&out);
	return text;
}

static inline const char *read_all(struct arena *mem, struct connector *c)
{
	const struct query all = {.kind = QUERY_ALL};

	return read_with(mem, c, &all);
}

/* Write, and say what became of each change: "done", "unknown" or why not; or "! error". */
static inline const char *write_text(struct arena *mem, struct connector *c, const char *text)
{
	struct change changes[16];
	struct outcome out[16];
	struct buf said = {0};
	struct err err = {0};
	size_t n = parse_changes(mem, text, changes, 16);

	if (connector_write(c, changes, out, n, mem, &err) < 0)
		return arena_printf(mem, "! %s", err.text);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&said, i > 0 ? "; " : "");
		buf_puts(&said, out[i].kind == OUTCOME_DONE      ? "done"
				: out[i].kind == OUTCOME_UNKNOWN ? "unknown"
								 : out[i].err.text);
	}
	const char *copy = arena_copy(mem, said.data != NULL ? said.data : "", said.len);
	buf_free(&said);
	return copy;
}

/* As assert_string_equal, and tells which case it is. */
static inline void same_text(const char *which, const char *is, const char *should)
{
	if (strcmp(is, should) != 0)
		fail_msg("%s:\n  is        %s\n  should be %s", which, is, should);
}

/* "*" stands for anything at the beginning of the message, or at its end. */
static inline bool fits(const char *is, const char *should)
{
	const char *star = strchr(should, '*');

	if (star == NULL)
		return strcmp(is, should) == 0;
	size_t n = (size_t)(star - should), tail = strlen(star + 1);
	return strlen(is) >= n + tail && strncmp(is, should, n) == 0 &&
	       strcmp(is + strlen(is) - tail, star + 1) == 0;
}

static inline void closed(struct connector *c)
{
	struct err err = {0};

	if (connector_close(c, &err) < 0)
		fail_msg("%s", err.text);
}

/* The LDIF file of most tests; ids are uid or, with GUID, objectGUID. */
#define LDIF "type = ldif\nfile = dir.ldif\nid = uid\n"
#define GUID "type = ldif\nfile = dir.ldif\n"

static inline void put_entries(struct arena *mem, const char *entries)
{
	struct buf text = {0};

	entries_to_ldif(mem, entries, &text);
	put_file("dir.ldif", text.data != NULL ? text.data : "", text.len);
	unlink(path_of("dir.ldif.changes"));
	buf_free(&text);
}

static inline const char *read_file(struct arena *mem)
{
	struct connector *c = opened(mem, LDIF);
	const char *text = read_all(mem, c);

	closed(c);
	return text;
}

#endif
