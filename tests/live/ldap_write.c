/*
 * Writes changes to the connector "target" of a configuration, for ldap_write.py.
 *
 *     ldap_write FILE [N] <changes >outcomes
 *
 * A change is a line, its fields parted by tabs; an empty line ends a batch, which is one call of
 * connector_write; with N, the connector is fed with so many at once. For each change comes a line
 * "DONE id", "FAILED kind text" or "UNKNOWN kind text"; for a call that fails as a whole "CALL kind
 * text", and when it was fed, for each of its changes.
 *
 *     add     NAME  ATTR+VALUE ...
 *     modify  NAME  ID  ATTR+VALUE ATTR-VALUE ATTR=VALUE ...     also: take away, replace
 *     rename  NAME  ID  NEW-NAME  ATTR+VALUE ...
 *     delete  NAME  ID
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "connectors/connector.h"

static const char *const kinds[] = {"none", "entry", "busy", "fatal"};

static const char *field(char **line)
{
	const char *start = strsep(line, "\t");

	return start != NULL ? start : "";
}

/* "mail+a@abc.example": values of one attribute that stand together are one mod. Names have no
 * hyphen here. */
static void put_value(struct arena *mem, struct change *c, const char *text)
{
	const size_t len = strcspn(text, "+-=");
	const unsigned attr = attr_id(text, len);
	struct mod *m = c->n > 0 ? &c->mods[c->n - 1] : NULL;

	if (m == NULL || m->attr != attr) {
		m = &c->mods[c->n++];
		*m = (struct mod){.attr = attr,
			.replace = text[len] == '=',
			.add = arena_alloc(mem, 64 * sizeof(struct value)),
			.remove = arena_alloc(mem, 64 * sizeof(struct value))};
	}
	struct value v = value_copy(mem, value_of(text + len + 1));
	if (text[len] == '-')
		m->remove[m->n_remove++] = v;
	else if (v.len > 0)
		m->add[m->n_add++] = v;
}

static struct change read_change(struct arena *mem, char *line)
{
	const char *op = field(&line);
	struct change c = {.mods = arena_alloc(mem, 64 * sizeof(struct mod))};

	c.op = strcmp(op, "add") == 0      ? CHANGE_ADD
	       : strcmp(op, "delete") == 0 ? CHANGE_DELETE
					   : CHANGE_MODIFY;
	c.name = value_copy(mem, value_of(field(&line)));
	if (c.op != CHANGE_ADD)
		c.id = entry_id_parse(mem, field(&line));
	if (strcmp(op, "rename") == 0)
		c.new_name = value_copy(mem, value_of(field(&line)));
	while (line != NULL)
		put_value(mem, &c, field(&line));
	return c;
}

static void tell(struct arena *mem, const struct outcome *o)
{
	switch (o->kind) {
	case OUTCOME_DONE:
		printf("DONE %s\n", entry_id_text(mem, o->id));
		break;
	case OUTCOME_FAILED:
		printf("FAILED %s %s\n", kinds[o->err.kind], o->err.text);
		break;
	case OUTCOME_UNKNOWN:
		printf("UNKNOWN %s %s\n", kinds[o->err.kind], o->err.text);
		break;
	}
}

static size_t fed; /* N; 0: it is written */

static void feed_batch(struct connector *c, const struct change *changes, size_t n)
{
	struct arena *mem = arena_new();
	struct outcome *outcomes = arena_zalloc(mem, n * sizeof(*outcomes));
	struct err *failed = arena_zalloc(mem, n * sizeof(*failed)), err = {.kind = ERR_NONE};

	for (size_t i = 0; i < n; i += fed) {
		const size_t some = n - i < fed ? n - i : fed;
		if (connector_feed(c, changes + i, outcomes + i, some, mem, &err) == 0)
			continue;
		for (size_t k = i; k < i + some; k++)
			failed[k] = err;
	}
	const size_t last = n > 0 ? (n - 1) / fed * fed : 0;
	if (connector_write(c, NULL, NULL, 0, mem, &err) < 0) {
		for (size_t i = last; i < n; i++)
			failed[i] = err;
	}
	for (size_t i = 0; i < n; i++) {
		if (failed[i].kind != ERR_NONE)
			printf("CALL %s %s\n", kinds[failed[i].kind], failed[i].text);
		else
			tell(mem, &outcomes[i]);
	}
	(void)fflush(stdout);
	arena_free(mem);
}

static void write_batch(struct connector *c, const struct change *changes, size_t n)
{
	struct arena *mem = arena_new();
	struct outcome *outcomes = arena_zalloc(mem, n * sizeof(*outcomes));
	struct err err = {.kind = ERR_NONE};

	if (connector_write(c, changes, outcomes, n, mem, &err) < 0) {
		printf("CALL %s %s\n", kinds[err.kind], err.text);
	} else {
		for (size_t i = 0; i < n; i++)
			tell(mem, &outcomes[i]);
	}
	(void)fflush(stdout);
	arena_free(mem);
}

static void write_all(struct connector *c)
{
	enum { BATCH = 1000 };
	static struct change changes[BATCH];
	struct arena *mem = arena_new();
	char *line = NULL;
	size_t room = 0, n = 0;

	while (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			changes[n++] = read_change(mem, line);
		if (line[0] == '\0' || n == BATCH) {
			(fed > 0 ? feed_batch : write_batch)(c, changes, n);
			n = 0;
			arena_reset(mem);
		}
	}
	free(line);
	arena_free(mem);
}

static int run(const char *file, struct arena *mem, struct err *err)
{
	const struct section_shape sections[] = {connector_section(), {.name = NULL}};
	const struct setting none[] = {{.name = NULL}};
	const struct section_shape root = {.name = "test", .settings = none, .inner = sections};
	struct config *config;
	struct connector *c;

	if (config_load(mem, file, &root, &config, err) < 0 ||
		connector_open(config_section(config, "connector", "target"), &c, err) < 0)
		return -1;
	write_all(c);
	return connector_close(c, err);
}

int main(int argc, char **argv)
{
	struct arena *mem = arena_new();
	struct err err = {.kind = ERR_NONE};
	int rc = 2;

	log_level(getenv("VERBOSE") != NULL ? LOG_DEBUG : LOG_WARN);
	if (argc == 3)
		fed = strtoul(argv[2], NULL, 10);
	if (argc != 2 && argc != 3)
		log_error("usage: ldap_write FILE [N]");
	else if ((rc = run(argv[1], mem, &err)) < 0)
		log_error("%s", err.text);
	arena_free(mem);
	return rc == 0 ? 0 : 2;
}
