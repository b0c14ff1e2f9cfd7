#ifndef SYNC_SETUP_H
#define SYNC_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/config.h"
#include "base/dn.h"
#include "base/log.h"
#include "rules/rules.h"
#include "sync/address_book.h"
#include "sync/limits.h"

struct arena;
struct err;
struct flow_state;

/* What becomes of a contact whose source is gone or out of scope. */
enum leave { LEAVE_DELETE, LEAVE_HIDE, LEAVE_KEEP };

/* One line of an authority section: which side may say what this attribute is. */
struct authority_line {
	unsigned attr;
	const char *side; /* a connector's name */
};

/* What a directory itself says: an entry with this value in this attribute is that side's. */
struct authority_flag {
	unsigned attr;
	struct value value;
	const char *side; /* a connector's name */
	bool source;      /* an entry of the flow's source has it; else one of the target */
};

/* What becomes of a change that somebody made on the side that is not the authority. */
enum on_denied { DENIED_RESTORE, DENIED_REPORT };

/* Another version may read the same rules otherwise: it is part of the epoch. A variable for tests.
 */
extern const char *galway_version;

/* One direction: source, target, rules. Made of the configuration, read-only afterwards. */
struct flow {
	const char *name;
	const char *source, *target; /* connectors' names */
	const struct config *config, *source_config, *target_config;
	struct rules *rules;
	struct rules_env env;
	uint64_t epoch;

	struct value into; /* where new contacts go */
	unsigned n_managed;
	struct dn *managed; /* into, then adopt: the only places where anything is written */

	bool members; /* groups of the target are ours to fill: those of accounts are not */

	unsigned marker;            /* our ownership attribute */
	struct value marker_prefix; /* "galway:<flow>:" */

	const char *side; /* whose the object is, by default: the source */
	unsigned n_authority;
	struct authority_line *authority;
	unsigned n_flags;
	struct authority_flag *flags;
	enum on_denied on_denied;

	enum leave leave;
	long long grace; /* seconds */
	unsigned full_every;
	long long history; /* seconds that the journal is kept */
	struct limit limits[N_LIMITS];
	long long min_left, max_shrink, max_missing; /* percent */

	/* Loop freedom: what lies below these, or is another flow's target, is not a source. */
	unsigned n_foreign;
	struct dn *foreign;
	unsigned n_reverse;
	const char **reverse;

	/* Names of the other flows into the same target: who may undo what this one does. */
	unsigned n_beside;
	const char **beside;

	struct attr_set reads;  /* of the source */
	struct attr_set writes; /* to the target: the rules' and the marker */
	struct attr_set tells;  /* of the target: what a change of makes it be looked at: writes and
				   flags */
	struct attr_set looks;  /* of the target: the above, joins, addresses, names */
};

struct setup {
	const struct config *config;
	const char *state;
	long long interval, stale, deadline; /* seconds */
	enum log_place log;                  /* of syncs */
	const char *metrics;                 /* metrics.h; NULL */
	struct address_book book;
	const struct config *report; /* mail.h; NULL */
	unsigned n;
	struct flow *flows; /* in the order of the file */
};

/* The shape of the configuration file, for reading it and for the manual. */
const struct section_shape *setup_shape(void);

/* Is the flow's last good run older than allowed, or was there none? One so far in the future says
 * that the clock was set back, and not when the run was. */
bool setup_stale(const struct setup *, const struct flow_state *, long long now);
/* Read and check the configuration and all rules; opens no directory. */
int setup_load(struct arena *, const char *path, struct setup *, struct err *);
/* The flow's own name for the side that is meant, which may be a part of what was named (spread.h);
 * NULL: it is neither of its sides. */
const char *setup_side(const struct flow *, const char *side);
struct flow *setup_flow(const struct setup *, const char *name); /* NULL: none of that name */
/* The error of that, which names those that there are; -1. */
int setup_no_flow(const struct setup *, const char *name, struct err *);

#endif
