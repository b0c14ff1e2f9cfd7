/*
 * Answers of Exchange over REST: a first line of what is done ("write"; "who"; else everything is
 * read, and then what changed since), then answers for the whole connector, as http_wire.h has
 * them: pages, what a command gave, errors. What stands between them ("POST /adminapi...") is for
 * people.
 *
 * What ends as complete has each contact once. What is said to be done has an id, of a change that
 * of its contact, and cost an answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "connectors/exo.h"
#include "connectors/ldap_pause.h"
#include "connectors/types.h"

#define ROOT "https://outlook.office365.com"
#define BASE ROOT
#include "entries.h"
#include "http_wire.h"
#include "settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory; /* of the configuration */
static const struct config *config;

/* ---- nobody waits here */

long long pause_next(long long *last)
{
	return *last = 1;
}

void pause_until(long long when)
{
	(void)when;
}

/* ---- the connector */

static struct section_variant variants[] = {{"exo", NULL}, {NULL, NULL}};
static const struct section_shape sections[] = {
	{"connector", true, false, connector_settings, "type", variants, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char text[] = "connector cloud {\ntype = exo\nway = rest\n"
				   "tenant = abc.example\nretry = 0s\n}\n";

	(void)argc;
	(void)argv;
	variants[0].settings = exo_type.settings;
	memory = arena_new();
	config = config_section(settings_of(memory, sections, text), "connector", "cloud");
	return 0;
}

static void read_twice(struct connector *c, struct arena *mem)
{
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct err err;

	if (read_whole(&exo_type, c, &q, mem) < 0 || exo_type.cookie(c, mem, &q.cookie, &err) < 0)
		return;
	/* The next read frees what the cookie is in. */
	q.cookie = value_copy(mem, q.cookie);
	q.kind = QUERY_SINCE;
	(void)read_whole(&exo_type, c, &q, mem);
}

static void write_some(struct connector *c, struct arena *mem)
{
	struct value old = value_of("Ann Example"), new = value_of("New"),
		     mail = value_of("SMTP:dan@xyz.example"), title = value_of("Dr");
	struct mod mods[] = {
		{.attr = attr_named("displayName"), .add = &new, .n_add = 1},
		{.attr = attr_named("targetAddress"), .add = &mail, .n_add = 1},
		{.attr = attr_named("title"), .add = &title, .n_add = 1},
	};
	struct mod changed[] = {
		{.attr = attr_named("displayName"),
			.remove = &old,
			.n_remove = 1,
			.add = &new,
			.n_add = 1},
		{.attr = attr_named("title"), .add = &title, .n_add = 1},
	};
	const struct change changes[] = {
		{.op = CHANGE_ADD, .name = value_of("CN=dan,O=cloud"), .mods = mods, .n = 3},
		{.op = CHANGE_MODIFY,
			.id = value_of("a"),
			.name = value_of("CN=ann,O=cloud"),
			.mods = changed,
			.n = 2},
		{.op = CHANGE_DELETE, .id = value_of("b"), .name = value_of("CN=bob,O=cloud")},
	};
	const size_t n = sizeof(changes) / sizeof(changes[0]);
	struct outcome outcomes[sizeof(changes) / sizeof(changes[0])];
	struct err err = {0};
	size_t done = 0;

	if (exo_type.write(c, changes, outcomes, n, mem, &err) < 0) {
		assert(err.kind != ERR_NONE);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		assert((outcomes[i].kind == OUTCOME_DONE) == (outcomes[i].err.kind == ERR_NONE));
		if (outcomes[i].kind != OUTCOME_DONE)
			continue;
		assert(outcomes[i].id.len > 0);
		assert(changes[i].op == CHANGE_ADD || value_same(outcomes[i].id, changes[i].id));
		done++;
	}
	assert(done <= wire.answered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a step too far is seen. */
	char *text = malloc(size + (size == 0));
	struct arena *mem = arena_new();
	struct connector *c;
	const char *who;
	struct err err;

	assert(text != NULL);
	memcpy(text, data, size);
	wire_begin(text, size);
	if (exo_type.open(config, &c, &err) < 0)
		abort();
	if (begins(text, "write"))
		write_some(c, mem);
	else if (begins(text, "who"))
		(void)exo_type.identity(c, mem, &who, &err);
	else
		read_twice(c, mem);
	(void)exo_type.close(c, &err);
	assert(wire.under_way == 0);
	arena_free(mem);
	free(text);
	return 0;
}
