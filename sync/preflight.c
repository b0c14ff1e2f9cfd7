#include "sync/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/utf8.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/flow.h"
#include "sync/gather.h"

/* A source object in scope, and what the plan has for it. */
struct candidate {
	struct value name;
	bool mailbox, conflict;
	bool addressed;         /* somebody else has an address of it, and that is told */
	struct value target;    /* the id of its own contact; empty: none yet */
	struct value made_name; /* of a new one */
	struct value nickname;  /* that is written; empty: none is */
	struct value surname;
};

/* What the plan does with an object, by the key of its source id. */
struct fate {
	enum step_op op;
	struct value source_name, target_id, target_name, nickname;
	const char *code;    /* at the beginning of message, of a conflict; "" */
	const char *message; /* NULL */
	uint32_t object;     /* 1 and its number; 0: it is not in scope */
};

struct scan {
	struct preflight *out;
	struct state *state;
	struct arena *mem, *scratch; /* scratch is rewound after each entry */
	struct gather g;             /* what is no source entry */
	struct keys fate_of;         /* source keys */
	uint32_t n_fates;
	struct fate *fates;
	uint32_t n_objects, room;
	struct candidate *objects;
	struct keys owner;     /* of an address: who wants it first */
	struct keys employees; /* of an employeeID: the first one with a mailbox */
	unsigned found_room;
	struct err *err;
};

static void add(struct scan *s, struct notice f)
{
	struct preflight *out = s->out;
	struct notice *kept = arena_alloc(s->mem, sizeof(*kept));

	if (out->n == s->found_room) {
		const unsigned room = s->found_room > 0 ? 2 * s->found_room : 64;
		const struct notice **all = arena_alloc(s->mem, room * sizeof(const void *));
		for (unsigned i = 0; i < out->n; i++)
			all[i] = out->all[i];
		out->all = all;
		s->found_room = room;
	}
	f.code = f.code != NULL ? f.code : "";
	f.attribute = f.attribute != NULL ? f.attribute : "";
	f.object = value_copy(s->mem, f.object);
	f.other = value_copy(s->mem, f.other);
	f.what = arena_strdup(s->mem, f.what);
	f.does = arena_strdup(s->mem, f.does);
	*kept = f;
	out->all[out->n++] = kept;
	out->persons += f.person;
}

static const char *text(struct arena *mem, struct value v)
{
	return arena_copy(mem, v.data, v.len);
}

/* ---- the plan */

static struct value nickname_of(struct scan *s, const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->mods[i].attr == attr_named("mailNickname") && c->mods[i].n_add == 1)
			return value_copy(s->mem, c->mods[i].add[0]);
	}
	return (struct value){NULL, 0};
}

