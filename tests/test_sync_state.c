#include "sync_cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "sync/state.h"
#include "sync/state_lock.h"

static struct err err;

static struct state *opened(const char *path, bool write)
{
	struct state *s = NULL;

	if (state_open(path, write, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void good(int rc)
{
	if (rc < 0)
		fail_msg("%s", err.text);
}

/* A path in the folder that no test used before; lives as long as the program. */
static const char *fresh(void)
{
	static char paths[32][100];
	static unsigned n;

	assert_true(n < 32);
	snprintf(paths[n], sizeof(paths[n]), "%s/state%u.db", folder(), n);
	return paths[n++];
}

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

static struct link link_of(const char *source, const char *target)
{
	return (struct link){.source = value_of(source),
		.target = value_of(target),
		.source_digest = UINT64_MAX,
		.target_digest = 1ull << 63,
		.name = 3,
		.left = 4,
		.written = {"w\0x", 3}};
}

static void same_link(const struct link *a, const struct link *b)
{
	assert_true(value_same(a->source, b->source) && value_same(a->target, b->target) &&
		    value_same(a->written, b->written));
	assert_true(a->source_digest == b->source_digest && a->target_digest == b->target_digest &&
		    a->name == b->name && a->left == b->left);
}

/* A flow with one link, s1 to t1. */
static long long one_link(const char *path)
{
	struct flow_state flow = {.sources = 1};
	struct link link = link_of("s1", "t1");
	struct state *s = opened(path, true);

	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &flow, &err));
	good(state_put_link(s, flow.id, &link, &err));
	good(state_commit(s, &err));
	state_close(s);
	return flow.id;
}

static void test_flow(void **state)
{
	const char *path = fresh();
	struct arena *mem = arena_new();
	struct flow_state f, put = {0, UINT64_MAX, -1, 7, 8, 9, 10}, other = {.epoch = 1};
	struct state *s = opened(path, true);
	struct value cookie;

	(void)state;
	good(state_flow(s, "f", &f, &err));
	assert_int_equal(f.id, 0);
	assert_int_equal(f.sources, -1);
	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &put, &err));
	good(state_put_flow(s, "other", &other, &err));
	good(state_put_cookie(s, put.id, (struct value){"c\0d", 3}, &err));
	good(state_commit(s, &err));
	assert_int_not_equal(put.id, other.id);
	state_close(s);
	s = opened(path, false);
	good(state_flow(s, "f", &f, &err));
	assert_true(f.id == put.id && f.epoch == UINT64_MAX && f.sources == -1 && f.deltas == 7);
	assert_true(f.generation == 8 && f.last_run == 9 && f.last_good == 10);
	good(state_cookie(s, f.id, mem, &cookie, &err));
	assert_true(value_same(cookie, (struct value){"c\0d", 3}));
	good(state_cookie(s, other.id, mem, &cookie, &err));
	assert_int_equal(cookie.len, 0);
	good(state_cookie(s, 99, mem, &cookie, &err));
	assert_int_equal(cookie.len, 0);
	state_close(s);
	/* A second time: the same flow, and its cookie stays. */
	s = opened(path, true);
	put.epoch = 5;
	long long id = put.id;
	good(state_put_flow(s, "f", &put, &err));
	assert_int_equal(put.id, id);
	good(state_flow(s, "f", &f, &err));
	assert_int_equal(f.epoch, 5);
	good(state_cookie(s, id, mem, &cookie, &err));
	assert_int_equal(cookie.len, 3);
	state_close(s);
	arena_free(mem);
}

static void test_links(void **state)
{
	static const char *const order[] = {"", "a", "a\xff", "b", "b1"};
	static const char *const mixed[] = {"b1", "a", "", "a\xff", "b"};
	const char *path = fresh();
	struct arena *mem = arena_new();
	long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct link link, put = link_of("s1", "t2");

	(void)state;
	put.left = -1;
	good(state_put_link(s, flow, &put, &err));
	assert_int_equal(state_link(s, flow, value_of("s1"), mem, &link, &err), 1);
	same_link(&link, &put);
	assert_int_equal(state_link(s, flow, value_of("s2"), mem, &link, &err), 0);
	assert_int_equal(state_link(s, flow + 1, value_of("s1"), mem, &link, &err), 0);
	good(state_drop_link(s, flow, value_of("s1"), &err));
	good(state_drop_link(s, flow, value_of("s1"), &err));
	assert_int_equal(state_link(s, flow, value_of("s1"), mem, &link, &err), 0);
	for (unsigned i = 0; i < 5; i++) {
		put = link_of(mixed[i], "t");
		good(state_put_link(s, flow, &put, &err));
	}
	assert_int_equal(state_count_links(s, flow, &err), 5);
	assert_int_equal(state_count_links(s, flow + 1, &err), 0);
	/* In the order of bytes, and from the first again. */
	for (unsigned turn = 0; turn < 2; turn++) {
		good(state_links(s, flow, &err));
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(state_next_link(s, &link, &err), 1);
			put = link_of(order[i], "t");
			same_link(&link, &put);
		}
		assert_int_equal(turn == 0 ? 0 : state_next_link(s, &link, &err), 0);
	}
	state_close(s);
	arena_free(mem);
}

