#include "sync/written.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/hash.h"
#include "base/keys.h"
#include "base/utf8.h"

/* Of the rule too: another one may have as many attributes. */
static uint16_t epoch_tag(const struct rule *rule, uint64_t epoch)
{
	epoch += rule_number(rule);
	return (uint16_t)(epoch ^ epoch >> 16 ^ epoch >> 32 ^ epoch >> 48);
}

static uint32_t name_tag(unsigned attr)
{
	return (uint32_t)hash_nocase(attr_name(attr), strlen(attr_name(attr)), 3);
}

/* Without case, so that a respelled value of ours is still ours. */
static uint64_t value_tag(struct arena *mem, struct value v)
{
	struct value folded = utf8_fold(mem, v);

	return hash_bytes(folded.data, folded.len, 4);
}

/* In place of a digest: how the attribute was left is not ours to say. */
#define NOT_OURS UINT32_MAX

/* In place of the hash of an attribute's name. */
#define REFERENCES 0

/* Name, epoch, number of attributes. */
#define HEAD 7

static uint32_t dn_tag(struct value name)
{
	return (uint32_t)dn_key(name);
}

bool written_name(const struct written *w, struct value name)
{
	uint32_t tag;

	if (w->bytes.len < HEAD)
		return true;
	memcpy(&tag, w->bytes.data, 4);
	return tag == dn_tag(name);
}

static size_t bits_size(unsigned n)
{
	return (n + 7u) / 8;
}

/* The part by attributes: where its digests are and how many; false when the bytes end early or are
 * of other rules. */
static bool positional(const struct written *w, unsigned n, const unsigned char **bits,
	const unsigned char **digests)
{
	const unsigned char *p = (const unsigned char *)w->bytes.data;
	uint16_t tag;

	if (w->bytes.len < HEAD + bits_size(n))
		return false;
	memcpy(&tag, p + 4, 2);
	if (tag != epoch_tag(w->rule, w->epoch) || p[6] != (unsigned char)n)
		return false;
	*bits = p + HEAD;
	*digests = *bits + bits_size(n);
	return true;
}

int written_digest(const struct written *w, unsigned attr, uint32_t *digest)
{
	const unsigned char *bits, *digests;
	unsigned n;
	const unsigned *attrs = rule_attrs(w->rule, &n);

	if (!positional(w, n, &bits, &digests))
		return 0;
	for (unsigned i = 0; i < n; i++) {
		bool set = (bits[i / 8] >> (i % 8) & 1) != 0;
		if (attrs[i] == attr) {
			*digest = 0;
			if (set &&
				digests + 4 <= (const unsigned char *)w->bytes.data + w->bytes.len)
				memcpy(digest, digests, 4);
			return *digest != NOT_OURS;
		}
		digests += set ? 4 : 0;
	}
	return 0;
}

/* Where the merge part begins: behind as many digests as bits are set. It has to be found under any
 * rules. */
static const unsigned char *merge_part(const struct written *w)
{
	const unsigned char *p = (const unsigned char *)w->bytes.data, *end = p + w->bytes.len;
	size_t n = 0;

	if (w->bytes.len < HEAD)
		return end;
	const unsigned char *bits = p + HEAD;
	size_t size = bits_size(p[6]);
	if ((size_t)(end - bits) < size)
		return end;
	for (size_t i = 0; i < size * 8; i++)
		n += bits[i / 8] >> (i % 8) & 1;
	return (size_t)(end - bits) - size < 4 * n ? end : bits + size + 4 * n;
}

/* The hashes of a group of the merge part; n is 0 when there is none. */
static const unsigned char *group_of(const struct written *w, uint32_t wanted, uint16_t *n)
{
	const unsigned char *end = (const unsigned char *)w->bytes.data + w->bytes.len;
	uint32_t tag;

	for (const unsigned char *p = merge_part(w); end - p >= 6; p += 8u * *n) {
		memcpy(&tag, p, 4);
		memcpy(n, p + 4, 2);
		p += 6;
		if ((size_t)(end - p) < 8u * *n)
			break;
		if (tag == wanted)
			return p;
	}
	*n = 0;
	return end;
}

