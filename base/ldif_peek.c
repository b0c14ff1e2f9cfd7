#include "base/ldif_private.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/hash.h"

/* Bytes that are looked at together, as a vector of the compiler's. */
#define WIDTH 16
typedef unsigned char bytes __attribute__((vector_size(WIDTH)));

struct scan {
	const char *id_name; /* looked for at the beginning of a line */
	size_t id_len;
	char *id;  /* where its line begins, or NULL */
	char *end; /* of the record, behind its last line end; NULL: not found */
};

/* A line ends at p: is it the record's last, or is the next one the id's? */
static void look(struct scan *s, char *p, const char *whole)
{
	char *next = p + 1;

	if (next == whole || *next == '\n' ||
		(*next == '\r' && whole - next > 1 && next[1] == '\n'))
		s->end = next;
	else if (s->id == NULL && (size_t)(whole - next) > s->id_len && next[s->id_len] == ':' &&
		 memcmp(next, s->id_name, s->id_len) == 0)
		s->id = next;
}

/* hits has a byte set for each place among WIDTH where a look is worth it. */
static void look_at_hits(struct scan *s, const uint64_t hits[2], char *p, const char *whole)
{
	for (unsigned i = 0; i < 2; i++) {
		for (uint64_t left = hits[i]; left != 0 && s->end == NULL;) {
			unsigned byte = (unsigned)__builtin_ctzll(left) / 8;
			look(s, p + i * 8 + byte, whole);
			left &= ~(0xffull << (byte * 8));
		}
	}
}

static bytes bytes_at(const char *p)
{
	bytes b;

	memcpy(&b, p, sizeof(b));
	return b;
}

/* The end of the record that begins at p, and its id, in one pass: of the line ends only those are
 * looked at closely that stand before an empty line or before the id's first letter. */
static void scan_record(struct scan *s, char *p, char *whole)
{
	bytes line_end, carriage, letter;

	memset(&line_end, '\n', WIDTH);
	memset(&carriage, '\r', WIDTH);
	memset(&letter, s->id_name[0], WIDTH);
	for (; whole - p > WIDTH && s->end == NULL; p += WIDTH) {
		const bytes here = bytes_at(p), next = bytes_at(p + 1);
		const bytes found =
			(bytes)(here == line_end) &
			(bytes)((next == line_end) | (next == carriage) | (next == letter));
		uint64_t hits[2];
		memcpy(hits, &found, WIDTH);
		if ((hits[0] | hits[1]) != 0)
			look_at_hits(s, hits, p, whole);
	}
	while (s->end == NULL && p < whole && (p = memchr(p, '\n', (size_t)(whole - p))) != NULL)
		look(s, p++, whole);
}

/* A line's value, unfolded and decoded into the arena where it is not plain; false when it is to be
 * read as usual. */
static bool line_value(
	struct arena *mem, char *at, size_t name_len, const char *end, struct value *v)
{
	char *p = at + name_len + 1;
	bool encoded = p < end && *p == ':';
	char *line_end = memchr(p, '\n', (size_t)(end - p));

	if (line_end == NULL || (p < end && *p == '<'))
		return false;
	p += encoded;
	while (p < line_end && *p == ' ')
		p++;
	size_t len = (size_t)(line_end - p);
	len -= len > 0 && p[len - 1] == '\r';
	*v = (struct value){p, len};
	if (line_end + 1 < end && line_end[1] == ' ') {
		struct buf text = {0};
		buf_add(&text, p, len);
		while (line_end + 1 < end && line_end[1] == ' ') {
			p = line_end + 2;
			line_end = memchr(p, '\n', (size_t)(end - p));
			if (line_end == NULL)
				break;
			len = (size_t)(line_end - p);
			buf_add(&text, p, len - (len > 0 && p[len - 1] == '\r'));
		}
		*v = (struct value){arena_copy(mem, text.data, text.len), text.len};
		buf_free(&text);
	}
	if (!encoded)
		return true;
	char *text = arena_copy(mem, v->data, v->len), *last = ldif_unbase64(text, text + v->len);
	*v = (struct value){text, last != NULL ? (size_t)(last - text) : 0};
	return v->len > 0;
}

/* Where the record at a place ends, and its id. */
static void scan_at(struct ldif *f, char *at, const char *id_name, struct scanned *s)
{
	struct scan scan = {.id_name = id_name, .id_len = strlen(id_name)};

	s->at = at;
	s->id = (struct value){NULL, 0};
	if (f->nul || f->fd < 0 || f->whole - at < 4 || strncasecmp(at, "dn:", 3) != 0)
		return;
	if (s->mem == NULL)
		s->mem = arena_new();
	arena_reset(s->mem);
	scan_record(&scan, at, f->whole);
	s->end = scan.end;
	if (scan.end == NULL || scan.id == NULL ||
		!line_value(s->mem, scan.id, scan.id_len, scan.end, &s->id))
		s->id.len = 0;
}

/* The record behind this one, so that whoever looks up its id can do so in good time. */
static void scan_next(struct ldif *f, const char *id_name)
{
	char *at = f->scanned[0].end;

	while (at < f->whole && (*at == '\n' || *at == '\r'))
		at++;
	scan_at(f, at, id_name, &f->scanned[1]);
}

int ldif_peek(struct ldif *f, struct arena *mem, const char *id_name, struct ldif_peeked *p,
	struct err *err)
{
	int r = ldif_lines_fill(f, err);

	if (r <= 0)
		return r;
	struct scanned *here = &f->scanned[0], *next = &f->scanned[1];
	if (next->at == f->at) {
		const struct scanned before = *here;
		*here = *next;
		*next = before;
	} else {
		scan_at(f, f->at, id_name, here);
	}
	if (here->id.len == 0 || !line_value(mem, f->at, 2, here->end, &p->name))
		return 2;
	p->id = here->id;
	p->digest = hash_bytes(f->at, (size_t)(here->end - f->at), 0);
	scan_next(f, id_name);
	p->next = next->id;
	return 1;
}

void ldif_pass(struct ldif *f)
{
	f->at = f->scanned[0].end;
	f->n++;
	f->passed = true;
}

/* Lines are not counted in records that are passed by, as nobody asks; when somebody does, the file
 * tells. */
unsigned long ldif_lines_passed(const struct ldif *f)
{
	char block[65536];
	unsigned long n = 0;

	if (!f->passed)
		return 0;
	for (uint64_t at = 0; at < f->mark;) {
		size_t want = f->mark - at < sizeof(block) ? (size_t)(f->mark - at) : sizeof(block);
		ssize_t got = pread(f->fd, block, want, (off_t)at);
		if (got <= 0)
			return 0;
		for (const char *p = block;
			(p = memchr(p, '\n', (size_t)(block + got - p))) != NULL; p++)
			n++;
		at += (uint64_t)got;
	}
	return n - f->mark_lines;
}
