#include "rules/rules.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
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

/* A line stands in several rules when one is like another; its warnings are told once. */
static void lint_lines(struct buf *out, const struct line *lines)
{
	struct buf more = {0};

	for (; lines != NULL; lines = lines->next) {
		buf_clear(&more);
		expr_lint(&more, lines->expr);
		if (more.len > 0 &&
			(out->len == 0 || memmem(out->data, out->len, more.data, more.len) == NULL))
			buf_add(out, more.data, more.len);
	}
	buf_free(&more);
}

void rules_lint(struct buf *out, const struct rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		lint_lines(out, rule->rdn);
		lint_lines(out, rule->joins);
		for (unsigned j = 0; j < rule->n_flows; j++)
			lint_lines(out, rule->flows[j].lines);
	}
}

static void reads_lines(struct arena *mem, const struct line *lines, struct attr_set *set)
{
	for (; lines != NULL; lines = lines->next)
		expr_reads(mem, lines->expr, set);
}

void rules_reads(struct arena *mem, const struct rules *rules, struct attr_set *set)
{
	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		filter_reads(mem, rule->scope, set);
		for (const struct word *w = rule->require; w != NULL; w = w->next)
			attr_set_add(mem, set, w->attr);
		reads_lines(mem, rule->rdn, set);
		reads_lines(mem, rule->joins, set);
		for (unsigned j = 0; j < rule->n_flows; j++)
			reads_lines(mem, rule->flows[j].lines, set);
	}
	validate_reads(mem, set);
}

static bool lines_timed(const struct line *lines)
{
	for (; lines != NULL; lines = lines->next) {
		if (expr_timed(lines->expr))
			return true;
	}
	return false;
}

bool rules_timed(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		if (lines_timed(rule->rdn) || lines_timed(rule->joins))
			return true;
		for (unsigned j = 0; j < rule->n_flows; j++) {
			if (lines_timed(rule->flows[j].lines))
				return true;
		}
	}
	return false;
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
