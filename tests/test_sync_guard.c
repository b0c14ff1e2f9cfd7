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
	{"delete 5 links 100 max 0", ""},
	{"delete 6 links 100 max 0", "6 deletes of 100 links are more than the limit of 5"},
	{"delete 5 links 100 percent 0", ""},
	{"delete 11 links 100 delta", "11 deletes of 100 links are more than the limit of 10"},
	{"add 1000 modify 1000 rename 1000 links 10", ""},
	/* with leave = hide a contact is as gone for its users as a deleted one */
	{"modify 11 hide 11", "11 deletes and hides of 100 links are more than the limit of 10"},
	{"modify 10 hide 10", ""},
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
	{"add 100000 link 100 first read 0 sources -1 links 0 rules", ""},
	{"add 1 first read 10", ""},
};

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
		{"read", &f->plan.read},
		{"own", &f->sources},
		{"links", &f->links},
		{"sources", &f->sources_before},
		{"max", &f->max_deletes},
		{"percent", &f->max_percent},
		{"shrink", &f->max_shrink},
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
		.links = 100,
		.sources_before = 100,
		.full = true,
		.max_deletes = 500,
		.max_percent = 10,
		.max_shrink = 10};
	char *words[32];
	unsigned n = words_of(mem, text, " ", words, 32);

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(words[i], "delta") == 0)
			f.full = false;
		else if (strcmp(words[i], "rules") == 0)
			f.rules_changed = true;
		else if (strcmp(words[i], "first") == 0)
			f.first = true;
		else
			set(&f, words[i], atoll(words[i + 1])), i++;
	}
	return f;
}

static void test_guard(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct guard_facts f = facts_of(mem, cases[i].facts);
		char reasons[GUARD_MAX][200];
		const char *text = "";
		unsigned n = guard_check(&f, reasons);
		assert_true(n <= GUARD_MAX);
		for (unsigned k = 0; k < n; k++)
			text = arena_printf(mem, "%s%s%s", text, k > 0 ? "; " : "", reasons[k]);
		wrong += !same_text(cases[i].facts, text, cases[i].reasons);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
