#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "sync/apply.h"
#include "sync/flow.h"

struct address_book;
struct arena;
struct attempt;
struct buf;
struct err;
struct people;
struct ruling;
struct state;

/*
 * Plans and what became of them, for people and programs. Everything that came from a directory is
 * made safe for where it goes: no control character reaches a terminal, no cell of the CSV is a
 * formula.
 *
 * - text: aligned, old and new value, the rule line that gave it, a summary; colour on a terminal
 *   only
 * - json: docs/report.schema.json
 * - csv: one line an attribute: OMODT (add, update, delete ...), AMODT (add, delete, update), old,
 *   new
 * - ldif: change records that ldapmodify accepts
 * - html: one page that needs no other: what somebody has to look at first, then the rest, to be
 *   filtered and sorted; the last runs as a chart
 * - dsml: a batchRequest of DSMLv2
 * - markdown: for a ticket or a chat: counts, what it means for people, a table
 */
enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_CSV,
	REPORT_LDIF,
	REPORT_DSML,
	REPORT_HTML,
	REPORT_MARKDOWN
};

/* So many objects are in a mail at most; it ends with the number of the others. */
#define REPORT_MAIL_MOST 200

struct report {
	enum report_format format;
	FILE *out;
	bool colour;
	bool brief; /* text: only what somebody has to look at, and the summary */
	bool quiet; /* brief, and no summary when nobody has to look at anything */
	bool mail;  /* for somebody who sees nothing else: the guard's reasons, fewer objects, and
		       nothing that runs */
	bool begun;
	struct state *state;             /* html: whose runs; NULL */
	const struct ruling *ruling;     /* what the guard says of the flow's plan; NULL */
	const struct address_book *book; /* people.h; NULL: nobody wants to know */
	unsigned long requests;          /* dsml: so many so far */
};

/* False: no such format. */
bool report_format(const char *name, enum report_format *);

void report_begin(struct report *);
/* One flow: its plan, and with applied (else NULL) what became of it. */
int report_flow(struct report *, struct plan *, struct applied *, struct err *);
/* One that came to no plan, or whose run broke off; without what stands before it in the error
 * ("flow NAME: "). json, html and markdown tell it: text is read beside the messages, the others
 * are lists of changes. */
void report_stopped(struct report *, const char *flow, int exit, const char *error);
/* -1 when the output could not be written. */
int report_end(struct report *, struct err *);

/* What "set" did, or would do, or did not. text or json. */
int report_set(struct report *, const struct attempt *, struct err *);

/* The formats, each in its file: one flow. */
int report_text(struct report *, struct plan *, struct applied *, struct err *);
int report_json(struct report *, struct plan *, struct applied *, struct err *);
void report_text_set(struct report *, const struct attempt *);
int report_json_set(struct report *, const struct attempt *, struct err *);
int report_csv(struct report *, struct plan *, struct applied *, struct err *);
int report_ldif(struct report *, struct plan *, struct applied *, struct err *); /* dsml, too */
int report_html(struct report *, struct plan *, struct applied *, struct err *);
int report_markdown(struct report *, struct plan *, struct applied *, struct err *);
void report_json_stopped(struct report *, const char *flow, int exit, const char *error);
void report_html_stopped(struct report *, const char *flow, int exit, const char *error);
void report_markdown_stopped(struct report *, const char *flow, int exit, const char *error);
void report_html_begin(struct buf *);
void report_html_end(struct buf *);

/* people.h, where there is something to tell. */
void report_people_text(struct report *, const struct people *);
void report_people_html(struct buf *, struct arena *, const struct people *);

/* What a step does to one attribute, value by value, as a table has it: a value taken away and one
 * put in its place share a row. Text made safe, in the arena. */
struct report_row {
	const char *attribute;
	const char *kind; /* "add", "delete", "update", "denied" */
	const char *old_value, *new_value;
	const char *line; /* the rule line concerned, or "" */
};
unsigned report_rows(struct arena *, const struct step *, struct report_row **);

/* One cell of the CSV (RFC 4180), always quoted, with the comma before it where one is due; what a
 * spreadsheet would take for a formula gets an apostrophe before it. So does what follows a
 * semicolon, where a cell begins for a spreadsheet of a country that writes 0,5. */
void report_cell(struct buf *, const char *text);

/* "add", "modify" ... as the JSON says it. */
const char *report_op(const struct step *);
/* What a table has to say of a step beside its values: its message, and what its change has for
 * consequences (impact.h); "" for nothing. */
const char *report_told(struct arena *, const struct step *);
/* Why a step failed, or NULL. */
const char *report_failure(struct applied *, struct arena *, uint32_t place);
/* In which order a person wants to see steps: what is not done, what is denied or has a high
 * impact, the rest. */
enum report_rank { RANK_NOT_DONE, RANK_LOOK_AT, RANK_REST, N_RANKS };
enum report_rank report_rank(const struct step *, const char *failure);
/* A value for a person: text as it is made safe, other bytes as base64 with their number. */
const char *report_value(struct arena *, struct value);

#endif
