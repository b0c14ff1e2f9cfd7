/* Links: what the state has most of. */
#include "sync/state_sql.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"

static void digests_of(sqlite3_stmt *st, struct link *link)
{
	*link = (struct link){
		.source = query_column(st, 0),
		.target = query_column(st, 1),
		.source_digest = (uint64_t)sqlite3_column_int64(st, 2),
		.target_digest = (uint64_t)sqlite3_column_int64(st, 3),
	};
}

static void link_of(sqlite3_stmt *st, struct link *link)
{
	digests_of(st, link);
	link->name = (uint64_t)sqlite3_column_int64(st, 4);
	link->left = sqlite3_column_int64(st, 5);
	link->written = query_column(st, 6);
	link->flag = sqlite3_column_int(st, 7);
	link->undone = query_column(st, 8);
}

long long state_count_links(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_COUNT, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	if (query_step(s, st, err) != 1)
		return state_fail(s, "count", err);
	long long n = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

int state_links(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_LINKS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	return 0;
}

void state_links_end(struct state *s)
{
	sqlite3_reset(s->statements[Q_LINKS]);
}

int state_next_link(struct state *s, struct link *link, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_LINKS];
	int rc = query_step(s, st, err);

	if (rc == 1)
		link_of(st, link);
	return rc;
}

int state_digests(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_DIGESTS, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_digests(struct state *s, struct link *link, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_DIGESTS];
	int rc = query_step(s, st, err);

	if (rc == 1)
		digests_of(st, link);
	return rc;
}

int state_waiting(struct state *s, long long flow, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_WAITING, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	return 0;
}

int state_next_waiting(struct state *s, struct link *link, struct err *err)
{
	sqlite3_stmt *st = s->statements[Q_WAITING];
	int rc = query_step(s, st, err);

	if (rc == 1)
		link_of(st, link);
	return rc;
}

int state_link(struct state *s, long long flow, struct value source, struct arena *mem,
	struct link *link, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_LINK, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	int rc = query_step(s, st, err);
	if (rc <= 0)
		return rc;
	link_of(st, link);
	link->source = value_copy(mem, link->source);
	link->target = value_copy(mem, link->target);
	link->written = value_copy(mem, link->written);
	link->undone = value_copy(mem, link->undone);
	sqlite3_reset(st);
	return 1;
}

int state_linked(struct state *s, long long flow, struct value target, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_LINKED, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, target);
	int rc = query_step(s, st, err);
	sqlite3_reset(st);
	return rc;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int state_managed(struct state *s, const char *const *flows, unsigned n, uint64_t **keys,
	size_t *n_keys, struct err *err)
{
	size_t room = 0;

	*keys = NULL;
	*n_keys = 0;
	for (unsigned i = 0; i < n; i++) {
		sqlite3_stmt *st = state_query(s, Q_MANAGED, err);
		int rc;
		if (st == NULL)
			return -1;
		query_text(st, 1, flows[i]);
		while ((rc = query_step(s, st, err)) == 1) {
			if (*n_keys == room) {
				room = room > 0 ? room * 2 : 1024;
				uint64_t *more = realloc(*keys, room * sizeof(**keys));
				if (more == NULL)
					memory_lacks();
				*keys = more;
			}
			(*keys)[(*n_keys)++] = entry_key(query_column(st, 0));
		}
		if (rc < 0)
			return -1;
	}
	if (*n_keys > 0)
		qsort(*keys, *n_keys, sizeof(**keys), by_number);
	return 0;
}

bool state_manages(const uint64_t *keys, size_t n, uint64_t key)
{
	return n > 0 && bsearch(&key, keys, n, sizeof(key), by_number) != NULL;
}

int state_put_link(struct state *s, long long flow, const struct link *link, struct err *err)
{
	sqlite3_stmt *st = state_query(s, Q_PUT_LINK, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, link->source);
	query_bind(st, 3, link->target);
	query_number(st, 4, link->source_digest);
	query_number(st, 5, link->target_digest);
	query_number(st, 6, link->name);
	query_number(st, 7, (uint64_t)link->left);
	query_bind(st, 8, link->written);
	query_number(st, 9, (uint64_t)link->flag);
	query_bind(st, 10, link->undone);
	return query_done(s, st, "link", err);
}

static int drop(
	struct state *s, enum statement q, long long flow, struct value source, struct err *err)
{
	sqlite3_stmt *st = state_query(s, q, err);

	if (st == NULL)
		return -1;
	query_number(st, 1, (uint64_t)flow);
	query_bind(st, 2, source);
	return query_done(s, st, "forget", err);
}

int state_unlink(struct state *s, long long flow, struct value source, struct err *err)
{
	return drop(s, Q_DROP_LINK, flow, source, err);
}

int state_drop_link(struct state *s, long long flow, struct value source, struct err *err)
{
	if (state_unlink(s, flow, source, err) < 0)
		return -1;
	return drop(s, Q_DROP_AUTHORITY, flow, source, err);
}
