/* Flows, their cookies and their runs. */
#include "sync/state_sql.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

int state_flow(struct state *s, const char *name, struct flow_state *flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_FLOW, err);

	*flow = (struct flow_state){.sources = -1};
	if (st == NULL)
		return -1;
	query_text(st, 1, name);
	int rc = query_step(s, st, err);
	if (rc <= 0)
		return rc;
	flow->id = sqlite3_column_int64(st, 0);
	flow->epoch = (uint64_t)sqlite3_column_int64(st, 1);
	flow->sources = sqlite3_column_int64(st, 2);
	flow->deltas = (unsigned)sqlite3_column_int64(st, 3);
	flow->generation = sqlite3_column_int64(st, 4);
	flow->last_run = sqlite3_column_int64(st, 5);
	flow->last_good = sqlite3_column_int64(st, 6);
	flow->held = sqlite3_column_int64(st, 7);
	flow->links = sqlite3_column_int64(st, 8);
	flow->targets = sqlite3_column_int64(st, 9);
	sqlite3_reset(st);
	return 0;
}

int state_flows(
	struct state *s, struct arena *mem, const char ***names, unsigned *n, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_FLOWS, err);
	struct buf list = {0};
	int rc = -1;

	while (st != NULL && (rc = query_step(s, st, err)) == 1) {
		const char *name = query_string(mem, st, 0);
		buf_add(&list, &name, sizeof(name));
	}
	*n = (unsigned)(list.len / sizeof(**names));
	*names = arena_alloc(mem, list.len);
	if (list.len > 0)
		memcpy(*names, list.data, list.len);
	buf_free(&list);
	return rc;
}

int state_cookie(
	struct state *s, long long flow, struct arena *mem, struct value *cookie, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_COOKIE, err);

	*cookie = (struct value){NULL, 0};
	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	int rc = query_step(s, st, err);
	if (rc <= 0)
		return rc;
	*cookie = value_copy(mem, query_column(st, 0));
	sqlite3_reset(st);
	return 0;
}

int state_put_flow(struct state *s, const char *name, struct flow_state *flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_FLOW, err);

	if (st == NULL)
		return -1;
	query_text(st, 1, name);
	query_number(st, 2, flow->epoch);
	query_number(st, 3, (uint64_t)flow->sources);
	query_number(st, 4, flow->deltas);
	query_number(st, 5, (uint64_t)flow->generation);
	query_number(st, 6, (uint64_t)flow->last_run);
	query_number(st, 7, (uint64_t)flow->last_good);
	query_number(st, 8, (uint64_t)flow->held);
	query_number(st, 9, (uint64_t)flow->links);
	query_number(st, 10, (uint64_t)flow->targets);
	if (query_step(s, st, err) != 1)
		return state_fail(s, "flow", err);
	flow->id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

int state_put_cookie(struct state *s, long long flow, struct value cookie, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_COOKIE, err);

	if (st == NULL)
		return -1;
	query_bind(st, 1, cookie);
	query_number(st, 2, (uint64_t)flow);
	return query_done(s, st, "cookie", err);
}

int state_runs(struct state *s, long long flow, bool sets, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_RUNS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_number(st, 2, sets);
	return 0;
}

int state_next_run(struct state *s, struct run *run, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_RUNS];
	int rc = query_step(s, st, err);
	long long *const numbers[] = {&run->read, &run->add, &run->modify, &run->rename,
		&run->remove, &run->none, &run->conflict, &run->denied, &run->failed};

	if (rc != 1)
		return rc;
	run->id = sqlite3_column_int64(st, 0);
	run->started = sqlite3_column_int64(st, 1);
	run->finished = sqlite3_column_int64(st, 2);
	run->full = sqlite3_column_int(st, 3) != 0;
	run->exit = sqlite3_column_int(st, 4);
	for (int i = 0; i < 9; i++)
		*numbers[i] = sqlite3_column_int64(st, 5 + i);
	run->flow = sqlite3_column_int64(st, 14);
	run->error = (const char *)sqlite3_column_text(st, 15);
	return 1;
}

int state_put_run(struct state *s, long long flow, struct run *run, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_RUN, err);
	const long long numbers[] = {flow, run->started, run->finished, run->full, run->exit,
		run->read, run->add, run->modify, run->rename, run->remove, run->none,
		run->conflict, run->denied, run->failed};

	if (st == NULL)
		return -1;
	for (int i = 0; i < 14; i++)
		query_number(st, 1 + i, (uint64_t)numbers[i]);
	if (run->id != 0)
		query_number(st, 15, (uint64_t)run->id);
	else
		sqlite3_bind_null(st, 15);
	query_text(st, 16, run->error);
	if (query_step(s, st, err) != 1)
		return state_fail(s, "run", err);
	run->id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

int state_pin(struct state *s, const char *connector, struct arena *mem, const char **identity,
	long long *expires, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PIN, err);

	*identity = "";
	*expires = 0;
	if (st == NULL)
		return -1;
	query_text(st, 1, connector);
	int rc = query_step(s, st, err);
	if (rc <= 0)
		return rc;
	*identity = query_string(mem, st, 0);
	*expires = sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	return 0;
}

int state_put_pin(struct state *s, const char *connector, const char *identity, long long expires,
	struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_PIN, err);

	if (st == NULL)
		return -1;
	query_text(st, 1, connector);
	query_text(st, 2, identity);
	query_number(st, 3, (uint64_t)expires);
	return query_done(s, st, "write", err);
}
