#ifndef SYNC_TRUST_H
#define SYNC_TRUST_H

struct arena;
struct config;
struct connector;
struct err;
struct state;

/*
 * Before a directory is written to without a plan (`set`, `authority transfer`): is it the one that
 * answered the last run, and are its canaries there? The guard asks the same of a run (guard.h).
 * config: the connector's. -1: it is not, or they are not (ERR_FATAL), or it could not be asked.
 */
int trust_directory(
	struct state *, struct connector *, const struct config *, struct arena *, struct err *);

#endif
