/*
 * Resources as entries.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/scim.h"

struct value scim_name(const struct scim_dir *d, struct arena *mem, struct value name)
{
	const struct value rdn = dn_escape(mem, name);

	return dn_child(mem, value_of(arena_printf(mem, "CN=%.*s", (int)rdn.len, rdn.data)),
		value_of(d->base));
}

bool scim_name_of(
	const struct scim_dir *d, struct arena *mem, struct value text, struct value *name)
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

struct value scim_twin_name(
	const struct scim_dir *d, struct arena *mem, struct value dn, struct value id)
{
	struct value name;

	return scim_name_of(d, mem, dn, &name)
		       ? scim_name(d, mem,
				 value_of(arena_printf(mem, "%.*s (%.*s)", (int)name.len, name.data,
					 (int)id.len, id.data)))
		       : dn;
}

bool scim_refers(unsigned attr)
{
	return attr_syntax(attr) == SYNTAX_DN;
}

static bool is_class(const struct scim_kind *kind, const struct mod *m)
{
	unsigned last = 0;

	while (kind->classes[last + 1] != NULL)
		last++;
	for (unsigned i = 0; i < m->n_add; i++) {
		if (value_equal(m->attr, m->add[i], value_of(kind->classes[last])))
			return true;
	}
	return false;
}

const struct scim_kind *scim_kind_of(const struct scim_dir *d, const struct change *add)
{
	const unsigned classes = attr_named("objectClass");

	for (unsigned i = 0; i < add->n; i++) {
		for (unsigned k = 0; add->mods[i].attr == classes && d->kinds[k] != NULL; k++) {
			if (is_class(d->kinds[k], &add->mods[i]))
				return d->kinds[k];
		}
	}
	return NULL;
}

const char *scim_filter_path(struct arena *mem, const char *path)
{
	char *to = arena_strdup(mem, path);
	bool urn = strncasecmp(path, "urn:", 4) == 0;
	size_t n = 0;

	for (const char *at = path; *at != '\0'; at++) {
		if (*at == '[')
			at = strchr(at, ']');
		else if (*at == '/') {
			to[n++] = urn ? ':' : '.';
			urn = false;
		} else
			to[n++] = *at;
	}
	to[n] = '\0';
	return to;
}

/* Ids become names; one of nobody that we read is left out. */
static void name_references(const struct scim_dir *d, struct arena *mem, struct entry *e)
{
	for (unsigned i = 0; i < e->n;) {
		struct attr *a = &e->attrs[i];
		unsigned n = 0;
		for (unsigned k = 0; scim_refers(a->id) && k < a->n; k++) {
			const struct value dn = scim_names_dn(d, a->values[k]);
			if (dn.len > 0)
				a->values[n++] = value_copy(mem, dn);
		}
		if (scim_refers(a->id) && n == 0) {
			entry_drop(e, a->id);
			continue;
		}
		a->n = scim_refers(a->id) ? n : a->n;
		i++;
	}
}

/* Is it one of several of that name? */
static void tell_apart(const struct scim_dir *d, struct arena *mem, struct entry *e)
{
	const struct value twin = scim_twin_name(d, mem, e->name, e->id);

	if (dn_text_equal(scim_names_dn(d, e->id), twin))
		e->name = twin;
}

static void add_classes(const struct scim_kind *kind, struct arena *mem, struct entry *e)
{
	const unsigned classes = attr_named("objectClass");

	for (unsigned i = 0; kind->classes[i] != NULL; i++)
		entry_add(mem, e, classes, value_of(kind->classes[i]));
}

int scim_entry(struct scim_dir *d, const struct scim_kind *kind, const struct json *j,
	const struct attr_set *wanted, struct arena *mem, struct entry *e, struct err *err)
{
	const char *id = json_text(j, "id"), *name = json_text(j, kind->name);
	const unsigned cn = attr_named("cn");

	if (id == NULL || *id == '\0' || name == NULL || *name == '\0')
		return err_set(err, ERR_FATAL, "%s/%s: has no %s", kind->endpoint,
			id != NULL ? id : "", id == NULL ? "id" : kind->name);
	*e = (struct entry){.id = value_of(arena_strdup(mem, id))};
	e->key = entry_key(e->id);
	e->name = scim_name(d, mem, value_of(name));
	if (kind->twins)
		tell_apart(d, mem, e);
	if (json_read(j, kind->fields, wanted, mem, e, err) < 0)
		return err_in(err, "%s/%s", kind->endpoint, id);
	if (wanted == NULL || attr_set_has(wanted, cn))
		entry_add(mem, e, cn, value_of(arena_strdup(mem, name)));
	if (wanted == NULL || attr_set_has(wanted, attr_named("objectClass")))
		add_classes(kind, mem, e);
	name_references(d, mem, e);
	return 0;
}
