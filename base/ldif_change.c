#include <string.h>
#include <strings.h>

#include "base/dn.h"
#include "base/ldif_private.h"

/* Change records. Each reader of a kind gets the record with its head read. */

static int read_add(
	struct ldif *f, struct arena *mem, struct record *rec, struct change *c, struct err *err)
{
	if (ldif_record_content(f, mem, rec, err) < 0)
		return -1;
	c->op = CHANGE_ADD;
	c->n = f->n_attrs;
	c->mods = arena_zalloc(mem, c->n * sizeof(*c->mods));
	for (unsigned i = 0; i < c->n; i++) {
		const struct attr *a = &f->attrs[i];
		c->mods[i] = (struct mod){.attr = a->id, .n_add = a->n, .add = a->values};
	}
	return 0;
}

static int read_delete(
	struct ldif *f, struct arena *mem, struct record *rec, struct change *c, struct err *err)
{
	(void)mem;
	c->op = CHANGE_DELETE;
	return rec->left ? ldif_record_unexpected(f, &rec->line, "the end of the record", err) : 0;
}

/* "newrdn: cn=x" and its like; then the next line. */
static int read_field(struct ldif *f, struct arena *mem, struct record *rec, const char *name,
	struct value *v, struct err *err)
{
	char *colon = rec->left ? ldif_lines_named(&rec->line, name) : NULL;

	if (colon == NULL && rec->left)
		return ldif_record_unexpected(f, &rec->line, name, err);
	if (colon == NULL)
		return ldif_fail(f, err, "expected %s, not the end of the record", name);
	if (ldif_lines_value(f, mem, colon, rec->line.end, v, err) < 0)
		return -1;
	rec->left = ldif_lines_next(f, &rec->line, err);
	return rec->left < 0 ? -1 : 0;
}

static int read_rename(
	struct ldif *f, struct arena *mem, struct record *rec, struct change *c, struct err *err)
{
	struct value rdn, delete_old, parent = dn_parent(rec->name);

	c->op = CHANGE_MODIFY;
	if (read_field(f, mem, rec, "newrdn", &rdn, err) < 0)
		return -1;
	if (dn_depth(rdn) != 1)
		return ldif_fail(f, err, "newrdn is not one part of a dn");
	if (read_field(f, mem, rec, "deleteoldrdn", &delete_old, err) < 0)
		return -1;
	/* A change cannot say that the old name stays as a value; nor does Active Directory. */
	if (!value_same(delete_old, value_of("1")))
		return ldif_fail(f, err, "expected deleteoldrdn 1: the old name always goes");
	if (rec->left && ldif_lines_named(&rec->line, "newsuperior") != NULL &&
		read_field(f, mem, rec, "newsuperior", &parent, err) < 0)
		return -1;
	if (parent.len > 0 && dn_depth(parent) == 0)
		return ldif_fail(f, err, "newsuperior is not a dn");
	c->new_name = dn_child(mem, rdn, parent);
	return rec->left ? ldif_record_unexpected(f, &rec->line, "the end of the record", err) : 0;
}

enum mod_word { MOD_ADD, MOD_DELETE, MOD_REPLACE };

/* "add: mail": the word and the attribute. */
static int read_mod_head(struct ldif *f, struct arena *mem, struct record *rec, enum mod_word *word,
	unsigned *attr, struct err *err)
{
	static const char *const words[] = {"add", "delete", "replace"};
	struct value name;
	char *colon = NULL;

	if (ldif_lines_named(&rec->line, "increment") != NULL)
		return ldif_fail(f, err, "\"increment:\" is not known here: use \"replace:\"");
	for (unsigned i = 0; i < 3 && colon == NULL; i++) {
		colon = ldif_lines_named(&rec->line, words[i]);
		*word = (enum mod_word)i;
	}
	if (colon == NULL)
		return ldif_record_unexpected(
			f, &rec->line, "\"add:\", \"delete:\" or \"replace:\"", err);
	if (ldif_lines_value(f, mem, colon, rec->line.end, &name, err) < 0)
		return -1;
	return ldif_record_attr(f, name.data, name.len, attr, err);
}

/* The values of attr up to "-", in the arena; then the next line. */
static int read_mod_values(struct ldif *f, struct arena *mem, struct record *rec, unsigned attr,
	struct value **values, unsigned *n, struct err *err)
{
	unsigned id, room = 4;

