#include "connectors/reading.h"

#include <string.h>

#include "base/hash.h"
#include "base/keys.h"

/* A cookie is a head, which says what it is and in what order the machine has its bytes and
 * carries a hash of the rest, and {key, 32 bits of the digest} of every entry in the order of the
 * keys. One changed entry in four billion is taken for an unchanged one, until the next full run.
 */
#define COOKIE_MAGIC 0x67616c7761790002u
#define COOKIE_ENTRY 12

struct pair {
	uint64_t key, with;
};

/* Of a list with something in it. */
static uint64_t *words_of(const struct keylist *k)
{
	return (uint64_t *)(void *)(k->bytes.data + k->head);
}

static unsigned width_of(const struct keylist *k)
{
	return k->pairs ? 2 : 1;
}

size_t keylist_count(const struct keylist *k)
{
	return (k->bytes.len - k->head) / (width_of(k) * sizeof(uint64_t));
}

void keylist_add(struct keylist *k, uint64_t key, uint64_t with)
{
	const struct pair p = {key, with};

	buf_add(&k->bytes, &p, width_of(k) * sizeof(uint64_t));
}

static void swap(uint64_t *a, uint64_t *b, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		uint64_t x = a[i];
		a[i] = b[i];
		b[i] = x;
	}
}

static void insertion_sort(uint64_t *words, size_t n, unsigned width)
{
	for (size_t i = 1; i < n; i++) {
		size_t k = i;
		while (k > 0 && words[(k - 1) * width] > words[i * width])
			k--;
		uint64_t *to = &words[k * width], x[2] = {0};
		memcpy(x, &words[i * width], width * sizeof(*x));
		memmove(to + width, to, (i - k) * width * sizeof(*x));
		memcpy(to, x, width * sizeof(*x));
	}
}

/* In place, by the byte at shift, then each part by the next byte: hashes spread evenly, so that a
 * million are nearly in order after two rounds. qsort would take as much memory again. */
static void radix_sort(uint64_t *words, size_t n, unsigned width, unsigned shift)
{
	size_t begin[257] = {0}, at[256];

	if (n <= 32) {
		insertion_sort(words, n, width);
		return;
	}
	for (size_t i = 0; i < n; i++)
		begin[(words[i * width] >> shift & 255) + 1]++;
	for (unsigned b = 0; b < 256; b++) {
		at[b] = begin[b];
		begin[b + 1] += begin[b];
	}
	for (unsigned b = 0; b < 256; b++) {
		while (at[b] < begin[b + 1]) {
			unsigned home = words[at[b] * width] >> shift & 255;
			if (home != b)
				swap(&words[at[b] * width], &words[at[home] * width], width);
			at[home]++;
		}
	}
	for (unsigned b = 0; b < 256 && shift > 0; b++)
		radix_sort(words + begin[b] * width, begin[b + 1] - begin[b], width, shift - 8);
}

void keylist_sort(struct keylist *k)
{
	if (keylist_count(k) > 1)
		radix_sort(words_of(k), keylist_count(k), width_of(k), 56);
}

