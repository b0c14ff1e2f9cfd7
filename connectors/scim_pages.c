#include "connectors/scim_pages.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"

#define FLIGHTS_MOST 256

/* A page that was asked for. */
struct flight {
	struct http_call *call;
	long long start; /* by index */
};

struct pages {
	struct scim_dir *dir;
	struct arena *mem;
	const struct scim_kind *kind;
	const char *more;

	struct flight flights[FLIGHTS_MOST]; /* a ring, in the order of the pages */
	unsigned first, n;
	bool by_cursor, begun, ended;
	struct keys cursors; /* that came */

	long long total;   /* what the first page said; -1: nothing */
	long long size;    /* of a page, as the first one had it */
	long long next;    /* where the next page to be asked for starts */
	long long given;   /* resources */
	struct value last; /* id of the last one that was given */
	struct arena *ids; /* where that is */
	uint64_t head;     /* the first page's first id */

	struct http_call *from; /* of the page; NULL: there is none */
	struct json *page;
	const struct json *list;
	size_t at; /* the next of the list */
};

struct pages *pages_start(struct scim_dir *d, const struct scim_kind *kind, const char *more)
{
	struct arena *mem = arena_new();
	struct pages *p = arena_zalloc(mem, sizeof(*p));

	p->dir = d;
	p->mem = mem;
	p->kind = kind;
	p->more = arena_strdup(mem, more);
	p->ids = arena_new();
	p->total = -1;
	p->next = 1;
	p->size = d->page_size;
	p->by_cursor = d->service.cursor && !d->service.index;
	keys_init(&p->cursors, 16, false);
	return p;
}

static void forget_flights(struct pages *p)
{
	for (; p->n > 0; p->n--)
		http_drop(p->dir->http, p->flights[p->first++ % FLIGHTS_MOST].call);
}

void pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	forget_flights(p);
	http_drop(p->dir->http, p->from);
	json_free(p->page);
	keys_free(&p->cursors);
	arena_free(p->ids);
	arena_free(p->mem);
}

int pages_in(const struct pages *p, struct err *err)
{
	return http_in(p->from, err);
}

static int changed(struct err *err)
{
	return err_set(err, ERR_BUSY, "changed while it was read");
}

static void ask(struct pages *p, const char *url, long long start)
{
	p->flights[(p->first + p->n++) % FLIGHTS_MOST] =
		(struct flight){scim_get(p->dir, url), start};
}

static void ask_index(struct pages *p)
{
	ask(p,
		arena_printf(p->mem, "%s?startIndex=%lld&count=%lld%s", p->kind->endpoint, p->next,
			p->size, p->more),
		p->next);
	/* The last of a page is the first of the next. */
	p->next += p->size > 1 ? p->size - 1 : 1;
}

static void ask_cursor(struct pages *p, const char *cursor)
{
	struct buf b = {0};

	/* Entra's service begins without one. */
	buf_printf(&b, "%s?count=%lld%s", p->kind->endpoint, p->size, p->more);
	if (*cursor != '\0' || p->dir->dialect != SCIM_ENTRA) {
		buf_puts(&b, "&cursor=");
		http_escape(&b, value_of(cursor));
	}
	ask(p, b.data, 0);
	buf_free(&b);
}

/* As many as may be under way, when it is known what there is. */
static void ask_more(struct pages *p)
{
	const unsigned most = http_window(p->dir->http);

	if (p->by_cursor || !p->begun)
		return;
	while (p->n < most && p->n < FLIGHTS_MOST && p->next + (p->size > 1) <= p->total)
		ask_index(p);
}

static uint64_t head_of(const struct json *list)
{
	const char *id = json_text(json_item(list, 0), "id");

	return id != NULL ? hash_bytes(id, strlen(id), 0) : 0;
}

/* The first page says how many there are, and how many come at once. */
static int begin(struct pages *p, size_t n, struct err *err)
{
	if (!p->by_cursor && p->total < 0)
		return err_set(err, ERR_FATAL, "the answer is no list: it has no totalResults");
	p->head = head_of(p->list);
	p->begun = true;
	if (p->by_cursor || (long long)n >= p->total)
		return 0;
	if (n == 0)
		return err_set(err, ERR_FATAL, "has resources, and gives none");
	p->size = (long long)n;
	p->next = p->size > 1 ? p->size : 2;
	return 0;
}

