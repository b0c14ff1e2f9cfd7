#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "rules/place.h"
#include "rules/parse.h"
#include "sync/import_rule.h"

/* Any bytes as synchronization rules: they are refused, or become a rule file that can be read,
 * the same each time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	struct sync_rules all = {0};
	struct import_sums sums;
	struct buf once = {0}, twice = {0};
	struct rule_file file;
	struct err err = {0};

	if (import_read_text(mem, "t", (const char *)data, size, &all, &err) < 0) {
		check(err.kind == ERR_FATAL && err.text[0] != '\0');
	} else {
		import_write(&once, &all, &sums);
		import_write(&twice, &all, &sums);
		check(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
		const struct rule_text text = {"t", {once.data, once.len}};
		check(rule_file_parse(mem, &text, &file, &err) == 0);
	}
	buf_free(&once);
	buf_free(&twice);
	arena_free(mem);
	return 0;
}
