#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/dn.h"
#include "connectors/csv_rows.h"
#include "connectors/local.h"
#include "connectors/records.h"
#include "connectors/types.h"

/* A column of the table. */
struct column {
	unsigned attr; /* ATTR_NONE: not read */
	bool multi;
};

struct csv_dir {
	struct records all;
	const struct config *cfg;
	char delimiter;
	struct value base, class, multi;
	unsigned name_attr;
	struct csv *rows;
	struct column *columns;
	size_t n_columns;
};

static int check_settings(const struct csv_dir *d, struct err *err)
{
	const char *delimiter = config_text(d->cfg, "delimiter");

	if (strcmp(delimiter, "tab") != 0 &&
		(strlen(delimiter) != 1 || strchr("\"\r\n", delimiter[0]) != NULL))
		return err_set(err, ERR_FATAL, "%s: delimiter is one character, or \"tab\"",
			config_where(d->cfg, "delimiter"));
	if (d->name_attr == ATTR_NONE)
		return err_set(err, ERR_FATAL, "%s: %s is not an attribute",
			config_where(d->cfg, "name"), config_text(d->cfg, "name"));
	if (d->multi.len == 0)
		return err_set(err, ERR_FATAL, "%s: multi is what stands between values",
			config_where(d->cfg, "multi"));
	return 0;
}

/* Is the column in the list, as it is or as "column=attribute"? Then its place, else -1. */
static int listed(const char *const *list, unsigned n, struct value column, const char **attr)
{
	for (unsigned i = 0; i < n; i++) {
		const char *equals = strrchr(list[i], '=');
		size_t len = attr != NULL && equals != NULL ? (size_t)(equals - list[i])
							    : strlen(list[i]);
		if (!value_same((struct value){list[i], len}, column))
			continue;
		if (attr != NULL)
			*attr = equals != NULL ? equals + 1 : "";
		return (int)i;
	}
	return -1;
}

/* Each column that a setting lists must be there: a slip of the pen would leave values out. */
static int check_listed(const struct csv_dir *d, const char *setting, bool pairs,
	const struct value *header, struct err *err)
{
	unsigned n;
	const char *const *list = config_list(d->cfg, setting, &n);
	const char *attr;

	for (unsigned i = 0; i < n; i++) {
		bool there = false;
		for (size_t k = 0; k < d->n_columns && !there; k++)
			there = listed(&list[i], 1, header[k], pairs ? &attr : NULL) == 0;
		if (!there)
			return err_set(
				err, ERR_FATAL, "%s has no column \"%s\"", d->all.file, list[i]);
	}
	return 0;
}

static bool has_column(const struct csv_dir *d, size_t n, unsigned attr)
{
	for (size_t i = 0; i < n; i++) {
		if (d->columns[i].attr == attr)
			return true;
	}
	return false;
}

static int read_column(struct csv_dir *d, size_t i, struct value name, struct err *err)
{
	struct column *col = &d->columns[i];
	unsigned n_pairs, n_multi;
	const char *const *pairs = config_list(d->cfg, "columns", &n_pairs);
	const char *const *multi = config_list(d->cfg, "multi-columns", &n_multi);
	const char *attr = NULL;

	*col = (struct column){.attr = ATTR_NONE, .multi = listed(multi, n_multi, name, NULL) >= 0};
	if (listed(pairs, n_pairs, name, &attr) < 0)
		attr = name.data;
	if (attr != name.data && *attr == '\0')
		return 0;
	col->attr = attr_named(attr);
	if (col->attr == ATTR_NONE)
		return err_set(err, ERR_FATAL,
			"column \"%s\" is not an attribute: say which with columns = {\"%s=...\"}",
			name.data, name.data);
	if (has_column(d, i, col->attr))
		return err_set(err, ERR_FATAL, "two columns are %s", attr_name(col->attr));
	return 0;
}

