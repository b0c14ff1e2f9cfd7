#ifndef BASE_CONFIG_PRIVATE_H
#define BASE_CONFIG_PRIVATE_H

#include <stddef.h>

#include "base/config.h"

/* Inside of the configuration: config.c answers from what config_load.c makes. */

/* A setting, given or not; in a free section a pair, without setting. */
struct item {
	const char *name;
	const struct setting *setting;
	const char *where; /* "file:line"; NULL: not given */
	const char *const *values;
	unsigned n;       /* 0: unset, or an empty list */
	long long number; /* NUMBER, SPAN; BOOL: 1 is true */
};

struct config {
	const struct section_shape *shape;
	const char *title; /* NULL: none */
	const char *where, *folder;
	unsigned n_items, n_inner;
	struct item *items;
	struct config **inner; /* in the order of the file */
};

/* The folder, absolute, and the text of a file that may be trusted, with a NUL behind it. */
int config_read(
	struct arena *, const char *path, char **folder, char **text, size_t *len, struct err *);

/* Check the values against the kind of the setting, and set number, or make the path absolute.
 * where is for the message. */
int config_convert(
	struct arena *, const char *folder, struct item *, const char *where, struct err *);
/* The values of a fallback text: one, or those of a list as it would be written. */
void config_fallback(struct arena *, struct item *);

#endif
