/*
 * Rights of servers other than AD. "galway check" sends no write, also none that cannot succeed:
 * slapd answers a failed assertion (RFC 4528) before it looks at rights, so that this says nothing,
 * and heeding its no-op control is each backend's own affair.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_probe.h"

/* draft-ietf-ldapext-acl-model-08. The request is an authorization identity, the answer two
 * attributes of each entry:
 *
 *   entryLevelRights: vadn                     see, add, delete, rename; "none"
 *   attributeLevelRights: cn:rsc, mail:rscwo   read, search, compare, write, remove; "none". W and
 *                                              O are for one's own name as a value
 *
 * "*@CLASS" among the attributes: also of an entry of the class that is not there, below the base.
 */
static char effective_rights[] = "1.3.6.1.4.1.42.2.27.9.5.2";

/* People that are looked at, to see if the account may write to them. */
#define SAMPLE 20

/* Is the letter among the first len of the rights? "none" has none of them. */
static bool has_right(const char *rights, size_t len, char letter)
{
	static const char none[] = "none";

	return (len != sizeof(none) - 1 || strncasecmp(rights, none, len) != 0) &&
	       memchr(rights, letter, len) != NULL;
}

static bool has_rights(const char *rights, const char *letters)
{
	while (*letters != '\0' && has_right(rights, strlen(rights), *letters))
		letters++;
	return *letters == '\0';
}

/* Of a list of attributes, may one be written, or (NULL) any? One that is not told of has another
 * name there (street is streetAddress), or the class has it not, which is the schema's to tell. */
static bool may_write(const char *list, const char *name)
{
	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		const size_t len = strcspn(at, ":,");
		const size_t rights = at[len] == ':' ? strcspn(at + len + 1, ",") : 0;
		const bool may = has_right(at + len + 1, rights, 'w');
		if (name == NULL ? may : len == strlen(name) && strncasecmp(at, name, len) == 0)
			return may;
	}
	return name != NULL;
}

static char *text_of(struct arena *mem, LDAP *ld, LDAPMessage *m, const char *attribute)
{
	struct berval **values = ldap_get_values_len(ld, m, attribute);
	char *text = values != NULL && values[0] != NULL
			     ? arena_copy(mem, values[0]->bv_val, values[0]->bv_len)
			     : NULL;

	ldap_value_free_len(values);
	return text;
}

/* What is asked of the server, and what it said of each entry. */
struct rights {
	const char *base;
	int scope;
	const char *filter;
	const char *const *attributes;
	int limit; /* of entries */
	unsigned n;
	struct entry_rights {
		struct value name;
		const char *entry, *attributes;
	} told[SAMPLE];
};

/* An error that the server names tells nothing, as does an entry without its rights. */
static int ask(struct ldap_dir *d, struct arena *mem, struct rights *r, struct err *err)
{
	const char *who = session_server(d->session)->who;
	char *value = arena_printf(mem, "dn:%s", strncmp(who, "dn:", 3) == 0 ? who + 3 : who);
	LDAPControl control = {effective_rights, {strlen(value), value}, 1};
	LDAPControl *controls[] = {&control, NULL};
	const struct ask ask = {r->base, r->scope, r->filter, r->attributes, controls, r->limit};
	LDAP *ld = session_handle(d->session);
	LDAPMessage *result = NULL;
	int msgid;

	r->n = 0;
	if (session_send(d->session, &ask, &msgid, err) < 0 ||
		session_wait(d->session, msgid, LDAP_MSG_ALL, &result, err) < 0)
		return err_in(err, "asking for rights");
	for (LDAPMessage *m = ldap_first_entry(ld, result); m != NULL && r->n < SAMPLE;
		m = ldap_next_entry(ld, m)) {
		struct entry_rights *e = &r->told[r->n];
		char *name = ldap_get_dn(ld, m);
		e->name = value_of(arena_strdup(mem, name != NULL ? name : ""));
		e->entry = text_of(mem, ld, m, "entryLevelRights");
		e->attributes = text_of(mem, ld, m, "attributeLevelRights");
		r->n += e->entry != NULL && e->attributes != NULL;
		ldap_memfree(name);
	}
	ldap_msgfree(result);
	return 0;
}

/* Of the entry itself, and of one of the class that would be below it. */
static int ask_place(struct ldap_dir *d, struct arena *mem, const char *base, const char *class,
	struct rights *r, struct err *err)
{
	const char **attributes = arena_zalloc(mem, 2 * sizeof(*attributes));

	attributes[0] = arena_printf(mem, "*@%s", class);
	*r = (struct rights){.base = base,
		.scope = LDAP_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = attributes};
	return ask(d, mem, r, err);
}

