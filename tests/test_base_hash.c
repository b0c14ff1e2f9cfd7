#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/hash.h"

/* XXH3 as published: the digests are kept on disk. */
static void test_known(void **state)
{
	(void)state;
	assert_true(hash_bytes("", 0, 0) == 0x2d06800538d394c2);
	assert_true(hash_bytes("", 0, 0) != hash_bytes("", 0, 1));
	assert_true(hash_bytes("a", 1, 0) != hash_bytes("A", 1, 0));
}

/* For every length, and for every byte. */
static void test_nocase(void **state)
{
	char text[600], lower[600];

	(void)state;
	srand(2);
	for (size_t len = 0; len <= sizeof(text); len++) {
		for (size_t i = 0; i < len; i++) {
			text[i] = (char)rand();
			lower[i] = ascii_lower(text[i]);
		}
		uint64_t h = hash_nocase(lower, len, 7);
		assert_true(hash_nocase(text, len, 7) == h);
		assert_true(len > 256 || hash_bytes(lower, len, 7) == h);
		assert_true(hash_nocase(text, len, 8) != h);
		for (size_t i = 0; i < len; i += 37) {
			lower[i] ^= 1;
			assert_true(hash_nocase(lower, len, 7) != h);
			lower[i] ^= 1;
		}
	}
	for (int c = 0; c < 256; c++) {
		memset(text, c, 8);
		memset(lower, ascii_lower((char)c), 8);
		assert_true(hash_nocase(text, 8, 0) == hash_bytes(lower, 8, 0));
		assert_true(hash_nocase(text, 1, 0) == hash_bytes(lower, 1, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_nocase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
