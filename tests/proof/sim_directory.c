#include "tests/proof/sim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/connector.h"
#include "connectors/local.h"

struct world *sim_world;

/* A directory that is open. */
struct handle {
	struct connector connector;
	struct world *world;
	struct sim_side *side;
	unsigned number; /* of the side */
	struct query query;
	struct sim_dir shown; /* what this read gives, in its order */
	struct sim_dir begun; /* how the directory was when it began */
	const struct sim_dir *since;
	unsigned at, gone_at, cut; /* next; next of since; entries until it breaks, UINT_MAX */
	struct {
		const struct change *changes;
		struct outcome *out;
		size_t n;
		struct arena *mem;
	} fed; /* what has no outcome yet */
};

uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned dice_below(struct dice *d, unsigned n)
{
	return n == 0 ? 0 : (unsigned)((dice_next(d) >> 32) % n);
}

bool dice_chance(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

const struct fault *sim_fault(const struct world *w, enum fault_kind kind)
{
	for (unsigned i = 0; i < SIM_FAULTS; i++) {
		if (w->faults[i].kind == kind)
			return &w->faults[i];
	}
	return NULL;
}

static const struct fault *fault_of(const struct handle *h, enum fault_kind kind)
{
	const struct fault *f = sim_fault(h->world, kind);

	return f != NULL && f->side == h->number ? f : NULL;
}

static int broken(const struct handle *h, struct err *err)
{
	return err_set(err, ERR_BUSY, "%s: the connection broke", h->connector.label);
}

static int sim_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct world *w = sim_world;
	struct handle *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return err_set(err, ERR_BUSY, "out of memory");
	h->world = w;
	h->number = strcmp(config_title(cfg), "xyz") == 0;
	h->side = &w->sides[h->number];
	if (w->dead || fault_of(h, FAULT_OPEN) != NULL) {
		free(h);
		return err_set(err, ERR_BUSY, "%s: cannot be reached", config_title(cfg));
	}
	*out = &h->connector;
	return 0;
}

static int sim_close(struct connector *c, struct err *err)
{
	const bool dead = ((struct handle *)c)->world->dead;

	free(c);
	return dead ? err_set(err, ERR_BUSY, "killed") : 0;
}

static int sim_identity(
	struct connector *c, struct arena *mem, const char **identity, struct err *err)
{
	const struct handle *h = (const struct handle *)c;

	(void)err;
	*identity =
		arena_printf(mem, "%s-%d", c->label, fault_of(h, FAULT_IDENTITY) != NULL ? 2 : 1);
	return 0;
}

bool sim_identifies(const char *type)
{
	return connector_type(type)->identity != NULL;
}

/* ---- reading */

static void shuffle(struct sim_dir *d, struct dice *dice)
{
	for (unsigned i = d->n; i > 1; i--) {
		unsigned k = dice_below(dice, i);
		const struct entry *e = d->entries[i - 1];
		d->entries[i - 1] = d->entries[k];
		d->entries[k] = e;
	}
}

/* Containers stay: whoever may not see people sees those. */
static void shrink(struct handle *h, bool all, struct dice *dice)
{
	struct sim_dir *d = &h->shown;
	const unsigned percent = all ? 100 : 5 + dice_below(dice, 60), before = d->n;
	unsigned n = 0;

	for (unsigned i = 0; i < d->n; i++) {
		if (entry_first(d->entries[i], sim_attr(A_CN)).len == 0 ||
			!dice_chance(dice, percent))
			d->entries[n++] = d->entries[i];
	}
	d->n = n;
	h->side->lied |= n < before;
}

static int start_since(struct handle *h, struct err *err)
{
	char text[24];
	const struct query *q = &h->query;
	const size_t len = q->cookie.len < sizeof(text) ? q->cookie.len : 0;

	memcpy(text, q->cookie.data, len);
	text[len] = '\0';
	const unsigned long number = strtoul(text, NULL, 10);
	if (len == 0 || number >= h->side->n_past || fault_of(h, FAULT_EXPIRED) != NULL) {
		h->world->figures->expired++;
		return err_set(err, ERR_ENTRY, "%s: the cookie is of no use", h->connector.label);
	}
	h->since = h->side->past[number];
	return 0;
}