	*n = 0;
	*values = arena_alloc(mem, room * sizeof(**values));
	while ((rec->left = ldif_lines_next(f, &rec->line, err)) > 0) {
		const struct line *line = &rec->line;
		char *colon = memchr(line->at, ':', (size_t)(line->end - line->at));
		if (line->end - line->at == 1 && *line->at == '-')
			break;
		if (colon == NULL)
			return ldif_record_unexpected(f, line, "\"-\"", err);
		if (ldif_record_attr(f, line->at, (size_t)(colon - line->at), &id, err) < 0)
			return -1;
		if (id != attr)
			return ldif_record_unexpected(f, line, "\"-\"", err);
		if (*n == room) {
			struct value *more = arena_alloc(mem, 2 * room * sizeof(*more));
			memcpy(more, *values, room * sizeof(*more));
			*values = more;
			room *= 2;
		}
		if (ldif_lines_value(f, mem, colon, line->end, &(*values)[(*n)++], err) < 0)
			return -1;
	}
	if (rec->left == 0)
		return ldif_fail(f, err, "expected \"-\" after the last value");
	rec->left = rec->left < 0 ? -1 : ldif_lines_next(f, &rec->line, err);
	return rec->left < 0 ? -1 : 0;
}

/* A mod for one block. What a "delete:" leaves, the "add:" behind it completes: the same mod. */
static void add_mod(struct arena *mem, struct change *c, enum mod_word word, unsigned attr,
	struct value *values, unsigned n)
{
	struct mod *last = c->n > 0 ? &c->mods[c->n - 1] : NULL;

	if (word == MOD_ADD && last != NULL && last->attr == attr && last->n_add == 0) {
		last->add = values;
		last->n_add = n;
		return;
	}
	/* Places double: 1, 2, 4 ... */
	if ((c->n & (c->n - 1)) == 0) {
		struct mod *more = arena_alloc(mem, (c->n > 0 ? 2 * c->n : 1) * sizeof(*more));
		if (c->n > 0)
			memcpy(more, c->mods, c->n * sizeof(*more));
		c->mods = more;
	}
	struct mod *m = &c->mods[c->n++];
	*m = (struct mod){.attr = attr};
	if (word == MOD_DELETE && n > 0) {
		m->remove = values;
		m->n_remove = n;
		return;
	}
	/* "delete:" without values takes whatever is there, as "replace:" by nothing does. */
	m->replace = word != MOD_ADD;
	m->add = values;
	m->n_add = n;
}

static int read_modify(
	struct ldif *f, struct arena *mem, struct record *rec, struct change *c, struct err *err)
{
	c->op = CHANGE_MODIFY;
	while (rec->left) {
		enum mod_word word = MOD_ADD;
		struct value *values;
		unsigned attr, n;

		if (read_mod_head(f, mem, rec, &word, &attr, err) < 0 ||
			read_mod_values(f, mem, rec, attr, &values, &n, err) < 0)
			return -1;
		if (word == MOD_ADD && n == 0)
			return ldif_fail(f, err, "\"add:\" without a value");
		add_mod(mem, c, word, attr, values, n);
	}
	return 0;
}

int ldif_next_change(struct ldif *f, struct arena *mem, struct change *c, struct err *err)
{
	static int (*const readers[])(
		struct ldif *, struct arena *, struct record *, struct change *, struct err *) = {
		[RECORD_CONTENT] = read_add,
		[RECORD_ADD] = read_add,
		[RECORD_DELETE] = read_delete,
		[RECORD_MODIFY] = read_modify,
		[RECORD_RENAME] = read_rename,
	};
	struct record rec;
	int r = ldif_record_begin(f, mem, &rec, err);

	if (r <= 0)
		return r;
	f->content = f->content || rec.kind == RECORD_CONTENT;
	f->changes = f->changes || (rec.kind != RECORD_CONTENT && rec.kind != RECORD_ADD);
	if (f->content && f->changes) {
		f->line = f->record;
		return ldif_fail(f, err, "records with and without changetype in one file");
	}
	*c = (struct change){.name = rec.name};
	return readers[rec.kind](f, mem, &rec, c, err) < 0 ? -1 : 1;
}
