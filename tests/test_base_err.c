#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void test_set(void **state)
{
	struct err err = {ERR_NONE, ""};

	(void)state;
	assert_int_equal(err_set(&err, ERR_BUSY, "%s: %d", "file", 12), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(err.text, "file: 12");
	assert_int_equal(err_in(&err, "flow %s", "a"), -1);
	assert_int_equal(err_in(&err, "galway"), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(err.text, "galway: flow a: file: 12");
}

/* A text of any length is cut, and says the most general part first. */
static void test_cut(void **state)
{
	static const size_t lengths[] = {0, 1, 500, 990, 996, 997, 998, 999, 1000, 1001, 5000};
	char text[5001], expected[10000];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(text, 'x', lengths[i]);
		text[lengths[i]] = '\0';
		err_set(&err, ERR_ENTRY, "%s", text);
		assert_int_equal(strlen(err.text), lengths[i] < 1000 ? lengths[i] : 999);
		err_set(&err, ERR_ENTRY, "end");
		err_in(&err, "%s", text);
		snprintf(expected, sizeof(expected), "%s: end", text);
		expected[999] = '\0';
		assert_string_equal(err.text, expected);
		err_set(&err, ERR_ENTRY, "%s", text);
		err_in(&err, "begin");
		snprintf(expected, sizeof(expected), "begin: %s", text);
		expected[999] = '\0';
		assert_string_equal(err.text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
