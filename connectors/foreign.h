#ifndef CONNECTORS_FOREIGN_H
#define CONNECTORS_FOREIGN_H

#include "base/change.h"
#include "base/entry.h"

struct arena;
struct err;

/*
 * XML in which other programs say what a directory has, or what is to become of it:
 *
 * - mmsml: the audit drop file ("log file") of a run of MIM, ILM or Entra Connect: <delta>s
 * - csexport: a connector space as csexport of MIM or Entra Connect writes it: <cs-object>s, with
 *   what waits to be exported and with images ("holograms") of the object
 * - DSMLv2 (OASIS, 2002): a <batchRequest>, or the <batchResponse> of a search, in SOAP or alone
 * - DSMLv1: <directory-entries>
 *
 * The first two are described in Microsoft's "Connector Space Export XML"; values there are text,
 * numbers in hexadecimal (0x...), true and false, and base64 where it says so.
 */
enum foreign_format { FOREIGN_MMSML, FOREIGN_CSEXPORT, FOREIGN_DSML2, FOREIGN_DSML1 };

/* What is asked for. */
enum foreign_view {
	FOREIGN_HAS,  /* what the directory has: entries only, and it is an error when the file
			 does not tell all of one */
	FOREIGN_WILL, /* what becomes of it: entries as they will be, and changes */
};

struct foreign_record {
	unsigned long line;
	bool whole; /* entry is all there will be; else change */
	struct entry entry;
	struct change change;
};

struct foreign;

int foreign_open(const char *path, enum foreign_view, struct foreign **, struct err *);
/* A text, which is not copied. */
struct foreign *foreign_memory(const char *name, const char *data, size_t len, enum foreign_view);
void foreign_close(struct foreign *);

/* 1 and a record, in the arena (id and key of an entry not set); 0 at the end, when the file says
 * all that it should; -1. Attributes whose names no directory has are left out, and told once. */
int foreign_next(struct foreign *, struct arena *, struct foreign_record *, struct err *);
/* "name:line: " before the message; always -1. */
int foreign_at(const struct foreign *, unsigned long line, struct err *);
/* Of the last record. */
enum foreign_format foreign_format(const struct foreign *);
/* "mmsml", "csexport", "DSMLv2", "DSMLv1" */
const char *foreign_format_name(enum foreign_format);

#endif
