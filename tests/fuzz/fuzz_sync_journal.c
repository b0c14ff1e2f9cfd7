/*
 * The journal's rows, which outlive the program: three values, each behind two bytes of its length.
 * What is understood is packed to bytes that mean the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value base = {"ou=gal,dc=xyz", 13};

/* Of its own size, so that a step too far is seen. */
static struct value take(const uint8_t **at, const uint8_t *end)
{
	size_t len = end - *at < 2 ? 0 : (size_t)((*at)[0] << 8 | (*at)[1]);

	*at += end - *at < 2 ? end - *at : 2;
	if (len > (size_t)(end - *at))
		len = (size_t)(end - *at);
	char *copy = malloc(len + (len == 0));
	if (copy == NULL)
		abort();
	memcpy(copy, *at, len);
	*at += len;
	return (struct value){copy, len};
}

static void pack(const struct op *op, struct buf out[3])
{
	for (unsigned i = 0; i < 3; i++) {
		buf_clear(&out[i]);
		buf_puts(&out[i], "");
	}
	op_pack(op, base, &out[0], &out[1], &out[2]);
}

static void packs_the_same(struct arena *mem, const struct op *op, struct op_row row)
{
	struct buf first[3] = {0}, second[3] = {0};
	struct op again;
	struct err err;

	pack(op, first);
	row.change = (struct value){first[0].data, first[0].len};
	row.before = (struct value){first[1].data, first[1].len};
	row.link = (struct value){first[2].data, first[2].len};
	if (op_unpack(mem, &row, base, &again, &err) < 0)
		abort();
	pack(&again, second);
	for (unsigned i = 0; i < 3; i++) {
		if (first[i].len != second[i].len ||
			memcmp(first[i].data, second[i].data, first[i].len) != 0)
			abort();
		buf_free(&first[i]);
		buf_free(&second[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data + 1, *end = data + size;
	struct attr_set set;
	struct err err = {0};
	struct op op;

	if (size == 0)
		return 0;
	struct arena *mem = arena_new();
	struct op_row row = {.run = 1, .n = 1, .kind = data[0]};
	row.change = take(&at, end);
	row.before = take(&at, end);
	row.link = take(&at, end);
	if (op_unpack(mem, &row, base, &op, &err) == 0)
		packs_the_same(mem, &op, row);
	else if (err.kind != ERR_FATAL)
		abort();
	journal_attrs_parse(mem, arena_copy(mem, row.change.data, row.change.len), &set);
	free((char *)(uintptr_t)row.change.data);
	free((char *)(uintptr_t)row.before.data);
	free((char *)(uintptr_t)row.link.data);
	arena_free(mem);
	return 0;
}
