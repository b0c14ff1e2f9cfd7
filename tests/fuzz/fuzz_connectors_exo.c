/* Lines of the program that runs the commands of Exchange Online: what is taken for an answer is
 * one, and its objects are read as entries. The first byte says to which command. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/exo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each attribute once, with values, none of them empty. */
static void check_entry(const struct entry *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		if (a->n == 0 || entry_get(e, a->id) != a)
			abort();
		for (unsigned k = 0; k < a->n; k++) {
			if (a->values[k].len == 0)
				abort();
		}
	}
}

static void check_rows(const struct json *rows)
{
	struct arena *mem = arena_new();
	struct exo_dir d = {.base = "O=t"};
	struct err err = {0};

	for (enum exo_side side = 0; side < EXO_SIDES; side++)
		d.fields[side] = exo_json_fields(mem, side);
	for (size_t i = 0; i < json_count(rows, ""); i++) {
		struct entry e = {0};
		if (exo_entry(&d, EXO_MAIL, json_item(rows, i), NULL, mem, &e, &err) == 0 &&
			exo_entry(&d, EXO_PERSON, json_item(rows, i), NULL, mem, &e, &err) == 0)
			check_entry(&e);
		else if (err.kind != ERR_FATAL && err.kind != ERR_BUSY)
			abort();
	}
	arena_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exo_line line;
	struct err err = {0};

	if (size == 0)
		return 0;
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (exo_line(text, size - 1, data[0] - '0', &line, &err) < 0) {
		if (err.kind != ERR_FATAL || line.json != NULL)
			abort();
	} else if (line.kind == EXO_ROWS) {
		if (json_count(line.json, "result") == 0)
			abort();
		check_rows(json_at(line.json, "result"));
	} else if (line.kind == EXO_END ? line.count < 0
					: line.code == NULL || line.message == NULL) {
		abort();
	} else if (line.kind == EXO_ERROR) {
		(void)exo_fault_of(line.code, line.message);
	}
	json_free(line.json);
	free(text);
	return 0;
}
