#include "connectors/scim_write.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* Flights in one request. */
#define TOGETHER 100

static bool refers(const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < changes[i].n; k++) {
			if (scim_refers(changes[i].mods[k].attr))
				return true;
		}
	}
	return false;
}

/* May it be under way beside those that are? */
static bool beside(const struct scim_writer *w, const struct change *c)
{
	for (size_t i = 0; i < w->n_flights; i++) {
		const struct change *other = w->flights[i].change;
		if (other->op != c->op || other->new_name.len > 0 || c->new_name.len > 0 ||
			(c->op != CHANGE_ADD && value_same(other->id, c->id)))
			return false;
	}
	return true;
}

/* The next change becomes a flight. */
static struct scim_flight *board(struct scim_writer *w, bool bulk)
{
	struct scim_flight *f = &w->flights[w->n_flights++];
	const struct change *c = &w->changes[w->next];

	*f = (struct scim_flight){.change = c, .outcome = &w->outcomes[w->next++], .bulk = bulk};
	if (c->op == CHANGE_ADD) {
		const struct scim_kind *kind = scim_kind_of(w->dir, c);
		while (kind != NULL && w->dir->kinds[f->kind] != kind)
			f->kind++;
		if (kind == NULL) {
			struct err err;
			(void)err_set(&err, ERR_ENTRY,
				"%.*s: its objectClass is none of those of `types` (user, group)",
				(int)c->name.len, c->name.data);
			scim_flight_fail(w, f, &err);
			return NULL;
		}
	}
	scim_flight_begin(w, f);
	return f < &w->flights[w->n_flights] ? f : NULL;
}

static void begin_bulk(struct scim_writer *w, size_t n)
{
	struct scim_flight *flights[TOGETHER];
	size_t on = 0;

	for (size_t i = 0; i < n && i < TOGETHER; i++) {
		struct scim_flight *f = board(w, true);
		if (f != NULL)
			flights[on++] = f;
	}
	if (on > 0)
		scim_bulk_send(w, flights, on);
}

static void begin_more(struct scim_writer *w)
{
	while (!w->hopeless && w->next < w->n && w->n_calls < http_window(w->dir->http) &&
		beside(w, &w->changes[w->next])) {
		const size_t n = scim_bulk_size(w);
		if (n > 1)
			begin_bulk(w, n);
		else
			(void)board(w, false);
	}
}

/* Of a call that has ended. What is no JSON is as if there was nothing. */
static struct scim_reply reply_to(struct scim_writer *w, struct http_call *c)
{
	struct scim_reply r = {.call = c};
	struct http_answer a;
	struct err ignored;

	if (http_take(w->dir->http, c, &a, &r.err) == 0) {
		r.status = a.status;
		r.location = http_header(c, "Location");
		if (http_good(&a))
			(void)json_parse(a.body.data, a.body.len, &r.body, &ignored);
		else
			(void)scim_fail(c, &a, &r.err);
	}
	r.doubt = (a.doubt && !http_good(&a)) || (r.status >= 500 && r.status != 501);
	return r;
}

/* Give a reply to those that it is for. */
static void answer(struct scim_writer *w, struct http_call *c)
{
	struct scim_reply r = reply_to(w, c);
	struct scim_flight *flights[TOGETHER];
	size_t n = 0;

	w->n_calls--;
	for (size_t i = 0; i < w->n_flights && n < TOGETHER; i++) {
		if (w->flights[i].call == c)
			flights[n++] = &w->flights[i];
	}
	/* Everything else would meet the same; but a POST that was lost was tried once only. */
	if (r.status == 401 ||
		(r.status == 0 && (n == 0 || flights[0]->stage != SCIM_POST || !r.doubt))) {
		w->hopeless = true;
		w->why = r.err;
	}
	if (n > 0 && flights[0]->bulk)
		scim_bulk_reply(w, flights, n, &r);
	else if (n > 0)
		scim_flight_reply(w, flights[0], &r);
	json_free(r.body);
	http_drop(w->dir->http, c);
}

/* What was not begun fails with what kept us. */
static void leave(struct scim_writer *w)
{
	for (; w->next < w->n; w->next++)
		w->outcomes[w->next] = (struct outcome){.kind = OUTCOME_FAILED, .err = w->why};
}

int scim_write(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem, struct err *err)
{
	struct scim_dir *d = (struct scim_dir *)c;

	if (n == 0)
		return 0;
	struct scim_writer w = {
		.dir = d, .changes = changes, .outcomes = outcomes, .n = n, .mem = mem};
	struct arena *room = arena_new();
	struct http_call *call;

	memset(outcomes, 0, n * sizeof(*outcomes));
	scim_stop_reading(d);
	if (scim_discover(d, err) < 0 || (refers(changes, n) && scim_names_load(d, err) < 0)) {
		arena_free(room);
		return -1;
	}
	w.flights = arena_alloc(room, (n + 1) * sizeof(*w.flights));
	begin_more(&w);
	while ((call = http_any(d->http)) != NULL) {
		answer(&w, call);
		begin_more(&w);
	}
	leave(&w);
	arena_free(room);
	if (!w.hopeless || w.known)
		return 0;
	*err = w.why;
	return -1;
}
