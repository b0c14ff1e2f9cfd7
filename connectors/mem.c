#include "connectors/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/dn.h"
#include "base/ldif.h"
#include "connectors/local.h"
#include "connectors/reading.h"
#include "connectors/types.h"

struct mem_dir {
	struct connector connector;
	struct arena *mem;
	unsigned id_attr;
	struct entry *entries;
	size_t n, room, at; /* at: the next to read */
	struct reading pass;
	struct mem_faults faults;
	const char *identity;
};

/* Counts down; true the once. */
static bool strikes(unsigned *count)
{
	return *count > 0 && --*count == 0;
}

static struct entry *find(struct mem_dir *d, struct value name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (dn_text_equal(d->entries[i].name, name))
			return &d->entries[i];
	}
	return NULL;
}

static void put_entry(struct mem_dir *d, const struct entry *e)
{
	if (d->n == d->room) {
		struct entry *more = arena_alloc(d->mem, (2 * d->room + 16) * sizeof(*more));
		if (d->n > 0)
			memcpy(more, d->entries, d->n * sizeof(*more));
		d->entries = more;
		d->room = 2 * d->room + 16;
	}
	entry_copy(d->mem, &d->entries[d->n], e);
	local_identify(d->mem, d->id_attr, &d->entries[d->n++]);
}

static int fill(struct mem_dir *d, struct ldif *f, struct err *err)
{
	struct entry e;
	int r;

	while ((r = ldif_next(f, d->mem, &e, err)) > 0)
		put_entry(d, &e);
	ldif_close(f);
	return r;
}

static struct mem_dir *create(unsigned id_attr)
{
	struct arena *mem = arena_new();
	struct mem_dir *d = arena_zalloc(mem, sizeof(*d));

	d->mem = mem;
	d->id_attr = id_attr;
	return d;
}

static int mem_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct mem_dir *d = create(attr_named(config_text(cfg, "id")));
	const char *file = config_text(cfg, "file");

	d->identity = arena_strdup(d->mem, config_text(cfg, "identity"));
	struct ldif *f;

	if (file != NULL && (ldif_open(file, false, &f, err) < 0 || fill(d, f, err) < 0)) {
		arena_free(d->mem);
		return -1;
	}
	*out = &d->connector;
	return 0;
}

struct connector *mem_new(const char *label, const char *ldif, struct err *err)
{
	struct mem_dir *d = create(attr_named("objectGUID"));

	d->connector.type = &mem_type;
	d->connector.label = label;
	d->identity = "";
	if (fill(d, ldif_memory(label, ldif, strlen(ldif)), err) == 0)
		return &d->connector;
	arena_free(d->mem);
	return NULL;
}

struct mem_faults *mem_faults(struct connector *c)
{
	return &((struct mem_dir *)c)->faults;
}

static int by_name(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return value_order(x[0], y[0]);
}

void mem_print(const struct connector *c, struct buf *out)
{
	const struct mem_dir *d = (const struct mem_dir *)c;
	struct arena *mem = arena_new();
	/* Pairs: the name in normal form, and the record. */
	struct value *records = arena_alloc(mem, 2 * d->n * sizeof(*records));
	struct buf text = {0};

	for (size_t i = 0; i < d->n; i++) {
		buf_clear(&text);
		ldif_print_entry(&text, &d->entries[i]);
		records[2 * i] = dn_normal(mem, d->entries[i].name);
		records[2 * i + 1] = value_copy(mem, (struct value){text.data, text.len});
	}
	qsort(records, d->n, 2 * sizeof(*records), by_name);
	for (size_t i = 0; i < d->n; i++)
		buf_add(out, records[2 * i + 1].data, records[2 * i + 1].len);
	buf_free(&text);
	arena_free(mem);
}

static int mem_identity(
	struct connector *c, struct arena *mem, const char **identity, struct err *err)
{
	(void)err;
	*identity = arena_strdup(mem, ((struct mem_dir *)c)->identity);
	return 0;
}

static int mem_read(struct connector *c, const struct query *q, struct err *err)
{
	struct mem_dir *d = (struct mem_dir *)c;

	d->at = 0;
	return reading_start(&d->pass, q, 0, err);
}

