#include "sync/gains.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/report.h"

struct gain {
	uint64_t entry; /* its key; 0: a new one */
	uint32_t taker;
};

void gains_init(struct gains *g)
{
	*g = (struct gains){.wishes = {.mem = arena_new()}};
	keys_init(&g->claims, 0, true);
}

void gains_free(struct gains *g)
{
	keys_free(&g->claims);
	buf_free(&g->list);
	arena_free(g->wishes.mem);
	*g = (struct gains){.wishes = {.mem = NULL}};
}

static struct gain gain_at(const struct gains *g, uint32_t at)
{
	struct gain gain;

	memcpy(&gain, g->list.data + at * sizeof(gain), sizeof(gain));
	return gain;
}

bool gains_add(struct gains *g, const struct claim *claim, const struct entry *e, uint32_t taker)
{
	const struct gain gain = {e != NULL ? entry_key(e->id) : 0, taker};
	uint32_t at;

	if (keys_get(&g->claims, claim->key, &at)) {
		const struct gain other = gain_at(g, at);
		return other.taker == taker || (gain.entry != 0 && other.entry == gain.entry);
	}
	keys_put(&g->claims, claim->key, (uint32_t)(g->list.len / sizeof(gain)));
	buf_add(&g->list, &gain, sizeof(gain));
	if (g->wishes.n <= WISHES_FEW)
		wish_address(&g->wishes, g->wishes.mem, claim);
	return true;
}

static int look(struct gains *g, struct arena *mem, const struct entry *e, gains_held *held,
	void *with, struct err *err)
{
	const uint64_t key = entry_key(e->id);
	struct claim *claims;
	uint32_t at;
	int rc = 0;

	const unsigned n = e->gone ? 0 : claims_held(mem, e, &claims);
	for (unsigned i = 0; i < n && rc == 0; i++) {
		if (!keys_get(&g->claims, claims[i].key, &at))
			continue;
		const struct gain gain = gain_at(g, at);
		if (gain.entry != key)
			rc = held(with, gain.taker, &claims[i], e, err);
	}
	return rc;
}

int gains_ask(struct gains *g, struct connector *c, gains_held *held, void *with, struct err *err)
{
	const bool few = (c->type->can & CAN_FIND) != 0 && g->wishes.n <= WISHES_FEW;
	struct arena *mem = arena_new(), *scratch = arena_new();
	struct attr_set looks = {0};
	const struct query q = {.kind = few ? QUERY_FIND : QUERY_ALL,
		.wishes = g->wishes.list,
		.n_wishes = few ? g->wishes.n : 0,
		.wanted = &looks};
	struct entry e;
	int rc = 0;

	claims_reads(mem, &looks);
	if (g->list.len > 0)
		rc = connector_read(c, &q, err);
	while (g->list.len > 0 && rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		rc = look(g, scratch, &e, held, with, err);
		arena_reset(scratch);
	}
	arena_free(scratch);
	arena_free(mem);
	return rc;
}

const char *gains_say(struct arena *mem, const struct claim *claim, const struct entry *holder)
{
	return arena_printf(mem, "E_PROXY_DUP: %.*s is held by %s", (int)claim->address.len,
		claim->address.data, report_value(mem, holder->name));
}
