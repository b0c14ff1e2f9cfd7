#include "tests/proof/sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/config.h"
#include "base/dn.h"
#include "connectors/connector.h"
#include "tests/proof/sim_edit.h"
#include "tests/proof/sim_who.h"

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
					who_text(after));
		}
	}
	const struct attr *was = entry_get(both[0], sim_attr(A_PROXY));
	for (unsigned i = 0; was != NULL && i < was->n; i++) {
		if (memmem(was->values[i].data, was->values[i].len, "@hand.", 6) != NULL &&
			!has_address(after, was->values[i]))
			sim_wrong(h, "I6", "%s lost an address that somebody else gave it",
				who_text(after));
	}
}

/* Who cannot be asked for is believed when a read lacks somebody. */
static bool was_deceived(const struct history *h, unsigned flow)
{
	const char *type = config_text(sim_flow(h, flow)->source_config, "type");

	return h->w.sides[flow].lied && (connector_type(type)->can & CAN_CONFIRM) == 0;
}

static void check_delete(struct history *h, const struct sync *s, const struct entry *e)
{
	const struct entry *then = who_source(s->flow, &s->before[s->flow], e);
	const struct entry *now = who_source(s->flow, &s->at_apply[s->flow], e);
	const struct attr *marks = entry_get(e, sim_attr(A_MARK));
	/* With another's mark beside its own, by hand, it may be anybody's. */
	const bool marked_twice = h->copied && marks != NULL && marks->n > 1;

	if (!who_is_ours(s->flow, e))
		sim_wrong(h, "I6", "%s was deleted and is not ours", who_text(e));
	if (!edit_below(e, "OU=GAL", !s->flow))
		sim_wrong(h, "I6", "%s was deleted and was there before us", who_text(e));
	if (then != NULL && now != NULL && who_in_scope(h, s->flow, then) &&
		who_in_scope(h, s->flow, now) && !was_deceived(h, s->flow) && !marked_twice)
		sim_wrong(h, "I10", "%s was deleted, and its source is there: %s", who_text(e),
			who_text(now));
}

/* Who is deleted is not somebody's who is added in the same run: names, and ids, are kept. */
static void check_kept(struct history *h, const struct sync *s, const struct entry *gone)
{
	const struct entry *who = who_source(s->flow, &s->before[s->flow], gone);

	for (unsigned i = 0; who != NULL && !h->copied && i < h->w.n_audits; i++) {
		const struct audit *a = &h->w.audits[i];
		if (a->before == NULL && who_source(s->flow, &s->before[s->flow], a->after) == who)
			sim_wrong(h, "I18", "%s was deleted, and %s added in its place",
				who_text(gone), who_text(a->after));
	}
}

/* Nothing that is still there lay below it. */
static void check_leaf(struct history *h, const struct sync *s, const struct entry *gone)
{
	const struct sim_dir *then = &s->at_apply[!s->flow], *now = &h->w.sides[!s->flow].now;

	for (unsigned i = 0; i < then->n; i++) {
		if (dn_text_equal(dn_parent(then->entries[i]->name), gone->name) &&
			sim_find(now, then->entries[i]->name) >= 0)
			sim_wrong(h, "I11", "%s was deleted, and %s lies below it", who_text(gone),
				who_text(then->entries[i]));
	}
}

static const struct entry *with_id(const struct sim_dir *d, const struct entry *e)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (value_same(d->entries[i]->id, e->id))
			return d->entries[i];
	}
	return NULL;
}

/* Whoever is his own manager is that under his new name, too. */
static bool is_own_manager(const struct entry *e)
{
	const struct attr *manager = entry_get(e, sim_attr(A_MANAGER));

	return manager != NULL && manager->n == 1 && dn_text_equal(manager->values[0], e->name);
}

/* Taken over, a contact gets its name before its mark, and the second may fail. */
static bool is_half_adopted(const struct history *h, const struct sync *s, const struct audit *a)
{
	bool same = h->unmarked && a->before != NULL && s->plan.failed < s->done.failed &&
		    !dn_text_equal(a->before->name, a->after->name);

	for (unsigned i = 0; same && i < a->after->n; i++) {
		const struct attr *is = &a->after->attrs[i];
		same = is->id == sim_attr(A_CN) || attr_equal(is, entry_get(a->before, is->id)) ||
		       (is->id == sim_attr(A_MANAGER) && is_own_manager(a->before) &&
			       is_own_manager(a->after));
	}
	return same;
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
		if (both[i] != NULL && !who_is_managed(both[i], !s->flow))
			sim_wrong(h, "I4", "%s lies outside the managed containers",
				who_text(both[i]));
	}
	if (a->before != NULL) {
		if (!edit_is_contact(a->before) ||
			(entry_get(a->before, sim_attr(A_MARK)) != NULL &&
				!who_is_ours(s->flow, a->before)))
			sim_wrong(h, "I6", "%s is not ours", who_text(a->before));
		/* Of one that a read kept from sight nobody knows that it is protected by now: it
		 * is added, and is there as it would have been. */
		if (who_is_protected(a->before) && then != NULL && who_is_protected(then) &&
			!h->w.sides[a->side].lied)
			sim_wrong(h, "I7", "%s is protected", who_text(a->before));
		if (who_is_given(h, s->flow, a->after != NULL ? a->after : a->before) &&
			who_is_given(h, s->flow, a->before) &&
			(then == NULL || who_is_given(h, s->flow, then)))
			sim_wrong(h, "I23", "%s belongs to the target", who_text(a->before));
	}
	if (a->after == NULL) {
		check_delete(h, s, then != NULL ? then : a->before);
		check_kept(h, s, a->before);
		check_leaf(h, s, a->before);
		return;
	}
	if (!who_is_ours(s->flow, a->after) &&
		(a->before == NULL || !who_is_ours(s->flow, a->before)) &&
		(then == NULL || !who_is_ours(s->flow, then)) && !is_half_adopted(h, s, a))
		sim_wrong(h, "I6", "%s was written and is not ours", who_text(a->after));
	check_attributes(h, a->before, a->after);
}

