#include "sync/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "connectors/file.h"
#include "sync/state_lock.h"
#include "sync/state_sql.h"

#define MEMORY ":memory:"
#define PAGE_SIZE 8192 /* of a file that we make; SQL may give it another one */
#define TEXT_OF(n) #n
#define TEXT(n) TEXT_OF(n)

/* fresh: it has no tables yet. */
static int open_database(struct state *s, const char *file, bool write, bool fresh, struct err *err)
{
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

	/* One thread: no mutexes. */
	flags |= SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX;
	if (strcmp(file, MEMORY) == 0)
		flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(file, &s->db, flags, NULL) != SQLITE_OK)
		return state_fail(s, "open", err);
	/* Before anything of it is changed: it may be another program's. */
	if (!fresh && state_check_version(s, err) < 0)
		return -1;
	/* The rollback journal, not WAL: reading must not create files. 2 MiB of cache is enough,
	 * as links are written in the order of their key; mapped or larger caches only raise the
	 * peak. */
	if (state_run(s,
		    "PRAGMA page_size = " TEXT(
			    PAGE_SIZE) "; PRAGMA journal_mode = DELETE; "
				       "PRAGMA synchronous = FULL; PRAGMA cache_size = -2048; "
				       "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF",
		    err) < 0)
		return -1;
	return fresh ? state_make_tables(s, err) : 0;
}

static void close_database(struct state *s)
{
	for (unsigned i = 0; i < N_QUERIES; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

/* SQLite would put what is in it into whatever file has the name. */
static void clear_journal(const char *name)
{
	char *journal;

	if (asprintf(&journal, "%s-journal", name) < 0)
		return;
	(void)unlink(journal);
	free(journal);
}

/* A new state appears whole, beside its place: an empty file is never one of ours. What was left in
 * either place goes: by one who was killed making it, and the journal of a state that was taken
 * away. */
static int make(struct state *s, struct err *err)
{
	char *name;
	int rc = -1;

	if (asprintf(&name, "%s.new", s->path) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	(void)unlink(name);
	clear_journal(name);
	clear_journal(s->path);
	/* SQLite would make it as the umask says. Why it cannot be made, SQLite says. */
	const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	state_give(fd, name);
	(void)close(fd);
	if (open_database(s, name, true, true, err) == 0) {
		close_database(s);
		rc = rename(name, s->path) < 0
			     ? err_set(err, ERR_FATAL, "state %s: %s", s->path, strerror(errno))
			     : file_sync_folder(s->path, err);
	}
	free(name);
	return rc;
}

/* As the file says itself (SQLite file format, 1.3.2); what is no such file has pages of ours, for
 * SQLite to say what is wrong with it. */
static long page_size(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	unsigned char head[18];
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : 0;

	if (fd >= 0)
		(void)close(fd);
	if (n != (ssize_t)sizeof(head) || memcmp(head, magic, sizeof(magic)) != 0)
		return PAGE_SIZE;
	const long size = head[16] << 8 | head[17];
	return size == 1 ? 65536 : size >= 512 ? size : PAGE_SIZE;
}

/* Which file SQLite is to open: the state, a recovered copy of it, or none, in memory. */
static int choose_file(struct state *s, bool write, const char **file, struct err *err)
{
	struct stat st;
	bool there = stat(s->path, &st) == 0;

	*file = s->path;
	if (there && state_private(s->path, &st, err) < 0)
		return -1;
	if (!there && errno != ENOENT)
		return err_set(err, ERR_FATAL, "state %s: %s", s->path, strerror(errno));
	/* SQLite takes no bytes for a new file, and what lacks of the last page for zeros. */
	if (there && st.st_size == 0)
		return state_damaged(s, "the file is empty", err);
	if (there && st.st_size % page_size(s->path) != 0 && !state_hot(s->path))
		return state_damaged(s, "the file ends within a page", err);
	/* What points to a file that is not there is SQLite's to refuse. */
	if (write)
		return there || lstat(s->path, &st) == 0 ? 0 : make(s, err);
	if (!there) {
		*file = MEMORY;
	} else if (state_hot(s->path)) {
		if (state_copy(s->path, &s->copy, err) < 0)
			return -1;
		*file = s->copy;
	}
	return 0;
}

/* A journal that was never synced holds no way back: SQLite leaves it to the next transaction, and
 * whoever only reads would take it for one that does. Nobody writes meanwhile. */
static int sweep(struct state *s, struct err *err)
{
	if (state_run(s, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	clear_journal(s->path);
	return state_run(s, "ROLLBACK", err);
}

int state_open(const char *path, bool write, struct state **out, struct err *err)
{
	struct state *s = memory_need(1, sizeof(*s));
	const char *file;

	s->lock = -1;
	s->path = path;
	s->write = write;
	if (state_lock(path, write, &s->lock, &s->left, err) < 0)
		goto failed;
	/* Inside a transaction, or when it began. */
	bool killed = write && state_way_back(path) >= 0;
	if (choose_file(s, write, &file, err) < 0)
		goto failed;
	/* A copy is ours: it may be recovered by writing to it. */
	const bool fresh = strcmp(file, MEMORY) == 0;
	if (open_database(s, file, write || s->copy != NULL, fresh, err) < 0)
		goto failed;
	/* After a crash of the machine, too. Each time would be a tenth of a run with nothing to
	 * do. */
	if (killed && (state_check(s, err) < 0 || sweep(s, err) < 0))
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
	close_database(s);
	state_copy_remove(s->copy);
	state_unlock(s->lock, s->write ? &s->left : NULL);
	free(s);
}

long long state_left(struct state *s, long *pid)
{
	const struct state_holder left = s->left;

	s->left = (struct state_holder){0};
	*pid = left.pid;
	return left.pid != 0 ? left.since : 0;
}

/* What an error has left half-done before does not count. */
static int start(struct state *s, const char *text, struct err *err)
{
	if (sqlite3_get_autocommit(s->db) == 0 && state_run(s, "ROLLBACK", err) < 0)
		return -1;
	return state_run(s, text, err);
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
	(void)state_run(s, "ROLLBACK", &ignored);
}

int state_begin(struct state *s, struct err *err)
{
	if (s->damaged)
		return state_damaged(s, "it was told before", err);
	return start(s, "BEGIN IMMEDIATE", err);
}

int state_commit(struct state *s, struct err *err)
{
	return state_run(s, "COMMIT", err);
}
