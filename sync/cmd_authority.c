#include "sync/commands.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "sync/authority.h"

static int show(struct state *state, const struct flow *f, struct arena *mem, const struct entry *e,
	struct err *err)
{
	struct flow_state known;
	const char *side = NULL;

	if (state_flow(state, f->name, &known, err) < 0 ||
		state_authority(state, known.id, e->id, mem, &side, err) < 0)
		return -1;
	printf("%s: %s\n  the object: %s (%s)\n", f->name, report_value(mem, e->name),
		authority_side(f, side, ATTR_NONE), authority_why(f, side, ATTR_NONE));
	for (unsigned i = 0; i < f->n_authority; i++) {
		unsigned attr = f->authority[i].attr;
		printf("  %s: %s (%s)\n", attr_name(attr), authority_side(f, side, attr),
			authority_why(f, side, attr));
	}
	return 0;
}

static int transfer(struct state *state, const struct flow *f, const struct entry *e,
	const char *side, struct err *err)
{
	struct flow_state known;

	if (state_flow(state, f->name, &known, err) < 0)
		return -1;
	if (known.id == 0)
		return err_set(err, ERR_FATAL, "flow %s has never run: run it first", f->name);
	/* The default needs no line of its own. */
	if (state_begin(state, err) < 0 ||
		state_authority_put(
			state, f->name, e->id, strcmp(side, f->side) == 0 ? NULL : side, err) < 0)
		return -1;
	return state_commit(state, err);
}

static bool side_of(const struct flow *f, const char *side)
{
	return strcmp(side, f->source) == 0 || strcmp(side, f->target) == 0;
}

int command_authority(struct arena *mem, const struct request *q, struct err *err)
{
	bool moves = q->argc == 3 && strcmp(q->argv[0], "transfer") == 0;
	const char *who = q->argc > 1 ? q->argv[1] : NULL;
	struct setup setup;
	struct state *state = NULL;
	int found = 0, rc = 0;

	if (!moves && (q->argc != 2 || strcmp(q->argv[0], "show") != 0))
		return err_set(err, ERR_FATAL, "authority: show WHO, or transfer WHO SIDE");
	if (setup_load(mem, q->config, &setup, err) < 0 ||
		state_open(setup.state, moves, &state, err) < 0) {
		state_close(state);
		return -1;
	}
	for (unsigned i = 0; rc >= 0 && i < setup.n; i++) {
		const struct flow *f = &setup.flows[i];
		struct entry e;
		if (moves && !side_of(f, q->argv[2]))
			continue;
		rc = source_find(f, who, mem, &e, err);
		if (rc <= 0)
			continue;
		found++;
		if (moves)
			rc = transfer(state, f, &e, q->argv[2], err);
		if (rc >= 0)
			rc = show(state, f, mem, &e, err);
	}
	state_close(state);
	if (rc >= 0 && found == 0)
		return err_set(err, ERR_FATAL, "%s: no such object in the source of any flow%s%s",
			who, moves ? " of " : "", moves ? q->argv[2] : "");
	return rc < 0 ? -1 : EXIT_GOOD;
}
