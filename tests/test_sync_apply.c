#include "flow_cases.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include <sqlite3.h>

#include "connectors/connector.h"
#include "sync/intents.h"
#include "sync/row.h"

/*
 * Batches overlap: one is written by a thread while the one before is remembered and the next one
 * put into the journal. The target is an LDIF file behind a connector that is taken for a server's;
 * how far the state is, SQLite tells.
 */
#define PEOPLE 2500
#define BATCH 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
/* Rows of the journal, and links: written, and durable; commits that failed. */
static unsigned ops, links, durable_ops, durable_links, refused;
static bool refuse; /* from now on every commit fails */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int told(unsigned what, void *with, void *statement, void *x)
{
	const char *text = sqlite3_sql(statement);

	(void)what;
	(void)with;
	(void)x;
	pthread_mutex_lock(&lock);
	ops += begins(text, "INSERT INTO op ");
	links += begins(text, "INSERT OR REPLACE INTO link ");
	if (begins(text, "COMMIT") && !refuse) {
		durable_ops = ops;
		durable_links = links;
	}
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int committing(void *with)
{
	(void)with;
	pthread_mutex_lock(&lock);
	const bool fails = refuse;
	refused += fails;
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
	return fails;
}

static int listen(sqlite3 *db, char **text, const void *api)
{
	(void)text;
	(void)api;
	sqlite3_commit_hook(db, committing, NULL);
	return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, told, NULL);
}

enum fate {
	GOOD,
	SOME,   /* one in ten changes fails */
	STOP,   /* the server goes away; nothing was done */
	BEFORE, /* killed before it is done */
	AFTER,  /* killed after it was done */
	LOST,   /* nobody knows whether it was done; it was not */
	UNTOLD, /* the same; it was */
	LEAVES, /* the server goes away when all was done, and remembered */
	FULL,   /* while it is done, the state cannot be written any more */
};

/* What meets its fate is the batch `at`, the first being 1. */
struct server {
	struct connector connector;
	struct connector *file;
	unsigned at, batch, reads;
	enum fate fate;
	bool deletes; /* the second batch does */
	bool alone;   /* there is one batch */
	bool writing;
	const char *wrong; /* what must not be, and was */
};

/* With the lock: until it is so, or for so long. */
static bool becomes(bool (*so)(const struct server *), const struct server *s, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!so(s)) {
		if (pthread_cond_timedwait(&news, &lock, &until) == ETIMEDOUT)
			return so(s);
	}
	return true;
}

static unsigned of_batches(unsigned n)
{
	return n * BATCH < PEOPLE ? n * BATCH : PEOPLE;
}

/* The batch before is remembered, and the next one in the journal; what was remembered is durable
 * with that, or in the end. */
static bool overlapped(const struct server *s)
{
	const unsigned failed = s->fate == SOME && s->batch > s->at ? BATCH / 10 : 0;
	const unsigned before = of_batches(s->batch - 1) - failed;

	return durable_ops == of_batches(s->batch + 1) &&
	       (durable_ops > of_batches(s->batch) ? durable_links : links) == before;
}

static bool failed_to_remember(const struct server *s)
{
	(void)s;
	return refused > 0;
}

static bool was_read(const struct server *s)
{
	return s->reads > 0;
}

static void look(struct server *s)
{
	if (s->alone)
		return;
	if (s->deletes) {
		/* Long enough for a read that does not wait. */
		if (s->batch == 1)
			(void)becomes(was_read, s, 2000);
	} else if (durable_ops < of_batches(s->batch)) {
		s->wrong = "written before it is in the journal";
	} else if (links > of_batches(s->batch - 1)) {
		s->wrong = "remembered before it is written";
	} else if (s->fate == FULL && s->batch == s->at) {
		if (!becomes(failed_to_remember, s, 30000))
			s->wrong = "nothing is remembered while it is written";
	} else if (!becomes(overlapped, s, 30000)) {
		s->wrong = "nothing else is done while it is written";
	}
	/* The next commit is that of what comes behind this batch. */
	if (s->fate == FULL && s->batch + 1 == s->at)
		refuse = true;
}

