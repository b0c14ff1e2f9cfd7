/*
 * The connector type "exo": mail contacts of Exchange Online.
 *
 * Every read reads all there is, twice: persons (Get-Contact) and contacts (Get-MailContact). It is
 * complete when both lists have the same ones. What changed since a cookie is told from digests
 * (reading.h): no command tells what was deleted.
 */
#include "connectors/exo.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/http.h"
#include "connectors/types.h"

static const struct exo_way_type *const ways[] = {&exo_exec, &exo_rest};

static int open_way(struct exo_dir *d, struct err *err)
{
	const char *name = config_text(d->config, "way");
	size_t i = 0;

	while (strcmp(ways[i]->name, name) != 0)
		i++;
	return ways[i]->open(d->config, &d->way, err);
}

static int settle(struct exo_dir *d, struct err *err)
{
	const struct config *cfg = d->config;

	d->base = config_text(cfg, "base");
	if (d->base == NULL)
		d->base = arena_printf(d->mem, "O=%s", config_title(cfg));
	if (dn_parse(d->mem, value_of(d->base), &d->base_dn, err) < 0) {
		err->kind = ERR_FATAL;
		return err_in(err, "%s: the base", config_where(cfg, NULL));
	}
	for (enum exo_side side = 0; side < EXO_SIDES; side++) {
		d->fields[side] = exo_json_fields(d->mem, side);
		d->properties[side] = exo_properties(d->mem, side);
	}
	return 0;
}

static int exo_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct exo_dir *d = arena_zalloc(mem, sizeof(*d));

	d->mem = mem;
	d->config = cfg;
	if (settle(d, err) < 0 || open_way(d, err) < 0) {
		arena_free(mem);
		return -1;
	}
	d->connector.caution = d->way->caution;
	*out = &d->connector;
	return 0;
}

void exo_stop_reading(struct exo_dir *d)
{
	exo_people_free(d->people);
	json_free(d->page);
	d->people = NULL;
	d->page = NULL;
}

static int exo_read(struct connector *c, const struct query *q, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;

	exo_stop_reading(d);
	reading_free(&d->list);
	d->query = *q;
	if (reading_start(&d->list, q, 1024, err) < 0)
		return -1;
	d->row = 0;
	if (exo_people_load(d, err) == 0 && exo_get_all(d, EXO_MAIL, &d->page, err) >= 0)
		return 0;
	exo_stop_reading(d);
	return -1;
}

/* The next row of Get-MailContact: 1, 0, -1. */
static int next_row(struct exo_dir *d, const struct json **row, struct err *err)
{
	int r;

	while ((*row = json_item(json_at(d->page, d->way->type->rows), d->row++)) == NULL) {
		json_free(d->page);
		d->page = NULL;
		d->row = 0;
		if ((r = d->way->type->more(d->way, &d->page, err)) <= 0)
			return r < 0 ? err_in(err, "Get-MailContact") : 0;
	}
	return 1;
}

static int end(struct exo_dir *d, struct err *err)
{
	uint64_t key;
	const enum twice twice = reading_end(&d->list, &key);

	if (twice != TWICE_NONE)
		return err_set(err, ERR_BUSY,
			"two contacts have one %s: they change while they are read",
			twice == TWICE_ID ? "id" : "name");
	if (exo_people_left(d->people) > 0)
		return err_set(err, ERR_BUSY,
			"Get-Contact gave %zu that Get-MailContact did not: contacts change while "
			"they are read",
			exo_people_left(d->people));
	return 0;
}

static int contact(struct exo_dir *d, const struct json *row, struct arena *mem, struct entry *e,
	struct err *err)
{
	if (exo_entry(d, EXO_MAIL, row, d->query.wanted, mem, e, err) < 0)
		return -1;
	if (exo_people_take(d->people, json_text(row, "Guid"), mem, e))
		return 0;
	return err_set(err, ERR_BUSY,
		"%.*s is not in what Get-Contact gave: contacts change while they are read",
		(int)e->name.len, e->name.data);
}

static int exo_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;
	const struct arena_mark mark = arena_mark(mem);
	const struct json *row;
	int r;

	if (d->people == NULL)
		return 0;
	while (!d->list.ended && (r = next_row(d, &row, err)) != 0) {
		if (r < 0)
			return -1;
		if (contact(d, row, mem, e, err) < 0)
			return exo_in(d, err);
		if (reading_take(&d->list, e))
			return 1;
		arena_rewind(mem, mark);
	}
	if (!d->list.ended && end(d, err) < 0)
		return exo_in(d, err);
	return reading_gone(&d->list, e);
}

static int exo_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	(void)mem;
	(void)err;
	*cookie = reading_cookie(&((struct exo_dir *)c)->list);
	return 0;
}

static int exo_identity(struct connector *c, struct arena *mem, const char **who, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;
	struct json *rows;

	if (d->organization == NULL) {
		if (exo_do(d, "Get-OrganizationConfig", json_new_object(), &rows, err) < 0)
			return -1;
		const char *guid = json_text(json_item(rows, 0), "Guid");
		if (guid != NULL)
			d->organization = arena_strdup(d->mem, guid);
		json_free(rows);
		if (guid == NULL) {
			(void)err_set(
				err, ERR_FATAL, "Get-OrganizationConfig does not say its Guid");
			return exo_in(d, err);
		}
	}
	*who = arena_strdup(mem, d->organization);
	return 0;
}

static long long exo_expires(const struct connector *c)
{
	const struct http *http = ((const struct exo_dir *)c)->way->http;

	return http != NULL ? http_expires(http) : 0;
}

static int exo_close(struct connector *c, struct err *err)
{
	struct exo_dir *d = (struct exo_dir *)c;

	(void)err;
	exo_stop_reading(d);
	reading_free(&d->list);
	d->way->type->close(d->way);
	arena_free(d->mem);
	return 0;
}

static const struct setting settings[] = {
	{"way", SETTING_WORD, "exec", "exec|rest",
		"how commands are run: by a program with PowerShell, or by a service that its "
		"vendor does not support"},
	{"command", SETTING_LIST, NULL, NULL,
		"exec, and required by it: the program and its arguments"},
	{"tenant", SETTING_TEXT, NULL, NULL,
		"rest, and required by it: the tenant's id, or a domain of it"},
	{"url", SETTING_TEXT, "https://outlook.office365.com", NULL, "rest: the service's origin"},
	{"page-size", SETTING_NUMBER, "1000", NULL, "rest: contacts a page"},
	HTTP_SETTINGS,
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type exo_type = {
	.name = "exo",
	.help = "mail contacts of Exchange Online",
	.can = CAN_WRITE | CAN_SINCE | CAN_BESIDE | NEEDS_REFERRED | NEEDS_NO_PLACES,
	.settings = settings,
	.open = exo_open,
	.read = exo_read,
	.next = exo_next,
	.cookie = exo_cookie,
	.write = exo_write,
	.identity = exo_identity,
	.probe = exo_probe,
	.expires = exo_expires,
	.close = exo_close,
};
