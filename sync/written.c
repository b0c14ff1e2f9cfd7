#include "sync/written.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/change.h"
#include "base/dn.h"
#include "base/hash.h"
#include "base/keys.h"
#include "base/pack.h"
#include "base/utf8.h"
#include "sync/reach.h"

/* Name, epoch, bytes of bits. */
#define HEAD 5
/* As many bytes of bits as their number has room for; attributes behind them are not known. */
#define BITS_MAX UINT8_MAX
#define DIGEST 2
#define HASH 5
#define REFERENCE 8

/* In place of an epoch: as if it had been written under other rules. */
#define NO_EPOCH 0

/* In place of a digest: how the attribute was left is not ours to say. */
#define NOT_OURS UINT16_MAX

/* The parts of the bytes. Those that end early have all parts empty. */
struct parts {
	size_t n_bits; /* bytes */
	const unsigned char *bits, *digests, *hashes, *references;
	size_t n_digests, n_hashes, n_references;
};

/* Of the rule too: another one may have as many attributes. */
static uint16_t epoch_tag(const struct rule *rule, uint64_t epoch)
{
	epoch += rule_number(rule);
	const uint16_t tag = (uint16_t)(epoch ^ epoch >> 16 ^ epoch >> 32 ^ epoch >> 48);
	return tag != NO_EPOCH ? tag : 1;
}

static uint16_t dn_tag(struct value name)
{
	return (uint16_t)dn_key(name);
}

/* Without case, so that a respelled value of ours is still ours. Its HASH low bytes count. */
static uint64_t value_hash(struct arena *mem, unsigned attr, struct value v)
{
	struct value folded = utf8_fold(mem, v);
	uint64_t name = hash_nocase(attr_name(attr), strlen(attr_name(attr)), 3);

	return hash_bytes(folded.data, folded.len, name);
}

static void put_low(unsigned char *at, uint64_t hash)
{
	for (unsigned i = 0; i < HASH; i++)
		at[i] = (unsigned char)(hash >> 8 * i);
}

static struct parts parts_of(struct value bytes)
{
	static const struct parts none;
	struct parts p = none;

	if (bytes.len < HEAD)
		return none;
	p.bits = (const unsigned char *)bytes.data + HEAD;
	p.n_bits = p.bits[-1];
	const unsigned char *end = (const unsigned char *)bytes.data + bytes.len;
	if ((size_t)(end - p.bits) < p.n_bits)
		return none;
	for (size_t i = 0; i < p.n_bits * 8; i++)
		p.n_digests += p.bits[i / 8] >> (i % 8) & 1;
	p.digests = p.bits + p.n_bits;
	if ((size_t)(end - p.digests) < DIGEST * p.n_digests)
		return none;
	const char *at = (const char *)p.digests + DIGEST * p.n_digests;
	uint32_t n;
	if (unpack_number(&at, bytes.data + bytes.len, &n) < 0)
		return none;
	p.hashes = (const unsigned char *)at;
	p.n_hashes = n;
	if ((size_t)(end - p.hashes) / HASH < n)
		return none;
	p.references = p.hashes + HASH * p.n_hashes;
	p.n_references = (size_t)(end - p.references) / REFERENCE;
	return p;
}

bool written_name(const struct written *w, struct value name)
{
	uint16_t tag;

	if (w->bytes.len < HEAD)
		return true;
	memcpy(&tag, w->bytes.data, sizeof(tag));
	return tag == dn_tag(name);
}

bool written_same_name(struct value then, struct value now)
{
	return then.len < HEAD || now.len < HEAD ||
	       memcmp(then.data, now.data, sizeof(uint16_t)) == 0;
}

const struct rule *written_rule(const struct rules *rules, uint64_t epoch, struct value bytes)
{
	const struct rule *found = NULL;
	uint16_t tag;

	if (bytes.len < HEAD)
		return NULL;
	memcpy(&tag, bytes.data + sizeof(tag), sizeof(tag));
	for (unsigned i = 0; i < rules_count(rules) && found == NULL; i++) {
		if (tag == epoch_tag(rules_at(rules, i), epoch))
			found = rules_at(rules, i);
	}
	return found;
}

/* The digest of the rule's attribute in this place: 0 when it was left absent. */
static uint16_t digest_at(const struct parts *p, unsigned place)
{
	uint16_t digest = 0;
	size_t at = 0;

	if (place / 8 >= p->n_bits || (p->bits[place / 8] >> (place % 8) & 1) == 0)
		return 0;
	for (unsigned i = 0; i < place; i++)
		at += p->bits[i / 8] >> (i % 8) & 1;
	memcpy(&digest, p->digests + DIGEST * at, DIGEST);
	return digest;
}

