#ifndef RULES_EXPR_PRIVATE_H
#define RULES_EXPR_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/entry.h"
#include "base/err.h"
#include "rules/expr.h"

/*
 * Inside the expression language: the tree that the parser makes, the values that the evaluator
 * hands about, and what a function of the language is. Private to expr_*.c, functions.c and fn_*.c.
 */
#define MAX_NESTING 64
#define MAX_STEPS 100000
#define MAX_VALUE (1u << 20)
#define MAX_ARGS 4 /* of a function that is not a form */

/* One value: text for str, bin and ref; num for num, bool and dt. */
struct item {
	struct value text;
	int64_t num;
};

/* What an expression gave. There is no list without values: it is NULL. */
struct val {
	enum expr_kind kind;
	enum expr_type type; /* EXPR_VALUES: that of every item */
	bool multi;
	unsigned n;
	const struct item *items; /* may point into the entry, the parameters and the expression */
};

struct function;
struct operation;

enum node_kind {
	NODE_CONSTANT,
	NODE_ATTR,
	NODE_DN, /* [dn]: the entry's name */
	NODE_PARAM,
	NODE_VARIABLE,
	NODE_CALL,
	NODE_CHAIN, /* operands with operators between them: a list, so that long ones need no stack
		     */
};

struct node {
	enum node_kind kind;
	unsigned index; /* NODE_ATTR: attribute id; NODE_VARIABLE, and the first argument of With:
			   place */
	unsigned n;
	struct node **args;
	const struct operation **ops; /* NODE_CHAIN: n - 1 */
	const struct function *fn;
	const char *name; /* NODE_PARAM */
	struct val constant;
};

struct warning {
	struct warning *next;
	const char *text;
};

struct expr {
	struct node *root;
	struct warning *warnings;
};

/* One evaluation. */
struct eval {
	struct arena *mem;
	const struct expr_env *env;
	struct err *err;
	unsigned steps;
	uint64_t random;
	struct val variables[MAX_NESTING];
};

/*
 * One call of a function. Arguments have the types of its table line; those of a mapped function
 * are NULL or have one value. out begins as NULL: a function that gives nothing gives NULL.
 */
struct call {
	struct eval *ev;
	const struct function *fn;
	unsigned n;
	struct val arg[MAX_ARGS];
	struct val out;
};

/* --- expr_eval.c */
int eval_node(struct eval *, const struct node *, struct val *);
/* NULL: there is none of that name. */
const struct param *param_named(const struct param *, unsigned n, const char *name);
/* Call fn with args, checked against its table line and mapped over multi-valued ones. */
int eval_apply(struct eval *, const struct function *, struct val *args, unsigned n, struct val *);
/* A list being made. What is added keeps its type; NULL adds nothing. */
struct list {
	struct eval *ev;
	struct item *items;
	unsigned n, room;
	enum expr_type type;
};
int list_add(struct list *, const struct val *);
struct val list_val(const struct list *);

/* --- expr_value.c */
extern const char *const type_names[];
struct val val_single(struct arena *, enum expr_type, struct item);
/* The i-th value; all of a single one; NULL stays NULL. */
struct val val_at(const struct val *, unsigned i);
bool val_textual(const struct val *); /* str or ref, as where a str is wanted */
/* Its values as conditions, of type bool; NULL is False. "who: " begins the message. */
int val_conditions(struct eval *, const char *who, struct val *);
bool number_parse(struct value text, int64_t *);
/* Quoted and cut, for messages. */
const char *shown(struct eval *, struct value text);
/* ERR_ENTRY */
int eval_fail(struct eval *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Count a step, and one more for each KiB. */
int spend(struct eval *, size_t bytes);

/* A text being made, of at most MAX_VALUE bytes; what is more is left out, and give_sink says so.
 * Start with {.mem = ...}. */
struct sink {
	struct arena *mem;
	char *data;
	size_t len, room;
	bool full;
};
void sink_add(struct sink *, struct value);
void sink_char(struct sink *, uint32_t character);
struct value sink_value(const struct sink *);

/* For functions: arguments, results (0; give_sink also -1) and errors (-1). */
struct value arg_text(const struct call *, unsigned i);
int64_t arg_num(const struct call *, unsigned i);
/* The option in place i, or `otherwise` when it was not given: its number in the function's list.
 */
int64_t arg_option(const struct call *, unsigned i, int64_t otherwise);
int give_text(struct call *, enum expr_type, struct value);
int give_num(struct call *, enum expr_type, int64_t);
int give_str(struct call *, struct value);
int give_bool(struct call *, bool);
int give_sink(struct call *, const struct sink *);
int wrong(struct call *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
