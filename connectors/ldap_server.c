#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"

const struct value *session_root(const struct session *s, const char *attribute, unsigned *n)
{
	*n = 0;
	for (unsigned i = 0; i < s->n_roots; i++) {
		if (strcasecmp(s->roots[i].name, attribute) == 0) {
			*n = s->roots[i].n;
			return *n > 0 ? s->roots[i].values : NULL;
		}
	}
	return NULL;
}

/* The first value as text; "". */
static const char *root_text(const struct session *s, const char *attribute)
{
	unsigned n;
	const struct value *values = session_root(s, attribute, &n);

	return n > 0 ? values[0].data : "";
}

static bool root_has(const struct session *s, const char *attribute, const char *value)
{
	unsigned n;
	const struct value *values = session_root(s, attribute, &n);

	for (unsigned i = 0; i < n; i++) {
		if (strcasecmp(values[i].data, value) == 0)
			return true;
	}
	return false;
}

bool session_supports(const struct session *s, const char *oid)
{
	return root_has(s, "supportedControl", oid) || root_has(s, "supportedExtension", oid) ||
	       root_has(s, "supportedFeatures", oid) || root_has(s, "supportedCapabilities", oid);
}

static void keep_attribute(struct session *s, const char *name, struct berval **values)
{
	struct root *root = &s->roots[s->n_roots++];
	const int n = ldap_count_values_len(values);

	root->name = arena_strdup(s->mem, name);
	root->values = arena_alloc(s->mem, sizeof(root->values[0]) * (size_t)(n > 0 ? n : 1));
	root->n = (unsigned)n;
	for (int i = 0; i < n; i++)
		root->values[i] =
			(struct value){arena_copy(s->mem, values[i]->bv_val, values[i]->bv_len),
				values[i]->bv_len};
}

static void keep(struct session *s, LDAPMessage *entry)
{
	BerElement *at = NULL;
	unsigned n = 0;

	for (char *name = ldap_first_attribute(s->ld, entry, &at); name != NULL;
		name = ldap_next_attribute(s->ld, entry, at)) {
		n++;
		ldap_memfree(name);
	}
	ber_free(at, 0);
	at = NULL;
	s->roots = arena_zalloc(s->mem, sizeof(s->roots[0]) * (n > 0 ? n : 1));
	s->n_roots = 0;
	for (char *name = ldap_first_attribute(s->ld, entry, &at); name != NULL;
		name = ldap_next_attribute(s->ld, entry, at)) {
		struct berval **values = ldap_get_values_len(s->ld, entry, name);
		keep_attribute(s, name, values);
		ldap_value_free_len(values);
		ldap_memfree(name);
	}
	ber_free(at, 0);
}

static enum server_kind kind_of(const struct session *s)
{
	if (root_text(s, "forestFunctionality")[0] != 0 && root_text(s, "dsServiceName")[0] != 0)
		return SERVER_AD;
	if (root_has(s, "objectClass", "OpenLDAProotDSE"))
		return SERVER_OPENLDAP;
	if (strncasecmp(root_text(s, "vendorVersion"), "389-Directory", 13) == 0 ||
		strcasecmp(root_text(s, "vendorName"), "389 Project") == 0)
		return SERVER_389DS;
	return SERVER_LDAP;
}

/* The naming context at or above the base, the deepest of them; "". */
static const char *context_of(const struct session *s, const char *base)
{
	struct arena *scratch = arena_new();
	const char *found = "";
	unsigned n, deepest = 0;
	const struct value *contexts = session_root(s, "namingContexts", &n);
	struct err err;

	for (unsigned i = 0; i < n; i++) {
		struct dn dn;
		if (dn_parse(scratch, contexts[i], &dn, &err) < 0 || dn.n < deepest)
			continue;
		if (dn_text_equal(value_of(base), contexts[i]) ||
			dn_text_below(value_of(base), &dn)) {
			found = contexts[i].data;
			deepest = dn.n;
		}
	}
	arena_free(scratch);
	return found;
}

