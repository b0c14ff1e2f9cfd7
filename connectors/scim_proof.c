/*
 * Which filters work.
 */
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
	const struct json *sample, enum scim_finds *finds, struct err *err)
{
	const char *id = json_text(sample, "id"), *text = json_text(sample, path);
	struct arena *mem = arena_new();
	const struct value values[] = {
		value_of(arena_printf(mem, "galway-%08x-%s", arc4random(), text)),
		value_of(text),
		other_case(mem, text),
	};
	bool found = false;
	size_t n = 0;
	int r = id == NULL ? 0
			   : try_filter(d, scim_filter_url(mem, kind, path, values[0]), id, &n,
				     &found, err);

	/* What finds somebody who is not there, finds anybody. */
	for (unsigned i = 1; id != NULL && r == 0 && i < 3 && (i > 1 || n == 0); i++) {
		r = try_filter(d, scim_filter_url(mem, kind, path, values[i]), id, &n, &found, err);
		if (r < 0 || !found)
			break;
		*finds = i == 1 ? SCIM_FINDS_EXACT : SCIM_FINDS_ANY_CASE;
	}
	arena_free(mem);
	return r;
}

static int look(struct scim_dir *d, const struct scim_kind *kind, const char *path,
	enum scim_finds *finds, struct err *err)
{
	struct json *page;
	int r = 0;

	if (scim_take(d, scim_get_some(d, kind, SAMPLES), &page, err) < 0)
		return -1;
	const struct json *list = json_at(page, "Resources");
	for (size_t i = 0; i < json_count(page, "Resources"); i++) {
		if (json_text(json_item(list, i), path) == NULL)
			continue;
		r = prove(d, kind, path, json_item(list, i), finds, err);
		break;
	}
	json_free(page);
	return r;
}

int scim_filter_finds(struct scim_dir *d, const struct scim_kind *kind, const char *path,
	enum scim_finds *finds, struct err *err)
{
	static const char *const words[] = {"nothing for sure", "the exact value", "any case"};

	*finds = SCIM_FINDS_NOTHING;
	for (const struct scim_proof *p = d->proofs; p != NULL; p = p->next) {
		if (p->kind == kind && strcmp(p->path, path) == 0) {
			*finds = p->finds;
			return 0;
		}
	}
	if (scim_discover(d, err) < 0 || (d->service.filter && look(d, kind, path, finds, err) < 0))
		return -1;
	log_debug("%s%s: a filter of %s finds %s", http_base(d->http), kind->endpoint, path,
		words[*finds]);
	struct scim_proof *p = arena_alloc(d->mem, sizeof(*p));
	*p = (struct scim_proof){kind, arena_strdup(d->mem, path), *finds, d->proofs};
	d->proofs = p;
	return 0;
}
