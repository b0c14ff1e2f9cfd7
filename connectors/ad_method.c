#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "base/filter.h"
#include "connectors/ad.h"
#include "connectors/ldap_code.h"

/* BUILTIN\Administrators, S-1-5-32-544 (MS-DTYP 2.4.2.2). */
static const char administrators[] =
	"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00";

/* Not replicated or constructed, but only a new name changes them, and that is told. */
static const char *const named[] = {"distinguishedName", "canonicalName"};

const char *ad_setting(const struct ad_dir *d)
{
	return config_text(d->dir.config, "changes");
}

void ad_watch(struct ad_dir *d)
{
	struct attr_set *set = arena_zalloc(d->pass, sizeof(*set));
	struct filter *filter;
	struct err ignored;

	/* A filter that only the server understands may read anything. */
	if (d->query.wanted == NULL ||
		filter_parse(d->pass, value_of(d->dir.filter), &filter, &ignored) < 0)
		return;
	attr_set_join(d->pass, set, d->query.wanted);
	filter_reads(d->pass, filter, set);
	d->watched = set;
}

/* Who is an administrator sees all, also in a domain in which nothing was ever deleted. */
static bool is_administrator(const struct ad_dir *d)
{
	static const struct value sid = {administrators, sizeof(administrators) - 1};
	unsigned n;
	const struct value *groups = session_root(d->dir.session, "tokenGroups", &n);

	for (unsigned i = 0; i < n; i++) {
		if (value_same(groups[i], sid))
			return true;
	}
	return false;
}

LDAPControl ad_show_deleted(const struct ad_dir *d)
{
	static char deleted[] = "1.2.840.113556.1.4.417", recycled[] = "1.2.840.113556.1.4.2064";

	return (LDAPControl){
		.ldctl_oid = session_supports(d->dir.session, recycled) ? recycled : deleted,
		.ldctl_iscritical = 1};
}

/* Is there anything in CN=Deleted Objects, to our eyes? The container itself proves nothing:
 * Samba shows it to anybody. Any error that the server names is a no. */
static int lists_tombstones(struct ad_dir *d, bool *does, struct err *err)
{
	LDAPControl show = ad_show_deleted(d), *controls[] = {&show, NULL};
	static char none[] = LDAP_NO_ATTRS;
	char *attributes[] = {none, NULL};
	LDAP *ld = session_handle(d->dir.session);
	const char *base = arena_printf(
		d->pass, "CN=Deleted Objects,%s", session_server(d->dir.session)->context);
	LDAPMessage *m = NULL;
	int msgid, type = LDAP_RES_SEARCH_REFERENCE;

	*does = false;
	int rc = ldap_search_ext(ld, base, LDAP_SCOPE_ONELEVEL, "(objectClass=*)", attributes, 1,
		controls, NULL, NULL, 1, &msgid);
	if (rc != LDAP_SUCCESS)
		return ldap_fail(err, rc, NULL, "%s", base);
	while (type == LDAP_RES_SEARCH_REFERENCE) {
		if (session_wait(d->dir.session, msgid, LDAP_MSG_ONE, &m, err) < 0)
			return -1;
		type = ldap_msgtype(m);
		ldap_msgfree(m);
	}
	*does = type == LDAP_RES_SEARCH_ENTRY;
	if (*does)
		(void)ldap_abandon_ext(ld, msgid, NULL, NULL);
	return 0;
}

int ad_sees_tombstones(struct ad_dir *d, bool *sees, struct err *err)
{
	if (lists_tombstones(d, sees, err) < 0)
		return -1;
	*sees = *sees || is_administrator(d);
	return 0;
}

const char *ad_grant_hint(struct ad_dir *d)
{
	const struct server *server = session_server(d->dir.session);

	return arena_printf(d->pass,
		"grant the account %s List Contents and Read Property on the container: on a "
		"domain controller, as a domain administrator, dsacls \"CN=Deleted Objects,%s\" "
		"/takeownership, then dsacls \"CN=Deleted Objects,%s\" /G DOMAIN\\\\ACCOUNT:LCRP; "
		"on Samba put (A;CI;LCRP;;;SID) in front of the access list in its "
		"nTSecurityDescriptor",
		server->who, server->context, server->context);
}

/* A filter for the attributes in the set that change without their objects: back links (odd
 * linkIDs), not replicated and constructed ones (MS-ADTS 2.2.10). */
