#include "sync/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "sync/files.h"
#include "sync/guard.h"

/* diff and sync: the same plan, shown, or judged, applied and shown. */
struct session {
	struct setup setup;
	struct state *state;
	struct flow **flows;
	unsigned n;
	struct report report;
	char *partial; /* the file that becomes --output, NULL: stdout */
	const struct request *request;
};

/* The report goes into a new file beside the named one and takes its place when it is whole. */
static int open_output(
	struct session *s, struct arena *mem, const struct request *q, struct err *err)
{
	s->report = (struct report){.format = q->format, .out = stdout};
	s->report.colour = q->output == NULL && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	if (q->output == NULL)
		return 0;
	/* The rename would take the place of a device, too: of /dev/null, for everybody. */
	struct stat there;
	if (lstat(q->output, &there) == 0 && !S_ISREG(there.st_mode))
		return err_set(err, ERR_FATAL, "--output %s: not a regular file", q->output);
	const char *use = files_use(mem, &s->setup, q->config, q->output);
	if (use != NULL)
		return err_set(err, ERR_FATAL, "--output %s: not over %s", q->output, use);
	if (asprintf(&s->partial, "%s.XXXXXX", q->output) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	int fd = mkstemp(s->partial);
	s->report.out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (s->report.out == NULL) {
		free(s->partial);
		s->partial = NULL;
		return err_set(err, ERR_FATAL, "%s: %s", q->output, strerror(errno));
	}
	return 0;
}

static int close_output(struct session *s, struct err *err)
{
	int rc = report_end(&s->report, err);

	if (s->partial == NULL)
		return rc;
	if (fclose(s->report.out) != 0 && rc == 0)
		rc = err_set(err, ERR_BUSY, "%s: %s", s->request->output, strerror(errno));
	s->report.out = NULL;
	if (rc == 0 && rename(s->partial, s->request->output) < 0)
		rc = err_set(err, ERR_FATAL, "%s: %s", s->request->output, strerror(errno));
	return rc;
}

/* Of several flows those that have the object in their source: it is an error only if none has it.
 * A source that cannot be read may have it. */
static int keep_having(struct session *s, const char *who, struct arena *mem, struct err *err)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct entry e;
		struct err ignored;
		if (source_find(s->flows[i], who, mem, &e, &ignored) != 0)
			s->flows[kept++] = s->flows[i];
	}
	s->n = kept;
	if (kept == 0)
		return err_set(err, ERR_FATAL,
			"%s: no such object in the source of any flow (a DN, mail, sAMAccountName "
			"or id is looked for)",
			who);
	return 0;
}

static int open_session(
	struct session *s, struct arena *mem, const struct request *q, bool write, struct err *err)
{
	*s = (struct session){.request = q};
	if (setup_load(mem, q->config, &s->setup, err) < 0 ||
		flows_named(&s->setup, q->argc, q->argv, mem, &s->flows, &s->n, err) < 0 ||
		state_open(s->setup.state, write, &s->state, err) < 0)
		return -1;
	if (q->options.object != NULL && s->n > 1 &&
		keep_having(s, q->options.object, mem, err) < 0)
		return -1;
	if (open_output(s, mem, q, err) < 0)
		return -1;
	report_begin(&s->report);
	return 0;
}

static void close_session(struct session *s)
{
	state_close(s->state);
	if (s->report.out != NULL && s->report.out != stdout)
		(void)fclose(s->report.out);
	if (s->partial != NULL)
		(void)unlink(s->partial);
	free(s->partial);
}

static bool has_changes(const struct summary *s)
{
	return s->add + s->modify + s->rename + s->remove + s->link + s->forget > 0;
}

static int needs_look(const struct summary *s)
{
	return s->conflict + s->denied + s->failed > 0 ? EXIT_PARTIAL : EXIT_GOOD;
}

static int diff_flow(struct session *s, const struct flow *flow, struct arena *mem, struct err *err)
{
	struct plan plan;
	int code = -1;

	if (flow_plan(flow, s->state, &s->request->options, mem, &plan, err) == 0 &&
		report_flow(&s->report, &plan, NULL, err) == 0)
		code = has_changes(&plan.summary) ? EXIT_CHANGES : needs_look(&plan.summary);
	plan_free(&plan);
	return code;
}