/* ---- all of a directory */

static unsigned count_key(const struct holding *all, unsigned n, uint64_t key)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += all[i].key == key;
	return count;
}

/* A delta that knows nothing of a contact, as its state is an older one, asks by addresses and
 * names, not by marks, which servers have no index of. */
static bool can_be_found(const struct entry *a, const struct entry *b)
{
	struct holding one[16], other[16];
	const unsigned n = who_addresses(a, one, 0), m = who_addresses(b, other, 0);

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
	const unsigned n_after = who_holds(&h->w.sides[!s->flow].now, after, of);
	const bool in_delta = (h->others || h->copied || h->forgot) && !s->was_full;
	unsigned n_before = 0;

	for (unsigned i = 1; i < n_after; i++) {
		if (after[i].key != after[i - 1].key)
			continue;
		/* A mark may be put back beside a copy that somebody made of it. */
		if (of == who_marks &&
			((in_delta && !can_be_found(after[i].who, after[i - 1].who)) ||
				(h->unmarked && !was_added(h, after[i].who) &&
					!was_added(h, after[i - 1].who))))
			continue;
		if (n_before == 0)
			n_before = who_holds(&s->at_apply[!s->flow], before, of);
		if (count_key(after, n_after, after[i].key) >
			count_key(before, n_before, after[i].key))
			sim_wrong(h, invariant, "%s and %s hold the same", who_text(after[i].who),
				who_text(after[i - 1].who));
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
			(a->after == NULL ||
				(who_is_hidden(a->after) && !who_is_hidden(a->before)));
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

/* One that fails is not told of another. What is not as it was written when it is read again counts
 * as failed, too. */
static void check_failures(struct history *h, const struct sync *s)
{
	if (s->done.failed > h->w.failed)
		sim_wrong(h, "I32", "%lld are said to have failed, and %u did", s->done.failed,
			h->w.failed);
}

/* Whoever is not shown to be there in the target is added again, which counts as done when he is as
 * he shall be, and fails when he is not. */
static void check_counts(struct history *h, const struct sync *s)
{
	long long adds = 0, deletes = 0;

	if (h->w.sides[!s->flow].lied)
		return;
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

/* A cookie that is of no use any more costs a full read, and no more than that. */
static void check_expired(struct history *h, const struct sync *s)
{
	bool other = false;

	for (unsigned i = 0; i < SIM_FAULTS; i++)
		other |= s->faulty[i] != FAULT_NONE && s->faulty[i] != FAULT_EXPIRED;
	if (!other && s->meanwhile == NULL && s->result == SYNC_FAILED)
		sim_wrong(h, "I18", "nothing is wrong but a cookie, and it fails: %s", s->err.text);
}

void check_sync(struct history *h, const struct sync *s)
{
	const struct world *w = &h->w;
	bool unheard = false, expired = false;

	for (unsigned i = 0; i < SIM_FAULTS; i++) {
		unheard |= s->faulty[i] >= FAULT_FAIL;
		expired |= s->faulty[i] == FAULT_EXPIRED;
	}
	if (expired)
		check_expired(h, s);
	if (s->result == SYNC_REFUSED && w->n_audits > 0)
		sim_wrong(h, "I8", "refused, and yet something was written");
	for (unsigned i = 0; i < w->n_audits; i++)
		check_audit(h, s, &w->audits[i]);
	if (w->n_audits > 0) {
		if (!s->approved)
			check_limits(h, s);
		/* That somebody is there who is not shown, and what he has, nobody can know. */
		if (!w->sides[!s->flow].lied)
			check_not_more(h, s, "no duplicates", who_marks);
		if (s->result == SYNC_DONE && !unheard && s->meanwhile == NULL &&
			s->done.failed == 0 && !w->sides[!s->flow].lied)
			check_not_more(h, s, "I24", who_addresses);
	}
	if (s->result == SYNC_DONE && !unheard && s->meanwhile == NULL)
		check_counts(h, s);
	if (s->result == SYNC_DONE && s->meanwhile == NULL && !w->sides[0].lied &&
		!w->sides[1].lied)
		check_failures(h, s);
	if (h->tracks[s->flow].quiet && w->n_audits > 0 && !w->sides[0].lied && !w->sides[1].lied &&
		s->meanwhile == NULL)
		sim_wrong(h, "I14", "nothing was edited, and yet %s was written",
			who_text(w->audits[0].after != NULL ? w->audits[0].after
							    : w->audits[0].before));
}
