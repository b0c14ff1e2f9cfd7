#ifndef RULES_VALIDATE_H
#define RULES_VALIDATE_H

#include <stdbool.h>

#include "base/attr.h"
#include "rules/rules.h"

struct arena;

/*
 * The contract of an address-list contact, checked on what the rules ask for: docs/validators.md.
 * Private to this layer.
 */

/* What a complaint is about, in the order of their codes. */
enum fault {
	E_CN_BLANK,
	E_CTRL,
	E_DN_BLANK,
	E_LEN,
	E_NICK_BLANK,
	E_NICK_CHARS,
	E_NICK_LEN,
	E_PROXY_CHARS,
	E_PROXY_PRIMARY,
	E_REQUIRED,
	E_RULE,
	E_SAM_BLANK,
	E_SINGLE,
	E_SIP_SYNTAX,
	E_SMTP_SYNTAX,
	E_TARGET_BLANK,
	E_TARGET_LOCAL,
	E_TARGET_SYNTAX,
	E_TOO_MANY_PROXIES,
	E_UPN_SIPDOMAIN,
	W_DN_FALLBACK,
	W_FOREIGN_ADDRESS,
	W_INVISIBLE,
	W_MANY_PROXIES,
	W_SIP_NE_MAIL,
	W_SIP_NE_UPN,
};

/* One source entry on its way through a rule. */
struct mapping {
	struct arena *mem;
	const struct rules_env *env;
	const struct entry *source;
	struct desired *out;
	bool failed; /* there is a complaint that is no warning */
};

/* What a complaint names beside its fault; any may be empty. */
struct subject {
	unsigned attr;
	struct value value;
	const char *line;
};

/* "ATTRIBUTE 'VALUE' (LINE): what; remedy". An error fails the object, a warning does not. */
void complain_error(struct mapping *, enum fault, struct subject, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void complain_warning(struct mapping *, enum fault, struct subject, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Has there been one of this fault, about this attribute? */
bool complained(const struct mapping *, enum fault, unsigned attr);

/* The text without marks that nobody sees (text_invisible), which make two names that look alike,
 * or show one that is not there; *n is how many were in it. Not copied when there are none. */
struct value without_invisible(struct arena *, struct value, unsigned *n);

/* How many bytes the control character takes that the text begins with: C0, DEL, C1 (UTF-8: C2
 * 80..9F); 0: none. n > 0. */
size_t text_control(const char *, size_t n);

/* Check and repair m->out. */
void validate(struct mapping *);
/* The attributes of the source that it looks at. */
void validate_reads(struct arena *, struct attr_set *);

/* What the rules want of an attribute; NULL: it is not theirs. */
struct wanted *wanted_find(const struct desired *, unsigned attr);
/* Not theirs after all: the target keeps what it has. */
void wanted_drop(struct desired *, struct wanted *);
/* Do the rules ask for a contact? Then what a contact must have is checked. */
bool wants_contact(const struct desired *);

/* The checks that need to know addresses (validate_addresses.c), each of one attribute. */
void check_target(struct mapping *, struct wanted *);
void check_mail(struct mapping *, struct wanted *);
void check_sip(struct mapping *, struct wanted *);
void check_proxies(struct mapping *, struct wanted *); /* after the ones above */
void check_mail_again(struct mapping *, struct wanted *);
void check_sip_again(struct mapping *, struct wanted *);

#endif
