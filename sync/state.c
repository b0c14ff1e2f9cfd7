#include "sync/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"
#include "sync/state_lock.h"

/* Statements, prepared when first used. */
enum query {
	Q_FLOW,
	Q_COUNT,
	Q_COOKIE,
	Q_LINKS,
	Q_LINK,
	Q_MANAGED,
	Q_PENDINGS,
	Q_AUTHORITY,
	Q_RUNS,
	Q_PUT_FLOW,
	Q_PUT_COOKIE,
	Q_PUT_LINK,
	Q_DROP_LINK,
	Q_PUT_PENDING,
	Q_DROP_PENDING,
	Q_SINCE,
	Q_SETTLE,
	Q_PUT_AUTHORITY,
	Q_DROP_AUTHORITY,
	Q_PUT_RUN,
	N_QUERIES,
};

static const char *const texts[N_QUERIES] = {
	[Q_FLOW] = "SELECT id, epoch, sources, deltas, generation, last_run, last_good "
		   "FROM flow WHERE name = ?",
	[Q_COUNT] = "SELECT count(*) FROM link WHERE flow = ?",
	[Q_COOKIE] = "SELECT cookie FROM flow WHERE id = ?",
	[Q_LINKS] = "SELECT source, target, source_digest, target_digest, name, left, written "
		    "FROM link WHERE flow = ? ORDER BY source",
	[Q_LINK] = "SELECT source, target, source_digest, target_digest, name, left, written "
		   "FROM link WHERE flow = ? AND source = ?",
	[Q_MANAGED] = "SELECT target FROM link WHERE flow = (SELECT id FROM flow WHERE name = ?)",
	[Q_PENDINGS] =
		"SELECT source, kind, name, attribute, value, side, authority, rule, message, "
		"run, since FROM pending WHERE flow = ? ORDER BY kind, name, attribute, value",
	[Q_AUTHORITY] = "SELECT side FROM authority WHERE flow = ? AND source = ?",
	[Q_RUNS] =
		"SELECT id, started, finished, full, exit, read, adds, modifies, renames, deletes, "
		"nones, conflicts, denials, failures FROM run WHERE flow = ? ORDER BY id DESC",
	[Q_PUT_FLOW] =
		"INSERT INTO flow (name, epoch, sources, deltas, generation, last_run, "
		"last_good) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
		"epoch = excluded.epoch, sources = excluded.sources, deltas = excluded.deltas, "
		"generation = excluded.generation, last_run = excluded.last_run, "
		"last_good = excluded.last_good RETURNING id",
	[Q_PUT_COOKIE] = "UPDATE flow SET cookie = ? WHERE id = ?",
	[Q_PUT_LINK] = "INSERT OR REPLACE INTO link (flow, source, target, source_digest, "
		       "target_digest, name, left, written) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[Q_DROP_LINK] = "DELETE FROM link WHERE flow = ? AND source = ?",
	[Q_PUT_PENDING] = "INSERT INTO pending (flow, source, kind, name, attribute, value, side, "
			  "authority, rule, message, run, since) "
			  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[Q_DROP_PENDING] = "DELETE FROM pending WHERE flow = ? AND source = ?",
	[Q_SINCE] = "SELECT min(since) FROM pending WHERE flow = ? AND source = ?",
	[Q_SETTLE] = "DELETE FROM pending WHERE flow = ? AND run <> ?",
	[Q_PUT_AUTHORITY] =
		"INSERT OR REPLACE INTO authority (flow, source, side) VALUES (?, ?, ?)",
	[Q_DROP_AUTHORITY] = "DELETE FROM authority WHERE flow = ? AND source = ?",
	[Q_PUT_RUN] =
		"INSERT OR REPLACE INTO run (flow, started, finished, full, exit, read, adds, "
		"modifies, renames, deletes, nones, conflicts, denials, failures, id) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
};

/* Digests are 64 bits in SQLite's signed integers. All of it or nothing: a first run may be killed.
 */
