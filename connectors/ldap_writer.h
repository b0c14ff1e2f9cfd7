#ifndef CONNECTORS_LDAP_WRITER_H
#define CONNECTORS_LDAP_WRITER_H

#include <ldap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "connectors/connector.h"
#include "connectors/ldap.h"

struct arena;

/* The inside of ldap_write.h. */

/* ldap_window.c: which changes may be under way together. A server does what it was sent on one
 * connection in any order, or at the same time. */
struct window {
	uint32_t (*counts)[4]; /* by the key of a name, and by what is done there */
	size_t places;         /* a power of two; names that share a place only wait longer */
	/* The places of a container and of those above it, for the names that come next. */
	struct buf parent, above; /* above: uint32_t each */
};

/* For so many changes at once; window_free gives it back. */
void window_init(struct window *, unsigned changes);
void window_free(struct window *);
/* Must the change wait for one that is under way? These may not meet: two changes of one entry; an
 * entry that appears, goes or gets another name, and a change of what lies below it, or a value
 * that names it or what lies below it. */
bool window_blocks(struct window *, const struct change *);
void window_enter(struct window *, const struct change *);
void window_leave(struct window *, const struct change *);

/* What is done, or to be done, for a change. */
enum stage {
	STAGE_ADD,
	STAGE_IDENTIFY, /* ask for the new entry's id: the server did not tell with the add */
	STAGE_RENAME,
	STAGE_MODIFY, /* also after a rename, of the new name */
	STAGE_DELETE,
	STAGE_LOOK, /* ask for the entry, to see if the stage in doubt was done */
};

/* ldap_readback.c: was it done? */
enum seen {
	SEEN_DONE,
	SEEN_BEFORE, /* the entry is as the change expects it */
	SEEN_OTHER,  /* neither: somebody else was there */
};

/* there is the entry that has the name which the stage leaves behind (stage_name), with its id and
 * at least the attributes of the change; NULL: there is none. For SEEN_OTHER err says what is
 * there (ERR_ENTRY). Pure. */
enum seen readback(
	struct arena *, enum stage, const struct change *, const struct entry *there, struct err *);
/* The mods as replacements of all values, for a server that cannot take away a single one of an
 * attribute (RFC 4511 4.6: one without an equality rule). there is SEEN_BEFORE. */
struct mod *readback_replace(
	struct arena *, const struct change *, const struct entry *there, unsigned *n);

/* ldap_operation.c: one operation, as libldap wants it. */
struct operation {
	enum stage stage;
	enum stage doubt; /* of STAGE_LOOK: the one in doubt */
	const struct change *change;
	const struct mod *mods; /* of STAGE_MODIFY: the change's, or replacements */
	unsigned n_mods;
};

/* The name of the entry that the stage is about; of the entry as it is afterwards. */
struct value stage_name(const struct change *, enum stage);
/* "adding CN=...": for messages. */
const char *operation_text(struct arena *, const struct operation *);
/* Sends it; the result is libldap's code. id: the attribute that an add (with post_read, RFC 4527)
 * and a look ask for. Nothing of mem is needed afterwards. */
int operation_send(LDAP *, const struct operation *, unsigned id, bool post_read, struct arena *mem,
	int *msgid);
/* The entry's id from the post-read control of an add's answer; false: there is none. */
bool operation_post_read(LDAPControl **, unsigned id, struct arena *, struct value *);

/* ldap_write.c: the changes of one call, and what is still under way of those before. */

/* A change that was begun and has no outcome yet. */
struct flight {
	struct operation op;
	struct outcome *outcome; /* its err is why a STAGE_LOOK is needed */
	struct arena *mem;       /* of the call that brought it */
	bool before;             /* that call has returned (ldap_feed_changes) */
	int msgid;               /* 0: the operation is yet to be sent; -1: only a part was */
	bool answered;           /* of STAGE_LOOK: the stage in doubt has an answer */
	long long give_up;       /* when there is no time left; 0: no trouble yet */
};

/* Times are milliseconds of the monotonic clock, or 0. */
struct writer {
	struct ldap_dir *dir;
	/* Of the call: */
	const struct change *changes;
	struct outcome *outcomes;
	size_t n, next;             /* next: the first that was not looked at */
	const struct change *aside; /* looked at, but it waits for another; NULL */
	struct arena *mem;          /* the caller's */
	/* Of all calls: */
	struct arena *brief; /* until the next answer */
	struct window window;
	struct flight *flights; /* n_flights of them, in no order; n_before of former calls */
	unsigned n_flights, n_before;
	unsigned n_sent; /* operations without an answer, n_held of them still in the outbox */
	unsigned n_held;
	unsigned limit; /* operations under way at once: less than the window after a busy */
	bool post_read; /* the server tells ids with adds */
	bool lost;      /* the connection is of no use any more */
	bool hopeless;  /* nothing more is begun */
	bool known;     /* some change of the call is done, or failed for a reason of its own */
	long long retry;
	long long pause;   /* the last one's length */
	long long resume;  /* nothing is sent before */
	long long give_up; /* it is hopeless then; 0: the last write was answered */
	struct buf url;    /* whom we are talking to */
	struct err why;    /* of lost and hopeless */
};

/* The flight's next operation. Its place may be another's afterwards. */
void writer_send(struct writer *, struct flight *);
/* The change has its outcome; the flight's place is another's. DONE, with its id: */
void writer_done(struct writer *, struct flight *, struct value id);
/* FAILED with the outcome's err; UNKNOWN when it is in doubt. */
void writer_failed(struct writer *, struct flight *);
/* The server is busy: the operation is to be sent once more, if there is still time. */
void writer_busy(struct writer *, struct flight *);
/* A write was done, or refused for a reason of its own: the server is not busy. */
void writer_speed_up(struct writer *);

/* ldap_answer.c: the answer to the flight's operation, with all of its messages. -1: it is not
 * LDAP (w->why), and nothing was done. */
int writer_answer(struct writer *, struct flight *, LDAPMessage *);

#endif
