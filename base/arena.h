#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Memory that is given back all at once. Whoever asks gives the arena: one for the run, one for
 * scratch that is reset per entry. Nothing returned here is freed singly. Out of memory ends the
 * program with one line on stderr and exit code 5: the next run resumes.
 */
struct arena;

struct arena_mark {
	void *block;
	size_t used;
};

struct arena *arena_new(void);
void arena_free(struct arena *);

/* size bytes, aligned for any type; not zeroed. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *, size_t size);
void *arena_zalloc(struct arena *, size_t size);
/* A copy of len bytes with a NUL behind them (not counted). */
char *arena_copy(struct arena *, const void *data, size_t len);
char *arena_strdup(struct arena *, const char *);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));

/* Everything since the mark is given back (kept by the arena for reuse). */
struct arena_mark arena_mark(const struct arena *);
void arena_rewind(struct arena *, struct arena_mark);
/* Everything is given back; the arena keeps its first block. */
void arena_reset(struct arena *);
/* Bytes held, for tests and memory figures. */
size_t arena_held(const struct arena *);

#endif
