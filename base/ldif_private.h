#ifndef BASE_LDIF_PRIVATE_H
#define BASE_LDIF_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/change.h"
#include "base/err.h"
#include "base/ldif.h"

/*
 * Inside of the LDIF reader: lines and values. Parsing happens where read(2) put the bytes: a
 * record is parsed only when all of it is in the buffer, so that values can point there, and what
 * is folded or base64, which only gets shorter by decoding, is decoded in place.
 */

/* An attribute name, and where its values go: by attribute id + 1; the first is for "none". */
struct slot {
	const char *name;     /* as spelled when first seen */
	size_t len;           /* of name; SIZE_MAX, which nothing matches, while there is none */
	unsigned next;        /* slot of the name that last followed this one */
	unsigned place;       /* of its struct attr in the record ... */
	unsigned long record; /* ... with this number */
};

/* What ldif_peek found out about a record: of the next one too, before it is its turn. */
struct scanned {
	char *at;          /* where it begins */
	char *end;         /* behind its last line end */
	struct value id;   /* len 0: it is to be read as usual */
	struct arena *mem; /* where the id is, unless it is in the text */
};

struct ldif {
	struct arena *mem; /* lives as long as the reader */
	const char *name;
	int fd; /* -1: no file */
	bool urls;
	struct stat opened;

	struct buf text;
	char *at;               /* the next byte to parse */
	char *whole;            /* up to here there are whole records only */
	bool begun, ended, nul; /* read from; read to the end; a NUL was seen */

	uint64_t offset;           /* of the text's first byte in the file */
	struct scanned scanned[2]; /* the record that was peeked at; the next, or at is NULL */
	bool passed;               /* there were records whose lines were not counted */
	uint64_t mark;             /* where in the file the last record that was read begins ... */
	unsigned long mark_lines;  /* ... and lines, then */

	unsigned long lines;   /* read so far */
	unsigned long line;    /* number of the line being parsed, of its first when folded */
	unsigned long record;  /* number of the line where the last record began */
	unsigned long n;       /* records */
	unsigned long counted; /* records before the last "# numEntries:" */
	bool content, changes; /* there were records without changetype; with another than add */

	/* The attributes of the last record. Its values stand in the order of the file, with the
	 * place in attrs of each; and once more, sorted, when those of one attribute were not side
	 * by side. */
	struct slot *slots;
	unsigned n_slots;
	struct attr *attrs;
	unsigned n_attrs;
	struct value *values, *sorted;
	unsigned *places;
	unsigned n_values, values_room;
};

/* One logical line, unfolded, without its end. */
struct line {
	char *at, *end;
};

enum record_kind { RECORD_CONTENT, RECORD_ADD, RECORD_DELETE, RECORD_MODIFY, RECORD_RENAME };

/* How a record begins: "dn:", "changetype:" or none, and what is left then. */
struct record {
	enum record_kind kind;
	struct value name;
	int left; /* 1: line is the first line of the rest; 0: there is none */
	struct line line;
};

/* ERR_FATAL "name:line: ...". */
int ldif_fail(const struct ldif *, struct err *, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* See that there is a whole record, or what comes before one, at f->at: 1, 0 at the end of the
 * file, -1. */
int ldif_lines_fill(struct ldif *, struct err *);
/* Lines before the mark that were passed by without counting. */
unsigned long ldif_lines_passed(const struct ldif *);
/* Go to the next line that is neither empty nor a comment: 1, 0 at the end of the file, -1. */
int ldif_lines_begin(struct ldif *, struct line *, struct err *);
/* The next line of the record: 1, 0 at its end, -1. */
int ldif_lines_next(struct ldif *, struct line *, struct err *);
/* Is the line's name this one (lower case)? The colon behind it, or NULL. */
char *ldif_lines_named(const struct line *, const char *name);
/* Decode base64 in place: the place where it ends, or NULL. */
char *ldif_unbase64(char *text, const char *end);
/* The value from its colon on when it is not plain: base64 or a URL. */
int ldif_lines_encoded(
	struct ldif *, struct arena *, char *colon, char *end, struct value *, struct err *);

static inline int ldif_lines_value(
	struct ldif *f, struct arena *mem, char *colon, char *end, struct value *v, struct err *err)
{
	char *p = colon + 1;

	if (p < end && (*p == ':' || *p == '<'))
		return ldif_lines_encoded(f, mem, colon, end, v, err);
	while (p < end && *p == ' ')
		p++;
	*v = (struct value){p, (size_t)(end - p)};
	return 0;
}

/* The next record: 1, 0 at the end of the file, -1. */
int ldif_record_begin(struct ldif *, struct arena *, struct record *, struct err *);
/* The attributes of a content or add record, as f->attrs; at least one. */
int ldif_record_content(struct ldif *, struct arena *, struct record *, struct err *);
/* The id of an attribute name in the file. */
int ldif_record_attr(struct ldif *, const char *name, size_t len, unsigned *id, struct err *);
/* Has the name a meaning of its own between "dn:" and the end of a record? No attribute is called
 * so: printed, its value could turn an entry into a deletion. */
bool ldif_reserved(const char *name);
/* Something else than expected. */
int ldif_record_unexpected(struct ldif *, const struct line *, const char *expected, struct err *);

#endif
