#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/entry.h"
#include "base/value_set.h"

/* Spellings of one value, and one of another, by syntax. */
static const struct {
	const char *attr, *one, *same, *other;
} spellings[] = {
	{"mail", "Ann #", "aNN #", "Bob #"},
	{"mail", "\xc3\x84nne #", "\xc3\xa4NNE #", "Anne #"},
	{"mail", "k #", "\xe2\x84\xaa #", "l #"}, /* KELVIN SIGN */
	{"proxyAddresses", "smtp:a#@abc.example", "smtp:A#@ABC.example", "SMTP:a#@abc.example"},
	{"proxyAddresses", "a#@abc.example", "A#@abc.example", "smtp:a#@abc.example"},
	{"manager", "CN=a#,DC=abc", "cn=A#, dc=ABC", "CN=b#,DC=abc"},
	{"member", "CN=\xc3\xa4#,DC=abc", "cn=\xc3\x84#,dc=abc", "CN=a#,DC=abc"},
	{"displayName", "x#", "x#", "X#"},
	{"jpegPhoto", "x#", "x#", "X#"},
	{"whenChanged", "2026#", "2026#", "2027#"},
};

/* With a number in the place of '#'. */
static struct value spelled(struct arena *mem, const char *format, unsigned i)
{
	const char *place = strchr(format, '#');

	return value_of(arena_printf(mem, "%.*s%u%s", (int)(place - format), format, i, place + 1));
}

static void fill(struct value_set *s, struct arena *mem, size_t k, unsigned n)
{
	value_set_new(s, mem, attr_named(spellings[k].attr), 2 * n);
	for (unsigned i = 0; i < n; i++) {
		assert_false(value_set_has(s, spelled(mem, spellings[k].one, i)));
		assert_true(value_set_add(s, spelled(mem, spellings[k].one, i)));
		assert_false(value_set_add(s, spelled(mem, spellings[k].same, i)));
		assert_false(value_set_has(s, spelled(mem, spellings[k].other, i)));
	}
	assert_int_equal(s->n, n);
}

static void test_spellings(void **state)
{
	static const unsigned sizes[] = {1, VALUES_FEW / 2, VALUES_FEW, 5000};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t k = 0; k < sizeof(spellings) / sizeof(spellings[0]); k++) {
		for (size_t z = 0; z < sizeof(sizes) / sizeof(sizes[0]); z++) {
			struct value_set s, list;
			fill(&s, mem, k, sizes[z]);
			value_set_of(&list, mem, s.attr, s.values, s.n);
			for (unsigned i = 0; i < sizes[z]; i++) {
				assert_true(
					value_set_has(&list, spelled(mem, spellings[k].same, i)));
				assert_false(
					value_set_has(&list, spelled(mem, spellings[k].other, i)));
			}
		}
	}
	arena_free(mem);
}

/* A list may have equal values twice, and the set finds them all the same. */
static void test_twice(void **state)
{
	struct arena *mem = arena_new();
	struct value list[2 * VALUES_FEW];
	struct value_set s;

	(void)state;
	for (unsigned i = 0; i < 2 * VALUES_FEW; i++)
		list[i] = spelled(mem, i % 2 == 0 ? "Ann #" : "ann #", i / 2);
	value_set_of(&s, mem, attr_named("mail"), list, 2 * VALUES_FEW);
	assert_int_equal(s.n, 2 * VALUES_FEW);
	for (unsigned i = 0; i < VALUES_FEW; i++)
		assert_true(value_set_has(&s, spelled(mem, "ANN #", i)));
	assert_false(value_set_has(&s, value_of("")));
	arena_free(mem);
}

static void test_empty(void **state)
{
	struct value_set s;

	(void)state;
	value_set_of(&s, NULL, attr_named("mail"), NULL, 0);
	assert_false(value_set_has(&s, value_of("x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