/* The targets of other flows, sorted. */
static void test_managed(void **state)
{
	static const char *const flows[] = {"f", "g", "never ran"};
	struct state *s = opened(fresh(), true);
	struct flow_state f = {0}, g = {0}, h = {0};
	uint64_t *keys;
	size_t n;

	(void)state;
	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &f, &err));
	good(state_put_flow(s, "g", &g, &err));
	good(state_put_flow(s, "h", &h, &err));
	for (unsigned i = 0; i < 3000; i++) {
		char id[20];
		snprintf(id, sizeof(id), "%u", i);
		struct link link = link_of(id, id);
		good(state_put_link(s, i % 2 == 0 ? f.id : i % 3 == 0 ? h.id : g.id, &link, &err));
	}
	good(state_commit(s, &err));
	good(state_managed(s, flows, 3, &keys, &n, &err));
	assert_int_equal(n, 2500);
	for (size_t i = 1; i < n; i++)
		assert_true(keys[i - 1] < keys[i]);
	free(keys);
	good(state_managed(s, flows, 0, &keys, &n, &err));
	assert_int_equal(n, 0);
	free(keys);
	state_close(s);
}

static const char *text_or(const char *text)
{
	return text != NULL ? text : "-";
}

static const char *pendings(struct arena *mem, struct state *s, long long flow)
{
	const char *text = "";
	struct pending p;
	int rc;

	good(state_pendings(s, flow, &err));
	while ((rc = state_next_pending(s, mem, &p, &err)) == 1)
		text = arena_printf(mem, "%s[%s %s %s %s %s %s %s %s %s %lld %lld]", text,
			arena_copy(mem, p.source.data, p.source.len), p.kind, text_or(p.name),
			text_or(p.attribute), text_or(p.value), text_or(p.side),
			text_or(p.authority), text_or(p.rule), text_or(p.message), p.run, p.since);
	assert_int_equal(rc, 0);
	return text;
}

static void test_pending(void **state)
{
	struct arena *mem = arena_new();
	struct state *s = opened(fresh(), true);
	const struct pending conflict = {.source = value_of("s2"),
		.kind = "conflict",
		.name = "CN=b",
		.message = "m",
		.run = 1,
		.since = 10};
	struct pending denied = {
		value_of("s1"), "denied", "CN=a", "tel", "1", "abc", "xyz", "r:1", NULL, 1, 11};
	long long since = 99;

	(void)state;
	good(state_put_pending(s, 1, &denied, &err));
	denied.attribute = "mail";
	denied.since = 12;
	good(state_put_pending(s, 1, &denied, &err));
	good(state_put_pending(s, 1, &conflict, &err));
	good(state_put_pending(s, 2, &conflict, &err));
	assert_string_equal(pendings(mem, s, 1),
		"[s2 conflict CN=b - - - - - m 1 10][s1 denied CN=a mail 1 abc xyz r:1 - 1 12]"
		"[s1 denied CN=a tel 1 abc xyz r:1 - 1 11]");
	/* Since the first of them. */
	good(state_drop_pending(s, 1, value_of("s1"), &since, &err));
	assert_int_equal(since, 11);
	since = 99;
	good(state_drop_pending(s, 1, value_of("s1"), &since, &err));
	assert_int_equal(since, 99);
	assert_string_equal(pendings(mem, s, 1), "[s2 conflict CN=b - - - - - m 1 10]");
	/* A full run settles what it did not find again, of its flow. */
	denied.run = 2;
	good(state_put_pending(s, 1, &denied, &err));
	good(state_settle(s, 1, 2, &err));
	assert_string_equal(pendings(mem, s, 1), "[s1 denied CN=a mail 1 abc xyz r:1 - 2 12]");
	assert_string_equal(pendings(mem, s, 2), "[s2 conflict CN=b - - - - - m 1 10]");
	state_close(s);
	arena_free(mem);
}