static const char schema[] =
	"BEGIN; "
	"CREATE TABLE flow (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, epoch INTEGER, "
	" sources INTEGER, deltas INTEGER, generation INTEGER, last_run INTEGER, last_good "
	"INTEGER, "
	" cookie BLOB);"
	"CREATE TABLE link (flow INTEGER, source BLOB, target BLOB, source_digest INTEGER, "
	" target_digest INTEGER, name INTEGER, left INTEGER, written BLOB, "
	" PRIMARY KEY (flow, source)) WITHOUT ROWID;"
	"CREATE TABLE authority (flow INTEGER, source BLOB, side TEXT, PRIMARY KEY (flow, source)) "
	" WITHOUT ROWID;"
	"CREATE TABLE pending (flow INTEGER, source BLOB, kind TEXT, name TEXT, attribute TEXT, "
	" value TEXT, side TEXT, authority TEXT, rule TEXT, message TEXT, run INTEGER, since "
	"INTEGER);"
	"CREATE INDEX pending_of ON pending (flow, source);"
	"CREATE TABLE run (id INTEGER PRIMARY KEY, flow INTEGER, started INTEGER, finished "
	"INTEGER, "
	" full INTEGER, exit INTEGER, read INTEGER, adds INTEGER, modifies INTEGER, renames "
	"INTEGER, "
	" deletes INTEGER, nones INTEGER, conflicts INTEGER, denials INTEGER, failures INTEGER);"
	"PRAGMA user_version = 1; "
	"COMMIT";

#define SCHEMA_VERSION 1

struct state {
	sqlite3 *db;
	sqlite3_stmt *statements[N_QUERIES];
	const char *path; /* for messages */
	int lock;         /* -1: none */
	char *copy;       /* a folder with the recovered copy, removed at the end; NULL */
};

static int fail(struct state *s, const char *doing, struct err *err)
{
	int code = sqlite3_extended_errcode(s->db);
	int plain = code & 0xff;
	bool later = plain == SQLITE_BUSY || plain == SQLITE_FULL || plain == SQLITE_LOCKED;

	bool damaged = plain == SQLITE_CORRUPT || plain == SQLITE_NOTADB;

	return err_set(err, later ? ERR_BUSY : ERR_FATAL, "state %s: %s: %s%s", s->path, doing,
		sqlite3_errmsg(s->db),
		damaged ? ": put a backup in its place, or move it away: contacts are found again "
			  "by their markers"
			: "");
}

static int run_text(struct state *s, const char *text, struct err *err)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, "write", err);
	return 0;
}

/* A statement, reset and ready to bind. */
static sqlite3_stmt *statement(struct state *s, enum query q, struct err *err)
{
	if (s->statements[q] == NULL &&
		sqlite3_prepare_v3(s->db, texts[q], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[q], NULL) != SQLITE_OK) {
		fail(s, "prepare", err);
		return NULL;
	}
	sqlite3_reset(s->statements[q]);
	return s->statements[q];
}

static void bind_value(sqlite3_stmt *st, int at, struct value v)
{
	sqlite3_bind_blob64(st, at, v.len > 0 ? v.data : "", v.len, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *st, int at, uint64_t n)
{
	sqlite3_bind_int64(st, at, (sqlite3_int64)n);
}

static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

/* Run a statement that gives no rows. */
static int done(struct state *s, sqlite3_stmt *st, const char *doing, struct err *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return fail(s, doing, err);
	sqlite3_reset(st);
	return 0;
}

/* 1 and a row, 0 at the end. */
static int step(struct state *s, sqlite3_stmt *st, struct err *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		sqlite3_reset(st);
		return 0;
	default:
		return fail(s, "read", err);
	}
}

static struct value column(sqlite3_stmt *st, int at)
{
	const void *data = sqlite3_column_blob(st, at);

	return (struct value){data, (size_t)sqlite3_column_bytes(st, at)};
}

static int check_version(struct state *s, bool write, struct err *err)
{
	sqlite3_stmt *st;
	int version = -1;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (version < 0)
		return fail(s, "open", err);
	if (version > SCHEMA_VERSION)
		return err_set(err, ERR_FATAL,
			"state %s: version %d is newer than this program's (%d): use the newer "
			"program",
			s->path, version, SCHEMA_VERSION);
	if (version == 0 && write)
		return run_text(s, schema, err);
	return 0;
}

