#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include "flow_cases.h"

#include "base/spool.h"
#include "sync/sorter.h"
#include "sync/state.h"

/* Calls of what reads and writes temporary files and the state while something is planned (linked
 * by --wrap, see CMakeLists.txt); the one of this number fails. 0: none does, nor are they counted.
 */
static unsigned calls, failing;

static inline bool fails(void)
{
	return failing != 0 && ++calls == failing;
}

#define WRAPPED(name, with, ...)                                                               \
	int __real_##name(__VA_ARGS__);                                                        \
	int __wrap_##name(__VA_ARGS__);                                                        \
	int __wrap_##name(__VA_ARGS__)                                                         \
	{                                                                                      \
		return fails() ? err_set(err, ERR_FATAL, #name " fails") : __real_##name with; \
	}

WRAPPED(spool_get, (s, at, mem, bytes, next, err), struct spool *s, uint32_t at, struct arena *mem,
	struct value *bytes, uint32_t *next, struct err *err)
WRAPPED(spool_add, (s, data, len, at, err), struct spool *s, const void *data, size_t len,
	uint32_t *at, struct err *err)
WRAPPED(sorter_add, (s, record, err), struct sorter *s, const void *record, struct err *err)
WRAPPED(sorter_rewind, (s, err), struct sorter *s, struct err *err)
WRAPPED(sorter_next, (s, record, err), struct sorter *s, const void **record, struct err *err)
WRAPPED(state_link, (s, flow, source, mem, link, err), struct state *s, long long flow,
	struct value source, struct arena *mem, struct link *link, struct err *err)
WRAPPED(state_linked, (s, flow, target, err), struct state *s, long long flow, struct value target,
	struct err *err)
WRAPPED(state_authority, (s, flow, source, mem, side, err), struct state *s, long long flow,
	struct value source, struct arena *mem, const char **side, struct err *err)
WRAPPED(state_sides, (s, flow, side, sides, err), struct state *s, long long flow, const char *side,
	struct keys *sides, struct err *err)

/* Each of them fails once: there is no plan, whichever it was. How many a plan takes. */
static inline unsigned fail_each(
	struct arena *mem, const char *which, const struct flow_options *options)
{
	struct setup setup = load(mem);
	struct state *known;
	struct err err = {0};
	int rc = -1;

	assert_int_equal(state_open(setup.state, true, &known, &err), 0);
	for (failing = 1; rc < 0; failing++) {
		struct plan plan;
		calls = 0;
		rc = flow_plan(&setup.flows[0], known, options, mem, &plan, &err);
		if ((rc < 0) != (calls >= failing) || (rc < 0 && strstr(err.text, "fails") == NULL))
			fail_msg("%s: call %u of %u: %d: %s", which, failing, calls, rc, err.text);
		plan_free(&plan);
	}
	failing = 0;
	state_close(known);
	return calls;
}

#endif
