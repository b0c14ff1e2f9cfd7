#ifndef TESTS_PROOF_SIM_H
#define TESTS_PROOF_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/change.h"
#include "base/entry.h"
#include "sync/setup.h"
#include "sync/state.h"
#include "sync/summary.h"

/*
 * The simulation: galway's planner, guard, apply and state in this process, on directories in
 * memory, through long histories of edits, runs and faults. One seed is one history, whatever the
 * machine.
 *
 * Two companies, abc (side 0) and xyz (side 1). People lie below OU=People, contacts below OU=GAL
 * (into) or OU=Old (adopt), OU=Else is nobody's. Flow 0 goes from abc to xyz; in histories of two
 * ways flow 1 goes back. Entries are never changed but replaced by a new one, so that a directory
 * is remembered by copying its pointers.
 */

/* ---- dice: splitmix64 */

struct dice {
	uint64_t state;
};

uint64_t dice_next(struct dice *);
unsigned dice_below(struct dice *, unsigned n); /* 0 .. n - 1; 0 for n == 0 */
bool dice_chance(struct dice *, unsigned percent);

/* ---- attributes */

enum sim_attr {
	A_CLASS,
	A_CN,
	A_GUID,
	A_DISPLAY,
	A_SAM,
	A_NICK,
	A_UPN,
	A_MAIL,
	A_PROXY,
	A_TARGET,
	A_TITLE,
	A_TEL,
	A_DEPARTMENT,
	A_PHOTO,
	A_MANAGER,
	A_TYPE, /* employeeType: "out" is out of scope */
	A_MARK,
	A_HIDE,
	A_COUNT, /* adminCount */
	A_UNREAD,
	N_ATTRS,
};

unsigned sim_attr(enum sim_attr);

/* ---- directories */

#define SIM_ENTRIES 96

struct sim_dir {
	unsigned n;
	const struct entry *entries[SIM_ENTRIES];
};

/* One write that a directory did, for the checks. before NULL: an add; after NULL: a delete. */
struct audit {
	unsigned side;
	const struct entry *before, *after;
};

enum fault_kind {
	FAULT_NONE,
	/* side */
	FAULT_OPEN,     /* cannot be reached */
	FAULT_READ,     /* the nth read does not start */
	FAULT_CUT,      /* the nth read breaks at an entry */
	FAULT_EXPIRED,  /* the cookie is of no use */
	FAULT_SHRUNK,   /* reads of all silently lack some entries; now and then of the target */
	FAULT_EMPTY,    /* reads of all silently have none */
	FAULT_IDENTITY, /* another directory answers */
	/* of the target, at a change */
	FAULT_FAIL,      /* it fails */
	FAULT_LOST_DONE, /* it is done, the answer is lost */
	FAULT_LOST,      /* it is not done, and nobody says so */
	FAULT_MIXED,     /* each ends as the dice say */
	FAULT_BUSY,      /* from there on nothing is done, and nothing is known of the others */
	FAULT_KILL,      /* so, and the process is gone */
	/* of the state, at a commit */
	FAULT_COMMIT, /* it is not done, and the process is gone */
	FAULT_AFTER,  /* it is done, and the process is gone */
	FAULT_DISK,   /* it is not done */
	N_FAULTS,
};

struct fault {
	enum fault_kind kind;
	unsigned side, nth, at;
	uint64_t dice;
};

#define SIM_PAST 400
#define SIM_AUDITS 400
#define SIM_FAULTS 2
#define SIM_MOVED 64

struct sim_side {
	struct sim_dir now;
	unsigned n_past; /* a cookie is the number of one of these */
	struct sim_dir *past[SIM_PAST];
	unsigned reads; /* of this run */
	unsigned shown; /* entries of the last read of all */
	bool lied;      /* some read of this run lacked entries */
	bool struck;    /* some read of this run broke, as a fault says */
};

/* What the runs of one process did. */
struct figures {
	unsigned long long histories, syncs, crashes, lost, incomplete, refusals, violations;
	unsigned long long writes, fulls, lies, expired, failures, edits;
};

#define SIM_STATES 4 /* configurations of one history: rules before and after */

struct world {
	struct arena *mem; /* of the history */
	struct sim_side sides[2];
	struct fault faults[SIM_FAULTS];
	bool dead;        /* killed: nothing that is asked is done any more */
	unsigned changes; /* written in this run */
	unsigned failed;  /* of these, were not said to be done */
	unsigned commits; /* of this run */
	uint64_t shuffle; /* the order in which entries are read */
	uint64_t guids;   /* given so far */
	unsigned n_moved; /* people who had another name once: their ids */
	struct value moved[SIM_MOVED];
	unsigned n_shifted; /* contacts that were given another name by hand */
	unsigned n_audits;
	struct audit audits[SIM_AUDITS];
	struct figures *figures;
};

/* The world that connectors open into. */
extern struct world *sim_world;

extern const char *const sim_bases[2]; /* "DC=abc", "DC=xyz" */
/* -1: none of that name. */
int sim_find(const struct sim_dir *, struct value name);
/* Replace one entry; what it was before stays as it is elsewhere. */
struct entry *sim_edit(struct world *, unsigned side, unsigned at);
void sim_put(struct world *, struct entry *, enum sim_attr, const char *value); /* NULL: none */
void sim_insert(struct world *, unsigned side, struct entry *);
/* Entries below, and references, follow. */
void sim_rename(struct world *, unsigned side, unsigned at, struct value new_name);
void sim_remove(struct world *, unsigned side, unsigned at);
/* Sixteen bytes that nobody else has. */
struct value sim_guid(struct world *);
const struct fault *sim_fault(const struct world *, enum fault_kind);
/* Can connectors of that type say who they are? */
bool sim_identifies(const char *type);

#endif