/* The plan is refused unless a person approved it: this one and no other. 1: go. */
static int judge(const struct session *s, struct plan *plan, struct err *err)
{
	const struct guard_facts facts = {.plan = plan->summary,
		.sources = plan->sources,
		.links = plan->links,
		.sources_before = plan->known.sources,
		.full = plan->full,
		.rules_changed = plan->known.epoch != plan->flow->epoch,
		.first = plan->known.sources < 0 && plan->links == 0,
		.other = plan->other,
		.max_deletes = plan->flow->max_deletes,
		.max_percent = plan->flow->max_percent,
		.max_shrink = plan->flow->max_shrink};
	const char *approve = s->request->approve;
	char reasons[GUARD_MAX][200], digest[65];
	unsigned n = guard_check(&facts, reasons);

	if (n == 0 && approve == NULL)
		return 1;
	if (plan_digest(plan, digest, err) < 0)
		return -1;
	if (approve != NULL && strcmp(approve, digest) == 0)
		return 1;
	if (approve != NULL)
		log_error("flow %s: --approve: the plan is not the one that was approved; it is "
			  "now %s",
			plan->flow->name, digest);
	for (unsigned i = 0; i < n; i++)
		log_error(
			"flow %s: refused, nothing was written: %s", plan->flow->name, reasons[i]);
	const char *full = plan->full ? "--full " : "", *name = plan->flow->name;
	log_error("flow %s: look at it with \"galway diff %s%s\"; to do exactly this, once: "
		  "galway sync %s--approve %s %s",
		name, full, name, full, digest, name);
	return 0;
}

static int apply_and_report(
	struct session *s, struct plan *plan, struct arena *mem, struct err *err)
{
	struct applied applied;
	int code = -1;

	if (flow_apply(plan, s->state, mem, &applied, err) == 0 &&
		report_flow(&s->report, plan, &applied, err) == 0)
		code = needs_look(&applied.summary);
	applied_free(&applied);
	return code;
}

static int sync_flow(struct session *s, const struct flow *flow, struct arena *mem, struct err *err)
{
	struct plan plan;
	int code = -1;

	if (flow_plan(flow, s->state, &s->request->options, mem, &plan, err) == 0) {
		int go = judge(s, &plan, err);
		if (go == 1)
			code = apply_and_report(s, &plan, mem, err);
		else if (go == 0 && report_flow(&s->report, &plan, NULL, err) == 0)
			code = EXIT_REFUSED;
	}
	plan_free(&plan);
	return code;
}

/* Flow by flow; one that fails does not keep the others from running. */
static int run_flows(struct session *s, struct arena *mem,
	int (*one)(struct session *, const struct flow *, struct arena *, struct err *))
{
	int code = EXIT_GOOD;

	for (unsigned i = 0; i < s->n; i++) {
		struct err err = {0};
		int flow_code = one(s, s->flows[i], mem, &err);
		if (flow_code < 0) {
			log_error("%s", err.text);
			flow_code = exit_of(&err);
		}
		code = exit_worse(code, flow_code);
	}
	return code;
}

int command_diff(struct arena *mem, const struct request *q, struct err *err)
{
	struct session s;
	int code = open_session(&s, mem, q, false, err);

	if (code == 0) {
		code = run_flows(&s, mem, diff_flow);
		if (close_output(&s, err) < 0)
			code = -1;
	}
	close_session(&s);
	return code;
}

/* With --if-due: has every flow run well within the interval? */
static bool due(const struct session *s)
{
	long long now = (long long)time(NULL);
	struct flow_state known;
	struct err ignored;

	for (unsigned i = 0; i < s->n; i++) {
		if (state_flow(s->state, s->flows[i]->name, &known, &ignored) < 0 ||
			now - known.last_good >= s->setup.interval || known.last_good > now)
			return true;
	}
	return false;
}

int command_sync(struct arena *mem, const struct request *q, struct err *err)
{
	struct session s;
	int code;

	/* Whoever reads the report may go away: the other flows run all the same. */
	(void)signal(SIGPIPE, SIG_IGN);
	code = open_session(&s, mem, q, true, err);
	if (code == 0 && q->approve != NULL && s.n != 1)
		code = err_set(err, ERR_FATAL, "--approve is for one flow: name it");
	s.report.brief = !q->format_given;
	if (code == 0) {
		if (!q->if_due || due(&s))
			code = run_flows(&s, mem, sync_flow);
		if (close_output(&s, err) < 0)
			code = -1;
	}
	close_session(&s);
	return code;
}
