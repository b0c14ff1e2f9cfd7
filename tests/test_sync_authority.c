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
			assert_string_equal(
				authority_why(&f, object, NULL, attrs[k]), c[4 + 2 * k]);
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

/* What entries of the source and the target hold in tel, and whose the object is by that: the flags
 * are tel=x and tel=y of the source, for xyz and abc, tel=X and tel=Y of the target. */
static const struct {
	const char *source, *target, *side;
} flagged[] = {
	{"s cn=a", "t cn=a", NULL},
	{"s cn=a tel=z", "t cn=a tel=x", NULL},
	{"s cn=a tel=x", "t cn=a", "xyz"},
	{"s cn=a tel=y", "t cn=a", "abc"},
	{"s cn=a tel=x tel=y", "t cn=a", "xyz"},
	{"s cn=a tel=y tel=x", "t cn=a", "xyz"},
	{"s cn=a", "t cn=a tel=X", "xyz"},
	{"s cn=a", "t cn=a tel=Y", "abc"},
	{"s cn=a tel=x", "t cn=a tel=Y", "xyz"},
	{"s cn=a tel=y", "t cn=a tel=X", "xyz"},
	{"s cn=a tel=y", "t cn=a tel=Y", "abc"},
};

static void test_flags(void **state)
{
	struct arena *mem = arena_new();
	const unsigned tel = attr_of("tel");
	struct authority_flag flags[] = {{tel, value_of("x"), "xyz", true},
		{tel, value_of("y"), "abc", true}, {tel, value_of("X"), "xyz", false},
		{tel, value_of("Y"), "abc", false}};
	const struct flow f = {
		.source = "abc", .target = "xyz", .side = "abc", .n_flags = 4, .flags = flags};

	(void)state;
	for (size_t i = 0; i < sizeof(flagged) / sizeof(flagged[0]); i++) {
		const struct entry s = entry_of(mem, flagged[i].source),
				   t = entry_of(mem, flagged[i].target);
		const char *side = authority_flags(
			&f, authority_flag(&f, true, &s), authority_flag(&f, false, &t));
		if (side != flagged[i].side && strcmp(side, flagged[i].side) != 0)
			fail_msg("line %zu", i);
	}
	/* What a link remembers of it. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(authority_flag_number(&f, authority_flag_side(&f, i)), i);
	assert_null(authority_flag_side(&f, 3));
	assert_null(authority_flag_side(&f, -1));
	assert_null(authority_flag_side(&(struct flow){.source = "abc"}, 1));
	assert_string_equal(authority_why(&f, "abc", "xyz", tel), "set for the object");
	assert_string_equal(authority_why(&f, NULL, "xyz", tel), "the directory's flag");
	assert_string_equal(authority_why(&f, NULL, NULL, tel), "the flow's");
	arena_free(mem);
}

/* Linked, whose it is, handed over since the last run: where it stands. */
static void test_standing(void **state)
{
	static const struct {
		bool linked;
		const char *object;
		bool fresh;
		const char *text;
	} stands[] = {
		{false, NULL, false, "native: not synchronized"},
		{false, "xyz", true, "native: not synchronized"},
		{true, NULL, false, "synced"},
		{true, "abc", false, "synced"},
		{true, "xyz", false, "converted"},
		{true, "xyz", true, "converted"},
		{true, "abc", true, "rolled back, pending"},
		{true, NULL, true, "rolled back, pending"},
	};
	const struct flow f = {.source = "abc", .target = "xyz", .side = "abc"};

	(void)state;
	for (size_t i = 0; i < sizeof(stands) / sizeof(stands[0]); i++)
		assert_string_equal(authority_standing_text(authority_standing(&f, stands[i].linked,
					    stands[i].object, stands[i].fresh)),
			stands[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
