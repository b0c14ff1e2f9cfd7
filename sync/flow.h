#ifndef SYNC_FLOW_H
#define SYNC_FLOW_H

#include <stdbool.h>

#include "sync/gather.h"
#include "sync/intents.h"
#include "sync/kinds.h"
#include "sync/order.h"
#include "sync/plan.h"
#include "sync/renames.h"
#include "sync/summary.h"

struct arena;
struct err;
struct connector;

enum skip { SKIP_CREATE = 1, SKIP_UPDATE = 2, SKIP_DELETE = 4, SKIP_RENAME = 8 };

struct flow_options {
	bool full;          /* read everything, even when a delta could be had */
	long long undo;     /* plan the inverse of this run of the flow (undo.h); 0 */
	const char *object; /* only this one: DN, mail, sAMAccountName, userPrincipalName or id;
			       NULL: all */
	unsigned skip;
};

/*
 * A plan: the steps that make the target what the rules ask for, in the order in which they are to
 * be done. A dry run is a plan that nobody applies.
 */
struct plan {
	const struct flow *flow;
	bool full;
	bool one;     /* --object */
	bool partial; /* steps were left for another run, which has to start where this one does */
	long long undoes;         /* the run that this plan takes back; 0 */
	struct connector *target; /* a server's, still open for writing; NULL: to be opened */
	unsigned n_cautions;      /* what every report says: a directory that may be anybody's */
	const char *cautions[2];
	struct steps steps;
	struct renames renames; /* by the steps that plan_next gave so far */
	struct summary summary;
	struct kinds kinds;
	struct flow_state known; /* before */
	/* Which directories answered, in the plan's arena; and the connector whose is another than
	 * before, NULL: none. */
	const char *source_pin, *target_pin, *other;
	const char *behind; /* which server lacks what the last run saw at another; NULL: none */
	/* When their certificates end (connector_expires). */
	long long source_expires, target_expires;
	const char *canary;   /* which is not to be seen, and where; NULL */
	long long links;      /* before */
	long long missing;    /* contacts that links name, were not seen, and would be made again or
			       * forgotten */
	const char *because;  /* why it is full, though a delta could be had; NULL */
	long long sources;    /* entries of the source that no other flow made there */
	long long targets;    /* full: entries of the target */
	struct spool *cookie; /* one record, for the next delta; NULL: none */
	struct intents intents; /* of runs before, that this one looked at */
};

/* Reads source, target and links; writes nothing. state may be open for reading only. */
int flow_plan(const struct flow *, struct state *, const struct flow_options *, struct arena *,
	struct plan *, struct err *);
void plan_free(struct plan *);

/* Steps in order: start with plan_rewind. 1, 0 at the end. place tells this step from the others.
 */
int plan_rewind(struct plan *, struct err *);
int plan_next(struct plan *, struct arena *, struct step *, uint32_t *place, struct err *);

/* A step's references follow the renames of the plan so far (renames.h). */
int plan_follow(struct plan *, struct arena *, struct step *, struct err *);

/* SHA-256 of what the plan would do, in hexadecimal; it is another one after every applied plan. */
int plan_digest(struct plan *, char hex[65], struct err *);

/* The source entry that a person means, by DN, mail, sAMAccountName, userPrincipalName or id: 1 and
 * the entry in the arena, 0 none, -1 (ERR_FATAL when several are meant). */
int flow_find(
	struct connector *source, const char *who, struct arena *, struct entry *, struct err *);

#endif
