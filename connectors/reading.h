#ifndef CONNECTORS_READING_H
#define CONNECTORS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "connectors/twins.h"

/*
 * What a connector without a server does while it reads: see that no id and no name comes twice,
 * and find out what changed since an earlier read. For that the cookie is the content: a digest of
 * every entry, by the key of its id, in 12 bytes.
 *
 * Memory: 16 bytes an entry, 24 when a cookie is wanted (8 of them until the end of the read only).
 */

/* 64-bit keys, each alone or with a word that belongs to it. */
struct keylist {
	struct buf bytes;
	size_t head; /* bytes before the first */
	bool pairs;
};

size_t keylist_count(const struct keylist *);
void keylist_add(struct keylist *, uint64_t key, uint64_t with);
void keylist_sort(struct keylist *);
/* In sorted ones. */
bool keylist_have(const struct keylist *, uint64_t key);
void keylist_free(struct keylist *);

enum twice { TWICE_NONE, TWICE_ID, TWICE_NAME };

struct reading {
	struct query query;
	struct keys also;     /* the query's wishes */
	struct keylist pairs; /* ids with their digests, when a cookie is wanted; the end makes it
				 of their bytes */
	struct twins ids;     /* when none is */
	struct twins names;
	size_t old_at, new_at; /* how far it was seen what is gone */
	bool with_digests, ended;
};

/* Starts anew; about so many entries will come. The query's cookie must live as long as the read.
 * -1: ERR_ENTRY, it cannot be used. */
int reading_start(struct reading *, const struct query *, uint64_t expected, struct err *);
/* An entry came: is it to be given back? */
bool reading_take(struct reading *, const struct entry *);
/* All came. TWICE_ID or TWICE_NAME: the key that more than one entry has. */
enum twice reading_end(struct reading *, uint64_t *key);
/* After the end: the next entry that is gone since the cookie, of which only the key is known. */
bool reading_gone(struct reading *, struct entry *);
/* After the end; lives until the next start. {NULL, 0} when none was wanted. */
struct value reading_cookie(const struct reading *);
void reading_free(struct reading *);

/* No names are kept, so that saying which two have one key takes reading again: ask for each
 * entry, until it is the second, of which err tells. */
struct search {
	enum twice what;
	uint64_t key;
	unsigned id_attr;
	unsigned long line; /* of the first; 0: it is in no line yet */
	struct buf first;   /* its name */
};

bool search_second(struct search *, const struct entry *, unsigned long line, struct err *);

#endif
