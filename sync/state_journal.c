/* The journal: what runs wrote, and what it takes to undo it (journal.h). */
#include "sync/state_sql.h"

#include "base/arena.h"
#include "base/err.h"

/* The number of an operation: those of a run stand together, and the next comes last. */
static uint64_t place(long long run, uint32_t n)
{
	return (uint64_t)run << 32 | n;
}

int state_put_journal(struct state *s, const struct journal_head *h, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_JOURNAL, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)h->run);
	query_number(st, 2, (uint64_t)h->undoes);
	query_bind(st, 3, h->base);
	query_text(st, 4, h->attrs);
	query_text(st, 5, h->side);
	query_text(st, 6, h->who);
	return query_done(s, st, "journal", err);
}

int state_journal_done(struct state *s, long long run, uint32_t n, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_JOURNAL_DONE, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, n);
	query_number(st, 2, (uint64_t)run);
	return query_done(s, st, "journal", err);
}

int state_journal(
	struct state *s, long long run, struct arena *mem, struct journal_head *h, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_JOURNAL, err);

	*h = (struct journal_head){.run = run};
	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)run);
	int rc = query_step(s, st, err);
	if (rc <= 0)
		return rc;
	h->flow = sqlite3_column_int64(st, 0);
	h->undoes = sqlite3_column_int64(st, 1);
	h->undone = sqlite3_column_int64(st, 2);
	h->done = (uint32_t)sqlite3_column_int64(st, 3);
	h->base = value_copy(mem, query_column(st, 4));
	h->attrs = query_string(mem, st, 5);
	h->side = query_string(mem, st, 6);
	h->who = query_string(mem, st, 7);
	sqlite3_reset(st);
	return 1;
}

int state_put_op(struct state *s, const struct op_row *op, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_OP, err);
	const struct value bytes[] = {
		op->source, op->target, op->name, op->change, op->before, op->link};

	if (st == NULL)
		return -1;
	query_number(st, 1, place(op->run, op->n));
	query_number(st, 2, (uint64_t)op->kind);
	for (int i = 0; i < 6; i++) {
		if (bytes[i].len > 0)
			query_bind(st, 3 + i, bytes[i]);
		else
			sqlite3_bind_null(st, 3 + i);
	}
	return query_done(s, st, "journal", err);
}

int state_op_result(
	struct state *s, long long run, uint32_t n, enum op_result result, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_OP_RESULT, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)result);
	query_number(st, 2, place(run, n));
	return query_done(s, st, "journal", err);
}

int state_ops(struct state *s, long long run, bool newest_first, struct err *err)
{
	sqlite3_stmt *st = state_query(s, newest_first ? Q_OPS_BACK : Q_OPS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, place(run, 0));
	query_number(st, 2, run == 0 ? INT64_MAX : place(run, UINT32_MAX));
	s->ops = st;
	return 0;
}

int state_open_ops(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_OPEN_OPS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	s->ops = st;
	return 0;
}

int state_next_op(struct state *s, struct arena *mem, struct op_row *op, struct err *err)
{
	sqlite3_stmt *st = s->ops;
	struct value *const bytes[] = {
		&op->source, &op->target, &op->name, &op->change, &op->before, &op->link};
	int rc = query_step(s, st, err);

	if (rc != 1)
		return rc;
	const uint64_t at = (uint64_t)sqlite3_column_int64(st, 0);
	op->run = (long long)(at >> 32);
	op->n = (uint32_t)at;
	op->kind = sqlite3_column_int(st, 1);
	op->result = (enum op_result)sqlite3_column_int(st, 2);
	/* What was not told any more is as good as a lost reply. */
	if (op->result == OP_SETTLED ||
		(op->result == OP_DONE && op->n > sqlite3_column_int64(st, 3)))
		op->result = OP_UNKNOWN;
	op->flow = sqlite3_column_int64(st, 4);
	op->when = sqlite3_column_int64(st, 5);
	for (int i = 0; i < 6; i++)
		*bytes[i] = value_copy(mem, query_column(st, 6 + i));
	return 1;
}

int state_retire(struct state *s, long long seconds, struct err *err)
{
	static const enum statement all[] = {Q_OLD_OPS, Q_OLD_RUNS, Q_OLD_JOURNALS};

	for (int i = 0; i < 3; i++) {
		sqlite3_stmt *st = state_query(s, all[i], err);
		if (st == NULL)
			return -1;
		query_number(st, 1, (uint64_t)seconds);
		if (query_done(s, st, "journal", err) < 0)
			return -1;
	}
	return 0;
}
