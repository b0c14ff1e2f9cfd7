#include "plan_cases.h"

#include <limits.h>

#include "state_cases.h"
#include "sync/kinds.h"

/* A step, planned as in plan_cases.h, and what it is counted as: of all of the flow, and of the
 * rule that the object is under: "user" or "other". */
static const struct count_case {
	struct plan_case plan;
	const char *counts;
} counts[] = {
	{{4, "s1 cn=ann tel=1", "", "", ""}, "flow: 1 add; user: 1 add"},
	{{4, "s1 cn=ann tel=1", "", "rule", ""}, "flow: 1 add; other: 1 add"},
	{{8, "s1 cn=ann tel=1", "", LINKED, ""}, "flow: 1 add; user: 1 add"},
	{{10, "s1 cn=ann tel=1", "t1 cn=ann", LINKED, ""}, "flow: 1 modify; user: 1 modify"},
	{{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2 tel=3", LINKED, ""},
		"flow: 1 modify; user: 1 modify"},
	{{10, "s1 cn=bob", "t1 cn=ann", LINKED, ""}, "flow: 1 rename; user: 1 rename"},
	{{10, "s1 cn=bob tel=", "t1 cn=ann tel=1 tel=2", LINKED, ""},
		"flow: 1 modify 1 rename 1 clear; user: 1 modify 1 rename 1 clear"},
	{{5, "s1 cn=ann tel=", "t1 cn=ann tel=1", "", ""},
		"flow: 1 modify 1 clear; user: 1 modify 1 clear"},
	/* who is gone is under the rule by which he was last written, if that is known */
	{{3, "gone", "t1 cn=ann", LINKED, ""}, "flow: 1 delete"},
	{{3, "gone", "t1 cn=ann tel=1", "wrote tel=1", ""}, "flow: 1 delete; user: 1 delete"},
	/* hidden is as good as deleted, and nobody looks after who is let go */
	{{3, "gone", "t1 cn=ann tel=1", "wrote tel=1; leave hide", ""},
		"flow: 1 delete; user: 1 delete"},
	{{3, "gone", "t1 cn=ann,OU=Old tel=1", "wrote tel=1", ""},
		"flow: 1 delete; user: 1 delete"},
	{{3, "gone", "t1 cn=ann tel=1", "wrote tel=1; leave keep", ""},
		"flow: 1 delete; user: 1 delete"},
	/* nothing is written */
	{{9, "s1 cn=ann", "t1 cn=ann", LINKED, ""}, ""},
	{{10, "s1 cn=ann tel=1", "t1 cn=ann", "linked; object xyz", ""}, ""},
	{{11, "fails E_X: text", "t1 cn=ann", LINKED, ""}, ""},
};

static const char *text_of(struct arena *mem, const struct kinds *k)
{
	static const char *const words[N_LIMITS] = {[LIMIT_DELETE] = "delete",
		[LIMIT_ADD] = "add",
		[LIMIT_MODIFY] = "modify",
		[LIMIT_RENAME] = "rename",
		[LIMIT_CLEAR] = "clear"};
	const char *text = "";

	for (unsigned i = 0; i < k->n; i++) {
		const char *one = "";
		for (unsigned w = 0; w < N_LIMITS; w++) {
			if (k->all[i].tally.n[w] > 0)
				one = arena_printf(
					mem, "%s %lld %s", one, k->all[i].tally.n[w], words[w]);
		}
		if (one[0] != '\0')
			text = arena_printf(mem, "%s%s%s:%s", text, text[0] != '\0' ? "; " : "",
				i == 0 ? "flow" : k->all[i].name, one);
	}
	return text;
}

static void test_count(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct arena *mem = arena_new();
		struct kinds k;
		struct made m;
		struct step s;
		make(mem, &counts[i].plan, &m);
		plan_row(mem, &m.flow, &m.row, &s);
		assert_int_equal(s.number, counts[i].plan.number);
		kinds_init(&k, &m.flow, mem);
		kinds_count(&k, &m.row, &s);
		wrong +=
			!same_text(which(mem, &counts[i].plan), text_of(mem, &k), counts[i].counts);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* An undo deletes what has no link any more; and a rule that is not of the flow is no kind of it.
 */
static void test_unknown(void **state)
{
	static const struct plan_case c = {4, "s1 cn=ann tel=1", "", "", ""};
	const struct step s = {.op = STEP_DELETE, .write = true, .change.op = CHANGE_DELETE};
	struct arena *mem = arena_new();
	struct kinds k;
	struct made m;

	(void)state;
	make(mem, &c, &m);
	kinds_init(&k, &m.flow, mem);
	m.open.desired.rule = NULL;
	kinds_count(&k, &m.row, &s);
	assert_string_equal(text_of(mem, &k), "flow: 1 delete");
	m.open.desired.rule = rules_at(rules_of(mem, two_rules), 0);
	kinds_count(&k, &m.row, &s);
	assert_string_equal(text_of(mem, &k), "flow: 2 delete");
	arena_free(mem);
}

/* A state with links: 20 of the rule user, 2 of the rule other, one of which nothing is known. */
static long long links_of(struct arena *mem, struct state *s, const struct flow *f)
{
	static const bool skip[32];
	struct desired d = desired_of(mem, f, "cn=ann tel=1");
	const struct entry after = entry_of(mem, "t1 cn=ann tel=1");
	struct flow_state flow = {.sources = 1};

	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &flow, &err));
	for (unsigned i = 0; i < 23; i++) {
		struct link link =
			link_of(arena_printf(mem, "s%02u", i), arena_printf(mem, "t%02u", i));
		d.rule = rules_at(f->rules, i < 20 ? 0 : 1);
		if (i < 22)
			link.written = written_make(mem, &d, f->epoch, &after, skip);
		good(state_put_link(s, flow.id, &link, &err));
	}
	good(state_commit(s, &err));
	return flow.id;
}

