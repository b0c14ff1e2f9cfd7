#include "sync/loans.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/spool.h"

struct line {
	uint32_t giver, taker, text;
};

void loans_init(struct loans *l)
{
	*l = (struct loans){.texts = spool_new()};
	keys_init(&l->refused, 0, true);
}

void loans_free(struct loans *l)
{
	buf_free(&l->lines);
	spool_free(l->texts);
	keys_free(&l->refused);
	*l = (struct loans){.texts = NULL};
}

int loans_add(struct loans *l, uint32_t taker, uint32_t giver, const char *text, struct err *err)
{
	struct line line = {giver, taker, 0};

	if (spool_add(l->texts, text, strlen(text), &line.text, err) < 0)
		return -1;
	buf_add(&l->lines, &line, sizeof(line));
	return 0;
}

/* A text's place plus 1; 0: the row is in conflict by itself. */
static bool refuse(struct loans *l, uint32_t row, uint32_t text)
{
	return !keys_has(&l->refused, row) && keys_put(&l->refused, row, text);
}

void loans_refuse(struct loans *l, uint32_t row)
{
	(void)refuse(l, row, 0);
}

static int by_giver(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->giver != y->giver)
		return x->giver < y->giver ? -1 : 1;
	return x->text < y->text ? -1 : x->text > y->text;
}

/* The first line of the giver or of one behind it. */
static size_t first_of(const struct line *lines, size_t n, uint32_t giver)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;
		if (lines[middle].giver < giver)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

void loans_settle(struct loans *l)
{
	struct line *lines = (struct line *)(void *)l->lines.data;
	const size_t n = l->lines.len / sizeof(*lines);
	struct buf queue = {0};
	uint32_t giver;

	if (n == 0)
		return;
	qsort(lines, n, sizeof(*lines), by_giver);
	for (size_t i = 0; i < n; i++) {
		if (keys_has(&l->refused, lines[i].giver) &&
			(i == 0 || lines[i].giver != lines[i - 1].giver))
			buf_add(&queue, &lines[i].giver, sizeof(giver));
	}
	for (size_t at = 0; at < queue.len; at += sizeof(giver)) {
		memcpy(&giver, queue.data + at, sizeof(giver));
		for (size_t i = first_of(lines, n, giver); i < n && lines[i].giver == giver; i++) {
			if (refuse(l, lines[i].taker, lines[i].text + 1))
				buf_add(&queue, &lines[i].taker, sizeof(giver));
		}
	}
	buf_free(&queue);
}

int loans_why(struct loans *l, uint32_t row, struct arena *mem, struct value *text, struct err *err)
{
	uint32_t at;

	if (!keys_get(&l->refused, row, &at) || at == 0)
		return 0;
	return spool_get(l->texts, at - 1, mem, text, NULL, err) < 0 ? -1 : 1;
}