bool keylist_have(const struct keylist *k, uint64_t key)
{
	size_t low = 0, high = keylist_count(k);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uint64_t there = words_of(k)[mid * width_of(k)];
		if (there == key)
			return true;
		if (there < key)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

void keylist_free(struct keylist *k)
{
	buf_free(&k->bytes);
	*k = (struct keylist){0};
}

/* Two neighbours that are equal? */
static bool keylist_twice(const struct keylist *k, uint64_t *key)
{
	const unsigned width = width_of(k);

	for (size_t i = 1, n = keylist_count(k); i < n; i++) {
		const uint64_t *words = words_of(k) + (i - 1) * width;
		*key = words[width];
		if (*key == words[0])
			return true;
	}
	return false;
}

static size_t cookie_count(struct value cookie)
{
	return (cookie.len - sizeof(struct pair)) / COOKIE_ENTRY;
}

/* Whoever kept the cookie need not have kept it aligned. */
static struct pair cookie_at(struct value cookie, size_t i)
{
	const char *at = cookie.data + sizeof(struct pair) + i * COOKIE_ENTRY;
	uint32_t digest;
	struct pair p;

	memcpy(&p.key, at, sizeof(p.key));
	memcpy(&digest, at + sizeof(p.key), sizeof(digest));
	p.with = digest;
	return p;
}

static struct pair cookie_head(struct value cookie)
{
	return (struct pair){COOKIE_MAGIC,
		hash_bytes(cookie.data + sizeof(struct pair), cookie.len - sizeof(struct pair), 0)};
}

static bool cookie_usable(struct value cookie)
{
	struct pair head;

	if (cookie.len < sizeof(head) || (cookie.len - sizeof(head)) % COOKIE_ENTRY != 0)
		return false;
	memcpy(&head, cookie.data, sizeof(head));
	struct pair want = cookie_head(cookie);
	return head.key == want.key && head.with == want.with;
}

static uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Of the sorted pairs, in their place: an entry of the cookie is shorter than a pair. */
static void cookie_make(struct keylist *pairs)
{
	const size_t n = keylist_count(pairs);
	char *const data = pairs->bytes.data;

	for (size_t i = 0; i < n; i++) {
		const char *from = data + (i + 1) * sizeof(struct pair);
		char *to = data + sizeof(struct pair) + i * COOKIE_ENTRY;
		const uint32_t digest = (uint32_t)word_at(from + offsetof(struct pair, with));
		memmove(to, from, sizeof(uint64_t));
		memcpy(to + sizeof(uint64_t), &digest, sizeof(digest));
	}
	pairs->bytes.len = sizeof(struct pair) + n * COOKIE_ENTRY;
	struct pair head = cookie_head((struct value){data, pairs->bytes.len});
	memcpy(data, &head, sizeof(head));
}

static bool cookie_has(struct value cookie, uint64_t key, uint64_t digest)
{
	size_t low = 0, high = cookie_count(cookie);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct pair p = cookie_at(cookie, mid);
		if (p.key == key)
			return p.with == (uint32_t)digest;
		if (p.key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

int reading_start(struct reading *r, const struct query *q, uint64_t expected, struct err *err)
{
	const struct pair head = {0};

	reading_free(r);
	if (q->kind == QUERY_SINCE && !cookie_usable(q->cookie))
		return err_set(err, ERR_ENTRY, "the cookie of the last read cannot be used");
	r->query = *q;
	r->with_digests = q->want_cookie || q->kind == QUERY_SINCE;
	r->pairs.pairs = true;
	keys_init(&r->also, q->n_wishes, false);
	for (size_t i = 0; i < q->n_wishes; i++)
		keys_put(&r->also, entry_key(q->wishes[i].value), 0);
	if (r->with_digests) {
		buf_add(&r->pairs.bytes, &head, sizeof(head));
		r->pairs.head = sizeof(head);
	} else {
		twins_start(&r->ids, expected);
	}
	twins_start(&r->names, expected);
	return 0;
}

/* Names are told apart as they are written, but for case: two spellings of one name have two ids,
 * or one, which is noticed. */
static uint64_t name_key(struct value name)
{
	return hash_nocase(name.data, name.len, 0);
}

bool reading_take(struct reading *r, const struct entry *e)
{
	uint64_t digest = e->digest;

	if (r->with_digests && digest == 0)
		digest = hash_bytes(e->name.data, e->name.len, entry_digest(e, r->query.wanted));
	if (r->with_digests)
		keylist_add(&r->pairs, e->key, digest);
	else
		twins_add(&r->ids, e->key);
	twins_add(&r->names, name_key(e->name));
	if (r->query.kind != QUERY_SINCE || !cookie_has(r->query.cookie, e->key, digest))
		return true;
	return keys_has(&r->also, e->key);
}

enum twice reading_end(struct reading *r, uint64_t *key)
{
	if (r->ended)
		return TWICE_NONE;
	if (r->with_digests) {
		keylist_sort(&r->pairs);
		if (keylist_twice(&r->pairs, key))
			return TWICE_ID;
		cookie_make(&r->pairs);
	} else if (twins_found(&r->ids, key)) {
		return TWICE_ID;
	}
	if (twins_found(&r->names, key))
		return TWICE_NAME;
	twins_free(&r->ids);
	twins_free(&r->names);
	r->ended = true;
	return TWICE_NONE;
}

bool reading_gone(struct reading *r, struct entry *e)
{
	const struct value old = r->query.cookie, now = reading_cookie(r);

	if (r->query.kind != QUERY_SINCE)
		return false;
	for (size_t n = cookie_count(old); r->old_at < n; r->old_at++) {
		uint64_t key = cookie_at(old, r->old_at).key;
		while (r->new_at < cookie_count(now) && cookie_at(now, r->new_at).key < key)
			r->new_at++;
		if (r->new_at < cookie_count(now) && cookie_at(now, r->new_at).key == key)
			continue;
		*e = (struct entry){.key = key, .gone = true};
		r->old_at++;
		return true;
	}
	return false;
}

struct value reading_cookie(const struct reading *r)
{
	return (struct value){r->pairs.bytes.data, r->pairs.bytes.len};
}

void reading_free(struct reading *r)
{
	keylist_free(&r->pairs);
	twins_free(&r->ids);
	twins_free(&r->names);
	keys_free(&r->also);
	*r = (struct reading){0};
}

bool search_second(struct search *s, const struct entry *e, unsigned long line, struct err *err)
{
	const bool by_id = s->what == TWICE_ID && entry_get(e, s->id_attr) != NULL;

	if ((s->what == TWICE_ID ? e->key : name_key(e->name)) != s->key)
		return false;
	if (s->first.data == NULL) {
		buf_add(&s->first, e->name.data, e->name.len);
		s->line = line;
		return false;
	}
	err_set(err, ERR_FATAL, "%.*s has the same %s as %s (line %lu)", (int)e->name.len,
		e->name.data, by_id ? attr_name(s->id_attr) : "name", s->first.data, s->line);
	buf_free(&s->first);
	return true;
}
