#include "base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* Beside the owner. What he does himself, piece after piece, is too much for more of them. */
#define THREADS_MOST 3
/* Fewer pieces are done before a thread has started. */
#define PIECES_WORTH 8

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t begun, done;
	pthread_t threads[THREADS_MOST];
	unsigned n_threads;
	bool started, ends;
	crew_work *work;
	void *with;
	size_t n, next; /* next: the first piece that nobody has taken */
	unsigned busy;  /* threads with a piece */
};

struct crew *crew_new(void)
{
	struct crew *c = memory_need(1, sizeof(*c));

	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->begun, NULL);
	(void)pthread_cond_init(&c->done, NULL);
	return c;
}

/* The next piece, without the lock. */
static void do_one(struct crew *c)
{
	const size_t i = c->next++;
	crew_work *work = c->work;
	void *with = c->with;

	(void)pthread_mutex_unlock(&c->lock);
	work(with, i);
	(void)pthread_mutex_lock(&c->lock);
}

static void *run(void *crew)
{
	struct crew *c = crew;

	(void)pthread_mutex_lock(&c->lock);
	while (!c->ends) {
		if (c->next == c->n) {
			(void)pthread_cond_wait(&c->begun, &c->lock);
			continue;
		}
		c->busy++;
		do_one(c);
		if (--c->busy == 0)
			(void)pthread_cond_signal(&c->done);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void start(struct crew *c)
{
	const unsigned n = processors();
	sigset_t all, old;

	c->started = true;
	/* Signals are for the owner. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (c->n_threads < THREADS_MOST && c->n_threads + 1 < n &&
		pthread_create(&c->threads[c->n_threads], NULL, run, c) == 0)
		c->n_threads++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void crew_begin(struct crew *c, crew_work *work, void *with, size_t n)
{
	if (!c->started && n >= PIECES_WORTH)
		start(c);
	(void)pthread_mutex_lock(&c->lock);
	c->work = work;
	c->with = with;
	c->n = n;
	c->next = 0;
	(void)pthread_cond_broadcast(&c->begun);
	(void)pthread_mutex_unlock(&c->lock);
}

void crew_end(struct crew *c)
{
	(void)pthread_mutex_lock(&c->lock);
	while (c->next < c->n)
		do_one(c);
	while (c->busy > 0)
		(void)pthread_cond_wait(&c->done, &c->lock);
	(void)pthread_mutex_unlock(&c->lock);
}

void crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->ends = true;
	(void)pthread_cond_broadcast(&c->begun);
	(void)pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n_threads; i++)
		(void)pthread_join(c->threads[i], NULL);
	(void)pthread_cond_destroy(&c->done);
	(void)pthread_cond_destroy(&c->begun);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}
