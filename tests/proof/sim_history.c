#include "tests/proof/sim_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sync/authority.h"
#include "tests/proof/sim_check.h"
#include "tests/proof/sim_edit.h"

enum event_kind {
	EVENT_NONE, /* dropped while shrinking */
	EVENT_EDIT,
	EVENT_SYNC,
	EVENT_SETTLE,
	EVENT_LOSE,
	EVENT_BACK_UP,
	EVENT_RESTORE,
	EVENT_SWAP,
	EVENT_RULES,
	EVENT_TIME,
	EVENT_GIVE,
};

struct event {
	enum event_kind kind;
	unsigned edit, side; /* of EDIT, and of what is done meanwhile in a SYNC */
	unsigned flow;
	bool full, approve, again, meanwhile;
	struct fault faults[SIM_FAULTS];
	uint64_t dice;
};

#define EVENTS 48

struct story {
	uint64_t seed;
	unsigned variant, people, n;
	bool file;
	struct event events[EVENTS];
};

/* ---- writing one */

static unsigned some_edit(struct dice *dice)
{
	unsigned total = 0, at = 0;

	for (unsigned i = 0; i < n_edits; i++)
		total += edits[i].weight;
	unsigned left = dice_below(dice, total);
	while (left >= edits[at].weight)
		left -= edits[at++].weight;
	return at;
}

static struct fault some_fault(struct dice *dice, unsigned flow)
{
	/* Of both sides in turn; entries, changes and commits as far as there are some. */
	struct fault f = {.kind = 1 + dice_below(dice, N_FAULTS - 1)};

	f.dice = dice_next(dice);
	f.side = dice_chance(dice, 60) ? flow : !flow;
	f.nth = dice_chance(dice, 70) ? 0 : dice_below(dice, 3);
	f.at = dice_below(dice, dice_chance(dice, 50) ? 4 : 20);
	if (f.kind == FAULT_SHRUNK || f.kind == FAULT_EMPTY || f.kind == FAULT_EXPIRED)
		f.side = flow;
	/* Now and then it is the target that lacks some. */
	if (f.kind == FAULT_SHRUNK && f.dice % 3 == 0)
		f.side = !flow;
	if (f.kind >= FAULT_COMMIT)
		f.at = dice_below(dice, 4);
	return f;
}

static struct event some_event(struct dice *dice)
{
	static const enum event_kind rare[] = {EVENT_SETTLE, EVENT_SETTLE, EVENT_SETTLE, EVENT_LOSE,
		EVENT_BACK_UP, EVENT_RESTORE, EVENT_SWAP, EVENT_RULES, EVENT_TIME, EVENT_TIME,
		EVENT_GIVE};
	struct event e = {.kind = EVENT_EDIT, .dice = dice_next(dice)};
	const unsigned roll = dice_below(dice, 100);

	e.edit = some_edit(dice);
	e.flow = dice_below(dice, 2);
	e.side = dice_below(dice, 2);
	if (roll >= 88) {
		e.kind = rare[dice_below(dice, sizeof(rare) / sizeof(rare[0]))];
	} else if (roll >= 45) {
		e.kind = EVENT_SYNC;
		e.full = dice_chance(dice, 20);
		e.approve = dice_chance(dice, 10);
		e.again = dice_chance(dice, 5);
		e.meanwhile = dice_chance(dice, 6);
		for (unsigned i = 0; i < SIM_FAULTS && dice_chance(dice, i == 0 ? 55 : 20); i++)
			e.faults[i] = some_fault(dice, e.flow);
	}
	return e;
}

static void write_story(struct story *s, uint64_t seed)
{
	struct dice dice = {seed};

	*s = (struct story){.seed = seed};
	s->variant = dice_below(&dice, SIM_VARIANTS);
	s->file = dice_chance(&dice, 3);
	s->people = 3 + dice_below(&dice, dice_chance(&dice, 20) ? 20 : 8);
	s->n = 6 + dice_below(&dice, EVENTS - 8);
	for (unsigned i = 0; i < s->n; i++)
		s->events[i] = some_event(&dice);
	s->events[s->n++] = (struct event){.kind = EVENT_SETTLE, .dice = dice_next(&dice)};
}

