#ifndef SYNC_SPREAD_H
#define SYNC_SPREAD_H

#include <stdbool.h>

struct arena;
struct config;
struct err;

/*
 * A connector may stand for several (connector_type.spread): mailboxes, into each of which the same
 * people go. In the configuration as many connectors take its place as it has values,
 * "boxes/ann@abc.example", and as many flows that of each flow into it,
 * "abc-to-boxes/ann@abc.example", with links, guards and a history of their own: one mailbox that
 * is gone is nothing to the others. So it is with one value, too: a second one renames nothing. The
 * source is read once for each.
 */
int spread_all(struct arena *, struct config *root, struct err *);

/* Is the connector's or flow's name that one, or of those that stand for it? */
bool spread_part(const char *name, const char *whole);

#endif