/* As a server finds values: whatever their case. */
static bool has_value(const struct entry *e, const struct wish *w)
{
	const struct attr *a = entry_get(e, w->attr);
	const unsigned nocase = attr_named("mail");

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (value_equal(w->attr, a->values[i], w->value) ||
			value_equal(nocase, a->values[i], w->value))
			return true;
	}
	return false;
}

static bool is_wished(const struct wish *w, const struct entry *e)
{
	switch (w->by) {
	case WISH_ID:
		return value_same(w->value, e->id);
	case WISH_NAME:
		return dn_text_equal(w->value, e->name);
	case WISH_VALUE:
		return has_value(e, w);
	}
	return false;
}

static bool is_asked_for(const struct query *q, const struct entry *e)
{
	bool asked = q->kind != QUERY_FIND;

	for (size_t i = 0; i < q->n_wishes && !asked; i++)
		asked = is_wished(&q->wishes[i], e);
	return asked;
}

static int mem_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct mem_dir *d = (struct mem_dir *)c;
	uint64_t key;

	while (d->at < d->n) {
		if (strikes(&d->faults.cut))
			return err_set(err, ERR_BUSY, "%s: the connection broke", c->label);
		entry_copy(mem, e, &d->entries[d->at++]);
		if (reading_take(&d->pass, e) && is_asked_for(&d->pass.query, e))
			return 1;
	}
	if (reading_end(&d->pass, &key) != TWICE_NONE)
		return err_set(err, ERR_FATAL, "%s: two entries have one id or name", c->label);
	return reading_gone(&d->pass, e) ? 1 : 0;
}

static int mem_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	(void)err;
	*cookie = value_copy(mem, reading_cookie(&((struct mem_dir *)c)->pass));
	return 0;
}

/* What a name is after the rename of another one or, with an empty new_name, its deletion: then
 * data is NULL. */
static struct value follow(
	struct arena *mem, struct value name, struct value old_name, struct value new_name)
{
	struct value up = name, parent;

	if (new_name.len == 0)
		return dn_text_equal(name, old_name) ? (struct value){NULL, 0} : name;
	while (!dn_text_equal(up, old_name)) {
		parent = dn_parent(up);
		if (parent.len == 0 || parent.len == up.len)
			return name;
		up = parent;
	}
	return local_moved(mem, name, up, new_name);
}

static void follow_values(
	struct arena *mem, struct entry *e, struct value old_name, struct value new_name)
{
	for (unsigned i = e->n; i-- > 0;) {
		struct attr *a = &e->attrs[i];
		unsigned n = 0;
		if (!local_refers(a->id))
			continue;
		for (unsigned k = 0; k < a->n; k++) {
			struct value v = follow(mem, a->values[k], old_name, new_name);
			if (v.data != NULL)
				a->values[n++] = v;
		}
		a->n = n;
		if (n == 0)
			entry_drop(e, a->id);
	}
}

/* Entries below follow, and references. */
static void follow_all(struct mem_dir *d, struct value old_name, struct value new_name)
{
	for (size_t i = 0; i < d->n; i++) {
		struct entry *e = &d->entries[i];
		if (new_name.len > 0)
			e->name = follow(d->mem, e->name, old_name, new_name);
		follow_values(d->mem, e, old_name, new_name);
	}
}

static bool has_children(const struct mem_dir *d, const struct entry *e)
{
	for (size_t i = 0; i < d->n; i++) {
		if (dn_text_equal(dn_parent(d->entries[i].name), e->name))
			return true;
	}
	return false;
}

static bool has_parent(struct mem_dir *d, struct value name)
{
	struct value parent = dn_parent(name);

	return parent.len == 0 || find(d, parent) != NULL;
}

