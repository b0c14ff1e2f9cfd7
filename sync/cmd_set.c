#include "sync/commands.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/claims.h"
#include "sync/gate.h"
#include "sync/object.h"

/* The gate for other services: one object, some attributes, and the side that wants to write. */
struct attempt {
	const struct request *request;
	struct arena *mem;
	struct setup setup;
	struct state *state;
	struct object o;
	bool source; /* the side is the flow's source */
	struct desired want;
	struct step step; /* what is written, or denied */
};

/* One of "ATTR=VALUE": values of the same attribute belong together; an empty one clears it. */
static int add_value(struct attempt *x, const char *word, struct err *err)
{
	const char *equals = strchr(word, '=');
	unsigned attr = attr_id(word, (size_t)(equals - word)), i = 0;
	struct value v = value_of(equals + 1);

	if (attr == ATTR_NONE)
		return err_set(err, ERR_FATAL, "set: %s: not an attribute", word);
	while (i < x->want.n && x->want.attrs[i].attr != attr)
		i++;
	struct wanted *w = &x->want.attrs[i];
	if (i == x->want.n) {
		*w = (struct wanted){.attr = attr, .line = "set"};
		w->values = arena_alloc(x->mem, (size_t)x->request->argc * sizeof(v));
		x->want.n++;
	} else if (v.len == 0 || w->n == 0) {
		return err_set(
			err, ERR_FATAL, "set: %s is cleared, or has values", attr_name(attr));
	}
	if (v.len > 0)
		w->values[w->n++] = v;
	return 0;
}

/* WHO ATTR=VALUE... [FLOW] */
static int parse(struct attempt *x, const char **flow, struct err *err)
{
	const struct request *q = x->request;

	*flow = NULL;
	x->want.attrs = arena_zalloc(x->mem, (size_t)(q->argc + 1) * sizeof(*x->want.attrs));
	for (int i = 1; i < q->argc; i++) {
		if (strchr(q->argv[i], '=') == NULL && *flow == NULL && i == q->argc - 1)
			*flow = q->argv[i];
		else if (strchr(q->argv[i], '=') == NULL)
			return err_set(err, ERR_FATAL, "set: %s: not ATTR=VALUE", q->argv[i]);
		else if (add_value(x, q->argv[i], err) < 0)
			return -1;
	}
	if (q->as == NULL || x->want.n == 0)
		return err_set(err, ERR_FATAL, "set: WHO, ATTR=VALUE and --as SIDE are needed");
	if (q->format != REPORT_TEXT && q->format != REPORT_JSON)
		return err_set(err, ERR_FATAL, "set: --format is text or json");
	return 0;
}

/* The one flow that is meant: which has the side, and the object in its source; else in its target.
 */
