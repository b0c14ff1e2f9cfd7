/*
 * Changes by modifyTimestamp.
 *
 * The time that a cookie has is the server's own: the newest modifyTimestamp that a read saw, less
 * what the read took. What changes after a read began has a newer one, for the server's clock was
 * no further when it began. Five minutes are for the clocks of other servers, from which changes
 * come with the timestamps that these gave them.
 *
 * A timestamp says nothing of an entry that is gone, nor of one whose parent was renamed or whom a
 * new filter or right has brought: for those, ids and names of all entries are listed, and compared
 * with those of the read before. The list is read first, so that what disappears later is in it,
 * and what appears later is noted with the changes.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/ldap_since.h"

#define OVERLAP 300 /* seconds */
/* Reading all is as quick as looking for so many. */
#define WISHES_MAX 50000

static time_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* "20260102030405Z", perhaps with a fraction, in seconds; 0 when it is something else. */
static long long seconds(struct value v)
{
	struct tm t = {0};
	char text[15] = {0};

	for (size_t i = 0; i < 14; i++) {
		if (i >= v.len || !ascii_digit(v.data[i]))
			return 0;
		text[i] = v.data[i];
	}
	/* NOLINTNEXTLINE(cert-err34-c): digits, as many as there are */
	if (v.data[v.len - 1] != 'Z' || sscanf(text, "%4d%2d%2d%2d%2d%2d", &t.tm_year, &t.tm_mon,
						&t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec) != 6)
		return 0;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	return timegm(&t);
}

static const char *time_text(struct arena *mem, long long time)
{
	const time_t seconds_1970 = time;
	struct tm t;
	char text[32];

	(void)gmtime_r(&seconds_1970, &t);
	(void)strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &t);
	return arena_strdup(mem, text);
}

/* What the list remembers of an entry: its name takes the place of a digest. */
static bool listed(struct ldap_connector *l, const struct entry *e)
{
	const struct entry known = {.id = e->id,
		.key = e->key,
		.name = e->name,
		.digest = hash_bytes(e->name.data, e->name.len, 1) | 1};

	return reading_take(&l->list, &known);
}

static void see_time(struct ldap_connector *l, const struct entry *e)
{
	const long long t = seconds(entry_first(e, l->stamp));

	if (t > l->newest)
		l->newest = t;
}

int stamp_begin(struct ldap_connector *l, struct err *err)
{
	const struct query all = {.kind = QUERY_ALL, .want_cookie = true};

	l->since = l->newest = 0;
	l->began = now();
	buf_clear(&l->late);
	l->request.also = &l->also;
	return reading_start(&l->list, &all, 0, err);
}

void stamp_note(struct ldap_connector *l, const struct entry *e)
{
	see_time(l, e);
	(void)listed(l, e);
}

/* Wish for what is new in the list, or has another name there. */
static int read_list(struct ldap_connector *l, struct buf *wishes, struct err *err)
{
	static const struct attr_set nothing;
	const struct search_request req = ldap_dir_request(&l->dir, &nothing);
	struct search *search = NULL;
	struct entry e;
	int r = search_start(l->dir.session, &req, &search, err) == 0 ? 1 : -1;

	while (r == 1 && (r = search_next(search, l->pass, &e, err)) == 1) {
		if (!listed(l, &e))
			continue;
		const struct wish w = {.by = WISH_ID, .value = value_copy(l->pass, e.id)};
		buf_add(wishes, &w, sizeof(w));
		if (wishes->len > WISHES_MAX * sizeof(w))
			r = err_set(err, ERR_ENTRY, "so much is new that all is read");
	}
	search_free(search);
	keylist_sort(&l->list.pairs);
	return r;
}

/* The query's wishes, and those of the list. */
static int make_wishes(struct ldap_connector *l, struct err *err)
{
	const struct query *q = &l->query;
	struct buf wishes = {0};

	buf_add(&wishes, q->wishes, q->n_wishes * sizeof(*q->wishes));
	if (read_list(l, &wishes, err) < 0) {
		buf_free(&wishes);
		return -1;
	}
	const size_t n = wishes.len / sizeof(struct wish);
	const void *all = arena_copy(l->pass, wishes.data, wishes.len);
	buf_free(&wishes);
	l->find = find_start(&l->dir, &l->request, all, n);
	return 0;
}

int stamp_start(struct ldap_connector *l, struct value cookie, struct err *err)
{
	struct query since = {.kind = QUERY_SINCE, .want_cookie = true};

	if (cookie.len < sizeof(l->newest))
		return err_set(err, ERR_ENTRY, "the cookie of the last read cannot be used");
	memcpy(&l->newest, cookie.data, sizeof(l->newest));
	since.cookie =
		(struct value){cookie.data + sizeof(l->newest), cookie.len - sizeof(l->newest)};
	l->since = l->newest;
	l->newest = 0;
	l->began = now();
	buf_clear(&l->late);
	if (reading_start(&l->list, &since, 0, err) < 0 || make_wishes(l, err) < 0)
		return -1;
	l->changed = l->request;
	l->changed.also = &l->also;
	l->changed.filter = arena_printf(l->pass, "(&%s(%s>=%s))", l->dir.filter,
		attr_name(l->stamp), time_text(l->pass, l->since - OVERLAP));
	return search_start(l->dir.session, &l->changed, &l->search, err);
}

void stamp_changed(struct ldap_connector *l, const struct entry *e)
{
	see_time(l, e);
	find_except(l->find, e->key);
	if (keylist_have(&l->list.pairs, e->key))
		return;
	const struct entry late = {.id = value_copy(l->pass, e->id),
		.key = e->key,
		.name = value_copy(l->pass, e->name)};
	buf_add(&l->late, &late, sizeof(late));
}

int stamp_end(struct ldap_connector *l, struct err *err)
{
	const struct entry *late = (const struct entry *)(void *)l->late.data;
	const long long newest = l->newest - (now() - l->began + 1);
	struct buf rest = {0};
	uint64_t key;

	for (size_t i = 0; i < l->late.len / sizeof(*late); i++)
		(void)listed(l, &late[i]);
	if (reading_end(&l->list, &key) != TWICE_NONE)
		return err_set(err, ERR_BUSY,
			"incomplete: two entries of %s have one id or name: did one move while it "
			"was read?",
			session_server(l->dir.session)->url);
	/* A server that shows no timestamps leaves no cookie. */
	if (newest > l->since)
		l->since = newest;
	if (l->since <= 0)
		return 0;
	buf_add(&rest, &l->since, sizeof(l->since));
	const struct value list = reading_cookie(&l->list);
	buf_add(&rest, list.data, list.len);
	l->cookie = cookie_make(l, (struct value){rest.data, rest.len});
	buf_free(&rest);
	return 0;
}