/* ---- living it */

static unsigned flows(const struct history *h)
{
	return h->two_way ? 2 : 1;
}

static void stir(struct history *h, unsigned side, unsigned what)
{
	/* People are the source of the flow from here, contacts the target of the flow to here. */
	for (unsigned flow = 0; flow < 2; flow++) {
		if ((what & EDITS_NOTHING) == 0)
			h->tracks[flow].quiet = false;
		if ((what & EDITS_TARGET) != 0 && side != flow)
			h->tracks[flow].drifted = true;
	}
}

static void note_edit(struct history *h, unsigned what)
{
	h->orphans |= (what & EDITS_MARKS) != 0;
	h->unmarked |= (what & EDITS_UNMARKS) != 0;
	h->copied |= (what & EDITS_COPIES) != 0;
	h->bound |= (what & EDITS_BINDS) != 0;
	h->touched |= (what & EDITS_TARGET) != 0;
	h->hands += (what & EDITS_TARGET) != 0;
}

static const char *do_edit(struct history *h, const struct event *e)
{
	const struct edit *edit = &edits[e->edit];
	/* In one direction only, each side has its part. */
	const unsigned side = h->two_way ? e->side : (edit->what & EDITS_SOURCE) == 0;
	struct dice dice = {e->dice};
	const char *what = edit->fn(&h->w, side, &dice);

	if (what != NULL) {
		stir(h, side, edit->what);
		note_edit(h, edit->what);
		h->w.figures->edits++;
	}
	return what;
}

static bool lied(const struct history *h)
{
	return h->w.sides[0].lied || h->w.sides[1].lied;
}

/* Nothing was to be written, so that the guard has not said whether it is another directory that
 * answers. 0: which one answered before is not known, as of a state that was put back. */
static bool unknown(const struct history *h, const struct sync *s)
{
	bool other = false;

	for (unsigned i = 0; i < 2; i++)
		other |= h->identity[i] != s->identity[i];
	return other && !summary_writes(&s->plan);
}

/* What the checks remember of the run. moved, shifted: so many had another name when it began. */
static void remember(struct history *h, const struct sync *s, unsigned moved, unsigned shifted)
{
	struct track *t = &h->tracks[s->flow], *other = &h->tracks[!s->flow];
	const bool wrote = h->w.n_audits > 0;

	h->forgot |= s->plan.forget > 0;
	if (s->result == SYNC_DONE && s->was_full)
		t->shown = h->w.sides[s->flow].shown;
	if (s->result == SYNC_DONE) {
		if (!unknown(h, s))
			memcpy(h->identity, s->identity, sizeof(h->identity));
		t->waits = t->moved != moved;
		t->moved = moved;
		t->waits |= s->was_full && t->shifted != shifted;
		t->shifted = s->was_full ? shifted : t->shifted;
	}
	if (s->result == SYNC_DONE && s->was_full && s->done.failed == 0 && !lied(h) &&
		s->meanwhile == NULL) {
		t->drifted = false;
		t->quiet = !wrote && !h->copied && s->plan.forget == 0 &&
			   s->faulty[0] == FAULT_NONE && s->faulty[1] == FAULT_NONE && !t->waits;
	}
	if (lied(h))
		t->drifted = true;
	if (wrote || lied(h))
		t->quiet = false;
	if (wrote)
		other->quiet = false;
}

static const char *const results[] = {"done", "refused", "failed"};

static void tell_sync(const struct history *h, const struct sync *s)
{
	printf("      %s %s: %s%s: read %lld, add %lld, modify %lld, rename %lld, delete %lld, "
	       "conflict %lld, denied %lld, failed %lld; %u written%s%s\n",
		s->planned ? s->was_full ? "full" : "delta" : "no plan", sim_flow(h, s->flow)->name,
		results[s->result], s->approved ? " (approved)" : "", s->plan.read, s->plan.add,
		s->plan.modify, s->plan.rename, s->plan.remove, s->plan.conflict, s->plan.denied,
		s->done.failed, h->w.n_audits, s->result == SYNC_FAILED ? ": " : "",
		s->result == SYNC_FAILED ? s->err.text : "");
	for (unsigned i = 0; i < h->w.n_audits; i++) {
		const struct audit *a = &h->w.audits[i];
		const struct entry *e = a->after != NULL ? a->after : a->before;
		printf("        %s %.*s\n",
			a->before == NULL  ? "add"
			: a->after == NULL ? "delete"
					   : "modify",
			(int)e->name.len, e->name.data);
	}
}

