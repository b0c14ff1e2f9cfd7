#ifndef SYNC_NOTICE_H
#define SYNC_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"

/*
 * What "galway preflight" tells: one thing that is not as it should be before a first sync, and
 * what galway does about it. What decides here is pure: no connection, no state.
 */
enum notice_kind {
	NOTICE_DUPLICATE,  /* an address of two objects */
	NOTICE_MAILBOXES,  /* a person with a mailbox on both sides */
	NOTICE_IN_THE_WAY, /* a contact in the target that has the address and is not taken over */
	NOTICE_CONFLICT,   /* another reason why the plan leaves an object out */
	NOTICE_BLANK,
	NOTICE_ALIAS,
	NOTICE_LONG,
	NOTICE_ADDRESS,
	NOTICE_SIP,
	NOTICE_VALUE,
	NOTICE_TAKEN,   /* a name or an alias that is another's: varied */
	NOTICE_ADOPTED, /* a contact in the target that is taken over */
	N_NOTICE_KINDS
};

struct notice {
	enum notice_kind kind;
	bool person;           /* somebody has to do something */
	const char *code;      /* docs/validators.md; "" */
	struct value object;   /* the source entry's name */
	struct value other;    /* the other entry's name; empty */
	const char *attribute; /* "" */
	const char *what;      /* is found */
	const char *does;      /* what galway does about it */
};

/* "duplicate address" ... */
const char *notice_kind_name(enum notice_kind);

/* A validator's complaint by its code: its kind, and what galway does. False: no such code. */
bool notice_of_code(const char *code, bool warning, enum notice_kind *, const char **does);

/* Is the value that the rules want the beginning of the source's, and shorter? White space at the
 * ends does not count. */
bool notice_shortened(struct value source, struct value wanted);

/* Is it a user with a mailbox? One whose mail goes elsewhere (targetAddress) has none. */
bool notice_has_mailbox(const struct entry *);

/* The order in which they are told: by kind, what a person has to do first, then by name. For
 * qsort, of pointers. */
int notice_order(const void *, const void *);

#endif
