#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"

struct arena;
struct err;
struct keys;

/*
 * What galway remembers between runs, in one SQLite file: flows, links, what is pending, runs.
 * SQLite ends here.
 *
 * Opened for reading (diff, explain, status) nothing is created or changed, not even a journal: a
 * file that is not there is an empty state, and one whose last writer was killed is recovered in a
 * copy. Opened for writing it is locked for the whole run (flock on FILE.lock; the kernel gives the
 * lock back when a process dies); a second writer, or a reader while there is a writer, gets
 * ERR_BUSY with the holder's process id. A new file is its user's alone (0600), and appears whole
 * (FILE.new): one without a byte was cut to nothing, and is refused, as is one that others may
 * write, for it says what is ours to delete, and another program's database, to which nothing is
 * added.
 */
struct state;

int state_open(const char *path, bool write, struct state **, struct err *);
void state_close(struct state *);
/* Since when a writer before had the state that did not come to its end, for it was killed; 0:
 * there was none. Whoever asks tells it, and the next is not told again, but after a reader. */
long long state_left(struct state *, long *pid);
/* Is the file sound (PRAGMA quick_check)? ERR_FATAL, and what to do. Reads all of it: 13 ms for
 * 100,000 links. state_open does it when the last writer was killed. */
int state_check(struct state *, struct err *);

/* The last run did not come to its end, or was an undo. */
#define FLOW_UNFINISHED ((unsigned)INT32_MAX)

/* What is known of a flow. */
struct flow_state {
	long long id;                  /* 0: never run */
	uint64_t epoch;                /* rules_epoch of the last good run */
	long long sources;             /* source entries of the last complete read; -1 */
	long long targets;             /* entries of the target then; 0 */
	unsigned deltas;               /* delta runs since the last full one, or FLOW_UNFINISHED */
	long long generation;          /* applied plans so far */
	long long last_run, last_good; /* seconds since 1970; 0: never */
	long long held;                /* since when, because a run was undone; 0: it is not */
	long long links;               /* how many, after the last run: for shares of them */
};

int state_flow(struct state *, const char *name, struct flow_state *, struct err *);
/* The names of all flows that ever ran, in order. */
int state_flows(struct state *, struct arena *, const char ***names, unsigned *n, struct err *);
/* The flow's cookie, empty when there is none. */
int state_cookie(struct state *, long long flow, struct arena *, struct value *, struct err *);

/* Of a digest so much as links keep of it: 47 bits, for which SQLite needs six bytes, and not
 * eight. Never 0: that says that nothing is known. Two entries have the same by chance in 1 of
 * 10^14. */
static inline uint64_t link_digest(uint64_t digest)
{
	digest &= (1ull << 47) - 1;
	return digest != 0 ? digest : 1;
}

/* Remembered: this source entry is that target entry, and this is what was last written. */
struct link {
	struct value source, target;           /* ids */
	uint64_t source_digest, target_digest; /* link_digest; 0: not known */
	uint64_t name;                         /* dn_key of the source's name: for references */
	long long left;       /* when the source was first seen to be gone or out of scope, or last
				 seen to be there while its contact is hidden for that still; less
				 than 0: then, and somebody else had hidden the contact before; 0 */
	struct value written; /* written.h */
	struct value undone;  /* undone.h; mostly empty */
	int flag; /* what the source's own flag said, for when the source is gone: 1 the source, 2
		     the target, 0 nothing */
	const char *side; /* of the journal's links that went: whose somebody had set that the
			     object is; NULL */
};

/* dn_keys of names in the source that mean another contact by now, or none, or one of another name,
 * as what a run remembered says, until a run that came to its end told those who refer to them
 * (dependents.h). 0: any of them may. */
int state_names(struct state *, long long flow, struct keys *, struct err *);
int state_put_name(struct state *, long long flow, uint64_t name, struct err *);
int state_drop_names(struct state *, long long flow, struct err *);

long long state_count_links(struct state *, long long flow, struct err *);
/* All links of a flow in the order of their source ids; *link is good until the next call. 1, 0,
 * -1. */
