#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "rules/functions.h"

int list_add(struct list *l, const struct val *val)
{
	if (val->kind == EXPR_NULL)
		return 0;
	if (val->kind != EXPR_VALUES)
		return eval_fail(
			l->ev, "AuthoritativeNull and IgnoreThisFlow can only be a whole result");
	if (l->n == 0)
		l->type = val->type;
	else if (l->type != val->type)
		return eval_fail(l->ev, "values of two types in one list: %s and %s",
			type_names[l->type], type_names[val->type]);
	if (spend(l->ev, 1024 * (size_t)val->n) < 0)
		return -1;
	if (l->n + val->n > l->room) {
		struct item *items = arena_alloc(l->ev->mem, 2 * (l->n + val->n) * sizeof(*items));
		if (l->n > 0)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		l->room = 2 * (l->n + val->n);
	}
	memcpy(l->items + l->n, val->items, val->n * sizeof(*l->items));
	l->n += val->n;
	return 0;
}

struct val list_val(const struct list *l)
{
	if (l->n == 0)
		return (struct val){.kind = EXPR_NULL};
	return (struct val){EXPR_VALUES, l->type, true, l->n, l->items};
}

static bool mapped(char letter)
{
	return strchr("SVA", letter) == NULL;
}

#define ONE_OF(type) (1u << (type))

/* The types that serve where a letter stands (functions.h); where it is not listed, all do. */
static const struct accepted {
	char letter;
	unsigned types;
	const char *text;
} accepted[] = {
	{'s', ONE_OF(EXPR_STR) | ONE_OF(EXPR_REF), "str"},
	{'S', ONE_OF(EXPR_STR) | ONE_OF(EXPR_REF), "str"},
	{'t', ONE_OF(EXPR_STR) | ONE_OF(EXPR_REF) | ONE_OF(EXPR_BIN), "str or bin"},
	{'b', ONE_OF(EXPR_BIN), "bin"},
	{'n', ONE_OF(EXPR_NUM), "num"},
	{'r', ONE_OF(EXPR_REF), "ref (CRef makes one)"},
	{'d', ONE_OF(EXPR_DT), "dt (CDate makes one)"},
};

/* NULL when the type serves, else what would. */
static const char *refused(char letter, enum expr_type type)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		if (accepted[i].letter == letter && !(accepted[i].types & ONE_OF(type)))
			return accepted[i].text;
	}
	return NULL;
}

/* Check one argument against the table line; a condition becomes bool. */
static int check(struct eval *ev, const struct function *fn, unsigned i, struct val *arg)
{
	char letter = function_arg(fn, i);
	const char *must;

	if (arg->kind == EXPR_NOTHING || arg->kind == EXPR_IGNORE)
		return eval_fail(ev,
			"%s: AuthoritativeNull and IgnoreThisFlow can only be a whole result",
			fn->name);
	if (letter == 'x')
		return val_conditions(ev, fn->name, arg);
	must = arg->kind == EXPR_NULL ? NULL : refused(letter, arg->type);
	if (must == NULL)
		return 0;
	if (fn->family == OPERATOR)
		return eval_fail(ev, "%s: its %s side is %s, it must be %s", fn->name,
			i == 0 && fn->min > 1 ? "left" : "right", type_names[arg->type], must);
	return eval_fail(ev, "%s: argument %u is %s, it must be %s", fn->name, i + 1,
		type_names[arg->type], must);
}

/* One call, its mapped arguments having one value or none. */
static int call_one(struct call *c)
{
	static const struct item empty = {.text = {"", 0}}, no = {.num = 0};
	enum nulls nulls = c->fn->nulls;
	size_t bytes = 0;

	c->out = (struct val){.kind = EXPR_NULL};
	for (unsigned i = 0; i < c->n; i++) {
		if (!mapped(function_arg(c->fn, i)))
			continue;
		if (c->arg[i].kind == EXPR_VALUES) {
			bytes += c->arg[i].items[0].text.len;
			continue;
		}
		if (nulls == NULL_GIVES_EMPTY && i == 0)
			c->out = (struct val){EXPR_VALUES, EXPR_STR, false, 1, &empty};
		if (nulls == NULL_GIVES_FALSE)
			c->out = (struct val){EXPR_VALUES, EXPR_BOOL, false, 1, &no};
		if (nulls != NULL_IS_SEEN)
			return 0;
	}
	if (spend(c->ev, bytes) < 0)
		return -1;
	return c->fn->call(c);
}

