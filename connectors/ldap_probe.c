#include "connectors/ldap_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/ldap_since.h"

#include <ldap_schema.h>

/* Names in one finding. */
#define NAMES_MAX 12

void probe_session(const struct ldap_dir *d, const struct probe *p)
{
	const struct server *server = session_server(d->session);
	const bool local = strncasecmp(server->url, "ldapi:", 6) == 0;

	probe_tell(p, FINDING_NOTE, "%s, %s, as %s", server->url, server->method, server->who);
	if (strcmp(config_text(d->config, "auth"), "anonymous") == 0)
		probe_tell(p, FINDING_WARNING,
			"auth = anonymous: the server shows what it shows to anybody, and that may "
			"be less tomorrow");
	if (!server->encrypted && !local)
		probe_tell(p, FINDING_WARNING,
			"the connection is not encrypted: use ldaps:// or starttls = true");
	else if (!server->verified && !local)
		probe_tell(p, FINDING_WARNING,
			"tls = insecure: the server's certificate is not verified, so that anybody "
			"may answer in its place");
	probe_certificate(p, "the server's certificate", server->expires);
	if (d->page_size > 0 && session_supports(d->session, LDAP_CONTROL_PAGEDRESULTS))
		probe_tell(p, FINDING_NOTE, "read in pages of %u", d->page_size);
	else
		probe_tell(p, FINDING_WARNING,
			"not read in pages (%s): a size limit of the server ends a read",
			d->page_size == 0 ? "page-size = 0" : "the server has none");
}

/* Whose schema has attributes of that kind. */
static const char *product_of(const char *name)
{
	static const struct {
		const char *begin, *product;
	} products[] = {
		{"msRTCSIP", "Lync or Skype for Business"},
		{"msExch", "Exchange"},
		{"extensionAttribute", "Exchange"},
		{"targetAddress", "Exchange"},
		{"mailNickname", "Exchange"},
		{"mAPIRecipient", "Exchange"},
		{"internetEncoding", "Exchange"},
	};

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		if (strncasecmp(name, products[i].begin, strlen(products[i].begin)) == 0)
			return products[i].product;
	}
	return NULL;
}

void probe_unknown_attribute(const struct probe *p, const char *name)
{
	const char *product = product_of(name);

	probe_tell(p, FINDING_FAULT,
		"the server does not know the attribute %s: extend the schema%s%s, or leave the "
		"attribute out with \"drop %s\" in the rule",
		name, product != NULL ? " by that of " : "", product != NULL ? product : "", name);
}

void probe_unknown_class(const struct probe *p, const char *name)
{
	probe_tell(p, FINDING_FAULT,
		"the server does not know the object class %s: extend the schema, or write another "
		"objectClass",
		name);
}