int state_links(struct state *, long long flow, struct err *);
int state_next_link(struct state *, struct link *, struct err *);
void state_links_end(struct state *); /* before the last one */
/* The same without what most runs do not need of each: ids and digests only. */
int state_digests(struct state *, long long flow, struct err *);
int state_next_digests(struct state *, struct link *, struct err *);
/* Links that have no source digest: they are to be looked at in every run. */
int state_waiting(struct state *, long long flow, struct err *);
int state_next_waiting(struct state *, struct link *, struct err *);
/* One link: 1, or 0 when there is none. */
int state_link(struct state *, long long flow, struct value source, struct arena *, struct link *,
	struct err *);
/* Is the target entry somebody's contact? Looks at all links: 1, 0, -1. */
int state_linked(struct state *, long long flow, struct value target, struct err *);
/* Keys of the target ids of all other flows into the connectors of that name, sorted: what another
 * flow manages here is not a source. */
int state_managed(struct state *, const char *const *flows, unsigned n, uint64_t **keys,
	size_t *n_keys, struct err *);
/* Is it among them? */
bool state_manages(const uint64_t *keys, size_t n, uint64_t key);

/* Which directory answered under a connector's name when it was last written down, "" when none
 * was, and when the certificate that it showed ends (0: none). */
int state_pin(struct state *, const char *connector, struct arena *, const char **identity,
	long long *expires, struct err *);
int state_put_pin(struct state *, const char *connector, const char *identity, long long expires,
	struct err *);

/* What waits for somebody, or for the next run: conflicts, denials, failures. */
struct pending {
	struct value source; /* id */
	const char *kind;    /* "conflict", "denied", "failed" */
	const char *name;    /* of the source, or the target, entry */
	const char *attribute, *value, *side, *authority, *rule; /* denied */
	const char *message;
	long long run, since;
};

/* All of a flow; 1, 0, -1. */
int state_pendings(struct state *, long long flow, struct err *);
int state_next_pending(struct state *, struct arena *, struct pending *, struct err *);

/* The object's source of authority when somebody set one: 1 and the connector's name, 0. */
int state_authority(struct state *, long long flow, struct value source, struct arena *,
	const char **side, struct err *);
/* Of all objects for which somebody set one: 1 and the key of the source's id, when it is that
 * side, else 0. */
int state_sides(struct state *, long long flow, const char *side, struct keys *, struct err *);
int state_authority_put(
	struct state *, const char *flow, struct value source, const char *side, struct err *);

/* How an object's authority was handed over: by whom, from which side to which. */
struct transfer {
	long long at;
	const char *who, *from, *to;
	long long generation; /* of the flow, then */
};

/* Of one object, the newest first; 1, 0, -1. */
int state_transfers(struct state *, long long flow, struct value source, struct err *);
int state_next_transfer(struct state *, struct arena *, struct transfer *, struct err *);
int state_put_transfer(
	struct state *, long long flow, struct value source, const struct transfer *, struct err *);

/* Writes that "set" refused: of a run's denials they are apart, for no run finds them settled.
 * Denials without message and run; source is the target entry's id where there is no other. One for
 * each {object, attribute, side}: the last. */
int state_refusals(struct state *, long long flow, struct err *);
int state_next_refusal(struct state *, struct arena *, struct pending *, struct err *);
/* 1; 0: it was known, since then; -1. */
int state_put_refusal(struct state *, long long flow, const struct pending *, struct err *);
/* They are settled: of all attributes, or sides, where NULL. */
int state_drop_refusals(struct state *, long long flow, struct value source, const char *attribute,
	const char *side, struct err *);

/* One run of one flow. finished 0: it did not come to its end. Then exit and error say why; exit 0:
 * it was killed, or still runs. Of what `set` was denied error says what that was. */
struct run {
	long long id, flow, started, finished;
	bool full;
	int exit;
	long long read, add, modify, rename, remove, none, conflict, denied, failed;
	const char *error; /* NULL: none */
};

