#include "connectors/graph_write.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"

/* Changes that are begun together. The client sends no more of them at once than it may. */
#define TOGETHER 32
/* A guest who was just invited may not be everywhere: so often a second is waited. */
#define PATIENCE 10

struct writer {
	struct graph_dir *dir;
	struct arena *mem; /* the caller's */
	struct graph_job jobs[TOGETHER];
	size_t n;
	bool hopeless, known; /* nothing more is begun; something is known */
	struct err why;
};

static bool makes_guests(const struct writer *w)
{
	return w->dir->kinds[0]->only != NULL;
}

static void done(struct writer *w, struct graph_job *j)
{
	*j->outcome = (struct outcome){.kind = OUTCOME_DONE, .id = j->id};
	w->known = true;
}

/* status: of the answer that said so. Without one all others would fare alike. */
static void failed(struct writer *w, struct graph_job *j, int status, const struct err *err)
{
	const struct value name = j->change->name;
	const bool post = j->change->op == CHANGE_ADD && (j->invited || !makes_guests(w));

	j->outcome->kind = post && (status < 0 || status >= 500) ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
	j->outcome->err = *err;
	j->outcome->denied = w->dir->denied && j->outcome->kind == OUTCOME_FAILED;
	if (j->invited && j->outcome->kind == OUTCOME_UNKNOWN) {
		(void)err_in(&j->outcome->err,
			"a guest whom nobody owns may be there: delete it there, or join by mail");
		w->known = true;
	}
	if (status <= 0 || status == 401) {
		w->hopeless = true;
		w->why = *err;
		return;
	}
	if (err->kind != ERR_BUSY)
		j->outcome->err.kind = ERR_ENTRY;
	(void)err_in(&j->outcome->err, "%.*s", (int)name.len, name.data);
	w->known = true;
}

/* A reason of ours: nothing was sent. */
static void refuse(struct writer *w, struct graph_job *j, const char *why)
{
	struct err err;

	(void)err_set(&err, ERR_ENTRY, "%s", why);
	failed(w, j, 400, &err);
}

/* Graph did it, but what it says of that is of no use. */
static void unclear(struct writer *w, struct graph_job *j, const char *why)
{
	struct err err;

	(void)err_set(&err, ERR_ENTRY, "%s", why);
	(void)http_in(j->from, &err);
	failed(w, j, 500, &err);
}

static bool open_job(const struct graph_job *j)
{
	return j->outcome->kind == OUTCOME_FAILED && j->outcome->err.kind == ERR_NONE;
}

/* The answer of a job's call. */
static bool take(struct writer *w, struct graph_job *j, struct json **answer, int *status)
{
	struct err err;

	http_drop(w->dir->http, j->from);
	j->from = j->call;
	j->call = NULL;
	if (graph_answer(w->dir, j->from, answer, status, &err) == 0)
		return true;
	if (*status == 404 && j->change->op == CHANGE_DELETE)
		done(w, j);
	else
		failed(w, j, *status, &err);
	return false;
}

static const char *endpoint(const struct writer *w)
{
	const struct graph_dir *d = w->dir;

	return d->mailbox != NULL ? arena_printf(w->mem, "%s/contacts", d->folder_path) : "/users";
}

static const char *object_url(const struct writer *w, const struct graph_job *j, const char *more)
{
	return graph_path(w->mem, endpoint(w), j->id, more);
}

static void read_first(struct writer *w, struct graph_job *j)
{
	const char *more = w->dir->mailbox != NULL
				   ? graph_folder_query(w->mem, NULL)
				   : arena_printf(w->mem, "?$select=%s",
					     graph_select(w->mem, w->dir->kinds[0], NULL));

	j->call = graph_get(w->dir, object_url(w, j, more));
}

