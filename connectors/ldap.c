/*
 * The connector type "ldap": any server of LDAP version 3.
 *
 * No digests are given with the entries: who compares them makes one of the very attributes that it
 * compares, at no higher price than we could make one of all that were read; and what was written a
 * moment ago then has the digest that the writer foresaw.
 */
#include "connectors/ldap.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_find.h"
#include "connectors/ldap_probe.h"
#include "connectors/ldap_since.h"
#include "connectors/ldap_write.h"
#include "connectors/types.h"

static int ldap_connector_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct ldap_connector *l = arena_zalloc(mem, sizeof(*l));

	l->dir.mem = mem;
	l->changes = config_text(cfg, "changes");
	l->dir.referrals = config_list(cfg, "referrals", &l->dir.n_referrals);
	l->stamp = attr_named("modifyTimestamp");
	attr_set_add(mem, &l->also, l->stamp);
	if (ldap_dir_open(cfg, &l->dir, err) < 0) {
		arena_free(mem);
		return -1;
	}
	l->pass = arena_new();
	*out = &l->dir.connector;
	return 0;
}

static void give_up(struct ldap_connector *l)
{
	sync_free(l->sync);
	search_free(l->search);
	find_free(l->find);
	l->sync = NULL;
	l->search = NULL;
	l->find = NULL;
	l->cookie = (struct value){NULL, 0};
	reading_free(&l->list);
	buf_free(&l->late);
	arena_reset(l->pass);
}

int ldap_method(
	const struct ldap_connector *l, enum ldap_method *method, const char **why, struct err *err)
{
	const char *obstacle = sync_obstacle(l);
	const bool is_auto = strcmp(l->changes, "auto") == 0;

	*why = "the setting changes says so";
	*method = LDAP_FULL;
	if (strcmp(l->changes, "full") == 0)
		return 0;
	*method = LDAP_TIMESTAMP;
	if (strcmp(l->changes, "timestamp") == 0)
		return 0;
	if (obstacle != NULL && !is_auto)
		return err_set(err, ERR_FATAL, "changes = syncrepl: %s: %s",
			session_server(l->dir.session)->url, obstacle);
	if (obstacle == NULL)
		*method = LDAP_SYNCREPL;
	if (is_auto)
		*why = obstacle != NULL ? obstacle : "the server offers it";
	return 0;
}

static int read_everything(struct ldap_connector *l, struct err *err)
{
	const char *why;

	if (ldap_method(l, &l->method, &why, err) < 0)
		return -1;
	if (!l->query.want_cookie)
		l->method = LDAP_FULL;
	if (l->method == LDAP_SYNCREPL)
		sync_ask_all(l);
	if (l->method == LDAP_TIMESTAMP && stamp_begin(l, err) < 0)
		return -1;
	return search_start(l->dir.session, &l->request, &l->search, err);
}

static int read_since(struct ldap_connector *l, struct err *err)
{
	struct value rest;

	if (cookie_open(l, l->query.cookie, &l->method, &rest, err) < 0)
		return -1;
	if (l->method == LDAP_SYNCREPL && sync_obstacle(l) != NULL)
		return err_set(err, ERR_ENTRY, "the server does not offer syncrepl any more");
	if (l->method == LDAP_TIMESTAMP)
		return stamp_start(l, rest, err);
	return sync_start(l, rest, err);
}

static int ldap_connector_read(struct connector *c, const struct query *q, struct err *err)
{
	struct ldap_connector *l = (struct ldap_connector *)c;
	int r = 0;

	give_up(l);
	if (ldap_dir_live(&l->dir, err) < 0)
		return -1;
	l->query = *q;
	l->request = ldap_dir_request(&l->dir, q->wanted);
	l->method = LDAP_FULL;
	if (q->kind == QUERY_ALL)
		r = read_everything(l, err);
	else if (q->kind == QUERY_SINCE)
		r = read_since(l, err);
	else
		l->find = find_start(&l->dir, &l->request, q->wishes, q->n_wishes);
	if (r < 0)
		give_up(l);
	return r;
}

/* The search has ended, and with it all that the cookie is made of. */
static int end_search(struct ldap_connector *l, struct err *err)
{
	struct value rest = {NULL, 0};
	int r = 0;

	if (l->method == LDAP_TIMESTAMP)
		r = stamp_end(l, err);
	else if (l->method == LDAP_SYNCREPL &&
		 (r = sync_cookie(l->search, l->pass, &rest, err)) == 0)
		l->cookie = cookie_make(l, rest);
	search_free(l->search);
	l->search = NULL;
	return r;
}

/* 1, 0 at the end, -1: of the search. */
static int next_found(struct ldap_connector *l, struct arena *mem, struct entry *e, struct err *err)
{
	const int r = search_next(l->search, mem, e, err);

	if (r == 0)
		return end_search(l, err);
	if (r == 1 && l->method == LDAP_TIMESTAMP && l->find != NULL)
		stamp_changed(l, e);
	else if (r == 1 && l->method == LDAP_TIMESTAMP)
		stamp_note(l, e);
	return r;
}

static int ldap_connector_next(
	struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct ldap_connector *l = (struct ldap_connector *)c;
	int r = 0;

	if (l->search != NULL && (r = next_found(l, mem, e, err)) != 0)
		return r;
	if (l->find != NULL && (r = find_next(l->find, mem, e, err)) != 0)
		return r;
	if (l->sync != NULL)
		return sync_gone(l->sync, e);
	return l->method == LDAP_TIMESTAMP && reading_gone(&l->list, e);
}

static int ldap_connector_cookie(
	struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	(void)mem;
	(void)err;
	*cookie = ((struct ldap_connector *)c)->cookie;
	return 0;
}

static int ldap_connector_identity(
	struct connector *c, struct arena *mem, const char **who, struct err *err)
{
	(void)err;
	*who = arena_strdup(mem, ((struct ldap_connector *)c)->dir.directory);
	return 0;
}

static int ldap_connector_close(struct connector *c, struct err *err)
{
	struct ldap_connector *l = (struct ldap_connector *)c;

	(void)err;
	give_up(l);
	arena_free(l->pass);
	ldap_write_end(&l->dir);
	ldap_dir_close(&l->dir);
	arena_free(l->dir.mem);
	return 0;
}

static const struct setting settings[] = {
	LDAP_SETTINGS,
	{"changes", SETTING_WORD, "auto", "auto|syncrepl|timestamp|full",
		"how it is known what changed since the last run"},
	{"referrals", SETTING_LIST, NULL, NULL,
		"URLs that the server may refer to: parts of the tree that are left out"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type ldap_type = {
	.name = "ldap",
	.help = "a directory server (LDAP version 3)",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_CONFIRM | CAN_BESIDE,
	.settings = settings,
	.open = ldap_connector_open,
	.read = ldap_connector_read,
	.next = ldap_connector_next,
	.cookie = ldap_connector_cookie,
	.write = ldap_write_changes,
	.feed = ldap_feed_changes,
	.identity = ldap_connector_identity,
	.expires = ldap_dir_expires,
	.probe = ldap_probe,
	.close = ldap_connector_close,
};
