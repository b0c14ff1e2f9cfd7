#include "sync_cases.h"

#include "base/keys.h"
#include "sync/claims.h"
#include "sync/naming.h"

/* {n} stands for n letters x. */
static const char *spelled(struct arena *mem, const char *text)
{
	struct buf b = {0};
	unsigned n;
	int used;

	buf_puts(&b, "");
	while (*text != '\0') {
		if (sscanf(text, "{%u}%n", &n, &used) == 1) {
			for (; n > 0; n--)
				buf_putc(&b, 'x');
			text += used;
		} else {
			buf_putc(&b, *text++);
		}
	}
	const char *copy = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return copy;
}

/* The RDN that is wanted, the department, the names that are taken, the name that the entry has,
 * and the one that it gets. "CN=ann" is in the flow's container. */
static const char *const name_cases[][5] = {
	{"CN=ann", "", "", "", "CN=ann"},
	{"CN=ann", "Sales", "", "", "CN=ann"},
	{"CN=ann", "Sales", "CN=bob", "", "CN=ann"},
	{"CN=ann", "Sales", "CN=ann", "", "CN=ann (Sales)"},
	{"CN=ann", "Sales", "cn=ANN", "", "CN=ann (Sales)"},
	{"CN=ann", "", "CN=ann", "", "CN=ann(1)"},
	{"CN=ann", "", "CN=ann;CN=ann(1)", "", "CN=ann(2)"},
	{"CN=ann", "", "CN=ann;CN=ann(2)", "", "CN=ann(1)"},
	{"CN=ann", "Sales", "CN=ann;CN=ann (Sales)", "", "CN=ann(1)"},
	{"CN=ann", "Sales", "CN=ann;CN=ann (Sales);CN=ann(1)", "", "CN=ann(2)"},
	{"CN=ann", "R&D, \"x\"", "CN=ann", "", "CN=ann (R&D\\, \\\"x\\\")"},
	{"CN=ann", "\xff", "CN=ann", "", "CN=ann(1)"},
	{"CN=ann", "{60}", "CN=ann", "", "CN=ann ({40})"},
	{"CN={64}", "", "CN={64}", "", "CN={61}(1)"},
	{"CN={64}", "Sales", "CN={64}", "", "CN={56} (Sales)"},
	{"CN=ä{63}", "", "CN=ä{63}", "", "CN=ä{60}(1)"},
	{"CN=a\\,b", "", "CN=a\\,b", "", "CN=a\\,b(1)"},
	{"CN=\\ a", "", "", "", "CN=\\ a"},
	{"OU=ann", "", "", "", "OU=ann"},
	/* what it has, it keeps */
	{"CN=ann", "", "CN=ann", "CN=ann", "CN=ann"},
	{"CN=ann", "", "CN=ann", "CN=Ann", "CN=Ann"},
	{"CN=ann", "", "CN=ann;CN=ann(1)", "CN=ann(1)", "CN=ann(1)"},
	{"CN=ann", "", "CN=ann(1)", "CN=ann(1)", "CN=ann(1)"},
	{"CN=ann", "", "CN=ann;CN=ann(2)", "CN=ann(2)", "CN=ann(2)"},
	{"CN=ann", "", "CN=ann(998)", "CN=ann(998)", "CN=ann(998)"},
	{"CN=ann", "", "CN=ann(x)", "CN=ann(x)", "CN=ann"},
	{"CN=ann", "", "CN=ann()", "CN=ann()", "CN=ann"},
	{"CN=ann", "", "CN=ann(1999)", "CN=ann(1999)", "CN=ann"},
	{"CN=ann", "Sales", "CN=ann;CN=ann (Sales)", "CN=ann (Sales)", "CN=ann (Sales)"},
	{"CN=ann", "Law", "CN=ann;CN=ann (Sales)", "CN=ann (Sales)", "CN=ann (Law)"},
	{"CN=ann", "", "CN=bob", "CN=bob", "CN=ann"},
	{"CN=ann", "", "", "CN=ann,OU=Sub", "CN=ann"},
	/* outside the container the name stays as it is */
	{"CN=ann", "", "", "CN=bob,OU=Old,DC=xyz", "CN=bob,OU=Old,DC=xyz"},
	/* no name */
	{"", "", "", "", ""},
	{"CN=a+OU=b", "", "", "", ""},
	{"CN=a,OU=b", "", "", "", ""},
	{"nonsense", "", "", "", ""},
};

static struct value in_gal(struct arena *mem, const char *name)
{
	bool whole = strstr(name, "DC=xyz") != NULL || name[0] == '\0';

