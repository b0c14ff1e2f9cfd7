#include "sync/attempt.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "connectors/connector.h"
#include "rules/address.h"
#include "sync/authority.h"
#include "sync/claims.h"
#include "sync/commands.h"
#include "sync/gains.h"
#include "sync/gate.h"
#include "sync/reach.h"
#include "sync/single.h"
#include "sync/trust.h"

/* Of a value that was denied history tells so many characters. */
#define TOLD 200

/* A SIP address in proxyAddresses has an authority of its own: does it come, or go? */
static bool touches_exception(const struct attempt *x, const struct wanted *w)
{
	const struct attr *there = entry_get(&x->o.source, w->attr);
	const unsigned n_there = there != NULL ? there->n : 0;

	for (unsigned i = 0; i < w->n + n_there; i++) {
		struct value v = i < w->n ? w->values[i] : there->values[i - w->n];
		bool stays = value_among(w->attr, v, w->values, w->n) && n_there > 0 &&
			     value_among(w->attr, v, there->values, n_there);
		if (!stays && authority_excepts(x->o.flow, x->o.side, w->attr, v))
			return true;
	}
	return false;
}

/* The values of an attempt, as one. */
static struct value together(struct arena *mem, const struct wanted *w)
{
	struct buf b = {0};

	for (unsigned i = 0; i < w->n; i++) {
		buf_puts(&b, i > 0 ? "; " : "");
		buf_add(&b, w->values[i].data, w->values[i].len);
	}
	struct value v = {arena_copy(mem, b.data != NULL ? b.data : "", b.len), b.len};
	buf_free(&b);
	return v;
}

/* What the side may not say. */
static void deny(struct attempt *x)
{
	struct step *s = &x->step;

	for (unsigned i = 0; i < x->want.n; i++) {
		const struct wanted *w = &x->want.attrs[i];
		const char *whose = object_authority(&x->o, w->attr);
		if (x->source && strcmp(whose, x->as) == 0 && touches_exception(x, w))
			whose = x->o.flow->target;
		if (strcmp(whose, x->as) != 0)
			s->denied[s->n_denied++] = (struct denied){.attr = w->attr,
				.removal = w->n == 0,
				.value = together(x->mem, w),
				.side = x->as,
				.authority = whose,
				.rule = object_why(&x->o, w->attr)};
	}
}

/* Old values go by name, so that one that came meanwhile is noticed and stays. */
static void add_mod(struct attempt *x, const struct entry *e, const struct wanted *w)
{
	const struct attr *there = entry_get(e, w->attr);
	const unsigned n_there = there != NULL ? there->n : 0;
	struct mod m = {.attr = w->attr};

	m.remove = arena_alloc(x->mem, n_there * sizeof(*m.remove));
	m.add = arena_alloc(x->mem, w->n * sizeof(*m.add));
	for (unsigned i = 0; i < n_there; i++) {
		if (!value_among(w->attr, there->values[i], w->values, w->n) &&
			(x->undoes != 0 ||
				!reach_stays(w->attr, there->values[i], w->values, w->n)))
			m.remove[m.n_remove++] = there->values[i];
	}
	for (unsigned i = 0; i < w->n; i++) {
		if (!value_among(
			    w->attr, w->values[i], there != NULL ? there->values : NULL, n_there))
			m.add[m.n_add++] = w->values[i];
	}
	if (m.n_remove > 0 || m.n_add > 0)
		x->step.change.mods[x->step.change.n++] = m;
}

/* What cannot be written is not what was denied: EXIT_PARTIAL says that. */
static int fail(struct err *err)
{
	if (err->kind == ERR_ENTRY)
		err->kind = ERR_FATAL;
	return -1;
}

/* A service that lost a value says "mail=" before it says what was meant. An undo may: it takes
 * back what a `set` wrote. */
static int check_wipe(const struct attempt *x, const struct entry *e, struct err *err)
{
	const struct change *c = &x->step.change;

	for (unsigned i = 0; i < c->n && x->undoes == 0; i++) {
		if (reach_lost(&c->mods[i], e))
			return err_set(err, ERR_FATAL,
				"E_WIPE: set does not empty %s: where it shall be empty, it is "
				"emptied in %s",
				attr_name(c->mods[i].attr), x->as);
	}
	return 0;
}

int attempt_decide(struct attempt *x, struct err *err)
{
	static const struct rules_env no_env = {0};
	const struct object *o = &x->o;

	x->source = strcmp(x->as, o->flow->source) == 0;
	const struct entry *e = x->source ? &o->source : &o->target;
	struct step *s = &x->step;

	*s = (struct step){.op = STEP_MODIFY,
		.number = 10,
		.source_id = o->source.id,
		.source_name = o->source.name,
		.target_id = o->target.id,
		.target_name = o->target.name};
	for (unsigned i = 0; i < x->want.n; i++) {
		unsigned attr = x->want.attrs[i].attr;
		if (!gate_settable(x->mem, o, x->source, attr))
			return err_set(err, ERR_FATAL,
				"set: %s: flow %s does not %s it, or nobody may", attr_name(attr),
				o->flow->name, x->source ? "read" : "write");
	}
	s->denied = arena_alloc(x->mem, x->want.n * sizeof(*s->denied));
	deny(x);
	if (s->n_denied > 0)
		return 0;
	if (!(x->source ? o->in_source : o->in_target))
		return err_set(err, ERR_FATAL, "%s: it has no entry in %s", x->who, x->as);
	s->change = (struct change){.op = CHANGE_MODIFY, .id = e->id, .name = e->name};
	s->change.mods = arena_zalloc(x->mem, x->want.n * sizeof(*s->change.mods));
	s->lines = arena_zalloc(x->mem, x->want.n * sizeof(*s->lines));
	for (unsigned i = 0; i < x->want.n; i++)
		add_mod(x, e, &x->want.attrs[i]);
	s->write = s->change.n > 0;
	if (check_wipe(x, e, err) < 0)
		return -1;
	/* Last, for it may make other values of these. The domains of the configuration are those
	 * that the source owns. */
	if (rules_check(x->mem, x->source ? &o->flow->env : &no_env, e, &x->want, err) < 0)
		return fail(err);
	return 0;
}

