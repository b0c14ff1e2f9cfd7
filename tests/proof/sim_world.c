#include "tests/proof/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "connectors/local.h"

const char *const sim_bases[2] = {"DC=abc", "DC=xyz"};

static const char *const names[N_ATTRS] = {
	[A_CLASS] = "objectClass",
	[A_CN] = "cn",
	[A_GUID] = "objectGUID",
	[A_DISPLAY] = "displayName",
	[A_SAM] = "sAMAccountName",
	[A_NICK] = "mailNickname",
	[A_UPN] = "userPrincipalName",
	[A_MAIL] = "mail",
	[A_PROXY] = "proxyAddresses",
	[A_TARGET] = "targetAddress",
	[A_TITLE] = "title",
	[A_TEL] = "telephoneNumber",
	[A_DEPARTMENT] = "department",
	[A_PHOTO] = "thumbnailPhoto",
	[A_MANAGER] = "manager",
	[A_TYPE] = "employeeType",
	[A_MARK] = "adminDescription",
	[A_HIDE] = "msExchHideFromAddressLists",
	[A_COUNT] = "adminCount",
	[A_UNREAD] = "roomNumber",
};

unsigned sim_attr(enum sim_attr attr)
{
	static unsigned ids[N_ATTRS];

	if (ids[A_CN] == 0) {
		for (unsigned i = 0; i < N_ATTRS; i++)
			ids[i] = attr_named(names[i]);
	}
	return ids[attr];
}

struct value sim_guid(struct world *w)
{
	char *guid = arena_zalloc(w->mem, 16);
	const uint64_t n = ++w->guids;
	struct dice dice = {n};
	const uint64_t noise = dice_next(&dice);

	/* Neither text nor of version 8; with a NUL in it. */
	memcpy(guid, &noise, 8);
	guid[7] = 0x40;
	guid[8] = '\x80';
	guid[15] = (char)n;
	guid[14] = (char)(n >> 8);
	return (struct value){guid, 16};
}

int sim_find(const struct sim_dir *d, struct value name)
{
	const uint64_t key = dn_key(name);

	for (unsigned i = 0; i < d->n; i++) {
		if (d->entries[i]->name.len == name.len &&
			memcmp(d->entries[i]->name.data, name.data, name.len) == 0)
			return (int)i;
	}
	for (unsigned i = 0; i < d->n; i++) {
		if (dn_key(d->entries[i]->name) == key)
			return (int)i;
	}
	return -1;
}

struct entry *sim_edit(struct world *w, unsigned side, unsigned at)
{
	struct entry *e = arena_alloc(w->mem, sizeof(*e));

	entry_copy(w->mem, e, w->sides[side].now.entries[at]);
	w->sides[side].now.entries[at] = e;
	return e;
}

void sim_put(struct world *w, struct entry *e, enum sim_attr attr, const char *value)
{
	const struct value v = value_of(value != NULL ? arena_strdup(w->mem, value) : "");
	struct value *values = arena_alloc(w->mem, sizeof(*values));

	*values = v;
	if (value == NULL)
		entry_drop(e, sim_attr(attr));
	else
		entry_put(w->mem, e, sim_attr(attr), values, 1);
}

void sim_insert(struct world *w, unsigned side, struct entry *e)
{
	struct sim_dir *d = &w->sides[side].now;

	if (d->n == SIM_ENTRIES)
		abort();
	local_identify(w->mem, sim_attr(A_GUID), e);
	d->entries[d->n++] = e;
}

/* name with new_name in the place of old_name; {NULL, 0}: it has nothing to do with that. */
static struct value follow(
	struct arena *mem, struct value name, struct value old_name, struct value new_name)
{
	struct value up = name, parent;

	while (!dn_text_equal(up, old_name)) {
		parent = dn_parent(up);
		if (parent.len == 0 || parent.len == up.len)
			return (struct value){NULL, 0};
		up = parent;
	}
	return local_moved(mem, name, up, new_name);
}

static void follow_reference(
	struct world *w, unsigned side, unsigned at, struct value old_name, struct value new_name)
{
	const unsigned manager = sim_attr(A_MANAGER);
	const struct value value = entry_first(w->sides[side].now.entries[at], manager);

	if (value.len == 0)
		return;
	if (new_name.len == 0) {
		if (dn_text_equal(value, old_name))
			entry_drop(sim_edit(w, side, at), manager);
		return;
	}
	struct value *moved = arena_alloc(w->mem, sizeof(*moved));
	*moved = follow(w->mem, value, old_name, new_name);
	if (moved->data != NULL)
		entry_put(w->mem, sim_edit(w, side, at), manager, moved, 1);
}

void sim_rename(struct world *w, unsigned side, unsigned at, struct value new_name)
{
	struct sim_dir *d = &w->sides[side].now;
	const struct value old_name = d->entries[at]->name;

	local_rename(w->mem, sim_edit(w, side, at), value_copy(w->mem, new_name));
	for (unsigned i = 0; i < d->n; i++) {
		if (i != at) {
			struct value moved =
				follow(w->mem, d->entries[i]->name, old_name, new_name);
			if (moved.data != NULL)
				sim_edit(w, side, i)->name = moved;
		}
		follow_reference(w, side, i, old_name, new_name);
	}
}

void sim_remove(struct world *w, unsigned side, unsigned at)
{
	struct sim_dir *d = &w->sides[side].now;
	const struct value name = d->entries[at]->name;

	d->entries[at] = d->entries[--d->n];
	for (unsigned i = 0; i < d->n; i++)
		follow_reference(w, side, i, name, (struct value){NULL, 0});
}
