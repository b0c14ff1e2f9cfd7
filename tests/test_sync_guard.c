#include "sync_cases.h"

#include "sync/guard.h"

/*
 * What the plan comes to, what was before, and the reasons against it.
 * Words: add 1 modify 1 rename 1 delete 1 link 1 forget 1 read 100 (of the plan; read is 100
 * without it), links 100 sources 100 (before), delta, rules (they changed), first, max 500 percent
 * 10 shrink 10. own: of what is read, what no other flow made.
 */
static const struct guard_case {
	const char *facts, *reasons;
} cases[] = {
	/* deletes: the smaller of 500 and 10 %, never below 5 */
	{"delete 5 links 10", ""},
	{"delete 6 links 10", "6 deletes of 10 links are more than the limit of 5"},
	{"delete 6 links 59", "6 deletes of 59 links are more than the limit of 5"},
	{"delete 6 links 60", ""},
	{"delete 10 links 100", ""},
	{"delete 11 links 100", "11 deletes of 100 links are more than the limit of 10"},
	{"delete 11 links 109", "11 deletes of 109 links are more than the limit of 10"},
	{"delete 500 links 100000", ""},
	{"delete 501 links 100000", "501 deletes of 100000 links are more than the limit of 500"},
	{"delete 21 links 100 max 20 percent 50",
		"21 deletes of 100 links are more than the limit of 20"},
	{"delete 20 links 100 max 20 percent 50", ""},
	{"delete 4 links 100 max 3", "4 deletes of 100 links are more than the limit of 3"},
	{"delete 3 links 100 max 3", ""},
	{"delete 1 links 100 max 0", "1 delete of 100 links are more than the limit of 0"},
	{"delete 5 links 100 percent 0", ""},
	{"delete 11 links 100 delta", "11 deletes of 100 links are more than the limit of 10"},
	/* the others: the same, with more that is always allowed */
	{"add 50 modify 50 rename 50 clear 20 links 10", ""},
	{"add 51 links 250", "51 new contacts of 250 links are more than the limit of 50"},
	{"add 51 links 255", ""},
	{"add 5001 links 100000",
		"5001 new contacts of 100000 links are more than the limit of 5000"},
	{"add 3 max-adds 2", "3 new contacts of 100 links are more than the limit of 2"},
	{"modify 51", "51 modified contacts of 100 links are more than the limit of 50"},
	{"modify 301 links 1000",
		"301 modified contacts of 1000 links are more than the limit of 300"},
	{"modify 300 links 1000", ""},
	{"rename 51 links 1000", "51 renamed contacts of 1000 links are more than the limit of 50"},
	{"rename 51 links 1020", ""},
	{"modify 21 clear 21 links 1000",
		"21 emptied contacts of 1000 links are more than the limit of 20"},
	{"modify 21 clear 21 links 1050", ""},
	/* a rule's: all groups are few among all contacts */
	{"delete 20 links 1000 groups 20 group-deletes 20",
		"20 deletes of 20 links of the rule group are more than the limit of 5"},
	{"delete 20 links 1000 groups 200 group-deletes 20", ""},
	{"delete 20 links 1000 groups 200 group-deletes 21",
		"21 deletes of 200 links of the rule group are more than the limit of 20"},
	{"add 60 links 1000 groups 10 group-adds 60",
		"60 new contacts of 10 links of the rule group are more than the limit of 50"},
	/* what is left */
	{"delete 51 links 100 percent 100", "49 of 100 links would be left, less than 50 %"},
	{"delete 50 links 100 percent 100", ""},
	{"delete 5 links 5 percent 100", ""},
	{"delete 51 links 100 percent 100 left 0", ""},
	{"delete 11 links 1000 groups 20 group-deletes 11 percent 100",
		"9 of 20 links would be left of the rule group, less than 50 %"},
	/* who answers, and what is to be seen */
	{"add 1 other", "another directory answers as abc than in the last run"},
	{"add 1 behind", "xyz: dc2 has the changes of dc1 up to 4, not 5"},
	{"add 1 first behind", "xyz: dc2 has the changes of dc1 up to 4, not 5"},
	{"conflict 1 behind", ""},
	{"add 1 first other", "another directory answers as abc than in the last run"},
	{"conflict 1 other", ""},
	{"add 1 canary", "the canary CN=X is not to be seen in abc"},
	{"add 1 first canary", "the canary CN=X is not to be seen in abc"},
	{"conflict 1 canary", ""},
	/* with leave = hide a contact is as gone for its users as a deleted one */
	{"modify 11 hide 11", "11 deletes and hides of 100 links are more than the limit of 10"},
	{"modify 10 hide 10", ""},
	/* nor does anybody look after one that is let go */
	{"let-go 11", "11 deletes and contacts let go of 100 links are more than the limit of 10"},
	{"let-go 10", ""},
	{"delete 4 modify 4 hide 4 let-go 4", "12 deletes and hides and contacts let go of 100 "
					      "links are more than the limit of 10"},
	{"delete 6 modify 5 hide 5",
		"11 deletes and hides of 100 links are more than the limit of 10"},
	{"modify 1 hide 1 rules",
		"the rules or the scope changed since the last run, and the plan has "
		"1 deletes and hides"},
	/* the source */
	{"add 1 read 0", "the source is empty"},
	{"add 1 read 0 sources 0", "the source is empty"},
	{"add 1 read 0 sources -1", "the source is empty"},
	{"add 1 read 0 delta", ""},
	{"add 1 read 90", ""},
	{"add 1 read 89", "the source shrank from 100 to 89 entries, by more than 10 %"},
	{"add 1 read 89 delta", ""},
	{"add 1 read 50 shrink 50", ""},
	{"add 1 read 49 shrink 50", "the source shrank from 100 to 49 entries, by more than 50 %"},
	{"add 1 read 99 shrink 0", "the source shrank from 100 to 99 entries, by more than 0 %"},
	{"add 1 read 100 shrink 0", ""},
	{"add 1 read 1 sources -1", ""},
	{"add 1 read 1000", ""},
	/* what other flows made in the source does not hide that its own entries are gone */
	{"add 1 read 150 own 50", "the source shrank from 100 to 50 entries, by more than 10 %"},
	{"add 1 read 50 own 0", "the source is empty"},
	/* a delta has no size of the source, but all of the links may be gone */
	{"delete 5 links 5 read 0 delta", "the source has none of the 5 links any more"},
	{"delete 4 links 5 read 0 delta", ""},
	{"delete 5 links 5 read 1 delta", ""},
	{"delete 5 links 5 read 10 sources -1", ""},
	{"add 1 links 0 read 0 delta", ""},
	/* the target: what it lacks would be added again, or be forgotten */
	{"add 10 missing 10", ""},
	{"add 11 missing 11", "the target lacks 11 of 100 linked contacts, more than 10 %"},
	{"forget 11 missing 11", "the target lacks 11 of 100 linked contacts, more than 10 %"},
	{"add 11 missing 11 delta", "the target lacks 11 of 100 linked contacts, more than 10 %"},
	{"add 11 missing 11 max-missing 100", ""},
	{"add 5 links 10 missing 5", ""},
	{"add 6 links 10 missing 6", "the target lacks 6 of 10 linked contacts, more than 10 %"},
	/* rules */
	{"delete 1 rules", "the rules or the scope changed since the last run, and the plan has 1 "
			   "delete"},
	{"delete 2 rules", "the rules or the scope changed since the last run, and the plan has 2 "
			   "deletes"},
	{"add 50 modify 50 rename 50 link 1 forget 1 rules", ""},
	/* all reasons are told */
	{"delete 20 read 10 rules",
		"20 deletes of 100 links are more than the limit of 10; the source shrank from 100 "
		"to 10 entries, by more than 10 %; the rules or the scope changed since the last "
		"run, and the plan has 20 deletes"},
	{"delete 20 read 0 rules",
		"20 deletes of 100 links are more than the limit of 10; the source is empty; the "
		"rules or the scope changed since the last run, and the plan has 20 deletes"},
	/* nothing is to be written, so there is nothing to refuse: but anything counts */
	{"read 0", ""},
	{"read 0 conflict 5", ""},
	{"modify 1 read 0", "the source is empty"},
	{"rename 1 read 0", "the source is empty"},
	{"delete 1 read 0", "the source is empty"},
	{"link 1 read 0", "the source is empty"},
	{"forget 1 read 0", "the source is empty"},
	/* a first run, which only adds and adopts, is not refused */
	{"add 100000 modify 100000 link 100 first read 0 sources -1 links 0 rules", ""},
	{"add 1 first read 10", ""},
	/* but what one that was killed before made is not all deleted */
	{"add 100 delete 5 first sources -1 links 0", ""},
	{"add 100 delete 6 first sources -1 links 0",
		"6 deletes of 0 links are more than the limit of 5"},
	{"delete 1 first read 0 sources -1 links 0", "the source is empty"},
};

