#ifndef TESTS_APPLY_CASES_H
#define TESTS_APPLY_CASES_H

#include "flow_cases.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include <sqlite3.h>

#include "connectors/connector.h"

/*
 * Runs into a server, which meets its fate with one of their batches. It is an LDIF file behind a
 * connector that is taken for a server's; how far the state is, SQLite tells (listen).
 */
#define BATCH 700
#define PEOPLE (5 * BATCH / 2)
#define TAIL 10u /* changes of a batch that have no outcome yet when it was fed */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
/* Rows of the journal, and links: written, and durable; commits that failed. */
static unsigned ops, links, durable_ops, durable_links, refused;
static bool refuse;      /* from now on every commit fails */
static unsigned failing; /* the batch of which some fail */

static inline bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static inline int told(unsigned what, void *with, void *statement, void *x)
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

static inline int committing(void *with)
{
	(void)with;
	pthread_mutex_lock(&lock);
	const bool fails = refuse;
	refused += fails;
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
	return fails;
}

static inline int listen(sqlite3 *db, char **text, const void *api)
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
	LIES,   /* it is said to be done, and was not */
	AWAY,   /* the server goes away when all of it was fed, and some of it is not done */
};

/* What meets its fate is the batch `at`, the first being 1. */
struct server {
	struct connector connector;
	struct connector *file;
	unsigned at, batch, reads;
	enum fate fate;
	bool deletes; /* the second batch does */
	bool alone;   /* there is one batch */
	bool finds;   /* CAN_FIND: what was written is read again */
	bool feeds;
	bool writing;
	struct {
		const struct change *changes;
		struct outcome *outcomes;
		size_t n, first; /* first: its place in the batch */
		enum fate fate;
		struct arena *mem;
	} tail;            /* of what was fed */
	const char *wrong; /* what must not be, and was */
};

/* With the lock: until it is so, or for so long. */
static inline bool becomes(bool (*so)(const struct server *), const struct server *s, long ms)
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

static inline unsigned of_batches(unsigned n)
{
	return n * BATCH < PEOPLE ? n * BATCH : PEOPLE;
}

/* What can be while this batch is written: the one before has its end with this one if it is fed.
 */
static inline unsigned remembered(const struct server *s)
{
	return s->batch > 1u + s->feeds ? of_batches(s->batch - 1 - s->feeds) : 0;
}

/* The batch before is remembered, and the next one in the journal; what was remembered is durable
 * with that, or in the end. */
static inline bool overlapped(const struct server *s)
{
	const unsigned failed = s->fate == SOME && s->batch > s->at + s->feeds ? BATCH / 10 : 0;
	const unsigned before = remembered(s) - failed;

	return durable_ops == of_batches(s->batch + 1) &&
	       (durable_ops > of_batches(s->batch) ? durable_links : links) == before;
}

static inline bool failed_to_remember(const struct server *s)
{
	(void)s;
	return refused > 0;
}

static inline bool was_read(const struct server *s)
{
	return s->reads > 0;
}

