/*
 * What "galway check" tells of Exchange Online.
 */
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/exo.h"
#include "connectors/probe.h"

/* What to do instead. */
static const struct {
	const char *attr, *hint;
} hints[] = {
	{"msRTCSIP-PrimaryUserAddress", "a sip: address in proxyAddresses says it"},
	{"mail", "Exchange makes it of targetAddress"},
	{"c", "co has the country's name"},
	{"adminDescription", "for the marker, have marker = extensionAttribute15 in the flow"},
	{"manager", "leave it out of the rules"},
};

static const char *hint_of(unsigned attr)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (attr_named(hints[i].attr) == attr)
			return hints[i].hint;
	}
	return "leave it out of the rules";
}

static void tell_attributes(const struct probe *p)
{
	for (unsigned attr = 0; attr < p->writes->n; attr++) {
		const struct exo_field *f = exo_field_of(attr);
		if (!attr_set_has(p->writes, attr) || probe_implied(attr) ||
			(f != NULL && !(f->is & EXO_READ)))
			continue;
		probe_tell(p, FINDING_FAULT, "Exchange Online %s the attribute %s: %s",
			f != NULL ? "makes itself" : "has no place for", attr_name(attr),
			hint_of(attr));
	}
}

static void tell_writes(const struct exo_dir *d, const struct probe *p)
{
	struct arena *mem = arena_new();
	struct dn dn;
	struct err ignored;

	tell_attributes(p);
	for (unsigned i = 0; i < p->n_makes; i++) {
		if (strcasecmp(p->makes[i], "contact") != 0)
			probe_tell(p, FINDING_FAULT,
				"entries of the object class %s cannot be made: contact alone",
				p->makes[i]);
	}
	for (unsigned i = 0; i < p->n_into; i++) {
		if (dn_parse(mem, p->into[i], &dn, &ignored) < 0 || !dn_equal(&dn, &d->base_dn))
			probe_tell(p, FINDING_FAULT, "into has to be %s: there is nothing below it",
				d->base);
	}
	arena_free(mem);
}

int exo_probe(struct connector *c, const struct probe *p, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;
	struct arena *mem = arena_new();
	const char *who;

	if (d->way->caution != NULL)
		probe_tell(p, FINDING_WARNING, "%s", d->way->caution);
	if (p->target)
		tell_writes(d, p);
	const int r = connector_identity(c, mem, &who, err);
	if (r == 0 && d->way->http != NULL)
		probe_certificates(p, d->way->http);
	if (r == 0)
		probe_tell(p, FINDING_NOTE,
			"organization %s, way = %s, entries are called CN=...,%s; every run reads "
			"all contacts",
			who, d->way->type->name, d->base);
	arena_free(mem);
	return r;
}
