#include <lber.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "connectors/ad.h"
#include "connectors/ldap_ask.h"
#include "connectors/ldap_code.h"

static char dirsync_oid[] = "1.2.840.113556.1.4.841";
/* MS-ADTS 3.1.1.3.4.1.3. Without INCREMENTAL_VALUES a group comes with all of its members. */
#define OBJECT_SECURITY 0x00000001u
#define INCREMENTAL_VALUES 0x80000000u
/* The server's own limits are lower. */
#define MAX_BYTES 0x7fffffff
/* At up to 1000 objects a page; a bound for what a broken server can make us do. */
#define PAGES_MAX 10000
/* Entries that come in the first pass, in which none are looked for but those of nobody's name. */
#define STRANGERS_MAX 1000

/* Nobody is called so: the server looks at all there is, and sends nothing of it. */
#define NOTHING "(cn=galway looks for nobody)"

/* Asked for beside the wanted attributes. A new name shows only in name; only new objects show
 * their objectClass, and have nothing below them that is older than they are. */
static const char *const always[] = {"name", "objectClass", "objectGUID", "isDeleted", "parentGUID",
	"lastKnownParent", "instanceType"};
#define N_ALWAYS (sizeof(always) / sizeof(always[0]))

/* One pass. */
struct pass {
	struct ad_dir *d;
	bool first; /* for the cookie alone */
	const char *filter;
	const char **attributes; /* NULL: all */
	struct value cookie;
	bool more;
	int code; /* of the last page; LDAP_SUCCESS */
	unsigned pages, strangers;
	struct patience patience;
};

/* Sequence {flags, the most bytes, cookie} */
static int request_control(const struct pass *p, LDAPControl *control, struct err *err)
{
	const struct berval cookie = {
		p->cookie.len, arena_copy(p->d->pass, p->cookie.data, p->cookie.len)};
	const unsigned flags = INCREMENTAL_VALUES | (p->d->object_security ? OBJECT_SECURITY : 0);
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	*control = (LDAPControl){.ldctl_oid = dirsync_oid, .ldctl_iscritical = 1};
	if (ber == NULL ||
		ber_printf(ber, "{iiO}", (ber_int_t)flags, (ber_int_t)MAX_BYTES, &cookie) < 0 ||
		ber_flatten2(ber, &control->ldctl_value, 1) < 0) {
		ber_free(ber, 1);
		return err_set(err, ERR_BUSY, "out of memory");
	}
	ber_free(ber, 1);
	return 0;
}

/* Sequence {more, unused, cookie} */
static int read_control(struct pass *p, LDAPControl **controls, struct err *err)
{
	LDAPControl *control = ldap_control_find(dirsync_oid, controls, NULL);
	struct berval cookie;
	ber_int_t more, unused;

	if (control == NULL)
		return err_set(err, ERR_ENTRY, "the server does not answer the DirSync control");
	BerElement *ber = ask_value(&control->ldctl_value);
	bool good = ber != NULL && ber_scanf(ber, "{iim}", &more, &unused, &cookie) != LBER_ERROR &&
		    cookie.bv_len > 0;
	if (good) {
		bool same = cookie.bv_len == p->cookie.len &&
			    memcmp(cookie.bv_val, p->cookie.data, cookie.bv_len) == 0;
		p->more = more != 0;
		good = !(p->more && same);
		p->cookie = value_copy(p->d->pass, (struct value){cookie.bv_val, cookie.bv_len});
	}
	ber_free(ber, 1);
	return good ? 0
		    : err_set(err, ERR_ENTRY, "the server's DirSync cookie cannot be understood");
}

static bool has_values(LDAP *ld, LDAPMessage *m, const char *attribute, const char *value)
{
	struct berval **values = ldap_get_values_len(ld, m, attribute);
	bool has = values != NULL && values[0] != NULL &&
		   (value == NULL || strcmp(values[0]->bv_val, value) == 0);

	ldap_value_free_len(values);
	return has;
}

static int take_entry(struct pass *p, LDAP *ld, LDAPMessage *m, struct err *err)
{
	struct berval **guid = ldap_get_values_len(ld, m, "objectGUID");
	char *name = ldap_get_dn(ld, m);
	const bool gone = has_values(ld, m, "isDeleted", "TRUE");
	int r = 0;

	if (guid == NULL || guid[0] == NULL || name == NULL) {
		r = err_set(err, ERR_FATAL, "DirSync: an entry without %s",
			name == NULL ? "a name" : "objectGUID");
	} else {
		ad_changed_add(&p->d->changed, (struct value){guid[0]->bv_val, guid[0]->bv_len},
			gone ? AD_GONE : AD_CHANGED);
		if (!gone && has_values(ld, m, "name", NULL) &&
			!has_values(ld, m, "objectClass", NULL))
			ad_changed_renamed(&p->d->changed, value_of(name));
	}
	ldap_value_free_len(guid);
	ldap_memfree(name);
	return r;
}

