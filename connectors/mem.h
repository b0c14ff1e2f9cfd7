#ifndef CONNECTORS_MEM_H
#define CONNECTORS_MEM_H

#include "connectors/connector.h"

struct buf;

/*
 * A directory in memory, for tests: it does what a server does (names and ids are unique, parents
 * exist, references follow), and fails when told to. Ids are objectGUIDs.
 */

/* Of LDIF text; NULL with err when that cannot be read. */
struct connector *mem_new(const char *label, const char *ldif, struct err *);
/* All entries as LDIF, in the order of their names, for comparing. */
void mem_print(const struct connector *, struct buf *);

/* What is to go wrong; counted from now, once, 0: never. */
struct mem_faults {
	unsigned fail;      /* the nth change is not done ... */
	enum err_kind kind; /* ... ERR_ENTRY: and fails; others: and the whole write does */
	unsigned unknown;   /* the nth change is done, but the answer to it is lost */
	unsigned cut;       /* the nth entry is not read, for the read ends with ERR_BUSY */
};

struct mem_faults *mem_faults(struct connector *);

#endif
