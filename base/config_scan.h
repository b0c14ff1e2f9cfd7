#ifndef BASE_CONFIG_SCAN_H
#define BASE_CONFIG_SCAN_H

#include <stddef.h>

struct arena;
struct err;

/*
 * A look at the text of a configuration before libconfuse gets it. libconfuse (3.3) leaves out
 * characters it does not know, takes a file that ends inside a section, a string or a comment,
 * reads NAME in "${NAME}" from the environment, makes "," of "\,", miscounts lines after some
 * comments, knows no comment inside a list, and cannot say on which line a setting stood. So
 * comments become blanks here, what would be read as something else than it looks like is refused,
 * and the places of settings and sections are noted.
 */
struct mark {
	enum mark_kind { MARK_SETTING, MARK_SECTION, MARK_END } kind;
	unsigned line;
	const char *word; /* the name of the setting or the kind of the section, in the text */
	size_t len;
};

struct marks {
	struct mark *mark; /* in the order of the file */
	unsigned n;
};

/* text has a NUL behind its len bytes, and is changed. Errors are "path:line: ...". */
int config_scan(
	struct arena *, const char *path, char *text, size_t len, struct marks *, struct err *);

#endif
