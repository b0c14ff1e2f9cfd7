#include "tests/proof/sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "base/hash.h"
#include "connectors/local.h"
#include "tests/proof/sim_edit.h"

/* ---- who is who */

static const char *text_of(const struct entry *e)
{
	static char texts[4][200];
	static unsigned turn;
	char *text = texts[turn++ % 4];

	(void)snprintf(text, sizeof(texts[0]), "%.*s", (int)e->name.len, e->name.data);
	return text;
}

static bool value_is(struct value v, const char *text)
{
	return v.len == strlen(text) && memcmp(v.data, text, v.len) == 0;
}

/* The built-in rules make contacts of the source's own contacts, too. */
static bool is_partner(const struct history *h, unsigned flow, const struct entry *e)
{
	return sim_galsync(h) && edit_is_contact(e) && entry_get(e, sim_attr(A_MARK)) == NULL &&
	       !(h->two_way && edit_below(e, "OU=GAL", flow));
}

static bool in_scope(const struct history *h, unsigned flow, const struct entry *e)
{
	if (is_partner(h, flow, e))
		return true;
	if (!edit_is_person(e, flow) || entry_get(e, sim_attr(A_MAIL)) == NULL)
		return false;
	if (sim_galsync(h))
		return true;
	return !value_is(entry_first(e, sim_attr(A_TYPE)), "out") &&
	       (h->rules == 0 || !value_is(entry_first(e, sim_attr(A_DEPARTMENT)), "Lab"));
}

static bool is_ours(unsigned flow, const struct entry *e)
{
	const char *prefix = flow == 0 ? "galway:there:" : "galway:back:";
	const struct value mark = entry_first(e, sim_attr(A_MARK));

	return mark.len > strlen(prefix) && memcmp(mark.data, prefix, strlen(prefix)) == 0;
}

/* Is that id, as Active Directory writes it, the end of the contact's marker? */
static bool is_marked(const struct entry *contact, struct value id)
{
	static const unsigned char order[16] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char digits[] = "0123456789abcdef";
	const struct value mark = entry_first(contact, sim_attr(A_MARK));
	const char *at = mark.data + mark.len - 36;

	for (unsigned i = 0; mark.len > 36 && i < 16; i++) {
		const unsigned char c = (unsigned char)id.data[order[i]];
		at += at[0] == '-';
		if (at[0] != digits[c >> 4] || at[1] != digits[c & 15])
			return false;
		at += 2;
	}
	return mark.len > 36;
}

/* The source entry that a contact's marker names; NULL: nobody. */
static const struct entry *source_of(
	unsigned flow, const struct sim_dir *sources, const struct entry *contact)
{
	for (unsigned i = 0; is_ours(flow, contact) && i < sources->n; i++) {
		if (is_marked(contact, sources->entries[i]->id))
			return sources->entries[i];
	}
	return NULL;
}

static bool is_given(const struct history *h, unsigned flow, const struct entry *contact)
{
	for (unsigned i = 0; i < h->n_given; i++) {
		if (is_ours(flow, contact) && is_marked(contact, h->given[i]))
			return true;
	}
	return false;
}

static bool is_protected(const struct entry *e)
{
	return entry_get(e, sim_attr(A_COUNT)) != NULL || entry_get(e, sim_attr(A_SAM)) != NULL;
}

static bool is_managed(const struct entry *e, unsigned side)
{
	return edit_below(e, "OU=GAL", side) || edit_below(e, "OU=Old", side);
}

static bool is_hidden(const struct entry *e)
{
	return value_is(entry_first(e, sim_attr(A_HIDE)), "TRUE");
}

/* ---- one write */

static bool may_be_written(const struct history *h, unsigned attr)
{
	static const enum sim_attr small[] = {A_CLASS, A_CN, A_DISPLAY, A_NICK, A_MAIL, A_PROXY,
		A_TARGET, A_TITLE, A_TEL, A_PHOTO, A_MANAGER, A_MARK, A_HIDE};

	for (unsigned i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (sim_attr(small[i]) == attr)
			return true;
	}
	return sim_galsync(h) &&
	       (attr == sim_attr(A_DEPARTMENT) || strncmp(attr_name(attr), "msExch", 6) == 0);
}

