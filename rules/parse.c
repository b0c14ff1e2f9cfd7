#include "rules/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/utf8.h"

/* Put an item at the end of a list. */
#define append(list, item)                         \
	do {                                       \
		while (*(list) != NULL)            \
			(list) = &(*(list))->next; \
		*(list) = (item);                  \
	} while (0)

struct parser {
	struct arena *mem;
	struct err *err;
	const struct rule_text *text; /* as written */
	const char *code;             /* the same bytes with comments made blank */
	const char *at, *end;         /* in code: the cursor, and the end of the text */
	struct rule_file *file;
	struct part *part; /* the rule we are in; NULL before the first */
};

static struct place place_of(const struct parser *p, const char *at)
{
	return (struct place){p->text, p->text->text.data + (at - p->code)};
}

#define fail(p, at, ...) place_error(place_of(p, at), (p)->err, __VA_ARGS__)

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool at_line_end(const struct parser *p)
{
	return p->at == p->end || *p->at == '\n';
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && blank(*p->at))
		p->at++;
}

/* A name: up to a blank, '=' or the end of the line. */
static struct value token(struct parser *p)
{
	skip_blanks(p);
	const char *start = p->at;
	while (!at_line_end(p) && !blank(*p->at) && *p->at != '=')
		p->at++;
	return (struct value){start, (size_t)(p->at - start)};
}

static bool is(struct value v, const char *word)
{
	return value_same(v, value_of(word));
}

static int expect_line_end(struct parser *p)
{
	skip_blanks(p);
	if (!at_line_end(p))
		return fail(p, p->at, "expected the end of the line");
	return 0;
}

/* The end of a text that goes on in indented lines while parentheses are open. Within quotes they
 * do not count, but a filter (RFC 4515) has no quotes. */
static const char *body_end(const struct parser *p, bool quotes)
{
	const char *s = p->at;
	unsigned depth = 0;
	bool quoted = false;

	for (; s < p->end; s++) {
		if (*s == '\n') {
			bool goes_on = s + 1 < p->end && (blank(s[1]) || s[1] == '\n');
			if (depth == 0 || !goes_on)
				break;
		} else if (*s == '"') {
			quoted = quotes && !quoted;
		} else if (*s == '(' && !quoted) {
			depth++;
		} else if (*s == ')' && !quoted && depth > 0) {
			depth--;
		}
	}
	while (s > p->at && (blank(s[-1]) || s[-1] == '\n'))
		s--;
	return s;
}

