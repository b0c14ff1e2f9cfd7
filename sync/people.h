#ifndef SYNC_PEOPLE_H
#define SYNC_PEOPLE_H

#include <stdbool.h>

#include "sync/address_book.h"
#include "sync/apply.h"

struct arena;
struct err;

/*
 * What a run that changed something means for people: when the last of them sees it in his address
 * book (address_book.h), which clients show it at all, and whose SIP address is another one.
 */
struct sip_change {
	const char *name, *before, *after; /* safe text; after may be "none" */
	bool meetings;
};

/* More are counted only. */
#define SIP_CHANGES_MOST 1000

struct people {
	bool told;        /* there is something to tell: the rest counts */
	long long by;     /* the moment after which everybody has it */
	const char *book; /* the offline address book, in words */
	unsigned n_hints;
	const char *hints[3]; /* how clients differ */
	unsigned long n_sip;
	struct sip_change *sip; /* in the order of the plan */
};

/* In the arena. Of a flow that writes no addresses, and of a run that changed nothing, there is
 * nothing to tell. */
int people_of(const struct address_book *, struct plan *, struct applied *, struct arena *,
	struct people *, struct err *);

/* "48 hours", "90 minutes". */
const char *people_span(struct arena *, long long seconds);

#endif