/* As the primary one or not. */
static bool has_address(const struct entry *e, struct value address)
{
	const struct attr *a = entry_get(e, sim_attr(A_PROXY));

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (value_equal(sim_attr(A_MAIL), a->values[i], address))
			return true;
	}
	return false;
}

static void check_attributes(
	struct history *h, const struct entry *before, const struct entry *after)
{
	const struct entry none = {.n = 0};
	const struct entry *const both[] = {before != NULL ? before : &none, after};

	for (unsigned side = 0; side < 2; side++) {
		for (unsigned i = 0; i < both[side]->n; i++) {
			const struct attr *a = &both[side]->attrs[i];
			if (a->id != sim_attr(A_GUID) && !may_be_written(h, a->id) &&
				!attr_equal(a, entry_get(both[!side], a->id)))
				sim_wrong(h, "I5", "%s of %s was written", attr_name(a->id),
					text_of(after));
		}
	}
	const struct attr *was = entry_get(both[0], sim_attr(A_PROXY));
	for (unsigned i = 0; was != NULL && i < was->n; i++) {
		if (memmem(was->values[i].data, was->values[i].len, "@hand.", 6) != NULL &&
			!has_address(after, was->values[i]))
			sim_wrong(h, "I6", "%s lost an address that somebody else gave it",
				text_of(after));
	}
}

static void check_delete(struct history *h, const struct sync *s, const struct entry *e)
{
	const struct entry *then = source_of(s->flow, &s->before[s->flow], e);
	const struct entry *now = source_of(s->flow, &s->at_apply[s->flow], e);

	if (!is_ours(s->flow, e))
		sim_wrong(h, "I6", "%s was deleted and is not ours", text_of(e));
	if (!edit_below(e, "OU=GAL", !s->flow))
		sim_wrong(h, "I6", "%s was deleted and was there before us", text_of(e));
	if (then != NULL && now != NULL && in_scope(h, s->flow, then) &&
		in_scope(h, s->flow, now) && !h->w.sides[s->flow].lied)
		sim_wrong(h, "I10", "%s was deleted, and its source is there: %s", text_of(e),
			text_of(now));
}

static const struct entry *with_id(const struct sim_dir *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (value_same(d->entries[i]->id, e->id))
			return d->entries[i];
	}
	return NULL;
}

static void check_audit(struct history *h, const struct sync *s, const struct audit *a)
{
	const struct entry *both[] = {a->before, a->after};
	/* As it was planned: what is done by hand a moment before the write may be overtaken. */
	const struct entry *then =
		a->before != NULL ? with_id(&s->before[a->side], a->before) : NULL;

	if (a->side != !s->flow)
		sim_wrong(h, "I4", "the source was written to");
	for (unsigned i = 0; i < 2; i++) {
		if (both[i] != NULL && !is_managed(both[i], !s->flow))
			sim_wrong(h, "I4", "%s lies outside the managed containers",
				text_of(both[i]));
	}
	if (a->before != NULL) {
		if (!edit_is_contact(a->before) ||
			(entry_get(a->before, sim_attr(A_MARK)) != NULL &&
				!is_ours(s->flow, a->before)))
			sim_wrong(h, "I6", "%s is not ours", text_of(a->before));
		if (is_protected(a->before) && then != NULL && is_protected(then))
			sim_wrong(h, "I7", "%s is protected", text_of(a->before));
		if (is_given(h, s->flow, a->after != NULL ? a->after : a->before) &&
			is_given(h, s->flow, a->before))
			sim_wrong(h, "I23", "%s belongs to the target", text_of(a->before));
	}
	if (a->after == NULL) {
		check_delete(h, s, then != NULL ? then : a->before);
		return;
	}
	if (!is_ours(s->flow, a->after) && (a->before == NULL || !is_ours(s->flow, a->before)) &&
		(then == NULL || !is_ours(s->flow, then)))
		sim_wrong(h, "I6", "%s was written and is not ours", text_of(a->after));
	check_attributes(h, a->before, a->after);
}