const char *probe_list(struct arena *mem, const struct attr_set *set)
{
	struct buf b = {0};
	unsigned n = 0;

	buf_puts(&b, "");
	for (unsigned id = 0; id < set->n; id++) {
		if (!attr_set_has(set, id))
			continue;
		if (n++ < NAMES_MAX)
			buf_printf(&b, "%s%s", n > 1 ? ", " : "", attr_name(id));
	}
	if (n > NAMES_MAX)
		buf_printf(&b, " and %u more", n - NAMES_MAX);
	const char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

bool probe_inside(const struct probe *p, struct value name)
{
	struct arena *mem = arena_new();
	struct dn dn;
	struct err ignored;
	bool is = false;

	for (unsigned i = 0; i < p->n_into && !is; i++)
		is = dn_text_equal(name, p->into[i]) ||
		     (dn_parse(mem, p->into[i], &dn, &ignored) == 0 && dn_text_below(name, &dn));
	arena_free(mem);
	return is;
}

/* The server's classes, and its attributes. An attribute may have several names, of which classes
 * use any: street is streetAddress (RFC 4519 2.34). */
struct schema {
	struct attr_set attributes;
	LDAPObjectClass **classes;
	LDAPAttributeType **types;
	unsigned n, n_types;
};

static void add_names(struct arena *mem, struct attr_set *set, char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		attr_set_add(mem, set, attr_named(names[i]));
}

static void learn_attribute(struct arena *mem, struct schema *s, const char *text)
{
	const char *at;
	int code;
	LDAPAttributeType *type = ldap_str2attributetype(text, &code, &at, LDAP_SCHEMA_ALLOW_ALL);

	if (type == NULL)
		return;
	add_names(mem, &s->attributes, type->at_names);
	s->types[s->n_types++] = type;
}

static void learn(struct arena *mem, struct schema *s, LDAP *ld, LDAPMessage *m)
{
	struct berval **types = ldap_get_values_len(ld, m, "attributeTypes");
	struct berval **classes = ldap_get_values_len(ld, m, "objectClasses");
	const char *at;
	int code;

	s->types = arena_alloc(
		mem, (size_t)(ldap_count_values_len(types) + 1) * sizeof(LDAPAttributeType *));
	for (size_t i = 0; types != NULL && types[i] != NULL; i++)
		learn_attribute(mem, s, types[i]->bv_val);
	s->classes = arena_alloc(
		mem, (size_t)(ldap_count_values_len(classes) + 1) * sizeof(LDAPObjectClass *));
	for (size_t i = 0; classes != NULL && classes[i] != NULL; i++) {
		LDAPObjectClass *class =
			ldap_str2objectclass(classes[i]->bv_val, &code, &at, LDAP_SCHEMA_ALLOW_ALL);
		if (class != NULL)
			s->classes[s->n++] = class;
	}
	ldap_value_free_len(types);
	ldap_value_free_len(classes);
}

static bool is_one_of(char **names, const char *name)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static const LDAPObjectClass *class_of(const struct schema *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (is_one_of(s->classes[i]->oc_names, name) ||
			strcmp(s->classes[i]->oc_oid, name) == 0)
			return s->classes[i];
	}
	return NULL;
}

/* The other names of what is in the set. */
static void add_aliases(struct arena *mem, const struct schema *s, struct attr_set *set)
{
	for (unsigned i = 0; i < s->n_types; i++) {
		char **names = s->types[i]->at_names;
		bool has = false;

		for (size_t k = 0; names != NULL && names[k] != NULL && !has; k++)
			has = attr_set_has(set, attr_named(names[k]));
		if (has)
			add_names(mem, set, names);
	}
}

/* What entries of the class may have. A schema with classes above each other in a circle is
 * broken; 32 is more than any has. */
static void allow(struct arena *mem, const struct schema *s, const char *name, unsigned depth,
	struct attr_set *allowed)
{
	const LDAPObjectClass *class = class_of(s, name);

	if (class == NULL || depth > 32)
		return;
	add_names(mem, allowed, class->oc_at_oids_must);
	add_names(mem, allowed, class->oc_at_oids_may);
	for (size_t i = 0; class->oc_sup_oids != NULL && class->oc_sup_oids[i] != NULL; i++)
		allow(mem, s, class->oc_sup_oids[i], depth + 1, allowed);
}

static void tell_schema(struct arena *mem, const struct schema *s, const struct probe *p)
{
	struct attr_set allowed = {0}, refused = {0};
	bool any = false;

	for (unsigned i = 0; i < p->n_classes; i++) {
		any = any || strcasecmp(p->classes[i], "extensibleObject") == 0;
		if (class_of(s, p->classes[i]) == NULL)
			probe_unknown_class(p, p->classes[i]);
		allow(mem, s, p->classes[i], 0, &allowed);
	}
	add_aliases(mem, s, &allowed);
	for (unsigned id = 0; id < p->writes->n; id++) {
		if (!attr_set_has(p->writes, id) || probe_implied(id))
			continue;
		if (!attr_set_has(&s->attributes, id))
			probe_unknown_attribute(p, attr_name(id));
		else if (!any && !attr_set_has(&allowed, id))
			attr_set_add(mem, &refused, id);
	}
	if (refused.n > 0)
		probe_tell(p, FINDING_FAULT,
			"the object classes of the rules do not allow %s: write an objectClass "
			"that does, or drop them",
			probe_list(mem, &refused));
}

