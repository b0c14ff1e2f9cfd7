#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/change.h"
#include "base/dn.h"
#include "base/ldif_private.h"

/* Longest line; one that continues another has a space in front of up to FOLD - 1 bytes. */
#define FOLD 76u

/* Stricter than SAFE-STRING (RFC 2849): no control character, and no space at the end. Not for the
 * empty value. */
static bool safe(struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < ' ' || v.data[i] > '~')
			return false;
	}
	return strchr(" :<", v.data[0]) == NULL && v.data[v.len - 1] != ' ';
}

/* Fold the line that begins at start and has no end yet; from its end, so that each byte moves
 * once. */
static void fold(struct buf *b, size_t start)
{
	size_t len = b->len - start;

	if (len <= FOLD)
		return;
	size_t n = (len - FOLD + FOLD - 2) / (FOLD - 1);
	buf_room(b, 2 * n);
	b->len += 2 * n;
	char *line = b->data + start;
	for (size_t i = n, end = len; i > 0; i--) {
		size_t at = FOLD + (i - 1) * (FOLD - 1);
		memmove(line + at + 2 * i, line + at, end - at);
		memcpy(line + at + 2 * i - 2, "\n ", 2);
		end = at;
	}
}

static void print_line(struct buf *b, const char *name, struct value v)
{
	size_t start = b->len;

	buf_puts(b, name);
	if (v.len == 0) {
		buf_putc(b, ':');
	} else if (safe(v)) {
		buf_add(b, ": ", 2);
		buf_add(b, v.data, v.len);
	} else {
		buf_add(b, ":: ", 3);
		buf_base64(b, v.data, v.len);
	}
	fold(b, start);
	buf_putc(b, '\n');
}

static void print_word(struct buf *b, const char *name, const char *word)
{
	print_line(b, name, value_of(word));
}

static void print_values(struct buf *b, unsigned attr, const struct value *values, unsigned n)
{
	const char *name = attr_name(attr);

	for (unsigned i = 0; i < n; i++)
		print_line(b, name, values[i]);
}

/* The values of an attribute of an entry. */
static void print_attr(struct buf *b, unsigned attr, const struct value *values, unsigned n)
{
	if (!ldif_reserved(attr_name(attr)))
		print_values(b, attr, values, n);
}

void ldif_print_entry(struct buf *b, const struct entry *e)
{
	const struct attr *class = entry_find(e, "objectClass");

	print_line(b, "dn", e->name);
	if (class != NULL)
		print_attr(b, class->id, class->values, class->n);
	for (unsigned i = 0; i < e->n; i++) {
		if (&e->attrs[i] != class)
			print_attr(b, e->attrs[i].id, e->attrs[i].values, e->attrs[i].n);
	}
	buf_putc(b, '\n');
}

static void print_add(struct buf *b, const struct change *c)
{
	const unsigned class = attr_named("objectClass");

	print_line(b, "dn", c->name);
	print_word(b, "changetype", "add");
	for (unsigned i = 0; i < c->n; i++) {
		if (c->mods[i].attr == class)
			print_attr(b, class, c->mods[i].add, c->mods[i].n_add);
	}
	for (unsigned i = 0; i < c->n; i++) {
		if (c->mods[i].attr != class)
			print_attr(b, c->mods[i].attr, c->mods[i].add, c->mods[i].n_add);
	}
	buf_putc(b, '\n');
}

static void print_delete(struct buf *b, const struct change *c)
{
	print_line(b, "dn", c->name);
	print_word(b, "changetype", "delete");
	buf_putc(b, '\n');
}

static void print_rename(struct buf *b, const struct change *c)
{
	struct value parent = dn_parent(c->new_name);

	print_line(b, "dn", c->name);
	print_word(b, "changetype", "modrdn");
	print_line(b, "newrdn", dn_leaf(c->new_name));
	print_word(b, "deleteoldrdn", "1");
	if (!value_same(parent, dn_parent(c->name)))
		print_line(b, "newsuperior", parent);
	buf_putc(b, '\n');
}

static void print_block(
	struct buf *b, const char *word, unsigned attr, const struct value *values, unsigned n)
{
	print_word(b, word, attr_name(attr));
	print_values(b, attr, values, n);
	buf_puts(b, "-\n");
}

static void print_modify(struct buf *b, const struct change *c)
{
	print_line(b, "dn", c->new_name.len > 0 ? c->new_name : c->name);
	print_word(b, "changetype", "modify");
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		if (m->n_remove > 0)
			print_block(b, "delete", m->attr, m->remove, m->n_remove);
		if (m->replace)
			print_block(b, "replace", m->attr, m->add, m->n_add);
		else if (m->n_add > 0)
			print_block(b, "add", m->attr, m->add, m->n_add);
	}
	buf_putc(b, '\n');
}

void ldif_print_change(struct buf *b, const struct change *c)
{
	switch (c->op) {
	case CHANGE_ADD:
		print_add(b, c);
		break;
	case CHANGE_DELETE:
		print_delete(b, c);
		break;
	case CHANGE_MODIFY:
		if (c->new_name.len > 0)
			print_rename(b, c);
		if (c->n > 0 || c->new_name.len == 0)
			print_modify(b, c);
		break;
	}
}
