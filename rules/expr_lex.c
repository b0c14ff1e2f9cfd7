#include "rules/expr_lex.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* How much of a long line is shown before and after the caret, in bytes. */
#define SHOW_BEFORE 60
#define SHOW_AFTER 40

/* Where the line with `at` begins. */
static const char *line_start(const struct source *s, const char *at)
{
	while (at > s->text && at[-1] != '\n')
		at--;
	return at;
}

static const char *where(const struct source *s, const char *at)
{
	unsigned line = s->line;
	const char *start = line_start(s, at);
	size_t column = utf8_count(start, (size_t)(at - start)) + 1;

	for (const char *c = s->text; c < start; c++)
		line += *c == '\n';
	if (start == s->text)
		column += s->column0;
	return arena_printf(
		s->mem, "%s%s%u:%zu", s->file ? s->file : "", s->file ? ":" : "", line, column);
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line, or the part of it around `at`, and below it a caret. Tabs become blanks, so that the
 * caret stays under its place. */
static const char *excerpt(const struct source *s, const char *at)
{
	const char *start = line_start(s, at), *stop = at;

	if (at - start > SHOW_BEFORE)
		start = at - SHOW_BEFORE;
	while (start < at && continues(*start))
		start++;
	while (stop < s->end && *stop != '\n' && stop - at < SHOW_AFTER)
		stop++;
	while (stop > at && stop < s->end && continues(*stop))
		stop--;

	int column = (int)utf8_count(start, (size_t)(at - start));
	char *line = arena_printf(s->mem, "%.*s\n%*s^", (int)(stop - start), start, column, "");
	for (char *c = line; *c != '\n'; c++) {
		if (*c == '\t' || *c == '\r')
			*c = ' ';
	}
	return line;
}

int source_error(struct source *s, const char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *what = arena_vprintf(s->mem, fmt, ap);
	va_end(ap);
	return err_set(s->err, ERR_FATAL, "%s: %.600s\n%s", where(s, at), what, excerpt(s, at));
}

void source_warn(struct source *s, const char *at, const char *fmt, ...)
{
	struct warning *w = arena_zalloc(s->mem, sizeof(*w));
	va_list ap;

	va_start(ap, fmt);
	w->text = arena_printf(s->mem, "%s: %s", where(s, at), arena_vprintf(s->mem, fmt, ap));
	va_end(ap);
	*s->last = w;
	s->last = &w->next;
}

char source_peek(struct source *s)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) != NULL)
		s->at++;
	return s->at < s->end ? *s->at : '\0';
}

bool source_take(struct source *s, char c)
{
	if (source_peek(s) != c)
		return false;
	s->at++;
	return true;
}

const char *source_word(const struct source *s, const char *at, const char *more)
{
	while (at < s->end &&
		(ascii_letter(*at) || ascii_digit(*at) || *at == '_' || strchr(more, *at) != NULL))
		at++;
	return at;
}

int source_string(struct source *s, struct value *out)
{
	const char *start = s->at;
	char *to = arena_alloc(s->mem, (size_t)(s->end - start));
	size_t len = 0;

	for (const char *c = start + 1; c < s->end && *c != '\n'; c++) {
		bool doubled = *c == '"' && c + 1 < s->end && c[1] == '"';
		if (*c == '"' && !doubled) {
			s->at = c + 1;
			*out = (struct value){to, len};
			return 0;
		}
		to[len++] = *c;
		c += doubled;
	}
	return source_error(s, start, "this text has no closing quote");
}

int source_number(struct source *s, int64_t *out)
{
	const char *start = s->at, *end = source_word(s, start, ".");

	if (!number_parse((struct value){start, (size_t)(end - start)}, out))
		return source_error(s, start, "%.*s is not a whole number of at most 63 bits",
			(int)(end - start), start);
	s->at = end;
	return 0;
}

int source_hex(struct source *s, int64_t *out)
{
	const char *start = s->at + 2, *end = source_word(s, start, "");
	uint64_t number = 0;

	if (start == end || end - start > 16)
		return source_error(s, s->at, "&H is followed by 1 to 16 hexadecimal digits");
	for (const char *c = start; c < end; c++) {
		char digit[2] = {'0', *c};
		int four = ascii_hex_pair(digit, digit + 2);
		if (four < 0)
			return source_error(s, c, "this is not a hexadecimal digit");
		number = number << 4 | (unsigned)four;
	}
	*out = (int64_t)number;
	s->at = end;
	return 0;
}

/* A name between the bracket at the cursor and `close`. */
static int bracketed(
	struct source *s, char close, const char *more, const char *what, struct value *name)
{
	const char *start = s->at + 1, *end = source_word(s, start, more);

	if (end == start)
		return source_error(s, start, "the name of %s is expected", what);
	if (end == s->end || *end != close)
		return source_error(s, end, "%s ends with '%c'", what, close);
	*name = (struct value){start, (size_t)(end - start)};
	s->at = end + 1;
	return 0;
}

int source_attr(struct source *s, struct value *name)
{
	return bracketed(s, ']', "-.;=", "an attribute", name);
}

int source_param(struct source *s, struct value *name)
{
	return bracketed(s, '%', "-.", "a parameter", name);
}

#define CURLY "this is a curly quote: texts are written in straight quotes, \"text\""

/* What people write, and what is meant. */
static const struct {
	const char *text, *advice;
	bool only_operand; /* where a value is expected; the others also where an operator is */
} mistakes[] = {
	{"\u201c", CURLY, false},
	{"\u201d", CURLY, false},
	{"\u201e", CURLY, false},
	{"\u2018", CURLY, false},
	{"\u2019", CURLY, false},
	{"'", "texts are written in double quotes, \"text\"", false},
	{"!=", "not equal is written '<>'", false},
	{"|", "or is written '||'", false},
	{"/", "there is no division", false},
	{"=", "equal is written '=', not equal '<>'", true},
	{">", "an operator stands between two values; not equal is written '<>'", true},
	{")", "a value is expected before ')'", true},
	{",", "a value is expected before ','", true},
};

static const char *advice(const struct source *s, bool operand)
{
	size_t left = (size_t)(s->end - s->at);

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		size_t n = strlen(mistakes[i].text);
		if ((operand || !mistakes[i].only_operand) && n <= left &&
			memcmp(s->at, mistakes[i].text, n) == 0)
			return mistakes[i].advice;
	}
	return NULL;
}

int source_no_operand(struct source *s)
{
	const char *text = advice(s, true);

	if (s->at == s->end)
		text = "a value is expected, but the expression ends here";
	if (text == NULL)
		text = "a value is expected: [attribute], \"text\", a number, %parameter% or a "
		       "function";
	return source_error(s, s->at, "%s", text);
}

int source_no_operator(struct source *s)
{
	const char *text = advice(s, false);

	if (s->at < s->end && *s->at == ')')
		text = "there is no '(' to this ')'";
	if (text == NULL)
		text = "an operator is expected, one of & + - * = <> < <= > >= && ||";
	return source_error(s, s->at, "%s", text);
}