/* The newest first, each good until the next call; flow -1: of all; sets: also those that "set"
 * made. */
int state_runs(struct state *, long long flow, bool sets, struct err *);
int state_next_run(struct state *, struct run *, struct err *);

/* The journal (journal.h): a head for each run that wrote, or that `set` was denied, and a row for
 * each operation, in their order. */
struct journal_head {
	long long run, flow;
	long long undoes;  /* the run that this one undid; 0 */
	long long undone;  /* the last run that undid this one; 0 */
	uint32_t done;     /* what became of the operations up to this number is known */
	struct value base; /* the container of most of its names */
	const char *attrs; /* journal_attrs */
	/* What a person asked for by "set" or "authority transfer": as, or to, which side, and by
	 * whom; NULL: a run of the flow. It has one operation, whose target is the entry that was
	 * written; none where it was denied. */
	const char *side, *who;
};

/* UNKNOWN: it may have been done, or not. SETTLED: so it was, and a run has looked since; it is
 * read as UNKNOWN. */
enum op_result { OP_DONE, OP_FAILED, OP_UNKNOWN, OP_SETTLED };

struct op_row {
	long long run, flow, when; /* the run was started */
	uint32_t n;
	int kind;
	enum op_result result;
	struct value source, target, name, change, before, link; /* empty: none */
};

/* 1, or 0 when there is none. */
int state_journal(
	struct state *, long long run, struct arena *, struct journal_head *, struct err *);
/* The operations of a run, or of all (0); 1, 0, -1. */
int state_ops(struct state *, long long run, bool newest_first, struct err *);
int state_next_op(struct state *, struct arena *, struct op_row *, struct err *);
/* Those of a flow that are UNKNOWN and not settled, the newest first. */
int state_open_ops(struct state *, long long flow, struct err *);

/* Reading many things: one lock and one look at the file for all of them, and all from one moment.
 */
int state_hold(struct state *, struct err *);
void state_let_go(struct state *);

/* Writing: everything between begin and commit is kept, or nothing. Where damage was seen, nothing
 * is begun any more. */
int state_begin(struct state *, struct err *);
int state_commit(struct state *, struct err *);
int state_put_flow(
	struct state *, const char *name, struct flow_state *, struct err *); /* sets id */
int state_put_cookie(struct state *, long long flow, struct value, struct err *);
int state_put_link(struct state *, long long flow, const struct link *, struct err *);
int state_drop_link(struct state *, long long flow, struct value source, struct err *);
/* The same, but what somebody set of its authority stays: of an object that may come back. */
int state_unlink(struct state *, long long flow, struct value source, struct err *);
int state_put_pending(struct state *, long long flow, const struct pending *, struct err *);
/* Is one of the object's a conflict or a failure? 1, 0, -1. */
int state_unsolved(struct state *, long long flow, struct value source, struct err *);
/* What was pending for one object; *since is since when, and stays as it is when nothing was.
 * Denials of which nobody was told, because their run was killed and so were all since, stay for
 * the run to tell; run 0: none stays. */
int state_drop_pending(struct state *, long long flow, struct value source, long long run,
	long long *since, struct err *);
/* What was not found to be pending by this run any more, but for the same: after a full one. */
int state_settle(struct state *, long long flow, long long run, struct err *);
/* A new run (id 0: sets it), or what became of it. */
int state_put_run(struct state *, long long flow, struct run *, struct err *);
/* A run has operations: its head (without done and undone), these, what became of them. */
int state_put_journal(struct state *, const struct journal_head *, struct err *);
int state_put_op(struct state *, const struct op_row *, struct err *);
int state_op_result(struct state *, long long run, uint32_t n, enum op_result, struct err *);
int state_journal_done(struct state *, long long run, uint32_t n, struct err *);
/* Forget the runs that are older than so many seconds, and their operations; of each flow the last
 * stays. What counts is the time between one run and the next, and of that a day at most: a clock
 * that was wrong once takes nothing away, and what is kept is rather too much. */
int state_retire(struct state *, long long seconds, struct err *);

#endif
