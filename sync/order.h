#ifndef SYNC_ORDER_H
#define SYNC_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct sorter;
struct spool;
struct step;

/*
 * Steps in the order in which they are to be done: what is only remembered, adds with parents
 * before children, changes, deletes with children before parents, and conflicts last; within these
 * by name or, in a large plan, by the source's id: in that order the state takes links many times
 * faster. It depends on nothing but the steps.
 */
struct steps {
	struct spool *spool;
	struct sorter *order;
	bool by_id;    /* see above; set before the first step */
	bool as_added; /* in the order of steps_add instead: an undo goes backwards */
};

void steps_init(struct steps *);
void steps_free(struct steps *);
int steps_add(struct steps *, const struct step *, struct err *);
int steps_rewind(struct steps *, struct err *);
/* 1 and a step, whose values live in the arena; 0 at the end. */
int steps_next(struct steps *, struct arena *, struct step *, uint32_t *place, struct err *);

#endif
