#include "sync/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/filter.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/object.h"
#include "sync/undone.h"

/* One object, gate by gate: the first that stops it is the last that is told. */
struct explaining {
	struct setup setup;
	const struct flow *flow;
	struct state *state;
	struct arena *mem;
	struct entry e;
	struct object o; /* whose it is */
	const struct rule *rule;
	struct desired desired;
};

static const char *show(const struct explaining *x, struct value v)
{
	return report_value(x->mem, v);
}

/* Scopes may ask about groups in groups. */
static int learn(const struct explaining *x, struct connector *source, struct err *err)
{
	struct gather g = {.flow = x->flow, .source = source, .scratch = arena_new()};
	int rc = gather_learn(&g, err);

	arena_free(g.scratch);
	return rc;
}

static int find(struct explaining *x, const char *who, struct err *err)
{
	struct connector *c = NULL;
	struct err ignored;
	int rc = connector_open(x->flow->source_config, &c, err);

	if (rc == 0)
		rc = flow_find(c, who, x->mem, &x->e, err);
	if (rc > 0 && connector_more(c, &x->flow->reads, x->mem, &x->e, err) < 0)
		rc = -1;
	if (rc == 0)
		rc = err_set(err, ERR_FATAL,
			"%s: no such object in %s (a DN, mail, sAMAccountName, userPrincipalName "
			"or id is looked for)",
			who, x->flow->source);
	if (rc > 0)
		rc = learn(x, c, err);
	(void)connector_close(c, &ignored);
	if (rc < 0)
		return -1;
	printf("object   %s\n         id %s, found in source %s\n", show(x, x->e.name),
		entry_id_text(x->mem, x->e.id), x->flow->source);
	return 0;
}

static void show_filter(const char *before, const struct filter *f, const char *after)
{
	struct buf b = {0};

	filter_print(&b, f);
	printf("%s%s%s\n", before, b.data != NULL ? b.data : "", after);
	buf_free(&b);
}

/* Which rule takes it (1), or why each of them does not (0). */
static int explain_scope(struct explaining *x, struct err *err)
{
	const char *why = NULL;

	if (object_excluded(x->flow, x->state, &x->e, &why, err) < 0)
		return -1;
	if (why != NULL) {
		printf("scope    excluded: %s\n", why);
		return 0;
	}
	x->rule = rules_scope(x->flow->rules, &x->e);
	for (unsigned i = 0; i < rules_count(x->flow->rules); i++) {
		const struct rule *rule = rules_at(x->flow->rules, i);
		if (rule == x->rule) {
			printf("scope    rule %s takes it\n", rule_name(rule));
			return 1;
		}
		const struct filter *failed = filter_failed(rule_scope(rule), &x->e);
		printf("scope    not rule %s: ", rule_name(rule));
		if (failed != NULL)
			show_filter("", failed, " does not hold");
		else
			printf("it is under \"never\"\n");
	}
	printf("scope    no rule takes it\n");
	return 0;
}

static void show_values(const struct explaining *x, const struct expr_result *r)
{
	struct buf b = {0};

	expr_print(&b, r);
	while (b.len > 0 && b.data[b.len - 1] == '\n')
		b.len--;
	char *text = arena_copy(x->mem, b.data != NULL ? b.data : "", b.len);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		printf("             = %s\n", show(x, value_of(line)));
	buf_free(&b);
}

static void explain_lines(struct explaining *x)
{
	static const char *const modes[] = {
		[FLOW_ALWAYS] = "", [FLOW_ADD] = " add", [FLOW_MERGE] = " merge"};
	struct flow_trace *t;
	unsigned n = rules_trace(x->mem, x->rule, &x->flow->env, &x->e, &t);

	for (unsigned i = 0; i < n; i++) {
		printf("line     %s%s = %s  [%s] %s, authority %s (%s)\n", attr_name(t[i].attr),
			modes[t[i].mode], t[i].text, t[i].line, t[i].used ? "used" : "not used",
			object_authority(&x->o, t[i].attr), object_why(&x->o, t[i].attr));
		if (t[i].err.kind != ERR_NONE)
			printf("             error: %s\n", t[i].err.text);
		else
			show_values(x, &t[i].result);
	}
}

/* What the rules and the validators make of it. */
static void explain_map(struct explaining *x)
{
	struct err err = {0};

	int rc = rules_map(x->mem, x->rule, &x->flow->env, &x->e, &x->desired, &err);
	explain_lines(x);
	for (unsigned i = 0; i < x->desired.n_complaints; i++) {
		const struct complaint *c = &x->desired.complaints[i];
		printf("%s %s: %s\n", c->warning ? "warning " : "error   ", c->code, c->text);
	}
	if (rc < 0)
		printf("invalid  %s\n", err.text);
	if (x->desired.rdn.len > 0)
		printf("name     %s\n", show(x, x->desired.rdn));
}

static bool holds_key(const struct entry *e, const struct join_key *j)
{
	const struct attr *a = entry_get(e, j->attr);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (join_hash(j->attr, a->values[i]) == join_hash(j->attr, j->value))
			return true;
	}
	return false;
}

