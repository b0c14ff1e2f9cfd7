/* What waits. */
#include "sync/state_sql.h"

#include "base/arena.h"
#include "base/err.h"

int state_pendings(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PENDINGS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_pending(struct state *s, struct arena *mem, struct pending *p, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_PENDINGS];
	int rc = query_step(s, st, err);

	if (rc != 1)
		return rc;
	p->source = value_copy(mem, query_column(st, 0));
	p->kind = query_string(mem, st, 1);
	p->name = query_string(mem, st, 2);
	p->attribute = query_string(mem, st, 3);
	p->value = query_string(mem, st, 4);
	p->side = query_string(mem, st, 5);
	p->authority = query_string(mem, st, 6);
	p->rule = query_string(mem, st, 7);
	p->message = query_string(mem, st, 8);
	p->run = sqlite3_column_int64(st, 9);
	p->since = sqlite3_column_int64(st, 10);
	return 1;
}

int state_put_pending(struct state *s, long long flow, const struct pending *p, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_PENDING, err);
	const char *const texts_of[] = {p->kind, p->name, p->attribute, p->value, p->side,
		p->authority, p->rule, p->message};

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, p->source);
	for (int i = 0; i < 8; i++)
		query_text(st, 3 + i, texts_of[i]);
	query_number(st, 11, (uint64_t)p->run);
	query_number(st, 12, (uint64_t)p->since);
	return query_done(s, st, "pending", err);
}

int state_drop_pending(struct state *s, long long flow, struct value source, long long run,
	long long *since, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_SINCE, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	if (query_step(s, st, err) != 1)
		return state_fail(s, "pending", err);
	bool none = sqlite3_column_type(st, 0) == SQLITE_NULL;
	if (!none)
		*since = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (none)
		return 0;
	st = state_query(s, Q_DROP_PENDING, err);
	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	query_number(st, 3, (uint64_t)run);
	return query_done(s, st, "pending", err);
}

int state_unsolved(struct state *s, long long flow, struct value source, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_UNSOLVED, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	int rc = query_step(s, st, err);
	sqlite3_reset(st);
	return rc;
}

int state_settle(struct state *s, long long flow, long long run, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_SETTLE, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_number(st, 3, (uint64_t)run);
	return query_done(s, st, "pending", err);
}
