#ifndef BASE_LDIF_H
#define BASE_LDIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/change.h"
#include "base/entry.h"

struct arena;
struct buf;
struct err;

/*
 * LDIF, RFC 2849: folding, base64, comments, CRLF or LF, "version: 1", content and change records
 * (add, delete, modify, modrdn, moddn; controls are read over). Content may be written as
 * "changetype: add", as ldifde exports do. Beyond the RFC, values may be bytes that are not base64
 * (UTF-8, as ldifde -u writes) and a mark of UTF-8 may stand in front. Errors name file and line:
 * ERR_FATAL, for a damaged file is not read on.
 *
 * Refused: a line that is no "name: value", a dn that is not UTF-8, a record without attributes, a
 * "dn:" inside a record, NUL, UTF-16, "increment:", "deleteoldrdn: 0" (the old name always goes),
 * and records with and without changetype in one file of changes (an add may stand anywhere).
 *
 * Truncation is noticed: a last line without its end of line, and a "# numEntries: n" comment
 * (ldapsearch) that is neither the number of entries read nor that since the last such comment (a
 * page). A file whose size or time changes while it is read is ERR_BUSY.
 *
 * Streamed with one buffer of 256 KiB or the longest record, whichever is larger; a record over
 * LDIF_RECORD_MAX is refused. An entry or a change, with its name and values, lives until the next
 * call, and in the caller's arena where it does not point into the reader's memory: copy what must
 * stay. Values have no NUL behind them.
 */
#define LDIF_RECORD_MAX (64u << 20)

struct ldif;

/* A regular file; path is the name in messages. allow_urls: read "attr:< file:///path" values,
 * which are an error otherwise. */
int ldif_open(const char *path, bool allow_urls, struct ldif **, struct err *);
/* A text, which is copied. */
struct ldif *ldif_memory(const char *name, const char *data, size_t len);
void ldif_close(struct ldif *);

/* 1 and an entry (each attribute once; id and key not set), 0 at the end, -1. */
int ldif_next(struct ldif *, struct arena *, struct entry *, struct err *);
/* 1 and a change, 0 at the end, -1. A content record is an add. "delete:" without values is a mod
 * that replaces by nothing; a "delete:" and the "add:" of the same attribute right behind it are
 * one mod. */
int ldif_next_change(struct ldif *, struct arena *, struct change *, struct err *);
/*
 * A content record's id, name and digest without reading the rest of it: for who remembers the
 * digest, and then knows all of it. The digest is over the record's bytes as they stand in the
 * file: another order of lines is another digest. 1; then ldif_next reads this very record, or
 * ldif_pass goes on behind it. 0 at the end. 2: this one is to be read with ldif_next (a comment, a
 * text in memory, no such attribute ...). -1. id_name is the same in all calls.
 */
struct ldif_peeked {
	struct value name, id; /* in the arena, or until the next call */
	uint64_t digest;
	struct value next; /* the id of the record behind it, where that is at hand; else len 0 */
};

int ldif_peek(
	struct ldif *, struct arena *, const char *id_name, struct ldif_peeked *, struct err *);
void ldif_pass(struct ldif *);

/* The line on which the last record began, for messages. */
unsigned long ldif_line(const struct ldif *);
const char *ldif_name(const struct ldif *);
/* The open file, for who looks at its bytes (pread) before they are parsed; -1: it is a text. */
int ldif_fd(const struct ldif *);

/* A record, with the empty line after it. Lines are folded at 76; what is not printable ASCII,
 * or begins or ends as SAFE-STRING must not, is base64. Attributes are printed objectClass first,
 * the rest in the order they have; one called as a word of LDIF (changetype, control, dn) is not.
 */
void ldif_print_entry(struct buf *, const struct entry *);
/* A modify with a new name prints as a modrdn record and, when it also has mods, a modify record
 * after it. */
void ldif_print_change(struct buf *, const struct change *);

#endif
