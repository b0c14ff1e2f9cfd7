#include "state_cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sync/state_lock.h"

static const char *beside(const char *path, const char *suffix)
{
	static char name[120];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return name;
}

static struct buf bytes_of(const char *path)
{
	struct buf b = {0};
	FILE *f = fopen(path, "r");
	size_t n;

	buf_puts(&b, "");
	while (f != NULL && (n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
		b.len += n;
	if (f != NULL)
		fclose(f);
	return b;
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static bool unchanged(const char *path, struct buf *before)
{
	struct buf now = bytes_of(path);
	bool same = now.len == before->len && memcmp(now.data, before->data, now.len) == 0;

	buf_free(&now);
	return same;
}

static unsigned count_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Everything between begin and commit is kept, or nothing; what an error left open does not stand
 * in the way of the next. */
static void test_transactions(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct link link = link_of("s2", "t2");

	(void)state;
	good(state_begin(s, &err));
	good(state_put_link(s, flow, &link, &err));
	state_close(s);
	s = opened(path, true);
	assert_int_equal(state_count_links(s, flow, &err), 1);
	good(state_begin(s, &err));
	good(state_put_link(s, flow, &link, &err));
	good(state_begin(s, &err));
	good(state_commit(s, &err));
	assert_int_equal(state_count_links(s, flow, &err), 1);
	assert_int_equal(state_commit(s, &err), -1);
	/* Holding it for reading is no transaction of that kind: nothing of it stays. */
	good(state_begin(s, &err));
	good(state_put_link(s, flow, &link, &err));
	good(state_hold(s, &err));
	assert_int_equal(state_count_links(s, flow, &err), 1);
	good(state_links(s, flow, &err));
	assert_int_equal(state_next_link(s, &link, &err), 1);
	state_let_go(s);
	state_let_go(s);
	good(state_begin(s, &err));
	good(state_commit(s, &err));
	state_close(s);
	state_close(NULL);
}

/* Reading creates nothing and changes nothing, and writing through it is refused. */
static void test_read_only(void **state)
{
	const char *path = fresh();
	struct flow_state flow;
	struct pending pending;
	struct link link = link_of("s1", "t1");
	unsigned files = count_files(folder());

	(void)state;
	struct state *s = opened(path, false);
	good(state_flow(s, "f", &flow, &err));
	assert_int_equal(flow.id, 0);
	assert_int_equal(state_count_links(s, 1, &err), 0);
	good(state_pendings(s, 1, &err));
	assert_int_equal(state_next_pending(s, NULL, &pending, &err), 0);
	state_close(s);
	assert_int_equal(count_files(folder()), files);
	long long id = one_link(path);
	struct buf before = bytes_of(path);
	files = count_files(folder());
	s = opened(path, false);
	struct state *other = opened(path, false);
	assert_int_equal(state_count_links(s, id, &err), 1);
	assert_int_equal(state_count_links(other, id, &err), 1);
	assert_int_equal(state_put_link(s, id, &link, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	assert_int_equal(count_files(folder()), files);
	state_close(other);
	state_close(s);
	assert_int_equal(count_files(folder()), files);
	assert_true(unchanged(path, &before));
	buf_free(&before);
}

/* Another process, which opens the state for writing and then waits to be killed. */
static pid_t hold(const char *path, long long flow)
{
	int ends[2];
	char ready;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct state *s;
		if (state_open(path, true, &s, &err) < 0)
			_exit(1);
		/* So much that pages of it reach the file before the end. */
		bool all = flow == 0 || state_begin(s, &err) == 0;
		for (unsigned i = 0; all && flow != 0 && i < 80000; i++) {
			char id[80];
			snprintf(id, sizeof(id), "%060u", i);
			struct link link = link_of(id, id);
			all = state_put_link(s, flow, &link, &err) == 0;
		}
		if (all && write(ends[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &ready, 1), 1);
	close(ends[0]);
	return pid;
}

static void kill_holder(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* One writer at a time, nobody reads meanwhile, and a killed one leaves nothing in the way. */
static void test_locking(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	struct state *s, *other = NULL;
	char said[40];

	(void)state;
	pid_t pid = hold(path, 0);
	snprintf(said, sizeof(said), "process %ld, for ", (long)pid);
	for (int write = 0; write < 2; write++) {
		assert_int_equal(state_open(path, write != 0, &other, &err), -1);
		assert_int_equal(err.kind, ERR_BUSY);
		assert_non_null(strstr(err.text, said));
	}
	kill_holder(pid);
	s = opened(path, false);
	assert_int_equal(state_count_links(s, flow, &err), 1);
	assert_int_equal(state_open(path, true, &other, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	state_close(s);
	state_close(opened(path, true));
}

/* Who was killed is known to readers, and to writers until one of them tells it. */
static void test_left(void **state)
{
	const char *path = fresh();
	struct state *s;
	long told;

	(void)state;
	(void)one_link(path);
	s = opened(path, false);
	assert_true(state_left(s, &told) == 0 && told == 0);
	state_close(s);
	const long pid = (long)hold(path, 0);
	kill_holder((pid_t)pid);
	for (int i = 0; i < 2; i++) {
		s = opened(path, false);
		assert_true(state_left(s, &told) > 0 && told == pid);
		assert_true(state_left(s, &told) == 0 && told == 0);
		state_close(s);
	}
	/* One that does not ask. */
	state_close(opened(path, true));
	s = opened(path, true);
	assert_true(state_left(s, &told) > 0 && told == pid);
	state_close(s);
	s = opened(path, true);
	assert_true(state_left(s, &told) == 0);
	state_close(s);
	/* As an older program left it. */
	FILE *f = fopen(beside(path, ".lock"), "w");
	assert_non_null(f);
	assert_true(fputs("123\n", f) >= 0 && fclose(f) == 0);
	s = opened(path, true);
	assert_true(state_left(s, &told) == 0);
	state_close(s);
}

/* A writer was killed with half of it in the file: readers see what was before, in a copy of
 * theirs, and leave the way back to the next writer. */
static void test_recovery(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	struct buf before = bytes_of(path);

	(void)state;
	kill_holder(hold(path, flow));
	assert_true(state_hot(path));
	assert_false(unchanged(path, &before));
	struct buf torn = bytes_of(path);
	struct buf journal = bytes_of(beside(path, "-journal"));
	char spools[100];
	snprintf(spools, sizeof(spools), "%s/spools", folder());
	assert_int_equal(mkdir(spools, 0700), 0);
	setenv("TMPDIR", spools, 1);
	struct state *s = opened(path, false);
	assert_int_equal(state_count_links(s, flow, &err), 1);
	assert_int_equal(count_files(spools), 3);
	state_close(s);
	assert_int_equal(count_files(spools), 2);
	assert_true(unchanged(path, &torn));
	assert_true(unchanged(beside(path, "-journal"), &journal));
	/* No room for the copy. */
	setenv("TMPDIR", "/nonexistent/galway", 1);
	assert_int_equal(state_open(path, false, &s, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	unsetenv("TMPDIR");
	s = opened(path, true);
	assert_int_equal(state_count_links(s, flow, &err), 1);
	state_close(s);
	assert_false(state_hot(path));
	buf_free(&journal);
	buf_free(&torn);
	buf_free(&before);
}

static void refused(const char *path, bool write, const char *text)
{
	struct state *s = NULL;

	assert_int_equal(state_open(path, write, &s, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	if (strstr(err.text, text) == NULL)
		fail_msg("%s", err.text);
}

static void put_bytes(const char *path, long offset, const char *data, size_t len)
{
	FILE *f = fopen(path, offset == 0 ? "w" : "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, offset, SEEK_SET), 0);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* A state of another program, and what is none. */
static void test_strange(void **state)
{
	static const char page[8192] = "this is not a database, but it is long enough to be one";
	const char *path = fresh(), *garbage = fresh();

	(void)state;
	one_link(path);
	/* The user version, as SQLite's file format has it. */
	put_bytes(path, 60, "\0\0\0\x63", 4);
	refused(path, false, "version 99 is newer than this program's (");
	refused(path, true, "version 99 is newer than this program's (");
	put_bytes(path, 60, "\0\0\0\x02", 4);
	refused(path, false, "version 2, which no released program wrote: move it away");
	refused(path, true, "version 2, which no released program wrote: move it away");
	put_bytes(garbage, 0, page, sizeof(page));
	refused(garbage, false, "not a database");
	refused(garbage, true, "not a database");
	refused("/nonexistent/galway/state.db", true, "No such file or directory");
	refused("/dev/null/state.db", false, "Not a directory");
}

/* A database that somebody else made by this. */
static void make_database(const char *path, const char *text)
{
	sqlite3 *db;

	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* What another program has in its database, or SQLite of ours, and what is said of it. */
static const struct {
	const char *text, *says;
} foreign[] = {
	{"CREATE TABLE t (a)", "not galway's: name another file as \"state\""},
	{"PRAGMA page_size = 8192; CREATE TABLE t (a)", "not galway's"},
	{"PRAGMA user_version = 8; CREATE TABLE t (a)", "not galway's"},
	{"PRAGMA user_version = -1; CREATE TABLE t (a)", "not galway's"},
	{"PRAGMA user_version = 99; CREATE TABLE flow (a)", "not galway's"},
	{"CREATE VIEW flow AS SELECT 1; CREATE VIEW link AS SELECT 1", "not galway's"},
	{"VACUUM", "not galway's"},
	{"PRAGMA journal_mode = WAL; CREATE TABLE t (a)", "not galway's"},
	{"CREATE TABLE flow (a); CREATE TABLE link (a)",
		"galway's tables without their version (user_version), as an SQL dump leaves them"},
};

/* Neither reads it nor adds to it. */
static void test_foreign(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		char path[100];
		snprintf(path, sizeof(path), "%s/foreign%zu.db", folder(), i);
		make_database(path, foreign[i].text);
		struct buf before = bytes_of(path);
		refused(path, false, foreign[i].says);
		refused(path, true, foreign[i].says);
		assert_true(unchanged(path, &before));
		buf_free(&before);
	}
}

/* A state whose pages are not of our size, by VACUUM or in a copy: whole, and cut within one. */
static void test_page_size(void **state)
{
	static const unsigned sizes[] = {512, 1024, 4096, 16384, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char path[100], text[100];
		snprintf(path, sizeof(path), "%s/pages%zu.db", folder(), i);
		long long flow = one_link(path);
		snprintf(text, sizeof(text), "PRAGMA page_size = %u; VACUUM", sizes[i]);
		make_database(path, text);
		/* An odd number of pages, of which two were one of ours. */
		for (unsigned n = 0; size_of(path) / sizes[i] % 2 == 0; n++) {
			snprintf(text, sizeof(text), "CREATE TABLE more%u (a)", n);
			make_database(path, text);
		}
		for (int write = 0; write < 2; write++) {
			struct state *s = opened(path, write != 0);
			assert_int_equal(state_count_links(s, flow, &err), 1);
			good(state_check(s, &err));
			state_close(s);
		}
		assert_int_equal(truncate(path, size_of(path) - 256), 0);
		refused(path, false, "the file ends within a page");
		refused(path, true, "the file ends within a page");
	}
}

/* A state that was cut to nothing is not a new one. What making one has left that was killed is
 * nothing. */
static void test_empty(void **state)
{
	const char *path = fresh();
	struct state *s;

	(void)state;
	close(open(path, O_WRONLY | O_CREAT, 0600));
	refused(path, false, "the file is empty");
	refused(path, true, "the file is empty");
	assert_int_equal(size_of(path), 0);
	assert_int_equal(unlink(path), 0);
	one_link(path);
	assert_int_equal(truncate(path, size_of(path) - 1), 0);
	refused(path, false, "the file ends within a page");
	refused(path, true, "the file ends within a page");
	assert_int_equal(unlink(path), 0);
	put_bytes(beside(path, ".new"), 0, "half a state", 12);
	put_bytes(beside(path, ".new-journal"), 0, "half a journal", 14);
	s = opened(path, true);
	state_close(s);
	assert_int_equal(access(beside(path, ".new"), F_OK), -1);
	assert_int_equal(access(beside(path, ".new-journal"), F_OK), -1);
	one_link(path);
}

/* A writer was killed before its journal was synced: whoever opens the state to write clears it
 * away, also when he writes nothing. */
static void test_cold_journal(void **state)
{
	const char *path = fresh();
	const long long flow = one_link(path);
	static const char cold[1024];

	(void)state;
	put_bytes(beside(path, "-journal"), 0, cold, sizeof(cold));
	assert_true(state_hot(path));
	struct state *s = opened(path, true);
	assert_int_equal(state_count_links(s, flow, &err), 1);
	state_close(s);
	assert_int_equal(access(beside(path, "-journal"), F_OK), -1);
}

/* The state of a writer that was killed is taken away, and its journal is not: that is no way back
 * for the new one. */
static void test_journal_of_another(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);

	(void)state;
	kill_holder(hold(path, flow));
	assert_true(state_hot(path));
	assert_int_equal(unlink(path), 0);
	struct state *s = opened(path, true);
	assert_int_equal(state_count_links(s, flow, &err), 0);
	state_close(s);
	s = opened(path, true);
	assert_int_equal(state_count_links(s, flow, &err), 0);
	assert_int_equal(state_check(s, &err), 0);
	state_close(s);
}

static void test_links_to_files(void **state)
{
	const char *path = fresh(), *link = fresh(), *lock = fresh();

	(void)state;
	one_link(path);
	assert_int_equal(symlink(path, link), 0);
	refused(link, true, "");
	refused(link, false, "");
	assert_int_equal(symlink(path, beside(lock, ".lock")), 0);
	refused(lock, true, "lock file");
}

/* Somebody who may not write there. */
static void test_unwritable(void **state)
{
	const char *path = fresh();
	char place[100];
	int status;

	(void)state;
	one_link(path);
	snprintf(place, sizeof(place), "%s/closed", folder());
	assert_int_equal(mkdir(place, 0755), 0);
	assert_int_equal(chmod(folder(), 0755), 0);
	assert_int_equal(chmod(place, 0555), 0);
	bool root = geteuid() == 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct state *s;
		if (root && setuid(65534) != 0)
			_exit(1);
		bool said = state_open(beside(place, "/state.db"), true, &s, &err) < 0 &&
			    err.kind == ERR_FATAL && strstr(err.text, "Permission denied") != NULL;
		/* Its lock file is not for everybody either. */
		said = said && (!root || state_open(path, false, &s, &err) < 0);
		_exit(said ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	chmod(place, 0755);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Ours alone, whatever the umask says; not read when others may have written it. */
static void test_private(void **state)
{
	const char *path = fresh();
	mode_t before = umask(0);

	(void)state;
	one_link(path);
	umask(before);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(beside(path, ".lock")), 0600);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(chmod(path, i == 0 ? 0620 : 0602), 0);
		refused(path, false, "group or others may write it");
		refused(path, true, "group or others may write it");
	}
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(beside(path, ".lock"), 0620), 0);
	refused(path, false, ".lock: group or others may write it");
	refused(path, true, ".lock: group or others may write it");
	assert_int_equal(chmod(beside(path, ".lock"), 0600), 0);
	state_close(opened(path, true));
}

/* Damage is found by looking at all of it: when asked to, and after a writer was killed. */
static void test_damage(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	char garbage[8192];
	struct state *s = opened(path, true);

	(void)state;
	good(state_begin(s, &err));
	for (unsigned i = 0; i < 2000; i++) {
		char id[80];
		snprintf(id, sizeof(id), "%060u", i);
		struct link link = link_of(id, id);
		good(state_put_link(s, flow, &link, &err));
	}
	good(state_commit(s, &err));
	good(state_check(s, &err));
	state_close(s);
	memset(garbage, 0x55, sizeof(garbage));
	put_bytes(path, 20 * 8192L, garbage, sizeof(garbage));
	s = opened(path, false);
	assert_int_equal(state_check(s, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	assert_non_null(strstr(err.text, "damaged: Page 21"));
	assert_non_null(strstr(err.text, ": put a backup in its place, or move it away"));
	state_close(s);
	state_close(opened(path, true));
	/* A journal that holds nothing, as one of a writer that was killed early does. */
	put_bytes(beside(path, "-journal"), 0, "x", 1);
	refused(path, true, "damaged: Page 21");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_locking),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_cold_journal),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_page_size),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_journal_of_another),
		cmocka_unit_test(test_links_to_files),
		cmocka_unit_test(test_unwritable),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
