#include "sync/state_sql.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define OP                                                                                       \
	"SELECT o.id, o.kind, o.result, j.done, r.flow, r.started, o.source, o.target, o.name, " \
	"o.change, o.before, o.link FROM "
#define OPS                                                                                   \
	OP "op o CROSS JOIN run r ON r.id = o.id >> 32 CROSS JOIN journal j ON j.run = r.id " \
	   "WHERE o.id BETWEEN ? AND ?"

/* A denial that no run has told of yet: of those before the run ?3 the one that recorded it was
 * killed, and so were all since. */
#define UNTOLD                                                                         \
	"(kind = 'denied' AND run < ?3 AND run > (SELECT ifnull(max(id), 0) FROM run " \
	"WHERE flow = ?1 AND id < ?3 AND finished <> 0 AND id NOT IN (SELECT run "     \
	"FROM journal WHERE side IS NOT NULL)))"

/* Before so many seconds, of the newest run's time. */
#define OLD "(SELECT at - ? FROM run ORDER BY id DESC LIMIT 1)"

static const char *const texts[N_QUERIES] = {
	[Q_FLOW] = "SELECT id, epoch, sources, deltas, generation, last_run, last_good, held, "
		   "links, targets FROM flow WHERE name = ?",
	[Q_FLOWS] = "SELECT name FROM flow ORDER BY name",
	[Q_COUNT] = "SELECT count(*) FROM link WHERE flow = ?",
	[Q_COOKIE] = "SELECT cookie FROM flow WHERE id = ?",
	[Q_LINKS] = "SELECT source, target, source_digest, target_digest, name, left, written, "
		    "flag, undone "
		    "FROM link WHERE flow = ? ORDER BY source",
	[Q_DIGESTS] = "SELECT source, target, source_digest, target_digest "
		      "FROM link WHERE flow = ? ORDER BY source",
	[Q_LINK] = "SELECT source, target, source_digest, target_digest, name, left, written, "
		   "flag, undone "
		   "FROM link WHERE flow = ? AND source = ?",
	[Q_LINKED] = "SELECT 1 FROM link WHERE flow = ? AND target = ?",
	/* As the index says it, or it would not be used. */
	[Q_WAITING] = "SELECT source, target, source_digest, target_digest, name, left, written, "
		      "flag, undone "
		      "FROM link INDEXED BY link_waiting WHERE flow = ? AND source_digest = 0",
	[Q_MANAGED] = "SELECT target FROM link WHERE flow = (SELECT id FROM flow WHERE name = ?)",
	[Q_PENDINGS] =
		"SELECT source, kind, name, attribute, value, side, authority, rule, message, "
		"run, since FROM pending WHERE flow = ? ORDER BY kind, name, attribute, value",
	[Q_NAMES] = "SELECT name FROM renamed WHERE flow = ?",
	[Q_PUT_NAME] = "INSERT OR IGNORE INTO renamed (flow, name) VALUES (?, ?)",
	[Q_DROP_NAMES] = "DELETE FROM renamed WHERE flow = ?",
	[Q_AUTHORITY] = "SELECT side FROM authority WHERE flow = ? AND source = ?",
	[Q_SIDES] = "SELECT source, side = ?2 FROM authority WHERE flow = ?1",
	[Q_RUNS] =
		"SELECT id, started, finished, full, exit, read, adds, modifies, renames, deletes, "
		"nones, conflicts, denials, failures, flow, error FROM run WHERE ?1 IN (-1, flow) "
		"AND (?2 OR id NOT IN (SELECT run FROM journal WHERE side IS NOT NULL)) "
		"ORDER BY id DESC",
	[Q_PIN] = "SELECT identity, expires FROM directory WHERE name = ?",
	[Q_PUT_PIN] = "INSERT OR REPLACE INTO directory (name, identity, expires) "
		      "VALUES (?, ?, ?)",
	[Q_PUT_FLOW] =
		"INSERT INTO flow (name, epoch, sources, deltas, generation, last_run, "
		"last_good, held, links, targets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		"ON CONFLICT (name) DO "
		"UPDATE SET "
		"epoch = excluded.epoch, sources = excluded.sources, deltas = excluded.deltas, "
		"generation = excluded.generation, last_run = excluded.last_run, "
		"last_good = excluded.last_good, held = excluded.held, "
		"links = excluded.links, targets = excluded.targets RETURNING id",
	[Q_PUT_COOKIE] = "UPDATE flow SET cookie = ? WHERE id = ?",
	[Q_PUT_LINK] = "INSERT OR REPLACE INTO link (flow, source, target, source_digest, "
		       "target_digest, name, left, written, flag, undone) VALUES (?, ?, ?, ?, ?, "
		       "?, ?, ?, ?, ?)",
	[Q_DROP_LINK] = "DELETE FROM link WHERE flow = ? AND source = ?",
	[Q_PUT_PENDING] = "INSERT INTO pending (flow, source, kind, name, attribute, value, side, "
			  "authority, rule, message, run, since) "
			  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[Q_DROP_PENDING] = "DELETE FROM pending WHERE flow = ?1 AND source = ?2 AND NOT " UNTOLD,
	[Q_SINCE] = "SELECT min(since) FROM pending WHERE flow = ? AND source = ?",
	[Q_UNSOLVED] = "SELECT 1 FROM pending WHERE flow = ? AND source = ? AND (kind <> 'denied' "
		       "OR message IS NOT NULL)",
	[Q_SETTLE] = "DELETE FROM pending WHERE flow = ?1 AND run <> ?3 AND NOT " UNTOLD,
	[Q_PUT_AUTHORITY] =
		"INSERT OR REPLACE INTO authority (flow, source, side) VALUES (?, ?, ?)",
	[Q_DROP_AUTHORITY] = "DELETE FROM authority WHERE flow = ? AND source = ?",
	[Q_TRANSFERS] = "SELECT at, who, was, became, generation FROM transfer WHERE flow = ? AND "
			"source = ? "
			"ORDER BY id DESC",
	[Q_PUT_TRANSFER] = "INSERT INTO transfer (flow, source, at, who, was, became, "
			   "generation) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[Q_REFUSALS] = "SELECT source, name, attribute, value, side, authority, rule, since "
		       "FROM refusal WHERE flow = ? ORDER BY name, attribute, side",
	[Q_PUT_REFUSAL] = "INSERT INTO refusal (flow, source, name, attribute, value, side, "
			  "authority, rule, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
			  "DO UPDATE SET name = excluded.name, value = excluded.value, "
			  "authority = excluded.authority, rule = excluded.rule, "
			  "since = excluded.since WHERE value IS NOT excluded.value",
	[Q_DROP_REFUSALS] = "DELETE FROM refusal WHERE flow = ? AND source = ? AND "
			    "attribute = ifnull(?, attribute) AND side = ifnull(?, side)",
	/* at: the time of the state, which a clock that was set moves by a day at most. */
	[Q_PUT_RUN] =
		"INSERT OR REPLACE INTO run (flow, started, finished, full, exit, read, adds, "
		"modifies, renames, deletes, nones, conflicts, denials, failures, id, error, at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
		"coalesce((SELECT at FROM run WHERE id = ?15), "
		"(SELECT at + min(max(?2 - started, 0), 86400) FROM run ORDER BY id DESC LIMIT 1), "
		"?2)) RETURNING id",
	[Q_PUT_JOURNAL] = "INSERT INTO journal (run, undoes, done, base, attrs, side, who) "
			  "VALUES (?, ?, 0, ?, ?, ?, ?)",
	[Q_JOURNAL_DONE] = "UPDATE journal SET done = ? WHERE run = ?",
	[Q_JOURNAL] = "SELECT r.flow, j.undoes, (SELECT max(u.run) FROM journal u WHERE u.undoes = "
		      "j.run), j.done, j.base, j.attrs, j.side, j.who FROM journal j "
		      "JOIN run r ON r.id = j.run "
		      "WHERE j.run = ?",
	[Q_PUT_OP] = "INSERT INTO op (id, kind, result, source, target, name, change, before, "
		     "link) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)",
	[Q_OP_RESULT] = "UPDATE op SET result = ? WHERE id = ?",
	[Q_OPS] = OPS " ORDER BY o.id",
	[Q_OPS_BACK] = OPS " ORDER BY o.id DESC",
	/* Of a run without an end, what it had not noted; and lost replies. What "set" wrote is not
	 * the flow's. */
	[Q_OPEN_OPS] = OP
	"run r INDEXED BY run_open CROSS JOIN journal j ON j.run = r.id CROSS JOIN op o "
	"ON o.id BETWEEN (r.id << 32) + j.done + 1 AND (r.id << 32) + 4294967295 "
	"WHERE r.flow = ?1 AND r.finished = 0 AND o.result = 0 AND j.side IS NULL "
	"UNION ALL " OP "op o INDEXED BY op_unknown CROSS JOIN run r ON r.id = o.id >> 32 "
	"CROSS JOIN journal j ON j.run = r.id WHERE o.result = 2 AND r.flow = ?1 "
	"AND j.side IS NULL "
	"ORDER BY 1 DESC",
	[Q_OLD_OPS] =
		"DELETE FROM op WHERE id < (SELECT min(id) FROM run WHERE at >= " OLD ") << 32",
	[Q_OLD_JOURNALS] =
		"DELETE FROM journal WHERE run < (SELECT min(id) FROM run WHERE at >= " OLD ")",
	/* The last one of each flow stays, without its journal; what a side did to one object is
	 * none of the flow's, as long as there is its journal. */
	[Q_OLD_RUNS] = "DELETE FROM run WHERE at < " OLD
		       " AND id NOT IN (SELECT max(id) FROM run WHERE id NOT IN "
		       "(SELECT run FROM journal WHERE side IS NOT NULL) GROUP BY flow)",
};

