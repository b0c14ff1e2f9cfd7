/*
 * The service that Microsoft's module for PowerShell uses: a cmdlet and its parameters in a POST.
 * Microsoft documents it for its module only.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/keys.h"
#include "connectors/exo_way.h"
#include "connectors/http.h"
#include "connectors/json.h"

/* The mailbox that requests of an application are routed by: it is the same one in every tenant. */
#define ANCHOR "X-AnchorMailbox: APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"

struct rest {
	struct exo_way way;
	struct arena *mem;
	struct http *http;
	const char *path; /* of InvokeCommand */
	const char *headers[4];
	struct buf body; /* of the command */
	bool again;
	struct http_call *call; /* of the next page; NULL: there is none */
	struct arena *last_mem;
	const char *last;  /* the request of the last answer; in last_mem */
	struct keys links; /* of pages that came */
};

static void send(struct rest *x, const char *url)
{
	x->call = http_send(x->http, &(struct http_request){.method = HTTP_POST,
					     .url = url,
					     .accept = "application/json",
					     .type = "application/json",
					     .body = {x->body.data, x->body.len},
					     .headers = x->headers,
					     .again = x->again});
}

/* What is @{Add=...} in PowerShell has to say what it is. */
static struct json *parameters(const struct exo_command *c)
{
	struct json *j = json_clone(c->parameters);
	struct arena *mem = arena_new();
	const char *name;

	for (size_t i = 0; (name = json_member(c->parameters, i)) != NULL; i++) {
		if (json_member(json_at(c->parameters, name), 0) != NULL)
			json_put(j, arena_printf(mem, "%s/@odata.type", name),
				json_new_text(value_of("#Exchange.GenericHashTable")));
	}
	arena_free(mem);
	return j;
}

static const char *url_of(struct rest *x, const struct exo_command *c, struct arena *mem)
{
	struct buf b = {0};

	buf_puts(&b, x->path);
	for (unsigned i = 0; c->select != NULL && c->select[i] != NULL; i++)
		buf_printf(&b, "%s%s", i == 0 ? "?$select=" : ",", c->select[i]);
	const char *url = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return url;
}

static int rest_ask(struct exo_way *way, const struct exo_command *c, struct err *err)
{
	struct rest *x = (struct rest *)way;
	struct json *j = json_new_object();
	struct arena *mem = arena_new();

	(void)err;
	http_drop(x->http, x->call);
	keys_free(&x->links);
	keys_init(&x->links, 64, false);
	json_put(j, "CmdletInput/CmdletName", json_new_text(value_of(c->cmdlet)));
	json_put(j, "CmdletInput/Parameters", parameters(c));
	buf_clear(&x->body);
	json_print(&x->body, j);
	x->again = c->again;
	send(x, url_of(x, c, mem));
	json_free(j);
	arena_free(mem);
	return 0;
}

/* An answer that is no success. Its text has the exception's name in it. */
static int refused(struct rest *x, const struct http_answer *a, struct err *err)
{
	static const char *const places[] = {"error/details[0]/message",
		"error/innererror/internalexception/message", "error/message"};
	struct json *j = NULL;
	struct err ignored;
	const char *text = NULL, *code;
	enum exo_fault fault;

	(void)json_parse(a->body.data, a->body.len, &j, &ignored);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && text == NULL; i++)
		text = json_text(j, places[i]);
	code = json_text(j, "error/code");
	fault = exo_fault_of(code != NULL ? code : "", text != NULL ? text : "");
	(void)http_fail(x->call, text, err);
	if (fault == EXO_REFUSED) {
		if (a->status == 401 || a->status == 403)
			fault = EXO_BROKEN;
		else if (err->kind == ERR_BUSY || (a->status >= 500 && text == NULL))
			fault = a->doubt || a->status != 429 ? EXO_LOST : EXO_BUSY;
	}
	json_free(j);
	const struct err why = *err;
	return exo_fail(&x->way, fault, err, "%s", why.text);
}

static int may_follow(struct rest *x, const char *next, struct err *err)
{
	if (!keys_put(&x->links, hash_bytes(next, strlen(next), 0), 0))
		return err_set(err, ERR_FATAL, "a page comes after itself");
	return http_link(x->http, next, err);
}

