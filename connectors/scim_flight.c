/*
 * The stages of one change.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim_find.h"
#include "connectors/scim_write.h"

/* A write is sent so many times at most, the first included. */
#define TRIES 4

static const struct scim_kind *kind_of(const struct scim_writer *w, const struct scim_flight *f)
{
	return w->dir->kinds[f->kind];
}

/* The flight's place is taken by the last one. */
static void land(struct scim_writer *w, struct scim_flight *f, enum outcome_kind kind)
{
	f->outcome->kind = kind;
	json_free(f->before);
	json_free(f->after);
	*f = w->flights[--w->n_flights];
}

static void done(struct scim_writer *w, struct scim_flight *f)
{
	const struct change *c = f->change;
	const struct value name = c->new_name.len > 0 ? c->new_name : c->name;

	f->outcome->id = f->id;
	f->outcome->err.kind = ERR_NONE;
	f->outcome->err.text[0] = '\0';
	w->known = true;
	if (c->op == CHANGE_ADD || c->new_name.len > 0)
		scim_names_put(w->dir, f->id, name);
	land(w, f, OUTCOME_DONE);
}

void scim_flight_fail(struct scim_writer *w, struct scim_flight *f, const struct err *err)
{
	f->outcome->err = *err;
	w->known = w->known || (!f->doubt && err->kind == ERR_ENTRY);
	land(w, f, f->doubt ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
}

/* The service's own reason concerns this entry only. */
static void refused(struct scim_writer *w, struct scim_flight *f, struct err *err)
{
	f->doubt = false;
	err->kind = err->kind == ERR_BUSY ? ERR_BUSY : ERR_ENTRY;
	(void)err_in(err, "%.*s", (int)f->change->name.len, f->change->name.data);
	scim_flight_fail(w, f, err);
}

/* What is wrong with a reply that is no error. */
static struct err wrong(const struct scim_reply *r, const char *why)
{
	struct err err;

	(void)err_set(&err, ERR_ENTRY, "%s", why);
	(void)http_in(r->call, &err);
	return err;
}

static const char *path_of(struct scim_writer *w, const struct scim_flight *f)
{
	return scim_path(w->mem, kind_of(w, f), f->id);
}

static void get(struct scim_writer *w, struct scim_flight *f, enum scim_stage stage)
{
	f->stage = stage;
	f->call = scim_get(w->dir, path_of(w, f));
	w->n_calls++;
}

static void post(struct scim_writer *w, struct scim_flight *f)
{
	f->stage = SCIM_POST;
	f->tries++;
	f->call = scim_send(w->dir, HTTP_POST, kind_of(w, f)->endpoint, f->after, NULL, false);
	w->n_calls++;
}

/* RFC 7644, 3.14. */
static const char *version_of(const struct scim_writer *w, const struct scim_flight *f)
{
	return w->dir->service.etag ? json_text(f->before, "meta/version") : NULL;
}

static void update(struct scim_writer *w, struct scim_flight *f)
{
	const bool patch = w->dir->service.patch && !f->put;
	struct json *body = patch ? scim_change_patch(w->dir, kind_of(w, f), f->change, f->after)
				  : json_clone(f->after);

	f->stage = patch ? SCIM_PATCH : SCIM_PUT;
	f->tries++;
	/* The same values again do no harm. */
	f->call = scim_send(
		w->dir, patch ? HTTP_PATCH : HTTP_PUT, path_of(w, f), body, version_of(w, f), true);
	json_free(body);
	w->n_calls++;
}

static void delete (struct scim_writer *w, struct scim_flight *f)
{
	f->stage = SCIM_DELETE;
	f->tries++;
	f->call = scim_send(w->dir, HTTP_DELETE, path_of(w, f), NULL, NULL, true);
	w->n_calls++;
}

/* Is there an entry of the name that is the one to be added? With a known filter only. */
static void look(struct scim_writer *w, struct scim_flight *f, const struct err *why)
{
	const struct scim_kind *kind = kind_of(w, f);
	struct arena *mem = arena_new();
	struct value name;
	enum scim_finds finds;
	struct err err;

	f->why = *why;
	if (scim_filter_finds(w->dir, kind, kind->name, &finds, &err) < 0 ||
		finds == SCIM_FINDS_NOTHING || !scim_name_of(w->dir, mem, f->change->name, &name)) {
		scim_flight_fail(w, f, why);
	} else {
		f->stage = SCIM_LOOK;
		f->call = scim_get(w->dir, scim_filter_url(mem, kind, kind->name, name));
		w->n_calls++;
	}
	arena_free(mem);
}

void scim_flight_begin(struct scim_writer *w, struct scim_flight *f)
{
	struct json *nothing;
	struct err err;

	f->id = f->change->id;
	if (f->change->op == CHANGE_DELETE) {
		if (!f->bulk)
			delete (w, f);
	} else if (f->change->op == CHANGE_MODIFY) {
		get(w, f, SCIM_GET);
	} else {
		nothing = json_new_object();
		const int r = scim_change_apply(
			w->dir, kind_of(w, f), f->change, nothing, &f->after, &err);
		json_free(nothing);
		if (r < 0)
			scim_flight_fail(w, f, &err);
		else if (!f->bulk)
			post(w, f);
	}
}

/* An entry of another kind? */
static bool next_kind(struct scim_writer *w, struct scim_flight *f)
{
	if (w->dir->kinds[f->kind + 1] == NULL)
		return false;
	f->kind++;
	return true;
}

/* Is it the resource that the change is of? Where one that is made is found may be spelled
 * otherwise than its id. */
static bool is_its(const struct scim_flight *f, const struct json *j)
{
	const char *id = json_text(j, "id");

	return id != NULL && (f->change->op == CHANGE_ADD || value_same(value_of(id), f->id));
}

/* Whatever was written, the service shows it: is it right? */
static bool right(
	struct scim_writer *w, struct scim_flight *f, const struct json *j, struct err *err)
{
	return is_its(f, j) && scim_change_check(w->dir, kind_of(w, f), f->change, j, err) == 0;
}

/* The id of what was made: in the body, or the end of its address. */
static void learn_id(struct scim_writer *w, struct scim_flight *f, const struct scim_reply *r)
{
	const char *id = json_text(r->body, "id");
	const char *end = r->location != NULL ? strrchr(r->location, '/') : NULL;

	if (id == NULL && end != NULL && end[1] != '\0' && strchr(end, '%') == NULL)
		id = end + 1;
	if (id != NULL)
		f->id = value_of(arena_strdup(w->mem, id));
}

static void posted(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	struct err err;

	if (r->status >= 200 && r->status < 300) {
		f->doubt = true;
		learn_id(w, f, r);
		if (right(w, f, r->body, &err)) {
			done(w, f);
		} else if (f->id.len > 0) {
			get(w, f, SCIM_CHECK);
		} else {
			err = wrong(r, "the service does not say what it made");
			look(w, f, &err);
		}
		return;
	}
	f->doubt = f->doubt || r->doubt;
	if (f->doubt || r->status == 409)
		look(w, f, &r->err);
	else
		refused(w, f, &r->err);
}

/* The one that is looked for, among those that were found. */
static const struct json *among(
	struct scim_writer *w, struct scim_flight *f, const struct json *answer)
{
	const struct json *list = json_at(answer, "Resources");
	struct err ignored;

	for (size_t i = 0; i < json_count(answer, "Resources"); i++) {
		if (right(w, f, json_item(list, i), &ignored))
			return json_item(list, i);
	}
	return NULL;
}

static void looked(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	const struct json *found = among(w, f, r->body);

	if (r->err.kind != ERR_NONE) {
		scim_flight_fail(w, f, &f->why);
	} else if (found != NULL) {
		f->id = value_of(arena_strdup(w->mem, json_text(found, "id")));
		done(w, f);
	} else if (json_count(r->body, "Resources") == 0 && f->why.kind == ERR_BUSY &&
		   f->tries < TRIES) {
		post(w, f);
	} else {
		refused(w, f, &f->why);
	}
}

/* How the resource is now: is there anything to do, and what? */
static void got(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	struct err err;

	if (r->status == 404 && next_kind(w, f)) {
		get(w, f, SCIM_GET);
		return;
	}
	if (r->err.kind == ERR_NONE && r->body == NULL)
		r->err = wrong(r, "is no JSON");
	if (r->err.kind == ERR_NONE && !is_its(f, r->body))
		r->err = wrong(r, "is another resource");
	if (r->err.kind != ERR_NONE) {
		refused(w, f, &r->err);
		return;
	}
	json_free(f->before);
	json_free(f->after);
	f->before = r->body;
	f->after = r->body = NULL;
	if (scim_change_apply(w->dir, kind_of(w, f), f->change, f->before, &f->after, &err) < 0) {
		f->doubt = false;
		scim_flight_fail(w, f, &err);
	} else if (right(w, f, f->before, &err)) {
		done(w, f);
	} else {
		update(w, f);
	}
}

/* Once more: from how it is now, or another way. */
static void once_more(struct scim_writer *w, struct scim_flight *f, struct err *why)
{
	if (f->tries < TRIES)
		get(w, f, SCIM_GET);
	else
		refused(w, f, why);
}

static void updated(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	struct err err;

	if (r->status >= 200 && r->status < 300) {
		if (right(w, f, r->body, &err))
			done(w, f);
		else
			get(w, f, SCIM_CHECK);
		return;
	}
	f->doubt = r->doubt;
	if (f->doubt) {
		f->why = r->err;
		get(w, f, SCIM_CHECK);
	} else if (r->status == 412) {
		once_more(w, f, &r->err);
	} else if (f->stage == SCIM_PATCH && (r->status == 405 || r->status == 501)) {
		w->dir->service.patch = false;
		update(w, f);
	} else if (f->stage == SCIM_PATCH && r->status == 400) {
		f->put = true;
		update(w, f);
	} else {
		refused(w, f, &r->err);
	}
}

static void deleted(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	if (r->status == 404 && next_kind(w, f)) {
		delete (w, f);
	} else if ((r->status >= 200 && r->status < 300) || r->status == 404) {
		done(w, f);
	} else {
		/* Some say 500 of what is gone already. */
		f->doubt = r->doubt;
		f->why = r->err;
		get(w, f, SCIM_CHECK);
	}
}

/* It was written, or perhaps. This is what the service has now. */
static void checked(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	const bool deletes = f->change->op == CHANGE_DELETE, gone = r->status == 404;
	struct err err = {0};

	if (r->err.kind != ERR_NONE && !(gone && deletes)) {
		scim_flight_fail(w, f, &r->err);
	} else if (deletes && !gone) {
		refused(w, f, &f->why);
	} else if (deletes || right(w, f, r->body, &err)) {
		done(w, f);
	} else {
		struct err why =
			wrong(r, err.text[0] != '\0' ? err.text : "the service does not show it");
		if (f->change->op == CHANGE_MODIFY && !f->put) {
			f->put = true;
			once_more(w, f, &why);
		} else {
			refused(w, f, &why);
		}
	}
}

void scim_flight_reply(struct scim_writer *w, struct scim_flight *f, struct scim_reply *r)
{
	static void (*const stages[])(
		struct scim_writer *, struct scim_flight *, struct scim_reply *) = {
		[SCIM_POST] = posted,
		[SCIM_GET] = got,
		[SCIM_PATCH] = updated,
		[SCIM_PUT] = updated,
		[SCIM_DELETE] = deleted,
		[SCIM_CHECK] = checked,
		[SCIM_LOOK] = looked,
	};

	f->call = NULL;
	f->bulk = false;
	stages[f->stage](w, f, r);
}
