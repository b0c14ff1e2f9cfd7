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

/* Whose proxyAddresses and msRTCSIP-PrimaryUserAddress are, whose the object is: may a value be the
 * other side's although the attribute is ours? */
static const struct exception {
	const char *addresses, *sip, *object, *attr, *value;
	bool excepted;
} exceptions[] = {
	{"abc", "xyz", NULL, "px", "sip:a", true},
	{"abc", "xyz", NULL, "px", "SIP:a", true},
	{"abc", "xyz", NULL, "px", "smtp:sip:a", false},
	{"abc", "xyz", NULL, "px", "sipa", false},
	{"abc", "xyz", NULL, "tel", "sip:a", false},
	{"abc", "xyz", NULL, "targetAddress", "sip:a", false},
	{"abc", "abc", NULL, "px", "sip:a", false},
	{"xyz", "xyz", NULL, "px", "sip:a", false},
	{"abc", "xyz", "abc", "px", "sip:a", false},
	{"abc", "xyz", "xyz", "px", "sip:a", false},
};

static void test_exceptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
		const struct exception *c = &exceptions[i];
		struct authority_line lines[] = {
			{attr_of("px"), c->addresses}, {attr_of("sip"), c->sip}};
		const struct flow f = {
			.source = "abc", .side = "abc", .n_authority = 2, .authority = lines};
		if (authority_excepts(&f, c->object, attr_of(c->attr), value_of(c->value)) !=
			c->excepted)
			fail_msg("line %zu", i);
		assert_int_equal(authority_ours(&f, c->object, attr_of("px")),
			strcmp(authority_side(&f, c->object, attr_of("px")), "abc") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_exceptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
