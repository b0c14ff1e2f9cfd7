#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/keys.h"

static uint64_t key_of(uint64_t i)
{
	return hash_bytes(&i, sizeof(i), 0);
}

static void test_set(void **state)
{
	static const size_t expected[] = {0, 1, 100, 100000};

	(void)state;
	for (size_t e = 0; e < sizeof(expected) / sizeof(expected[0]); e++) {
		struct keys k;
		uint32_t value;
		keys_init(&k, expected[e], true);
		for (uint32_t i = 0; i < 50000; i++) {
			assert_false(keys_has(&k, key_of(i)));
			assert_true(keys_put(&k, key_of(i), i));
			assert_false(keys_put(&k, key_of(i), i + 1));
		}
		assert_int_equal(k.n, 50000);
		for (uint32_t i = 0; i < 50000; i++) {
			assert_true(keys_get(&k, key_of(i), &value));
			assert_int_equal(value, i + 1);
			assert_false(keys_has(&k, key_of(i + 50000)));
		}
		keys_free(&k);
		keys_free(&k);
	}
}

/* Keys that all belong to one place, the first and the last; 0 marks an empty place inside. */
static void test_edges(void **state)
{
	struct keys k;
	uint32_t value;

	(void)state;
	keys_init(&k, 0, true);
	assert_false(keys_has(&k, 0) || keys_any(&k));
	assert_true(keys_put(&k, 0, 5));
	assert_true(keys_any(&k));
	assert_false(keys_put(&k, 0, 6));
	assert_true(keys_get(&k, 0, &value));
	assert_int_equal(value, 6);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_true(keys_put(&k, UINT64_MAX - i, i));
		assert_true(keys_put(&k, i + 1, i));
	}
	for (uint32_t i = 0; i < 1000; i++) {
		assert_true(keys_get(&k, UINT64_MAX - i, &value) && value == i);
		assert_true(keys_get(&k, i + 1, &value) && value == i);
	}
	assert_true(keys_get(&k, 0, &value) && value == 6);
	assert_false(keys_has(&k, 2000));
	keys_free(&k);
}

static void test_without_values(void **state)
{
	struct keys k;
	uint32_t value = 9;

	(void)state;
	keys_init(&k, 10, false);
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(keys_put(&k, key_of(i), 7));
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(keys_get(&k, key_of(i), &value) && value == 0);
	assert_false(keys_get(&k, key_of(1000), &value));
	keys_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_without_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