/* The page, and the next one is asked for. */
static int take(struct rest *x, const struct http_answer *a, struct json **page, struct err *err)
{
	struct json *j = NULL;
	const char *next;

	if (a->body.len > 0 && json_parse(a->body.data, a->body.len, &j, err) < 0) {
		x->way.fault = EXO_LOST;
		return http_in(x->call, err);
	}
	next = json_text(j, "@odata.nextLink");
	if (next != NULL && may_follow(x, next, err) < 0) {
		json_free(j);
		x->way.fault = EXO_BROKEN;
		return http_in(x->call, err);
	}
	http_drop(x->http, x->call);
	x->call = NULL;
	if (next != NULL)
		send(x, next);
	*page = j;
	return 1;
}

static int rest_more(struct exo_way *way, struct json **page, struct err *err)
{
	struct rest *x = (struct rest *)way;
	struct http_answer a;
	int r;

	*page = NULL;
	if (x->call == NULL)
		return 0;
	const int rc = http_take(x->http, x->call, &a, err);
	arena_reset(x->last_mem);
	x->last = http_request_of(x->call, x->last_mem);
	if (rc < 0) {
		const struct err why = *err;
		r = exo_fail(way,
			a.doubt                ? EXO_LOST
			: why.kind == ERR_BUSY ? EXO_BUSY
					       : EXO_BROKEN,
			err, "%s", why.text);
		err->kind = why.kind;
	} else {
		r = http_good(&a) ? take(x, &a, page, err) : refused(x, &a, err);
	}
	if (r < 0) {
		http_drop(x->http, x->call);
		x->call = NULL;
	}
	return r;
}

static int rest_in(const struct exo_way *way, struct err *err)
{
	return http_in_request(((const struct rest *)way)->last, err);
}

/* The caution of a way that its vendor does not support, and what else there is to say. */
static const char *caution(struct rest *x)
{
	const char *more = http_caution(x->http);

	return arena_printf(x->mem,
		"way = rest is an interface that Microsoft does not support for other programs "
		"than its own%s%s",
		more != NULL ? "; " : "", more != NULL ? more : "");
}

static void prepare(struct rest *x, const struct config *cfg, const char *tenant)
{
	struct buf b = {0};

	buf_puts(&b, "/adminapi/beta/");
	http_escape(&b, value_of(tenant));
	buf_puts(&b, "/InvokeCommand");
	x->path = arena_copy(x->mem, b.data, b.len);
	buf_free(&b);
	x->headers[0] = arena_printf(x->mem, ANCHOR "%s", tenant);
	x->headers[1] = arena_printf(
		x->mem, "Prefer: odata.maxpagesize=%lld", config_number(cfg, "page-size"));
	x->headers[2] = "X-ResponseFormat: json";
}

static bool is_tenant(const char *text)
{
	return text != NULL && *text != '\0' &&
	       text[strspn(text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0';
}

static int rest_open(const struct config *cfg, struct exo_way **out, struct err *err)
{
	const char *tenant = config_text(cfg, "tenant");
	struct arena *mem = arena_new();
	struct rest *x = arena_zalloc(mem, sizeof(*x));
	const struct http_place place = {
		.url = config_text(cfg, "url"),
		.token_url =
			arena_printf(mem, "https://login.microsoftonline.com/%s/oauth2/v2.0/token",
				tenant != NULL ? tenant : ""),
		.scope = "https://outlook.office365.com/.default",
	};
	int r = 0;

	x->way.type = &exo_rest;
	x->mem = mem;
	x->last_mem = arena_new();
	if (!is_tenant(tenant))
		r = err_set(err, ERR_FATAL, "%s: way = rest needs tenant, an id or a domain",
			config_where(cfg, NULL));
	if (r == 0)
		r = http_open(cfg, &place, &x->http, err);
	if (r < 0) {
		arena_free(x->last_mem);
		arena_free(mem);
		return -1;
	}
	prepare(x, cfg, tenant);
	x->way.caution = caution(x);
	x->way.http = x->http;
	*out = &x->way;
	return 0;
}

static void rest_close(struct exo_way *way)
{
	struct rest *x = (struct rest *)way;

	if (x == NULL)
		return;
	http_drop(x->http, x->call);
	http_close(x->http);
	keys_free(&x->links);
	buf_free(&x->body);
	arena_free(x->last_mem);
	arena_free(x->mem);
}

const struct exo_way_type exo_rest = {
	.name = "rest",
	.rows = "value",
	.open = rest_open,
	.ask = rest_ask,
	.more = rest_more,
	.in = rest_in,
	.close = rest_close,
};
