/*
 * What "galway check" tells of a SCIM service.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/probe.h"
#include "connectors/scim_find.h"

static void tell_service(const struct scim_dir *d, const struct probe *p)
{
	const struct scim_service *s = &d->service;
	const char *caution = http_caution(d->http);

	probe_tell(p, FINDING_NOTE, "%s, auth = %s, entries are called CN=...,%s",
		http_base(d->http), config_text(d->config, "auth"), d->base);
	if (caution != NULL)
		probe_tell(p, FINDING_WARNING, "%s", caution);
	probe_tell(p, FINDING_NOTE, "%s: %s, %s, %s, pages by %s",
		s->known ? "the service says" : "the service does not say what it can; tried are",
		s->patch ? "PATCH" : "no PATCH (PUT is used)",
		s->bulk && d->bulk ? "Bulk" : "no Bulk", s->filter ? "filters" : "no filters",
		s->cursor && !s->index ? "cursor" : "startIndex");
}

/* Is it found by name, and by what marks it? */
static int tell_filters(struct scim_dir *d, const struct probe *p, struct err *err)
{
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		const char *const paths[] = {d->kinds[i]->name, "externalId"};
		for (unsigned k = 0; k < 2; k++) {
			enum scim_finds finds;
			if (scim_filter_finds(d, d->kinds[i], paths[k], &finds, err) < 0)
				return -1;
			if (finds == SCIM_FINDS_NOTHING || (finds == SCIM_FINDS_EXACT && k == 0))
				probe_tell(p, FINDING_NOTE,
					"%s: filters of %s are not known to work (whatever the "
					"case): "
					"everything is read instead",
					d->kinds[i]->setting, paths[k]);
		}
	}
	return 0;
}

static bool has_place(const struct scim_dir *d, unsigned attr)
{
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		for (const struct json_field *f = d->kinds[i]->fields; f->attr != NULL; f++) {
			if (attr_named(f->attr) == attr &&
				(f->writable || strcmp(f->path, d->kinds[i]->name) == 0))
				return true;
		}
	}
	return false;
}

static bool has_class(const struct scim_dir *d, const char *name)
{
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		for (unsigned k = 0; d->kinds[i]->classes[k] != NULL; k++) {
			if (value_equal(attr_named("objectClass"), value_of(name),
				    value_of(d->kinds[i]->classes[k])))
				return true;
		}
	}
	return false;
}

static void tell_writes(const struct scim_dir *d, const struct probe *p)
{
	struct arena *mem = arena_new();
	struct dn dn;
	struct err ignored;

	for (unsigned attr = 0; attr < p->writes->n; attr++) {
		if (attr_set_has(p->writes, attr) && !probe_implied(attr) && !has_place(d, attr))
			probe_tell(p, FINDING_FAULT,
				"SCIM has no place for the attribute %s: leave it out of the rule",
				attr_name(attr));
	}
	for (unsigned i = 0; i < p->n_makes; i++) {
		if (!has_class(d, p->makes[i]))
			probe_tell(p, FINDING_FAULT,
				"entries of the object class %s cannot be made: user or group, as "
				"`types` has them",
				p->makes[i]);
	}
	for (unsigned i = 0; i < p->n_into; i++) {
		if (dn_parse(mem, p->into[i], &dn, &ignored) < 0 || !dn_equal(&dn, &d->base_dn))
			probe_tell(p, FINDING_FAULT, "into has to be %s: there is nothing below it",
				d->base);
	}
	arena_free(mem);
}

int scim_probe(struct connector *c, const struct probe *p, struct err *err)
{
	struct scim_dir *d = (struct scim_dir *)c;

	if (scim_discover(d, err) < 0)
		return -1;
	tell_service(d, p);
	probe_certificates(p, d->http);
	if (p->source)
		probe_tell(p, FINDING_NOTE,
			"every run reads all of it: SCIM does not tell what changed");
	if (!p->target)
		return 0;
	tell_writes(d, p);
	return tell_filters(d, p, err);
}
