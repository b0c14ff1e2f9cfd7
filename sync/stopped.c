#include "sync/stopped.h"

#include "base/arena.h"
#include "sync/commands.h"

int stopped_put(struct state *state, const char *flow, const struct run *stopped, struct err *err)
{
	struct flow_state known;
	struct run run = *stopped;

	if (state_begin(state, err) < 0 || state_flow(state, flow, &known, err) < 0 ||
		(known.id == 0 && state_put_flow(state, flow, &known, err) < 0) ||
		state_put_run(state, known.id, &run, err) < 0)
		return -1;
	return state_commit(state, err);
}

const char *stopped_word(const struct run *r)
{
	if (r->finished != 0)
		return r->full ? "full" : "delta";
	return r->exit == EXIT_GOOD ? "killed" : r->exit == EXIT_REFUSED ? "refused" : "failed";
}

const char *stopped_left(struct state *state, struct arena *mem)
{
	char when[TIME_ROOM];
	long pid;
	const long long since = state_left(state, &pid);

	if (since == 0)
		return NULL;
	return arena_printf(mem,
		"a run did not come to its end: process %ld, begun %s, was killed, or took longer "
		"than its deadline",
		pid, time_local(since, when));
}
