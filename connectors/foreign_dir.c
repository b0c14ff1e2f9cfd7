#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "connectors/foreign.h"
#include "connectors/local.h"
#include "connectors/records.h"
#include "connectors/types.h"

/* A file that another program wrote, as a source: each entry is read where it stands. */
struct foreign_dir {
	struct records all;
	bool dsml; /* type = dsml, else mim */
	struct foreign *records;
	unsigned long line; /* of the record that was read last */
};

static int start(struct records *all, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)all;

	foreign_close(d->records);
	d->records = NULL;
	return foreign_open(d->all.file, FOREIGN_HAS, &d->records, err);
}

/* 1 and the next entry of the file, 0 at the end, -1. */
static int next_entry(struct records *all, struct arena *mem, struct entry *e, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)all;
	struct foreign_record record;
	int r = foreign_next(d->records, mem, &record, err);

	if (r <= 0)
		return r;
	const enum foreign_format format = foreign_format(d->records);
	const bool dsml = format == FOREIGN_DSML1 || format == FOREIGN_DSML2;
	if (dsml != d->dsml)
		return err_set(err, ERR_FATAL, "%s: this is %s: write type = %s", d->all.file,
			foreign_format_name(format), dsml ? "dsml" : "mim");
	d->line = record.line;
	*e = record.entry;
	local_identify(mem, d->all.id_attr, e);
	return 1;
}

static unsigned long line_of(const struct records *r)
{
	return ((const struct foreign_dir *)r)->line;
}

static int told_at(const struct records *r, struct err *err)
{
	const struct foreign_dir *d = (const struct foreign_dir *)r;

	return foreign_at(d->records, d->line, err);
}

static void close_records(struct records *r)
{
	foreign_close(((struct foreign_dir *)r)->records);
}

static const struct records_type foreign_records = {
	start, next_entry, line_of, told_at, close_records};

static int foreign_dir_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct foreign_dir *d = arena_zalloc(mem, sizeof(*d));

	d->all.mem = mem;
	d->all.of = &foreign_records;
	d->all.file = config_text(cfg, "file");
	d->all.id_attr = attr_named(config_text(cfg, "id"));
	d->dsml = strcmp(config_text(cfg, "type"), "dsml") == 0;
	if (start(&d->all, err) < 0) {
		arena_free(mem);
		return -1;
	}
	*out = &d->all.connector;
	return 0;
}

static const struct setting mim_settings[] = {
	{"file", SETTING_PATH, "!", NULL, "an audit drop file (mmsml) or a dump of csexport"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting dsml_settings[] = {
	{"file", SETTING_PATH, "!", NULL,
		"a DSMLv2 batchRequest of adds, the batchResponse of a search, or DSMLv1"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

#define TYPE(word, text, rows)                                                        \
	{                                                                             \
		.name = (word), .help = (text), .can = CAN_SINCE, .settings = (rows), \
		.open = foreign_dir_open, .read = records_read, .next = records_next, \
		.cookie = records_cookie, .close = records_close,                     \
	}

const struct connector_type mim_type = TYPE(
	"mim", "what MIM or Entra Connect wrote of a directory: mmsml, csexport", mim_settings);
const struct connector_type dsml_type =
	TYPE("dsml", "a file of DSMLv2, or of DSMLv1", dsml_settings);
