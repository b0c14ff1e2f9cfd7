#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/entry.h"
#include "rules/place.h"
#include "rules/rules.h"

struct arena;
struct err;
struct expr;

/*
 * One rule file as it is written, before includes are put below it. Private to this layer: rules.h
 * describes the language.
 */
/* "attribute = expression", of a flow or a join; or the expression of a name. */
struct line {
	struct line *next;
	struct place place;
	const char *where; /* "galsync:31" */
	unsigned attr;     /* ATTR_NONE for a name */
	enum flow_mode mode;
	const char *text; /* the expression, on one line */
	struct expr *expr;
};

/* An attribute that require or drop names. */
struct word {
	struct word *next;
	struct place place;
	unsigned attr;
};

/* What one file says of one rule. NULL: nothing. */
struct part {
	struct part *next;
	const char *name;
	struct place place;
	bool drop;        /* "drop rule": takes the included one out; the rest is empty */
	bool dropped;     /* by a file above: only there for what is like it */
	const char *like; /* the rule below whose lines this one's stand */
	struct place like_place;
	bool visiting; /* it is being put above the rule it is like */
	struct value scope;
	struct word *require, *drops;
	struct line *rdn, *joins, *flows;
};

/* "never FILTER", and "drop never FILTER". */
struct never {
	struct never *next;
	struct place place;
	struct value filter; /* canonical */
	bool drop;
};

struct include {
	struct include *next;
	const char *name;
	struct place place;
};

struct rule_file {
	struct include *includes;
	struct never *nevers;
	struct part *parts;
};

/* ERR_FATAL with file, line, column and caret. All in the order of the file. */
int rule_file_parse(struct arena *, const struct rule_text *, struct rule_file *, struct err *);

#endif
