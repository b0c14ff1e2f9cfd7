#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "connectors/foreign.h"
#include "connectors/local.h"
#include "connectors/reading.h"
#include "connectors/types.h"

/* A file that another program wrote, as a source: each entry is read where it stands. */
struct foreign_dir {
	struct connector connector;
	struct arena *mem;
	const char *file;
	unsigned id_attr;
	bool dsml; /* type = dsml, else mim */
	struct foreign *records;
	struct reading pass;
};

static int start(struct foreign_dir *d, struct err *err)
{
	foreign_close(d->records);
	d->records = NULL;
	return foreign_open(d->file, FOREIGN_HAS, &d->records, err);
}

static int foreign_dir_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct foreign_dir *d = arena_zalloc(mem, sizeof(*d));

	d->mem = mem;
	d->file = config_text(cfg, "file");
	d->id_attr = attr_named(config_text(cfg, "id"));
	d->dsml = strcmp(config_text(cfg, "type"), "dsml") == 0;
	if (start(d, err) < 0) {
		arena_free(mem);
		return -1;
	}
	*out = &d->connector;
	return 0;
}

static int foreign_dir_read(struct connector *c, const struct query *q, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)c;

	return reading_start(&d->pass, q, 0, err) < 0 ? -1 : start(d, err);
}

/* 1 and the next entry of the file, 0 at the end, -1. */
static int next_entry(struct foreign_dir *d, struct arena *mem, struct entry *e,
	unsigned long *line, struct err *err)
{
	struct foreign_record record;
	int r = foreign_next(d->records, mem, &record, err);

	if (r <= 0)
		return r;
	const enum foreign_format format = foreign_format(d->records);
	const bool dsml = format == FOREIGN_DSML1 || format == FOREIGN_DSML2;
	if (dsml != d->dsml)
		return err_set(err, ERR_FATAL, "%s: this is %s: write type = %s", d->file,
			foreign_format_name(format), dsml ? "dsml" : "mim");
	*line = record.line;
	*e = record.entry;
	local_identify(mem, d->id_attr, e);
	return 1;
}

static int name_twice(struct foreign_dir *d, enum twice what, uint64_t key, struct err *err)
{
	struct search search = {.what = what, .key = key, .id_attr = d->id_attr};
	struct arena *mem = arena_new();
	struct entry e;
	unsigned long line = 0;
	bool found = false;
	int r = start(d, err);

	while (r >= 0 && !found && (r = next_entry(d, mem, &e, &line, err)) > 0) {
		found = search_second(&search, &e, line, err);
		arena_reset(mem);
	}
	arena_free(mem);
	if (found)
		return foreign_at(d->records, line, err);
	buf_free(&search.first);
	return r < 0 ? -1 : err_set(err, ERR_BUSY, "%s: changed while it was read", d->file);
}

static int foreign_dir_next(
	struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)c;
	unsigned long line;
	uint64_t key = 0;
	int r = 0;

	while (!d->pass.ended) {
		struct arena_mark mark = arena_mark(mem);
		r = next_entry(d, mem, e, &line, err);
		if (r <= 0)
			break;
		if (reading_take(&d->pass, e))
			return 1;
		arena_rewind(mem, mark);
	}
	if (r < 0)
		return -1;
	enum twice what = reading_end(&d->pass, &key);
	if (what != TWICE_NONE)
		return name_twice(d, what, key, err);
	return reading_gone(&d->pass, e) ? 1 : 0;
}

static int foreign_dir_cookie(
	struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)c;

	(void)mem;
	(void)err;
	*cookie = reading_cookie(&d->pass);
	return 0;
}

static int foreign_dir_close(struct connector *c, struct err *err)
{
	struct foreign_dir *d = (struct foreign_dir *)c;

	(void)err;
	foreign_close(d->records);
	reading_free(&d->pass);
	arena_free(d->mem);
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

#define TYPE(word, text, rows)                                                                \
	{                                                                                     \
		.name = word, .help = text, .can = CAN_SINCE, .settings = rows,               \
		.open = foreign_dir_open, .read = foreign_dir_read, .next = foreign_dir_next, \
		.cookie = foreign_dir_cookie, .close = foreign_dir_close,                     \
	}

const struct connector_type mim_type = TYPE(
	"mim", "what MIM or Entra Connect wrote of a directory: mmsml, csexport", mim_settings);
const struct connector_type dsml_type =
	TYPE("dsml", "a file of DSMLv2, or of DSMLv1", dsml_settings);
