#include "apply_cases.h"

/*
 * Batches overlap: one is written by a thread while the one before is remembered and the next one
 * put into the journal.
 */

struct overlap {
	unsigned at;
	enum fate fate;
	long long failed;
	unsigned contacts;
	unsigned links, waiting, failures; /* known */
};

static void check_overlap(const struct overlap *o, bool feeds)
{
	struct arena *mem = arena_new();
	struct server s = {.at = o->at, .fate = o->fate, .feeds = feeds};
	struct err err;

	start(mem, rules);
	put_people(mem, PEOPLE, 0, "1");
	const long long failed = first_run(mem, &s);
	const unsigned n = contacts(mem);
	const char *knows = known(mem);
	if (s.wrong != NULL || failed != o->failed || n != o->contacts ||
		strcmp(knows, arena_printf(mem, "%u %u %u", o->links, o->waiting, o->failures)) !=
			0)
		fail_msg("%s %u, fate %u: %s; %lld failed, %u contacts, %s",
			feeds ? "fed" : "written", o->at, o->fate,
			s.wrong != NULL ? s.wrong : "as it should be", failed, n, knows);
	/* One more run makes all well, and nobody's contact twice. */
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_int_equal(contacts(mem), PEOPLE);
	assert_string_equal(known(mem), arena_printf(mem, "%u 0 %u", PEOPLE, o->failures));
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

static void test_overlap(void **state)
{
	static const struct overlap cases[] = {
		{0, GOOD, 0, PEOPLE, PEOPLE, 0, 0},
		{2, SOME, BATCH / 10, PEOPLE - BATCH / 10, PEOPLE - BATCH / 10, 0, BATCH / 10},
		{1, STOP, -1, 0, 0, 2 * BATCH, 0},
		{2, STOP, -1, BATCH, BATCH, PEOPLE - BATCH, 0},
		{3, STOP, -1, 2 * BATCH, 2 * BATCH, PEOPLE - 2 * BATCH, 0},
		{1, BEFORE, -1, 0, 0, 2 * BATCH, 0},
		{2, BEFORE, -1, BATCH, BATCH, PEOPLE - BATCH, 0},
		{3, BEFORE, -1, 2 * BATCH, BATCH, PEOPLE - BATCH, 0},
		{1, AFTER, -1, BATCH, 0, 2 * BATCH, 0},
		{2, AFTER, -1, 2 * BATCH, BATCH, PEOPLE - BATCH, 0},
		{3, AFTER, -1, PEOPLE, BATCH, PEOPLE - BATCH, 0},
		{2, FULL, -1, 2 * BATCH, 0, 2 * BATCH, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_overlap(&cases[i], false);
}

/* Where the last changes of a batch have their outcomes with the next one, it is remembered then,
 * and not before. */
static void test_fed(void **state)
{
	static const struct overlap cases[] = {
		{0, GOOD, 0, PEOPLE, PEOPLE, 0, 0},
		{2, SOME, BATCH / 10, PEOPLE - BATCH / 10, PEOPLE - BATCH / 10, 0, BATCH / 10},
		{3, SOME, BATCH / 20, PEOPLE - BATCH / 20, PEOPLE - BATCH / 20, 0, BATCH / 20},
		{1, STOP, -1, 0, 0, 2 * BATCH, 0},
		{2, STOP, -1, BATCH, BATCH, PEOPLE - BATCH, 0},
		{3, STOP, -1, 2 * BATCH, 2 * BATCH, PEOPLE - 2 * BATCH, 0},
		{1, BEFORE, -1, 0, 0, 2 * BATCH, 0},
		{2, BEFORE, -1, BATCH - TAIL, 0, PEOPLE, 0},
		{3, BEFORE, -1, 2 * BATCH - TAIL, 0, PEOPLE, 0},
		{1, AFTER, -1, BATCH - TAIL, 0, 2 * BATCH, 0},
		{2, AFTER, -1, 2 * BATCH - TAIL, 0, PEOPLE, 0},
		{3, AFTER, -1, PEOPLE - TAIL, 0, PEOPLE, 0},
		{3, AWAY, -1, PEOPLE - TAIL, 2 * BATCH, PEOPLE - 2 * BATCH, 0},
		{2, FULL, -1, 2 * BATCH, 0, 2 * BATCH, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_overlap(&cases[i], true);
}

/* What is to be deleted is read before, when nothing else is on its way. */
static void check_deletes(bool feeds)
{
	const unsigned people = 3 * BATCH / 2;
	struct arena *mem = arena_new();
	struct server s = {.deletes = true, .feeds = feeds};
	struct err err;

	start(mem, rules);
	put_people(mem, people, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, people, 10, "2");
	if (run(mem, &s, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(s.batch, 2);
	assert_int_equal(contacts(mem), people - 10);
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

static void test_overlap_deletes(void **state)
{
	(void)state;
	check_deletes(false);
	check_deletes(true);
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
		cmocka_unit_test(test_fed),
		cmocka_unit_test(test_overlap_deletes),
		cmocka_unit_test(test_still_there),
		cmocka_unit_test(test_still_there_flag),
	};

	sqlite3_auto_extension((void (*)(void))listen);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
