#include "sync/history.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "sync/commands.h"
#include "sync/stopped.h"

#define COLUMN 30

const char *history_op_name(const struct op *op)
{
	const struct step s = {.op = op->kind};

	return report_op(&s);
}

const char *history_result(const struct op *op)
{
	static const char *const texts[] = {
		[OP_DONE] = "",
		[OP_FAILED] = "failed",
		[OP_UNKNOWN] = "not known whether it was done",
	};

	return texts[op->result];
}

unsigned history_mods(struct arena *mem, const struct op *op, struct mod **mods)
{
	const struct change *c = &op->change;
	const bool renamed = c->new_name.len > 0;
	unsigned n = 0;

	*mods = arena_zalloc(mem, (c->n + op->before.n + 1) * sizeof(**mods));
	if (renamed) {
		struct value *names = arena_alloc(mem, 2 * sizeof(*names));
		names[0] = c->name;
		names[1] = c->new_name;
		(*mods)[n++] = (struct mod){.attr = attr_named("distinguishedName"),
			.n_remove = 1,
			.remove = &names[0],
			.n_add = 1,
			.add = &names[1]};
	}
	for (unsigned i = 0; i < c->n; i++)
		(*mods)[n++] = c->mods[i];
	for (unsigned i = 0; op->has_before && i < op->before.n; i++) {
		const struct attr *a = &op->before.attrs[i];
		(*mods)[n++] = (struct mod){.attr = a->id, .n_remove = a->n, .remove = a->values};
	}
	return n;
}

/* Who wrote, and as whom. */
static const char *set_by(struct arena *mem, const struct journal_head *head)
{
	return arena_printf(
		mem, "set as %s by %s", head->side, report_value(mem, value_of(head->who)));
}

static void values(const struct history *h, struct arena *mem, const struct mod *m)
{
	const char *name = attr_name(m->attr);

	for (unsigned i = 0; i < m->n_remove; i++, name = "")
		(void)fprintf(h->report.out, "    %-*s - %s\n", COLUMN, name,
			report_value(mem, m->remove[i]));
	for (unsigned i = 0; i < m->n_add; i++, name = "")
		(void)fprintf(h->report.out, "    %-*s + %s\n", COLUMN, name,
			report_value(mem, m->add[i]));
}

void history_op(struct history *h, struct arena *mem, const char *flow, long long when,
	const struct journal_head *head, const struct op *op)
{
	struct mod *mods;
	char text[TIME_ROOM];

	if (h->report.format == REPORT_JSON) {
		history_json_op(h, mem, flow, when, head, op);
		return;
	}
	const unsigned n = history_mods(mem, op, &mods);
	const char *result = history_result(op);
	if (h->with_run && h->last != op->run) {
		(void)fprintf(
			h->report.out, "run %lld of %s, %s", op->run, flow, time_local(when, text));
		if (head->side != NULL)
			(void)fprintf(h->report.out, ", %s", set_by(mem, head));
		(void)fputc('\n', h->report.out);
	}
	h->last = op->run;
	(void)fprintf(h->report.out, "%-8s %s%s%s%s\n", history_op_name(op),
		report_value(mem, op->change.name), result[0] != '\0' ? " (" : "", result,
		result[0] != '\0' ? ")" : "");
	for (unsigned i = 0; i < n; i++)
		values(h, mem, &mods[i]);
}

static void counts(FILE *out, const struct run *r)
{
	const struct {
		const char *name;
		long long n;
	} all[] = {{"added", r->add}, {"modified", r->modify}, {"renamed", r->rename},
		{"deleted", r->remove}, {"in conflict", r->conflict}, {"denied", r->denied},
		{"failed", r->failed}};

	(void)fprintf(out, "%lld read", r->read);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].n > 0)
			(void)fprintf(out, ", %lld %s", all[i].n, all[i].name);
	}
}

void history_run(struct history *h, struct arena *mem, const char *flow, const struct run *r,
	const struct journal_head *head)
{
	FILE *out = h->report.out;
	char text[TIME_ROOM];

	if (h->report.format == REPORT_JSON) {
		history_json_run(h, mem, flow, r, head);
		return;
	}
	(void)fprintf(out, "%6lld  %s  %s  ", r->id, time_local(r->started, text), flow);
	if (r->finished == 0) {
		(void)fputs(stopped_word(r), out);
		if (r->error != NULL)
			(void)fprintf(out, ", exit %d: %s", r->exit,
				report_value(mem, value_of(r->error)));
	} else {
		(void)fprintf(out, "%s, exit %d: ",
			head != NULL && head->side != NULL  ? set_by(mem, head)
			: head != NULL && head->undoes != 0 ? "undo"
			: r->full                           ? "full"
							    : "delta",
			r->exit);
		counts(out, r);
		if (r->error != NULL)
			(void)fprintf(out, "; %s", report_value(mem, value_of(r->error)));
	}
	if (head != NULL && head->undoes != 0)
		(void)fprintf(out, "; undo of run %lld", head->undoes);
	if (head != NULL && head->undone != 0)
		(void)fprintf(out, "; undone by run %lld", head->undone);
	(void)fputc('\n', out);
}

static bool same_text(struct value v, const char *who)
{
	return v.len == strlen(who) && strncasecmp(v.data, who, v.len) == 0;
}

/* The name, or what the entry is called in it. */
static bool named(struct arena *mem, struct value name, const char *who)
{
	struct dn dn;
	struct err ignored;

	if (name.len == 0)
		return false;
	if (strchr(who, '=') != NULL && dn_text_equal(name, value_of(who)))
		return true;
	return dn_parse(mem, name, &dn, &ignored) == 0 && dn.n > 0 &&
	       same_text(dn.rdns[0].avas[0].value, who);
}

static bool says(const struct mod *m, const char *who)
{
	static const char *const attrs[] = {"mail", "sAMAccountName", "userPrincipalName"};
	unsigned k = 0;

	while (k < 3 && attr_named(attrs[k]) != m->attr)
		k++;
	for (unsigned i = 0; k < 3 && i < m->n_remove + m->n_add; i++) {
		if (same_text(i < m->n_remove ? m->remove[i] : m->add[i - m->n_remove], who))
			return true;
	}
	return false;
}

bool history_about(struct arena *mem, const struct op *op, const char *who)
{
	const struct value id = entry_id_parse(mem, who);
	struct mod *mods;
	const unsigned n = history_mods(mem, op, &mods);

	if (value_same(op->source, id) || value_same(op->source, value_of(who)) ||
		(op->target.len > 0 &&
			(value_same(op->target, id) || value_same(op->target, value_of(who)))) ||
		named(mem, op->source_name, who) || named(mem, op->change.name, who) ||
		named(mem, op->change.new_name, who))
		return true;
	for (unsigned i = 0; i < n; i++) {
		if (says(&mods[i], who))
			return true;
	}
	return false;
}
