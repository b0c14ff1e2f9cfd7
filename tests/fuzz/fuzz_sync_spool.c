/* What is spooled between planning and applying: entries, changes, rows, verdicts and steps, as the
 * first byte says. What is understood is packed to bytes that mean the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/plan.h"
#include "sync/row.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory; /* of the rules */
static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err err;

	(void)argc;
	(void)argv;
	memory = arena_new();
	return rules_load(memory, "galsync", "/", &rules, &err);
}

static int again_entry(struct arena *mem, struct value v, struct buf *out)
{
	const char *at = v.data;
	struct entry e;

	if (entry_unpack(mem, &at, at + v.len, &e) < 0)
		return -1;
	entry_pack(out, &e);
	return 0;
}

static int again_change(struct arena *mem, struct value v, struct buf *out)
{
	const char *at = v.data;
	struct change c;

	if (change_unpack(mem, &at, at + v.len, &c) < 0)
		return -1;
	change_pack(out, &c);
	return 0;
}

static int again_row(struct arena *mem, struct value v, struct buf *out)
{
	struct open_row row;

	if (row_unpack(mem, rules, v, &row) < 0)
		return -1;
	row_pack(out, &row);
	return 0;
}

static int again_verdict(struct arena *mem, struct value v, struct buf *out)
{
	struct verdict verdict;

	if (verdict_unpack(mem, v, &verdict) < 0)
		return -1;
	verdict_pack(out, &verdict);
	return 0;
}

static int again_step(struct arena *mem, struct value v, struct buf *out)
{
	struct step s;

	if (step_unpack(mem, v, &s) < 0)
		return -1;
	step_pack(out, &s);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const kinds[])(struct arena *, struct value, struct buf *) = {
		again_entry, again_change, again_row, again_verdict, again_step};
	struct buf first = {0}, second = {0};

	if (size < 2)
		return 0;
	struct arena *mem = arena_new();
	const unsigned kind = data[0] % (sizeof(kinds) / sizeof(kinds[0]));
	/* Of its own size, so that a step too far is seen. */
	char *bytes = malloc(size - 1);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	if (kinds[kind](mem, (struct value){bytes, size - 1}, &first) == 0 &&
		(kinds[kind](mem, (struct value){first.data, first.len}, &second) < 0 ||
			first.len != second.len || memcmp(first.data, second.data, first.len) != 0))
		abort();
	buf_free(&first);
	buf_free(&second);
	free(bytes);
	arena_free(mem);
	return 0;
}
