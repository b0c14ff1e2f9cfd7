#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/change.h"

/* A change: "-mail=a +mail=b !tel=c" ('!' replaces what is there, "!tel=" takes it away), ">x" a
 * new name. An entry: "mail=a mail=b". */
static struct change change_of(struct arena *mem, enum change_op op, const char *text)
{
	struct change c = {.op = op, .id = value_of("id"), .name = value_of("ann")};
	char *at = arena_strdup(mem, text), *word;

	c.mods = arena_zalloc(mem, 16 * sizeof(*c.mods));
	while ((word = strsep(&at, " ")) != NULL && *word != '\0') {
		if (*word == '>') {
			c.new_name = value_of(word + 1);
			continue;
		}
		char *equals = strchr(word, '=');
		unsigned attr = attr_id(word + 1, (size_t)(equals - word - 1));
		struct mod *m =
			c.n > 0 && c.mods[c.n - 1].attr == attr ? &c.mods[c.n - 1] : &c.mods[c.n++];
		if (m->add == NULL) {
			m->attr = attr;
			m->add = arena_alloc(mem, 8 * sizeof(*m->add));
			m->remove = arena_alloc(mem, 8 * sizeof(*m->remove));
		}
		m->replace |= *word == '!';
		if (*word == '-')
			m->remove[m->n_remove++] = value_of(equals + 1);
		else if (equals[1] != '\0')
			m->add[m->n_add++] = value_of(equals + 1);
	}
	return c;
}

static struct entry entry_of(struct arena *mem, const char *text)
{
	struct entry e = {.name = value_of("ann")};
	char *at = arena_strdup(mem, text), *word;

	while ((word = strsep(&at, " ")) != NULL && *word != '\0') {
		char *equals = strchr(word, '=');
		entry_add(mem, &e, attr_id(word, (size_t)(equals - word)), value_of(equals + 1));
	}
	return e;
}

static const char *entry_text(struct arena *mem, const struct entry *e)
{
	const char *text = e->name.data;

	for (unsigned i = 0; i < e->n; i++) {
		for (unsigned k = 0; k < e->attrs[i].n; k++)
			text = arena_printf(mem, "%s %s=%s", text, attr_name(e->attrs[i].id),
				e->attrs[i].values[k].data);
	}
	return text;
}

static const struct {
	enum change_op op;
	const char *before, *change, *after;
} cases[] = {
	{CHANGE_MODIFY, "mail=a", "+mail=b", "ann mail=a mail=b"},
	{CHANGE_MODIFY, "mail=a", "+mail=a", "ann mail=a"},
	{CHANGE_MODIFY, "mail=a", "+mail=A", "ann mail=a"},
	{CHANGE_MODIFY, "", "+mail=a +mail=A", "ann mail=a"},
	{CHANGE_MODIFY, "mail=a mail=b", "-mail=a", "ann mail=b"},
	{CHANGE_MODIFY, "mail=a", "-mail=A", "ann"},
	{CHANGE_MODIFY, "sn=a", "-sn=A", "ann sn=a"},
	{CHANGE_MODIFY, "mail=a", "-mail=b", "ann mail=a"},
	{CHANGE_MODIFY, "", "-mail=b", "ann"},
	{CHANGE_MODIFY, "mail=a", "-mail=a +mail=A", "ann mail=A"},
	{CHANGE_MODIFY, "mail=a mail=b", "!mail=c", "ann mail=c"},
	{CHANGE_MODIFY, "mail=a mail=b sn=x", "!mail=", "ann sn=x"},
	{CHANGE_MODIFY, "mail=a sn=x", "-mail=a +sn=y +title=t", "ann sn=x sn=y title=t"},
	{CHANGE_MODIFY, "mail=a", ">bob", "bob mail=a"},
	{CHANGE_MODIFY, "mail=a", ">bob -mail=a", "bob"},
	{CHANGE_ADD, "", "+mail=a +sn=b", "ann mail=a sn=b"},
	{CHANGE_ADD, "mail=a", "+mail=a", "ann mail=a"},
};

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct entry e = entry_of(mem, cases[i].before);
		struct change c = change_of(mem, cases[i].op, cases[i].change);
		if (c.op == CHANGE_ADD)
			e.name = value_of("");
		change_apply(mem, &e, &c);
		assert_string_equal(entry_text(mem, &e), cases[i].after);
		/* A second time changes nothing. */
		change_apply(mem, &e, &c);
		assert_string_equal(entry_text(mem, &e), cases[i].after);
		arena_free(mem);
	}
}

/* All values that there are, and none instead. */
static void test_clears(void **state)
{
	static const struct {
		const char *entry, *change;
		bool clears;
	} all[] = {
		{"mail=a", "-mail=a", true},
		{"mail=a mail=b", "-mail=a -mail=b", true},
		{"mail=a mail=b", "-mail=a", false},
		{"mail=a", "-mail=a +mail=b", false},
		{"tel=a", "-mail=a", false},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct entry e = entry_of(mem, all[i].entry);
		const struct change c = change_of(mem, CHANGE_MODIFY, all[i].change);
		assert_int_equal(mod_clears(&c.mods[0], &e), all[i].clears);
	}
	/* An attribute without values has none to lose. */
	struct entry e = entry_of(mem, "mail=a");
	const struct mod none = {.attr = e.attrs[0].id};
	e.attrs[0].n = 0;
	assert_false(mod_clears(&none, &e));
	arena_free(mem);
}

static void same_change(const struct change *a, const struct change *b)
{
	assert_int_equal(a->op, b->op);
	assert_int_equal(a->n, b->n);
	assert_true(value_same(a->id, b->id) && value_same(a->name, b->name) &&
		    value_same(a->new_name, b->new_name));
	for (unsigned i = 0; i < a->n; i++) {
		const struct mod *x = &a->mods[i], *y = &b->mods[i];
		assert_true(x->attr == y->attr && x->replace == y->replace &&
			    x->n_add == y->n_add && x->n_remove == y->n_remove);
		for (unsigned k = 0; k < x->n_add; k++)
			assert_true(value_same(x->add[k], y->add[k]));
		for (unsigned k = 0; k < x->n_remove; k++)
			assert_true(value_same(x->remove[k], y->remove[k]));
	}
}

static void test_pack(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct change c = change_of(mem, cases[i].op, cases[i].change), back;
		struct buf b = {0};
		change_pack(&b, &c);
		const char *at = b.data;
		assert_int_equal(change_unpack(mem, &at, b.data + b.len, &back), 0);
		assert_ptr_equal(at, b.data + b.len);
		same_change(&c, &back);
		for (size_t len = 0; len < b.len; len++) {
			char *cut = malloc(len + 1);
			memcpy(cut, b.data, len);
			at = cut;
			assert_int_equal(change_unpack(mem, &at, cut + len, &back), -1);
			free(cut);
		}
		b.data[0] = CHANGE_DELETE + 1;
		at = b.data;
		assert_int_equal(change_unpack(mem, &at, b.data + b.len, &back), -1);
		buf_free(&b);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_clears),
		cmocka_unit_test(test_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
