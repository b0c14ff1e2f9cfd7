/*
 * Answers of Graph, as Microsoft's pages show them: a first line of what is read ("users groups",
 * "mailbox", and "isCloudManaged" for that), then "HTTP/1.1 200 OK", headers, an empty line, a body
 * ... What stands between them ("GET https://...", or POST, PATCH) is for people and for
 * tests/web/graph.py. The whole connector takes them, one an answer, in the order in which it
 * waits: everything is read, then what changed since, then something is written. Only the client
 * (http.h) is another.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/graph.h"
#include "connectors/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- a client that has its answers already -----------------------------------------------------
 */
#define ROOT "https://graph.microsoft.com"

struct http_call {
	char *url;
	struct value body;
	int status;
};

static struct {
	const char *at, *end; /* what was not answered yet */
	int under_way;
} wire;

static const char *next_line(const char *at)
{
	const char *end = memchr(at, '\n', (size_t)(wire.end - at));

	return end != NULL ? end + 1 : wire.end;
}

static bool begins(const char *at, const char *word)
{
	const size_t len = strlen(word);

	return (size_t)(wire.end - at) >= len && memcmp(at, word, len) == 0;
}

static bool begins_request(void)
{
	return begins(wire.at, "GET ") || begins(wire.at, "POST ") || begins(wire.at, "PATCH ");
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : 0;
}

/* false: there are no more. */
static bool next_answer(int *status, struct value *body)
{
	while (wire.at < wire.end && !begins(wire.at, "HTTP/1.1 "))
		wire.at = next_line(wire.at);
	if (wire.end - wire.at < 12)
		return false;
	*status = digit(wire.at[9]) * 100 + digit(wire.at[10]) * 10 + digit(wire.at[11]);
	if (*status < 200 || *status > 599)
		*status = 500;
	for (wire.at = next_line(wire.at); wire.at < wire.end && *wire.at != '\n';)
		wire.at = next_line(wire.at);
	const char *begin = wire.at;
	while (wire.at < wire.end && !begins(wire.at, "HTTP/1.1 ") && !begins_request())
		wire.at = next_line(wire.at);
	*body = (struct value){begin, (size_t)(wire.at - begin)};
	return true;
}

struct http_call *http_send(struct http *h, const struct http_request *r)
{
	struct http_call *c = calloc(1, sizeof(*c));

	(void)h;
	assert(c != NULL);
	c->url = strdup(r->url);
	wire.under_way++;
	return c;
}

int http_take(struct http *h, struct http_call *c, struct http_answer *a, struct err *err)
{
	(void)h;
	*a = (struct http_answer){0};
	/* As the real one: only there. */
	if (c->url[0] != '/' && strncmp(c->url, ROOT "/", strlen(ROOT) + 1) != 0)
		return err_set(err, ERR_FATAL, "another origin");
	if (!next_answer(&a->status, &a->body))
		return err_set(err, ERR_BUSY, "no more answers");
	c->status = a->status;
	return 0;
}

void http_drop(struct http *h, struct http_call *c)
{
	(void)h;
	if (c == NULL)
		return;
	wire.under_way--;
	free(c->url);
	free(c);
}

int http_fail(const struct http_call *c, const char *detail, struct err *err)
{
	const bool busy =
		c->status == 408 || c->status == 429 || (c->status >= 502 && c->status <= 504);

	return err_set(err, busy ? ERR_BUSY : ERR_FATAL, "%d: %s", c->status,
		detail != NULL ? detail : "");
}

int http_in(const struct http_call *c, struct err *err)
{
	return err_in(err, "%s", c->url);
}

int http_link(const struct http *h, const char *url, struct err *err)
{
	(void)h;
	return url[0] == '/' || strncmp(url, ROOT "/", strlen(ROOT) + 1) == 0
		       ? 0
		       : err_set(err, ERR_FATAL, "another origin");
}

const char *http_request_of(const struct http_call *c, struct arena *mem)
{
	return arena_strdup(mem, c->url);
}

int http_in_request(const char *request, struct err *err)
{
	return err_in(err, "%s", request);
}

long long http_ends(const struct http *h, enum http_certificate which)
{
	(void)h;
	(void)which;
	return 0;
}

const char *http_base(const struct http *h)
{
	(void)h;
	return ROOT "/v1.0";
}

unsigned http_window(const struct http *h)
{
	(void)h;
	return 1; /* the answers have one order */
}

int http_open(const struct config *cfg, const struct http_place *place, struct http **out,
	struct err *err)
{
	(void)cfg;
	(void)place;
	*out = NULL;
	return err_set(err, ERR_FATAL, "nobody opens it here");
}

void http_close(struct http *h)
{
	(void)h;
}

const char *http_caution(const struct http *h)
{
	(void)h;
	return NULL;
}

long long http_expires(const struct http *h)
{
	(void)h;
	return 0;
}

/* --- what the connector makes of them ------------------------------------------------------------
 */
