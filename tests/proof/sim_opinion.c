#include "tests/proof/sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "tests/proof/sim_edit.h"
#include "tests/proof/sim_who.h"

/* ---- what was written and not remembered */

static bool is_there(const struct sim_dir *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->entries[i] == e)
			return true;
	}
	return false;
}

static bool is_known(const struct history *h, unsigned flow, struct value id)
{
	struct arena *mem = arena_new();
	struct flow_state known;
	struct link link;
	const char *side;
	struct err err;
	const bool is =
		state_flow(h->state, sim_flow(h, flow)->name, &known, &err) < 0 ||
		(known.id != 0 &&
			(state_link(h->state, known.id, id, mem, &link, &err) != 0 ||
				state_authority(h->state, known.id, id, mem, &side, &err) != 0));

	arena_free(mem);
	return is;
}

/* Whoever is let go takes along what was said of him: that he is the target's. */
static void forget_given(struct history *h)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < h->n_given; i++) {
		const struct value id = h->given[i];
		if (is_known(h, 0, id) || (h->two_way && is_known(h, 1, id)))
			h->given[kept++] = id;
	}
	h->n_given = kept;
}

void check_remember(struct history *h, const struct sync *s)
{
	const bool good = s->result == SYNC_DONE && s->done.failed == 0 && s->meanwhile == NULL;
	/* A read that lied may have kept them from sight, until the next full run. */
	const bool seen = good && s->was_full && !h->tracks[s->flow].drifted;

	h->torn |= !good;
	forget_given(h);
	for (unsigned i = 0; i < h->n_strays; i++)
		h->strays[i].seen |= seen;
	for (unsigned i = 0; !good && i < h->w.n_audits && h->n_strays < SIM_STRAYS; i++) {
		const struct entry *contact = h->w.audits[i].after;
		if (contact != NULL)
			h->strays[h->n_strays++].contact = contact;
	}
}

static bool is_stray(const struct history *h, const struct entry *contact)
{
	for (unsigned i = 0; i < h->n_strays; i++) {
		const struct stray *stray = &h->strays[i];
		/* Renamed by hand it may be changed, too: then it is nobody's. */
		if (value_same(stray->contact->id, contact->id) &&
			(!stray->seen || !dn_text_equal(stray->contact->name, contact->name)))
			return true;
	}
	return false;
}

/* Was it written by a run that could not remember it? */
static bool was_stray(const struct history *h, const struct entry *contact)
{
	for (unsigned i = 0; i < h->n_strays; i++) {
		if (value_same(h->strays[i].contact->id, contact->id))
			return true;
	}
	return false;
}

/* ---- the second opinion */

struct opinion {
	struct history *h;
	unsigned flow;
	const struct sim_dir *sources, *targets;
	struct holding *held; /* in the target */
	unsigned n_held;
	struct holding *wanted; /* by people in scope */
	unsigned n_wanted;
};

/* Somebody else has, or wants, an address of this person's. */
static bool contended(const struct opinion *o, const struct entry *person)
{
	struct holding mine[16];
	const unsigned n = who_addresses(person, mine, 0);

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < o->n_wanted; k++) {
			if (o->wanted[k].key == mine[i].key && o->wanted[k].who != person)
				return true;
		}
		for (unsigned k = 0; k < o->n_held; k++) {
			if (o->held[k].key == mine[i].key &&
				who_source(o->flow, o->sources, o->held[k].who) != person)
				return true;
		}
	}
	return false;
}

/* Its contacts, of which the last one is *contact. */
static unsigned contacts_of(
	const struct opinion *o, const struct entry *person, const struct entry **contact)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->targets->n; i++) {
		if (who_source(o->flow, o->sources, o->targets->entries[i]) == person) {
			*contact = o->targets->entries[i];
			n++;
		}
	}
	return n;
}

static struct value trimmed(struct value v)
{
	while (v.len > 0 && v.data[0] == ' ')
		v = (struct value){v.data + 1, v.len - 1};
	while (v.len > 0 && v.data[v.len - 1] == ' ')
		v.len--;
	return v;
}