/* ---- all of a directory */

struct holding {
	uint64_t key;
	const struct entry *who;
};

#define HOLDINGS 1500

static void hold(struct holding *all, unsigned *n, const struct entry *who, const char *prefix,
	struct value v)
{
	if (*n < HOLDINGS)
		all[(*n)++] = (struct holding){
			hash_nocase(v.data, v.len, hash_nocase(prefix, strlen(prefix), 0)), who};
}

static void hold_address(struct holding *all, unsigned *n, const struct entry *who, struct value v)
{
	if (v.len > 5 && strncasecmp(v.data, "smtp:", 5) == 0)
		hold(all, n, who, "smtp", (struct value){v.data + 5, v.len - 5});
}

static unsigned addresses_of(const struct entry *e, struct holding *all, unsigned n)
{
	const struct attr *a = entry_get(e, sim_attr(A_PROXY));

	for (unsigned i = 0; a != NULL && i < a->n; i++)
		hold_address(all, &n, e, a->values[i]);
	hold_address(all, &n, e, entry_first(e, sim_attr(A_TARGET)));
	if (entry_first(e, sim_attr(A_MAIL)).len > 0)
		hold(all, &n, e, "smtp", entry_first(e, sim_attr(A_MAIL)));
	if (entry_first(e, sim_attr(A_UPN)).len > 0)
		hold(all, &n, e, "smtp", entry_first(e, sim_attr(A_UPN)));
	return n;
}

static unsigned marks_of(const struct entry *e, struct holding *all, unsigned n)
{
	const struct value mark = entry_first(e, sim_attr(A_MARK));

	if (mark.len > 0)
		hold(all, &n, e, "mark", mark);
	return n;
}

static int by_key(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->who < y->who ? -1 : x->who > y->who;
}

/* In order, each holder of a key once. */
static unsigned holdings(const struct sim_dir *d, struct holding *all,
	unsigned (*of)(const struct entry *, struct holding *, unsigned))
{
	unsigned n = 0, kept = 0;

	for (unsigned i = 0; i < d->n; i++)
		n = of(d->entries[i], all, n);
	qsort(all, n, sizeof(*all), by_key);
	for (unsigned i = 0; i < n; i++) {
		if (kept == 0 || by_key(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	}
	return kept;
}

static unsigned count_key(const struct holding *all, unsigned n, uint64_t key)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += all[i].key == key;
	return count;
}

/* Few entries are asked for by their addresses and names, not by their marks, which servers have no
 * index of. */
static bool can_be_found(const struct entry *a, const struct entry *b)
{
	struct holding one[16], other[16];
	const unsigned n = addresses_of(a, one, 0), m = addresses_of(b, other, 0);

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < m; k++) {
			if (one[i].key == other[k].key)
				return true;
		}
	}
	return false;
}

static bool was_added(const struct history *h, const struct entry *e)
{
	for (unsigned i = 0; i < h->w.n_audits; i++) {
		const struct audit *a = &h->w.audits[i];
		if (a->before == NULL && value_same(a->after->id, e->id))
			return true;
	}
	return false;
}

/* Nothing comes to be held twice. */
static void check_not_more(struct history *h, const struct sync *s, const char *invariant,
	unsigned (*of)(const struct entry *, struct holding *, unsigned))
{
	static struct holding before[HOLDINGS], after[HOLDINGS];
	const unsigned n_after = holdings(&h->w.sides[!s->flow].now, after, of);
	unsigned n_before = 0;

	for (unsigned i = 1; i < n_after; i++) {
		if (after[i].key != after[i - 1].key)
			continue;
		/* A mark may be put back beside a copy that somebody made of it. */
		if (of == marks_of && (!can_be_found(after[i].who, after[i - 1].who) ||
					      (h->unmarked && !was_added(h, after[i].who) &&
						      !was_added(h, after[i - 1].who))))
			continue;
		if (n_before == 0)
			n_before = holdings(&s->at_apply[!s->flow], before, of);
		if (count_key(after, n_after, after[i].key) >
			count_key(before, n_before, after[i].key))
			sim_wrong(h, invariant, "%s and %s hold the same", text_of(after[i].who),
				text_of(after[i - 1].who));
	}
}

