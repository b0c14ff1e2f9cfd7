/*
 * Calls under way: what is sent when, and what is sent again.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "connectors/http_private.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_watch.h"

/* libcurl is left for a look at the clock, in milliseconds. */
#define LOOK 1000

static void done(struct http_call *c)
{
	c->state = CALL_DONE;
}

int http_link(const struct http *h, const char *url, struct err *err)
{
	struct origin o;

	/* It is put behind the base URL. */
	if (url[0] == '/')
		return 0;
	int r = url_origin(url, h->plain, &o, err);
	if (r == 0 && !url_same(&o, &h->origin))
		r = err_set(err, ERR_FATAL,
			"%s: the server refers to another origin, %s://%s:%s: not followed",
			h->base, o.scheme, o.host, o.port);
	url_forget(&o);
	return r;
}

static void prove(const struct http *h, struct http_call *c)
{
	if (h->auth == HTTP_NONE)
		return;
	if (h->auth == HTTP_BASIC) {
		(void)curl_easy_setopt(c->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		(void)curl_easy_setopt(c->curl, CURLOPT_USERNAME, config_text(h->config, "user"));
		(void)curl_easy_setopt(c->curl, CURLOPT_PASSWORD, h->secret.data);
		return;
	}
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
	(void)curl_easy_setopt(c->curl, CURLOPT_XOAUTH2_BEARER,
		h->auth == HTTP_BEARER ? h->secret.data : h->token.data);
	c->token = h->tokens;
}

/* Prepared, with a token that is good. */
static int prepare(struct http *h, struct http_call *c)
{
	if (token_have(h, &c->err) < 0 || call_prepare(c, &c->err) < 0)
		return -1;
	prove(h, c);
	return 0;
}

static void start(struct http *h, struct http_call *c)
{
	if (prepare(h, c) < 0 || curl_multi_add_handle(h->multi, c->curl) != CURLM_OK) {
		if (c->err.kind == ERR_NONE)
			(void)err_set(&c->err, ERR_BUSY, "%s: no memory for a request", h->base);
		done(c);
		return;
	}
	c->state = CALL_RUNNING;
	h->n_running++;
}

/* All that is not answered fails. */
static void end_all(struct http *h)
{
	for (struct http_call *c = h->first; c != NULL; c = c->next) {
		if (c->state == CALL_DONE)
			continue;
		if (c->state == CALL_RUNNING) {
			(void)curl_multi_remove_handle(h->multi, c->curl);
			h->n_running--;
			c->doubt = true;
		}
		(void)err_set(&c->err, ERR_BUSY,
			"deadline of %llds is over: is there so much to do?",
			config_number(h->config, "deadline"));
		(void)http_in(c, &c->err);
		c->status = 0;
		done(c);
	}
}

static void send_more(struct http *h)
{
	const long long now = watch_now();

	if (h->deadline == 0)
		h->deadline = now + 1000 * config_number(h->config, "deadline");
	if (now >= h->deadline) {
		end_all(h);
		return;
	}
	for (struct http_call *c = h->first; c != NULL && h->n_running < h->limit; c = c->next) {
		if (watch_now() < h->resume)
			return;
		if (c->state == CALL_QUEUED)
			start(h, c);
	}
}

/* Nothing is sent for a while, and then less at once. What comes back together counts once. */
static void slow_down(struct http *h, struct http_call *c)
{
	const long long now = watch_now();
	const bool first = now >= h->resume;
	const long long asked = call_retry_after(c);

	if (asked > 0 && now + asked > h->resume)
		h->resume = now + asked;
	else if (first)
		h->resume = now + pause_next(&h->pause);
	if (first && h->limit > 1)
		h->limit /= 2;
}

static void speed_up(struct http *h)
{
	if (watch_now() >= h->resume)
		h->pause = 0;
	if (h->limit < h->window)
		h->limit++;
}

/* Send it once more, if the host is ready before its time is over. */
static void try_again(struct http *h, struct http_call *c)
{
	if (c->give_up == 0)
		c->give_up = watch_now() + h->retry;
	if (h->resume >= c->give_up || h->resume >= h->deadline) {
		done(c);
		return;
	}
	log_debug("%s: %ld %s: again in %lld ms", h->base, c->status, c->err.text,
		h->resume - watch_now());
	c->err.kind = ERR_NONE;
	c->err.text[0] = '\0';
	c->status = 0;
	c->state = CALL_QUEUED;
}

static void answered(struct http *h, struct http_call *c)
{
	const long long expires = call_expires(c);

	if (expires != 0)
		h->certificate = expires;
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &c->status);
	if (c->status == 401 && h->auth == HTTP_OAUTH2 && !c->denied) {
		c->denied = true;
		token_refused(h, c->token);
		c->state = CALL_QUEUED;
		return;
	}
	const bool gateway = c->status == 408 || (c->status >= 502 && c->status <= 504);
	if (c->status != 429 && !gateway) {
		speed_up(h);
		done(c);
		return;
	}
	slow_down(h, c);
	c->doubt = c->doubt || gateway;
	if (c->status == 429 || c->again)
		try_again(h, c);
	else
		done(c);
}

