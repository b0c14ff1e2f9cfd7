/*
 * Rights of servers other than AD. "galway check" sends no write, also none that cannot succeed:
 * slapd answers a failed assertion (RFC 4528) before it looks at rights, so that this says nothing,
 * and heeding its no-op control is each backend's own affair.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_probe.h"

/* draft-ietf-ldapext-acl-model-08. The request is an authorization identity, the answer two
 * attributes of each entry. */
static char effective_rights[] = "1.3.6.1.4.1.42.2.27.9.5.2";

/* "cn:rsc, sn:rscwo": may the attribute be written? One that is not told of has another name there
 * (street is streetAddress), or the class has it not, which is the schema's to tell. */
static bool may_write(const char *rights, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = rights; at != NULL; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		if (strncasecmp(at, name, len) == 0 && at[len] == ':')
			return memchr(at + len, 'w', strcspn(at + len, ",")) != NULL;
	}
	return true;
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

/* Of an entry that is not there: what a new one of the class would let us do. */
static void tell_template(struct arena *mem, const struct probe *p, struct value into,
	const char *class, const char *entry, const char *attributes)
{
	struct attr_set refused = {0};

	if (strchr(entry, 'a') == NULL || strchr(entry, 'd') == NULL || strchr(entry, 'n') == NULL)
		probe_tell(p, FINDING_FAULT,
			"the account may not add, rename and delete %s in %.*s (its rights: %s)",
			class, (int)into.len, into.data, entry);
	for (unsigned id = 0; id < p->writes->n; id++) {
		if (attr_set_has(p->writes, id) && !probe_implied(id) &&
			!may_write(attributes, attr_name(id)))
			attr_set_add(mem, &refused, id);
	}
	if (refused.n > 0)
		probe_tell(p, FINDING_FAULT, "the account may not write %s of %s in %.*s",
			probe_list(mem, &refused), class, (int)into.len, into.data);
}

static int ask(struct ldap_dir *d, struct arena *mem, struct value into, const char *class,
	LDAPMessage **result, struct err *err)
{
	const char *who = session_server(d->session)->who;
	char *value = arena_printf(mem, "dn:%s", strncmp(who, "dn:", 3) == 0 ? who + 3 : who);
	char *attributes[] = {arena_printf(mem, "*@%s", class), NULL};
	LDAPControl control = {effective_rights, {strlen(value), value}, 1};
	LDAPControl *controls[] = {&control, NULL};
	LDAP *ld = session_handle(d->session);
	int msgid;

	const int rc = ldap_search_ext(ld, arena_copy(mem, into.data, into.len), LDAP_SCOPE_BASE,
		"(objectClass=*)", attributes, 0, controls, NULL, NULL, 0, &msgid);
	if (rc != LDAP_SUCCESS)
		return ldap_fail_last(err, ld, rc, "asking for rights");
	return session_wait(d->session, msgid, LDAP_MSG_ALL, result, err);
}

static int probe_class(struct ldap_dir *d, struct arena *mem, const struct probe *p,
	struct value into, const char *class, struct err *err)
{
	LDAP *ld = session_handle(d->session);
	LDAPMessage *result = NULL;
	bool told = false;

	if (ask(d, mem, into, class, &result, err) < 0)
		return -1;
	for (LDAPMessage *m = ldap_first_entry(ld, result); m != NULL; m = ldap_next_entry(ld, m)) {
		char *name = ldap_get_dn(ld, m);
		const char *entry = text_of(mem, ld, m, "entryLevelRights");
		const char *attributes = text_of(mem, ld, m, "attributeLevelRights");
		if (name != NULL && !dn_text_equal(value_of(name), into) && entry != NULL &&
			attributes != NULL && !told) {
			tell_template(mem, p, into, class, entry, attributes);
			told = true;
		}
		ldap_memfree(name);
	}
	ldap_msgfree(result);
	if (!told)
		probe_tell(p, FINDING_WARNING,
			"the server does not tell the account its rights in %.*s: it may have none",
			(int)into.len, into.data);
	return 0;
}

int probe_rights(struct ldap_dir *d, const struct probe *p, struct err *err)
{
	struct arena *mem = arena_new();
	int r = 0;

	if (!session_supports(d->session, effective_rights))
		probe_tell(p, FINDING_NOTE,
			"the server cannot be asked for the account's rights: the first write "
			"will tell");
	/* Classes are told from the most general to the one that entries are of. */
	else if (p->n_classes > 0)
		for (unsigned i = 0; r == 0 && i < p->n_into; i++)
			r = probe_class(d, mem, p, p->into[i], p->classes[p->n_classes - 1], err);
	arena_free(mem);
	return r;
}
