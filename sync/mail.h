#ifndef SYNC_MAIL_H
#define SYNC_MAIL_H

#include "sync/report.h"

struct arena;
struct config;
struct err;
struct plan;
struct setup;

/*
 * The report of a sync by mail, as text and as a page: what somebody has to look at, the counts,
 * errors. A mail that cannot be sent is a warning, and changes nothing of the run. All functions do
 * nothing with NULL: the configuration wants none.
 */
struct mail;

extern const struct setting mail_settings[]; /* of the section `report` */

/* ERR_FATAL, with file:line: the section is wrong. */
int mail_check(const struct config *section, struct err *);

/* NULL: there is no section. In the arena, but for mail_free. */
struct mail *mail_new(struct arena *, const struct setup *, struct state *);
/* As report_flow. */
void mail_flow(struct mail *, struct plan *, struct applied *, const struct ruling *);
/* Why a flow, or all, did not come to its end. */
void mail_error(struct mail *, const char *text);
/* When all is done and nothing is locked any more: the run ends with that code. Whether it is sent
 * is said by `when`; never of a sync that had nothing to do because it was not due. `repeated`: a
 * timer asks every few minutes; the same trouble is told once in an interval. */
void mail_send(struct mail *, int code, bool repeated);
/* A run before did not come to its end: that, by a mail of its own, at once. */
void mail_left(const struct setup *, struct arena *, const char *text);
void mail_free(struct mail *);

#endif
