#include "connectors/local.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"

void local_identify(struct arena *mem, unsigned id_attr, struct entry *e)
{
	struct value id = entry_first(e, id_attr);

	if (id.len == 0)
		id = dn_normal(mem, e->name);
	e->id = id.data != NULL ? id : e->name;
	e->key = entry_key(e->id);
}

static struct value new_guid(struct arena *mem, const struct entry *e)
{
	const struct value name = dn_normal(mem, e->name);
	const uint64_t digest = entry_digest(e, NULL);
	uint64_t half[2];
	unsigned char guid[16];

	for (unsigned i = 0; i < 2; i++)
		half[i] = hash_bytes(name.data, name.len, digest + i);
	memcpy(guid, half, sizeof(guid));
	/* Version 8 and the variant of RFC 9562, where AD's order of bytes has them. */
	guid[7] = (unsigned char)((guid[7] & 0x0f) | 0x80);
	guid[8] = (unsigned char)((guid[8] & 0x3f) | 0x80);
	return (struct value){arena_copy(mem, guid, sizeof(guid)), sizeof(guid)};
}

/* The first RDN; NULL when the name cannot be parsed or is empty. */
static const struct rdn *leaf(struct arena *mem, struct value name)
{
	struct dn dn;
	struct err err;

	return dn_parse(mem, name, &dn, &err) == 0 && dn.n > 0 ? &dn.rdns[0] : NULL;
}

/* Case does not count in names. */
static bool has_value(const struct entry *e, unsigned id, struct value v)
{
	const struct attr *a = entry_get(e, id);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (utf8_same(a->values[i], v))
			return true;
	}
	return false;
}

static void name_values(struct arena *mem, struct entry *e)
{
	const struct rdn *rdn = leaf(mem, e->name);

	for (unsigned i = 0; rdn != NULL && i < rdn->n; i++) {
		unsigned id = attr_named(rdn->avas[i].type);
		if (id != ATTR_NONE && !has_value(e, id, rdn->avas[i].value))
			entry_add(mem, e, id, rdn->avas[i].value);
	}
}

static void drop_value(struct arena *mem, struct entry *e, unsigned id, struct value v)
{
	struct mod mod = {.attr = id, .n_remove = 1, .remove = &v};
	const struct change change = {.op = CHANGE_MODIFY, .name = e->name, .n = 1, .mods = &mod};

	change_apply(mem, e, &change);
}

void local_rename(struct arena *mem, struct entry *e, struct value new_name)
{
	const struct rdn *old = leaf(mem, e->name), *now = leaf(mem, new_name);
	const unsigned name = attr_named("name");

	for (unsigned i = 0; old != NULL && i < old->n; i++) {
		unsigned id = attr_named(old->avas[i].type);
		if (id != ATTR_NONE)
			drop_value(mem, e, id, old->avas[i].value);
	}
	e->name = new_name;
	name_values(mem, e);
	if (now != NULL && entry_get(e, name) != NULL)
		entry_put(mem, e, name, &now->avas[0].value, 1);
}

struct change local_complete(struct arena *mem, unsigned id_attr, const struct change *add)
{
	struct entry e = {0};

	change_apply(mem, &e, add);
	name_values(mem, &e);
	if (id_attr == attr_named("objectGUID") && entry_get(&e, id_attr) == NULL) {
		struct value guid = new_guid(mem, &e);
		entry_put(mem, &e, id_attr, &guid, 1);
	}
	struct change all = {.op = CHANGE_ADD, .name = add->name, .n = e.n};
	all.mods = arena_zalloc(mem, e.n * sizeof(*all.mods));
	for (unsigned i = 0; i < e.n; i++) {
		const struct attr *a = &e.attrs[i];
		all.mods[i] = (struct mod){.attr = a->id, .n_add = a->n, .add = a->values};
	}
	return all;
}

bool local_added(struct arena *mem, unsigned id_attr, const struct entry *there,
	const struct change *complete)
{
	struct entry e = {0};

	change_apply(mem, &e, complete);
	if (entry_get(&e, id_attr) != NULL &&
		value_same(entry_first(&e, id_attr), entry_first(there, id_attr)))
		return true;
	for (unsigned i = 0; i < e.n; i++) {
		if (e.attrs[i].id != id_attr &&
			!attr_equal(&e.attrs[i], entry_get(there, e.attrs[i].id)))
			return false;
	}
	return true;
}

bool local_renamed(
	struct arena *mem, unsigned id_attr, const struct entry *there, const struct change *rename)
{
	if (entry_get(there, id_attr) != NULL)
		return value_same(there->id, rename->id);
	/* The id is the name: whoever asks knows the old one. */
	return rename->id.len > 0 && value_same(rename->id, dn_normal(mem, rename->name));
}

struct value local_moved(
	struct arena *mem, struct value name, struct value whom, struct value new_name)
{
	const size_t n = name.len - whom.len;
	char *text = arena_alloc(mem, n + new_name.len + 1);

	memcpy(text, name.data, n);
	memcpy(text + n, new_name.data, new_name.len);
	text[n + new_name.len] = '\0';
	return (struct value){text, n + new_name.len};
}

bool local_refers(unsigned attr)
{
	return attr_syntax(attr) == SYNTAX_DN && attr != attr_named("objectCategory");
}
