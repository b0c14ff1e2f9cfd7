#ifndef SYNC_JOURNAL_H
#define SYNC_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/change.h"
#include "sync/plan.h"
#include "sync/state.h"

struct arena;
struct buf;
struct connector;
struct err;
struct outcome;

/*
 * The journal: what each run wrote, written down before it is written to the target, with what it
 * takes to undo it (invariant I12).
 *
 * - Of an add: the new entry's name, and a digest of what it was given. Its values are not kept: it
 *   is undone by deleting it.
 * - Of a modify or rename: the change itself. What it takes away is what was there before, as the
 *   planner never replaces values that it does not name.
 * - Of a delete: the whole entry, read by its id just before. That read is also the confirmation: a
 *   delete is done only to an entry that is still ours.
 * - Of each but a first add: the link as it was before; where it goes, and with it whose somebody
 *   had set that the object is, that too.
 *
 * An operation has the number run << 32 | n, n from 1, so that the state takes them in order. What
 * is packed says attributes by their names, for it outlives the run.
 */
struct op {
	long long run, when; /* the run was started */
	uint32_t n;
	enum step_op kind; /* ADD, MODIFY, DELETE, LINK, FORGET */
	enum op_result result;
	struct value source, source_name; /* the name is empty when it is not known */
	struct value target;              /* id; empty for an add */
	struct change change;             /* of an add only the name */
	uint64_t digest;                  /* of an add: entry_digest over journal_attrs */
	bool has_before, has_link;
	struct entry before; /* of a delete */
	struct link link;    /* before */
};

/* base: the container below which most names lie, so that it need not be kept with each of them. */
void op_pack(const struct op *, struct value base, struct buf *change, struct buf *before,
	struct buf *link);
/* Values live in the arena or in the row. ERR_FATAL when the row is damaged. */
int op_unpack(struct arena *, const struct op_row *, struct value base, struct op *, struct err *);

/* The attributes by which a new entry is known to be as we left it: what the flow writes, but for
 * classes, to which servers add, and references, which follow whom they name. Their names, parted
 * by blanks, and back. */
const char *journal_attrs(struct arena *, const struct attr_set *writes);
void journal_attrs_parse(struct arena *, const char *names, struct attr_set *);

/* The journal of a run that is being applied. */
struct journal {
	long long run, flow, undoes;
	const char *side, *who; /* of its head (state.h) */
	uint32_t n;             /* operations so far */
	struct attr_set attrs;  /* journal_attrs */
};

void journal_start(struct journal *, struct arena *, const struct flow *, long long run,
	long long flow, long long undoes);

/* One step of a batch on its way. */
struct journalled {
	const struct entry *before;
	uint32_t n;            /* of its operation; 0: it has none */
	struct outcome *early; /* known without writing; NULL */
};

/* Reads the entries that the batch deletes. One that is gone is done; one that is not ours any more
 * fails. */
int journal_look(struct connector *target, const struct flow *, const struct step *, size_t n,
	struct arena *, struct journalled *, struct err *);
/* Its head alone, for a run that has no operation to bring it; in the caller's transaction. */
int journal_head(
	struct journal *, struct state *, const struct flow *, struct arena *, struct err *);
/* The batch into the journal; in the caller's transaction, which has to be durable before the batch
 * is written. Nothing is put there when it has no operation. */
int journal_intend(struct journal *, struct state *, const struct flow *, const struct step *,
	size_t n, struct arena *, struct journalled *, struct err *);
/* What became of it; in the caller's transaction. outcomes[i] NULL: done without a write. */
int journal_note(struct journal *, struct state *, const struct journalled *,
	struct outcome *const *, size_t n, struct err *);

#endif
