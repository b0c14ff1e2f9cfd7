#include <string.h>

#include "rules/functions.h"

int form_error(struct eval *ev, const struct node *node, struct val *out)
{
	struct value text = value_of("the rule says Error without a message");

	if (eval_node(ev, node->args[0], out) < 0)
		return -1;
	if (out->kind == EXPR_VALUES && val_textual(out))
		text = out->items[0].text;
	return eval_fail(ev, "%.*s", (int)text.len, text.data);
}

int form_coalesce(struct eval *ev, const struct node *node, struct val *out)
{
	for (unsigned i = 0; i < node->n; i++) {
		if (eval_node(ev, node->args[i], out) < 0)
			return -1;
		if (out->kind != EXPR_NULL)
			break;
	}
	return 0;
}

/*
 * IIF and Switch, the same thing: conditions and values in turn, a value alone at the end. Only
 * what is chosen is evaluated. A condition of several values chooses for each place by itself.
 */
#define UNDECIDED UINT32_MAX

/* The value of each place, from the branches that were picked. */
static int gather(
	struct eval *ev, const struct node *node, const uint32_t *pick, unsigned n, struct val *out)
{
	const struct function *fn = node->fn;
	struct val *branch = arena_alloc(ev->mem, node->n * sizeof(*branch));
	bool *done = arena_zalloc(ev->mem, node->n * sizeof(*done));
	struct list list = {.ev = ev};

	for (unsigned i = 0; i < n; i++) {
		uint32_t arg = pick[i];
		if (arg >= node->n)
			continue;
		if (!done[arg] && eval_node(ev, node->args[arg], &branch[arg]) < 0)
			return -1;
		done[arg] = true;
		if (branch[arg].n > 1 && branch[arg].n != n)
			return eval_fail(ev, "%s: the condition has %u values and the value %u",
				fn->name, n, branch[arg].n);
		struct val one = val_at(&branch[arg], i);
		if (list_add(&list, &one) < 0)
			return err_in(ev->err, "%s", fn->name);
	}
	*out = list_val(&list);
	return 0;
}

/* Conditions from args[at] on, the first of which has several values. */
static int choose_each(struct eval *ev, const struct node *node, unsigned at, struct val *condition,
	struct val *out)
{
	unsigned n = condition->n, undecided = n;
	uint32_t *pick = arena_alloc(ev->mem, n * sizeof(*pick));

	memset(pick, 0xff, n * sizeof(*pick));
	for (;;) {
		if (condition->n != n && condition->n != 1)
			return eval_fail(ev, "%s: one condition has %u values and another %u",
				node->fn->name, n, condition->n);
		for (unsigned i = 0; i < n; i++) {
			if (pick[i] == UNDECIDED && val_at(condition, i).items[0].num) {
				pick[i] = at + 1;
				undecided--;
			}
		}
		at += 2;
		if (at + 1 >= node->n || undecided == 0)
			break;
		if (eval_node(ev, node->args[at], condition) < 0 ||
			val_conditions(ev, node->fn->name, condition) < 0 ||
			spend(ev, 1024 * (size_t)n) < 0)
			return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		if (pick[i] == UNDECIDED)
			pick[i] = at;
	}
	return gather(ev, node, pick, n, out);
}

int form_choose(struct eval *ev, const struct node *node, struct val *out)
{
	unsigned i;

	for (i = 0; i + 1 < node->n; i += 2) {
		struct val condition;
		if (eval_node(ev, node->args[i], &condition) < 0 ||
			val_conditions(ev, node->fn->name, &condition) < 0)
			return -1;
		if (condition.n > 1)
			return choose_each(ev, node, i, &condition, out);
		if (condition.items[0].num)
			return eval_node(ev, node->args[i + 1], out);
	}
	*out = (struct val){.kind = EXPR_NULL};
	return i < node->n ? eval_node(ev, node->args[i], out) : 0;
}

/* The list of Select and Where. */
static int values_of(struct eval *ev, const struct node *node, struct val *out)
{
	if (eval_node(ev, node->args[1], out) < 0)
		return -1;
	if (out->kind != EXPR_VALUES && out->kind != EXPR_NULL)
		return eval_fail(ev, "%s: its values cannot be AuthoritativeNull or IgnoreThisFlow",
			node->fn->name);
	return 0;
}

int form_select(struct eval *ev, const struct node *node, struct val *out)
{
	struct list list = {.ev = ev};
	struct val all, one;

	if (values_of(ev, node, &all) < 0)
		return -1;
	for (unsigned i = 0; i < all.n; i++) {
		struct val *item = &ev->variables[node->args[0]->index];
		*item = val_at(&all, i);
		item->multi = false;
		if (eval_node(ev, node->args[2], &one) < 0)
			return -1;
		if (list_add(&list, &one) < 0)
			return err_in(ev->err, "%s", node->fn->name);
	}
	*out = list_val(&list);
	return 0;
}

int form_where(struct eval *ev, const struct node *node, struct val *out)
{
	struct list list = {.ev = ev};
	struct val all, condition;

	if (values_of(ev, node, &all) < 0)
		return -1;
	for (unsigned i = 0; i < all.n; i++) {
		struct val *item = &ev->variables[node->args[0]->index], one;
		one = *item = val_at(&all, i);
		item->multi = false;
		if (eval_node(ev, node->args[2], &condition) < 0 ||
			val_conditions(ev, node->fn->name, &condition) < 0)
			return -1;
		if (condition.n > 1)
			return eval_fail(
				ev, "%s: the condition has %u values", node->fn->name, condition.n);
		if (condition.items[0].num && list_add(&list, &one) < 0)
			return -1;
	}
	*out = list_val(&list);
	return 0;
}

int form_with(struct eval *ev, const struct node *node, struct val *out)
{
	struct val value;

	if (eval_node(ev, node->args[1], &value) < 0)
		return -1;
	ev->variables[node->args[0]->index] = value;
	return eval_node(ev, node->args[2], out);
}