/* ---- a run as a whole */

static void check_limits(struct history *h, const struct sync *s)
{
	const long long share = s->links / 10 < 500 ? s->links / 10 : 500;
	const long long limit = share > 5 ? share : 5;
	const long long shown = h->w.sides[s->flow].shown, last = h->tracks[s->flow].shown;
	long long gone = 0;
	bool other = false;

	for (unsigned i = 0; i < h->w.n_audits; i++) {
		const struct audit *a = &h->w.audits[i];
		gone += a->before != NULL &&
			(a->after == NULL || (is_hidden(a->after) && !is_hidden(a->before)));
	}
	if (!s->first && gone > limit)
		sim_wrong(h, "I8", "%lld deletes of %lld links", gone, s->links);
	/* What the other flow made there is no source. */
	if (s->was_full && !h->two_way && last > 0 && (last - shown) * 100 > last * 10)
		sim_wrong(h, "I8", "the source shrank from %lld to %lld", last, shown);
	for (unsigned i = 0; i < 2; i++)
		other |= h->identity[i] != 0 && h->identity[i] != s->identity[i];
	if (other)
		sim_wrong(h, "I9", "another directory was written to");
}

static void check_counts(struct history *h, const struct sync *s)
{
	long long adds = 0, deletes = 0;

	for (unsigned i = 0; i < h->w.n_audits; i++) {
		adds += h->w.audits[i].before == NULL;
		deletes += h->w.audits[i].after == NULL;
	}
	if (adds != s->done.add || deletes != s->done.remove)
		sim_wrong(h, "I32", "%lld adds and %lld deletes were said to be %lld and %lld",
			adds, deletes, s->done.add, s->done.remove);
	if (s->done.failed > 0)
		sim_wrong(h, "I32", "%lld failed, and nothing was wrong", s->done.failed);
}

void check_sync(struct history *h, const struct sync *s)
{
	const struct world *w = &h->w;
	bool unheard = false;

	for (unsigned i = 0; i < SIM_FAULTS; i++)
		unheard |= s->faulty[i] >= FAULT_FAIL;
	if ((w->sides[0].struck || w->sides[1].struck) && s->planned)
		sim_wrong(h, "I2", "a read broke, and there was a plan all the same");
	if (s->result == SYNC_REFUSED && w->n_audits > 0)
		sim_wrong(h, "I8", "refused, and yet something was written");
	for (unsigned i = 0; i < w->n_audits; i++)
		check_audit(h, s, &w->audits[i]);
	if (w->n_audits > 0) {
		if (!s->approved)
			check_limits(h, s);
		check_not_more(h, s, "no duplicates", marks_of);
		if (s->result == SYNC_DONE && !unheard && s->meanwhile == NULL &&
			s->done.failed == 0)
			check_not_more(h, s, "I24", addresses_of);
	}
	if (s->result == SYNC_DONE && !unheard && s->meanwhile == NULL)
		check_counts(h, s);
	if (h->tracks[s->flow].quiet && w->n_audits > 0 && !w->sides[s->flow].lied &&
		s->meanwhile == NULL)
		sim_wrong(h, "I14", "nothing was edited, and yet %s was written",
			text_of(w->audits[0].after != NULL ? w->audits[0].after
							   : w->audits[0].before));
}

static bool is_there(const struct sim_dir *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->entries[i] == e)
			return true;
	}
	return false;
}

void check_remember(struct history *h, const struct sync *s)
{
	const struct sim_dir *sources = &s->before[s->flow];
	const bool good = s->result == SYNC_DONE && s->done.failed == 0 && s->meanwhile == NULL;
	/* A read that lied may have kept them from sight, until the next full run. */
	const bool seen = good && !h->tracks[s->flow].drifted;

	for (unsigned i = 0; s->result == SYNC_DONE && i < h->n_strays; i++) {
		struct stray *stray = &h->strays[i];
		stray->lost |= !stray->seen && !is_there(sources, stray->source);
		stray->seen |= seen;
	}
	for (unsigned i = 0; !good && i < h->w.n_audits && h->n_strays < SIM_STRAYS; i++) {
		const struct entry *contact = h->w.audits[i].after;
		if (contact != NULL)
			h->strays[h->n_strays++] = (struct stray){.lost = h->w.sides[s->flow].lied,
				.source = source_of(s->flow, sources, contact),
				.contact = contact};
	}
}

