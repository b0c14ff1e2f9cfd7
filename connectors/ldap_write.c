#include "connectors/ldap_write.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"

#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_writer.h"

/* The flight's place is taken by the last one. */
static void land(struct writer *w, struct flight *f, enum outcome_kind kind)
{
	f->outcome->kind = kind;
	w->n_before -= f->before;
	window_leave(&w->window, f->op.change);
	*f = w->flights[--w->n_flights];
}

/* What is known of former calls says nothing of this one, unless it is there for their end. */
static bool counts(const struct writer *w, const struct flight *f)
{
	return !f->before || w->n == 0;
}

void writer_done(struct writer *w, struct flight *f, struct value id)
{
	f->outcome->id = id;
	f->outcome->err.kind = ERR_NONE;
	f->outcome->err.text[0] = '\0';
	w->known = w->known || counts(w, f);
	land(w, f, OUTCOME_DONE);
}

/* Nobody knows if it was done; or it was, but not as which entry. */
static bool in_doubt(const struct flight *f)
{
	return f->op.stage == STAGE_IDENTIFY || (f->op.stage == STAGE_LOOK && !f->answered);
}

void writer_failed(struct writer *w, struct flight *f)
{
	const bool doubt = in_doubt(f);

	w->known = w->known || (!doubt && f->outcome->err.kind != ERR_BUSY && counts(w, f));
	land(w, f, doubt ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
}

/* Send less, and nothing for a while. What comes back together counts once. */
static void slow_down(struct writer *w)
{
	const long long now = watch_now();

	if (w->give_up == 0)
		w->give_up = now + w->retry;
	w->hopeless = w->hopeless || now >= w->give_up;
	if (now < w->resume)
		return;
	if (w->limit > 1)
		w->limit /= 2;
	w->resume = now + pause_next(&w->pause);
}

/* A pause is over only when something that was sent after it is answered. */
void writer_speed_up(struct writer *w)
{
	w->give_up = 0;
	if (w->pause > 0 && watch_now() >= w->resume)
		w->pause = w->resume = 0;
	if (w->pause == 0 && w->limit < w->dir->window)
		w->limit++;
}

/* As the change has it: what was read back is out of date by then. */
static void forget_replacements(struct flight *f)
{
	f->op.mods = f->op.change->mods;
	f->op.n_mods = f->op.change->n;
}

/* Is there no time left for the change? It counts from its first trouble on. */
static bool too_late(const struct writer *w, struct flight *f)
{
	const long long now = watch_now();

	if (f->give_up == 0)
		f->give_up = now + w->retry;
	return now >= f->give_up;
}

void writer_busy(struct writer *w, struct flight *f)
{
	slow_down(w);
	forget_replacements(f);
	if (too_late(w, f))
		writer_failed(w, f);
}

/* It fails because of what keeps us from the server, if there was nothing else before. */
static void give_up(struct writer *w, struct flight *f)
{
	if (f->outcome->err.kind == ERR_NONE)
		f->outcome->err = w->why;
	writer_failed(w, f);
}

/* No answer will come: the stage is in doubt. Reading can simply be done again. */
static void unanswered(struct writer *w, struct flight *f)
{
	const bool reads = f->op.stage == STAGE_LOOK || f->op.stage == STAGE_IDENTIFY;

	f->msgid = 0;
	forget_replacements(f);
	if (!reads) {
		f->outcome->err = w->why;
		(void)err_in(&f->outcome->err, "%s: not known if it was done",
			operation_text(w->brief, &f->op));
		f->op.doubt = f->op.stage;
		f->op.stage = STAGE_LOOK;
		f->answered = false;
	}
	if (too_late(w, f))
		give_up(w, f);
}

static void connection_lost(struct writer *w)
{
	log_info("%s: %s", w->dir->connector.label, w->why.text);
	w->lost = true;
	w->n_sent = w->n_held = 0;
	for (unsigned i = w->n_flights; i-- > 0;) {
		if (w->flights[i].msgid != 0)
			unanswered(w, &w->flights[i]);
	}
	slow_down(w);
}

/* Only AD tells its servers apart (then it is the same one: ldap_dir_live); others say which
 * directory they are, and have no more than their URLs (ldap_session.h). */
static bool is_another(const struct writer *w)
{
	const struct server *s = session_server(w->dir->session);

	return strcmp(s->replica, s->directory) == 0 && strcmp(s->url, w->url.data) != 0;
}

/* Another replica may not have been told yet what the first one did: looking there proves nothing,
 * and doing it there as well would make conflicts of replication. */
static void leave_doubts(struct writer *w)
{
	for (unsigned i = w->n_flights; i-- > 0;) {
		if (in_doubt(&w->flights[i]))
			give_up(w, &w->flights[i]);
	}
}

/* Which of them it is, and what it can do. */
static void note_server(struct writer *w)
{
	buf_clear(&w->url);
	buf_puts(&w->url, session_server(w->dir->session)->url);
	w->post_read = session_supports(w->dir->session, LDAP_CONTROL_POST_READ);
}

static void reconnect(struct writer *w)
{
	pause_until(w->resume);
	if (w->hopeless)
		return;
	if (ldap_dir_live(w->dir, &w->why) < 0) {
		w->hopeless = true;
		return;
	}
	w->lost = false;
	if (is_another(w))
		leave_doubts(w);
	note_server(w);
}

void writer_send(struct writer *w, struct flight *f)
{
	struct session *session = w->dir->session;
	struct arena_mark mark = arena_mark(w->brief);

	watch_begin(&session->watch);
	int rc = operation_send(
		session_handle(session), &f->op, w->dir->id, w->post_read, w->brief, &f->msgid);
	(void)watch_end(&session->watch);
	if (rc == LDAP_SUCCESS) {
		w->n_sent++;
		w->n_held++;
	} else if (ldap_code(rc)->lost && rc != LDAP_ENCODING_ERROR) {
		/* Some of it may have got through. */
		session->alive = false;
		f->msgid = -1;
		ldap_fail(&w->why, rc, NULL, "sending");
		connection_lost(w);
	} else {
		f->msgid = 0;
		ldap_fail(&f->outcome->err, rc, NULL, "%s", operation_text(w->brief, &f->op));
		f->outcome->err.kind = ERR_ENTRY;
		writer_failed(w, f);
	}
	arena_rewind(w->brief, mark);
}

static void begin(struct writer *w, const struct change *c)
{
	static const enum stage first[] = {
		[CHANGE_ADD] = STAGE_ADD,
		[CHANGE_MODIFY] = STAGE_MODIFY,
		[CHANGE_DELETE] = STAGE_DELETE,
	};
	struct flight *f = &w->flights[w->n_flights++];

	*f = (struct flight){.outcome = &w->outcomes[c - w->changes],
		.mem = w->mem,
		.op = {.stage = c->new_name.len > 0 ? STAGE_RENAME : first[c->op],
			.change = c,
			.mods = c->mods,
			.n_mods = c->n}};
	window_enter(&w->window, c);
	/* Nothing to do: neither a new name nor values. */
	if (f->op.stage == STAGE_MODIFY && c->n == 0)
		writer_done(w, f, c->id);
	else
		writer_send(w, f);
}

static bool may_send(const struct writer *w)
{
	return !w->lost && !w->hopeless && w->n_sent < w->limit;
}

static bool may_begin(const struct writer *w)
{
	return may_send(w) && w->n_flights < w->dir->window;
}

/* The change waits for one that is under way. What meets neither of them may pass it. */
static void set_aside(struct writer *w, const struct change *c)
{
	w->aside = c;
	window_enter(&w->window, c);
}

static void take_up(struct writer *w)
{
	const struct change *c = w->aside;

	w->aside = NULL;
	window_leave(&w->window, c);
	if (window_blocks(&w->window, c))
		set_aside(w, c);
	else
		begin(w, c);
}

/* What comes next, unless it waits and another one does already. */
static bool begin_next(struct writer *w)
{
	const struct change *c = &w->changes[w->next];

	if (!window_blocks(&w->window, c))
		begin(w, c);
	else if (w->aside == NULL)
		set_aside(w, c);
	else
		return false;
	w->next++;
	return true;
}

/* A server that is woken for each operation, and wakes us for each answer, has less time for the
 * rest. So a sixteenth of the window goes together, while the others are under way. */
static bool enough_under_way(const struct writer *w)
{
	/* Who answers what was not sent yet may have more held than sent. */
	return w->n_sent > w->n_held + w->limit - w->limit / 16;
}

/* First what was begun, then what comes next, as far as it depends on nothing under way. */
static void send_more(struct writer *w)
{
	if (w->resume > 0 && watch_now() < w->resume)
		return;
	for (unsigned i = w->n_flights; i-- > 0 && w->n_sent < w->n_flights && may_send(w);) {
		if (w->flights[i].msgid == 0)
			writer_send(w, &w->flights[i]);
	}
	if (w->aside != NULL && may_begin(w))
		take_up(w);
	while (may_begin(w) && w->next < w->n && begin_next(w))
		;
}

static void send_held(struct writer *w)
{
	w->n_held = 0;
	if (session_flush(w->dir->session, &w->why) < 0)
		connection_lost(w);
}

/* What may be sent now is under way afterwards, or enough else is. */
static void keep_busy(struct writer *w)
{
	if (enough_under_way(w))
		return;
	session_hold(w->dir->session, true);
	send_more(w);
	if (!w->lost)
		send_held(w);
}

static struct flight *flight_of(struct writer *w, int msgid)
{
	for (unsigned i = 0; i < w->n_flights; i++) {
		if (w->flights[i].msgid == msgid)
			return &w->flights[i];
	}
	return NULL;
}

static void take_answer(struct writer *w, LDAPMessage *messages)
{
	struct flight *f = flight_of(w, ldap_msgid(messages));

	/* What was given up before (a search) may still be answered. */
	if (f != NULL) {
		w->n_sent--;
		if (writer_answer(w, f, messages) < 0) {
			w->dir->session->alive = false;
			connection_lost(w);
		}
	}
	ldap_msgfree(messages);
	arena_reset(w->brief);
}

/* Wait for an answer, and take those that came with it: what is sent for them goes together. But
 * the server is not to run out of work. */
static void receive(struct writer *w)
{
	LDAPMessage *messages;
	int rc = session_wait(w->dir->session, LDAP_RES_ANY, LDAP_MSG_ALL, &messages, &w->why);

	for (rc = rc < 0 ? rc : 1; rc == 1;) {
		take_answer(w, messages);
		if (w->lost || w->n_sent <= w->n_held + w->limit / 4)
			return;
		rc = session_at_hand(
			w->dir->session, LDAP_RES_ANY, LDAP_MSG_ALL, &messages, &w->why);
	}
	if (rc < 0)
		connection_lost(w);
}

static void not_tried(struct writer *w, const struct change *c)
{
	struct outcome *o = &w->outcomes[c - w->changes];

	o->kind = OUTCOME_FAILED;
	o->err = w->why;
	(void)err_in(&o->err, "not tried");
}

/* Nothing more can be done. */
static void leave(struct writer *w)
{
	while (w->n_flights > 0)
		give_up(w, &w->flights[0]);
	if (w->aside != NULL) {
		window_leave(&w->window, w->aside);
		not_tried(w, w->aside);
	}
	for (; w->next < w->n; w->next++)
		not_tried(w, &w->changes[w->next]);
}

/* feeds: more will follow, and the window may stay filled until then. */
static bool unfinished(const struct writer *w, bool feeds)
{
	if (w->next < w->n || w->aside != NULL)
		return true;
	return (feeds && !w->hopeless ? w->n_before : w->n_flights) > 0;
}

static void write_all(struct writer *w, bool feeds)
{
	while (unfinished(w, feeds) && !(w->hopeless && w->n_sent == 0)) {
		if (w->lost)
			reconnect(w);
		else
			keep_busy(w);
		if (!unfinished(w, feeds))
			break;
		if (w->n_sent > 0)
			receive(w);
		else if (!w->lost)
			pause_until(w->resume);
	}
	if (w->lost)
		return;
	session_hold(w->dir->session, false);
	if (w->n_held > 0)
		send_held(w);
}

static struct writer *writer_of(struct ldap_dir *dir)
{
	struct writer *w = dir->writer;

	if (w != NULL)
		return w;
	w = arena_zalloc(dir->mem, sizeof(*w));
	w->dir = dir;
	w->brief = arena_new();
	w->flights = arena_alloc(dir->mem, dir->window * sizeof(struct flight));
	w->retry = 1000 * dir->session->login.retry;
	window_init(&w->window, dir->window);
	dir->writer = w;
	return w;
}

/* Nothing is under way: as if nothing had been written before. */
static void begin_anew(struct writer *w)
{
	note_server(w);
	w->limit = w->dir->window;
	w->n_sent = w->n_held = 0;
	w->lost = w->hopeless = false;
	w->pause = w->resume = w->give_up = 0;
}

/* What is under way is of former calls by now. */
static void take_call(struct writer *w, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem)
{
	for (unsigned i = 0; i < w->n_flights; i++)
		w->flights[i].before = true;
	w->n_before = w->n_flights;
	w->changes = changes;
	w->outcomes = outcomes;
	w->n = n;
	w->next = 0;
	w->aside = NULL;
	w->mem = mem;
	w->known = w->known && n == 0;
	for (size_t i = 0; i < n; i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_UNKNOWN};
}

bool ldap_write_under_way(const struct ldap_dir *dir)
{
	return dir->writer != NULL && dir->writer->n_flights > 0;
}

static int write_call(struct ldap_dir *dir, const struct change *changes, struct outcome *outcomes,
	size_t n, bool feeds, struct arena *mem, struct err *err)
{
	const bool anew = !ldap_write_under_way(dir);

	if (anew && n == 0)
		return 0;
	if (anew && ldap_dir_live(dir, err) < 0)
		return -1;
	struct writer *w = writer_of(dir);
	if (anew)
		begin_anew(w);
	take_call(w, changes, outcomes, n, mem);
	write_all(w, feeds);
	if (w->hopeless)
		leave(w);
	if (!w->hopeless || w->known)
		return 0;
	*err = w->why;
	return err_in(err, "%s", dir->connector.label);
}

int ldap_write_changes(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem, struct err *err)
{
	return write_call((struct ldap_dir *)c, changes, outcomes, n, false, mem, err);
}

int ldap_feed_changes(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, struct arena *mem, struct err *err)
{
	return write_call((struct ldap_dir *)c, changes, outcomes, n, true, mem, err);
}

void ldap_write_end(struct ldap_dir *dir)
{
	if (dir->writer == NULL)
		return;
	window_free(&dir->writer->window);
	buf_free(&dir->writer->url);
	arena_free(dir->writer->brief);
	dir->writer = NULL;
}