static void sync_and_check(struct history *h, struct sync *s)
{
	const unsigned moved = h->w.n_moved, shifted = h->w.n_shifted;

	sim_sync(h, s);
	if (h->tell)
		tell_sync(h, s);
	check_sync(h, s);
	remember(h, s, moved, shifted);
	check_remember(h, s);
	/* Of several batches the first may be remembered, whatever comes then. */
	const bool forgot = s->plan.forget > 0 && h->w.commits > 0;
	h->misled |= h->w.sides[!s->flow].lied &&
		     (s->result == SYNC_DONE || h->w.n_audits > 0 || forgot);
}

static void do_sync(struct history *h, const struct event *e)
{
	struct sync s = {.flow = h->two_way ? e->flow : 0,
		.full = e->full,
		.approve = e->approve,
		.again = e->again,
		.dice = e->dice};

	memcpy(h->w.faults, e->faults, sizeof(e->faults));
	if (!h->two_way && e->flow == 1) {
		for (unsigned i = 0; i < SIM_FAULTS; i++)
			h->w.faults[i].side = !h->w.faults[i].side;
	}
	if (e->meanwhile) {
		s.meanwhile = &edits[e->edit];
		s.meanwhile_side = h->two_way ? e->side : (s.meanwhile->what & EDITS_SOURCE) == 0;
	}
	sync_and_check(h, &s);
	if (e->meanwhile) {
		stir(h, s.meanwhile_side, s.meanwhile->what);
		note_edit(h, s.meanwhile->what);
		h->orphans |= (s.meanwhile->what & EDITS_TARGET) != 0;
	}
}

enum rest {
	RESTLESS,
	IDLE, /* nothing is done, but the next run looks at what this one heard of */
	REST
};

/* Undisturbed runs of all flows. */
static enum rest at_rest(struct history *h, bool full, struct dice *dice)
{
	enum rest rest = REST;

	for (unsigned flow = 0; flow < flows(h) && h->wrong[0] == '\0'; flow++) {
		struct sync s = {
			.flow = flow, .full = full, .approve = true, .again = dice_chance(dice, 5)};
		s.dice = dice_next(dice);
		sync_and_check(h, &s);
		if (s.result != SYNC_DONE)
			sim_wrong(h, "I16", "an undisturbed run fails: %s", s.err.text);
		/* Who is forgotten may be somebody else's in the next run. */
		if (h->w.n_audits > 0 || s.plan.forget > 0)
			rest = RESTLESS;
		else if (h->tracks[flow].waits && rest == REST)
			rest = IDLE;
	}
	return rest;
}

#define ROUNDS 8

static void settle(struct history *h, const struct event *e)
{
	struct dice dice = {e->dice};
	unsigned round = 0;
	/* Deltas do as well when nobody wrote to the target. */
	const bool full = h->tracks[0].drifted || h->tracks[1].drifted || dice_chance(&dice, 50);

	while (h->wrong[0] == '\0' && at_rest(h, full, &dice) != REST) {
		if (++round == ROUNDS)
			sim_wrong(h, "I14", "it does not come to rest");
	}
	for (unsigned flow = 0; flow < flows(h) && h->wrong[0] == '\0'; flow++)
		check_settled(h, flow);
	if (!full && h->wrong[0] == '\0' && at_rest(h, true, &dice) == RESTLESS)
		sim_wrong(h, "I17", "after deltas a full run has something to do");
}

