#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/progress.h"
#include "base/spool.h"
#include "base/utf8.h"
#include "sync/applying.h"
#include "sync/written.h"

/* Somebody moved a whole container: more names than these are noted as 0, which stands for all.
 * They would come in no order, and each take a page of the state. */
#ifndef NAMES_MOST
#define NAMES_MOST 10000
#endif

static const char *text_of(struct arena *mem, struct value v)
{
	if (!utf8_valid(v.data, v.len) || (v.len > 0 && memchr(v.data, '\0', v.len) != NULL))
		return arena_printf(mem, "(%zu bytes)", v.len);
	return arena_copy(mem, v.data, v.len);
}

static int put_pending(struct applying *a, const struct step *s, const char *kind,
	const char *message, long long since)
{
	struct value name = s->source_name.len > 0 ? s->source_name : s->target_name;
	const struct pending p = {.source = s->source_id,
		.kind = kind,
		.name = text_of(a->mem, name),
		.rule = s->rule,
		.message = message,
		.run = a->run.id,
		.since = since};

	return state_put_pending(a->state, a->flow, &p, a->err);
}

static int put_denied(
	struct applying *a, const struct step *s, const struct denied *d, long long since)
{
	struct value name = s->source_name.len > 0 ? s->source_name : s->target_name;
	const struct pending p = {.source = s->source_id,
		.kind = "denied",
		.name = text_of(a->mem, name),
		.attribute = attr_name(d->attr),
		.value = d->removal ? NULL : text_of(a->mem, d->value),
		.side = d->side,
		.authority = d->authority,
		.rule = d->rule,
		.run = a->run.id,
		.since = since};

	return state_put_pending(a->state, a->flow, &p, a->err);
}

int apply_pending(struct applying *a, const struct step *s, const struct outcome *o)
{
	long long since = a->run.started;

	/* What is denied again was put back by none before. */
	if (state_drop_pending(a->state, a->flow, s->source_id, s->n_denied > 0 ? 0 : a->run.id,
		    &since, a->err) < 0)
		return -1;
	if (s->op == STEP_CONFLICT && put_pending(a, s, "conflict", s->message, since) < 0)
		return -1;
	if (o != NULL && o->kind != OUTCOME_DONE &&
		put_pending(a, s, o->denied ? "denied" : "failed", o->err.text, since) < 0)
		return -1;
	for (unsigned i = 0; i < s->n_denied; i++) {
		if (put_denied(a, s, &s->denied[i], since) < 0)
			return -1;
	}
	return 0;
}

/* The state knows it too, for this run may not live to tell those who refer to it. */
static int note_name(struct applying *a, struct keys *names, uint64_t name)
{
	if (!keys_put(names, name, 0))
		return 0;
	return state_put_name(a->state, a->flow, names->n > NAMES_MOST ? 0 : name, a->err);
}

/* Who refers to somebody by a name that is given up here means nobody, or whoever takes it, now or
 * later; and a reference to a contact that was renamed is not what was written any more. Nothing of
 * him changed: the next run looks. */
static int note_names(struct applying *a, const struct step *s)
{
	struct link before = {.name = 0};

	if (a->plan->links == 0 || s->number == 4)
		return 0;
	if (state_link(a->state, a->flow, s->source_id, a->mem, &before, a->err) < 0)
		return -1;
	/* By us, or by somebody whose name for it we leave. */
	const bool renamed =
		s->change.new_name.len > 0 || !written_same_name(before.written, s->link.written);
	if (before.name != 0 && (before.name != s->link.name || renamed) &&
		note_name(a, &a->renamed, before.name) < 0)
		return -1;
	return renamed ? note_name(a, &a->renamed, s->link.name) : 0;
}

/* A directory may take the references to a contact away with it. Whoever has one still was to lose
 * it in this run, and something failed, or he was not looked at. */
static int note_delete(struct applying *a, const struct step *s)
{
	struct link gone;

	if (a->applied->summary.failed == 0 && !a->plan->one)
		return 0;
	int rc = state_link(a->state, a->flow, s->source_id, a->mem, &gone, a->err);
	if (rc == 1 && gone.name != 0)
		rc = note_name(a, &a->renamed, gone.name);
	return rc < 0 ? -1 : 0;
}

static int record_link(struct applying *a, struct step *s, const struct outcome *o)
{
	if (s->op == STEP_DELETE && note_delete(a, s) < 0)
		return -1;
	if (s->op == STEP_DELETE || s->op == STEP_FORGET)
		return a->plan->undoes != 0
			       ? state_unlink(a->state, a->flow, s->source_id, a->err)
			       : state_drop_link(a->state, a->flow, s->source_id, a->err);
	if (!s->remember)
		return 0;
	if (note_names(a, s) < 0)
		return -1;
	if (o != NULL && o->id.len > 0)
		s->link.target = o->id;
	if (o != NULL && o->digest != 0)
		s->link.target_digest = link_digest(o->digest);
	/* What went with a link comes back with it. */
	if (s->link.side != NULL && state_authority_put(a->state, a->plan->flow->name, s->source_id,
					    s->link.side, a->err) < 0)
		return -1;
	if (state_put_link(a->state, a->flow, &s->link, a->err) < 0)
		return -1;
	/* Should this run fail, the next one must not take back what this link has by now. What was
	 * left for another run has no number (decide.c). */
	return s->number != 0 ? apply_looked(a, &s->source_id) : 0;
}

int apply_failure(struct applying *a, const struct step *s, uint32_t place, bool rest,
	const struct outcome *o)
{
	struct summary *sum = &a->applied->summary;
	const char *text = o->err.text;
	uint32_t at;

	if (spool_add(a->applied->texts, text, strlen(text), &at, a->err) < 0)
		return -1;
	keys_put(&a->applied->failures, place + 1ull, at);
	if ((s->change.op == CHANGE_ADD || s->change.new_name.len > 0) &&
		note_name(a, &a->nameless, dn_key(s->source_name)) < 0)
		return -1;
	/* Without its references a new entry was added all the same. */
	if (rest)
		sum->failed++;
	else
		summary_fail(sum, s, o->denied);
	return 0;
}

/* A rename may have been done all the same. */
static int record_failure(
	struct applying *a, const struct step *s, uint32_t place, const struct outcome *o)
{
	if (s->change.new_name.len > 0 && note_names(a, s) < 0)
		return -1;
	return apply_failure(a, s, place, a->planned, o);
}

int apply_remember(struct applying *a, struct batch *b)
{
	if (apply_record(a) < 0)
		return -1;
	progress_add(PROGRESS_DONE, (long long)b->n_writes);
	for (size_t i = 0; i < b->n; i++) {
		const struct outcome *o = b->of[i];
		bool done = o == NULL || o->kind == OUTCOME_DONE;
		/* Who was deleted in the target may have come back under another name. */
		if (b->steps[i].op == STEP_ADD && b->steps[i].number == 8 &&
			note_name(a, &a->nameless, dn_key(b->steps[i].source_name)) < 0)
			return -1;
		if (apply_pending(a, &b->steps[i], o) < 0 ||
			(done ? record_link(a, &b->steps[i], o)
			      : record_failure(a, &b->steps[i], b->places[i], o)) < 0)
			return -1;
	}
	if (journal_note(&a->journal, a->state, b->journalled, b->of, b->n, a->err) < 0)
		return -1;
	a->kept = true;
	return 0;
}
