#include "sync/undone.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/hash.h"

#define TIMES (UNDONE_FROZEN - 1)
#define DAYS 30

/* As bytes. */
#define SIZE 7

struct count {
	uint32_t attr; /* hash */
	unsigned n, day;
};

/* What became of an attribute in a step. */
enum fate { AS_IT_WAS, PUT_BACK, LEFT_ALONE };

static uint32_t attr_hash(const struct flow *f, unsigned attr)
{
	return (uint32_t)hash_nocase(attr_name(attr), strlen(attr_name(attr)), f->epoch);
}

static unsigned day_of(long long now)
{
	return (unsigned)(now / 86400) & UINT16_MAX;
}

static struct count count_at(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (struct count){
		(uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24,
		b[4], b[5] | (unsigned)b[6] << 8};
}

static void put_count(char *bytes, const struct count *c)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (char)(c->attr >> 8 * i & 0xff);
	bytes[4] = (char)c->n;
	bytes[5] = (char)(c->day & 0xff);
	bytes[6] = (char)(c->day >> 8);
}

/* What still counts of an attribute; n is 0 when nothing does. A clock that was put back is no
 * reason to forget. */
static struct count known(
	const struct flow *f, const struct link *link, unsigned attr, long long now)
{
	const struct value v = link != NULL ? link->undone : (struct value){NULL, 0};
	const struct count none = {attr_hash(f, attr), 0, 0};

	for (size_t at = 0; at + SIZE <= v.len; at += SIZE) {
		const struct count c = count_at(v.data + at);
		const bool over = c.n < UNDONE_FROZEN && day_of(now) > c.day + DAYS;
		if (c.attr == none.attr)
			return over ? none : c;
	}
	return none;
}

bool undone_frozen(const struct flow *f, const struct link *link, unsigned attr, long long now)
{
	return known(f, link, attr, now).n >= TIMES;
}

bool undone_reports(const struct flow *f, const struct link *link, unsigned attr, long long now)
{
	return f->on_denied == DENIED_REPORT || undone_frozen(f, link, attr, now);
}

unsigned undone_times(const struct flow *f, const struct link *link, unsigned attr, long long now)
{
	return known(f, link, attr, now).n;
}

/* Did the target's side do something to it? A contact that is added again was deleted there. */
static bool changed(
	const struct flow *f, const struct row *row, const struct step *s, unsigned attr)
{
	bool by_them =
		s->op == STEP_ADD && !row->deleted && attr == attr_named("distinguishedName");

	for (unsigned i = 0; i < s->n_denied && !by_them; i++)
		by_them = s->denied[i].attr == attr && strcmp(s->denied[i].side, f->target) == 0;
	return by_them;
}

static enum fate fate_of(
	const struct flow *f, const struct row *row, const struct step *s, unsigned attr)
{
	if (!changed(f, row, s, attr))
		return AS_IT_WAS;
	return undone_reports(f, row->link, attr, row->now) ? LEFT_ALONE : PUT_BACK;
}

static struct count count_after(
	const struct flow *f, const struct row *row, const struct step *s, unsigned attr)
{
	struct count c = known(f, row->link, attr, row->now);
	const enum fate fate = fate_of(f, row, s, attr);

	if (fate == PUT_BACK) {
		c.n++;
		c.day = day_of(row->now);
	} else if (fate == LEFT_ALONE) {
		c.n = c.n >= TIMES ? UNDONE_FROZEN : c.n;
	} else {
		c.n = c.n >= UNDONE_FROZEN ? 0 : c.n;
	}
	return c;
}

struct value undone_after(
	struct arena *mem, const struct flow *f, const struct row *row, const struct step *s)
{
	struct value after = {NULL, 0};
	unsigned n;

	if (row->link == NULL ||
		(row->link->undone.len == 0 && s->n_denied == 0 && s->op != STEP_ADD))
		return after;
	const unsigned *attrs = rule_attrs(row->open->desired.rule, &n);
	char *bytes = arena_alloc(mem, (n + 1) * SIZE);
	for (unsigned i = 0; i <= n; i++) {
		struct count c =
			count_after(f, row, s, i < n ? attrs[i] : attr_named("distinguishedName"));
		if (c.n == 0)
			continue;
		put_count(bytes + after.len, &c);
		after.len += SIZE;
	}
	after.data = bytes;
	return after;
}

/* Another flow into the same directory, or whoever works there. */
static const char *suspects(struct arena *mem, const struct flow *f)
{
	const char *text = NULL;

	for (unsigned i = 0; i < f->n_beside; i++)
		text = text == NULL ? arena_printf(mem, "flow %s", f->beside[i])
				    : arena_printf(mem, "%s, flow %s", text, f->beside[i]);
	if (text != NULL)
		return text;
	return arena_printf(mem, "somebody in %s, %.*s", f->target, (int)f->into.len, f->into.data);
}

const char *undone_tell(
	struct arena *mem, const struct flow *f, const struct row *row, const struct step *s)
{
	const char *text = NULL;

	for (unsigned i = 0; i < s->n_denied; i++) {
		const unsigned attr = s->denied[i].attr;
		bool told =
			!changed(f, row, s, attr) || !undone_frozen(f, row->link, attr, row->now);
		for (unsigned k = 0; k < i && !told; k++)
			told = s->denied[k].attr == attr;
		if (!told)
			text = arena_printf(mem,
				"%s%sfrozen: %s was put back %d times and changed again: who else "
				"writes it? %s",
				text != NULL ? text : "", text != NULL ? "; " : "", attr_name(attr),
				TIMES, suspects(mem, f));
	}
	return text;
}
