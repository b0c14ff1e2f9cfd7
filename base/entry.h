#ifndef BASE_ENTRY_H
#define BASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct attr_set;
struct buf;

/* Bytes. Never strlen on a value; values made by the arena functions have a NUL behind them all the
 * same. */
struct value {
	const char *data;
	size_t len;
};

/* One attribute of an entry: its values have no order. n == 0 means "present without values", which
 * only the rules know ("remove it"); a directory never returns one. */
struct attr {
	unsigned id; /* attr.h */
	unsigned n;
	struct value *values;
};

/* One object of a directory. */
struct entry {
	struct value
		id;   /* never changes: objectGUID, entryUUID ... bytes as the directory has them */
	uint64_t key; /* entry_key(id) */
	uint64_t next_key; /* of the entry that will be read next, where that is known; 0 */
	struct value name; /* the DN, as the directory spells it */
	bool gone; /* a tombstone: deleted since the cookie; has an id or only a key, no attributes
		    */
	bool partial;    /* id, name and digest only: connector_fill brings the attributes */
	uint64_t digest; /* of all that was read of it, when the connector has one at no cost; 0 */
	unsigned n;
	struct attr *attrs; /* each id once */
};

/* A place in an index for an id. */
uint64_t entry_key(struct value id);

struct value value_of(const char *); /* of a C string, not copied */
struct value value_copy(struct arena *, struct value);
/* Equal by the attribute's syntax. */
bool value_equal(unsigned attr, struct value a, struct value b);
/* Equal so to one of a list? */
bool value_among(unsigned attr, struct value, const struct value *list, unsigned n);
/* Equal to the byte. */
bool value_same(struct value a, struct value b);
/* -1, 0, 1 by bytes, shorter first: a canonical order. */
int value_order(struct value a, struct value b);
/* In the order of value_order. */
void values_sort(struct value *, size_t n);

/* NULL when the entry has none. */
const struct attr *entry_get(const struct entry *, unsigned attr);
const struct attr *entry_find(const struct entry *, const char *name);
/* The first value, or {NULL, 0}. */
struct value entry_first(const struct entry *, unsigned attr);
bool entry_has(const struct entry *, unsigned attr, struct value); /* by value_equal */
/* Is it of this class (case does not count)? */
bool entry_is(const struct entry *, const char *object_class);

/* Replace, or add to, the values of an attribute. The values are not copied. entry_put with n == 0
 * keeps the attribute without values; entry_drop takes it out. */
void entry_put(struct arena *, struct entry *, unsigned attr, const struct value *, unsigned n);
void entry_add(struct arena *, struct entry *, unsigned attr, struct value);
void entry_drop(struct entry *, unsigned attr);
void entry_copy(struct arena *, struct entry *to, const struct entry *from);

/* The same set of values? NULL is the empty set. */
bool attr_equal(const struct attr *, const struct attr *);
/* 64 bits over the values of an attribute that `but` is not true of; 0: there are none. Their order
 * does not count, nor the spelling of names. */
uint64_t attr_digest(const struct attr *, bool (*but)(unsigned attr, struct value));
/* The same over the attributes in wanted (NULL: all); neither id nor name. */
uint64_t entry_digest(const struct entry *, const struct attr_set *wanted);

/* To and from bytes, for spools: pack appends; unpack reads one entry at *at and moves it, values
 * pointing into the bytes; -1 when they end early. */
void entry_pack(struct buf *, const struct entry *);
int entry_unpack(struct arena *, const char **at, const char *end, struct entry *);

/* The text form of an id: a GUID in AD's mixed-endian notation for 16 bytes, the bytes themselves
 * when they are printable ASCII, else hexadecimal. */
const char *entry_id_text(struct arena *, struct value id);
/* The text form back to bytes. */
struct value entry_id_parse(struct arena *, const char *text);
/* The id whose text says these 16 bytes from left to right. */
struct value entry_id_guid(struct arena *, const unsigned char bytes[16]);

#endif
