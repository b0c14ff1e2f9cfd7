#ifndef SYNC_IMPORT_RULE_H
#define SYNC_IMPORT_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

/*
 * Synchronization rules of Entra Connect (the files SynchronizationRule_{...}.xml of its exported
 * configuration), as a rule file of galway (rules/rules.h).
 *
 * There many rules may apply to one object, and for each attribute the one of the lowest precedence
 * that gives a value wins. Here one rule applies, whose lines are tried from the top. So the rules
 * of one direction and one pair of object types become one rule, their flows its lines, by
 * precedence; a rule that is for some of the objects only has its scope in each line. What cannot
 * be said here is a comment at its place that begins with "not carried over:", and what depends on
 * it is a comment, too: nothing is made wider than it was.
 */
struct sync_condition {
	const char *attr, *op, *value;
};

/* Conditions that must all hold; one of the groups is enough. */
struct sync_group {
	unsigned n;
	struct sync_condition *conditions; /* of a join: source, target; value: case-sensitive */
};

struct sync_flow {
	const char *dest, *source, *constant, *expression; /* of the last three one */
	bool merge, once;
};

struct sync_rule {
	const char *name, *source_type, *target_type;
	bool inbound, disabled, provision;
	long precedence;
	unsigned n_scope, n_joins, n_flows;
	struct sync_group *scope, *joins;
	struct sync_flow *flows;
};

struct sync_rules {
	unsigned n;
	struct sync_rule *rules;
};

/* Adds those of a file. Everything lives in the arena. */
int import_read(struct arena *, const char *path, struct sync_rules *, struct err *);
/* The same of a text. */
int import_read_text(struct arena *, const char *name, const char *data, size_t len,
	struct sync_rules *, struct err *);

struct import_sums {
	unsigned rules, lines, lost;
};

/* The rule file; the rules are put in order. */
void import_write(struct buf *, struct sync_rules *, struct import_sums *);

/* import_scope.c: a scope as a search filter; NULL: it cannot be said, and *why. No groups: "". */
const char *import_filter(struct arena *, const struct sync_rule *, const char **why);
/* The same as an expression that is True or False. */
const char *import_condition(struct arena *, const struct sync_rule *, const char **why);
/* The id of a name that can stand in a rule file as it is, of letters, digits and "-_.;"; else
 * ATTR_NONE. */
unsigned import_attr(const char *name);
/* A text as a literal of an expression. */
const char *import_quoted(struct arena *, const char *text);

#endif
