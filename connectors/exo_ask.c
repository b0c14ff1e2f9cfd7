/*
 * Commands whose answers are small, and the reading ones.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/exo.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_watch.h"

static const char *const gets[EXO_SIDES] = {
	[EXO_MAIL] = "Get-MailContact",
	[EXO_PERSON] = "Get-Contact",
};

static struct exo_command command_of(
	const struct exo_dir *d, const char *cmdlet, const struct json *parameters)
{
	struct exo_command c = {.cmdlet = cmdlet, .parameters = parameters};

	/* New- alone makes another one when it is run twice. */
	c.again = strncmp(cmdlet, "New-", 4) != 0;
	if (strcmp(cmdlet, gets[EXO_PERSON]) == 0)
		c.select = d->properties[EXO_PERSON];
	else if (strstr(cmdlet, "-MailContact") != NULL && strncmp(cmdlet, "Set-", 4) != 0 &&
		 strncmp(cmdlet, "Remove-", 7) != 0)
		c.select = d->properties[EXO_MAIL];
	return c;
}

int exo_in(const struct exo_dir *d, struct err *err)
{
	return d->way->type->in != NULL ? d->way->type->in(d->way, err) : -1;
}

static int once(struct exo_dir *d, const struct exo_command *c, struct json *rows, struct err *err)
{
	struct json *page;
	int r = d->way->type->ask(d->way, c, err);

	while (r >= 0 && (r = d->way->type->more(d->way, &page, err)) > 0) {
		const struct json *list = json_at(page, d->way->type->rows);
		for (size_t i = 0; i < json_count(list, ""); i++)
			json_push(rows, json_clone(json_item(list, i)));
		json_free(page);
	}
	return r;
}

/* Is Exchange to be asked again, after a pause? */
struct patience {
	long long until, pause;
};

static struct patience patience(const struct exo_dir *d)
{
	return (struct patience){.until = watch_now() + 1000 * config_number(d->config, "retry")};
}

static bool wait_for(const struct exo_dir *d, struct patience *p)
{
	const long long then = watch_now() + pause_next(&p->pause);

	if (d->way->fault != EXO_BUSY || then >= p->until)
		return false;
	pause_until(then);
	return true;
}

int exo_do(struct exo_dir *d, const char *cmdlet, struct json *parameters, struct json **rows,
	struct err *err)
{
	const struct exo_command c = command_of(d, cmdlet, parameters);
	struct patience p = patience(d);
	int r;

	do {
		*rows = json_new_list();
		r = once(d, &c, *rows, err);
		if (r < 0) {
			json_free(*rows);
			*rows = NULL;
		}
	} while (r < 0 && wait_for(d, &p));
	json_free(parameters);
	return r < 0 ? err_in(err, "%s", cmdlet) : 0;
}

int exo_get_all(struct exo_dir *d, enum exo_side side, struct json **page, struct err *err)
{
	struct json *parameters = json_new_object();
	struct patience p = patience(d);
	int r;

	json_put(parameters, "ResultSize", json_new_text(value_of("Unlimited")));
	if (side == EXO_PERSON)
		json_put(
			parameters, "RecipientTypeDetails", json_new_text(value_of("MailContact")));
	const struct exo_command c = command_of(d, gets[side], parameters);
	*page = NULL;
	do {
		r = d->way->type->ask(d->way, &c, err);
		if (r == 0)
			r = d->way->type->more(d->way, page, err);
	} while (r < 0 && wait_for(d, &p));
	json_free(parameters);
	return r < 0 ? err_in(err, "%s", gets[side]) : r;
}

/* The one row of a list. */
static int only(
	struct exo_dir *d, struct json *rows, struct json **row, const char *what, struct err *err)
{
	const size_t n = json_count(rows, "");

	*row = n == 1 ? json_clone(json_item(rows, 0)) : NULL;
	json_free(rows);
	if (n <= 1)
		return (int)n;
	(void)err_set(err, ERR_ENTRY, "%s: there are %zu of them", what, n);
	return exo_in(d, err);
}

int exo_find(
	struct exo_dir *d, const char *property, struct value v, struct json **row, struct err *err)
{
	struct json *parameters = json_new_object(), *rows, *text;
	struct buf filter = {0};

	/* A quote is doubled: nothing else means anything between quotes. */
	buf_printf(&filter, "%s -eq '", property);
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '\'')
			buf_putc(&filter, '\'');
		buf_putc(&filter, v.data[i]);
	}
	buf_putc(&filter, '\'');
	text = json_new_text((struct value){filter.data, filter.len});
	json_put(parameters, "Filter", text != NULL ? text : json_new_text(value_of("")));
	int r = exo_do(d, gets[EXO_MAIL], parameters, &rows, err);
	if (r == 0)
		r = only(d, rows, row, filter.data, err);
	else if (d->way->fault == EXO_ABSENT)
		r = 0;
	buf_free(&filter);
	return r;
}

int exo_find_person(struct exo_dir *d, const char *guid, struct json **row, struct err *err)
{
	struct json *parameters = json_new_object(), *rows;

	json_put(parameters, "Identity", json_new_text(value_of(guid)));
	if (exo_do(d, gets[EXO_PERSON], parameters, &rows, err) == 0)
		return only(d, rows, row, guid, err);
	return d->way->fault == EXO_ABSENT ? 0 : -1;
}