/* Keys are 64 bits in SQLite's signed integers. All of it or nothing: a first run may be killed.
 */
static const char schema[] =
	"BEGIN; "
	"CREATE TABLE flow (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, epoch INTEGER, "
	" sources INTEGER, deltas INTEGER, generation INTEGER, last_run INTEGER, last_good "
	"INTEGER, "
	" held INTEGER, links INTEGER, targets INTEGER, cookie BLOB);"
	"CREATE TABLE link (flow INTEGER, source BLOB, target BLOB, source_digest INTEGER, "
	" target_digest INTEGER, name INTEGER, left INTEGER, written BLOB, flag INTEGER, "
	" undone BLOB, PRIMARY KEY (flow, source)) WITHOUT ROWID;"
	"CREATE INDEX link_waiting ON link (flow) WHERE source_digest = 0;"
	"CREATE TABLE renamed (flow INTEGER, name INTEGER, PRIMARY KEY (flow, name)) WITHOUT "
	"ROWID;"
	"CREATE TABLE directory (name TEXT PRIMARY KEY, identity TEXT, expires INTEGER) "
	" WITHOUT ROWID;"
	"CREATE TABLE authority (flow INTEGER, source BLOB, side TEXT, PRIMARY KEY (flow, source)) "
	" WITHOUT ROWID;"
	"CREATE TABLE transfer (id INTEGER PRIMARY KEY, flow INTEGER, source BLOB, at INTEGER, "
	" who TEXT, was TEXT, became TEXT, generation INTEGER);"
	"CREATE INDEX transfer_of ON transfer (flow, source);"
	"CREATE TABLE refusal (flow INTEGER, source BLOB, name TEXT, attribute TEXT, value TEXT, "
	" side TEXT, authority TEXT, rule TEXT, since INTEGER, "
	" PRIMARY KEY (flow, source, attribute, side)) WITHOUT ROWID;"
	"CREATE TABLE pending (flow INTEGER, source BLOB, kind TEXT, name TEXT, attribute TEXT, "
	" value TEXT, side TEXT, authority TEXT, rule TEXT, message TEXT, run INTEGER, since "
	"INTEGER);"
	"CREATE INDEX pending_of ON pending (flow, source);"
	"CREATE TABLE run (id INTEGER PRIMARY KEY, flow INTEGER, started INTEGER, finished "
	"INTEGER, "
	" full INTEGER, exit INTEGER, read INTEGER, adds INTEGER, modifies INTEGER, renames "
	"INTEGER, "
	" deletes INTEGER, nones INTEGER, conflicts INTEGER, denials INTEGER, failures INTEGER, "
	" error TEXT, at INTEGER);"
	"CREATE INDEX run_open ON run (flow) WHERE finished = 0;"
	"CREATE TABLE journal (run INTEGER PRIMARY KEY, undoes INTEGER, done INTEGER, base BLOB, "
	" attrs TEXT, side TEXT, who TEXT);"
	"CREATE TABLE op (id INTEGER PRIMARY KEY, kind INTEGER, result INTEGER, source BLOB, "
	" target BLOB, name BLOB, change BLOB, before BLOB, link BLOB);"
	"CREATE INDEX op_unknown ON op (id) WHERE result = 2;"
	"PRAGMA user_version = 8; "
	"COMMIT";

