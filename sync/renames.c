#include "sync/renames.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/spool.h"

void renames_start(struct renames *r)
{
	renames_free(r);
	keys_init(&r->places, 0, true);
	r->names = spool_new();
}

void renames_free(struct renames *r)
{
	keys_free(&r->places);
	spool_free(r->names);
	*r = (struct renames){.names = NULL};
}

static int follow(
	struct renames *r, struct arena *mem, struct value *values, unsigned n, struct err *err)
{
	uint32_t at;

	for (unsigned i = 0; i < n; i++) {
		if (keys_get(&r->places, dn_key(values[i]), &at) &&
			spool_get(r->names, at, mem, &values[i], NULL, err) < 0)
			return -1;
	}
	return 0;
}

int renames_follow(struct renames *r, struct arena *mem, struct change *c, struct err *err)
{
	uint32_t at;

	/* Its own comes first: a rename is done before what else is done to the entry. */
	if (c->new_name.len > 0) {
		if (spool_add(r->names, c->new_name.data, c->new_name.len, &at, err) < 0)
			return -1;
		keys_put(&r->places, dn_key(c->name), at);
	}
	for (unsigned i = 0; i < c->n && r->places.n > 0; i++) {
		struct mod *m = &c->mods[i];
		if (attr_syntax(m->attr) == SYNTAX_DN &&
			(follow(r, mem, m->remove, m->n_remove, err) < 0 ||
				follow(r, mem, m->add, m->n_add, err) < 0))
			return -1;
	}
	return 0;
}
