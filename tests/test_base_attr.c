#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"

static const struct {
	const char *name;
	enum attr_syntax syntax;
	bool known, single, cut;
	unsigned limit;
} cases[] = {
	{"objectClass", SYNTAX_NOCASE, true, false, false, 0},
	{"displayName", SYNTAX_TEXT, true, true, true, 256},
	{"mail", SYNTAX_NOCASE, true, true, false, 256},
	{"mailNickname", SYNTAX_NOCASE, true, true, false, 64},
	{"proxyAddresses", SYNTAX_ADDRESS, true, false, false, 1123},
	{"targetAddress", SYNTAX_ADDRESS, true, true, false, 256},
	{"manager", SYNTAX_DN, true, true, false, 0},
	{"countryCode", SYNTAX_INT, true, true, false, 0},
	{"mAPIRecipient", SYNTAX_BOOL, true, true, false, 0},
	{"whenChanged", SYNTAX_TIME, true, true, false, 0},
	{"thumbnailPhoto", SYNTAX_BYTES, true, true, false, 102400},
	{"nTSecurityDescriptor", SYNTAX_BYTES, true, true, false, 0},
	{"aNewName", SYNTAX_TEXT, false, false, false, 0},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned id = attr_named(cases[i].name);
		assert_string_equal(attr_name(id), cases[i].name);
		assert_int_equal(attr_syntax(id), cases[i].syntax);
		assert_int_equal(attr_known(id), cases[i].known);
		assert_int_equal(attr_single(id), cases[i].single);
		assert_int_equal(attr_free_text(id), cases[i].cut);
		assert_int_equal(attr_limit(id), cases[i].limit);
	}
}

/* One attribute, however it is written; the first spelling is the one that is shown. */
static void test_names(void **state)
{
	static const char *const same[][2] = {
		{"MAIL", "mail"},
		{"userCertificate;binary", "userCertificate"},
		{"usercertificate;BINARY", "userCertificate"},
		{"x;binary;binary", "x"},
		{"NewOne", "newone"},
		{"member;range=0-1499", "MEMBER;RANGE=0-1499"},
		{"cn;lang-de", "CN;lang-DE"},
		{"1.2.840.113556.1.4.8", "1.2.840.113556.1.4.8"},
		{"under_score", "UNDER_score"},
	};
	static const char *const different[][2] = {{"mail", "mailNickname"}, {"cn", "cn;lang-de"},
		{"a", "aa"}, {"member", "memberOf"}};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_not_equal(attr_named(same[i][0]), ATTR_NONE);
		assert_int_equal(attr_named(same[i][0]), attr_named(same[i][1]));
	}
	for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		assert_int_not_equal(attr_named(different[i][0]), attr_named(different[i][1]));
	assert_int_equal(attr_id("mailX", 4), attr_named("mail"));
	assert_string_equal(attr_name(attr_named("NEWONE")), "NewOne");
	assert_string_equal(attr_name(ATTR_NONE), "?");
}

static void test_no_names(void **state)
{
	static const char *const none[] = {"", ";binary", "-a", ".a", ";a", "=a", "_a", "a b",
		"a:", "a*", "a;", "\xc3\xa4", "a\xc3\xa4", "a\n", "a/b", "a@", "a[", "a`", "a{"};
	char text[514];

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (attr_named(none[i]) != ATTR_NONE)
			fail_msg("%s", none[i]);
	}
	assert_int_equal(attr_id("a\0b", 3), ATTR_NONE);
	memset(text, 'x', sizeof(text));
	assert_int_not_equal(attr_id(text, 512), ATTR_NONE);
	assert_int_equal(attr_id(text, 513), ATTR_NONE);
}

static void test_sets(void **state)
{
	struct arena *mem = arena_new();
	struct attr_set a = {0}, b = {0};

	(void)state;
	assert_false(attr_set_has(&a, 0));
	attr_set_add(mem, &a, 3);
	attr_set_add(mem, &a, 500);
	attr_set_add(mem, &b, 0);
	attr_set_join(mem, &b, &a);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(attr_set_has(&a, i), i == 3 || i == 500);
		assert_int_equal(attr_set_has(&b, i), i == 0 || i == 3 || i == 500);
	}
	arena_free(mem);
}

/* As many names as there is room for: the last of this program, as names stay. */
static void test_full(void **state)
{
	char name[20];
	unsigned first = attr_count();

	(void)state;
	for (unsigned i = first; i < ATTR_MAX; i++) {
		snprintf(name, sizeof(name), "full%u", i);
		assert_int_equal(attr_named(name), i);
	}
	assert_int_equal(attr_count(), ATTR_MAX);
	assert_int_equal(attr_named("oneTooMany"), ATTR_NONE);
	for (unsigned i = first; i < ATTR_MAX; i += 111) {
		snprintf(name, sizeof(name), "FULL%u", i);
		assert_int_equal(attr_named(name), i);
	}
	assert_string_equal(attr_name(attr_named("MAIL")), "mail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