static void check_value(
	const struct opinion *o, const struct entry *contact, enum sim_attr attr, struct value want)
{
	const struct attr *a = entry_get(contact, sim_attr(attr));
	const unsigned n = a != NULL ? a->n : 0;

	if (n != (want.len > 0) || (n > 0 && !value_equal(sim_attr(attr), a->values[0], want)))
		sim_wrong(o->h, "I15", "%s of %s is not %.*s", attr_name(sim_attr(attr)),
			who_text(contact), (int)want.len, want.data);
}

/* A contact whose mark was taken away by hand, and to which galway may not put it back. */
static bool may_lack_mark(const struct history *h)
{
	return h->unmarked && h->bound;
}

static bool among(const struct value *ids, unsigned n, const struct entry *person)
{
	bool is = false;

	for (unsigned i = 0; i < n && !is; i++)
		is = value_same(ids[i], person->id);
	return is;
}

static bool is_given(const struct history *h, const struct entry *person)
{
	return among(h->given, h->n_given, person);
}

static void check_manager(
	const struct opinion *o, const struct entry *person, const struct entry *contact)
{
	const struct value name = entry_first(person, sim_attr(A_MANAGER));
	const int at = name.len > 0 ? sim_find(o->sources, name) : -1;
	const struct entry *whose = NULL;
	const unsigned n = at >= 0 ? contacts_of(o, o->sources->entries[at], &whose) : 0;
	const struct value is = entry_first(contact, sim_attr(A_MANAGER));

	/* Of one in conflict nobody can say, nor of one that the target deleted and that is its. */
	if (n > 1 || (at >= 0 && is_given(o->h, o->sources->entries[at])) || may_lack_mark(o->h) ||
		(n == 1 && (who_is_protected(whose) || !who_is_managed(whose, !o->flow))) ||
		(at >= 0 && (!who_in_scope(o->h, o->flow, o->sources->entries[at]) ||
				    contended(o, o->sources->entries[at]))))
		return;
	if (n == 0 ? is.len > 0 : !dn_text_equal(is, whose->name))
		sim_wrong(o->h, "I15", "manager of %s is %.*s, and shall be %s", who_text(contact),
			(int)is.len, is.data, n == 0 ? "nobody" : who_text(whose));
}

static void check_proxies(
	const struct opinion *o, const struct entry *person, const struct entry *contact)
{
	const struct attr *want = entry_get(person, sim_attr(A_PROXY)),
			  *is = entry_get(contact, sim_attr(A_PROXY));

	for (unsigned i = 0; want != NULL && i < want->n; i++) {
		if (!entry_has(contact, sim_attr(A_PROXY), want->values[i]))
			sim_wrong(o->h, "I15", "%s lacks %.*s", who_text(contact),
				(int)want->values[i].len, want->values[i].data);
	}
	/* Of one that was let go nobody knows what was ours; nor of one that was added by a run
	 * that could not remember it, and then changed by hand. */
	if (sim_flow(o->h, o->flow)->leave == LEAVE_KEEP)
		return;
	for (unsigned i = 0; is != NULL && i < is->n; i++) {
		const struct value v = is->values[i];
		if (memmem(v.data, v.len, "@hand.", 6) == NULL && !o->h->orphans &&
			!(o->h->touched && was_stray(o->h, contact)) &&
			entry_get(contact, sim_attr(A_UNREAD)) == NULL &&
			!entry_has(person, sim_attr(A_PROXY), v))
			sim_wrong(o->h, "I15", "%s has %.*s, which is nobody's", who_text(contact),
				(int)v.len, v.data);
	}
}

static void check_name(
	const struct opinion *o, const struct entry *person, const struct entry *contact)
{
	const struct value cn = entry_first(person, sim_attr(A_CN)),
			   is = entry_first(contact, sim_attr(A_CN));

	/* One that was adopted elsewhere keeps its name. */
	if (!edit_below(contact, "OU=GAL", !o->flow))
		return;
	if (is.len < cn.len || strncasecmp(is.data, cn.data, cn.len) != 0)
		sim_wrong(o->h, "I21", "%s is the contact of %s", who_text(contact),
			who_text(person));
}

