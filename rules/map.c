#include "rules/rules.h"

#include <string.h>

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "base/value_set.h"

#include "rules/address.h"
#include "rules/rule.h"
#include "rules/validate.h"

#define NAME_MAX_CHARS 64 /* of an RDN whose attribute has no limit of its own: cn's */

/* A directory gives values in any order, and Item([x], 1) must mean the same tomorrow. */
static const struct entry *with_ordered_values(struct arena *mem, const struct entry *e)
{
	struct entry *copy = arena_alloc(mem, sizeof(*copy));

	*copy = *e;
	copy->attrs = arena_alloc(mem, e->n * sizeof(*copy->attrs));
	for (unsigned i = 0; i < e->n; i++) {
		struct attr *a = &copy->attrs[i];
		*a = e->attrs[i];
		if (a->n < 2)
			continue;
		a->values = arena_alloc(mem, a->n * sizeof(*a->values));
		memcpy(a->values, e->attrs[i].values, a->n * sizeof(*a->values));
		values_sort(a->values, a->n);
	}
	return copy;
}

static int eval(struct arena *mem, const struct line *line, const struct rules_env *env,
	const struct entry *e, struct expr_result *result, struct err *err)
{
	const char *what = line->attr != ATTR_NONE ? attr_name(line->attr) : "";
	const struct expr_env see = {
		.entry = e,
		.params = env->params,
		.n_params = env->n_params,
		.now = env->now,
		/* Random for each entry and attribute, and the same in the next run. */
		.seed = hash_nocase(what, strlen(what), e->key),
	};

	return expr_eval(mem, line->expr, &see, result, err);
}

/* Does the line read text that is not UTF-8? Then the source is to blame, not the rule. */
static bool reads_damage(struct mapping *m, const struct line *line)
{
	struct attr_set reads = {0};
	bool damaged = false;

	expr_reads(m->mem, line->expr, &reads);
	for (unsigned i = 0; i < m->source->n; i++) {
		const struct attr *a = &m->source->attrs[i];
		bool text = attr_syntax(a->id) != SYNTAX_BYTES && attr_set_has(&reads, a->id);
		for (unsigned k = 0; k < a->n && text; k++)
			damaged |= !utf8_valid(a->values[k].data, a->values[k].len);
	}
	return damaged;
}

/* An expression that fails is the whole object's error: half an object would be a lie. */
static bool eval_or_complain(struct mapping *m, const struct line *line, struct expr_result *result)
{
	struct err inner;

	if (eval(m->mem, line, m->env, m->source, result, &inner) == 0)
		return true;
	complain_error(m, reads_damage(m, line) ? E_CTRL : E_RULE,
		(struct subject){line->attr, {NULL, 0}, line->where}, "%s", inner.text);
	return false;
}

/* An empty text cannot be stored, and is none: Left([absent], 8) is one, Trim of a blank too. */
static bool gives(const struct expr_result *r)
{
	for (unsigned i = 0; i < r->n && r->kind == EXPR_VALUES; i++) {
		if (r->values[i].len > 0)
			return true;
	}
	return false;
}

static bool counts(const struct expr_result *r)
{
	return r->kind == EXPR_NOTHING || r->kind == EXPR_IGNORE || gives(r);
}

/* Does no later line of the attribute count? */
static bool decides(enum flow_mode mode, const struct expr_result *r)
{
	return counts(r) && (mode != FLOW_MERGE || !gives(r));
}

/* Add values; what is empty cannot be stored, and equal ones are one. */
static void add_values(struct arena *mem, struct wanted *w, const struct expr_result *r)
{
	struct value_set all;

	value_set_new(&all, mem, w->attr, w->n + r->n);
	for (unsigned i = 0; i < w->n; i++)
		value_set_add(&all, w->values[i]);
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].len > 0)
			value_set_add(&all, r->values[i]);
	}
	w->values = all.values;
	w->n = all.n;
}

/* What the lines of an attribute ask for. False: nothing is asked of it (or its rule failed). */
static bool flow_value(struct mapping *m, const struct flow *flow, struct wanted *w)
{
	struct expr_result r = {.kind = EXPR_NULL};

	*w = (struct wanted){flow->attr, flow->mode, 0, NULL, flow->lines->where, false};
	for (const struct line *i = flow->lines; i != NULL && !decides(flow->mode, &r);
		i = i->next) {
		if (!eval_or_complain(m, i, &r))
			return false;
		if (w->n == 0 && counts(&r))
			w->line = i->where;
		if (gives(&r))
			add_values(m->mem, w, &r);
	}
	w->nothing = w->n == 0 && r.kind == EXPR_NOTHING;
	values_sort(w->values, w->n);
	return w->n > 0 || (r.kind != EXPR_IGNORE && flow->mode != FLOW_ADD);
}

