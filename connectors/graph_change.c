/*
 * A change, as Graph's objects have it.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph_write.h"

/* Is it what the name says, or the class? That is not written as an attribute. */
static bool implied(unsigned attr)
{
	return attr == attr_named("cn") || attr == attr_named("objectClass") ||
	       attr == attr_named("name");
}

/* The property in which the path begins, as it is now in `after`; an array of none is empty. */
static void put_property(struct json *body, const char *path, const struct json *after)
{
	const size_t len = strcspn(path, "/[");
	struct arena *mem = arena_new();
	const char *name = arena_copy(mem, path, len);
	const struct json *now = json_at(after, name);

	if (now != NULL)
		json_put(body, name, json_clone(now));
	else
		json_put(body, name, path[len] == '[' ? json_new_list() : json_new_null());
	arena_free(mem);
}

/* One attribute: its values now, with the mod done to them, back into the object. */
static int apply_mod(const struct graph_kind *kind, const struct mod *m, struct json *after,
	struct json *body, struct arena *mem, struct err *err)
{
	const struct json_field *f = json_field_of(kind->fields, m->attr);
	struct mod mod = *m;
	const struct change one = {.op = CHANGE_MODIFY, .n = 1, .mods = &mod};
	struct attr_set wanted = {0};
	struct entry e = {0};

	if (f == NULL && implied(m->attr))
		return 0;
	if (f == NULL)
		return err_set(err, ERR_ENTRY,
			"%s: Graph has no place for it, or does not let it be written",
			attr_name(m->attr));
	const struct json_field row[] = {*f, {NULL, NULL, JSON_TEXT, false}};
	attr_set_add(mem, &wanted, m->attr);
	if (json_read(after, row, &wanted, mem, &e, err) < 0)
		return -1;
	change_apply(mem, &e, &one);
	const struct attr *a = entry_get(&e, m->attr);
	if (json_write(after, f, a != NULL ? a->values : NULL, a != NULL ? a->n : 0, err) < 0)
		return -1;
	/* What is not named stays: a marker goes by being nothing. */
	if ((a == NULL || a->n == 0) && strstr(f->path, GRAPH_MARKER) != NULL)
		json_put(after, f->path, json_new_text(value_of("")));
	put_property(body, f->path, after);
	return 0;
}

static int put_name(struct graph_dir *d, const struct graph_kind *kind, struct value dn,
	struct json *after, struct json *body, struct arena *mem, struct err *err)
{
	struct value name;

	if (!graph_name_of(d, mem, dn, &name))
		return err_set(
			err, ERR_ENTRY, "%.*s: is not CN=...,%s", (int)dn.len, dn.data, d->base);
	json_put(after, kind->name, json_new_text(name));
	put_property(body, kind->name, after);
	return 0;
}

int graph_change(struct graph_dir *d, const struct change *c, const struct json *before,
	struct json **body, struct err *err)
{
	const struct graph_kind *kind = d->kinds[0];
	const struct value dn = c->op == CHANGE_ADD ? c->name : c->new_name;
	struct json *after = before != NULL ? json_clone(before) : json_new_object();
	struct arena *mem = arena_new();
	int r = 0;

	*body = json_new_object();
	if (dn.len > 0)
		r = put_name(d, kind, dn, after, *body, mem, err);
	for (unsigned i = 0; r == 0 && i < c->n; i++)
		r = apply_mod(kind, &c->mods[i], after, *body, mem, err);
	arena_free(mem);
	json_free(after);
	if (r == 0)
		return 0;
	json_free(*body);
	*body = NULL;
	err->kind = ERR_ENTRY;
	return err_in(err, "%.*s", (int)c->name.len, c->name.data);
}
