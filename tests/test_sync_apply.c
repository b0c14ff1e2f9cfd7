#include "apply_cases.h"

/*
 * Batches overlap: one is written by a thread while the one before is remembered and the next one
 * put into the journal.
 */

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

/* Of whom it is said that he was deleted, and who is there when what was written is read again, is
 * ours as before: with what somebody had set for him, and among the links that are counted. */
static void test_still_there(void **state)
{
	struct arena *mem = arena_new();
	struct server lies = {.at = 1, .fate = LIES, .alone = true, .finds = true};
	struct flow_state f;
	struct state *st;
	struct err err;
	const char *side = NULL;

	(void)state;
	start(mem, rules);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	give_object(mem, "p0002", "abc");
	put_people(mem, 3, 1, "1");
	assert_int_equal(run(mem, &lies, &err), 1);
	assert_int_equal(contacts(mem), 3);
	const struct setup setup = load(mem);
	assert_int_equal(state_open(setup.state, true, &st, &err), 0);
	assert_int_equal(state_flow(st, "f", &f, &err), 0);
	assert_int_equal(f.links, 3);
	assert_int_equal(state_count_links(st, f.id, &err), 3);
	assert_true(state_authority(st, f.id, value_of("p0002"), mem, &side, &err) >= 0);
	assert_non_null(side);
	assert_string_equal(side, "abc");
	state_close(st);
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_int_equal(contacts(mem), 2);
	arena_free(mem);
}

/* So it is with whose he is by the source's own flag, which the link knows alone. */
static void test_still_there_flag(void **state)
{
	static const char connector[] = " base = \"DC=abc\"\n";
	struct arena *mem = arena_new();
	struct server lies = {.at = 1, .fate = LIES, .alone = true, .finds = true};
	struct err err;

	(void)state;
	start_with(mem, " authority = xyz\n");
	const char *text = get_text(mem, "galway.conf"), *at = strstr(text, connector);
	put_text(mem, "galway.conf",
		arena_printf(mem, "%.*s authority-flag = {\"key=k:abc\"}\n%s", (int)(at - text),
			text, at));
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_int_equal(contacts(mem), 3);
	put_people(mem, 3, 1, "1");
	assert_int_equal(run(mem, &lies, &err), 1);
	assert_int_equal(contacts(mem), 3);
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_int_equal(contacts(mem), 2);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_overlap_deletes),
		cmocka_unit_test(test_still_there),
		cmocka_unit_test(test_still_there_flag),
	};

	sqlite3_auto_extension((void (*)(void))listen);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