static void check_entry(const struct entry *e)
{
	/* Of a folder's contact that is gone only the key is known. */
	if (e->gone)
		return;
	assert(e->id.len > 0);
	assert(e->name.len > 3 && memcmp(e->name.data, "CN=", 3) == 0);
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		assert(a->n > 0 && entry_get(e, a->id) == a);
		for (unsigned k = 0; k < a->n; k++)
			assert(a->values[k].len > 0);
	}
}

/* 0 and where the next delta starts, or what read or next gave. */
static int read_all(struct graph_dir *d, const struct query *q, struct arena *mem,
	struct value *cookie, struct entry *last)
{
	struct err err = {0};
	struct entry e;
	int rc = graph_type.read(&d->connector, q, &err);

	/* "Read all instead" is said at the beginning, of a cookie, and never later. */
	assert(rc == 0 || err.kind != ERR_ENTRY || q->kind == QUERY_SINCE);
	while (rc == 0 && (rc = graph_type.next(&d->connector, mem, &e, &err)) == 1) {
		check_entry(&e);
		if (!e.gone)
			*last = e;
		rc = 0;
	}
	assert(rc == 0 || err.kind != ERR_NONE);
	return rc == 0 ? graph_type.cookie(&d->connector, mem, cookie, &err) : rc;
}

static void write_some(struct graph_dir *d, const struct entry *e, struct arena *mem)
{
	struct value old = value_of("Ann Example"), new = value_of("New");
	struct mod mod = {.attr = attr_named("displayName"),
		.remove = &old,
		.n_remove = 1,
		.add = &new,
		.n_add = 1};
	const struct change changes[] = {
		{.op = CHANGE_ADD,
			.name = value_of("CN=new@abc.example,O=cloud"),
			.mods = &mod,
			.n = 1},
		{.op = CHANGE_MODIFY, .id = e->id, .name = e->name, .mods = &mod, .n = 1},
		{.op = CHANGE_DELETE, .id = e->id, .name = e->name},
	};
	struct outcome outcomes[3];
	struct err err = {0};

	if (graph_type.write(&d->connector, changes, outcomes, 3, mem, &err) < 0)
		return;
	(void)graph_type.hand_over(&d->connector, e->id, true, &err);
	for (size_t i = 0; i < 3; i++)
		assert((outcomes[i].kind == OUTCOME_DONE) == (outcomes[i].err.kind == ERR_NONE));
}

static bool has_word(struct value line, const char *word)
{
	return memmem(line.data, line.len, word, strlen(word)) != NULL;
}

static void choose(struct graph_dir *d, struct value line, struct arena *mem, struct attr_set *want)
{
	static const char *const names[] = {"displayName", "sn", "mail", "manager", "member",
		"proxyAddresses", "telephoneNumber", "adminDescription", "whenCreated",
		"mS-DS-ConsistencyGuid", "assignedPlans", "objectClass"};
	struct err err;
	unsigned n = 0;

	d->base = "O=cloud";
	d->root = ROOT;
	d->invite_url = ROOT;
	d->mem = arena_new();
	(void)dn_parse(d->mem, value_of(d->base), &d->base_dn, &err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		attr_set_add(mem, want, attr_named(names[i]));
	if (has_word(line, "isCloudManaged"))
		attr_set_add(mem, want, attr_named("isCloudManaged"));
	for (const struct graph_kind *k = graph_kinds; k->setting != NULL; k++) {
		if (has_word(line, k->setting))
			d->kinds[n++] = k;
	}
	if (n == 0) {
		d->kinds[0] = &graph_mailbox;
		d->mailbox = "ann@abc.example";
		d->folder = "GAL";
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size + (size == 0));
	struct arena *mem = arena_new();
	struct graph_dir d = {.connector.type = &graph_type};
	struct attr_set want = {0};
	struct query q = {.kind = QUERY_ALL, .want_cookie = true, .wanted = &want};
	struct entry last = {.id = value_of("x"), .name = value_of("CN=x,O=cloud")};
	struct err err;

	assert(text != NULL);
	memcpy(text, data, size);
	wire.at = text;
	wire.end = text + size;
	wire.under_way = 0;
	const char *rest = next_line(text);
	choose(&d, (struct value){text, (size_t)(rest - text)}, mem, &want);
	if (read_all(&d, &q, mem, &q.cookie, &last) == 0) {
		/* The next read frees what the cookie is in. */
		q.cookie = value_copy(mem, q.cookie);
		q.kind = QUERY_SINCE;
		(void)read_all(&d, &q, mem, &q.cookie, &last);
	}
	write_some(&d, &last, mem);
	/* It gives back its arena, too. */
	struct graph_dir *own = arena_alloc(d.mem, sizeof(d));
	*own = d;
	(void)graph_type.close(&own->connector, &err);
	assert(wire.under_way == 0);
	arena_free(mem);
	free(text);
	return 0;
}
