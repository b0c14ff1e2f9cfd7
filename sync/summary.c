#include "sync/summary.h"

#include "sync/plan.h"

void summary_count(struct summary *sum, const struct step *s, int n)
{
	const int renames = s->write && s->change.new_name.len > 0 ? n : 0;
	const int modifies = s->write && s->change.n > 0 ? n : 0;

	sum->denied += n * (long long)s->n_denied;
	switch (s->op) {
	case STEP_NONE:
		sum->none += n;
		break;
	case STEP_ADD:
		sum->add += n;
		break;
	case STEP_LINK:
		sum->link += n;
		__attribute__((fallthrough));
	case STEP_MODIFY:
		sum->hide += s->number == 3 ? modifies : 0;
		sum->rename += renames;
		sum->modify += modifies;
		break;
	case STEP_DELETE:
		sum->remove += n;
		break;
	case STEP_FORGET:
		sum->forget += n;
		sum->let_go += s->number == 3 ? n : 0;
		sum->rename += renames;
		sum->modify += modifies;
		break;
	case STEP_CONFLICT:
		sum->conflict += n;
		break;
	}
}

bool summary_writes(const struct summary *s)
{
	return s->add + s->modify + s->rename + s->remove + s->link + s->forget > 0;
}

long long summary_gone(const struct summary *s)
{
	return s->remove + s->hide + s->let_go;
}

void summary_fail(struct summary *sum, const struct step *s, bool denied)
{
	const long long before = sum->denied;

	summary_count(sum, s, -1);
	sum->denied = before + denied;
	sum->failed += !denied;
}
