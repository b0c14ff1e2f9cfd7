#include "sync/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/spool.h"

/* One piece is sorted in memory; this much is also shared by the pieces while they are merged. */
#define PIECE_SIZE (2u << 20)
#define PIECES_MAX 4096

/* A sorted piece in the file, and a window on it while merging. */
struct piece {
	off_t at;
	size_t left; /* records not yet in the window */
	char *window;
	size_t n, used; /* records in the window */
};

struct sorter {
	size_t size, n; /* of a record; records in all */
	char *records;  /* the piece that grows */
	size_t n_records, room;
	bool sorted; /* the only piece is in order */
	size_t next; /* record of the only piece */
	bool given;  /* the top piece's head was given by the last sorter_next */
	int fd;
	off_t end;
	struct piece *pieces;
	size_t n_pieces;
	size_t *starts; /* records of each piece, to rewind */
	size_t window;  /* records in a window */
	size_t *heap, n_heap;
};

struct sorter *sorter_new(size_t record_size)
{
	struct sorter *s = memory_need(1, sizeof(*s));

	s->size = record_size;
	s->fd = -1;
	return s;
}

static void forget_windows(struct sorter *s)
{
	for (size_t i = 0; i < s->n_pieces; i++) {
		free(s->pieces[i].window);
		s->pieces[i].window = NULL;
	}
	free(s->heap);
	s->heap = NULL;
	s->n_heap = 0;
}

void sorter_free(struct sorter *s)
{
	if (s == NULL)
		return;
	forget_windows(s);
	free(s->pieces);
	free(s->starts);
	free(s->records);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static int compare(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

static int no_file(const char *doing, struct err *err)
{
	return err_set(err, ERR_BUSY,
		"temporary file in %s: %s: %s (set TMPDIR to a folder with room)", spool_folder(),
		doing, strerror(errno));
}

static int write_all(struct sorter *s, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t n = pwrite(s->fd, data, len, s->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return no_file("write", err);
		data += n;
		len -= (size_t)n;
		s->end += n;
	}
	return 0;
}

static int spill(struct sorter *s, struct err *err)
{
	if (s->fd < 0) {
		s->fd = open(spool_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (s->fd < 0)
			return no_file("create", err);
		s->pieces = memory_need(PIECES_MAX, sizeof(*s->pieces));
		s->starts = memory_need(PIECES_MAX, sizeof(*s->starts));
	}
	if (s->n_pieces == PIECES_MAX)
		return err_set(err, ERR_FATAL, "too many objects to sort: %zu", s->n);
	qsort_r(s->records, s->n_records, s->size, compare, &s->size);
	s->pieces[s->n_pieces].at = s->end;
	s->starts[s->n_pieces++] = s->n_records;
	if (write_all(s, s->records, s->n_records * s->size, err) < 0)
		return -1;
	s->n_records = 0;
	return 0;
}

int sorter_add(struct sorter *s, const void *record, struct err *err)
{
	if (s->n_records == s->room) {
		if (s->room * s->size >= PIECE_SIZE) {
			if (spill(s, err) < 0)
				return -1;
		} else {
			size_t room = s->room > 0 ? s->room * 2 : 256;
			char *more = realloc(s->records, room * s->size);
			if (more == NULL)
				memory_lacks();
			s->records = more;
			s->room = room;
		}
	}
	memcpy(s->records + s->n_records++ * s->size, record, s->size);
	s->n++;
	return 0;
}

size_t sorter_count(const struct sorter *s)
{
	return s->n;
}

/* More of a piece into its window. */
static int refill(struct sorter *s, struct piece *p, struct err *err)
{
	size_t n = p->left < s->window ? p->left : s->window;
	size_t len = n * s->size;

	for (size_t done = 0; done < len;) {
		ssize_t got = pread(s->fd, p->window + done, len - done, p->at + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return no_file("read", err);
		done += (size_t)got;
	}
	p->at += (off_t)len;
	p->left -= n;
	p->n = n;
	p->used = 0;
	return 0;
}

static const char *head(const struct sorter *s, size_t piece)
{
	const struct piece *p = &s->pieces[piece];

	return p->window + p->used * s->size;
}

/* Put the heap's place i right, downwards. */
static void sift(struct sorter *s, size_t i)
{
	for (;;) {
		size_t least = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < s->n_heap; k++) {
			if (memcmp(head(s, s->heap[k]), head(s, s->heap[least]), s->size) < 0)
				least = k;
		}
		if (least == i)
			return;
		size_t swap = s->heap[i];
		s->heap[i] = s->heap[least];
		s->heap[least] = swap;
		i = least;
	}
}

/* Windows on all pieces from their first records. */
static int merge_start(struct sorter *s, struct err *err)
{
	off_t at = 0;

	forget_windows(s);
	s->given = false;
	s->window = PIECE_SIZE / s->size / (s->n_pieces + 1) + 1;
	s->heap = memory_need(s->n_pieces, sizeof(*s->heap));
	for (size_t i = 0; i < s->n_pieces; i++) {
		struct piece *p = &s->pieces[i];
		*p = (struct piece){.at = at, .left = s->starts[i]};
		at += (off_t)(s->starts[i] * s->size);
		p->window = memory_need(s->window, s->size);
		if (refill(s, p, err) < 0)
			return -1;
		s->heap[s->n_heap++] = i;
	}
	for (size_t i = s->n_heap; i-- > 0;)
		sift(s, i);
	return 0;
}

int sorter_rewind(struct sorter *s, struct err *err)
{
	if (s->n_pieces > 0 && s->n_records > 0 && spill(s, err) < 0)
		return -1;
	if (s->n_pieces > 0) {
		free(s->records);
		s->records = NULL;
		s->room = 0;
		return merge_start(s, err);
	}
	if (!s->sorted && s->n_records > 0)
		qsort_r(s->records, s->n_records, s->size, compare, &s->size);
	s->sorted = true;
	s->next = 0;
	return 0;
}

/* The record given last time is at the head of the top piece: step over it. */
static int step_over(struct sorter *s, struct err *err)
{
	struct piece *p = &s->pieces[s->heap[0]];

	if (++p->used == p->n) {
		if (p->left == 0)
			s->heap[0] = s->heap[--s->n_heap];
		else if (refill(s, p, err) < 0)
			return -1;
	}
	sift(s, 0);
	return 0;
}

int sorter_next(struct sorter *s, const void **record, struct err *err)
{
	if (s->n_pieces == 0) {
		if (s->next == s->n_records)
			return 0;
		*record = s->records + s->next++ * s->size;
		return 1;
	}
	if (s->given && s->n_heap > 0 && step_over(s, err) < 0)
		return -1;
	s->given = true;
	if (s->n_heap == 0)
		return 0;
	*record = head(s, s->heap[0]);
	return 1;
}

void sorter_number(unsigned char to[8], uint64_t n)
{
	for (int i = 7; i >= 0; i--, n >>= 8)
		to[i] = (unsigned char)n;
}

uint64_t sorter_value(const unsigned char from[8])
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | from[i];
	return n;
}
