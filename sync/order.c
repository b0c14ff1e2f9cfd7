#include "sync/order.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/spool.h"
#include "base/utf8.h"
#include "sync/plan.h"
#include "sync/sorter.h"

/* Compared as bytes from the first member on. */
struct order_record {
	unsigned char phase, depth[2], first[33], key[8], place[4];
};

void steps_init(struct steps *s)
{
	*s = (struct steps){.spool = spool_new(), .order = sorter_new(sizeof(struct order_record))};
}

void steps_free(struct steps *s)
{
	spool_free(s->spool);
	sorter_free(s->order);
	*s = (struct steps){0};
}

static unsigned char phase_of(const struct step *s)
{
	static const unsigned char phases[] = {
		[STEP_NONE] = 0,
		[STEP_ADD] = 1,
		[STEP_MODIFY] = 2,
		[STEP_LINK] = 2,
		[STEP_FORGET] = 3,
		[STEP_DELETE] = 4,
		[STEP_CONFLICT] = 5,
	};

	return phases[s->op];
}

static void make_record(const struct step *s, bool by_id, uint32_t place, struct order_record *r)
{
	struct value name = s->target_name.len > 0 ? s->target_name : s->source_name;
	unsigned depth = dn_depth(name);
	struct arena *mem = arena_new();
	struct value first = by_id ? s->source_id : utf8_fold(mem, name);

	*r = (struct order_record){.phase = phase_of(s)};
	/* Parents first; deletes the other way round. */
	if (s->op == STEP_DELETE)
		depth = UINT16_MAX - depth;
	if (s->op == STEP_ADD || s->op == STEP_DELETE) {
		r->depth[0] = (unsigned char)(depth >> 8);
		r->depth[1] = (unsigned char)depth;
	}
	size_t len = first.len < sizeof(r->first) ? first.len : sizeof(r->first);
	if (len > 0)
		memcpy(r->first, first.data, len);
	sorter_number(r->key, hash_bytes(s->source_id.data, s->source_id.len, 0));
	memcpy(r->place, &(uint32_t){__builtin_bswap32(place)}, 4);
	arena_free(mem);
}

int steps_add(struct steps *steps, const struct step *s, struct err *err)
{
	struct order_record r;
	struct buf b = {0};
	uint32_t place;

	step_pack(&b, s);
	int rc = spool_add(steps->spool, b.data, b.len, &place, err);
	buf_free(&b);
	if (rc < 0)
		return -1;
	make_record(s, steps->by_id, place, &r);
	if (steps->as_added) {
		r = (struct order_record){.phase = 0};
		memcpy(r.place, &(uint32_t){__builtin_bswap32(place)}, 4);
	}
	return sorter_add(steps->order, &r, err);
}

int steps_rewind(struct steps *steps, struct err *err)
{
	return sorter_rewind(steps->order, err);
}

int steps_next(
	struct steps *steps, struct arena *mem, struct step *s, uint32_t *place, struct err *err)
{
	const void *record;
	struct value bytes;
	int rc = sorter_next(steps->order, &record, err);

	if (rc != 1)
		return rc;
	memcpy(place, ((const struct order_record *)record)->place, 4);
	*place = __builtin_bswap32(*place);
	if (spool_get(steps->spool, *place, mem, &bytes, NULL, err) < 0)
		return -1;
	if (step_unpack(mem, bytes, s) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged step");
	return 1;
}
