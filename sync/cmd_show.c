#include "sync/commands.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/state_lock.h"
#include "sync/stopped.h"
#include "sync/undone.h"

static const char *text_or(const char *text, const char *other)
{
	return text != NULL && text[0] != '\0' ? text : other;
}

static const char *safe(struct arena *mem, const char *text)
{
	return report_value(mem, value_of(text_or(text, "")));
}

static void show_pending(struct arena *mem, const struct pending *p)
{
	printf("  %-8s %s, since %s\n", p->kind, safe(mem, p->name), time_text(mem, p->since));
	if (p->message != NULL) {
		printf("           %s\n", safe(mem, p->message));
		return;
	}
	printf("           %s: %s by %s: the authority is %s (",
		text_or(p->attribute, "the object"),
		p->value != NULL ? safe(mem, p->value) : "taken away", text_or(p->side, "?"),
		text_or(p->authority, "?"));
	if (p->rule != NULL)
		printf("%s, ", safe(mem, p->rule));
	if (p->run != 0)
		printf("run %lld)\n", p->run);
	else
		printf("set)\n");
}

/* A denial that is not put back (undone.h). */
static int show_frozen(struct state *state, const struct flow *f, long long flow, struct arena *mem,
	const struct pending *p, struct err *err)
{
	struct link link;
	int rc = 0;

	if (p->attribute != NULL && p->side != NULL && strcmp(p->side, f->target) == 0)
		rc = state_link(state, flow, p->source, mem, &link, err);
	if (rc == 1 &&
		undone_times(f, &link, attr_named(p->attribute), f->env.now) == UNDONE_FROZEN)
		printf("           frozen: it was put back 3 times and changed again\n");
	return rc < 0 ? -1 : 0;
}

/* What runs found, and what "set" refused. Their number, or -1. */
static int show_pendings(struct state *state, const struct flow *f, long long flow,
	struct arena *mem, struct err *err)
{
	struct pending p;
	int rc, n = 0;

	if (state_pendings(state, flow, err) < 0)
		return -1;
	for (; (rc = state_next_pending(state, mem, &p, err)) == 1; n++) {
		show_pending(mem, &p);
		if (show_frozen(state, f, flow, mem, &p, err) < 0)
			return -1;
	}
	if (rc < 0 || state_refusals(state, flow, err) < 0)
		return -1;
	for (; (rc = state_next_refusal(state, mem, &p, err)) == 1; n++)
		show_pending(mem, &p);
	return rc < 0 ? -1 : n;
}

/* The last run came to its end: 0; it did not: 1; -1. */
static int show_last_run(struct state *state, struct arena *mem, long long flow, struct err *err)
{
	char when[TIME_ROOM];
	struct run r;

	if (state_runs(state, flow, false, err) < 0)
		return -1;
	int rc = state_next_run(state, &r, err);
	if (rc <= 0)
		return rc;
	printf("  last run %lld: %s, %s: ", r.id, time_local(r.started, when), stopped_word(&r));
	if (r.finished != 0)
		printf("%lld read, %lld added, %lld modified, %lld renamed, %lld deleted, %lld "
		       "unchanged, %lld in conflict, %lld denied, %lld failed\n",
			r.read, r.add, r.modify, r.rename, r.remove, r.none, r.conflict, r.denied,
			r.failed);
	else
		printf("%s\n", r.error != NULL ? safe(mem, r.error)
					       : "the next one takes up what is left");
	return r.finished == 0;
}

static void show_stale(const struct setup *setup, const struct flow_state *known)
{
	if (known->last_good > (long long)time(NULL))
		printf("  stale: the last good run is in the future: the clock was set back\n");
	else
		printf("  stale: no good run for more than %lld minutes\n", setup->stale / 60);
}

/* What is to be looked at decides the exit code; -1. */
static int show_status(const struct setup *setup, struct state *state, const struct flow *f,
	struct arena *mem, struct err *err)
{
	struct flow_state known;

	if (state_flow(state, f->name, &known, err) < 0)
		return -1;
	const long long links = state_count_links(state, known.id, err);
	if (links < 0)
		return -1;
	printf("%s: %lld links, last good run %s\n", f->name, links,
		time_text(mem, known.last_good));
	const bool stale = setup_stale(setup, &known, (long long)time(NULL));
	if (stale)
		show_stale(setup, &known);
	if (known.held != 0)
		printf("  held since %s, when a run was undone: \"galway sync %s\" goes on\n",
			time_text(mem, known.held), f->name);
	const int stopped = show_last_run(state, mem, known.id, err);
	const int pending = stopped < 0 ? -1 : show_pendings(state, f, known.id, mem, err);
	if (pending < 0)
		return -1;
	const bool waits = stopped + pending > 0 || known.held != 0;
	return stale ? EXIT_USAGE : waits ? EXIT_PARTIAL : EXIT_GOOD;
}

