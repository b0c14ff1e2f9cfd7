#include "sync/undo.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/claims.h"
#include "sync/flow.h"
#include "sync/gate.h"
#include "sync/trust.h"
#include "sync/undo_given.h"
#include "sync/undo_invert.h"
#include "sync/wishes.h"

struct undoing {
	const struct flow *flow;
	struct state *state;
	struct plan *plan;
	struct journal_head head;
	struct attr_set attrs;
	const char *line;
	struct connector *target;
	struct keys added;      /* keys of the source ids that the run added */
	struct keys ids, names; /* what is wanted of the target -> its place in entries, plus 1 */
	struct keys today;      /* names that operations say -> in entries, the name of today */
	struct spool *entries;  /* of the target */
	struct wishes wishes;   /* the same as ids and names, while they are few */
	struct given given;     /* addresses */
	bool gives;             /* some operation took some away */
	long long n;            /* operations */
	struct arena *mem;      /* of one operation */
	struct err *err;
};

/* The next operation that is to be undone; 1, 0, -1. What failed was not done, and what else the
 * run did to an entry that it added goes with that. */
static int next_op(struct undoing *u, struct op *op)
{
	struct op_row row;
	int rc;

	do {
		arena_reset(u->mem);
		rc = state_next_op(u->state, u->mem, &row, u->err);
		if (rc != 1)
			return rc;
		if (op_unpack(u->mem, &row, u->head.base, op, u->err) < 0)
			return -1;
	} while (op->result == OP_FAILED ||
		 (op->kind != STEP_ADD && keys_has(&u->added, entry_key(op->source))));
	return 1;
}

static void want_id(struct undoing *u, struct value id)
{
	if (id.len == 0 || !keys_put(&u->ids, entry_key(id), 0))
		return;
	if (u->wishes.n <= WISHES_FEW)
		wish(&u->wishes, WISH_ID, 0, id);
}

static void want_name(struct undoing *u, struct value name)
{
	if (!keys_put(&u->names, dn_key(name), 0))
		return;
	if (u->wishes.n <= WISHES_FEW)
		wish(&u->wishes, WISH_NAME, 0, name);
}

/* The entry may have another id by now, or none that we know. */
static int want(struct undoing *u, const struct op *op)
{
	struct link link;
	int rc = state_link(u->state, u->head.flow, op->source, u->mem, &link, u->err);

	if (rc == 1)
		want_id(u, link.target);
	want_id(u, op->target);
	if (op->kind == STEP_ADD || op->kind == STEP_DELETE)
		want_name(u, op->change.name);
	u->gives |= op->kind == STEP_DELETE;
	for (unsigned i = 0; i < op->change.n; i++) {
		const struct mod *m = &op->change.mods[i];
		u->gives |= m->n_remove > 0 && claims_attr(m->attr);
	}
	u->n++;
	return rc < 0 ? -1 : 0;
}

static int want_all(struct undoing *u)
{
	struct op op;
	int rc = state_ops(u->state, u->head.run, false, u->err);

	/* An add comes before what else was done to its entry. */
	while (rc == 0 && (rc = next_op(u, &op)) == 1) {
		if (op.kind == STEP_ADD)
			keys_put(&u->added, entry_key(op.source), 0);
		rc = want(u, &op);
	}
	return rc;
}

static int keep_entry(struct undoing *u, const struct entry *e)
{
	const uint64_t name = dn_key(e->name);
	const bool by_id = keys_has(&u->ids, e->key), by_name = keys_has(&u->names, name);
	struct buf b = {0};
	uint32_t at;

	if (e->gone || (!by_id && !by_name))
		return 0;
	entry_pack(&b, e);
	int rc = spool_add(u->entries, b.data, b.len, &at, u->err);
	buf_free(&b);
	if (by_id)
		keys_put(&u->ids, e->key, at + 1);
	if (by_name)
		keys_put(&u->names, name, at + 1);
	return rc;
}

