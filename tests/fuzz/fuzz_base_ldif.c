/* Whatever can be read is printed to a text that reads as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The records up to the first error, printed; how many there are. */
static unsigned reprint(const char *text, size_t len, bool changes, struct buf *to)
{
	struct ldif *f = ldif_memory("fuzz", text, len);
	struct arena *mem = arena_new();
	unsigned n = 0;

	for (;; n++) {
		struct change change;
		struct entry entry;
		struct err err;
		int r = changes ? ldif_next_change(f, mem, &change, &err)
				: ldif_next(f, mem, &entry, &err);
		if (r < 0 && (err.kind != ERR_FATAL || strncmp(err.text, "fuzz:", 5) != 0))
			abort();
		if (r <= 0)
			break;
		if (changes)
			ldif_print_change(to, &change);
		else
			ldif_print_entry(to, &entry);
		arena_reset(mem);
	}
	ldif_close(f);
	arena_free(mem);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int changes = 0; changes < 2; changes++) {
		struct buf first = {0}, second = {0};
		unsigned n = reprint((const char *)data, size, changes != 0, &first);
		if (reprint(first.data, first.len, changes != 0, &second) != n ||
			first.len != second.len ||
			(first.len > 0 && memcmp(first.data, second.data, first.len) != 0))
			abort();
		buf_free(&first);
		buf_free(&second);
	}
	return 0;
}
