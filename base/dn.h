#ifndef BASE_DN_H
#define BASE_DN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct err;

/*
 * Distinguished names, RFC 4514. Containment is decided on parsed RDNs, never on text:
 * "cn=foo\,ou=people,dc=x" lies below dc=x, not below ou=people,dc=x.
 *
 * Accepted: RFC 4514, and its predecessors' blanks around ',' '=' '+'. Refused: an empty attribute
 * type or hex string, a bad escape, NUL, unescaped specials (so ';' as a separator and "quoted"
 * values), a tab or line end unescaped at either end of a value, bytes that are not UTF-8. An
 * escaped line feed is accepted: AD names conflict objects "cn=x\0ACNF:guid".
 */
struct ava {
	const char *type;   /* as spelled: a descriptor or a dotted OID */
	struct value value; /* unescaped; the bytes that a "#hex" value stands for */
	bool ber;           /* it was "#hex": opaque, and never equal to a text */
};

struct rdn {
	unsigned n; /* 1, more for multi-valued RDNs */
	struct ava *avas;
};

struct dn {
	unsigned n;       /* 0: the root */
	struct rdn *rdns; /* the leaf first */
};

/* ERR_ENTRY with the text and column on a bad name. */
int dn_parse(struct arena *, struct value text, struct dn *, struct err *);
/* RFC 4514 text with the least escapes, control characters as \XX; dn_parse(dn_print(x)) = x. */
struct value dn_print(struct arena *, const struct dn *);

/* Case does not count (Unicode case folding), nor unescaped blanks around values, nor the order in
 * an RDN. Blanks inside a value count, each of them, and so does how a type is spelled: "2.5.4.3"
 * is not "cn". */
bool dn_equal(const struct dn *, const struct dn *);
/* Is child strictly below base? */
bool dn_below(const struct dn *child, const struct dn *base);
/* The same on texts; false when one of them cannot be parsed. Equal names are not below. */
bool dn_text_below(struct value child, const struct dn *base);
/* A text that is no name equals its own bytes only. */
bool dn_text_equal(struct value, struct value);

/* The form that is equal for equal names: folded, least escapes. NULL data when the text is no
 * name. */
struct value dn_normal(struct arena *, struct value text);
/* hash of dn_normal; a text that is no name hashes as its bytes. Without allocation for plain ASCII
 * names. */
uint64_t dn_key(struct value text);

/* The same but for the case of values: equal for the spellings that servers give one name, as slapd
 * writes "cn=a\2Cb" for "CN=a\,b". */
uint64_t dn_digest(struct value text);

/* A value with RFC 4514's escapes, for building a name. A name built of NUL or of bytes that are
 * not UTF-8 is refused when it is parsed. */
struct value dn_escape(struct arena *, struct value);
/* "CN=x" and "OU=y,DC=z" as one name; either may be empty. */
struct value dn_child(struct arena *, struct value rdn, struct value parent);
/* The text without its first RDN, pointing into it; empty at the root. A bad name gives itself. */
struct value dn_parent(struct value text);
/* The text of its first RDN alone, pointing into it. A bad name gives itself. */
struct value dn_leaf(struct value text);
/* Number of RDNs; 0 for a bad name. */
unsigned dn_depth(struct value text);
/* The attribute that names the entry, and its value there (unescaped, in the arena); ATTR_NONE for
 * a bad name and for the root. */
unsigned dn_naming(struct arena *, struct value text, struct value *);

#endif
