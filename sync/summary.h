#ifndef SYNC_SUMMARY_H
#define SYNC_SUMMARY_H

#include <stdbool.h>

/* What a plan comes to, or what became of it. Each object counts once in read; a modify that
 * renames counts in rename, and in modify too when it also changes values. denied counts records.
 */
struct summary {
	long long read, add, modify, rename, remove, none, conflict, denied, failed;
	/* Not in the reports' summary. A link or a forgotten one makes a plan more than nothing;
	 * hide is of modify, let_go of forget: contacts that are hidden, or stay as they are and
	 * are ours no more, because their source is gone. */
	long long link, forget, hide, let_go;
};

struct step;

/* Count a step n times: 1, or -1 to take it back. */
void summary_count(struct summary *, const struct step *, int n);
/* Is there anything to be written, to the target or to a link? */
bool summary_writes(const struct summary *);
/* Contacts that have to do without their source: deleted, hidden, let go. */
long long summary_gone(const struct summary *);
/* A step that was counted has failed (denied: by the directory); what was denied to it stays so. */
void summary_fail(struct summary *, const struct step *, bool denied);

#endif
