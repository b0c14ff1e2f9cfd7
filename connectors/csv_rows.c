#include "connectors/csv_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "connectors/file.h"

#define BLOCK (64u << 10)
#define ROW_MAX (16u << 20)
#define END (-1)

struct csv {
	struct arena *mem;
	const char *name;
	int fd; /* -1: all of it is at hand */
	struct stat opened;
	struct err failed; /* kind != ERR_NONE: it cannot be read on */
	char delimiter;
	const char *at, *end;
	unsigned long line, row; /* that is being read; on which the row began */
	struct buf block;
	struct buf text, ends; /* the row's fields, each with a NUL behind it; size_t: where */
	struct buf fields;     /* struct value */
};

static struct csv *reader(const char *name, char delimiter, int fd)
{
	struct arena *mem = arena_new();
	struct csv *c = arena_zalloc(mem, sizeof(*c));

	c->mem = mem;
	c->name = arena_strdup(mem, name);
	c->fd = fd;
	c->delimiter = delimiter;
	c->line = c->row = 1;
	c->at = c->end = "";
	return c;
}

static void skip_mark(struct csv *c)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (c->end - c->at >= 3 && memcmp(c->at, mark, 3) == 0)
		c->at += 3;
}

struct csv *csv_memory(const char *name, char delimiter, const char *data, size_t len)
{
	struct csv *c = reader(name, delimiter, -1);

	c->at = data;
	c->end = data + len;
	skip_mark(c);
	return c;
}

/* Whoever writes the file while we read it may have given us half of it. */
static void check_end(struct csv *c)
{
	if (file_changed(c->fd, &c->opened))
		err_set(&c->failed, ERR_BUSY, "%s: changed while it was read", c->name);
}

/* Is there another byte? */
static bool fill(struct csv *c)
{
	ssize_t n;

	if (c->fd < 0 || c->failed.kind != ERR_NONE)
		return false;
	buf_clear(&c->block);
	do {
		n = read(c->fd, buf_room(&c->block, BLOCK), BLOCK);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		file_fail(&c->failed, c->name);
	else if (n == 0)
		check_end(c);
	c->at = c->block.data;
	c->end = c->at + (n > 0 ? n : 0);
	return n > 0;
}

int csv_open(const char *path, char delimiter, struct csv **out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return file_fail(err, path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_FATAL, "%s: not a regular file", path);
	}
	*out = reader(path, delimiter, fd);
	(*out)->opened = st;
	if (fill(*out))
		skip_mark(*out);
	return 0;
}

void csv_close(struct csv *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->block);
	buf_free(&c->text);
	buf_free(&c->ends);
	buf_free(&c->fields);
	arena_free(c->mem);
}

unsigned long csv_line(const struct csv *c)
{
	return c->row;
}

int csv_at(const struct csv *c, struct err *err)
{
	return err_in(err, "%s:%lu", c->name, c->row);
}

static int fail(const struct csv *c, unsigned long line, const char *what, struct err *err)
{
	return err_set(err, ERR_FATAL, "%s:%lu: %s", c->name, line, what);
}

static int look(struct csv *c)
{
	return c->at < c->end || fill(c) ? (unsigned char)*c->at : END;
}

/* Add what is at hand up to stop. */
static void take(struct csv *c, const char *stop)
{
	buf_add(&c->text, c->at, (size_t)(stop - c->at));
	c->at = stop;
}

static bool ends_bare(const struct csv *c, int ch)
{
	return ch == c->delimiter || ch == '\n' || ch == '\r' || ch == END;
}

static int read_bare(struct csv *c, struct err *err)
{
	int ch;

	while (!ends_bare(c, ch = look(c)) && c->text.len <= ROW_MAX) {
		const char *p = c->at;
		if (ch == '"')
			return fail(c, c->line, "a quote in a field that begins without", err);
		while (p < c->end && *p != '"' && !ends_bare(c, (unsigned char)*p))
			p++;
		take(c, p);
	}
	return 0;
}

static int read_quoted(struct csv *c, struct err *err)
{
	const unsigned long opened = c->line;

	c->at++;
	while (look(c) != END && c->text.len <= ROW_MAX) {
		const char *p = c->at;
		for (; p < c->end && *p != '"'; p++)
			c->line += *p == '\n';
		take(c, p);
		if (look(c) != '"')
			continue;
		c->at++;
		if (look(c) != '"')
			return 0;
		take(c, c->at + 1);
	}
	return c->text.len > ROW_MAX || c->failed.kind != ERR_NONE
		       ? 0
		       : fail(c, opened, "the quote that opens here is never closed", err);
}

/* 1: another field follows, 0: the row ends, -1. */
static int end_field(struct csv *c, struct err *err)
{
	const size_t end = c->text.len;
	int ch = look(c);

	buf_add(&c->ends, &end, sizeof(end));
	buf_putc(&c->text, '\0');
	if (end > ROW_MAX)
		return fail(c, c->row, "a row of more than 16 MiB: is a quote missing?", err);
	if (ch == END)
		return 0;
	c->at++;
	if (ch == c->delimiter)
		return 1;
	if (ch == '\r' && look(c) == '\n')
		c->at++;
	else if (ch == '\r')
		return fail(c, c->line, "a carriage return without a line feed", err);
	else if (ch != '\n')
		return fail(c, c->line, "something behind the closing quote", err);
	c->line++;
	return 0;
}

/* The fields, now that their text does not move any more. */
static int make_fields(struct csv *c, struct err *err)
{
	const size_t *ends = (const size_t *)(const void *)c->ends.data;
	const char *at = c->text.data;

	if (!utf8_valid(c->text.data, c->text.len))
		return fail(c, c->row, "not UTF-8", err);
	for (size_t i = 0; i < c->ends.len / sizeof(*ends); i++) {
		struct value field = {at, (size_t)(c->text.data + ends[i] - at)};
		if (memchr(at, '\0', field.len) != NULL)
			return fail(c, c->row, "a NUL byte", err);
		buf_add(&c->fields, &field, sizeof(field));
		at += field.len + 1;
	}
	return 0;
}

/* 1, 0 at the end, -1. An empty line gives one field without even quotes. */
static int read_row(struct csv *c, bool *quoted, struct err *err)
{
	int r = 1;

	buf_clear(&c->text);
	buf_clear(&c->ends);
	buf_clear(&c->fields);
	c->row = c->line;
	*quoted = false;
	if (look(c) == END)
		return 0;
	while (r > 0) {
		bool quote = look(c) == '"';
		*quoted = *quoted || quote;
		r = quote ? read_quoted(c, err) : read_bare(c, err);
		if (r == 0)
			r = end_field(c, err);
	}
	return r < 0 ? -1 : 1;
}

int csv_next(struct csv *c, struct value **fields, size_t *n, struct err *err)
{
	bool quoted;
	int r;

	do {
		r = read_row(c, &quoted, err);
	} while (r > 0 && !quoted && c->text.len == 1);
	if (c->failed.kind != ERR_NONE) {
		*err = c->failed;
		return -1;
	}
	if (r <= 0)
		return r;
	*n = c->ends.len / sizeof(size_t);
	if (make_fields(c, err) < 0)
		return -1;
	*fields = (struct value *)(void *)c->fields.data;
	return 1;
}
