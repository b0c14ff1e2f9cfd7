#include "sync/report.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/text.h"
#include "sync/attempt.h"
#include "sync/impact.h"
#include "sync/people.h"
#include "sync/ruling.h"

/* How each kind of step is shown: one sign, one colour. */
static const struct look {
	char sign;
	const char *colour;
} looks[] = {
	[STEP_NONE] = {' ', ""},
	[STEP_ADD] = {'+', "\033[32m"},
	[STEP_MODIFY] = {'~', "\033[33m"},
	[STEP_DELETE] = {'-', "\033[31m"},
	[STEP_LINK] = {'=', "\033[36m"},
	[STEP_FORGET] = {'.', "\033[36m"},
	[STEP_CONFLICT] = {'!', "\033[35m"},
};

#define COLUMN 30

struct page {
	struct report *r;
	struct arena *mem;
};

static const char *on(const struct page *p, const char *colour)
{
	return p->r->colour ? colour : "";
}

static const char *off(const struct page *p)
{
	return p->r->colour ? "\033[0m" : "";
}

static void value_line(
	const struct page *p, const char *attribute, char sign, struct value v, const char *line)
{
	const char *text = report_value(p->mem, v);
	const char *colour = sign == '-' ? "\033[31m" : "\033[32m";

	(void)fprintf(p->r->out, "    %-*s %s%c %s%s", COLUMN, attribute, on(p, colour), sign, text,
		off(p));
	if (line != NULL && line[0] != '\0')
		(void)fprintf(p->r->out, "  %s[%s]%s", on(p, "\033[2m"), line, off(p));
	(void)fputc('\n', p->r->out);
}

/* Old before new; the attribute's name stands once. */
static void mod_lines(const struct page *p, const struct mod *m, const char *line)
{
	const char *name = attr_name(m->attr);

	for (unsigned i = 0; i < m->n_remove; i++, name = "")
		value_line(p, name, '-', m->remove[i], m->n_add == 0 ? line : NULL);
	for (unsigned i = 0; i < m->n_add; i++, name = "")
		value_line(p, name, '+', m->add[i], line);
}

static void denied_line(const struct page *p, const struct denied *d)
{
	(void)fprintf(p->r->out, "    %-*s %sdenied%s ", COLUMN, attr_name(d->attr),
		on(p, "\033[35m"), off(p));
	if (d->removal)
		(void)fprintf(p->r->out, "taking away %s",
			d->value.len > 0 ? report_value(p->mem, d->value) : "its values");
	else
		(void)fprintf(p->r->out, "\"%s\"", report_value(p->mem, d->value));
	(void)fprintf(p->r->out, " by %s: the authority is %s\n", d->side, d->authority);
}

static void impact_lines(const struct page *p, const struct impact *i)
{
	(void)fprintf(p->r->out, "    %shigh impact%s: the SIP address changes from %s to %s\n",
		on(p, "\033[31m"), off(p), report_value(p->mem, i->before),
		i->after.len > 0 ? report_value(p->mem, i->after) : "none");
	(void)fprintf(p->r->out, "      contacts outside are to be told%s\n",
		i->meetings ? ", and meetings to be scheduled anew" : "");
}

static void step_lines(const struct page *p, const struct step *s, const char *failure)
{
	const struct look *look = &looks[s->op];
	struct impact impact;
	struct value name = s->target_name.len > 0 ? s->target_name : s->source_name;
	const char *text = report_value(p->mem, name);

	if (text[0] == '\0')
		text = entry_id_text(p->mem, s->source_id);
	(void)fprintf(p->r->out, "%s%c %-8s%s %s", on(p, look->colour), look->sign, report_op(s),
		off(p), text);
	(void)fprintf(p->r->out, "  %s(case %u%s%s)%s\n", on(p, "\033[2m"), s->number,
		s->rule != NULL ? ", rule " : "", s->rule != NULL ? s->rule : "", off(p));
	if (s->source_name.len > 0 && s->op != STEP_CONFLICT)
		(void)fprintf(p->r->out, "    %-*s   %s\n", COLUMN, "from",
			report_value(p->mem, s->source_name));
	if (s->write && s->change.new_name.len > 0)
		value_line(p, "renamed to", '+', s->change.new_name, "name");
	for (unsigned i = 0; s->write && i < s->change.n; i++)
		mod_lines(p, &s->change.mods[i], s->lines[i]);
	if (s->write && impact_of(&s->change, &impact))
		impact_lines(p, &impact);
	for (unsigned i = 0; i < s->n_denied; i++)
		denied_line(p, &s->denied[i]);
	if (s->message != NULL)
		(void)fprintf(p->r->out, "    %s\n", report_value(p->mem, value_of(s->message)));
	if (failure != NULL)
		(void)fprintf(p->r->out, "    %sfailed%s: %s\n", on(p, "\033[31m"), off(p),
			report_value(p->mem, value_of(failure)));
}

