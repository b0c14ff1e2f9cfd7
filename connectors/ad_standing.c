#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/ad.h"

int ad_identity(struct connector *c, struct arena *mem, const char **who, struct err *err)
{
	struct ad_dir *d = (struct ad_dir *)c;
	const char *directory = d->dir.directory;
	long long usn;

	*who = arena_strdup(mem, directory);
	if (ldap_dir_live(&d->dir, err) < 0 || ad_usn_now(d, &usn, err) < 0)
		return -1;
	const char *replica = session_server(d->dir.session)->replica;
	/* Of a read-only one no other has any changes: they come from elsewhere. */
	if (directory[0] != '\0' && replica[0] != '\0' && usn >= 0 && !ad_read_only(d))
		*who = arena_printf(mem, "%s %s %lld", directory, replica, usn);
	return 0;
}

/* What the naming context says of what came from the others; len 0: nothing, or not to us. */
static int read_vector(struct ad_dir *d, struct arena *mem, struct value *vector, struct err *err)
{
	static const char *const attributes[] = {"replUpToDateVector", NULL};
	LDAP *ld = session_handle(d->dir.session);
	LDAPMessage *result = NULL;
	const char *context = session_server(d->dir.session)->context;
	int r = session_search(d->dir.session, context, LDAP_SCOPE_BASE, "(objectClass=*)",
		attributes, 1, &result, err);

	*vector = (struct value){NULL, 0};
	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	struct berval **values = m != NULL ? ldap_get_values_len(ld, m, attributes[0]) : NULL;
	if (values != NULL && values[0] != NULL)
		*vector = value_copy(mem, (struct value){values[0]->bv_val, values[0]->bv_len});
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return r;
}

/* Up to which USN of that replica this server knows; -1: it does not say. */
static int known_of(
	struct ad_dir *d, const char *replica, struct arena *mem, long long *usn, struct err *err)
{
	struct value vector;

	if (strcmp(replica, session_server(d->dir.session)->replica) == 0)
		return ad_usn_now(d, usn, err);
	if (read_vector(d, mem, &vector, err) < 0)
		return -1;
	*usn = ad_vector_usn(mem, vector, replica);
	return 0;
}

/* A run wrote there and did not come to its end: what that one knows, nobody else has to. */
static int unsettled(struct ad_dir *d, const char *replica, struct arena *mem, const char **lacks,
	enum answerer *stands)
{
	if (strcmp(replica, session_server(d->dir.session)->replica) == 0)
		return 0;
	*stands = ANSWERER_BEHIND;
	*lacks = arena_printf(mem,
		"a run that wrote at domain controller %s did not come to its end, and %s may lag "
		"behind that",
		replica, session_server(d->dir.session)->url);
	return 0;
}

int ad_stands(struct connector *c, const char *before, struct arena *mem, const char **lacks,
	enum answerer *stands, struct err *err)
{
	struct ad_dir *d = (struct ad_dir *)c;
	char *directory = arena_strdup(mem, before), *rest = NULL, *replica;
	long long has;

	directory = strtok_r(directory, " ", &rest);
	replica = strtok_r(NULL, " ", &rest);
	const long long usn = replica != NULL ? strtoll(rest, NULL, 10) : 0;
	*stands = directory == NULL || strcmp(directory, d->dir.directory) == 0 ? ANSWERER_SAME
										: ANSWERER_OTHER;
	if (*stands == ANSWERER_OTHER || replica == NULL)
		return 0;
	if (ldap_dir_live(&d->dir, err) < 0)
		return -1;
	if (strcmp(rest, CONNECTOR_UNSETTLED) == 0)
		return unsettled(d, replica, mem, lacks, stands);
	if (known_of(d, replica, mem, &has, err) < 0)
		return -1;
	const char *url = session_server(d->dir.session)->url;
	if (has < 0)
		log_info("%s: %s does not say what it has got of other domain controllers' changes "
			 "(replUpToDateVector)",
			c->label, url);
	if (has < 0 || has >= usn)
		return 0;
	*stands = ANSWERER_BEHIND;
	*lacks = arena_printf(mem,
		"%s has the changes of domain controller %s up to %lld, not %lld: it lags behind",
		url, replica, has, usn);
	return 0;
}
