#include "sync/guard.h"

#include <stdio.h>

/* Fewer deletes than this are never too many. */
#define DELETES_FLOOR 5

static long long delete_limit(const struct guard_facts *f)
{
	long long share = f->links * f->max_percent / 100;
	long long limit = share < f->max_deletes ? share : f->max_deletes;

	return limit > DELETES_FLOOR ? limit : DELETES_FLOOR;
}

static bool writes(const struct summary *s)
{
	return s->add + s->modify + s->rename + s->remove + s->link + s->forget > 0;
}

unsigned guard_check(const struct guard_facts *f, char reasons[GUARD_MAX][200])
{
	const size_t size = sizeof(reasons[0]);
	const long long gone = f->plan.remove + f->plan.hide;
	const char *hides = f->plan.hide > 0 ? " and hides" : "";
	unsigned n = 0;

	if (!writes(&f->plan))
		return 0;
	if (f->other != NULL)
		(void)snprintf(reasons[n++], size,
			"another directory answers as %.100s than in the last run", f->other);
	if (f->first)
		return n;
	if (gone > delete_limit(f))
		(void)snprintf(reasons[n++], size,
			"%lld deletes%s of %lld links are more than the limit of %lld", gone, hides,
			f->links, delete_limit(f));
	if (f->full && f->sources <= 0)
		(void)snprintf(reasons[n++], size, "the source is empty");
	else if (f->full && f->sources_before > 0 &&
		 (f->sources_before - f->sources) * 100 > f->sources_before * f->max_shrink)
		(void)snprintf(reasons[n++], size,
			"the source shrank from %lld to %lld entries, by more than %lld %%",
			f->sources_before, f->sources, f->max_shrink);
	/* A delta has no size of the source to look at. */
	if (!f->full && f->plan.read == 0 && gone > 0 && gone == f->links)
		(void)snprintf(reasons[n++], size, "the source has none of the %lld links any more",
			f->links);
	if (f->rules_changed && gone > 0)
		(void)snprintf(reasons[n++], size,
			"the rules or the scope changed since the last run, and the plan has %lld "
			"delete%s%s",
			gone, gone == 1 && f->plan.hide == 0 ? "" : "s", hides);
	return n;
}
