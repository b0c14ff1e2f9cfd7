#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ad.h"

static bool number_of(const struct entry *e, const char *attribute, long long *n)
{
	struct value v = entry_first(e, attr_named(attribute));
	char text[24] = "", *end;

	if (v.len == 0 || v.len >= sizeof(text))
		return false;
	memcpy(text, v.data, v.len);
	*n = strtoll(text, &end, 10);
	return *end == '\0';
}

static void take(struct ad_dir *d, const struct entry *e)
{
	const long long since = d->cookie.usn;
	const bool gone = entry_has(e, attr_named("isDeleted"), value_of("TRUE"));
	long long created;

	ad_changed_add(&d->changed, e->id, gone ? AD_GONE : AD_CHANGED);
	/* What is new has nothing below it that is older. */
	if (gone || (number_of(e, "uSNCreated", &created) && created >= since))
		return;
	if (ad_meta_renamed(entry_first(e, attr_named("replPropertyMetaData")), since))
		ad_changed_renamed(&d->changed, e->name);
}

int ad_usn(struct ad_dir *d, struct err *err)
{
	static const char *const wanted[] = {"isDeleted", "uSNCreated", "replPropertyMetaData"};
	LDAPControl show = ad_show_deleted(d), *controls[] = {&show, NULL};
	struct arena *mem = arena_new();
	struct attr_set set = {0};
	struct search *s = NULL;
	struct entry e;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		attr_set_add(d->pass, &set, attr_named(wanted[i]));
	struct search_request request = ldap_dir_request(&d->dir, &set);
	request.base = session_server(d->dir.session)->context;
	request.filter = arena_printf(d->pass, "(uSNChanged>=%lld)", d->cookie.usn);
	request.controls = controls;
	/* They come in the order of their USNs: who changes meanwhile moves to the end. */
	request.again = true;
	int r = search_start(d->dir.session, &request, &s, err);
	while (r == 0 && (r = search_next(s, mem, &e, err)) == 1) {
		take(d, &e);
		arena_reset(mem);
		r = 0;
	}
	search_free(s);
	arena_free(mem);
	return r < 0 ? err_in(err, "changes by uSNChanged") : 0;
}

int ad_usn_now(struct ad_dir *d, long long *usn, struct err *err)
{
	static const char *const attributes[] = {"highestCommittedUSN", NULL};
	LDAP *ld = session_handle(d->dir.session);
	LDAPMessage *result = NULL;
	int r = session_search(d->dir.session, "", LDAP_SCOPE_BASE, "(objectClass=*)", attributes,
		1, &result, err);

	*usn = -1;
	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	struct berval **values = m != NULL ? ldap_get_values_len(ld, m, attributes[0]) : NULL;
	if (values != NULL && values[0] != NULL && values[0]->bv_len <= 18)
		*usn = strtoll(values[0]->bv_val, NULL, 10);
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return r;
}
