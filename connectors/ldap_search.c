/*
 * A search, page by page (RFC 2696). A page is received whole and read where it lies; then the next
 * one is asked for, and while the server works on that, the entries of this one are handed out.
 *
 * Without paging the messages of the one search are taken some at a time: what was not taken waits
 * in the connection, and the server with it.
 *
 * A cookie that comes again proves nothing: those of Samba and of 389 Directory Server number the
 * search, not the page. What shows a server that goes in circles is a page that begins with an
 * entry that began another page.
 */
#include "connectors/ldap_search.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/log.h"
#include "connectors/ldap_ask.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_entry.h"
#include "connectors/ldap_range.h"
#include "connectors/twins.h"

/* Without paging: messages taken at once. */
#define CHUNK 1000
/* Pages without entries, one after the other: AD gives some when its time for a page is over. */
#define EMPTY_MAX 1000
/* Bytes of a page: a thousand people with photos have less. */
#define PAGE_BYTES_MAX (512u << 20)
/* Some ten entries come in that time, and many a server makes one write of each. */
#define GATHER_NANOSECONDS 150000
/* When less of a page is to come it is waited for. */
#define GATHER_LEAST 64

struct item {
	LDAPMessage *message;
	struct entry entry;
	bool part; /* an attribute of it has more values */
};

struct search {
	struct session *session;
	struct search_request req;
	struct arena *mem;
	const char **attributes;
	LDAPControl **controls; /* the request's, and then our own */
	size_t n_controls;
	bool paged;
	int msgid;             /* what is under way; -1: nothing */
	size_t came;           /* entries since it was asked for */
	struct berval *cookie; /* of the last page; NULL: none */
	struct patience patience;
	LDAPControl **answer; /* controls of the last result */
	bool failed;

	struct arena *page_mem;
	struct buf items; /* of struct item: what was received */
	size_t n, given;
	size_t bytes;
	bool parts;

	unsigned referred;    /* parts that other servers have, and that are left out */
	unsigned page, empty; /* its number; pages without entries behind each other */
	struct keys begins;   /* ids of the first entries of pages */
	struct twins ids;
};

static struct item *item_at(const struct search *s, size_t i)
{
	return (struct item *)(void *)s->items.data + i;
}

static void page_clear(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		ldap_msgfree(item_at(s, i)->message);
	buf_clear(&s->items);
	s->n = s->given = s->bytes = 0;
	s->parts = false;
	arena_reset(s->page_mem);
}

/* Where it happened, and what it means; always -1. No entry is to blame: the read is. */
static int incomplete(struct search *s, struct err *err)
{
	s->failed = true;
	if (err->kind == ERR_ENTRY)
		err->kind = ERR_FATAL;
	return err_in(err, "incomplete: page %u of %s", s->page, session_server(s->session)->url);
}

/* Ask for the page, or, without paging, for everything. */
static int ask(struct search *s, struct err *err)
{
	LDAP *ld = session_handle(s->session);
	LDAPControl *page = NULL;
	const unsigned size = s->req.page_size < INT_MAX ? s->req.page_size : INT_MAX;
	const struct ask ask = {s->req.base, s->req.scope, s->req.filter, s->attributes,
		s->controls, LDAP_NO_LIMIT};
	int rc = LDAP_SUCCESS;

	s->came = 0;
	if (s->paged)
		rc = ldap_create_page_control(ld, (ber_int_t)size, s->cookie, 1, &page);
	s->controls[s->n_controls] = page;
	const int r = rc == LDAP_SUCCESS ? session_send(s->session, &ask, &s->msgid, err)
					 : ldap_fail(err, rc, NULL, "the control of paging");
	ldap_control_free(page);
	return r < 0 ? err_in(err, "searching %s", s->req.base) : 0;
}

static int ask_next(struct search *s, struct err *err)
{
	s->page++;
	return ask(s, err) < 0 ? incomplete(s, err) : 0;
}

