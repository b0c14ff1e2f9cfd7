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
#include "base/text.h"

static const struct {
	const char *text, *safe;
} cases[] = {
	{"", ""},
	{"Ann Müller, \"x\" ~", "Ann Müller, \"x\" ~"},
	{"𝄞 漢 \xc2\xa0", "𝄞 漢 \xc2\xa0"},
	{"a\nb", "a\nb"},
	{"a\r\tb", "a\\x0d\\x09b"},
	{"\x1b[2J\x01\x1f\x7f", "\\x1b[2J\\x01\\x1f\\x7f"},
	{"\xc2\x80 \xc2\x9b \xc2\x9f", "\\xc2\\x80 \\xc2\\x9b \\xc2\\x9f"},
	{"\xff", "\\xff"},
	{"a\xc3", "a\\xc3"},
	{"\xc0\x80", "\\xc0\\x80"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	{"\xe2\x82 x", "\\xe2\\x82 x"},
	{"\u200b\u200f", "\\xe2\\x80\\x8b\\xe2\\x80\\x8f"},
	{"\u200a\u2010", "\u200a\u2010"},
	{"\u2028\u202e", "\\xe2\\x80\\xa8\\xe2\\x80\\xae"},
	{"\u2027\u202f", "\u2027\u202f"},
	{"\u2060\u2066\u2069\u206f",
		"\\xe2\\x81\\xa0\\xe2\\x81\\xa6\\xe2\\x81\\xa9\\xe2\\x81\\xaf"},
	{"\u205f\u2070", "\u205f\u2070"},
	{"\u061c\ufeff\u180e\u00ad", "\\xd8\\x9c\\xef\\xbb\\xbf\\xe1\\xa0\\x8e\\xc2\\xad"},
	{"\U000e0041", "\\xf3\\xa0\\x81\\x81"},
};

static void test_safe(void **state)
{
	char to[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};
		text_safe(to, sizeof(to), cases[i].text);
		assert_string_equal(to, cases[i].safe);
		buf_puts(&b, "");
		text_safe_add(&b, cases[i].text, strlen(cases[i].text), 0);
		assert_string_equal(b.data, cases[i].safe);
		buf_free(&b);
	}
	text_safe(to, 4, "abcdef");
	assert_string_equal(to, "abc");
}

/* No byte that a terminal acts on, whatever the bytes; nothing is lost. */
static void test_every_byte(void **state)
{
	(void)state;
	for (int x = 0; x < 256; x++) {
		for (int y = 0; y < 256; y += 5) {
			char data[] = {(char)x, (char)y, 'z'};
			struct buf b = {0};
			text_safe_add(&b, data, 3, 1);
			for (size_t i = 0; i < b.len; i++)
				assert_true((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
			assert_int_equal(b.data[b.len - 1], 'z');
			buf_free(&b);
		}
	}
}

/* What a log line writes to stderr. */
static const char *logged(enum log_level level, const char *text)
{
	static char said[20000];
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	log_line(level, "%s", text);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	size_t n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
	return said;
}

static void test_log(void **state)
{
	char text[6000];

	(void)state;
	/* stderr is no terminal here: quiet. */
	assert_string_equal(logged(LOG_INFO, "x"), "");
	assert_string_equal(logged(LOG_WARN, "x"), "galway: warning: x\n");
	assert_string_equal(logged(LOG_ERROR, "a\x1b[0m\xff"), "galway: error: a\\x1b[0m\\xff\n");
	log_level(LOG_DEBUG);
	assert_string_equal(logged(LOG_INFO, "x"), "galway: x\n");
	assert_string_equal(logged(LOG_DEBUG, "x\ny"), "galway: x\ny\n");
	log_level(LOG_ERROR);
	assert_string_equal(logged(LOG_WARN, "x"), "");
	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(logged(LOG_ERROR, text)), strlen("galway: error: \n") + 4 * 4095);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
