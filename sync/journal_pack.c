/* Operations as bytes that outlive the program: attributes by name, numbers the lowest byte first.
 */
#include "sync/journal.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/pack.h"

static void put_value(struct buf *b, struct value v)
{
	pack_number(b, v.len);
	buf_add(b, v.data, v.len);
}

static int take_value(const char **at, const char *end, struct value *v)
{
	uint32_t len;

	if (unpack_number(at, end, &len) < 0 || len > (size_t)(end - *at))
		return -1;
	*v = (struct value){*at, len};
	*at += len;
	return 0;
}

static void put_values(struct buf *b, const struct value *v, unsigned n)
{
	pack_number(b, n);
	for (unsigned i = 0; i < n; i++)
		put_value(b, v[i]);
}

/* A number of things, each of at least one byte. */
static int take_count(const char **at, const char *end, unsigned *n)
{
	uint32_t count;

	if (unpack_number(at, end, &count) < 0 || count > (size_t)(end - *at))
		return -1;
	*n = count;
	return 0;
}

static int take_values(
	struct arena *mem, const char **at, const char *end, struct value **v, unsigned *n)
{
	if (take_count(at, end, n) < 0)
		return -1;
	*v = arena_alloc(mem, *n * sizeof(**v));
	for (unsigned i = 0; i < *n; i++) {
		if (take_value(at, end, &(*v)[i]) < 0)
			return -1;
	}
	return 0;
}

static void put_u64(struct buf *b, uint64_t x)
{
	for (int i = 0; i < 64; i += 8)
		buf_putc(b, (char)(x >> i & 0xff));
}

static int take_u64(const char **at, const char *end, uint64_t *x)
{
	if (end - *at < 8)
		return -1;
	*x = 0;
	for (int i = 0; i < 64; i += 8)
		*x |= (uint64_t)(unsigned char)*(*at)++ << i;
	return 0;
}

static int take_attr(const char **at, const char *end, unsigned *attr)
{
	struct value name;

	if (take_value(at, end, &name) < 0)
		return -1;
	*attr = attr_id(name.data, name.len);
	return *attr == ATTR_NONE ? -1 : 0;
}

/* A name as 1 and its part before ",BASE", or as 0 and all of it. */
static void put_name(struct buf *b, struct value name, struct value base)
{
	bool below = base.len > 0 && name.len > base.len + 1 &&
		     name.data[name.len - base.len - 1] == ',' &&
		     memcmp(name.data + name.len - base.len, base.data, base.len) == 0;

	pack_number(b, below);
	if (below)
		name.len -= base.len + 1;
	put_value(b, name);
}

static int take_name(
	struct arena *mem, const char **at, const char *end, struct value base, struct value *name)
{
	uint32_t below;

	if (unpack_number(at, end, &below) < 0 || take_value(at, end, name) < 0)
		return -1;
	if (below != 0)
		*name = value_of(arena_printf(
			mem, "%.*s,%.*s", (int)name->len, name->data, (int)base.len, base.data));
	return 0;
}

static void put_change(struct buf *b, const struct change *c, struct value base)
{
	put_name(b, c->name, base);
	put_name(b, c->new_name, base);
	pack_number(b, c->n);
	for (unsigned i = 0; i < c->n; i++) {
		put_value(b, value_of(attr_name(c->mods[i].attr)));
		put_values(b, c->mods[i].remove, c->mods[i].n_remove);
		put_values(b, c->mods[i].add, c->mods[i].n_add);
	}
}

static int take_change(
	struct arena *mem, const char **at, const char *end, struct value base, struct change *c)
{
	if (take_name(mem, at, end, base, &c->name) < 0 ||
		take_name(mem, at, end, base, &c->new_name) < 0 || take_count(at, end, &c->n) < 0)
		return -1;
	c->mods = arena_zalloc(mem, c->n * sizeof(*c->mods));
	for (unsigned i = 0; i < c->n; i++) {
		struct mod *m = &c->mods[i];
		if (take_attr(at, end, &m->attr) < 0 ||
			take_values(mem, at, end, &m->remove, &m->n_remove) < 0 ||
			take_values(mem, at, end, &m->add, &m->n_add) < 0)
			return -1;
	}
	return 0;
}

static void put_entry(struct buf *b, const struct entry *e)
{
	put_value(b, e->id);
	put_value(b, e->name);
	pack_number(b, e->n);
	for (unsigned i = 0; i < e->n; i++) {
		put_value(b, value_of(attr_name(e->attrs[i].id)));
		put_values(b, e->attrs[i].values, e->attrs[i].n);
	}
}

