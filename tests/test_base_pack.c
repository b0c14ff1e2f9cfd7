#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/pack.h"

/* A number and how many bytes it takes. */
static const struct {
	uint32_t n;
	size_t len;
} small[] = {{0, 1}, {1, 1}, {127, 1}, {128, 2}, {300, 2}, {16383, 2}, {16384, 3}, {2097152, 4},
	{268435456, 5}, {UINT32_MAX, 5}};

static void test_small(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		struct buf b = {0};
		uint32_t n = 7;
		pack_number(&b, small[i].n);
		assert_int_equal(b.len, small[i].len);
		const char *at = b.data;
		assert_int_equal(unpack_number(&at, b.data + b.len, &n), 0);
		assert_int_equal(n, small[i].n);
		assert_ptr_equal(at, b.data + b.len);
		/* one that ends early is none */
		for (size_t len = 0; len < b.len; len++) {
			char *cut = malloc(len + 1);
			memcpy(cut, b.data, len);
			at = cut;
			assert_int_equal(unpack_number(&at, cut + len, &n), -1);
			free(cut);
		}
		buf_free(&b);
	}
}

/* Nor is one that never ends. */
static void test_endless(void **state)
{
	static const char bytes[] = "\xff\xff\xff\xff\xff\xff\x01";
	const char *at = bytes;
	uint32_t n;

	(void)state;
	assert_int_equal(unpack_number(&at, bytes + sizeof(bytes), &n), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