static void summary_line(
	struct report *r, const struct plan *plan, const struct summary *s, bool refused)
{
	const struct {
		const char *name;
		long long n;
	} counts[] = {{"added", s->add}, {"modified", s->modify}, {"renamed", s->rename},
		{"deleted", s->remove}, {"linked", s->link}, {"forgotten", s->forget},
		{"unchanged", s->none}, {"in conflict", s->conflict}, {"denied", s->denied},
		{"failed", s->failed}};

	(void)fprintf(r->out, "%s (%s): %lld read", plan->flow->name,
		plan->undoes != 0 ? "undo"
		: plan->full      ? "full"
				  : "delta",
		s->read);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i].n > 0)
			(void)fprintf(r->out, ", %lld %s", counts[i].n, counts[i].name);
	}
	if (s->add + s->modify + s->rename + s->remove + s->link + s->forget == 0)
		(void)fputs(", nothing to do", r->out);
	else if (refused)
		(void)fputs(": refused, nothing is written", r->out);
	(void)fputc('\n', r->out);
	if (plan->because != NULL)
		(void)fprintf(r->out, "  everything was read: %s\n", plan->because);
}

static int people_lines(
	const struct page *p, struct plan *plan, struct applied *applied, struct err *err)
{
	struct people people;

	if (people_of(p->r->book, plan, applied, p->mem, &people, err) < 0)
		return -1;
	report_people_text(p->r, &people);
	return 0;
}

/* What was only added, and all of it, has nothing for a brief report: that is not read again. */
static bool may_show(const struct report *r, const struct summary *s)
{
	return !r->brief ||
	       s->modify + s->rename + s->remove + s->conflict + s->denied + s->failed > 0;
}

int report_text(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	const struct summary *sum = applied != NULL ? &applied->summary : &plan->summary;
	const struct page p = {r, arena_new()};
	struct impact impact;
	struct step s;
	uint32_t place;
	long long shown = 0;
	const bool scans = may_show(r, sum);
	int rc = plan_rewind(plan, err);

	for (unsigned i = 0; i < plan->n_cautions; i++)
		(void)fprintf(r->out, "caution: %s\n", plan->cautions[i]);
	while (rc >= 0 && scans && (rc = plan_next(plan, p.mem, &s, &place, err)) == 1) {
		const char *failure = report_failure(applied, p.mem, place);
		bool look_at = s.op == STEP_CONFLICT || s.n_denied > 0 || failure != NULL ||
			       (s.write && impact_of(&s.change, &impact));
		if (step_shows(&s) && (look_at || !r->brief)) {
			if (shown++ < REPORT_MAIL_MOST || !r->mail)
				step_lines(&p, &s, failure);
		}
		arena_reset(p.mem);
	}
	if (r->mail && shown > REPORT_MAIL_MOST)
		(void)fprintf(r->out, "%lld more are not shown here\n", shown - REPORT_MAIL_MOST);
	const bool refused = applied == NULL && r->ruling != NULL && r->ruling->n > 0;
	for (unsigned i = 0; refused && (!r->brief || r->mail) && i < r->ruling->n; i++)
		(void)fprintf(r->out, "%s: the guard refuses this: %s\n", plan->flow->name,
			r->ruling->reasons[i]);
	if (shown > 0 || !r->quiet || plan->n_cautions > 0)
		summary_line(r, plan, sum, refused);
	if (rc == 0 && !r->quiet)
		rc = people_lines(&p, plan, applied, err);
	arena_free(p.mem);
	return rc;
}

void report_text_set(struct report *r, const struct attempt *x)
{
	const struct page p = {r, arena_new()};
	const struct step *s = &x->step;
	struct impact impact;

	(void)fprintf(r->out, "%s: %s: %s\n", x->o.flow->name,
		report_value(p.mem, s->source_name.len > 0 ? s->source_name : s->target_name),
		s->n_denied > 0 ? "denied, nothing was written"
		: !s->write     ? "as it was"
		: x->done       ? "written"
				: "to be written");
	for (unsigned i = 0; i < s->n_denied; i++)
		denied_line(&p, &s->denied[i]);
	for (unsigned i = 0; i < s->change.n; i++)
		mod_lines(&p, &s->change.mods[i], x->as);
	if (s->write && impact_of(&s->change, &impact))
		impact_lines(&p, &impact);
	arena_free(p.mem);
}
