/*
 * Writing: one change after the other, each of a few commands.
 *
 *   add      New-MailContact; then as a modify of what it made
 *   modify   Get-MailContact by the id, and Get-Contact where the person is concerned, so that what
 *            changed meanwhile is seen; Set-MailContact and Set-Contact with what differs
 *   delete   Get-MailContact by the id; Remove-MailContact of its Guid
 *
 * A change whose answer was lost begins anew: what it did is seen then. An add looks for the name
 * first, and goes on with a contact that has it and contradicts nothing of the add.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"
#include "connectors/exo.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_watch.h"

/* A change is begun so many times at most. */
#define TRIES 3

struct task {
	struct exo_dir *dir;
	const struct change *change;
	struct arena *mem;
	struct value id; /* of the contact; {NULL, 0}: not known yet */
	const char *guid;
	bool doubt;          /* something of it may have been done, and had no answer */
	bool synced, denied; /* it comes from a forest; and Exchange therefore refused */
};

static bool concerns(const struct change *c, enum exo_side side)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct exo_field *f = exo_field_of(c->mods[i].attr);
		if (f != NULL && f->side == side)
			return true;
	}
	return false;
}

/* Why it is this entry's own trouble. */
static int refuse(struct task *t, struct err *err)
{
	t->dir->way->fault = EXO_REFUSED;
	err->kind = ERR_ENTRY;
	return -1;
}

/* The same because of what the last answer said. */
static int refuse_answer(struct task *t, const char *why, struct err *err)
{
	(void)err_set(err, ERR_ENTRY, "%s", why);
	(void)exo_in(t->dir, err);
	return refuse(t, err);
}

/* Is a refusal of Exchange one of authority? Its text is translated, so that the contact has to
 * tell. */
static int judge(struct task *t, int r)
{
	t->denied = t->denied || (r < 0 && t->synced && t->dir->way->fault == EXO_REFUSED);
	return r;
}

/* The contact as it is. */
static int learn(struct task *t, const struct json *row, struct entry *e, struct err *err)
{
	struct json *person = NULL;
	int r;

	if (exo_entry(t->dir, EXO_MAIL, row, NULL, t->mem, e, err) < 0) {
		/* Without its id it is there, and the next run finds it by its marker. */
		t->doubt = true;
		t->dir->way->fault = EXO_LOST;
		return exo_in(t->dir, err);
	}
	(void)json_flag(row, "IsDirSynced", &t->synced);
	t->id = e->id;
	t->guid = arena_strdup(t->mem, json_text(row, "Guid"));
	if (!concerns(t->change, EXO_PERSON))
		return 0;
	r = exo_find_person(t->dir, t->guid, &person, err);
	if (r > 0)
		r = exo_entry(t->dir, EXO_PERSON, person, NULL, t->mem, e, err) < 0
			    ? exo_in(t->dir, err)
			    : 0;
	else if (r == 0)
		r = refuse_answer(t, "Get-Contact does not find it", err);
	json_free(person);
	return r < 0 ? -1 : 0;
}

static int set(struct task *t, enum exo_side side, const struct entry *before, struct err *err)
{
	static const char *const sets[EXO_SIDES] = {
		[EXO_MAIL] = "Set-MailContact",
		[EXO_PERSON] = "Set-Contact",
	};
	struct json *parameters, *rows = NULL;

	if (exo_change_parameters(t->dir, side, t->change, before, t->mem, &parameters, err) < 0)
		return refuse(t, err);
	if (json_member(parameters, 0) == NULL) {
		json_free(parameters);
		return 0;
	}
	json_put(parameters, "Identity", json_new_text(value_of(t->guid)));
	const int r = exo_do(t->dir, sets[side], parameters, &rows, err);
	json_free(rows);
	return judge(t, r);
}

static int set_both(struct task *t, const struct entry *before, struct err *err)
{
	if (set(t, EXO_MAIL, before, err) < 0)
		return -1;
	return set(t, EXO_PERSON, before, err);
}

/* The contact of the change: 1, 0, -1. It will be changed or deleted, so that no other one will do,
 * whatever the filter found. */
static int find(struct task *t, struct json **row, struct err *err)
{
	const struct value id = t->change->id;
	const int r = exo_find(t->dir, "ExternalDirectoryObjectId", id, row, err);
	const char *its = r > 0 ? json_text(*row, "ExternalDirectoryObjectId") : NULL;

	if (r <= 0 ||
		(its != NULL && strlen(its) == id.len && strncasecmp(its, id.data, id.len) == 0))
		return r;
	json_free(*row);
	*row = NULL;
	(void)refuse_answer(t, "Get-MailContact gave another contact than was asked for", err);
	if (t->doubt)
		t->dir->way->fault = EXO_LOST;
	return -1;
}

static int modify(struct task *t, struct err *err)
{
	struct json *row = NULL;
	struct entry e;
	int r = find(t, &row, err);

	if (r == 0)
		return refuse_answer(t, "changed meanwhile: the contact is gone", err);
	if (r > 0)
		r = learn(t, row, &e, err);
	json_free(row);
	return r < 0 ? -1 : set_both(t, &e, err);
}