static bool blank(struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (strchr(" \t\r\n", v.data[i]) == NULL || v.data[i] == '\0')
			return false;
	}
	return true;
}

static void check_required(struct mapping *m, const struct rule *rule)
{
	static const struct {
		const char *attr;
		enum fault fault;
	} own[] = {
		{"cn", E_CN_BLANK}, {"displayName", E_DN_BLANK}, {"sAMAccountName", E_SAM_BLANK}};

	for (const struct word *w = rule->require; w != NULL; w = w->next) {
		enum fault fault = E_REQUIRED;
		if (!blank(entry_first(m->source, w->attr)))
			continue;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
			if (w->attr == attr_named(own[i].attr))
				fault = own[i].fault;
		}
		complain_error(m, fault, (struct subject){w->attr, {NULL, 0}, NULL},
			"it is blank in the source");
	}
}

/* Without control characters (how many: *controls) and the blanks at its ends; a tab or a line
 * break is a blank. */
static struct value clean(struct arena *mem, struct value v, unsigned *controls)
{
	char *copy = arena_alloc(mem, v.len + 1);
	size_t n = 0;

	*controls = 0;
	for (size_t i = 0, len; i<v.len; i += len> 0 ? len : 1) {
		const bool white = v.data[i] == '\t' || v.data[i] == '\r' || v.data[i] == '\n';
		const char c = white ? ' ' : v.data[i];
		len = text_control(v.data + i, v.len - i);
		*controls += len > 0;
		if ((len == 0 || white) && (n > 0 || c != ' '))
			copy[n++] = c;
	}
	while (n > 0 && copy[n - 1] == ' ')
		n--;
	return (struct value){copy, n};
}

static struct value rdn_of(struct arena *mem, struct value type, struct value text)
{
	struct value escaped = dn_escape(mem, text);

	return value_of(arena_printf(
		mem, "%.*s=%.*s", (int)type.len, type.data, (int)escaped.len, escaped.data));
}

/* The name as it can be written: clean, not blank, not too long. */
static void set_name(struct mapping *m, struct value type, struct value text, const char *line)
{
	unsigned attr = attr_id(type.data, type.len);
	unsigned max = attr_limit(attr) > 0 ? attr_limit(attr) : NAME_MAX_CHARS;

	if (!utf8_valid(text.data, text.len)) {
		complain_error(
			m, E_CTRL, (struct subject){attr, text, line}, "the name is not UTF-8");
		return;
	}
	unsigned unseen, controls, none;
	struct value good = clean(m->mem, without_invisible(m->mem, text, &unseen), &controls);
	if (controls > 0)
		complain_warning(m, E_CTRL, (struct subject){attr, text, line},
			"control characters (%u), left out of the name", controls);
	if (unseen > 0)
		complain_warning(m, W_INVISIBLE, (struct subject){attr, text, line},
			"marks that nobody sees (%u), left out of the name", unseen);
	struct value cut = clean(m->mem, utf8_cut(good, max), &none);
	if (cut.len < good.len)
		complain_warning(m, E_LEN, (struct subject){attr, good, line},
			"the name is cut to %u characters", max);
	if (cut.len > 0)
		m->out->rdn = rdn_of(m->mem, type, cut);
	else if (!complained(m, E_CN_BLANK, attr))
		complain_error(m, E_CN_BLANK, (struct subject){attr, {NULL, 0}, line},
			"the name would be blank");
}

/* "CN=" and the raw text of the name. */
static void map_name(struct mapping *m, const struct line *line)
{
	struct expr_result r = {0};
	struct value text = {"CN=", 3}; /* of NULL */

	if (!eval_or_complain(m, line, &r))
		return;
	if (gives(&r))
		text = r.values[0];
	const char *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
	size_t n = equals != NULL ? (size_t)(equals - text.data) : 0;
	if ((gives(&r) && r.n > 1) || attr_id(text.data, n) == ATTR_NONE) {
		complain_error(m, E_RULE, (struct subject){ATTR_NONE, text, line->where},
			"a name is one text like \"CN=\" & [cn]");
		return;
	}
	set_name(m, (struct value){text.data, n},
		(struct value){text.data + n + 1, text.len - n - 1}, line->where);
}

