#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "rules/expr_lex.h"
#include "rules/functions.h"

struct parser {
	struct source s;
	unsigned depth;
	unsigned n_variables; /* bound here */
	struct value variables[MAX_NESTING];
};

static const struct item true_item = {.num = 1}, false_item = {.num = 0};
static const struct item crlf_item = {.text = {"\r\n", 2}};

static const struct {
	const char *name;
	struct val val;
} constants[] = {
	{"True", {EXPR_VALUES, EXPR_BOOL, false, 1, &true_item}},
	{"False", {EXPR_VALUES, EXPR_BOOL, false, 1, &false_item}},
	{"NULL", {.kind = EXPR_NULL}},
	{"CRLF", {EXPR_VALUES, EXPR_STR, false, 1, &crlf_item}},
	{"IgnoreThisFlow", {.kind = EXPR_IGNORE}},
	{"AuthoritativeNull", {.kind = EXPR_NOTHING}},
};

/* Node kinds that hold a list of others grow it here. */
static void node_add(
	struct parser *p, struct node *node, struct node *arg, const struct operation *op)
{
	if ((node->n & (node->n - 1)) == 0) {
		unsigned room = node->n == 0 ? 2 : 2 * node->n;
		struct node **args = arena_alloc(p->s.mem, room * sizeof(*args));
		const struct operation **ops = arena_alloc(p->s.mem, room * sizeof(*ops));
		if (node->n > 0) {
			memcpy(args, node->args, node->n * sizeof(*args));
			memcpy(ops, node->ops, node->n * sizeof(*ops));
		}
		node->args = args;
		node->ops = ops;
	}
	node->ops[node->n] = op;
	node->args[node->n++] = arg;
}

static struct node *node_new(struct parser *p, enum node_kind kind)
{
	struct node *node = arena_zalloc(p->s.mem, sizeof(*node));

	node->kind = kind;
	return node;
}

static struct node *constant(struct parser *p, enum expr_type type, struct item item)
{
	struct node *node = node_new(p, NODE_CONSTANT);

	node->constant = val_single(p->s.mem, type, item);
	return node;
}

static int parse_expr(struct parser *, struct node **);

static int name_attr(struct parser *p, const char *at, struct value name, struct node **out)
{
	if (name.len == 2 && strncasecmp(name.data, "dn", 2) == 0) {
		*out = node_new(p, NODE_DN);
		return 0;
	}
	*out = node_new(p, NODE_ATTR);
	(*out)->index = attr_id(name.data, name.len);
	if ((*out)->index == ATTR_NONE)
		return source_error(&p->s, at, "\"%.*s\" cannot be the name of an attribute",
			(int)name.len, name.data);
	return 0;
}

static int parse_attr(struct parser *p, struct node **out)
{
	const char *at = p->s.at;
	struct value name;

	if (source_attr(&p->s, &name) < 0)
		return -1;
	return name_attr(p, at + 1, name, out);
}

/* The argument of ImportedValue: "attribute". */
static int parse_attr_text(struct parser *p, struct node **out)
{
	const char *at;
	struct value name;

	if (source_peek(&p->s) != '"')
		return source_error(
			&p->s, p->s.at, "the name of an attribute is expected, in quotes");
	at = p->s.at;
	if (source_string(&p->s, &name) < 0)
		return -1;
	return name_attr(p, at, name, out);
}

static int parse_param(struct parser *p, struct node **out)
{
	struct value name;

	if (source_param(&p->s, &name) < 0)
		return -1;
	*out = node_new(p, NODE_PARAM);
	(*out)->name = arena_copy(p->s.mem, name.data, name.len);
	return 0;
}

/* "$name" */
static int variable_name(struct parser *p, struct value *name)
{
	const char *start, *end;

	if (source_peek(&p->s) != '$')
		return source_error(&p->s, p->s.at, "a variable is expected: $name");
	start = p->s.at + 1;
	end = source_word(&p->s, start, "");
	if (end == start)
		return source_error(&p->s, p->s.at, "the name of a variable is expected after '$'");
	*name = (struct value){start, (size_t)(end - start)};
	p->s.at = end;
	return 0;
}

static int parse_variable(struct parser *p, struct node **out)
{
	const char *at = p->s.at;
	struct value name = value_of("");

	if (variable_name(p, &name) < 0)
		return -1;
	/* the innermost of that name */
	for (unsigned i = p->n_variables; i-- > 0;) {
		struct value have = p->variables[i];
		if (have.len == name.len && strncasecmp(have.data, name.data, name.len) == 0) {
			*out = node_new(p, NODE_VARIABLE);
			(*out)->index = i;
			return 0;
		}
	}
	return source_error(&p->s, at,
		"$%.*s is not bound here: Select, Where and With bind variables", (int)name.len,
		name.data);
}

