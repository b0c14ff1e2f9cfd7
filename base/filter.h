#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include <stdbool.h>

#include "base/entry.h"

struct arena;
struct attr_set;
struct buf;
struct err;

/*
 * Search filters, RFC 4515: and, or, not, equality, substrings, >=, <=, presence, ~= (as equality),
 * and extensible match with AD's rules 1.2.840.113556.1.4.803 (all bits), .804 (any bit) and .1941
 * (in chain). Not three-valued (RFC 4511 4.5.1.7): an item on an absent attribute is false, as AD
 * users expect, so that (!(a=b)) is true where a is absent.
 *
 * Values are compared by the attribute's syntax (attr.h); TEXT and ADDRESS compare without case
 * here, as AD does. >= and <= compare numbers for INT and folded text for all else. A GUID may be
 * asserted as its bytes (\xx) or as its text, and objectCategory by a class's short name, as in
 * (objectCategory=person).
 *
 * More than RFC 4515 is accepted: blanks around parentheses and after attribute names. Other
 * matching rules and ":dn" are refused, not taken for false.
 */
struct filter;

/* ERR_FATAL with the column and what was expected. Nesting over 64 is refused. */
int filter_parse(struct arena *, struct value text, struct filter **, struct err *);
/* RFC 4515 text, canonical; filter_parse(filter_print(f)) = f. */
void filter_print(struct buf *, const struct filter *);
bool filter_match(const struct filter *, const struct entry *);

/* Add the attributes it reads to wanted; for an in-chain item both sides of a link, as memberOf and
 * member. */
void filter_reads(struct arena *, const struct filter *, struct attr_set *wanted);

/* For reporting: the smallest part that made the filter false for the entry, e.g. "(mail=*)" or
 * "(!(msExchHideFromAddressLists=TRUE))"; NULL when it matches. */
const struct filter *filter_failed(const struct filter *, const struct entry *);

/*
 * In-chain items ("member of a group, or of a group in it") need the graph of the whole directory:
 * feed every entry once, then solve. An item that was never fed matches direct values only.
 * Takes 16 bytes a value fed until it is solved, then 8 an entry that matches.
 */
bool filter_chained(const struct filter *);
void filter_learn(struct filter *, const struct entry *);
void filter_solve(struct filter *);
/* Frees what learning took (the rest is the arena's). */
void filter_free(struct filter *);

/* A value with RFC 4515's escapes. */
struct value filter_escape(struct arena *, struct value);

#endif
