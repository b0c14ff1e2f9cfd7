/* Filters as text: parse and print. */
#include "base/filter_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/utf8.h"

#define DEPTH_MAX 64
#define GUID_TEXT 36
#define GUID_BYTES 16

/* What stands between attribute and value. The first of a kind is the one printed. */
static const struct {
	const char *text;
	enum filter_kind kind;
} operators[] = {
	{"=", FILTER_EQUAL},
	{"~=", FILTER_APPROX},
	{">=", FILTER_GREATER},
	{"<=", FILTER_LESS},
	{":1.2.840.113556.1.4.803:=", FILTER_ALL_BITS},
	{":1.2.840.113556.1.4.804:=", FILTER_ANY_BIT},
	{":1.2.840.113556.1.4.1941:=", FILTER_CHAIN},
	{":=", FILTER_EQUAL},
};

#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

struct parser {
	struct arena *mem;
	const char *text, *at, *end;
	struct filter_graph *graphs;
	struct err *err;
};

static int fail(const struct parser *p, const char *at, const char *what)
{
	return err_set(p->err, ERR_FATAL, "filter: column %zu: %s",
		utf8_count(p->text, (size_t)(at - p->text)) + 1, what);
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && memchr(" \t\r\n", *p->at, 4) != NULL)
		p->at++;
}

static bool is_next(const struct parser *p, char c)
{
	return p->at < p->end && *p->at == c;
}

static int parse_attr(struct parser *p, struct filter *f)
{
	const char *start = p->at;

	while (p->at < p->end &&
		(ascii_letter(*p->at) || ascii_digit(*p->at) || memchr("-._;", *p->at, 4) != NULL))
		p->at++;
	f->attr = attr_id(start, (size_t)(p->at - start));
	if (f->attr == ATTR_NONE)
		return fail(p, start, "expected '&', '|', '!' or the name of an attribute");
	f->syntax = attr_syntax(f->attr);
	skip_blanks(p);
	return 0;
}

/* *text: the operator as it was written */
static int parse_operator(struct parser *p, struct filter *f, const char **text)
{
	for (size_t i = 0; i < OPERATORS; i++) {
		size_t len = strlen(operators[i].text);
		if ((size_t)(p->end - p->at) < len || memcmp(p->at, operators[i].text, len) != 0)
			continue;
		p->at += len;
		f->kind = operators[i].kind;
		*text = operators[i].text;
		return 0;
	}
	if (is_next(p, ':'))
		return fail(p, p->at,
			"expected ':=' or one of the rules :1.2.840.113556.1.4.803:=, .804 and "
			".1941");
	return fail(p, p->at, "expected '=', '>=', '<=', '~=' or ':' after the attribute");
}

/* One part of a value, up to a ')' or '*' or the end. */
static int parse_part(struct parser *p, struct value *part)
{
	const char *stop = p->at;
	size_t len = 0;

	while (stop < p->end && *stop != ')' && *stop != '*')
		stop++;
	char *bytes = arena_alloc(p->mem, (size_t)(stop - p->at) + 1);
	for (; p->at < stop; p->at++) {
		int hex = *p->at == '\\' ? ascii_hex_pair(p->at + 1, stop) : -1;
		if (*p->at == '\\' && hex < 0)
			return fail(p, p->at, "expected two hexadecimal digits after '\\'");
		if (*p->at == '(')
			return fail(p, p->at, "expected ')' after the value, or '\\28' for '('");
		if (*p->at == '\0')
			return fail(p, p->at, "expected '\\00' for NUL");
		bytes[len++] = hex >= 0 ? (char)hex : *p->at;
		p->at += hex >= 0 ? 2 : 0;
	}
	bytes[len] = '\0';
	*part = (struct value){bytes, len};
	return 0;
}

/* The value, in parts where '*' stands; empty parts are dropped. */
static int parse_value(struct parser *p, struct filter *f, bool stars_allowed)
{
	size_t stars = 0;

	for (const char *c = p->at; c < p->end && *c != ')'; c++)
		stars += *c == '*';
	f->texts = arena_alloc(p->mem, (stars + 1) * sizeof(*f->texts));
	for (size_t i = 0; i <= stars; i++) {
		struct filter_text *t = &f->texts[f->n];
		if (i > 0)
			p->at++;
		if (parse_part(p, &t->text) < 0)
			return -1;
		if (i < stars && !stars_allowed)
			return fail(p, p->at, "expected '\\2a' for '*' in this value");
		t->folded = f->syntax == SYNTAX_BYTES ? t->text : utf8_fold(p->mem, t->text);
		f->ends = t->text.len > 0 || stars == 0;
		f->begins = i == 0 ? f->ends : f->begins;
		f->n += f->ends;
	}
	if (stars > 0)
		f->kind = f->n == 0 ? FILTER_PRESENT : FILTER_SUBSTRING;
	return 0;
}