/* The base that the settings name, or that the server has when it has but one. */
static const char *base_of(const struct session *s)
{
	unsigned n;
	const struct value *contexts = session_root(s, "namingContexts", &n);
	const char *given = s->login.base, *usual = root_text(s, "defaultNamingContext");

	if (given != NULL && given[0] != 0)
		return given;
	if (usual[0] != 0)
		return usual;
	return n == 1 ? contexts[0].data : "";
}

int server_read(struct session *s, struct err *err)
{
	/* AD gives tokenGroups to whom asks for it by name. */
	static const char *const wanted[] = {"*", "+", "tokenGroups", NULL};
	struct server *server = &s->server;
	LDAPMessage *result = NULL;
	int r = session_search(s, "", LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &result, err);
	LDAPMessage *entry = r == 0 ? ldap_first_entry(s->ld, result) : NULL;

	if (r == 0 && entry == NULL)
		r = err_set(err, ERR_FATAL, "the server shows no root DSE");
	if (r == 0)
		keep(s, entry);
	ldap_msgfree(result);
	if (r < 0)
		return err_in(err, "root DSE");
	server->kind = kind_of(s);
	const char *vendor = root_text(s, "vendorName"), *version = root_text(s, "vendorVersion");
	server->vendor = arena_printf(
		s->mem, "%s%s%s", vendor, vendor[0] != 0 && version[0] != 0 ? " " : "", version);
	const char *usn = root_text(s, "highestCommittedUSN");
	server->usn = usn[0] != 0 ? strtoll(usn, NULL, 10) : -1;
	server->base = base_of(s);
	server->context = context_of(s, server->base);
	return 0;
}

/* The id in an entry, as text; "": there is none, or we may not see it. */
static int id_of(struct session *s, const char *name, const char *attribute, const char **id,
	struct err *err)
{
	const char *const wanted[] = {attribute, NULL};
	LDAPMessage *result = NULL, *entry;
	struct berval **values = NULL;

	*id = "";
	if (name[0] == 0)
		return 0;
	if (session_search(s, name, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &result, err) <
		0) {
		ldap_msgfree(result);
		/* Not to be seen is not an error; a lost connection is. */
		return err->kind == ERR_ENTRY ? 0 : -1;
	}
	entry = ldap_first_entry(s->ld, result);
	if (entry != NULL)
		values = ldap_get_values_len(s->ld, entry, attribute);
	if (values != NULL && values[0] != NULL)
		*id = entry_id_text(s->mem,
			value_copy(s->mem, (struct value){values[0]->bv_val, values[0]->bv_len}));
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return 0;
}

static int identify_ad(struct session *s, struct err *err)
{
	struct server *server = &s->server;

	if (id_of(s, root_text(s, "defaultNamingContext"), "objectGUID", &server->directory, err) <
		0)
		return -1;
	/* Whom AD does not know sees the root DSE and nothing else (MS-ADTS 5.1.1.1.1). */
	if (server->directory[0] == 0 && s->login.auth != AUTH_ANONYMOUS)
		return err_set(err, ERR_FATAL,
			"%s cannot be read: does the server know who we are?",
			root_text(s, "defaultNamingContext"));
	return id_of(s, root_text(s, "dsServiceName"), "invocationId", &server->replica, err);
}

int server_identify(struct session *s, struct err *err)
{
	static const char *const attributes[] = {
		[SERVER_LDAP] = "entryUUID",
		[SERVER_OPENLDAP] = "entryUUID",
		[SERVER_389DS] = "nsUniqueId",
	};
	struct server *server = &s->server;

	server->directory = server->replica = "";
	if (server->kind == SERVER_AD)
		return identify_ad(s, err);
	const int r = id_of(s, server->context, attributes[server->kind], &server->directory, err);
	server->replica = server->directory;
	return r;
}