/* Is there somebody of the address that is to be invited? */
static void look_for_guest(struct writer *w, struct graph_job *j)
{
	struct buf filter = {0}, url = {0};
	struct value mail;

	if (!graph_name_of(w->dir, w->mem, j->change->name, &mail) ||
		memchr(mail.data, '@', mail.len) == NULL) {
		refuse(w, j, "a guest is called CN=<mail address>");
		return;
	}
	buf_puts(&filter, "mail eq '");
	for (size_t i = 0; i < mail.len; i++) {
		buf_add(&filter, mail.data + i, 1);
		if (mail.data[i] == '\'')
			buf_putc(&filter, '\'');
	}
	buf_putc(&filter, '\'');
	buf_printf(
		&url, "/users?$select=%s&$filter=", graph_select(w->mem, w->dir->kinds[0], NULL));
	http_escape(&url, (struct value){filter.data, filter.len});
	j->call = graph_get(w->dir, url.data);
	buf_free(&filter);
	buf_free(&url);
}

static void begin(struct writer *w, struct graph_job *j)
{
	struct err err;

	j->id = j->change->id;
	if (w->dir->kinds[0]->fields != graph_kinds[0].fields && w->dir->mailbox == NULL)
		refuse(w, j, "Graph lets nobody write groups' or contacts' mail attributes");
	else if (w->dir->mailbox == NULL && j->change->op != CHANGE_MODIFY && !makes_guests(w))
		refuse(w, j, "users are neither made nor deleted: types = guests does that");
	else if (j->change->op == CHANGE_MODIFY ||
		 (j->change->op == CHANGE_DELETE && makes_guests(w)))
		read_first(w, j);
	else if (j->change->op == CHANGE_DELETE)
		j->call = graph_send(w->dir, HTTP_DELETE, object_url(w, j, ""), NULL);
	else if (graph_change(w->dir, j->change, NULL, &j->body, &err) < 0)
		failed(w, j, 400, &err);
	else if (makes_guests(w))
		look_for_guest(w, j);
	else
		j->call = graph_send(w->dir, HTTP_POST, endpoint(w), j->body);
}

static void invite(struct writer *w, struct graph_job *j, const struct json *found)
{
	struct json *body = json_new_object();
	struct value mail;

	if (json_count(found, "value") > 0) {
		json_free(body);
		refuse(w, j, "somebody of that address is there already: join by mail");
		return;
	}
	(void)graph_name_of(w->dir, w->mem, j->change->name, &mail);
	json_put(body, "invitedUserEmailAddress", json_new_text(mail));
	json_put(body, "inviteRedirectUrl", json_new_text(value_of(w->dir->invite_url)));
	json_put(body, "invitedUserType", json_new_text(value_of("Guest")));
	json_put(body, "sendInvitationMessage", json_new_flag(false));
	if (json_text(j->body, "displayName") != NULL)
		json_put(body, "invitedUserDisplayName",
			json_clone(json_at(j->body, "displayName")));
	j->call = graph_send(w->dir, HTTP_POST, "/invitations", body);
	j->invited = true;
	json_free(body);
	/* The invitation sets it. */
	json_put(j->body, "mail", NULL);
}

/* What came of the first step; send the second. */
static void second(struct writer *w, struct graph_job *j, struct json *answer)
{
	const struct change *c = j->change;
	const char *id = json_text(answer, "id");
	struct err err;

	if (c->op == CHANGE_ADD && makes_guests(w)) {
		invite(w, j, answer);
	} else if (c->op == CHANGE_ADD && id == NULL) {
		unclear(w, j, "Graph does not say what it made");
	} else if (c->op == CHANGE_ADD) {
		j->id = value_of(arena_strdup(w->mem, id));
		done(w, j);
	} else if (w->dir->mailbox == NULL && !graph_counts(w->dir->kinds[0], answer)) {
		refuse(w, j, "is no guest: it is left alone");
	} else if (c->op == CHANGE_DELETE && w->dir->mailbox != NULL) {
		done(w, j);
	} else if (c->op == CHANGE_DELETE) {
		j->call = graph_send(w->dir, HTTP_DELETE, object_url(w, j, ""), NULL);
	} else if (graph_change(w->dir, c, answer, &j->body, &err) < 0) {
		failed(w, j, 400, &err);
	} else {
		j->call = graph_send(w->dir, HTTP_PATCH, object_url(w, j, ""), j->body);
	}
}

