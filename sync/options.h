#ifndef SYNC_OPTIONS_H
#define SYNC_OPTIONS_H

#include "sync/commands.h"

struct buf;

/* The commands and their options, each a line in a table, from which parsing and "galway help"
 * follow. */
struct command {
	const char *name;
	const char *arguments; /* for help */
	const char *help;
	const char *options; /* the letters of the options it takes */
	bool looks;          /* it reads the state and changes nothing */
	int (*run)(struct arena *, const struct request *, struct err *);
};

extern const struct command commands[]; /* ended by a NULL name */

/* An option that commands take different values for is a choice for each. */
struct choice {
	char letter;
	const char *name, *value, *help; /* value: what it takes, or NULL */
};

extern const struct choice choices[]; /* the options of commands; ended by a NULL name */

bool options_takes(const struct command *, const struct choice *);

/* The command line: 0, the command and the request; -1 and what is wrong. */
int options_parse(int argc, char **argv, const struct command **, struct request *, struct err *);
void options_help(struct buf *);
/* The same of one command; false when there is none of that name. */
bool options_help_command(struct buf *, const char *name);

#endif
