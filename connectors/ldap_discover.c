#include "connectors/discover.h"

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_session.h"

int discover_server(
	const struct config *config, struct arena *mem, struct discovered *out, struct err *err)
{
	struct session *session = NULL;
	unsigned n;

	if (session_open(config, &session, err) < 0) {
		session_close(session);
		return -1;
	}
	const struct server *server = session_server(session);
	const struct value *contexts = session_root(session, "namingContexts", &n);
	*out = (struct discovered){.type = server->kind == SERVER_AD ? "ad" : "ldap",
		.base = arena_strdup(mem, server->base),
		.vendor = arena_strdup(mem, server->vendor),
		.who = arena_strdup(mem, server->who),
		.n_contexts = n,
		.contexts = arena_alloc(mem, n * sizeof(*out->contexts))};
	for (unsigned i = 0; i < n; i++)
		out->contexts[i] = arena_copy(mem, contexts[i].data, contexts[i].len);
	session_close(session);
	return 0;
}
