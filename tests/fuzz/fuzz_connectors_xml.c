/* XML of other programs, record by record. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xml_shape shape[] = {
	{NULL, "all", "", XML_HOLDS, 0},
	{"all", "group", "", XML_HOLDS, 0},
	{"all", "one", "", XML_RECORD, 1},
	{"group", "one", "", XML_RECORD, 2},
	{"all", "rest", "", XML_SKIP, 0},
	{NULL, NULL, NULL, XML_SKIP, 0},
};

static void walk(const struct xml_node *n, unsigned depth)
{
	if (depth > XML_DEPTH_MAX)
		abort();
	for (; n != NULL; n = n->next) {
		(void)xml_attr(n, "a");
		(void)xml_word(n);
		if (n->text.len > XML_RECORD_MAX)
			abort();
		walk(n->child, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a step too far is seen. */
	char *bytes = malloc(size + (size == 0));
	struct arena *mem = arena_new();
	struct xml_node *record;
	struct err err = {0};
	int r;

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	struct xml *x = xml_memory("fuzz", bytes, size, shape);
	while ((r = xml_next(x, mem, &record, &err)) == 1) {
		if (record->tag != 1 && record->tag != 2)
			abort();
		walk(record, 0);
		arena_reset(mem);
	}
	if (r < 0 && err.kind != ERR_FATAL)
		abort();
	(void)xml_root(x);
	xml_close(x);
	arena_free(mem);
	free(bytes);
	return 0;
}
