/*
 * Wishes are sorted by what they look at, so that neighbours of one kind share a search:
 * "(&FILTER(|(mail=a)(mail=b)))". The searches go out as fast as the window allows, and the answers
 * to all of them are taken as they come.
 */
#include "connectors/ldap_find.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "connectors/ldap_ask.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_range.h"

struct asked {
	int msgid;
	bool name; /* for a name, which may not be there */
};

struct find {
	struct ldap_dir *dir;
	const struct search_request *req;
	struct arena *mem, *scratch;
	char **attributes;
	LDAPControl **controls;
	const struct wish **wishes; /* sorted */
	size_t n, next;
	unsigned room, under_way;
	struct asked *asked; /* the searches under way */
	LDAPMessage *last;   /* of the entry that was given last */
	struct keys given;
	bool failed;
};

static unsigned attr_of(const struct find *f, const struct wish *w)
{
	return w->by == WISH_ID ? f->req->id : w->by == WISH_VALUE ? w->attr : ATTR_NONE;
}

static int by_kind(const void *a, const void *b)
{
	const struct wish *x = *(const struct wish *const *)a, *y = *(const struct wish *const *)b;

	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->by != WISH_VALUE || x->attr == y->attr)
		return x < y ? -1 : x > y;
	return x->attr < y->attr ? -1 : 1;
}

/* A name outside of the base is nobody's we know. */
static bool is_ours(const struct find *f, const struct wish *w)
{
	struct dn dn;
	struct err ignored;

	return dn_parse(f->scratch, w->value, &dn, &ignored) == 0 &&
	       (dn_below(&dn, &f->dir->base_dn) || dn_equal(&dn, &f->dir->base_dn));
}

static int send(struct find *f, const char *base, int scope, const char *filter, struct err *err)
{
	LDAP *ld = session_handle(f->dir->session);
	struct asked *asked = &f->asked[f->under_way];
	const int rc = ldap_search_ext(ld, base, scope, filter, f->attributes, 0, f->controls, NULL,
		NULL, LDAP_NO_LIMIT, &asked->msgid);

	if (rc != LDAP_SUCCESS)
		return ldap_fail_last(err, ld, rc, "searching %s", base);
	asked->name = scope == LDAP_SCOPE_BASE;
	f->under_way++;
	return 0;
}

static int send_name(struct find *f, const struct wish *w, struct err *err)
{
	if (!is_ours(f, w))
		return 0;
	return send(f, arena_copy(f->scratch, w->value.data, w->value.len), LDAP_SCOPE_BASE,
		f->req->filter, err);
}

/* As many of the next wishes as look at the same attribute. */
static int send_values(struct find *f, struct err *err)
{
	const unsigned attr = attr_of(f, f->wishes[f->next]);
	struct buf filter = {0};

	buf_printf(&filter, "(&%s(|", f->req->filter);
	for (unsigned i = 0; i < FIND_VALUES && f->next < f->n; i++, f->next++) {
		const struct wish *w = f->wishes[f->next];
		if (attr_of(f, w) != attr)
			break;
		const struct value v = filter_escape(f->scratch, w->value);
		buf_printf(&filter, "(%s=%.*s)", attr_name(attr), (int)v.len, v.data);
	}
	buf_puts(&filter, "))");
	const int r = send(f, f->req->base, f->req->scope, filter.data, err);
	buf_free(&filter);
	return r;
}

static int send_more(struct find *f, struct err *err)
{
	int r = 0;

	while (r == 0 && f->under_way < f->room && f->next < f->n) {
		const struct wish *w = f->wishes[f->next];
		if (w->by == WISH_NAME)
			r = send_name(f, f->wishes[f->next++], err);
		else
			r = send_values(f, err);
		arena_reset(f->scratch);
	}
	return r;
}