/* What a kind or a syntax makes of the value that begins at start. */
static int understand(struct parser *p, struct filter *f, const char *start)
{
	struct value text = f->texts->text;
	struct err err;
	struct dn dn;
	bool bits = f->kind == FILTER_ALL_BITS || f->kind == FILTER_ANY_BIT;
	bool ordered = f->kind == FILTER_GREATER || f->kind == FILTER_LESS;

	f->is_number = filter_number(text, &f->number);
	if (!f->is_number && (bits || (ordered && f->syntax == SYNTAX_INT)))
		return fail(p, start, "expected a whole number");
	f->category = f->attr == attr_named("objectCategory") && text.len > 0 &&
		      memchr(text.data, '=', text.len) == NULL;
	if (f->syntax == SYNTAX_BYTES && text.len == GUID_TEXT && strlen(text.data) == text.len) {
		struct value guid = entry_id_parse(p->mem, text.data);
		if (guid.len == GUID_BYTES)
			f->guid = guid;
	}
	if (f->kind != FILTER_CHAIN)
		return 0;
	if (dn_parse(p->mem, text, &dn, &err) < 0 || dn.n == 0)
		return fail(p, start, "expected a distinguished name");
	f->key = dn_key(text);
	f->graph = filter_graph_for(p->mem, &p->graphs, f->attr, &f->learns);
	return 0;
}

static int parse_item(struct parser *p, struct filter *f)
{
	const char *op = "";

	if (parse_attr(p, f) < 0 || parse_operator(p, f, &op) < 0)
		return -1;
	const char *start = p->at;
	if (parse_value(p, f, strcmp(op, "=") == 0) < 0)
		return -1;
	if (f->kind != FILTER_PRESENT && f->kind != FILTER_SUBSTRING && understand(p, f, start) < 0)
		return -1;
	return is_next(p, ')') ? 0 : fail(p, p->at, "expected ')' after the value");
}

static int parse_filter(struct parser *p, unsigned depth, struct filter **);

static int parse_list(struct parser *p, unsigned depth, struct filter *f)
{
	struct filter **last = &f->first;

	p->at++;
	for (skip_blanks(p); is_next(p, '('); skip_blanks(p)) {
		if (parse_filter(p, depth + 1, last) < 0)
			return -1;
		last = &(*last)->next;
	}
	if (f->kind == FILTER_NOT && f->first == NULL)
		return fail(p, p->at, "expected '(' after '!'");
	if (f->kind == FILTER_NOT && f->first->next != NULL)
		return fail(p, p->at, "expected one filter after '!', not several");
	return is_next(p, ')') ? 0 : fail(p, p->at, "expected '(' or ')'");
}

static int parse_filter(struct parser *p, unsigned depth, struct filter **filter)
{
	static const enum filter_kind lists[] = {FILTER_AND, FILTER_OR, FILTER_NOT};
	struct filter *f = arena_zalloc(p->mem, sizeof(*f));

	if (!is_next(p, '('))
		return fail(p, p->at, "expected '('");
	if (depth > DEPTH_MAX)
		return fail(p, p->at, "expected no more than 64 filters inside each other");
	p->at++;
	skip_blanks(p);
	const char *list = p->at < p->end ? memchr("&|!", *p->at, 3) : NULL;
	f->kind = list != NULL ? lists[*list == '|' ? 1 : *list == '!' ? 2 : 0] : FILTER_EQUAL;
	if ((list != NULL ? parse_list(p, depth, f) : parse_item(p, f)) < 0)
		return -1;
	p->at++;
	*filter = f;
	return 0;
}

int filter_parse(struct arena *mem, struct value text, struct filter **filter, struct err *err)
{
	const char *start = text.len > 0 ? text.data : "";
	struct parser p = {mem, start, start, start + text.len, NULL, err};

	skip_blanks(&p);
	if (parse_filter(&p, 1, filter) < 0)
		return -1;
	skip_blanks(&p);
	return p.at == p.end ? 0 : fail(&p, p.at, "expected nothing after the filter");
}

/* All bytes that are not printable ASCII are escaped when they are not text. */
static void print_value(struct buf *out, struct value v, bool text)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if (c < ' ' || c == 0x7f || strchr("()*\\", c) != NULL || (c > 0x7f && !text))
			buf_printf(out, "\\%02x", c);
		else
			buf_putc(out, (char)c);
	}
}

static void print_item(struct buf *out, const struct filter *f)
{
	size_t i = 0;

	buf_puts(out, attr_name(f->attr));
	while (i < OPERATORS && operators[i].kind != f->kind)
		i++;
	buf_puts(out, i < OPERATORS ? operators[i].text : "=");
	if (f->n == 0 || !f->begins)
		buf_putc(out, '*');
	for (unsigned k = 0; k < f->n; k++) {
		struct value v = f->texts[k].text;
		if (k > 0)
			buf_putc(out, '*');
		print_value(out, v, f->syntax != SYNTAX_BYTES && utf8_valid(v.data, v.len));
	}
	if (f->n > 0 && !f->ends)
		buf_putc(out, '*');
}

void filter_print(struct buf *out, const struct filter *f)
{
	buf_putc(out, '(');
	if (f->kind >= FILTER_PRESENT)
		print_item(out, f);
	else
		buf_putc(out, f->kind == FILTER_AND ? '&' : f->kind == FILTER_OR ? '|' : '!');
	for (const struct filter *i = f->first; i != NULL; i = i->next)
		filter_print(out, i);
	buf_putc(out, ')');
}

struct value filter_escape(struct arena *mem, struct value v)
{
	struct buf out = {0};

	print_value(&out, v, utf8_valid(v.data, v.len));
	struct value escaped = value_copy(mem, (struct value){out.data, out.len});
	buf_free(&out);
	return escaped;
}
