#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stddef.h>

/*
 * Threads that do pieces of work which have nothing to do with each other, while their owner
 * prepares the next ones. Threads are started for the first work that has some pieces, as many as
 * there are processors to run on; where there is one, or a thread cannot be had, the owner does it
 * all. One piece of work at a time; all calls are of one thread, the owner's.
 */
struct crew;

/* Piece i. A piece may use what is its own, and read what nobody writes meanwhile. */
typedef void crew_work(void *with, size_t i);

struct crew *crew_new(void);
/* n pieces, numbered from 0, are begun. */
void crew_begin(struct crew *, crew_work *work, void *with, size_t n);
/* All are done, some by the caller. Without work this is at once. */
void crew_end(struct crew *);
/* After crew_end. */
void crew_free(struct crew *);

#endif
