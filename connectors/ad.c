#include "connectors/ad.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "connectors/ldap_write.h"
#include "connectors/types.h"

/* AD answers pages of at most 1000 (MaxPageSize) as if they had been asked for so. */
#define PAGE_MAX 1000

void ad_give_up(struct ad_dir *d)
{
	search_free(d->all);
	d->all = NULL;
	find_free(d->find);
	d->find = NULL;
	ad_changed_free(&d->changed);
	d->cookie = (struct ad_cookie){0};
	d->watched = NULL;
	arena_reset(d->pass);
}

/* Entries of which the account may read nothing come from Samba all the same, as names without an
 * id, when nothing but presence of objectClass is asked for. Every object has an objectCategory. */
#define READABLE "(objectCategory=*)"

/* A global catalog shows entries whole, for all one can see, and has a part of their attributes. */
static int check_ports(const struct config *cfg, struct err *err)
{
	unsigned n;
	const char *const *urls = config_list(cfg, "url", &n);
	LDAPURLDesc *parts;
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		if (ldap_url_parse(urls[i], &parts) != LDAP_URL_SUCCESS)
			continue;
		if (parts->lud_port == 3268 || parts->lud_port == 3269)
			r = err_set(err, ERR_FATAL,
				"%s: %s: a global catalog has only a part of what its entries "
				"have: use the domain controller's own port, 389 or 636",
				config_where(cfg, "url"), urls[i]);
		ldap_free_urldesc(parts);
	}
	return r;
}

static int check_kind(struct ad_dir *d, struct err *err)
{
	const struct server *server = session_server(d->dir.session);

	return server->kind == SERVER_AD
		       ? 0
		       : err_set(err, ERR_FATAL, "%s is no Active Directory: use type = ldap",
				 server->url);
}

static void ad_free(struct ad_dir *d)
{
	ad_give_up(d);
	ldap_write_end(&d->dir);
	ldap_dir_close(&d->dir);
	arena_free(d->pass);
	arena_free(d->dir.mem);
}

static int ad_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct ad_dir *d = arena_zalloc(mem, sizeof(*d));

	d->dir.mem = mem;
	d->pass = arena_new();
	if (check_ports(cfg, err) < 0 || ldap_dir_open(cfg, &d->dir, err) < 0 ||
		check_kind(d, err) < 0) {
		ad_free(d);
		return -1;
	}
	if (d->dir.page_size == 0 || d->dir.page_size > PAGE_MAX)
		d->dir.page_size = PAGE_MAX;
	if (!config_given(cfg, "filter"))
		d->dir.filter = READABLE;
	*out = &d->dir.connector;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool ad_read_only(const struct ad_dir *d)
{
	/* LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID, MS-ADTS 3.1.1.3.4.3.5 */
	return session_supports(d->dir.session, "1.2.840.113556.1.4.1920");
}

/* Attribute ids are of this run only, names stay. */
static void put_names(struct ad_dir *d, struct buf *b)
{
	const struct attr_set *set = d->watched;
	unsigned n = 0;

	if (set == NULL)
		return;
	const char **names = arena_alloc(d->pass, (set->n + 1) * sizeof(*names));
	for (unsigned id = 0; id < set->n; id++) {
		if (attr_set_has(set, id))
			names[n++] = attr_name(id);
	}
	qsort(names, n, sizeof(*names), by_name);
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s\n", names[i]);
}

/* The base is known by its objectGUID, so that another container of its name is another base. */
static int put_base(struct ad_dir *d, struct buf *b, struct err *err)
{
	static const char *const attributes[] = {"objectGUID", NULL};
	LDAP *ld = session_handle(d->dir.session);
	LDAPMessage *result = NULL;
	int r = session_search(d->dir.session, d->dir.base.data, LDAP_SCOPE_BASE, "(objectClass=*)",
		attributes, 1, &result, err);

	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	struct berval **values = m != NULL ? ldap_get_values_len(ld, m, attributes[0]) : NULL;
	if (values != NULL && values[0] != NULL)
		buf_add(b, values[0]->bv_val, values[0]->bv_len);
	else if (r == 0)
		r = err_set(err, ERR_FATAL, "the base %s is not there, or not visible",
			d->dir.base.data);
	ldap_value_free_len(values);
	ldap_msgfree(result);
	return r;
}

/* What a cookie of this moment says, but for the method. */
static int take_bearings(struct ad_dir *d, struct err *err)
{
	const struct server *server = session_server(d->dir.session);
	struct buf b = {0};
	int r = put_base(d, &b, err);

	buf_printf(&b, "\n%s\n%s\n%s\n", server->who, d->dir.filter, ad_setting(d));
	put_names(d, &b);
	d->cookie.directory = server->directory;
	d->cookie.replica = server->replica;
	d->cookie.scope = hash_nocase(b.data, b.len, 0);
	buf_free(&b);
	return r < 0 ? -1 : ad_usn_now(d, &d->cookie.usn, err);
}

/* What a delta after this read starts from is found out before it: whatever changes while it is
 * read is told again. */
