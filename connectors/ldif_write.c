#include "base/arena.h"
#include "base/hash.h"
#include "base/keys.h"
#include "base/ldif.h"
#include "connectors/ldif.h"
#include "connectors/local.h"

/*
 * Names are known by their keys: those that there were when they were learnt, and what happened to
 * them since. Only where a change may have been done before are entries looked at.
 */

/* A change that may have been done before: an add of a name that is there, a rename to one. */
struct doubt {
	const struct change *change; /* an add with everything in it */
	uint64_t key;                /* of the name */
	bool done;                   /* the entry there is what the change made */
	struct value id;             /* its id */
};

struct batch {
	struct ldif_dir *dir;
	struct arena *mem;     /* what the outcomes point to */
	struct arena *scratch; /* reset per change */
	struct buf text;
	uint32_t done;        /* events before this batch */
	bool moved;           /* names below a renamed entry are others now */
	struct doubt *doubts; /* a place for each change */
	struct keylist doubted;
};

static int learn_names(struct ldif_dir *d, struct err *err)
{
	struct arena *mem = arena_new();
	struct overlay all;
	struct entry e;

	keylist_free(&d->names);
	keys_free(&d->parents);
	keys_init(&d->parents, 0, false);
	int r = overlay_open(&all, &d->changes, d->allow_urls, err);
	if (r == 0)
		r = changes_note(&d->changes, ldif_fd(all.file), err);
	while (r >= 0 && (r = overlay_next(&all, mem, &e, err)) > 0) {
		keylist_add(&d->names, dn_key(e.name), 0);
		keys_put(&d->parents, dn_key(dn_parent(e.name)), 0);
		arena_reset(mem);
	}
	keylist_sort(&d->names);
	d->names_at = d->changes.whole;
	d->names_known = r == 0;
	overlay_close(&all);
	arena_free(mem);
	return r;
}

/* Ready to append: what a crash left between the rename and the removal is removed. */
static int begin(struct ldif_dir *d, size_t n, struct err *err)
{
	if (ldif_load(d, err) < 0)
		return -1;
	if (d->changes.merged && changes_remove(&d->changes, err) < 0)
		return -1;
	return d->names_known || n == 0 ? 0 : learn_names(d, err);
}

static bool exists(const struct ldif_dir *d, struct value name)
{
	const uint64_t key = dn_key(name);
	const struct event *last = changes_last(
		&d->changes, key, EVENT_ADD | EVENT_RENAME | EVENT_ARRIVE | EVENT_DELETE);

	if (last != NULL && last->at >= d->names_at)
		return (last->kind & (EVENT_ADD | EVENT_ARRIVE)) != 0;
	return keylist_have(&d->names, key);
}

static void add_doubt(struct batch *b, struct doubt *doubt, const struct change *c)
{
	const struct ldif_dir *d = b->dir;
	struct value name = c->name;

	if (c->op == CHANGE_MODIFY && c->new_name.len > 0 && !exists(d, c->name))
		name = c->new_name;
	else if (c->op != CHANGE_ADD)
		return;
	if (!exists(d, name))
		return;
	struct change *all = arena_alloc(b->mem, sizeof(*all));
	*all = c->op == CHANGE_ADD ? local_complete(b->mem, d->id_attr, c) : *c;
	*doubt = (struct doubt){.change = all, .key = dn_key(name)};
	keylist_add(&b->doubted, doubt->key, 0);
}

static void settle_doubt(struct batch *b, struct doubt *doubt, const struct entry *e)
{
	const struct change *c = doubt->change;
	const unsigned id_attr = b->dir->id_attr;

	if (c->op == CHANGE_ADD)
		doubt->done = local_added(b->mem, id_attr, e, c);
	else
		doubt->done = local_renamed(b->mem, id_attr, e, c);
	doubt->id = value_copy(b->mem, e->id);
}

static int settle_doubts(struct batch *b, size_t n, struct err *err)
{
	struct ldif_dir *d = b->dir;
	struct arena *mem = arena_new();
	struct overlay all;
	struct entry e;

	keylist_sort(&b->doubted);
	int r = overlay_open(&all, &d->changes, d->allow_urls, err);
	while (r >= 0 && (r = overlay_next(&all, mem, &e, err)) > 0) {
		uint64_t key = dn_key(e.name);
		if (keylist_have(&b->doubted, key)) {
			local_identify(mem, d->id_attr, &e);
			for (size_t i = 0; i < n; i++) {
				if (b->doubts[i].change != NULL && b->doubts[i].key == key)
					settle_doubt(b, &b->doubts[i], &e);
			}
		}
		arena_reset(mem);
	}
	overlay_close(&all);
	arena_free(mem);
	return r;
}

static void put_record(struct batch *b, const struct change *c)
{
	struct changes *changes = &b->dir->changes;
	const size_t at = b->text.len;

	ldif_print_change(&b->text, c);
	if (c->op == CHANGE_ADD || c->new_name.len > 0) {
		struct value name = c->op == CHANGE_ADD ? c->name : c->new_name;
		keys_put(&b->dir->parents, dn_key(dn_parent(name)), 0);
	}
	if (c->new_name.len > 0)
		b->moved = b->moved || keys_has(&b->dir->parents, dn_key(c->name));
	changes_index(changes, changes->whole + at, b->text.len - at, c);
}

