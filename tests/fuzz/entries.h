/* What a connector's read gives, whatever a service answers. */
#ifndef FUZZ_ENTRIES_H
#define FUZZ_ENTRIES_H

#include <assert.h>
#include <string.h>

#include "base/entry.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/connector.h"

static inline void check_entry(const struct entry *e)
{
	/* Of what is gone perhaps only the key is known. */
	if (e->gone)
		return;
	assert(e->id.len > 0);
	assert(e->name.len > 3 && memcmp(e->name.data, "CN=", 3) == 0);
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		assert(a->n > 0 && entry_get(e, a->id) == a);
		for (unsigned k = 0; k < a->n; k++)
			assert(a->values[k].len > 0);
	}
}

/* 0: all of it, each entry once. */
static inline int read_whole(const struct connector_type *type, struct connector *c,
	const struct query *q, struct arena *mem)
{
	struct err err = {0};
	struct keys ids;
	struct entry e;
	bool once = true;
	int rc = type->read(c, q, &err);

	keys_init(&ids, 16, false);
	while (rc == 0 && (rc = type->next(c, mem, &e, &err)) == 1) {
		check_entry(&e);
		once = keys_put(&ids, e.key, 0) && once;
		rc = 0;
	}
	assert(rc < 0 ? err.kind != ERR_NONE : once);
	keys_free(&ids);
	return rc;
}

#endif
