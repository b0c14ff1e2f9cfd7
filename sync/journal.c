#include "sync/journal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/connector.h"

void journal_start(struct journal *jr, struct arena *mem, const struct flow *f, long long run,
	long long flow, long long undoes)
{
	*jr = (struct journal){.run = run, .flow = flow, .undoes = undoes};
	journal_attrs_parse(mem, journal_attrs(mem, &f->writes), &jr->attrs);
}

static bool deletes(const struct step *s)
{
	return s->write && s->change.op == CHANGE_DELETE;
}

/* Is the entry still the one that was to be deleted? NULL, or why not. */
static const char *not_as_planned(
	struct arena *mem, const struct flow *f, const struct step *s, const struct entry *e)
{
	if (!value_same(plan_mark(f, e), plan_marker(mem, f, s->source_id)))
		return "does not carry our marker any more";
	if (!dn_text_equal(e->name, s->change.name))
		return "was renamed or moved";
	return plan_protected(f, e);
}

static void judge(
	struct arena *mem, const struct flow *f, const struct step *s, struct journalled *j)
{
	const char *why = j->before != NULL ? not_as_planned(mem, f, s, j->before) : NULL;

	if (j->before != NULL && why == NULL)
		return;
	j->early = arena_zalloc(mem, sizeof(*j->early));
	if (j->before == NULL)
		return;
	j->early->kind = OUTCOME_FAILED;
	err_set(&j->early->err, ERR_ENTRY,
		"%.*s: changed meanwhile, looked at again in the next run: %s",
		(int)s->change.name.len, s->change.name.data, why);
}

static int read_before(struct connector *target, const struct query *q, const struct step *steps,
	const struct keys *places, struct arena *mem, struct journalled *j, struct err *err)
{
	struct arena *scratch = arena_new();
	struct entry e;
	uint32_t i;
	int rc = connector_read(target, q, err);

	while (rc == 0 && (rc = connector_next(target, scratch, &e, err)) == 1) {
		if (!e.gone && keys_get(places, e.key, &i) &&
			value_same(e.id, steps[i].change.id)) {
			struct entry *copy = arena_alloc(mem, sizeof(*copy));
			entry_copy(mem, copy, &e);
			j[i].before = copy;
		}
		arena_reset(scratch);
		rc = 0;
	}
	arena_free(scratch);
	return rc < 0 ? -1 : 0;
}

int journal_look(struct connector *target, const struct flow *f, const struct step *steps, size_t n,
	struct arena *mem, struct journalled *j, struct err *err)
{
	struct wish *wishes = arena_alloc(mem, n * sizeof(*wishes));
	struct query q = {.kind = (target->type->can & CAN_FIND) != 0 ? QUERY_FIND : QUERY_ALL,
		.wishes = wishes};
	struct keys places;

	keys_init(&places, 0, true);
	for (size_t i = 0; i < n; i++) {
		j[i] = (struct journalled){.before = NULL};
		if (!deletes(&steps[i]))
			continue;
		wishes[q.n_wishes++] = (struct wish){.by = WISH_ID, .value = steps[i].change.id};
		keys_put(&places, entry_key(steps[i].change.id), (uint32_t)i);
	}
	int rc = 0;
	if (q.n_wishes > 0)
		rc = read_before(target, &q, steps, &places, mem, j, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (deletes(&steps[i]))
			judge(mem, f, &steps[i], &j[i]);
	}
	keys_free(&places);
	return rc;
}

/* What of a step is to be undone: what it writes, and that a link came or went. */
static bool counts(const struct step *s, const struct journalled *j)
{
	return (s->write && j->early == NULL) || s->op == STEP_FORGET || s->op == STEP_LINK;
}

/* Its number is also the place where the journal has it. */
static int put_op(struct journal *jr, struct state *state, const struct flow *f,
	const struct step *s, struct arena *mem, struct journalled *j, struct err *err)
{
	struct op op = {.kind = s->op, .change = s->change, .has_before = j->before != NULL};
	struct op_row row = {.run = jr->run,
		.n = ++jr->n,
		.kind = s->op,
		.source = s->source_id,
		.target = s->target_id};
	struct buf change = {0}, before = {0}, link = {0};
	struct entry added = {0};
	const struct arena_mark mark = arena_mark(mem);
	int rc = 0;

	if (!s->write)
		op.change = (struct change){.name = s->target_name};
	if (s->op == STEP_ADD) {
		change_apply(mem, &added, &s->change);
		op.digest = entry_digest(&added, &jr->attrs);
		row.target = (struct value){NULL, 0};
	} else {
		row.name = s->source_name;
	}
	if (op.has_before)
		op.before = *j->before;
	if (s->op != STEP_ADD || s->number != 4)
		rc = state_link(state, jr->flow, s->source_id, mem, &op.link, err);
	op.has_link = rc == 1;
	if (op.has_link && (s->op == STEP_DELETE || s->op == STEP_FORGET))
		rc = state_authority(state, jr->flow, s->source_id, mem, &op.link.side, err);
	op_pack(&op, f->into, &change, &before, &link);
	row.change = (struct value){change.data, change.len};
	row.before = (struct value){before.data, before.len};
	row.link = (struct value){link.data, link.len};
	if (rc >= 0)
		rc = state_put_op(state, &row, err);
	buf_free(&change);
	buf_free(&before);
	buf_free(&link);
	j->n = row.n;
	arena_rewind(mem, mark);
	return rc;
}

int journal_head(struct journal *jr, struct state *state, const struct flow *f, struct arena *mem,
	struct err *err)
{
	const struct journal_head h = {.run = jr->run,
		.undoes = jr->undoes,
		.side = jr->side,
		.who = jr->who,
		.base = f->into,
		.attrs = journal_attrs(mem, &f->writes)};

	return state_put_journal(state, &h, err);
}

int journal_intend(struct journal *jr, struct state *state, const struct flow *f,
	const struct step *steps, size_t n, struct arena *mem, struct journalled *j,
	struct err *err)
{
	const bool first = jr->n == 0;
	size_t left = n;

	for (size_t i = 0; i < n; i++)
		left -= !counts(&steps[i], &j[i]);
	if (left == 0)
		return 0;
	if (first && journal_head(jr, state, f, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (counts(&steps[i], &j[i]) &&
			put_op(jr, state, f, &steps[i], mem, &j[i], err) < 0)
			return -1;
	}
	return 0;
}

int journal_note(struct journal *jr, struct state *state, const struct journalled *j,
	struct outcome *const *outcomes, size_t n, struct err *err)
{
	static const enum op_result results[] = {[OUTCOME_DONE] = OP_DONE,
		[OUTCOME_FAILED] = OP_FAILED,
		[OUTCOME_UNKNOWN] = OP_UNKNOWN};
	uint32_t last = 0;

	for (size_t i = 0; i < n; i++) {
		if (j[i].n > last)
			last = j[i].n;
		if (j[i].n != 0 && outcomes[i] != NULL && outcomes[i]->kind != OUTCOME_DONE &&
			state_op_result(state, jr->run, j[i].n, results[outcomes[i]->kind], err) <
				0)
			return -1;
	}
	return last > 0 ? state_journal_done(state, jr->run, last, err) : 0;
}
