#include "base/config.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/config_private.h"

unsigned config_count(const struct config *c, const char *section)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_inner; i++)
		n += strcmp(c->inner[i]->shape->name, section) == 0;
	return n;
}

const struct config *config_at(const struct config *c, const char *section, unsigned n)
{
	for (unsigned i = 0; i < c->n_inner; i++) {
		if (strcmp(c->inner[i]->shape->name, section) == 0 && n-- == 0)
			return c->inner[i];
	}
	return NULL;
}

const struct config *config_section(const struct config *c, const char *section, const char *title)
{
	for (unsigned i = 0; i < c->n_inner; i++) {
		const struct config *inner = c->inner[i];
		if (strcmp(inner->shape->name, section) != 0)
			continue;
		if (title == NULL || (inner->title != NULL && strcmp(inner->title, title) == 0))
			return inner;
	}
	return NULL;
}

const char *config_title(const struct config *c)
{
	return c->title;
}

static const struct item *find(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->n_items; i++) {
		if (strcmp(c->items[i].name, name) == 0)
			return &c->items[i];
	}
	return NULL;
}

/* The setting of that name and of a kind in the set; others are a mistake of the program. */
static const struct item *item_of(const struct config *c, const char *name, unsigned kinds)
{
	const struct item *item = find(c, name);

	assert(item != NULL && item->setting != NULL);
	assert(kinds & 1u << item->setting->kind);
	(void)kinds;
	return item;
}

const char *config_text(const struct config *c, const char *name)
{
	const struct item *item = item_of(c, name,
		1u << SETTING_TEXT | 1u << SETTING_PATH | 1u << SETTING_SECRET |
			1u << SETTING_WORD);

	return item->n > 0 ? item->values[0] : NULL;
}

const char *const *config_list(const struct config *c, const char *name, unsigned *n)
{
	const struct item *item = item_of(c, name, 1u << SETTING_LIST);

	*n = item->n;
	return item->values;
}

long long config_number(const struct config *c, const char *name)
{
	const struct item *item = item_of(c, name, 1u << SETTING_NUMBER | 1u << SETTING_SPAN);

	return item->n > 0 ? item->number : -1;
}

bool config_bool(const struct config *c, const char *name)
{
	return item_of(c, name, 1u << SETTING_BOOL)->number != 0;
}

bool config_given(const struct config *c, const char *name)
{
	const struct item *item = find(c, name);

	assert(item != NULL);
	return item->where != NULL;
}

unsigned config_pairs(const struct config *c)
{
	assert(c->shape->free);
	return c->n_items;
}

const char *config_key(const struct config *c, unsigned i)
{
	assert(c->shape->free && i < c->n_items);
	return c->items[i].name;
}

const char *config_value(const struct config *c, unsigned i)
{
	assert(c->shape->free && i < c->n_items);
	return c->items[i].values[0];
}

/* Its settings are copied, for one of them is another. */
static struct config *copy_with(struct arena *mem, const struct config *section,
	const char *setting, const char *name, const char *const *value)
{
	struct config *copy = arena_alloc(mem, sizeof(*copy));

	*copy = *section;
	copy->title = arena_printf(mem, "%s/%s", section->title, name);
	copy->items = arena_alloc(mem, section->n_items * sizeof(*copy->items));
	for (unsigned i = 0; i < copy->n_items; i++) {
		copy->items[i] = section->items[i];
		if (strcmp(copy->items[i].name, setting) != 0)
			continue;
		copy->items[i].values = value;
		copy->items[i].n = 1;
	}
	return copy;
}

void config_multiply(struct arena *mem, struct config *root, const struct config *section,
	const char *setting, const char *const *names, const char *const *values, unsigned n)
{
	struct config **inner = arena_alloc(mem, (root->n_inner + n) * sizeof(*inner));
	unsigned k = 0;

	for (unsigned i = 0; i < root->n_inner; i++) {
		if (root->inner[i] != section) {
			inner[k++] = root->inner[i];
			continue;
		}
		for (unsigned c = 0; c < n; c++)
			inner[k++] = copy_with(mem, section, setting, names[c], &values[c]);
	}
	root->inner = inner;
	root->n_inner = k;
}

const char *config_where(const struct config *c, const char *name)
{
	const struct item *item = name != NULL ? find(c, name) : NULL;

	return item != NULL && item->where != NULL ? item->where : c->where;
}

const char *config_folder(const struct config *c)
{
	return c->folder;
}