/* "E_WIPE" of "E_WIPE: text". */
static const char *code_of(struct arena *mem, const char *message)
{
	const size_t n = strspn(message, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return n > 2 && message[1] == '_' && message[n] == ':' ? arena_copy(mem, message, n) : "";
}

static void keep_fate(struct scan *s, const struct step *step)
{
	struct fate *f = &s->fates[s->n_fates];

	*f = (struct fate){.op = step->op,
		.source_name = value_copy(s->mem, step->source_name),
		.target_id = value_copy(s->mem, step->target_id),
		.target_name = value_copy(s->mem, step->target_name),
		.nickname = step->write ? nickname_of(s, &step->change) : (struct value){NULL, 0},
		.code = ""};
	if (step->op == STEP_CONFLICT) {
		f->message = arena_strdup(s->mem, step->message);
		f->code = code_of(s->mem, step->message);
	}
	keys_put(&s->fate_of, entry_key(step->source_id), s->n_fates++);
}

/* Each step of the plan; first only how many there are. */
static int read_plan(struct scan *s, struct plan *plan)
{
	struct step step;
	uint32_t place, n = 0;
	int rc = 0;

	for (int keep = 0; keep < 2 && rc == 0; keep++) {
		if (keep == 1)
			s->fates = arena_alloc(s->mem, n * sizeof(*s->fates));
		rc = plan_rewind(plan, s->err);
		while (rc >= 0 && (rc = plan_next(plan, s->scratch, &step, &place, s->err)) == 1) {
			n += step_shows(&step);
			if (keep == 1 && step_shows(&step))
				keep_fate(s, &step);
			arena_reset(s->scratch);
		}
	}
	return rc;
}

/* ---- the source */

static void tell_complaints(struct scan *s, const struct candidate *o, const struct desired *d)
{
	for (unsigned i = 0; i < d->n_complaints; i++) {
		const struct complaint *c = &d->complaints[i];
		struct notice f = {.kind = NOTICE_VALUE,
			.person = !c->warning,
			.code = c->code,
			.object = o->name,
			.attribute = c->attr != ATTR_NONE ? attr_name(c->attr) : "",
			.what = c->text,
			.does = ""};
		(void)notice_of_code(c->code, c->warning, &f.kind, &f.does);
		add(s, f);
	}
}

static bool complained_of(const struct desired *d, unsigned attr)
{
	for (unsigned i = 0; i < d->n_complaints; i++) {
		if (d->complaints[i].attr == attr)
			return true;
	}
	return false;
}

/* What the rules themselves shorten, without a complaint. */
static void tell_shortened(
	struct scan *s, const struct candidate *o, const struct desired *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		const struct wanted *w = &d->attrs[i];
		const struct value source = entry_first(e, w->attr);
		if (w->n != 1 || !attr_free_text(w->attr) || complained_of(d, w->attr) ||
			!notice_shortened(source, w->values[0]))
			continue;
		add(s, (struct notice){.kind = NOTICE_LONG,
			       .object = o->name,
			       .attribute = attr_name(w->attr),
			       .what = arena_printf(s->scratch,
				       "%s has %zu characters, the rules give the first %zu (%s)",
				       attr_name(w->attr), utf8_count(source.data, source.len),
				       utf8_count(w->values[0].data, w->values[0].len), w->line),
			       .does = "written shortened"});
	}
}

/* A name or an alias that the plan varies. */
static void tell_taken(struct scan *s, const struct candidate *o, const struct desired *d)
{
	const struct wanted *alias = desired_get(d, attr_named("mailNickname"));
	const struct value plain = value_of(arena_printf(s->scratch, "%s,%s",
		text(s->scratch, d->rdn), text(s->scratch, s->out->flow->into)));

	if (o->made_name.len > 0 && d->rdn.len > 0 && !dn_text_equal(plain, o->made_name))
		add(s, (struct notice){.kind = NOTICE_TAKEN,
			       .object = o->name,
			       .other = plain,
			       .what = "another entry has this name",
			       .does = arena_printf(
				       s->scratch, "made as %s", text(s->scratch, o->made_name))});
	if (o->nickname.len > 0 && alias != NULL && alias->n == 1 &&
		!value_same(alias->values[0], o->nickname))
		add(s, (struct notice){.kind = NOTICE_TAKEN,
			       .code = "E_NICK_DUP",
			       .object = o->name,
			       .attribute = "mailNickname",
			       .what = arena_printf(s->scratch, "another entry has the alias %s",
				       text(s->scratch, alias->values[0])),
			       .does = arena_printf(s->scratch, "written as %s",
				       text(s->scratch, o->nickname))});
}

/* What becomes of two objects that want one address. */
static const char *of_two(struct scan *s, const struct candidate *a, const struct candidate *b)
{
	if (a->conflict && b->conflict)
		return "neither is written until it is corrected";
	if (a->conflict || b->conflict)
		return arena_printf(s->scratch, "%s is not written until it is corrected",
			text(s->scratch, a->conflict ? a->name : b->name));
	return "both are as they are, or one gives the address up in this run";
}