bool check_lost(const struct history *h)
{
	bool lost = false;

	for (unsigned i = 0; i < h->n_strays; i++)
		lost |= h->strays[i].lost;
	return lost;
}

static bool is_stray(const struct history *h, const struct entry *contact)
{
	for (unsigned i = 0; i < h->n_strays; i++) {
		const struct stray *stray = &h->strays[i];
		if ((stray->lost || !stray->seen) && value_same(stray->contact->id, contact->id))
			return true;
	}
	return false;
}

/* What was written to it and not remembered then is somebody else's from then on. */
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
	const unsigned n = addresses_of(person, mine, 0);

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < o->n_wanted; k++) {
			if (o->wanted[k].key == mine[i].key && o->wanted[k].who != person)
				return true;
		}
		for (unsigned k = 0; k < o->n_held; k++) {
			if (o->held[k].key == mine[i].key &&
				source_of(o->flow, o->sources, o->held[k].who) != person)
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
		if (source_of(o->flow, o->sources, o->targets->entries[i]) == person) {
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
			text_of(contact), (int)want.len, want.data);
}

/* A contact whose mark was taken away by hand, and to which galway may not put it back. */
static bool may_lack_mark(const struct history *h)
{
	return h->unmarked && h->bound;
}

/* Somebody who had another name once. Whoever takes that name over becomes the manager of those
 * whose entries say it, and they are as they were: a run does not look at them. */
static bool has_moved(const struct opinion *o, struct value contact_name)
{
	const int at = contact_name.len > 0 ? sim_find(o->targets, contact_name) : -1;
	const struct entry *who =
		at >= 0 ? source_of(o->flow, o->sources, o->targets->entries[at]) : NULL;

	for (unsigned i = 0; who != NULL && i < o->h->w.n_moved; i++) {
		if (value_same(o->h->w.moved[i], who->id))
			return true;
	}
	return false;
}

static void check_manager(
	const struct opinion *o, const struct entry *person, const struct entry *contact)
{
	const struct value name = entry_first(person, sim_attr(A_MANAGER));
	const int at = name.len > 0 ? sim_find(o->sources, name) : -1;
	const struct entry *whose = NULL;
	const unsigned n = at >= 0 ? contacts_of(o, o->sources->entries[at], &whose) : 0;
	const struct value is = entry_first(contact, sim_attr(A_MANAGER));

	/* Of one in conflict nobody can say; nor of one that was to be added in a run of which a
	 * part failed, perhaps the add of whom it refers to. */
	if (n > 1 || may_lack_mark(o->h) || was_stray(o->h, contact) ||
		(n == 1 && (is_protected(whose) || !is_managed(whose, !o->flow))) ||
		(at >= 0 && (!in_scope(o->h, o->flow, o->sources->entries[at]) ||
				    contended(o, o->sources->entries[at]))))
		return;
	if ((n == 0 ? is.len > 0 : !dn_text_equal(is, whose->name)) && !has_moved(o, is))
		sim_wrong(o->h, "I15", "manager of %s is %.*s, and shall be %s", text_of(contact),
			(int)is.len, is.data, n == 0 ? "nobody" : text_of(whose));
}

