#ifndef SYNC_TRUST_H
#define SYNC_TRUST_H

struct arena;
struct config;
struct connector;
struct err;
struct plan;
struct state;

/*
 * Is a directory the one that answered the last run (its pin in the state), and are its canaries
 * there? config: the connector's. -1: it could not be asked.
 *
 * For a plan: what speaks against it, and the connector's caution, is written into the plan and
 * told; the guard refuses it (guard.h). *pin says who answers now; it lives in the arena, as what
 * is said does.
 */
int trust_plan(struct plan *, struct state *, struct connector *, const struct config *,
	struct arena *, const char **pin, struct err *);

/* Before a directory is written to without a plan (`set`, `authority transfer`): ERR_FATAL where
 * something speaks against it. */
int trust_directory(
	struct state *, struct connector *, const struct config *, struct arena *, struct err *);

#endif