static void check_person(const struct opinion *o, const struct entry *person)
{
	const struct entry *contact = NULL;
	const unsigned n = contacts_of(o, person, &contact);
	char target[200];

	if (n > 1 || contended(o, person) || (n == 0 && may_lack_mark(o->h)) ||
		among(o->h->frozen, o->h->n_frozen, person))
		return;
	/* Two installations, of which one knows a contact by its link and the other by none; or a
	 * mark that says whose another contact is. */
	if (o->h->unmarked && (o->h->others || o->h->copied))
		return;
	if (n == 0) {
		if (is_given(o->h, person))
			return;
		sim_wrong(o->h, "I15", "%s has no contact", who_text(person));
		return;
	}
	if (who_is_protected(contact) || !who_is_managed(contact, !o->flow) ||
		who_is_given(o->h, o->flow, contact))
		return;
	const struct value mail = entry_first(person, sim_attr(A_MAIL));
	(void)snprintf(target, sizeof(target), "SMTP:%.*s", (int)mail.len, mail.data);
	check_name(o, person, contact);
	check_value(o, contact, A_DISPLAY, trimmed(entry_first(person, sim_attr(A_DISPLAY))));
	check_value(o, contact, A_TITLE, trimmed(entry_first(person, sim_attr(A_TITLE))));
	check_value(o, contact, A_TEL, entry_first(person, sim_attr(A_TEL)));
	check_value(o, contact, A_PHOTO, entry_first(person, sim_attr(A_PHOTO)));
	check_value(o, contact, A_MAIL, mail);
	if (!o->h->orphans)
		check_value(o, contact, A_HIDE, (struct value){NULL, 0});
	check_manager(o, person, contact);
	if (sim_galsync(o->h))
		return;
	check_value(o, contact, A_TARGET, value_of(target));
	check_proxies(o, person, contact);
}

static void check_contact(const struct opinion *o, const struct entry *contact)
{
	const struct entry *person = who_source(o->flow, o->sources, contact);
	const struct flow *f = sim_flow(o->h, o->flow);

	/* One of a run that could not remember it stays, when somebody gave it another name. */
	if ((person != NULL && who_in_scope(o->h, o->flow, person)) || o->h->orphans ||
		is_stray(o->h, contact) || (o->h->touched && was_stray(o->h, contact)) ||
		who_is_protected(contact) || !who_is_managed(contact, !o->flow) ||
		who_is_given(o->h, o->flow, contact) || f->leave == LEAVE_KEEP)
		return;
	/* Until the grace period is over. */
	if (f->leave == LEAVE_HIDE && who_is_hidden(contact) &&
		(was_stray(o->h, contact) || !is_there(&o->h->long_ago[!o->flow], contact)))
		return;
	sim_wrong(o->h, "I15", "%s is left, and its source is not", who_text(contact));
}

void check_settled(struct history *h, unsigned flow)
{
	static struct holding held[HOLDINGS], wanted[HOLDINGS];
	struct opinion o = {.h = h,
		.flow = flow,
		.sources = &h->w.sides[flow].now,
		.targets = &h->w.sides[!flow].now,
		.held = held,
		.wanted = wanted};

	o.n_held = who_holds(o.targets, held, who_addresses);
	for (unsigned i = 0; i < o.sources->n; i++) {
		if (who_in_scope(h, flow, o.sources->entries[i]))
			o.n_wanted = who_addresses(o.sources->entries[i], wanted, o.n_wanted);
	}
	for (unsigned i = 0; i < o.sources->n; i++) {
		if (who_in_scope(h, flow, o.sources->entries[i]) &&
			!edit_is_contact(o.sources->entries[i]))
			check_person(&o, o.sources->entries[i]);
	}
	for (unsigned i = 0; i < o.targets->n; i++) {
		if (who_is_ours(flow, o.targets->entries[i]))
			check_contact(&o, o.targets->entries[i]);
	}
}
