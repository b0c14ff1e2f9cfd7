#include "sync/commands.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "sync/preflight.h"

static int one_flow(
	const struct request *q, const struct flow *flow, struct state *state, struct err *err)
{
	struct arena *mem = arena_new();
	struct preflight p;
	int code = -1;

	if (preflight_flow(flow, state, mem, &p, err) == 0) {
		preflight_show(q->format, stdout, &p);
		code = p.persons > 0 ? EXIT_PARTIAL : EXIT_GOOD;
	}
	arena_free(mem);
	return code;
}

int command_preflight(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	struct state *state = NULL;
	struct flow **flows;
	unsigned n;
	int code = EXIT_GOOD;

	if (!preflight_format(q->format))
		return err_set(err, ERR_FATAL, "preflight --format: it is text, html or csv");
	if (setup_load(mem, q->config, &setup, err) < 0 ||
		flows_named(&setup, q->argc, q->argv, mem, &flows, &n, err) < 0 ||
		state_open(setup.state, false, &state, err) < 0)
		return -1;
	preflight_begin(q->format, stdout);
	for (unsigned i = 0; i < n; i++) {
		struct err fault = {0};
		const int one = one_flow(q, flows[i], state, &fault);
		if (one < 0)
			log_error("%s", fault.text);
		code = exit_worse(code, one < 0 ? exit_of(&fault) : one);
	}
	preflight_end(q->format, stdout);
	state_close(state);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_BUSY, "standard output: %s", strerror(errno));
	return code;
}