static void tell_duplicate(
	struct scan *s, struct candidate *o, struct candidate *first, const struct claim *claim)
{
	o->addressed = first->addressed = true;
	add(s, (struct notice){.kind = NOTICE_DUPLICATE,
		       .person = true,
		       .code = "E_PROXY_DUP",
		       .object = first->name,
		       .other = o->name,
		       .what = arena_printf(s->scratch, "%s%s: both in %s",
			       claim->sip ? "sip:" : "", text(s->scratch, claim->address),
			       s->out->flow->source),
		       .does = of_two(s, first, o)});
}

/* Whose the addresses are, and the number that a person has in the company's lists. */
static void own_addresses(
	struct scan *s, uint32_t number, const struct desired *d, const struct entry *e)
{
	const unsigned employee = attr_named("employeeID");
	const struct value id = entry_first(e, employee);
	struct candidate *o = &s->objects[number];
	struct claim *claims;
	const unsigned n = claims_wanted(s->scratch, s->out->flow, d, &claims);
	uint32_t first;

	for (unsigned i = 0; i < n; i++) {
		if (keys_get(&s->owner, claims[i].key, &first))
			tell_duplicate(s, o, &s->objects[first], &claims[i]);
		else
			keys_put(&s->owner, claims[i].key, number);
	}
	if (o->mailbox && id.len > 0 && !keys_has(&s->employees, join_hash(employee, id)))
		keys_put(&s->employees, join_hash(employee, id), number);
}

static struct candidate *new_object(struct scan *s, const struct entry *e)
{
	if (s->n_objects == s->room) {
		const uint32_t room = s->room > 0 ? 2 * s->room : 256;
		struct candidate *bigger = arena_alloc(s->mem, room * sizeof(*bigger));
		if (s->n_objects > 0)
			memcpy(bigger, s->objects, s->n_objects * sizeof(*bigger));
		s->objects = bigger;
		s->room = room;
	}
	struct candidate *o = &s->objects[s->n_objects++];
	*o = (struct candidate){.name = value_copy(s->mem, e->name),
		.mailbox = notice_has_mailbox(e),
		.surname = value_copy(s->mem, entry_first(e, attr_named("sn")))};
	return o;
}

/* What the plan says of the object; what it says nothing of has its link. */
static int join_fate(struct scan *s, struct candidate *o, const struct entry *e)
{
	struct link link;
	uint32_t at;

	if (!keys_get(&s->fate_of, e->key, &at)) {
		const int rc =
			state_link(s->state, s->g.known.id, e->id, s->scratch, &link, s->err);
		if (rc == 1)
			o->target = value_copy(s->mem, link.target);
		return rc < 0 ? -1 : 0;
	}
	struct fate *f = &s->fates[at];
	f->object = s->n_objects;
	o->conflict = f->op == STEP_CONFLICT;
	o->target = f->target_id;
	o->nickname = f->nickname;
	if (f->op == STEP_ADD)
		o->made_name = f->target_name;
	return 0;
}

static int source_entry(struct scan *s, const struct entry *e)
{
	const struct flow *f = s->out->flow;
	const struct rule *rule =
		gather_excluded(&s->g, e) == NULL ? rules_scope(f->rules, e) : NULL;
	struct desired d;
	struct err fault = {0};

	if (rule == NULL)
		return 0;
	if (rules_map(s->scratch, rule, &f->env, e, &d, &fault) < 0 && fault.kind != ERR_ENTRY) {
		*s->err = fault;
		return -1;
	}
	struct candidate *o = new_object(s, e);
	if (join_fate(s, o, e) < 0)
		return -1;
	tell_complaints(s, o, &d);
	tell_shortened(s, o, &d, e);
	tell_taken(s, o, &d);
	own_addresses(s, s->n_objects - 1, &d, e);
	return 0;
}

/* ---- the target */

/* What an entry of the target has in common with one object. */
struct shared {
	uint32_t object;
	bool address;
	const char *by;
};

