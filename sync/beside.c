#include "sync/beside.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/keys.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/beside_object.h"

struct comparing {
	struct plan *plan;
	const struct flow *flow;
	struct arena *mem, *scratch;
	struct spool *spool;
	struct keys there;   /* names of the target's managed entries: where they are spooled */
	struct keys planned; /* names of what we change: where the change is */
	struct keys address; /* targetAddresses of what we add: the same */
	struct keys seen;    /* names of ours that have a partner */
	struct buf held;     /* a rename of theirs, packed: its changes may come behind it */
	void (*tell)(void *with, const struct beside *);
	void *with;
	struct beside_sums *sums;
	struct err *err;
};

const char *likeness_name(enum likeness like)
{
	static const char *const names[] = {
		[LIKE_SAME] = "same",
		[LIKE_DIFFERS] = "differs",
		[LIKE_THEIRS] = "only theirs",
		[LIKE_OURS] = "only ours",
	};

	return names[like];
}

static bool managed(const struct flow *f, struct value name)
{
	for (unsigned i = 0; i < f->n_managed; i++) {
		if (dn_text_below(name, &f->managed[i]))
			return true;
	}
	return false;
}

/* --- what is there, and what we do, by name */

static int put(struct comparing *c, struct keys *index, uint64_t key, const struct buf *b)
{
	uint32_t at;

	if (spool_add(c->spool, b->data, b->len, &at, c->err) < 0)
		return -1;
	keys_put(index, key, at);
	return 0;
}

static int read_target(struct comparing *c, struct connector *target)
{
	const struct query all = {.kind = QUERY_ALL};
	struct buf b = {0};
	struct entry e;
	int rc = connector_read(target, &all, c->err);

	while (rc >= 0 && (rc = connector_next(target, c->scratch, &e, c->err)) == 1) {
		if (managed(c->flow, e.name)) {
			buf_clear(&b);
			entry_pack(&b, &e);
			rc = put(c, &c->there, dn_key(e.name), &b);
		}
		arena_reset(c->scratch);
	}
	buf_free(&b);
	return rc < 0 ? err_in(c->err, "target %s", c->flow->target) : 0;
}

static uint64_t address_key(struct value address)
{
	return hash_nocase(address.data, address.len, 0);
}

static struct value address_of(const struct change *change)
{
	const unsigned attr = attr_named("targetAddress");

	for (unsigned i = 0; i < change->n; i++) {
		if (change->mods[i].attr == attr && change->mods[i].n_add > 0)
			return change->mods[i].add[0];
	}
	return (struct value){NULL, 0};
}

static int read_plan(struct comparing *c)
{
	struct buf b = {0};
	struct step s;
	uint32_t place, at;
	int rc = plan_rewind(c->plan, c->err);

	while (rc >= 0 && (rc = plan_next(c->plan, c->scratch, &s, &place, c->err)) == 1) {
		if (s.write) {
			buf_clear(&b);
			change_pack(&b, &s.change);
			rc = put(c, &c->planned, dn_key(s.change.name), &b);
		}
		struct value address = address_of(&s.change);
		if (rc >= 0 && s.write && s.change.op == CHANGE_ADD && address.len > 0 &&
			keys_get(&c->planned, dn_key(s.change.name), &at))
			keys_put(&c->address, address_key(address), at);
		arena_reset(c->scratch);
	}
	buf_free(&b);
	return rc;
}

/* 1: found. */
static int get_entry(struct comparing *c, struct value name, struct entry *e)
{
	struct value bytes;
	uint32_t at;

	if (!keys_get(&c->there, dn_key(name), &at))
		return 0;
	if (spool_get(c->spool, at, c->scratch, &bytes, NULL, c->err) < 0)
		return -1;
	const char *from = bytes.data;
	if (entry_unpack(c->scratch, &from, from + bytes.len, e) < 0)
		return err_set(c->err, ERR_BUSY, "a spooled entry is damaged");
	return dn_text_equal(e->name, name);
}

static int get_change(
	struct comparing *c, const struct keys *index, uint64_t key, struct change *change)
{
	struct value bytes;
	uint32_t at;

	if (!keys_get(index, key, &at))
		return 0;
	if (spool_get(c->spool, at, c->scratch, &bytes, NULL, c->err) < 0)
		return -1;
	const char *from = bytes.data;
	if (change_unpack(c->scratch, &from, from + bytes.len, change) < 0)
		return err_set(c->err, ERR_BUSY, "a spooled change is damaged");
	return 1;
}

/* What we do to their object: by its name, else a new one with its address. */
static int find_ours(struct comparing *c, const struct foreign_record *r, bool is,
	const struct entry *theirs, struct change *ours)
{
	const struct value name = r->whole ? r->entry.name : r->change.name;
	const struct value address = entry_first(theirs, attr_named("targetAddress"));
	int rc = get_change(c, &c->planned, dn_key(name), ours);

	if (rc != 0)
		return rc < 0 ? -1 : dn_text_equal(ours->name, name);
	if (is || address.len == 0)
		return 0;
	rc = get_change(c, &c->address, address_key(address), ours);
	if (rc == 1 && keys_has(&c->seen, dn_key(ours->name)))
		return 0;
	return rc;
}

/* --- the file, then what is left of the plan */