static void check_proxies(
	const struct opinion *o, const struct entry *person, const struct entry *contact)
{
	const struct attr *want = entry_get(person, sim_attr(A_PROXY)),
			  *is = entry_get(contact, sim_attr(A_PROXY));

	for (unsigned i = 0; want != NULL && i < want->n; i++) {
		if (!entry_has(contact, sim_attr(A_PROXY), want->values[i]))
			sim_wrong(o->h, "I15", "%s lacks %.*s", text_of(contact),
				(int)want->values[i].len, want->values[i].data);
	}
	/* Of one that was let go nobody knows what was ours. */
	if (sim_flow(o->h, o->flow)->leave == LEAVE_KEEP)
		return;
	for (unsigned i = 0; is != NULL && i < is->n; i++) {
		const struct value v = is->values[i];
		if (memmem(v.data, v.len, "@hand.", 6) == NULL && !o->h->orphans &&
			!was_stray(o->h, contact) &&
			entry_get(contact, sim_attr(A_UNREAD)) == NULL &&
			!entry_has(person, sim_attr(A_PROXY), v))
			sim_wrong(o->h, "I15", "%s has %.*s, which is nobody's", text_of(contact),
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
		sim_wrong(
			o->h, "I21", "%s is the contact of %s", text_of(contact), text_of(person));
}

static void check_person(const struct opinion *o, const struct entry *person)
{
	const struct entry *contact = NULL;
	const unsigned n = contacts_of(o, person, &contact);
	char target[200];

	if (n > 1 || contended(o, person) || (n == 0 && may_lack_mark(o->h)))
		return;
	if (n == 0) {
		for (unsigned i = 0; i < o->h->n_given; i++) {
			if (value_same(o->h->given[i], person->id))
				return;
		}
		sim_wrong(o->h, "I15", "%s has no contact", text_of(person));
		return;
	}
	if (is_protected(contact) || !is_managed(contact, !o->flow) ||
		is_given(o->h, o->flow, contact))
		return;
	const struct value mail = entry_first(person, sim_attr(A_MAIL));
	(void)snprintf(target, sizeof(target), "SMTP:%.*s", (int)mail.len, mail.data);
	check_name(o, person, contact);
	check_value(o, contact, A_DISPLAY, trimmed(entry_first(person, sim_attr(A_DISPLAY))));
	check_value(o, contact, A_TITLE, trimmed(entry_first(person, sim_attr(A_TITLE))));
	check_value(o, contact, A_TEL, entry_first(person, sim_attr(A_TEL)));
	check_value(o, contact, A_PHOTO, entry_first(person, sim_attr(A_PHOTO)));
	check_value(o, contact, A_MAIL, mail);
	if (!is_stray(o->h, contact) && !o->h->orphans)
		check_value(o, contact, A_HIDE, (struct value){NULL, 0});
	check_manager(o, person, contact);
	if (sim_galsync(o->h))
		return;
	check_value(o, contact, A_TARGET, value_of(target));
	check_proxies(o, person, contact);
}

static void check_contact(const struct opinion *o, const struct entry *contact)
{
	const struct entry *person = source_of(o->flow, o->sources, contact);
	const struct flow *f = sim_flow(o->h, o->flow);

	if ((person != NULL && in_scope(o->h, o->flow, person)) || o->h->orphans ||
		is_stray(o->h, contact) || is_protected(contact) ||
		!is_managed(contact, !o->flow) || is_given(o->h, o->flow, contact) ||
		f->leave == LEAVE_KEEP)
		return;
	/* Until the grace period is over. */
	if (f->leave == LEAVE_HIDE && is_hidden(contact) &&
		(was_stray(o->h, contact) || !is_there(&o->h->long_ago[!o->flow], contact)))
		return;
	sim_wrong(o->h, "I15", "%s is left, and its source is not", text_of(contact));
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

	o.n_held = holdings(o.targets, held, addresses_of);
	for (unsigned i = 0; i < o.sources->n; i++) {
		if (in_scope(h, flow, o.sources->entries[i]))
			o.n_wanted = addresses_of(o.sources->entries[i], wanted, o.n_wanted);
	}
	for (unsigned i = 0; i < o.sources->n; i++) {
		if (in_scope(h, flow, o.sources->entries[i]) &&
			!edit_is_contact(o.sources->entries[i]))
			check_person(&o, o.sources->entries[i]);
	}
	for (unsigned i = 0; i < o.targets->n; i++) {
		if (is_ours(flow, o.targets->entries[i]))
			check_contact(&o, o.targets->entries[i]);
	}
}