/* All of the flow, and a rule: it has all links too, unless the case says otherwise. */
static struct guard_kind kinds[2];

static void set(struct guard_facts *f, const char *word, long long n)
{
	const struct {
		const char *word;
		long long *at;
	} numbers[] = {
		{"add", &f->plan.add},
		{"modify", &f->plan.modify},
		{"rename", &f->plan.rename},
		{"delete", &f->plan.remove},
		{"link", &f->plan.link},
		{"forget", &f->plan.forget},
		{"conflict", &f->plan.conflict},
		{"hide", &f->plan.hide},
		{"let-go", &f->plan.let_go},
		{"read", &f->plan.read},
		{"own", &f->sources},
		{"links", &kinds[0].links},
		{"clear", &kinds[0].tally.n[LIMIT_CLEAR]},
		{"left", &f->min_left},
		{"groups", &kinds[1].links},
		{"group-deletes", &kinds[1].tally.n[LIMIT_DELETE]},
		{"group-adds", &kinds[1].tally.n[LIMIT_ADD]},
		{"sources", &f->sources_before},
		{"max", &f->limits[LIMIT_DELETE].max},
		{"percent", &f->limits[LIMIT_DELETE].percent},
		{"max-adds", &f->limits[LIMIT_ADD].max},
		{"max-modifies", &f->limits[LIMIT_MODIFY].max},
		{"shrink", &f->max_shrink},
		{"missing", &f->missing},
		{"max-missing", &f->max_missing},
	};

	if (strcmp(word, "read") == 0)
		f->sources = n;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].word, word) == 0) {
			*numbers[i].at = n;
			return;
		}
	}
	fail_msg("no such word: %s", word);
}

