#include "sync/canary.h"

#include "base/arena.h"
#include "base/config.h"
#include "base/dn.h"
#include "connectors/connector.h"

/* Which of the names are to be seen. A server is asked for them; a file is read. */
static int see(struct connector *c, struct arena *mem, const char *const *names, unsigned n,
	bool *seen, struct err *err)
{
	const struct attr_set none = {0};
	struct query q = {.kind = QUERY_ALL, .digests = true, .partial = true, .wanted = &none};
	struct wish *wishes = arena_zalloc(mem, n * sizeof(*wishes));
	struct arena *scratch = arena_new();
	struct entry e;
	int rc;

	for (unsigned i = 0; i < n; i++)
		wishes[i] = (struct wish){.by = WISH_NAME, .value = value_of(names[i])};
	if ((c->type->can & CAN_FIND) != 0) {
		q.kind = QUERY_FIND;
		q.wishes = wishes;
		q.n_wishes = n;
	}
	rc = connector_read(c, &q, err);
	while (rc >= 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		for (unsigned i = 0; i < n; i++)
			seen[i] = seen[i] || dn_text_equal(e.name, wishes[i].value);
		arena_reset(scratch);
	}
	arena_free(scratch);
	return rc < 0 ? -1 : 0;
}

int canary_look(struct connector *c, const struct config *config, struct arena *mem,
	const char **text, struct err *err)
{
	unsigned n;
	const char *const *names = config_list(config, "canary", &n);
	bool *seen = arena_zalloc(mem, (n + 1) * sizeof(*seen));

	*text = NULL;
	if (n == 0)
		return 0;
	if (see(c, mem, names, n, seen, err) < 0)
		return err_in(err, "looking for the canary");
	for (unsigned i = 0; i < n && *text == NULL; i++) {
		if (!seen[i])
			*text = arena_printf(
				mem, "the canary %s is not to be seen in %s", names[i], c->label);
	}
	return 0;
}
