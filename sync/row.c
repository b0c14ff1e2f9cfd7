#include "sync/row.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"

/* Beside the mode, in one byte. */
#define NOTHING 0x40
#define IN_FULL \
	0x20 /* the attribute and the line follow themselves, not their places in the rule */

/* The rule gives its attributes in an order, so that most are the next one, by its first line: what
 * a row wants of the fifty, of which it has some twenty, is told in three bytes each. Where the
 * attribute stands from `from` on, and its line there; false: not there. */
static bool in_rule(const struct rule *rule, const struct wanted *w, unsigned from, unsigned *place,
	unsigned *line)
{
	const char *where;
	unsigned n;
	const unsigned *attrs = rule_attrs(rule, &n);

	*place = from;
	while (*place < n && attrs[*place] != w->attr)
		(*place)++;
	if (*place == n)
		return false;
	*line = 0;
	while ((where = rule_line(rule, *place, *line)) != NULL && where != w->line)
		(*line)++;
	return where != NULL;
}

static void pack_wanted(
	struct buf *b, const struct rule *rule, const struct wanted *w, unsigned *next)
{
	const int mode = (int)w->mode | (w->nothing ? NOTHING : 0);
	unsigned place, line;

	if (rule != NULL && in_rule(rule, w, *next, &place, &line)) {
		buf_putc(b, (char)mode);
		pack_number(b, place - *next);
		pack_number(b, line);
		*next = place + 1;
	} else {
		buf_putc(b, (char)(mode | IN_FULL));
		pack_number(b, w->attr);
		pack_text(b, w->line);
	}
	pack_values(b, w->values, w->n);
}

static void pack_desired(struct buf *b, const struct desired *d)
{
	unsigned next = 0;

	pack_number(b, d->rule != NULL ? rule_number(d->rule) + 1 : 0);
	pack_value(b, d->rdn);
	pack_number(b, d->n);
	for (unsigned i = 0; i < d->n; i++)
		pack_wanted(b, d->rule, &d->attrs[i], &next);
	pack_number(b, d->n_joins);
	for (unsigned i = 0; i < d->n_joins; i++) {
		pack_number(b, d->joins[i].group);
		pack_number(b, d->joins[i].attr);
		pack_value(b, d->joins[i].value);
		pack_text(b, d->joins[i].line);
	}
	pack_number(b, d->n_complaints);
	for (unsigned i = 0; i < d->n_complaints; i++) {
		pack_text(b, d->complaints[i].code);
		buf_putc(b, (char)d->complaints[i].warning);
		pack_number(b, d->complaints[i].attr);
		pack_text(b, d->complaints[i].text);
	}
}

void row_pack(struct buf *b, const struct open_row *row)
{
	buf_add(b, &row->key, sizeof(row->key));
	buf_add(b, &row->source_digest, sizeof(row->source_digest));
	buf_add(b, &row->name_key, sizeof(row->name_key));
	buf_putc(b, (char)row->presence);
	pack_number(b, row->link);
	pack_value(b, row->id);
	pack_value(b, row->name);
	pack_value(b, row->department);
	pack_text(b, row->flag);
	pack_value(b, row->fault);
	pack_desired(b, &row->desired);
}

static int unpack_byte(const char **at, const char *end, unsigned char *byte)
{
	if (*at == end)
		return -1;
	*byte = (unsigned char)*(*at)++;
	return 0;
}

/* A count whose items take at least one byte each. */
static int unpack_count(const char **at, const char *end, unsigned *n)
{
	uint32_t count;

	if (unpack_number(at, end, &count) < 0 || count > (size_t)(end - *at))
		return -1;
	*n = count;
	return 0;
}

static int unpack_place(
	const char **at, const char *end, const struct rule *rule, unsigned *next, struct wanted *w)
{
	uint32_t skip, line;
	unsigned n;

	if (rule == NULL || unpack_number(at, end, &skip) < 0 || unpack_number(at, end, &line) < 0)
		return -1;
	const unsigned *attrs = rule_attrs(rule, &n);
	if (skip >= n - *next)
		return -1;
	*next += skip + 1;
	w->attr = attrs[*next - 1];
	w->line = rule_line(rule, *next - 1, line);
	return w->line != NULL ? 0 : -1;
}