bool written_value(const struct written *w, unsigned attr, struct value v)
{
	uint64_t there;
	uint16_t n;
	const unsigned char *hashes = group_of(w, name_tag(attr), &n);
	bool found = false;

	if (n == 0)
		return false;
	struct arena *mem = arena_new();
	uint64_t hash = value_tag(mem, v);
	arena_free(mem);
	for (unsigned i = 0; i < n && !found; i++) {
		memcpy(&there, hashes + 8u * i, 8);
		found = there == hash;
	}
	return found;
}

bool written_refers(struct value bytes, const struct keys *names)
{
	const struct written w = {.bytes = bytes};
	uint64_t name;
	uint16_t n;
	const unsigned char *hashes = group_of(&w, REFERENCES, &n);
	bool found = false;

	for (unsigned i = 0; i < n && !found; i++) {
		memcpy(&name, hashes + 8u * i, 8);
		found = keys_has(names, name);
	}
	return found;
}

static void add_group(struct buf *b, uint32_t tag, uint16_t n)
{
	buf_add(b, &tag, sizeof(tag));
	buf_add(b, &n, sizeof(n));
}

struct value written_with_references(
	struct arena *mem, struct value bytes, const uint64_t *names, unsigned n)
{
	struct buf b = {0};

	if (n == 0 || n > UINT16_MAX)
		return bytes;
	buf_add(&b, bytes.data, bytes.len);
	add_group(&b, REFERENCES, (uint16_t)n);
	buf_add(&b, names, n * sizeof(*names));
	struct value v = {arena_copy(mem, b.data, b.len), b.len};
	buf_free(&b);
	return v;
}

struct value written_keep(struct arena *mem, struct value bytes, struct value before, unsigned attr)
{
	const struct written w = {.bytes = before};
	struct buf b = {0};
	uint16_t n;
	const unsigned char *hashes = group_of(&w, name_tag(attr), &n);

	if (n == 0)
		return bytes;
	buf_add(&b, bytes.data, bytes.len);
	add_group(&b, name_tag(attr), n);
	buf_add(&b, hashes, 8u * n);
	struct value v = {arena_copy(mem, b.data, b.len), b.len};
	buf_free(&b);
	return v;
}

static const struct wanted *wanted_of(const struct desired *d, unsigned attr)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->attrs[i].attr == attr)
			return &d->attrs[i];
	}
	return NULL;
}

static void add_merged(struct arena *mem, struct buf *b, const struct wanted *w)
{
	uint16_t n = (uint16_t)(w->n < UINT16_MAX ? w->n : UINT16_MAX);

	add_group(b, name_tag(w->attr), n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t hash = value_tag(mem, w->values[i]);
		buf_add(b, &hash, sizeof(hash));
	}
}

struct value written_make(struct arena *mem, const struct desired *d, uint64_t epoch,
	const struct entry *after, const bool *skip)
{
	unsigned n;
	const unsigned *attrs = rule_attrs(d->rule, &n);
	uint16_t tag = epoch_tag(d->rule, epoch);
	uint32_t name = dn_tag(after->name);
	struct buf b = {0}, merged = {0};

	/* More attributes than the count has room for: none is remembered by place. */
	unsigned placed = n <= UINT8_MAX ? n : 0;
	unsigned char *bits = arena_zalloc(mem, bits_size(placed));
	buf_add(&b, &name, sizeof(name));
	buf_add(&b, &tag, sizeof(tag));
	buf_putc(&b, (char)placed);
	size_t bits_at = b.len;
	buf_add(&b, bits, bits_size(placed));
	for (unsigned i = 0; i < n; i++) {
		const struct wanted *w = wanted_of(d, attrs[i]);
		bool ours = w != NULL && w->mode != FLOW_ADD && !skip[i];
		if (ours && w->mode == FLOW_MERGE)
			add_merged(mem, &merged, w);
		const struct attr *a = entry_get(after, attrs[i]);
		if (i >= placed || (ours && (a == NULL || a->n == 0)))
			continue;
		bool whole = ours && w->mode == FLOW_ALWAYS;
		uint32_t digest = whole ? (uint32_t)attr_digest(a) : NOT_OURS;
		bits[i / 8] = (unsigned char)(bits[i / 8] | 1u << (i % 8));
		buf_add(&b, &digest, sizeof(digest));
	}
	memcpy(b.data + bits_at, bits, bits_size(placed));
	buf_add(&b, merged.data != NULL ? merged.data : "", merged.len);
	struct value v = {arena_copy(mem, b.data, b.len), b.len};
	buf_free(&merged);
	buf_free(&b);
	return v;
}