/* Each key with the target entries that have it. */
static int explain_joins(struct explaining *x, struct err *err)
{
	const struct query all = {.kind = QUERY_ALL};
	struct arena *scratch = arena_new();
	struct connector *c = NULL;
	struct entry e;
	struct err ignored;
	const struct desired *d = &x->desired;
	struct buf *found = arena_zalloc(x->mem, (d->n_joins + 1) * sizeof(*found));
	int rc = d->n_joins == 0 ? 1 : connector_open(x->flow->target_config, &c, err);

	if (rc == 0)
		rc = connector_read(c, &all, err);
	while (rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		for (unsigned i = 0; i < d->n_joins; i++) {
			if (holds_key(&e, &d->joins[i]))
				buf_printf(&found[i], "             candidate %s\n",
					report_value(scratch, e.name));
		}
		arena_reset(scratch);
		rc = 0;
	}
	(void)connector_close(c, &ignored);
	arena_free(scratch);
	for (unsigned i = 0; i < d->n_joins; i++) {
		printf("join     group %u: %s = %s  [%s]\n%s", d->joins[i].group + 1,
			attr_name(d->joins[i].attr), show(x, d->joins[i].value), d->joins[i].line,
			found[i].len > 0 ? found[i].data : "             no candidate\n");
		buf_free(&found[i]);
	}
	return rc < 0 ? -1 : 0;
}

/* What was put back, and may be frozen for that. */
static void explain_undone(const struct explaining *x)
{
	static const char *const words[] = {[1] = "once",
		[2] = "2 times",
		[3] = "3 times: the next change is left alone",
		[UNDONE_FROZEN] = "3 times, and changed again: frozen"};
	const struct flow *f = x->flow;

	for (unsigned i = 0; i <= f->writes.n; i++) {
		const unsigned attr = i < f->writes.n ? i : attr_named("distinguishedName");
		const unsigned n = undone_times(f, &x->o.link, attr, f->env.now);
		if ((i == f->writes.n || attr_set_has(&f->writes, i)) && n > 0 &&
			n <= UNDONE_FROZEN)
			printf("undone   %s was changed in %s and put back %s\n", attr_name(attr),
				f->target, words[n]);
	}
}

static int explain_link(struct explaining *x, struct err *err)
{
	struct object *o = &x->o;

	if (object_of(x->flow, x->state, &x->e, x->mem, o, err) < 0)
		return -1;
	if (o->linked)
		printf("link     to %s\n", entry_id_text(x->mem, o->link.target));
	else
		printf("link     none\n");
	printf("object   authority %s (%s)\n", object_authority(o, ATTR_NONE),
		object_why(o, ATTR_NONE));
	if (o->linked)
		explain_undone(x);
	return 0;
}

/* The plan for this object alone: the same planner as diff's. */
static int explain_step(struct explaining *x, struct err *err)
{
	const char *who = entry_id_text(x->mem, x->e.id);
	const struct flow_options options = {.full = true, .object = who};
	struct report r = {.format = REPORT_TEXT,
		.out = stdout,
		.colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL};
	struct plan plan;
	int rc = -1;

	if (flow_plan(x->flow, x->state, &options, x->mem, &plan, err) == 0) {
		const struct summary *s = &plan.summary;
		if (s->add + s->modify + s->rename + s->remove + s->link + s->forget + s->conflict +
				s->denied ==
			0)
			printf("step     none (case %d)\n", x->rule != NULL ? 9 : 1);
		rc = report_text(&r, &plan, NULL, err);
	}
	plan_free(&plan);
	return rc;
}

static int explain(struct explaining *x, const char *who, struct err *err)
{
	int taken = 0;

	if (find(x, who, err) < 0 || explain_link(x, err) < 0 ||
		(taken = explain_scope(x, err)) < 0)
		return -1;
	if (taken == 1) {
		explain_map(x);
		if (explain_joins(x, err) < 0)
			return -1;
	}
	return explain_step(x, err) < 0 ? -1 : EXIT_GOOD;
}

/* In each flow that has the object in its source: all of them, or the one that is named. */
static int explain_flows(
	struct explaining *x, int argc, char **flow, const char *who, struct err *err)
{
	struct flow **flows;
	unsigned n, shown = 0;
	int rc = flows_named(&x->setup, argc, flow, x->mem, &flows, &n, err);

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		if (argc == 0 && (rc = source_find(flows[i], who, x->mem, &x->e, err)) <= 0)
			continue;
		*x = (struct explaining){
			.setup = x->setup, .state = x->state, .mem = x->mem, .flow = flows[i]};
		if (n > 1)
			printf("%sflow     %s\n", shown > 0 ? "\n" : "", x->flow->name);
		shown++;
		rc = explain(x, who, err);
	}
	if (rc == 0 && argc == 0 && shown == 0)
		return nobody_found(who, err);
	return rc < 0 ? -1 : EXIT_GOOD;
}

int command_explain(struct arena *mem, const struct request *q, struct err *err)
{
	struct explaining x = {.mem = mem};
	int code = -1;

	if (q->argc != 1 && q->argc != 2)
		return err_set(err, ERR_FATAL,
			"explain: an object's DN, mail, sAMAccountName, userPrincipalName or id, "
			"and before it the flow, if it is one of several");
	if (setup_load(mem, q->config, &x.setup, err) == 0 &&
		state_open(x.setup.state, false, &x.state, err) == 0)
		code = explain_flows(&x, q->argc - 1, q->argv, q->argv[q->argc - 1], err);
	state_close(x.state);
	return code;
}