/* The other side's from now on, or given back. */
static const char *give(struct history *h, const struct event *e)
{
	struct dice dice = {e->dice};
	const unsigned flow = h->two_way ? e->flow : 0;
	const struct sim_dir *d = &h->w.sides[flow].now;
	const struct flow *f = sim_flow(h, flow);
	const struct entry *who = d->entries[dice_below(&dice, d->n)];
	struct flow_state known;
	struct err err;

	/* As "galway authority transfer" has it: the flow must have run. */
	if (state_flow(h->state, f->name, &known, &err) < 0 || known.id == 0)
		return NULL;
	h->tracks[flow].quiet = false;
	h->touched = true;
	if (h->n_given > 0 && dice_chance(&dice, 50)) {
		const struct value id = h->given[--h->n_given];
		for (unsigned i = 0; i < 2; i++)
			(void)state_authority_put(
				h->state, i == 0 ? "there" : "back", id, NULL, &err);
		stir(h, 0, EDITS_TARGET);
		stir(h, 1, EDITS_TARGET);
		return "back";
	}
	for (unsigned i = 0; i < h->n_given; i++) {
		if (value_same(h->given[i], who->id))
			return NULL;
	}
	if (h->n_given == SIM_GIVEN || !edit_is_person(who, flow) ||
		state_authority_put(h->state, f->name, who->id, f->target, &err) < 0)
		return NULL;
	h->given[h->n_given++] = who->id;
	h->bound = true;
	return arena_copy(h->w.mem, who->name.data, who->name.len);
}

/* Who left meanwhile stays. */
static void other_state(struct history *h)
{
	h->orphans = h->others = h->touched = true;
	memset(h->identity, 0, sizeof(h->identity));
	for (unsigned i = 0; i < 2; i++)
		h->tracks[i] = (struct track){.drifted = true, .shown = -1};
}

static const char *do_event(struct history *h, const struct event *e)
{
	switch (e->kind) {
	case EVENT_NONE:
		return NULL;
	case EVENT_EDIT:
		return do_edit(h, e);
	case EVENT_SYNC:
		do_sync(h, e);
		return "";
	case EVENT_SETTLE:
		settle(h, e);
		return "";
	case EVENT_LOSE:
		sim_lose_state(h);
		other_state(h);
		return "";
	case EVENT_BACK_UP:
		sim_back_up_state(h);
		return "";
	case EVENT_RESTORE:
		if (!sim_restore_state(h))
			return NULL;
		other_state(h);
		return "";
	case EVENT_SWAP:
		sim_swap_state(h);
		other_state(h);
		return "";
	case EVENT_RULES:
		h->rules = !h->rules;
		h->tracks[0].quiet = h->tracks[1].quiet = false;
		return "";
	case EVENT_TIME:
		h->now += 86400 * 3;
		h->long_ago[0] = h->w.sides[0].now;
		h->long_ago[1] = h->w.sides[1].now;
		h->tracks[0].quiet = h->tracks[1].quiet = false;
		return "";
	case EVENT_GIVE:
		return give(h, e);
	}
	return NULL;
}

/* ---- telling it */

static const char *const kinds[] = {"", "edit", "sync", "settle", "the state is lost",
	"the state is backed up", "the state of then is put back", "another installation runs",
	"other rules", "three days pass", "authority"};

static const char *const fault_names[] = {"", "cannot be reached", "a read does not start",
	"a read breaks", "the cookie is expired", "entries are silently missing", "silently empty",
	"another directory answers", "a change fails", "an answer is lost",
	"a change and its answer are lost", "changes end in every way", "busy", "killed",
	"killed before a commit", "killed after a commit", "the disk is full"};

static void tell_before(const struct history *h, const struct event *e, unsigned at)
{
	if (e->kind == EVENT_NONE)
		return;
	printf("%4u  %s", at, kinds[e->kind]);
	if (e->kind == EVENT_EDIT)
		printf(": %s", edits[e->edit].name);
	for (unsigned i = 0; i < SIM_FAULTS && e->kind == EVENT_SYNC; i++) {
		const struct fault *f = &e->faults[i];
		const unsigned side = !h->two_way && e->flow == 1 ? !f->side : f->side;
		if (f->kind != FAULT_NONE)
			printf(", %s: %s (%u, %u)", side == 0 ? "abc" : "xyz", fault_names[f->kind],
				f->nth, f->at);
	}
	printf("\n");
}

