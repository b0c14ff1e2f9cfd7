#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/dsml.h"
#include "connectors/foreign.h"

/*
 * Any bytes as a file of MIM, Entra Connect or DSML, in both views. It gives records or one error
 * of the right kind; changes that were read are read in the same way when they are written out.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

/* The changes of the file as DSML; what is whole counts as an add. */
static int print(const char *data, size_t len, enum foreign_view view, struct buf *out)
{
	struct foreign *f = foreign_memory("t", data, len, view);
	struct arena *mem = arena_new();
	struct foreign_record r;
	struct err err = {0};
	unsigned long id = 0;
	int rc;

	dsml_print_begin(out);
	while ((rc = foreign_next(f, mem, &r, &err)) == 1) {
		check((r.whole ? r.entry.name : r.change.name).len > 0);
		if (!r.whole)
			dsml_print_change(out, &r.change, &id);
		arena_reset(mem);
	}
	dsml_print_end(out);
	check(rc == 0 || (err.kind == ERR_FATAL && err.text[0] != '\0'));
	foreign_close(f);
	arena_free(mem);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = {0}, twice = {0}, has = {0};

	print((const char *)data, size, FOREIGN_WILL, &once);
	check(print(once.data, once.len, FOREIGN_WILL, &twice) == 0);
	check(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	print((const char *)data, size, FOREIGN_HAS, &has);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&has);
	return 0;
}
