#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_grow(void **state)
{
	struct buf b = {0}, other = {0};

	(void)state;
	buf_clear(&b);
	assert_null(b.data);
	buf_puts(&b, "");
	assert_string_equal(b.data, "");
	buf_printf(&other, "%s", "");
	assert_string_equal(other.data, "");
	for (size_t i = 0; i < 3000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[b.len], '\0');
	}
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_printf(&b, "%0*d", 5000, 7);
	assert_int_equal(b.len, 5003);
	assert_int_equal(b.data[5002], '7');
	assert_int_equal(b.data[5003], '\0');
	memset(buf_room(&b, 100000), 'x', 100000);
	assert_true(b.room > b.len + 100000);
	buf_free(&b);
	buf_free(&b);
	assert_null(b.data);
	buf_free(&other);
}

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xfe", "+//+"},
};

static void test_base64(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct buf b = {0};
		buf_base64(&b, vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(b.data, vectors[i][1]);
		buf_clear(&b);
		buf_puts(&b, "before");
		assert_int_equal(buf_unbase64(&b, vectors[i][1], strlen(vectors[i][1])), 0);
		assert_string_equal(b.data + 6, vectors[i][0]);
		assert_int_equal(b.len, 6 + strlen(vectors[i][0]));
		buf_free(&b);
	}
}

static const char *const not_base64[] = {"Z", "Zg", "Zg=", "Zg==Z",
	"Zg== ", " Zg=", "Z===", "====", "=g==", "Zm9v\n", "Zm9*", "Zm9-", "Zm9_", "Zm=v",
	"Zm\xc3\xa4", "Z@8=", "Z[8=", "Z`8=", "Z{8=", "Z/:=", "Zm9vZm9", "Z\x80vv"};

/* What is not base64 leaves what was there. */
static void test_not_base64(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(not_base64) / sizeof(not_base64[0]); i++) {
		struct buf b = {0};
		buf_puts(&b, "before");
		if (buf_unbase64(&b, not_base64[i], strlen(not_base64[i])) == 0)
			fail_msg("%s", not_base64[i]);
		assert_string_equal(b.data, "before");
		buf_free(&b);
	}
}

static void test_every_length(void **state)
{
	char data[300];

	(void)state;
	srand(1);
	for (size_t len = 0; len < sizeof(data); len++) {
		struct buf text = {0}, back = {0};
		for (size_t i = 0; i < len; i++)
			data[i] = (char)rand();
		buf_base64(&text, data, len);
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_int_equal(text.data[text.len], '\0');
		assert_int_equal(buf_unbase64(&back, text.data, text.len), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, data, len);
		buf_free(&text);
		buf_free(&back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_not_base64),
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