/* What came of the invitation, or of the write. */
static void third(struct writer *w, struct graph_job *j, struct json *answer)
{
	const char *id = json_text(answer, "invitedUser/id");

	if (j->change->op != CHANGE_ADD) {
		done(w, j);
	} else if (id == NULL) {
		unclear(w, j, "Graph does not say whom it invited");
	} else {
		j->id = value_of(arena_strdup(w->mem, id));
		j->call = graph_send(w->dir, HTTP_PATCH, object_url(w, j, ""), j->body);
	}
}

/* The guest gets all that an invitation cannot say, by which it is known to be ours. */
static void finish_guest(struct writer *w, struct graph_job *j)
{
	const struct timespec second = {.tv_sec = 1};
	struct json *answer;
	struct err err;
	int status = 0;

	for (int tries = 1;; tries++) {
		struct http_call *call = j->call;
		j->call = NULL;
		if (graph_take(w->dir, call, &answer, &status, &err) == 0) {
			json_free(answer);
			done(w, j);
			return;
		}
		if (status != 404 || tries > PATIENCE)
			break;
		(void)nanosleep(&second, NULL);
		j->call = graph_send(w->dir, HTTP_PATCH, object_url(w, j, ""), j->body);
	}
	(void)err_in(&err,
		"was invited as %.*s, but not marked as ours: delete it there, or join by mail",
		(int)j->id.len, j->id.data);
	failed(w, j, status == 0 ? 0 : 400, &err);
}

static void step(struct writer *w, void (*next)(struct writer *, struct graph_job *, struct json *))
{
	for (size_t i = 0; i < w->n; i++) {
		struct graph_job *j = &w->jobs[i];
		struct json *answer;
		int status;
		if (j->call != NULL && take(w, j, &answer, &status)) {
			next(w, j, answer);
			json_free(answer);
		}
	}
}

/* A delete and a PATCH have no answer that says something: the first step of some was their last.
 */
static void run(struct writer *w)
{
	for (size_t i = 0; i < w->n && !w->hopeless; i++)
		begin(w, &w->jobs[i]);
	step(w, second);
	step(w, third);
	for (size_t i = 0; i < w->n; i++) {
		if (w->jobs[i].call != NULL)
			finish_guest(w, &w->jobs[i]);
		else if (w->hopeless && open_job(&w->jobs[i]))
			w->jobs[i].outcome->err = w->why;
		http_drop(w->dir->http, w->jobs[i].from);
		json_free(w->jobs[i].body);
	}
}

/* May it be under way beside those that are? */
static bool beside(const struct writer *w, const struct change *c)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct change *other = w->jobs[i].change;
		if (other->op != c->op || (c->op != CHANGE_ADD && value_same(other->id, c->id)))
			return false;
	}
	return w->n < TOGETHER;
}

int graph_write(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;
	struct writer w = {.dir = d, .mem = mem};

	if (n == 0)
		return 0;
	graph_stop_reading(d);
	for (size_t i = 0; i < n; i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_FAILED};
	if (d->mailbox != NULL && graph_folder(d, true, err) < 0)
		return -1;
	for (size_t i = 0; i < n;) {
		for (w.n = 0; i < n && beside(&w, &changes[i]); i++)
			w.jobs[w.n++] =
				(struct graph_job){.change = &changes[i], .outcome = &outcomes[i]};
		run(&w);
	}
	if (!w.hopeless || w.known)
		return 0;
	*err = w.why;
	return -1;
}
