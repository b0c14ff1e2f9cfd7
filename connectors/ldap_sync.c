/*
 * Content synchronization (RFC 4533), refreshOnly: one search tells what changed since a cookie and
 * what is gone, and gives a new cookie. Its end says what it was: a delete phase (refreshDeletes),
 * in which what is not mentioned has not changed, or a present phase, in which it is gone.
 *
 * Only ids are taken: what changed is read by its id then, as what is wished for; and what is not
 * found so is gone, whatever was said of it.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/ldap_ask.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_since.h"

/* Reading all, page by page, is as quick as so much at once. */
#define ENTRIES_MAX 50000

enum state { STATE_PRESENT, STATE_ADD, STATE_MODIFY, STATE_DELETE };

struct told {
	struct value id;
	bool gone;
};

struct sync {
	struct ldap_connector *l;
	struct arena *mem;
	int msgid;
	struct patience patience;
	struct buf told; /* of struct told */
	size_t given;
	struct keys seen;
	struct value cookie; /* the new one; that of the request until another comes */
};

/* 389 Directory Server has the control too, but what it answers (2.3) is not said to be a delete
 * phase. */
const char *sync_obstacle(const struct ldap_connector *l)
{
	if (session_server(l->dir.session)->kind != SERVER_OPENLDAP)
		return "the server is no OpenLDAP";
	if (!session_supports(l->dir.session, LDAP_CONTROL_SYNC))
		return "the server does not offer syncrepl (the overlay syncprov)";
	return l->dir.id != attr_named("entryUUID") ? "id is not entryUUID" : NULL;
}

/* The request, with the server's cookie of the last time. */
static LDAPControl **sync_control(struct arena *mem, struct value cookie)
{
	static char oid[] = LDAP_CONTROL_SYNC;
	LDAPControl **controls = arena_zalloc(mem, 2 * sizeof(LDAPControl *));
	LDAPControl *c = arena_zalloc(mem, sizeof(*c));
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval bytes = {0, NULL};

	(void)ber_printf(ber, "{e", LDAP_SYNC_REFRESH_ONLY);
	if (cookie.len > 0)
		(void)ber_printf(ber, "o", cookie.data, cookie.len);
	(void)ber_printf(ber, "N}");
	if (ber_flatten2(ber, &bytes, 0) == 0) {
		c->ldctl_value.bv_val = arena_copy(mem, bytes.bv_val, bytes.bv_len);
		c->ldctl_value.bv_len = bytes.bv_len;
	}
	ber_free(ber, 1);
	c->ldctl_oid = oid;
	c->ldctl_iscritical = 1;
	controls[0] = c;
	return controls;
}

void sync_ask_all(struct ldap_connector *l)
{
	l->request.page_size = 0;
	l->request.controls = sync_control(l->pass, (struct value){NULL, 0});
}

/* Sync Done: its cookie, if any, in the arena, and whether this was a delete phase. */
static int parse_done(struct arena *mem, const struct berval *control, struct value *cookie,
	bool *deletes, struct err *err)
{
	BerElement *ber = ask_value(control);
	struct berval bytes;
	ber_len_t len;
	ber_int_t flag = 0;
	bool good = ber != NULL && ber_scanf(ber, "{") != LBER_ERROR;

	if (good && ber_peek_tag(ber, &len) == LDAP_TAG_SYNC_COOKIE) {
		good = ber_scanf(ber, "m", &bytes) != LBER_ERROR;
		if (good)
			*cookie = (struct value){
				arena_copy(mem, bytes.bv_val, bytes.bv_len), bytes.bv_len};
	}
	if (good && ber_peek_tag(ber, &len) == LDAP_TAG_REFRESHDELETES)
		good = ber_scanf(ber, "b", &flag) != LBER_ERROR;
	*deletes = flag != 0;
	ber_free(ber, 1);
	return good ? 0 : err_set(err, ERR_FATAL, "the server does not say how its changes end");
}

int sync_cookie(
	const struct search *search, struct arena *mem, struct value *cookie, struct err *err)
{
	bool deletes;

	return parse_done(
		mem, search_control(search, LDAP_CONTROL_SYNC_DONE), cookie, &deletes, err);
}

/* What slapd says without a session log, or with one that does not reach back far enough. */
static const char present_phase[] =
	"tells what is still there, not what is gone: it needs a longer session log, or set "
	"changes = timestamp";

/* What a server said that a full read must decide. */
static int doubt(const struct sync *s, struct err *err, const char *why)
{
	return err_set(err, ERR_ENTRY, "%s: %s", session_server(s->l->dir.session)->url, why);
}

static int tell(struct sync *s, const struct berval *uuid, bool gone, struct err *err)
{
	/* The 16 bytes are in the order of the text that entryUUID has (RFC 4533 2.1). */
	const struct told t = {entry_id_guid(s->mem, (const unsigned char *)uuid->bv_val), gone};

	/* Once is changed, once is gone: which of them was last? */
	if (!keys_put(&s->seen, entry_key(t.id), 0))
		return doubt(s, err, "told twice of one entry");
	buf_add(&s->told, &t, sizeof(t));
	return 0;
}

