#ifndef CONNECTORS_CONNECTOR_H
#define CONNECTORS_CONNECTOR_H

#include "base/attr.h"
#include "base/change.h"
#include "base/config.h"
#include "base/entry.h"
#include "base/err.h"

struct arena;
struct connector;

/*
 * One directory: entries are read from it, changes are written to it. A few synchronous functions;
 * overlap, retries and waiting hide inside one call. A read and a write do not overlap: no write
 * before the read's end or connector_read again.
 */
enum connector_can {
	CAN_WRITE = 1,
	CAN_SINCE = 2,        /* reads what changed since a cookie, with the deletions */
	CAN_FIND = 4,         /* finds a few entries without reading all */
	NEEDS_REFERRED = 16,  /* it refuses references to what is not there */
	CAN_BESIDE = 8,       /* worth a thread: it waits for a server */
	CAN_MEMBERS = 64,     /* groups may be made there, and filled (member) */
	NEEDS_NO_PLACES = 32, /* it has no containers: they need not be there */
	/* What it finds by ids is what a read of all should have: below the base, by the filter. */
	CAN_CONFIRM = 128,
};

enum query_kind {
	QUERY_ALL,   /* everything below the base */
	QUERY_SINCE, /* what changed since the cookie, deletions as entries that are gone */
	QUERY_FIND,  /* what the wishes name, each entry once; others may come too */
};

/* An entry that is looked for: by its id, by its name, or by a value of an attribute, whatever its
 * case. What is not there is not given back. */
struct wish {
	enum { WISH_ID, WISH_NAME, WISH_VALUE } by;
	unsigned attr; /* WISH_VALUE */
	struct value value;
};

struct query {
	enum query_kind kind;
	struct value cookie; /* QUERY_SINCE; must live until the end of the read */
	/* QUERY_FIND: what to look for; QUERY_SINCE: ids of what to give back though unchanged.
	 * They must live until the end of the read. */
	const struct wish *wishes;
	size_t n_wishes;
	bool want_cookie; /* connector_cookie will be asked at the end */
	bool digests;     /* entries should have their digest, where that costs little */
	bool partial;     /* and partial ones are welcome: most are compared by it only */
	const struct attr_set *wanted; /* attributes to give back; NULL: all. More may come */
};

/* What became of one change. */
enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_FAILED,  /* not done; err says why */
	OUTCOME_UNKNOWN, /* sent, and no answer: read back before doing anything about it */
};

struct outcome {
	enum outcome_kind kind;
	struct value id; /* DONE: the entry's id; for an add, and a rename where the name is the id,
			    the new one */
	bool denied;     /* FAILED: the directory says that the authority is not its own */
	uint64_t digest; /* DONE: the digest that the entry will have when it is read; 0: not known
			  */
	struct err err;
};

/* What "galway check" wants to know, and how it is told. */
enum finding { FINDING_NOTE, FINDING_WARNING, FINDING_FAULT };

struct probe {
	bool source, target;           /* some flow reads from it; writes to it */
	const struct attr_set *writes; /* attributes that flows would write */
	const char *const *classes;    /* object classes that they would write */
	unsigned n_classes;
	const char *const *makes; /* those of them that entries would be of: the last of each list
				   */
	unsigned n_makes;
	const struct value *into; /* containers in which they would */
	unsigned n_into;
	void (*tell)(void *with, enum finding, const char *text);
	void *with;
};

/* Who answers, beside who answered once. */
enum answerer {
	ANSWERER_SAME,
	ANSWERER_OTHER,  /* it is another one */
	ANSWERER_BEHIND, /* it is the same, and has not got yet what it had then at another server
			  */
};

/* How far the server has come is not known: something was being written. */
#define CONNECTOR_UNSETTLED "unsettled"