static int choose(struct attempt *x, const char *flow, struct err *err)
{
	const char *who = x->request->argv[0], *as = x->request->as;
	int n[2] = {0, 0};

	for (unsigned i = 0; i < x->setup.n; i++) {
		const struct flow *f = &x->setup.flows[i];
		struct object o = {.flow = f};
		if ((flow != NULL && strcmp(flow, f->name) != 0) ||
			(strcmp(as, f->source) != 0 && strcmp(as, f->target) != 0))
			continue;
		int rc = object_find(f, x->state, who, x->mem, &o, err);
		if (rc < 0)
			return -1;
		bool native = !o.in_source && !o.linked;
		if (rc == 1 && n[native]++ == 0 && (!native || n[0] == 0))
			x->o = o;
	}
	if (n[0] + n[1] == 0)
		return err_set(err, ERR_FATAL, "%s: no such object in a flow from or to %s%s%s",
			who, as, flow != NULL ? ": " : "", flow != NULL ? flow : "");
	if ((n[0] > 0 ? n[0] : n[1]) > 1)
		return err_set(err, ERR_FATAL, "%s: several flows have it: name the one", who);
	x->source = strcmp(as, x->o.flow->source) == 0;
	return 0;
}

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
		if (x->source && strcmp(whose, x->request->as) == 0 && touches_exception(x, w))
			whose = x->o.flow->target;
		if (strcmp(whose, x->request->as) != 0)
			s->denied[s->n_denied++] = (struct denied){.attr = w->attr,
				.removal = w->n == 0,
				.value = together(x->mem, w),
				.side = x->request->as,
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
		if (!value_among(w->attr, there->values[i], w->values, w->n))
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

/* The step: denials, or the change of the side's own entry. */
static int decide(struct attempt *x, struct err *err)
{
	static const struct rules_env no_env = {0};
	const struct object *o = &x->o;
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
		return err_set(err, ERR_FATAL, "%s: it has no entry in %s", x->request->argv[0],
			x->request->as);
	s->change = (struct change){.op = CHANGE_MODIFY, .id = e->id, .name = e->name};
	s->change.mods = arena_zalloc(x->mem, x->want.n * sizeof(*s->change.mods));
	s->lines = arena_zalloc(x->mem, x->want.n * sizeof(*s->lines));
	for (unsigned i = 0; i < x->want.n; i++)
		add_mod(x, e, &x->want.attrs[i]);
	s->write = s->change.n > 0;
	/* Last, for it may make other values of these. The domains of the configuration are those
	 * that the source owns. */
	return rules_check(x->mem, x->source ? &o->flow->env : &no_env, e, &x->want, err);
}

/* One address belongs to one object: who else in the directory has one that the entry is to get? */
static int check_holders(struct attempt *x, struct connector *c, struct err *err)
{
	const struct entry *e = x->source ? &x->o.source : &x->o.target;
	struct attr_set looks = {0};
	const struct query all = {.kind = QUERY_ALL, .wanted = &looks};
	struct arena *scratch = arena_new();
	struct claim *before, *after, *held = NULL;
	struct entry new, other;

	entry_copy(x->mem, &new, e);
	change_apply(x->mem, &new, &x->step.change);
	const unsigned n_before = claims_held(x->mem, e, &before);
	const unsigned n_after = claims_held(x->mem, &new, &after);
	claims_reads(x->mem, &looks);
	int rc = connector_read(c, &all, err);
	while (rc == 0 && (rc = connector_next(c, scratch, &other, err)) == 1) {
		unsigned n = value_same(other.id, e->id) ? 0 : claims_held(scratch, &other, &held);
		rc = 0;
		for (unsigned i = 0; i < n_after && rc == 0; i++) {
			if (claims_key(held, n, after[i].key) &&
				!claims_key(before, n_before, after[i].key))
				rc = err_set(err, ERR_FATAL, "E_PROXY_DUP: %.*s is held by %s",
					(int)after[i].address.len, after[i].address.data,
					report_value(scratch, other.name));
		}
		arena_reset(scratch);
	}
	arena_free(scratch);
	return rc;
}

static int write_change(struct attempt *x, struct err *err)
{
	const struct flow *f = x->o.flow;
	struct connector *c = NULL;
	struct outcome outcome;
	struct err closing;
	int rc = connector_open(x->source ? f->source_config : f->target_config, &c, err);

	if (rc == 0)
		rc = check_holders(x, c, err);
	if (rc == 0)
		rc = gate_set(c, &x->o, x->request->as, &x->step.change, &outcome, x->mem, err);
	if (rc == 0 && outcome.kind != OUTCOME_DONE) {
		*err = outcome.err;
		rc = -1;
	}
	if (connector_close(c, &closing) < 0 && rc == 0) {
		*err = closing;
		rc = -1;
	}
	return rc;
}

/* Denials wait in the state; what was set settles those of its attributes. */
static int remember(struct attempt *x, struct err *err)
{
	const struct value name = object_entry(&x->o)->name;
	struct flow_state *known = &x->o.known;
	struct step *s = &x->step;

	if (state_begin(x->state, err) < 0)
		return -1;
	if (known->id == 0 && s->n_denied > 0 &&
		state_put_flow(x->state, x->o.flow->name, known, err) < 0)
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
		if (state_put_refusal(x->state, known->id, &p, err) < 0)
			return -1;
	}
	for (unsigned i = 0; i < x->want.n && s->n_denied == 0; i++) {
		if (state_drop_refusals(x->state, known->id, x->o.id,
			    attr_name(x->want.attrs[i].attr), NULL, err) < 0)
			return -1;
	}
	return state_commit(x->state, err);
}

static int set(struct attempt *x, const char *flow, struct err *err)
{
	if (choose(x, flow, err) < 0 || decide(x, err) < 0 ||
		(x->step.write && write_change(x, err) < 0) || remember(x, err) < 0)
		return -1;
	struct report r = {.format = x->request->format, .out = stdout};
	if (report_set(&r, x->o.flow, x->request->as, &x->step, err) < 0)
		return -1;
	return x->step.n_denied > 0 ? EXIT_PARTIAL : EXIT_GOOD;
}

int command_set(struct arena *mem, const struct request *q, struct err *err)
{
	struct attempt x = {.request = q, .mem = mem};
	const char *flow;
	int code = -1;

	if (parse(&x, &flow, err) == 0 && setup_load(mem, q->config, &x.setup, err) == 0 &&
		state_open(x.setup.state, true, &x.state, err) == 0)
		code = set(&x, flow, err);
	/* What cannot be written is not what was denied: EXIT_PARTIAL says that. */
	if (code < 0 && err->kind == ERR_ENTRY)
		err->kind = ERR_FATAL;
	state_close(x.state);
	return code;
}
