#ifndef RULES_EXPR_LEX_H
#define RULES_EXPR_LEX_H

#include "rules/expr_private.h"

/*
 * The text of an expression while it is parsed: what stands at the cursor, and where that is, for
 * messages.
 */
struct source {
	struct arena *mem;
	struct err *err;
	const char *text, *at, *end;
	const char *file; /* NULL: unnamed */
	unsigned line, column0;
	struct warning **last; /* where the next warning goes */
};

/* ERR_FATAL at a place, with the line and a caret under it; always -1. */
int source_error(struct source *, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void source_warn(struct source *, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The next character after blanks; 0 at the end. */
char source_peek(struct source *);
/* Take c when it is next, after blanks. */
bool source_take(struct source *, char c);
/* Letters, digits, '_' and `more` from `at` on: their end. */
const char *source_word(const struct source *, const char *at, const char *more);

/* What begins at the cursor; -1 with the error set. */
int source_string(struct source *, struct value *);
int source_number(struct source *, int64_t *);
int source_hex(struct source *, int64_t *);
int source_attr(struct source *, struct value *name);  /* [name] */
int source_param(struct source *, struct value *name); /* %name% */
/* What stands at the cursor is no value, or, behind a value, no operator: an error with advice. */
int source_no_operand(struct source *);
int source_no_operator(struct source *);

#endif
