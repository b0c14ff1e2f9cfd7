#include "sync/report.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sync/commands.h"
#include "sync/people.h"
#include "sync/ruling.h"

/* More objects than these are counted only: it is for a ticket or a chat. */
#define MOST 1000

/* Text as text (CommonMark 2.4, and the tables and links of GitHub): no markup, no HTML, no
 * mathematics, no cell of its own; nor does an address or "www." become a link by itself. */
static void put(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\`*_[]<>&|~#!@:.$", *text) != NULL)
			buf_putc(b, '\\');
		buf_putc(b, *text == '\n' ? ' ' : *text);
	}
}

static void cell(struct buf *b, const char *text)
{
	put(b, text);
	buf_puts(b, " | ");
}

/* What there is to say of a step beside its values. */
static void told(struct buf *b, struct arena *mem, const struct step *s, const char *failure)
{
	if (failure != NULL) {
		buf_puts(b, "failed: ");
		put(b, report_value(mem, value_of(failure)));
	} else {
		put(b, report_told(mem, s));
	}
}

static void step_rows(struct buf *b, struct arena *mem, const struct step *s, const char *failure)
{
	const struct value name = s->target_name.len > 0 ? s->target_name : s->source_name;
	const char *object =
		name.len > 0 ? report_value(mem, name) : entry_id_text(mem, s->source_id);
	struct report_row *rows;
	unsigned n = report_rows(mem, s, &rows);

	/* Of a new object nobody reads each value in a chat. */
	const char *values = s->op == STEP_ADD && n > 0
				     ? arena_printf(mem, "%u value%s", n, n > 1 ? "s" : "")
				     : "";
	n = s->op == STEP_ADD ? 0 : n;
	for (unsigned i = 0; i < n || i == 0; i++) {
		const struct report_row *row = i < n ? &rows[i] : NULL;
		buf_puts(b, "| ");
		cell(b, i == 0 ? report_op(s) : "");
		cell(b, i == 0 ? object : "");
		put(b, row != NULL ? row->attribute : values);
		buf_puts(
			b, row != NULL && strcmp(row->kind, "denied") == 0 ? ", denied | " : " | ");
		cell(b, row != NULL ? row->old_value : "");
		cell(b, row != NULL ? row->new_value : "");
		if (i == 0)
			told(b, mem, s, failure);
		buf_puts(b, " |\n");
	}
}

/* What is written of one plan. */
struct sheet {
	struct report *r;
	struct plan *plan;
	struct applied *applied;
	struct arena *mem;
	long long shown;
};

static int rows_of(struct sheet *h, enum report_rank rank, struct err *err)
{
	struct buf b = {0};
	struct step s;
	uint32_t place;
	int rc = plan_rewind(h->plan, err);

	while (rc >= 0 && (rc = plan_next(h->plan, h->mem, &s, &place, err)) == 1) {
		const char *failure = report_failure(h->applied, h->mem, place);
		const bool shows = step_shows(&s) && report_rank(&s, failure) == rank;
		if (shows && h->shown++ == 0)
			buf_puts(&b, "\n| operation | object | attribute | old | new | |\n"
				     "|---|---|---|---|---|---|\n");
		if (shows && h->shown <= MOST)
			step_rows(&b, h->mem, &s, failure);
		if (b.len > 0)
			(void)fwrite(b.data, 1, b.len, h->r->out);
		buf_clear(&b);
		arena_reset(h->mem);
	}
	buf_free(&b);
	return rc;
}

static int table(struct report *r, struct plan *plan, struct applied *applied, struct arena *mem,
	struct err *err)
{
	struct sheet h = {.r = r, .plan = plan, .applied = applied, .mem = mem};
	int rc = 0;

	for (enum report_rank rank = RANK_NOT_DONE; rank < N_RANKS && rc == 0; rank++)
		rc = rows_of(&h, rank, err);
	if (h.shown > MOST)
		(void)fprintf(r->out, "\n%lld more objects are not shown here.\n", h.shown - MOST);
	return rc;
}

static void people(struct buf *b, const struct people *p)
{
	char when[TIME_ROOM];

	if (!p->told)
		return;
	buf_printf(b, "\nWhat it means for people:\n\n- In everybody's address book by %s (%s)\n",
		time_local(p->by, when), p->book);
	for (unsigned i = 0; i < p->n_hints; i++)
		buf_printf(b, "- %s\n", p->hints[i]);
	if (p->n_sip > 0)
		buf_printf(b,
			"\nSIP addresses that changed: %lu. Contacts outside are to be told.\n\n"
			"| name | before | after | meetings |\n|---|---|---|---|\n",
			p->n_sip);
	for (unsigned long i = 0; i < p->n_sip && i < SIP_CHANGES_MOST; i++) {
		buf_puts(b, "| ");
		cell(b, p->sip[i].name);
		cell(b, p->sip[i].before);
		cell(b, p->sip[i].after);
		buf_puts(b, p->sip[i].meetings ? "schedule anew |\n" : " |\n");
	}
}

static void head(struct buf *b, const struct report *r, const struct plan *plan,
	const struct applied *applied)
{
	const struct summary *s = applied != NULL ? &applied->summary : &plan->summary;

	buf_puts(b, "# ");
	put(b, plan->flow->name);
	buf_printf(b, "\n\n%s: %s.\n",
		plan->undoes != 0 ? "Undo"
		: plan->full      ? "Full"
				  : "Delta",
		applied != NULL ? "applied" : "a plan, nothing was written");
	for (unsigned i = 0; applied == NULL && r->ruling != NULL && i < r->ruling->n; i++) {
		buf_puts(b, "- **Refused**: ");
		put(b, r->ruling->reasons[i]);
		buf_putc(b, '\n');
	}
	for (unsigned i = 0; i < plan->n_cautions; i++) {
		buf_puts(b, "- **Caution**: ");
		put(b, plan->cautions[i]);
		buf_putc(b, '\n');
	}
	buf_printf(b,
		"\n| read | added | modified | renamed | deleted | unchanged | in conflict | "
		"denied "
		"| failed |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
		"| %lld | %lld | %lld | %lld | %lld | %lld | %lld | %lld | %lld |\n",
		s->read, s->add, s->modify, s->rename, s->remove, s->none, s->conflict, s->denied,
		s->failed);
}

int report_markdown(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	struct arena *mem = arena_new(), *scratch = arena_new();
	struct people p;
	struct buf b = {0};
	int rc = people_of(r->book, plan, applied, mem, &p, err);

	buf_puts(&b, r->begun ? "\n" : "");
	head(&b, r, plan, applied);
	people(&b, &p);
	(void)fwrite(b.data, 1, b.len, r->out);
	buf_free(&b);
	if (rc == 0)
		rc = table(r, plan, applied, scratch, err);
	arena_free(scratch);
	arena_free(mem);
	return rc;
}

void report_markdown_stopped(struct report *r, const char *flow, int exit, const char *error)
{
	struct arena *mem = arena_new();
	struct buf b = {0};

	buf_puts(&b, r->begun ? "\n# " : "# ");
	put(&b, flow);
	buf_printf(&b, "\n\n**It did not come to its end** (exit code %d): ", exit);
	put(&b, report_value(mem, value_of(error)));
	buf_putc(&b, '\n');
	(void)fwrite(b.data, 1, b.len, r->out);
	buf_free(&b);
	arena_free(mem);
}
