#ifndef BASE_LDIF_H
#define BASE_LDIF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/change.h"
#include "base/entry.h"

struct arena;
struct buf;
struct err;

/*
 * LDIF, RFC 2849: folding, base64, comments, CRLF or LF, "version: 1", content and change records (add, delete,
 * modify, modrdn, moddn; controls are read over). Content may be written as "changetype: add", as ldifde
 * exports do. Errors name file and line: ERR_FATAL, for a damaged file is not read on.
 *
 * Truncation is noticed: a last line without its end of line, and a count in a trailing "# numEntries: n"
 * comment (ldapsearch) that is not the number of entries read.
 *
 * Streamed with one buffer of 256 KiB or the longest record, whichever is larger; a record over LDIF_RECORD_MAX
 * is refused. Names and values of an entry live in the caller's arena (or point into memory that lives until the
 * next call: the arena is asked for nothing then; copy what must stay).
 */
#define LDIF_RECORD_MAX (64u << 20)

struct ldif;

/* name is for messages. allow_urls: read "attr:< file:///path" values; otherwise they are an error. */
int ldif_open(const char *path, bool allow_urls, struct ldif **, struct err *);
struct ldif *ldif_memory(const char *name, const char *data, size_t len);
void ldif_close(struct ldif *);

/* 1 and an entry (values in any order, each attribute once; id and key not set), 0 at the end, -1. */
int ldif_next(struct ldif *, struct arena *, struct entry *, struct err *);
/* 1 and a change, 0 at the end, -1. A content record is an add. */
int ldif_next_change(struct ldif *, struct arena *, struct change *, struct err *);
/* The line on which the last record began, for messages. */
unsigned long ldif_line(const struct ldif *);
const char *ldif_name(const struct ldif *);

/* A record, with the empty line after it. Lines are folded at 76; anything outside SAFE-STRING is base64. Attributes are
 * printed objectClass first, the rest in the order they have. */
void ldif_print_entry(struct buf *, const struct entry *);
/* A modify with a new name prints as a modrdn record and, when it also has mods, a modify record after it. */
void ldif_print_change(struct buf *, const struct change *);

#endif
