#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"
#include "connectors/exo.h"

/* Packed entries behind each other, whose ids are the Guids; where each begins, and that by the key
 * of its Guid. */
struct exo_people {
	struct buf packed, places; /* places: size_t; SIZE_MAX: it was taken */
	struct keys index;
	size_t left;
};

void exo_people_free(struct exo_people *p)
{
	if (p == NULL)
		return;
	buf_free(&p->packed);
	buf_free(&p->places);
	keys_free(&p->index);
	free(p);
}

static size_t *places_of(const struct exo_people *p)
{
	return (size_t *)(void *)p->places.data;
}

static int put(struct exo_dir *d, struct exo_people *p, const struct json *row, struct arena *mem,
	struct err *err)
{
	const char *guid = json_text(row, "Guid");
	const size_t place = p->packed.len;
	struct entry e = {0};

	if (guid == NULL || *guid == '\0')
		return err_set(err, ERR_FATAL, "a contact without Guid");
	e.id = value_of(guid);
	if (exo_entry(d, EXO_PERSON, row, d->query.wanted, mem, &e, err) < 0)
		return -1;
	if (!keys_put(&p->index, entry_key(e.id), (uint32_t)p->left))
		return err_set(
			err, ERR_BUSY, "%s comes twice: contacts change while they are read", guid);
	p->left++;
	entry_pack(&p->packed, &e);
	buf_add(&p->places, &place, sizeof(place));
	return 0;
}

static int put_page(struct exo_dir *d, struct exo_people *p, const struct json *page,
	struct arena *mem, struct err *err)
{
	const struct json *list = json_at(page, d->way->type->rows);

	for (size_t i = 0; i < json_count(list, ""); i++) {
		if (put(d, p, json_item(list, i), mem, err) < 0)
			return -1;
		arena_reset(mem);
	}
	return 0;
}

int exo_people_load(struct exo_dir *d, struct err *err)
{
	struct exo_people *p = memory_need(1, sizeof(*p));
	struct arena *mem = arena_new();
	struct json *page;
	int r = exo_get_all(d, EXO_PERSON, &page, err);

	keys_init(&p->index, 1024, true);
	while (r > 0) {
		r = put_page(d, p, page, mem, err) < 0 ? exo_in(d, err) : 0;
		json_free(page);
		if (r == 0)
			r = d->way->type->more(d->way, &page, err);
		if (r < 0)
			(void)err_in(err, "Get-Contact");
	}
	arena_free(mem);
	if (r < 0) {
		exo_people_free(p);
		return -1;
	}
	d->people = p;
	return 0;
}

bool exo_people_take(struct exo_people *p, const char *guid, struct arena *mem, struct entry *e)
{
	uint32_t i;
	struct entry person;
	const char *at;

	if (!keys_get(&p->index, entry_key(value_of(guid)), &i) || places_of(p)[i] == SIZE_MAX)
		return false;
	at = p->packed.data + places_of(p)[i];
	if (entry_unpack(mem, &at, p->packed.data + p->packed.len, &person) < 0 ||
		!value_same(person.id, value_of(guid)))
		return false;
	places_of(p)[i] = SIZE_MAX;
	p->left--;
	for (unsigned k = 0; k < person.n; k++)
		entry_put(mem, e, person.attrs[k].id, person.attrs[k].values, person.attrs[k].n);
	return true;
}

size_t exo_people_left(const struct exo_people *p)
{
	return p->left;
}
