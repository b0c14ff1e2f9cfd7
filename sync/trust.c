#include "sync/trust.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/connector.h"
#include "sync/canary.h"
#include "sync/flow.h"
#include "sync/state.h"

/* Under an old name there may be a new server. *before: who it was, if that was another; NULL. */
static int who_answers(struct state *state, struct connector *c, struct arena *mem,
	const char **pin, const char **before, struct err *err)
{
	long long expires;

	if (connector_identity(c, mem, pin, err) < 0 ||
		state_pin(state, c->label, mem, before, &expires, err) < 0)
		return -1;
	if ((*before)[0] == '\0' || strcmp(*before, *pin) == 0)
		*before = NULL;
	return 0;
}

static void caution(struct plan *plan, const struct connector *c, struct arena *mem)
{
	if (c->caution == NULL)
		return;
	log_warn("%s: %s", c->label, c->caution);
	plan->cautions[plan->n_cautions++] = arena_printf(mem, "%s: %s", c->label, c->caution);
}

int trust_plan(struct plan *plan, struct state *state, struct connector *c,
	const struct config *config, struct arena *mem, const char **pin, struct err *err)
{
	const char *before, *missing;

	caution(plan, c, mem);
	if (who_answers(state, c, mem, pin, &before, err) < 0 ||
		canary_look(c, config, mem, &missing, err) < 0)
		return -1;
	if (before != NULL) {
		log_warn("%s: another directory answers than in the last run (%s, before it was "
			 "%s)",
			c->label, (*pin)[0] != '\0' ? *pin : "it does not say who it is", before);
		plan->other = c->label;
	}
	if (missing != NULL) {
		log_warn("%s: nothing will be written", missing);
		plan->canary = missing;
	}
	return 0;
}

int trust_directory(struct state *state, struct connector *c, const struct config *config,
	struct arena *mem, struct err *err)
{
	const char *before, *pin, *missing;

	if (who_answers(state, c, mem, &pin, &before, err) < 0)
		return -1;
	if (before != NULL)
		return err_set(err, ERR_FATAL,
			"%s: another directory answers than in the last run: nothing is written "
			"before a run was approved",
			c->label);
	if (canary_look(c, config, mem, &missing, err) < 0)
		return -1;
	return missing == NULL ? 0 : err_set(err, ERR_FATAL, "%s: nothing is written", missing);
}
