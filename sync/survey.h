#ifndef SYNC_SURVEY_H
#define SYNC_SURVEY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/config.h"
#include "base/entry.h"

struct arena;
struct buf;
struct err;

/*
 * What "galway init" finds in a directory, and the configuration that it makes of two of them.
 * Deciding and writing are pure; survey_read is what asks the directory.
 */

/* What is said of one side on the command line, or asked. NULL: nothing. */
struct side_wish {
	const char *where; /* a URL, or the path of an LDIF file */
	const char *bind, *password, *base;
};

struct domain {
	const char *name; /* lower case */
	long long n;      /* mailboxes (SMTP), people (SIP) with an address in it */
};

struct domains {
	unsigned n, room;
	struct domain *all;
};

struct survey {
	struct side_wish wish;
	const char *name;        /* of the connector */
	const char *type, *base; /* "ldif", "ad", "ldap"; "" or the base */
	const char *vendor, *who;
	unsigned n_contexts;
	const char **contexts;
	long long entries, mailboxes;
	struct domains smtp, sip;
	const char *gal; /* a container called GAL, by its name; NULL: none */
};

/* Is the wish one that can be written? A password is a reference, an address is without control
 * characters. ERR_FATAL. */
int survey_wish(const char *which, const struct side_wish *, struct err *);

/* No control characters, so that it stays on its line? NULL is clean. */
bool survey_clean(const char *);

/* Ask a person for the sides that are not named, all of each, and then for the container. What is
 * left empty is not said. open: that may be all, 1. -1: the answers ended. */
int survey_ask(struct arena *, FILE *in, FILE *out, bool open, struct side_wish sides[2],
	const char **into, struct err *);

/* A path, not a URL. */
bool survey_is_file(const struct side_wish *);

/* The connector's section: of two sides what is found is told in comments, and the domains are
 * there. other: NULL: only what it takes to connect, and once. ca: a file of CA certificates, NULL.
 */
void survey_connector(
	struct buf *, const struct survey *, const struct survey *other, const char *ca);

/* The whole configuration: one flow, and how to make the other one. state: the path of its state.
 */
void survey_print(struct buf *, const struct survey *source, const struct survey *target,
	const char *ca, const char *into, const char *state);

/* Read the whole directory of a connector made so, and count. */
int survey_read(const struct config *, struct arena *, struct survey *, struct err *);

/* One entry of it. */
void survey_see(struct arena *, struct survey *, const struct entry *);

/* Is it a domain of the side's own? The one that most have, and each that two have; but one that
 * the other side has more often is the other's. */
bool survey_owns(const struct domains *, unsigned i, const struct domains *other);

/* A name for the connector: the leaf of the base in lower case, when it is one that can be, else
 * otherwise. */
const char *survey_name(struct arena *, const char *base, const char *otherwise);

#endif
