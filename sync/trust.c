#include "sync/trust.h"

#include <string.h>

#include "base/err.h"
#include "connectors/connector.h"
#include "sync/canary.h"
#include "sync/state.h"

int trust_directory(struct state *state, struct connector *c, const struct config *config,
	struct arena *mem, struct err *err)
{
	const char *before, *now, *missing;
	long long expires;

	if (connector_identity(c, mem, &now, err) < 0 ||
		state_pin(state, c->label, mem, &before, &expires, err) < 0)
		return -1;
	if (before[0] != '\0' && strcmp(before, now) != 0)
		return err_set(err, ERR_FATAL,
			"%s: another directory answers than in the last run: nothing is written "
			"before a run was approved",
			c->label);
	if (canary_look(c, config, mem, &missing, err) < 0)
		return -1;
	return missing == NULL ? 0 : err_set(err, ERR_FATAL, "%s: nothing is written", missing);
}
