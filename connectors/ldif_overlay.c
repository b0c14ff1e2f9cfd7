#include "base/arena.h"
#include "base/ldif.h"
#include "connectors/ldif.h"
#include "connectors/local.h"

#define ALWAYS UINT64_MAX

int overlay_open(struct overlay *o, struct changes *changes, bool allow_urls, struct err *err)
{
	*o = (struct overlay){.changes = changes};
	for (uint32_t i = 0; i < changes_count(changes); i++)
		changes_event(changes, i)->met = 0;
	if (ldif_open(changes->file, allow_urls, &o->file, err) < 0)
		return -1;
	return changes_fit(changes, ldif_fd(o->file), err);
}

void overlay_close(struct overlay *o)
{
	ldif_close(o->file);
	*o = (struct overlay){0};
}

unsigned long overlay_line(const struct overlay *o)
{
	return o->ended ? 0 : ldif_line(o->file);
}

/* The first thing to happen to a name after a time: to itself, or a rename of what it is in. whom
 * is the name that it happens to: all of the first, or the end of it. */
static struct event *next_event(const struct changes *c, struct value name, uint64_t after,
	unsigned kinds, struct value *whom)
{
	struct event *first = changes_after(c, dn_key(name), after, kinds);
	struct value up = name, parent;

	*whom = name;
	if ((c->kinds & EVENT_RENAME) == 0)
		return first;
	/* What is no name has itself for a parent. */
	while ((parent = dn_parent(up)).len > 0 && parent.len < up.len) {
		struct event *ev = changes_after(c, dn_key(parent), after, EVENT_RENAME);
		if (ev != NULL && (first == NULL || ev->at < first->at)) {
			first = ev;
			*whom = parent;
		}
		up = parent;
	}
	return first;
}

/* Where a reference points after all that happens until a time; data NULL: its entry is deleted. */
static int follow_value(struct changes *c, struct arena *mem, struct value *v, uint64_t after,
	uint64_t until, struct err *err)
{
	struct change change;
	struct value whom;

	for (;;) {
		const struct event *ev =
			next_event(c, *v, after, EVENT_RENAME | EVENT_DELETE, &whom);
		if (ev == NULL || ev->at > until)
			return 0;
		if (ev->kind == EVENT_DELETE) {
			v->data = NULL;
			return 0;
		}
		if (changes_read(c, ev, mem, &change, err) < 0)
			return -1;
		*v = local_moved(mem, *v, whom, change.new_name);
		after = ev->at;
	}
}

static int follow_references(struct changes *c, struct arena *mem, struct entry *e, uint64_t after,
	uint64_t until, struct err *err)
{
	if ((c->kinds & (EVENT_RENAME | EVENT_DELETE)) == 0)
		return 0;
	for (unsigned i = e->n; i-- > 0;) {
		struct attr *a = &e->attrs[i];
		unsigned n = 0;
		if (!local_refers(a->id))
			continue;
		for (unsigned k = 0; k < a->n; k++) {
			struct value v = a->values[k];
			if (follow_value(c, mem, &v, after, until, err) < 0)
				return -1;
			if (v.data != NULL)
				a->values[n++] = v;
		}
		a->n = n;
		if (n == 0)
			entry_drop(e, a->id);
	}
	return 0;
}

static void rename_entry(
	struct arena *mem, struct entry *e, struct value whom, struct value new_name)
{
	if (whom.len == e->name.len)
		local_rename(mem, e, new_name);
	else
		e->name = local_moved(mem, e->name, whom, new_name);
}

/* All that happens to an entry after it came to be. 1: this is it, 0: it is deleted, -1. */
static int follow(
	struct changes *c, struct arena *mem, struct entry *e, uint64_t after, struct err *err)
{
	const unsigned kinds = EVENT_ADD | EVENT_MODIFY | EVENT_RENAME | EVENT_DELETE;
	struct change change;
	struct value whom;

	for (;;) {
		struct event *ev = next_event(c, e->name, after, kinds, &whom);
		uint64_t until = ev != NULL ? ev->at : ALWAYS;
		if (follow_references(c, mem, e, after, until, err) < 0)
			return -1;
		if (ev == NULL)
			return 1;
		after = ev->at;
		/* An add of what is there adds nothing: it is met here, and never looked at again.
		 */
		ev->met = 1;
		if (ev->kind == EVENT_DELETE)
			return 0;
		if (ev->kind == EVENT_ADD)
			continue;
		if (changes_read(c, ev, mem, &change, err) < 0)
			return -1;
		if (ev->kind == EVENT_RENAME)
			rename_entry(mem, e, whom, change.new_name);
		else
			change_apply(mem, e, &change);
	}
}

/* The next entry that comes to be after the file was written. */
static int next_added(struct overlay *o, struct arena *mem, struct entry *e, struct err *err)
{
	struct changes *c = o->changes;
	struct change change;
	int r = 0;

	while (r == 0 && o->add < changes_count(c)) {
		struct event *ev = changes_event(c, o->add++);
		struct arena_mark mark = arena_mark(mem);
		if (ev->kind != EVENT_ADD || ev->met)
			continue;
		if (changes_read(c, ev, mem, &change, err) < 0)
			return -1;
		*e = (struct entry){0};
		change_apply(mem, e, &change);
		r = follow(c, mem, e, ev->at, err);
		if (r == 0)
			arena_rewind(mem, mark);
	}
	return r;
}

int overlay_peek(struct overlay *o, struct arena *mem, const char *id_name, struct ldif_peeked *p,
	struct err *err)
{
	if (o->ended || changes_count(o->changes) > 0)
		return 2;
	int r = ldif_peek(o->file, mem, id_name, p, err);
	return r == 0 ? 2 : r;
}

void overlay_pass(struct overlay *o)
{
	ldif_pass(o->file);
}

int overlay_next(struct overlay *o, struct arena *mem, struct entry *e, struct err *err)
{
	struct changes *c = o->changes;

	while (!o->ended) {
		struct arena_mark mark = arena_mark(mem);
		int r = ldif_next(o->file, mem, e, err);
		if (r > 0 && changes_count(c) > 0)
			r = follow(c, mem, e, 0, err);
		else if (r == 0)
			o->ended = true;
		if (r != 0)
			return r;
		arena_rewind(mem, mark);
	}
	return next_added(o, mem, e, err);
}
