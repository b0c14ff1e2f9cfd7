/*
 * Reads a connector of a configuration and prints what comes, as LDIF: for the live tests, which
 * compare it with what others read of the same server.
 *
 *     read CONFIG CONNECTOR [--want ATTR,ATTR] [--cookie FILE] WHAT...
 *
 *     all             everything
 *     since           what changed since FILE. An entry that is gone is a line "# gone ID", of
 * which only the key is known "# gone key KEY" id=ID name=DN ATTR=VALUE ...    what these wishes
 * find; behind "since": these too, by id
 *
 * With --cookie the cookie of all, or since, is written to FILE in the end. Exit code 3: the cookie
 * cannot be used.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/ldif.h"
#include "connectors/connector.h"

/* The other sections of a configuration are not for us. */
static const struct section_shape *shape(void)
{
	static struct section_shape sections[2];
	static const struct section_shape root = {.name = "read", .inner = sections};

	sections[0] = connector_section();
	return &root;
}

struct options {
	const char *config, *connector, *cookie;
	struct attr_set wanted;
	struct query query;
	struct wish wishes[64];
};

static int fail(const struct err *err)
{
	(void)fprintf(stderr, "read: %s\n", err->text);
	return err->kind == ERR_ENTRY ? 3 : err->kind == ERR_BUSY ? 5 : 2;
}

static void want(struct arena *mem, struct options *o, char *names)
{
	for (char *n = strtok(names, ","); n != NULL; n = strtok(NULL, ","))
		attr_set_add(mem, &o->wanted, attr_named(n));
	o->query.wanted = &o->wanted;
}

static void wish(struct arena *mem, struct options *o, const char *text)
{
	const char *equals = strchr(text, '=');
	const size_t len = equals != NULL ? (size_t)(equals - text) : 0;
	struct wish *w = &o->wishes[o->query.n_wishes];

	if (equals == NULL || o->query.n_wishes == sizeof(o->wishes) / sizeof(o->wishes[0]))
		exit(2);
	if (strncmp(text, "id=", 3) == 0)
		*w = (struct wish){.by = WISH_ID, .value = value_of(equals + 1)};
	else if (strncmp(text, "guid=", 5) == 0)
		*w = (struct wish){.by = WISH_ID, .value = entry_id_parse(mem, equals + 1)};
	else if (strncmp(text, "name=", 5) == 0)
		*w = (struct wish){.by = WISH_NAME, .value = value_of(equals + 1)};
	else
		*w = (struct wish){WISH_VALUE, attr_id(text, len), value_of(equals + 1)};
	o->query.n_wishes++;
}

static void read_cookie(struct arena *mem, struct options *o)
{
	FILE *f = o->cookie != NULL ? fopen(o->cookie, "rb") : NULL;
	char *data = arena_alloc(mem, 64 << 20);

	if (f == NULL)
		exit(2);
	o->query.cookie = (struct value){data, fread(data, 1, 64 << 20, f)};
	(void)fclose(f);
}

static void options(struct arena *mem, struct options *o, char **words)
{
	o->config = words[1];
	o->connector = words[1] != NULL ? words[2] : NULL;
	o->query.kind = QUERY_FIND;
	o->query.wishes = o->wishes;
	for (words += 3; o->connector != NULL && *words != NULL; words++) {
		if (strcmp(*words, "--want") == 0 && words[1] != NULL)
			want(mem, o, *++words);
		else if (strcmp(*words, "--cookie") == 0 && words[1] != NULL)
			o->cookie = *++words;
		else if (strcmp(*words, "all") == 0)
			o->query.kind = QUERY_ALL;
		else if (strcmp(*words, "since") == 0)
			o->query.kind = QUERY_SINCE;
		else
			wish(mem, o, *words);
	}
	if (o->query.kind == QUERY_SINCE)
		read_cookie(mem, o);
	o->query.want_cookie = o->cookie != NULL && o->query.kind != QUERY_FIND;
}

static void print(const struct entry *e)
{
	struct buf b = {0};

	printf("# %s %016" PRIx64 "\n", e->gone ? "gone" : "key", e->key);
	if (e->gone)
		return;
	ldif_print_entry(&b, e);
	(void)fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
}

static int write_cookie(struct connector *c, struct arena *mem, const char *path, struct err *err)
{
	struct value v;
	FILE *f;

	if (connector_cookie(c, mem, &v, err) < 0)
		return -1;
	f = fopen(path, "wb");
	if (f == NULL || fwrite(v.data, 1, v.len, f) != v.len || fclose(f) != 0)
		return err_set(err, ERR_FATAL, "%s: cannot be written", path);
	return 0;
}

static int read_all(struct connector *c, const struct options *o, struct err *err)
{
	struct arena *mem = arena_new();
	struct entry e;
	int r = connector_read(c, &o->query, err);

	while (r == 0 && (r = connector_next(c, mem, &e, err)) == 1) {
		r = connector_fill(c, mem, &e, err);
		if (r == 0)
			print(&e);
		arena_reset(mem);
	}
	if (r == 0 && o->query.want_cookie)
		r = write_cookie(c, mem, o->cookie, err);
	arena_free(mem);
	return r;
}

int main(int argc, char **argv)
{
	struct arena *mem = arena_new();
	struct options o = {0};
	struct config *root;
	struct connector *c = NULL;
	struct err err = {0};

	(void)argc;
	(void)setenv("LDAPNOINIT", "1", 1);
	options(mem, &o, argv);
	if (o.connector == NULL)
		return 2;
	const struct config *section = NULL;
	int code = 0;
	if (config_load(mem, o.config, shape(), &root, &err) == 0)
		section = config_section(root, "connector", o.connector);
	if (section == NULL || connector_open(section, &c, &err) < 0 || read_all(c, &o, &err) < 0)
		code = fail(&err);
	if (connector_close(c, &err) < 0)
		code = fail(&err);
	arena_free(mem);
	return code;
}