static int server_write(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem, struct err *err)
{
	struct server *s = (struct server *)c;

	if (n == 0)
		return connector_write(s->file, changes, outcomes, n, mem, err);
	pthread_mutex_lock(&lock);
	s->batch++;
	s->writing = true;
	look(s);
	pthread_mutex_unlock(&lock);
	const enum fate fate = s->batch == s->at ? s->fate : GOOD;
	int rc = 0;
	if (fate == BEFORE)
		_exit(9);
	if (fate == STOP)
		rc = err_set(err, ERR_BUSY, "the server went away");
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (fate == SOME && i % 10 == 0)
			outcomes[i] = (struct outcome){.kind = OUTCOME_FAILED};
		else if (fate == SOME)
			rc = connector_write(s->file, &changes[i], &outcomes[i], 1, mem, err);
	}
	if (rc == 0 && fate != SOME && fate != LOST)
		rc = connector_write(s->file, changes, outcomes, n, mem, err);
	if (fate == AFTER)
		_exit(9);
	for (size_t i = 0; i < n && (fate == LOST || fate == UNTOLD); i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_UNKNOWN};
	pthread_mutex_lock(&lock);
	s->writing = false;
	pthread_mutex_unlock(&lock);
	return rc;
}

static int server_read(struct connector *c, const struct query *q, struct err *err)
{
	struct server *s = (struct server *)c;

	pthread_mutex_lock(&lock);
	s->reads++;
	const bool writing = s->writing;
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
	if (writing)
		return err_set(err, ERR_FATAL, "asked for something while it writes");
	return connector_read(s->file, q, err);
}

static int server_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	return connector_next(((struct server *)c)->file, mem, e, err);
}

static int server_close(struct connector *c, struct err *err)
{
	struct server *s = (struct server *)c;

	if (connector_close(s->file, err) < 0)
		return -1;
	return s->fate == LEAVES ? err_set(err, ERR_BUSY, "the server went away") : 0;
}

static const struct connector_type server_type = {.name = "server",
	.can = CAN_WRITE | CAN_BESIDE,
	.read = server_read,
	.next = server_next,
	.write = server_write,
	.close = server_close};

/* n people, but for the last `gone`, with this telephone, in a container: "OU=x,", or none. */
static void put_people_in(
	struct arena *mem, unsigned n, unsigned gone, const char *tel, const char *container)
{
	struct buf b = {0};

	buf_puts(&b, "version: 1\n\ndn: DC=abc\ndc: abc\n");
	for (unsigned i = 0; i < n - gone; i++)
		buf_printf(&b, "\ndn: CN=p%04u,%sDC=abc\ncn: p%04u\nuid: p%04u\nkey: k\ntel: %s\n",
			i, container, i, i, tel);
	put_text(mem, "abc.ldif", b.data);
	buf_free(&b);
}

static void put_people(struct arena *mem, unsigned n, unsigned gone, const char *tel)
{
	put_people_in(mem, n, gone, tel, "");
}

/* A run into the server; or, without one, into the file. How many were shown to fail, or -1. */
static long long run(struct arena *mem, struct server *s, struct err *err)
{
	const struct flow_options options = {.full = s != NULL};
	struct setup setup = load(mem);
	struct applied applied;
	struct state *state;
	struct plan plan;

	ops = links = durable_ops = durable_links = refused = 0;
	refuse = false;
	*err = (struct err){.kind = ERR_NONE};
	if (state_open(setup.state, true, &state, err) < 0 ||
		flow_plan(&setup.flows[0], state, &options, mem, &plan, err) < 0)
		fail_msg("%s", err->text);
	if (s != NULL) {
		s->connector = (struct connector){.type = &server_type, .label = "xyz"};
		plan.target = &s->connector;
		if (connector_open(setup.flows[0].target_config, &s->file, err) < 0)
			fail_msg("%s", err->text);
	}
	int rc = flow_apply(&plan, state, mem, &applied, err);
	const long long failed = applied.summary.failed;
	refuse = false;
	applied_free(&applied);
	plan_free(&plan);
	state_close(state);
	return rc < 0 ? -1 : failed;
}