/* Did the request never leave? */
static bool unsent(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_SSL_CONNECT_ERROR;
}

static void lost(struct http *h, struct http_call *c, CURLcode code)
{
	(void)call_error(c, code, &c->err);
	c->status = 0;
	c->doubt = c->doubt || !unsent(code);
	if (c->err.kind != ERR_BUSY || (!c->again && !unsent(code))) {
		done(c);
		return;
	}
	slow_down(h, c);
	try_again(h, c);
}

static void harvest(struct http *h)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		const CURLcode code = m->data.result;
		struct http_call *c = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		(void)curl_multi_remove_handle(h->multi, c->curl);
		h->n_running--;
		if (code == CURLE_OK)
			answered(h, c);
		else
			lost(h, c, code);
	}
}

/* Until something can happen: a socket, the end of a pause, the deadline. */
static void wait_for_it(struct http *h)
{
	const long long now = watch_now();
	long long left = h->deadline - now;

	if (h->resume > now && h->resume - now < left)
		left = h->resume - now;
	(void)curl_multi_poll(h->multi, NULL, 0,
		(int)(left < 0        ? 0
			: left < LOOK ? left
				      : LOOK),
		NULL);
}

static void perform(struct http *h)
{
	int running;

	send_more(h);
	(void)curl_multi_perform(h->multi, &running);
	harvest(h);
	send_more(h);
}

struct http_call *http_send(struct http *h, const struct http_request *r)
{
	struct http_call *c = call_new(h, r->method, r->url);

	c->type = r->type != NULL ? arena_strdup(c->mem, r->type) : NULL;
	c->accept = r->accept != NULL ? arena_strdup(c->mem, r->accept) : NULL;
	buf_add(&c->sent, r->body.data, r->body.len);
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		c->more = curl_slist_append(c->more, r->headers[i]);
	c->again = r->again || (r->method != HTTP_POST && r->method != HTTP_PATCH);
	c->with = r->with;
	c->previous = h->last;
	*(h->last != NULL ? &h->last->next : &h->first) = c;
	h->last = c;
	if (http_link(h, c->url, &c->err) < 0)
		done(c);
	perform(h);
	return c;
}

int http_take(struct http *h, struct http_call *c, struct http_answer *a, struct err *err)
{
	perform(h);
	while (c->state != CALL_DONE) {
		wait_for_it(h);
		perform(h);
	}
	*a = (struct http_answer){.status = (int)c->status,
		.body = {c->body.data != NULL ? c->body.data : "", c->body.len},
		.with = c->with,
		.doubt = c->doubt};
	if (c->status != 0)
		return 0;
	*err = c->err;
	return -1;
}

static struct http_call *first_done(const struct http *h, bool *waiting)
{
	*waiting = false;
	for (struct http_call *c = h->first; c != NULL; c = c->next) {
		if (c->state == CALL_DONE && !c->shown)
			return c;
		*waiting = *waiting || c->state != CALL_DONE;
	}
	return NULL;
}

struct http_call *http_any(struct http *h)
{
	struct http_call *c;
	bool waiting;

	perform(h);
	while ((c = first_done(h, &waiting)) == NULL && waiting) {
		wait_for_it(h);
		perform(h);
	}
	if (c != NULL)
		c->shown = true;
	return c;
}

void http_drop(struct http *h, struct http_call *c)
{
	if (c == NULL)
		return;
	if (c->state == CALL_RUNNING) {
		(void)curl_multi_remove_handle(h->multi, c->curl);
		h->n_running--;
	}
	*(c->previous != NULL ? &c->previous->next : &h->first) = c->next;
	*(c->next != NULL ? &c->next->previous : &h->last) = c->previous;
	call_free(c);
}
