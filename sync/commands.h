#ifndef SYNC_COMMANDS_H
#define SYNC_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "sync/flow.h"
#include "sync/report.h"
#include "sync/setup.h"
#include "sync/survey.h"

struct arena;
struct connector;
struct err;

/* How the program ends: docs/design.md, "Exit codes". */
enum exit_code {
	EXIT_GOOD = 0,
	EXIT_CHANGES = 1, /* diff: there are changes */
	EXIT_USAGE = 2,   /* usage or configuration: a person must act */
	EXIT_REFUSED = 3, /* a guard refused the plan: nothing was written */
	EXIT_PARTIAL = 4, /* done, but some objects failed, conflicted or were denied */
	EXIT_LATER = 5,   /* a directory could not be reached or asked to wait */
};

/* What a command line asks for. */
struct request {
	const char *config; /* path */
	bool config_given;  /* by -c */
	struct flow_options options;
	bool if_due, version, help, quiet;
	const char *approve, *output;
	const char *save, *plan; /* paths of saved plans */
	const char *as;          /* set: the side that wants to write */
	enum report_format format;
	bool format_given;
	struct side_wish sides[2]; /* init: of the source and of the target */
	const char *tls_ca, *into; /* init */
	int argc;                  /* what follows the options */
	char **argv;
};

/* Commands: an exit code, or -1 with err. */
int command_check(struct arena *, const struct request *, struct err *);
int command_diff(struct arena *, const struct request *, struct err *);
int command_preflight(struct arena *, const struct request *, struct err *);
int command_sync(struct arena *, const struct request *, struct err *);
int command_compare(struct arena *, const struct request *, struct err *);
int command_import_rules(struct arena *, const struct request *, struct err *);
int command_explain(struct arena *, const struct request *, struct err *);
int command_eval(struct arena *, const struct request *, struct err *);
int command_status(struct arena *, const struct request *, struct err *);
int command_history(struct arena *, const struct request *, struct err *);
int command_undo(struct arena *, const struct request *, struct err *);
int command_links(struct arena *, const struct request *, struct err *);
int command_authority(struct arena *, const struct request *, struct err *);
int command_set(struct arena *, const struct request *, struct err *);
int command_schedule(struct arena *, const struct request *, struct err *);
int command_init(struct arena *, const struct request *, struct err *);
int command_completion(struct arena *, const struct request *, struct err *);
int command_help(struct arena *, const struct request *, struct err *);

/* What a directory says of itself and of our rights, told line by line; *code gets worse with a
 * fault. -1: it could not be asked. */
int check_probe(const struct setup *, const struct config *, struct connector *, struct arena *,
	int *code, struct err *);

/* The files that galway itself writes: can they be, and what the state has. An exit code. */
int check_state(const struct setup *, struct arena *);
int check_metrics(const struct setup *, const char *config, struct arena *);

/* For an error that stopped a command. */
int exit_of(const struct err *);
/* Of two flows' codes the one that a person should see first. */
int exit_worse(int a, int b);

/* The name of who runs the program. */
const char *user_name(struct arena *);

/* A moment, in seconds since 1970, in ISO 8601, local time with its offset; "never" for 0. */
#define TIME_ROOM 40
const char *time_local(long long, char text[TIME_ROOM]);
const char *time_text(struct arena *, long long);

/* The object in the flow's source, as flow_find. */
int source_find(const struct flow *, const char *who, struct arena *, struct entry *, struct err *);

/* The error when no flow's source has it. */
int nobody_found(const char *who, struct err *err);

/* A run's number, from 1 on. */
int run_number(const char *text, long long *run, struct err *);
/* The flow whose run it was; it must still be in the configuration. */
int run_flow(const struct setup *, struct state *, struct arena *, long long run, struct flow **,
	struct err *);

/* When "set" wrote the run that is to be undone: 1, and *code is how the command ends; with write
 * it is taken back, else shown. 0: a run of a flow. -1: *code is -1, too. */
int undo_set(struct arena *, const struct request *, bool write, int *code, struct err *);

/* The flows that the words name, or all of them. */
int flows_named(const struct setup *, int argc, char **argv, struct arena *, struct flow ***,
	unsigned *n, struct err *);

#endif
