#include "rules/rules.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/hash.h"

#include "rules/rule.h"
#include "rules/validate.h"

static uint64_t hash_list(const char *const *list, unsigned n, uint64_t h)
{
	h = hash_bytes(&n, sizeof(n), h);
	for (unsigned i = 0; i < n; i++)
		h = hash_bytes(list[i], strlen(list[i]) + 1, h);
	return h;
}

uint64_t rules_epoch(const struct rules *rules, const struct rules_env *env)
{
	uint64_t h = rules->texts;

	h = hash_list(env->source_smtp, env->n_source_smtp, h);
	h = hash_list(env->source_sip, env->n_source_sip, h);
	h = hash_list(env->target_smtp, env->n_target_smtp, h);
	for (unsigned i = 0; i < env->n_params; i++) {
		const struct param *p = &env->params[i];
		h = hash_nocase(p->name, strlen(p->name) + 1, h);
		h = hash_bytes(&p->n, sizeof(p->n), h);
		for (unsigned j = 0; j < p->n; j++) {
			h = hash_bytes(&p->values[j].len, sizeof(p->values[j].len), h);
			h = hash_bytes(p->values[j].data, p->values[j].len, h);
		}
	}
	return h;
}

static bool some(const struct line *lines, bool (*is)(const struct line *, void *), void *with)
{
	for (; lines != NULL; lines = lines->next) {
		if (is(lines, with))
			return true;
	}
	return false;
}

/* Is it true of a line? Each is asked until then. */
static bool some_line(
	const struct rules *rules, bool (*is)(const struct line *, void *), void *with)
{
	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		if (some(rule->rdn, is, with) || some(rule->joins, is, with))
			return true;
		for (unsigned j = 0; j < rule->n_flows; j++) {
			if (some(rule->flows[j].lines, is, with))
				return true;
		}
	}
	return false;
}

/* A line stands in several rules when one is like another; its warnings are told once. */
static bool lint_line(const struct line *line, void *with)
{
	struct buf *out = with, more = {0};

	expr_lint(&more, line->expr);
	if (more.len > 0 &&
		(out->len == 0 || memmem(out->data, out->len, more.data, more.len) == NULL))
		buf_add(out, more.data, more.len);
	buf_free(&more);
	return false;
}

void rules_lint(struct buf *out, const struct rules *rules)
{
	(void)some_line(rules, lint_line, out);
}

struct asking {
	const struct rules_env *env;
	struct err *err;
};

static bool asks_in_vain(const struct line *line, void *with)
{
	const struct asking *a = with;
	const char *name = expr_unknown(line->expr, a->env->params, a->env->n_params);

	if (name == NULL)
		return false;
	err_set(a->err, ERR_FATAL, "%s: there is no parameter %%%s%%: it may be given in params",
		line->where, name);
	return true;
}

int rules_check_params(const struct rules *rules, const struct rules_env *env, struct err *err)
{
	return some_line(rules, asks_in_vain, &(struct asking){env, err}) ? -1 : 0;
}

struct reading_set {
	struct arena *mem;
	struct attr_set *set;
};

static bool reads_line(const struct line *line, void *with)
{
	const struct reading_set *r = with;

	expr_reads(r->mem, line->expr, r->set);
	return false;
}

void rules_reads(struct arena *mem, const struct rules *rules, struct attr_set *set)
{
	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		filter_reads(mem, rule->scope, set);
		for (const struct word *w = rule->require; w != NULL; w = w->next)
			attr_set_add(mem, set, w->attr);
	}
	(void)some_line(rules, reads_line, &(struct reading_set){mem, set});
	validate_reads(mem, set);
}

static bool timed_line(const struct line *line, void *with)
{
	(void)with;
	return expr_timed(line->expr);
}

bool rules_timed(const struct rules *rules)
{
	return some_line(rules, timed_line, NULL);
}

void rules_writes(struct arena *mem, const struct rules *rules, struct attr_set *set)
{
	for (unsigned i = 0; i < rules->n; i++) {
		for (unsigned j = 0; j < rules->rules[i].n_flows; j++)
			attr_set_add(mem, set, rules->rules[i].attrs[j]);
	}
}

void rules_joins(struct arena *mem, const struct rules *rules, struct attr_set *set)
{
	for (unsigned i = 0; i < rules->n; i++) {
		for (const struct line *j = rules->rules[i].joins; j != NULL; j = j->next)
			attr_set_add(mem, set, j->attr);
	}
}

const char *const *rules_files(const struct rules *rules, unsigned *n)
{
	*n = rules->n_files;
	return rules->files;
}

unsigned rules_count(const struct rules *rules)
{
	return rules->n;
}

const struct rule *rules_at(const struct rules *rules, unsigned i)
{
	return &rules->rules[i];
}

const char *rule_name(const struct rule *rule)
{
	return rule->name;
}

unsigned rule_number(const struct rule *rule)
{
	return rule->number;
}

const struct filter *rule_scope(const struct rule *rule)
{
	return rule->scope;
}

const struct wanted *desired_get(const struct desired *d, unsigned attr)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->attrs[i].attr == attr)
			return &d->attrs[i];
	}
	return NULL;
}

const unsigned *rule_attrs(const struct rule *rule, unsigned *n)
{
	*n = rule->n_flows;
	return rule->attrs;
}

const char *rule_line(const struct rule *rule, unsigned i, unsigned k)
{
	const struct line *line = rule->flows[i].lines;

	for (; line != NULL && k > 0; k--)
		line = line->next;
	return line != NULL ? line->where : NULL;
}

bool rules_chained(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++) {
		if (filter_chained(rules->rules[i].scope))
			return true;
	}
	return false;
}

void rules_learn(struct rules *rules, const struct entry *e)
{
	for (unsigned i = 0; i < rules->n; i++)
		filter_learn(rules->rules[i].scope, e);
}

void rules_solve(struct rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++)
		filter_solve(rules->rules[i].scope);
}

const struct rule *rules_scope(const struct rules *rules, const struct entry *e)
{
	for (unsigned i = 0; i < rules->n; i++) {
		if (filter_match(rules->rules[i].scope, e))
			return &rules->rules[i];
	}
	return NULL;
}

void rules_free(struct rules *rules)
{
	for (unsigned i = 0; rules != NULL && i < rules->n; i++)
		filter_free(rules->rules[i].scope);
}
