#include "sync_cases.h"

#include "sync/authority.h"

/* Whose the flow's objects are, whose tel is, whose the object is ("" is not set), and then: whose
 * the object, tel and mail are, and why. */
static const char *const cases[][9] = {
	{"abc", "", "", "abc", "the flow's", "abc", "the flow's", "abc", "the flow's"},
	{"xyz", "", "", "xyz", "the flow's", "xyz", "the flow's", "xyz", "the flow's"},
	{"abc", "xyz", "", "abc", "the flow's", "xyz", "set for the attribute", "abc",
		"the flow's"},
	{"xyz", "abc", "", "xyz", "the flow's", "abc", "set for the attribute", "xyz",
		"the flow's"},
	{"abc", "", "xyz", "xyz", "set for the object", "xyz", "set for the object", "xyz",
		"set for the object"},
	{"abc", "xyz", "abc", "abc", "set for the object", "abc", "set for the object", "abc",
		"set for the object"},
	{"xyz", "abc", "xyz", "xyz", "set for the object", "xyz", "set for the object", "xyz",
		"set for the object"},
};

static void test_authority(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *c = cases[i], *object = c[2][0] != '\0' ? c[2] : NULL;
		const unsigned attrs[] = {ATTR_NONE, attr_of("tel"), attr_of("mail")};
		struct authority_line lines[] = {{attr_of("title"), "other"},
			{attr_of("tel"), c[1]}, {attr_of("tel"), "late"}};
		struct flow f = {
			.side = c[0], .n_authority = c[1][0] != '\0' ? 3 : 1, .authority = lines};
		for (unsigned k = 0; k < 3; k++) {
			assert_string_equal(authority_side(&f, object, attrs[k]), c[3 + 2 * k]);
			assert_string_equal(authority_why(&f, object, attrs[k]), c[4 + 2 * k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