static void share(struct scan *s, struct shared *all, unsigned *n, uint32_t object, bool address,
	const char *by)
{
	unsigned i = 0;

	while (i < *n && all[i].object != object)
		i++;
	all[i] = (struct shared){object, address || (i < *n && all[i].address),
		i < *n ? arena_printf(s->scratch, "%s, %s", all[i].by, by) : by};
	*n += i == *n;
}

static unsigned find_shared(struct scan *s, const struct entry *e, struct shared **all)
{
	const unsigned employee = attr_named("employeeID");
	const struct value id = entry_first(e, employee);
	struct claim *claims;
	const unsigned n_claims = claims_held(s->scratch, e, &claims);
	unsigned n = 0;
	uint32_t object;

	*all = arena_alloc(s->scratch, (n_claims + 1) * sizeof(**all));
	/* Two companies may have given the same number to two people: these have other surnames. */
	if (notice_has_mailbox(e) && id.len > 0 &&
		keys_get(&s->employees, join_hash(employee, id), &object) &&
		utf8_same(s->objects[object].surname, entry_first(e, attr_named("sn"))))
		share(s, *all, &n, object, false,
			arena_printf(s->scratch, "employeeID %s", text(s->scratch, id)));
	for (unsigned i = 0; i < n_claims; i++) {
		if (keys_get(&s->owner, claims[i].key, &object))
			share(s, *all, &n, object, true,
				arena_printf(s->scratch, "%s%s", claims[i].sip ? "sip:" : "",
					text(s->scratch, claims[i].address)));
	}
	return n;
}

static void tell_shared(struct scan *s, const struct entry *e, const struct shared *shared)
{
	struct candidate *o = &s->objects[shared->object];
	const bool contact = entry_is(e, "contact");
	const bool two = o->mailbox && notice_has_mailbox(e);
	const char *target = s->out->flow->target;

	o->addressed |= shared->address;
	add(s, (struct notice){.kind = two       ? NOTICE_MAILBOXES
				       : contact ? NOTICE_IN_THE_WAY
						 : NOTICE_DUPLICATE,
		       .person = true,
		       .code = o->conflict ? "E_PROXY_DUP" : "",
		       .object = o->name,
		       .other = e->name,
		       .what = two ? arena_printf(s->scratch,
					     "a mailbox in %s too, the same person by %s", target,
					     shared->by)
				   : arena_printf(
					     s->scratch, "%s: there in %s", shared->by, target),
		       .does = !o->conflict ? "written beside it"
			       : contact ? "not written until the contact is gone or can be taken "
					   "over (adopt)"
					 : "not written while the other has the address"});
}

static int target_entry(struct scan *s, const struct entry *e)
{
	const struct flow *f = s->out->flow;
	const struct value marker = entry_first(e, f->marker);
	struct shared *all;

	/* Ours: what it has is its source's, or given up in this run. */
	if (marker.len >= f->marker_prefix.len &&
		memcmp(marker.data, f->marker_prefix.data, f->marker_prefix.len) == 0)
		return 0;
	const unsigned n = find_shared(s, e, &all);
	for (unsigned i = 0; i < n; i++) {
		if (!value_same(s->objects[all[i].object].target, e->id))
			tell_shared(s, e, &all[i]);
	}
	return 0;
}

/* ---- all of it */

static int read_side(struct scan *s, const struct config *config, const struct attr_set *wanted,
	int (*one)(struct scan *, const struct entry *))
{
	const struct query all = {.kind = QUERY_ALL, .wanted = wanted};
	struct connector *c = NULL;
	struct entry e;
	struct err ignored;
	int rc = connector_open(config, &c, s->err);

	if (rc == 0)
		rc = connector_read(c, &all, s->err);
	while (rc == 0 && (rc = connector_next(c, s->scratch, &e, s->err)) == 1) {
		rc = one(s, &e);
		arena_reset(s->scratch);
	}
	(void)connector_close(c, &ignored);
	return rc;
}