static int open_database(struct state *s, const char *file, bool write, struct err *err)
{
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

	/* One thread: no mutexes. */
	flags |= SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX;
	if (strcmp(file, ":memory:") == 0)
		flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(file, &s->db, flags, NULL) != SQLITE_OK)
		return fail(s, "open", err);
	/* The rollback journal, not WAL: reading must not create files. 2 MiB of cache is enough,
	 * as links are written in the order of their key; mapped or larger caches only raise the
	 * peak. */
	if (run_text(s,
		    "PRAGMA page_size = 8192; PRAGMA journal_mode = DELETE; "
		    "PRAGMA synchronous = FULL; PRAGMA cache_size = -2048; "
		    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF",
		    err) < 0)
		return -1;
	return check_version(s, write || strcmp(file, ":memory:") == 0, err);
}

int state_open(const char *path, bool write, struct state **out, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	const char *file = path;
	struct stat st;

	if (s == NULL)
		return err_set(err, ERR_BUSY, "out of memory");
	s->lock = -1;
	s->path = path;
	if (state_lock(path, write, &s->lock, err) < 0)
		goto failed;
	bool there = stat(path, &st) == 0;
	if (!write && !there && errno != ENOENT) {
		err_set(err, ERR_FATAL, "state %s: %s", path, strerror(errno));
		goto failed;
	}
	/* An empty file is what a first run leaves that is killed at once. */
	if (!write && (!there || st.st_size == 0)) {
		file = ":memory:";
	} else if (!write && state_hot(path)) {
		if (state_copy(path, &s->copy, err) < 0)
			goto failed;
		file = s->copy;
	}
	/* A copy is ours: it may be recovered by writing to it. */
	if (open_database(s, file, write || s->copy != NULL, err) < 0)
		goto failed;
	*out = s;
	return 0;
failed:
	state_close(s);
	return -1;
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < N_QUERIES; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	state_copy_remove(s->copy);
	state_unlock(s->lock);
	free(s);
}

int state_flow(struct state *s, const char *name, struct flow_state *flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_FLOW, err);

	*flow = (struct flow_state){.sources = -1};
	if (st == NULL)
		return -1;
	bind_text(st, 1, name);
	int rc = step(s, st, err);
	if (rc <= 0)
		return rc;
	flow->id = sqlite3_column_int64(st, 0);
	flow->epoch = (uint64_t)sqlite3_column_int64(st, 1);
	flow->sources = sqlite3_column_int64(st, 2);
	flow->deltas = (unsigned)sqlite3_column_int64(st, 3);
	flow->generation = sqlite3_column_int64(st, 4);
	flow->last_run = sqlite3_column_int64(st, 5);
	flow->last_good = sqlite3_column_int64(st, 6);
	sqlite3_reset(st);
	return 0;
}

int state_cookie(
	struct state *s, long long flow, struct arena *mem, struct value *cookie, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_COOKIE, err);

	*cookie = (struct value){NULL, 0};
	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	int rc = step(s, st, err);
	if (rc <= 0)
		return rc;
	*cookie = value_copy(mem, column(st, 0));
	sqlite3_reset(st);
	return 0;
}

static void link_of(sqlite3_stmt *st, struct link *link)
{
	link->source = column(st, 0);
	link->target = column(st, 1);
	link->source_digest = (uint64_t)sqlite3_column_int64(st, 2);
	link->target_digest = (uint64_t)sqlite3_column_int64(st, 3);
	link->name = (uint64_t)sqlite3_column_int64(st, 4);
	link->left = sqlite3_column_int64(st, 5);
	link->written = column(st, 6);
}