struct connector_type {
	const char *name; /* "type =" in the configuration */
	const char *help; /* one line */
	unsigned can;
	const struct setting *settings; /* in addition to connector_settings[] */
	/* A list among its settings: with several values the section stands for as many connectors,
	 * "TITLE/VALUE", each with one of them; open sees one alone. NULL: there is none. */
	const char *spread;
	int (*open)(const struct config *, struct connector **, struct err *);
	/* Start a read; an earlier one is given up. QUERY_SINCE: -1 with ERR_ENTRY says that the
	 * cookie cannot be used (expired, another server's): read all instead. */
	int (*read)(struct connector *, const struct query *, struct err *);
	/* 1: an entry, whose bytes live in the arena or until the next call. 0: the end, and only
	 * when everything was proved to have come. -1: anything else; ERR_ENTRY is never returned
	 * here. */
	int (*next)(struct connector *, struct arena *, struct entry *, struct err *);
	/* The attributes of the partial entry that next gave last; NULL: no entry is partial. */
	int (*fill)(struct connector *, struct arena *, struct entry *, struct err *);
	/* After next gave 0: where the next delta starts. Its bytes live in the arena or until the
	 * next read. */
	int (*cookie)(struct connector *, struct arena *, struct value *, struct err *);
	/* Do n changes in this order; one outcome each. -1: nothing is known about any of them.
	 * Doing a change again succeeds. What is DONE is durable when it returns. n == 0 takes up
	 * what an interrupted run has left, if only at the close. */
	int (*write)(struct connector *, const struct change *, struct outcome *, size_t n,
		struct arena *, struct err *);
	/* The same where more is to follow. It returns when all are begun, but some may have no
	 * outcome yet: they have it when the next feed or write returns, also with -1. write with
	 * n == 0 waits for them; its -1 says that nothing is known of what was fed last. Until then
	 * changes, outcomes and arena must live, and nothing else may be asked of the connector.
	 * NULL: there is nothing to gain by it. */
	int (*feed)(struct connector *, const struct change *, struct outcome *, size_t n,
		struct arena *, struct err *);
	/* Those of the wanted attributes of an entry that a read gives only to whom names them, for
	 * they cost a request each, are added to it. NULL: there are none. */
	int (*more)(struct connector *, const struct attr_set *wanted, struct arena *,
		struct entry *, struct err *);
	/* The directory keeps by itself which side has the authority over an entry: in this
	 * attribute, TRUE or FALSE, which hand_over alone writes. -1: it refuses. NULL: it does
	 * not.
	 */
	const char *flag;
	int (*hand_over)(struct connector *, struct value id, bool on, struct err *);
	/* Who the directory is, as text that stays the same as long as it is the same directory, or
	 * that `stands` understands (then its last word says how far the server has come, and what
	 * is before it which one it is); "" when it cannot say. NULL: the function, for files. */
	int (*identity)(struct connector *, struct arena *, const char **, struct err *);
	/* How it stands to what identity said before; BEHIND: *lacks says what lacks, for people.
	 * The last word may be CONNECTOR_UNSETTLED. NULL: the same text is the same directory. */
	int (*stands)(struct connector *, const char *before, struct arena *, const char **lacks,
		enum answerer *, struct err *);
	/* For "galway check": what is known of the directory beside its entries, told line by line;
	 * NULL. */
	int (*probe)(struct connector *, const struct probe *, struct err *);
	/* When the first certificate ends that is needed, the server's or one of ours; seconds
	 * since 1970, 0: none was seen. NULL: the function, where there is no TLS. */
	long long (*expires)(const struct connector *);
	/* NULL is allowed. For a file this is where the new file takes the old one's place; -1
	 * leaves the changes to be taken up by the next open. */
	int (*close)(struct connector *, struct err *);
};

/* The first member of each connector's own struct. */
struct connector {
	const struct connector_type *type;
	const char *label;   /* its title in the configuration */
	bool readonly;       /* write is refused */
	const char *caution; /* what every report has to say of it; NULL */
};

/* The table of types, ended by NULL, and what they have in common: type, id, base, smtp-domains,
 * sip-domains, forest, authority-flag, readonly. */
extern const struct connector_type *const connector_types[];
extern const struct setting connector_settings[];

/* The section of a connector in a configuration: its settings follow from its type. */
struct section_shape connector_section(void);

const struct connector_type *connector_type(const char *name);
int connector_open(const struct config *, struct connector **, struct err *);
int connector_identity(struct connector *, struct arena *, const char **, struct err *);
/* now: what connector_identity gave. What was never said is not another's. */
int connector_stands(struct connector *, const char *before, const char *now, struct arena *,
	const char **lacks, enum answerer *, struct err *);
/* An identity with that for its last word; the identity where it has no two. */
const char *connector_unsettled(struct arena *, const char *identity);
/* identity again, where there is `stands`: how far the server, which is the same, has come by now.
 */
int connector_come(struct connector *, struct arena *, const char **identity, struct err *);
long long connector_expires(const struct connector *); /* NULL: 0 */
int connector_read(struct connector *, const struct query *, struct err *);
int connector_next(struct connector *, struct arena *, struct entry *, struct err *);
int connector_fill(struct connector *, struct arena *, struct entry *, struct err *);
int connector_cookie(struct connector *, struct arena *, struct value *, struct err *);
int connector_more(struct connector *, const struct attr_set *wanted, struct arena *,
	struct entry *, struct err *);
int connector_hand_over(struct connector *, struct value id, bool on, struct err *);
int connector_write(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);
/* Where there is feed. */
int connector_feed(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);
int connector_close(struct connector *, struct err *);

#endif
