#ifndef SYNC_PREFLIGHT_SCAN_H
#define SYNC_PREFLIGHT_SCAN_H

#include "base/keys.h"
#include "sync/flow.h"
#include "sync/gather.h"
#include "sync/preflight.h"

/* The inside of a preflight: sync/preflight*.c only. */

/* A source object in scope, and what the plan has for it. */
struct candidate {
	struct value name;
	bool mailbox, conflict;
	bool addressed;         /* somebody else has an address of it, and that is told */
	struct value target;    /* the id of its own contact; empty: none yet */
	struct value made_name; /* of a new one */
	struct value nickname;  /* that is written; empty: none is */
	struct value surname;
};

/* What the plan does with an object, by the key of its source id. */
struct fate {
	enum step_op op;
	struct value source_name, target_id, target_name, nickname;
	const char *code;    /* at the beginning of message, of a conflict; "" */
	const char *message; /* NULL */
	uint32_t object;     /* 1 and its number; 0: it is not in scope */
};

struct scan {
	struct preflight *out;
	struct state *state;
	struct arena *mem, *scratch; /* scratch is rewound after each entry */
	struct gather g;             /* what is no source entry */
	struct keys fate_of;         /* source keys */
	uint32_t n_fates;
	struct fate *fates;
	uint32_t n_objects, room;
	struct candidate *objects;
	struct keys owner;     /* of an address: who wants it first */
	struct keys employees; /* of an employeeID: the first one with a mailbox */
	unsigned found_room;
	struct err *err;
};

void preflight_add(struct scan *, struct notice);
/* A value as a string, in the arena. */
const char *preflight_text(struct arena *, struct value);

/* One entry of a side: 0, -1. The source comes first. */
int preflight_source(struct scan *, const struct entry *);
int preflight_target(struct scan *, const struct entry *);

#endif
