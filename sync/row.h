#ifndef SYNC_ROW_H
#define SYNC_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "rules/rules.h"
#include "sync/state.h"

struct arena;
struct buf;

/* What the source says of an object. */
enum presence {
	PRESENT, /* in scope, and the rules gave what its target entry shall be */
	FAILED,  /* in scope, and the rules could not: case 11 */
	LEFT,    /* there, but not in scope */
	GONE,    /* not there */
};

#define NO_LINK UINT32_MAX

/*
 * An object that has to be decided about. What the digests show to be as it was never becomes one.
 * This is the part that comes from the source and from the links; it waits in a spool until the
 * target was looked at.
 */
struct open_row {
	uint64_t key; /* of the source's id: the order of rows */
	enum presence presence;
	uint32_t link;           /* number of its slot */
	uint64_t source_digest;  /* for the link */
	uint64_t name_key;       /* dn_key of the source's name */
	struct value id, name;   /* of the source */
	struct value department; /* for the name when the plain one is taken */
	const char *flag;        /* whose it is by the source's own flag; NULL */
	struct value fault;      /* FAILED: why */
	struct desired desired;  /* PRESENT; FAILED: its complaints */
};

void row_pack(struct buf *, const struct open_row *);
/* Values point into the bytes. -1 when these are damaged. */
int row_unpack(struct arena *, const struct rules *, struct value bytes, struct open_row *);

#endif
