#include "base/pack.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/change.h"

#define NUMBER_MAX 5 /* bytes */

static size_t put_number(char *at, size_t n)
{
	uint32_t rest = (uint32_t)n;
	size_t len = 0;

	for (; rest > 127; rest >>= 7)
		at[len++] = (char)(rest | 128);
	at[len++] = (char)rest;
	return len;
}

void pack_number(struct buf *b, size_t n)
{
	b->len += put_number(buf_room(b, NUMBER_MAX), n);
	b->data[b->len] = '\0';
}

void pack_value(struct buf *b, struct value v)
{
	char *at = buf_room(b, NUMBER_MAX + v.len);
	const size_t n = put_number(at, v.len);

	if (v.len > 0)
		memcpy(at + n, v.data, v.len);
	b->len += n + v.len;
	b->data[b->len] = '\0';
}

void pack_text(struct buf *b, const char *text)
{
	pack_value(b, (struct value){text, text != NULL ? strlen(text) + 1 : 0});
}

void pack_values(struct buf *b, const struct value *v, unsigned n)
{
	pack_number(b, n);
	for (unsigned i = 0; i < n; i++)
		pack_value(b, v[i]);
}

int unpack_number(const char **at, const char *end, uint32_t *n)
{
	/* As nearly always. */
	if (*at < end && (**at & 128) == 0) {
		*n = (unsigned char)*(*at)++;
		return 0;
	}
	*n = 0;
	for (unsigned shift = 0; shift < 32 && *at < end; shift += 7) {
		const unsigned char byte = (unsigned char)*(*at)++;
		*n |= (uint32_t)(byte & 127) << shift;
		if (byte < 128)
			return 0;
	}
	return -1;
}

int unpack_value(const char **at, const char *end, struct value *v)
{
	uint32_t n;

	if (unpack_number(at, end, &n) < 0 || (size_t)(end - *at) < n)
		return -1;
	*v = (struct value){*at, n};
	*at += n;
	return 0;
}

int unpack_text(const char **at, const char *end, const char **text)
{
	struct value v;

	if (unpack_value(at, end, &v) < 0 || (v.len > 0 && v.data[v.len - 1] != '\0'))
		return -1;
	*text = v.len > 0 ? v.data : NULL;
	return 0;
}

/* Each number is followed by at least that many bytes, or the bytes are damaged: no wild
 * allocation. */
int unpack_values(
	struct arena *mem, const char **at, const char *end, unsigned *n, struct value **values)
{
	uint32_t count;

	if (unpack_number(at, end, &count) < 0 || count > (size_t)(end - *at))
		return -1;
	*n = count;
	*values = arena_alloc(mem, count * sizeof(**values));
	for (unsigned k = 0; k < count; k++) {
		if (unpack_value(at, end, &(*values)[k]) < 0)
			return -1;
	}
	return 0;
}

void entry_pack(struct buf *b, const struct entry *e)
{
	pack_value(b, e->id);
	pack_value(b, e->name);
	buf_putc(b, (char)e->gone);
	buf_add(b, &e->digest, sizeof(e->digest));
	pack_number(b, e->n);
	for (unsigned i = 0; i < e->n; i++) {
		pack_number(b, e->attrs[i].id);
		pack_values(b, e->attrs[i].values, e->attrs[i].n);
	}
}

int entry_unpack(struct arena *mem, const char **at, const char *end, struct entry *e)
{
	uint32_t n, id;

	*e = (struct entry){0};
	if (unpack_value(at, end, &e->id) < 0 || unpack_value(at, end, &e->name) < 0 || *at == end)
		return -1;
	e->key = entry_key(e->id);
	e->gone = *(*at)++ != 0;
	if ((size_t)(end - *at) < sizeof(e->digest))
		return -1;
	memcpy(&e->digest, *at, sizeof(e->digest));
	*at += sizeof(e->digest);
	if (unpack_number(at, end, &n) < 0 || n > (size_t)(end - *at))
		return -1;
	e->attrs = arena_alloc(mem, n * sizeof(*e->attrs));
	for (; e->n < n; e->n++) {
		struct attr *a = &e->attrs[e->n];
		if (unpack_number(at, end, &id) < 0 ||
			unpack_values(mem, at, end, &a->n, &a->values) < 0)
			return -1;
		a->id = id;
	}
	return 0;
}

void change_pack(struct buf *b, const struct change *c)
{
	buf_putc(b, (char)c->op);
	pack_value(b, c->id);
	pack_value(b, c->name);
	pack_value(b, c->new_name);
	pack_number(b, c->n);
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		pack_number(b, m->attr);
		buf_putc(b, (char)m->replace);
		pack_values(b, m->remove, m->n_remove);
		pack_values(b, m->add, m->n_add);
	}
}

static int unpack_mod(struct arena *mem, const char **at, const char *end, struct mod *m)
{
	uint32_t attr;

	if (unpack_number(at, end, &attr) < 0 || *at == end)
		return -1;
	m->attr = attr;
	m->replace = *(*at)++ != 0;
	if (unpack_values(mem, at, end, &m->n_remove, &m->remove) < 0)
		return -1;
	return unpack_values(mem, at, end, &m->n_add, &m->add);
}

int change_unpack(struct arena *mem, const char **at, const char *end, struct change *c)
{
	uint32_t n;

	*c = (struct change){0};
	if (*at == end || (unsigned char)**at > CHANGE_DELETE)
		return -1;
	c->op = (enum change_op) * (*at)++;
	if (unpack_value(at, end, &c->id) < 0 || unpack_value(at, end, &c->name) < 0 ||
		unpack_value(at, end, &c->new_name) < 0 || unpack_number(at, end, &n) < 0 ||
		n > (size_t)(end - *at))
		return -1;
	c->mods = arena_zalloc(mem, n * sizeof(*c->mods));
	for (; c->n < n; c->n++) {
		if (unpack_mod(mem, at, end, &c->mods[c->n]) < 0)
			return -1;
	}
	return 0;
}