static int add_entry(struct search *s, LDAPMessage *m, struct err *err)
{
	struct item item = {.message = m};
	struct value name, list;

	s->came++;
	/* It is the page's before it is looked at, so that it is freed with it. */
	buf_add(&s->items, &item, sizeof(item));
	struct item *it = item_at(s, s->n++);
	if (raw_entry(session_handle(s->session), m, &name, &list, err) < 0)
		return -1;
	int r = entry_read(name, list, &s->req, s->page_mem, &it->entry, err);
	if (r < 0)
		return -1;
	it->part = r == 1;
	s->parts |= it->part;
	s->bytes += name.len + list.len;
	twins_add(&s->ids, it->entry.key);
	if (s->paged && s->n > 2 * (size_t)s->req.page_size)
		return err_set(err, ERR_FATAL, "more than twice the %u entries asked for",
			s->req.page_size);
	if (s->bytes > PAGE_BYTES_MAX)
		return err_set(
			err, ERR_FATAL, "more than %u bytes: lower page-size", PAGE_BYTES_MAX);
	return 0;
}

/* The cookie of the next page; none: it was the last. */
static int take_cookie(struct search *s, struct err *err)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, s->answer, NULL);
	struct berval cookie = {0, NULL};
	ber_int_t count;

	ber_bvfree(s->cookie);
	s->cookie = NULL;
	if (!s->paged)
		return 0;
	if (control == NULL)
		return err_set(err, ERR_FATAL, "no word of whether there is a next one");
	/* libldap does not look whether the control has a value at all. */
	int rc = control->ldctl_value.bv_len > 0
			 ? ldap_parse_pageresponse_control(
				   session_handle(s->session), control, &count, &cookie)
			 : LDAP_DECODING_ERROR;
	if (rc != LDAP_SUCCESS)
		return ldap_fail(err, rc, NULL, "its cookie");
	if (cookie.bv_len > 0)
		s->cookie = ber_bvdup(&cookie);
	ber_memfree(cookie.bv_val);
	return 0;
}

/* What is asked for with the sync control is not paged (ldap_sync.c). */
static int too_many(const struct search *s, struct err *err)
{
	return err_set(err, ERR_FATAL,
		"searching %s: sizeLimitExceeded (%d): syncrepl gives all at once: set changes = "
		"timestamp, or raise the server's size limit for this account",
		s->req.base, LDAP_SIZELIMIT_EXCEEDED);
}

/* AD keeps what it needs for the next page for some clients only, and lets that of others go. */
static int dropped(const struct search *s, struct err *err)
{
	return err_set(err, ERR_BUSY,
		"searching %s: unavailableCriticalExtension (%d): the server does not know its "
		"paging cookie any more, perhaps because others page too (event 2899, "
		"MaxResultSetSize): try again",
		s->req.base, LDAP_UNAVAILABLE_CRITICAL_EXTENSION);
}

/* The page's, or the search's, result. A server that was too busy to begin is asked again. */
static int end_page(struct search *s, LDAPMessage *m, struct err *err)
{
	int code;

	s->msgid = -1;
	ldap_controls_free(s->answer);
	s->answer = NULL;
	if (ask_result(session_handle(s->session), m, s->req.base, &code, &s->answer, err) == 0) {
		s->patience = (struct patience){0};
		return take_cookie(s, err);
	}
	if (code == LDAP_SIZELIMIT_EXCEEDED &&
		ldap_control_find(LDAP_CONTROL_SYNC, s->req.controls, NULL) != NULL)
		return too_many(s, err);
	if (code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION && s->cookie != NULL)
		return dropped(s, err);
	if (s->came > 0 || session_retry(s->session, &s->patience, code, err) < 0)
		return -1;
	return ask(s, err);
}

/* Does the server get anywhere? */
static int check_progress(struct search *s, struct err *err)
{
	s->empty = s->n > 0 ? 0 : s->empty + 1;
	if (s->empty > EMPTY_MAX)
		return err_set(err, ERR_FATAL, "%u pages without an entry", s->empty);
	if (s->n > 0 && !keys_put(&s->begins, item_at(s, 0)->entry.key, 0) && !s->req.again)
		return err_set(err, ERR_FATAL, "begins as an earlier one did");
	return 0;
}

static int complete_ranges(struct search *s, struct err *err)
{
	if (s->parts && s->msgid >= 0)
		return err_set(err, ERR_FATAL,
			"an attribute came in parts, which needs paging: set page-size");
	for (size_t i = 0; i < s->n && s->parts; i++) {
		struct item *it = item_at(s, i);
		if (it->part && range_complete(s->session, s->page_mem, &it->entry, err) < 0)
			return -1;
	}
	return 0;
}

/* Who waits for the very next entry is woken by each, and the server, which wakes him, has less
 * time for the rest: so in the middle of a page sleep until there are some. */
