#include "sync/commands.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/keys.h"
#include "sync/history.h"
#include "sync/object.h"

/* What of the journal is asked for. */
struct asking {
	struct setup setup;
	struct state *state;
	struct history out;
	struct arena *mem, *scratch;
	struct journal_head head; /* of the run of the last operation, in mem */
	struct err *err;
};

/* The name of a flow; one that the configuration has no more is known by the state. */
static const char *flow_name(struct asking *a, long long id)
{
	const char **names;
	struct flow_state known;
	struct err ignored;
	unsigned n = 0;

	if (state_flows(a->state, a->scratch, &names, &n, &ignored) < 0)
		return "?";
	for (unsigned i = 0; i < n; i++) {
		if (state_flow(a->state, names[i], &known, &ignored) == 0 && known.id == id)
			return names[i];
	}
	return "?";
}

static int show_run(struct asking *a, const struct run *r)
{
	struct journal_head head;
	int rc = state_journal(a->state, r->id, a->scratch, &head, a->err);

	if (rc >= 0)
		history_run(&a->out, a->scratch, flow_name(a, r->flow), r, rc == 1 ? &head : NULL);
	arena_reset(a->scratch);
	return rc < 0 ? -1 : 0;
}

/* flow -1: of all; run 0: all. The number of those that were shown. */
static int show_runs(struct asking *a, long long flow, long long run)
{
	struct run r;
	int rc = state_runs(a->state, flow, true, a->err), n = 0;

	while (rc == 0 && (rc = state_next_run(a->state, &r, a->err)) == 1) {
		rc = 0;
		if (run != 0 && r.id != run)
			continue;
		rc = show_run(a, &r);
		n++;
	}
	return rc < 0 ? -1 : n;
}

/* The next operation of one of whom (NULL: all), and when its run was. */
static int next_op(
	struct asking *a, const struct keys *whom, struct op *op, long long *flow, long long *when)
{
	struct op_row row;
	int rc;

	do {
		arena_reset(a->scratch);
		rc = state_next_op(a->state, a->scratch, &row, a->err);
		if (rc != 1)
			return rc;
	} while (whom != NULL && !keys_has(whom, entry_key(row.source)));
	if (row.run != a->head.run &&
		state_journal(a->state, row.run, a->mem, &a->head, a->err) < 0)
		return -1;
	*flow = row.flow;
	*when = row.when;
	return op_unpack(a->scratch, &row, a->head.base, op, a->err) < 0 ? -1 : 1;
}

/* whom: keys of source ids; NULL: all. */
static int show_ops(struct asking *a, long long run, const struct keys *whom)
{
	struct op op;
	long long flow, when;
	int rc = state_ops(a->state, run, false, a->err);

	while (rc == 0 && (rc = next_op(a, whom, &op, &flow, &when)) == 1) {
		history_op(&a->out, a->scratch, flow_name(a, flow), when, &a->head, &op);
		rc = 0;
	}
	return rc;
}

/* Who is meant: found in the journal, for it may be gone; else in the directories, where an address
 * may be that of somebody in one, and of his contact in another. */
static int find_whom(struct asking *a, const char *who, struct keys *whom)
{
	struct op op;
	struct object o;
	struct err ignored;
	long long flow, when;
	int rc = state_ops(a->state, 0, false, a->err);

	while (rc == 0 && (rc = next_op(a, NULL, &op, &flow, &when)) == 1) {
		rc = 0;
		if (history_about(a->scratch, &op, who))
			keys_put(whom, entry_key(op.source), 0);
	}
	const bool in_journal = whom->n > 0;
	for (unsigned i = 0; rc == 0 && !in_journal && i < a->setup.n; i++) {
		const struct flow *f = &a->setup.flows[i];
		if (object_find(f, a->state, who, a->mem, &o, &ignored) == 1 &&
			(o.in_source || o.linked))
			keys_put(whom, entry_key(o.id), 0);
	}
	if (rc == 0 && whom->n == 0)
		return err_set(a->err, ERR_FATAL,
			"%s: not in the journal, and no object in the source of any flow (a DN, "
			"mail, sAMAccountName, userPrincipalName or id is looked for)",
			who);
	return rc;
}

static int show_whom(struct asking *a, const char *who)
{
	struct keys whom;

	keys_init(&whom, 0, false);
	int rc = find_whom(a, who, &whom);
	a->out.with_run = true;
	if (rc == 0)
		rc = show_ops(a, 0, &whom);
	keys_free(&whom);
	return rc;
}

static void heading(struct asking *a, const char *text)
{
	if (a->out.report.format == REPORT_JSON)
		(void)fputs(text, a->out.report.out);
	a->out.begun = false;
}

static int show(struct asking *a, const char *what)
{
	struct flow_state known = {.id = -1};
	struct err ignored;
	long long run;
	int rc;

	if (what == NULL || setup_flow(&a->setup, what) != NULL) {
		if (what != NULL && state_flow(a->state, what, &known, a->err) < 0)
			return -1;
		heading(a, "{\"galway\":1,\"runs\":[");
		rc = show_runs(a, known.id, 0);
	} else if (run_number(what, &run, &ignored) == 0) {
		heading(a, "{\"galway\":1,\"runs\":[");
		rc = show_runs(a, -1, run);
		if (rc == 0)
			return err_set(a->err, ERR_FATAL, "run %lld: no such run", run);
		heading(a, "],\"operations\":[");
		rc = rc < 0 ? -1 : show_ops(a, run, NULL);
	} else {
		heading(a, "{\"galway\":1,\"operations\":[");
		rc = show_whom(a, what);
	}
	heading(a, "]}\n");
	return rc < 0 ? -1 : EXIT_GOOD;
}

int command_history(struct arena *mem, const struct request *q, struct err *err)
{
	struct asking a = {.out = {.report = {.format = q->format, .out = stdout}},
		.mem = mem,
		.scratch = arena_new(),
		.err = err};
	int code = -1;

	if (q->argc > 1)
		err_set(err, ERR_FATAL, "history: a flow, a run, or WHO");
	else if (q->format != REPORT_TEXT && q->format != REPORT_JSON)
		err_set(err, ERR_FATAL, "history: --format is text or json");
	else if (setup_load(mem, q->config, &a.setup, err) == 0 &&
		 state_open(a.setup.state, false, &a.state, err) == 0 &&
		 state_hold(a.state, err) == 0)
		code = show(&a, q->argc == 1 ? q->argv[0] : NULL);
	if (a.state != NULL)
		state_let_go(a.state);
	state_close(a.state);
	arena_free(a.scratch);
	return code;
}
