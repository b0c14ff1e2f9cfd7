#include "sync/commands.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/connector.h"

int exit_of(const struct err *err)
{
	static const int codes[] = {
		[ERR_NONE] = EXIT_USAGE,
		[ERR_ENTRY] = EXIT_PARTIAL,
		[ERR_BUSY] = EXIT_LATER,
		[ERR_FATAL] = EXIT_USAGE,
	};

	return codes[err->kind];
}

int exit_worse(int a, int b)
{
	/* What stopped comes before what was refused, that before what needs a look. */
	static const int rank[] = {[EXIT_GOOD] = 0,
		[EXIT_CHANGES] = 2,
		[EXIT_PARTIAL] = 1,
		[EXIT_REFUSED] = 3,
		[EXIT_LATER] = 4,
		[EXIT_USAGE] = 5};

	return rank[a] >= rank[b] ? a : b;
}

int source_find(
	const struct flow *f, const char *who, struct arena *mem, struct entry *e, struct err *err)
{
	struct connector *c = NULL;
	struct err ignored;
	int rc = connector_open(f->source_config, &c, err);

	if (rc == 0)
		rc = flow_find(c, who, mem, e, err);
	(void)connector_close(c, &ignored);
	return rc;
}

int flows_named(const struct setup *setup, int argc, char **argv, struct arena *mem,
	struct flow ***flows, unsigned *n, struct err *err)
{
	*n = argc > 0 ? (unsigned)argc : setup->n;
	*flows = arena_alloc(mem, *n * sizeof(**flows));
	for (unsigned i = 0; i < *n; i++) {
		(*flows)[i] = argc > 0 ? setup_flow(setup, argv[i]) : &setup->flows[i];
		if ((*flows)[i] == NULL)
			return err_set(
				err, ERR_FATAL, "no flow '%s' in the configuration", argv[i]);
		for (unsigned k = 0; k < i; k++) {
			if ((*flows)[k] == (*flows)[i])
				return err_set(err, ERR_FATAL, "flow '%s' is named twice", argv[i]);
		}
	}
	return 0;
}