/* Line breaks and the blanks around them become one blank. */
static const char *one_line(struct arena *mem, const char *s, const char *end)
{
	char *copy = arena_alloc(mem, (size_t)(end - s) + 1), *to = copy;

	while (s < end) {
		const char *run = s;
		while (run < end && (blank(*run) || *run == '\n'))
			run++;
		if (run > s && memchr(s, '\n', (size_t)(run - s)) != NULL) {
			*to++ = ' ';
			s = run;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
	return copy;
}

static int parse_attr(struct parser *p, unsigned *attr)
{
	struct value name = token(p);

	if (name.len == 0)
		return fail(p, p->at, "expected the name of an attribute");
	*attr = attr_id(name.data, name.len);
	if (*attr == ATTR_NONE)
		return fail(p, name.data, "not the name of an attribute: '%.*s'", (int)name.len,
			name.data);
	return 0;
}

/* The cursor stands before an expression, which belongs to line. */
static int parse_expr(struct parser *p, struct line *line)
{
	const char *before = p->at;

	skip_blanks(p);
	const char *end = body_end(p, true);
	struct place start = place_of(p, p->at);
	struct value text = {p->at, (size_t)(end - p->at)};

	if (text.len == 0)
		return fail(p, before, "expected an expression");
	line->text = one_line(p->mem, p->at, end);
	p->at = end;
	return expr_parse(p->mem, text, p->text->label, place_line(start), place_column(start) - 1,
		&line->expr, p->err);
}

static struct line *line_new(const struct parser *p, const char *at)
{
	struct line *line = arena_zalloc(p->mem, sizeof(*line));

	line->place = place_of(p, at);
	line->where = arena_printf(p->mem, "%s:%u", p->text->label, place_line(line->place));
	line->attr = ATTR_NONE;
	return line;
}

static int parse_equals(struct parser *p, struct line *line)
{
	skip_blanks(p);
	if (at_line_end(p) || *p->at != '=')
		return fail(p, p->at, "expected '='");
	p->at++;
	return parse_expr(p, line);
}

static int parse_words(struct parser *p, struct word **list)
{
	do {
		struct word *word = arena_zalloc(p->mem, sizeof(*word));
		skip_blanks(p);
		word->place = place_of(p, p->at);
		if (parse_attr(p, &word->attr) < 0)
			return -1;
		append(list, word);
		skip_blanks(p);
	} while (!at_line_end(p));
	return 0;
}

/* The place of a filter's fault: filter_parse counts characters from its start. */
static int filter_fault(struct parser *p, struct value text, const char *message)
{
	unsigned column = 0;
	int skip = 0;

	/* NOLINTNEXTLINE(cert-err34-c): our own message, with a number that was one */
	if (sscanf(message, "filter: column %u: %n", &column, &skip) != 1)
		column = 1;
	return fail(p, p->at + utf8_cut(text, column - 1).len, "%s", message + skip);
}

/* In canonical form. */
static int parse_filter(struct parser *p, struct value *canonical)
{
	struct filter *filter;
	struct buf b = {0};
	struct err inner;

	skip_blanks(p);
	const char *end = body_end(p, false);
	struct value text = {p->at, (size_t)(end - p->at)};
	if (filter_parse(p->mem, text, &filter, &inner) < 0)
		return filter_fault(p, text, inner.text);
	p->at = end;
	filter_print(&b, filter);
	*canonical = value_copy(p->mem, (struct value){b.data, b.len});
	buf_free(&b);
	return 0;
}

static int parse_scope(struct parser *p, const char *at)
{
	if (p->part->scope.len > 0)
		return fail(p, at, "a second scope in rule %s", p->part->name);
	return parse_filter(p, &p->part->scope);
}

static int parse_require(struct parser *p, const char *at)
{
	if (p->part->require != NULL)
		return fail(p, at, "a second require in rule %s", p->part->name);
	return parse_words(p, &p->part->require);
}

static int parse_drop(struct parser *p, const char *at)
{
	(void)at;
	return parse_words(p, &p->part->drops);
}

static int parse_name(struct parser *p, const char *at)
{
	if (p->part->rdn != NULL)
		return fail(p, at, "a second name in rule %s", p->part->name);
	p->part->rdn = line_new(p, at);
	return parse_expr(p, p->part->rdn);
}

static int parse_join(struct parser *p, const char *at)
{
	struct line *line = line_new(p, at), **list = &p->part->joins;

	if (parse_attr(p, &line->attr) < 0 || parse_equals(p, line) < 0)
		return -1;
	append(list, line);
	return 0;
}

static int parse_flow(struct parser *p, const char *at)
{
	struct line *line = line_new(p, at), **list = &p->part->flows;

	p->at = at;
	if (parse_attr(p, &line->attr) < 0)
		return -1;
	struct value mode = token(p);
	if (is(mode, "add"))
		line->mode = FLOW_ADD;
	else if (is(mode, "merge"))
		line->mode = FLOW_MERGE;
	else if (mode.len > 0)
		return fail(p, mode.data, "expected '=', add or merge");
	if (parse_equals(p, line) < 0)
		return -1;
	append(list, line);
	return 0;
}

static struct part *part_new(struct parser *p, struct value name)
{
	struct part *part = arena_zalloc(p->mem, sizeof(*part));
	struct part **list = &p->file->parts;

	part->name = arena_copy(p->mem, name.data, name.len);
	part->place = place_of(p, name.data);
	append(list, part);
	return part;
}

/* The name of a rule, which this file has not spoken of yet. */
static int parse_rule_name(struct parser *p, struct value *name)
{
	*name = token(p);
	if (name->len == 0)
		return fail(p, p->at, "expected the name of a rule");
	for (const struct part *part = p->file->parts; part != NULL; part = part->next) {
		if (is(*name, part->name))
			return fail(p, name->data, "rule %s is already in line %u", part->name,
				place_line(part->place));
	}
	return 0;
}

static int parse_rule(struct parser *p, const char *at)
{
	struct value name;

	(void)at;
	if (parse_rule_name(p, &name) < 0)
		return -1;
	p->part = part_new(p, name);
	skip_blanks(p);
	if (at_line_end(p))
		return 0;
	struct value word = token(p);
	skip_blanks(p);
	struct value like = {p->at, 0};
	if (is(word, "like"))
		like = token(p);
	if (like.len == 0)
		return fail(p, word.data, "expected 'like' and the name of a rule");
	p->part->like = arena_copy(p->mem, like.data, like.len);
	p->part->like_place = place_of(p, like.data);
	return 0;
}

static int never_or_drop(struct parser *p, const char *at, bool drop)
{
	struct never *never = arena_zalloc(p->mem, sizeof(*never)), **list = &p->file->nevers;

	never->place = place_of(p, at);
	never->drop = drop;
	p->part = NULL;
	append(list, never);
	return parse_filter(p, &never->filter);
}

static int parse_never(struct parser *p, const char *at)
{
	return never_or_drop(p, at, false);
}

/* "drop rule NAME" or "drop never FILTER"; attributes are dropped within a rule. */
static int parse_drop_at_margin(struct parser *p, const char *at)
{
	struct value word = token(p), name;

	(void)at;
	if (is(word, "never"))
		return never_or_drop(p, word.data, true);
	if (!is(word, "rule"))
		return fail(p, word.data, "expected 'rule' or 'never'");
	if (parse_rule_name(p, &name) < 0)
		return -1;
	part_new(p, name)->drop = true;
	p->part = NULL;
	return 0;
}

static int parse_include(struct parser *p, const char *at)
{
	struct include *include = arena_zalloc(p->mem, sizeof(*include));
	struct include **list = &p->file->includes;

	(void)at;
	skip_blanks(p);
	const char *start = p->at;
	while (!at_line_end(p))
		p->at++;
	const char *end = p->at;
	while (end > start && blank(end[-1]))
		end--;
	if (start == end)
		return fail(p, start, "expected the name of a built-in set or of a file");
	include->name = arena_copy(p->mem, start, (size_t)(end - start));
	include->place = place_of(p, start);
	append(list, include);
	p->part = NULL;
	return 0;
}

static const struct statement {
	const char *word;
	int (*parse)(struct parser *, const char *at); /* the cursor stands behind the word */
} in_rule[] =
	{
		{"scope", parse_scope},
		{"require", parse_require},
		{"name", parse_name},
		{"join", parse_join},
		{"drop", parse_drop},
		{NULL, parse_flow},
},
  at_margin[] = {
	  {"include", parse_include},
	  {"rule", parse_rule},
	  {"never", parse_never},
	  {"drop", parse_drop_at_margin},
	  {NULL, NULL},
};

/* Is this word the attribute of a flow ("name = ...", "drop add = ...") rather than a statement? */
static bool begins_flow(struct parser p, struct value word)
{
	struct value next = token(&p);

	if (next.len > 0 && (is(word, "join") || (!is(next, "add") && !is(next, "merge"))))
		return false;
	skip_blanks(&p);
	return !at_line_end(&p) && *p.at == '=';
}

static int parse_statement(struct parser *p, bool indented)
{
	const struct statement *s = indented ? in_rule : at_margin;
	struct value word = token(p);

	if (indented && p->part == NULL)
		return fail(p, word.data, "this line is indented, but belongs to no rule");
	bool flow = indented && begins_flow(*p, word);
	while (s->word != NULL && (flow || !is(word, s->word)))
		s++;
	if (s->parse == NULL)
		return fail(p, word.data,
			"expected include, rule, never or drop (the lines of a rule are indented)");
	if (s->parse(p, word.data) < 0)
		return -1;
	return expect_line_end(p);
}

/* '#' begins a comment at the start of a line or after a blank, but not within quotes. */
static char *without_comments(struct arena *mem, struct value text, size_t start)
{
	char *code = arena_copy(mem, text.data, text.len);
	bool quoted = false, comment = false;

	for (size_t i = start; i < text.len; i++) {
		if (code[i] == '\n') {
			quoted = comment = false;
			continue;
		}
		if (code[i] == '"' && !comment)
			quoted = !quoted;
		bool first = i == start || blank(code[i - 1]) || code[i - 1] == '\n';
		if (code[i] == '#' && !quoted && first)
			comment = true;
		if (comment)
			code[i] = ' ';
	}
	return code;
}

/* Rules are text: anything else in them is damage, or an attempt to hide something. */
static int check_text(const struct parser *p)
{
	for (const char *s = p->at; s < p->end; s++) {
		bool control = (unsigned char)*s < ' ' && *s != '\n' && !blank(*s);
		if (control || *s == 0x7f)
			return fail(p, s, "a control character (0x%02x)", (unsigned char)*s);
	}
	if (!utf8_valid(p->at, (size_t)(p->end - p->at)))
		return err_set(p->err, ERR_FATAL, "%s: the file is not UTF-8", p->text->label);
	return 0;
}

int rule_file_parse(
	struct arena *mem, const struct rule_text *text, struct rule_file *file, struct err *err)
{
	bool mark = text->text.len >= 3 && memcmp(text->text.data, "\xef\xbb\xbf", 3) == 0;
	size_t start = mark ? 3 : 0; /* of byte order, as editors write it */
	char *code = without_comments(mem, text->text, start);
	struct parser p = {mem, err, text, code, code + start, code + text->text.len, file, NULL};

	*file = (struct rule_file){NULL, NULL, NULL};
	if (check_text(&p) < 0)
		return -1;
	while (p.at < p.end) {
		bool indented = blank(*p.at);
		skip_blanks(&p);
		if (!at_line_end(&p) && parse_statement(&p, indented) < 0)
			return -1;
		if (p.at < p.end)
			p.at++; /* the end of the line */
	}
	return 0;
}
