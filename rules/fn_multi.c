#include <string.h>

#include "base/dn.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "rules/functions.h"

static bool holds(const struct val *values, struct value v, struct value search)
{
	if (values->type == EXPR_REF)
		return dn_text_equal(v, search);
	return search.len <= v.len && memmem(v.data, v.len, search.data, search.len) != NULL;
}

int fn_contains(struct call *c)
{
	const struct val *values = &c->arg[0];
	bool fold = arg_option(c, 2, 0) == 1 && values->type == EXPR_STR;
	struct value search = fold ? text_fold(c->ev, arg_text(c, 1)) : arg_text(c, 1);

	for (unsigned i = 0; i < values->n; i++) {
		struct value v = values->items[i].text;
		if (spend(c->ev, v.len) < 0)
			return -1;
		if (holds(values, fold ? text_fold(c->ev, v) : v, search))
			return give_num(c, EXPR_NUM, i + 1);
	}
	return give_num(c, EXPR_NUM, 0);
}

int fn_count(struct call *c)
{
	return give_num(c, EXPR_NUM, c->arg[0].n);
}

int fn_identity(struct call *c)
{
	c->out = c->arg[0];
	return 0;
}

int fn_itemornull(struct call *c)
{
	int64_t n = arg_num(c, 1);

	if (n < 1 || n > c->arg[0].n)
		return 0;
	c->out = val_at(&c->arg[0], (unsigned)(n - 1));
	c->out.multi = false;
	return 0;
}

int fn_item(struct call *c)
{
	long long n = arg_num(c, 1);

	if (n < 1 || n > c->arg[0].n)
		return wrong(c, "there is no value %lld of %u", n, c->arg[0].n);
	return fn_itemornull(c);
}

int fn_join(struct call *c)
{
	struct value between = c->n < 2 ? value_of(" ") : value_of("");
	struct sink out = {.mem = c->ev->mem};

	if (c->n == 2 && c->arg[1].kind == EXPR_VALUES)
		between = arg_text(c, 1);
	if (c->arg[0].n == 0)
		return 0;
	for (unsigned i = 0; i < c->arg[0].n; i++) {
		if (i > 0)
			sink_add(&out, between);
		sink_add(&out, c->arg[0].items[i].text);
	}
	return give_sink(c, &out);
}

/* The place of a folded text in a table of 2^k places, or where it would go. */
static uint32_t *slot_of(uint32_t *slots, uint32_t mask, const struct value *folded, struct value v)
{
	uint32_t i = (uint32_t)hash_bytes(v.data, v.len, 0) & mask;

	while (slots[i] != 0 && !value_same(folded[slots[i] - 1], v))
		i = (i + 1) & mask;
	return &slots[i];
}

int fn_removeduplicates(struct call *c)
{
	const struct val *all = &c->arg[0];
	struct list list = {.ev = c->ev, .type = all->type};
	struct value *folded = arena_alloc(c->ev->mem, all->n * sizeof(*folded));
	uint32_t room = 2;

	while (room < 2 * all->n)
		room *= 2;
	uint32_t *slots = arena_zalloc(c->ev->mem, room * sizeof(*slots));
	for (unsigned i = 0; i < all->n; i++) {
		struct val one = val_at(all, i);
		folded[i] = utf8_fold(c->ev->mem, one.items[0].text);
		uint32_t *slot = slot_of(slots, room - 1, folded, folded[i]);
		if (spend(c->ev, folded[i].len) < 0 || (*slot == 0 && list_add(&list, &one) < 0))
			return -1;
		if (*slot == 0)
			*slot = i + 1;
	}
	c->out = list_val(&list);
	return 0;
}

int fn_split(struct call *c)
{
	struct value left = arg_text(c, 0), delimiter = arg_text(c, 1);
	int64_t limit = c->n > 2 ? arg_num(c, 2) : 0;
	struct list list = {.ev = c->ev};

	if (utf8_count(delimiter.data, delimiter.len) != 1)
		return wrong(c, "the delimiter is one character, not %s", shown(c->ev, delimiter));
	for (;;) {
		const char *at = memmem(left.data, left.len, delimiter.data, delimiter.len);
		if (limit > 0 && list.n + 1 >= limit)
			at = NULL;
		size_t len = at != NULL ? (size_t)(at - left.data) : left.len;
		struct item item = {.text = {left.data, len}};
		struct val one = {EXPR_VALUES, EXPR_STR, false, 1, &item};
		if (list_add(&list, &one) < 0)
			return -1;
		if (at == NULL)
			break;
		left.data = at + delimiter.len;
		left.len -= len + delimiter.len;
	}
	c->out = list_val(&list);
	return 0;
}
