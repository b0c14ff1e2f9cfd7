/*
 * Which filters work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/scim_find.h"

/* Among so many resources one is looked for that has the attribute. */
#define SAMPLES 20

const char *scim_filter_url(
	struct arena *mem, const struct scim_kind *kind, const char *path, struct value v)
{
	struct buf filter = {0}, url = {0};

	/* A filter's text is JSON's (RFC 7644, 3.4.2.2). */
	struct json *text = json_new_text(v);
	if (text == NULL)
		return NULL;
	buf_printf(&filter, "%s eq ", scim_filter_path(mem, path));
	json_print(&filter, text);
	json_free(text);
	buf_printf(&url, "%s?filter=", kind->endpoint);
	http_escape(&url, (struct value){filter.data, filter.len});
	const char *copy = arena_copy(mem, url.data, url.len);
	buf_free(&filter);
	buf_free(&url);
	return copy;
}

/* How many resources a search finds, and if the one with this id is among them. A refusal is none.
 */
static int try_filter(
	struct scim_dir *d, const char *url, const char *id, size_t *n, bool *has, struct err *err)
{
	struct json *answer;

	*has = false;
	*n = 0;
	if (scim_take(d, scim_get(d, url), &answer, err) < 0)
		return err->kind == ERR_BUSY ? -1 : 0;
	const struct json *list = json_at(answer, "Resources");
	*n = json_count(answer, "Resources");
	for (size_t i = 0; i < *n; i++) {
		const char *found = json_text(json_item(list, i), "id");
		*has = *has || (found != NULL && strcmp(found, id) == 0);
	}
	json_free(answer);
	return 0;
}

/* Letters in the other case. */
static struct value other_case(struct arena *mem, const char *text)
{
	char *to = arena_strdup(mem, text);

	for (char *c = to; *c != '\0'; c++) {
		if (ascii_letter(*c))
			*c = (char)(*c ^ 0x20);
	}
	return value_of(to);
}

static int prove(struct scim_dir *d, const struct scim_kind *kind, const char *path,
	const struct json *sample, bool *works, struct err *err)
{
	const char *id = json_text(sample, "id"), *text = json_text(sample, path);
	struct arena *mem = arena_new();
	size_t n = 0;
	int r = 0;

	const char *there = scim_filter_url(mem, kind, path, other_case(mem, text));
	const struct value nobody =
		value_of(arena_printf(mem, "galway-%08x-%s", arc4random(), text));
	if (there != NULL && id != NULL) {
		r = try_filter(d, there, id, &n, works, err);
		bool ignored;
		if (r == 0 && *works)
			r = try_filter(
				d, scim_filter_url(mem, kind, path, nobody), id, &n, &ignored, err);
		*works = *works && n == 0;
	}
	arena_free(mem);
	return r;
}

static int look(struct scim_dir *d, const struct scim_kind *kind, const char *path, bool *works,
	struct err *err)
{
	char url[64];
	struct json *page;
	int r = 0;

	(void)snprintf(url, sizeof(url), "%s?startIndex=1&count=%d", kind->endpoint, SAMPLES);
	if (scim_take(d, scim_get(d, url), &page, err) < 0)
		return -1;
	const struct json *list = json_at(page, "Resources");
	for (size_t i = 0; i < json_count(page, "Resources"); i++) {
		if (json_text(json_item(list, i), path) == NULL)
			continue;
		r = prove(d, kind, path, json_item(list, i), works, err);
		break;
	}
	json_free(page);
	return r;
}

int scim_filter_works(struct scim_dir *d, const struct scim_kind *kind, const char *path,
	bool *works, struct err *err)
{
	*works = false;
	for (const struct scim_proof *p = d->proofs; p != NULL; p = p->next) {
		if (p->kind == kind && strcmp(p->path, path) == 0) {
			*works = p->works;
			return 0;
		}
	}
	if (scim_discover(d, err) < 0 || (d->service.filter && look(d, kind, path, works, err) < 0))
		return -1;
	struct scim_proof *p = arena_alloc(d->mem, sizeof(*p));
	*p = (struct scim_proof){kind, arena_strdup(d->mem, path), *works, d->proofs};
	d->proofs = p;
	log_debug("%s%s: filters of %s %s", http_base(d->http), kind->endpoint, path,
		*works ? "work" : "are not known to work");
	return 0;
}
