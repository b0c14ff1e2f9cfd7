#include "sync_cases.h"

#include "sync/impact.h"

/* What is taken away and put ("-sip=sip:a@x +sip=sip:b@x"), and what it comes to: "" is nothing,
 * else the address before, the one after, and whether meetings have to be scheduled anew. */
static const struct {
	const char *change, *impact;
} cases[] = {
	{"-sip=sip:ann@x +sip=sip:bob@x", "sip:ann@x sip:bob@x meetings"},
	{"-sip=sip:ann@x +sip=sip:ann@y", "sip:ann@x sip:ann@y"},
	{"-sip=sip:ann@x +sip=sip:ANN@y", "sip:ann@x sip:ANN@y"},
	{"-sip=sip:ann@x +sip=sip:Ann@X", ""},
	{"-sip=sip:ann@x", "sip:ann@x  meetings"},
	{"+sip=sip:ann@x", ""},
	{"-sip=sip:ann +sip=sip:bob", "sip:ann sip:bob meetings"},
	{"-px=sip:ann@x +px=sip:ann@y", "sip:ann@x sip:ann@y"},
	{"-px=smtp:ann@x -px=SIP:ann@x +px=smtp:b@y +px=sip:bob@x", "SIP:ann@x sip:bob@x meetings"},
	{"-px=smtp:ann@x +px=smtp:bob@x", ""},
	{"-px=sip:ann@x -sip=sip:ann@x +sip=sip:bob@x", "sip:ann@x sip:bob@x meetings"},
	{"+sip=sip:bob@x -px=sip:ann@x +px=sip:bob@x", "sip:ann@x sip:bob@x meetings"},
	{"-tel=sip:ann@x +tel=sip:bob@x", ""},
	{"", ""},
};

static struct change change_of(struct arena *mem, const char *text)
{
	struct change c = {.op = CHANGE_MODIFY, .mods = arena_zalloc(mem, 8 * sizeof(*c.mods))};
	char *words[8];
	unsigned n = words_of(mem, text, " ", words, 8);

	for (unsigned i = 0; i < n; i++) {
		char *value = words[i] + 1, *name = strsep(&value, "=");
		struct mod *m = c.mods;
		while (m < c.mods + c.n && m->attr != attr_of(name))
			m++;
		if (m == c.mods + c.n) {
			*m = (struct mod){.attr = attr_of(name)};
			m->remove = arena_alloc(mem, 8 * sizeof(*m->remove));
			m->add = arena_alloc(mem, 8 * sizeof(*m->add));
			c.n++;
		}
		if (words[i][0] == '-')
			m->remove[m->n_remove++] = value_of(value);
		else
			m->add[m->n_add++] = value_of(value);
	}
	return c;
}

static void test_impact(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct change c = change_of(mem, cases[i].change);
		struct impact is;
		const char *text = "";
		if (impact_of(&c, &is))
			text = arena_printf(mem, "%.*s %.*s%s", (int)is.before.len, is.before.data,
				(int)is.after.len, is.after.len > 0 ? is.after.data : "",
				is.meetings ? " meetings" : "");
		wrong += !same_text(cases[i].change, text, cases[i].impact);
		/* A new contact and one that goes have no old address to change. */
		c.op = CHANGE_ADD;
		assert_false(impact_of(&c, &is));
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_impact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
