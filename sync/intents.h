#ifndef SYNC_INTENTS_H
#define SYNC_INTENTS_H

#include <stdbool.h>

#include "sync/journal.h"

struct arena;
struct err;
struct row;
struct state;

/*
 * What runs meant to write and could not remember: those that were killed, stopped, or lost a
 * reply. The journal knows (state_open_ops), and the link does not: so what the contact has of it
 * would be taken for somebody else's edit, and put back, kept or told as such, when the source is
 * another by the time of the next run.
 *
 * Nothing is believed: what was meant is taken back in memory where the contact shows that it was
 * done. How the contact was then is row.was, by which plan_row tells our changes from others'.
 */
struct intents {
	unsigned n;
	const struct op *ops;         /* the newest first */
	const struct attr_set *attrs; /* of each: journal_attrs of its run */
	/* orphans.h; NULL: nobody looked. Of each: had its object a link; the contact that was
	 * found without one, or NULL. */
	bool *linked;
	const struct entry **contacts;
};

int intents_load(struct state *, long long flow, struct arena *, struct intents *, struct err *);

/*
 * Sets row->was and row->deleted; row->current and row->link are known. *link is row->link, to be
 * changed: hidden by such a run, the contact was seen to leave then; made by one, nothing that is
 * remembered is of this contact.
 */
void intents_apply(const struct intents *, struct arena *, struct row *, struct link *link);

#endif
