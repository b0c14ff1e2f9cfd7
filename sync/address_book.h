#ifndef SYNC_ADDRESS_BOOK_H
#define SYNC_ADDRESS_BOOK_H

#include "base/config.h"

/*
 * How contacts get into the address books of people who work with cached Exchange mode: an offline
 * address book is generated, distributed to the servers from which it is downloaded, and downloaded
 * by Outlook, each at its own interval. Those of the section `address-book` are, unless told
 * otherwise, what Exchange Online had when Lync Online found contacts by it: 24 hours (at 05:00),
 * 480 minutes, 24 hours, "48 hours in a worst case". The three together are more: a change that
 * misses each by a moment takes 56. What is promised is `at-most`.
 */
extern const struct setting address_book_settings[];

struct address_book {
	long long generation, distribution, download, at_most; /* seconds */
};

/* NULL: without a section. */
void address_book_read(const struct config *, struct address_book *);

#endif
