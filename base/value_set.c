#include "base/value_set.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/hash.h"
#include "base/utf8.h"

/* The same for values that are equal. */
static uint64_t value_hash(unsigned attr, struct value v)
{
	size_t type = 0;

	switch (attr_syntax(attr)) {
	case SYNTAX_NOCASE:
	case SYNTAX_BOOL:
		return utf8_hash(v, 0);
	case SYNTAX_ADDRESS:
		while (type < v.len && v.data[type] != ':')
			type++;
		if (type == v.len)
			return utf8_hash(v, 0);
		return utf8_hash(
			(struct value){v.data + type, v.len - type}, hash_bytes(v.data, type, 0));
	case SYNTAX_DN:
		return dn_key(v);
	case SYNTAX_TEXT:
	case SYNTAX_INT:
	case SYNTAX_TIME:
	case SYNTAX_BYTES:
		break;
	}
	return hash_bytes(v.data, v.len, 0);
}

/* Where the value is, or the empty place for it: 0. */
static uint32_t *find(const struct value_set *s, struct value v)
{
	size_t at = value_hash(s->attr, v) & s->mask;

	while (s->places[at] != 0 && !value_equal(s->attr, s->values[s->places[at] - 1], v))
		at = (at + 1) & s->mask;
	return &s->places[at];
}

static void start(struct value_set *s, struct arena *mem, unsigned attr, unsigned room)
{
	size_t places = 64;

	*s = (struct value_set){.attr = attr};
	if (room <= VALUES_FEW)
		return;
	while (places < 2 * (size_t)room)
		places *= 2;
	s->mask = places - 1;
	s->places = arena_zalloc(mem, places * sizeof(*s->places));
}

void value_set_of(
	struct value_set *s, struct arena *mem, unsigned attr, const struct value *list, unsigned n)
{
	start(s, mem, attr, n);
	s->values = (struct value *)(uintptr_t)list;
	s->n = n;
	for (unsigned i = 0; i < n && s->places != NULL; i++) {
		uint32_t *place = find(s, list[i]);
		if (*place == 0)
			*place = i + 1;
	}
}

void value_set_new(struct value_set *s, struct arena *mem, unsigned attr, unsigned room)
{
	start(s, mem, attr, room);
	s->values = arena_alloc(mem, room * sizeof(*s->values));
}

bool value_set_has(const struct value_set *s, struct value v)
{
	if (s->places != NULL)
		return *find(s, v) != 0;
	return value_among(s->attr, v, s->values, s->n);
}

bool value_set_add(struct value_set *s, struct value v)
{
	if (s->places == NULL) {
		if (value_among(s->attr, v, s->values, s->n))
			return false;
	} else {
		uint32_t *place = find(s, v);
		if (*place != 0)
			return false;
		*place = s->n + 1;
	}
	s->values[s->n++] = v;
	return true;
}
