#include "sync/limits.h"

#include "base/config.h"

static const struct {
	const char *name, *max, *percent;
	long long few; /* never too many */
} limited[N_LIMITS] = {
	[LIMIT_DELETE] = {"delete", "max-deletes", "max-deletes-percent", 5},
	[LIMIT_ADD] = {"new contact", "max-adds", "max-adds-percent", 50},
	[LIMIT_MODIFY] = {"modified contact", "max-modifies", "max-modifies-percent", 50},
	[LIMIT_RENAME] = {"renamed contact", "max-renames", "max-renames-percent", 50},
	[LIMIT_CLEAR] = {"emptied contact", "max-clears", "max-clears-percent", 20},
};

void limits_read(const struct config *flow, struct limit limits[N_LIMITS])
{
	for (unsigned i = 0; i < N_LIMITS; i++)
		limits[i] = (struct limit){config_number(flow, limited[i].max),
			config_number(flow, limited[i].percent)};
}

long long limit_of(enum limited what, const struct limit *l, long long links)
{
	const long long share = links / 100 * l->percent + links % 100 * l->percent / 100;
	const long long enough = share > limited[what].few ? share : limited[what].few;

	return enough < l->max ? enough : l->max;
}

const char *limit_name(enum limited what)
{
	return limited[what].name;
}
