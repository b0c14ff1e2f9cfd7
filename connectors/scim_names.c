#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim.h"
#include "connectors/scim_pages.h"

/* A pair is found by the key of its id and by that of its name: two indexes of places in a list. */
struct pair {
	struct value id, dn;
};

struct scim_names {
	struct arena *mem;
	struct buf pairs;
	struct keys by_id, by_dn;
};

static struct pair *pair_at(const struct scim_names *n, uint32_t i)
{
	return (struct pair *)(void *)n->pairs.data + i;
}

void scim_names_free(struct scim_names *n)
{
	if (n == NULL)
		return;
	buf_free(&n->pairs);
	keys_free(&n->by_id);
	keys_free(&n->by_dn);
	arena_free(n->mem);
}

void scim_names_put(struct scim_dir *d, struct value id, struct value dn)
{
	struct scim_names *n = d->names;

	if (n == NULL)
		return;
	const struct pair p = {value_copy(n->mem, id), value_copy(n->mem, dn)};
	const uint32_t place = (uint32_t)(n->pairs.len / sizeof(p));
	buf_add(&n->pairs, &p, sizeof(p));
	(void)keys_put(&n->by_id, entry_key(id), place);
	(void)keys_put(&n->by_dn, dn_key(dn), place);
}

struct value scim_names_dn(const struct scim_dir *d, struct value id)
{
	uint32_t i;

	if (d->names == NULL || !keys_get(&d->names->by_id, entry_key(id), &i) ||
		!value_same(pair_at(d->names, i)->id, id))
		return (struct value){NULL, 0};
	return pair_at(d->names, i)->dn;
}

struct value scim_names_id(const struct scim_dir *d, struct value dn)
{
	uint32_t i;

	if (d->names == NULL || !keys_get(&d->names->by_dn, dn_key(dn), &i) ||
		!dn_text_equal(pair_at(d->names, i)->dn, dn))
		return (struct value){NULL, 0};
	return pair_at(d->names, i)->id;
}

/* One of a kind whose names are not its own. rivals: the place of the first of that kind. */
static void put_twin(struct scim_dir *d, struct arena *mem, uint32_t rivals, const struct entry *e)
{
	struct scim_names *n = d->names;
	uint32_t i;

	const bool taken = keys_get(&n->by_dn, dn_key(e->name), &i);
	const struct value first = taken ? pair_at(n, i)->id : e->id;
	if (taken && (i < rivals || value_order(first, e->id) < 0)) {
		scim_names_put(d, e->id, scim_twin_name(d, mem, e->name, e->id));
		return;
	}
	if (!value_same(first, e->id))
		scim_names_put(d, first, scim_twin_name(d, mem, e->name, first));
	scim_names_put(d, e->id, e->name);
}

static int load_kind(struct scim_dir *d, const struct scim_kind *kind, struct err *err)
{
	struct arena *mem = arena_new();
	struct pages *pages = pages_start(d, kind, arena_printf(mem, "&attributes=%s", kind->name));
	const uint32_t rivals = (uint32_t)(d->names->pairs.len / sizeof(struct pair));
	const struct attr_set none = {0};
	const struct json *resource;
	struct entry e;
	int r;

	while ((r = pages_next(pages, &resource, err)) == 1) {
		if (scim_entry(d, kind, resource, &none, mem, &e, err) < 0) {
			r = pages_in(pages, err);
			break;
		}
		if (kind->twins)
			put_twin(d, mem, rivals, &e);
		else
			scim_names_put(d, e.id, e.name);
		arena_reset(mem);
	}
	pages_free(pages);
	arena_free(mem);
	return r;
}

int scim_names_load(struct scim_dir *d, struct err *err)
{
	if (d->names != NULL)
		return 0;
	struct arena *mem = arena_new();
	d->names = arena_zalloc(mem, sizeof(*d->names));
	d->names->mem = mem;
	keys_init(&d->names->by_id, 1024, true);
	keys_init(&d->names->by_dn, 1024, true);
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		if (load_kind(d, d->kinds[i], err) < 0) {
			scim_names_free(d->names);
			d->names = NULL;
			return -1;
		}
	}
	return 0;
}
