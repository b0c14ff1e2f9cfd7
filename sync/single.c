#include "sync/single.h"

#include <time.h>

#include "sync/commands.h"

int single_intend(struct single *s, struct state *state, struct object *o,
	const struct change *change, const char *side, long long undoes, struct arena *mem,
	struct err *err)
{
	const struct flow *f = o->flow;
	struct flow_state *known = &o->known;
	/* By what the state knows the object, and the entry that is written. */
	const struct step step = {.op = STEP_MODIFY,
		.write = true,
		.number = 10,
		.source_id = o->id,
		.source_name = object_entry(o)->name,
		.target_id = change->id,
		.change = *change};

	*s = (struct single){.run = {.started = (long long)time(NULL), .read = 1}};
	if (state_begin(state, err) < 0 ||
		(known->id == 0 && state_put_flow(state, f->name, known, err) < 0) ||
		state_put_run(state, known->id, &s->run, err) < 0)
		return -1;
	journal_start(&s->journal, mem, f, s->run.id, known->id, undoes);
	s->journal.side = side;
	s->journal.who = user_name(mem);
	if (journal_intend(&s->journal, state, f, &step, 1, mem, &s->op, err) < 0)
		return -1;
	return state_commit(state, err);
}

int single_note(struct single *s, struct state *state, const struct object *o, int exit_code,
	struct err *err)
{
	struct outcome *const outcome = &s->outcome;
	const bool done = outcome->kind == OUTCOME_DONE;

	s->run.finished = (long long)time(NULL);
	s->run.exit = exit_code;
	s->run.modify = done;
	s->run.failed = !done;
	return state_put_run(state, o->known.id, &s->run, err) < 0 ||
			       journal_note(&s->journal, state, &s->op, &outcome, 1, err) < 0
		       ? -1
		       : 0;
}

int single_deny(struct state *state, const struct object *o, const char *side, unsigned n,
	const char *what, struct arena *mem, struct err *err)
{
	const long long now = (long long)time(NULL);
	struct run run = {.started = now,
		.finished = now,
		.read = 1,
		.denied = n,
		.exit = EXIT_PARTIAL,
		.error = what};
	struct journal journal;

	if (state_put_run(state, o->known.id, &run, err) < 0)
		return -1;
	journal_start(&journal, mem, o->flow, run.id, o->known.id, 0);
	journal.side = side;
	journal.who = user_name(mem);
	return journal_head(&journal, state, o->flow, mem, err);
}