static int prepare_cookie(struct ad_dir *d, struct err *err)
{
	const char *why;

	ad_watch(d);
	if (take_bearings(d, err) < 0 || ad_method(d, &d->cookie.method, &why, err) < 0)
		return -1;
	if (d->cookie.method == AD_FULL)
		log_info("%s: changes cannot be told: %s", d->dir.connector.label, why);
	return 0;
}

static int read_all(struct ad_dir *d, struct err *err)
{
	if (d->query.want_cookie && prepare_cookie(d, err) < 0) {
		/* There is nothing else to read instead. */
		if (err->kind == ERR_ENTRY)
			err->kind = ERR_FATAL;
		return -1;
	}
	d->request = ldap_dir_request(&d->dir, d->query.wanted);
	return search_start(d->dir.session, &d->request, &d->all, err);
}

/* Everything that must be so before a cookie is believed: ERR_ENTRY when it is not. */
static int check_cookie(struct ad_dir *d, struct ad_cookie *old, struct err *err)
{
	const char *why;

	ad_watch(d);
	if (ad_cookie_parse(d->pass, d->query.cookie, old, err) < 0 || take_bearings(d, err) < 0 ||
		ad_cookie_check(old, &d->cookie, err) < 0 || ad_obstacle(d, &why, err) < 0)
		return -1;
	return why == NULL ? 0 : err_set(err, ERR_ENTRY, "changes cannot be told: %s", why);
}

static int read_since(struct ad_dir *d, struct err *err)
{
	struct ad_cookie old;

	if (check_cookie(d, &old, err) < 0)
		return -1;
	const long long usn = d->cookie.usn;
	d->cookie = old;
	ad_changed_start(&d->changed);
	if ((old.method == AD_DIRSYNC ? ad_dirsync(d, err) : ad_usn(d, err)) < 0)
		return -1;
	d->cookie.usn = usn;
	return ad_changed_read(d, err);
}

static int find(struct ad_dir *d)
{
	d->request = ldap_dir_request(&d->dir, d->query.wanted);
	d->find = find_start(&d->dir, &d->request, d->query.wishes, d->query.n_wishes);
	return 0;
}

static int ad_read(struct connector *c, const struct query *q, struct err *err)
{
	struct ad_dir *d = (struct ad_dir *)c;

	ad_give_up(d);
	d->query = *q;
	if (ldap_dir_live(&d->dir, err) < 0)
		return -1;
	return q->kind == QUERY_ALL     ? read_all(d, err)
	       : q->kind == QUERY_SINCE ? read_since(d, err)
					: find(d);
}

static int ad_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct ad_dir *d = (struct ad_dir *)c;

	if (d->all != NULL)
		return search_next(d->all, mem, e, err);
	return d->find != NULL ? find_next(d->find, mem, e, err) : ad_changed_next(d, mem, e, err);
}

static int ad_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	(void)err;
	*cookie = ad_cookie_print(mem, &((struct ad_dir *)c)->cookie);
	return 0;
}

/* What is under way was begun at a domain controller that can be written. */
static int check_writes(struct ad_dir *d, size_t n, struct err *err)
{
	ad_give_up(d);
	if (n == 0 || ldap_write_under_way(&d->dir))
		return 0;
	if (ldap_dir_live(&d->dir, err) < 0)
		return -1;
	if (!ad_read_only(d))
		return 0;
	return err_set(err, ERR_FATAL,
		"%s: %s is a read-only domain controller: name one that can be written in url",
		d->dir.connector.label, session_server(d->dir.session)->url);
}

static int ad_write(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	return check_writes((struct ad_dir *)c, n, err) < 0
		       ? -1
		       : ldap_write_changes(c, changes, out, n, mem, err);
}

static int ad_feed(struct connector *c, const struct change *changes, struct outcome *out, size_t n,
	struct arena *mem, struct err *err)
{
	return check_writes((struct ad_dir *)c, n, err) < 0
		       ? -1
		       : ldap_feed_changes(c, changes, out, n, mem, err);
}

static int ad_close(struct connector *c, struct err *err)
{
	(void)err;
	ad_free((struct ad_dir *)c);
	return 0;
}

static const struct setting settings[] = {
	LDAP_SETTINGS,
	{"changes", SETTING_WORD, "auto", "auto|dirsync|usn|full",
		"how changes are told: by the DirSync control, by uSNChanged, or not at all"},
	{"dirsync-flags", SETTING_WORD, "auto", "auto|none|object-security",
		"DirSync: object-security for an account without DS-Replication-Get-Changes; "
		"auto: where it is needed"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type ad_type = {
	.name = "ad",
	.help = "an Active Directory domain",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_CONFIRM | CAN_BESIDE | NEEDS_REFERRED,
	.settings = settings,
	.open = ad_open,
	.read = ad_read,
	.next = ad_next,
	.cookie = ad_cookie,
	.write = ad_write,
	.feed = ad_feed,
	.identity = ad_identity,
	.stands = ad_stands,
	.expires = ldap_dir_expires,
	.probe = ad_probe,
	.close = ad_close,
};
