#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "rules/expr.h"
#include "rules/functions.h"

/* The whole message, caret line and all. */
static void messages(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"Tirm([cn])",
			"f.rules:7:11: there is no function Tirm; is Trim meant?\nTirm([cn])\n^"},
		{"Trim([cn)", "f.rules:7:19: an attribute ends with ']'\nTrim([cn)\n        ^"},
		{"IIF(True,\n\t\xc3\xa4, 1)", "f.rules:8:2: a value is expected: [attribute], "
					      "\"text\", a number, %parameter% or a function\n"
					      " \xc3\xa4, 1)\n ^"},
		{"\"\xc3\xa4\xc3\xb6\" \xe2\x80\x9cx",
			"f.rules:7:16: this is a curly quote: texts are written in straight "
			"quotes, \"text\"\n"
			"\"\xc3\xa4\xc3\xb6\" \xe2\x80\x9cx\n     ^"},
		{"", "f.rules:7:11: a value is expected, but the expression ends here\n\n^"},
		{"1 + ", "f.rules:7:15: a value is expected, but the expression ends here\n1 + \n  "
			 "  ^"},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		struct expr *x;
		assert_int_equal(
			expr_parse(mem, value_of(cases[i].text), "f.rules", 7, 10, &x, &err), -1);
		assert_string_equal(err.text, cases[i].message);
	}
	arena_free(mem);
}

/* A long line is shown in part, and deep or wide texts end in a message. */
static void long_texts(void **state)
{
	struct arena *mem = arena_new();
	struct buf b = {0};
	struct err err;
	struct expr *x;

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_puts(&b, "\"\xc3\xa4\" & ");
	buf_puts(&b, "Nothing(1) ");
	for (int i = 0; i < 300; i++)
		buf_puts(&b, "\xe2\x82\xac");
	assert_int_equal(expr_parse(mem, (struct value){b.data, b.len}, NULL, 1, 0, &x, &err), -1);
	assert_non_null(strstr(err.text, "1:18001: there is no function Nothing\n"));
	const char *caret = strrchr(err.text, '\n') + 1;
	assert_int_equal(strspn(caret, " "), strlen(caret) - 1);
	assert_in_range(strlen(caret), 40, 62);

	buf_clear(&b);
	buf_puts(&b, "[cn]");
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, " & [cn]");
	assert_int_equal(expr_parse(mem, (struct value){b.data, b.len}, NULL, 1, 0, &x, &err), 0);

	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "(");
	assert_int_equal(expr_parse(mem, (struct value){b.data, b.len}, NULL, 1, 0, &x, &err), -1);
	assert_non_null(strstr(err.text, "1:65: nested more than 64 deep"));
	buf_free(&b);
	arena_free(mem);
}

static void limits(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"Select($a, [big], Select($b, [big], 1))", "more than 100000 steps"},
		{"With($a, PadLeft(\"\", 1000000, \"x\"), $a & $a)", "longer than 1048576 bytes"},
		{"Replace(PadLeft(\"\", 100000, \"x\"), \"x\", \"xxxxxxxxxxxxxxxx\")",
			"longer than"},
		{"PadLeft(\"\", 9223372036854775807, \"x\")", "longer than"},
		{"Select($a, [big], PadLeft(\"\", 1000000, \"x\"))", "more than 100000 steps"},
		{"Join(Select($a, [big], PadLeft(\"\", 2000, \"x\")))", "longer than"},
		{"[huge]", "[huge]: a value is longer than"},
	};
	struct arena *mem = arena_new();
	struct entry entry = {.n = 0};
	char *huge = arena_zalloc(mem, MAX_VALUE + 1);

	(void)state;
	memset(huge, 'x', MAX_VALUE + 1);
	entry_add(mem, &entry, attr_named("huge"), (struct value){huge, MAX_VALUE + 1});
	struct value *values = arena_alloc(mem, 1000 * sizeof(*values));
	for (unsigned i = 0; i < 1000; i++)
		values[i] = value_of(arena_printf(mem, "%u", i));
	entry_put(mem, &entry, attr_named("big"), values, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expr_env env = {.entry = &entry};
		struct expr_result result;
		struct err err;
		struct expr *x;
		assert_int_equal(expr_parse(mem, value_of(cases[i].text), NULL, 1, 0, &x, &err), 0);
		assert_int_equal(expr_eval(mem, x, &env, &result, &err), -1);
		assert_int_equal(err.kind, ERR_ENTRY);
		if (strstr(err.text, cases[i].message) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
	}
	arena_free(mem);
}