static int parse_option(struct parser *p, const struct function *fn, struct node **out)
{
	bool quoted = source_peek(&p->s) == '"';
	const char *at = p->s.at;
	struct value word;

	if (quoted && source_string(&p->s, &word) < 0)
		return -1;
	if (!quoted) {
		p->s.at = source_word(&p->s, at, "");
		word = (struct value){at, (size_t)(p->s.at - at)};
	}
	int number = option_number(fn->options, word.data, word.len);
	if (number < 0)
		return source_error(&p->s, at, "%s: one of %s is expected", fn->name, fn->options);
	*out = constant(p, EXPR_NUM, (struct item){.num = number});
	return 0;
}

static int parse_arg(struct parser *p, const struct function *fn, unsigned i, struct node **out)
{
	switch (function_arg(fn, i)) {
	case 'A':
		return parse_attr_text(p, out);
	case 'o':
		return parse_option(p, fn, out);
	default:
		return parse_expr(p, out);
	}
}

static int check_count(struct parser *p, const char *at, const struct node *call)
{
	const struct function *fn = call->fn;
	bool pairs = fn->max == ANY_PAIRS;

	if (call->n >= fn->min && (!pairs || call->n % 2 == 0))
		return 0;
	if (pairs)
		return source_error(&p->s, at, "%s: conditions and values come in pairs: %s",
			fn->name, fn->signature);
	return source_error(&p->s, at, "%s has %u argument%s, it takes more: %s", fn->name, call->n,
		call->n == 1 ? "" : "s", fn->signature);
}

/* "(" arguments ")". The variable that Select, Where and With name first is bound in the third
 * argument. */
static int parse_args(struct parser *p, const char *at, struct node *call)
{
	const struct function *fn = call->fn;
	bool binds = fn->args[0] == '$';
	struct value variable = {NULL, 0};
	struct node *arg;

	p->s.at++;
	if (source_take(&p->s, ')'))
		return check_count(p, at, call);
	do {
		unsigned i = call->n;
		bool bound = binds && i == 2;
		if (i == fn->max)
			return source_error(&p->s, p->s.at, "%s takes fewer arguments: %s",
				fn->name, fn->signature);
		if (binds && i == 0) {
			arg = node_new(p, NODE_VARIABLE);
			arg->index = p->n_variables;
			if (variable_name(p, &variable) < 0)
				return -1;
		} else {
			if (bound)
				p->variables[p->n_variables++] = variable;
			if (parse_arg(p, fn, i, &arg) < 0)
				return -1;
			p->n_variables -= bound;
		}
		node_add(p, call, arg, NULL);
	} while (source_take(&p->s, ','));
	if (!source_take(&p->s, ')'))
		return source_error(
			&p->s, p->s.at, "',' or ')' is expected in the arguments of %s", fn->name);
	return check_count(p, at, call);
}

static int parse_call(struct parser *p, const char *at, size_t len, struct node **out)
{
	const struct function *fn = function_find(at, len);

	if (fn == NULL)
		return source_error(&p->s, at, "%s", function_missing(p->s.mem, at, len));
	if (strncmp(at, fn->name, len) != 0 || fn->name[len] != '\0')
		source_warn(&p->s, at, "%.*s is spelled %s", (int)len, at, fn->name);
	*out = node_new(p, NODE_CALL);
	(*out)->fn = fn;
	return parse_args(p, at, *out);
}

/* A constant, or a function with its arguments. */
static int parse_word(struct parser *p, struct node **out)
{
	const char *at = p->s.at, *end = source_word(&p->s, at, "");
	size_t len = (size_t)(end - at);

	p->s.at = end;
	if (source_peek(&p->s) == '(')
		return parse_call(p, at, len, out);
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		const char *name = constants[i].name;
		if (strlen(name) != len || strncasecmp(name, at, len) != 0)
			continue;
		if (memcmp(name, at, len) != 0)
			source_warn(&p->s, at, "%.*s is spelled %s", (int)len, at, name);
		*out = node_new(p, NODE_CONSTANT);
		(*out)->constant = constants[i].val;
		return 0;
	}
	if (function_option(at, len))
		return source_error(&p->s, at, "%.*s is an option of some functions, not a value",
			(int)len, at);
	if (function_find(at, len) != NULL)
		return source_error(&p->s, at, "a function has parentheses: %s",
			function_find(at, len)->signature);
	return source_error(&p->s, at,
		"unknown word %.*s: an attribute is written [%.*s], a text \"%.*s\"", (int)len, at,
		(int)len, at, (int)len, at);
}

static int parse_group(struct parser *p, struct node **out)
{
	const char *at = p->s.at++;

	if (parse_expr(p, out) < 0)
		return -1;
	if (!source_take(&p->s, ')'))
		return source_error(&p->s, at, "this '(' is not closed");
	return 0;
}