static int sim_read(struct connector *c, const struct query *q, struct err *err)
{
	struct handle *h = (struct handle *)c;
	const struct world *w = h->world;
	const struct fault *lie = fault_of(h, FAULT_SHRUNK), *empty = fault_of(h, FAULT_EMPTY);
	const struct fault *cut = fault_of(h, FAULT_CUT), *no = fault_of(h, FAULT_READ);
	const unsigned nth = h->side->reads++;
	struct dice order = {w->shuffle + nth * 2 + h->number};

	h->query = *q;
	h->at = h->gone_at = 0;
	h->since = NULL;
	h->begun = h->shown = h->side->now;
	h->cut = cut != NULL && cut->nth == nth ? cut->at : UINT_MAX;
	if (w->dead || (no != NULL && no->nth == nth)) {
		h->side->struck = true;
		return broken(h, err);
	}
	if (q->kind == QUERY_SINCE && start_since(h, err) < 0)
		return -1;
	shuffle(&h->shown, &order);
	if (q->kind == QUERY_ALL && (lie != NULL || empty != NULL)) {
		struct dice dice = {(lie != NULL ? lie : empty)->dice};
		/* The same ones in each read of the run. */
		h->shown = h->side->now;
		shrink(h, empty != NULL, &dice);
	}
	if (q->kind == QUERY_ALL)
		h->side->shown = h->shown.n;
	return 0;
}

static bool has_value(const struct entry *e, const struct wish *w)
{
	const struct attr *a = entry_get(e, w->attr);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (value_equal(w->attr, a->values[i], w->value) ||
			value_equal(sim_attr(A_MAIL), a->values[i], w->value))
			return true;
	}
	return false;
}

static bool is_wished(const struct query *q, const struct entry *e)
{
	for (size_t i = 0; i < q->n_wishes; i++) {
		const struct wish *w = &q->wishes[i];
		if ((w->by == WISH_ID && value_same(w->value, e->id)) ||
			(w->by == WISH_NAME && dn_text_equal(w->value, e->name)) ||
			(w->by == WISH_VALUE && has_value(e, w)))
			return true;
	}
	return false;
}

static bool was_there(const struct sim_dir *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->entries[i] == e)
			return true;
	}
	return false;
}

static bool has_id(const struct sim_dir *d, struct value id)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (value_same(d->entries[i]->id, id))
			return true;
	}
	return false;
}

static bool is_asked_for(const struct handle *h, const struct entry *e)
{
	if (h->query.kind == QUERY_ALL)
		return true;
	if (h->since != NULL && !was_there(h->since, e))
		return true;
	return is_wished(&h->query, e);
}

/* Of file connectors: they know a digest of everything. */
static uint64_t digest_of(const struct entry *e)
{
	return hash_bytes(e->name.data, e->name.len, entry_digest(e, NULL));
}

static bool is_file(const struct handle *h)
{
	return (h->connector.type->can & CAN_FIND) == 0;
}

/* As a server does: only what was asked for. */
static void give(const struct handle *h, struct arena *mem, const struct entry *from,
	struct entry *e, bool all)
{
	const struct query *q = &h->query;
	struct dice dice = {h->world->shuffle ^ from->key};

	*e = *from;
	e->attrs = arena_alloc(mem, (from->n + 1) * sizeof(*e->attrs));
	e->n = 0;
	e->digest = is_file(h) && q->digests ? digest_of(from) : 0;
	e->partial = !all && is_file(h) && q->partial && q->digests;
	for (unsigned i = 0; i < from->n && !e->partial; i++) {
		struct attr *a = &e->attrs[e->n];
		if (!is_file(h) && q->wanted != NULL && !attr_set_has(q->wanted, from->attrs[i].id))
			continue;
		*a = from->attrs[i];
		a->values = arena_alloc(mem, a->n * sizeof(*a->values));
		const unsigned turn = dice_below(&dice, a->n);
		for (unsigned k = 0; k < a->n; k++)
			a->values[k] = from->attrs[i].values[(k + turn) % a->n];
		e->n++;
	}
}

