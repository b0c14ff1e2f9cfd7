#include "sync/handover.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/commands.h"
#include "sync/single.h"
#include "sync/trust.h"

/* One object on its way to a side. */
struct handing {
	struct arena *mem;
	struct state *state;
	struct object *o;
	const char *side;
	long long undoes;
};

static const struct config *config_of(const struct flow *f, bool source)
{
	return source ? f->source_config : f->target_config;
}

/* Is it one that the directory keeps by itself? */
static bool is_kept(const struct flow *f, const struct authority_flag *flag)
{
	const struct connector_type *type =
		connector_type(config_text(config_of(f, flag->source), "type"));

	return type->hand_over != NULL && flag->attr == attr_named(type->flag);
}

bool handover_wrote(const struct flow *f, const struct change *c)
{
	for (unsigned i = 0; i < f->n_flags && c->n == 1; i++) {
		if (c->mods[0].attr == f->flags[i].attr && is_kept(f, &f->flags[i]))
			return true;
	}
	return false;
}

/* What the flag is now, and what it is to be. */
static struct change change_of(
	struct arena *mem, const struct entry *e, const struct authority_flag *flag, bool on)
{
	const struct attr *there = entry_get(e, flag->attr);
	struct mod *m = arena_zalloc(mem, sizeof(*m));
	struct value *now = arena_alloc(mem, sizeof(*now));

	*now = value_of(on ? "TRUE" : "FALSE");
	*m = (struct mod){.attr = flag->attr, .n_add = 1, .add = now};
	if (there != NULL) {
		m->n_remove = there->n;
		m->remove = there->values;
	}
	return (struct change){
		.op = CHANGE_MODIFY, .id = e->id, .name = e->name, .n = 1, .mods = m};
}

static int note(struct handing *h, struct single *s, int code, struct err *err)
{
	return state_begin(h->state, err) < 0 || single_note(s, h->state, h->o, code, err) < 0 ||
			       state_commit(h->state, err) < 0
		       ? -1
		       : 0;
}

static int tell(struct handing *h, const struct authority_flag *flag, bool on, struct err *err)
{
	const struct flow *f = h->o->flow;
	const struct entry *e = flag->source ? &h->o->source : &h->o->target;
	const struct change change = change_of(h->mem, e, flag, on);
	struct connector *c = NULL;
	struct single s;
	struct err other;
	int rc = connector_open(config_of(f, flag->source), &c, err);

	if (rc == 0)
		rc = trust_directory(h->state, c, config_of(f, flag->source), h->mem, err);
	if (rc == 0)
		rc = single_intend(&s, h->state, h->o, &change, h->side, h->undoes, h->mem, err);
	const bool intended = rc == 0;
	if (intended)
		rc = connector_hand_over(c, e->id, on, err);
	(void)connector_close(c, &other);
	if (intended)
		s.outcome = (struct outcome){
			.kind = rc == 0 ? OUTCOME_DONE : OUTCOME_FAILED, .id = e->id, .err = *err};
	if (intended && note(h, &s, rc < 0 ? exit_of(err) : EXIT_GOOD, &other) < 0 && rc == 0) {
		*err = other;
		rc = -1;
	}
	return rc < 0 ? err_in(err, "flow %s: %s: the authority stays where it is", f->name,
				flag->source ? f->source : f->target)
		      : 0;
}

static int tell_all(struct handing *h, const char **told, struct err *err)
{
	const struct object *o = h->o;
	const struct flow *f = o->flow;

	*told = NULL;
	for (unsigned i = 0; i < f->n_flags; i++) {
		const struct authority_flag *flag = &f->flags[i];
		const struct entry *e = flag->source ? &o->source : &o->target;
		const bool there = flag->source ? o->in_source : o->in_target;
		const bool wants = strcmp(flag->side, h->side) == 0;
		if (!there || !is_kept(f, flag) || entry_has(e, flag->attr, flag->value) == wants)
			continue;
		/* Another value than the flag's is the opposite: it is TRUE or FALSE. */
		const bool on = value_same(flag->value, value_of("TRUE")) == wants;
		if (tell(h, flag, on, err) < 0)
			return -1;
		*told = flag->source ? f->source : f->target;
	}
	return 0;
}

/* The next run looks at it, whether it is a full one or not; and as somebody was here, what was
 * frozen is put back again (undone.h). */
static int awake(struct state *state, const struct object *o, struct err *err)
{
	struct link link = o->link;

	link.undone = (struct value){NULL, 0};
	link.source_digest = 0;
	return o->linked ? state_put_link(state, o->known.id, &link, err) : 0;
}

/* What the object would be without anybody's word is not written down. */
static int transfer(struct handing *h, const char *from, struct err *err)
{
	const struct object *o = h->o;
	const struct flow *f = o->flow;
	struct state *state = h->state;
	const char *side = h->side;
	const struct transfer t = {.at = (long long)time(NULL),
		.who = user_name(h->mem),
		.from = from,
		.to = side,
		.generation = o->known.generation};
	bool usual = strcmp(side, o->flag != NULL ? o->flag : f->side) == 0;

	if (state_begin(state, err) < 0 ||
		state_authority_put(state, f->name, o->id, usual ? NULL : side, err) < 0 ||
		state_put_transfer(state, o->known.id, o->id, &t, err) < 0 ||
		state_drop_refusals(state, o->known.id, o->id, NULL, side, err) < 0 ||
		awake(state, o, err) < 0)
		return -1;
	return state_commit(state, err);
}

int handover(struct state *state, struct object *o, const char *who, const char *side,
	long long undoes, struct arena *mem, const char **told, struct err *err)
{
	struct handing h = {mem, state, o, side, undoes};
	const char *from = object_authority(o, ATTR_NONE);

	if (o->known.id == 0)
		return err_set(
			err, ERR_FATAL, "flow %s has never run: run it first", o->flow->name);
	if (tell_all(&h, told, err) < 0)
		return -1;
	if (*told != NULL && object_find(o->flow, state, who, mem, o, err) < 0)
		return -1;
	if (transfer(&h, from, err) < 0)
		return -1;
	return object_find(o->flow, state, who, mem, o, err) < 0 ? -1 : 0;
}