/* The end of one search. A name that is not there is no error: nothing is given back. */
static int end(struct find *f, LDAPMessage *m, struct err *err)
{
	bool name = false;
	int code;

	for (unsigned i = 0; i < f->under_way; i++) {
		if (f->asked[i].msgid == ldap_msgid(m)) {
			name = f->asked[i].name;
			f->asked[i] = f->asked[--f->under_way];
			break;
		}
	}
	const int r =
		ask_result(session_handle(f->dir->session), m, f->req->base, &code, NULL, err);
	return name && code == LDAP_NO_SUCH_OBJECT ? 0 : r;
}

/* The message is f->last. 1: an entry that was not given yet; 0; -1. */
static int take(struct find *f, struct arena *mem, struct entry *e, struct err *err)
{
	LDAP *ld = session_handle(f->dir->session);
	LDAPMessage *m = f->last;
	int r;

	switch (ldap_msgtype(m)) {
	case LDAP_RES_SEARCH_ENTRY:
		r = search_entry(ld, m, f->req, mem, e, err);
		if (r == 1)
			r = range_complete(f->dir->session, mem, e, err);
		return r < 0 ? -1 : keys_put(&f->given, e->key, 0);
	case LDAP_RES_SEARCH_REFERENCE:
		return ask_reference(ld, m, f->req, err);
	case LDAP_RES_SEARCH_RESULT:
		return end(f, m, err);
	default:
		return err_set(err, ERR_FATAL, "a message that is no answer to a search");
	}
}

/* 1: an entry; 0: go on; -1. */
static int step(struct find *f, struct arena *mem, struct entry *e, struct err *err)
{
	ldap_msgfree(f->last);
	f->last = NULL;
	if (session_wait(f->dir->session, LDAP_RES_ANY, LDAP_MSG_ONE, &f->last, err) < 0)
		return -1;
	return take(f, mem, e, err);
}

int find_next(struct find *f, struct arena *mem, struct entry *e, struct err *err)
{
	int r = 0;

	if (f->failed)
		return err_set(err, ERR_FATAL, "incomplete: it failed before");
	while (r == 0) {
		r = send_more(f, err);
		if (r == 0 && f->under_way == 0)
			return 0;
		if (r == 0)
			r = step(f, mem, e, err);
	}
	if (r == 1)
		return 1;
	f->failed = true;
	if (err->kind == ERR_ENTRY)
		err->kind = ERR_FATAL;
	return err_in(err, "incomplete: %s", session_server(f->dir->session)->url);
}

void find_except(struct find *f, uint64_t key)
{
	keys_put(&f->given, key, 0);
}

bool find_gave(const struct find *f, uint64_t key)
{
	return keys_has(&f->given, key);
}

struct find *find_start(
	struct ldap_dir *dir, const struct search_request *req, const struct wish *wishes, size_t n)
{
	struct arena *mem = arena_new();
	struct find *f = arena_zalloc(mem, sizeof(*f));
	size_t n_controls;

	*f = (struct find){.dir = dir, .req = req, .mem = mem, .n = n, .room = dir->window};
	f->scratch = arena_new();
	f->attributes = ask_attributes(mem, req);
	f->controls = ask_controls(mem, dir->session, req, 0, &n_controls);
	f->asked = arena_alloc(mem, f->room * sizeof(*f->asked));
	f->wishes = arena_alloc(mem, n * sizeof(*f->wishes));
	for (size_t i = 0; i < n; i++)
		f->wishes[i] = &wishes[i];
	if (n > 0)
		qsort(f->wishes, n, sizeof(const struct wish *), by_kind);
	keys_init(&f->given, n, false);
	return f;
}

void find_free(struct find *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->under_way && session_alive(f->dir->session); i++)
		(void)ldap_abandon_ext(
			session_handle(f->dir->session), f->asked[i].msgid, NULL, NULL);
	ldap_msgfree(f->last);
	keys_free(&f->given);
	arena_free(f->scratch);
	arena_free(f->mem);
}
