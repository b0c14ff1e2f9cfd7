#ifndef CONNECTORS_RECORDS_H
#define CONNECTORS_RECORDS_H

#include "connectors/reading.h"

/*
 * A file that is read as a whole, record after record, and never written to: what such connectors
 * have in common. The first member of each one's own struct.
 */
struct records {
	struct connector connector;
	struct arena *mem; /* the connector's own */
	const char *file;
	unsigned id_attr;
	struct reading pass;
	const struct records_type {
		int (*start)(struct records *, struct err *); /* from the beginning of the file */
		/* 1 and the entry of the next record, 0 at the end, -1. */
		int (*next)(struct records *, struct arena *, struct entry *, struct err *);
		unsigned long (*line)(const struct records *); /* of that record */
		/* "file:line: " before what err says; always -1. */
		int (*at)(const struct records *, struct err *);
		void (*close)(struct records *); /* what start has opened */
	} * of;
};

/* For struct connector_type. */
int records_read(struct connector *, const struct query *, struct err *);
int records_next(struct connector *, struct arena *, struct entry *, struct err *);
int records_cookie(struct connector *, struct arena *, struct value *, struct err *);
int records_close(struct connector *, struct err *);

#endif
