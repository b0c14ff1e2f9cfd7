/*
 * A change, as resources have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim_write.h"

/* Of a mailNickname at Entra's service. */
#define NICKNAME_MOST 64
#define PATCH_SCHEMA "urn:ietf:params:scim:api:messages:2.0:PatchOp"

static void put_text(struct json *j, const char *path, struct value v)
{
	json_put(j, path, json_new_text(v));
}

/* Is it what the name says, or the class? That is not written as an attribute. */
static bool implied(const struct scim_kind *kind, unsigned attr)
{
	if (attr == attr_named("cn") || attr == attr_named("objectClass") ||
		attr == attr_named("name"))
		return true;
	for (const struct json_field *f = kind->fields; f->attr != NULL; f++) {
		if (attr_named(f->attr) == attr && strcmp(f->path, kind->name) == 0)
			return true;
	}
	return false;
}

/* Names become ids. What is to be taken away and is not there is gone already. */
static int to_ids(
	struct scim_dir *d, const struct mod *m, struct arena *mem, struct mod *to, struct err *err)
{
	*to = *m;
	if (!scim_refers(m->attr))
		return 0;
	to->n_remove = 0;
	to->add = arena_alloc(mem, m->n_add * sizeof(*to->add));
	to->remove = arena_alloc(mem, m->n_remove * sizeof(*to->remove));
	for (unsigned i = 0; i < m->n_add; i++) {
		to->add[i] = scim_names_id(d, m->add[i]);
		if (to->add[i].len == 0)
			return err_set(err, ERR_ENTRY, "%s: %.*s is not there", attr_name(m->attr),
				(int)m->add[i].len, m->add[i].data);
	}
	for (unsigned i = 0; i < m->n_remove; i++) {
		const struct value id = scim_names_id(d, m->remove[i]);
		if (id.len > 0)
			to->remove[to->n_remove++] = id;
	}
	return 0;
}

/* One attribute: its values now, with the mod done to them, back into the resource. */
static int apply_mod(struct scim_dir *d, const struct scim_kind *kind, const struct mod *m,
	struct json *after, struct arena *mem, struct err *err)
{
	const struct json_field *f = json_field_of(kind->fields, m->attr);
	struct mod mod;
	const struct change one = {.op = CHANGE_MODIFY, .n = 1, .mods = &mod};
	struct attr_set wanted = {0};
	struct entry e = {0};

	if (f == NULL)
		return implied(kind, m->attr)
			       ? 0
			       : err_set(err, ERR_ENTRY, "%s: there is no place for it in SCIM %s",
					 attr_name(m->attr), kind->setting);
	const struct json_field row[] = {*f, {NULL, NULL, JSON_TEXT, false}};
	attr_set_add(mem, &wanted, m->attr);
	if (to_ids(d, m, mem, &mod, err) < 0 || json_read(after, row, &wanted, mem, &e, err) < 0)
		return -1;
	change_apply(mem, &e, &one);
	const struct attr *a = entry_get(&e, m->attr);
	return json_write(after, f, a != NULL ? a->values : NULL, a != NULL ? a->n : 0, err);
}

/* The core schema, and those whose members there are (RFC 7643, 3). */
static void put_schemas(const struct scim_kind *kind, struct json *j)
{
	json_put(j, "schemas", NULL);
	put_text(j, "schemas[]", value_of(kind->schema));
	for (size_t i = 0;; i++) {
		const char *name = json_member(j, i);
		if (name == NULL)
			break;
		if (strncasecmp(name, "urn:", 4) == 0)
			put_text(j, "schemas[]", value_of(name));
	}
}

/* Entra's service wants a mailNickname of a new user: where the rules give none, what userName has
 * before '@', of the characters and the length that it takes. */
static void put_nickname(const struct scim_kind *kind, struct json *j)
{
	const struct json_field *f = json_field_of(kind->fields, attr_named("mailNickname"));
	const char *at = json_text(j, kind->name);
	char text[NICKNAME_MOST + 1];
	size_t n = 0;

	if (json_at(j, f->path) != NULL)
		return;
	for (; *at != '\0' && *at != '@' && n < NICKNAME_MOST; at++) {
		if (*at > ' ' && *at < 0x7f && strchr("()\\[]\";:<>,", *at) == NULL)
			text[n++] = *at;
	}
	text[n] = '\0';
	if (n > 0)
		put_text(j, f->path, value_of(text));
}

/* And a password. Nobody is told this one. */
static void put_password(struct json *j)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "Aa1-%08x%08x%08x%08x", arc4random(), arc4random(),
		arc4random(), arc4random());
	put_text(j, "password", value_of(text));
}

static int put_name(struct scim_dir *d, const struct scim_kind *kind, struct value dn,
	struct arena *mem, struct json *j, struct err *err)
{
	struct value name;

	if (!scim_name_of(d, mem, dn, &name))
		return err_set(
			err, ERR_ENTRY, "%.*s: is not CN=...,%s", (int)dn.len, dn.data, d->base);
	put_text(j, kind->name, name);
	return 0;
}

/* {NULL, 0}: the change keeps it. */
static struct value written_name(const struct change *c)
{
	return c->op == CHANGE_ADD ? c->name : c->new_name;
}