/* The page does not have all that was asked for: what was asked for behind it is of no use. */
static void shorten(struct pages *p, long long start, size_t n)
{
	forget_flights(p);
	p->next = start + (long long)n - 1;
}

/* Does the page follow the one before? Then skip what is there twice. */
static int follow(struct pages *p, size_t n, long long start, struct err *err)
{
	const bool overlap = p->size > 1;
	const char *id = json_text(json_item(p->list, 0), "id");
	long long told;

	if ((json_number(p->page, "startIndex", &told) && told != start) ||
		(n > 0 && head_of(p->list) == p->head) || (long long)n > p->size)
		return err_set(err, ERR_FATAL,
			"does not heed startIndex or count: try a page-size that holds all");
	if (n <= overlap || (overlap && !value_same(value_of(id != NULL ? id : ""), p->last)))
		return changed(err);
	if ((long long)n < p->size && start + (long long)n - 1 < p->total)
		shorten(p, start, n);
	p->at = overlap;
	return 0;
}

/* No cursor twice, and none without end. */
static int follow_cursor(struct pages *p, struct err *err)
{
	const char *cursor = json_text(p->page, "nextCursor");

	if (cursor == NULL || *cursor == '\0')
		return 0;
	p->by_cursor = true;
	if (!keys_put(&p->cursors, hash_bytes(cursor, strlen(cursor), 0), 0))
		return err_set(err, ERR_FATAL, "a cursor came twice: its pages have no end");
	ask_cursor(p, cursor);
	return 0;
}

static int check_total(struct pages *p, struct err *err)
{
	long long total;

	if (!json_number(p->page, "totalResults", &total))
		return 0;
	if (p->begun && !p->by_cursor && total != p->total)
		return changed(err);
	p->total = total;
	return 0;
}

/* The page that came. */
static int read_page(struct pages *p, long long start, struct err *err)
{
	const size_t n = json_count(p->page, "Resources");

	p->list = json_at(p->page, "Resources");
	p->at = 0;
	if (check_total(p, err) < 0 || follow_cursor(p, err) < 0)
		return -1;
	if (!p->begun)
		return begin(p, n, err);
	return p->by_cursor ? 0 : follow(p, n, start, err);
}

static int take_page(struct pages *p, struct err *err)
{
	const struct flight f = p->flights[p->first++ % FLIGHTS_MOST];

	p->n--;
	http_drop(p->dir->http, p->from);
	json_free(p->page);
	p->from = f.call;
	if (scim_answer(p->dir, f.call, &p->page, err) < 0)
		return -1;
	return read_page(p, f.start, err) < 0 ? pages_in(p, err) : 0;
}

/* The last page was given. */
static int end(struct pages *p, struct err *err)
{
	p->ended = true;
	if (p->total >= 0 && p->given != p->total)
		return changed(err);
	return 0;
}

static int remember(struct pages *p, const struct json *resource, struct err *err)
{
	const char *id = json_text(resource, "id");

	if (id == NULL || *id == '\0')
		return err_set(err, ERR_FATAL, "a resource has no id");
	arena_reset(p->ids);
	p->last = value_of(arena_strdup(p->ids, id));
	p->given++;
	return 0;
}

int pages_next(struct pages *p, const struct json **resource, struct err *err)
{
	if (!p->begun && p->n == 0)
		p->by_cursor ? ask_cursor(p, "") : ask_index(p);
	while (p->at >= json_count(p->page, "Resources")) {
		ask_more(p);
		if (p->n == 0)
			return p->ended || end(p, err) == 0 ? 0 : pages_in(p, err);
		if (take_page(p, err) < 0)
			return -1;
	}
	ask_more(p);
	*resource = json_item(p->list, p->at++);
	return remember(p, *resource, err) < 0 ? pages_in(p, err) : 1;
}