/* X500 addresses come from many, and stay: whoever adds one has not undone anything. */
static uint16_t digest_of(const struct attr *a)
{
	return a != NULL ? (uint16_t)attr_digest(a, reach_answers) : 0;
}

bool written_left(const struct written *w, unsigned attr, const struct attr *now)
{
	const struct parts p = parts_of(w->bytes);
	unsigned n, place = 0;
	uint16_t tag;

	if (p.bits == NULL)
		return true;
	memcpy(&tag, w->bytes.data + sizeof(tag), sizeof(tag));
	if (tag != epoch_tag(w->rule, w->epoch))
		return true;
	const unsigned *attrs = rule_attrs(w->rule, &n);
	while (place < n && attrs[place] != attr)
		place++;
	if (place == n || place / 8 >= BITS_MAX)
		return true;
	uint16_t digest = digest_at(&p, place);
	return digest == NOT_OURS || digest == digest_of(now);
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, HASH);
}

void written_sort(struct arena *mem, struct written *w)
{
	const struct parts p = parts_of(w->bytes);

	if (p.n_hashes == 0)
		return;
	char *sorted = arena_copy(mem, p.hashes, HASH * p.n_hashes);
	qsort(sorted, p.n_hashes, HASH, by_hash);
	w->sorted = (const unsigned char *)sorted;
}

bool written_value(const struct written *w, unsigned attr, struct value v)
{
	const struct parts p = parts_of(w->bytes);
	unsigned char low[HASH];
	bool found = false;

	if (p.n_hashes == 0)
		return false;
	struct arena *mem = arena_new();
	put_low(low, value_hash(mem, attr, v));
	arena_free(mem);
	if (w->sorted != NULL)
		return bsearch(low, w->sorted, p.n_hashes, HASH, by_hash) != NULL;
	for (size_t i = 0; i < p.n_hashes && !found; i++)
		found = memcmp(p.hashes + HASH * i, low, HASH) == 0;
	return found;
}

bool written_refers(struct value bytes, const struct keys *names)
{
	const struct parts p = parts_of(bytes);
	uint64_t name;
	bool found = p.n_references > 0 && keys_has(names, 0);

	for (size_t i = 0; i < p.n_references && !found; i++) {
		memcpy(&name, p.references + REFERENCE * i, REFERENCE);
		found = keys_has(names, name);
	}
	return found;
}

struct value written_with_references(
	struct arena *mem, struct value bytes, const uint64_t *names, unsigned n)
{
	const size_t len = bytes.len + n * sizeof(*names);

	if (n == 0 || bytes.len == 0)
		return bytes;
	char *copy = arena_alloc(mem, len);
	memcpy(copy, bytes.data, bytes.len);
	memcpy(copy + bytes.len, names, n * sizeof(*names));
	return (struct value){copy, len};
}

/* The bits and the digests. */
static void add_digests(struct buf *b, const struct desired *d, const struct entry *after,
	const unsigned *attrs, unsigned n, const bool *skip)
{
	unsigned char bits[BITS_MAX] = {0};
	struct buf digests = {0};
	size_t used = 0;

	for (unsigned i = 0; i < n && i / 8 < BITS_MAX; i++) {
		const struct wanted *w = desired_get(d, attrs[i]);
		bool ours = w != NULL && !skip[i];
		uint16_t digest = ours ? digest_of(entry_get(after, attrs[i])) : NOT_OURS;
		if (digest == 0 || (ours && w->mode != FLOW_ALWAYS))
			continue;
		bits[i / 8] = (unsigned char)(bits[i / 8] | 1u << (i % 8));
		used = i / 8 + 1;
		buf_add(&digests, &digest, DIGEST);
	}
	buf_putc(b, (char)used);
	buf_add(b, bits, used);
	if (digests.len > 0)
		buf_add(b, digests.data, digests.len);
	buf_free(&digests);
}

static void add_hash(struct arena *mem, struct buf *b, unsigned attr, struct value v)
{
	unsigned char low[HASH];

	put_low(low, value_hash(mem, attr, v));
	buf_add(b, low, HASH);
}

static void add_hashes(struct arena *mem, struct buf *b, const struct desired *d)
{
	size_t n = 0;

	for (unsigned i = 0; i < d->n; i++)
		n += d->attrs[i].mode == FLOW_MERGE ? d->attrs[i].n : 0;
	pack_number(b, n);
	for (unsigned i = 0; i < d->n; i++) {
		const struct wanted *w = &d->attrs[i];
		for (unsigned k = 0; w->mode == FLOW_MERGE && k < w->n; k++)
			add_hash(mem, b, w->attr, w->values[k]);
	}
}

