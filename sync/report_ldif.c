#include "sync/report.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"
#include "sync/postponed.h"

static void put(struct report *r, const struct step *s)
{
	struct buf b = {0};

	ldif_print_change(&b, &s->change);
	(void)fwrite(b.data, 1, b.len, r->out);
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
int report_ldif(struct report *r, struct plan *plan, struct err *err)
{
	struct arena *mem = arena_new();
	struct postponed postponed;

	(void)fprintf(r->out, "# flow %s\n", plan->flow->name);
	for (unsigned i = 0; i < plan->n_cautions; i++)
		(void)fprintf(r->out, "# caution: %s\n", plan->cautions[i]);
	(void)fputc('\n', r->out);
	postponed_start(&postponed);
	int rc = put_steps(r, plan, mem, &postponed, err);
	postponed_free(&postponed);
	arena_free(mem);
	return rc;
}
