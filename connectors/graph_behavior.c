/*
 * onPremisesSyncBehavior: which side is the source of authority of one object. It is in v1.0 of
 * some tenants, and in beta of others, and costs a request for each object. An object of which
 * Graph says that it has none (404) never came from on-premises.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph.h"

#define ATTRIBUTE "isCloudManaged"

/* Of beta it is an absolute URL, of the same origin. */
static const char *url_of(
	struct graph_dir *d, const struct graph_kind *kind, struct value id, struct arena *mem)
{
	const char *path = graph_path(mem, kind->endpoint, id, "/onPremisesSyncBehavior");

	return d->beta ? arena_printf(mem, "%s/beta%s", d->root, path) : path;
}

struct http_call *graph_behavior_ask(
	struct graph_dir *d, const struct graph_kind *kind, struct value id)
{
	struct arena *mem = arena_new();
	struct http_call *call = graph_get(d, url_of(d, kind, id, mem));

	arena_free(mem);
	return call;
}

/* 1 and what it says; 0: there is none; -1. Microsoft's page of the request shows it within a
 * "value", that of the resource does not. */
static int take(struct graph_dir *d, const struct graph_kind *kind, struct value id,
	struct http_call *call, bool *managed, struct err *err)
{
	struct json *answer;
	int status, rc = graph_answer(d, call, &answer, &status, err);

	if (rc < 0 && status == 400) {
		d->beta = true;
		http_drop(d->http, call);
		call = graph_behavior_ask(d, kind, id);
		rc = graph_answer(d, call, &answer, &status, err);
	}
	if (rc < 0) {
		rc = status == 404 ? 0 : err_in(err, ATTRIBUTE);
	} else if (json_flag(answer, ATTRIBUTE, managed) ||
		   json_flag(answer, "value/" ATTRIBUTE, managed)) {
		rc = 1;
	} else {
		/* Without it the object would be taken for one of which nothing is said. */
		(void)err_set(err, ERR_FATAL, "the answer does not say " ATTRIBUTE);
		rc = http_in(call, err);
	}
	json_free(answer);
	http_drop(d->http, call);
	return rc;
}

int graph_behavior_take(struct graph_dir *d, const struct graph_kind *kind, struct http_call *call,
	struct arena *mem, struct entry *e, struct err *err)
{
	bool managed;
	const int rc = take(d, kind, e->id, call, &managed, err);

	if (rc == 1)
		entry_add(mem, e, attr_named(ATTRIBUTE), value_of(managed ? "TRUE" : "FALSE"));
	return rc < 0 ? -1 : 0;
}

/* The kind is not known from the id. */
static int find(struct graph_dir *d, struct value id, const struct graph_kind **kind, bool *managed,
	struct err *err)
{
	int rc = 0;

	for (unsigned k = 0; rc == 0 && d->mailbox == NULL && d->kinds[k] != NULL; k++) {
		*kind = d->kinds[k];
		rc = take(d, *kind, id, graph_behavior_ask(d, *kind, id), managed, err);
	}
	return rc;
}

int graph_more(struct connector *c, const struct attr_set *wanted, struct arena *mem,
	struct entry *e, struct err *err)
{
	const struct graph_kind *kind;
	bool managed;

	if (!graph_wants(wanted, ATTRIBUTE) || entry_get(e, attr_named(ATTRIBUTE)) != NULL)
		return 0;
	const int rc = find((struct graph_dir *)c, e->id, &kind, &managed, err);
	if (rc == 1)
		entry_add(mem, e, attr_named(ATTRIBUTE), value_of(managed ? "TRUE" : "FALSE"));
	return rc < 0 ? -1 : 0;
}

int graph_hand_over(struct connector *c, struct value id, bool on, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;
	const struct graph_kind *kind;
	struct json *answer;
	bool managed;
	int status, rc = find(d, id, &kind, &managed, err);

	if (rc == 0)
		return err_set(err, ERR_FATAL,
			"Graph has no onPremisesSyncBehavior of it: it never came from "
			"on-premises");
	if (rc < 0 || managed == on)
		return rc < 0 ? -1 : 0;
	struct arena *mem = arena_new();
	struct json *body = json_new_object();
	json_put(body, ATTRIBUTE, json_new_flag(on));
	struct http_call *call = graph_send(d, HTTP_PATCH, url_of(d, kind, id, mem), body);
	rc = graph_answer(d, call, &answer, &status, err);
	/* "200 and what it is now", or 204. */
	if (rc == 0 && json_flag(answer, ATTRIBUTE, &managed) && managed != on) {
		(void)err_set(err, ERR_FATAL, ATTRIBUTE " stays %s", managed ? "TRUE" : "FALSE");
		rc = http_in(call, err);
	}
	http_drop(d->http, call);
	json_free(answer);
	json_free(body);
	arena_free(mem);
	return rc;
}