/* A key without an address ("X500:" of somebody who has no legacyExchangeDN) finds nobody. */
static bool usable_key(unsigned attr, struct value v)
{
	if (attr_syntax(attr) == SYNTAX_ADDRESS)
		address_split(v, NULL, &v);
	return !blank(v);
}

static void map_joins(struct mapping *m, const struct line *lines)
{
	struct desired *out = m->out;
	unsigned group = 0;

	for (const struct line *i = lines; i != NULL; i = i->next, group++) {
		struct expr_result r;
		if (!eval_or_complain(m, i, &r) || !gives(&r))
			continue;
		struct join_key *keys = arena_alloc(m->mem, (out->n_joins + r.n) * sizeof(*keys));
		for (unsigned k = 0; k < out->n_joins; k++)
			keys[k] = out->joins[k];
		for (unsigned k = 0; k < r.n; k++) {
			if (usable_key(i->attr, r.values[k]))
				keys[out->n_joins++] =
					(struct join_key){group, i->attr, r.values[k], i->where};
		}
		out->joins = keys;
	}
}

static int first_error(const struct desired *out, struct err *err)
{
	const struct complaint *c = out->complaints;

	while (c->warning)
		c++;
	return err_set(err, ERR_ENTRY, "%s: %s", c->code, c->text);
}

int rules_map(struct arena *mem, const struct rule *rule, const struct rules_env *env,
	const struct entry *source, struct desired *out, struct err *err)
{
	struct mapping m = {mem, env, with_ordered_values(mem, source), out, false};

	*out = (struct desired){
		.rule = rule, .attrs = arena_alloc(mem, rule->n_flows * sizeof(*out->attrs))};
	check_required(&m, rule);
	map_name(&m, rule->rdn);
	for (unsigned i = 0; i < rule->n_flows; i++)
		out->n += flow_value(&m, &rule->flows[i], &out->attrs[out->n]);
	map_joins(&m, rule->joins);
	validate(&m);
	return m.failed ? first_error(out, err) : 0;
}

int rules_check(struct arena *mem, const struct rules_env *env, const struct entry *source,
	struct desired *d, struct err *err)
{
	struct mapping m = {mem, env, source, d, false};
	struct attr *before = arena_alloc(mem, d->n * sizeof(*before));
	const unsigned n = d->n;

	for (unsigned i = 0; i < n; i++) {
		const struct wanted *w = &d->attrs[i];
		before[i] =
			(struct attr){w->attr, w->n, arena_alloc(mem, w->n * sizeof(*w->values))};
		if (w->n > 0)
			memcpy(before[i].values, w->values, w->n * sizeof(*w->values));
	}
	validate(&m);
	if (m.failed)
		return first_error(d, err);
	for (unsigned i = 0; i < n; i++) {
		const struct wanted *w = desired_get(d, before[i].id);
		const struct attr now = {
			before[i].id, w != NULL ? w->n : 0, w != NULL ? w->values : NULL};
		if (attr_equal(&before[i], &now))
			continue;
		if (d->n_complaints > 0)
			return err_set(err, ERR_ENTRY, "%s: %s", d->complaints[0].code,
				d->complaints[0].text);
		return err_set(err, ERR_ENTRY, "%s: not with these values", attr_name(now.id));
	}
	return 0;
}

unsigned rules_trace(struct arena *mem, const struct rule *rule, const struct rules_env *env,
	const struct entry *source, struct flow_trace **out)
{
	const struct entry *e = with_ordered_values(mem, source);
	unsigned n = 0;

	for (unsigned i = 0; i < rule->n_flows; i++) {
		for (const struct line *l = rule->flows[i].lines; l != NULL; l = l->next)
			n++;
	}
	*out = arena_zalloc(mem, n * sizeof(**out));
	struct flow_trace *t = *out;
	for (unsigned i = 0; i < rule->n_flows; i++) {
		bool decided = false;
		for (const struct line *l = rule->flows[i].lines; l != NULL; l = l->next, t++) {
			*t = (struct flow_trace){
				l->where, l->attr, l->mode, l->text, false, {0}, {0}};
			bool good = eval(mem, l, env, e, &t->result, &t->err) == 0;
			t->used = good && !decided && counts(&t->result);
			decided |= !good || decides(l->mode, &t->result);
		}
	}
	return n;
}