static int take_entry(struct arena *mem, const char **at, const char *end, struct entry *e)
{
	if (take_value(at, end, &e->id) < 0 || take_value(at, end, &e->name) < 0 ||
		take_count(at, end, &e->n) < 0)
		return -1;
	e->key = entry_key(e->id);
	e->attrs = arena_zalloc(mem, e->n * sizeof(*e->attrs));
	for (unsigned i = 0; i < e->n; i++) {
		struct attr *a = &e->attrs[i];
		if (take_attr(at, end, &a->id) < 0 ||
			take_values(mem, at, end, &a->values, &a->n) < 0)
			return -1;
	}
	return 0;
}

static void put_link(struct buf *b, const struct link *l)
{
	put_value(b, l->target);
	put_u64(b, l->source_digest);
	put_u64(b, l->target_digest);
	put_u64(b, l->name);
	put_u64(b, (uint64_t)l->left);
	put_value(b, l->written);
	put_value(b, l->undone);
	put_value(b, value_of(l->side != NULL ? l->side : ""));
}

static int take_link(struct arena *mem, const char **at, const char *end, struct link *l)
{
	struct value side;
	uint64_t left;

	if (take_value(at, end, &l->target) < 0 || take_u64(at, end, &l->source_digest) < 0 ||
		take_u64(at, end, &l->target_digest) < 0 || take_u64(at, end, &l->name) < 0 ||
		take_u64(at, end, &left) < 0)
		return -1;
	l->left = (long long)left;
	if (take_value(at, end, &l->written) < 0 || take_value(at, end, &l->undone) < 0 ||
		take_value(at, end, &side) < 0)
		return -1;
	l->side = side.len > 0 ? arena_copy(mem, side.data, side.len) : NULL;
	return 0;
}

void op_pack(const struct op *op, struct value base, struct buf *change, struct buf *before,
	struct buf *link)
{
	if (op->kind == STEP_ADD) {
		put_name(change, op->change.name, base);
		put_u64(change, op->digest);
	} else {
		put_change(change, &op->change, base);
	}
	if (op->has_before)
		put_entry(before, &op->before);
	if (op->has_link)
		put_link(link, &op->link);
}

static int take_op(struct arena *mem, const struct op_row *row, struct value base, struct op *op)
{
	const char *at = row->change.data, *end = at + row->change.len;

	if (op->kind == STEP_ADD) {
		op->change.op = CHANGE_ADD;
		if (take_name(mem, &at, end, base, &op->change.name) < 0 ||
			take_u64(&at, end, &op->digest) < 0)
			return -1;
	} else {
		op->change.op = op->kind == STEP_DELETE ? CHANGE_DELETE : CHANGE_MODIFY;
		op->change.id = row->target;
		if (take_change(mem, &at, end, base, &op->change) < 0)
			return -1;
	}
	at = row->before.data;
	if (op->has_before && take_entry(mem, &at, at + row->before.len, &op->before) < 0)
		return -1;
	at = row->link.data;
	op->link.source = row->source;
	return op->has_link ? take_link(mem, &at, at + row->link.len, &op->link) : 0;
}

int op_unpack(struct arena *mem, const struct op_row *row, struct value base, struct op *op,
	struct err *err)
{
	*op = (struct op){.run = row->run,
		.when = row->when,
		.n = row->n,
		.kind = (enum step_op)row->kind,
		.result = row->result,
		.source = row->source,
		.source_name = row->name,
		.target = row->target,
		.has_before = row->before.len > 0,
		.has_link = row->link.len > 0};
	if (row->kind < STEP_ADD || row->kind > STEP_FORGET || take_op(mem, row, base, op) < 0)
		return err_set(err, ERR_FATAL, "journal: operation %u of run %lld is damaged",
			row->n, row->run);
	return 0;
}

const char *journal_attrs(struct arena *mem, const struct attr_set *writes)
{
	const unsigned classes = attr_named("objectClass");
	struct buf b = {0};

	for (unsigned i = 0; i < writes->n; i++) {
		if (attr_set_has(writes, i) && attr_syntax(i) != SYNTAX_DN && i != classes)
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", attr_name(i));
	}
	const char *names = arena_copy(mem, b.data != NULL ? b.data : "", b.len);
	buf_free(&b);
	return names;
}

void journal_attrs_parse(struct arena *mem, const char *names, struct attr_set *set)
{
	*set = (struct attr_set){0};
	for (size_t len; *names != '\0'; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		unsigned attr = attr_id(names, len);
		if (attr != ATTR_NONE)
			attr_set_add(mem, set, attr);
	}
}
