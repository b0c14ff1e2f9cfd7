#include "sync/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/beside_json.h"

#define COLUMN 30

/* Where the objects go that are not the same. */
struct showing {
	struct arena *mem; /* per object */
	bool json, begun;
};

static void value_lines(struct arena *mem, const char *side, const struct attr *a)
{
	if (a == NULL || a->n == 0)
		printf("        %-7s (none)\n", side);
	for (unsigned i = 0; a != NULL && i < a->n; i++, side = "")
		printf("        %-7s %s\n", side, report_value(mem, a->values[i]));
}

/* Of an attribute that has many values on both sides only what the other does not have. */
static void show_attr(struct arena *mem, const struct attr_beside *a)
{
	struct attr only[2] = {{.id = a->attr}, {.id = a->attr}};
	const struct attr *sides[] = {a->theirs, a->ours};

	printf("    %s: %s\n", attr_name(a->attr), likeness_name(a->like));
	for (unsigned s = 0; s < 2; s++) {
		const struct attr *from = sides[s], *other = sides[1 - s];
		for (unsigned i = 0; from != NULL && i < from->n; i++) {
			bool both = false;
			for (unsigned k = 0; other != NULL && k < other->n; k++)
				both = both ||
				       value_equal(a->attr, from->values[i], other->values[k]);
			if (both)
				continue;
			struct value *more = arena_alloc(mem, (only[s].n + 1) * sizeof(*more));
			if (only[s].n > 0)
				memcpy(more, only[s].values, only[s].n * sizeof(*more));
			more[only[s].n++] = from->values[i];
			only[s].values = more;
		}
	}
	value_lines(mem, "theirs", &only[0]);
	value_lines(mem, "ours", &only[1]);
}

static void show_text(struct arena *mem, const struct beside *b)
{
	printf("%s: %s (they: %s, we: %s)\n", report_value(mem, b->name), likeness_name(b->like),
		b->theirs, b->ours);
	for (unsigned i = 0; i < b->n; i++) {
		if (b->attrs[i].like != LIKE_SAME)
			show_attr(mem, &b->attrs[i]);
	}
}

static void show(void *with, const struct beside *b)
{
	struct showing *s = with;

	if (s->json)
		beside_json_object(stdout, b, !s->begun);
	else
		show_text(s->mem, b);
	s->begun = true;
	arena_reset(s->mem);
}

static void count_line(const char *name, const struct beside_count *c)
{
	printf("%-*s", COLUMN, name);
	for (unsigned i = 0; i < N_LIKENESS; i++)
		printf(" %11lld", c->n[i]);
	putchar('\n');
}

static void show_sums(const struct showing *s, const struct beside_sums *sums,
	const struct plan *plan, const char *path)
{
	if (s->begun)
		putchar('\n');
	printf("%s: flow %s and %lld records%s%s\n\n", path, plan->flow->name, sums->records,
		sums->format[0] != '\0' ? " of " : "", sums->format);
	printf("%-*s", COLUMN, "");
	for (unsigned i = 0; i < N_LIKENESS; i++)
		printf(" %11s", likeness_name((enum likeness)i));
	putchar('\n');
	count_line("objects", &sums->objects);
	for (unsigned i = 0; i < sums->n_attrs; i++) {
		const struct beside_count *c = &sums->attrs[i];
		if (c->n[0] + c->n[1] + c->n[2] + c->n[3] > 0)
			count_line(attr_name(i), c);
	}
	if (sums->elsewhere > 0)
		printf("%lld entries of the file are outside of what the flow manages\n",
			sums->elsewhere);
	if (plan->summary.conflict + plan->summary.denied > 0)
		printf("ours: %lld in conflict, %lld denied: see \"galway diff --full %s\"\n",
			plan->summary.conflict, plan->summary.denied, plan->flow->name);
	puts(s->begun ? "not the same" : "the same");
}

static int compare_flow(const struct flow *f, struct state *state, const struct request *q,
	struct arena *mem, struct err *err)
{
	const struct flow_options options = {.full = true};
	struct showing s = {.mem = arena_new(), .json = q->format == REPORT_JSON};
	struct connector *target = NULL;
	struct beside_sums sums;
	struct plan plan;
	struct err ignored;
	int rc = flow_plan(f, state, &options, mem, &plan, err);

	if (rc == 0)
		rc = connector_open(f->target_config, &target, err);
	if (rc == 0 && s.json)
		beside_json_begin(stdout, f->name);
	if (rc == 0)
		rc = beside_compare(&plan, target, q->argv[0], mem, show, &s, &sums, err);
	if (rc == 0 && s.json)
		beside_json_end(stdout, &sums, &plan.summary);
	else if (rc == 0)
		show_sums(&s, &sums, &plan, q->argv[0]);
	(void)connector_close(target, &ignored);
	if (rc == 0)
		rc = s.begun                                           ? EXIT_CHANGES
		     : plan.summary.conflict + plan.summary.denied > 0 ? EXIT_PARTIAL
								       : EXIT_GOOD;
	plan_free(&plan);
	arena_free(s.mem);
	return rc;
}

int command_compare(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	struct state *state = NULL;
	struct flow **flows;
	unsigned n;
	int rc = -1;

	if (q->argc < 1 || q->argc > 2)
		return err_set(err, ERR_FATAL,
			"compare: name a file of mmsml, csexport or DSML, and perhaps a flow");
	if (q->format != REPORT_TEXT && q->format != REPORT_JSON)
		return err_set(err, ERR_FATAL, "compare: --format is text or json");
	if (setup_load(mem, q->config, &setup, err) < 0 ||
		flows_named(&setup, q->argc - 1, q->argv + 1, mem, &flows, &n, err) < 0)
		return -1;
	if (n != 1)
		return err_set(err, ERR_FATAL, "compare: name one flow");
	if (state_open(setup.state, false, &state, err) == 0)
		rc = compare_flow(flows[0], state, q, mem, err);
	state_close(state);
	return rc;
}
