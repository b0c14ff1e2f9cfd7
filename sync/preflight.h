#ifndef SYNC_PREFLIGHT_H
#define SYNC_PREFLIGHT_H

#include <stdio.h>

#include "sync/notice.h"
#include "sync/report.h"
#include "sync/summary.h"

struct arena;
struct err;
struct flow;
struct state;

/*
 * The scan before a first sync: a plan of a full run, which nobody applies, for what galway would
 * do with each object, and both directories once more, for what a plan does not tell: each address
 * that is there twice and not only the first, people with a mailbox on either side, and what the
 * validators say of objects that are as they should be.
 *
 * Held in memory are a record of each object in scope, its addresses and the findings: some 1.2 KB
 * an object that has one finding.
 */
struct preflight {
	const struct flow *flow;
	long long objects;      /* in scope */
	struct summary summary; /* of the plan */
	unsigned n_cautions;    /* as the plan's */
	const char *cautions[2];
	unsigned n, persons;       /* findings; those that need a person */
	const struct notice **all; /* in the order of notice_order */
};

/* Reads source, target and state; writes nothing. */
int preflight_flow(
	const struct flow *, struct state *, struct arena *, struct preflight *, struct err *);

/* text, csv, html. False: it is not told in this format. */
bool preflight_format(enum report_format);
void preflight_begin(enum report_format, FILE *);
void preflight_show(enum report_format, FILE *, const struct preflight *);
void preflight_end(enum report_format, FILE *);

#endif
