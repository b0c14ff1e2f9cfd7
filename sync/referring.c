#include "sync/referring.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/entry.h"
#include "base/err.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/applying.h"
#include "sync/flow.h"

void referring_start(struct referring *r)
{
	r->spool = NULL;
	keys_init(&r->places, 0, true);
}

void referring_free(struct referring *r)
{
	spool_free(r->spool);
	keys_free(&r->places);
}

static int keep(struct referring *r, struct arena *mem, const struct entry *e, struct err *err)
{
	struct entry only = {.id = e->id, .name = e->name};
	struct buf b = {0};
	uint32_t at;

	for (unsigned i = 0; i < e->n; i++) {
		if (attr_syntax(e->attrs[i].id) == SYNTAX_DN)
			entry_put(mem, &only, e->attrs[i].id, e->attrs[i].values, e->attrs[i].n);
	}
	if (e->gone || only.n == 0)
		return 0;
	entry_pack(&b, &only);
	int rc = spool_add(r->spool, b.data, b.len, &at, err);
	if (rc == 0)
		keys_put(&r->places, entry_key(e->id), at);
	buf_free(&b);
	return rc;
}

static int read_some(struct referring *r, struct connector *target, const struct wish *wishes,
	size_t n, struct err *err)
{
	const struct query q = {.kind = QUERY_FIND, .wishes = wishes, .n_wishes = n};
	struct arena *mem = arena_new();
	struct entry e;
	int rc = n > 0 ? connector_read(target, &q, err) : 0;

	while (n > 0 && rc == 0 && (rc = connector_next(target, mem, &e, err)) == 1) {
		rc = keep(r, mem, &e, err);
		arena_reset(mem);
	}
	arena_free(mem);
	return rc;
}

/* The next deletes of the plan: 1, 0 at its end, -1. */
static int next_deletes(
	struct plan *plan, struct arena *mem, struct wish *wishes, size_t *n, struct err *err)
{
	struct step s;
	uint32_t place;
	int rc = 1;

	*n = 0;
	while (*n < BATCH) {
		const struct arena_mark mark = arena_mark(mem);
		rc = plan_next(plan, mem, &s, &place, err);
		if (rc != 1)
			break;
		if (s.write && s.change.op == CHANGE_DELETE)
			wishes[(*n)++] = (struct wish){.by = WISH_ID, .value = s.change.id};
		else
			arena_rewind(mem, mark);
	}
	return rc;
}

int referring_read(
	struct referring *r, struct plan *plan, struct connector *target, struct err *err)
{
	size_t n;

	if (plan->summary.remove <= BATCH || (target->type->can & CAN_FIND) == 0)
		return 0;
	struct arena *mem = arena_new(), *steps = arena_new();
	struct wish *wishes = arena_alloc(mem, BATCH * sizeof(*wishes));
	r->spool = spool_new();
	int rc = plan_rewind(plan, err), more = 1;
	while (rc == 0 && more == 1) {
		more = next_deletes(plan, steps, wishes, &n, err);
		rc = more < 0 ? -1 : read_some(r, target, wishes, n, err);
		arena_reset(steps);
	}
	arena_free(steps);
	arena_free(mem);
	return rc;
}

/* What it had, and has no more: of a group this may be thousands. */
static void add_lost(struct arena *mem, struct entry *e, const struct attr *had)
{
	const struct attr *now = entry_get(e, had->id);
	unsigned n = now != NULL ? now->n : 0;
	struct value *all = arena_alloc(mem, (n + had->n) * sizeof(*all));
	struct keys there;

	keys_init(&there, n, false);
	for (unsigned i = 0; i < n; i++) {
		all[i] = now->values[i];
		keys_put(&there, dn_key(all[i]), 0);
	}
	for (unsigned i = 0; i < had->n; i++) {
		if (!keys_has(&there, dn_key(had->values[i])))
			all[n++] = had->values[i];
	}
	keys_free(&there);
	entry_put(mem, e, had->id, all, n);
}

int referring_complete(
	const struct referring *r, struct arena *mem, const struct entry **e, struct err *err)
{
	struct value bytes;
	struct entry had;
	uint32_t at;

	if (*e == NULL || !keys_get(&r->places, entry_key((*e)->id), &at))
		return 0;
	if (spool_get(r->spool, at, mem, &bytes, NULL, err) < 0)
		return -1;
	const char *from = bytes.data;
	if (entry_unpack(mem, &from, bytes.data + bytes.len, &had) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged entry");
	struct entry *whole = arena_alloc(mem, sizeof(*whole));
	entry_copy(mem, whole, *e);
	for (unsigned i = 0; i < had.n; i++)
		add_lost(mem, whole, &had.attrs[i]);
	*e = whole;
	return 0;
}
