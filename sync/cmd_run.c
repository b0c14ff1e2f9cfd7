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
#include "base/progress.h"
#include "sync/deadline.h"
#include "sync/files.h"
#include "sync/mail.h"
#include "sync/metrics.h"
#include "sync/ruling.h"
#include "sync/saved.h"
#include "sync/shell.h"
#include "sync/stopped.h"

/* diff and sync: the same plan, shown, or judged, applied and shown. */
struct session {
	struct setup setup;
	struct state *state;
	struct flow **flows;
	unsigned n;
	struct report report;
	char *partial; /* the file that becomes --output, NULL: stdout */
	const struct request *request;
	const struct saved *saved; /* --plan; NULL */
	struct mail *mail;         /* sync: NULL: none */
	struct ruling ruling;      /* on the flow that is being reported */
	struct run run;            /* of the flow that is being done, as far as it came */
};

static int check_path(const struct session *s, struct arena *mem, const char *option,
	const char *path, struct err *err)
{
	return files_free(mem, &s->setup, s->request->config, option, path, err);
}

/* The report goes into a new file beside the named one and takes its place when it is whole. */
static int open_output(
	struct session *s, struct arena *mem, const struct request *q, struct err *err)
{
	s->report = (struct report){.format = q->format, .out = stdout};
	s->report.colour = q->output == NULL && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	if (q->output == NULL)
		return 0;
	if (check_path(s, mem, "--output", q->output, err) < 0)
		return -1;
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
		return nobody_found(who, err);
	return 0;
}

/* The flows that are asked for; of an undo, that of its run. */
static int choose_flows(struct session *s, struct arena *mem, struct err *err)
{
	const struct request *q = s->request;

	if (q->options.undo == 0)
		return flows_named(&s->setup, q->argc, q->argv, mem, &s->flows, &s->n, err);
	if (q->argc > 0 || q->options.full || q->options.object != NULL || q->options.skip != 0)
		return err_set(err, ERR_FATAL, "--undo: all of one run; no flow, no other choice");
	s->n = 1;
	s->flows = arena_alloc(mem, sizeof(*s->flows));
	return run_flow(&s->setup, s->state, mem, q->options.undo, &s->flows[0], err);
}

static void open_log(const struct setup *setup)
{
	struct err err = {0};

	if (log_to(setup->log, &err) < 0)
		log_warn("%s: log: %s: messages go to standard error",
			config_where(setup->config, "log"), err.text);
}

static int open_session(
	struct session *s, struct arena *mem, const struct request *q, bool write, struct err *err)
{
	*s = (struct session){.request = q};
	if (setup_load(mem, q->config, &s->setup, err) < 0)
		return -1;
	progress_start();
	if (write)
		open_log(&s->setup);
	if (state_open(s->setup.state, write, &s->state, err) < 0 || choose_flows(s, mem, err) < 0)
		return -1;
	if (q->options.object != NULL && s->n > 1 &&
		keep_having(s, q->options.object, mem, err) < 0)
		return -1;
	if (open_output(s, mem, q, err) < 0)
		return -1;
	s->report.state = s->state;
	s->report.ruling = &s->ruling;
	s->report.book = &s->setup.book;
	report_begin(&s->report);
	return 0;
}

/* A mail server that takes its time holds nothing up. */
static void close_session(struct session *s)
{
	state_close(s->state);
	s->state = NULL;
	if (s->report.out != NULL && s->report.out != stdout)
		(void)fclose(s->report.out);
	if (s->partial != NULL)
		(void)unlink(s->partial);
	free(s->partial);
}

static int needs_look(const struct summary *s)
{
	return s->conflict + s->denied + s->failed > 0 ? EXIT_PARTIAL : EXIT_GOOD;
}

static int diff_flow(struct session *s, const struct flow *flow, struct arena *mem, struct err *err)
{
	const char *save = s->request->save;
	struct plan plan;
	int code = -1;

	if (flow_plan(flow, s->state, &s->request->options, mem, &plan, err) == 0 &&
		ruling_of(&plan, s->state, &s->ruling, err) == 0 &&
		(save == NULL || saved_write(save, &plan, &s->request->options, err) == 0) &&
		report_flow(&s->report, &plan, NULL, err) == 0)
		code = summary_writes(&plan.summary) ? EXIT_CHANGES : needs_look(&plan.summary);
	plan_free(&plan);
	return code;
}

/* What was saved is not what would be done now. */
static int stale(const struct session *s, struct plan *plan, struct err *err)
{
	long long n = saved_differ(s->saved, plan, err);

	if (n < 0)
		return -1;
	log_error("flow %s: refused, nothing was written: --plan %s: it is not what would be done "
		  "now: %lld step%s differ%s; look at it and save it again",
		plan->flow->name, s->saved->path, n, n == 1 ? "" : "s",
		n == 0 ? ", but a run was made since, the rules are others, or who goes was edited"
		       : "");
	return 0;
}