static int read_header(struct csv_dir *d, struct err *err)
{
	struct value *header;
	size_t n;
	int r = csv_next(d->rows, &header, &n, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(err, ERR_FATAL, "%s: no header line", d->all.file);
	d->n_columns = n;
	d->columns = arena_zalloc(d->all.mem, n * sizeof(*d->columns));
	for (size_t i = 0; i < n; i++) {
		if (read_column(d, i, header[i], err) < 0)
			return csv_at(d->rows, err);
	}
	const unsigned needed[] = {d->all.id_attr, d->name_attr};
	for (size_t i = 0; i < 2; i++) {
		if (has_column(d, n, needed[i]))
			continue;
		err_set(err, ERR_FATAL, "no column is %s: the setting %s names one",
			attr_name(needed[i]), i == 0 ? "id" : "name");
		return csv_at(d->rows, err);
	}
	return check_listed(d, "columns", true, header, err) < 0
		       ? -1
		       : check_listed(d, "multi-columns", false, header, err);
}

static int open_rows(struct records *all, struct err *err)
{
	struct csv_dir *d = (struct csv_dir *)all;

	csv_close(d->rows);
	d->rows = NULL;
	if (csv_open(d->all.file, d->delimiter, &d->rows, err) < 0)
		return -1;
	return read_header(d, err);
}

/* Of a column with several values, those that stand between the separators and are not empty. */
static void put_field(const struct csv_dir *d, struct arena *mem, const struct column *col,
	struct value field, struct entry *e)
{
	const char *at = field.data, *end = at + field.len;

	while (at < end) {
		const char *stop = NULL;
		if (col->multi)
			stop = memmem(at, (size_t)(end - at), d->multi.data, d->multi.len);
		struct value v = {at, (size_t)((stop != NULL ? stop : end) - at)};
		at = stop != NULL ? stop + d->multi.len : end;
		if (v.len > 0)
			entry_add(mem, e, col->attr, v);
	}
}

/* A table has a GUID as text. */
static void parse_guid(struct arena *mem, struct entry *e)
{
	const unsigned guid = attr_named("objectGUID");
	const struct attr *a = entry_get(e, guid);

	if (a == NULL)
		return;
	struct value bytes =
		entry_id_parse(mem, arena_copy(mem, a->values[0].data, a->values[0].len));
	entry_put(mem, e, guid, &bytes, 1);
}

static int make_name(const struct csv_dir *d, struct arena *mem, struct entry *e, struct err *err)
{
	const unsigned needed[] = {d->all.id_attr, d->name_attr};

	for (size_t i = 0; i < 2; i++) {
		if (entry_get(e, needed[i]) == NULL)
			return err_set(err, ERR_FATAL, "no %s", attr_name(needed[i]));
	}
	struct value cn = dn_escape(mem, entry_first(e, d->name_attr));
	const char *rdn = arena_printf(mem, "CN=%.*s", (int)cn.len, cn.data);
	e->name = d->base.len > 0 ? dn_child(mem, value_of(rdn), d->base) : value_of(rdn);
	return 0;
}

static int make_entry(struct csv_dir *d, struct arena *mem, const struct value *fields, size_t n,
	struct entry *e, struct err *err)
{
	const unsigned class = attr_named("objectClass");

	if (n != d->n_columns)
		return err_set(err, ERR_FATAL, "%zu fields under %zu columns", n, d->n_columns);
	*e = (struct entry){0};
	for (size_t i = 0; i < n; i++) {
		if (d->columns[i].attr != ATTR_NONE)
			put_field(d, mem, &d->columns[i], fields[i], e);
	}
	if (entry_get(e, class) == NULL)
		entry_put(mem, e, class, &d->class, 1);
	if (make_name(d, mem, e, err) < 0)
		return -1;
	parse_guid(mem, e);
	local_identify(mem, d->all.id_attr, e);
	return 0;
}

/* 1 and the entry of the next row, 0 at the end, -1. */
static int next_row(struct records *all, struct arena *mem, struct entry *e, struct err *err)
{
	struct csv_dir *d = (struct csv_dir *)all;
	struct value *fields;
	size_t n;
	int r = csv_next(d->rows, &fields, &n, err);

	if (r > 0 && make_entry(d, mem, fields, n, e, err) < 0)
		return csv_at(d->rows, err);
	return r;
}

static unsigned long line_of(const struct records *r)
{
	return csv_line(((const struct csv_dir *)r)->rows);
}

static int told_at(const struct records *r, struct err *err)
{
	return csv_at(((const struct csv_dir *)r)->rows, err);
}

static void close_rows(struct records *r)
{
	csv_close(((struct csv_dir *)r)->rows);
}

static const struct records_type csv_records = {open_rows, next_row, line_of, told_at, close_rows};

static int csv_dir_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct csv_dir *d = arena_zalloc(mem, sizeof(*d));
	const char *delimiter = config_text(cfg, "delimiter"), *base = config_text(cfg, "base");
	const char *name = config_text(cfg, "name");

	d->all.mem = mem;
	d->all.of = &csv_records;
	d->cfg = cfg;
	d->all.file = config_text(cfg, "file");
	d->delimiter = strcmp(delimiter, "tab") == 0 ? '\t' : delimiter[0];
	d->base = value_of(base != NULL ? base : "");
	d->class = value_of(config_text(cfg, "object-class"));
	d->multi = value_of(config_text(cfg, "multi"));
	d->all.id_attr = attr_named(config_text(cfg, "id"));
	d->name_attr = name != NULL ? attr_named(name) : d->all.id_attr;
	if (check_settings(d, err) < 0 || csv_open(d->all.file, d->delimiter, &d->rows, err) < 0) {
		arena_free(mem);
		return -1;
	}
	*out = &d->all.connector;
	return 0;
}

static const struct setting settings[] = {
	{"file", SETTING_PATH, "!", NULL, "a table with a header line (RFC 4180)"},
	{"delimiter", SETTING_TEXT, ",", NULL, "the character between fields, or tab"},
	{"columns", SETTING_LIST, NULL, NULL,
		"column=attribute, where they differ; column= is left out"},
	{"name", SETTING_TEXT, NULL, NULL, "the attribute that makes the name; else that of id"},
	{"object-class", SETTING_TEXT, "user", NULL, "the objectClass of every row"},
	{"multi-columns", SETTING_LIST, NULL, NULL, "columns that have several values"},
	{"multi", SETTING_TEXT, ";", NULL, "what stands between those"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type csv_type = {
	.name = "csv",
	.help = "a table with a header line, as HR systems export it",
	.can = CAN_SINCE,
	.settings = settings,
	.open = csv_dir_open,
	.read = records_read,
	.next = records_next,
	.cookie = records_cookie,
	.close = records_close,
};
