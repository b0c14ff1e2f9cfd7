#ifndef SYNC_MESSAGE_H
#define SYNC_MESSAGE_H

#include "base/entry.h"

struct buf;

/*
 * A program's message to people (RFC 5322), as text and as a page that says the same
 * (multipart/alternative, RFC 2046). All of it is ASCII with lines of at most 78 bytes that end in
 * CRLF. Nothing in the subject is a header of its own: control characters are shown as \xNN, and
 * what is not plain is an encoded word (RFC 2047). Auto-Submitted (RFC 3834) keeps holiday notices
 * from coming back.
 */
struct message {
	const char *from; /* addresses: address_smtp_fault finds none in them */
	const char *const *to;
	unsigned n_to;
	const char *subject; /* UTF-8, or any bytes */
	long long date;      /* seconds since 1970; told in local time */
	const char *id;      /* unlike that of any other message, before the @ of its Message-ID */
	struct value text, page;
};

void message_print(struct buf *, const struct message *);

#endif
