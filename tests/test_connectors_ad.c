#include "connectors_cases.h"

#include "base/err.h"

/* A global catalog is told by its port, before anybody is asked. */
static const struct port_case {
	const char *urls;
	bool catalog;
} port_cases[] = {
	{"\"ldaps://127.0.0.1:3269\"", true},
	{"\"ldap://127.0.0.1:3268/\"", true},
	{"{\"ldaps://127.0.0.1:1\", \"ldaps://127.0.0.1:3269\"}", true},
	{"\"ldaps://127.0.0.1:1\"", false},
	{"\"ldaps://[::1]:1\"", false},
};

static void test_ports(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(port_cases) / sizeof(port_cases[0]); i++) {
		const struct port_case *c = &port_cases[i];
		struct connector *opened = NULL;
		struct err err = {0};
		const char *settings = arena_printf(mem,
			"type = ad\nurl = %s\nauth = gssapi\nretry = 0s\ntimeout = 1s\n"
			"base = \"DC=abc,DC=example\"",
			c->urls);
		assert_int_equal(open_with(mem, settings, &opened, &err), -1);
		const bool told = strstr(err.text, "test.conf:3: ") != NULL &&
				  strstr(err.text, "a global catalog has only a part") != NULL;
		if (told != c->catalog)
			fail_msg("%s: %s", c->urls, err.text);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
