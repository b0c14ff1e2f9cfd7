#include "state_cases.h"

#include "base/keys.h"
#include "sync/plan.h"
#include "sync/postponed.h"

/* An add of somebody of that id, whose telephone is there at once, and whose manager later. */
static void postpone(struct postponed *p, struct arena *mem, const char *id, uint32_t place)
{
	static struct value tel, manager;
	static const char *lines[2];
	struct mod mods[] = {{.n_add = 1, .add = &tel}, {.n_add = 1, .add = &manager}};
	struct step s = {.op = STEP_ADD,
		.source_id = value_of(id),
		.write = true,
		.refers_new = true,
		.lines = lines,
		.change = {.op = CHANGE_ADD, .name = value_of("CN=x"), .n = 2, .mods = mods}};

	tel = value_of("1");
	manager = value_of("CN=y");
	mods[0].attr = attr_named("telephoneNumber");
	mods[1].attr = attr_named("manager");
	good(postponed_put(p, mem, &s, place, &err));
	assert_int_equal(s.change.n, 1);
	assert_int_equal(s.change.mods[0].attr, attr_named("telephoneNumber"));
}

/* References come where the add was done, of this run: a link alone may be of what was there
 * before, and what has its name now is somebody's. */
static void test_failed(void **state)
{
	static const char *const people[] = {"added", "again and failed", "failed", "last"};
	static const bool linked[] = {true, true, false, true}, failed[] = {false, true, true};
	struct arena *mem = arena_new();
	struct state *s = opened(fresh(), true);
	struct postponed p;
	struct keys failures;
	struct flow_state flow;
	struct step step;
	uint32_t place;

	(void)state;
	keys_init(&failures, 0, true);
	good(state_begin(s, &err));
	good(state_flow(s, "f", &flow, &err));
	postponed_start(&p);
	for (uint32_t i = 0; i < 4; i++) {
		struct link link = link_of(people[i], people[i]);
		if (linked[i])
			good(state_put_link(s, flow.id, &link, &err));
		if (i < 3 && failed[i])
			keys_put(&failures, i + 1ull, 0);
		postpone(&p, mem, people[i], i);
	}
	for (unsigned i = 0; i < 4; i += 3) {
		assert_int_equal(
			postponed_next(&p, s, flow.id, &failures, mem, &step, &place, &err), 1);
		assert_int_equal(place, i);
		assert_true(value_same(step.change.id, value_of(people[i])));
		assert_int_equal(step.op, STEP_MODIFY);
		assert_int_equal(step.change.n, 1);
		assert_int_equal(step.change.mods[0].attr, attr_named("manager"));
	}
	assert_int_equal(postponed_next(&p, s, flow.id, &failures, mem, &step, &place, &err), 0);
	good(state_commit(s, &err));
	postponed_free(&p);
	keys_free(&failures);
	state_close(s);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_failed)};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
