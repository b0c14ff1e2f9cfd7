#include "sync/trust.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/connector.h"
#include "sync/canary.h"
#include "sync/flow.h"
#include "sync/state.h"

/* Who is it, and who was it in the last run? */
struct answer {
	const char *pin, *before;
	enum answerer stands;
	const char *lacks;
};

/* Under an old name there may be a new server. */
static int who_answers(struct state *state, struct connector *c, struct arena *mem,
	struct answer *a, struct err *err)
{
	long long expires;

	if (connector_identity(c, mem, &a->pin, err) < 0 ||
		state_pin(state, c->label, mem, &a->before, &expires, err) < 0)
		return -1;
	return connector_stands(c, a->before, a->pin, mem, &a->lacks, &a->stands, err);
}

static void caution(struct plan *plan, const struct connector *c, struct arena *mem)
{
	if (c->caution == NULL)
		return;
	log_warn("%s: %s", c->label, c->caution);
	plan->cautions[plan->n_cautions++] = arena_printf(mem, "%s: %s", c->label, c->caution);
}

static void tell(
	struct plan *plan, const struct connector *c, const struct answer *a, struct arena *mem)
{
	if (a->stands == ANSWERER_OTHER) {
		log_warn("%s: another directory answers than in the last run (%s, before it was "
			 "%s)",
			c->label, a->pin[0] != '\0' ? a->pin : "it does not say who it is",
			a->before);
		plan->other = c->label;
	}
	if (a->stands == ANSWERER_BEHIND) {
		log_warn("%s: %s", c->label, a->lacks);
		plan->behind = arena_printf(mem, "%s: %s", c->label, a->lacks);
	}
}

int trust_plan(struct plan *plan, struct state *state, struct connector *c,
	const struct config *config, struct arena *mem, const char **pin, struct err *err)
{
	const char *missing;
	struct answer a;

	caution(plan, c, mem);
	if (who_answers(state, c, mem, &a, err) < 0 ||
		canary_look(c, config, mem, &missing, err) < 0)
		return -1;
	*pin = a.pin;
	tell(plan, c, &a, mem);
	if (missing != NULL) {
		log_warn("%s: nothing will be written", missing);
		plan->canary = missing;
	}
	return 0;
}

int trust_directory(struct state *state, struct connector *c, const struct config *config,
	struct arena *mem, struct err *err)
{
	const char *missing;
	struct answer a;

	if (who_answers(state, c, mem, &a, err) < 0)
		return -1;
	if (a.stands == ANSWERER_OTHER)
		return err_set(err, ERR_FATAL,
			"%s: another directory answers than in the last run: nothing is written "
			"before a run was approved",
			c->label);
	if (canary_look(c, config, mem, &missing, err) < 0)
		return -1;
	return missing == NULL ? 0 : err_set(err, ERR_FATAL, "%s: nothing is written", missing);
}