static unsigned contacts(struct arena *mem)
{
	struct setup setup = load(mem);
	const struct query all = {.kind = QUERY_ALL};
	struct connector *c;
	struct entry e;
	struct err err = {0};
	unsigned n = 0;

	assert_int_equal(connector_open(setup.flows[0].target_config, &c, &err), 0);
	assert_int_equal(connector_read(c, &all, &err), 0);
	while (connector_next(c, mem, &e, &err) == 1)
		n += entry_get(&e, attr_named("adminDescription")) != NULL;
	assert_int_equal(connector_close(c, &err), 0);
	return n;
}

/* "links waiting-operations failed-operations", each of whom the server was told */
static const char *known(struct arena *mem)
{
	struct setup setup = load(mem);
	struct flow_state f;
	struct state *state;
	struct op_row op;
	struct err err = {0};
	unsigned waiting = 0, failed = 0, others = 0;

	assert_int_equal(state_open(setup.state, true, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &f, &err), 0);
	assert_int_equal(state_open_ops(state, f.id, &err), 0);
	while (state_next_op(state, mem, &op, &err) == 1)
		waiting++;
	assert_int_equal(state_ops(state, 0, false, &err), 0);
	while (state_next_op(state, mem, &op, &err) == 1) {
		failed += op.result == OP_FAILED;
		/* The second batch begins with p1000. */
		others += op.result == OP_FAILED &&
			  (op.source.data[1] != '1' || op.source.data[4] != '0');
	}
	assert_int_equal(others, 0);
	const char *text = arena_printf(
		mem, "%lld %u %u", state_count_links(state, f.id, &err), waiting, failed);
	state_close(state);
	return text;
}

/* The first run, of three batches; one that is killed is another process. */
static long long first_run(struct arena *mem, struct server *s)
{
	struct err err;
	int status;

	if (s->fate != BEFORE && s->fate != AFTER)
		return run(mem, s, &err);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)run(mem, s, &err);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
	return -1;
}

