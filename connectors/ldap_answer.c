#include "connectors/ldap_writer.h"

#include "base/arena.h"
#include "base/err.h"

#include "connectors/ldap_code.h"

static void next_stage(struct writer *w, struct flight *f, enum stage stage)
{
	f->op.stage = stage;
	writer_send(w, f);
}

/* The stage is done: by this answer, or as was read back. An add's id; NULL: not told. */
static void succeeded(struct writer *w, struct flight *f, const struct value *id)
{
	const struct change *c = f->op.change;

	if (f->op.stage == STAGE_ADD && id == NULL)
		next_stage(w, f, STAGE_IDENTIFY);
	else if (f->op.stage == STAGE_RENAME && c->n > 0)
		next_stage(w, f, STAGE_MODIFY);
	else
		writer_done(w, f, id != NULL ? *id : c->id);
}

/* What was looked at is as before: the operation did not get through, or was refused. */
static void not_done(struct writer *w, struct flight *f, const struct entry *there)
{
	const struct change *c = f->op.change;

	if (!f->answered) {
		f->outcome->err.kind = ERR_NONE;
		writer_send(w, f);
	} else if (f->op.stage == STAGE_MODIFY && f->op.mods == c->mods) {
		/* Nothing stands in the way: it is the server that cannot take away single values
		 * of this attribute. */
		f->op.mods = readback_replace(f->mem, c, there, &f->op.n_mods);
		writer_send(w, f);
	} else {
		writer_failed(w, f);
	}
}

/* there: NULL when there is none, or none that may be seen. */
static void looked(struct writer *w, struct flight *f, const struct entry *there)
{
	struct err err = {.kind = ERR_NONE};
	const bool added = f->op.doubt == STAGE_ADD && there != NULL;
	struct value id;

	f->op.stage = f->op.doubt;
	switch (readback(w->brief, f->op.stage, f->op.change, there, &err)) {
	case SEEN_DONE:
		if (added)
			id = value_copy(f->mem, there->id);
		succeeded(w, f, added ? &id : NULL);
		break;
	case SEEN_BEFORE:
		not_done(w, f, there);
		break;
	case SEEN_OTHER:
		f->outcome->err = err;
		(void)err_in(&f->outcome->err, "%s", operation_text(w->brief, &f->op));
		writer_failed(w, f);
		break;
	}
}

static void refused(struct writer *w, struct flight *f, int code, const char *text)
{
	const enum stage stage = f->op.stage;

	if (stage == STAGE_DELETE && code == LDAP_NO_SUCH_OBJECT) {
		writer_done(w, f, f->op.change->id);
		return;
	}
	ldap_fail(&f->outcome->err, code, text, "%s", operation_text(w->brief, &f->op));
	if (!ldap_maybe_done(f->op.change->op, stage == STAGE_RENAME, code) &&
		!(stage == STAGE_MODIFY && code == LDAP_INAPPROPRIATE_MATCHING)) {
		writer_failed(w, f);
		return;
	}
	f->answered = true;
	f->op.doubt = stage;
	next_stage(w, f, STAGE_LOOK);
}

/* A search for the one entry. */
static void found(struct writer *w, struct flight *f, LDAPMessage *messages)
{
	LDAP *ld = session_handle(w->dir->session);
	LDAPMessage *first = ldap_first_entry(ld, messages);
	const bool looks = f->op.stage == STAGE_LOOK;
	struct value name = stage_name(f->op.change, looks ? f->op.doubt : f->op.stage);
	const struct search_request request = {.base = arena_copy(w->brief, name.data, name.len),
		.scope = LDAP_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.id = w->dir->id};
	struct entry e;
	struct err err;

	if (first != NULL && search_entry(ld, first, &request, w->brief, &e, &err) < 0) {
		if (!looks)
			f->outcome->err = err;
		writer_failed(w, f);
	} else if (looks) {
		looked(w, f, first != NULL ? &e : NULL);
	} else if (first != NULL) {
		writer_done(w, f, value_copy(f->mem, e.id));
	} else {
		err_set(&f->outcome->err, ERR_ENTRY, "%s: it was added, but cannot be seen",
			operation_text(w->brief, &f->op));
		writer_failed(w, f);
	}
}

/* To a search; why it was needed is told already when it was for a look. */
static void searched(
	struct writer *w, struct flight *f, int code, const char *text, LDAPMessage *messages)
{
	if (code == LDAP_SUCCESS || code == LDAP_NO_SUCH_OBJECT) {
		found(w, f, messages);
		return;
	}
	if (f->op.stage == STAGE_IDENTIFY)
		ldap_fail(&f->outcome->err, code, text, "%s", operation_text(w->brief, &f->op));
	writer_failed(w, f);
}

static void answered(struct writer *w, struct flight *f, int code, const char *text,
	LDAPControl **controls, LDAPMessage *messages)
{
	struct value id;

	if (ldap_code(code)->slow_down) {
		ldap_fail(&w->why, code, text, "%s", operation_text(w->brief, &f->op));
		if (f->op.stage != STAGE_LOOK)
			f->outcome->err = w->why;
		writer_busy(w, f);
		return;
	}
	if (f->op.stage == STAGE_LOOK || f->op.stage == STAGE_IDENTIFY) {
		searched(w, f, code, text, messages);
		return;
	}
	writer_speed_up(w);
	if (code != LDAP_SUCCESS) {
		refused(w, f, code, text);
	} else {
		bool told = f->op.stage == STAGE_ADD &&
			    operation_post_read(controls, w->dir->id, f->mem, &id);
		succeeded(w, f, told ? &id : NULL);
	}
}

int writer_answer(struct writer *w, struct flight *f, LDAPMessage *messages)
{
	LDAPControl **controls = NULL;
	char *text = NULL;
	int code;

	if (ldap_parse_result(session_handle(w->dir->session), messages, &code, NULL, &text, NULL,
		    &controls, 0) != LDAP_SUCCESS)
		return err_set(&w->why, ERR_FATAL, "the server sent what is not LDAP");
	f->msgid = 0;
	answered(w, f, code, text, controls, messages);
	ldap_memfree(text);
	ldap_controls_free(controls);
	return 0;
}
