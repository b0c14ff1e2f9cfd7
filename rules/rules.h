#ifndef RULES_RULES_H
#define RULES_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/entry.h"
#include "base/err.h"
#include "rules/expr.h"

struct arena;
struct buf;
struct filter;

/*
 * Rule files: which source entries take part, what target entry each one asks for, and how an entry
 * that is already there is found. Lines; a line that begins with white space continues its rule;
 * '#' begins a comment at the start of a line or after a blank. docs/rules.md is the guide.
 *
 *   include galsync            another file, or a built-in set: its rules are below the ones here
 *   never FILTER               entries that no rule takes; added to every scope
 *   drop never FILTER          an included one is taken out
 *   rule user                  begins a rule, or adds to the included one of that name, which keeps
 *                              its place; new rules come before included ones
 *   rule room like user        the lines of another rule are below the ones of this one
 *     scope   FILTER           which entries (replaces an included scope)
 *     require ATTR ...         attributes of the source that may not be blank (replaces)
 *     name    EXPR             the RDN of the target entry (replaces): "CN=" & [cn], the value
 *                              as it is, without escapes
 *     join    ATTR = EXPR      how an entry already there is found; tried top-down (the first here
 *                              replaces all included ones)
 *     ATTR [add|merge] = EXPR  a flow; several for one attribute are tried top-down, own lines
 *                              before included ones
 *     drop    ATTR ...         flows below are taken out: the attribute is not ours
 *   drop rule NAME             an included rule is taken out
 *
 * An expression or a filter may go on in the next, indented line when parentheses are open. The
 * first rule whose scope an entry matches is its rule. Parameters: %smtp-domains% ... of the flow's
 * source, see struct rules_env.
 */
struct rules;
struct rule;

/* What rules and validators may know beside the entry. Lists are in lower case. */
struct rules_env {
	const struct param *params; /* %smtp-domains%, %sip-domains%, %Forest.FQDN%,
				       %target-smtp-domains% ... */
	unsigned n_params;
	unsigned n_source_smtp, n_source_sip, n_target_smtp;
	const char *const *source_smtp; /* domains whose addresses the source owns; none: any */
	const char *const *source_sip;
	const char *const *target_smtp; /* authoritative in the target: E_TARGET_LOCAL */
	int64_t now;
};

enum flow_mode {
	FLOW_ALWAYS,
	FLOW_ADD,   /* only in a new entry */
	FLOW_MERGE, /* values of others stay; only what we wrote before is taken away */
};

/* One attribute that the target entry shall have. */
struct wanted {
	unsigned attr;
	enum flow_mode mode;
	unsigned n; /* 0: must be absent */
	struct value *values;
	const char *line; /* "galsync:31", where the value came from */
	bool nothing;     /* n is 0 because a rule says so: AuthoritativeNull */
};

/* A value by which an entry that is already there is found. Keys of one group are alternatives;
 * groups are tried in order. Case does not count, nor that of an address's type. */
struct join_key {
	unsigned group;
	unsigned attr;
	struct value value;
	const char *line;
};

struct complaint {
	const char *code; /* E_NICK_CHARS, W_SIP_NE_MAIL ... (docs/validators.md) */
	bool warning;     /* the object goes on */
	unsigned attr;    /* ATTR_NONE: the whole object */
	const char *text;
};

struct desired {
	const struct rule *rule;
	struct value rdn; /* "CN=Ann Smith" */
	unsigned n;
	struct wanted
		*attrs; /* each attribute once, in the order of the rule's list of attributes */
	unsigned n_joins;
	struct join_key *joins;
	unsigned n_complaints;
	struct complaint *complaints;
};

/* What is wanted of an attribute; NULL: nothing. */
const struct wanted *desired_get(const struct desired *, unsigned attr);

/* name: a built-in set or the path of a file (relative to folder). ERR_FATAL with file, line and
 * caret. */
int rules_load(struct arena *, const char *name, const char *folder, struct rules **, struct err *);
/* The files they are of, absolute: *n of them. */
const char *const *rules_files(const struct rules *, unsigned *n);
/* Warnings about their expressions (expr_lint), each once: lines of "label:line:column: what". */
void rules_lint(struct buf *, const struct rules *);
/* ERR_FATAL with file and line: an expression asks for a parameter that env does not have. */
int rules_check_params(const struct rules *, const struct rules_env *, struct err *);
/* Changes whenever the meaning of the rules may have changed: over the texts and the env. */
uint64_t rules_epoch(const struct rules *, const struct rules_env *);
/* What they read of the source, and what they may write to the target. */
void rules_reads(struct arena *, const struct rules *, struct attr_set *);
void rules_writes(struct arena *, const struct rules *, struct attr_set *);
/* The attributes that joins look at in the target. */
void rules_joins(struct arena *, const struct rules *, struct attr_set *);
unsigned rules_count(const struct rules *);
const struct rule *rules_at(const struct rules *, unsigned i);
const char *rule_name(const struct rule *);
unsigned rule_number(const struct rule *);
const struct filter *rule_scope(const struct rule *);
/* The attributes a rule may write, each once, in a fixed order that changes only with the epoch. */
const unsigned *rule_attrs(const struct rule *, unsigned *n);
/* Where the k-th line of the i-th of these attributes stands; NULL: it has no more. */
const char *rule_line(const struct rule *, unsigned i, unsigned k);

/* Do they ask what time it is (Now)? That an entry is as it was does not say all then. */
bool rules_timed(const struct rules *);
/* In-chain scopes: is the source to be read once before, feeding rules_learn, then rules_solve? */
bool rules_chained(const struct rules *);
void rules_learn(struct rules *, const struct entry *);
void rules_solve(struct rules *);

/* The first rule in whose scope the entry is; NULL: none. */
const struct rule *rules_scope(const struct rules *, const struct entry *);

/* What the entry asks for; the order of its attributes and values does not count. 0, and *out,
 * whose complaints may be warnings; -1 with ERR_ENTRY when there is at least one error:
 * out->complaints and what could be computed are set all the same, the message is the first error's
 * "CODE: text". */
int rules_map(struct arena *, const struct rule *, const struct rules_env *, const struct entry *,
	struct desired *out, struct err *);

/* May these values be written as they are, without a rule (d->rule is NULL)? ERR_ENTRY: a validator
 * refuses one, or would write another in its place; the message is its "CODE: text". */
int rules_check(struct arena *, const struct rules_env *, const struct entry *source,
	struct desired *, struct err *);

/* For explain: each flow line of the rule, tried or not, with what it gave. */
struct flow_trace {
	const char *line;
	unsigned attr;
	enum flow_mode mode;
	const char *text; /* the expression */
	bool used;        /* this line gave the value */
	struct expr_result result;
	struct err err; /* kind ERR_NONE: none */
};
unsigned rules_trace(struct arena *, const struct rule *, const struct rules_env *,
	const struct entry *, struct flow_trace **);

/* "galway help validators": a line for each code that rules_map may complain with. */
void validators_help(struct buf *);

/* Frees what learning took (the rest is the arena's). NULL is allowed. */
void rules_free(struct rules *);

#endif
