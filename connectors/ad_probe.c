/*
 * "galway check" of an Active Directory: the method by which changes are told, the schema, and what
 * the account may do, which AD tells in constructed attributes of each object (MS-ADTS 3.1.1.4.5):
 * allowedAttributesEffective and allowedChildClassesEffective.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/ad.h"
#include "connectors/ldap_probe.h"

#define EFFECTIVE "allowedAttributesEffective"
#define CHILDREN "allowedChildClassesEffective"
#define ALLOWED "allowedAttributes"
/* Users that are looked at, to see if the account may write to them. */
#define SAMPLE 20

static void tell_method(
	struct ad_dir *d, const struct probe *p, enum ad_method method, const char *why, bool sees)
{
	const bool asked = strcmp(ad_setting(d), "full") == 0;

	if (method != AD_FULL)
		probe_tell(
			p, FINDING_NOTE, "changes are told by %s: %s", ad_method_name(method), why);
	else if (sees || asked)
		probe_tell(p, asked ? FINDING_NOTE : FINDING_WARNING,
			"every run reads everything: %s", why);
	else
		probe_tell(p, FINDING_WARNING,
			"every run reads everything: none of the deleted objects is visible to the "
			"account (or nothing was ever deleted); %s",
			ad_grant_hint(d));
}

static int probe_method(struct ad_dir *d, const struct probe *p, struct err *err)
{
	static const struct attr_set nothing = {0};
	enum ad_method method;
	const char *why;
	bool sees;

	d->query = (struct query){.kind = QUERY_ALL, .wanted = &nothing};
	ad_watch(d);
	if (ad_sees_tombstones(d, &sees, err) < 0 || ad_method(d, &method, &why, err) < 0)
		return -1;
	tell_method(d, p, method, why, sees);
	return 0;
}

/* The first n entries of a search, of these attributes; the number that came, or -1. */
static int look(struct ad_dir *d, const char *base, int scope, const char *filter,
	const char *const *attributes, struct entry *entries, unsigned n, struct err *err)
{
	struct attr_set *wanted = arena_zalloc(d->pass, sizeof(*wanted));
	struct search_request request = ldap_dir_request(&d->dir, wanted);
	struct search *s = NULL;
	struct entry e;
	unsigned came = 0;
	int r;

	request.base = base;
	request.scope = scope;
	request.filter = filter;
	request.page_size = n;
	for (; *attributes != NULL; attributes++)
		attr_set_add(d->pass, wanted, attr_named(*attributes));
	r = search_start(d->dir.session, &request, &s, err) < 0 ? -1 : 1;
	while (r == 1 && came < n && (r = search_next(s, d->pass, &e, err)) == 1)
		entry_copy(d->pass, &entries[came++], &e);
	search_free(s);
	return r < 0 ? -1 : (int)came;
}

static bool lists(const struct entry *e, const char *attribute, const char *name)
{
	const struct attr *a = entry_find(e, attribute);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (a->values[i].len == strlen(name) &&
			strncasecmp(a->values[i].data, name, a->values[i].len) == 0)
			return true;
	}
	return false;
}

/* Names that the schema has, of attributes or classes, into a set. */
static int known_names(struct ad_dir *d, const char *kind, const char *names, struct attr_set *set,
	struct err *err)
{
	static const char *const attributes[] = {"lDAPDisplayName", NULL};
	LDAP *ld = session_handle(d->dir.session);
	LDAPMessage *result = NULL;
	unsigned n;
	const struct value *schema = session_root(d->dir.session, "schemaNamingContext", &n);
	int r = session_search(d->dir.session, n > 0 ? schema->data : "", LDAP_SCOPE_ONELEVEL,
		arena_printf(d->pass, "(&(objectClass=%s)(!(isDefunct=TRUE))(|%s))", kind, names),
		attributes, 0, &result, err);

	for (LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL; m != NULL;
		m = ldap_next_entry(ld, m)) {
		struct berval **values = ldap_get_values_len(ld, m, attributes[0]);
		if (values != NULL && values[0] != NULL)
			attr_set_add(d->pass, set, attr_id(values[0]->bv_val, values[0]->bv_len));
		ldap_value_free_len(values);
	}
	ldap_msgfree(result);
	return r;
}