static void test_overlap(void **state)
{
	static const struct {
		unsigned at;
		enum fate fate;
		long long failed;
		unsigned contacts;
		const char *known;
	} cases[] = {
		{0, GOOD, 0, 2500, "2500 0 0"},
		{2, SOME, 100, 2400, "2400 0 100"},
		{1, STOP, -1, 0, "0 2000 0"},
		{2, STOP, -1, 1000, "1000 1500 0"},
		{3, STOP, -1, 2000, "2000 500 0"},
		{1, BEFORE, -1, 0, "0 2000 0"},
		{2, BEFORE, -1, 1000, "1000 1500 0"},
		{3, BEFORE, -1, 2000, "1000 1500 0"},
		{1, AFTER, -1, 1000, "0 2000 0"},
		{2, AFTER, -1, 2000, "1000 1500 0"},
		{3, AFTER, -1, 2500, "1000 1500 0"},
		{2, FULL, -1, 2000, "0 2000 0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct server s = {.at = cases[i].at, .fate = cases[i].fate};
		struct err err;
		start(mem, rules);
		put_people(mem, PEOPLE, 0, "1");
		const long long failed = first_run(mem, &s);
		const unsigned n = contacts(mem);
		const char *knows = known(mem);
		if (s.wrong != NULL || failed != cases[i].failed || n != cases[i].contacts ||
			strcmp(knows, cases[i].known) != 0)
			fail_msg("case %zu: %s; %lld failed, %u contacts, %s", i,
				s.wrong != NULL ? s.wrong : "as it should be", failed, n, knows);
		/* One more run makes all well, and nobody's contact twice. */
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_int_equal(contacts(mem), PEOPLE);
		assert_string_equal(known(mem), cases[i].fate == SOME ? "2500 0 100" : "2500 0 0");
		assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
		arena_free(mem);
	}
}

/* What is to be deleted is read before, when nothing else is on its way. */
static void test_overlap_deletes(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.deletes = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_people(mem, 1500, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 1500, 10, "2");
	if (run(mem, &s, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(s.batch, 2);
	assert_int_equal(contacts(mem), 1490);
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* What is denied, and waits: "WHO ATTR=VALUE by SIDE". */
static const char *denied(struct arena *mem)
{
	struct setup setup = load(mem);
	const char *text = "";
	struct flow_state f;
	struct state *state;
	struct pending p;
	struct err err = {0};

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &f, &err), 0);
	assert_int_equal(state_pendings(state, f.id, &err), 0);
	while (state_next_pending(state, mem, &p, &err) == 1)
		text = arena_printf(mem, "%s%s %s=%s by %s;", text,
			short_name(mem, value_of(p.name)), p.attribute, p.value, p.side);
	state_close(state);
	return text;
}

/* A run that is killed has told nobody whose value it put back: the next one does, and only that.
 */
static void test_denial_of_killed(void **state)
{
	static const enum fate fates[] = {BEFORE, AFTER};
	const char *there = "p0001,DC=abc tel=9 by xyz;";
	struct err err;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct arena *mem = arena_new();
		struct server s = {.at = 1, .fate = fates[i], .alone = true};
		start(mem, rules);
		put_people(mem, 3, 0, "1");
		assert_int_equal(run(mem, NULL, &err), 0);
		char *text = get_text(mem, "xyz.ldif"), *tel = strstr(text, "dn: CN=p0001,");
		assert_non_null(tel);
		tel = strstr(tel, "\ntel: ");
		assert_non_null(tel);
		tel[6] = '9';
		put_text(mem, "xyz.ldif", text);
		assert_int_equal(first_run(mem, &s), -1);
		assert_string_equal(denied(mem), there);
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_string_equal(denied(mem), there);
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_string_equal(denied(mem), "");
		arena_free(mem);
	}
}

/* The flow with these settings more. */
static void start_with(struct arena *mem, const char *settings)
{
	const char *at = strstr(config, " into = ");

	start(mem, rules);
	put_text(mem, "galway.conf",
		arena_printf(mem, "%.*s%s%s", (int)(at - config), config, settings, at));
}

/* What a killed run wrote to the contact of somebody who leaves, and is hidden, is ours when he is
 * back. */
static void test_left_after_killed(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 0, "2");
	assert_int_equal(first_run(mem, &s), -1);
	put_people(mem, 3, 1, "2");
	assert_string_equal(sync_now(mem), "full; modify p0002");
	assert_string_equal(known(mem), "3 0 0");
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	arena_free(mem);
}

/* But what somebody else wrote there meanwhile is told, when the killed run had not come to it. */
static void test_left_after_nothing(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = BEFORE, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 0, "2");
	assert_int_equal(first_run(mem, &s), -1);
	put_people(mem, 3, 1, "2");
	assert_string_equal(sync_now(mem), "full; modify p0000; modify p0001; modify p0002");
	char *text = get_text(mem, "xyz.ldif"), *tel = strstr(text, "dn: CN=p0002,");
	assert_non_null(tel);
	tel = strstr(tel, "\ntel: 1");
	assert_non_null(tel);
	tel[6] = '9';
	put_text(mem, "xyz.ldif", text);
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "p0002,DC=abc tel=9 by xyz;");
	arena_free(mem);
}

/* One that a killed run made was hidden when its source was gone, and the answer was lost: it has
 * no link, and is shown again all the same. */
static void test_hidden_without_link(void **state)
{
	static const char hidden[] = "msExchHideFromAddressLists: TRUE\n";
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct server untold = {.at = 1, .fate = UNTOLD, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 4, 0, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 4, 1, "1");
	assert_int_equal(run(mem, &untold, &err), 1);
	assert_string_equal(known(mem), "3 2 0");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), hidden));
	put_people(mem, 4, 0, "1");
	assert_string_equal(sync_now(mem), "delta; link p0003");
	assert_null(strstr(get_text(mem, "xyz.ldif"), hidden));
	arena_free(mem);
}

/* A reply was lost, and the next run, which did it, failed behind that: its links count, and not
 * what the one before had meant. */
