#include "sync/spread.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "connectors/connector.h"

bool spread_part(const char *name, const char *whole)
{
	const size_t len = strlen(whole);

	return strncmp(name, whole, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

/* In the place of the section one for each name. */
static int multiply(struct arena *mem, struct config *root, const struct config *section,
	const char *setting, const char *const *names, const char *const *values, unsigned n,
	struct err *err)
{
	const bool flow = strcmp(setting, "target") == 0;

	for (unsigned i = 0; i < n; i++) {
		const char *title = arena_printf(mem, "%s/%s", config_title(section), names[i]);
		if (config_section(root, flow ? "flow" : "connector", title) != NULL)
			return err_set(err, ERR_FATAL, "%s: %s is there already",
				config_where(section, NULL), title);
	}
	config_multiply(mem, root, section, setting, names, values, n);
	return 0;
}

/* The flows into a connector that stands for several, and the connector. */
static int spread(struct arena *mem, struct config *root, const struct config *connector,
	const char *setting, struct err *err)
{
	const char *title = config_title(connector);
	unsigned n, k = 0;
	const char *const *values = config_list(connector, setting, &n);
	const char **targets = arena_alloc(mem, n * sizeof(*targets));
	const struct config *flow;

	for (unsigned i = 0; i < n; i++) {
		targets[i] = arena_printf(mem, "%s/%s", title, values[i]);
		for (k = 0; k < i && strcasecmp(values[k], values[i]) != 0;)
			k++;
		if (k < i)
			return err_set(err, ERR_FATAL, "%s: %s: %s is there twice",
				config_where(connector, setting), setting, values[i]);
	}
	for (k = 0; (flow = config_at(root, "flow", k)) != NULL; k++) {
		if (strcmp(config_text(flow, "source"), title) == 0)
			return err_set(err, ERR_FATAL,
				"%s: source = %s: it stands for %u connectors, which together "
				"can be a target only",
				config_where(flow, "source"), title, n);
		if (strcmp(config_text(flow, "target"), title) == 0 &&
			multiply(mem, root, flow, "target", values, targets, n, err) < 0)
			return -1;
	}
	return multiply(mem, root, connector, setting, values, values, n, err);
}

int spread_all(struct arena *mem, struct config *root, struct err *err)
{
	const struct config *connector;
	unsigned n;

	for (unsigned i = 0; (connector = config_at(root, "connector", i)) != NULL;
		i += n > 0 ? n : 1) {
		const char *setting = connector_type(config_text(connector, "type"))->spread;
		n = 0;
		if (setting != NULL)
			(void)config_list(connector, setting, &n);
		if (n > 0 && spread(mem, root, connector, setting, err) < 0)
			return -1;
	}
	return 0;
}
