#ifndef SYNC_HISTORY_H
#define SYNC_HISTORY_H

#include "sync/journal.h"
#include "sync/report.h"
#include "sync/state.h"

struct arena;
struct err;

/*
 * What the journal says, for people and programs. Values are made safe as in the reports.
 *
 * JSON: {"galway": 1, "runs": [...]} and, when operations are asked for, "operations": [...]; both
 * the newest first, but the operations in the order in which they were done.
 */
struct history {
	struct report report; /* text or JSON */
	bool with_run;        /* text: each operation says of which run it is */
	long long last;       /* run of the operation before */
	bool begun;           /* JSON: something stands in the list */
};

/* A run; head NULL: it wrote nothing. */
void history_run(struct history *, struct arena *, const char *flow, const struct run *,
	const struct journal_head *head);
void history_op(struct history *, struct arena *, const char *flow, long long when,
	const struct journal_head *, const struct op *);

/* The same in JSON, history_json.c. */
void history_json_run(struct history *, struct arena *, const char *flow, const struct run *,
	const struct journal_head *head);
void history_json_op(struct history *, struct arena *, const char *flow, long long when,
	const struct journal_head *, const struct op *);

/* Is the operation about whoever a person means: a DN, an id, mail, sAMAccountName,
 * userPrincipalName, or the plain name? What an add gave is not known. */
bool history_about(struct arena *, const struct op *, const char *who);

/* What an operation did to each attribute: its mods, those of the entry that a delete took away,
 * and the new name as distinguishedName's. */
unsigned history_mods(struct arena *, const struct op *, struct mod **);
const char *history_op_name(const struct op *);
/* "" when it was done. */
const char *history_result(const struct op *);

#endif
