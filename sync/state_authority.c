/* Who may say what an object is, how that came, and what was refused to others. */
#include "sync/state_sql.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/keys.h"

/* A statement with the flow and the object bound first and second. */
static sqlite3_stmt *query_of(
	struct state *s, enum statement q, long long flow, struct value source, struct err *err)
{
	sqlite3_stmt *st = state_query(s, q, err);

	if (st == NULL)
		return NULL;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	return st;
}

int state_authority(struct state *s, long long flow, struct value source, struct arena *mem,
	const char **side, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_AUTHORITY, flow, source, err);

	if (st == NULL)
		return -1;
	int rc = query_step(s, st, err);
	if (rc == 1) {
		*side = query_string(mem, st, 0);
		sqlite3_reset(st);
	}
	return rc;
}

int state_sides(
	struct state *s, long long flow, const char *side, struct keys *sides, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_SIDES, err);
	int rc;

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_text(st, 2, side);
	while ((rc = query_step(s, st, err)) == 1)
		keys_put(
			sides, entry_key(query_column(st, 0)), (uint32_t)sqlite3_column_int(st, 1));
	return rc;
}

int state_authority_put(
	struct state *s, const char *name, struct value source, const char *side, struct err *err)
{
	struct flow_state flow;

	if (state_flow(s, name, &flow, err) < 0)
		return -1;
	sqlite3_stmt *st = query_of(
		s, side != NULL ? Q_PUT_AUTHORITY : Q_DROP_AUTHORITY, flow.id, source, err);
	if (st == NULL)
		return -1;
	if (side != NULL)
		query_text(st, 3, side);
	return query_done(s, st, "authority", err);
}

int state_transfers(struct state *s, long long flow, struct value source, struct err *err)
{
	return query_of(s, Q_TRANSFERS, flow, source, err) != NULL ? 0 : -1;
}

int state_next_transfer(struct state *s, struct arena *mem, struct transfer *t, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_TRANSFERS];
	int rc = query_step(s, st, err);

	if (rc != 1)
		return rc;
	t->at = sqlite3_column_int64(st, 0);
	t->who = query_string(mem, st, 1);
	t->from = query_string(mem, st, 2);
	t->to = query_string(mem, st, 3);
	t->generation = sqlite3_column_int64(st, 4);
	return 1;
}

int state_put_transfer(struct state *s, long long flow, struct value source,
	const struct transfer *t, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_PUT_TRANSFER, flow, source, err);

	if (st == NULL)
		return -1;
	query_number(st, 3, (uint64_t)t->at);
	query_text(st, 4, t->who);
	query_text(st, 5, t->from);
	query_text(st, 6, t->to);
	query_number(st, 7, (uint64_t)t->generation);
	return query_done(s, st, "authority", err);
}

int state_refusals(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_REFUSALS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_refusal(struct state *s, struct arena *mem, struct pending *p, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_REFUSALS];
	int rc = query_step(s, st, err);

	if (rc != 1)
		return rc;
	*p = (struct pending){.kind = "denied"};
	p->source = value_copy(mem, query_column(st, 0));
	p->name = query_string(mem, st, 1);
	p->attribute = query_string(mem, st, 2);
	p->value = query_string(mem, st, 3);
	p->side = query_string(mem, st, 4);
	p->authority = query_string(mem, st, 5);
	p->rule = query_string(mem, st, 6);
	p->since = sqlite3_column_int64(st, 7);
	return 1;
}

int state_put_refusal(struct state *s, long long flow, const struct pending *p, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_PUT_REFUSAL, flow, p->source, err);
	const char *const texts[] = {
		p->name, p->attribute, p->value, p->side, p->authority, p->rule};

	if (st == NULL)
		return -1;
	for (int i = 0; i < 6; i++)
		query_text(st, 3 + i, texts[i]);
	query_number(st, 9, (uint64_t)p->since);
	return query_done(s, st, "denied", err) < 0 ? -1 : sqlite3_changes(s->db) > 0;
}

int state_drop_refusals(struct state *s, long long flow, struct value source, const char *attribute,
	const char *side, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_DROP_REFUSALS, flow, source, err);

	if (st == NULL)
		return -1;
	query_text(st, 3, attribute);
	query_text(st, 4, side);
	return query_done(s, st, "denied", err);
}