static void tell_approval(const struct session *s, const struct plan *plan, const char *digest)
{
	struct arena *mem = arena_new();
	const char *flow =
		plan->undoes != 0 ? "" : arena_printf(mem, "flow %s: ", plan->flow->name);

	log_error("%slook at it with \"%s\"; to do exactly this, once: %s", flow,
		shell_diff(mem, s->request, plan), shell_approve(mem, s->request, plan, digest));
	arena_free(mem);
}

/* The plan is refused unless a person approved it: this one and no other. 1: go. */
static int judge(struct session *s, struct plan *plan, struct err *err)
{
	const char *approve = s->request->approve;
	const struct ruling *ruling = &s->ruling;
	char digest[65];

	if (ruling_of(plan, s->state, &s->ruling, err) < 0)
		return -1;
	if (ruling->n == 0 && approve == NULL)
		return 1;
	if (plan_digest(plan, digest, err) < 0)
		return -1;
	if (approve != NULL && strcmp(approve, digest) == 0 && !ruling->final)
		return 1;
	if (s->saved != NULL && !ruling->final)
		return stale(s, plan, err);
	if (approve != NULL && !ruling->final)
		log_error("flow %s: --approve: the plan is not the one that was approved; it is "
			  "now %s",
			plan->flow->name, digest);
	for (unsigned i = 0; i < ruling->n; i++)
		log_error("flow %s: refused, nothing was written: %s", plan->flow->name,
			ruling->reasons[i]);
	if (ruling->final)
		return 0;
	tell_approval(s, plan, digest);
	return 0;
}

static int apply_and_report(
	struct session *s, struct plan *plan, struct arena *mem, struct err *err)
{
	struct applied applied;
	int code = -1;

	const int rc = flow_apply(plan, s->state, mem, &applied, err);
	s->run.id = applied.run;
	if (rc == 0) {
		s->run.finished = applied.finished;
		mail_flow(s->mail, plan, &applied, &s->ruling);
		if (report_flow(&s->report, plan, &applied, err) == 0)
			code = needs_look(&applied.summary);
	}
	applied_free(&applied);
	return code;
}

/* Where the flow is named anyway. */
static const char *without_flow(const char *text, const char *flow)
{
	const size_t len = strlen(flow);

	return strncmp(text, "flow ", 5) == 0 && strncmp(text + 5, flow, len) == 0 &&
			       strncmp(text + 5 + len, ": ", 2) == 0
		       ? text + 5 + len + 2
		       : text;
}

/* The history tells also what came to nothing. That it cannot be told changes nothing of it. */
static void tell_stopped(struct session *s, const struct flow *flow, struct arena *mem, int code,
	const struct err *err)
{
	const struct ruling *r = &s->ruling;
	const char *why = r->n > 0 ? r->reasons[0] : "it is not the plan that was approved";
	struct err ignored;

	for (unsigned i = 1; i < r->n; i++)
		why = arena_printf(mem, "%s; %s", why, r->reasons[i]);
	s->run.exit = code < 0 ? exit_of(err) : code;
	s->run.error = code >= 0 ? why : without_flow(err->text, flow->name);
	(void)stopped_put(s->state, flow->name, &s->run, &ignored);
}

static int sync_flow(struct session *s, const struct flow *flow, struct arena *mem, struct err *err)
{
	struct plan plan;
	int code = -1;

	s->run = (struct run){.started = (long long)time(NULL)};
	if (flow_plan(flow, s->state, &s->request->options, mem, &plan, err) == 0) {
		s->run.full = plan.full;
		s->run.read = plan.summary.read;
		int go = judge(s, &plan, err);
		if (go == 1)
			code = apply_and_report(s, &plan, mem, err);
		if (go == 0) {
			mail_flow(s->mail, &plan, NULL, &s->ruling);
			if (report_flow(&s->report, &plan, NULL, err) == 0)
				code = EXIT_REFUSED;
		}
	}
	plan_free(&plan);
	if (s->run.finished == 0)
		tell_stopped(s, flow, mem, code, err);
	return code;
}

/* An error that keeps nothing else from being done. */
static int tell_error(struct session *s, int code, const struct err *err)
{
	log_error("%s", err->text);
	mail_error(s->mail, err->text);
	return exit_worse(code, exit_of(err));
}

/* Flow by flow; one that fails does not keep the others from running. */
static int run_flows(struct session *s, struct arena *mem,
	int (*one)(struct session *, const struct flow *, struct arena *, struct err *))
{
	int code = EXIT_GOOD;

	for (unsigned i = 0; i < s->n; i++) {
		struct err err = {0};
		log_flow(s->flows[i]->name);
		int flow_code = one(s, s->flows[i], mem, &err);
		if (flow_code < 0)
			report_stopped(&s->report, s->flows[i]->name, exit_of(&err),
				without_flow(err.text, s->flows[i]->name));
		code = flow_code < 0 ? tell_error(s, code, &err) : exit_worse(code, flow_code);
	}
	log_flow(NULL);
	return code;
}