static int read_sides(struct scan *s)
{
	static const char *const more[] = {"objectClass", "employeeID", "sn", "homeMDB",
		"msExchMailboxGuid", "proxyAddresses", "targetAddress"};
	const struct flow *f = s->out->flow;
	struct attr_set source = {0}, target = {0};

	attr_set_join(s->mem, &source, &f->reads);
	attr_set_join(s->mem, &source, &f->writes);
	attr_set_add(s->mem, &source, f->marker);
	claims_reads(s->mem, &target);
	attr_set_add(s->mem, &target, f->marker);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		attr_set_add(s->mem, &source, attr_named(more[i]));
		attr_set_add(s->mem, &target, attr_named(more[i]));
	}
	if (read_side(s, f->source_config, &source, source_entry) < 0)
		return err_in(s->err, "source %s", f->source);
	if (read_side(s, f->target_config, &target, target_entry) < 0)
		return err_in(s->err, "target %s", f->target);
	return 0;
}

/* Was the conflict told already, by what the validators say or by whose the address is? */
static bool told(const struct scan *s, const struct fate *f)
{
	enum notice_kind kind;
	const char *does;

	if (f->object == 0)
		return false;
	return strcmp(f->code, "E_PROXY_DUP") == 0 ? s->objects[f->object - 1].addressed
						   : notice_of_code(f->code, false, &kind, &does);
}

/* What the plan alone knows: what is taken over, and conflicts that nothing told so far. */
static void tell_fates(struct scan *s)
{
	for (uint32_t i = 0; i < s->n_fates; i++) {
		const struct fate *f = &s->fates[i];
		if (f->op == STEP_LINK)
			add(s, (struct notice){.kind = NOTICE_ADOPTED,
				       .object = f->source_name,
				       .other = f->target_name,
				       .what = "found by a join",
				       .does = "taken over, and brought up to date"});
		if (f->op == STEP_CONFLICT && !told(s, f))
			add(s, (struct notice){.kind = NOTICE_CONFLICT,
				       .person = true,
				       .code = f->code,
				       .object = f->source_name,
				       .other = f->target_name,
				       .what = f->message,
				       .does = "left alone until it is solved"});
	}
}

static int scan(struct scan *s)
{
	const struct flow_options options = {.full = true};
	struct preflight *out = s->out;
	struct plan plan;
	int rc = flow_plan(out->flow, s->state, &options, s->mem, &plan, s->err);

	if (rc == 0)
		rc = read_plan(s, &plan);
	out->summary = plan.summary;
	out->n_cautions = plan.n_cautions;
	memcpy(out->cautions, plan.cautions, sizeof(out->cautions));
	s->g.known = plan.known;
	plan_free(&plan);
	if (rc < 0 ||
		state_managed(s->state, out->flow->reverse, out->flow->n_reverse, &s->g.managed,
			&s->g.n_managed, s->err) < 0 ||
		read_sides(s) < 0)
		return -1;
	tell_fates(s);
	out->objects = s->n_objects;
	if (out->n > 0)
		qsort(out->all, out->n, sizeof(const void *), notice_order);
	return 0;
}

int preflight_flow(const struct flow *flow, struct state *state, struct arena *mem,
	struct preflight *out, struct err *err)
{
	struct scan s = {.out = out,
		.state = state,
		.mem = mem,
		.scratch = arena_new(),
		.g = {.flow = flow},
		.err = err};

	*out = (struct preflight){.flow = flow};
	keys_init(&s.fate_of, 0, true);
	keys_init(&s.owner, 0, true);
	keys_init(&s.employees, 0, true);
	const int rc = scan(&s);
	keys_free(&s.fate_of);
	keys_free(&s.owner);
	keys_free(&s.employees);
	free(s.g.managed);
	arena_free(s.scratch);
	return rc;
}
