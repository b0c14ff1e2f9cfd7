/*
 * Several writes in one request (RFC 7644, 3.7).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim_write.h"

#define BULK_SCHEMA "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
#define OPERATIONS_MOST 100
/* A resource of ours is shorter than this. */
#define RESOURCE_BYTES 8192

size_t scim_bulk_size(const struct scim_writer *w)
{
	const struct scim_service *s = &w->dir->service;
	const enum change_op op = w->changes[w->next].op;
	long long most =
		s->bulk_operations < OPERATIONS_MOST ? s->bulk_operations : OPERATIONS_MOST;
	size_t n = 1;

	if (s->bulk_bytes > 0 && most > s->bulk_bytes / RESOURCE_BYTES)
		most = s->bulk_bytes / RESOURCE_BYTES;
	/* Where a delete goes is known if there is one kind only. */
	if (!w->dir->bulk || !s->bulk || op == CHANGE_MODIFY ||
		(op == CHANGE_DELETE && w->dir->kinds[1] != NULL))
		return 1;
	while (w->next + n < w->n && (long long)n < most && w->changes[w->next + n].op == op)
		n++;
	return n;
}

static struct json *operation(struct scim_writer *w, const struct scim_flight *f, size_t number)
{
	const struct scim_kind *kind = w->dir->kinds[f->kind];
	const bool deletes = f->change->op == CHANGE_DELETE;
	struct json *j = json_new_object();
	char id[24];

	(void)snprintf(id, sizeof(id), "%zu", number);
	json_put(j, "method", json_new_text(value_of(deletes ? "DELETE" : "POST")));
	json_put(j, "bulkId", json_new_text(value_of(id)));
	json_put(j, "path",
		json_new_text(value_of(deletes ? scim_path(w->mem, kind, f->id) : kind->endpoint)));
	if (!deletes)
		json_put(j, "data", json_clone(f->after));
	return j;
}

void scim_bulk_send(struct scim_writer *w, struct scim_flight **flights, size_t n)
{
	struct json *request = json_new_object(), *list = json_new_list();

	for (size_t i = 0; i < n; i++)
		json_push(list, operation(w, flights[i], i));
	json_put(request, "schemas[]", json_new_text(value_of(BULK_SCHEMA)));
	json_put(request, "Operations", list);
	struct http_call *c = scim_send(w->dir, HTTP_POST, "/Bulk", request, NULL, false);
	json_free(request);
	w->n_calls++;
	for (size_t i = 0; i < n; i++) {
		const bool deletes = flights[i]->change->op == CHANGE_DELETE;
		flights[i]->stage = deletes ? SCIM_DELETE : SCIM_POST;
		flights[i]->bulk = true;
		flights[i]->number = i;
		flights[i]->tries++;
		flights[i]->call = c;
	}
}

/* "201", 201 or {"code": "201"}, as drafts had it; 0: it is none. */
static int status_of(const struct json *operation)
{
	static const char *const paths[] = {"status", "status/code"};
	long long n = 0;

	for (unsigned i = 0; i < 2 && n == 0; i++) {
		const char *text = json_text(operation, paths[i]);
		if (text != NULL)
			n = strtol(text, NULL, 10);
		else
			(void)json_number(operation, paths[i], &n);
	}
	return n >= 200 && n <= 599 ? (int)n : 0;
}

/* By its bulkId; where the service has none of these at all, by its place. */
static const struct json *result_of(const struct json *list, size_t number, size_t n)
{
	const size_t count = json_count(list, "");
	bool named = false;
	char id[24];

	(void)snprintf(id, sizeof(id), "%zu", number);
	for (size_t i = 0; i < count; i++) {
		const char *there = json_text(json_item(list, i), "bulkId");
		named = named || there != NULL;
		if (there != NULL && strcmp(there, id) == 0)
			return json_item(list, i);
	}
	return named || count != n ? NULL : json_item(list, number);
}

/* What is said of one operation, as if it had been sent alone. */
static struct scim_reply reply_of(const struct http_call *call, const struct json *operation)
{
	const char *detail = json_text(operation, "response/detail");
	struct scim_reply r = {.call = call, .status = status_of(operation)};

	if (r.status == 0) {
		r.doubt = true;
		(void)err_set(&r.err, ERR_BUSY, "the answer does not say what came of it");
	} else if (r.status >= 300) {
		(void)err_set(&r.err, ERR_ENTRY, "%d%s%.300s", r.status, detail != NULL ? ": " : "",
			detail != NULL ? detail : "");
	} else if (json_text(operation, "response/id") != NULL) {
		r.body = json_clone(json_at(operation, "response"));
	}
	if (r.err.kind != ERR_NONE)
		(void)http_in(call, &r.err);
	r.location = json_text(operation, "location");
	return r;
}

/* Nothing was done of it: each goes alone. */
static void alone(struct scim_writer *w, struct scim_flight *f)
{
	f->bulk = false;
	json_free(f->after);
	f->after = NULL;
	f->call = NULL;
	scim_flight_begin(w, f);
}

void scim_bulk_reply(
	struct scim_writer *w, struct scim_flight **flights, size_t n, const struct scim_reply *all)
{
	const struct json *list = json_at(all->body, "Operations");
	/* It has no Bulk after all, or not so much of it. */
	const bool none = all->status == 404 || all->status == 405 || all->status == 413 ||
			  all->status == 501;

	if (none)
		w->dir->service.bulk = false;
	/* From the last on: landing puts the last flight into another's place. */
	for (size_t i = n; i-- > 0;) {
		struct scim_reply r = *all;
		if (none) {
			alone(w, flights[i]);
			continue;
		}
		if (all->err.kind == ERR_NONE)
			r = reply_of(all->call, result_of(list, flights[i]->number, n));
		else
			r.body = NULL;
		scim_flight_reply(w, flights[i], &r);
		json_free(r.body);
	}
}