static struct guard_facts facts_of(struct arena *mem, const char *text)
{
	struct guard_facts f = {.plan = {.read = 100},
		.sources = 100,
		.kinds = kinds,
		.n_kinds = 2,
		.sources_before = 100,
		.full = true,
		.limits = {{500, 10}, {5000, 20}, {10000, 30}, {500, 5}, {500, 2}},
		.min_left = 50,
		.max_shrink = 10,
		.max_missing = 10};
	char *words[32];
	unsigned n = words_of(mem, text, " ", words, 32);

	kinds[0] = (struct guard_kind){.name = NULL, .links = 100};
	kinds[1] = (struct guard_kind){.name = "group", .links = -1};
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(words[i], "delta") == 0)
			f.full = false;
		else if (strcmp(words[i], "rules") == 0)
			f.rules_changed = true;
		else if (strcmp(words[i], "first") == 0)
			f.first = true;
		else if (strcmp(words[i], "other") == 0)
			f.other = "abc";
		else if (strcmp(words[i], "behind") == 0)
			f.behind = "xyz: dc2 has the changes of dc1 up to 4, not 5";
		else if (strcmp(words[i], "canary") == 0)
			f.canary = "the canary CN=X is not to be seen in abc";
		else
			set(&f, words[i], atoll(words[i + 1])), i++;
	}
	f.plan.forget += f.plan.let_go;
	kinds[0].tally.n[LIMIT_DELETE] = summary_gone(&f.plan);
	kinds[0].tally.n[LIMIT_ADD] = f.plan.add;
	kinds[0].tally.n[LIMIT_MODIFY] = f.plan.modify - f.plan.hide;
	kinds[0].tally.n[LIMIT_RENAME] = f.plan.rename;
	if (kinds[1].links < 0)
		kinds[1].links = kinds[0].links;
	return f;
}

static void test_guard(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct guard_facts f = facts_of(mem, cases[i].facts);
		char reasons[GUARD_MAX][250];
		bool final;
		const char *text = "";
		unsigned n = guard_check(&f, reasons, &final);
		assert_int_equal(final, n > 0 && strstr(cases[i].facts, "canary") != NULL);
		assert_true(n <= GUARD_MAX);
		for (unsigned k = 0; k < n; k++)
			text = arena_printf(mem, "%s%s%s", text, k > 0 ? "; " : "", reasons[k]);
		wrong += !same_text(cases[i].facts, text, cases[i].reasons);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* No more reasons than there is room for. */
static void test_many(void **state)
{
	char reasons[GUARD_MAX][250];
	struct arena *mem = arena_new();
	struct guard_facts f = facts_of(mem, "delete 20 read 10 rules other canary groups 50");
	bool final;

	(void)state;
	for (unsigned i = 0; i < N_LIMITS; i++)
		kinds[0].tally.n[i] = kinds[1].tally.n[i] = 100000;
	assert_int_equal(guard_check(&f, reasons, &final), GUARD_MAX);
	assert_true(final);
	assert_string_equal(reasons[0], "the canary CN=X is not to be seen in abc");
	assert_string_equal(reasons[GUARD_MAX - 1],
		"100000 emptied contacts of 50 links of the rule group are more than the limit of "
		"20");
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
