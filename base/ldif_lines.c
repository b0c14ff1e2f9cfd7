#include "base/ldif_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BUFFER_SIZE (256u << 10)

int ldif_fail(const struct ldif *f, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, ERR_FATAL, fmt, ap);
	va_end(ap);
	return err_in(err, "%s:%lu", f->name, f->line + ldif_lines_passed(f));
}

static struct ldif *reader(const char *name, int fd)
{
	struct arena *mem = arena_new();
	struct ldif *f = arena_zalloc(mem, sizeof(*f));

	f->mem = mem;
	f->name = arena_strdup(mem, name);
	f->fd = fd;
	f->n_slots = 1;
	f->slots = arena_alloc(mem, sizeof(*f->slots));
	f->slots[0] = (struct slot){.len = SIZE_MAX};
	return f;
}

int ldif_open(const char *path, bool allow_urls, struct ldif **out, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_FATAL, "%s: not a regular file", path);
	}
	struct ldif *f = reader(path, fd);
	f->urls = allow_urls;
	f->opened = st;
	f->at = f->whole = buf_room(&f->text, BUFFER_SIZE);
	*out = f;
	return 0;
}

struct ldif *ldif_memory(const char *name, const char *data, size_t len)
{
	struct ldif *f = reader(name, -1);

	buf_add(&f->text, data, len);
	f->at = f->whole = f->text.data;
	return f;
}

void ldif_close(struct ldif *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	buf_free(&f->text);
	arena_free(f->scanned[0].mem);
	arena_free(f->scanned[1].mem);
	arena_free(f->mem);
}

unsigned long ldif_line(const struct ldif *f)
{
	return f->record + ldif_lines_passed(f);
}

const char *ldif_name(const struct ldif *f)
{
	return f->name;
}

int ldif_fd(const struct ldif *f)
{
	return f->fd;
}

/* Whoever writes the file while we read it may have given us half of it. */
static int at_end(struct ldif *f, struct err *err)
{
	const struct stat *was = &f->opened;
	struct stat now;

	f->ended = true;
	f->whole = f->text.data + f->text.len;
	if (f->fd < 0)
		return 0;
	if (fstat(f->fd, &now) < 0 || now.st_size != was->st_size ||
		now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != was->st_mtim.tv_nsec)
		return err_set(err, ERR_BUSY, "%s: changed while being read", f->name);
	return 0;
}

/* Past the last empty line between from and end, or NULL. */
static char *last_gap(char *from, char *end)
{
	for (char *p = end; (p = memrchr(from, '\n', (size_t)(p - from))) != NULL;) {
		if (end - p >= 2 && p[1] == '\n')
			return p + 2;
		if (end - p >= 3 && p[1] == '\r' && p[2] == '\n')
			return p + 3;
	}
	return NULL;
}

/* The first bytes are there: a mark of UTF-8 is skipped, one of UTF-16 tells what is wrong. */
static int begin(struct ldif *f, struct err *err)
{
	size_t n = (size_t)(f->text.data + f->text.len - f->at);

	f->begun = true;
	f->line = 1;
	if (n >= 2 && (memcmp(f->at, "\xff\xfe", 2) == 0 || memcmp(f->at, "\xfe\xff", 2) == 0))
		return ldif_fail(
			f, err, "expected UTF-8, this is UTF-16 (iconv -f UTF-16 -t UTF-8)");
	if (n >= 3 && memcmp(f->at, "\xef\xbb\xbf", 3) == 0)
		f->at += 3;
	return 0;
}

