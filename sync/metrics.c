#include "sync/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/setup.h"
#include "sync/state.h"

enum { CONFLICTS, DENIALS, FAILURES, N_KINDS };
static const char *const kinds[N_KINDS] = {"conflict", "denied", "failed"};

/* What is known of a flow; all 0 when it never ran. */
struct facts {
	const char *flow;
	struct flow_state known;
	struct run run; /* the last one */
	long long links, pending[N_KINDS];
};

static int count_pending(struct state *state, struct arena *mem, struct facts *f, struct err *err)
{
	struct pending p;
	int rc;

	if (state_pendings(state, f->known.id, err) < 0)
		return -1;
	while ((rc = state_next_pending(state, mem, &p, err)) == 1) {
		for (unsigned k = 0; k < N_KINDS; k++)
			f->pending[k] += strcmp(p.kind, kinds[k]) == 0;
	}
	if (rc < 0 || state_refusals(state, f->known.id, err) < 0)
		return -1;
	while ((rc = state_next_refusal(state, mem, &p, err)) == 1)
		f->pending[DENIALS]++;
	return rc;
}

static int gather(struct state *state, struct arena *mem, struct facts *f, struct err *err)
{
	if (state_flow(state, f->flow, &f->known, err) < 0)
		return -1;
	if (f->known.id == 0)
		return 0;
	f->links = state_count_links(state, f->known.id, err);
	if (f->links < 0 || state_runs(state, f->known.id, false, err) < 0 ||
		state_next_run(state, &f->run, err) < 0)
		return -1;
	return count_pending(state, mem, f, err);
}

static long long last_good(const struct facts *f)
{
	return f->known.last_good;
}

static long long last_run(const struct facts *f)
{
	return f->run.started;
}

static long long duration(const struct facts *f)
{
	return f->run.finished > f->run.started ? f->run.finished - f->run.started : 0;
}

static long long last_exit(const struct facts *f)
{
	return f->run.id != 0 && f->run.finished == 0 && f->run.exit == 0 ? -1 : f->run.exit;
}

static long long held(const struct facts *f)
{
	return f->known.held != 0;
}

static long long sources(const struct facts *f)
{
	return f->known.sources > 0 ? f->known.sources : 0;
}

static long long targets(const struct facts *f)
{
	return f->known.targets;
}

static long long links(const struct facts *f)
{
	return f->links;
}

static const struct metric {
	const char *name, *help;
	long long (*of)(const struct facts *);
} metrics[] = {
	{"last_success_timestamp_seconds", "Start of the last good run; 0: none.", last_good},
	{"last_run_timestamp_seconds", "Start of the last run; 0: none.", last_run},
	{"last_run_duration_seconds", "How long the last run took.", duration},
	{"last_run_exit_code", "Exit code of the last run; -1: it did not end.", last_exit},
	{"held", "1 when a run was undone and no run was made by hand since.", held},
	{"source_entries", "Entries of the source in the last complete read.", sources},
	{"target_entries", "Entries of the target in the last complete read.", targets},
	{"links", "Contacts that the flow keeps in the target.", links},
};

static void head(struct buf *b, const char *name, const char *help)
{
	buf_printf(b, "# HELP galway_%s %s\n# TYPE galway_%s gauge\n", name, help, name);
}

/* A label's value: backslash, quote and newline are escaped. */
static void label(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			buf_putc(b, '\\');
		if (*text == '\n')
			buf_puts(b, "\\n");
		else
			buf_putc(b, *text);
	}
}

static void line(
	struct buf *b, const char *name, const char *flow, const char *more, long long value)
{
	buf_printf(b, "galway_%s{flow=\"", name);
	label(b, flow);
	buf_printf(b, "\"%s} %lld\n", more, value);
}

static void operations(struct buf *b, const struct facts *facts, unsigned n)
{
	head(b, "last_run_operations", "What the last run did, by operation.");
	for (unsigned i = 0; i < n; i++) {
		const struct run *r = &facts[i].run;
		const struct {
			const char *label;
			long long n;
		} all[] = {{"add", r->add}, {"modify", r->modify}, {"rename", r->rename},
			{"delete", r->remove}};
		for (unsigned k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			char more[40];
			(void)snprintf(more, sizeof(more), ",operation=\"%s\"", all[k].label);
			line(b, "last_run_operations", facts[i].flow, more, all[k].n);
		}
	}
}

static void pendings(struct buf *b, const struct facts *facts, unsigned n)
{
	head(b, "pending", "Objects that wait for a person or the next run, by kind.");
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < N_KINDS; k++) {
			char more[40];
			(void)snprintf(more, sizeof(more), ",kind=\"%s\"", kinds[k]);
			line(b, "pending", facts[i].flow, more, facts[i].pending[k]);
		}
	}
}

/* When the certificates of servers end, as far as they are known: one line a connector. */
static int certificates(struct buf *b, const struct setup *setup, struct state *state,
	struct arena *mem, struct err *err)
{
	const char *name = "certificate_expiry_timestamp_seconds";

	head(b, name,
		"End of the first certificate that a connector needs: what its server showed last, "
		"or our own.");
	for (unsigned i = 0; i < config_count(setup->config, "connector"); i++) {
		const char *connector = config_title(config_at(setup->config, "connector", i)),
			   *pin;
		long long expires;
		if (state_pin(state, connector, mem, &pin, &expires, err) < 0)
			return -1;
		if (expires == 0)
			continue;
		buf_printf(b, "galway_%s{connector=\"", name);
		label(b, connector);
		buf_printf(b, "\"} %lld\n", expires);
	}
	return 0;
}

static void text_of(struct buf *b, const struct setup *setup, const struct facts *facts, unsigned n)
{
	for (unsigned m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		head(b, metrics[m].name, metrics[m].help);
		for (unsigned i = 0; i < n; i++)
			line(b, metrics[m].name, facts[i].flow, "", metrics[m].of(&facts[i]));
	}
	operations(b, facts, n);
	pendings(b, facts, n);
	head(b, "interval_seconds", "How often a scheduled sync is due.");
	buf_printf(b, "galway_interval_seconds %lld\n", setup->interval);
}

/* Beside the file, then in its place. */
static int replace(const char *path, const struct buf *b, struct arena *mem, struct err *err)
{
	char *partial = arena_strdup(mem, arena_printf(mem, "%s.XXXXXX", path));
	int fd = mkstemp(partial);

	if (fd < 0)
		return err_set(err, ERR_FATAL, "metrics: %s: %s", path, strerror(errno));
	bool good = fchmod(fd, 0644) == 0 && write(fd, b->data, b->len) == (ssize_t)b->len;
	if (close(fd) < 0 || !good || rename(partial, path) < 0) {
		err_set(err, ERR_FATAL, "metrics: %s: %s", path, strerror(errno));
		(void)unlink(partial);
		return -1;
	}
	return 0;
}

int metrics_write(const char *path, const struct setup *setup, struct state *state,
	struct arena *mem, struct err *err)
{
	struct facts *facts = arena_zalloc(mem, (setup->n + 1) * sizeof(*facts));
	struct buf b = {0};
	int rc = 0;

	for (unsigned i = 0; i < setup->n && rc == 0; i++) {
		facts[i].flow = setup->flows[i].name;
		rc = gather(state, mem, &facts[i], err);
	}
	if (rc == 0) {
		text_of(&b, setup, facts, setup->n);
		rc = certificates(&b, setup, state, mem, err);
	}
	if (rc == 0)
		rc = replace(path, &b, mem, err);
	buf_free(&b);
	return rc;
}
