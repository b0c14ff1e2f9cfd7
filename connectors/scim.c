/*
 * The connector type "scim": users and groups of a SCIM 2.0 service.
 *
 * Every read reads all there is, and what changed since a cookie is told from digests (reading.h):
 * meta.lastModified does not tell what was deleted, and services were seen that do not change it.
 */
#include "connectors/scim.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim_find.h"
#include "connectors/scim_pages.h"
#include "connectors/scim_write.h"
#include "connectors/types.h"

#define PAGE_MOST 10000

/* The URL without a '/' at its end. */
static const char *base_url(struct arena *mem, const struct config *cfg)
{
	char *url = arena_strdup(mem, config_text(cfg, "url"));
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		url[--n] = '\0';
	return url;
}

static int choose_kinds(struct scim_dir *d, struct err *err)
{
	unsigned n, used = 0;
	const char *const *types = config_list(d->config, "types", &n);

	for (const struct scim_kind *k = scim_kinds; k->endpoint != NULL; k++) {
		for (unsigned i = 0; i < n; i++) {
			if (strcmp(types[i], k->setting) != 0)
				continue;
			d->kinds[used++] = k;
			break;
		}
	}
	return used == n && n > 0
		       ? 0
		       : err_set(err, ERR_FATAL, "%s: types are users and groups, each once",
				 config_where(d->config, "types"));
}

static int settle(struct scim_dir *d, struct err *err)
{
	const struct config *cfg = d->config;
	const long long size = config_number(cfg, "page-size");

	d->dialect = strcmp(config_text(cfg, "dialect"), "entra") == 0 ? SCIM_ENTRA : SCIM_RFC;
	d->page_size = size < 1 ? 1 : size < PAGE_MOST ? size : PAGE_MOST;
	d->bulk = strcmp(config_text(cfg, "bulk"), "auto") == 0;
	d->base = config_text(cfg, "base");
	if (d->base == NULL)
		d->base = arena_printf(d->mem, "O=%s", config_title(cfg));
	if (dn_parse(d->mem, value_of(d->base), &d->base_dn, err) < 0) {
		err->kind = ERR_FATAL;
		return err_in(err, "%s: the base", config_where(cfg, NULL));
	}
	return choose_kinds(d, err);
}

static int scim_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct scim_dir *d = arena_zalloc(mem, sizeof(*d));
	const struct http_place place = {.url = base_url(mem, cfg)};

	d->mem = mem;
	d->config = cfg;
	if (settle(d, err) < 0 || http_open(cfg, &place, &d->http, err) < 0) {
		arena_free(mem);
		return -1;
	}
	d->connector.caution = http_caution(d->http);
	*out = &d->connector;
	return 0;
}

void scim_stop_reading(struct scim_dir *d)
{
	pages_free(d->pages);
	scim_find_free(d->find);
	d->pages = NULL;
	d->find = NULL;
}

static void give_up(struct scim_dir *d)
{
	scim_stop_reading(d);
	scim_names_free(d->names);
	d->names = NULL;
	reading_free(&d->list);
}

/* Are references among what is wanted, or names that others may have, too? */
static bool wants_names(const struct scim_dir *d, const struct attr_set *wanted)
{
	for (unsigned i = 0; d->kinds[i] != NULL; i++) {
		if (d->kinds[i]->twins)
			return true;
	}
	return wanted == NULL || attr_set_has(wanted, attr_named("manager")) ||
	       attr_set_has(wanted, attr_named("member"));
}

/* Everything, of which reading.h tells what changed. */
static int read_pages(struct scim_dir *d, struct err *err)
{
	if (reading_start(&d->list, &d->query, 1024, err) < 0)
		return -1;
	d->kind = 0;
	d->pages = pages_start(d, d->kinds[0], "");
	return 0;
}

