#include "base/arena.h"
#include "base/err.h"
#include "sync/applying.h"
#include "sync/verify.h"
#include "sync/written.h"

/* The link of the source entry before this run; nothing in it: there was none. */
static int link_before(struct applying *a, struct value source, struct link *link)
{
	struct op_row row;
	struct op op;
	int rc = state_ops(a->state, a->run.id, false, a->err);

	*link = (struct link){.flag = 0};
	while (rc >= 0 && (rc = state_next_op(a->state, a->mem, &row, a->err)) == 1) {
		if (!value_same(row.source, source))
			continue;
		rc = op_unpack(a->mem, &row, value_of(""), &op, a->err);
		if (rc == 0 && op.has_link)
			*link = op.link;
	}
	return rc;
}

/* The next run is to look at it, and is not to take what was not done for what somebody else did.
 */
static int doubt(struct applying *a, const struct unverified *u, struct link *link)
{
	const struct change *c = &u->step->change;
	struct link before;

	link->source_digest = 0;
	link->target_digest = 0;
	if (u->step->op == STEP_DELETE)
		return 0;
	if (link_before(a, u->step->source_id, &before) < 0)
		return -1;
	const bool renamed = u->there && c->new_name.len > 0;
	link->written = written_doubt(
		a->mem, before.written, link->written, c, renamed ? c->new_name : c->name);
	return 0;
}

/* Of one that was deleted, and is still there, the link went, and whose somebody had set that it
 * is: it is ours as before. */
static int link_again(struct applying *a, const struct step *s, struct link *link)
{
	struct link before;

	if (link_before(a, s->source_id, &before) < 0)
		return -1;
	/* The journal has no flag. */
	*link = s->link.source.len > 0 ? s->link : before;
	link->side = before.side;
	if (link->side == NULL)
		return 0;
	return state_authority_put(a->state, a->plan->flow->name, s->source_id, link->side, a->err);
}

/* Its link was remembered as if all had been well. */
static int note_unverified(struct applying *a, const struct unverified *u)
{
	struct link link;
	struct outcome failed = {.kind = OUTCOME_FAILED};
	const struct value name = u->step->change.name;

	err_set(&failed.err, ERR_ENTRY, "%.*s %s", (int)name.len, name.data, u->text);
	if (apply_record(a) < 0 || apply_pending(a, u->step, &failed) < 0 ||
		apply_failure(a, u->step, u->place, false, &failed) < 0)
		return -1;
	int rc = state_link(a->state, a->flow, u->step->source_id, a->mem, &link, a->err);
	if (rc == 0 && u->step->op == STEP_DELETE)
		rc = link_again(a, u->step, &link) < 0 ? -1 : link.source.len > 0;
	if (rc == 1)
		rc = doubt(a, u, &link) < 0 ? -1 : state_put_link(a->state, a->flow, &link, a->err);
	a->kept = rc >= 0;
	return rc < 0 ? -1 : 0;
}

int apply_verify(struct applying *a)
{
	struct unverified *wrong;
	size_t n;
	int rc = 0;

	arena_reset(a->mem);
	if (a->journal.n == 0)
		return 0;
	if (verify_plan(a->plan, a->target, &a->applied->failures, a->mem, &wrong, &n, a->err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = note_unverified(a, &wrong[i]);
	return rc;
}