/* Results are as a directory stores them. */
static void results(void **state)
{
	static const struct {
		const char *text;
		enum expr_kind kind;
		enum expr_type type;
		bool multi;
		unsigned n;
		const char *first;
	} cases[] = {
		{"\"Ann\"", EXPR_VALUES, EXPR_STR, false, 1, "Ann"},
		{"2 - 5", EXPR_VALUES, EXPR_NUM, false, 1, "-3"},
		{"True", EXPR_VALUES, EXPR_BOOL, false, 1, "TRUE"},
		{"1 > 2", EXPR_VALUES, EXPR_BOOL, false, 1, "FALSE"},
		{"DateFromNum(129699324000000000)", EXPR_VALUES, EXPR_DT, false, 1,
			"20120101230000.0Z"},
		{"CBin(\"a\")", EXPR_VALUES, EXPR_BIN, false, 1, "a"},
		{"[manager]", EXPR_VALUES, EXPR_REF, false, 1, "CN=B,DC=abc"},
		{"[dn]", EXPR_VALUES, EXPR_REF, false, 1, "CN=A,DC=abc"},
		{"[description]", EXPR_VALUES, EXPR_STR, true, 1,
			"d"}, /* the schema says that it may have several */
		{"[other]", EXPR_VALUES, EXPR_STR, false, 1, "o"}, /* nothing says so */
		{"[l]", EXPR_VALUES, EXPR_STR, true, 2, "x"},
		{"Trim([description])", EXPR_VALUES, EXPR_STR, true, 1, "d"},
		{"Split(\"a,b\", \",\")", EXPR_VALUES, EXPR_STR, true, 2, "a"},
		{"NULL", EXPR_NULL, EXPR_STR, false, 0, NULL},
		{"[absent]", EXPR_NULL, EXPR_STR, false, 0, NULL},
		{"AuthoritativeNull", EXPR_NOTHING, EXPR_STR, false, 0, NULL},
		{"IgnoreThisFlow", EXPR_IGNORE, EXPR_STR, false, 0, NULL},
	};
	static const char *const fields[][2] = {
		{"manager", "CN=B,DC=abc"},
		{"description", "d"},
		{"other", "o"},
		{"l", "x"},
		{"l", "y"},
	};
	struct arena *mem = arena_new();
	struct entry entry = {.name = value_of("CN=A,DC=abc")};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		entry_add(mem, &entry, attr_named(fields[i][0]), value_of(fields[i][1]));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expr_env env = {.entry = &entry};
		struct expr_result r;
		struct err err;
		struct expr *x;
		assert_int_equal(expr_parse(mem, value_of(cases[i].text), NULL, 1, 0, &x, &err), 0);
		assert_int_equal(expr_eval(mem, x, &env, &r, &err), 0);
		assert_int_equal(r.kind, cases[i].kind);
		assert_int_equal(r.n, cases[i].n);
		if (r.n == 0)
			continue;
		assert_int_equal(r.type, cases[i].type);
		assert_int_equal(r.multi, cases[i].multi);
		assert_int_equal(r.values[0].len, strlen(cases[i].first));
		assert_memory_equal(r.values[0].data, cases[i].first, r.values[0].len);
	}
	arena_free(mem);
}

