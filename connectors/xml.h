#ifndef CONNECTORS_XML_H
#define CONNECTORS_XML_H

#include <stddef.h>

#include "base/entry.h"

struct arena;
struct err;

/*
 * XML files that other programs wrote, record by record, so that one record at a time is in memory:
 * libxml2 ends here. The bytes are foreign:
 *
 * - A DOCTYPE is refused, and with it entities, defaults and everything outside of the file.
 *   Nothing is fetched, and no entity is put in place of its name.
 * - An element that the shape does not name is refused: whatever is not understood is not read
 *   over.
 * - A record has at most XML_RECORD_MAX bytes and XML_DEPTH_MAX levels; a text, a name and an
 *   attribute at most what libxml2 takes (10 MB).
 * - The file is in UTF-8, in UTF-16 with a mark, or says what it is in; what is read is UTF-8.
 *
 * Errors are ERR_FATAL with file and line; a file that changes while it is read is ERR_BUSY.
 */
#define XML_RECORD_MAX (64u << 20)
#define XML_DEPTH_MAX 32

enum xml_role {
	XML_HOLDS,  /* other elements of the shape */
	XML_RECORD, /* it is given, with all that is in it */
	XML_SKIP,   /* it is read over, with all that is in it */
};

/* What may stand where outside of records; a row with name NULL ends it. */
struct xml_shape {
	const char *parent; /* its name; NULL: the element is the root */
	const char *name, *ns;
	enum xml_role role;
	int tag; /* of a record: its node has it */
};

struct xml_attr {
	const char *ns, *name, *value; /* ns: "" without a prefix */
};

/* An element and what is in it. */
struct xml_node {
	const char *name;
	int tag; /* of the record itself */
	unsigned long line;
	unsigned n_attrs;
	struct xml_attr *attrs;
	struct value text; /* what stands directly in it, blanks and all */
	struct xml_node *child, *next;
};

struct xml;

/* A regular file. The shape must live as long. */
int xml_open(const char *path, const struct xml_shape *, struct xml **, struct err *);
/* A text, which is not copied. */
struct xml *xml_memory(const char *name, const char *data, size_t len, const struct xml_shape *);
void xml_close(struct xml *);

/* 1 and the next record, in the arena; 0 when the document came to its end; -1. */
int xml_next(struct xml *, struct arena *, struct xml_node **, struct err *);
/* The outermost element without what is in it, once something was read; its name is "" before. */
const struct xml_node *xml_root(const struct xml *);
/* "name:line: " before the message; always -1. */
int xml_at(const struct xml *, const struct xml_node *, struct err *);

/* The value of an attribute without prefix; NULL: none. */
const char *xml_attr(const struct xml_node *, const char *name);
/* The first child of that name; NULL: none. */
const struct xml_node *xml_child(const struct xml_node *, const char *name);
/* The next one of the same name. */
const struct xml_node *xml_again(const struct xml_node *);
/* The text without white space around it. */
struct value xml_word(const struct xml_node *);

#endif