/* What a new entry of the class would let us do. */
static void tell_template(struct arena *mem, const struct probe *p, const char *into,
	const char *class, const struct entry_rights *e)
{
	struct attr_set refused = {0};

	if (!has_rights(e->entry, "adn"))
		probe_tell(p, FINDING_FAULT,
			"the account may not add, rename and delete %s in %s (its rights: %s)",
			class, into, e->entry);
	for (unsigned id = 0; id < p->writes->n; id++) {
		if (attr_set_has(p->writes, id) && !probe_implied(id) &&
			!may_write(e->attributes, attr_name(id)))
			attr_set_add(mem, &refused, id);
	}
	if (refused.n > 0)
		probe_tell(p, FINDING_FAULT, "the account may not write %s of %s in %s",
			probe_list(mem, &refused), class, into);
}

static int probe_into(struct ldap_dir *d, struct arena *mem, const struct probe *p,
	const char *into, const char *class, struct err *err)
{
	struct rights r;

	if (ask_place(d, mem, into, class, &r, err) < 0)
		return -1;
	for (unsigned i = 0; i < r.n; i++) {
		if (dn_text_equal(r.told[i].name, value_of(into)))
			continue;
		tell_template(mem, p, into, class, &r.told[i]);
		return 0;
	}
	probe_tell(p, FINDING_WARNING,
		"the server does not tell the account its rights in %s: it may have none", into);
	return 0;
}

static bool may_change(const struct entry_rights *e)
{
	return has_rights(e->entry, "a") || has_rights(e->entry, "d") ||
	       has_rights(e->entry, "n") || may_write(e->attributes, NULL);
}

/* May the account write to a container that is not inside of into, or make something in it? */
static int probe_place(struct ldap_dir *d, struct arena *mem, const struct probe *p,
	struct value name, const char *class, struct err *err)
{
	struct rights r;
	bool may = false;

	if (name.len == 0 || probe_inside(p, name))
		return 0;
	const char *base = arena_copy(mem, name.data, name.len);
	if (ask_place(d, mem, base, class, &r, err) < 0)
		return -1;
	for (unsigned i = 0; i < r.n; i++)
		may = may || may_change(&r.told[i]);
	if (may)
		probe_tell(p, FINDING_WARNING,
			"the account may write to %s itself: it needs rights on into only", base);
	return 0;
}

static const char **written_names(struct arena *mem, const struct probe *p)
{
	const char **names = arena_alloc(mem, (p->writes->n + 1) * sizeof(*names));
	size_t n = 0;

	for (unsigned id = 0; id < p->writes->n; id++) {
		if (attr_set_has(p->writes, id))
			names[n++] = attr_name(id);
	}
	names[n] = NULL;
	return names;
}

static int probe_people(struct ldap_dir *d, struct arena *mem, const struct probe *p,
	const char *class, struct err *err)
{
	struct rights r = {.base = session_server(d->session)->context,
		.scope = LDAP_SCOPE_SUBTREE,
		.filter = arena_printf(mem, "(&(objectClass=person)(!(objectClass=%s)))", class),
		.attributes = written_names(mem, p),
		.limit = SAMPLE};
	struct value some = {NULL, 0};
	unsigned writable = 0;

	if (ask(d, mem, &r, err) < 0)
		return -1;
	for (unsigned i = 0; i < r.n; i++) {
		if (!may_change(&r.told[i]) || probe_inside(p, r.told[i].name))
			continue;
		some = r.told[i].name;
		writable++;
	}
	/* Everybody may write some attributes of himself. */
	if (writable > 1)
		probe_tell(p, FINDING_WARNING,
			"the account may write to people outside of into, as %.*s: it needs rights "
			"on into only",
			(int)some.len, some.data);
	return 0;
}

/* Rights that the account does not need for its work. */
static int probe_outside(struct ldap_dir *d, struct arena *mem, const struct probe *p,
	const char *class, struct err *err)
{
	const struct value context = value_of(session_server(d->session)->context);

	if (probe_place(d, mem, p, context, class, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->n_into; i++) {
		const struct value parent = dn_parent(p->into[i]);
		if (!dn_text_equal(parent, context) &&
			probe_place(d, mem, p, parent, class, err) < 0)
			return -1;
	}
	return probe_people(d, mem, p, class, err);
}

int probe_rights(struct ldap_dir *d, const struct probe *p, struct err *err)
{
	struct arena *mem = arena_new();
	int r = 0;

	if (!session_supports(d->session, effective_rights)) {
		probe_tell(p, FINDING_NOTE,
			"the server cannot be asked for the account's rights: the first write "
			"will tell");
		arena_free(mem);
		return 0;
	}
	for (unsigned i = 0; r == 0 && i < p->n_into; i++) {
		const char *into = arena_copy(mem, p->into[i].data, p->into[i].len);
		for (unsigned k = 0; r == 0 && k < p->n_makes; k++)
			r = probe_into(d, mem, p, into, p->makes[k], err);
	}
	if (r == 0 && p->n_makes > 0)
		r = probe_outside(d, mem, p, p->makes[p->n_makes - 1], err);
	arena_free(mem);
	return r;
}