static inline void look(struct server *s)
{
	if (s->alone)
		return;
	if (s->deletes) {
		/* Long enough for a read that does not wait. */
		if (s->batch == 1)
			(void)becomes(was_read, s, 2000);
	} else if (durable_ops < of_batches(s->batch)) {
		s->wrong = "written before it is in the journal";
	} else if (links > remembered(s)) {
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

/* One in ten fails, the first of the batch among them. */
static inline int write_some(struct server *s, const struct change *changes,
	struct outcome *outcomes, size_t n, size_t first, struct arena *mem, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if ((first + i) % 10 == 0)
			outcomes[i] = (struct outcome){.kind = OUTCOME_FAILED};
		else
			rc = connector_write(s->file, &changes[i], &outcomes[i], 1, mem, err);
	}
	return rc;
}

/* What was fed comes to its end. */
static inline int end_tail(struct server *s, struct err *err)
{
	const size_t n = s->tail.n;

	s->tail.n = 0;
	if (n == 0)
		return 0;
	return s->tail.fate == SOME ? write_some(s, s->tail.changes, s->tail.outcomes, n,
					      s->tail.first, s->tail.mem, err)
				    : connector_write(s->file, s->tail.changes, s->tail.outcomes, n,
					      s->tail.mem, err);
}

/* All but the last `held`. */
static inline int write_but(struct server *s, const struct change *changes,
	struct outcome *outcomes, size_t n, size_t held, struct arena *mem, struct err *err)
{
	pthread_mutex_lock(&lock);
	s->batch++;
	s->writing = true;
	look(s);
	pthread_mutex_unlock(&lock);
	const enum fate fate = s->batch == s->at ? s->fate : GOOD;
	int rc = 0;
	if (fate == BEFORE)
		_exit(9);
	if (end_tail(s, err) < 0 || fate == STOP)
		rc = err_set(err, ERR_BUSY, "the server went away");
	if (rc == 0 && fate == SOME)
		rc = write_some(s, changes, outcomes, n - held, 0, mem, err);
	if (rc == 0 && fate != SOME && fate != LOST && fate != LIES)
		rc = connector_write(s->file, changes, outcomes, n - held, mem, err);
	if (fate == AFTER)
		_exit(9);
	for (size_t i = 0; i < n && (fate == LOST || fate == UNTOLD); i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_UNKNOWN};
	for (size_t i = 0; i < n && fate == LIES; i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_DONE};
	if (rc == 0 && held > 0) {
		s->tail.changes = changes + n - held;
		s->tail.outcomes = outcomes + n - held;
		s->tail.first = n - held;
		s->tail.n = held;
		s->tail.fate = fate;
		s->tail.mem = mem;
		for (size_t i = n - held; i < n; i++)
			outcomes[i] = (struct outcome){.kind = OUTCOME_UNKNOWN};
	}
	pthread_mutex_lock(&lock);
	s->writing = false;
	pthread_mutex_unlock(&lock);
	return rc;
}

static inline int server_write(struct connector *c, const struct change *changes,
	struct outcome *outcomes, size_t n, struct arena *mem, struct err *err)
{
	struct server *s = (struct server *)c;

	if (n > 0)
		return write_but(s, changes, outcomes, n, 0, mem, err);
	if (s->fate == AWAY && s->batch == s->at && s->tail.n > 0) {
		s->tail.n = 0;
		return err_set(err, ERR_BUSY, "the server went away");
	}
	return end_tail(s, err) < 0 ? -1 : connector_write(s->file, changes, outcomes, 0, mem, err);
}

static inline int server_feed(struct connector *c, const struct change *changes,
	struct outcome *outcomes, size_t n, struct arena *mem, struct err *err)
{
	return write_but((struct server *)c, changes, outcomes, n, n < TAIL ? n : TAIL, mem, err);
}

static inline int server_read(struct connector *c, const struct query *q, struct err *err)
{
	struct server *s = (struct server *)c;

	pthread_mutex_lock(&lock);
	s->reads++;
	/* The thread that writes may not have begun yet. */
	const bool writing = s->writing || s->tail.n > 0 || (s->deletes && s->batch == 0);
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
	if (writing)
		return err_set(err, ERR_FATAL, "asked for something while it writes");
	/* A file finds nothing: more is given than is asked for. */
	struct query all = *q;
	if (q->kind == QUERY_FIND)
		all.kind = QUERY_ALL;
	return connector_read(s->file, &all, err);
}

static inline int server_next(
	struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	return connector_next(((struct server *)c)->file, mem, e, err);
}

static inline int server_close(struct connector *c, struct err *err)
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

static const struct connector_type finding_type = {.name = "server",
	.can = CAN_WRITE | CAN_BESIDE | CAN_FIND,
	.read = server_read,
	.next = server_next,
	.write = server_write,
	.close = server_close};

static const struct connector_type fed_type = {.name = "server",
	.can = CAN_WRITE | CAN_BESIDE,
	.read = server_read,
	.next = server_next,
	.write = server_write,
	.feed = server_feed,
	.close = server_close};

/* n people, but for the last `gone`, with this telephone, in a container: "OU=x,", or none. */
static inline void put_people_in(
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

static inline void put_people(struct arena *mem, unsigned n, unsigned gone, const char *tel)
{
	put_people_in(mem, n, gone, tel, "");
}

/* A run into the server; or, without one, into the file. How many were shown to fail, or -1. */
static inline long long run(struct arena *mem, struct server *s, struct err *err)
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
		s->connector = (struct connector){.type = s->feeds   ? &fed_type
							  : s->finds ? &finding_type
								     : &server_type,
			.label = "xyz"};
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

static inline unsigned contacts(struct arena *mem)
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
static inline const char *known(struct arena *mem)
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
		const unsigned long who = strtoul(op.source.data + 1, NULL, 10);
		others += op.result == OP_FAILED && (who / BATCH + 1 != failing || who % 10 != 0);
	}
	assert_int_equal(others, 0);
	const char *text = arena_printf(
		mem, "%lld %u %u", state_count_links(state, f.id, &err), waiting, failed);
	state_close(state);
	return text;
}

/* The first run, of three batches; one that is killed is another process. */
static inline long long first_run(struct arena *mem, struct server *s)
{
	struct err err;
	int status;

	failing = s->at;
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

#endif