static int sim_fill(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	const struct handle *h = (const struct handle *)c;

	if (h->world->dead)
		return broken(h, err);
	give(h, mem, h->shown.entries[h->at - 1], e, true);
	return 0;
}

static int sim_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct handle *h = (struct handle *)c;

	while (h->at < h->shown.n) {
		const struct entry *there = h->shown.entries[h->at++];
		if (h->world->dead || h->cut-- == 0) {
			h->side->struck = true;
			return broken(h, err);
		}
		if (is_asked_for(h, there)) {
			give(h, mem, there, e, false);
			return 1;
		}
	}
	while (h->since != NULL && h->gone_at < h->since->n) {
		const struct entry *was = h->since->entries[h->gone_at++];
		if (!has_id(&h->begun, was->id)) {
			*e = (struct entry){
				.id = was->id, .key = was->key, .name = was->name, .gone = true};
			return 1;
		}
	}
	return 0;
}

/* A file's cookie is what was read, a server's the moment. */
static int sim_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	struct handle *h = (struct handle *)c;
	struct sim_side *s = h->side;

	if (h->world->dead || s->n_past == SIM_PAST)
		return broken(h, err);
	s->past[s->n_past] = arena_alloc(h->world->mem, sizeof(struct sim_dir));
	*s->past[s->n_past] = is_file(h) ? h->shown : h->begun;
	*cookie = value_of(arena_printf(mem, "%u", s->n_past++));
	return 0;
}

/* ---- writing */

static const char *refused_reference(const struct handle *h, const struct change *c)
{
	if ((h->connector.type->can & NEEDS_REFERRED) == 0)
		return NULL;
	for (unsigned i = 0; i < c->n; i++) {
		for (unsigned k = 0; k < c->mods[i].n_add; k++) {
			if (local_refers(c->mods[i].attr) &&
				sim_find(&h->side->now, c->mods[i].add[k]) < 0)
				return "refers to nobody";
		}
	}
	return NULL;
}

static void note(struct handle *h, const struct entry *before, const struct entry *after)
{
	struct world *w = h->world;

	if (w->n_audits == SIM_AUDITS)
		abort();
	w->audits[w->n_audits++] = (struct audit){h->number, before, after};
}

static const char *do_add(struct handle *h, const struct change *c, struct value *id)
{
	struct world *w = h->world;
	const unsigned id_attr = sim_attr(A_GUID);
	struct change all = local_complete(w->mem, id_attr, c);
	const int there = sim_find(&h->side->now, c->name);
	struct entry *e = arena_zalloc(w->mem, sizeof(*e)), copy = {0};

	if (there >= 0) {
		*id = h->side->now.entries[there]->id;
		return local_added(w->mem, id_attr, h->side->now.entries[there], &all)
			       ? NULL
			       : "exists already";
	}
	if (sim_find(&h->side->now, dn_parent(c->name)) < 0)
		return "its parent does not exist";
	const char *why = refused_reference(h, c);
	if (why != NULL)
		return why;
	change_apply(w->mem, &copy, &all);
	entry_copy(w->mem, e, &copy);
	struct value guid = sim_guid(w);
	entry_put(w->mem, e, id_attr, &guid, 1);
	sim_insert(w, h->number, e);
	*id = e->id;
	note(h, NULL, e);
	return NULL;
}

/* A server notices that a value to take away is not there; when all is as it shall be, it was done
 * before. */