static const char *silent_filter(struct arena *mem, const struct attr_set *set)
{
	struct buf b = {0};

	buf_puts(&b, "(&(objectClass=attributeSchema)"
		     "(|(linkID:1.2.840.113556.1.4.803:=1)"
		     "(systemFlags:1.2.840.113556.1.4.803:=1)"
		     "(systemFlags:1.2.840.113556.1.4.803:=4))(|");
	for (unsigned id = 0; id < set->n; id++) {
		bool is_named = false;
		for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
			is_named = is_named || attr_named(named[i]) == id;
		if (attr_set_has(set, id) && !is_named)
			buf_printf(&b, "(lDAPDisplayName=%s)", attr_name(id));
	}
	buf_puts(&b, "(lDAPDisplayName=memberOf-)))");
	const char *filter = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return filter;
}

/* The first attribute in the set that changes without its object; NULL: there is none. */
static int find_silent(
	struct ad_dir *d, const struct attr_set *set, const char **name, struct err *err)
{
	static const char *const attributes[] = {"lDAPDisplayName", NULL};
	LDAP *ld = session_handle(d->dir.session);
	LDAPMessage *result = NULL;
	unsigned n;
	const struct value *schema = session_root(d->dir.session, "schemaNamingContext", &n);

	*name = NULL;
	if (schema == NULL || set == NULL)
		return 0;
	int r = session_search(d->dir.session, arena_copy(d->pass, schema->data, schema->len),
		LDAP_SCOPE_ONELEVEL, silent_filter(d->pass, set), attributes, 0, &result, err);
	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	struct berval **values = m != NULL ? ldap_get_values_len(ld, m, attributes[0]) : NULL;
	if (values != NULL && values[0] != NULL)
		*name = arena_copy(d->pass, values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return r < 0 ? err_in(err, "the schema") : 0;
}

int ad_obstacle(struct ad_dir *d, const char **why, struct err *err)
{
	const struct server *server = session_server(d->dir.session);
	const char *silent;
	bool sees;

	*why = NULL;
	if (strcmp(ad_setting(d), "full") == 0)
		*why = "the setting changes says so";
	else if (d->dir.id != attr_named("objectGUID"))
		*why = "id is not objectGUID, and deleted objects lose other attributes";
	else if (server->directory[0] == '\0' || server->replica[0] == '\0' || server->usn < 0)
		*why = "the server does not say who it is";
	else if (server->context[0] == '\0')
		*why = "the base lies in no naming context of the server";
	if (*why != NULL)
		return 0;
	if (find_silent(d, d->watched, &silent, err) < 0 || ad_sees_tombstones(d, &sees, err) < 0)
		return -1;
	if (silent != NULL)
		*why = arena_printf(d->pass, "%s changes without the object that has it", silent);
	else if (!sees)
		*why = "deleted objects are not visible to the account";
	return 0;
}

/* The first pass looks at all there is, which may be more than a server will do for us. Can it
 * be asked for something else? */
static bool goes_on(struct ad_dir *d, const struct err *refused)
{
	struct err ignored;

	return refused->kind == ERR_BUSY && ldap_dir_live(&d->dir, &ignored) == 0;
}

/* The method when nothing stands against telling changes. */
static int choose(struct ad_dir *d, enum ad_method *method, const char **why, struct err *err)
{
	const char *setting = ad_setting(d);
	struct err refused = {0};

	*method = AD_USN;
	*why = "the setting changes says so";
	if (strcmp(setting, "usn") == 0)
		return 0;
	d->cookie.dirsync = (struct value){NULL, 0};
	if (ad_dirsync(d, &refused) == 0) {
		*method = AD_DIRSYNC;
		*why = d->object_security ? "with OBJECT_SECURITY: the account lacks the right "
					    "DS-Replication-Get-Changes, and sees its part"
					  : "the account has the right DS-Replication-Get-Changes";
		return 0;
	}
	if (refused.kind != ERR_ENTRY && !goes_on(d, &refused)) {
		*err = refused;
		return -1;
	}
	*method = strcmp(setting, "dirsync") == 0 ? AD_FULL : AD_USN;
	*why = arena_printf(d->pass, "DirSync is refused, or takes too long: %s", refused.text);
	return 0;
}

int ad_method(struct ad_dir *d, enum ad_method *method, const char **why, struct err *err)
{
	*method = AD_FULL;
	if (ad_obstacle(d, why, err) < 0)
		return -1;
	return *why != NULL ? 0 : choose(d, method, why, err);
}
