#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Large enough that a scratch arena of one entry is one block, small enough to forget about. */
#define BLOCK_SIZE (64u << 10)

struct block {
	struct block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

/* Blocks before and including `current` are in use; those after it are kept for reuse. */
struct arena {
	struct block *first, *current;
	size_t used; /* of current */
};

static struct block *block_new(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct block))
		memory_lacks();
	struct block *b = malloc(sizeof(*b) + size);
	if (b == NULL)
		memory_lacks();
	b->next = NULL;
	b->size = size;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = malloc(sizeof(*a));
	if (a == NULL)
		memory_lacks();
	a->first = a->current = block_new(BLOCK_SIZE);
	a->used = 0;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->first, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

/* The next block with room for size: a kept one if it is large enough, else a new one before it. */
static void advance(struct arena *a, size_t size)
{
	struct block *next = a->current->next;

	if (next == NULL || next->size < size) {
		struct block *b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
		b->next = next;
		a->current->next = b;
		next = b;
	}
	a->current = next;
	a->used = 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > SIZE_MAX - align)
		memory_lacks();
	size = (size + align - 1) & ~(align - 1);
	if (size > a->current->size - a->used)
		advance(a, size);
	void *p = a->current->data + a->used;
	a->used += size;
	return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

char *arena_copy(struct arena *a, const void *data, size_t len)
{
	if (len == SIZE_MAX)
		memory_lacks();
	char *p = arena_alloc(a, len + 1);
	if (len > 0)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	char *p = arena_alloc(a, (size_t)n + 1);
	p[0] = '\0';
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->current, a->used};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	a->current = mark.block;
	a->used = mark.used;
}

void arena_reset(struct arena *a)
{
	/* The other blocks are given back: one huge entry must not stay for the whole run. */
	struct block *b = a->first->next;

	a->first->next = NULL;
	a->current = a->first;
	a->used = 0;
	while (b != NULL) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
}

size_t arena_held(const struct arena *a)
{
	size_t n = 0;

	for (const struct block *b = a->first; b != NULL; b = b->next)
		n += b->size;
	return n;
}
