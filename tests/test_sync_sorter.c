#include "sync_cases.h"

#include "sync/sorter.h"

static int by_bytes(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

/* Records of a size, in any order, come back in the order of qsort, as often as they are read. */
static void sort_records(size_t size, size_t n, unsigned seed)
{
	struct sorter *s = sorter_new(size);
	unsigned char *all = malloc(n * size + 1);
	const void *record;
	struct err err;

	srand(seed);
	for (size_t i = 0; i < n * size; i++)
		all[i] = (unsigned char)(rand() >> 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sorter_add(s, all + i * size, &err), 0);
	assert_int_equal(sorter_count(s), n);
	qsort_r(all, n, size, by_bytes, &size);
	for (int turn = 0; turn < 3; turn++) {
		/* The second time not to the end. */
		size_t end = turn == 1 ? n / 2 : n;
		assert_int_equal(sorter_rewind(s, &err), 0);
		for (size_t i = 0; i < end; i++) {
			assert_int_equal(sorter_next(s, &record, &err), 1);
			if (memcmp(record, all + i * size, size) != 0)
				fail_msg("record %zu of %zu, each of %zu bytes", i, n, size);
		}
		for (int i = 0; i < 3 && end == n; i++)
			assert_int_equal(sorter_next(s, &record, &err), 0);
	}
	assert_int_equal(sorter_count(s), n);
	sorter_free(s);
	free(all);
}

static void test_sizes(void **state)
{
	static const size_t counts[] = {0, 1, 2, 255, 256, 257, 5000};
	static const size_t sizes[] = {1, 8, 12, 33};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			sort_records(sizes[k], counts[i], (unsigned)(i + k));
	}
}

/* Pieces of 2 MiB and more go to disk: a whole number of them, one record more, one less. */
static void test_spill(void **state)
{
	static const size_t counts[] = {262143, 262144, 262145, 524288, 524289};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		sort_records(8, counts[i], (unsigned)i);
	sort_records(3, 1500000, 7);
}

static void test_million(void **state)
{
	(void)state;
	sort_records(12, 1000000, 1);
}

static void test_numbers(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, 255, 256, 65535, 1ull << 31, UINT32_MAX, 1ull << 63, UINT64_MAX};
	unsigned char last[8], bytes[8];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sorter_number(bytes, numbers[i]);
		assert_true(sorter_value(bytes) == numbers[i]);
		assert_true(i == 0 || memcmp(last, bytes, 8) < 0);
		memcpy(last, bytes, 8);
	}
}

/* No room for pieces: a later run may find some. */
static void test_no_folder(void **state)
{
	struct sorter *s = sorter_new(1024);
	char record[1024] = "";
	struct err err = {0};
	int rc = 0;

	(void)state;
	setenv("TMPDIR", "/nonexistent/galway", 1);
	for (int i = 0; i < 5000 && rc == 0; i++)
		rc = sorter_add(s, record, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_non_null(strstr(err.text, "/nonexistent/galway"));
	assert_int_equal(sorter_add(s, record, &err), -1);
	unsetenv("TMPDIR");
	sorter_free(s);
	sorter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_spill),
		cmocka_unit_test(test_million),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