static void live(struct history *h, const struct story *s)
{
	struct dice dice = {s->seed ^ 0x5eed};

	sim_start(h, s->variant);
	for (unsigned side = 0; side < 2; side++)
		edit_found(&h->w, side, side == 0 || h->two_way ? s->people : 2, &dice);
	if (h->tell)
		printf("seed %llu: configuration %u, %s, %u people, state %s\n",
			(unsigned long long)s->seed, s->variant,
			h->two_way ? "two ways" : "one way", s->people,
			h->file ? "in a file" : "in memory");
	for (unsigned i = 0; i < s->n && h->wrong[0] == '\0' && !h->misled; i++) {
		const struct event *e = &s->events[i];
		if (h->tell)
			tell_before(h, e, i);
		const char *what = do_event(h, e);
		if (h->tell && e->kind != EVENT_NONE && (what == NULL || what[0] != '\0'))
			printf("      %s\n", what != NULL ? what : "(nobody)");
	}
	sim_stop(h);
}

static const char *run_story(const struct story *s, bool tell, struct figures *figures)
{
	static char wrong[sizeof(((struct history *)0)->wrong)];
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	h->w.mem = arena_new();
	h->w.figures = figures;
	h->file = s->file;
	h->tell = tell;
	live(h, s);
	memcpy(wrong, h->wrong, sizeof(wrong));
	arena_free(h->w.mem);
	free(h);
	figures->histories++;
	figures->violations += wrong[0] != '\0';
	return wrong[0] != '\0' ? wrong : NULL;
}

const char *history_run(uint64_t seed, bool tell, struct figures *figures)
{
	struct story s;

	write_story(&s, seed);
	return run_story(&s, tell, figures);
}

/* ---- shrinking */

/* The invariant's name is the same. */
static bool same_way(const char *a, const char *b)
{
	return a != NULL && strcspn(a, ":") == strcspn(b, ":") &&
	       strncmp(a, b, strcspn(b, ":")) == 0;
}

static bool still_fails(const struct story *s, const char *how)
{
	struct figures ignored = {0};

	return same_way(run_story(s, false, &ignored), how);
}

/* Each smaller version of an event, from the smallest; false: there are no more. */
static bool smaller(struct event *e, unsigned step)
{
	switch (step) {
	case 0:
		e->kind = EVENT_NONE;
		return true;
	case 1:
		e->meanwhile = false;
		return true;
	case 2:
		e->again = e->approve = false;
		return true;
	case 3:
	case 4:
		e->faults[step - 3].kind = FAULT_NONE;
		return true;
	case 5:
		e->full = false;
		return true;
	default:
		return false;
	}
}

static bool shrink_once(struct story *s, const char *how)
{
	bool shrunk = false;

	for (unsigned i = s->n; i-- > 0;) {
		const struct event none = {.kind = EVENT_NONE};
		for (unsigned step = 0; s->events[i].kind != EVENT_NONE; step++) {
			struct story less = *s;
			if (!smaller(&less.events[i], step))
				break;
			if (memcmp(&less.events[i], &s->events[i], sizeof(none)) == 0 ||
				!still_fails(&less, how))
				continue;
			*s = less;
			shrunk = true;
		}
	}
	return shrunk;
}

void history_shrink(uint64_t seed, struct figures *figures)
{
	char how[sizeof(((struct history *)0)->wrong)];
	struct story s;

	write_story(&s, seed);
	const char *wrong = run_story(&s, false, figures);
	if (wrong == NULL)
		return;
	(void)snprintf(how, sizeof(how), "%s", wrong);
	for (unsigned round = 0; round < 5 && shrink_once(&s, how); round++)
		continue;
	while (s.people > 1) {
		struct story less = s;
		less.people--;
		if (!still_fails(&less, how))
			break;
		s = less;
	}
	(void)shrink_once(&s, how);
	printf("\nseed %llu, shrunk:\n", (unsigned long long)seed);
	wrong = run_story(&s, true, figures);
	printf("  %s\n", wrong != NULL ? wrong : "(it does not fail any more)");
}
