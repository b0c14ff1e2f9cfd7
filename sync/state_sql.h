#ifndef SYNC_STATE_SQL_H
#define SYNC_STATE_SQL_H

#include <sqlite3.h>

#include "sync/state.h"
#include "sync/state_lock.h"

struct arena;
struct err;

/*
 * The state as SQL: its tables, its statements, and what is alike in running them. Private to
 * sync/state*.c; SQLite is known only there.
 */

/* Statements, prepared when first used. */
enum statement {
	Q_FLOW,
	Q_FLOWS,
	Q_COUNT,
	Q_COOKIE,
	Q_LINKS,
	Q_DIGESTS,
	Q_LINK,
	Q_LINKED,
	Q_WAITING,
	Q_MANAGED,
	Q_PENDINGS,
	Q_NAMES,
	Q_PUT_NAME,
	Q_DROP_NAMES,
	Q_AUTHORITY,
	Q_SIDES,
	Q_RUNS,
	Q_PIN,
	Q_PUT_PIN,
	Q_PUT_FLOW,
	Q_PUT_COOKIE,
	Q_PUT_LINK,
	Q_DROP_LINK,
	Q_PUT_PENDING,
	Q_DROP_PENDING,
	Q_SINCE,
	Q_UNSOLVED,
	Q_SETTLE,
	Q_PUT_AUTHORITY,
	Q_DROP_AUTHORITY,
	Q_TRANSFERS,
	Q_PUT_TRANSFER,
	Q_REFUSALS,
	Q_PUT_REFUSAL,
	Q_DROP_REFUSALS,
	Q_PUT_RUN,
	Q_PUT_JOURNAL,
	Q_JOURNAL_DONE,
	Q_JOURNAL,
	Q_PUT_OP,
	Q_OP_RESULT,
	Q_OPS,
	Q_OPS_BACK,
	Q_OPEN_OPS,
	Q_OLD_OPS,
	Q_OLD_JOURNALS,
	Q_OLD_RUNS,
	N_QUERIES,
};

struct state {
	sqlite3 *db;
	sqlite3_stmt *statements[N_QUERIES];
	sqlite3_stmt *ops; /* of the three that give operations, the one that does */
	const char *path;  /* for messages */
	int lock;          /* -1: none */
	bool write;
	bool damaged; /* as SQLite said: nothing is written to it any more */
	struct state_holder left;
	char *copy; /* a folder with the recovered copy, removed at the end; NULL */
};

/* Errors: ERR_BUSY where a later run may succeed, else ERR_FATAL, with what SQLite says. */
int state_fail(struct state *, const char *doing, struct err *);
/* ERR_FATAL, and what to do. */
int state_damaged(const struct state *, const char *how, struct err *);
/* Statements without parameters and rows. */
int state_run(struct state *, const char *text, struct err *);
/* Of a new database. */
int state_make_tables(struct state *, struct err *);
/* Of one that is there: ERR_FATAL and what to do, when it is not ours, or of another version. */
int state_check_version(struct state *, struct err *);

/* A statement, reset and ready to bind; NULL and err. What is bound must live until it is done. */
sqlite3_stmt *state_query(struct state *, enum statement, struct err *);
void query_bind(sqlite3_stmt *, int at, struct value);
void query_number(sqlite3_stmt *, int at, uint64_t);
void query_text(sqlite3_stmt *, int at, const char *); /* NULL: NULL */
/* Run one that gives no rows. */
int query_done(struct state *, sqlite3_stmt *, const char *doing, struct err *);
/* 1 and a row, 0 at the end, -1. */
int query_step(struct state *, sqlite3_stmt *, struct err *);
/* Of the row: good until the next step, or copied; NULL is empty, or NULL. */
struct value query_column(sqlite3_stmt *, int at);
const char *query_string(struct arena *, sqlite3_stmt *, int at);

#endif
