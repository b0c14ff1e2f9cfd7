#ifndef SYNC_LOANS_H
#define SYNC_LOANS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/entry.h"
#include "base/keys.h"

struct arena;
struct err;
struct spool;

/*
 * An address goes from one row's contact to another row's in one run: the taker relies on the
 * giver. When the giver cannot be done, for it is in conflict, it keeps the address, and the taker
 * is in conflict too; and so is whoever relies on the taker. Two that swap rely on each other.
 *
 * Rows are told by their places.
 */
struct loans {
	struct buf lines;    /* taker, giver, text */
	struct spool *texts; /* what the taker is told when the giver keeps the address */
	struct keys refused; /* taker -> text; rows that are in conflict anyway without one */
};

void loans_init(struct loans *);
void loans_free(struct loans *);
int loans_add(struct loans *, uint32_t taker, uint32_t giver, const char *text, struct err *);
/* The row is in conflict. */
void loans_refuse(struct loans *, uint32_t row);
/* All were added: find out who cannot be done because of others. */
void loans_settle(struct loans *);
/* 1 and why the row cannot be done because of another; 0; -1. */
int loans_why(struct loans *, uint32_t row, struct arena *, struct value *text, struct err *);

#endif
