#ifndef CONNECTORS_LDIF_H
#define CONNECTORS_LDIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/dn.h"
#include "base/keys.h"
#include "base/ldif.h"
#include "connectors/reading.h"

/*
 * The inside of the ldif connector.
 *
 * What is written to FILE is first appended to FILE.changes, as LDIF change records in batches, and
 * is durable there. Everybody reads FILE as those changes make it (the overlay). Closing makes that
 * the new FILE (the merge): FILE.tmp is written whole, renamed to FILE, and FILE.changes removed.
 *
 * Before the first change of the first batch stands "# made for SIZE HASH", of FILE as it was when
 * the names in it were learnt. Where FILE is another file by then, by a new export or by hand, the
 * changes say nothing about it, and who reads or writes it is refused (ERR_FATAL). A FILE.changes
 * without that line was left by an older version, and is taken up on whatever FILE is.
 *
 * A batch ends with a line "# end BYTES HASH". A last batch without it was torn by a crash and is
 * not there: nobody was told that it was done. Before FILE.tmp becomes FILE, its size and hash are
 * appended to FILE.changes as "# merged SIZE HASH": if FILE is that file, the changes are in
 * it already. So a crash at any point leaves one of two states, before or after, and readers never
 * need to write.
 */
/* One record of FILE.changes, or what else it does. */
enum event_kind {
	EVENT_ADD = 1,
	EVENT_MODIFY = 2,
	EVENT_RENAME = 4, /* the name that is left */
	EVENT_ARRIVE = 8, /* the name that is taken by the same record */
	EVENT_DELETE = 16,
};

#define EVENT_AT_MAX ((1ull << 48) - 1)

/* "SIZE HASH\n" of a file, as the lines have it; "" for none. */
struct stamp {
	char text[48];
};

struct event {
	uint64_t key;     /* dn_key of the name */
	uint64_t at : 48; /* where the record stands, which is also when it happened */
	uint64_t kind : 8;
	uint64_t met : 1;    /* there was such an entry */
	uint32_t len, older; /* of the record; the next in the bucket, plus 1 */
};

struct changes {
	const char *path, *file; /* FILE.changes, FILE */
	int fd;                  /* -1: there is none */
	bool writable;
	bool merged;        /* they are in FILE already */
	bool torn;          /* there is something behind the last whole batch */
	bool noted;         /* a whole batch says for which FILE they were made */
	struct stamp made;  /* that FILE; until it is noted, the one that will be */
	struct stamp merge; /* what the merge that was begun makes of it */
	uint64_t whole;     /* bytes of whole batches */
	uint64_t loaded;    /* bytes when they were loaded */
	unsigned kinds;     /* that happen */
	struct buf events;  /* in the order in which they happened */
	struct buf buckets; /* uint32_t: the newest event, plus 1 */
	struct buf window, packed;
	uint64_t window_at; /* where in the file the window begins */
};

/* ldif_changes.c. Loading only reads. */
int changes_load(struct changes *, struct arena *, const char *file, struct err *);
void changes_free(struct changes *);
/* The change itself, in the arena. */
int changes_read(
	struct changes *, const struct event *, struct arena *, struct change *, struct err *);
/* The changes to come are made for this FILE, unless it is known for which one all of them are. */
int changes_note(struct changes *, int fd, struct err *);
/* -1: this is not the FILE that they were made for (ERR_FATAL), or either of the two is being
 * changed by somebody now (ERR_BUSY). */
int changes_fit(const struct changes *, int fd, struct err *);
/* When it is noted for which FILE, a batch is begun, records are put behind each other at
 * changes->whole + batch->len, and it is appended: durably, or FILE.changes stays as it was. */
void changes_begin(struct changes *, struct buf *batch);
int changes_append(struct changes *, struct buf *batch, struct err *);
/* FILE.tmp of this size and digest holds all of them. */
int changes_mark(struct changes *, uint64_t size, uint64_t digest, struct err *);
int changes_remove(struct changes *, struct err *);

/* ldif_index.c: what happens to a name, and when. */
uint32_t changes_count(const struct changes *);
struct event *changes_event(const struct changes *, uint32_t i);
/* Index a record that stands, or is about to, at a place. */
void changes_index(struct changes *, uint64_t at, size_t len, const struct change *);
/* Forget what was indexed since there were n events. */
void changes_forget(struct changes *, uint32_t n);
/* The first event of these kinds that happens to the name after a time; NULL for none. */
struct event *changes_after(const struct changes *, uint64_t key, uint64_t after, unsigned kinds);
/* The last event of these kinds. */
struct event *changes_last(const struct changes *, uint64_t key, unsigned kinds);

/* ldif_overlay.c: FILE as the changes make it; opening it sees to it that they fit. */
struct overlay {
	struct changes *changes;
	struct ldif *file;
	uint32_t add; /* the next event to look at for new entries, when the file has ended */
	bool ended;
};

int overlay_open(struct overlay *, struct changes *, bool allow_urls, struct err *);
/* As ldif_next, but for a deleted entry's memory the arena is left as it was. */
int overlay_next(struct overlay *, struct arena *, struct entry *, struct err *);
/* As ldif_peek, when there are no changes: 1; 2: take overlay_next. */
int overlay_peek(
	struct overlay *, struct arena *, const char *id_name, struct ldif_peeked *, struct err *);
void overlay_pass(struct overlay *);
/* The line of the last entry; 0: it is new. */
unsigned long overlay_line(const struct overlay *);
void overlay_close(struct overlay *);

/* ldif.c */
struct ldif_dir {
	struct connector connector;
	struct arena *mem;
	const char *file; /* without symbolic links */
	unsigned id_attr;
	struct value base; /* len 0: any name */
	struct dn base_dn;
	bool allow_urls;
	struct changes changes;
	bool loaded, written;
	struct overlay overlay;
	struct reading pass;
	bool peeked;            /* the last entry was partial, and is not filled yet */
	struct attr_set ranged; /* attributes whose names say that values are missing */
	unsigned known;         /* attributes of which that is known */
	bool names_known;
	struct keylist names; /* of the entries that there were ... */
	uint64_t names_at;    /* ... when so many bytes of changes were written */
	struct keys parents;  /* names that have entries below them, or had */
};

int ldif_load(struct ldif_dir *, struct err *);
bool ldif_within(const struct ldif_dir *, struct value name);

/* ldif_write.c */
int ldif_write(struct connector *, const struct change *, struct outcome *, size_t n,
	struct arena *, struct err *);

/* ldif_merge.c: make FILE what the overlay is. */
int ldif_merge(struct ldif_dir *, struct err *);

#endif
