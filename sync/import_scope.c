#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "sync/import_rule.h"

/*
 * The operators of a scope. In the templates $a is the attribute, $v the value as a filter has it,
 * $x what the expression looks at, $s the value as a literal, $l the same in lower case, $n the
 * number, True or False. Without an expression for texts or for numbers there is none.
 */
static const struct operator
{
	const char *name;
	bool negated;
	const char *filter, *text, *number;
}
operators[] = {
	{"EQUAL", false, "($a=$v)", "LCase($x) = $l", "$x = $n"},
	{"NOTEQUAL", true, "($a=$v)", "LCase($x) = $l", "$x = $n"},
	{"LESSTHAN", false, "(&($a=*)(!($a>=$v)))", NULL, "$x < $n"},
	{"LESSTHAN_OR_EQUAL", false, "($a<=$v)", NULL, "$x <= $n"},
	{"GREATERTHAN", false, "(&($a=*)(!($a<=$v)))", NULL, "$x > $n"},
	{"GREATERTHAN_OR_EQUAL", false, "($a>=$v)", NULL, "$x >= $n"},
	{"CONTAINS", false, "($a=*$v*)", "InStr($x, $s, 1, vbTextCompare) > 0", NULL},
	{"NOTCONTAINS", true, "($a=*$v*)", "InStr($x, $s, 1, vbTextCompare) > 0", NULL},
	{"STARTSWITH", false, "($a=$v*)", "InStr($x, $s, 1, vbTextCompare) = 1", NULL},
	{"NOTSTARTSWITH", true, "($a=$v*)", "InStr($x, $s, 1, vbTextCompare) = 1", NULL},
	{"ENDSWITH", false, "($a=*$v)", "Right(LCase($x), Len($s)) = $l", NULL},
	{"NOTENDSWITH", true, "($a=*$v)", "Right(LCase($x), Len($s)) = $l", NULL},
	{"ISNULL", true, "($a=*)", "IsPresent($x)", "IsPresent($x)"},
	{"ISNOTNULL", false, "($a=*)", "IsPresent($x)", "IsPresent($x)"},
	{"ISBITSET", false, "($a:1.2.840.113556.1.4.803:=$v)", NULL, "IsBitSet($x, $n)"},
	{"ISBITNOTSET", true, "($a:1.2.840.113556.1.4.803:=$v)", NULL, "IsBitSet($x, $n)"},
	{"ISNOTBITSET", true, "($a:1.2.840.113556.1.4.803:=$v)", NULL, "IsBitSet($x, $n)"},
	{"ISMEMBEROF", false, "(memberOf=$v)", "Contains([memberOf], $s) > 0", NULL},
	{"ISNOTMEMBEROF", true, "(memberOf=$v)", "Contains([memberOf], $s) > 0", NULL},
};

static const struct operator* operator_named(const char *name)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strcmp(operators[i].name, name) == 0)
			return &operators[i];
	}
	return NULL;
}

unsigned import_attr(const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if (!ascii_letter(*c) &&
			(c == name || (!ascii_digit(*c) && strchr("-_.;", *c) == NULL)))
			return ATTR_NONE;
	}
	return attr_id(name, strlen(name));
}

const char *import_quoted(struct arena *mem, const char *text)
{
	struct buf b = {0};

	buf_putc(&b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_putc(&b, '"');
		buf_putc(&b, *text);
	}
	buf_putc(&b, '"');
	const char *quoted = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return quoted;
}

static const char *lower(struct arena *mem, const char *text)
{
	char *copy = arena_strdup(mem, text);

	for (char *c = copy; *c != '\0'; c++)
		*c = ascii_lower(*c);
	return copy;
}

/* A number, True or False as an expression writes it; NULL: it is none. */
static const char *number(struct arena *mem, const char *text)
{
	const char *low = lower(mem, text), *digit = text + (*text == '-');

	if (strcmp(low, "true") == 0 || strcmp(low, "false") == 0)
		return *low == 't' ? "True" : "False";
	for (; ascii_digit(*digit); digit++)
		;
	return digit > text && *digit == '\0' && ascii_digit(digit[-1]) ? text : NULL;
}

static const char *fill(
	struct arena *mem, const char *template, const struct sync_condition *c, const char *x)
{
	struct buf b = {0};

