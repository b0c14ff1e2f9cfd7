#include "sync/commands.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "sync/attempt.h"
#include "sync/handover.h"
#include "sync/undo_invert.h"

/* Taking back what "set" wrote: the same side sets what was there before. */
struct setting_back {
	struct setup setup;
	struct state *state;
	struct journal_head head;
	struct attempt attempt;
	struct op op; /* the one of the run */
};

static int changed_since(const struct attempt *x, const char *what, struct err *err)
{
	return err_set(
		err, ERR_FATAL, "run %lld: changed since, left as it is: %s", x->undoes, what);
}

/* What was there before, of each attribute that still has what was written: all or nothing. */
static int want(struct setting_back *b, struct err *err)
{
	struct attempt *x = &b->attempt;
	const bool source = strcmp(x->as, x->o.flow->source) == 0;
	const struct entry *e = source ? &x->o.source : &x->o.target;
	struct change back = {.op = CHANGE_MODIFY};
	struct entry before;

	const char *changed = undo_mods(x->mem, &b->op.change, e, &back);
	if (changed != NULL)
		return changed_since(x, changed, err);
	entry_copy(x->mem, &before, e);
	change_apply(x->mem, &before, &back);
	x->want.attrs = arena_zalloc(x->mem, back.n * sizeof(*x->want.attrs));
	for (unsigned i = 0; i < back.n; i++) {
		const struct attr *a = entry_get(&before, back.mods[i].attr);
		x->want.attrs[x->want.n++] = (struct wanted){.attr = back.mods[i].attr,
			.n = a != NULL ? a->n : 0,
			.values = a != NULL ? a->values : NULL,
			.line = arena_printf(x->mem, "undo of run %lld", x->undoes)};
	}
	return 0;
}

/* The authority over an object goes back to the other side. */
static int hand_back(struct setting_back *b, bool write, struct err *err)
{
	struct attempt *x = &b->attempt;
	struct object *o = &x->o;
	const struct flow *f = o->flow;
	const bool source = o->in_source && value_same(o->source.id, b->op.target);
	const char *side = strcmp(x->as, f->source) == 0 ? f->target : f->source;
	const char *told = source ? f->source : f->target;
	struct change back = {.op = CHANGE_MODIFY};

	const char *changed =
		undo_mods(x->mem, &b->op.change, source ? &o->source : &o->target, &back);
	if (changed != NULL)
		return changed_since(x, changed, err);
	if (back.n == 0) {
		printf("%s: says already that it is %s's\n", told, side);
		return EXIT_GOOD;
	}
	if (write && handover(x->state, o, x->who, side, x->undoes, x->mem, &told, err) < 0)
		return -1;
	if (told != NULL)
		printf("%s: %s that it is %s's\n", told, write ? "told" : "would be told", side);
	return write ? EXIT_GOOD : EXIT_CHANGES;
}

/* The one operation of its run. */
static int find_op(struct setting_back *b, struct err *err)
{
	struct attempt *x = &b->attempt;
	struct op_row row;
	int rc = state_ops(b->state, x->undoes, false, err);

	if (rc == 0)
		rc = state_next_op(b->state, x->mem, &row, err);
	if (rc == 1)
		return op_unpack(x->mem, &row, b->head.base, &b->op, err);
	return rc < 0 ? -1
		      : err_set(err, ERR_FATAL,
				"run %lld: it wrote nothing, or is not in the journal any more",
				x->undoes);
}

static int find(struct setting_back *b, struct err *err)
{
	struct attempt *x = &b->attempt;
	struct flow *f;

	if (find_op(b, err) < 0 || run_flow(&b->setup, b->state, x->mem, x->undoes, &f, err) < 0)
		return -1;
	x->as = b->head.side;
	if (strcmp(x->as, f->source) != 0 && strcmp(x->as, f->target) != 0)
		return err_set(err, ERR_FATAL, "run %lld: %s is no side of flow %s any more",
			x->undoes, x->as, f->name);
	x->who = entry_id_text(x->mem, b->op.source);
	int rc = object_find(f, b->state, x->who, x->mem, &x->o, err);
	if (rc == 0)
		return err_set(err, ERR_FATAL, "run %lld: %s is not there any more", x->undoes,
			report_value(x->mem, b->op.change.name));
	return rc < 0 ? -1 : 0;
}

static int set_back(struct setting_back *b, const struct request *q, bool write, struct err *err)
{
	struct attempt *x = &b->attempt;
	struct report r = {.format = q->format, .out = stdout};

	if (q->approve != NULL || q->output != NULL ||
		(q->format != REPORT_TEXT && q->format != REPORT_JSON))
		return err_set(err, ERR_FATAL,
			"run %lld was asked for by a person: no --approve, no --output; --format "
			"is "
			"text or json",
			x->undoes);
	if (find(b, err) < 0)
		return -1;
	if (handover_wrote(x->o.flow, &b->op.change))
		return hand_back(b, write, err);
	if (want(b, err) < 0 || attempt_decide(x, err) < 0 ||
		(write && attempt_apply(x, err) < 0) || report_set(&r, x, err) < 0)
		return -1;
	if (x->step.n_denied > 0)
		return EXIT_PARTIAL;
	return x->step.write && !write ? EXIT_CHANGES : EXIT_GOOD;
}

int undo_set(struct arena *mem, const struct request *q, bool write, int *code, struct err *err)
{
	struct setting_back b = {.attempt = {.mem = mem, .undoes = q->options.undo}};
	int rc = -1;

	if (setup_load(mem, q->config, &b.setup, err) == 0 &&
		state_open(b.setup.state, write, &b.state, err) == 0)
		rc = state_journal(b.state, q->options.undo, mem, &b.head, err);
	if (rc == 1)
		rc = b.head.side != NULL;
	b.attempt.state = b.state;
	if (rc == 1)
		*code = set_back(&b, q, write, err);
	state_close(b.state);
	return rc;
}

/* As sync, with the plan that takes the run back; its flow follows from the journal. */
int command_undo(struct arena *mem, const struct request *q, struct err *err)
{
	struct request undo = *q;
	int code = -1;

	if (q->argc != 1)
		return err_set(err, ERR_FATAL, "undo: name one run (see \"galway history\")");
	if (run_number(q->argv[0], &undo.options.undo, err) < 0)
		return -1;
	undo.argc = 0;
	int rc = undo_set(mem, &undo, true, &code, err);
	return rc == 0 ? command_sync(mem, &undo, err) : code;
}
