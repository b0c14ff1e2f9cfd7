#ifndef SYNC_GAINS_H
#define SYNC_GAINS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/keys.h"
#include "sync/wishes.h"

struct arena;
struct claim;
struct connector;
struct entry;
struct err;

/*
 * One address belongs to one object: the addresses that entries of a directory are to get (`set`,
 * an undo), and who else in it holds them. A sync asks with its other questions (match.h).
 */
struct gains {
	struct keys claims;   /* key -> in list */
	struct buf list;      /* who is to get it */
	struct wishes wishes; /* to look for the holders, while they are few */
};

void gains_init(struct gains *);
void gains_free(struct gains *);

/* The entry (NULL: a new one) is to get it; taker: the caller's number of that. False when another
 * entry is to get it already, which alone is asked for. */
bool gains_add(struct gains *, const struct claim *, const struct entry *, uint32_t taker);

/* Of one holder; -1 ends the search. */
typedef int gains_held(
	void *with, uint32_t taker, const struct claim *, const struct entry *holder, struct err *);
/* Calls held for each address and each other entry that holds it. Nothing is read where nothing is
 * gained. */
int gains_ask(struct gains *, struct connector *, gains_held *held, void *with, struct err *);

/* "E_PROXY_DUP: ann@... is held by CN=Ben,..." */
const char *gains_say(struct arena *, const struct claim *, const struct entry *holder);

#endif
