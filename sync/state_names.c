/* Names that a run gave another meaning, until somebody looked at who refers to them. */
#include "sync/state_sql.h"

#include "base/err.h"
#include "base/keys.h"

/* A statement with the flow bound first. */
static sqlite3_stmt *query_of(struct state *s, enum statement q, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, q, err);

	if (st != NULL)
		query_number(st, 1, (uint64_t)flow);
	return st;
}

int state_names(struct state *s, long long flow, struct keys *names, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_NAMES, flow, err);
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = query_step(s, st, err)) == 1)
		keys_put(names, (uint64_t)sqlite3_column_int64(st, 0), 0);
	return rc;
}

int state_put_name(struct state *s, long long flow, uint64_t name, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_PUT_NAME, flow, err);

	if (st == NULL)
		return -1;
	query_number(st, 2, name);
	return query_done(s, st, "name", err);
}

int state_drop_names(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = query_of(s, Q_DROP_NAMES, flow, err);

	return st != NULL ? query_done(s, st, "name", err) : -1;
}