static int delete (struct task *t, struct err *err)
{
	struct json *row = NULL, *rows = NULL, *parameters;
	int r = find(t, &row, err);

	t->id = t->change->id;
	if (r <= 0)
		return r;
	parameters = json_new_object();
	json_put(parameters, "Identity",
		json_new_text(
			value_of(json_text(row, "Guid") != NULL ? json_text(row, "Guid") : "")));
	json_put(parameters, "Confirm", json_new_flag(false));
	(void)json_flag(row, "IsDirSynced", &t->synced);
	json_free(row);
	r = judge(t, exo_do(t->dir, "Remove-MailContact", parameters, &rows, err));
	json_free(rows);
	return r < 0 && t->dir->way->fault == EXO_ABSENT ? 0 : r;
}

/* Go on with the contact of the name, if there is one: 1, done; 0, there is none; -1. */
static int resume(struct task *t, struct err *err)
{
	struct json *row = NULL;
	struct value name;
	struct entry e;
	int r = -1;

	if (exo_name_of(t->dir, t->mem, t->change->name, &name))
		r = exo_find(t->dir, "Name", name, &row, err);
	/* Whatever the filter found. */
	const char *its = r > 0 ? json_text(row, "Name") : NULL;
	if (r > 0 && (its == NULL || !utf8_same(value_of(its), name)))
		r = 0;
	if (r > 0)
		r = learn(t, row, &e, err) < 0 ? -1 : 1;
	json_free(row);
	if (r > 0 && exo_change_foreign(t->change, &e)) {
		t->doubt = false;
		return refuse_answer(t, "there is another contact of this name", err);
	}
	return r > 0 && set_both(t, &e, err) < 0 ? -1 : r;
}

/* New-MailContact has made it: what it does not take is set. */
static int made(struct task *t, const struct json *rows, struct err *err)
{
	struct entry e;

	return learn(t, json_item(rows, 0), &e, err) < 0 ? -1 : set_both(t, &e, err);
}

static int add(struct task *t, struct err *err)
{
	struct json *parameters, *rows = NULL;
	int r;

	if (t->doubt && (r = resume(t, err)) != 0)
		return r < 0 ? -1 : 0;
	if (exo_change_new(t->dir, t->change, t->mem, &parameters, err) < 0)
		return refuse(t, err);
	r = exo_do(t->dir, "New-MailContact", parameters, &rows, err);
	if (r == 0) {
		t->doubt = true;
		r = made(t, rows, err);
	} else if (t->dir->way->fault == EXO_TAKEN) {
		const struct err why = *err;
		r = resume(t, err);
		if (r == 0) {
			*err = why;
			r = refuse(t, err);
		}
	}
	json_free(rows);
	return r < 0 ? -1 : 0;
}

/* DONE, FAILED or UNKNOWN. */
static void run(struct exo_dir *d, const struct change *c, struct outcome *o, struct arena *mem)
{
	static int (*const todo[])(struct task *, struct err *) = {
		[CHANGE_ADD] = add,
		[CHANGE_MODIFY] = modify,
		[CHANGE_DELETE] = delete,
	};
	struct task t = {.dir = d, .change = c, .mem = mem};
	long long pause = 0;
	int r;

	for (unsigned i = 1; (r = todo[c->op](&t, &o->err)) < 0; i++) {
		if (d->way->fault != EXO_LOST || i == TRIES)
			break;
		t.doubt = true;
		pause_until(watch_now() + pause_next(&pause));
	}
	o->id = t.id;
	o->kind = OUTCOME_DONE;
	if (r == 0) {
		o->err = (struct err){.kind = ERR_NONE};
		return;
	}
	(void)err_in(&o->err, "%.*s", (int)c->name.len, c->name.data);
	o->kind = d->way->fault == EXO_LOST ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
	o->denied = t.denied && o->kind == OUTCOME_FAILED;
}

int exo_write(struct connector *c, const struct change *changes, struct outcome *outcomes, size_t n,
	struct arena *mem, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;
	struct err why = {.kind = ERR_NONE};
	bool known = false;

	exo_stop_reading(d);
	for (size_t i = 0; i < n; i++) {
		outcomes[i] = (struct outcome){.kind = OUTCOME_FAILED, .err = why};
		if (why.kind != ERR_NONE)
			continue;
		run(d, &changes[i], &outcomes[i], mem);
		/* The next ones would meet the same. */
		if (outcomes[i].kind == OUTCOME_UNKNOWN || outcomes[i].err.kind > ERR_ENTRY)
			why = outcomes[i].err;
		known = known || outcomes[i].kind != OUTCOME_FAILED ||
			outcomes[i].err.kind == ERR_ENTRY;
	}
	if (why.kind == ERR_NONE || known)
		return 0;
	*err = why;
	return -1;
}
