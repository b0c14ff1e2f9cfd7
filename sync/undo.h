#ifndef SYNC_UNDO_H
#define SYNC_UNDO_H

struct arena;
struct err;
struct flow;
struct plan;
struct state;

/*
 * Taking a run back: a plan that is the inverse of its journal, the newest operation first, shown,
 * judged and applied like any other; its steps have the case number 12. As it is journalled itself,
 * it can be undone.
 *
 * - what was added is deleted, if it still carries our marker and is as we left it
 * - what was modified or renamed gets back what it had, attribute by attribute, where it still has
 *   what we wrote
 * - what was deleted is added again as it was, but for what only a server says
 * - links become as they were, but to be looked at in the next run
 *
 * What somebody changed since is a conflict and stays as it is; the rest is done all the same. What
 * is looked at is the target, not what became of the operation: so one that was never done is
 * passed over, and an undo that was killed is done by calling it again. An address that somebody
 * else has by now is not given back (undo_given.h): case 11.
 */
#define UNDO_CASE 12

/* As flow_plan. ERR_FATAL when the run is not in the journal or is another flow's. */
int undo_plan(const struct flow *, struct state *, long long run, struct arena *, struct plan *,
	struct err *);

#endif
