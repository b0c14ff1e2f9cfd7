/*
 * Objects as entries.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph.h"

bool graph_wants(const struct attr_set *wanted, const char *name)
{
	return wanted == NULL || attr_set_has(wanted, attr_named(name));
}

bool graph_counts(const struct graph_kind *kind, const struct json *j)
{
	const char *type = json_text(j, "userType");

	return kind->only == NULL || (type != NULL && strcasecmp(type, kind->only) == 0);
}

static const char *text_of(const struct json *j, const char *path)
{
	const char *text = path != NULL ? json_text(j, path) : NULL;

	return text != NULL && *text != '\0' ? text : NULL;
}

struct value graph_dn(const struct graph_dir *d, const struct graph_kind *kind,
	const struct json *j, struct arena *mem)
{
	const char *id = text_of(j, "id"), *name = text_of(j, kind->name);
	bool twins = kind->twins;

	if (name == NULL)
		name = text_of(j, kind->other);
	if (name == NULL && id != NULL && kind == &graph_mailbox) {
		/* Somebody else's. */
		name = text_of(j, "displayName");
		name = name != NULL ? name : "contact";
		twins = true;
	}
	if (id == NULL || name == NULL)
		return (struct value){NULL, 0};
	if (twins)
		name = arena_printf(mem, "%s (%s)", name, id);
	const struct value rdn = dn_escape(mem, value_of(name));
	return dn_child(mem, value_of(arena_printf(mem, "CN=%.*s", (int)rdn.len, rdn.data)),
		value_of(d->base));
}

bool graph_name_of(
	const struct graph_dir *d, struct arena *mem, struct value text, struct value *name)
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

int graph_entry(struct graph_dir *d, const struct graph_kind *kind, const struct json *j,
	const struct attr_set *wanted, struct arena *mem, struct entry *e, struct err *err)
{
	const struct value dn = graph_dn(d, kind, j, mem);
	const char *id = json_text(j, "id");
	struct value cn;

	if (dn.len == 0)
		return err_set(err, ERR_FATAL, "%s %s: has no %s", kind->setting,
			id != NULL ? id : "", id == NULL ? "id" : kind->name);
	*e = (struct entry){.id = value_of(arena_strdup(mem, id)), .name = dn};
	e->key = entry_key(e->id);
	if (json_read(j, kind->fields, wanted, mem, e, err) < 0)
		return err_in(err, "%s %s", kind->setting, id);
	if (graph_wants(wanted, "cn") && graph_name_of(d, mem, dn, &cn))
		entry_add(mem, e, attr_named("cn"), cn);
	for (unsigned i = 0; graph_wants(wanted, "objectClass") && kind->classes[i] != NULL; i++)
		entry_add(mem, e, attr_named("objectClass"), value_of(kind->classes[i]));
	return 0;
}