static int unpack_in_full(const char **at, const char *end, struct wanted *w)
{
	uint32_t attr;

	if (unpack_number(at, end, &attr) < 0 || unpack_text(at, end, &w->line) < 0)
		return -1;
	w->attr = attr;
	return 0;
}

static int unpack_wanted(struct arena *mem, const char **at, const char *end,
	const struct rule *rule, unsigned *next, struct wanted *w)
{
	unsigned char mode;

	if (unpack_byte(at, end, &mode) < 0 ||
		((mode & IN_FULL) != 0 ? unpack_in_full(at, end, w)
				       : unpack_place(at, end, rule, next, w)) < 0)
		return -1;
	w->mode = (enum flow_mode)(mode & ~(NOTHING | IN_FULL));
	w->nothing = (mode & NOTHING) != 0;
	return unpack_values(mem, at, end, &w->n, &w->values);
}

static int unpack_join(const char **at, const char *end, struct join_key *j)
{
	uint32_t group, attr;

	if (unpack_number(at, end, &group) < 0 || unpack_number(at, end, &attr) < 0)
		return -1;
	j->group = group;
	j->attr = attr;
	return unpack_value(at, end, &j->value) < 0 ? -1 : unpack_text(at, end, &j->line);
}

static int unpack_complaint(const char **at, const char *end, struct complaint *c)
{
	unsigned char warning;
	uint32_t attr;

	if (unpack_text(at, end, &c->code) < 0 || unpack_byte(at, end, &warning) < 0 ||
		unpack_number(at, end, &attr) < 0)
		return -1;
	c->warning = warning != 0;
	c->attr = attr;
	return unpack_text(at, end, &c->text);
}

static int unpack_desired(struct arena *mem, const struct rules *rules, const char **at,
	const char *end, struct desired *d)
{
	unsigned next = 0;
	uint32_t rule;

	if (unpack_number(at, end, &rule) < 0 || rule > rules_count(rules) ||
		unpack_value(at, end, &d->rdn) < 0 || unpack_count(at, end, &d->n) < 0)
		return -1;
	d->rule = rule > 0 ? rules_at(rules, rule - 1) : NULL;
	d->attrs = arena_alloc(mem, d->n * sizeof(*d->attrs));
	for (unsigned i = 0; i < d->n; i++) {
		if (unpack_wanted(mem, at, end, d->rule, &next, &d->attrs[i]) < 0)
			return -1;
	}
	if (unpack_count(at, end, &d->n_joins) < 0)
		return -1;
	d->joins = arena_alloc(mem, d->n_joins * sizeof(*d->joins));
	for (unsigned i = 0; i < d->n_joins; i++) {
		if (unpack_join(at, end, &d->joins[i]) < 0)
			return -1;
	}
	if (unpack_count(at, end, &d->n_complaints) < 0)
		return -1;
	d->complaints = arena_alloc(mem, d->n_complaints * sizeof(*d->complaints));
	for (unsigned i = 0; i < d->n_complaints; i++) {
		if (unpack_complaint(at, end, &d->complaints[i]) < 0)
			return -1;
	}
	return 0;
}

int row_unpack(
	struct arena *mem, const struct rules *rules, struct value bytes, struct open_row *row)
{
	const char *at = bytes.data, *end = bytes.data + bytes.len;
	unsigned char presence;

	*row = (struct open_row){0};
	if (bytes.len < 3 * sizeof(uint64_t))
		return -1;
	memcpy(&row->key, at, sizeof(row->key));
	memcpy(&row->source_digest, at + 8, sizeof(row->source_digest));
	memcpy(&row->name_key, at + 16, sizeof(row->name_key));
	at += 24;
	if (unpack_byte(&at, end, &presence) < 0 || unpack_number(&at, end, &row->link) < 0 ||
		unpack_value(&at, end, &row->id) < 0 || unpack_value(&at, end, &row->name) < 0 ||
		unpack_value(&at, end, &row->department) < 0 ||
		unpack_text(&at, end, &row->flag) < 0 || unpack_value(&at, end, &row->fault) < 0)
		return -1;
	row->presence = (enum presence)presence;
	return unpack_desired(mem, rules, &at, end, &row->desired);
}
