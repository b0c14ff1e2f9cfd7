#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/ldif.h"
#include "connectors/file.h"
#include "connectors/ldif.h"
#include "connectors/local.h"
#include "connectors/types.h"

bool ldif_within(const struct ldif_dir *d, struct value name)
{
	return d->base.len == 0 || dn_text_below(name, &d->base_dn) || dn_text_equal(name, d->base);
}

static int find_file(struct ldif_dir *d, const char *path, struct err *err)
{
	char *real = realpath(path, NULL);
	struct stat st;

	if (real == NULL || stat(real, &st) < 0) {
		free(real);
		return file_fail(err, path);
	}
	d->file = arena_strdup(d->mem, real);
	free(real);
	return S_ISREG(st.st_mode) ? 0 : err_set(err, ERR_FATAL, "%s: not a regular file", path);
}

static int ldif_dir_open(const struct config *cfg, struct connector **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct ldif_dir *d = arena_zalloc(mem, sizeof(*d));
	const char *base = config_text(cfg, "base");

	d->mem = mem;
	d->changes.fd = -1;
	d->id_attr = attr_named(config_text(cfg, "id"));
	d->allow_urls = config_bool(cfg, "allow-urls");
	d->base = base != NULL ? value_of(base) : (struct value){NULL, 0};
	if (find_file(d, config_text(cfg, "file"), err) < 0 ||
		dn_parse(mem, d->base, &d->base_dn, err) < 0) {
		arena_free(mem);
		return -1;
	}
	*out = &d->connector;
	return 0;
}

int ldif_load(struct ldif_dir *d, struct err *err)
{
	if (d->loaded)
		return 0;
	changes_free(&d->changes);
	if (changes_load(&d->changes, d->mem, d->file, err) < 0)
		return -1;
	d->loaded = true;
	return 0;
}

static int ldif_read(struct connector *c, const struct query *q, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;
	struct stat st;

	overlay_close(&d->overlay);
	d->peeked = false;
	if (stat(d->file, &st) < 0)
		return file_fail(err, d->file);
	/* A person's entry has about a kilobyte. */
	if (reading_start(&d->pass, q, (uint64_t)st.st_size / 1024, err) < 0 ||
		ldif_load(d, err) < 0)
		return -1;
	return overlay_open(&d->overlay, &d->changes, d->allow_urls, err);
}

/* "abc.ldif:12", or FILE.changes for an entry that is not in the file yet. */
static int at_entry(const struct ldif_dir *d, struct err *err)
{
	if (overlay_line(&d->overlay) == 0)
		return err_in(err, "%s", d->changes.path);
	return err_in(err, "%s:%lu", d->file, overlay_line(&d->overlay));
}

/* AD gives at most 1500 values at once and says so in the name: member;range=0-1499. */
static const char *ranged(struct ldif_dir *d, const struct entry *e)
{
	for (; d->known < attr_count(); d->known++) {
		if (strcasestr(attr_name(d->known), ";range=") != NULL)
			attr_set_add(d->mem, &d->ranged, d->known);
	}
	for (unsigned i = 0; d->ranged.n > 0 && i < e->n; i++) {
		if (attr_set_has(&d->ranged, e->attrs[i].id))
			return attr_name(e->attrs[i].id);
	}
	return NULL;
}

static int check_entry(struct ldif_dir *d, const struct entry *e, struct err *err)
{
	const char *part = ranged(d, e);

	if (part != NULL)
		err_set(err, ERR_FATAL, "%.*s: incomplete: %s is only a part of the values",
			(int)e->name.len, e->name.data, part);
	else if (!ldif_within(d, e->name))
		err_set(err, ERR_FATAL, "%.*s lies outside %.*s", (int)e->name.len, e->name.data,
			(int)d->base.len, d->base.data);
	else
		return 0;
	return at_entry(d, err);
}