int scim_change_apply(struct scim_dir *d, const struct scim_kind *kind, const struct change *c,
	const struct json *before, struct json **out, struct err *err)
{
	const struct value dn = written_name(c);
	struct json *after = json_clone(before);
	struct arena *mem = arena_new();
	int r = 0;

	if (dn.len > 0)
		r = put_name(d, kind, dn, mem, after, err);
	for (unsigned i = 0; r == 0 && i < c->n; i++)
		r = apply_mod(d, kind, &c->mods[i], after, mem, err);
	arena_free(mem);
	if (r < 0) {
		json_free(after);
		err->kind = ERR_ENTRY;
		return err_in(err, "%.*s", (int)c->name.len, c->name.data);
	}
	if (c->op == CHANGE_ADD && d->dialect == SCIM_ENTRA && kind == &scim_kinds[0]) {
		put_nickname(kind, after);
		put_password(after);
	}
	put_schemas(kind, after);
	*out = after;
	return 0;
}

static bool as_written(const struct entry *e, const struct mod *m)
{
	bool good = true;

	for (unsigned i = 0; i < m->n_add; i++)
		good = good && entry_has(e, m->attr, m->add[i]);
	for (unsigned i = 0; i < m->n_remove; i++)
		good = good && !entry_has(e, m->attr, m->remove[i]);
	return good;
}

int scim_change_check(struct scim_dir *d, const struct scim_kind *kind, const struct change *c,
	const struct json *j, struct err *err)
{
	const struct value dn = written_name(c);
	struct arena *mem = arena_new();
	struct attr_set wanted = {0};
	struct value name;
	struct entry e;
	int r;

	for (unsigned i = 0; i < c->n; i++)
		attr_set_add(mem, &wanted, c->mods[i].attr);
	r = scim_entry(d, kind, j, &wanted, mem, &e, err);
	/* Not the entry's, which may have its id behind it. */
	if (r == 0 && dn.len > 0) {
		name = scim_name(d, mem, value_of(json_text(j, kind->name)));
		if (!dn_text_equal(name, dn))
			r = err_set(err, ERR_ENTRY, "the service calls it %.*s", (int)name.len,
				name.data);
	}
	for (unsigned i = 0; r == 0 && i < c->n; i++) {
		if (json_field_of(kind->fields, c->mods[i].attr) != NULL &&
			!as_written(&e, &c->mods[i]))
			r = err_set(err, ERR_ENTRY, "the service did not take %s as it was written",
				attr_name(c->mods[i].attr));
	}
	arena_free(mem);
	return r;
}

static struct json *new_op(const char *op, const char *path)
{
	struct json *j = json_new_object();

	put_text(j, "op", value_of(op));
	put_text(j, "path", value_of(path));
	return j;
}

/* What is at the path becomes this, or goes. Each path once. */
static void add_op(struct json *ops, const char *path, const struct json *value)
{
	for (size_t i = 0; i < json_count(ops, ""); i++) {
		const char *there = json_text(json_item(ops, i), "path");
		if (there != NULL && strcmp(there, path) == 0)
			return;
	}
	struct json *op = new_op(value != NULL ? "replace" : "remove", path);
	if (value != NULL)
		json_put(op, "value", json_clone(value));
	json_push(ops, op);
}

/* Members are many: only those that come and go. */
static void add_members(struct scim_dir *d, const struct mod *m, const char *path, struct json *ops)
{
	struct json *add = new_op("add", path), *list = json_new_list();
	struct arena *mem = arena_new();

	for (unsigned i = 0; i < m->n_add; i++) {
		struct json *one = json_new_object();
		put_text(one, "value", scim_names_id(d, m->add[i]));
		json_push(list, one);
	}
	for (unsigned i = 0; i < m->n_remove; i++) {
		const struct value id = scim_names_id(d, m->remove[i]);
		if (id.len > 0)
			json_push(ops, new_op("remove", arena_printf(mem, "%s[value eq \"%.*s\"]",
								path, (int)id.len, id.data)));
	}
	json_put(add, "value", list);
	if (m->n_add > 0)
		json_push(ops, add);
	else
		json_free(add);
	arena_free(mem);
}

static void add_mod(struct scim_dir *d, const struct scim_kind *kind, const struct mod *m,
	const struct json *after, struct json *ops)
{
	const struct json_field *f = json_field_of(kind->fields, m->attr);
	struct arena *mem = arena_new();

	if (f != NULL) {
		/* Of an array the whole is replaced: few services know paths into values. */
		const char *bracket = strchr(f->path, '[');
		const char *path = bracket != NULL
					   ? arena_copy(mem, f->path, (size_t)(bracket - f->path))
					   : f->path;
		if (json_field_many(f) && scim_refers(m->attr) && !m->replace)
			add_members(d, m, path, ops);
		else
			add_op(ops, scim_filter_path(mem, path), json_at(after, path));
	}
	arena_free(mem);
}

struct json *scim_change_patch(struct scim_dir *d, const struct scim_kind *kind,
	const struct change *c, const struct json *after)
{
	struct json *patch = json_new_object(), *ops = json_new_list();

	put_text(patch, "schemas[]", value_of(PATCH_SCHEMA));
	if (c->new_name.len > 0)
		add_op(ops, kind->name, json_at(after, kind->name));
	for (unsigned i = 0; i < c->n; i++)
		add_mod(d, kind, &c->mods[i], after, ops);
	json_put(patch, "Operations", ops);
	return patch;
}