/* Who watches is not to be told of a fault because a run is at work; but of one that is stuck. */
static int show_running(const struct setup *setup, struct arena *mem, const struct state_holder *h)
{
	const bool stale = h->pid != 0 && (long long)time(NULL) - h->since > setup->stale;

	/* It has not written yet who it is. */
	if (h->pid == 0)
		printf("a run begins: ask again when it is done\n");
	else
		printf("a run is at work since %s, process %ld: ask again when it is done\n",
			time_text(mem, h->since), h->pid);
	if (stale)
		printf("  stale: that is more than %lld minutes ago\n", setup->stale / 60);
	return stale ? EXIT_USAGE : EXIT_GOOD;
}

int command_status(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	struct state *state = NULL;
	struct state_holder holder;
	struct flow **flows;
	unsigned n;

	if (setup_load(mem, q->config, &setup, err) < 0 ||
		flows_named(&setup, q->argc, q->argv, mem, &flows, &n, err) < 0)
		return -1;
	if (state_open(setup.state, false, &state, err) < 0)
		return err->kind == ERR_BUSY && state_held(setup.state, &holder)
			       ? show_running(&setup, mem, &holder)
			       : -1;
	const char *left = stopped_left(state, mem);
	if (left != NULL)
		printf("%s\n", left);
	int code = left != NULL ? EXIT_PARTIAL : EXIT_GOOD;
	for (unsigned i = 0; code >= 0 && i < n; i++) {
		int one = show_status(&setup, state, flows[i], mem, err);
		code = one < 0 ? -1 : exit_worse(code, one);
	}
	state_close(state);
	return code;
}

/* Names are not in the state: the directories know them. */
static int name_links(struct connector *c, struct arena *mem, struct keys *places,
	const char ***names, uint32_t *n, struct err *err)
{
	static struct attr_set nothing;
	const struct query all = {.kind = QUERY_ALL, .wanted = &nothing};
	struct arena *scratch = arena_new();
	struct entry e;
	uint32_t room = 0;
	int rc = connector_read(c, &all, err);

	while (rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		if (*n == room) {
			room = room > 0 ? 2 * room : 1024;
			const char **more = arena_alloc(mem, room * sizeof(*more));
			if (*n > 0)
				memcpy(more, *names, *n * sizeof(*more));
			*names = more;
		}
		keys_put(places, e.key, *n);
		(*names)[(*n)++] = report_value(mem, e.name);
		arena_reset(scratch);
		rc = 0;
	}
	arena_free(scratch);
	return rc;
}

struct side_names {
	struct keys places;
	const char **names;
	uint32_t n;
};

static int read_names(
	const struct config *config, struct arena *mem, struct side_names *s, struct err *err)
{
	struct connector *c = NULL;
	struct err ignored;

	keys_init(&s->places, 0, true);
	int rc = connector_open(config, &c, err);
	if (rc == 0)
		rc = name_links(c, mem, &s->places, &s->names, &s->n, err);
	(void)connector_close(c, &ignored);
	return rc;
}

static const char *name_of(const struct side_names *s, struct value id)
{
	uint32_t i;

	return keys_get(&s->places, entry_key(id), &i) ? s->names[i] : "(gone)";
}

static int show_links(struct state *state, const struct flow *f, struct arena *mem, struct err *err)
{
	struct side_names source = {0}, target = {0};
	struct flow_state known;
	struct link link;
	int rc = -1;

	if (read_names(f->source_config, mem, &source, err) == 0 &&
		read_names(f->target_config, mem, &target, err) == 0 &&
		state_flow(state, f->name, &known, err) == 0 &&
		(rc = state_links(state, known.id, err)) == 0) {
		while ((rc = state_next_link(state, &link, err)) == 1)
			printf("%s\t%s\t%s\t%s\n", entry_id_text(mem, link.source),
				name_of(&source, link.source), entry_id_text(mem, link.target),
				name_of(&target, link.target));
	}
	keys_free(&source.places);
	keys_free(&target.places);
	return rc < 0 ? -1 : EXIT_GOOD;
}

int command_links(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	struct state *state = NULL;
	struct flow *flow;
	int code = -1;

	if (q->argc != 1)
		return err_set(err, ERR_FATAL, "links: name one flow");
	if (setup_load(mem, q->config, &setup, err) < 0)
		return -1;
	flow = setup_flow(&setup, q->argv[0]);
	if (flow == NULL)
		return setup_no_flow(&setup, q->argv[0], err);
	if (state_open(setup.state, false, &state, err) == 0)
		code = show_links(state, flow, mem, err);
	state_close(state);
	return code;
}