static bool changed_meanwhile(const struct entry *e, const struct change *c)
{
	bool missing = false, done = true;

	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		for (unsigned k = 0; k < m->n_remove; k++) {
			bool there = entry_has(e, m->attr, m->remove[k]);
			bool back = false;
			for (unsigned l = 0; l < m->n_add; l++)
				back |= value_equal(m->attr, m->add[l], m->remove[k]);
			missing |= !there;
			done &= !there || back;
		}
		for (unsigned k = 0; k < m->n_add; k++)
			done &= entry_has(e, m->attr, m->add[k]);
	}
	return missing && !done;
}

static const char *do_modify(struct handle *h, const struct change *c, struct value *id)
{
	struct world *w = h->world;
	const bool rename = c->new_name.len > 0;
	int at = sim_find(&h->side->now, c->name);
	const int there = rename ? sim_find(&h->side->now, c->new_name) : -1;
	struct change rest = *c;

	if (at < 0 && there >= 0 &&
		local_renamed(w->mem, sim_attr(A_GUID), h->side->now.entries[there], c))
		at = there;
	if (at < 0)
		return "does not exist";
	if (there >= 0 && there != at)
		return "its new name exists already";
	if (rename && sim_find(&h->side->now, dn_parent(c->new_name)) < 0)
		return "its new parent does not exist";
	const struct entry *before = h->side->now.entries[at];
	/* Two operations, of which the second may fail. */
	if (rename)
		sim_rename(w, h->number, (unsigned)at, c->new_name);
	rest.new_name = (struct value){NULL, 0};
	const char *why = refused_reference(h, c);
	if (why == NULL && changed_meanwhile(h->side->now.entries[at], c))
		why = "was changed meanwhile";
	if (why != NULL && !rename)
		return why;
	struct entry *e = sim_edit(w, h->number, (unsigned)at), copy;
	if (why == NULL)
		change_apply(w->mem, e, &rest);
	entry_copy(w->mem, &copy, e);
	*e = copy;
	*id = e->id;
	note(h, before, e);
	return why;
}

static const char *do_delete(struct handle *h, const struct change *c, struct value *id)
{
	const struct sim_dir *d = &h->side->now;
	const int at = sim_find(d, c->name);

	*id = c->id;
	if (at < 0)
		return NULL;
	for (unsigned i = 0; i < d->n; i++) {
		if (dn_text_equal(dn_parent(d->entries[i]->name), c->name))
			return "has entries below it";
	}
	note(h, d->entries[at], NULL);
	sim_remove(h->world, h->number, (unsigned)at);
	return NULL;
}

static void write_one(struct handle *h, const struct change *c, struct outcome *out)
{
	static const char *(*const todo[])(
		struct handle *, const struct change *, struct value *) = {
		[CHANGE_ADD] = do_add,
		[CHANGE_MODIFY] = do_modify,
		[CHANGE_DELETE] = do_delete,
	};
	struct figures *f = h->world->figures;
	const unsigned at = h->world->changes++;
	const struct fault *fail = sim_fault(h->world, FAULT_FAIL),
			   *done = sim_fault(h->world, FAULT_LOST_DONE),
			   *lost = sim_fault(h->world, FAULT_LOST),
			   *mixed = sim_fault(h->world, FAULT_MIXED);
	struct dice dice = {mixed != NULL ? mixed->dice + at : 0};
	const unsigned how = mixed != NULL ? dice_below(&dice, 6) : 0;
	const bool fails = (fail != NULL && fail->at == at) || how == 1;
	const bool unsaid = (lost != NULL && lost->at == at) || how == 2;
	const bool unheard = (done != NULL && done->at == at) || how == 3;
	const char *why = "was refused";

	*out = (struct outcome){.kind = OUTCOME_DONE};
	if (!fails && !unsaid)
		why = todo[c->op](h, c, &out->id);
	if (why != NULL)
		out->kind = OUTCOME_FAILED;
	if (unsaid || unheard)
		out->kind = OUTCOME_UNKNOWN;
	f->writes++;
	f->lost += unsaid || unheard;
	f->failures += out->kind == OUTCOME_FAILED;
	h->world->failed += out->kind != OUTCOME_DONE;
	if (out->kind != OUTCOME_DONE)
		err_set(&out->err, ERR_ENTRY, "%.*s: %s", (int)c->name.len, c->name.data,
			why != NULL ? why : "no answer");
}

