#ifndef SYNC_LIMITS_H
#define SYNC_LIMITS_H

struct config;

/*
 * How much of what a plan may hold before a person has to look at it: for each operation a number,
 * and a share of the links. A few are allowed whatever the share is, for in a small flow every
 * object is many per cent.
 */
enum limited { LIMIT_DELETE, LIMIT_ADD, LIMIT_MODIFY, LIMIT_RENAME, LIMIT_CLEAR, N_LIMITS };

struct limit {
	long long max, percent;
};

/* What a plan has of each: LIMIT_DELETE with contacts that are hidden because their source is gone,
 * LIMIT_CLEAR the entries that lose all values of an attribute. */
struct tally {
	long long n[N_LIMITS];
};

/* The settings of a flow, for setup.c. */
#define LIMIT_SETTINGS                                                                            \
	{"max-deletes", SETTING_NUMBER, "500", NULL,                                              \
		"a plan with more deletes than this is refused"},                                 \
		{"max-deletes-percent", SETTING_NUMBER, "10", NULL,                               \
			"and one with more than these % of the links, or of one rule's; 5 are "   \
			"always "                                                                 \
			"allowed, if max-deletes allows them"},                                   \
		{"max-adds", SETTING_NUMBER, "5000", NULL, "the same for new contacts"},          \
		{"max-adds-percent", SETTING_NUMBER, "20", NULL, "50 are always allowed"},        \
		{"max-modifies", SETTING_NUMBER, "10000", NULL, "the same for changed contacts"}, \
		{"max-modifies-percent", SETTING_NUMBER, "30", NULL, "50 are always allowed"},    \
		{"max-renames", SETTING_NUMBER, "500", NULL, "the same for renamed contacts"},    \
		{"max-renames-percent", SETTING_NUMBER, "5", NULL, "50 are always allowed"},      \
		{"max-clears", SETTING_NUMBER, "500", NULL,                                       \
			"the same for contacts that lose all values of an attribute"},            \
		{"max-clears-percent", SETTING_NUMBER, "2", NULL, "20 are always allowed"},

/* As the configuration of a flow says. */
void limits_read(const struct config *flow, struct limit limits[N_LIMITS]);
/* How many of them of so many links are allowed. */
long long limit_of(enum limited, const struct limit *, long long links);
/* "delete", "new contact" ...; it takes an s for several. */
const char *limit_name(enum limited);

#endif
