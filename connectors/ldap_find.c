/*
 * Wishes are sorted by what they look at, so that neighbours of one kind share a search:
 * "(&FILTER(|(mail=a)(mail=b)))", and what many wish for (the manager of many) is looked for once.
 * The searches go out as fast as the window allows, and the answers to all of them are taken as
 * they come. When the server is too busy for some of them, those are sent once more after a pause,
 * and nothing else before.
 */
#include "connectors/ldap_find.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "connectors/ldap_ask.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_id.h"
#include "connectors/ldap_range.h"

/* Entries that one search may give: values may be many people's, but a list of that length is no
 * answer to a look for some. */
#define ENTRIES_MAX 1000

/* A search, for neighbours among the wishes. */
struct asked {
	int msgid;       /* -1: the server was busy */
	size_t first, n; /* of f->wishes */
};

struct find {
	struct ldap_dir *dir;
	const struct search_request *req;
	struct arena *mem, *scratch;
	const char **attributes;
	LDAPControl **controls;
	const struct wish **wishes; /* sorted */
	size_t n, next;
	unsigned room, under_way, busy;
	struct asked *asked; /* those under way, with the busy ones among them */
	struct patience patience;
	int busy_code;       /* and what it said last, */
	struct err why;      /* and in words */
	uint64_t sent, came; /* searches, entries */
	LDAPMessage *last;   /* of the entry that was given last */
	struct keys given;
	bool failed;
};

static unsigned attr_of(const struct find *f, const struct wish *w)
{
	return w->by == WISH_ID ? f->req->id : w->by == WISH_VALUE ? w->attr : ATTR_NONE;
}

static int by_kind_and_value(const void *a, const void *b)
{
	const struct wish *x = *(const struct wish *const *)a, *y = *(const struct wish *const *)b;

	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->by == WISH_VALUE && x->attr != y->attr)
		return x->attr < y->attr ? -1 : 1;
	return value_order(x->value, y->value);
}

/* Sorted, each once; gives how many. */
static size_t sort(const struct wish **wishes, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(wishes, n, sizeof(const struct wish *), by_kind_and_value);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || by_kind_and_value(&wishes[kept - 1], &wishes[i]) != 0)
			wishes[kept++] = wishes[i];
	}
	return kept;
}

/* A name outside of the base is nobody's we know. */
static bool is_ours(const struct find *f, const struct wish *w)
{
	struct dn dn;
	struct err ignored;

	return dn_parse(f->scratch, w->value, &dn, &ignored) == 0 &&
	       (dn_below(&dn, &f->dir->base_dn) || dn_equal(&dn, &f->dir->base_dn));
}

static bool is_name(const struct find *f, const struct asked *a)
{
	return f->wishes[a->first]->by == WISH_NAME;
}

static struct value sought(const struct find *f, const struct wish *w)
{
	return w->by == WISH_ID ? ldap_id_asked(f->scratch, f->req->id, w->value) : w->value;
}

static const char *filter_of(const struct find *f, const struct asked *a)
{
	const char *attribute = attr_name(attr_of(f, f->wishes[a->first]));
	struct buf filter = {0};

	buf_printf(&filter, "(&%s(|", f->req->filter);
	for (size_t i = a->first; i < a->first + a->n; i++) {
		const struct value v = filter_escape(f->scratch, sought(f, f->wishes[i]));
		buf_printf(&filter, "(%s=%.*s)", attribute, (int)v.len, v.data);
	}
	buf_puts(&filter, "))");
	const char *text = arena_copy(f->scratch, filter.data, filter.len);
	buf_free(&filter);
	return text;
}

static int send(struct find *f, struct asked *a, struct err *err)
{
	struct ask ask = {f->req->base, f->req->scope, f->req->filter, f->attributes, f->controls,
		LDAP_NO_LIMIT};

	if (is_name(f, a)) {
		const struct value name = f->wishes[a->first]->value;
		ask.base = arena_copy(f->scratch, name.data, name.len);
		ask.scope = LDAP_SCOPE_BASE;
	} else {
		ask.filter = filter_of(f, a);
	}
	const int r = session_send(f->dir->session, &ask, &a->msgid, err);
	f->sent++;
	arena_reset(f->scratch);
	return r < 0 ? err_in(err, "searching %s", f->req->base) : 0;
}

