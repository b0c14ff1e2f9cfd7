/*
 * The connector type "graph": users, guests, groups and contacts of a Microsoft Entra tenant, or
 * the contacts in one mailbox's folder.
 */
#include "connectors/graph.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph_pages.h"
#include "connectors/graph_round.h"
#include "connectors/types.h"

/* Requests at once of one mailbox by one application: more are refused. */
#define MAILBOX_WINDOW 4

/* Without a '/' at its end. */
static const char *url_of(struct arena *mem, const struct config *cfg, const char *setting)
{
	char *url = arena_strdup(mem, config_text(cfg, setting));
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		url[--n] = '\0';
	return url;
}

static const struct graph_kind *kind_named(const char *name)
{
	for (const struct graph_kind *k = graph_kinds; k->setting != NULL; k++) {
		if (strcmp(k->setting, name) == 0)
			return k;
	}
	return NULL;
}

/* An object is of one kind: guests are users, too. */
static int choose_kinds(struct graph_dir *d, struct err *err)
{
	unsigned n;
	const char *const *types = config_list(d->config, "types", &n);
	bool good = n > 0;

	for (unsigned i = 0; i < n && good; i++) {
		d->kinds[i] = kind_named(types[i]);
		for (unsigned k = 0; k < i && d->kinds[i] != NULL; k++)
			good = good && d->kinds[k]->classes != d->kinds[i]->classes;
		good = good && d->kinds[i] != NULL;
	}
	return good ? 0
		    : err_set(err, ERR_FATAL,
			      "%s: types are users or guests, groups and contacts, each once",
			      config_where(d->config, "types"));
}

static const char *mailbox_of(const struct config *cfg)
{
	unsigned n;
	const char *const *list = config_list(cfg, "mailbox", &n);

	return n > 0 ? list[0] : NULL;
}

static int settle(struct graph_dir *d, struct err *err)
{
	const struct config *cfg = d->config;

	d->mailbox = mailbox_of(cfg);
	d->folder = config_text(cfg, "folder");
	d->invite_url = config_text(cfg, "invite-url");
	d->base = config_text(cfg, "base");
	if (d->base == NULL)
		d->base = arena_printf(d->mem, "O=%s", config_title(cfg));
	if (dn_parse(d->mem, value_of(d->base), &d->base_dn, err) < 0) {
		err->kind = ERR_FATAL;
		return err_in(err, "%s: the base", config_where(cfg, NULL));
	}
	if (d->mailbox == NULL)
		return choose_kinds(d, err);
	d->kinds[0] = &graph_mailbox;
	if (config_given(cfg, "types"))
		return err_set(err, ERR_FATAL, "%s: a mailbox has contacts only",
			config_where(cfg, "types"));
	return 0;
}

static int graph_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct graph_dir *d = arena_zalloc(mem, sizeof(*d));

	d->mem = mem;
	d->config = cfg;
	d->root = url_of(mem, cfg, "url");
	const struct http_place place = {
		.url = arena_printf(mem, "%s/v1.0", d->root),
		.token_url = arena_printf(mem, "%s/%s/oauth2/v2.0/token",
			url_of(mem, cfg, "login-url"), config_text(cfg, "tenant")),
		.scope = arena_printf(mem, "%s/.default", d->root),
		.window = mailbox_of(cfg) != NULL ? MAILBOX_WINDOW : 0,
	};
	if (settle(d, err) < 0 || http_open(cfg, &place, &d->http, err) < 0) {
		arena_free(mem);
		return -1;
	}
	d->connector.caution = http_caution(d->http);
	*out = &d->connector;
	return 0;
}

void graph_stop_reading(struct graph_dir *d)
{
	graph_pages_free(d->pages);
	graph_round_free(d->round);
	d->pages = NULL;
	d->round = NULL;
}

/* All of the folder, of which reading.h tells what changed. */
static int read_folder(struct graph_dir *d, struct err *err)
{
	struct arena *mem = arena_new();
	int r = graph_folder(d, false, err);

	if (r == 0)
		r = reading_start(&d->list, &d->query, 1024, err);
	if (r == 0 && d->folder_path != NULL)
		d->pages = graph_pages_start(d, graph_folder_url(d, mem, d->query.wanted), false);
	arena_free(mem);
	return r;
}

