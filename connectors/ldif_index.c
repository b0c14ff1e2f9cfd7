#include <string.h>

#include "connectors/ldif.h"

uint32_t changes_count(const struct changes *c)
{
	return (uint32_t)(c->events.len / sizeof(struct event));
}

struct event *changes_event(const struct changes *c, uint32_t i)
{
	return (struct event *)(void *)c->events.data + i;
}

static uint32_t *bucket_of(const struct changes *c, uint64_t key)
{
	size_t n = c->buckets.len / sizeof(uint32_t);

	return (uint32_t *)(void *)c->buckets.data + (key & (n - 1));
}

static void put_in_bucket(struct changes *c, uint32_t i)
{
	struct event *ev = changes_event(c, i);
	uint32_t *bucket = bucket_of(c, ev->key);

	ev->older = *bucket;
	*bucket = i + 1;
}

/* n is a power of 2. */
static void make_buckets(struct changes *c, uint32_t n)
{
	buf_clear(&c->buckets);
	memset(buf_room(&c->buckets, n * sizeof(uint32_t)), 0, n * sizeof(uint32_t));
	c->buckets.len = n * sizeof(uint32_t);
	for (uint32_t i = 0; i < changes_count(c); i++)
		put_in_bucket(c, i);
}

static void add_event(struct changes *c, const struct event *ev)
{
	const uint32_t i = changes_count(c);

	buf_add(&c->events, ev, sizeof(*ev));
	if (i >= c->buckets.len / sizeof(uint32_t))
		make_buckets(c, i == 0 ? 256 : 2 * i);
	else
		put_in_bucket(c, i);
	c->kinds |= ev->kind;
}

void changes_index(struct changes *c, uint64_t at, size_t len, const struct change *change)
{
	struct event ev = {.key = dn_key(change->name), .len = (uint32_t)len};

	ev.at = at & EVENT_AT_MAX;
	switch (change->op) {
	case CHANGE_ADD:
		ev.kind = EVENT_ADD;
		break;
	case CHANGE_DELETE:
		ev.kind = EVENT_DELETE;
		break;
	case CHANGE_MODIFY:
		ev.kind = change->new_name.len > 0 ? EVENT_RENAME : EVENT_MODIFY;
		break;
	}
	add_event(c, &ev);
	if (ev.kind == EVENT_RENAME) {
		ev.key = dn_key(change->new_name);
		ev.kind = EVENT_ARRIVE;
		add_event(c, &ev);
	}
}

void changes_forget(struct changes *c, uint32_t n)
{
	c->events.len = n * sizeof(struct event);
	c->kinds = 0;
	for (uint32_t i = 0; i < n; i++)
		c->kinds |= changes_event(c, i)->kind;
	if (c->buckets.len > 0)
		make_buckets(c, (uint32_t)(c->buckets.len / sizeof(uint32_t)));
}

struct event *changes_last(const struct changes *c, uint64_t key, unsigned kinds)
{
	for (uint32_t i = c->buckets.len > 0 ? *bucket_of(c, key) : 0; i > 0;) {
		struct event *ev = changes_event(c, i - 1);
		if (ev->key == key && (ev->kind & kinds) != 0)
			return ev;
		i = ev->older;
	}
	return NULL;
}

/* Buckets go from the newest event to the oldest. */
struct event *changes_after(const struct changes *c, uint64_t key, uint64_t after, unsigned kinds)
{
	struct event *first = NULL;

	for (uint32_t i = c->buckets.len > 0 ? *bucket_of(c, key) : 0; i > 0;) {
		struct event *ev = changes_event(c, i - 1);
		if (ev->at <= after)
			break;
		if (ev->key == key && (ev->kind & kinds) != 0)
			first = ev;
		i = ev->older;
	}
	return first;
}