static int read_target(struct undoing *u)
{
	const bool few = (u->target->type->can & CAN_FIND) != 0 && u->wishes.n <= WISHES_FEW;
	const struct query q = {.kind = few ? QUERY_FIND : QUERY_ALL,
		.wishes = u->wishes.list,
		.n_wishes = u->wishes.n};
	struct entry e;
	int rc;

	if (u->n == 0)
		return 0;
	rc = connector_read(u->target, &q, u->err);
	while (rc == 0 && (rc = connector_next(u->target, u->mem, &e, u->err)) == 1) {
		rc = keep_entry(u, &e);
		arena_reset(u->mem);
	}
	return rc;
}

/* A kept entry; NULL when there is none. */
static int get_entry(
	struct undoing *u, const struct keys *places, uint64_t key, const struct entry **entry)
{
	struct value bytes;
	uint32_t at;

	*entry = NULL;
	if (!keys_get(places, key, &at) || at == 0)
		return 0;
	if (spool_get(u->entries, at - 1, u->mem, &bytes, NULL, u->err) < 0)
		return -1;
	struct entry *e = arena_alloc(u->mem, sizeof(*e));
	const char *from = bytes.data;
	if (entry_unpack(u->mem, &from, from + bytes.len, e) < 0)
		return err_set(u->err, ERR_FATAL, "temporary file: damaged entry");
	*entry = e;
	return 0;
}

/* By the id that the link has, else that of the operation; else by name, if it is ours. */
static int find_current(struct undoing *u, struct inverting *v)
{
	const struct value none = {NULL, 0};
	const struct value ids[] = {v->link != NULL ? v->link->target : none, v->op->target};
	const struct entry *e;

	for (int i = 0; i < 2; i++) {
		if (ids[i].len == 0)
			continue;
		if (get_entry(u, &u->ids, entry_key(ids[i]), &e) < 0)
			return -1;
		if (e != NULL && value_same(e->id, ids[i])) {
			v->current = e;
			return 0;
		}
	}
	if (get_entry(u, &u->names, dn_key(v->op->change.name), &e) < 0)
		return -1;
	if (e == NULL || !dn_text_equal(e->name, v->op->change.name))
		return 0;
	if (value_same(plan_mark(u->flow, e), plan_marker(u->mem, u->flow, v->op->source)))
		v->current = e;
	else
		v->holder = e;
	return 0;
}

/* A name that an operation says is one of its time. From now on it stands for the entry's name of
 * today, which is what a plan says: where later steps of it rename, it follows (renames.h). */
static int stands_for(struct undoing *u, struct value said, const struct entry *e)
{
	uint32_t at;

	if (spool_add(u->entries, e->name.data, e->name.len, &at, u->err) < 0)
		return -1;
	keys_put(&u->today, dn_key(said), at);
	return 0;
}

static int today(struct undoing *u, struct value *values, unsigned n)
{
	uint32_t at;

	for (unsigned i = 0; i < n; i++) {
		if (keys_get(&u->today, dn_key(values[i]), &at) &&
			spool_get(u->entries, at, u->mem, &values[i], NULL, u->err) < 0)
			return -1;
	}
	return 0;
}

/* The references that an operation says, by the names of today. */
static int update_references(struct undoing *u, struct op *op)
{
	for (unsigned i = 0; i < op->change.n; i++) {
		struct mod *m = &op->change.mods[i];
		if (attr_syntax(m->attr) == SYNTAX_DN &&
			(today(u, m->remove, m->n_remove) < 0 || today(u, m->add, m->n_add) < 0))
			return -1;
	}
	for (unsigned i = 0; i < op->before.n; i++) {
		struct attr *a = &op->before.attrs[i];
		if (attr_syntax(a->id) == SYNTAX_DN && today(u, a->values, a->n) < 0)
			return -1;
	}
	return 0;
}

/* What is known of the object now. */
static int find_now(struct undoing *u, const struct op *op, struct link *link, struct inverting *v)
{
	int rc = state_link(u->state, u->head.flow, op->source, u->mem, link, u->err);

	*v = (struct inverting){.flow = u->flow,
		.op = op,
		.attrs = &u->attrs,
		.link = rc == 1 ? link : NULL,
		.postpones = (u->target->type->can & NEEDS_REFERRED) != 0,
		.line = u->line};
	return rc < 0 ? -1 : find_current(u, v);
}

