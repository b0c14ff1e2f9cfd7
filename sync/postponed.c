#include "sync/postponed.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/spool.h"
#include "sync/plan.h"
#include "sync/state.h"

void postponed_start(struct postponed *p)
{
	*p = (struct postponed){.steps = spool_new()};
}

void postponed_free(struct postponed *p)
{
	spool_free(p->steps);
	p->steps = NULL;
}

/* The mods of references, or the others; the lines that gave them go with them. */
static void keep_mods(struct arena *mem, struct step *s, bool references)
{
	const struct change all = s->change;
	const char *const *lines = s->lines;
	struct change *c = &s->change;

	c->mods = arena_alloc(mem, all.n * sizeof(*c->mods));
	s->lines = arena_alloc(mem, all.n * sizeof(*s->lines));
	c->n = 0;
	for (unsigned i = 0; i < all.n; i++) {
		if ((attr_syntax(all.mods[i].attr) == SYNTAX_DN) != references)
			continue;
		s->lines[c->n] = lines[i];
		c->mods[c->n++] = all.mods[i];
	}
}

int postponed_put(
	struct postponed *p, struct arena *mem, struct step *s, uint32_t place, struct err *err)
{
	struct buf b = {0};
	uint32_t at;

	buf_add(&b, &place, sizeof(place));
	step_pack(&b, s);
	int rc = spool_add(p->steps, b.data, b.len, &at, err);
	buf_free(&b);
	keep_mods(mem, s, false);
	s->link.source_digest = 0;
	return rc;
}

int postponed_read(
	struct postponed *p, struct arena *mem, struct step *s, uint32_t *place, struct err *err)
{
	struct value bytes;

	if (p->at >= spool_end(p->steps))
		return 0;
	if (spool_get(p->steps, p->at, mem, &bytes, &p->at, err) < 0)
		return -1;
	memcpy(place, bytes.data, sizeof(*place));
	bytes.data += sizeof(*place);
	bytes.len -= sizeof(*place);
	if (step_unpack(mem, bytes, s) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged step");
	keep_mods(mem, s, true);
	s->op = STEP_MODIFY;
	s->change.op = CHANGE_MODIFY;
	return 1;
}

int postponed_next(struct postponed *p, struct state *state, long long flow,
	const struct keys *failures, struct arena *mem, struct step *s, uint32_t *place,
	struct err *err)
{
	struct link link;
	int rc, found = 0;

	while (found == 0 && (rc = postponed_read(p, mem, s, place, err)) != 0) {
		if (rc < 0)
			return -1;
		if (keys_has(failures, *place + 1ull))
			continue;
		found = state_link(state, flow, s->source_id, mem, &link, err);
	}
	if (found == 1)
		s->target_id = s->link.target = s->change.id = link.target;
	return found;
}
