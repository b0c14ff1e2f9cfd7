#include "tests/proof/sim_who.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "base/hash.h"
#include "tests/proof/sim_edit.h"

const char *who_text(const struct entry *e)
{
	static char texts[4][200];
	static unsigned turn;
	char *text = texts[turn++ % 4];

	(void)snprintf(text, sizeof(texts[0]), "%.*s", (int)e->name.len, e->name.data);
	return text;
}

bool who_value_is(struct value v, const char *text)
{
	return v.len == strlen(text) && memcmp(v.data, text, v.len) == 0;
}

/* The built-in rules make contacts of the source's own contacts, too. */
static bool is_partner(const struct history *h, unsigned flow, const struct entry *e)
{
	return sim_galsync(h) && edit_is_contact(e) && entry_get(e, sim_attr(A_MARK)) == NULL &&
	       !(h->two_way && edit_below(e, "OU=GAL", flow));
}

bool who_in_scope(const struct history *h, unsigned flow, const struct entry *e)
{
	if (is_partner(h, flow, e))
		return true;
	if (!edit_is_person(e, flow) || entry_get(e, sim_attr(A_MAIL)) == NULL)
		return false;
	if (sim_galsync(h))
		return true;
	return !who_value_is(entry_first(e, sim_attr(A_TYPE)), "out") &&
	       (h->rules == 0 || !who_value_is(entry_first(e, sim_attr(A_DEPARTMENT)), "Lab"));
}

bool who_is_ours(unsigned flow, const struct entry *e)
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
const struct entry *who_source(
	unsigned flow, const struct sim_dir *sources, const struct entry *contact)
{
	for (unsigned i = 0; who_is_ours(flow, contact) && i < sources->n; i++) {
		if (is_marked(contact, sources->entries[i]->id))
			return sources->entries[i];
	}
	return NULL;
}

bool who_is_given(const struct history *h, unsigned flow, const struct entry *contact)
{
	for (unsigned i = 0; i < h->n_given; i++) {
		if (who_is_ours(flow, contact) && is_marked(contact, h->given[i]))
			return true;
	}
	return false;
}

bool who_is_protected(const struct entry *e)
{
	return entry_get(e, sim_attr(A_COUNT)) != NULL || entry_get(e, sim_attr(A_SAM)) != NULL;
}

bool who_is_managed(const struct entry *e, unsigned side)
{
	return edit_below(e, "OU=GAL", side) || edit_below(e, "OU=Old", side);
}

bool who_is_hidden(const struct entry *e)
{
	return who_value_is(entry_first(e, sim_attr(A_HIDE)), "TRUE");
}

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

unsigned who_addresses(const struct entry *e, struct holding *all, unsigned n)
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

unsigned who_marks(const struct entry *e, struct holding *all, unsigned n)
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
unsigned who_holds(const struct sim_dir *d, struct holding *all,
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
