#include "sync/intents.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"

/* The runs are few: each has at most a batch of such operations. */
static int load(
	struct state *state, struct arena *mem, struct buf *ops, struct buf *attrs, struct err *err)
{
	struct journal_head head = {.run = 0};
	struct attr_set set = {0};
	struct op_row row;
	struct op op;
	int rc;

	while ((rc = state_next_op(state, mem, &row, err)) == 1) {
		if (row.run != head.run) {
			if (state_journal(state, row.run, mem, &head, err) < 0)
				return -1;
			journal_attrs_parse(mem, head.attrs != NULL ? head.attrs : "", &set);
		}
		if (op_unpack(mem, &row, head.base, &op, err) < 0)
			return -1;
		buf_add(ops, &op, sizeof(op));
		buf_add(attrs, &set, sizeof(set));
	}
	return rc;
}

int intents_load(
	struct state *state, long long flow, struct arena *mem, struct intents *in, struct err *err)
{
	struct buf ops = {0}, attrs = {0};
	int rc = state_open_ops(state, flow, err);

	*in = (struct intents){.n = 0};
	if (rc == 0)
		rc = load(state, mem, &ops, &attrs, err);
	if (rc == 0 && ops.len > 0) {
		in->n = (unsigned)(ops.len / sizeof(struct op));
		in->ops = memcpy(arena_alloc(mem, ops.len), ops.data, ops.len);
		in->attrs = memcpy(arena_alloc(mem, attrs.len), attrs.data, attrs.len);
	}
	buf_free(&ops);
	buf_free(&attrs);
	return rc;
}

/* All that it puts there is there, and nothing that it takes away. */
static bool was_done(const struct entry *e, const struct mod *m)
{
	for (unsigned i = 0; i < m->n_add; i++) {
		if (!entry_has(e, m->attr, m->add[i]))
			return false;
	}
	for (unsigned i = 0; i < m->n_remove; i++) {
		if (entry_has(e, m->attr, m->remove[i]))
			return false;
	}
	return true;
}

static void take_back(struct arena *mem, const struct change *c, struct entry *e)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		struct mod inverse = {.attr = m->attr,
			.n_remove = m->n_add,
			.remove = m->add,
			.n_add = m->n_remove,
			.add = m->remove};
		const struct change back = {.op = CHANGE_MODIFY, .n = 1, .mods = &inverse};
		if (was_done(e, m))
			change_apply(mem, e, &back);
	}
	if (c->new_name.len > 0 && dn_text_equal(e->name, c->new_name))
		e->name = c->name;
}

/* Hidden because its source had left: that was its only change (plan.c). */
static bool hides(const struct op *op, const struct entry *now)
{
	static const struct value yes = {"TRUE", 4};
	const unsigned hide = attr_named("msExchHideFromAddressLists");
	const struct change *c = &op->change;

	return op->kind == STEP_MODIFY && c->n == 1 && c->mods[0].attr == hide &&
	       c->new_name.len == 0 && entry_has(now, hide, yes) && was_done(now, &c->mods[0]);
}

/* As an add left it: all of it is ours, and there was nothing before. */
static bool made(const struct op *op, const struct attr_set *attrs, const struct entry *e)
{
	return op->kind == STEP_ADD && dn_text_equal(op->change.name, e->name) &&
	       op->digest == entry_digest(e, attrs);
}

static void apply(const struct op *op, const struct attr_set *attrs, struct arena *mem,
	struct row *row, struct entry *was, struct link *link)
{
	if (made(op, attrs, was)) {
		was->n = 0;
		if (link != NULL)
			link->written = (struct value){NULL, 0};
	} else if (op->kind != STEP_ADD && op->kind != STEP_DELETE) {
		const bool hid =
			value_same(op->target, row->current->id) && hides(op, row->current);
		if (hid && link != NULL && link->left <= 0)
			link->left = link->left < 0 ? -link->left : op->when;
		row->hid |= hid;
		take_back(mem, &op->change, was);
	}
}

static bool refers(const struct entry *e, struct value name)
{
	bool found = false;

	for (unsigned i = 0; i < e->n && !found; i++)
		found = attr_syntax(e->attrs[i].id) == SYNTAX_DN &&
			value_among(e->attrs[i].id, name, e->attrs[i].values, e->attrs[i].n);
	return found;
}

/* References followed an entry that such a run renamed. */
static void lead_back(struct arena *mem, const struct change *c, struct entry *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		struct mod back = {.attr = a->id, .n_remove = 1, .n_add = 1};
		const struct change change = {.op = CHANGE_MODIFY, .n = 1, .mods = &back};
		back.remove = &(struct value){c->new_name.data, c->new_name.len};
		back.add = &(struct value){c->name.data, c->name.len};
		if (attr_syntax(a->id) == SYNTAX_DN &&
			value_among(a->id, c->new_name, a->values, a->n))
			change_apply(mem, e, &change);
	}
}

static bool same(const struct entry *was, const struct entry *now)
{
	bool same = was->n == now->n && value_same(was->name, now->name);

	for (unsigned i = 0; i < was->n && same; i++)
		same = attr_equal(&was->attrs[i], entry_get(now, was->attrs[i].id));
	return same;
}

void intents_apply(const struct intents *in, struct arena *mem, struct row *row, struct link *link)
{
	struct entry *was = NULL;

	row->was = row->current;
	for (unsigned i = 0; i < in->n; i++) {
		const struct op *op = &in->ops[i];
		const bool its = value_same(op->source, row->open->id);
		const struct value renamed = op->change.new_name;
		if (!its && (row->current == NULL || renamed.len == 0 ||
				    !refers(row->current, renamed)))
			continue;
		if (row->current == NULL) {
			row->deleted |= op->kind == STEP_DELETE && row->link != NULL &&
					value_same(op->target, row->link->target);
			continue;
		}
		if (was == NULL) {
			was = arena_alloc(mem, sizeof(*was));
			entry_copy(mem, was, row->current);
			row->was = was;
		}
		if (its)
			apply(op, &in->attrs[i], mem, row, was, row->link != NULL ? link : NULL);
		else
			lead_back(mem, &op->change, was);
	}
	if (was != NULL && same(was, row->current))
		row->was = row->current;
}
