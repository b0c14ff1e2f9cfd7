#include "sync/report.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sync/ruling.h"

void report_cell(struct buf *b, const char *text)
{
	if (b->len > 0 && b->data[b->len - 1] != '\n')
		buf_putc(b, ',');
	buf_putc(b, '"');
	for (bool begins = true; *text != '\0'; text++) {
		if (begins && strchr("=+-@\t\r", *text) != NULL)
			buf_putc(b, '\'');
		if (*text == '"')
			buf_putc(b, '"');
		buf_putc(b, *text);
		begins = *text == ';' || (begins && (*text == '"' || *text == ' '));
	}
	buf_putc(b, '"');
}

#define N_CELLS 12

static void row(struct buf *b, struct arena *mem, const struct plan *plan, const struct step *s,
	const struct report_row *r)
{
	static const char *const objects[] = {
		[STEP_NONE] = "none",
		[STEP_ADD] = "add",
		[STEP_MODIFY] = "update",
		[STEP_DELETE] = "delete",
		[STEP_LINK] = "link",
		[STEP_FORGET] = "forget",
		[STEP_CONFLICT] = "conflict",
	};
	const char *cells[N_CELLS] = {plan->flow->name, objects[s->op],
		arena_printf(mem, "%u", s->number), s->rule != NULL ? s->rule : "",
		report_value(mem, s->source_name), report_value(mem, s->target_name), r->attribute,
		r->kind, r->old_value, r->new_value, r->line, report_told(mem, s)};

	for (size_t i = 0; i < N_CELLS; i++)
		report_cell(b, cells[i]);
	buf_puts(b, "\r\n");
}

static void step_rows(
	struct buf *b, struct arena *mem, const struct plan *plan, const struct step *s)
{
	struct report_row *rows;
	const unsigned n = report_rows(mem, s, &rows);

	for (unsigned i = 0; i < n; i++)
		row(b, mem, plan, s, &rows[i]);
	if (n == 0)
		row(b, mem, plan, s, &(struct report_row){"", "", "", "", ""});
}

/* What is said of the whole plan, in a line of its own. */
static void whole_row(struct buf *b, const struct plan *plan, const char *what, const char *text)
{
	report_cell(b, plan->flow->name);
	report_cell(b, what);
	for (unsigned k = 2; k < N_CELLS - 1; k++)
		report_cell(b, "");
	report_cell(b, text);
	buf_puts(b, "\r\n");
}

/* A directory that may be anybody's; and that nothing of what follows is done. */
static void whole_rows(struct buf *b, const struct report *r, const struct plan *plan, bool applied)
{
	for (unsigned i = 0; i < plan->n_cautions; i++)
		whole_row(b, plan, "caution", plan->cautions[i]);
	for (unsigned i = 0; !applied && r->ruling != NULL && i < r->ruling->n; i++)
		whole_row(b, plan, "refused", r->ruling->reasons[i]);
}

int report_csv(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	struct arena *mem = arena_new();
	struct buf b = {0};
	struct step s;
	uint32_t place;
	int rc = plan_rewind(plan, err);

	whole_rows(&b, r, plan, applied != NULL);
	if (b.len > 0)
		(void)fwrite(b.data, 1, b.len, r->out);
	buf_clear(&b);
	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (step_shows(&s)) {
			step_rows(&b, mem, plan, &s);
			(void)fwrite(b.data, 1, b.len, r->out);
			buf_clear(&b);
		}
		arena_reset(mem);
	}
	buf_free(&b);
	arena_free(mem);
	return rc;
}
