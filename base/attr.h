#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Attribute names as small numbers, so that an entry is compared and digested without comparing
 * names. The table knows the address-list attributes of Active Directory, Exchange and Lync with
 * their syntax and limits; any other name is added when first seen, as text. Ids are stable within
 * one run only: what is kept on disk says the name. Any thread may ask.
 *
 * Source of syntaxes and ranges: the AD schema 1903 and the Exchange and Lync schema extensions,
 * with the stricter limit where Exchange Online has one.
 */
enum attr_syntax {
	SYNTAX_TEXT,   /* Unicode; compared to the byte */
	SYNTAX_NOCASE, /* Unicode that names something: mail, alias, account; case does not count */
	SYNTAX_ADDRESS, /* TYPE:value; the case of TYPE counts (primary), that of value does not */
	SYNTAX_DN,      /* compared as parsed names */
	SYNTAX_INT,     /* 64-bit decimal */
	SYNTAX_BOOL,    /* TRUE or FALSE */
	SYNTAX_TIME,    /* generalized time */
	SYNTAX_BYTES,   /* octets, SIDs, GUIDs, certificates */
};

#define ATTR_MAX 65535
#define ATTR_NONE ATTR_MAX

/* Id of a name (case does not count, a ";binary" option is dropped); a new name is added. ATTR_NONE
 * when the name is not an attribute description (RFC 4512: a letter, then letters, digits, '-',
 * options after
 * ';') or the table is full. Ids count up from 0. */
unsigned attr_id(const char *name, size_t len);
/* The same for a name in the program's text. */
unsigned attr_named(const char *name);
/* How many ids there are: a table by id has that many places. */
unsigned attr_count(void);

/* Is it one of these? ids: room for as many, zeros before the first time: names are looked up once,
 * by one thread. */
bool attr_among(unsigned attr, const char *const *names, size_t n, unsigned *ids);
const char *attr_name(unsigned id);
/* A hash of the name, which is the same in every run. */
uint64_t attr_seed(unsigned id);
bool attr_known(unsigned id); /* one of the table's, whose syntax is known */
enum attr_syntax attr_syntax(unsigned id);
bool attr_single(unsigned id);    /* single-valued in AD */
bool attr_free_text(unsigned id); /* over-long values are cut, not refused */
/* Longest value, in characters (bytes for SYNTAX_BYTES); 0 is no limit known. */
unsigned attr_limit(unsigned id);

/* A set of attribute ids. Start with {0}. */
struct attr_set {
	unsigned n;
	unsigned char *flag;
};

void attr_set_add(struct arena *, struct attr_set *, unsigned id);
void attr_set_join(struct arena *, struct attr_set *, const struct attr_set *more);

static inline bool attr_set_has(const struct attr_set *set, unsigned id)
{
	return id < set->n && set->flag[id];
}

#endif
