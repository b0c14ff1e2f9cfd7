#ifndef RULES_BUILTIN_H
#define RULES_BUILTIN_H

#include <stddef.h>

/* The texts of rules/builtin/, ended by a NULL name; made by cmake/embed.cmake. */
struct builtin_rules {
	const char *name;
	const char *text;
	size_t len;
};

extern const struct builtin_rules builtin_rules[];

#endif
