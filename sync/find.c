#include "sync/flow.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"

static bool names(const struct entry *e, const char *who, struct value id)
{
	static const char *const attrs[] = {"mail", "sAMAccountName", "userPrincipalName"};
	struct value w = value_of(who);

	if (value_same(e->id, id) || value_same(e->id, w) ||
		(strchr(who, '=') != NULL && dn_text_equal(e->name, w)))
		return true;
	for (unsigned i = 0; i < 3; i++) {
		if (entry_has(e, attr_named(attrs[i]), w))
			return true;
	}
	return false;
}

int flow_find(struct connector *source, const char *who, struct arena *mem, struct entry *found,
	struct err *err)
{
	const struct query all = {.kind = QUERY_ALL};
	struct arena *scratch = arena_new();
	struct value id = entry_id_parse(mem, who);
	struct entry e;
	int n = 0, rc;

	if (connector_read(source, &all, err) < 0) {
		arena_free(scratch);
		return -1;
	}
	while ((rc = connector_next(source, scratch, &e, err)) == 1) {
		if (names(&e, who, id)) {
			if (n++ > 0)
				rc = err_set(err, ERR_FATAL,
					"%s: several entries are meant: %.*s and %.*s: use the DN",
					who, (int)found->name.len, found->name.data,
					(int)e.name.len, e.name.data);
			else
				entry_copy(mem, found, &e);
		}
		arena_reset(scratch);
		if (rc < 0)
			break;
	}
	arena_free(scratch);
	return rc < 0 ? -1 : n;
}
