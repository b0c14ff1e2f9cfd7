#ifndef SYNC_DEPENDENTS_H
#define SYNC_DEPENDENTS_H

struct err;
struct flow;
struct gather;
struct keys;
struct state;

/*
 * Objects that refer to somebody whose contact goes in this run, as to their manager: they are to
 * be looked at though nothing of them changed, for their own contacts lose the reference. So are
 * those that refer to a name of which a run before, that did not come to its end, noted that it
 * means another (state_names). The
 * others need nobody to find them: what lacks a contact is looked at in every run.
 */

/* Keys of the source ids of those that are not open yet, out of what links remember. */
int dependents_find(struct gather *, struct keys *, struct err *);

/* names: dn_keys of the source names of those whose contacts were to be added or renamed, and were
 * not. Whoever refers to them was written, or not, with a name that may never come: his link says
 * that the next run looks at him. In the caller's transaction. */
int dependents_wait(struct state *, long long flow, const struct keys *names, struct err *);
/* The same for source names that were given up, or whose contacts were renamed: that a reference
 * means another by now, or nobody, or is spelled otherwise, is nobody's doing. */
int dependents_unsure(
	struct state *, long long id, const struct flow *, const struct keys *names, struct err *);

#endif