static int refuse(void *with, uint32_t taker, const struct claim *claim, const struct entry *holder,
	struct err *err)
{
	const struct attempt *x = with;

	(void)taker;
	return err_set(err, ERR_FATAL, "%s", gains_say(x->mem, claim, holder));
}

/* Who else in the directory has an address that the entry is to get? */
static int check_holders(struct attempt *x, struct connector *c, struct err *err)
{
	const struct entry *e = x->source ? &x->o.source : &x->o.target;
	struct claim *claims;
	struct gains g;

	const unsigned n = claims_gained(x->mem, e, &x->step.change, &claims);
	gains_init(&g);
	for (unsigned i = 0; i < n; i++)
		gains_add(&g, &claims[i], e, 0);
	const int rc = gains_ask(&g, c, refuse, x, err);
	gains_free(&g);
	return rc;
}

/* What was refused of these attributes is settled. */
static int settle(struct attempt *x, struct err *err)
{
	for (unsigned i = 0; i < x->want.n; i++) {
		if (state_drop_refusals(x->state, x->o.known.id, x->o.id,
			    attr_name(x->want.attrs[i].attr), NULL, err) < 0)
			return -1;
	}
	return 0;
}

/* What became of it, and of what was refused before. */
static int note(struct attempt *x, struct single *s, int code, struct err *err)
{
	if (state_begin(x->state, err) < 0 || single_note(s, x->state, &x->o, code, err) < 0 ||
		(s->outcome.kind == OUTCOME_DONE && settle(x, err) < 0))
		return -1;
	return state_commit(x->state, err);
}

static int write_change(struct attempt *x, struct err *err)
{
	const struct flow *f = x->o.flow;
	const struct config *config = x->source ? f->source_config : f->target_config;
	struct single w = {.run.id = 0};
	struct connector *c = NULL;
	struct err closing, noting;
	int rc = connector_open(config, &c, err);

	if (rc == 0)
		rc = trust_directory(x->state, c, config, x->mem, err);
	if (rc == 0)
		rc = check_holders(x, c, err);
	if (rc == 0)
		rc = single_intend(
			&w, x->state, &x->o, &x->step.change, x->as, x->undoes, x->mem, err);
	const bool intended = rc == 0;
	if (intended)
		rc = gate_set(c, &x->o, x->as, &x->step.change, &w.outcome, x->mem, err);
	if (rc == 0 && w.outcome.kind != OUTCOME_DONE) {
		*err = w.outcome.err;
		rc = -1;
	}
	if (connector_close(c, &closing) < 0 && rc == 0) {
		*err = closing;
		rc = -1;
	}
	if (rc < 0)
		rc = fail(err);
	if (intended && note(x, &w, rc < 0 ? exit_of(err) : EXIT_GOOD, &noting) < 0 && rc == 0) {
		*err = noting;
		rc = -1;
	}
	return rc;
}

/* "denied: CN=Ann,...: title "Boss", mail removed". */
static const char *attempted(const struct attempt *x, const char *name)
{
	const struct step *s = &x->step;
	struct buf b = {0};

	if (x->undoes != 0)
		buf_printf(&b, "undo of run %lld ", x->undoes);
	buf_printf(&b, "denied: %s:", name);
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		buf_printf(&b, "%s %s ", i > 0 ? "," : "", attr_name(d->attr));
		if (d->removal)
			buf_puts(&b, "removed");
		else
			buf_printf(&b, "\"%s\"", report_value(x->mem, utf8_cut(d->value, TOLD)));
	}
	const char *text = arena_printf(x->mem, "%s", b.data);
	buf_free(&b);
	return text;
}

/* Denials wait in the state. What was denied before, and still waits, makes no run again: services
 * try for ever. */
static int put_denials(struct attempt *x, struct err *err)
{
	bool new = false;

	const struct value name = object_entry(&x->o)->name;
	struct flow_state *known = &x->o.known;
	const struct step *s = &x->step;

	if (known->id == 0 && state_put_flow(x->state, x->o.flow->name, known, err) < 0)
		return -1;
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		const struct pending p = {.source = x->o.id,
			.name = report_value(x->mem, name),
			.attribute = attr_name(d->attr),
			.value = d->removal ? NULL : report_value(x->mem, d->value),
			.side = d->side,
			.authority = d->authority,
			.rule = d->rule,
			.since = (long long)time(NULL)};
		const int rc = state_put_refusal(x->state, known->id, &p, err);
		if (rc < 0)
			return -1;
		new |= rc == 1;
	}
	if (!new)
		return 0;
	return single_deny(x->state, &x->o, x->as, s->n_denied,
		attempted(x, report_value(x->mem, name)), x->mem, err);
}

int attempt_apply(struct attempt *x, struct err *err)
{
	x->done = x->step.n_denied == 0;
	if (x->step.write)
		return write_change(x, err);
	if (state_begin(x->state, err) < 0 || (x->done ? settle(x, err) : put_denials(x, err)) < 0)
		return -1;
	return state_commit(x->state, err);
}