long long state_count_links(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_COUNT, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	if (step(s, st, err) != 1)
		return fail(s, "count", err);
	long long n = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

int state_links(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_LINKS, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_link(struct state *s, struct link *link, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_LINKS];
	int rc = step(s, st, err);

	if (rc == 1)
		link_of(st, link);
	return rc;
}

int state_link(struct state *s, long long flow, struct value source, struct arena *mem,
	struct link *link, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_LINK, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, source);
	int rc = step(s, st, err);
	if (rc <= 0)
		return rc;
	link_of(st, link);
	link->source = value_copy(mem, link->source);
	link->target = value_copy(mem, link->target);
	link->written = value_copy(mem, link->written);
	sqlite3_reset(st);
	return 1;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int state_managed(struct state *s, const char *const *flows, unsigned n, uint64_t **keys,
	size_t *n_keys, struct err *err)
{
	size_t room = 0;

	*keys = NULL;
	*n_keys = 0;
	for (unsigned i = 0; i < n; i++) {
		sqlite3_stmt *st = statement(s, Q_MANAGED, err);
		int rc;
		if (st == NULL)
			return -1;
		bind_text(st, 1, flows[i]);
		while ((rc = step(s, st, err)) == 1) {
			if (*n_keys == room) {
				room = room > 0 ? room * 2 : 1024;
				uint64_t *more = realloc(*keys, room * sizeof(**keys));
				if (more == NULL)
					return err_set(err, ERR_BUSY, "out of memory");
				*keys = more;
			}
			(*keys)[(*n_keys)++] = entry_key(column(st, 0));
		}
		if (rc < 0)
			return -1;
	}
	if (*n_keys > 0)
		qsort(*keys, *n_keys, sizeof(**keys), by_number);
	return 0;
}

int state_pendings(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PENDINGS, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	return 0;
}

static const char *text(struct arena *mem, sqlite3_stmt *st, int at)
{
	const char *t = (const char *)sqlite3_column_text(st, at);

	return t != NULL ? arena_strdup(mem, t) : NULL;
}

int state_next_pending(struct state *s, struct arena *mem, struct pending *p, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_PENDINGS];
	int rc = step(s, st, err);

	if (rc != 1)
		return rc;
	p->source = value_copy(mem, column(st, 0));
	p->kind = text(mem, st, 1);
	p->name = text(mem, st, 2);
	p->attribute = text(mem, st, 3);
	p->value = text(mem, st, 4);
	p->side = text(mem, st, 5);
	p->authority = text(mem, st, 6);
	p->rule = text(mem, st, 7);
	p->message = text(mem, st, 8);
	p->run = sqlite3_column_int64(st, 9);
	p->since = sqlite3_column_int64(st, 10);
	return 1;
}

int state_authority(struct state *s, long long flow, struct value source, struct arena *mem,
	const char **side, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_AUTHORITY, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, source);
	int rc = step(s, st, err);
	if (rc == 1) {
		*side = text(mem, st, 0);
		sqlite3_reset(st);
	}
	return rc;
}

int state_runs(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_RUNS, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_run(struct state *s, struct run *run, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_RUNS];
	int rc = step(s, st, err);
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
	return 1;
}

/* What an error has left half-done before does not count. */
static int start(struct state *s, const char *text, struct err *err)
{
	if (sqlite3_get_autocommit(s->db) == 0 && run_text(s, "ROLLBACK", err) < 0)
		return -1;
	return run_text(s, text, err);
}

int state_hold(struct state *s, struct err *err)
{
	return start(s, "BEGIN", err);
}

void state_let_go(struct state *s)
{
	struct err ignored;

	/* Nothing was written. A statement that is still open would keep the lock. */
	for (unsigned i = 0; i < N_QUERIES; i++)
		sqlite3_reset(s->statements[i]);
	(void)run_text(s, "ROLLBACK", &ignored);
}

int state_begin(struct state *s, struct err *err)
{
	return start(s, "BEGIN IMMEDIATE", err);
}

int state_commit(struct state *s, struct err *err)
{
	return run_text(s, "COMMIT", err);
}

