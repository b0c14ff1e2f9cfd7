#ifndef SYNC_COMPLETION_H
#define SYNC_COMPLETION_H

#include <stdbool.h>

struct buf;

/*
 * What a shell completes galway's words by, made of the tables of commands and options
 * (options.h), so that no shell knows of an option that is not there. Names of flows and connectors
 * come from "galway completion flows" and "connectors" when they are wanted, and are never
 * evaluated by the shell.
 */

/* What can stand at a place, beside the words themselves. */
enum completion_kind {
	COMPLETE_NOTHING,
	COMPLETE_FILES,
	COMPLETE_FOLDERS,
	COMPLETE_FLOWS,
	COMPLETE_CONNECTORS,
};

/* Of the value of an option, by how help calls it ("FILE"); *words are more, separated by blanks,
 * or "". */
enum completion_kind completion_value(const char *value, const char **words);
/* Of a command's arguments, wherever they stand: a bit (1 << kind) for each; words are added to the
 * buffer, each after a blank. */
unsigned completion_arguments(struct buf *words, const char *arguments);

/* "bash", "zsh", "fish"; false: no such shell. */
bool completion_print(struct buf *, const char *shell);

#endif