#define SCHEMA_VERSION 8

/* What to do about a damaged file, and about one that cannot be read. */
#define REMEDY ": put a backup in its place, or " MOVE_AWAY
#define MOVE_AWAY "move it away: contacts are found again by their markers"

int state_damaged(const struct state *s, const char *how, struct err *err)
{
	return err_set(err, ERR_FATAL, "state %s: damaged: %s" REMEDY, s->path, how);
}

int state_fail(struct state *s, const char *doing, struct err *err)
{
	int code = sqlite3_extended_errcode(s->db) & 0xff;
	bool later = code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_LOCKED;
	bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

	s->damaged = s->damaged || damaged;
	return err_set(err, later ? ERR_BUSY : ERR_FATAL, "state %s: %s: %s%s", s->path, doing,
		sqlite3_errmsg(s->db), damaged ? REMEDY : "");
}

int state_check(struct state *s, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK ||
		sqlite3_step(st) != SQLITE_ROW) {
		state_fail(s, "check", err);
	} else {
		const char *said = (const char *)sqlite3_column_text(st, 0);
		/* Its first line says which database. */
		const char *line = said != NULL ? strchr(said, '\n') : NULL;
		rc = 0;
		if (said == NULL || strcmp(said, "ok") != 0)
			rc = err_set(err, ERR_FATAL, "state %s: damaged: %s" REMEDY, s->path,
				line != NULL ? line + 1 : "no answer");
	}
	sqlite3_finalize(st);
	return rc;
}

