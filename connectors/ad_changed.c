#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/ad.h"

#define GUID_LEN 16

static struct ad_id *id_at(const struct ad_changed *c, size_t i)
{
	return (struct ad_id *)(void *)c->ids.data + i;
}

void ad_changed_start(struct ad_changed *c)
{
	*c = (struct ad_changed){0};
	keys_init(&c->at, 0, true);
}

void ad_changed_add(struct ad_changed *c, struct value guid, enum ad_what what)
{
	struct ad_id id = {.what = what};
	uint32_t at;

	if (guid.len != GUID_LEN)
		return;
	if (keys_get(&c->at, entry_key(guid), &at)) {
		/* Deleted and restored, or the other way, while it was listed: reading it tells. */
		if (what != AD_WISHED && what != id_at(c, at)->what)
			id_at(c, at)->what = AD_CHANGED;
		return;
	}
	keys_put(&c->at, entry_key(guid), (uint32_t)ad_changed_count(c));
	memcpy(id.guid, guid.data, GUID_LEN);
	buf_add(&c->ids, &id, sizeof(id));
}

void ad_changed_renamed(struct ad_changed *c, struct value name)
{
	buf_add(&c->names, name.data, name.len);
	buf_putc(&c->names, '\0');
}

static int list_below(struct ad_dir *d, const char *name, struct err *err)
{
	const struct attr_set none = {0};
	struct search_request request = ldap_dir_request(&d->dir, &none);
	struct arena *mem = arena_new();
	struct search *s = NULL;
	struct entry e;

	request.base = name;
	int r = search_start(d->dir.session, &request, &s, err);
	while (r == 0 && (r = search_next(s, mem, &e, err)) == 1) {
		ad_changed_add(&d->changed, e.id, AD_CHANGED);
		arena_reset(mem);
		r = 0;
	}
	search_free(s);
	arena_free(mem);
	return r;
}

/* All objects were added: add what lies below those with new names. */
static int expand(struct ad_dir *d, struct err *err)
{
	const char *context = session_server(d->dir.session)->context;
	const struct buf *names = &d->changed.names;

	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1) {
		const char *name = names->data + at;
		/* The root of a naming context is never renamed, but changes like any object. */
		if (dn_text_equal(value_of(name), value_of(context)))
			continue;
		if (list_below(d, name, err) == 0)
			continue;
		/* Renamed again meanwhile, or not ours to see: a full read tells. */
		if (err->kind == ERR_FATAL)
			err->kind = ERR_ENTRY;
		return err_in(err, "what lies below %s, which was renamed", name);
	}
	return 0;
}

/* Wishes for all of them. Tombstones too: nobody is gone who is still found. */
static size_t wish_all(struct ad_dir *d)
{
	const size_t n = ad_changed_count(&d->changed);
	struct wish *wishes = arena_alloc(d->pass, n * sizeof(*wishes));

	for (size_t i = 0; i < n; i++)
		wishes[i] = (struct wish){
			.by = WISH_ID, .value = {id_at(&d->changed, i)->guid, GUID_LEN}};
	d->changed.wishes = wishes;
	return n;
}

int ad_changed_read(struct ad_dir *d, struct err *err)
{
	struct ad_changed *c = &d->changed;

	if (expand(d, err) < 0)
		return -1;
	for (size_t i = 0; i < d->query.n_wishes; i++)
		ad_changed_add(c, d->query.wishes[i].value, AD_WISHED);
	const size_t n = wish_all(d);
	d->request = ldap_dir_request(&d->dir, d->query.wanted);
	c->find = find_start(&d->dir, &d->request, c->wishes, n);
	return 0;
}

/* What was looked for and not found is not there, or not as it would have to be. */
static int next_gone(struct ad_changed *c, struct arena *mem, struct entry *e)
{
	while (c->next < ad_changed_count(c)) {
		const struct ad_id *id = id_at(c, c->next++);
		if (id->what == AD_FOUND || id->what == AD_WISHED)
			continue;
		struct value guid = {arena_copy(mem, id->guid, GUID_LEN), GUID_LEN};
		*e = (struct entry){.id = guid, .key = entry_key(guid), .gone = true};
		return 1;
	}
	return 0;
}

int ad_changed_next(struct ad_dir *d, struct arena *mem, struct entry *e, struct err *err)
{
	struct ad_changed *c = &d->changed;
	uint32_t at;
	int r = c->next == 0 ? find_next(c->find, mem, e, err) : 0;

	if (r == 1 && keys_get(&c->at, e->key, &at))
		id_at(c, at)->what = AD_FOUND;
	return r != 0 ? r : next_gone(c, mem, e);
}

void ad_changed_free(struct ad_changed *c)
{
	find_free(c->find);
	buf_free(&c->ids);
	buf_free(&c->names);
	keys_free(&c->at);
	*c = (struct ad_changed){0};
}