static int probe_ad_schema(struct ad_dir *d, const struct probe *p, struct err *err)
{
	struct attr_set attributes = {0}, classes = {0};
	struct buf b = {0};
	int r;

	buf_puts(&b, "(lDAPDisplayName=cn)");
	for (unsigned id = 0; id < p->writes->n; id++) {
		if (attr_set_has(p->writes, id))
			buf_printf(&b, "(lDAPDisplayName=%s)", attr_name(id));
	}
	r = known_names(d, "attributeSchema", b.data, &attributes, err);
	buf_clear(&b);
	buf_puts(&b, "(lDAPDisplayName=top)");
	for (unsigned i = 0; i < p->n_classes; i++)
		buf_printf(&b, "(lDAPDisplayName=%s)", p->classes[i]);
	if (r == 0)
		r = known_names(d, "classSchema", b.data, &classes, err);
	buf_free(&b);
	if (r < 0)
		return err_in(err, "the schema");
	for (unsigned id = 0; id < p->writes->n; id++) {
		if (attr_set_has(p->writes, id) && !probe_implied(id) &&
			!attr_set_has(&attributes, id))
			probe_unknown_attribute(p, attr_name(id));
	}
	for (unsigned i = 0; i < p->n_classes; i++) {
		if (!attr_set_has(&classes, attr_named(p->classes[i])))
			probe_unknown_class(p, p->classes[i]);
	}
	return 0;
}

/* What the account may write of an entry that is there: as good as its rights to new ones. */
static void tell_entry(struct ad_dir *d, const struct probe *p, const struct entry *e)
{
	struct attr_set refused = {0}, impossible = {0};

	for (unsigned id = 0; id < p->writes->n; id++) {
		if (!attr_set_has(p->writes, id) || probe_implied(id) ||
			lists(e, EFFECTIVE, attr_name(id)))
			continue;
		attr_set_add(
			d->pass, lists(e, ALLOWED, attr_name(id)) ? &refused : &impossible, id);
	}
	if (refused.n > 0)
		probe_tell(p, FINDING_FAULT, "the account may not write %s of %.*s",
			probe_list(d->pass, &refused), (int)e->name.len, e->name.data);
	if (impossible.n > 0)
		probe_tell(p, FINDING_FAULT, "the class of %.*s does not have %s", (int)e->name.len,
			e->name.data, probe_list(d->pass, &impossible));
}

/* What the account may write of an object of that class in the container, if there is one. */
static int probe_made(struct ad_dir *d, const struct probe *p, const char *base, const char *class,
	struct err *err)
{
	static const char *const own[] = {EFFECTIVE, ALLOWED, NULL};
	struct entry e;
	const int n = look(d, base, LDAP_SCOPE_SUBTREE,
		arena_printf(d->pass, "(objectClass=%s)", class), own, &e, 1, err);

	if (n == 0)
		probe_tell(p, FINDING_NOTE,
			"there is no %s in %s yet: what the account may write of one shows when "
			"there is",
			class, base);
	else if (n == 1)
		tell_entry(d, p, &e);
	return n < 0 ? -1 : 0;
}

/* Who may make an object needs the right for its own class, and none for those above it. */
static int probe_into(struct ad_dir *d, const struct probe *p, struct value into, struct err *err)
{
	static const char *const rights[] = {CHILDREN, NULL};
	const char *base = arena_copy(d->pass, into.data, into.len);
	struct entry e = {.n = 0};

	if (look(d, base, LDAP_SCOPE_BASE, "(objectClass=*)", rights, &e, 1, err) < 0)
		return err_in(err, "into");
	for (unsigned i = 0; i < p->n_makes; i++) {
		if (!lists(&e, CHILDREN, p->makes[i]))
			probe_tell(p, FINDING_FAULT, "the account may not make a %s in %s",
				p->makes[i], base);
		if (probe_made(d, p, base, p->makes[i], err) < 0)
			return -1;
	}
	return 0;
}