int state_run(struct state *s, const char *text, struct err *err)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return state_fail(s, "write", err);
	return 0;
}

sqlite3_stmt *state_query(struct state *s, enum statement q, struct err *err)
{
	if (s->statements[q] == NULL &&
		sqlite3_prepare_v3(s->db, texts[q], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[q], NULL) != SQLITE_OK) {
		state_fail(s, "prepare", err);
		return NULL;
	}
	sqlite3_reset(s->statements[q]);
	return s->statements[q];
}

void query_bind(sqlite3_stmt *st, int at, struct value v)
{
	sqlite3_bind_blob64(st, at, v.len > 0 ? v.data : "", v.len, SQLITE_STATIC);
}

void query_number(sqlite3_stmt *st, int at, uint64_t n)
{
	sqlite3_bind_int64(st, at, (sqlite3_int64)n);
}

void query_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

int query_done(struct state *s, sqlite3_stmt *st, const char *doing, struct err *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return state_fail(s, doing, err);
	sqlite3_reset(st);
	return 0;
}

int query_step(struct state *s, sqlite3_stmt *st, struct err *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		sqlite3_reset(st);
		return 0;
	default:
		return state_fail(s, "read", err);
	}
}

struct value query_column(sqlite3_stmt *st, int at)
{
	const void *data = sqlite3_column_blob(st, at);

	return (struct value){data, (size_t)sqlite3_column_bytes(st, at)};
}

const char *query_string(struct arena *mem, sqlite3_stmt *st, int at)
{
	const char *t = (const char *)sqlite3_column_text(st, at);

	return t != NULL ? arena_strdup(mem, t) : NULL;
}

/* A number that the database says of itself. */
static int ask(struct state *s, const char *text, int *n, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW) {
		*n = sqlite3_column_int(st, 0);
		rc = 0;
	} else {
		state_fail(s, "open", err);
	}
	sqlite3_finalize(st);
	return rc;
}

int state_make_tables(struct state *s, struct err *err)
{
	return state_run(s, schema, err);
}

/* Another program's tables are not ours to add to, and what it wrote is no memory of ours. All
 * versions of ours have these two. */
static int check_ours(struct state *s, struct err *err)
{
	static const char count[] = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND "
				    "name IN ('flow', 'link')";
	int n;

	if (ask(s, count, &n, err) < 0)
		return -1;
	if (n == 2)
		return 0;
	return err_set(err, ERR_FATAL,
		"state %s: a database, but not galway's: name another file as \"state\"", s->path);
}

int state_check_version(struct state *s, struct err *err)
{
	int version;

	if (ask(s, "PRAGMA user_version", &version, err) < 0 || check_ours(s, err) < 0)
		return -1;
	if (version == 0)
		return err_set(err, ERR_FATAL,
			"state %s: galway's tables without their version (user_version), as an SQL "
			"dump leaves them: put a copy of the file itself in its place, "
			"or " MOVE_AWAY,
			s->path);
	if (version > SCHEMA_VERSION)
		return err_set(err, ERR_FATAL,
			"state %s: version %d is newer than this program's (%d): use the newer "
			"program",
			s->path, version, SCHEMA_VERSION);
	if (version < SCHEMA_VERSION)
		return err_set(err, ERR_FATAL,
			"state %s: version %d, which no released program wrote: " MOVE_AWAY,
			s->path, version);
	return 0;
}
