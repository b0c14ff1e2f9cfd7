#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unistr.h>

#include "base/arena.h"
#include "base/utf8.h"

#define V(s) ((struct value){s, sizeof(s) - 1})

static void valid(void **state)
{
	static const struct {
		struct value text;
		bool valid, ascii;
		size_t count;
	} cases[] = {
		{V(""), true, true, 0},
		{V("abc"), true, true, 3},
		{V("a\0b"), true, true, 3},
		{V("\x7f"), true, true, 1},
		{V("Zoë"), true, false, 3},
		{V("日本"), true, false, 2},
		{V("😀!"), true, false, 2},
		{V("\xf4\x8f\xbf\xbf"), true, false, 1},
		{V("\xf4\x90\x80\x80"), false, false, 1}, /* over U+10FFFF */
		{V("\xed\xa0\x80"), false, false, 1},     /* a surrogate */
		{V("\xc0\xaf"), false, false, 1},         /* '/' the long way */
		{V("a\xc3"), false, false, 2},
		{V("\x80\x80"), false, false, 1},
		{V("\xff\xfe"), false, false, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value v = cases[i].text;
		assert_int_equal(utf8_valid(v.data, v.len), cases[i].valid);
		assert_int_equal(utf8_ascii(v.data, v.len), cases[i].ascii);
		assert_int_equal(utf8_count(v.data, v.len), cases[i].count);
	}
}

static void cut(void **state)
{
	static const struct {
		const char *text;
		unsigned max;
		const char *want;
	} cases[] = {
		{"", 0, ""},
		{"abc", 0, ""},
		{"abc", 2, "ab"},
		{"abc", 3, "abc"},
		{"abc", 9, "abc"},
		{"äöü", 2, "äö"},
		{"äöü", 3, "äöü"},
		{"x😀y", 2, "x😀"},
		{"\x80\x80z", 1, "\x80\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value v = utf8_cut(value_of(cases[i].text), cases[i].max);
		assert_true(value_same(v, value_of(cases[i].want)));
	}
}

static void fold(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"abc-1", "abc-1"},
		{"ABC@[`{Z", "abc@[`{z"},
		{"MÜLLER", "müller"},
		{"Straße", "strasse"},
		{"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
		{"\xe2\x84\xaa", "k"}, /* the Kelvin sign */
		{"\xff"
		 "ABC\xc3",
			"\xff"
			"abc\xc3"},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value v = utf8_fold(mem, value_of(cases[i].text));
		assert_true(value_same(v, value_of(cases[i].want)));
	}
	/* Longer than what is folded on the stack. */
	char text[2 * 4000];
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "Ä", 2);
	struct value v = utf8_fold(mem, (struct value){text, sizeof(text)});
	assert_int_equal(v.len, sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 2)
		assert_memory_equal(v.data + i, "ä", 2);
	arena_free(mem);
}

/* What is folded stays so when folded again, for each character there is. */
static void fold_is_final(void **state)
{
	struct arena *mem = arena_new();
	uint8_t text[6];

	(void)state;
	for (ucs4_t c = 0; c <= 0x10ffff; c++) {
		int len = u8_uctomb(text, c, sizeof(text));
		if (len < 0)
			continue;
		struct value v = utf8_fold(mem, (struct value){(char *)text, (size_t)len});
		assert_true(value_same(v, utf8_fold(mem, v)));
		arena_reset(mem);
	}
	arena_free(mem);
}

static void order(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} cases[] = {
		{"", "", 0},
		{"", "a", -1},
		{"abc", "ABC", 0},
		{"abc", "ABCD", -1},
		{"B", "a", 1},
		{"[", "a", -1},
		{"Ö", "ö", 0},
		{"Ö", "öa", -1},
		{"Ö", "O", 1},
		{"Z", "ä", -1},
		{"STRASSE", "straße", 0},
		{"k", "\xe2\x84\xaa", 0},
		{"\xff", "\xfe", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value a = value_of(cases[i].a), b = value_of(cases[i].b);
		assert_int_equal(utf8_order(a, b), cases[i].want);
		assert_int_equal(utf8_order(b, a), -cases[i].want);
		assert_int_equal(utf8_same(a, b), cases[i].want == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid),
		cmocka_unit_test(cut),
		cmocka_unit_test(fold),
		cmocka_unit_test(fold_is_final),
		cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
