#include <string.h>

#include "base/dn.h"
#include "rules/functions.h"

static int op_join(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};

	for (unsigned i = 0; i < 2; i++) {
		if (c->arg[i].kind == EXPR_VALUES)
			sink_add(&out, arg_text(c, i));
	}
	return give_sink(c, &out);
}

static int op_add(struct call *c)
{
	int64_t sum;

	if (__builtin_add_overflow(arg_num(c, 0), arg_num(c, 1), &sum))
		return wrong(c, "the sum has more than 63 bits");
	return give_num(c, EXPR_NUM, sum);
}

static int op_subtract(struct call *c)
{
	int64_t difference;

	if (__builtin_sub_overflow(arg_num(c, 0), arg_num(c, 1), &difference))
		return wrong(c, "the difference has more than 63 bits");
	return give_num(c, EXPR_NUM, difference);
}

static int op_multiply(struct call *c)
{
	int64_t product;

	if (__builtin_mul_overflow(arg_num(c, 0), arg_num(c, 1), &product))
		return wrong(c, "the product has more than 63 bits");
	return give_num(c, EXPR_NUM, product);
}

static int op_negate(struct call *c)
{
	int64_t negative;

	if (__builtin_sub_overflow(0, arg_num(c, 0), &negative))
		return wrong(c, "the negative has more than 63 bits");
	return give_num(c, EXPR_NUM, negative);
}

static int op_and(struct call *c)
{
	return give_bool(c, arg_num(c, 0) && arg_num(c, 1));
}

static int op_or(struct call *c)
{
	return give_bool(c, arg_num(c, 0) || arg_num(c, 1));
}

static int op_not(struct call *c)
{
	return give_bool(c, !arg_num(c, 0));
}

/* Both of one type (a ref is also a str)? Else say so. */
static int comparable(struct call *c)
{
	const struct val *a = &c->arg[0], *b = &c->arg[1];

	if (a->type == b->type || (val_textual(a) && val_textual(b)))
		return 0;
	return wrong(
		c, "a %s cannot be compared with a %s", type_names[a->type], type_names[b->type]);
}

/* NULL equals NULL and nothing else; names are compared as names, texts to the letter. */
static int equal(struct call *c, bool *same)
{
	const struct val *a = &c->arg[0], *b = &c->arg[1];

	if (a->kind == EXPR_NULL || b->kind == EXPR_NULL) {
		*same = a->kind == b->kind;
		return 0;
	}
	if (comparable(c) < 0)
		return -1;
	if (a->type == EXPR_REF || b->type == EXPR_REF)
		*same = dn_text_equal(arg_text(c, 0), arg_text(c, 1));
	else if (a->type == EXPR_STR || a->type == EXPR_BIN)
		*same = value_same(arg_text(c, 0), arg_text(c, 1));
	else
		*same = arg_num(c, 0) == arg_num(c, 1);
	return 0;
}

static int op_equal(struct call *c)
{
	bool same;

	return equal(c, &same) < 0 ? -1 : give_bool(c, same);
}

static int op_differ(struct call *c)
{
	bool same;

	return equal(c, &same) < 0 ? -1 : give_bool(c, !same);
}

/* Texts by their characters' numbers, which is the order of the bytes in UTF-8. */
static int order_text(struct value a, struct value b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int order(struct call *c, int *out)
{
	if (comparable(c) < 0)
		return -1;
	if (c->arg[0].type == EXPR_BOOL || c->arg[0].type == EXPR_BIN)
		return wrong(c, "a %s has no order", type_names[c->arg[0].type]);
	if (val_textual(&c->arg[0]))
		*out = order_text(arg_text(c, 0), arg_text(c, 1));
	else
		*out = (arg_num(c, 0) > arg_num(c, 1)) - (arg_num(c, 0) < arg_num(c, 1));
	return 0;
}

static int op_less(struct call *c)
{
	int o;

	return order(c, &o) < 0 ? -1 : give_bool(c, o < 0);
}

static int op_most(struct call *c)
{
	int o;

	return order(c, &o) < 0 ? -1 : give_bool(c, o <= 0);
}

static int op_greater(struct call *c)
{
	int o;

	return order(c, &o) < 0 ? -1 : give_bool(c, o > 0);
}

static int op_least(struct call *c)
{
	int o;

	return order(c, &o) < 0 ? -1 : give_bool(c, o >= 0);
}

#define OP(name, args, nulls, call, level, stops)                                               \
	{                                                                                       \
		{name, OPERATOR, args, 2, 2, nulls, call, NULL, name, NULL, NULL, NULL}, level, \
			stops                                                                   \
	}
#define NEGATION(name, args, nulls, call)                                                      \
	{                                                                                      \
		{name, OPERATOR, args, 1, 1, nulls, call, NULL, name, NULL, NULL, NULL}, 0, -1 \
	}

const struct operation operations[] = {
	OP("&&", "x", NULL_IS_SEEN, op_and, 2, 0),
	OP("||", "x", NULL_IS_SEEN, op_or, 1, 1),
	OP("<>", "a", NULL_IS_SEEN, op_differ, 3, -1),
	OP("<=", "a", NULL_GIVES_FALSE, op_most, 3, -1),
	OP(">=", "a", NULL_GIVES_FALSE, op_least, 3, -1),
	OP("<", "a", NULL_GIVES_FALSE, op_less, 3, -1),
	OP(">", "a", NULL_GIVES_FALSE, op_greater, 3, -1),
	OP("=", "a", NULL_IS_SEEN, op_equal, 3, -1),
	OP("&", "s", NULL_IS_SEEN, op_join, 4, -1),
	OP("+", "n", NULL_GIVES_NULL, op_add, 5, -1),
	OP("-", "n", NULL_GIVES_NULL, op_subtract, 5, -1),
	OP("*", "n", NULL_GIVES_NULL, op_multiply, 6, -1),
	{{.name = NULL}, 0, -1},
};

const struct operation negations[] = {
	NEGATION("-", "n", NULL_GIVES_NULL, op_negate),
	NEGATION("!", "x", NULL_IS_SEEN, op_not),
};