static void test_remembered_and_failed(void **state)
{
	struct arena *mem = arena_new();
	struct server lost = {.at = 1, .fate = LOST, .alone = true};
	struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 0, "2");
	assert_int_equal(run(mem, &lost, &err), 3);
	assert_string_equal(known(mem), "3 3 0");
	assert_int_equal(run(mem, &leaves, &err), -1);
	assert_string_equal(known(mem), "3 0 0");
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	arena_free(mem);
}

/* A run gave a name to another, and did not live to tell those who refer to it: the next one does,
 * also when it is of somebody else only, or an undo of something else, or fails. */
static void test_names_of_failed(void **state)
{
	enum { NOTHING, ONE, UNDO, FAILS, ALL };
	static const struct flow_options between[] = {
		[ONE] = {.object = "CN=x,DC=abc"}, [UNDO] = {.undo = 2}};

	(void)state;
	for (int i = NOTHING; i < ALL; i++) {
		struct arena *mem = arena_new();
		struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
		struct server fails = {.at = 1, .fate = SOME, .alone = true};
		struct err err;
		start(mem, rules);
		put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;d key=k");
		assert_int_equal(run(mem, NULL, &err), 0);
		put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;d key=k;e key=k");
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=GAL,DC=xyz\n"));
		put_source(mem, "a key=k manager=CN=b,DC=abc;x key=k uid=b;b key=k uid=d;e key=k");
		assert_int_equal(run(mem, &leaves, &err), -1);
		assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=x,OU=GAL,DC=xyz\n"));
		if (i == FAILS) {
			assert_int_equal(run(mem, &fails, &err), 1);
		} else if (i != NOTHING) {
			/* In a directory where references do not follow. */
			char *text = get_text(mem, "xyz.ldif");
			memcpy(strstr(text, "manager: CN=x"), "manager: CN=b", 13);
			put_text(mem, "xyz.ldif", text);
			(void)sync_with(mem, &between[i]);
		}
		assert_string_equal(sync_now(mem), i == UNDO    ? "full; add e; modify a"
						   : i == FAILS ? "delta; modify a"
								: "full; modify a");
		assert_non_null(
			strstr(get_text(mem, "xyz.ldif"), "manager: CN=b(1),OU=GAL,DC=xyz\n"));
		assert_string_equal(denied(mem), "");
		assert_string_equal(sync_now(mem), "delta");
		arena_free(mem);
	}
}

/* Whoever moves a container gives more names away than are noted one by one. */
static void test_names_most(void **state)
{
	struct arena *mem = arena_new();
	struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
	struct flow_state f;
	struct state *st;
	struct keys names;
	struct err err = {0};

	(void)state;
	keys_init(&names, 0, false);
	start(mem, rules);
	put_people_in(mem, 10020, 0, "1", "");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people_in(mem, 10020, 0, "1", "OU=New,");
	assert_int_equal(run(mem, &leaves, &err), -1);
	assert_int_equal(state_open(load(mem).state, false, &st, &err), 0);
	assert_int_equal(state_flow(st, "f", &f, &err), 0);
	assert_int_equal(state_names(st, f.id, &names, &err), 0);
	state_close(st);
	assert_true(keys_has(&names, 0));
	assert_int_equal(names.n, 10000);
	keys_free(&names);
	arena_free(mem);
}

/* What a killed run deleted nobody else did, also when a run between adds nobody. */
static void test_deleted_by_killed(void **state)
{
	const struct flow_options adds_none = {.skip = SKIP_CREATE};
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " on-denied = report\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 1, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 3, 0, "1");
	assert_string_equal(sync_with(mem, &adds_none), "full");
	assert_string_equal(sync_now(mem), "delta; add p0002");
	arena_free(mem);
}

/* All of a contact that a killed run made is ours, also when its source left before it was
 * remembered, and came back with another address. */
static void test_made_and_left(void **state)
{
	static const char merging[] = "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
				      " objectClass add = \"contact\"\n note = [key]\n"
				      " url merge = [tel]\n";
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_text(mem, "flow.rules", merging);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 4, 0, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 4, 1, "1");
	assert_string_equal(sync_now(mem), "full; modify p0003");
	put_people(mem, 4, 0, "2");
	(void)sync_now(mem);
	assert_null(strstr(get_text(mem, "xyz.ldif"), "url: 1\n"));
	arena_free(mem);
}

