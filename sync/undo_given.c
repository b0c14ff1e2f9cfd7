#include "sync/undo_given.h"

#include "base/arena.h"
#include "base/change.h"
#include "base/hash.h"
#include "sync/claims.h"

/* Who takes an address from a holder that keeps it; operations are counted from 1. */
#define NOBODY 0

void given_init(struct given *g)
{
	gains_init(&g->gains);
	keys_init(&g->taken, 0, true);
	loans_init(&g->loans);
	loans_refuse(&g->loans, NOBODY);
}

void given_free(struct given *g)
{
	gains_free(&g->gains);
	keys_free(&g->taken);
	loans_free(&g->loans);
}

static uint64_t pair_key(const struct entry *e, const struct claim *claim)
{
	const uint64_t both[] = {entry_key(e->id), claim->key};

	return hash_bytes(both, sizeof(both), 0);
}

int given_note(struct given *g, struct arena *mem, uint32_t op, const struct entry *e,
	const struct change *c, struct err *err)
{
	struct claim *claims;

	unsigned n = e != NULL ? claims_lost(mem, e, c, &claims) : 0;
	for (unsigned i = 0; i < n; i++)
		keys_put(&g->taken, pair_key(e, &claims[i]), op);
	n = c->op != CHANGE_DELETE ? claims_gained(mem, e, c, &claims) : 0;
	for (unsigned i = 0; i < n; i++) {
		if (gains_add(&g->gains, &claims[i], e, op))
			continue;
		/* Two had it before the run. */
		const char *text = arena_printf(mem,
			"E_PROXY_DUP: %.*s is given back to another entry by the same undo",
			(int)claims[i].address.len, claims[i].address.data);
		if (loans_add(&g->loans, op, NOBODY, text, err) < 0)
			return -1;
	}
	return 0;
}

struct settling {
	struct given *g;
	struct arena *mem;
};

static int take(void *with, uint32_t taker, const struct claim *claim, const struct entry *holder,
	struct err *err)
{
	const struct settling *s = with;
	const char *text = gains_say(s->mem, claim, holder);
	uint32_t giver = NOBODY;

	if (keys_get(&s->g->taken, pair_key(holder, claim), &giver))
		text = arena_printf(s->mem, "%s, which is in conflict itself", text);
	const int rc = loans_add(&s->g->loans, taker, giver, text, err);
	arena_reset(s->mem);
	return rc;
}

int given_settle(struct given *g, struct arena *mem, struct connector *target, struct err *err)
{
	struct settling s = {g, mem};

	if (gains_ask(&g->gains, target, take, &s, err) < 0)
		return -1;
	loans_settle(&g->loans);
	return 0;
}

int given_why(struct given *g, struct arena *mem, uint32_t op, struct value *text, struct err *err)
{
	return loans_why(&g->loans, op, mem, text, err);
}
