#ifndef TESTS_PROOF_SIM_RUN_H
#define TESTS_PROOF_SIM_RUN_H

#include "base/err.h"
#include "tests/proof/sim.h"

/* One run of one flow, as "galway sync" does it: plan, judge, apply. */
struct sync {
	unsigned flow;
	bool full, approve;
	bool again; /* plan twice, the directories read in another order: one digest */
	enum fault_kind faulty[SIM_FAULTS]; /* of the world, before they were spent */
	const struct edit *meanwhile;       /* done between plan and apply; NULL */
	unsigned meanwhile_side;
	uint64_t dice;

	/* What became of it. */
	enum { SYNC_DONE, SYNC_REFUSED, SYNC_FAILED } result;
	unsigned identity[2]; /* who answered: 1, 2; 0: it cannot say */
	bool planned, was_full, first, other, approved;
	struct flow_state known; /* before */
	struct summary plan, done;
	long long links; /* before */
	struct sim_dir before[2], at_apply[2];
	struct err err;
};

/* What the checks remember of a flow between runs. */
struct track {
	bool quiet;       /* it had nothing to do, and nothing was done to it since */
	bool drifted;     /* the target was edited, or a read lied, since the last full run */
	long long shown;  /* entries of the source in the last good full run; -1 */
	unsigned moved;   /* people who had another name once, that it has heard of */
	unsigned shifted; /* contacts that hands gave another name: a full run hears of them */
	bool waits;       /* it just did: who refers to one of them is looked at by the next run */
};

#define SIM_GIVEN 32
#define SIM_STRAYS 600
#define SIM_FROZEN 8

/* A contact that was written by a run that could not remember it: the next good full run does, or
 * deletes it. */
struct stray {
	bool seen; /* such a run was */
	const struct entry *contact;
};

struct history {
	struct world w;
	unsigned variant, rules; /* rules: which of the two sets */
	bool two_way, file;
	struct state *state;
	void *backup; /* of the state, from earlier; NULL */
	long long now;
	struct track tracks[2];
	struct sim_dir long_ago[2]; /* before the last three days */
	unsigned identity[2];       /* who answered in the last good run; 0 */
	bool orphans;               /* a state was lost or put back: who left meanwhile may stay */
	bool others;                /* another state was used */
	bool unmarked;              /* a mark was taken away by hand */
	bool misled;  /* a run believed a target that hid contacts: the history ends with what must
			 hold all the same */
	bool torn;    /* a run did not end well: not all that it did is known */
	bool copied;  /* two contacts may have one mark, which few entries are asked for by */
	bool forgot;  /* the link of a contact that stays was given up: a delta does not know it */
	bool bound;   /* some contact is not galway's to write to */
	bool touched; /* somebody else did something in a target, or its authority was transferred
		       */
	unsigned n_given;
	struct value given[SIM_GIVEN]; /* source ids whose authority is the target */
	unsigned n_given_then;         /* when the state was backed up */
	struct value given_then[SIM_GIVEN];
	unsigned hands; /* what was done by hand in a target */
	unsigned n_frozen;
	struct value frozen[SIM_FROZEN]; /* source ids of which galway gave something up */
	unsigned n_strays;
	struct stray strays[SIM_STRAYS];
	bool tell; /* print what happens */
	char wrong[700];
};

/* The folder for configurations and states, which the process works in. */
int sim_begin(const char *folder);
void sim_end(void);

const struct flow *sim_flow(const struct history *, unsigned flow);
bool sim_galsync(const struct history *); /* does it use the built-in rules? */

/* Choose a configuration, make an empty state. */
void sim_start(struct history *, unsigned variant);
void sim_stop(struct history *);
void sim_lose_state(struct history *);
void sim_back_up_state(struct history *);
bool sim_restore_state(struct history *); /* false: there is no backup */
/* Another installation, with a state of its own, has the next runs. */
void sim_swap_state(struct history *);

void sim_sync(struct history *, struct sync *);

/* The first one counts. */
void sim_wrong(struct history *, const char *invariant, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define SIM_VARIANTS 48

#endif
