#include "connectors/records.h"

#include "base/arena.h"
#include "base/err.h"

int records_read(struct connector *c, const struct query *q, struct err *err)
{
	struct records *d = (struct records *)c;

	return reading_start(&d->pass, q, 0, err) < 0 ? -1 : d->of->start(d, err);
}

static int name_twice(struct records *d, enum twice what, uint64_t key, struct err *err)
{
	struct search search = {.what = what, .key = key, .id_attr = d->id_attr};
	struct arena *mem = arena_new();
	struct entry e;
	bool found = false;
	int r = d->of->start(d, err);

	while (r >= 0 && !found && (r = d->of->next(d, mem, &e, err)) > 0) {
		found = search_second(&search, &e, d->of->line(d), err);
		arena_reset(mem);
	}
	arena_free(mem);
	if (found)
		return d->of->at(d, err);
	buf_free(&search.first);
	return r < 0 ? -1 : err_set(err, ERR_BUSY, "%s: changed while it was read", d->file);
}

int records_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	struct records *d = (struct records *)c;
	uint64_t key = 0;
	int r = 0;

	while (!d->pass.ended) {
		struct arena_mark mark = arena_mark(mem);
		r = d->of->next(d, mem, e, err);
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

int records_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	const struct records *d = (const struct records *)c;

	(void)mem;
	(void)err;
	*cookie = reading_cookie(&d->pass);
	return 0;
}

int records_close(struct connector *c, struct err *err)
{
	struct records *d = (struct records *)c;

	(void)err;
	d->of->close(d);
	reading_free(&d->pass);
	arena_free(d->mem);
	return 0;
}