/* Each gives NULL, or why not. */
static const char *do_add(struct mem_dir *d, const struct change *c, struct value *id)
{
	struct change all = local_complete(d->mem, d->id_attr, c);
	const struct entry *there = find(d, c->name);
	struct entry e = {0};

	if (there == NULL) {
		if (d->n > 0 && !has_parent(d, c->name))
			return "its parent does not exist";
		change_apply(d->mem, &e, &all);
		put_entry(d, &e);
		there = &d->entries[d->n - 1];
	} else if (!local_added(d->mem, d->id_attr, there, &all)) {
		return "exists already";
	}
	*id = there->id;
	return NULL;
}

static void rename_to(struct mem_dir *d, struct entry *e, struct value new_name)
{
	const struct value old_name = e->name;

	local_rename(d->mem, e, value_copy(d->mem, new_name));
	follow_all(d, old_name, e->name);
}

static const char *do_modify(struct mem_dir *d, const struct change *c, struct value *id)
{
	const bool rename = c->new_name.len > 0;
	struct entry *e = find(d, c->name), *there = rename ? find(d, c->new_name) : NULL;
	struct change rest = *c;
	struct entry kept;

	/* Done before: the entry has its new name already. */
	if (e == NULL && there != NULL && local_renamed(d->mem, d->id_attr, there, c))
		e = there;
	if (e == NULL)
		return "does not exist";
	if (there != NULL && there != e)
		return "its new name exists already";
	if (rename && !has_parent(d, c->new_name))
		return "its new parent does not exist";
	if (rename)
		rename_to(d, e, c->new_name);
	rest.new_name = (struct value){NULL, 0};
	change_apply(d->mem, e, &rest);
	entry_copy(d->mem, &kept, e);
	*e = kept;
	local_identify(d->mem, d->id_attr, e);
	*id = e->id;
	return NULL;
}

static const char *do_delete(struct mem_dir *d, const struct change *c, struct value *id)
{
	struct entry *e = find(d, c->name);

	*id = c->id;
	if (e == NULL)
		return NULL;
	if (has_children(d, e))
		return "has entries below it";
	memmove(e, e + 1, (size_t)(d->entries + d->n - (e + 1)) * sizeof(*e));
	d->n--;
	follow_all(d, c->name, (struct value){NULL, 0});
	return NULL;
}

static int mem_write(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	static const char *(*const todo[])(
		struct mem_dir *, const struct change *, struct value *) = {
		[CHANGE_ADD] = do_add,
		[CHANGE_MODIFY] = do_modify,
		[CHANGE_DELETE] = do_delete,
	};
	struct mem_dir *d = (struct mem_dir *)c;

	for (size_t i = 0; i < n; i++) {
		const char *why = NULL;
		bool fails = strikes(&d->faults.fail);
		out[i] = (struct outcome){.kind = OUTCOME_DONE};
		if (fails && d->faults.kind != ERR_ENTRY)
			return err_set(err, d->faults.kind, "%s: the connection broke", c->label);
		why = fails ? "was refused" : todo[changes[i].op](d, &changes[i], &out[i].id);
		out[i].id = value_copy(mem, out[i].id);
		if (strikes(&d->faults.unknown))
			out[i].kind = OUTCOME_UNKNOWN;
		else if (why != NULL)
			out[i].kind = OUTCOME_FAILED;
		if (out[i].kind == OUTCOME_FAILED)
			err_set(&out[i].err, ERR_ENTRY, "%.*s: %s", (int)changes[i].name.len,
				changes[i].name.data, why);
	}
	return 0;
}

static int mem_close(struct connector *c, struct err *err)
{
	struct mem_dir *d = (struct mem_dir *)c;

	(void)err;
	reading_free(&d->pass);
	arena_free(d->mem);
	return 0;
}

static const struct setting settings[] = {
	{"file", SETTING_PATH, NULL, NULL, "an LDIF file to begin with; it is not written to"},
	{"identity", SETTING_TEXT, "", NULL, "who it says it is"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type mem_type = {
	.name = "mem",
	.help = "a directory in memory, for rehearsals: it forgets what is written",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_BESIDE | NEEDS_REFERRED,
	.settings = settings,
	.open = mem_open,
	.read = mem_read,
	.next = mem_next,
	.cookie = mem_cookie,
	.write = mem_write,
	.identity = mem_identity,
	.close = mem_close,
};
