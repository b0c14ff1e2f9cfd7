#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"

/* What is between the quotes of a JSON string. */
static const struct {
	const char *text, *json;
} strings[] = {
	{"", ""},
	{"plain / 'text'", "plain / 'text'"},
	{"say \"x\" \\ y", "say \\\"x\\\" \\\\ y"},
	{"a\nb\t\x1b[2J\x7f", "a\\u000ab\\u0009\\u001b[2J\\u007f"},
	{"M\xc3\xbcller \xe2\x98\x83", "M\\u00fcller \\u2603"},
	{"\xe2\x80\xae\xc2\x9b", "\\u202e\\u009b"},
	{"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "\\ud83d\\ude00\\udbff\\udfff"},
	{"\xff\xc3", "\\\\xff\\\\xc3"},
	{"\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80"},
};

static void test_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct buf b = {0};
		buf_puts(&b, "");
		text_json_add(&b, strings[i].text, strlen(strings[i].text));
		assert_string_equal(b.data, strings[i].json);
		buf_free(&b);
	}
}

/* A line as stderr would get it. */
static void test_render(void **state)
{
	char line[500];

	(void)state;
	log_render(line, sizeof(line), LOG_ERROR, 0, "a\x1b[0m");
	assert_string_equal(line, "galway: error: a\\x1b[0m\n");
	log_form(LOG_JSON);
	log_render(line, sizeof(line), LOG_NOTE, 0, "x");
	assert_string_equal(line,
		"{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"note\",\"text\":\"x\"}\n");
	log_flow("a\"b");
	log_render(line, sizeof(line), LOG_WARN, 1794243600, "a\nb");
	assert_string_equal(line, "{\"time\":\"2026-11-09T17:00:00.000Z\",\"level\":\"warning\","
				  "\"flow\":\"a\\\"b\",\"text\":\"a\\u000ab\"}\n");
	log_form(LOG_TEXT);
	log_flow(NULL);
}

/* Of a phase: source or done, target, how many are expected, seconds. */
static const struct {
	enum progress_phase phase;
	const char *flow;
	long long done, target, expected;
	double seconds;
	const char *text;
} lines[] = {
	{PROGRESS_READ, "a-to-b", 0, 0, 0, 0, "a-to-b: reading: source 0, target 0"},
	{PROGRESS_READ, NULL, 5, 7, 90, 0.9, "reading: source 5 of about 90, target 7"},
	{PROGRESS_READ, NULL, 50, 7, 90, 2,
		"reading: source 50 of about 90, target 7; 25/s, 2 s left"},
	{PROGRESS_PLAN, NULL, 3, 0, 1000, 2, "planning: 3 of 1000; 1.5/s, 11 min left"},
	{PROGRESS_WRITE, NULL, 1000, 0, 1000000, 10, "writing: 1000 of 1000000; 100/s, 3 h left"},
	{PROGRESS_WRITE, NULL, 9, 0, 9, 3, "writing: 9 of 9; 3.0/s"},
	{PROGRESS_READ, NULL, 95, 7, 90, 5, "reading: source 95 of about 90, target 7; 19/s"},
	{PROGRESS_WRITE, NULL, 0, 0, 9, 60, "writing: 0 of 9"},
	{PROGRESS_PLAN, "\x1b[2J\xe2\x80\xae\n", 0, 0, 0, 0,
		"\\x1b[2J\\xe2\\x80\\xae\\x0a: planning: 0"},
};

static void test_lines(void **state)
{
	char text[PROGRESS_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const long long done = lines[i].done;
		const long long counts[N_PROGRESS_COUNTS] = {done, lines[i].target, done};
		progress_text(text, lines[i].phase, lines[i].flow, counts, lines[i].expected,
			lines[i].seconds);
		assert_string_equal(text, lines[i].text);
	}
}

/* What fits, and how wide that is. */
static const struct {
	const char *text;
	int columns;
	const char *fits;
	int width;
} cuts[] = {
	{"abc", 3, "abc", 3},
	{"abcd", 3, "abc", 3},
	{"M\xc3\xbcx", 2, "M\xc3\xbc", 2},
	{"\xe4\xb8\xad\xe6\x96\x87", 3, "\xe4\xb8\xad", 2},
	{"\xe4\xb8\xad\xe6\x96\x87", 4, "\xe4\xb8\xad\xe6\x96\x87", 4},
	{"e\xcc\x81x", 1, "e\xcc\x81", 1},
	{"ab\xff", 9, "ab", 2},
	{"ab\xc3", 9, "ab", 2},
	{"", 9, "", 0},
};

static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		char text[40];
		(void)snprintf(text, sizeof(text), "%s", cuts[i].text);
		assert_int_equal(progress_cut(text, cuts[i].columns), cuts[i].width);
		assert_string_equal(text, cuts[i].fits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
