/*
 * Rows as entries.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/exo.h"

struct value exo_name(const struct exo_dir *d, struct arena *mem, struct value name)
{
	const struct value rdn = dn_escape(mem, name);

	return dn_child(mem, value_of(arena_printf(mem, "CN=%.*s", (int)rdn.len, rdn.data)),
		value_of(d->base));
}

bool exo_name_of(const struct exo_dir *d, struct arena *mem, struct value text, struct value *name)
{
	struct dn dn;
	struct err ignored;

	if (dn_parse(mem, text, &dn, &ignored) < 0 || dn.n != d->base_dn.n + 1 ||
		dn.rdns[0].n != 1 || strcasecmp(dn.rdns[0].avas[0].type, "CN") != 0)
		return false;
	*name = dn.rdns[0].avas[0].value;
	dn.n--;
	dn.rdns++;
	return dn_equal(&dn, &d->base_dn);
}

/* Directories say nothing where Exchange says "no". */
static void drop_false(struct entry *e)
{
	for (const struct exo_field *f = exo_fields; f->attr != NULL; f++) {
		const struct value v = entry_first(e, attr_named(f->attr));
		if (f->kind == JSON_BOOL && value_same(v, value_of("FALSE")))
			entry_drop(e, attr_named(f->attr));
	}
}

/* A targetAddress says of what kind it is; Exchange leaves that out at times. */
static void complete_target(struct arena *mem, struct entry *e)
{
	const unsigned target = attr_named("targetAddress");
	const struct value v = entry_first(e, target);

	if (v.len == 0 || memchr(v.data, ':', v.len) != NULL)
		return;
	const struct value whole = value_of(arena_printf(mem, "SMTP:%.*s", (int)v.len, v.data));
	entry_drop(e, target);
	entry_add(mem, e, target, whole);
}

static void add_classes(struct arena *mem, struct entry *e)
{
	static const char *const classes[] = {"top", "person", "organizationalPerson", "contact"};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		entry_add(mem, e, attr_named("objectClass"), value_of(classes[i]));
}

static const char *text_of(const struct json *row, const char *property)
{
	const char *text = json_text(row, property);

	return text != NULL && *text != '\0' ? text : NULL;
}

static int begin(struct exo_dir *d, const struct json *row, struct arena *mem, struct entry *e,
	struct err *err)
{
	const char *id = text_of(row, "ExternalDirectoryObjectId"), *name = text_of(row, "Name");
	const char *guid = text_of(row, "Guid");

	if (name == NULL || guid == NULL)
		return err_set(
			err, ERR_FATAL, "a contact without %s", name == NULL ? "Name" : "Guid");
	/* It comes a moment after the contact. */
	if (id == NULL)
		return err_set(err, ERR_BUSY, "%s has no ExternalDirectoryObjectId yet", name);
	*e = (struct entry){.id = value_of(arena_strdup(mem, id))};
	e->key = entry_key(e->id);
	e->name = exo_name(d, mem, value_of(name));
	return 0;
}

int exo_entry(struct exo_dir *d, enum exo_side side, const struct json *row,
	const struct attr_set *wanted, struct arena *mem, struct entry *e, struct err *err)
{
	const unsigned cn = attr_named("cn");

	if (side == EXO_MAIL && begin(d, row, mem, e, err) < 0)
		return -1;
	if (json_read(row, d->fields[side], wanted, mem, e, err) < 0)
		return err_in(err, "contact %s", text_of(row, "Guid"));
	if (side == EXO_PERSON)
		return 0;
	drop_false(e);
	complete_target(mem, e);
	if (wanted == NULL || attr_set_has(wanted, cn))
		entry_add(mem, e, cn, value_of(arena_strdup(mem, text_of(row, "Name"))));
	if (wanted == NULL || attr_set_has(wanted, attr_named("objectClass")))
		add_classes(mem, e);
	return 0;
}
