/*
 * Answers of Graph, as Microsoft's pages show them: a first line of what is read ("users groups",
 * "mailbox", and "isCloudManaged" for that), then "HTTP/1.1 200 OK", headers, an empty line, a body
 * ... What stands between them ("GET https://...", or POST, PATCH) is for people and for
 * tests/web/graph.py. The whole connector takes them (http_wire.h): everything is read, then what
 * changed since, then something is written.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/graph.h"
#include "connectors/types.h"

#define ROOT "https://graph.microsoft.com"
#define BASE ROOT "/v1.0"
#include "entries.h"
#include "http_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 and where the next delta starts, or what read or next gave. */
static int read_all(struct graph_dir *d, const struct query *q, struct arena *mem,
	struct value *cookie, struct entry *last)
{
	struct err err = {0};
	struct entry e;
	int rc = graph_type.read(&d->connector, q, &err);

	/* "Read all instead" is said at the beginning, of a cookie, and never later. */
	assert(rc == 0 || err.kind != ERR_ENTRY || q->kind == QUERY_SINCE);
	while (rc == 0 && (rc = graph_type.next(&d->connector, mem, &e, &err)) == 1) {
		check_entry(&e);
		if (!e.gone)
			*last = e;
		rc = 0;
	}
	assert(rc == 0 || err.kind != ERR_NONE);
	return rc == 0 ? graph_type.cookie(&d->connector, mem, cookie, &err) : rc;
}

static void write_some(struct graph_dir *d, const struct entry *e, struct arena *mem)
{
	struct value old = value_of("Ann Example"), new = value_of("New");
	struct mod mod = {.attr = attr_named("displayName"),
		.remove = &old,
		.n_remove = 1,
		.add = &new,
		.n_add = 1};
	const struct change changes[] = {
		{.op = CHANGE_ADD,
			.name = value_of("CN=new@abc.example,O=cloud"),
			.mods = &mod,
			.n = 1},
		{.op = CHANGE_MODIFY, .id = e->id, .name = e->name, .mods = &mod, .n = 1},
		{.op = CHANGE_DELETE, .id = e->id, .name = e->name},
	};
	struct outcome outcomes[3];
	struct err err = {0};

	if (graph_type.write(&d->connector, changes, outcomes, 3, mem, &err) < 0)
		return;
	(void)graph_type.hand_over(&d->connector, e->id, true, &err);
	for (size_t i = 0; i < 3; i++)
		assert((outcomes[i].kind == OUTCOME_DONE) == (outcomes[i].err.kind == ERR_NONE));
}

static bool has_word(struct value line, const char *word)
{
	return memmem(line.data, line.len, word, strlen(word)) != NULL;
}

static void choose(struct graph_dir *d, struct value line, struct arena *mem, struct attr_set *want)
{
	static const char *const names[] = {"displayName", "sn", "mail", "manager", "member",
		"proxyAddresses", "telephoneNumber", "adminDescription", "whenCreated",
		"mS-DS-ConsistencyGuid", "assignedPlans", "objectClass"};
	struct err err;
	unsigned n = 0;

	d->base = "O=cloud";
	d->root = ROOT;
	d->invite_url = ROOT;
	d->mem = arena_new();
	(void)dn_parse(d->mem, value_of(d->base), &d->base_dn, &err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		attr_set_add(mem, want, attr_named(names[i]));
	if (has_word(line, "isCloudManaged"))
		attr_set_add(mem, want, attr_named("isCloudManaged"));
	for (const struct graph_kind *k = graph_kinds; k->setting != NULL; k++) {
		if (has_word(line, k->setting))
			d->kinds[n++] = k;
	}
	if (n == 0) {
		d->kinds[0] = &graph_mailbox;
		d->mailbox = "ann@abc.example";
		d->folder = "GAL";
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size + (size == 0));
	struct arena *mem = arena_new();
	struct graph_dir d = {.connector.type = &graph_type};
	struct attr_set want = {0};
	struct query q = {.kind = QUERY_ALL, .want_cookie = true, .wanted = &want};
	struct entry last = {.id = value_of("x"), .name = value_of("CN=x,O=cloud")};
	struct err err;

	assert(text != NULL);
	memcpy(text, data, size);
	wire_begin(text, size);
	const char *rest = next_line(text);
	choose(&d, (struct value){text, (size_t)(rest - text)}, mem, &want);
	if (read_all(&d, &q, mem, &q.cookie, &last) == 0) {
		/* The next read frees what the cookie is in. */
		q.cookie = value_copy(mem, q.cookie);
		q.kind = QUERY_SINCE;
		(void)read_all(&d, &q, mem, &q.cookie, &last);
	}
	write_some(&d, &last, mem);
	/* It gives back its arena, too. */
	struct graph_dir *own = arena_alloc(d.mem, sizeof(d));
	*own = d;
	(void)graph_type.close(&own->connector, &err);
	assert(wire.under_way == 0);
	arena_free(mem);
	free(text);
	return 0;
}