static void gather(const struct search *s)
{
	Sockbuf *sb = NULL;
	const struct timespec time = {0, GATHER_NANOSECONDS};

	if (s->n == 0 || (s->paged && s->n + GATHER_LEAST > s->req.page_size))
		return;
	if (ldap_get_option(session_handle(s->session), LDAP_OPT_SOCKBUF, &sb) ==
			LDAP_OPT_SUCCESS &&
		sb != NULL && ber_sockbuf_ctrl(sb, LBER_SB_OPT_DATA_READY, NULL) == 0)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static int take_message(struct search *s, struct err *err)
{
	LDAPMessage *m = NULL;
	int r;

	gather(s);
	if (session_wait(s->session, s->msgid, LDAP_MSG_ONE, &m, err) < 0)
		return -1;
	switch (ldap_msgtype(m)) {
	case LDAP_RES_SEARCH_ENTRY:
		return add_entry(s, m, err);
	case LDAP_RES_SEARCH_REFERENCE:
		r = ask_reference(session_handle(s->session), m, &s->req, err);
		s->referred += r == 0;
		break;
	case LDAP_RES_SEARCH_RESULT:
		r = end_page(s, m, err);
		break;
	case LDAP_RES_INTERMEDIATE: /* RFC 4533's, which only matter to a delta */
		r = 0;
		break;
	default:
		r = err_set(err, ERR_FATAL, "a message that is no answer to a search");
	}
	ldap_msgfree(m);
	return r;
}

/* Take the page that is under way and, when there is one more, ask for that. */
static int receive(struct search *s, struct err *err)
{
	page_clear(s);
	while (s->msgid >= 0 && (s->paged || s->n < CHUNK)) {
		if (take_message(s, err) < 0)
			return incomplete(s, err);
	}
	if (check_progress(s, err) < 0 || complete_ranges(s, err) < 0)
		return incomplete(s, err);
	return s->cookie != NULL ? ask_next(s, err) : 0;
}

static int finish(struct search *s, struct err *err)
{
	uint64_t key;

	if (s->req.again || !twins_found(&s->ids, &key)) {
		if (s->referred > 0)
			log_info("%s: %u parts are on other servers, as `referrals` says, and left "
				 "out",
				s->req.base, s->referred);
		s->referred = 0;
		return 0;
	}
	err_set(err, ERR_BUSY, "two entries came with one %s: did one move while it was read?",
		attr_name(s->req.id));
	return incomplete(s, err);
}

int search_next(struct search *s, struct arena *mem, struct entry *e, struct err *err)
{
	(void)mem;
	if (s->failed)
		return err_set(err, ERR_FATAL, "incomplete: it failed before");
	while (s->given == s->n && s->msgid >= 0) {
		if (receive(s, err) < 0)
			return -1;
	}
	if (s->given == s->n)
		return finish(s, err);
	*e = item_at(s, s->given++)->entry;
	return 1;
}

const struct berval *search_control(const struct search *s, const char *oid)
{
	LDAPControl *c = ldap_control_find(oid, s->answer, NULL);

	return c != NULL ? &c->ldctl_value : NULL;
}

int search_start(struct session *session, const struct search_request *req, struct search **out,
	struct err *err)
{
	struct arena *mem = arena_new();
	struct search *s = arena_zalloc(mem, sizeof(*s));

	*s = (struct search){.session = session, .req = *req, .mem = mem, .msgid = -1};
	s->page_mem = arena_new();
	s->attributes = ask_attributes(mem, req);
	s->paged = req->page_size > 0 && session_supports(session, LDAP_CONTROL_PAGEDRESULTS);
	s->controls = ask_controls(mem, session, req, 1, &s->n_controls);
	keys_init(&s->begins, 0, false);
	twins_start(&s->ids, CHUNK);
	if (ask_next(s, err) < 0) {
		search_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void search_free(struct search *s)
{
	if (s == NULL)
		return;
	if (s->msgid >= 0 && session_alive(s->session))
		(void)ldap_abandon_ext(session_handle(s->session), s->msgid, NULL, NULL);
	page_clear(s);
	buf_free(&s->items);
	arena_free(s->page_mem);
	ber_bvfree(s->cookie);
	ldap_controls_free(s->answer);
	keys_free(&s->begins);
	twins_free(&s->ids);
	arena_free(s->mem);
}
