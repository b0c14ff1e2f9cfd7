/* JSON of web services: what is understood prints as something that is the same, and what is read
 * of it by a table are values of the kinds that the table says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_field fields[] = {
	{"displayName", "displayName", JSON_TEXT, true},
	{"mail", "emails[primary]/value", JSON_TEXT, true},
	{"proxyAddresses", "proxyAddresses[]", JSON_TEXT, true},
	{"telephoneNumber", "phones[type=work]/value", JSON_TEXT, true},
	{"uSNChanged", "number", JSON_INT, true},
	{"isDeleted", "gone", JSON_BOOL, true},
	{"whenChanged", "meta/changed", JSON_TIME, true},
	{"thumbnailPhoto", "photo", JSON_BYTES, true},
	{"objectGUID", "id", JSON_GUID, true},
	{NULL, NULL, JSON_TEXT, false},
};

/* What was read is written as something that reads as the same. */
static void read_fields(struct arena *mem, const struct json *j)
{
	struct entry once = {0}, twice = {0};
	struct json *again;
	struct err err;

	if (json_read(j, fields, NULL, mem, &once, &err) < 0)
		return;
	again = json_new_object();
	for (unsigned i = 0; i < once.n; i++) {
		const struct json_field *f = json_field_of(fields, once.attrs[i].id);
		if (f == NULL)
			abort();
		if (!json_field_many(f) && once.attrs[i].n > 1)
			continue;
		(void)json_write(again, f, once.attrs[i].values, once.attrs[i].n, &err);
	}
	if (json_read(again, fields, NULL, mem, &twice, &err) < 0)
		abort();
	json_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	struct json *j, *again;
	struct buf text = {0};
	struct err err = {0};

	if (json_parse((const char *)data, size, &j, &err) < 0) {
		if (err.kind != ERR_FATAL || j != NULL)
			abort();
	} else {
		json_print(&text, j);
		if (json_parse(text.data, text.len, &again, &err) < 0 || !json_same(j, again))
			abort();
		read_fields(mem, j);
		json_free(again);
		json_free(j);
	}
	buf_free(&text);
	arena_free(mem);
	return 0;
}
