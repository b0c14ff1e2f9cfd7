#ifndef CONNECTORS_SMTP_H
#define CONNECTORS_SMTP_H

#include "base/config.h"
#include "base/entry.h"

struct err;

/*
 * Handing a message to a mail server (RFC 5321), by libcurl. TLS 1.2 at least and a certificate
 * that is verified: at once with smtps://, by STARTTLS with smtp://. In the clear only with
 * `starttls = false`, and only to a loopback address. Proxies, .netrc and the environment are not
 * looked at. Nothing is queued here: a server of one's own on the same machine does that.
 */

/* Settings of the section that has a server. */
/* clang-format off */
#define SMTP_SETTINGS \
	{"smtp", SETTING_TEXT, "!", NULL, "the mail server: smtp://HOST[:PORT] (587 is usual with a user), smtps://HOST[:PORT]"}, \
	{"starttls", SETTING_BOOL, "true", NULL, "false: smtp:// in the clear, to a loopback address only"}, \
	{"user", SETTING_TEXT, NULL, NULL, "who logs in there; none: nobody"}, \
	{"secret", SETTING_SECRET, NULL, NULL, "where the password is: file:PATH, env:NAME, exec:COMMAND or credential:NAME"}, \
	{"tls-ca", SETTING_PATH, NULL, NULL, "a file of CA certificates; unset: the system's"}, \
	{"timeout", SETTING_SPAN, "60s", NULL, "after so long no more is tried; a server that stalls may take it twice"}
/* clang-format on */

/* ERR_FATAL, with file:line: the settings are wrong. Nothing is opened. */
int smtp_check(const struct config *, struct err *);

/* To each of n addresses, for itself: one that is refused keeps no other from getting it. All are
 * plain ASCII addresses. The message has lines that end in CRLF. -1: some did not get it; err says
 * who was the first, why, and how many. */
int smtp_send(const struct config *, const char *from, const char *const *to, unsigned n,
	struct value message, struct err *);

/* Connects and logs in, and no more: for "check". */
int smtp_greet(const struct config *, struct err *);

#endif
