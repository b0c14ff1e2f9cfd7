/*
 * Answers of a SCIM service: a first line of what is done ("users groups"; "find", "write", else
 * everything is read, and then what changed since; "entra"), then answers for the whole connector,
 * as http_wire.h has them: what the service says of itself, lists, resources, what came of a Bulk,
 * errors. What stands between them ("GET /Users...") is for people.
 *
 * What ends as complete has each id once. What is said to be done, an answer has shown, and that of
 * its resource.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "connectors/scim.h"
#include "connectors/types.h"

#define ROOT "https://abc.example"
#define BASE ROOT "/scim/v2"
#include "entries.h"
#include "http_wire.h"

/* What is written; nothing else has it in it. */
#define NEW "4711"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_word(struct value line, const char *word)
{
	return memmem(line.data, line.len, word, strlen(word)) != NULL;
}

static struct scim_dir *new_dir(struct value line)
{
	struct arena *mem = arena_new();
	struct scim_dir *d = arena_zalloc(mem, sizeof(*d));
	struct err err;
	unsigned n = 0;

	d->connector.type = &scim_type;
	d->mem = mem;
	d->base = "O=cloud";
	(void)dn_parse(mem, value_of(d->base), &d->base_dn, &err);
	d->dialect = has_word(line, "entra") ? SCIM_ENTRA : SCIM_RFC;
	d->page_size = has_word(line, "single") ? 1 : 3;
	d->bulk = true;
	for (const struct scim_kind *k = scim_kinds; k->endpoint != NULL; k++) {
		if (has_word(line, k->setting))
			d->kinds[n++] = k;
	}
	if (n == 0)
		d->kinds[0] = &scim_kinds[0];
	return d;
}

static void read_twice(struct scim_dir *d, struct arena *mem)
{
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct err err;

	if (read_whole(&scim_type, &d->connector, &q, mem) < 0 ||
		scim_type.cookie(&d->connector, mem, &q.cookie, &err) < 0)
		return;
	/* The next read frees what the cookie is in. */
	q.cookie = value_copy(mem, q.cookie);
	q.kind = QUERY_SINCE;
	(void)read_whole(&scim_type, &d->connector, &q, mem);
}

static void find(struct scim_dir *d, struct arena *mem)
{
	const struct wish wishes[] = {{.by = WISH_ID, .value = value_of("a")},
		{.by = WISH_NAME, .value = value_of("CN=bob,O=cloud")},
		{.by = WISH_VALUE, .attr = attr_named("mail"), .value = value_of("c@abc.example")}};
	const struct query q = {.kind = QUERY_FIND, .wishes = wishes, .n_wishes = 3};

	(void)read_whole(&scim_type, &d->connector, &q, mem);
}

/* In the JSON of some answer, however that is spelled; of the resource of that id, or NULL. */
static bool was_shown(struct value text, const char *id)
{
	struct http_call c = {0};
	bool shown = false;

	wire_begin(text.data, text.len);
	while (!shown && next_answer(&c)) {
		struct buf b = {0};
		struct json *j;
		struct err err;
		if (json_parse(c.body.data, c.body.len, &j, &err) == 0) {
			json_print(&b, j);
			const char *its = json_text(j, "id");
			shown = memmem(b.data, b.len, NEW, strlen(NEW)) != NULL &&
				(id == NULL || (its != NULL && strcmp(its, id) == 0));
		}
		json_free(j);
		buf_free(&b);
	}
	return shown;
}

static void write_some(struct scim_dir *d, struct value text, struct arena *mem)
{
	struct value old = value_of("Staff"), new = value_of(NEW), user = value_of("user");
	struct mod mods[] = {
		{.attr = attr_named("title"), .add = &new, .n_add = 1},
		{.attr = attr_named("objectClass"), .add = &user, .n_add = 1},
	};
	struct mod changed = {.attr = attr_named("title"),
		.remove = &old,
		.n_remove = 1,
		.add = &new,
		.n_add = 1};
	const struct change changes[] = {
		{.op = CHANGE_ADD, .name = value_of("CN=dan,O=cloud"), .mods = mods, .n = 2},
		{.op = CHANGE_ADD, .name = value_of("CN=eve,O=cloud"), .mods = mods, .n = 2},
		{.op = CHANGE_MODIFY,
			.id = value_of("a"),
			.name = value_of("CN=ann,O=cloud"),
			.mods = &changed,
			.n = 1},
		{.op = CHANGE_DELETE, .id = value_of("b"), .name = value_of("CN=bob,O=cloud")},
		{.op = CHANGE_DELETE, .id = value_of("c"), .name = value_of("CN=cid,O=cloud")},
	};
	const size_t n = sizeof(changes) / sizeof(changes[0]);
	struct outcome outcomes[sizeof(changes) / sizeof(changes[0])];
	struct err err = {0};

	if (scim_type.write(&d->connector, changes, outcomes, n, mem, &err) < 0) {
		assert(err.kind != ERR_NONE);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const bool done = outcomes[i].kind == OUTCOME_DONE;
		assert(done == (outcomes[i].err.kind == ERR_NONE));
		assert(!done || outcomes[i].id.len > 0);
	}
	assert(wire.under_way == 0);
	assert(outcomes[0].kind != OUTCOME_DONE || was_shown(text, NULL));
	assert(outcomes[1].kind != OUTCOME_DONE || was_shown(text, NULL));
	assert(outcomes[2].kind != OUTCOME_DONE || was_shown(text, "a"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size + (size == 0));
	struct arena *mem = arena_new();
	struct err err;

	assert(text != NULL);
	memcpy(text, data, size);
	wire_begin(text, size);
	const struct value line = {text, (size_t)(next_line(text) - text)};
	struct scim_dir *d = new_dir(line);
	if (has_word(line, "write"))
		write_some(d, (struct value){text, size}, mem);
	else if (has_word(line, "find"))
		find(d, mem);
	else
		read_twice(d, mem);
	(void)scim_type.close(&d->connector, &err);
	assert(wire.under_way == 0);
	arena_free(mem);
	free(text);
	return 0;
}