static void fail(struct outcome *out, struct value name, const char *why)
{
	out->kind = OUTCOME_FAILED;
	err_set(&out->err, ERR_ENTRY, "%.*s: %s", (int)name.len, name.data, why);
}

/* As ldif_peek will have it of the merged file: without the empty line. */
static uint64_t printed_digest(const struct entry *e)
{
	struct buf text = {0};

	ldif_print_entry(&text, e);
	uint64_t digest = hash_bytes(text.data, text.len - 1, 0);
	buf_free(&text);
	return digest;
}

static void put_add(
	struct batch *b, const struct change *c, const struct doubt *doubt, struct outcome *out)
{
	struct entry e = {0};

	out->id = doubt->id;
	if (exists(b->dir, c->name)) {
		if (!doubt->done)
			fail(out, c->name, "exists already");
		return;
	}
	struct change all = local_complete(b->scratch, b->dir->id_attr, c);
	if (all.n == 0) {
		fail(out, c->name, "has no attributes");
		return;
	}
	put_record(b, &all);
	change_apply(b->scratch, &e, &all);
	local_identify(b->scratch, b->dir->id_attr, &e);
	out->id = value_copy(b->mem, e.id);
	out->digest = printed_digest(&e);
}

/* A rename and what else changes are two records, as in LDAP. */
static void put_modify(
	struct batch *b, const struct change *c, const struct doubt *doubt, struct outcome *out)
{
	const bool rename = c->new_name.len > 0, there = exists(b->dir, c->name);
	const bool done = doubt->done && !there;
	const bool same = rename && dn_text_equal(c->name, c->new_name);
	struct change part = *c;

	out->id = c->id;
	if (rename && value_same(c->id, dn_normal(b->scratch, c->name)))
		out->id = dn_normal(b->mem, c->new_name);
	if (!there && !done) {
		fail(out, c->name, "does not exist");
		return;
	}
	if (rename && !done) {
		if (!same && exists(b->dir, c->new_name)) {
			fail(out, c->new_name, "exists already");
			return;
		}
		part.n = 0;
		put_record(b, &part);
	}
	if (c->n > 0) {
		part = *c;
		part.name = rename ? c->new_name : c->name;
		part.new_name = (struct value){NULL, 0};
		put_record(b, &part);
	}
}

/* What is gone is deleted already. */
static void put_delete(
	struct batch *b, const struct change *c, const struct doubt *doubt, struct outcome *out)
{
	(void)doubt;
	out->id = c->id;
	if (exists(b->dir, c->name))
		put_record(b, c);
}

static void put_change(
	struct batch *b, const struct change *c, const struct doubt *doubt, struct outcome *out)
{
	static void (*const put[])(
		struct batch *, const struct change *, const struct doubt *, struct outcome *) = {
		[CHANGE_ADD] = put_add,
		[CHANGE_MODIFY] = put_modify,
		[CHANGE_DELETE] = put_delete,
	};
	const struct value names[] = {c->name, c->new_name};

	*out = (struct outcome){.kind = OUTCOME_DONE};
	for (unsigned i = 0; i < (c->new_name.len > 0 ? 2 : 1); i++) {
		if (dn_depth(names[i]) == 0)
			fail(out, names[i], "is not a name");
		else if (!ldif_within(b->dir, names[i]))
			fail(out, names[i], "lies outside the base");
	}
	if (out->kind == OUTCOME_DONE)
		put[c->op](b, c, doubt, out);
}

static int append(struct batch *b, struct err *err)
{
	struct changes *changes = &b->dir->changes;

	if (changes_count(changes) == b->done)
		return 0;
	if (changes_append(changes, &b->text, err) < 0) {
		changes_forget(changes, b->done);
		return -1;
	}
	b->done = changes_count(changes);
	buf_clear(&b->text);
	return 0;
}

/* When an entry with others in it was renamed, those must be learnt before the next change. */
static int put_changes(struct batch *b, const struct change *changes, struct outcome *out, size_t n,
	struct err *err)
{
	changes_begin(&b->dir->changes, &b->text);
	for (size_t i = 0; i < n; i++) {
		put_change(b, &changes[i], &b->doubts[i], &out[i]);
		arena_reset(b->scratch);
		if (!b->moved)
			continue;
		if (append(b, err) < 0 || learn_names(b->dir, err) < 0)
			return -1;
		b->moved = false;
	}
	return append(b, err);
}

int ldif_write(struct connector *c, const struct change *changes, struct outcome *out, size_t n,
	struct arena *mem, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;
	struct batch b = {.dir = d, .mem = mem};
	int r = begin(d, n, err);

	if (r < 0)
		return -1;
	b.scratch = arena_new();
	b.done = changes_count(&d->changes);
	b.doubts = arena_zalloc(mem, n * sizeof(*b.doubts));
	for (size_t i = 0; i < n; i++)
		add_doubt(&b, &b.doubts[i], &changes[i]);
	if (keylist_count(&b.doubted) > 0)
		r = settle_doubts(&b, n, err);
	if (r == 0)
		r = put_changes(&b, changes, out, n, err);
	d->written = d->written || r == 0;
	keylist_free(&b.doubted);
	buf_free(&b.text);
	arena_free(b.scratch);
	return r;
}
