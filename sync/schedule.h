#ifndef SYNC_SCHEDULE_H
#define SYNC_SCHEDULE_H

#include <stddef.h>

/* The files of packaging/ for a scheduler, ended by a NULL name; made by cmake/embed.cmake.
 * @GALWAY@ in them stands for the program, and what it is called with. */
struct schedule_files {
	const char *name;
	const char *text;
	size_t len;
};

extern const struct schedule_files schedule_files[];

#endif
