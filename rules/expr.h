#ifndef RULES_EXPR_H
#define RULES_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/entry.h"

struct arena;
struct buf;
struct err;

/*
 * The expression language of Entra Connect's declarative provisioning: docs/expressions.md is its
 * manual, rules/functions.c its table of functions. Operators have one precedence and bind from
 * left to right. An expression has no access to files, network or the directory; steps and sizes
 * are limited (ERR_ENTRY).
 */
struct expr;

/* %name%: the caller's parameters, UTF-8 text. Without values it is NULL; one that is not there at
 * all is an error of the evaluation. */
struct param {
	const char *name; /* neither case nor dots count: %Forest.LDAP% is also %ForestLDAP% */
	unsigned n;
	const struct value *values;
};

/* What an expression may see. */
struct expr_env {
	const struct entry *entry; /* [attr], and its name as [dn] */
	const struct param *params;
	unsigned n_params;
	int64_t now;   /* seconds since 1970, for Now() */
	uint64_t seed; /* for RandomNum() and Guid(): the same seed gives the same values */
};

enum expr_type {
	EXPR_STR,
	EXPR_NUM,
	EXPR_BOOL,
	EXPR_BIN,
	EXPR_DT,  /* a moment in UTC */
	EXPR_REF, /* text of a DN */
};

enum expr_kind {
	EXPR_NULL, /* contributes nothing: the next line may */
	EXPR_VALUES,
	EXPR_NOTHING, /* AuthoritativeNull: no value, and no later line may give one */
	EXPR_IGNORE,  /* IgnoreThisFlow: what the target has stays */
};

struct expr_result {
	enum expr_kind kind;
	enum expr_type type;
	bool multi;
	unsigned n; /* EXPR_VALUES: at least one, for a list without values is NULL; else 0 */
	/* As a directory stores them: numbers decimal, TRUE/FALSE, generalized time. They may point
	 * into the entry, the parameters and the expression. */
	struct value *values;
};

/* ERR_FATAL: "file:line:column: what" and, after a newline, the line with a caret under the place.
 * line is that of the text's first byte, column0 how many columns of the file's line stand before
 * it; file may be NULL. */
int expr_parse(struct arena *, struct value text, const char *file, unsigned line, unsigned column0,
	struct expr **, struct err *);
/* ERR_ENTRY: the function or operator, what it was given, and Error("...")'s text. */
int expr_eval(struct arena *, const struct expr *, const struct expr_env *, struct expr_result *,
	struct err *);
/* Add the attributes it reads. */
void expr_reads(struct arena *, const struct expr *, struct attr_set *);
/* Does it ask what time it is (Now)? Then its value changes though nothing that it reads does. */
bool expr_timed(const struct expr *);
/* The name of a parameter that it asks for and that is not among these; NULL: none. */
const char *expr_unknown(const struct expr *, const struct param *, unsigned n);
/* As "galway eval" prints it: one line a value; text as it is, True, False, decimal, ISO 8601 UTC,
 * base64, NULL for no value (and "AuthoritativeNull", "IgnoreThisFlow"). */
void expr_print(struct buf *, const struct expr_result *);
/* Warnings of a parsed expression: mixed operators without parentheses, a name not in its canonical
 * spelling. 0..n lines, "file:line:column: what". */
void expr_lint(struct buf *, const struct expr *);

/* "galway help functions": the table, by family; or one function's lines. False: no such function.
 */
void functions_help(struct buf *);
bool function_help(struct buf *, const char *name);

#endif