/* How many calls: the number of values of the multi-valued arguments, which must agree. */
static int count_calls(struct eval *ev, const struct function *fn, const struct val *args,
	unsigned n, unsigned *calls, bool *multi)
{
	*calls = 1;
	*multi = false;
	for (unsigned i = 0; i < n; i++) {
		if (!mapped(function_arg(fn, i)))
			continue;
		*multi |= args[i].multi;
		if (args[i].n <= 1 || args[i].n == *calls)
			continue;
		if (*calls > 1)
			return eval_fail(ev, "%s: one argument has %u values and another %u",
				fn->name, *calls, args[i].n);
		*calls = args[i].n;
	}
	return 0;
}

/* Of something that is not there, as most attributes of most entries, without more ado. */
static bool gives_null(const struct function *fn, const struct val *args, unsigned n)
{
	const char letter = n == 1 ? function_arg(fn, 0) : 'x';

	return n == 1 && args->kind == EXPR_NULL && fn->nulls == NULL_GIVES_NULL && letter != 'x' &&
	       mapped(letter);
}

int eval_apply(
	struct eval *ev, const struct function *fn, struct val *args, unsigned n, struct val *out)
{
	struct call c = {.ev = ev, .fn = fn, .n = n};
	struct list list = {.ev = ev};
	unsigned calls;
	bool multi;

	if (gives_null(fn, args, n)) {
		*out = (struct val){.kind = EXPR_NULL};
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (check(ev, fn, i, &args[i]) < 0)
			return -1;
	}
	if (count_calls(ev, fn, args, n, &calls, &multi) < 0)
		return -1;
	for (unsigned k = 0; k < calls; k++) {
		for (unsigned i = 0; i < n; i++)
			c.arg[i] = mapped(function_arg(fn, i)) ? val_at(&args[i], k) : args[i];
		if (call_one(&c) < 0)
			return -1;
		if (calls > 1 && list_add(&list, &c.out) < 0)
			return err_in(ev->err, "%s", fn->name);
	}
	*out = calls > 1 ? list_val(&list) : c.out;
	out->multi |= multi && out->kind == EXPR_VALUES;
	return 0;
}

static int eval_call(struct eval *ev, const struct node *node, struct val *out)
{
	const struct function *fn = node->fn;
	struct val args[MAX_ARGS];

	if (fn->form != NULL)
		return fn->form(ev, node, out);
	for (unsigned i = 0; i < node->n; i++) {
		if (eval_node(ev, node->args[i], &args[i]) < 0)
			return -1;
	}
	return eval_apply(ev, fn, args, node->n, out);
}

/* From left to right. A left side of && and || that decides leaves the right side undone. */
static int eval_chain(struct eval *ev, const struct node *node, struct val *out)
{
	struct val sides[2];

	if (eval_node(ev, node->args[0], &sides[0]) < 0)
		return -1;
	for (unsigned i = 1; i < node->n; i++) {
		const struct operation *op = node->ops[i];
		if (op->stops >= 0) {
			if (check(ev, &op->fn, 0, &sides[0]) < 0)
				return -1;
			if (sides[0].n == 1 && sides[0].items[0].num == op->stops)
				continue;
		}
		if (eval_node(ev, node->args[i], &sides[1]) < 0 ||
			eval_apply(ev, &op->fn, sides, 2, &sides[0]) < 0)
			return -1;
	}
	*out = sides[0];
	return 0;
}