static void count(struct comparing *c, unsigned attr, enum likeness how)
{
	struct beside_sums *s = c->sums;

	if (attr >= s->n_attrs) {
		unsigned n = attr_count() > attr ? attr_count() : attr + 1;
		struct beside_count *more = arena_zalloc(c->mem, n * sizeof(*more));
		if (s->n_attrs > 0)
			memcpy(more, s->attrs, s->n_attrs * sizeof(*more));
		s->attrs = more;
		s->n_attrs = n;
	}
	s->attrs[attr].n[how]++;
}

static void compare(struct comparing *c, const struct pairing *p)
{
	struct beside b;

	beside_object(c->scratch, c->flow, p, &b);
	for (unsigned i = 0; i < b.n; i++)
		count(c, b.attrs[i].attr, b.attrs[i].like);
	c->sums->objects.n[b.like]++;
	if (b.like != LIKE_SAME)
		c->tell(c->with, &b);
}

static int one_of_theirs(struct comparing *c, const struct foreign_record *r)
{
	const struct value name = r->whole ? r->entry.name : r->change.name;
	struct pairing p = {.theirs = r};
	struct change ours;

	c->sums->records++;
	if (r->whole && !managed(c->flow, name)) {
		c->sums->elsewhere++;
		return 0;
	}
	int is = get_entry(c, name, &p.before);
	if (is < 0)
		return -1;
	p.is = is == 1;
	struct entry theirs = r->entry;
	if (!r->whole)
		(void)beside_after(c->scratch, &r->change, p.is, &p.before, &theirs);
	int found = find_ours(c, r, p.is, &theirs, &ours);
	if (found < 0)
		return -1;
	if (found == 1) {
		p.ours = &ours;
		keys_put(&c->seen, dn_key(ours.name), 0);
	}
	compare(c, &p);
	return 0;
}

/* DSML tells a rename and what else changes in two requests: they are one change. Takes the held
 * rename, alone or with the mods of the record behind it (NULL: the end); *joined: with them. */
static int take_held(struct comparing *c, const struct foreign_record *behind, bool *joined)
{
	struct foreign_record first = {0};
	const char *at = c->held.data;

	*joined = false;
	if (c->held.len == 0)
		return 0;
	if (change_unpack(c->scratch, &at, at + c->held.len, &first.change) < 0)
		return err_set(c->err, ERR_BUSY, "a spooled change is damaged");
	*joined = behind != NULL && !behind->whole && behind->change.op == CHANGE_MODIFY &&
		  behind->change.new_name.len == 0 &&
		  dn_text_equal(behind->change.name, first.change.new_name);
	if (*joined) {
		first.change.n = behind->change.n;
		first.change.mods = behind->change.mods;
	}
	int rc = one_of_theirs(c, &first);
	buf_clear(&c->held);
	return rc;
}

static int take_record(struct comparing *c, const struct foreign_record *r)
{
	const bool rename = !r->whole && r->change.new_name.len > 0 && r->change.n == 0;
	bool joined;

	if (take_held(c, r, &joined) < 0)
		return -1;
	if (joined)
		return 0;
	if (!rename)
		return one_of_theirs(c, r);
	change_pack(&c->held, &r->change);
	return 0;
}

static int read_file(struct comparing *c, const char *path)
{
	struct foreign_record record;
	struct foreign *f;
	bool joined;
	int rc;

	if (foreign_open(path, FOREIGN_WILL, &f, c->err) < 0)
		return -1;
	while ((rc = foreign_next(f, c->scratch, &record, c->err)) == 1) {
		c->sums->format = foreign_format_name(foreign_format(f));
		if (take_record(c, &record) < 0) {
			rc = -1;
			break;
		}
		arena_reset(c->scratch);
	}
	foreign_close(f);
	return rc < 0 ? -1 : take_held(c, NULL, &joined);
}

static int read_rest(struct comparing *c)
{
	struct step s;
	uint32_t place;
	int rc = plan_rewind(c->plan, c->err);

	while (rc >= 0 && (rc = plan_next(c->plan, c->scratch, &s, &place, c->err)) == 1) {
		if (s.write && !keys_has(&c->seen, dn_key(s.change.name))) {
			struct pairing p = {.ours = &s.change};
			int is = get_entry(c, s.change.name, &p.before);
			p.is = is == 1;
			rc = is < 0 ? -1 : 0;
			if (is >= 0)
				compare(c, &p);
		}
		arena_reset(c->scratch);
	}
	return rc;
}

int beside_compare(struct plan *plan, struct connector *target, const char *path, struct arena *mem,
	void (*tell)(void *with, const struct beside *), void *with, struct beside_sums *sums,
	struct err *err)
{
	struct comparing c = {.plan = plan,
		.flow = plan->flow,
		.mem = mem,
		.scratch = arena_new(),
		.spool = spool_new(),
		.tell = tell,
		.with = with,
		.sums = sums,
		.err = err};
	int rc = -1;

	*sums = (struct beside_sums){.format = ""};
	keys_init(&c.there, 0, true);
	keys_init(&c.planned, 0, true);
	keys_init(&c.address, 0, true);
	keys_init(&c.seen, 0, false);
	if (c.spool == NULL)
		err_set(err, ERR_BUSY, "no room for a temporary file in %s", spool_folder());
	else if (read_target(&c, target) == 0 && read_plan(&c) == 0 && read_file(&c, path) == 0)
		rc = read_rest(&c);
	buf_free(&c.held);
	keys_free(&c.there);
	keys_free(&c.planned);
	keys_free(&c.address);
	keys_free(&c.seen);
	spool_free(c.spool);
	arena_free(c.scratch);
	return rc;
}
