#include "connectors/scim_find.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* A request that has been sent, and what comes of it. */
struct question {
	const struct scim_kind *kind;
	const char *url;
	bool single; /* a resource, or 404; else a list */
	struct http_call *call;
};

struct scim_find {
	struct scim_dir *dir;
	struct arena *mem;
	const struct attr_set *wanted;
	struct question *questions;
	size_t n, sent, taken;
	struct http_call *from; /* of the answer; NULL: there is none */
	struct json *answer;
	const struct scim_kind *kind; /* of the answer */
	const struct json *list;      /* NULL: it is one resource */
	size_t at;
	struct keys given;
};

static void add_question(
	struct scim_find *f, const struct scim_kind *kind, const char *url, bool single)
{
	f->questions[f->n++] = (struct question){kind, url, single, NULL};
}

/* A wish of a value or a name: false in *can, when that filter is not known to work. */
static int add_search(struct scim_find *f, const struct scim_kind *kind, const char *path,
	struct value v, bool *can, struct err *err)
{
	enum scim_finds finds;

	if (scim_filter_finds(f->dir, kind, path, &finds, err) < 0)
		return -1;
	/* Of externalId case counts (RFC 7643, 3.1). */
	*can = finds == SCIM_FINDS_ANY_CASE ||
	       (finds == SCIM_FINDS_EXACT && strcmp(path, "externalId") == 0);
	const char *url = scim_filter_url(f->mem, kind, path, v);
	if (*can && url != NULL)
		add_question(f, kind, url, false);
	return 0;
}

/* The rows of an attribute: values of any of them count. A reference cannot be looked for. */
static int add_value(struct scim_find *f, const struct scim_kind *kind, const struct wish *w,
	bool *can, struct err *err)
{
	const char *last = "";

	for (const struct json_field *row = kind->fields; row->attr != NULL && *can; row++) {
		if (attr_named(row->attr) != w->attr)
			continue;
		*can = row->kind == JSON_TEXT && !scim_refers(w->attr);
		const char *path = scim_filter_path(f->mem, row->path);
		if (!*can || strcmp(path, last) == 0)
			continue;
		last = path;
		if (add_search(f, kind, row->path, w->value, can, err) < 0)
			return -1;
	}
	return 0;
}

static int add_wish(struct scim_find *f, const struct scim_kind *kind, const struct wish *w,
	bool *can, struct err *err)
{
	/* Whom a name of several means only scim_names.c knows. */
	const bool known = w->by == WISH_NAME && kind->twins;
	const struct value id = known ? scim_names_id(f->dir, w->value) : w->value;
	struct value name;

	*can = true;
	if (w->by == WISH_ID || (known && id.len > 0))
		add_question(f, kind, scim_path(f->mem, kind, id), true);
	else if (w->by == WISH_NAME)
		return !known && scim_name_of(f->dir, f->mem, w->value, &name)
			       ? add_search(f, kind, kind->name, name, can, err)
			       : 0;
	else if (w->attr == attr_named("cn"))
		return add_search(f, kind, kind->name, w->value, can, err);
	else
		return add_value(f, kind, w, can, err);
	return 0;
}

/* How many requests reading everything would be. */
static int count_pages(struct scim_dir *d, long long *n, struct err *err)
{
	struct json *page;

	*n = 0;
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		long long total = 0;
		if (scim_take(d, scim_get_some(d, d->kinds[i], 1), &page, err) < 0)
			return -1;
		(void)json_number(page, "totalResults", &total);
		json_free(page);
		*n += 1 + total / d->page_size;
	}
	return 0;
}

static int add_wishes(struct scim_find *f, const struct query *q, bool *can, struct err *err)
{
	for (size_t i = 0; i < q->n_wishes; i++) {
		for (unsigned k = 0; f->dir->kinds[k] != NULL; k++) {
			if (add_wish(f, f->dir->kinds[k], &q->wishes[i], can, err) < 0)
				return -1;
			if (!*can)
				return 0;
		}
	}
	return 0;
}

int scim_find_start(
	struct scim_dir *d, const struct query *q, struct scim_find **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct scim_find *f = arena_zalloc(mem, sizeof(*f));
	bool can = true;
	long long pages = 0;

	*out = NULL;
	f->dir = d;
	f->mem = mem;
	f->wanted = q->wanted;
	/* At most three rows of an attribute lead to different places. */
	f->questions = arena_alloc(mem, (3 * SCIM_KINDS * q->n_wishes + 1) * sizeof(*f->questions));
	keys_init(&f->given, q->n_wishes, false);
	int r = add_wishes(f, q, &can, err);
	if (r == 0 && can && f->n > http_window(d->http) && (r = count_pages(d, &pages, err)) == 0)
		can = (long long)f->n <= pages;
	if (r < 0 || !can)
		scim_find_free(f);
	else
		*out = f;
	return r;
}

void scim_find_free(struct scim_find *f)
{
	if (f == NULL)
		return;
	for (; f->taken < f->sent; f->taken++)
		http_drop(f->dir->http, f->questions[f->taken].call);
	http_drop(f->dir->http, f->from);
	json_free(f->answer);
	keys_free(&f->given);
	arena_free(f->mem);
}

/* The next answer; a resource that is not there is an empty one. */
static int take_answer(struct scim_find *f, struct err *err)
{
	while (f->sent < f->n && f->sent - f->taken < http_window(f->dir->http)) {
		f->questions[f->sent].call = scim_get(f->dir, f->questions[f->sent].url);
		f->sent++;
	}
	const struct question *q = &f->questions[f->taken++];
	struct http_answer a;
	http_drop(f->dir->http, f->from);
	json_free(f->answer);
	f->from = q->call;
	f->answer = NULL;
	f->list = NULL;
	f->at = 0;
	f->kind = q->kind;
	const int r = http_take(f->dir->http, q->call, &a, err);
	if (r == 0 && q->single && a.status == 404)
		return 0;
	if (scim_answer(f->dir, q->call, &f->answer, err) < 0)
		return -1;
	f->list = q->single ? NULL : json_at(f->answer, "Resources");
	return 0;
}

static const struct json *next_found(struct scim_find *f)
{
	if (f->list != NULL)
		return json_item(f->list, f->at++);
	return f->answer != NULL && f->at++ == 0 && json_at(f->answer, "id") != NULL ? f->answer
										     : NULL;
}

int scim_find_next(struct scim_find *f, struct arena *mem, struct entry *e, struct err *err)
{
	for (;;) {
		const struct json *j = next_found(f);
		if (j == NULL && f->taken == f->n)
			return 0;
		if (j == NULL) {
			if (take_answer(f, err) < 0)
				return -1;
			continue;
		}
		if (scim_entry(f->dir, f->kind, j, f->wanted, mem, e, err) < 0)
			return http_in(f->from, err);
		if (keys_put(&f->given, e->key, 0))
			return 1;
	}
}
