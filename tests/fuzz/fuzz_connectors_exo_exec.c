/*
 * What the program of way = exec says, as it comes: the first byte says in pieces of how many
 * bytes, the second one by which number the first command goes. An answer that has ended is
 * followed by the next command's.
 *
 * The lines are what was said, each once and in its order, however it was cut. An answer that ended
 * well has as many rows as it says.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "connectors/exo_way.h"
#include "connectors/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* false: the answer is none, and the program would be ended. */
static bool read_answer(struct exo_lines *l, const char *text, size_t len, long long *rows)
{
	struct exo_line line;
	struct err err = {0};

	if (exo_lines_read(l, text, len, &line, &err) < 0) {
		assert(err.kind == ERR_FATAL && line.json == NULL);
		return false;
	}
	if (line.kind == EXO_ROWS) {
		assert(json_count(line.json, "result") > 0);
		*rows += (long long)json_count(line.json, "result");
	} else {
		assert(line.kind == EXO_ERROR || line.count == *rows);
		*rows = l->rows = 0;
		l->id++;
	}
	json_free(line.json);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exo_lines l = {0};
	long long rows = 0;
	size_t given = 2, taken = 2;
	bool good = true;

	if (size < 2)
		return 0;
	l.id = data[1] - '0';
	while (good && given < size) {
		const size_t most = (size_t)data[0] + 1,
			     n = size - given < most ? size - given : most;
		const char *text;
		size_t len;
		memcpy(buf_room(&l.in, n), data + given, n);
		l.in.len += n;
		given += n;
		while (good && exo_lines_next(&l, &text, &len)) {
			assert(taken + len < given && memcmp(text, data + taken, len) == 0);
			assert(data[taken + len] == '\n' && memchr(text, '\n', len) == NULL);
			taken += len + 1;
			good = read_answer(&l, text, len, &rows);
		}
	}
	assert(!good || memchr(data + taken, '\n', size - taken) == NULL);
	buf_free(&l.in);
	return 0;
}