static int parse_operand(struct parser *p, struct node **out)
{
	char c = source_peek(&p->s);
	struct item item = {.num = 0};

	if (c == '"') {
		if (source_string(&p->s, &item.text) < 0)
			return -1;
		*out = constant(p, EXPR_STR, item);
		return 0;
	}
	if (c == '&' || ascii_digit(c)) {
		bool hex = c == '&' && p->s.end - p->s.at > 1 && ascii_lower(p->s.at[1]) == 'h';
		if (c == '&' && !hex)
			return source_error(&p->s, p->s.at, "a value is expected before '&'");
		if ((hex ? source_hex : source_number)(&p->s, &item.num) < 0)
			return -1;
		*out = constant(p, EXPR_NUM, item);
		return 0;
	}
	if (c == '[')
		return parse_attr(p, out);
	if (c == '%')
		return parse_param(p, out);
	if (c == '$')
		return parse_variable(p, out);
	if (c == '(')
		return parse_group(p, out);
	return ascii_letter(c) ? parse_word(p, out) : source_no_operand(&p->s);
}

/* [ "-" | "!" ] operand */
static int parse_term(struct parser *p, struct node **out)
{
	char c = source_peek(&p->s);
	const char *at = p->s.at;
	int status;

	if (++p->depth > MAX_NESTING)
		return source_error(&p->s, at, "nested more than %d deep", MAX_NESTING);
	if (c != '-' && c != '!') {
		status = parse_operand(p, out);
	} else {
		struct node *inner;
		p->s.at++;
		status = parse_term(p, &inner);
		*out = node_new(p, NODE_CALL);
		(*out)->fn = &negations[c == '!'].fn;
		if (status == 0)
			node_add(p, *out, inner, NULL);
	}
	p->depth--;
	return status;
}

/* The operator at the cursor, taken; NULL: none. */
static const struct operation *take_operation(struct parser *p)
{
	source_peek(&p->s);
	for (const struct operation *op = operations; op->fn.name != NULL; op++) {
		size_t n = strlen(op->fn.name);
		if (n <= (size_t)(p->s.end - p->s.at) && memcmp(p->s.at, op->fn.name, n) == 0) {
			p->s.at += n;
			return op;
		}
	}
	return NULL;
}

/* Where this operator would bind closer than the one before it, in most languages. */
static void warn_mixed(
	struct parser *p, const char *at, const struct node *chain, const struct operation *op)
{
	const struct operation *before = chain->n > 1 ? chain->ops[chain->n - 1] : NULL;

	if (before != NULL && op->level > before->level)
		source_warn(&p->s, at,
			"'%s' after '%s': operators are done from left to right; parentheses make "
			"it plain",
			op->fn.name, before->fn.name);
}

static int parse_expr(struct parser *p, struct node **out)
{
	struct node *term, *chain = NULL;
	const struct operation *op;

	if (parse_term(p, out) < 0)
		return -1;
	while ((op = take_operation(p)) != NULL) {
		if (chain == NULL) {
			chain = node_new(p, NODE_CHAIN);
			node_add(p, chain, *out, NULL);
			*out = chain;
		}
		warn_mixed(p, p->s.at - strlen(op->fn.name), chain, op);
		if (parse_term(p, &term) < 0)
			return -1;
		/* ops[i] stands before args[i] */
		node_add(p, chain, term, op);
	}
	return 0;
}

int expr_parse(struct arena *mem, struct value text, const char *file, unsigned line,
	unsigned column0, struct expr **out, struct err *err)
{
	struct expr *x = arena_zalloc(mem, sizeof(*x));
	struct parser p = {.s = {mem, err, text.data, text.data, text.data + text.len, file, line,
				   column0, &x->warnings}};

	if (!utf8_valid(text.data, text.len) || (text.len > 0 && memchr(text.data, '\0', text.len)))
		return source_error(&p.s, text.data, "the expression is not UTF-8 text");
	if (parse_expr(&p, &x->root) < 0)
		return -1;
	if (source_peek(&p.s) != '\0')
		return source_no_operator(&p.s);
	*out = x;
	return 0;
}

static void add_reads(struct arena *mem, const struct node *node, struct attr_set *set)
{
	if (node->kind == NODE_ATTR)
		attr_set_add(mem, set, node->index);
	for (unsigned i = 0; i < node->n; i++)
		add_reads(mem, node->args[i], set);
}

void expr_reads(struct arena *mem, const struct expr *x, struct attr_set *set)
{
	add_reads(mem, x->root, set);
}

static bool is_timed(const struct node *node)
{
	if (node->fn != NULL && strcmp(node->fn->name, "Now") == 0)
		return true;
	for (unsigned i = 0; i < node->n; i++) {
		if (is_timed(node->args[i]))
			return true;
	}
	return false;
}

bool expr_timed(const struct expr *x)
{
	return is_timed(x->root);
}

static const char *unknown(const struct node *node, const struct param *params, unsigned n)
{
	const char *name = NULL;

	if (node->kind == NODE_PARAM && param_named(params, n, node->name) == NULL)
		return node->name;
	for (unsigned i = 0; i < node->n && name == NULL; i++)
		name = unknown(node->args[i], params, n);
	return name;
}

const char *expr_unknown(const struct expr *x, const struct param *params, unsigned n)
{
	return unknown(x->root, params, n);
}

void expr_lint(struct buf *b, const struct expr *x)
{
	for (const struct warning *w = x->warnings; w != NULL; w = w->next) {
		buf_puts(b, w->text);
		buf_putc(b, '\n');
	}
}
