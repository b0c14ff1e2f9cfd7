#include "sync/claims.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/change.h"
#include "base/dn.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "rules/address.h"
#include "sync/authority.h"

/* Seeds, so that a join value is never taken for an address. */
enum { SEED_SMTP = 11, SEED_SIP, SEED_JOIN, SEED_MARKER, SEED_NICKNAME, SEED_NAME };

/* An attribute with addresses; without a type in the value it is of this one. */
static const struct place {
	const char *name;
	uint64_t untyped;       /* 0: the value says its type */
	const char *smtp, *sip; /* how a value with such an address begins; NULL: none has */
} places[] = {
	{"proxyAddresses", 0, "smtp:", "sip:"},
	{"targetAddress", 0, "SMTP:", NULL},
	{"mail", SEED_SMTP, "", NULL},
	{"userPrincipalName", SEED_SMTP, "", NULL},
	{"msRTCSIP-PrimaryUserAddress", 0, NULL, "sip:"},
};

#define N_PLACES (sizeof(places) / sizeof(places[0]))
_Static_assert(N_PLACES == CLAIM_PLACES, "as many as claims.h says");

void claims_reads(struct arena *mem, struct attr_set *set)
{
	for (size_t i = 0; i < N_PLACES; i++)
		attr_set_add(mem, set, attr_named(places[i].name));
	attr_set_add(mem, set, attr_named("mailNickname"));
}

/* The address of a value, if it is one of which there may be only one. */
static bool claim_of(struct value v, uint64_t seed, struct claim *claim)
{
	struct value type;

	claim->address = v;
	if (seed == 0) {
		if (!address_split(v, &type, &claim->address))
			return false;
		if (type.len == 4 && strncasecmp(type.data, "smtp", 4) == 0)
			seed = SEED_SMTP;
		else if (type.len == 3 && strncasecmp(type.data, "sip", 3) == 0)
			seed = SEED_SIP;
		else
			return false;
	}
	if (claim->address.len == 0)
		return false;
	claim->sip = seed == SEED_SIP;
	claim->key = utf8_hash(claim->address, seed);
	return true;
}

static void add_claims(const struct value *values, unsigned n_values, uint64_t seed,
	struct claim *claims, unsigned *n)
{
	for (unsigned i = 0; i < n_values; i++) {
		struct claim c;
		bool known = !claim_of(values[i], seed, &c);
		for (unsigned k = 0; k < *n && !known; k++)
			known = claims[k].key == c.key;
		if (!known)
			claims[(*n)++] = c;
	}
}

/* Where an attribute stands in places[], or N_PLACES. */
static size_t place_of(unsigned attr)
{
	static unsigned ids[N_PLACES];
	size_t i = 0;

	if (ids[0] == 0) {
		for (size_t k = 0; k < N_PLACES; k++)
			ids[k] = attr_named(places[k].name);
	}
	while (i < N_PLACES && ids[i] != attr)
		i++;
	return i;
}

bool claims_attr(unsigned attr)
{
	return place_of(attr) < N_PLACES;
}

unsigned claims_held(struct arena *mem, const struct entry *e, struct claim **claims)
{
	unsigned room = 0, n = 0;

	for (unsigned i = 0; i < e->n; i++)
		room += place_of(e->attrs[i].id) < N_PLACES ? e->attrs[i].n : 0;
	*claims = arena_alloc(mem, room * sizeof(**claims));
	for (unsigned i = 0; i < e->n; i++) {
		size_t p = place_of(e->attrs[i].id);
		if (p < N_PLACES)
			add_claims(
				e->attrs[i].values, e->attrs[i].n, places[p].untyped, *claims, &n);
	}
	return n;
}

unsigned claims_wanted(struct arena *mem, const struct flow *f, const char *side,
	const struct desired *d, struct claim **claims)
{
	unsigned room = 0, n = 0;

	for (unsigned i = 0; i < d->n; i++)
		room += d->attrs[i].n;
	*claims = arena_alloc(mem, room * sizeof(**claims));
	for (unsigned i = 0; i < d->n; i++) {
		size_t p = place_of(d->attrs[i].attr);
		if (p == N_PLACES || !authority_ours(f, side, d->attrs[i].attr))
			continue;
		for (unsigned k = 0; k < d->attrs[i].n; k++) {
			struct value v = d->attrs[i].values[k];
			if (!authority_excepts(f, side, d->attrs[i].attr, v))
				add_claims(&v, 1, places[p].untyped, *claims, &n);
		}
	}
	return n;
}

/* Those of a that are not in b. */
static unsigned without(struct claim *a, unsigned n_a, const struct claim *b, unsigned n_b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_a; i++) {
		if (!claims_key(b, n_b, a[i].key))
			a[n++] = a[i];
	}
	return n;
}

unsigned claims_gained(
	struct arena *mem, const struct entry *e, const struct change *c, struct claim **claims)
{
	struct entry given = {.n = c->n, .attrs = arena_alloc(mem, c->n * sizeof(*given.attrs))};
	struct claim *held;

	for (unsigned i = 0; i < c->n; i++)
		given.attrs[i] = (struct attr){c->mods[i].attr, c->mods[i].n_add, c->mods[i].add};
	const unsigned n = claims_held(mem, &given, claims);
	if (n == 0 || e == NULL)
		return n;
	const unsigned n_held = claims_held(mem, e, &held);
	return without(*claims, n, held, n_held);
}

unsigned claims_lost(
	struct arena *mem, const struct entry *e, const struct change *c, struct claim **claims)
{
	const unsigned n = claims_held(mem, e, claims);
	struct claim *left;
	struct entry after;

	if (n == 0 || c->op == CHANGE_DELETE)
		return n;
	entry_copy(mem, &after, e);
	change_apply(mem, &after, c);
	const unsigned n_left = claims_held(mem, &after, &left);
	return without(*claims, n, left, n_left);
}

bool claims_key(const struct claim *claims, unsigned n, uint64_t key)
{
	for (unsigned i = 0; i < n; i++) {
		if (claims[i].key == key)
			return true;
	}
	return false;
}

unsigned claim_places(
	struct arena *mem, const struct claim *claim, struct claim_place found[CLAIM_PLACES])
{
	unsigned n = 0;

	for (size_t i = 0; i < N_PLACES; i++) {
		const char *begin = claim->sip ? places[i].sip : places[i].smtp;
		if (begin == NULL)
			continue;
		found[n].attr = attr_named(places[i].name);
		found[n++].value = value_of(arena_printf(
			mem, "%s%.*s", begin, (int)claim->address.len, claim->address.data));
	}
	return n;
}

/* Compared as joins are: without case, whatever the attribute; a GUID or a name of bytes loses
 * nothing by it, as what is found is compared by value_equal. */
uint64_t join_hash(unsigned attr, struct value v)
{
	uint64_t seed = hash_nocase(attr_name(attr), strlen(attr_name(attr)), SEED_JOIN);

	if (attr_syntax(attr) == SYNTAX_DN)
		return hash_bytes(&(uint64_t){dn_key(v)}, sizeof(uint64_t), seed);
	return utf8_hash(v, seed);
}

uint64_t marker_hash(struct value marker)
{
	return hash_bytes(marker.data, marker.len, SEED_MARKER);
}

uint64_t nickname_hash(struct value v)
{
	return utf8_hash(v, SEED_NICKNAME);
}

uint64_t name_hash(uint64_t key)
{
	return hash_bytes(&key, sizeof(key), SEED_NAME);
}