static void test_authority(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	struct arena *mem = arena_new();
	struct state *s = opened(path, true);
	const char *side = "unset";

	(void)state;
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	assert_string_equal(side, "unset");
	good(state_authority_put(s, "f", value_of("s1"), "abc", &err));
	good(state_authority_put(s, "f", value_of("s1"), "xyz", &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 1);
	assert_string_equal(side, "xyz");
	assert_int_equal(state_authority(s, flow, value_of("s2"), mem, &side, &err), 0);
	assert_int_equal(state_authority(s, flow + 1, value_of("s1"), mem, &side, &err), 0);
	good(state_authority_put(s, "f", value_of("s1"), NULL, &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	/* It goes with the link. */
	good(state_authority_put(s, "f", value_of("s1"), "xyz", &err));
	good(state_drop_link(s, flow, value_of("s1"), &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	state_close(s);
	arena_free(mem);
}

static void test_runs(void **state)
{
	struct state *s = opened(fresh(), true);
	struct run first = {0, 1, 2, true, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13},
		   second = {.started = 3}, back;

	(void)state;
	good(state_put_run(s, 1, &first, &err));
	good(state_put_run(s, 1, &second, &err));
	assert_int_not_equal(first.id, second.id);
	second.finished = 4;
	long long id = second.id;
	good(state_put_run(s, 1, &second, &err));
	assert_int_equal(second.id, id);
	/* The newest first. */
	good(state_runs(s, 1, &err));
	assert_int_equal(state_next_run(s, &back, &err), 1);
	assert_true(back.id == second.id && back.started == 3 && back.finished == 4 && !back.full);
	assert_int_equal(state_next_run(s, &back, &err), 1);
	assert_true(back.id == first.id && back.started == 1 && back.finished == 2 && back.full);
	assert_true(back.exit == 4 && back.read == 5 && back.add == 6 && back.modify == 7 &&
		    back.rename == 8 && back.remove == 9 && back.none == 10 &&
		    back.conflict == 11 && back.denied == 12 && back.failed == 13);
	assert_int_equal(state_next_run(s, &back, &err), 0);
	good(state_runs(s, 2, &err));
	assert_int_equal(state_next_run(s, &back, &err), 0);
	state_close(s);
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
	struct arena *mem = arena_new();
	struct flow_state flow;
	struct link link = link_of("s1", "t1");
	unsigned files = count_files(folder());

	(void)state;
	struct state *s = opened(path, false);
	good(state_flow(s, "f", &flow, &err));
	assert_int_equal(flow.id, 0);
	assert_int_equal(state_count_links(s, 1, &err), 0);
	assert_string_equal(pendings(mem, s, 1), "");
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
	arena_free(mem);
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
	snprintf(said, sizeof(said), "process %ld:", (long)pid);
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

/* A state of a newer program, and what is none. */
static void test_strange(void **state)
{
	const char *path = fresh(), *garbage = fresh();

	(void)state;
	one_link(path);
	/* The user version, as SQLite's file format has it. */
	put_bytes(path, 60, "\0\0\0\x02", 4);
	refused(path, false, "version 2 is newer than this program's (1)");
	refused(path, true, "version 2 is newer than this program's (1)");
	put_bytes(garbage, 0,
		"this is not a database, but it is long enough to be one: it has to "
		"have a hundred bytes, at least, and so on\n",
		108);
	refused(garbage, false, "not a database");
	refused(garbage, true, "not a database");
	refused("/nonexistent/galway/state.db", true, "No such file or directory");
	refused("/dev/null/state.db", false, "Not a directory");
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
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct state *s;
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(1);
		bool said = state_open(beside(place, "/state.db"), true, &s, &err) < 0 &&
			    err.kind == ERR_FATAL && strstr(err.text, "Permission denied") != NULL;
		/* Its lock file is not for everybody either. */
		said = said && (state_open(path, false, &s, &err) < 0 || geteuid() != 65534);
		_exit(said ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	chmod(place, 0755);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_managed),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_locking),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_links_to_files),
		cmocka_unit_test(test_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
