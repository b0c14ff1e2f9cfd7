#ifndef RULES_PLACE_H
#define RULES_PLACE_H

#include "base/entry.h"

struct err;

/* Places in the text of a rule file, for messages. Private to this layer. */
struct rule_text {
	const char *label; /* as messages and reports name it: "galsync", "rules/my.rules" */
	struct value text;
};

struct place {
	const struct rule_text *text;
	const char *at; /* into the text */
};

unsigned place_line(struct place);   /* from 1 */
unsigned place_column(struct place); /* from 1, in characters */

/* ERR_FATAL with "label:line:column: ", and the line with a caret under the place. */
int place_error(struct place, struct err *, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