static enum expr_type type_of(unsigned attr, const struct attr *values)
{
	switch (attr_syntax(attr)) {
	case SYNTAX_INT:
		return EXPR_NUM;
	case SYNTAX_BOOL:
		return EXPR_BOOL;
	case SYNTAX_DN:
		return EXPR_REF;
	case SYNTAX_BYTES:
		return EXPR_BIN;
	default:
		break;
	}
	/* Nothing is known of other attributes but what is in them. */
	for (unsigned i = 0; i < values->n && !attr_known(attr); i++) {
		if (!utf8_valid(values->values[i].data, values->values[i].len))
			return EXPR_BIN;
	}
	return EXPR_STR;
}

static bool read_item(enum expr_type type, struct value v, struct item *item)
{
	*item = (struct item){.text = v.len > 0 ? v : value_of("")};
	if (type == EXPR_NUM)
		return number_parse(v, &item->num);
	if (type == EXPR_BOOL)
		return (item->num = utf8_same(v, value_of("TRUE"))) != 0 ||
		       utf8_same(v, value_of("FALSE"));
	return type == EXPR_BIN || utf8_valid(v.data, v.len);
}

static int eval_attr(struct eval *ev, unsigned id, struct val *out)
{
	const struct attr *attr = entry_get(ev->env->entry, id);
	struct item *items;

	*out = (struct val){.kind = EXPR_NULL};
	if (attr == NULL || attr->n == 0)
		return 0;
	items = arena_alloc(ev->mem, attr->n * sizeof(*items));
	*out = (struct val){EXPR_VALUES, type_of(id, attr), attr->n > 1, attr->n, items};
	out->multi |= attr_known(id) && !attr_single(id);
	for (unsigned i = 0; i < attr->n; i++) {
		if (attr->values[i].len > MAX_VALUE)
			return eval_fail(ev, "[%s]: a value is longer than %u bytes", attr_name(id),
				MAX_VALUE);
		if (!read_item(out->type, attr->values[i], &items[i]))
			return eval_fail(ev, "[%s]: %s is not a %s", attr_name(id),
				shown(ev, attr->values[i]), type_names[out->type]);
	}
	return 0;
}

static int eval_dn(struct eval *ev, struct val *out)
{
	struct value name = ev->env->entry->name;

	*out = (struct val){.kind = EXPR_NULL};
	if (name.len > 0)
		*out = val_single(ev->mem, EXPR_REF, (struct item){.text = name});
	return 0;
}

/* Case does not count, nor dots: %Forest.LDAP% is also written %ForestLDAP%. */
static bool same_param(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		if (*a == '.')
			a++;
		else if (*b == '.')
			b++;
		else if (strncasecmp(a++, b++, 1) != 0)
			return false;
	}
	return true;
}

const struct param *param_named(const struct param *list, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		if (same_param(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

static int eval_param(struct eval *ev, const char *name, struct val *out)
{
	const struct param *p = param_named(ev->env->params, ev->env->n_params, name);

	if (p == NULL)
		return eval_fail(ev, "there is no parameter %%%s%%", name);
	*out = (struct val){.kind = EXPR_NULL};
	if (p->n == 0)
		return 0;
	struct item *items = arena_alloc(ev->mem, p->n * sizeof(*items));
	for (unsigned k = 0; k < p->n; k++)
		items[k].text = p->values[k].len > 0 ? p->values[k] : value_of("");
	*out = (struct val){EXPR_VALUES, EXPR_STR, p->n > 1, p->n, items};
	return 0;
}

int eval_node(struct eval *ev, const struct node *node, struct val *out)
{
	if (spend(ev, 0) < 0)
		return -1;
	switch (node->kind) {
	case NODE_CONSTANT:
		*out = node->constant;
		return 0;
	case NODE_ATTR:
		return eval_attr(ev, node->index, out);
	case NODE_DN:
		return eval_dn(ev, out);
	case NODE_PARAM:
		return eval_param(ev, node->name, out);
	case NODE_VARIABLE:
		*out = ev->variables[node->index];
		return 0;
	case NODE_CALL:
		return eval_call(ev, node, out);
	case NODE_CHAIN:
		break;
	}
	return eval_chain(ev, node, out);
}