/* How things were called at the end of the run. */
static int name_all(struct undoing *u)
{
	struct inverting v;
	struct link link;
	struct op op;
	int rc = state_ops(u->state, u->head.run, false, u->err);

	while (rc == 0 && (rc = next_op(u, &op)) == 1) {
		rc = 0;
		if (op.change.new_name.len == 0)
			continue;
		rc = find_now(u, &op, &link, &v);
		if (rc == 0 && v.current != NULL)
			rc = stands_for(u, op.change.new_name, v.current);
	}
	return rc;
}

static int put_step(struct undoing *u, const struct step *s)
{
	if (s->op == STEP_NONE && !s->remember)
		return 0;
	summary_count(&u->plan->summary, s, 1);
	return steps_add(&u->plan->steps, s, u->err);
}

static struct step conflict_of(unsigned number, const struct step *s, const char *why)
{
	return (struct step){.op = STEP_CONFLICT,
		.number = number,
		.source_id = s->source_id,
		.source_name = s->source_name,
		.target_id = s->target_id,
		.target_name = s->target_name,
		.message = why};
}

/* The step is not done, for a reason of a case. */
static void refuse(unsigned number, const char *why, struct step *s, struct step *conflict)
{
	*conflict = conflict_of(number, s, why);
	*s = (struct step){.op = STEP_NONE};
}

/* What belongs to the other side by now stays, and nothing else does for its sake. */
static void spare(struct undoing *u, const char *side, struct step *s, struct step *conflict)
{
	const char *spared = undo_spare(u->mem, u->flow, side, s);

	if (spared == NULL)
		return;
	const char *before = conflict->op == STEP_CONFLICT ? conflict->message : NULL;
	*conflict = conflict_of(UNDO_CASE, s,
		arena_printf(u->mem, "%s%sthe authority is not %s, left as it is: %s",
			before != NULL ? before : "", before != NULL ? "; " : "", u->flow->source,
			spared));
}

/* What the gate would stop is known already. */
static int check_gate(struct undoing *u, struct step *s, struct step *conflict)
{
	const char *side = NULL;
	struct err why;

	if (!s->write)
		return 0;
	if (state_authority(u->state, u->head.flow, s->source_id, u->mem, &side, u->err) < 0)
		return -1;
	spare(u, side != NULL ? side : s->flag, s, conflict);
	if (s->write && gate_check(u->mem, u->flow, side, s, &why) < 0)
		refuse(UNDO_CASE, arena_strdup(u->mem, why.text), s, conflict);
	return 0;
}

/* So is who has by now what it would give back. */
static int check_given(
	struct undoing *u, const struct op *op, struct step *s, struct step *conflict)
{
	struct value why;

	if (!s->write)
		return 0;
	const int rc = given_why(&u->given, u->mem, op->n, &why, u->err);
	if (rc == 1)
		refuse(11, arena_copy(u->mem, why.data, why.len), s, conflict);
	return rc < 0 ? -1 : 0;
}

static void invert(
	struct undoing *u, const struct inverting *v, struct step *s, struct step *conflict)
{
	undo_invert(u->mem, v, s, conflict);
	if (v->current != NULL)
		s->flag = authority_flags(u->flow,
			authority_flag_side(u->flow, v->link != NULL ? v->link->flag : 0),
			authority_flag(u->flow, false, v->current));
}

static int note_op(struct undoing *u, const struct op *op)
{
	struct inverting v;
	struct link link;
	struct step s, conflict;

	if (find_now(u, op, &link, &v) < 0)
		return -1;
	invert(u, &v, &s, &conflict);
	if (check_gate(u, &s, &conflict) < 0)
		return -1;
	return s.write ? given_note(&u->given, u->mem, op->n, v.current, &s.change, u->err) : 0;
}

/* Addresses go from one entry to another: whether they do is known when all steps are. */
static int note_given(struct undoing *u)
{
	struct op op;
	int rc = u->gives ? state_ops(u->state, u->head.run, true, u->err) : 0;

	while (u->gives && rc == 0 && (rc = next_op(u, &op)) == 1)
		rc = note_op(u, &op);
	return rc < 0 ? -1 : given_settle(&u->given, u->mem, u->target, u->err);
}

