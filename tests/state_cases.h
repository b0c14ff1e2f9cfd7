#ifndef TESTS_STATE_CASES_H
#define TESTS_STATE_CASES_H

#include "sync_cases.h"

#include "sync/state_sql.h"

/* A state in a file of its own, opened and written without further ado. */
static struct err err;

static inline struct state *opened(const char *path, bool write)
{
	struct state *s = NULL;

	if (state_open(path, write, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static inline void good(int rc)
{
	if (rc < 0)
		fail_msg("%s", err.text);
}

/* A path in the folder that no test used before; lives as long as the program. */
static inline const char *fresh(void)
{
	static char paths[32][100];
	static unsigned n;

	assert_true(n < 32);
	snprintf(paths[n], sizeof(paths[n]), "%s/state%u.db", folder(), n);
	return paths[n++];
}

static inline int stop_all(void *with)
{
	(void)with;
	return 1;
}

/* A table that is not there any more; NULL: nothing can be read. */
static inline void break_state(struct state *s, const char *table)
{
	char text[100];

	if (table == NULL) {
		sqlite3_progress_handler(s->db, 1, stop_all, NULL);
		return;
	}
	snprintf(text, sizeof(text), "ALTER TABLE %s RENAME TO broken", table);
	assert_int_equal(sqlite3_exec(s->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static inline struct link link_of(const char *source, const char *target)
{
	return (struct link){.source = value_of(source),
		.target = value_of(target),
		.source_digest = UINT64_MAX,
		.target_digest = 1ull << 63,
		.name = 3,
		.left = 4,
		.written = {"w\0x", 3},
		.undone = {"u\0y", 3}};
}

/* A flow with one link, s1 to t1. */
static inline long long one_link(const char *path)
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

#endif
