#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/csv_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rows with every field in quotes; false when they are refused. */
static bool print_rows(const char *data, size_t len, char delimiter, struct buf *out)
{
	struct csv *c = csv_memory("t", delimiter, data, len);
	struct value *fields;
	struct err err;
	size_t n;
	int r;

	buf_puts(out, "");
	while ((r = csv_next(c, &fields, &n, &err)) > 0) {
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				buf_putc(out, delimiter);
			buf_putc(out, '"');
			for (size_t k = 0; k < fields[i].len; k++) {
				if (fields[i].data[k] == '"')
					buf_putc(out, '"');
				buf_putc(out, fields[i].data[k]);
			}
			buf_putc(out, '"');
		}
		buf_puts(out, "\r\n");
	}
	csv_close(c);
	if (r < 0 && err.kind != ERR_FATAL)
		abort();
	return r == 0;
}

/* What was understood is understood in the same way when it is written out again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = ",;\t|";
	struct buf once = {0}, twice = {0};

	if (size == 0)
		return 0;
	const char delimiter = delimiters[data[0] % 4];
	print_rows((const char *)data + 1, size - 1, delimiter, &once);
	if (!print_rows(once.data, once.len, delimiter, &twice))
		abort();
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