/* Whom somebody moves has another name for those who refer to him, also where no directory sees to
 * that. */
static void test_moved_by_hand(void **state)
{
	static const char name[] = "dn: CN=b,OU=GAL";
	struct arena *mem = arena_new();

	(void)state;
	start_with(mem, " adopt = \"OU=Old,DC=xyz\"\n");
	put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k");
	assert_string_equal(sync_now(mem), "full; add a; add b");
	char *text = get_text(mem, "xyz.ldif"), *dn = strstr(text, name);
	assert_non_null(dn);
	memcpy(dn + strlen(name) - 3, "Old", 3);
	put_text(mem, "xyz.ldif", text);
	(void)sync_with(mem, &(struct flow_options){.full = true});
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=GAL,DC=xyz\n"));
	assert_string_equal(sync_now(mem), "delta; modify a");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=Old,DC=xyz\n"));
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* Somebody puts another mark on it. */
static void take_over(struct arena *mem, const char *name)
{
	struct setup setup = load(mem);
	const struct query all = {.kind = QUERY_ALL};
	struct value mark = value_of("of the others");
	struct mod mod = {.attr = attr_named("adminDescription"), .n_add = 1, .add = &mark};
	struct connector *c;
	struct outcome out;
	struct entry e;
	struct err err = {0};

	assert_int_equal(connector_open(setup.flows[0].target_config, &c, &err), 0);
	assert_int_equal(connector_read(c, &all, &err), 0);
	while (connector_next(c, mem, &e, &err) == 1 && !value_same(e.name, value_of(name)))
		;
	mod.remove = (struct value[]){entry_first(&e, mod.attr)};
	mod.n_remove = 1;
	const struct change change = {
		.op = CHANGE_MODIFY, .id = e.id, .name = e.name, .n = 1, .mods = &mod};
	assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), 0);
	assert_int_equal(out.kind, OUTCOME_DONE);
	assert_int_equal(connector_close(c, &err), 0);
}

/* A contact that a killed run made is ours, though its source left before the next run; but not
 * one that somebody made his own. */
static void test_orphans(void **state)
{
	struct err err;

	(void)state;
	for (int theirs = 0; theirs < 2; theirs++) {
		struct arena *mem = arena_new();
		struct server s = {.at = 1, .fate = AFTER, .alone = true};
		start(mem, rules);
		put_people(mem, 3, 0, "1");
		assert_int_equal(run(mem, NULL, &err), 0);
		put_people(mem, 5, 0, "1");
		assert_int_equal(first_run(mem, &s), -1);
		assert_string_equal(known(mem), "3 2 0");
		put_people(mem, 5, 1, "1");
		if (theirs)
			take_over(mem, "CN=p0004,OU=GAL,DC=xyz");
		assert_string_equal(sync_now(mem),
			theirs ? "full; link p0003" : "full; link p0003; delete p0004");
		assert_int_equal(contacts(mem), theirs ? 5 : 4);
		assert_string_equal(known(mem), theirs ? "4 1 0" : "4 0 0");
		assert_string_equal(sync_now(mem), "delta");
		assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
		if (!theirs) {
			assert_string_equal(sync_with(mem, &(struct flow_options){.undo = 3}),
				"delta; add p0004; forget p0003");
			assert_int_equal(contacts(mem), 5);
			assert_string_equal(sync_now(mem), "full; link p0003; delete p0004");
			assert_int_equal(contacts(mem), 4);
		}
		arena_free(mem);
	}
}

/* A directory took a reference away with the contact that it was to, before the run that was to
 * change it could: nobody else did. */
static void test_reference_went(void **state)
{
	static const char reference[] = "manager: CN=b,OU=GAL,DC=xyz\n";
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = SOME, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;c key=k");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), reference));
	put_source(mem, "a key=k manager=CN=c,DC=abc;c key=k");
	assert_int_equal(run(mem, &s, &err), 1);
	assert_int_equal(contacts(mem), 2);
	assert_null(strstr(get_text(mem, "xyz.ldif"), reference));
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=c,OU=GAL,DC=xyz\n"));
	arena_free(mem);
}

