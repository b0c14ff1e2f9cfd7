#include "sync/report.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/ldif.h"

/* Only what is written: conflicts and denials have no change record. */
int report_ldif(struct report *r, struct plan *plan, struct err *err)
{
	struct arena *mem = arena_new();
	struct buf b = {0};
	struct step s;
	uint32_t place;
	int rc = plan_rewind(plan, err);

	(void)fprintf(r->out, "# flow %s\n\n", plan->flow->name);
	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (step_shows(&s) && s.write) {
			ldif_print_change(&b, &s.change);
			(void)fwrite(b.data, 1, b.len, r->out);
			buf_clear(&b);
		}
		arena_reset(mem);
	}
	buf_free(&b);
	arena_free(mem);
	return rc;
}