/* May the account write to a container that is not inside of into? */
static int probe_place(struct ad_dir *d, const struct probe *p, struct value name, struct err *err)
{
	static const char *const rights[] = {EFFECTIVE, CHILDREN, NULL};
	struct entry e;

	if (name.len == 0 || probe_inside(p, name))
		return 0;
	int n = look(d, arena_copy(d->pass, name.data, name.len), LDAP_SCOPE_BASE,
		"(objectClass=*)", rights, &e, 1, err);
	if (n == 1 && (entry_find(&e, EFFECTIVE) != NULL || entry_find(&e, CHILDREN) != NULL))
		probe_tell(p, FINDING_WARNING,
			"the account may write to %.*s itself: it needs rights on into only",
			(int)e.name.len, e.name.data);
	return n < 0 ? -1 : 0;
}

static int probe_users(struct ad_dir *d, const struct probe *p, struct err *err)
{
	static const char *const rights[] = {EFFECTIVE, NULL};
	struct entry e[SAMPLE];
	struct value some = {NULL, 0};
	unsigned writable = 0;
	const int n = look(d, session_server(d->dir.session)->context, LDAP_SCOPE_SUBTREE,
		"(&(objectCategory=person)(objectClass=user))", rights, e, SAMPLE, err);

	for (int i = 0; i < n; i++) {
		if (entry_find(&e[i], EFFECTIVE) == NULL || probe_inside(p, e[i].name))
			continue;
		some = e[i].name;
		writable++;
	}
	/* Everybody may write some attributes of himself. */
	if (writable > 1)
		probe_tell(p, FINDING_WARNING,
			"the account may write to users outside of into, as %.*s: it needs rights "
			"on into only",
			(int)some.len, some.data);
	return n < 0 ? -1 : 0;
}

/* Rights that the account does not need for its work. */
static int probe_outside(struct ad_dir *d, const struct probe *p, struct err *err)
{
	const struct value context = value_of(session_server(d->dir.session)->context);

	if (probe_place(d, p, context, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->n_into; i++) {
		const struct value parent = dn_parent(p->into[i]);
		if (!dn_text_equal(parent, context) && probe_place(d, p, parent, err) < 0)
			return -1;
	}
	return probe_users(d, p, err);
}

/* Outlook's address lists have who is in showInAddressBook, which Exchange writes, and of what
 * others have made only when it is told to. */
static int probe_exchange(struct ad_dir *d, const struct probe *p, struct err *err)
{
	static const char *const none[] = {NULL};
	struct entry e;
	unsigned n;
	const struct value *at = session_root(d->dir.session, "configurationNamingContext", &n);

	if (n == 0 || !attr_set_has(p->writes, attr_named("targetAddress")))
		return 0;
	const char *base = arena_printf(d->pass, "CN=Services,%.*s", (int)at->len, at->data);
	const int came =
		look(d, base, LDAP_SCOPE_ONELEVEL, "(cn=Microsoft Exchange)", none, &e, 1, err);
	if (came > 0)
		probe_tell(p, FINDING_WARNING,
			"this forest has Exchange, whose address lists show a contact only after "
			"Update-Recipient: docs/directories.md, \"Exchange's address lists\", has "
			"a script for it");
	return came < 0 ? err_in(err, "looking for Exchange") : 0;
}

static int probe_target(struct ad_dir *d, const struct probe *p, struct err *err)
{
	if (probe_ad_schema(d, p, err) < 0 || probe_exchange(d, p, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->n_into; i++) {
		if (probe_into(d, p, p->into[i], err) < 0)
			return -1;
	}
	return probe_outside(d, p, err);
}

int ad_probe(struct connector *c, const struct probe *p, struct err *err)
{
	struct ad_dir *d = (struct ad_dir *)c;

	ad_give_up(d);
	if (ldap_dir_live(&d->dir, err) < 0)
		return -1;
	probe_session(&d->dir, p);
	if (ad_read_only(d))
		probe_tell(p, p->target ? FINDING_FAULT : FINDING_WARNING,
			"%s is a read-only domain controller: it %s: name another one in url",
			session_server(d->dir.session)->url,
			p->target ? "cannot be written"
				  : "may lack attributes, and does not tell changes by DirSync");
	if (p->source && probe_method(d, p, err) < 0)
		return -1;
	return p->target ? probe_target(d, p, err) : 0;
}