	return value_of(spelled(mem, whole ? name : arena_printf(mem, "%s,OU=GAL,DC=xyz", name)));
}

static void test_names(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
		const char *const *c = name_cases[i];
		struct arena *mem = arena_new();
		struct flow f = flow_of(mem);
		struct open_row row = {.desired.rdn = value_of(spelled(mem, c[0])),
			.department = value_of(spelled(mem, c[1]))};
		struct keys names;
		struct naming n = {.flow = &f, .row = &row, .names = &names};
		struct entry current = {.name = in_gal(mem, c[3])};
		char *taken[8];
		keys_init(&names, 0, false);
		unsigned n_taken = words_of(mem, c[2], ";", taken, 8);
		for (unsigned k = 0; k < n_taken; k++)
			keys_put(&names, name_hash(dn_key(in_gal(mem, taken[k]))), 0);
		struct value name = naming_name(mem, &n, c[3][0] != '\0' ? &current : NULL);
		wrong += !same_text(arena_printf(mem, "%s | %s | %s", c[0], c[2], c[3]),
			arena_copy(mem, name.data, name.len), in_gal(mem, c[4]).data);
		keys_free(&names);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Two new entries do not get one name; and there is an end to it. */
static void test_many(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct open_row row = {.desired.rdn = value_of("CN=ann")};
	struct keys names;
	struct naming n = {.flow = &f, .row = &row, .names = &names};

	(void)state;
	keys_init(&names, 0, false);
	for (unsigned i = 0; i < 999; i++) {
		const char *expected = i == 0 ? "ann" : arena_printf(mem, "ann(%u)", i);
		assert_string_equal(short_name(mem, naming_name(mem, &n, NULL)), expected);
	}
	assert_int_equal(naming_name(mem, &n, NULL).len, 0);
	keys_free(&names);
	arena_free(mem);
}

/* The alias that is wanted, those that are taken, the one that the entry has, and the one that it
 * gets in place of the rules'. The source's id ends in ...0123456789. */
static const char *const nickname_cases[][4] = {
	{"ann", "", "", ""},
	{"ann", "bob", "", ""},
	{"ann", "ann", "", "ann6789"},
	{"ann", "ANN", "", "ann6789"},
	{"ann", "ann ann6789", "", "ann23456789"},
	{"ann", "ann ann6789 ann23456789", "", "ann990123456789"},
	{"ann", "ann ann6789 ann23456789 ann990123456789", "", "ann0000990123456789"},
	{"ann", "ann ann6789 ann23456789 ann990123456789 ann0000990123456789", "", ""},
	{"{64}", "{64}", "", "{60}6789"},
	{"", "ann", "", ""},
	/* what it has */
	{"ann", "ann", "ann", ""},
	{"ann", "ann", "Ann", ""},
	{"ann", "ann ann6789", "ann6789", "ann6789"},
	{"ann", "ann6789", "ann6789", "ann6789"},
	{"ann", "ann bob", "bob", "ann6789"},
	{"ann", "bob", "bob", ""},
};

static void test_nicknames(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(nickname_cases) / sizeof(nickname_cases[0]); i++) {
		const char *const *c = nickname_cases[i];
		struct arena *mem = arena_new();
		struct flow f = flow_of(mem);
		const char *wants = spelled(mem, c[0]);
		struct open_row row = {.key = 990123456789,
			.desired = desired_of(mem, &f, arena_printf(mem, "tel=1 nick=%s", wants))};
		struct keys nicknames;
		struct naming n = {.flow = &f, .row = &row, .nicknames = &nicknames};
		struct entry current = {.n = 0};
		char *taken[8];
		keys_init(&nicknames, 0, false);
		unsigned n_taken = words_of(mem, spelled(mem, c[1]), " ", taken, 8);
		for (unsigned k = 0; k < n_taken; k++)
			keys_put(&nicknames, nickname_hash(value_of(taken[k])), 0);
		if (c[2][0] != '\0')
			entry_add(mem, &current, attr_of("nick"), value_of(c[2]));
		struct value got = naming_nickname(mem, &n, c[2][0] != '\0' ? &current : NULL);
		wrong += !same_text(arena_printf(mem, "%s | %s | %s", c[0], c[1], c[2]),
			arena_copy(mem, got.data, got.len), spelled(mem, c[3]));
		keys_free(&nicknames);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Rules that do not write an alias leave it alone. */
static void test_no_nickname(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct open_row row = {.desired = desired_of(mem, &f, "tel=1")};
	struct naming n = {.flow = &f, .row = &row};

	(void)state;
	assert_int_equal(naming_nickname(mem, &n, NULL).len, 0);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nicknames),
		cmocka_unit_test(test_no_nickname),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
