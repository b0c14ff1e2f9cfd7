#ifndef SYNC_CANARY_H
#define SYNC_CANARY_H

struct arena;
struct config;
struct connector;
struct err;

/*
 * Entries that are there as long as the directory is whole and we may see it: the connector's
 * setting `canary`. Where one is not to be seen, what else is missing may be there too, and no plan
 * is applied. *text says which, and where; NULL: all are there. -1: it could not be asked.
 */
int canary_look(
	struct connector *, const struct config *, struct arena *, const char **text, struct err *);

#endif
