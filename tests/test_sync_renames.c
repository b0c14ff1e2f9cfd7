#include "sync_cases.h"

#include "base/change.h"
#include "sync/renames.h"

/* Changes one after another: ">bob" is the entry's new name; "-ann" and "+ann" are managers that
 * are taken away and put there. What of them is done. */
static const struct renames_case {
	const char *changes, *done;
} cases[] = {
	{"ann+cai", "ann+cai"},
	{"ann>bob", "ann>bob"},
	{"ann>bob cai-ann+dan", "ann>bob cai-bob+dan"},
	{"ann>bob cai-dan+ann", "ann>bob cai-dan+bob"},
	{"ann>bob cai+ANN", "ann>bob cai+bob"},
	/* before it is renamed it has its old name, and so it has for itself */
	{"cai+ann ann>bob", "cai+ann ann>bob"},
	{"ann>bob+ann", "ann>bob+bob"},
	/* somebody else gets the name */
	{"ann>bob cai>eve dan+ann+cai", "ann>bob cai>eve dan+bob+eve"},
};

static struct value gal(struct arena *mem, const char *from, size_t len)
{
	return value_of(arena_printf(mem, "CN=%.*s,OU=GAL,DC=xyz", (int)len, from));
}

static struct change read_change(struct arena *mem, const char *text)
{
	struct mod *m = arena_zalloc(mem, sizeof(*m));
	struct change c = {.op = CHANGE_MODIFY, .n = 1, .mods = m};
	size_t len = strcspn(text, "->+");

	*m = (struct mod){.attr = attr_of("boss"),
		.add = arena_alloc(mem, 4 * sizeof(struct value)),
		.remove = arena_alloc(mem, 4 * sizeof(struct value))};
	c.name = gal(mem, text, len);
	for (text += len; *text != '\0'; text += len + 1) {
		len = strcspn(text + 1, "->+");
		struct value name = gal(mem, text + 1, len);
		if (*text == '>')
			c.new_name = name;
		else if (*text == '-')
			m->remove[m->n_remove++] = name;
		else
			m->add[m->n_add++] = name;
	}
	return c;
}

static const char *print(struct arena *mem, const struct change *c)
{
	const struct mod *m = &c->mods[0];
	const char *text = short_name(mem, c->name);

	if (c->new_name.len > 0)
		text = arena_printf(mem, "%s>%s", text, short_name(mem, c->new_name));
	for (unsigned i = 0; i < m->n_remove; i++)
		text = arena_printf(mem, "%s-%s", text, short_name(mem, m->remove[i]));
	for (unsigned i = 0; i < m->n_add; i++)
		text = arena_printf(mem, "%s+%s", text, short_name(mem, m->add[i]));
	return text;
}

static void test_renames(void **state)
{
	struct renames r = {.names = NULL};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct err err = {0};
		char *words[8];
		const char *done = "";
		unsigned n = words_of(mem, cases[i].changes, " ", words, 8);
		renames_start(&r);
		for (unsigned k = 0; k < n; k++) {
			struct change c = read_change(mem, words[k]);
			assert_int_equal(renames_follow(&r, mem, &c, &err), 0);
			done = arena_printf(mem, "%s%s%s", done, k > 0 ? " " : "", print(mem, &c));
		}
		wrong += !same_text(cases[i].changes, done, cases[i].done);
		arena_free(mem);
	}
	renames_free(&r);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renames),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
