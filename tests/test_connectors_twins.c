#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "connectors/twins.h"

static uint64_t key_of(uint64_t i)
{
	return hash_bytes(&i, sizeof(i), 0);
}

/* Keys 0 to n - 1, and behind them number `twin` once more (n: none). */
static bool found(uint64_t expected, uint64_t n, uint64_t twin, uint64_t *key, size_t *doubts)
{
	struct twins t;

	twins_start(&t, expected);
	for (uint64_t i = 0; i < n; i++)
		twins_add(&t, key_of(i));
	if (twin < n)
		twins_add(&t, key_of(twin));
	const bool is = twins_found(&t, key);
	*doubts = t.doubts.len / sizeof(*key);
	twins_free(&t);
	return is;
}

static void test_found(void **state)
{
	static const uint64_t numbers[] = {1, 2, 100, 1000, 5000, 100000, 700000};
	uint64_t key;
	size_t doubts;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const uint64_t n = numbers[i];
		assert_false(found(1000, n, n, &key, &doubts));
		for (unsigned k = 0; k < 3; k++) {
			const uint64_t twin = k * (n - 1) / 2;
			assert_true(found(1000, n, twin, &key, &doubts));
			assert_int_equal(key, key_of(twin));
		}
	}
}

/* Whatever was expected, few are in doubt: else they are kept twice. */
static void test_doubts(void **state)
{
	static const uint64_t expected[] = {0, 1000, 100000, 1000000};
	uint64_t key;
	size_t doubts;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_false(found(expected[i], 1000000, 1000000, &key, &doubts));
		assert_true(doubts < 1000000 / 10);
	}
}

static void test_zero(void **state)
{
	struct twins t;
	uint64_t key = 1;

	(void)state;
	twins_start(&t, 0);
	twins_add(&t, 0);
	assert_false(twins_found(&t, &key));
	twins_add(&t, 0);
	assert_true(twins_found(&t, &key));
	assert_int_equal(key, 0);
	twins_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