/* More bytes behind the ones there are: 1, 0 at the end of the file, -1. */
static int more(struct ldif *f, struct err *err)
{
	size_t room = f->text.room - f->text.len - 1;
	ssize_t n;

	if (f->fd < 0)
		return 0;
	if (room == 0) {
		if (f->text.len >= LDIF_RECORD_MAX) {
			f->line = f->lines + 1;
			return ldif_fail(
				f, err, "a record of more than %u MiB", LDIF_RECORD_MAX >> 20);
		}
		buf_room(&f->text, f->text.len);
		room = f->text.room - f->text.len - 1;
	}
	do {
		n = read(f->fd, f->text.data + f->text.len, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, ERR_FATAL, "%s: %s", f->name, strerror(errno));
	f->text.len += (size_t)n;
	return n > 0;
}

/* All whole records are parsed: read until there is another one. 1, 0 at the end, -1. */
static int fill(struct ldif *f, struct err *err)
{
	if (f->ended)
		return 0;
	f->offset += (uint64_t)(f->at - f->text.data);
	f->text.len -= (size_t)(f->at - f->text.data);
	memmove(f->text.data, f->at, f->text.len);
	f->at = f->text.data;
	f->whole = NULL;
	f->scanned[1].at = NULL;
	for (size_t seen = 0; f->whole == NULL;) {
		int r = more(f, err);
		if (r < 0)
			return -1;
		f->at = f->text.data;
		if (!f->begun && begin(f, err) < 0)
			return -1;
		char *from = f->text.data + seen, *end = f->text.data + f->text.len;
		f->nul = f->nul || memchr(from, '\0', (size_t)(end - from)) != NULL;
		/* An empty line may lie across the border. */
		f->whole = last_gap(seen > 2 ? from - 2 : f->at, end);
		seen = f->text.len;
		if (r == 0 && at_end(f, err) < 0)
			return -1;
	}
	return f->at < f->whole;
}

/* One line without its end, and f->at behind it; NULL when the file ends before the line does. */
static char *line_end(struct ldif *f)
{
	char *end = memchr(f->at, '\n', (size_t)(f->whole - f->at));

	if (end == NULL)
		return NULL;
	char *at = f->at;
	f->at = end + 1;
	f->lines++;
	return end > at && end[-1] == '\r' ? end - 1 : end;
}

static int torn(struct ldif *f, struct err *err)
{
	f->line = f->lines + 1;
	return ldif_fail(f, err, "the file ends inside a line: is it truncated?");
}

static bool folded(const struct ldif *f)
{
	return f->at < f->whole && *f->at == ' ';
}

/* Append the lines that continue this one. */
static int unfold(struct ldif *f, struct line *line, struct err *err)
{
	while (folded(f)) {
		char *more_at = f->at + 1, *more_end = line_end(f);
		if (more_end == NULL)
			return torn(f, err);
		memmove(line->end, more_at, (size_t)(more_end - more_at));
		line->end += more_end - more_at;
	}
	return 0;
}

/* ldapsearch ends its output with the number of entries, for each page of a paged search. */
static int check_count(struct ldif *f, const struct line *line, struct err *err)
{
	static const char mark[] = "# numEntries: ";
	const size_t n = sizeof(mark) - 1;
	unsigned long said = 0, read = f->n - f->counted;

	if ((size_t)(line->end - line->at) <= n || memcmp(line->at, mark, n) != 0)
		return 0;
	for (const char *p = line->at + n; p < line->end && *p >= '0' && *p <= '9'; p++)
		said = said * 10 + (unsigned long)(*p - '0');
	f->counted = f->n;
	if (said == read || said == f->n)
		return 0;
	return ldif_fail(
		f, err, "numEntries is %lu, but there are %lu: is something missing?", said, read);
}

static bool at_gap(const struct ldif *f)
{
	return *f->at == '\n' || (*f->at == '\r' && f->whole - f->at > 1 && f->at[1] == '\n');
}

int ldif_lines_next(struct ldif *f, struct line *line, struct err *err)
{
	while (f->at < f->whole && !at_gap(f)) {
		f->line = f->lines + 1;
		line->at = f->at;
		line->end = line_end(f);
		if (line->end == NULL)
			return torn(f, err);
		if (folded(f) && unfold(f, line, err) < 0)
			return -1;
		if (*line->at != '#') {
			if (f->nul &&
				memchr(line->at, '\0', (size_t)(line->end - line->at)) != NULL)
				return ldif_fail(f, err, "a NUL byte");
			return 1;
		}
		if (check_count(f, line, err) < 0)
			return -1;
	}
	return 0;
}

/* Over the empty lines, to something. */
int ldif_lines_fill(struct ldif *f, struct err *err)
{
	for (;;) {
		while (f->at < f->whole && at_gap(f))
			line_end(f);
		if (f->at < f->whole)
			return 1;
		int r = fill(f, err);
		if (r <= 0)
			return r;
	}
}

int ldif_lines_begin(struct ldif *f, struct line *line, struct err *err)
{
	int r;

	while ((r = ldif_lines_fill(f, err)) > 0) {
		f->mark = f->offset + (uint64_t)(f->at - f->text.data);
		f->mark_lines = f->lines;
		r = ldif_lines_next(f, line, err);
		if (r != 0)
			return r;
	}
	return r;
}

char *ldif_lines_named(const struct line *line, const char *name)
{
	size_t n = strlen(name);

	if ((size_t)(line->end - line->at) <= n || line->at[n] != ':')
		return NULL;
	return strncasecmp(line->at, name, n) == 0 ? line->at + n : NULL;
}
