#include "sync_cases.h"

#include "sync/loans.h"

/* Loans: "2<1" is row 2, which takes an address that row 1 gives; "!1" is a row in conflict by
 * itself. Then those who cannot be done because of others, each with its giver. */
static const struct loans_case {
	const char *loans, *refused;
} cases[] = {
	{"", ""},
	{"!1", ""},
	{"2<1", ""},
	{"2<1 !3", ""},
	{"2<1 !2", ""},
	{"2<1 !1", "2<1"},
	{"!1 2<1", "2<1"},
	/* two givers: the first loan says it */
	{"2<1 2<3 !1", "2<1"},
	{"2<1 2<3 !3", "2<3"},
	{"2<1 2<1 !1", "2<1"},
	/* whoever relies on the taker */
	{"2<1 3<2 4<3 !1", "2<1 3<2 4<3"},
	{"4<3 3<2 2<1 !1", "2<1 3<2 4<3"},
	{"2<1 3<2 4<3 !3", "4<3"},
	{"2<1 3<1 !1", "2<1 3<1"},
	/* two that swap, three in a circle */
	{"1<2 2<1", ""},
	{"1<2 2<1 !1", "2<1"},
	{"1<2 2<3 3<1 !2", "1<2 3<1"},
	{"0<1 1<0 2<0 !1", "0<1 2<0"},
};

static void put(struct loans *l, struct arena *mem, const char *word)
{
	struct err err = {0};
	unsigned taker, giver;

	if (sscanf(word, "%u<%u", &taker, &giver) == 2)
		assert_int_equal(loans_add(l, taker, giver, arena_strdup(mem, word), &err), 0);
	else
		loans_refuse(l, (uint32_t)atoi(word + 1));
}

static void test_loans(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct err err = {0};
		struct loans l;
		struct value text;
		char *words[8];
		const char *refused = "";
		loans_init(&l);
		unsigned n = words_of(mem, cases[i].loans, " ", words, 8);
		for (unsigned k = 0; k < n; k++)
			put(&l, mem, words[k]);
		loans_settle(&l);
		for (uint32_t row = 0; row < 5; row++) {
			int rc = loans_why(&l, row, mem, &text, &err);
			assert_true(rc == 0 || rc == 1);
			if (rc == 1)
				refused = arena_printf(mem, "%s%s%.*s", refused,
					refused[0] != '\0' ? " " : "", (int)text.len, text.data);
		}
		wrong += !same_text(cases[i].loans, refused, cases[i].refused);
		loans_free(&l);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loans),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
