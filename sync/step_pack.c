#include "sync/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"

/* Verdicts and steps as bytes, for the spools; the shape is in unpack, piece by piece as in pack.
 */

static int unpack_flag(const char **at, const char *end, bool *flag)
{
	uint32_t n;

	if (unpack_number(at, end, &n) < 0)
		return -1;
	*flag = n != 0;
	return 0;
}

void verdict_pack(struct buf *b, const struct verdict *v)
{
	pack_number(b, v->number);
	pack_number(b, v->adopt);
	pack_number(b, v->has_current);
	pack_number(b, v->current);
	pack_value(b, v->name);
	pack_value(b, v->nickname);
	pack_value(b, v->message);
	pack_number(b, v->n_refs);
	buf_add(b, v->refs, v->n_refs * sizeof(*v->refs));
}

int verdict_unpack(struct arena *mem, struct value bytes, struct verdict *v)
{
	const char *at = bytes.data, *end = bytes.data + bytes.len;
	uint32_t number, n;

	*v = (struct verdict){0};
	if (unpack_number(&at, end, &number) < 0 || unpack_flag(&at, end, &v->adopt) < 0 ||
		unpack_flag(&at, end, &v->has_current) < 0 ||
		unpack_number(&at, end, &v->current) < 0 || unpack_value(&at, end, &v->name) < 0 ||
		unpack_value(&at, end, &v->nickname) < 0 ||
		unpack_value(&at, end, &v->message) < 0 || unpack_number(&at, end, &n) < 0 ||
		(size_t)(end - at) != n * sizeof(*v->refs))
		return -1;
	v->number = number;
	v->n_refs = n;
	v->refs = arena_alloc(mem, n * sizeof(*v->refs));
	if (n > 0)
		memcpy(v->refs, at, n * sizeof(*v->refs));
	return 0;
}

static void pack_link(struct buf *b, const struct link *l)
{
	pack_value(b, l->source);
	pack_value(b, l->target);
	buf_add(b, &l->source_digest, sizeof(l->source_digest));
	buf_add(b, &l->target_digest, sizeof(l->target_digest));
	buf_add(b, &l->name, sizeof(l->name));
	buf_add(b, &l->left, sizeof(l->left));
	pack_value(b, l->written);
	pack_number(b, (uint32_t)l->flag);
	pack_value(b, l->undone);
	pack_text(b, l->side);
}

static int unpack_link(const char **at, const char *end, struct link *l)
{
	if (unpack_value(at, end, &l->source) < 0 || unpack_value(at, end, &l->target) < 0 ||
		end - *at < 32)
		return -1;
	memcpy(&l->source_digest, *at, 8);
	memcpy(&l->target_digest, *at + 8, 8);
	memcpy(&l->name, *at + 16, 8);
	memcpy(&l->left, *at + 24, 8);
	*at += 32;
	uint32_t flag;
	if (unpack_value(at, end, &l->written) < 0 || unpack_number(at, end, &flag) < 0)
		return -1;
	l->flag = (int)flag;
	return unpack_value(at, end, &l->undone) < 0 ? -1 : unpack_text(at, end, &l->side);
}

static void pack_denied(struct buf *b, const struct denied *d)
{
	pack_number(b, d->attr);
	pack_number(b, d->removal);
	pack_value(b, d->value);
	pack_text(b, d->side);
	pack_text(b, d->authority);
	pack_text(b, d->rule);
}

static int unpack_denied(const char **at, const char *end, struct denied *d)
{
	uint32_t attr;

	if (unpack_number(at, end, &attr) < 0 || unpack_flag(at, end, &d->removal) < 0 ||
		unpack_value(at, end, &d->value) < 0 || unpack_text(at, end, &d->side) < 0 ||
		unpack_text(at, end, &d->authority) < 0)
		return -1;
	d->attr = attr;
	return unpack_text(at, end, &d->rule);
}

void step_pack(struct buf *b, const struct step *s)
{
	pack_number(b, s->op);
	pack_number(b, s->number);
	pack_text(b, s->rule);
	pack_value(b, s->source_id);
	pack_value(b, s->source_name);
	pack_value(b, s->target_id);
	pack_value(b, s->target_name);
	pack_text(b, s->message);
	pack_text(b, s->flag);
	pack_number(b, s->refers_new);
	pack_number(b, s->write);
	if (s->write) {
		change_pack(b, &s->change);
		for (unsigned i = 0; i < s->change.n; i++)
			pack_text(b, s->lines[i]);
	}
	pack_number(b, s->n_denied);
	for (unsigned i = 0; i < s->n_denied; i++)
		pack_denied(b, &s->denied[i]);
	pack_number(b, s->remember);
	/* Of a delete it is needed when the entry turns out to be still there. */
	if (s->remember || s->op == STEP_DELETE)
		pack_link(b, &s->link);
	if (s->op == STEP_DELETE)
		buf_add(b, &s->seen, sizeof(s->seen));
}

static int unpack_change(struct arena *mem, const char **at, const char *end, struct step *s)
{
	if (change_unpack(mem, at, end, &s->change) < 0)
		return -1;
	s->lines = arena_alloc(mem, s->change.n * sizeof(*s->lines));
	for (unsigned i = 0; i < s->change.n; i++) {
		if (unpack_text(at, end, &s->lines[i]) < 0)
			return -1;
	}
	return 0;
}

static int unpack_denials(struct arena *mem, const char **at, const char *end, struct step *s)
{
	uint32_t n;

	if (unpack_number(at, end, &n) < 0 || n > (size_t)(end - *at))
		return -1;
	s->denied = arena_zalloc(mem, n * sizeof(*s->denied));
	for (; s->n_denied < n; s->n_denied++) {
		if (unpack_denied(at, end, &s->denied[s->n_denied]) < 0)
			return -1;
	}
	return 0;
}

int step_unpack(struct arena *mem, struct value bytes, struct step *s)
{
	const char *at = bytes.data, *end = bytes.data + bytes.len;
	uint32_t op, number;

	*s = (struct step){0};
	if (unpack_number(&at, end, &op) < 0 || unpack_number(&at, end, &number) < 0 ||
		unpack_text(&at, end, &s->rule) < 0 || unpack_value(&at, end, &s->source_id) < 0 ||
		unpack_value(&at, end, &s->source_name) < 0 ||
		unpack_value(&at, end, &s->target_id) < 0 ||
		unpack_value(&at, end, &s->target_name) < 0 ||
		unpack_text(&at, end, &s->message) < 0 || unpack_text(&at, end, &s->flag) < 0 ||
		unpack_flag(&at, end, &s->refers_new) < 0 || unpack_flag(&at, end, &s->write) < 0)
		return -1;
	s->op = (enum step_op)op;
	s->number = number;
	if ((s->write && unpack_change(mem, &at, end, s) < 0) ||
		unpack_denials(mem, &at, end, s) < 0 || unpack_flag(&at, end, &s->remember) < 0)
		return -1;
	if ((s->remember || s->op == STEP_DELETE) && unpack_link(&at, end, &s->link) < 0)
		return -1;
	if (s->op != STEP_DELETE)
		return 0;
	if (end - at < 8)
		return -1;
	memcpy(&s->seen, at, 8);
	return 0;
}