/* What was meant and not done leaves nothing behind; whoever carries its mark has it of somebody.
 */
static void test_copied_mark(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = BEFORE, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 5, 0, "1");
	assert_int_equal(first_run(mem, &s), -1);
	put_people(mem, 5, 1, "1");
	put_text(mem, "xyz.ldif",
		arena_printf(mem,
			"%s\ndn: CN=hand,OU=GAL,DC=xyz\nobjectClass: contact\ncn: hand\n"
			"adminDescription: galway:f:p0004\n",
			get_text(mem, "xyz.ldif")));
	assert_string_equal(sync_now(mem), "full; add p0003");
	assert_int_equal(contacts(mem), 5);
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* References followed a contact that a killed run renamed: nobody else wrote them. */
static void test_followed(void **state)
{
	struct arena *mem = arena_new();
	const struct op op = {.kind = STEP_MODIFY,
		.source = value_of("bob"),
		.change = {.op = CHANGE_MODIFY,
			.name = value_of("CN=bob,DC=xyz"),
			.new_name = value_of("CN=bert,DC=xyz")}};
	const struct attr_set none = {0};
	const struct intents in = {.n = 1, .ops = &op, .attrs = &none};
	const struct open_row open = {.id = value_of("cem")};
	struct value manager = value_of("cn=Bert,DC=xyz");
	struct entry e = {.name = value_of("CN=cem,DC=xyz")};
	struct row row = {.open = &open, .current = &e};

	(void)state;
	entry_put(mem, &e, attr_named("manager"), &manager, 1);
	entry_put(mem, &e, attr_named("title"), &manager, 1);
	intents_apply(&in, mem, &row, NULL);
	assert_true(
		value_same(entry_first(row.was, attr_named("manager")), value_of("CN=bob,DC=xyz")));
	assert_true(value_same(entry_first(row.was, attr_named("title")), manager));
	assert_true(value_same(entry_first(row.current, attr_named("manager")), manager));
	arena_free(mem);
}

/* What was hidden is another contact: this one somebody hides. */
static void test_hid_another(void **state)
{
	struct arena *mem = arena_new();
	struct value yes = value_of("TRUE");
	struct mod mod = {
		.attr = attr_named("msExchHideFromAddressLists"), .n_add = 1, .add = &yes};
	struct op op = {.kind = STEP_MODIFY,
		.source = value_of("bob"),
		.target = value_of("t1"),
		.change = {.op = CHANGE_MODIFY, .n = 1, .mods = &mod}};
	const struct attr_set none = {0};
	const struct intents in = {.n = 1, .ops = &op, .attrs = &none};
	const struct open_row open = {.id = value_of("bob")};
	struct entry e = {.name = value_of("CN=bob,DC=xyz"), .id = value_of("t1")};

	(void)state;
	entry_put(mem, &e, mod.attr, &yes, 1);
	for (int other = 0; other < 2; other++) {
		struct row row = {.open = &open, .current = &e};
		intents_apply(&in, mem, &row, NULL);
		assert_int_equal(row.hid, !other);
		e.id = value_of("t2");
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_overlap_deletes),
		cmocka_unit_test(test_denial_of_killed),
		cmocka_unit_test(test_left_after_killed),
		cmocka_unit_test(test_left_after_nothing),
		cmocka_unit_test(test_hidden_without_link),
		cmocka_unit_test(test_hid_another),
		cmocka_unit_test(test_remembered_and_failed),
		cmocka_unit_test(test_names_of_failed),
		cmocka_unit_test(test_names_most),
		cmocka_unit_test(test_deleted_by_killed),
		cmocka_unit_test(test_made_and_left),
		cmocka_unit_test(test_moved_by_hand),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_reference_went),
		cmocka_unit_test(test_copied_mark),
		cmocka_unit_test(test_followed),
	};

	sqlite3_auto_extension((void (*)(void))listen);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
