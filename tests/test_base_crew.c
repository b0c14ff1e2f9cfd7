#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crew.h"

#define MOST 1000

struct tally {
	size_t done[MOST]; /* times that each piece was done */
	size_t add;
};

static void count(void *with, size_t i)
{
	struct tally *t = with;

	t->done[i] += t->add;
}

/* Numbers of pieces, one piece of work after the other: each is done once, before crew_end says so.
 */
static const size_t works[] = {0, 1, 7, 8, 1, 0, MOST, 3, 64, 64, 64, MOST, 2};

static void test_each_piece_once(void **state)
{
	struct crew *c = crew_new();
	struct tally t;

	(void)state;
	crew_end(c);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		memset(&t, 0, sizeof(t));
		t.add = i + 1;
		crew_begin(c, count, &t, works[i]);
		crew_end(c);
		for (size_t k = 0; k < MOST; k++)
			assert_int_equal(t.done[k], k < works[i] ? i + 1 : 0);
	}
	crew_end(c);
	crew_free(c);
	crew_free(NULL);
}

/* The owner writes the next pieces while these are done. */
static void test_two_in_turn(void **state)
{
	struct crew *c = crew_new();
	struct tally t[2] = {{{0}, 0}, {{0}, 0}};
	size_t all = 0;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		struct tally *filled = &t[round % 2];
		memset(filled, 0, sizeof(*filled));
		filled->add = round;
		crew_end(c);
		crew_begin(c, count, filled, 40);
		for (size_t k = 0; k < 40; k++)
			all += t[(round + 1) % 2].done[k];
	}
	crew_end(c);
	/* 0 + 1 + ... + 198: the last one is still in its lot. */
	assert_int_equal(all, 40 * (198 * 199 / 2));
	crew_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_piece_once),
		cmocka_unit_test(test_two_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