static int scim_read(struct connector *c, const struct query *q, struct err *err)
{
	struct scim_dir *d = (struct scim_dir *)c;
	int r;

	give_up(d);
	d->query = *q;
	r = scim_discover(d, err);
	if (r == 0 && wants_names(d, q->wanted))
		r = scim_names_load(d, err);
	if (r == 0 && q->kind == QUERY_FIND)
		r = scim_find_start(d, q, &d->find, err);
	if (r == 0 && d->find == NULL)
		r = read_pages(d, err);
	if (r < 0)
		give_up(d);
	return r;
}

/* The next resource of any kind: 1, 0, -1. */
static int next_resource(struct scim_dir *d, const struct json **j, struct err *err)
{
	int r;

	while ((r = pages_next(d->pages, j, err)) == 0 && d->kinds[d->kind + 1] != NULL) {
		pages_free(d->pages);
		d->pages = pages_start(d, d->kinds[++d->kind], "");
	}
	return r;
}

static int end(struct scim_dir *d, struct err *err)
{
	uint64_t key;
	const enum twice twice = reading_end(&d->list, &key);

	if (twice == TWICE_NONE)
		return 0;
	(void)err_set(err, twice == TWICE_ID ? ERR_BUSY : ERR_FATAL, "two resources have one %s",
		twice == TWICE_ID ? "id" : "name");
	return pages_in(d->pages, err);
}

static int scim_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct scim_dir *d = (struct scim_dir *)c;
	const struct json *j;
	int r;

	if (d->find != NULL)
		return scim_find_next(d->find, mem, e, err);
	if (d->pages == NULL)
		return 0;
	const struct arena_mark mark = arena_mark(mem);
	while (!d->list.ended && (r = next_resource(d, &j, err)) != 0) {
		if (r < 0)
			return -1;
		if (scim_entry(d, d->kinds[d->kind], j, d->query.wanted, mem, e, err) < 0)
			return pages_in(d->pages, err);
		if (reading_take(&d->list, e))
			return 1;
		arena_rewind(mem, mark);
	}
	if (end(d, err) < 0)
		return -1;
	return reading_gone(&d->list, e);
}

static int scim_cookie(
	struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	(void)mem;
	(void)err;
	*cookie = reading_cookie(&((struct scim_dir *)c)->list);
	return 0;
}

/* A service has no id of its own: it is where it is. */
static int scim_identity(struct connector *c, struct arena *mem, const char **who, struct err *err)
{
	(void)err;
	*who = arena_strdup(mem, http_base(((struct scim_dir *)c)->http));
	return 0;
}

static long long scim_expires(const struct connector *c)
{
	return http_expires(((const struct scim_dir *)c)->http);
}

static int scim_close(struct connector *c, struct err *err)
{
	struct scim_dir *d = (struct scim_dir *)c;

	(void)err;
	give_up(d);
	http_close(d->http);
	arena_free(d->mem);
	return 0;
}

static const struct setting settings[] = {
	{"url", SETTING_TEXT, "!", NULL, "the service's base, as https://abc.example/scim/v2"},
	HTTP_SETTINGS,
	{"types", SETTING_LIST, "users", NULL, "users, groups: what is read and written"},
	{"page-size", SETTING_NUMBER, "200", NULL, "resources a page"},
	{"bulk", SETTING_WORD, "auto", "auto|never",
		"many writes in one request, where the service offers it"},
	{"dialect", SETTING_WORD, "rfc", "rfc|entra", "entra: the SCIM service of Entra ID"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type scim_type = {
	.name = "scim",
	.help = "users and groups of a SCIM 2.0 service",
	.can = CAN_WRITE | CAN_SINCE | CAN_FIND | CAN_BESIDE | NEEDS_REFERRED | NEEDS_NO_PLACES |
	       CAN_MEMBERS,
	.settings = settings,
	.open = scim_open,
	.read = scim_read,
	.next = scim_next,
	.cookie = scim_cookie,
	.write = scim_write,
	.identity = scim_identity,
	.expires = scim_expires,
	.probe = scim_probe,
	.close = scim_close,
};