int command_diff(struct arena *mem, const struct request *q, struct err *err)
{
	struct session s;
	int code = -1;

	if (q->options.undo != 0 && q->save == NULL && undo_set(mem, q, false, &code, err) != 0)
		return code;
	code = open_session(&s, mem, q, false, err);
	if (code == 0 && q->save != NULL && (s.n != 1 || q->options.undo != 0))
		code = err_set(err, ERR_FATAL, "--save is for one flow, and no undo: name it");
	if (code == 0 && q->save != NULL)
		code = check_path(&s, mem, "--save", q->save, err);
	if (code == 0 && q->save != NULL && q->output != NULL && files_same(q->save, q->output))
		code = err_set(err, ERR_FATAL, "--save %s: --output names the same file", q->save);
	if (code == 0) {
		code = run_flows(&s, mem, diff_flow);
		if (close_output(&s, err) < 0)
			code = -1;
	}
	close_session(&s);
	return code;
}

static void tell_held(struct session *s, const char *flow, long long since)
{
	struct err held;

	(void)err_set(&held, ERR_FATAL,
		"flow %s: held since %s, when a run was undone: \"galway sync %s\" goes on", flow,
		time_local(since, (char[TIME_ROOM]){0}), flow);
	log_error("%s", held.text);
	mail_error(s->mail, held.text);
}

/* With --if-due: after an undo a timer does not do again what was undone; somebody has to. */
static int leave_held(struct session *s)
{
	struct flow_state known;
	struct err ignored;
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct flow *f = s->flows[i];
		if (state_flow(s->state, f->name, &known, &ignored) < 0 || known.held == 0)
			s->flows[kept++] = f;
		else
			tell_held(s, f->name, known.held);
	}
	bool held = kept < s->n;
	s->n = kept;
	return held ? EXIT_REFUSED : EXIT_GOOD;
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

/* With --plan the flow and the options are those of the file, and its digest is approved. */
static int use_saved(struct arena *mem, const struct request *q, struct saved *saved,
	struct request *mine, struct err *err)
{
	const struct flow_options *o = &q->options;

	*mine = *q;
	if (q->plan == NULL)
		return 0;
	if (q->argc > 0 || q->approve != NULL || q->if_due || o->full || o->skip != 0 ||
		o->object != NULL)
		return err_set(err, ERR_FATAL,
			"--plan: the flow and the options are in the file: name no others");
	if (saved_read(mem, q->plan, saved, err) < 0)
		return -1;
	mine->options = saved->options;
	mine->approve = saved->digest;
	mine->argc = 1;
	mine->argv = arena_alloc(mem, sizeof(*mine->argv));
	mine->argv[0] = arena_strdup(mem, saved->flow);
	return 0;
}

/* Before anything else, and by a mail of its own: who is killed at each run's end would never send
 * one. */
static void tell_left(struct session *s, struct arena *mem)
{
	const char *text = stopped_left(s->state, mem);

	if (text == NULL)
		return;
	log_error("%s", text);
	mail_left(&s->setup, mem, text);
}

int command_sync(struct arena *mem, const struct request *given, struct err *err)
{
	struct saved saved;
	struct request request, *q = &request;
	struct session s = {.state = NULL};
	int code;

	/* Whoever reads the report may go away: the other flows run all the same. */
	(void)signal(SIGPIPE, SIG_IGN);
	code = use_saved(mem, given, &saved, q, err);
	if (code == 0) {
		code = open_session(&s, mem, q, true, err);
		s.mail = mail_new(mem, &s.setup, s.state);
	}
	if (code == 0)
		tell_left(&s, mem);
	s.saved = q->plan != NULL ? &saved : NULL;
	if (code == 0 && q->approve != NULL && s.n != 1)
		code = err_set(err, ERR_FATAL, "--approve is for one flow: name it");
	s.report.brief = !q->format_given;
	s.report.quiet = s.report.brief && q->quiet;
	if (code == 0 && s.setup.metrics != NULL)
		code = check_path(&s, mem, "metrics", s.setup.metrics, err);
	if (code == 0) {
		deadline_start(s.setup.deadline);
		int held = q->if_due ? leave_held(&s) : EXIT_GOOD;
		if (!q->if_due || due(&s))
			code = run_flows(&s, mem, sync_flow);
		code = exit_worse(code, held);
		if (s.setup.metrics != NULL &&
			metrics_write(s.setup.metrics, &s.setup, s.state, mem, err) < 0)
			code = tell_error(&s, code, err);
		if (close_output(&s, err) < 0)
			code = -1;
		deadline_end();
	} else if (s.state == NULL) {
		mail_error(s.mail, err->text);
	}
	close_session(&s);
	mail_send(s.mail, code < 0 ? exit_of(err) : code, q->if_due);
	mail_free(s.mail);
	return code;
}