	for (const char *t = template; *t != '\0'; t++) {
		const char *piece = NULL;
		if (t[0] == '$' && t[1] == 'a')
			piece = c->attr;
		else if (t[0] == '$' && t[1] == 'v')
			piece = filter_escape(mem, value_of(c->value)).data;
		else if (t[0] == '$' && t[1] == 'x')
			piece = x;
		else if (t[0] == '$' && t[1] == 's')
			piece = import_quoted(mem, c->value);
		else if (t[0] == '$' && t[1] == 'l')
			piece = import_quoted(mem, lower(mem, c->value));
		else if (t[0] == '$' && t[1] == 'n')
			piece = number(mem, c->value);
		if (piece != NULL)
			buf_puts(&b, piece);
		else
			buf_putc(&b, *t);
		t += piece != NULL;
	}
	const char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

/* The operator of a condition that can be said at all. */
static const struct operator*
	known(struct arena *mem, const struct sync_condition *c, const char **why)
{
	const struct operator* op = operator_named(c->op);

	if (op == NULL)
		*why = arena_printf(mem, "the operator %s of %s", c->op, c->attr);
	else if (import_attr(c->attr) == ATTR_NONE)
		*why = arena_printf(mem, "\"%s\" is no attribute", c->attr);
	else
		return op;
	return NULL;
}

static const char *filter_of(struct arena *mem, const struct sync_condition *c, const char **why)
{
	const struct operator* op = known(mem, c, why);
	struct filter *filter;
	struct err err;

	if (op == NULL)
		return NULL;
	const char *text = fill(mem, op->filter, c, "");
	if (op->negated)
		text = arena_printf(mem, "(!%s)", text);
	if (filter_parse(mem, value_of(text), &filter, &err) == 0)
		return text;
	*why = arena_printf(mem, "%s %s %s: %s", c->attr, c->op, c->value, err.text);
	return NULL;
}

static const char *condition_of(struct arena *mem, const struct sync_condition *c, const char **why)
{
	const struct operator* op = known(mem, c, why);
	const unsigned attr = import_attr(c->attr);

	if (op == NULL)
		return NULL;
	const enum attr_syntax syntax = attr_syntax(attr);
	const bool numeric = syntax == SYNTAX_INT || syntax == SYNTAX_BOOL ||
			     (!attr_known(attr) && op->text == NULL);
	const char *template = numeric ? op->number : op->text;
	/* A template without $n wants no number. */
	const bool there = template != NULL && strstr(template, "$n") == NULL;
	if (template == NULL || syntax == SYNTAX_BYTES || syntax == SYNTAX_TIME ||
		(numeric && !there && number(mem, c->value) == NULL)) {
		*why = arena_printf(mem, "%s %s %s, as a condition", c->attr, c->op, c->value);
		return NULL;
	}
	const bool whole = strncmp(template, "IsPresent", 9) == 0 || strstr(template, "$x") == NULL;
	const char *one = arena_printf(mem, "[%s]", c->attr);
	if (whole || !attr_known(attr) || attr_single(attr)) {
		const char *text = fill(mem, template, c, one);
		return op->negated ? arena_printf(mem, "(%s) = False", text) : text;
	}
	return arena_printf(mem, "Count(Where($v, %s, %s)) %s 0", one, fill(mem, template, c, "$v"),
		op->negated ? "=" : ">");
}

/* Groups put together: how one condition is said, what stands before, between and behind. */
struct grammar {
	const char *(*one)(struct arena *, const struct sync_condition *, const char **why);
	const char *all, *any, *between_all, *between_any, *end;
};

static const struct grammar filters = {filter_of, "(&", "(|", "", "", ")"};
static const struct grammar expressions = {condition_of, "(", "(", " && ", " || ", ")"};

static const char *put_together(
	struct arena *mem, const struct sync_rule *r, const struct grammar *g, const char **why)
{
	struct buf b = {0};
	bool good = true;

	buf_puts(&b, r->n_scope > 0 ? g->any : "");
	for (unsigned i = 0; good && i < r->n_scope; i++) {
		buf_printf(&b, "%s%s", i > 0 ? g->between_any : "", g->all);
		for (unsigned k = 0; good && k < r->scope[i].n; k++) {
			const char *one = g->one(mem, &r->scope[i].conditions[k], why);
			bool bare = one != NULL && one[0] != '(';
			good = one != NULL;
			if (good)
				buf_printf(&b, "%s%s%s%s", k > 0 ? g->between_all : "",
					g == &expressions || bare ? "(" : "", one,
					g == &expressions || bare ? ")" : "");
		}
		buf_puts(&b, g->end);
	}
	buf_puts(&b, r->n_scope > 0 ? g->end : "");
	const char *text = good ? arena_copy(mem, b.data, b.len) : NULL;
	buf_free(&b);
	return text;
}

const char *import_filter(struct arena *mem, const struct sync_rule *r, const char **why)
{
	return put_together(mem, r, &filters, why);
}

const char *import_condition(struct arena *mem, const struct sync_rule *r, const char **why)
{
	return put_together(mem, r, &expressions, why);
}
