#include "sync/flow.h"

#include <string.h>

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/orphans.h"
#include "sync/planning.h"
#include "sync/trust.h"
#include "sync/undo.h"
#include "sync/wishes.h"

/* A plan that a person may read to the end is in the order of names. */
#ifndef BY_NAME_MAX
#define BY_NAME_MAX 10000
#endif

static int only_one(struct planning *p)
{
	struct gather *g = &p->g;
	struct entry e;

	if (p->options->object == NULL)
		return 0;
	int rc = flow_find(g->source, p->options->object, g->mem, &e, p->err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(p->err, ERR_FATAL,
			"%s: no such object in %s (a DN, mail, "
			"sAMAccountName, userPrincipalName or id is looked for)",
			p->options->object, p->plan->flow->source);
	g->one = true;
	g->one_key = e.key;
	return 0;
}

/* A delta needs a cookie, the rules of the run before, and a full run now and then. */
static bool must_be_full(struct planning *p)
{
	const struct flow *f = p->plan->flow;
	const struct flow_state *known = &p->g.known;

	if (known->sources >= 0 && known->epoch != f->epoch)
		p->plan->because = "the rules, the scope or galway itself is another than before";
	else if (known->deltas == FLOW_UNFINISHED)
		p->plan->because = known->held != 0 ? "a run was undone"
						    : "the run before did not come to its end";
	/* In-chain scopes: a group that changes moves objects that do not. Nor does it take a
	 * change for a date to pass. */
	return p->options->full || p->options->object != NULL || known->id == 0 ||
	       p->plan->other != NULL || p->plan->behind != NULL || rules_chained(f->rules) ||
	       rules_timed(f->rules) || p->plan->because != NULL ||
	       (p->g.source->type->can & CAN_SINCE) == 0 || known->sources < 0 ||
	       known->deltas + 1 >= f->full_every;
}

static int gather_all(struct planning *p)
{
	struct gather *g = &p->g;
	const struct sealed *sealed;

	if (gather_start(g, p->err) < 0)
		return -1;
	if (compare_start(g, p->err) < 0)
		return -1;
	int rc = gather_source(g, &sealed, p->err);
	if (rc < 0)
		err_in(p->err, "source %s", g->flow->source);
	if (compare_end(g, rc, p->err) < 0)
		return -1;
	if (gather_drifted(g, p->err) < 0 || gather_confirm(g, p->err) < 0)
		return err_in(p->err, "source %s", g->flow->source);
	if (gather_gone(g, sealed, p->err) < 0)
		return -1;
	if (gather_dependents(g, p->err) < 0)
		return err_in(p->err, "source %s", g->flow->source);
	return 0;
}

/* New contacts need their container, and a mistyped one must not be found out by a server's error
 * on each of them. */
static int check_into(const struct planning *p)
{
	const struct flow *f = p->plan->flow;

	if (p->plan->summary.add == 0 || (p->g.target->type->can & NEEDS_NO_PLACES) != 0 ||
		keys_has(p->m.names, name_hash(dn_key(f->into))))
		return 0;
	return err_set(p->err, ERR_FATAL, "into: %.*s does not exist in %s: create it first",
		(int)f->into.len, f->into.data, f->target);
}

static int make_plan(struct planning *p)
{
	if (gather_all(p) < 0)
		return -1;
	if (!p->g.one && orphans_find(&p->g, &p->plan->intents, p->err) < 0)
		return -1;
	p->plan->full = p->g.full;
	p->plan->links = (long long)p->g.links.n;
	p->plan->cookie = p->g.cookie;
	p->g.cookie = NULL;
	p->plan->summary.read = p->g.read;
	p->plan->summary.none = p->g.none;
	p->plan->sources = p->g.own;
	p->plan->targets = p->g.compare.entries;
	p->plan->steps.by_id = p->g.n_open > BY_NAME_MAX;
	bool few = (p->g.target->type->can & CAN_FIND) != 0 && !p->all && !p->g.compare.strays &&
		   p->g.n_open <= wishes_worth(&p->g);
	if (p->g.n_open > 0)
		progress_phase(PROGRESS_PLAN, (long long)p->g.n_open);
	if (p->g.n_open > 0 && (match_target(&p->g, few, &p->m, p->err) < 0 ||
				       pair_rows(&p->g, &p->m, &p->p, p->err) < 0))
		return -1;
	if (p->m.unsure)
		return 0;
	if ((p->g.n_open > 0 && planning_decide(p) < 0) || planning_orphans(p) < 0)
		return -1;
	/* The guard measures what goes by what there is. */
	if (p->g.links.sparse && summary_gone(&p->plan->summary) > 0)
		p->plan->links = state_count_links(p->g.state, p->g.known.id, p->err);
	else if (p->g.links.sparse)
		p->plan->links = p->g.known.links;
	return p->plan->links < 0 ? -1 : check_into(p);
}

static int open_sides(struct gather *g, struct err *err)
{
	if (connector_open(g->flow->source_config, &g->source, err) < 0)
		return -1;
	return connector_open(g->flow->target_config, &g->target, err);
}

static int trust_sides(struct planning *p)
{
	const struct gather *g = &p->g;
	struct plan *plan = p->plan;

	return trust_plan(plan, g->state, g->source, g->flow->source_config, g->mem,
		       &plan->source_pin, p->err) < 0 ||
			       trust_plan(plan, g->state, g->target, g->flow->target_config, g->mem,
				       &plan->target_pin, p->err) < 0
		       ? -1
		       : 0;
}

/* What came while the source was read may have been seen, too. */
static int note_source(struct planning *p)
{
	return connector_come(p->g.source, p->g.mem, &p->plan->source_pin, p->err);
}

static int close_sides(struct planning *p, int rc)
{
	struct gather *g = &p->g;
	struct err ignored;

	p->plan->source_expires = connector_expires(g->source);
	p->plan->target_expires = connector_expires(g->target);
	/* Nothing was written: closing cannot lose anything. Connecting anew takes a server longer
	 * than anything else in a run with little to do. */
	(void)connector_close(g->source, &ignored);
	if (rc == 0 && (g->target->type->can & CAN_BESIDE) != 0)
		p->plan->target = g->target;
	else
		(void)connector_close(g->target, &ignored);
	return rc < 0 ? err_in(p->err, "flow %s", g->flow->name) : rc;
}

/* 0; 1: to be tried again with all of the target (p->all); -1. */
static int attempt(struct planning *p, const struct flow *flow, struct state *state,
	struct arena *mem, bool full)
{
	p->g = (struct gather){.flow = flow,
		.state = state,
		.mem = mem,
		.intents = &p->plan->intents,
		.no_update = (p->options->skip & SKIP_UPDATE) != 0,
		.no_delete = (p->options->skip & SKIP_DELETE) != 0};
	*p->plan = (struct plan){.flow = flow, .one = p->options->object != NULL};
	int rc = -1;
	kinds_init(&p->plan->kinds, flow, mem);
	steps_init(&p->plan->steps);
	if (state_hold(state, p->err) == 0 &&
		state_flow(state, flow->name, &p->g.known, p->err) == 0 &&
		intents_load(state, p->g.known.id, mem, &p->plan->intents, p->err) == 0 &&
		open_sides(&p->g, p->err) == 0) {
		p->plan->known = p->g.known;
		rc = trust_sides(p);
	}
	if (rc == 0) {
		p->g.full = must_be_full(p) || full;
		progress_phase(PROGRESS_READ, p->g.full ? p->g.known.sources : 0);
		p->g.want_cookie = (p->g.source->type->can & CAN_SINCE) != 0 && !p->plan->one;
		rc = only_one(p) < 0 || make_plan(p) < 0 || note_source(p) < 0 ? -1 : 0;
	}
	state_let_go(state);
	progress_end(rc < 0);
	if (rc == 0 && p->m.unsure)
		rc = 1;
	rc = close_sides(p, rc);
	paired_free(&p->p);
	matched_free(&p->m);
	gather_free(&p->g);
	return rc;
}

int flow_plan(const struct flow *flow, struct state *state, const struct flow_options *options,
	struct arena *mem, struct plan *plan, struct err *err)
{
	struct planning p = {.options = options, .plan = plan, .now = flow->env.now, .err = err};

	if (options->undo != 0)
		return undo_plan(flow, state, options->undo, mem, plan, err);
	int rc = attempt(&p, flow, state, mem, options->full);
	bool full = options->full;
	if (rc < 0 && err->kind == ERR_ENTRY) {
		/* The cookie is of no use any more: that is never "no changes", but reading
		 * everything. */
		log_info("%s: reading everything", err->text);
		plan_free(plan);
		full = true;
		rc = attempt(&p, flow, state, mem, full);
	}
	if (rc == 1) {
		plan_free(plan);
		p.all = true;
		rc = attempt(&p, flow, state, mem, full);
	}
	return rc;
}

void plan_free(struct plan *plan)
{
	(void)connector_close(plan->target, &(struct err){.kind = ERR_NONE});
	plan->target = NULL;
	steps_free(&plan->steps);
	renames_free(&plan->renames);
	spool_free(plan->cookie);
	plan->cookie = NULL;
}

int plan_rewind(struct plan *plan, struct err *err)
{
	renames_start(&plan->renames);
	return steps_rewind(&plan->steps, err);
}

int plan_next(
	struct plan *plan, struct arena *mem, struct step *s, uint32_t *place, struct err *err)
{
	int rc = steps_next(&plan->steps, mem, s, place, err);

	if (rc == 1 && s->write && plan_follow(plan, mem, s, err) < 0)
		return -1;
	return rc;
}

int plan_follow(struct plan *plan, struct arena *mem, struct step *s, struct err *err)
{
	return renames_follow(&plan->renames, mem, &s->change, err);
}
