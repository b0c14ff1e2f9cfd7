#include "base/config_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"

/* How deep sections lie in each other at most. */
#define DEPTH_MAX 8

struct scan {
	struct arena *mem;
	const char *path;
	char *at, *end;
	unsigned line;
	struct marks *marks;
	unsigned room;
	/* Which part of a statement comes next: name = value, name = {list}, kind title { ... } */
	enum { NAME, REST, VALUE, LIST } next;
	struct mark name;            /* that of the statement */
	struct mark open[DEPTH_MAX]; /* sections that are not closed yet */
	unsigned depth;
	struct err *err;
};

static int fail(struct scan *s, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct scan *s, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(s->err, ERR_FATAL, fmt, ap);
	va_end(ap);
	return err_in(s->err, "%s:%u", s->path, line);
}

static void note(struct scan *s, enum mark_kind kind, const struct mark *at)
{
	struct marks *m = s->marks;

	if (m->n == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 32;
		struct mark *more = arena_alloc(s->mem, s->room * sizeof(*more));
		if (m->n > 0)
			memcpy(more, m->mark, m->n * sizeof(*more));
		m->mark = more;
	}
	m->mark[m->n] = *at;
	m->mark[m->n++].kind = kind;
}

/* A character that ends a word for libconfuse. */
static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n#\"'={}()+,*", c) != NULL;
}

/* Past a string. In "..." a backslash is for the quote, itself and "$" only; in '...' it is plain
 * but before the quote and itself. */
static int skip_string(struct scan *s)
{
	const char quote = *s->at++;

	for (; s->at < s->end && *s->at != quote; s->at++) {
		unsigned char c = (unsigned char)*s->at;
		if (c == '\n')
			break;
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return fail(s, s->line, "a control character in a string");
		if (quote == '"' && c == '$' && s->at[1] == '{')
			return fail(s, s->line,
				"\"${\" is not replaced here: write \"\\${\" if that is meant");
		if (c != '\\')
			continue;
		if (quote == '"' && strchr("\"\\$", s->at[1]) == NULL)
			return fail(s, s->line,
				"write \"\\\\\" for a backslash, or put the value into '...'");
		/* A backslash at the end leaves the end to the loop. */
		s->at += s->at[1] == quote || s->at[1] == '\\' || s->at[1] == '$';
	}
	if (s->at >= s->end || *s->at != quote)
		return fail(s, s->line, "a string that is not closed on its line");
	s->at++;
	return 0;
}

/* Past an unquoted word. */
static int skip_word(struct scan *s)
{
	if (s->at[0] == '/' && (s->at[1] == '/' || s->at[1] == '*'))
		return fail(s, s->line, "comments begin with #");
	while (!ends_word(*s->at)) {
		if ((unsigned char)*s->at < ' ' || *s->at == 0x7f)
			return fail(s, s->line, "a control character");
		if (s->at[0] == '$' && s->at[1] == '{')
			return fail(s, s->line, "\"${\" is not replaced here");
		s->at++;
	}
	if (*s->at != '\0' && strchr("#\"'*", *s->at) != NULL)
		return fail(s, s->line, "a value with %c stands in quotes", *s->at);
	return 0;
}

/* A word or a string: a name, a title (left to libconfuse) or a value. */
static int text(struct scan *s)
{
	const char *begin = s->at;
	bool quoted = *begin == '"' || *begin == '\'';

	if ((quoted ? skip_string(s) : skip_word(s)) < 0)
		return -1;
	if (s->next == NAME) {
		if (quoted)
			return fail(s, s->line, "expected a name, without quotes");
		s->name = (struct mark){
			.line = s->line, .word = begin, .len = (size_t)(s->at - begin)};
		s->next = REST;
	} else if (s->next == VALUE) {
		s->next = NAME;
	}
	return 0;
}

static int open_brace(struct scan *s)
{
	if (s->next == VALUE) {
		s->next = LIST;
	} else if (s->next == REST) {
		if (s->depth == DEPTH_MAX)
			return fail(s, s->line, "sections lie too deep");
		s->open[s->depth++] = s->name;
		note(s, MARK_SECTION, &s->name);
		s->next = NAME;
	}
	s->at++;
	return 0;
}

static void close_brace(struct scan *s)
{
	struct mark here = {.line = s->line};

	if (s->next == NAME && s->depth > 0) {
		s->depth--;
		note(s, MARK_END, &here);
	}
	s->next = NAME;
	s->at++;
}

static int equals(struct scan *s)
{
	if (*s->at == '+' && s->at[1] != '=')
		return fail(s, s->line, "a value with + stands in quotes");
	s->at += *s->at == '+' ? 2 : 1;
	if (s->next == REST) {
		note(s, MARK_SETTING, &s->name);
		s->next = VALUE;
	}
	return 0;
}

static int token(struct scan *s)
{
	switch (*s->at) {
	case '#':
		while (s->at < s->end && *s->at != '\n')
			*s->at++ = ' ';
		return 0;
	case '\n':
		s->line++;
		s->at++;
		return 0;
	case ' ':
	case '\t':
	case '\r':
	case '(':
	case ')':
	case ',':
		s->at++;
		return 0;
	case '{':
		return open_brace(s);
	case '}':
		close_brace(s);
		return 0;
	case '=':
	case '+':
		return equals(s);
	case '*':
		return fail(s, s->line, "a value with * stands in quotes");
	default:
		return text(s);
	}
}

/* All of it is text: UTF-8 without NUL. */
static int check_bytes(struct scan *s)
{
	unsigned line = 1;

	for (char *p = s->at; p < s->end; line++) {
		char *end = memchr(p, '\n', (size_t)(s->end - p));
		size_t n = (size_t)((end != NULL ? end : s->end) - p);
		if (memchr(p, '\0', n) != NULL || !utf8_valid(p, n))
			return fail(s, line, "not UTF-8 text");
		p += n + 1;
	}
	return 0;
}

int config_scan(struct arena *mem, const char *path, char *begin, size_t len, struct marks *marks,
	struct err *err)
{
	struct scan s = {.mem = mem,
		.path = path,
		.at = begin,
		.end = begin + len,
		.line = 1,
		.marks = marks,
		.err = err};

	*marks = (struct marks){0};
	if (check_bytes(&s) < 0)
		return -1;
	if (len >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0)
		memset(begin, ' ', 3);
	while (s.at < s.end) {
		if (token(&s) < 0)
			return -1;
	}
	if (s.depth > 0) {
		const struct mark *open = &s.open[s.depth - 1];
		return fail(
			&s, open->line, "section %.*s is not closed", (int)open->len, open->word);
	}
	return 0;
}