static int graph_read(struct connector *c, const struct query *q, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;

	graph_stop_reading(d);
	reading_free(&d->list);
	d->query = *q;
	return d->mailbox != NULL ? read_folder(d, err) : graph_round_start(d, q, &d->round, err);
}

static int next_in_folder(struct graph_dir *d, struct arena *mem, struct entry *e, struct err *err)
{
	const struct arena_mark mark = arena_mark(mem);
	const struct json *j;
	uint64_t key;
	int r;

	while (d->pages != NULL && !d->list.ended &&
		(r = graph_pages_next(d->pages, &j, err)) != 0) {
		if (r < 0)
			return -1;
		if (graph_entry(d, d->kinds[0], j, d->query.wanted, mem, e, err) < 0)
			return graph_pages_in(d->pages, err);
		if (reading_take(&d->list, e))
			return 1;
		arena_rewind(mem, mark);
	}
	if (reading_end(&d->list, &key) != TWICE_NONE) {
		(void)err_set(err, ERR_BUSY, "a contact came twice, or two have one name");
		return graph_pages_in(d->pages, err);
	}
	return reading_gone(&d->list, e);
}

static int graph_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;

	if (d->mailbox != NULL)
		return next_in_folder(d, mem, e, err);
	return d->round != NULL ? graph_round_next(d->round, mem, e, err) : 0;
}

static int graph_cookie(
	struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;

	(void)mem;
	(void)err;
	*cookie = d->mailbox != NULL ? reading_cookie(&d->list) : graph_round_cookie(d->round);
	return 0;
}

/* The tenant, and what of it. */
static int graph_identity(struct connector *c, struct arena *mem, const char **who, struct err *err)
{
	const struct graph_dir *d = (const struct graph_dir *)c;

	(void)err;
	*who = arena_printf(mem, "%s/%s", d->root, config_text(d->config, "tenant"));
	if (d->mailbox != NULL)
		*who = arena_printf(mem, "%s/%s/%s", *who, d->mailbox, d->folder);
	return 0;
}

static long long graph_expires(const struct connector *c)
{
	return http_expires(((const struct graph_dir *)c)->http);
}

static int graph_close(struct connector *c, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;

	(void)err;
	graph_stop_reading(d);
	reading_free(&d->list);
	http_close(d->http);
	arena_free(d->mem);
	return 0;
}

static const struct setting settings[] = {
	{"tenant", SETTING_TEXT, "!", NULL, "the tenant: its id or one of its domains"},
	{"url", SETTING_TEXT, "https://graph.microsoft.com", NULL,
		"Graph; national clouds have others"},
	{"login-url", SETTING_TEXT, "https://login.microsoftonline.com", NULL,
		"who gives tokens; national clouds have others"},
	HTTP_SETTINGS,
	{"types", SETTING_LIST, "users", NULL, "users or guests, groups, contacts: what is read"},
	{"mailbox", SETTING_LIST, NULL, NULL,
		"users: it is the contacts in a folder of each mailbox"},
	{"folder", SETTING_TEXT, "Global address list", NULL, "of the mailbox; nobody else's"},
	{"invite-url", SETTING_TEXT, "https://myapplications.microsoft.com", NULL,
		"where guests are led who accept their invitation"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type graph_type = {
	.name = "graph",
	.help = "Microsoft Entra by Microsoft Graph: users, guests, groups, contacts; contacts of "
		"a mailbox",
	.can = CAN_WRITE | CAN_SINCE | CAN_BESIDE | NEEDS_NO_PLACES,
	.settings = settings,
	.spread = "mailbox",
	.open = graph_open,
	.read = graph_read,
	.next = graph_next,
	.cookie = graph_cookie,
	.write = graph_write,
	.more = graph_more,
	.flag = "isCloudManaged",
	.hand_over = graph_hand_over,
	.identity = graph_identity,
	.expires = graph_expires,
	.probe = graph_probe,
	.close = graph_close,
};
