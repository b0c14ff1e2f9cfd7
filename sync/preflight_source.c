#include "sync/preflight_scan.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/utf8.h"
#include "sync/authority.h"
#include "sync/claims.h"
#include "sync/row.h"
#include "sync/sides.h"

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
		preflight_add(s, f);
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
		preflight_add(s,
			(struct notice){.kind = NOTICE_LONG,
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
	const struct value plain =
		value_of(arena_printf(s->scratch, "%s,%s", preflight_text(s->scratch, d->rdn),
			preflight_text(s->scratch, s->out->flow->into)));

	if (o->made_name.len > 0 && d->rdn.len > 0 && !dn_text_equal(plain, o->made_name))
		preflight_add(s, (struct notice){.kind = NOTICE_TAKEN,
					 .object = o->name,
					 .other = plain,
					 .what = "another entry has this name",
					 .does = arena_printf(s->scratch, "made as %s",
						 preflight_text(s->scratch, o->made_name))});
	if (o->nickname.len > 0 && alias != NULL && alias->n == 1 &&
		!value_same(alias->values[0], o->nickname))
		preflight_add(s,
			(struct notice){.kind = NOTICE_TAKEN,
				.code = "E_NICK_DUP",
				.object = o->name,
				.attribute = "mailNickname",
				.what = arena_printf(s->scratch, "another entry has the alias %s",
					preflight_text(s->scratch, alias->values[0])),
				.does = arena_printf(s->scratch, "written as %s",
					preflight_text(s->scratch, o->nickname))});
}

/* What becomes of two objects that want one address. */
static const char *of_two(struct scan *s, const struct candidate *a, const struct candidate *b)
{
	if (a->conflict && b->conflict)
		return "neither is written until it is corrected";
	if (a->conflict || b->conflict)
		return arena_printf(s->scratch, "%s is not written until it is corrected",
			preflight_text(s->scratch, a->conflict ? a->name : b->name));
	return "both are as they are, or one gives the address up in this run";
}

static void tell_duplicate(
	struct scan *s, struct candidate *o, struct candidate *first, const struct claim *claim)
{
	o->addressed = first->addressed = true;
	preflight_add(s,
		(struct notice){.kind = NOTICE_DUPLICATE,
			.person = true,
			.code = "E_PROXY_DUP",
			.object = first->name,
			.other = o->name,
			.what = arena_printf(s->scratch, "%s%s: both in %s",
				claim->sip ? "sip:" : "",
				preflight_text(s->scratch, claim->address), s->out->flow->source),
			.does = of_two(s, first, o)});
}

/* Whose the addresses are, and the number that a person has in the company's lists. */
static void own_addresses(
	struct scan *s, uint32_t number, const struct desired *d, const struct entry *e)
{
	const unsigned employee = attr_named("employeeID");
	const struct value id = entry_first(e, employee);
	struct candidate *o = &s->objects[number];
	const struct flow *f = s->out->flow;
	const struct open_row row = {.key = e->key, .flag = authority_flag(f, true, e)};
	struct claim *claims;
	const unsigned n = claims_wanted(s->scratch, f, sides_of(&s->g, &row, NULL), d, &claims);
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

/* What the plan says of the object. It says nothing of one that is as it should be: that contact
 * carries our marker. */
static void join_fate(struct scan *s, struct candidate *o, const struct entry *e)
{
	uint32_t at;

	if (!keys_get(&s->fate_of, e->key, &at))
		return;
	struct fate *f = &s->fates[at];
	f->object = s->n_objects;
	o->conflict = f->op == STEP_CONFLICT;
	o->target = f->target_id;
	o->nickname = f->nickname;
	if (f->op == STEP_ADD)
		o->made_name = f->target_name;
}

int preflight_source(struct scan *s, const struct entry *e)
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
	join_fate(s, o, e);
	tell_complaints(s, o, &d);
	tell_shortened(s, o, &d, e);
	tell_taken(s, o, &d);
	own_addresses(s, s->n_objects - 1, &d, e);
	return 0;
}
