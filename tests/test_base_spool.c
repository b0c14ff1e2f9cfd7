#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/spool.h"

#define N_RECORDS 3000

/* Records of many lengths, a few of which are larger than what is kept in memory. */
static size_t length_of(unsigned i)
{
	if (i % 1000 == 999)
		return (256u << 10) + i;
	return i % 7 == 0 ? 0 : (i * 2654435761u) % 900;
}

static void fill(char *data, unsigned i, size_t len)
{
	for (size_t k = 0; k < len; k++)
		data[k] = (char)(i * 31 + k * 7);
}

static void check_record(struct spool *s, unsigned i, uint32_t at, uint32_t *next, char *data)
{
	struct arena *mem = arena_new();
	struct value v;
	struct err err = {0};

	if (spool_get(s, at, mem, &v, next, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(v.len, length_of(i));
	fill(data, i, v.len);
	assert_memory_equal(v.data, data, v.len);
	assert_int_equal(v.data[v.len], '\0');
	arena_free(mem);
}

/* While it grows, in order, backwards, anywhere. */
static void test_records(void **state)
{
	struct spool *s = spool_new();
	static uint32_t places[N_RECORDS];
	char *data = malloc(300u << 10);
	struct err err;

	(void)state;
	assert_int_equal(spool_end(s), 0);
	for (unsigned i = 0; i < N_RECORDS; i++) {
		uint32_t end = spool_end(s);
		fill(data, i, length_of(i));
		assert_int_equal(spool_add(s, data, length_of(i), &places[i], &err), 0);
		assert_int_equal(places[i], end);
		check_record(s, i, places[i], NULL, data);
		if (i % 50 == 0)
			check_record(s, i / 2, places[i / 2], NULL, data);
	}
	uint32_t at = 0;
	for (unsigned i = 0; i < N_RECORDS; i++) {
		assert_int_equal(at, places[i]);
		check_record(s, i, at, &at, data);
	}
	assert_int_equal(at, spool_end(s));
	for (unsigned i = N_RECORDS; i-- > 0;)
		check_record(s, i, places[i], NULL, data);
	srand(3);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned k = (unsigned)rand() % N_RECORDS;
		check_record(s, k, places[k], NULL, data);
	}
	free(data);
	spool_free(s);
	spool_free(NULL);
}

static void test_no_record(void **state)
{
	struct arena *mem = arena_new();
	struct spool *s = spool_new();
	struct value v;
	struct err err;
	uint32_t at;

	(void)state;
	assert_int_equal(spool_get(s, 0, mem, &v, NULL, &err), -1);
	assert_int_equal(
		spool_add(s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
			16, &at, &err),
		0);
	assert_int_equal(spool_get(s, spool_end(s), mem, &v, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	/* Not a place: a number that is no length. */
	assert_int_equal(spool_get(s, 1000, mem, &v, NULL, &err), -1);
	assert_int_equal(spool_add(s, "", (size_t)UINT32_MAX, &at, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	spool_free(s);
	arena_free(mem);
}

static void test_folder(void **state)
{
	struct spool *s = spool_new();
	static char data[100000];
	struct err err = {0};
	uint32_t at;
	int rc = 0;

	(void)state;
	unsetenv("TMPDIR");
	assert_string_equal(spool_folder(), "/var/tmp");
	setenv("TMPDIR", "relative", 1);
	assert_string_equal(spool_folder(), "/var/tmp");
	setenv("TMPDIR", "/nonexistent/galway", 1);
	assert_string_equal(spool_folder(), "/nonexistent/galway");
	for (int i = 0; i < 5 && rc == 0; i++)
		rc = spool_add(s, data, sizeof(data), &at, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_non_null(strstr(err.text, "/nonexistent/galway"));
	unsetenv("TMPDIR");
	spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
