#include "sync/guard.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

/* The reasons so far. */
struct reasons {
	char (*text)[250];
	unsigned n;
};

static void __attribute__((format(printf, 2, 3))) refuse(struct reasons *r, const char *format, ...)
{
	va_list args;

	if (r->n == GUARD_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(r->text[r->n++], sizeof(r->text[0]), format, args);
	va_end(args);
}

/* What counts as deletes beside them. */
static const char *beside(const struct summary *plan)
{
	static const char *const words[] = {
		"", " and hides", " and contacts let go", " and hides and contacts let go"};

	return words[(plan->hide > 0) + 2 * (plan->let_go > 0)];
}

static void check_limits(const struct guard_facts *f, const struct guard_kind *k, struct reasons *r)
{
	const char *of = k->name != NULL ? " of the rule " : "",
		   *name = k->name != NULL ? k->name : "";

	for (unsigned i = 0; i < N_LIMITS; i++) {
		/* A first run has what there is; deletes only of what one that was killed made. */
		if (f->first && i != LIMIT_DELETE)
			continue;
		const long long limit = limit_of(i, &f->limits[i], k->links), n = k->tally.n[i];
		if (n > limit)
			refuse(r,
				"%lld %s%s%s of %lld links%s%.60s are more than the limit of %lld",
				n, limit_name(i), n == 1 ? "" : "s",
				i == LIMIT_DELETE ? beside(&f->plan) : "", k->links, of, name,
				limit);
	}
}

/* However many deletes are allowed: what a wrong filter leaves over is little. */
static void check_left(const struct guard_facts *f, const struct guard_kind *k, struct reasons *r)
{
	const struct limit few = {LLONG_MAX, 0};
	const long long gone = k->tally.n[LIMIT_DELETE], left = k->links - gone;

	if (gone > limit_of(LIMIT_DELETE, &few, k->links) &&
		gone <= limit_of(LIMIT_DELETE, &f->limits[LIMIT_DELETE], k->links) &&
		left * 100 < k->links * f->min_left)
		refuse(r, "%lld of %lld links would be left%s%.60s, less than %lld %%", left,
			k->links, k->name != NULL ? " of the rule " : "",
			k->name != NULL ? k->name : "", f->min_left);
}

static void check_source(const struct guard_facts *f, struct reasons *r)
{
	const long long gone = summary_gone(&f->plan), links = f->kinds[0].links;

	if (f->full && f->sources <= 0)
		refuse(r, "the source is empty");
	else if (f->full && f->sources_before > 0 &&
		 (f->sources_before - f->sources) * 100 > f->sources_before * f->max_shrink)
		refuse(r, "the source shrank from %lld to %lld entries, by more than %lld %%",
			f->sources_before, f->sources, f->max_shrink);
	/* A delta has no size of the source to look at. */
	if (!f->full && f->plan.read == 0 && gone > 0 && gone == links)
		refuse(r, "the source has none of the %lld links any more", links);
}

/* Contacts that are not seen would be added a second time, or be forgotten. */
static void check_target(const struct guard_facts *f, struct reasons *r)
{
	const struct limit share = {LLONG_MAX, f->max_missing};
	const long long links = f->kinds[0].links;

	if (f->missing > limit_of(LIMIT_DELETE, &share, links))
		refuse(r, "the target lacks %lld of %lld linked contacts, more than %lld %%",
			f->missing, links, f->max_missing);
}

unsigned guard_check(const struct guard_facts *f, char reasons[GUARD_MAX][250], bool *final)
{
	const long long gone = summary_gone(&f->plan);
	struct reasons r = {reasons, 0};

	*final = false;
	if (!summary_writes(&f->plan))
		return 0;
	if (f->canary != NULL) {
		refuse(&r, "%.240s", f->canary);
		*final = true;
	}
	if (f->other != NULL)
		refuse(&r, "another directory answers as %.100s than in the last run", f->other);
	/* Who is new there would be deleted, and whom we have just added be added again. */
	if (f->behind != NULL)
		refuse(&r, "%.240s", f->behind);
	if (f->first && gone == 0)
		return r.n;
	for (unsigned i = 0; i < f->n_kinds; i++) {
		/* One rule that has all links says nothing new. */
		if (i > 0 && f->kinds[i].links == f->kinds[0].links)
			continue;
		check_limits(f, &f->kinds[i], &r);
		check_left(f, &f->kinds[i], &r);
	}
	check_source(f, &r);
	check_target(f, &r);
	if (f->rules_changed && gone > 0)
		refuse(&r,
			"the rules or the scope changed since the last run, and the plan has %lld "
			"delete%s%s",
			gone, gone == 1 && beside(&f->plan)[0] == '\0' ? "" : "s",
			beside(&f->plan));
	return r.n;
}
