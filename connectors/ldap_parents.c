/*
 * What syncrepl does not tell: an entry whose parent was renamed or moved has another name, and
 * itself did not change. So, where the server is OpenLDAP, whose cookies say up to when what was
 * told, entries that have others below them and changed since are asked for: the filter of the
 * connector often leaves them out.
 *
 * A cookie is "rid=000,csn=CSN;CSN", one change sequence number for each server that takes writes;
 * a CSN is "20260102030405.000000Z#000000#001#000000", the third part being the server's number.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_since.h"

#define CSN_TIME 14 /* as in createTimestamp, to the second */
#define CSN_MAX 64

struct csns {
	unsigned n;
	struct value at[64];
};

static struct csns csns_of(struct value cookie)
{
	static const char key[] = "csn=";
	struct csns c = {0};
	const char *end = cookie.data + cookie.len;
	const char *at = cookie.len > 0 ? memmem(cookie.data, cookie.len, key, 4) : NULL;

	for (at = at != NULL ? at + 4 : end; at < end && c.n < 64; at++) {
		const char *from = at;
		while (at < end && *at != ';' && *at != ',')
			at++;
		if (at - from > CSN_TIME && at - from < CSN_MAX)
			c.at[c.n++] = (struct value){from, (size_t)(at - from)};
		if (at < end && *at == ',')
			break;
	}
	return c;
}

/* "#001#": which server. */
static struct value server_of(struct value csn)
{
	const char *end = csn.data + csn.len, *at = csn.data;

	for (int i = 0; i < 2 && at != NULL; i++)
		at = memchr(at + (i > 0), '#', (size_t)(end - at - (i > 0)));
	return at != NULL && end - at >= 5 ? (struct value){at, 5} : (struct value){NULL, 0};
}

/* Is it later than what that server's CSN in the cookie says? */
static bool is_later(const struct csns *c, struct value csn)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (value_same(server_of(c->at[i]), server_of(csn)))
			return value_order(csn, c->at[i]) > 0;
	}
	return true;
}

static struct value first_value(LDAP *ld, LDAPMessage *m, const char *attribute, char *room)
{
	struct berval **values = ldap_get_values_len(ld, m, attribute);
	struct value v = {room, 0};

	if (values != NULL && values[0] != NULL && values[0]->bv_len < CSN_MAX) {
		v.len = values[0]->bv_len;
		memcpy(room, values[0]->bv_val, v.len);
	}
	ldap_value_free_len(values);
	return v;
}

/* New ones have only what was made or moved there since, which is told. */
static bool is_new(struct value created, struct value since)
{
	return created.len >= CSN_TIME && memcmp(created.data, since.data, CSN_TIME) > 0;
}

int parents_changed(struct ldap_connector *l, struct value cookie, struct err *err)
{
	static const char *const attributes[] = {"entryCSN", "createTimestamp", NULL};
	const struct csns c = csns_of(cookie);
	char csn[CSN_MAX], created[CSN_MAX];
	LDAP *ld = session_handle(l->dir.session);
	LDAPMessage *result = NULL;
	unsigned oldest = 0;
	int found = 0;

	if (c.n == 0)
		return 0;
	for (unsigned i = 1; i < c.n; i++)
		oldest = value_order(c.at[i], c.at[oldest]) < 0 ? i : oldest;
	const char *filter = arena_printf(l->pass, "(&(entryCSN>=%.*s)(hasSubordinates=TRUE))",
		(int)c.at[oldest].len, c.at[oldest].data);
	if (session_search(l->dir.session, l->dir.base.data, LDAP_SCOPE_SUBTREE, filter, attributes,
		    0, &result, err) < 0)
		found = -1;
	for (LDAPMessage *m = found == 0 ? ldap_first_entry(ld, result) : NULL;
		m != NULL && found == 0; m = ldap_next_entry(ld, m)) {
		found = is_later(&c, first_value(ld, m, "entryCSN", csn)) &&
			!is_new(first_value(ld, m, "createTimestamp", created), c.at[oldest]);
	}
	ldap_msgfree(result);
	return found;
}