/* As many of the next wishes as go into one search. */
static struct asked next_of(struct find *f)
{
	const unsigned attr = attr_of(f, f->wishes[f->next]);
	struct asked a = {.msgid = -1, .first = f->next};
	const size_t most = is_name(f, &a) ? 1 : FIND_VALUES;

	for (; a.n < most && f->next < f->n && attr_of(f, f->wishes[f->next]) == attr; a.n++)
		f->next++;
	return a;
}

/* All that is under way is what the server was too busy for. */
static int send_again(struct find *f, struct err *err)
{
	int r = 0;

	*err = f->why;
	if (session_retry(f->dir->session, &f->patience, f->busy_code, err) < 0)
		return -1;
	f->busy = 0;
	for (unsigned i = 0; r == 0 && i < f->under_way; i++)
		r = send(f, &f->asked[i], err);
	return r;
}

static int send_next(struct find *f, struct err *err)
{
	int r = 0;

	while (r == 0 && f->under_way < f->room && f->next < f->n) {
		struct asked *a = &f->asked[f->under_way];
		*a = next_of(f);
		arena_reset(f->scratch);
		if (is_name(f, a) && !is_ours(f, f->wishes[a->first]))
			continue;
		r = send(f, a, err);
		if (r == 0)
			f->under_way++;
	}
	return r;
}

/* Some searches go together, as some writes do (ldap_write.c). */
static bool enough_under_way(const struct find *f)
{
	return f->next == f->n || f->under_way > f->room - f->room / 16;
}

static int send_more(struct find *f, struct err *err)
{
	struct err flushing;

	if (f->busy > 0)
		return f->busy == f->under_way ? send_again(f, err) : 0;
	if (enough_under_way(f))
		return 0;
	session_hold(f->dir->session, true);
	const int r = send_next(f, err);
	const int sent = session_flush(f->dir->session, r == 0 ? err : &flushing);
	session_hold(f->dir->session, false);
	return r == 0 && sent < 0 ? err_in(err, "searching %s", f->req->base) : r;
}

/* The end of one search. A name that is not there is no error: nothing is given back. */
static int end(struct find *f, LDAPMessage *m, struct err *err)
{
	unsigned i = 0;
	int code;

	const int r =
		ask_result(session_handle(f->dir->session), m, f->req->base, &code, NULL, err);
	while (i < f->under_way && f->asked[i].msgid != ldap_msgid(m))
		i++;
	if (i == f->under_way)
		return r;
	struct asked *a = &f->asked[i];
	if (code == LDAP_BUSY || code == LDAP_UNAVAILABLE) {
		a->msgid = -1;
		f->busy++;
		f->busy_code = code;
		f->why = *err;
		return 0;
	}
	const bool nobody = is_name(f, a) && code == LDAP_NO_SUCH_OBJECT;
	*a = f->asked[--f->under_way];
	if (r == 0 || nobody)
		f->patience = (struct patience){0};
	return nobody ? 0 : r;
}

/* The message is f->last. 1: an entry that was not given yet; 0; -1. */
static int take(struct find *f, struct arena *mem, struct entry *e, struct err *err)
{
	LDAP *ld = session_handle(f->dir->session);
	LDAPMessage *m = f->last;
	int r;

	switch (ldap_msgtype(m)) {
	case LDAP_RES_SEARCH_ENTRY:
		if (++f->came > f->n + f->sent * ENTRIES_MAX)
			return err_set(
				err, ERR_FATAL, "more than %d entries a search", ENTRIES_MAX);
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

	*f = (struct find){.dir = dir, .req = req, .mem = mem, .room = dir->window};
	f->scratch = arena_new();
	f->attributes = ask_attributes(mem, req);
	f->controls = ask_controls(mem, dir->session, req, 0, &n_controls);
	f->asked = arena_alloc(mem, f->room * sizeof(*f->asked));
	f->wishes = arena_alloc(mem, n * sizeof(*f->wishes));
	for (size_t i = 0; i < n; i++)
		f->wishes[i] = &wishes[i];
	f->n = sort(f->wishes, n);
	keys_init(&f->given, n, false);
	return f;
}

void find_free(struct find *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->under_way && session_alive(f->dir->session); i++) {
		if (f->asked[i].msgid >= 0)
			(void)ldap_abandon_ext(
				session_handle(f->dir->session), f->asked[i].msgid, NULL, NULL);
	}
	ldap_msgfree(f->last);
	keys_free(&f->given);
	arena_free(f->scratch);
	arena_free(f->mem);
}
