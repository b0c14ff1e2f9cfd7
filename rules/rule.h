#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "rules/parse.h"
#include "rules/rules.h"

/* The rules as loaded, includes and all. Private to this layer. */

/* One attribute of the target and its lines, top-down; all have one mode. */
struct flow {
	unsigned attr;
	enum flow_mode mode;
	struct line *lines;
};

struct rule {
	const char *name;
	unsigned number;
	struct filter *scope;
	const struct word *require;
	const struct line *rdn;   /* "name" */
	const struct line *joins; /* top-down */
	unsigned n_flows;
	struct flow *flows;
	unsigned *attrs; /* of the flows */
};

struct rules {
	uint64_t texts; /* digest of the files */
	unsigned n;
	struct rule *rules;
	unsigned n_files; /* not built in */
	const char **files;
};

#endif
