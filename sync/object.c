#include "sync/object.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/flow.h"

/* With what its directory says of its authority. */
static int find_in(const struct flow *f, bool source, const char *who, struct arena *mem,
	struct entry *e, struct err *err)
{
	struct connector *c = NULL;
	struct err ignored;
	int rc = connector_open(source ? f->source_config : f->target_config, &c, err);

	if (rc == 0)
		rc = flow_find(c, who, mem, e, err);
	if (rc == 1 && connector_more(c, source ? &f->reads : &f->tells, mem, e, err) < 0)
		rc = -1;
	(void)connector_close(c, &ignored);
	return rc;
}

/* The link by its target's id. All are looked through: this is about one object. */
static int link_of_target(struct object *o, struct state *state, struct arena *mem, struct err *err)
{
	struct link link;
	int rc = state_links(state, o->known.id, err);

	while (rc == 0 && (rc = state_next_link(state, &link, err)) == 1) {
		if (value_same(link.target, o->target.id)) {
			o->linked = true;
			o->id = value_copy(mem, link.source);
		}
		rc = 0;
	}
	if (rc < 0 || !o->linked)
		return rc;
	return state_link(state, o->known.id, o->id, mem, &o->link, err) < 0 ? -1 : 0;
}

/* What the state and the directories' flags say of it. */
static int find_side(struct object *o, struct state *state, struct arena *mem, struct err *err)
{
	const struct flow *f = o->flow;

	if (state_authority(state, o->known.id, o->id, mem, &o->set, err) < 0)
		return -1;
	o->flag = authority_flags(f,
		o->in_source ? authority_flag(f, true, &o->source)
			     : authority_flag_side(f, o->link.flag),
		o->in_target ? authority_flag(f, false, &o->target) : NULL);
	o->side = o->set != NULL ? o->set : o->flag;
	return 1;
}

int object_of(const struct flow *f, struct state *state, const struct entry *source,
	struct arena *mem, struct object *o, struct err *err)
{
	*o = (struct object){.flow = f, .in_source = true, .source = *source, .id = source->id};
	if (state_flow(state, f->name, &o->known, err) < 0)
		return -1;
	int rc = state_link(state, o->known.id, o->id, mem, &o->link, err);
	o->linked = rc == 1;
	if (rc == 1)
		rc = find_in(f, false, entry_id_text(mem, o->link.target), mem, &o->target, err);
	o->in_target = rc == 1;
	return rc < 0 ? -1 : find_side(o, state, mem, err);
}

static int of_target(const struct flow *f, struct state *state, const struct entry *target,
	struct arena *mem, struct object *o, struct err *err)
{
	*o = (struct object){.flow = f, .in_target = true, .target = *target, .id = target->id};
	if (state_flow(state, f->name, &o->known, err) < 0 ||
		link_of_target(o, state, mem, err) < 0)
		return -1;
	if (o->linked) {
		int rc = find_in(f, true, entry_id_text(mem, o->id), mem, &o->source, err);
		if (rc < 0)
			return -1;
		o->in_source = rc == 1;
	}
	return find_side(o, state, mem, err);
}

int object_excluded(const struct flow *f, struct state *state, const struct entry *e,
	const char **why, struct err *err)
{
	struct gather g = {.flow = f};
	int rc = state_managed(state, f->reverse, f->n_reverse, &g.managed, &g.n_managed, err);

	if (rc == 0)
		*why = gather_excluded(&g, e);
	free(g.managed);
	return rc;
}

int object_find(const struct flow *f, struct state *state, const char *who, struct arena *mem,
	struct object *o, struct err *err)
{
	const char *why = NULL;
	struct entry e;
	int rc = find_in(f, true, who, mem, &e, err);

	if (rc == 1 && object_excluded(f, state, &e, &why, err) < 0)
		return -1;
	if (rc == 1 && why == NULL)
		return object_of(f, state, &e, mem, o, err);
	if (rc >= 0)
		rc = find_in(f, false, who, mem, &e, err);
	return rc == 1 ? of_target(f, state, &e, mem, o, err) : rc;
}

const struct entry *object_entry(const struct object *o)
{
	return o->in_source ? &o->source : &o->target;
}

static bool target_only(const struct object *o)
{
	return !o->in_source && !o->linked;
}

const char *object_authority(const struct object *o, unsigned attr)
{
	return target_only(o) ? o->flow->target : authority_side(o->flow, o->side, attr);
}

const char *object_why(const struct object *o, unsigned attr)
{
	return target_only(o) ? "not in the source" : authority_why(o->flow, o->set, o->flag, attr);
}