static int name_twice(struct ldif_dir *d, enum twice what, uint64_t key, struct err *err)
{
	struct search search = {.what = what, .key = key, .id_attr = d->id_attr};
	struct arena *mem = arena_new();
	struct entry e;
	bool found = false;

	overlay_close(&d->overlay);
	int r = overlay_open(&d->overlay, &d->changes, d->allow_urls, err);
	while (r >= 0 && !found && (r = overlay_next(&d->overlay, mem, &e, err)) > 0) {
		local_identify(mem, d->id_attr, &e);
		found = search_second(&search, &e, overlay_line(&d->overlay), err);
		arena_reset(mem);
	}
	arena_free(mem);
	if (found)
		return at_entry(d, err);
	buf_free(&search.first);
	return r < 0 ? -1 : err_set(err, ERR_BUSY, "%s: changed while it was read", d->file);
}

/* The whole entry that comes next. */
static int whole_entry(struct ldif_dir *d, struct arena *mem, struct entry *e, struct err *err)
{
	int r = overlay_next(&d->overlay, mem, e, err);

	if (r <= 0)
		return r;
	local_identify(mem, d->id_attr, e);
	return check_entry(d, e, err) < 0 ? -1 : 1;
}

/* Its attributes: it is where the reader stands. */
static int ldif_fill(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;
	uint64_t digest = e->digest;

	d->peeked = false;
	if (whole_entry(d, mem, e, err) <= 0)
		return -1;
	e->digest = digest;
	return 0;
}

/* The next entry that is asked for: partial when that will do, else whole. 1, 0 at the end, -1. */
static int take_entry(struct ldif_dir *d, struct arena *mem, struct entry *e, struct err *err)
{
	const struct query *q = &d->pass.query;
	struct ldif_peeked p;
	int r = 2;

	/* Digests are for whoever compares them. */
	if (q->digests || q->want_cookie || q->kind == QUERY_SINCE)
		r = overlay_peek(&d->overlay, mem, attr_name(d->id_attr), &p, err);
	if (r < 0)
		return -1;
	if (r == 2) {
		r = whole_entry(d, mem, e, err);
		return r <= 0 || reading_take(&d->pass, e) ? r : 2;
	}
	*e = (struct entry){.id = p.id,
		.key = entry_key(p.id),
		.next_key = p.next.len > 0 ? entry_key(p.next) : 0,
		.name = p.name,
		.digest = p.digest,
		.partial = true};
	if (!reading_take(&d->pass, e)) {
		overlay_pass(&d->overlay);
		return 2;
	}
	d->peeked = d->pass.query.partial;
	return d->peeked || ldif_fill(&d->connector, mem, e, err) == 0 ? 1 : -1;
}

static int ldif_next_entry(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;
	uint64_t key = 0;
	int r = 0;

	if (d->peeked)
		overlay_pass(&d->overlay);
	d->peeked = false;
	while (!d->pass.ended) {
		struct arena_mark mark = arena_mark(mem);
		r = take_entry(d, mem, e, err);
		if (r != 2)
			break;
		arena_rewind(mem, mark);
	}
	if (r != 0)
		return r;
	enum twice what = reading_end(&d->pass, &key);
	if (what != TWICE_NONE)
		return name_twice(d, what, key, err);
	return reading_gone(&d->pass, e) ? 1 : 0;
}

static int ldif_cookie(
	struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;

	(void)mem;
	(void)err;
	*cookie = reading_cookie(&d->pass);
	return 0;
}

/* Without a write nothing is touched, not even what an interrupted run has left. */
static int ldif_dir_close(struct connector *c, struct err *err)
{
	struct ldif_dir *d = (struct ldif_dir *)c;
	int r = 0;

	overlay_close(&d->overlay);
	reading_free(&d->pass);
	keylist_free(&d->names);
	keys_free(&d->parents);
	if (d->written && d->loaded && d->changes.whole > 0)
		r = ldif_merge(d, err);
	changes_free(&d->changes);
	arena_free(d->mem);
	return r;
}

static const struct setting settings[] = {
	{"file", SETTING_PATH, "!", NULL, "the LDIF file"},
	{"allow-urls", SETTING_BOOL, "false", NULL,
		"read values from files (attribute:< file:///path)"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

const struct connector_type ldif_type = {
	.name = "ldif",
	.help = "an LDIF file",
	.can = CAN_WRITE | CAN_SINCE,
	.settings = settings,
	.open = ldif_dir_open,
	.read = ldif_read,
	.next = ldif_next_entry,
	.fill = ldif_fill,
	.cookie = ldif_cookie,
	.write = ldif_write,
	.close = ldif_dir_close,
};