/* An entry of the first pass, which lists nothing. */
static int pass_over(struct pass *p, struct err *err)
{
	return ++p->strangers <= STRANGERS_MAX
		       ? 0
		       : err_set(err, ERR_FATAL, "DirSync: entries that nobody asked for");
}

/* The last message: 0, also when the server refuses, which p->code says. */
static int take_result(struct pass *p, LDAP *ld, LDAPMessage *m, struct err *err)
{
	LDAPControl **controls = NULL;
	char *text = NULL;
	int rc = ldap_parse_result(ld, m, &p->code, NULL, &text, NULL, &controls, 0);
	int r = 0;

	if (rc != LDAP_SUCCESS)
		p->code = rc;
	if (p->code == LDAP_SUCCESS) {
		r = read_control(p, controls, err);
	} else {
		(void)ldap_fail(err, p->code, text, "DirSync");
		if (!ldap_code(p->code)->lost && err->kind != ERR_BUSY)
			err->kind = ERR_ENTRY;
	}
	ldap_controls_free(controls);
	ldap_memfree(text);
	return r;
}

/* -1; else p->code says how it ended, and err why when that is no success. */
static int one_page(struct pass *p, struct err *err)
{
	LDAP *ld = session_handle(p->d->dir.session);
	LDAPControl dirsync, *controls[] = {&dirsync, NULL};
	LDAPMessage *m;
	const struct ask ask = {session_server(p->d->dir.session)->context, LDAP_SCOPE_SUBTREE,
		p->filter, p->attributes, controls, LDAP_NO_LIMIT};
	int msgid, type = 0, r;

	if (++p->pages > PAGES_MAX)
		return err_set(err, ERR_FATAL, "DirSync: more than %d pages", PAGES_MAX);
	if (request_control(p, &dirsync, err) < 0)
		return -1;
	r = session_send(p->d->dir.session, &ask, &msgid, err);
	ber_memfree(dirsync.ldctl_value.bv_val);
	if (r < 0)
		return err_in(err, "DirSync");
	do {
		if (session_wait(p->d->dir.session, msgid, LDAP_MSG_ONE, &m, err) < 0)
			return err_in(err, "DirSync");
		/* References name other domains, which are none of ours. */
		type = ldap_msgtype(m);
		r = type == LDAP_RES_SEARCH_RESULT  ? take_result(p, ld, m, err)
		    : type != LDAP_RES_SEARCH_ENTRY ? 0
		    : p->first                      ? pass_over(p, err)
						    : take_entry(p, ld, m, err);
		ldap_msgfree(m);
	} while (r == 0 && type != LDAP_RES_SEARCH_RESULT);
	return r;
}

/* A rule of the server's: OBJECT_SECURITY for who may not replicate the directory. Whoever may is
 * spared a check of every object's rights. */
static bool try_security(struct pass *p)
{
	const char *flags = config_text(p->d->dir.config, "dirsync-flags");

	if (p->pages != 1 || p->code != LDAP_INSUFFICIENT_ACCESS || p->d->object_security ||
		strcmp(flags, "auto") != 0)
		return false;
	p->d->object_security = true;
	return true;
}

/* A page that the server was too busy for does not count. */
static bool try_again(struct pass *p, struct err *err)
{
	if (session_retry(p->d->dir.session, &p->patience, p->code, err) < 0)
		return false;
	p->pages--;
	return true;
}

static const char **attribute_list(struct ad_dir *d)
{
	unsigned n = 0;

	if (d->watched == NULL)
		return NULL;
	const char **list = arena_alloc(d->pass, (d->watched->n + N_ALWAYS + 1) * sizeof(*list));
	for (size_t i = 0; i < N_ALWAYS; i++)
		list[n++] = always[i];
	for (unsigned id = 0; id < d->watched->n; id++) {
		if (attr_set_has(d->watched, id))
			list[n++] = attr_name(id);
	}
	list[n] = NULL;
	return list;
}

int ad_dirsync(struct ad_dir *d, struct err *err)
{
	const bool first = d->cookie.dirsync.len == 0;
	struct pass p = {.d = d,
		.first = first,
		.filter = first ? NOTHING : "(objectClass=*)",
		.attributes = attribute_list(d),
		.cookie = d->cookie.dirsync};

	d->object_security =
		strcmp(config_text(d->dir.config, "dirsync-flags"), "object-security") == 0;
	do {
		if (one_page(&p, err) < 0)
			return -1;
		if (p.code == LDAP_SUCCESS)
			p.patience = (struct patience){0};
		else if (!try_security(&p) && !try_again(&p, err))
			return -1;
	} while (p.code != LDAP_SUCCESS || p.more);
	d->cookie.dirsync = p.cookie;
	return 0;
}