struct value written_make(struct arena *mem, const struct desired *d, uint64_t epoch,
	const struct entry *after, const bool *skip)
{
	const uint16_t head[] = {dn_tag(after->name), epoch_tag(d->rule, epoch)};
	unsigned n;
	const unsigned *attrs = rule_attrs(d->rule, &n);
	struct buf b = {0};

	buf_add(&b, head, sizeof(head));
	add_digests(&b, d, after, attrs, n, skip);
	add_hashes(mem, &b, d);
	struct value v = {arena_copy(mem, b.data, b.len), b.len};
	buf_free(&b);
	return v;
}

struct value written_unsure(
	struct arena *mem, const struct rules *rules, uint64_t epoch, struct value bytes)
{
	const struct rule *rule = written_rule(rules, epoch, bytes);
	const uint16_t digest = NOT_OURS;
	unsigned n = 0;

	if (rule == NULL)
		return bytes;
	char *copy = arena_copy(mem, bytes.data, bytes.len);
	const struct parts p = parts_of(bytes);
	const unsigned *attrs = rule_attrs(rule, &n);
	char *at = copy + HEAD + p.n_bits;
	for (size_t i = 0; i < p.n_bits * 8; i++) {
		if ((p.bits[i / 8] >> (i % 8) & 1) == 0)
			continue;
		if (i < n && attr_syntax(attrs[i]) == SYNTAX_DN)
			memcpy(at, &digest, DIGEST);
		at += DIGEST;
	}
	return (struct value){copy, bytes.len};
}

/* Of attributes nothing; these hashes, and those references. */
static struct value unknown(
	struct arena *mem, uint16_t name, const struct buf *hashes, const struct parts *references)
{
	const uint16_t head[] = {name, NO_EPOCH};
	struct buf b = {0};

	buf_add(&b, head, sizeof(head));
	buf_putc(&b, 0);
	pack_number(&b, hashes->len / HASH);
	if (hashes->len > 0)
		buf_add(&b, hashes->data, hashes->len);
	if (references->n_references > 0)
		buf_add(&b, references->references, REFERENCE * references->n_references);
	const struct value v = {arena_copy(mem, b.data, b.len), b.len};
	buf_free(&b);
	return v;
}

/* Hashes of those that are not among the others, in whatever spelling: an address that only lost
 * its rank did not come, nor go. */
static void add_others(struct arena *mem, struct buf *b, unsigned attr, const struct value *values,
	unsigned n, const struct value *others, unsigned n_others)
{
	for (unsigned i = 0; i < n; i++) {
		bool among = false;
		for (unsigned k = 0; k < n_others && !among; k++)
			among = utf8_same(values[i], others[k]);
		if (!among)
			add_hash(mem, b, attr, values[i]);
	}
}

struct value written_doubt(struct arena *mem, struct value before, struct value claimed,
	const struct change *c, struct value name)
{
	const struct parts old = parts_of(before), now = parts_of(claimed);
	struct buf hashes = {0};

	if (now.bits == NULL)
		return claimed;
	if (old.n_hashes > 0)
		buf_add(&hashes, old.hashes, HASH * old.n_hashes);
	buf_add(&hashes, now.hashes, HASH * now.n_hashes);
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		add_others(mem, &hashes, m->attr, m->remove, m->n_remove, m->add, m->n_add);
	}
	const struct value v = unknown(mem, dn_tag(name), &hashes, &now);
	buf_free(&hashes);
	return v;
}

struct value written_adrift(
	struct arena *mem, struct value before, const struct entry *was, const struct entry *now)
{
	const struct parts old = parts_of(before);
	const struct attr none = {.n = 0};
	struct buf hashes = {0};
	uint16_t name = dn_tag(now->name);

	if (old.bits == NULL && was->n > 0)
		return before;
	if (old.bits != NULL && dn_text_equal(was->name, now->name))
		memcpy(&name, before.data, sizeof(name));
	if (old.n_hashes > 0)
		buf_add(&hashes, old.hashes, HASH * old.n_hashes);
	for (unsigned i = 0; i < now->n; i++) {
		const struct attr *a = &now->attrs[i], *then = entry_get(was, a->id);
		then = then != NULL ? then : &none;
		add_others(mem, &hashes, a->id, a->values, a->n, then->values, then->n);
	}
	const struct value v = unknown(mem, name, &hashes, &old);
	buf_free(&hashes);
	return v;
}
