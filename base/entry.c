#include "base/entry.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "base/value_set.h"

uint64_t entry_key(struct value id)
{
	return hash_bytes(id.data, id.len, 0);
}

struct value value_of(const char *s)
{
	return (struct value){s, strlen(s)};
}

struct value value_copy(struct arena *mem, struct value v)
{
	return (struct value){arena_copy(mem, v.data, v.len), v.len};
}

bool value_same(struct value a, struct value b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int value_order(struct value a, struct value b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n > 0 ? memcmp(a.data, b.data, n) : 0;

	if (d != 0)
		return d < 0 ? -1 : 1;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int by_bytes(const void *a, const void *b)
{
	return value_order(*(const struct value *)a, *(const struct value *)b);
}

void values_sort(struct value *v, size_t n)
{
	enum { FEW = 16 };

	if (n > FEW) {
		qsort(v, n, sizeof(*v), by_bytes);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		const struct value one = v[i];
		size_t k = i;
		for (; k > 0 && value_order(v[k - 1], one) > 0; k--)
			v[k] = v[k - 1];
		v[k] = one;
	}
}

/* The type's case counts ("SMTP:" is the primary), the address's does not. */
static bool address_equal(struct value a, struct value b)
{
	const char *colon = a.len > 0 ? memchr(a.data, ':', a.len) : NULL;
	size_t type = colon != NULL ? (size_t)(colon - a.data) : 0;

	if (b.len < type || (type > 0 && memcmp(a.data, b.data, type) != 0))
		return false;
	return utf8_same((struct value){a.data + type, a.len - type},
		(struct value){b.data + type, b.len - type});
}

bool value_equal(unsigned attr, struct value a, struct value b)
{
	if (value_same(a, b))
		return true;
	if (a.len == 0 || b.len == 0)
		return false;
	switch (attr_syntax(attr)) {
	case SYNTAX_NOCASE:
	case SYNTAX_BOOL:
		return utf8_same(a, b);
	case SYNTAX_ADDRESS:
		return address_equal(a, b);
	case SYNTAX_DN:
		return dn_text_equal(a, b);
	case SYNTAX_TEXT:
	case SYNTAX_INT:
	case SYNTAX_TIME:
	case SYNTAX_BYTES:
		break;
	}
	return false;
}

bool value_among(unsigned attr, struct value v, const struct value *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (value_equal(attr, list[i], v))
			return true;
	}
	return false;
}

static struct attr *find(const struct entry *e, unsigned attr)
{
	for (unsigned i = 0; i < e->n; i++) {
		if (e->attrs[i].id == attr)
			return &e->attrs[i];
	}
	return NULL;
}

const struct attr *entry_get(const struct entry *e, unsigned attr)
{
	return find(e, attr);
}

const struct attr *entry_find(const struct entry *e, const char *name)
{
	return entry_get(e, attr_named(name));
}

struct value entry_first(const struct entry *e, unsigned attr)
{
	const struct attr *a = entry_get(e, attr);

	return a != NULL && a->n > 0 ? a->values[0] : (struct value){NULL, 0};
}

bool entry_has(const struct entry *e, unsigned attr, struct value v)
{
	const struct attr *a = entry_get(e, attr);

	return a != NULL && value_among(attr, v, a->values, a->n);
}

bool entry_is(const struct entry *e, const char *object_class)
{
	return entry_has(e, attr_named("objectClass"), value_of(object_class));
}

/* The place of an attribute, made when there is none. */
static struct attr *place(struct arena *mem, struct entry *e, unsigned attr)
{
	struct attr *there = find(e, attr);

	if (there != NULL)
		return there;
	struct attr *attrs = arena_alloc(mem, (e->n + 1) * sizeof(*attrs));
	if (e->n > 0)
		memcpy(attrs, e->attrs, e->n * sizeof(*attrs));
	e->attrs = attrs;
	attrs[e->n] = (struct attr){.id = attr};
	return &attrs[e->n++];
}

void entry_put(struct arena *mem, struct entry *e, unsigned attr, const struct value *v, unsigned n)
{
	struct attr *a = place(mem, e, attr);

	a->values = arena_alloc(mem, n * sizeof(*v));
	if (n > 0)
		memcpy(a->values, v, n * sizeof(*v));
	a->n = n;
}

void entry_add(struct arena *mem, struct entry *e, unsigned attr, struct value v)
{
	struct attr *a = place(mem, e, attr);
	struct value *values = arena_alloc(mem, (a->n + 1) * sizeof(*values));

	if (a->n > 0)
		memcpy(values, a->values, a->n * sizeof(*values));
	values[a->n++] = v;
	a->values = values;
}

void entry_drop(struct entry *e, unsigned attr)
{
	struct attr *a = find(e, attr);

	if (a == NULL)
		return;
	memmove(a, a + 1, (size_t)(e->attrs + e->n - (a + 1)) * sizeof(*a));
	e->n--;
}

void entry_copy(struct arena *mem, struct entry *to, const struct entry *from)
{
	*to = *from;
	to->id = value_copy(mem, from->id);
	to->name = value_copy(mem, from->name);
	to->attrs = arena_alloc(mem, from->n * sizeof(*to->attrs));
	for (unsigned i = 0; i < from->n; i++) {
		const struct attr *a = &from->attrs[i];
		struct value *values = arena_alloc(mem, a->n * sizeof(*values));
		for (unsigned k = 0; k < a->n; k++)
			values[k] = value_copy(mem, a->values[k]);
		to->attrs[i] = (struct attr){a->id, a->n, values};
	}
}

/* Is each value of a one of b? */
static bool within(const struct attr *a, const struct attr *b, struct arena *mem)
{
	struct value_set set;
	bool all = true;

	value_set_of(&set, mem, a->id, b->values, b->n);
	for (unsigned i = 0; i < a->n && all; i++)
		all = value_set_has(&set, a->values[i]);
	return all;
}

bool attr_equal(const struct attr *a, const struct attr *b)
{
	const unsigned n = a != NULL ? a->n : 0;

	if (n != (b != NULL ? b->n : 0))
		return false;
	if (n == 0)
		return true;
	/* A set against a set: each value of both sides, as values equal by syntax may be there
	 * twice. */
	struct arena *mem = n > VALUES_FEW ? arena_new() : NULL;
	const bool equal = within(a, b, mem) && within(b, a, mem);
	arena_free(mem);
	return equal;
}

/* Values are summed, so that their order does not count. */
uint64_t attr_digest(const struct attr *a, bool (*but)(unsigned attr, struct value))
{
	uint64_t sum = 0;
	unsigned n = 0;

	/* A server may spell a name otherwise than it was written. */
	bool names = attr_syntax(a->id) == SYNTAX_DN;
	for (unsigned i = 0; i < a->n; i++) {
		struct value v = a->values[i];
		if (but(a->id, v))
			continue;
		sum += names ? dn_key(v) : hash_bytes(v.data, v.len, 1);
		n++;
	}
	return n > 0 ? hash_bytes(&sum, sizeof(sum), n) : 0;
}

/* A server may spell a name otherwise than it was written. */
static uint64_t value_digest(struct value v, bool name, uint64_t seed)
{
	if (!name)
		return hash_bytes(v.data, v.len, seed);
	return hash_bytes(&(uint64_t){dn_digest(v)}, sizeof(uint64_t), seed);
}

uint64_t entry_digest(const struct entry *e, const struct attr_set *wanted)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		if (wanted != NULL && !attr_set_has(wanted, a->id))
			continue;
		uint64_t seed = attr_seed(a->id);
		bool names = attr_syntax(a->id) == SYNTAX_DN;
		for (unsigned k = 0; k < a->n; k++)
			sum += value_digest(a->values[k], names, seed);
	}
	return sum;
}
