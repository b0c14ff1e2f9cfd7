#include "sync/commands.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "sync/authority.h"
#include "sync/handover.h"
#include "sync/object.h"

/* The last transfer; at is 0 when there was none. */
static int last_transfer(struct state *state, const struct object *o, struct arena *mem,
	struct transfer *t, struct err *err)
{
	int rc = state_transfers(state, o->known.id, o->id, err);

	*t = (struct transfer){.at = 0};
	return rc < 0 ? -1 : state_next_transfer(state, mem, t, err);
}

/* Whose it is, and why. */
static const char *whose(
	struct arena *mem, const struct object *o, const struct transfer *last, unsigned attr)
{
	const char *since =
		last->at != 0 ? arena_printf(mem, ", since %s", time_text(mem, last->at)) : "";

	return arena_printf(
		mem, "%s (%s%s)", object_authority(o, attr), object_why(o, attr), since);
}

#define WIDTH 100

/* Attributes of which the same is to be said, in lines that a person can read. */
static void show_group(const struct flow *f, const char *const *said, unsigned first)
{
	int column = 2;

	printf("  %s:", said[first]);
	column += (int)strlen(said[first]) + 1;
	for (unsigned attr = first; attr < f->writes.n; attr++) {
		if (said[attr] == NULL || strcmp(said[attr], said[first]) != 0)
			continue;
		const int len = (int)strlen(attr_name(attr)) + 1;
		if (column + len > WIDTH) {
			printf("\n   ");
			column = 3;
		}
		printf(" %s", attr_name(attr));
		column += len;
	}
	printf("\n");
}

/* Each attribute that the flow writes, those together of which the same is to be said. */
static void show_attributes(struct arena *mem, const struct object *o, const struct transfer *last)
{
	const struct flow *f = o->flow;
	const char **said = arena_zalloc(mem, f->writes.n * sizeof(*said));

	for (unsigned attr = 0; attr < f->writes.n; attr++) {
		if (attr_set_has(&f->writes, attr) && attr != f->marker)
			said[attr] = whose(mem, o, last, attr);
	}
	for (unsigned attr = 0; attr < f->writes.n; attr++) {
		unsigned first = 0;
		while (said[attr] != NULL && first < attr &&
			(said[first] == NULL || strcmp(said[first], said[attr]) != 0))
			first++;
		if (said[attr] != NULL && first == attr)
			show_group(f, said, attr);
	}
}

static int show_history(
	struct state *state, const struct object *o, struct arena *mem, struct err *err)
{
	struct transfer t;
	int rc = state_transfers(state, o->known.id, o->id, err);

	while (rc == 0 && (rc = state_next_transfer(state, mem, &t, err)) == 1) {
		printf("  %s: from %s to %s by %s\n", time_text(mem, t.at), t.from, t.to,
			report_value(mem, value_of(t.who)));
		rc = 0;
	}
	return rc;
}

static int show(struct state *state, const struct object *o, struct arena *mem, struct err *err)
{
	const struct flow *f = o->flow;
	struct transfer last;

	if (last_transfer(state, o, mem, &last, err) < 0)
		return -1;
	enum standing s = authority_standing(
		f, o->linked, o->side, last.at != 0 && last.generation == o->known.generation);
	printf("%s: %s\n  %s\n", f->name, report_value(mem, object_entry(o)->name),
		authority_standing_text(s));
	printf("  the object: %s\n", whose(mem, o, &last, ATTR_NONE));
	show_attributes(mem, o, &last);
	return show_history(state, o, mem, err);
}

static int hand_over(struct state *state, struct object *o, const char *who, struct arena *mem,
	const char *side, struct err *err)
{
	const char *told;

	if (handover(state, o, who, side, 0, mem, &told, err) < 0)
		return -1;
	if (told != NULL)
		printf("%s: told that it is %s's\n", told, side);
	return 0;
}

/* The object in each flow that knows it, or in each of the side's flows; the number of these, or
 * -1. Who only stands in a target belongs to that: there is nothing to hand over, and something to
 * show only when no flow has more. */
static int find_all(struct state *state, const struct setup *setup, const struct request *q,
	bool natives, struct arena *mem, struct object *found, struct err *err)
{
	const char *who = q->argv[1], *side = q->argc == 3 ? q->argv[2] : NULL;
	int n = 0;

	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		struct object *o = &found[n];
		if (side != NULL && setup_side(f, side) == NULL)
			continue;
		int rc = object_find(f, state, who, mem, o, err);
		if (rc < 0)
			return -1;
		n += rc == 1 && (!o->in_source && !o->linked) == natives;
	}
	return n;
}

/* A name or an account may be two people's, of two directories. */
static int check_one(
	struct arena *mem, const char *who, const struct object *o, int n, struct err *err)
{
	for (int i = 1; i < n; i++) {
		if (strcmp(o[i].flow->source, o[0].flow->source) != 0 ||
			!value_same(o[i].id, o[0].id))
			return err_set(err, ERR_FATAL,
				"%s: several are meant, %s of %s and %s of %s: name one by its DN",
				who, report_value(mem, object_entry(&o[0])->name),
				o[0].flow->source, report_value(mem, object_entry(&o[i])->name),
				o[i].flow->source);
	}
	return 0;
}

static int each(struct state *state, const struct setup *setup, const struct request *q,
	bool natives, struct arena *mem, struct err *err)
{
	const char *who = q->argv[1];
	struct object *o = arena_zalloc(mem, setup->n * sizeof(*o));
	const int n = find_all(state, setup, q, natives, mem, o, err);

	if (q->argc == 3 && check_one(mem, who, o, n, err) < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		const char *side = q->argc == 3 ? setup_side(o[i].flow, q->argv[2]) : NULL;
		if (side != NULL && hand_over(state, &o[i], who, mem, side, err) < 0)
			return -1;
		if (show(state, &o[i], mem, err) < 0)
			return -1;
	}
	return n;
}

int command_authority(struct arena *mem, const struct request *q, struct err *err)
{
	bool moves = q->argc == 3 && strcmp(q->argv[0], "transfer") == 0;
	struct setup setup;
	struct state *state = NULL;
	int found = -1;

	if (!moves && (q->argc != 2 || strcmp(q->argv[0], "show") != 0))
		return err_set(err, ERR_FATAL, "authority: show WHO, or transfer WHO SIDE");
	if (setup_load(mem, q->config, &setup, err) == 0 &&
		state_open(setup.state, moves, &state, err) == 0)
		found = each(state, &setup, q, false, mem, err);
	if (found == 0 && !moves)
		found = each(state, &setup, q, true, mem, err);
	state_close(state);
	if (found == 0)
		return err_set(err, ERR_FATAL, "%s: no such object in the source of any flow%s%s",
			q->argv[1], moves ? " of " : "", moves ? q->argv[2] : "");
	return found < 0 ? -1 : EXIT_GOOD;
}