static int plan_op(struct undoing *u, struct op *op)
{
	const struct open_row open = {.key = 0};
	struct row row = {.open = &open};
	struct inverting v;
	struct link link;
	struct step s, conflict;

	if (find_now(u, op, &link, &v) < 0 || update_references(u, op) < 0)
		return -1;
	/* Before it, the entry was called otherwise. */
	if (op->change.new_name.len > 0 && v.current != NULL &&
		stands_for(u, op->change.name, v.current) < 0)
		return -1;
	invert(u, &v, &s, &conflict);
	row.link = v.link;
	row.current = v.current;
	kinds_count(&u->plan->kinds, &row, &s);
	if (check_gate(u, &s, &conflict) < 0 || check_given(u, op, &s, &conflict) < 0 ||
		put_step(u, &s) < 0)
		return -1;
	return put_step(u, &conflict);
}

static int plan_ops(struct undoing *u)
{
	struct op op;
	int rc = state_ops(u->state, u->head.run, true, u->err);

	while (rc == 0 && (rc = next_op(u, &op)) == 1)
		rc = plan_op(u, &op);
	u->plan->summary.read = u->n;
	return rc;
}

static int open_run(struct undoing *u, long long run, struct arena *mem)
{
	struct plan *p = u->plan;

	if (state_flow(u->state, u->flow->name, &p->known, u->err) < 0)
		return -1;
	int rc = state_journal(u->state, run, mem, &u->head, u->err);
	if (rc < 0)
		return -1;
	if (rc == 0 || u->head.flow != p->known.id)
		return err_set(
			u->err, ERR_FATAL, "run %lld: nothing in the journal of this flow", run);
	journal_attrs_parse(mem, u->head.attrs != NULL ? u->head.attrs : "", &u->attrs);
	u->line = arena_printf(mem, "undo of run %lld", run);
	p->sources = p->known.sources;
	p->links = state_count_links(u->state, p->known.id, u->err);
	return p->links < 0 ? -1 : 0;
}

static int plan_all(struct undoing *u, long long run, struct arena *mem)
{
	steps_init(&u->plan->steps);
	u->entries = spool_new();
	u->plan->steps.as_added = true;
	kinds_init(&u->plan->kinds, u->flow, mem);
	if (state_hold(u->state, u->err) < 0 || open_run(u, run, mem) < 0 ||
		connector_open(u->flow->target_config, &u->target, u->err) < 0 ||
		trust_plan(u->plan, u->state, u->target, u->flow->target_config, mem,
			&u->plan->target_pin, u->err) < 0 ||
		want_all(u) < 0 || read_target(u) < 0 || note_given(u) < 0 || name_all(u) < 0)
		return -1;
	return plan_ops(u);
}

int undo_plan(const struct flow *flow, struct state *state, long long run, struct arena *mem,
	struct plan *plan, struct err *err)
{
	struct undoing u = {.flow = flow,
		.state = state,
		.plan = plan,
		.mem = arena_new(),
		.wishes = {.mem = arena_new()},
		.err = err};
	struct err ignored;

	*plan = (struct plan){.flow = flow, .undoes = run, .partial = true};
	keys_init(&u.added, 0, false);
	keys_init(&u.ids, 0, true);
	keys_init(&u.names, 0, true);
	keys_init(&u.today, 0, true);
	given_init(&u.given);
	int rc = plan_all(&u, run, mem);
	state_let_go(state);
	plan->target_expires = connector_expires(u.target);
	if (rc == 0 && (u.target->type->can & CAN_BESIDE) != 0)
		plan->target = u.target;
	else
		(void)connector_close(u.target, &ignored);
	keys_free(&u.added);
	keys_free(&u.ids);
	keys_free(&u.names);
	keys_free(&u.today);
	given_free(&u.given);
	spool_free(u.entries);
	arena_free(u.wishes.mem);
	arena_free(u.mem);
	return rc < 0 ? err_in(err, "flow %s", flow->name) : 0;
}
