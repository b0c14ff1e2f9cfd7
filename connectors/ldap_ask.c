#include "connectors/ldap_ask.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_code.h"

/* AD: not a word of other naming contexts (MS-ADTS 3.1.1.3.4.1.4). */
#define DOMAIN_SCOPE "1.2.840.113556.1.4.1339"

const char **ask_attributes(struct arena *mem, const struct search_request *req)
{
	const unsigned n = attr_count();
	const char **names = arena_alloc(mem, (n + 3) * sizeof(*names));
	size_t at = 0;

	names[at++] = attr_name(req->id);
	if (req->wanted == NULL)
		names[at++] = LDAP_ALL_USER_ATTRIBUTES;
	for (unsigned i = 0; i < n; i++) {
		if (i != req->id && ((req->wanted != NULL && attr_set_has(req->wanted, i)) ||
					    (req->also != NULL && attr_set_has(req->also, i))))
			names[at++] = attr_name(i);
	}
	names[at] = NULL;
	return names;
}

LDAPControl **ask_controls(struct arena *mem, struct session *session,
	const struct search_request *req, size_t room, size_t *n)
{
	static char oid[] = DOMAIN_SCOPE;
	static LDAPControl scope = {.ldctl_oid = oid};

	*n = 0;
	while (req->controls != NULL && req->controls[*n] != NULL)
		++*n;
	LDAPControl **controls = arena_zalloc(mem, (*n + 1 + room + 1) * sizeof(LDAPControl *));
	for (size_t i = 0; i < *n; i++)
		controls[i] = req->controls[i];
	if (session_supports(session, DOMAIN_SCOPE))
		controls[(*n)++] = &scope;
	return controls;
}

int ask_reference(LDAP *ld, LDAPMessage *m, const struct search_request *req, struct err *err)
{
	char **urls = NULL;
	bool known = false;
	const int rc = ldap_parse_reference(ld, m, &urls, NULL, 0);
	const char *url = rc == LDAP_SUCCESS && urls != NULL && urls[0] != NULL ? urls[0] : "?";

	for (unsigned i = 0; i < req->n_referrals; i++)
		known |= strcmp(url, req->referrals[i]) == 0;
	if (!known)
		err_set(err, ERR_FATAL,
			"a part is on another server, and referrals are not followed: %s", url);
	ldap_memvfree((void **)urls);
	return known ? 0 : -1;
}

int ask_result(LDAP *ld, LDAPMessage *m, const char *what, int *code, LDAPControl ***controls,
	struct err *err)
{
	char *text = NULL;
	const int rc = ldap_parse_result(ld, m, code, NULL, &text, NULL, controls, 0);

	if (rc != LDAP_SUCCESS)
		*code = rc;
	if (*code != LDAP_SUCCESS)
		ldap_fail(err, *code, text, "searching %s", what);
	ldap_memfree(text);
	return *code == LDAP_SUCCESS ? 0 : -1;
}

BerElement *ask_value(const struct berval *value)
{
	if (value == NULL || value->bv_val == NULL || value->bv_len == 0)
		return NULL;
	/* It is copied, though the declaration does not say so. */
	return ber_init((struct berval *)(uintptr_t)value);
}