int probe_schema(struct ldap_dir *d, const struct probe *p, struct err *err)
{
	static const char *const attributes[] = {"attributeTypes", "objectClasses", NULL};
	LDAP *ld = session_handle(d->session);
	LDAPMessage *result = NULL, *m;
	struct arena *mem = arena_new();
	struct schema s = {0};
	unsigned n;
	const struct value *where = session_root(d->session, "subschemaSubentry", &n);
	int r = 0;

	if (where == NULL || n == 0) {
		probe_tell(p, FINDING_WARNING, "the server does not show its schema");
	} else {
		r = session_search(d->session, where->data, LDAP_SCOPE_BASE, "(objectClass=*)",
			attributes, 1, &result, err);
		m = r == 0 ? ldap_first_entry(ld, result) : NULL;
		if (m != NULL)
			learn(mem, &s, ld, m);
		if (s.attributes.n > 0 && s.n > 0)
			tell_schema(mem, &s, p);
		else if (r == 0)
			probe_tell(p, FINDING_WARNING, "the server does not show its schema");
	}
	for (unsigned i = 0; i < s.n; i++)
		ldap_objectclass_free(s.classes[i]);
	for (unsigned i = 0; i < s.n_types; i++)
		ldap_attributetype_free(s.types[i]);
	ldap_msgfree(result);
	arena_free(mem);
	return r;
}

/* Does the server show us modifyTimestamp? What the base has not, nothing has; of one that we may
 * not see nothing is known. */
static int shows_stamp(struct ldap_dir *d, bool *shows, struct err *err)
{
	static const char *const attributes[] = {"modifyTimestamp", NULL};
	LDAP *ld = session_handle(d->session);
	LDAPMessage *result = NULL;

	*shows = true;
	if (d->base.len == 0)
		return 0;
	const int r = session_search(d->session, d->base.data, LDAP_SCOPE_BASE, "(objectClass=*)",
		attributes, 1, &result, err);
	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	struct berval **values = m != NULL ? ldap_get_values_len(ld, m, attributes[0]) : NULL;

	*shows = m == NULL || values != NULL;
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return r < 0 && err->kind != ERR_ENTRY ? -1 : 0;
}

static int probe_method(struct ldap_connector *l, const struct probe *p, struct err *err)
{
	enum ldap_method method;
	const char *why;
	bool shows = true;

	if (ldap_method(l, &method, &why, err) < 0 ||
		(method == LDAP_TIMESTAMP && shows_stamp(&l->dir, &shows, err) < 0))
		return -1;
	if (method == LDAP_FULL)
		probe_tell(p, FINDING_NOTE, "every run reads everything: %s", why);
	else if (!shows)
		probe_tell(p, FINDING_WARNING,
			"every run reads everything: the server does not show the account "
			"modifyTimestamp");
	else if (method == LDAP_TIMESTAMP)
		probe_tell(p, FINDING_NOTE, "changes are told by timestamp: %s", why);
	else
		probe_tell(p, FINDING_NOTE,
			"changes are told by syncrepl: %s; a full run then reads without pages, "
			"for which the account needs an unlimited size: else set changes = "
			"timestamp",
			why);
	return 0;
}

int ldap_probe(struct connector *c, const struct probe *p, struct err *err)
{
	struct ldap_connector *l = (struct ldap_connector *)c;
	struct ldap_dir *d = &l->dir;

	if (ldap_dir_live(d, err) < 0)
		return -1;
	probe_session(d, p);
	if (p->source && probe_method(l, p, err) < 0)
		return -1;
	if (!p->target)
		return 0;
	return probe_schema(d, p, err) < 0 || probe_rights(d, p, err) < 0 ? -1 : 0;
}
