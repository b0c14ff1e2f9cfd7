#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/json.h"
#include "connectors/scim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read once and written is read the same again. */
static void check_round(const struct json *j)
{
	struct buf b = {0};
	struct json *again;
	struct err err;

	json_print(&b, j);
	if (json_parse(b.data, b.len, &again, &err) < 0 || !json_same(j, again))
		abort();
	json_free(again);
	buf_free(&b);
}

/* Each attribute once, with values, none of them empty; and what is writable, can be written. */
static void check_entry(const struct scim_kind *kind, const struct entry *e)
{
	struct json *j = json_new_object();
	struct err err;

	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		const struct json_field *f = json_field_of(kind->fields, a->id);
		if (a->n == 0 || entry_get(e, a->id) != a)
			abort();
		for (unsigned k = 0; k < a->n; k++) {
			if (a->values[k].len == 0)
				abort();
		}
		if (f != NULL &&
			json_write(j, f, a->values, json_field_many(f) ? a->n : 1, &err) < 0)
			abort();
	}
	json_free(j);
}

/* A resource of SCIM: the first byte says of which kind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *j;
	struct entry e = {0};
	struct err err = {0};

	if (size == 0)
		return 0;
	const struct scim_kind *kind = &scim_kinds[data[0] & 1];
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (json_parse(text, size - 1, &j, &err) == 0) {
		struct arena *mem = arena_new();
		check_round(j);
		if (json_read(j, kind->fields, NULL, mem, &e, &err) == 0)
			check_entry(kind, &e);
		else if (err.kind != ERR_FATAL)
			abort();
		arena_free(mem);
	} else if (err.kind != ERR_FATAL || j != NULL) {
		abort();
	}
	json_free(j);
	free(text);
	return 0;
}
