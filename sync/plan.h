#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include <stdbool.h>

#include "base/change.h"
#include "rules/rules.h"
#include "sync/row.h"
#include "sync/setup.h"
#include "sync/state.h"

struct arena;
struct buf;

/*
 * Deciding: one pure function, one table. plan_row() looks at one object and says what is to be
 * done; it knows no connection, no state, no clock. The case numbers are those of docs/design.md.
 */
enum step_op {
	STEP_NONE, /* nothing for the directory; the link is brought up to date */
	STEP_ADD,
	STEP_MODIFY, /* values, name, or only denials */
	STEP_DELETE,
	STEP_LINK,   /* an entry found by a join is ours from now on; modified where it differs */
	STEP_FORGET, /* the link goes */
	STEP_CONFLICT,
};

/* A write that does not come from the authoritative side: recorded, never done. */
struct denied {
	unsigned attr; /* distinguishedName: its name, or the object itself */
	bool removal;  /* the attempt was to take away the value, or (without one) all of them */
	struct value value; /* attempted */
	const char *side;   /* who attempted it, and who may: connectors' names */
	const char *authority;
	const char *rule; /* the line concerned, or NULL */
};

struct step {
	enum step_op op;
	unsigned number;  /* the case */
	const char *rule; /* its name, or NULL */
	struct value source_id, source_name, target_id, target_name;
	bool write;    /* change is to be done */
	uint64_t seen; /* of a delete: a digest of what the flow writes of the contact */
	struct change change;
	const char **lines; /* for each of change.mods, where it comes from */
	bool refers_new;    /* an add that refers to others which the same plan adds: postponed.h */
	const char *flag;   /* of the row: the gate wants to know */
	unsigned n_denied;
	struct denied *denied;
	const char *message; /* conflict, warnings; NULL */
	bool remember;       /* link is what the state says afterwards; else the link goes (FORGET,
				DELETE) or stays as it is */
	struct link link;    /* without target for an add: the outcome brings it */
};

/* What pairing found out about an object in the target. */
struct verdict {
	unsigned number; /* 6, 7 or 11: a conflict, and message says which; 0: none */
	bool adopt;      /* current was found by the marker or a join, not by the link */
	bool has_current;
	uint32_t current;      /* its place among the spooled target entries */
	struct value name;     /* the DN that the target entry shall have */
	struct value nickname; /* in place of the rules', which is another's; empty: as it is */
	struct value message;
	unsigned n_refs;
	struct reference {      /* in the order of index */
		uint32_t index; /* which of the desired DN values, counted through */
		bool row; /* at is an open row, whose verdict has the name; else a target entry */
		uint32_t at;
	} * refs;
};

/* Everything about one object. */
struct row {
	const struct open_row *open;
	const struct link *link;     /* NULL: none */
	const struct entry *current; /* the target entry; NULL: none */
	/* The same without what a run wrote and could not remember (intents.h): what differs is
	 * ours. Mostly current itself. */
	const struct entry *was;
	bool deleted;   /* there is none because such a run deleted it */
	bool hid;       /* such a run hid it, as its source had left; a link says so itself */
	bool postpones; /* an add gets its references later (postponed.h) */
	const struct verdict *verdict;
	const char *flag; /* what flags in the directories say of the object's authority; NULL */
	const char *side; /* the object's source of authority: what somebody set, else the flag */
	long long now;
};

/* open->desired has its references resolved. *step is in the arena, or points into row. */
void plan_row(struct arena *, const struct flow *, const struct row *, struct step *);
/* Is there anything to do, to tell or to remember? */
bool step_counts(const struct step *, const struct link *before);
/* Is it to be shown to a person: everything but STEP_NONE. */
bool step_shows(const struct step *);

/* What flags in the directories say of an object's authority: its source's, or what that said
 * before it was gone, and its contact's. link, target: NULL: none. */
const char *plan_flag(const struct flow *, const struct open_row *, const struct link *,
	const struct entry *target);

/* Our ownership attribute for a source object: "galway:<flow>:<id>". */
struct value plan_marker(struct arena *, const struct flow *, struct value source_id);
/* That of the entry, any flow's, in it; {NULL, 0}: none. Of several, which a directory gives in any
 * order, always the same. */
struct value plan_mark(const struct flow *, const struct entry *);
/* Does it carry one of the flow, whosever? False when its attributes were not read. */
bool plan_marked(const struct flow *, const struct entry *);

/* A target entry that is no contact any more, or that its directory protects, whatever its marker
 * and its link say: why it must not be touched, or NULL. */
const char *plan_protected(const struct flow *, const struct entry *);

void verdict_pack(struct buf *, const struct verdict *);
int verdict_unpack(struct arena *, struct value bytes, struct verdict *);
void step_pack(struct buf *, const struct step *);
int step_unpack(struct arena *, struct value bytes, struct step *);

#endif