/* The state that an entry came with, and its id as 16 bytes. */
static int parse_state(LDAP *ld, LDAPMessage *m, ber_int_t *state, char uuid[16])
{
	LDAPControl **controls = NULL, *c = NULL;
	BerElement *ber = NULL;
	struct berval bytes = {0, NULL};
	int r = -1;

	if (ldap_get_entry_controls(ld, m, &controls) == LDAP_SUCCESS)
		c = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
	if (c != NULL)
		ber = ask_value(&c->ldctl_value);
	if (ber != NULL && ber_scanf(ber, "{em", state, &bytes) != LBER_ERROR &&
		bytes.bv_len == 16) {
		memcpy(uuid, bytes.bv_val, 16);
		r = 0;
	}
	ber_free(ber, 1);
	ldap_controls_free(controls);
	return r;
}

static int take_entry(struct sync *s, LDAP *ld, LDAPMessage *m, struct err *err)
{
	char bytes[16];
	const struct berval uuid = {16, bytes};
	ber_int_t state;

	if (parse_state(ld, m, &state, bytes) < 0)
		return err_set(err, ERR_FATAL, "an entry came without its state");
	if (state == STATE_PRESENT)
		return doubt(s, err, present_phase);
	return tell(s, &uuid, state == STATE_DELETE, err);
}

/* Inside of a syncIdSet of deletions. */
static int take_ids(struct sync *s, BerElement *ber, struct err *err)
{
	BerVarray uuids = NULL;
	int r = 0;

	if (ber_scanf(ber, "[W]", &uuids) == LBER_ERROR)
		return err_set(err, ERR_FATAL, "a list of ids is none");
	for (unsigned i = 0; uuids != NULL && uuids[i].bv_val != NULL && r == 0; i++)
		r = uuids[i].bv_len == 16 ? tell(s, &uuids[i], true, err)
					  : err_set(err, ERR_FATAL, "an id has not 16 bytes");
	ber_bvarray_free(uuids);
	return r;
}

/* A Sync Info message. The cookies in between are for whoever stops in between. */
static int parse_info(struct sync *s, BerElement *ber, struct err *err)
{
	struct berval cookie;
	ber_len_t len;
	ber_int_t deletes = 0;

	switch (ber_peek_tag(ber, &len)) {
	case LDAP_TAG_SYNC_NEW_COOKIE:
	case LDAP_TAG_SYNC_REFRESH_DELETE:
		return 0;
	case LDAP_TAG_SYNC_REFRESH_PRESENT:
		return doubt(s, err, present_phase);
	case LDAP_TAG_SYNC_ID_SET:
		break;
	default:
		return err_set(err, ERR_FATAL, "a message that is none of RFC 4533");
	}
	if (ber_scanf(ber, "{") == LBER_ERROR ||
		(ber_peek_tag(ber, &len) == LDAP_TAG_SYNC_COOKIE &&
			ber_scanf(ber, "m", &cookie) == LBER_ERROR) ||
		(ber_peek_tag(ber, &len) == LDAP_TAG_REFRESHDELETES &&
			ber_scanf(ber, "b", &deletes) == LBER_ERROR))
		return err_set(err, ERR_FATAL, "a list of ids is none");
	if (!deletes)
		return doubt(s, err, present_phase);
	return take_ids(s, ber, err);
}

static int take_info(struct sync *s, LDAP *ld, LDAPMessage *m, struct err *err)
{
	char *oid = NULL;
	struct berval *data = NULL;
	BerElement *ber = NULL;
	int r = 0;

	const int rc = ldap_parse_intermediate(ld, m, &oid, &data, NULL, 0);
	if (rc != LDAP_SUCCESS)
		r = ldap_fail(err, rc, NULL, "a message in between");
	else if (oid != NULL && strcmp(oid, LDAP_SYNC_INFO) == 0) {
		ber = ask_value(data);
		r = ber != NULL ? parse_info(s, ber, err)
				: err_set(err, ERR_FATAL, "a message in between is empty");
	}
	ber_free(ber, 1);
	ber_bvfree(data);
	ldap_memfree(oid);
	return r;
}

static int ask(struct sync *s, struct err *err)
{
	static const char *const attributes[] = {LDAP_NO_ATTRS, NULL};
	struct search_request *req = &s->l->request;
	size_t n;

	req->controls = sync_control(s->l->pass, s->cookie);
	const struct ask ask = {req->base, req->scope, req->filter, attributes,
		ask_controls(s->mem, s->l->dir.session, req, 0, &n), LDAP_NO_LIMIT};
	req->controls = NULL;
	return session_send(s->l->dir.session, &ask, &s->msgid, err) < 0
		       ? err_in(err, "searching %s", req->base)
		       : 0;
}