int state_put_flow(struct state *s, const char *name, struct flow_state *flow, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PUT_FLOW, err);

	if (st == NULL)
		return -1;
	bind_text(st, 1, name);
	bind_number(st, 2, flow->epoch);
	bind_number(st, 3, (uint64_t)flow->sources);
	bind_number(st, 4, flow->deltas);
	bind_number(st, 5, (uint64_t)flow->generation);
	bind_number(st, 6, (uint64_t)flow->last_run);
	bind_number(st, 7, (uint64_t)flow->last_good);
	if (step(s, st, err) != 1)
		return fail(s, "flow", err);
	flow->id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

int state_put_cookie(struct state *s, long long flow, struct value cookie, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PUT_COOKIE, err);

	if (st == NULL)
		return -1;
	bind_value(st, 1, cookie);
	bind_number(st, 2, (uint64_t)flow);
	return done(s, st, "cookie", err);
}

int state_put_link(struct state *s, long long flow, const struct link *link, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PUT_LINK, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, link->source);
	bind_value(st, 3, link->target);
	bind_number(st, 4, link->source_digest);
	bind_number(st, 5, link->target_digest);
	bind_number(st, 6, link->name);
	bind_number(st, 7, (uint64_t)link->left);
	bind_value(st, 8, link->written);
	return done(s, st, "link", err);
}

int state_drop_link(struct state *s, long long flow, struct value source, struct err *err)
{
	static const enum query both[] = {Q_DROP_LINK, Q_DROP_AUTHORITY};

	for (unsigned i = 0; i < 2; i++) {
		sqlite3_stmt *st = statement(s, both[i], err);
		if (st == NULL)
			return -1;
		bind_number(st, 1, (uint64_t)flow);
		bind_value(st, 2, source);
		if (done(s, st, "forget", err) < 0)
			return -1;
	}
	return 0;
}

int state_put_pending(struct state *s, long long flow, const struct pending *p, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PUT_PENDING, err);
	const char *const texts_of[] = {p->kind, p->name, p->attribute, p->value, p->side,
		p->authority, p->rule, p->message};

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, p->source);
	for (int i = 0; i < 8; i++)
		bind_text(st, 3 + i, texts_of[i]);
	bind_number(st, 11, (uint64_t)p->run);
	bind_number(st, 12, (uint64_t)p->since);
	return done(s, st, "pending", err);
}

int state_drop_pending(
	struct state *s, long long flow, struct value source, long long *since, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_SINCE, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, source);
	if (step(s, st, err) != 1)
		return fail(s, "pending", err);
	bool none = sqlite3_column_type(st, 0) == SQLITE_NULL;
	if (!none)
		*since = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (none)
		return 0;
	st = statement(s, Q_DROP_PENDING, err);
	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_value(st, 2, source);
	return done(s, st, "pending", err);
}

int state_settle(struct state *s, long long flow, long long run, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_SETTLE, err);

	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow);
	bind_number(st, 2, (uint64_t)run);
	return done(s, st, "pending", err);
}

int state_authority_put(
	struct state *s, const char *name, struct value source, const char *side, struct err *err)
{
	struct flow_state flow;

	if (state_flow(s, name, &flow, err) < 0)
		return -1;
	sqlite3_stmt *st = statement(s, side != NULL ? Q_PUT_AUTHORITY : Q_DROP_AUTHORITY, err);
	if (st == NULL)
		return -1;
	bind_number(st, 1, (uint64_t)flow.id);
	bind_value(st, 2, source);
	if (side != NULL)
		bind_text(st, 3, side);
	return done(s, st, "authority", err);
}

int state_put_run(struct state *s, long long flow, struct run *run, struct err *err)
{
	sqlite3_stmt *st = statement(s, Q_PUT_RUN, err);
	const long long numbers[] = {flow, run->started, run->finished, run->full, run->exit,
		run->read, run->add, run->modify, run->rename, run->remove, run->none,
		run->conflict, run->denied, run->failed};

	if (st == NULL)
		return -1;
	for (int i = 0; i < 14; i++)
		bind_number(st, 1 + i, (uint64_t)numbers[i]);
	if (run->id != 0)
		bind_number(st, 15, (uint64_t)run->id);
	else
		sqlite3_bind_null(st, 15);
	if (step(s, st, err) != 1)
		return fail(s, "run", err);
	run->id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}