static void reads(void **state)
{
	static const char text[] =
		"IIF([a] = 1 && ([b] = -[c]), Switch(True, ImportedValue(\"d\")), Select($x, [e], "
		"$x & [f])) & [dn] & %g% & (ValueCount(\"h\"))";
	struct arena *mem = arena_new();
	struct attr_set set = {0};
	struct err err;
	struct expr *x;

	(void)state;
	assert_int_equal(expr_parse(mem, value_of(text), NULL, 1, 0, &x, &err), 0);
	expr_reads(mem, x, &set);
	for (char name[] = "a"; name[0] <= 'i'; name[0]++) {
		bool want = strchr("abcdefh", name[0]) != NULL;
		assert_int_equal(attr_set_has(&set, attr_named(name)), want);
	}
	assert_false(attr_set_has(&set, attr_named("dn")));
	arena_free(mem);
}

/* The same seed, the same values; another seed, others. */
static void randomness(void **state)
{
	struct arena *mem = arena_new();
	struct entry entry = {.n = 0};
	struct expr_result r[3];
	struct err err;
	struct expr *x;

	(void)state;
	assert_int_equal(expr_parse(mem, value_of("Guid() & Guid()"), NULL, 1, 0, &x, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct expr_env env = {.entry = &entry, .seed = i / 2};
		assert_int_equal(expr_eval(mem, x, &env, &r[i], &err), 0);
		assert_int_equal(r[i].values[0].len, 72);
	}
	assert_true(value_same(r[0].values[0], r[1].values[0]));
	assert_false(value_same(r[0].values[0], r[2].values[0]));
	assert_memory_not_equal(r[0].values[0].data, r[0].values[0].data + 36, 36);

	assert_int_equal(expr_parse(mem, value_of("Now()"), NULL, 1, 0, &x, &err), 0);
	assert_int_equal(
		expr_eval(mem, x, &(struct expr_env){.entry = &entry, .now = INT64_MAX}, r, &err),
		-1);
	arena_free(mem);
}

static void help(void **state)
{
	struct buf all = {0}, one = {0};

	(void)state;
	functions_help(&all);
	assert_non_null(strstr(all.data, "\n\nText\n  str Guid()\n"));
	for (const struct function *fn = functions; fn->name != NULL; fn++) {
		assert_non_null(strstr(all.data, fn->name));
		buf_clear(&one);
		assert_true(function_help(&one, fn->name));
	}
	buf_clear(&one);
	assert_true(function_help(&one, "tolower"));
	assert_string_equal(one.data,
		"  str LCase(str text)\n      in lower case; also written ToLower\n"
		"      NULL gives NULL\n");
	buf_clear(&one);
	assert_true(function_help(&one, "Contains"));
	assert_non_null(strstr(one.data, "options: CaseSensitive|CaseInsensitive\n"));
	assert_false(function_help(&one, "Nothing"));
	assert_false(function_help(&one, ""));
	buf_free(&all);
	buf_free(&one);
}

/* What the table says of a function is what its signature says. */
static void table(void **state)
{
	(void)state;
	for (const struct function *fn = functions; fn->name != NULL; fn++) {
		if (fn->same != NULL) {
			assert_ptr_equal(function_find(fn->name, strlen(fn->name)),
				function_find(fn->same, strlen(fn->same)));
			continue;
		}
		const char *name = strstr(fn->signature, fn->name);
		assert_non_null(name);
		assert_int_equal(name[strlen(fn->name)], '(');
		assert_true((fn->call == NULL) != (fn->form == NULL));
		assert_true(fn->form != NULL || fn->max <= MAX_ARGS);
		assert_true(fn->min <= fn->max);
		assert_int_equal(strchr(fn->args, 'o') != NULL, fn->options != NULL);
		unsigned commas = 0;
		for (const char *c = name; *c != '\0'; c++)
			commas += *c == ',';
		if (fn->max < ANY_PAIRS && fn->max > 0)
			assert_int_equal(commas + 1, fn->max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(limits),
		cmocka_unit_test(results),
		cmocka_unit_test(reads),
		cmocka_unit_test(randomness),
		cmocka_unit_test(help),
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