/* A server that was too busy to begin is asked again. Whatever else it refuses, a full read tells,
 * or shows what is wrong. */
static int take_result(struct sync *s, LDAP *ld, LDAPMessage *m, struct err *err)
{
	LDAPControl **controls = NULL, *done;
	bool deletes;
	int code, r;

	s->msgid = -1;
	r = ask_result(ld, m, s->l->request.base, &code, &controls, err);
	if (r < 0 && s->told.len == 0 &&
		session_retry(s->l->dir.session, &s->patience, code, err) == 0) {
		ldap_controls_free(controls);
		return ask(s, err);
	}
	if (r < 0 && err->kind != ERR_BUSY)
		err->kind = ERR_ENTRY;
	if (r == 0) {
		done = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, NULL);
		r = parse_done(s->mem, done != NULL ? &done->ldctl_value : NULL, &s->cookie,
			&deletes, err);
		if (r == 0 && !deletes)
			r = doubt(s, err, present_phase);
	}
	ldap_controls_free(controls);
	return r;
}

static int take(struct sync *s, LDAPMessage *m, struct err *err)
{
	LDAP *ld = session_handle(s->l->dir.session);

	switch (ldap_msgtype(m)) {
	case LDAP_RES_SEARCH_ENTRY:
		return take_entry(s, ld, m, err);
	case LDAP_RES_SEARCH_REFERENCE:
		return ask_reference(ld, m, &s->l->request, err);
	case LDAP_RES_INTERMEDIATE:
		return take_info(s, ld, m, err);
	case LDAP_RES_SEARCH_RESULT:
		return take_result(s, ld, m, err);
	default:
		return err_set(err, ERR_FATAL, "a message that is no answer to a search");
	}
}

static int receive(struct sync *s, struct err *err)
{
	int r = 0;

	while (r == 0 && s->msgid >= 0) {
		LDAPMessage *m = NULL;
		r = session_wait(s->l->dir.session, s->msgid, LDAP_MSG_ONE, &m, err);
		if (r == 0)
			r = take(s, m, err);
		ldap_msgfree(m);
		if (r == 0 && s->told.len > ENTRIES_MAX * sizeof(struct told))
			r = err_set(err, ERR_ENTRY, "so much changed that all is read");
	}
	return r;
}

/* The query's wishes, and what changed. */
static void find_changed(struct sync *s)
{
	struct ldap_connector *l = s->l;
	const struct told *told = (const struct told *)(void *)s->told.data;
	const size_t n = s->told.len / sizeof(*told);
	size_t n_wishes = l->query.n_wishes;
	struct wish *wishes = arena_alloc(l->pass, (n_wishes + n) * sizeof(*wishes));

	if (n_wishes > 0)
		memcpy(wishes, l->query.wishes, n_wishes * sizeof(*wishes));
	/* What the server calls gone too: one that has lost its history calls gone what it does not
	 * know (OpenLDAP ITS#8125, ITS#9282). Who is found is there. */
	for (size_t i = 0; i < n; i++)
		wishes[n_wishes++] = (struct wish){.by = WISH_ID, .value = told[i].id};
	l->find = find_start(&l->dir, &l->request, wishes, n_wishes);
}

int sync_start(struct ldap_connector *l, struct value cookie, struct err *err)
{
	struct arena *mem = arena_new();
	struct sync *s = arena_zalloc(mem, sizeof(*s));

	*s = (struct sync){.l = l, .mem = mem, .msgid = -1, .cookie = cookie};
	keys_init(&s->seen, 0, false);
	l->sync = s;
	if (ask(s, err) < 0 || receive(s, err) < 0)
		return -1;
	/* With the cookie of the last time nothing changed, parents neither. */
	const int parents = value_same(s->cookie, cookie) ? 0 : parents_changed(l, cookie, err);
	if (parents < 0 && err->kind != ERR_BUSY)
		err->kind = ERR_ENTRY;
	if (parents < 0)
		return -1;
	if (parents > 0)
		return err_set(err, ERR_ENTRY, "a container changed: names below it may have too");
	l->cookie = cookie_make(l, s->cookie);
	find_changed(s);
	return 0;
}

bool sync_gone(struct sync *s, struct entry *e)
{
	const struct told *told = (const struct told *)(void *)s->told.data;

	while (s->given < s->told.len / sizeof(*told)) {
		const struct told *t = &told[s->given++];
		*e = (struct entry){.id = t->id, .key = entry_key(t->id), .gone = true};
		if (!find_gave(s->l->find, e->key))
			return true;
	}
	return false;
}

void sync_free(struct sync *s)
{
	if (s == NULL)
		return;
	if (s->msgid >= 0 && session_alive(s->l->dir.session))
		(void)ldap_abandon_ext(session_handle(s->l->dir.session), s->msgid, NULL, NULL);
	buf_free(&s->told);
	keys_free(&s->seen);
	arena_free(s->mem);
}