static int write_some(struct handle *h, const struct change *changes, struct outcome *out, size_t n,
	struct arena *mem, struct err *err)
{
	struct world *w = h->world;
	const struct fault *busy = sim_fault(w, FAULT_BUSY), *kill = sim_fault(w, FAULT_KILL);

	if (w->dead)
		return broken(h, err);
	for (size_t i = 0; i < n; i++) {
		if ((busy != NULL && busy->at == w->changes) ||
			(kill != NULL && kill->at == w->changes)) {
			w->dead = kill != NULL;
			return broken(h, err);
		}
		write_one(h, &changes[i], &out[i]);
		out[i].id = value_copy(mem, out[i].id);
		const int at = changes[i].op == CHANGE_ADD && is_file(h)
				       ? sim_find(&h->side->now, changes[i].name)
				       : -1;
		if (at >= 0 && out[i].kind == OUTCOME_DONE)
			out[i].digest = digest_of(h->side->now.entries[at]);
	}
	return 0;
}

/* What was fed comes to its end, one by one: where that breaks, nobody knows of the others. */
static int end_fed(struct handle *h, struct err *err)
{
	const size_t n = h->fed.n;
	int rc = 0;

	h->fed.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct outcome *o = &h->fed.out[i];
		if (rc == 0)
			rc = write_some(h, &h->fed.changes[i], o, 1, h->fed.mem, err);
		if (rc < 0)
			*o = (struct outcome){.kind = OUTCOME_UNKNOWN, .err = *err};
	}
	return rc;
}

static int sim_write(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	struct handle *h = (struct handle *)c;

	return end_fed(h, err) < 0 ? -1 : write_some(h, changes, out, n, mem, err);
}

/* The last two are still under way when it returns. */
static int sim_feed(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	struct handle *h = (struct handle *)c;
	const size_t held = n < 2 ? n : 2;

	if (end_fed(h, err) < 0 || write_some(h, changes, out, n - held, mem, err) < 0)
		return -1;
	h->fed.changes = changes + n - held;
	h->fed.out = out + n - held;
	h->fed.n = held;
	h->fed.mem = mem;
	return 0;
}

/* ---- the types: each with what the real one of its name can do */

static const struct setting settings[] = {{NULL, SETTING_TEXT, NULL, NULL, NULL}};

#define FUNCTIONS                                                                      \
	.help = "simulated", .settings = settings, .open = sim_open, .read = sim_read, \
	.next = sim_next, .fill = sim_fill, .cookie = sim_cookie, .write = sim_write,  \
	.close = sim_close

extern const struct connector_type sim_ldif, sim_csv, sim_mem, sim_ldap, sim_ad, sim_scim, sim_exo;

const struct connector_type sim_ldif = {.name = "ldif", .can = CAN_WRITE | CAN_SINCE, FUNCTIONS};
const struct connector_type sim_csv = {.name = "csv", .can = CAN_SINCE, FUNCTIONS};
const struct connector_type sim_mem = {
	.name = "mem", .can = CAN_WRITE | CAN_FIND, .identity = sim_identity, FUNCTIONS};
const struct connector_type sim_ldap = {.name = "ldap",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_CONFIRM,
	.identity = sim_identity,
	FUNCTIONS};
const struct connector_type sim_ad = {.name = "ad",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_CONFIRM | CAN_BESIDE | NEEDS_REFERRED,
	.identity = sim_identity,
	.feed = sim_feed,
	FUNCTIONS};
const struct connector_type sim_scim = {.name = "scim", .can = CAN_SINCE, FUNCTIONS};
const struct connector_type sim_exo = {.name = "exo", .can = CAN_SINCE, FUNCTIONS};
