#include "sync/report.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"
#include "connectors/dsml.h"
#include "sync/postponed.h"
#include "sync/ruling.h"

static void put(struct report *r, const struct step *s)
{
	struct buf b = {0};

	if (r->format == REPORT_DSML)
		dsml_print_change(&b, &s->change, &r->requests);
	else
		ldif_print_change(&b, &s->change);
	(void)fwrite(b.data, 1, b.len, r->out);
	buf_free(&b);
}

static void comment(struct report *r, const char *what, const char *text)
{
	struct buf line = {0}, b = {0};

	buf_printf(&line, "%s%s", what, text);
	if (r->format == REPORT_DSML)
		dsml_print_comment(&b, line.data);
	else
		buf_printf(&b, "# %s\n", line.data);
	(void)fwrite(b.data, 1, b.len, r->out);
	buf_free(&line);
	buf_free(&b);
}

static int put_steps(struct report *r, struct plan *plan, struct arena *mem,
	struct postponed *postponed, struct err *err)
{
	struct step s;
	uint32_t place;
	int rc = plan_rewind(plan, err);

	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (s.refers_new && postponed_put(postponed, mem, &s, place, err) < 0)
			return -1;
		if (step_shows(&s) && s.write)
			put(r, &s);
		arena_reset(mem);
	}
	while (rc >= 0 && (rc = postponed_read(postponed, mem, &s, &place, err)) == 1) {
		if (plan_follow(plan, mem, &s, err) < 0)
			return -1;
		put(r, &s);
		arena_reset(mem);
	}
	return rc;
}

/* Only what is written, in the order in which it is: conflicts and denials have no change record.
 */
int report_ldif(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	struct arena *mem = arena_new();
	struct postponed postponed;

	comment(r, "flow ", plan->flow->name);
	for (unsigned i = 0; i < plan->n_cautions; i++)
		comment(r, "caution: ", plan->cautions[i]);
	for (unsigned i = 0; applied == NULL && r->ruling != NULL && i < r->ruling->n; i++)
		comment(r, "the guard refuses this: ", r->ruling->reasons[i]);
	if (r->format == REPORT_LDIF)
		(void)fputc('\n', r->out);
	postponed_start(&postponed);
	int rc = put_steps(r, plan, mem, &postponed, err);
	postponed_free(&postponed);
	arena_free(mem);
	return rc;
}