/*
 * What the rules have, of deletes and adds, what the limits are, and how many links are counted of
 * each. "all": as many as the flow has, as there are few enough anyway. Nobody counts on when it is
 * clear that there are enough.
 */
static const struct links_case {
	long long user_deletes, user_adds, other_deletes, percent, min_left, user, other;
} link_cases[] = {
	{0, 0, 0, 10, 50, 23, 23},
	{5, 50, 0, 10, 50, 23, 23},
	{6, 0, 0, 10, 50, 20, 23},
	{0, 0, 6, 10, 50, 23, 2},
	{6, 0, 6, 10, 50, 20, 2},
	/* half of what there is: enough with 13; what is to be left counts before the percentage */
	{6, 0, 0, 50, 50, 13, 23},
	{6, 0, 0, 90, 50, 13, 23},
	{6, 0, 0, 90, 0, 7, 23},
	{6, 0, 0, 100, 0, 7, 23},
	{6, 0, 0, 0, 50, 20, 23},
	/* adds have a limit of their own, and the larger number counts */
	{0, 51, 0, 10, 50, 20, 23},
	{6, 51, 0, 90, 50, 20, 23},
	{60, 51, 0, 10, 50, 20, 23},
	/* over what is allowed at all: so is the flow then */
	{501, 0, 0, 10, 50, 23, 23},
};

static void test_links(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct state *s = opened(fresh(), true);
	const long long flow = links_of(mem, s, &f);

	(void)state;
	for (size_t i = 0; i < sizeof(link_cases) / sizeof(link_cases[0]); i++) {
		const struct links_case *c = &link_cases[i];
		struct kinds k;
		for (unsigned w = 0; w < N_LIMITS; w++)
			f.limits[w] = (struct limit){500, 10};
		f.limits[LIMIT_DELETE].percent = c->percent;
		f.min_left = c->min_left;
		kinds_init(&k, &f, mem);
		k.all[1].tally.n[LIMIT_DELETE] = c->user_deletes;
		k.all[1].tally.n[LIMIT_ADD] = c->user_adds;
		k.all[2].tally.n[LIMIT_DELETE] = c->other_deletes;
		good(kinds_links(&k, s, flow, 23, &err));
		if (k.all[0].links != 23 || k.all[1].links != c->user || k.all[2].links != c->other)
			fail_msg("line %zu: %lld %lld", i, k.all[1].links, k.all[2].links);
	}
	state_close(s);
	arena_free(mem);
}

/* A state that cannot be read is no state without links. */
static void test_unreadable(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	const char *path = fresh();
	struct state *s = opened(path, true);
	const long long flow = links_of(mem, s, &f);
	struct kinds k;

	(void)state;
	for (unsigned w = 0; w < N_LIMITS; w++)
		f.limits[w] = (struct limit){500, 10};
	kinds_init(&k, &f, mem);
	k.all[1].tally.n[LIMIT_DELETE] = 6;
	break_state(s, NULL);
	assert_int_equal(kinds_links(&k, s, flow, 23, &err), -1);
	state_close(s);
	s = opened(path, true);
	break_state(s, "link");
	assert_int_equal(kinds_links(&k, s, flow, 23, &err), -1);
	state_close(s);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
