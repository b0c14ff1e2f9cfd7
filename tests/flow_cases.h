#ifndef TESTS_FLOW_CASES_H
#define TESTS_FLOW_CASES_H

#include "sync_cases.h"

#include <errno.h>

#include "sync/apply.h"
#include "sync/flow.h"

/*
 * Whole runs on LDIF files. A directory: "ann key=a tel=1; bob key=b", each entry's id is its
 * uid, which is its name at first: "bob uid=ann" is ann, renamed. What a run did: the steps of its
 * plan, by their operation and the entry's name, and how it looked: "full" or "delta".
 */
static const char config[] = "state = \"state.db\"\n"
			     "connector abc {\n type = ldif\n file = \"abc.ldif\"\n"
			     " id = uid\n base = \"DC=abc\"\n}\n"
			     "connector xyz {\n type = ldif\n file = \"xyz.ldif\"\n"
			     " base = \"DC=xyz\"\n}\n"
			     "flow f {\n source = abc\n target = xyz\n rules = \"flow.rules\"\n"
			     " into = \"OU=GAL,DC=xyz\"\n"
			     " full-every = 100\n}\n";

static const char rules[] = "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
			    " objectClass add = \"contact\"\n note = [key]\n tel = [tel]\n"
			    " manager = [manager]\n";

static inline void put_source(struct arena *mem, const char *text)
{
	struct buf b = {0};
	char *words[16], *pairs[16];
	unsigned n = words_of(mem, text, ";", words, 16);

	buf_puts(&b, "version: 1\n\ndn: DC=abc\ndc: abc\n");
	for (unsigned i = 0; i < n; i++) {
		unsigned n_pairs = words_of(mem, words[i], " ", pairs, 16);
		buf_printf(&b, "\ndn: CN=%s,DC=abc\ncn: %s\n", pairs[0], pairs[0]);
		bool named = false;
		for (unsigned k = 1; k < n_pairs; k++) {
			char *equals = strchr(pairs[k], '=');
			named |= strncmp(pairs[k], "uid=", 4) == 0;
			buf_printf(
				&b, "%.*s: %s\n", (int)(equals - pairs[k]), pairs[k], equals + 1);
		}
		if (!named)
			buf_printf(&b, "uid: %s\n", pairs[0]);
	}
	put_text(mem, "abc.ldif", b.data);
	buf_free(&b);
}

/* A new folder with these rules and an empty target. */
static inline void start(struct arena *mem, const char *rule_text)
{
	assert_int_equal(unlink(path_of(mem, "state.db")) == 0 || errno == ENOENT, 1);
	put_text(mem, "galway.conf", config);
	put_text(mem, "flow.rules", rule_text);
	put_text(mem, "xyz.ldif",
		"version: 1\n\ndn: DC=xyz\ndc: xyz\n\ndn: OU=GAL,DC=xyz\nou: GAL\n");
}

/* The flow with these settings more. */
static inline void start_with(struct arena *mem, const char *settings)
{
	const char *at = strstr(config, " into = ");

	start(mem, rules);
	put_text(mem, "galway.conf",
		arena_printf(mem, "%.*s%s%s", (int)(at - config), config, settings, at));
}

static inline struct setup load(struct arena *mem)
{
	struct setup setup;
	struct err err = {0};

	if (setup_load(mem, path_of(mem, "galway.conf"), &setup, &err) < 0)
		fail_msg("%s", err.text);
	return setup;
}

static inline const char *steps_of(struct arena *mem, struct plan *plan)
{
	static const char *const ops[] = {
		"none", "add", "modify", "delete", "link", "forget", "conflict"};
	const char *text = plan->full ? "full" : "delta";
	struct step s;
	struct err err;
	uint32_t place;

	assert_int_equal(plan_rewind(plan, &err), 0);
	while (plan_next(plan, mem, &s, &place, &err) == 1) {
		if (!step_shows(&s))
			continue;
		struct value name = s.target_name.len > 0 ? s.target_name : s.source_name;
		text = arena_printf(mem, "%s; %s %s", text, ops[s.op], short_name(mem, name));
		if (s.write && s.change.new_name.len > 0)
			text = arena_printf(
				mem, "%s >%s", text, short_name(mem, s.change.new_name));
		for (unsigned i = 0; i < s.n_denied; i++)
			text = arena_printf(mem, "%s !%s", text, name_of(s.denied[i].attr));
	}
	return text;
}

/* When a run begins, in seconds since 1970; 0: now. */
static long long run_at;

/* Plans, does it, and says what it did. */
static inline const char *sync_with(struct arena *mem, const struct flow_options *options)
{
	struct setup setup = load(mem);
	struct state *state;
	struct plan plan;
	struct applied applied;
	struct err err = {0};

	if (run_at > 0)
		setup.flows[0].env.now = run_at;
	if (state_open(setup.state, true, &state, &err) < 0 ||
		flow_plan(&setup.flows[0], state, options, mem, &plan, &err) < 0)
		fail_msg("%s", err.text);
	const char *text = steps_of(mem, &plan);
	if (flow_apply(&plan, state, mem, &applied, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(applied.summary.failed, 0);
	applied_free(&applied);
	plan_free(&plan);
	state_close(state);
	return text;
}

static inline const char *sync_now(struct arena *mem)
{
	return sync_with(mem, &(struct flow_options){.full = false});
}

static inline char *get_text(struct arena *mem, const char *name)
{
	FILE *f = fopen(path_of(mem, name), "r");
	char *text = arena_zalloc(mem, 65536);

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* Somebody changes this text of the target's file. */
static inline void edit_target(struct arena *mem, const char *from, const char *to)
{
	char *text = get_text(mem, "xyz.ldif"), *at = strstr(text, from);

	assert_non_null(at);
	put_text(mem, "xyz.ldif",
		arena_printf(mem, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
}

/* Of the target's record that has this line: the text of its first line that begins so; "": it
 * has none. */
static inline const char *line_of(struct arena *mem, const char *line, const char *begin)
{
	char *text = get_text(mem, "xyz.ldif"), *at = strstr(text, line), *end;

	assert_non_null(at);
	end = strstr(at, "\n\n");
	if (end != NULL)
		*end = '\0';
	while (at > text && strncmp(at, "\n\n", 2) != 0)
		at--;
	at = strstr(at, begin);
	if (at == NULL)
		return "";
	at += strlen(begin);
	at[strcspn(at, "\n")] = '\0';
	return at;
}

/* Whose the object is, by somebody's word; NULL: nobody's. */
static inline void give_object(struct arena *mem, const char *id, const char *side)
{
	struct setup setup = load(mem);
	struct state *state;
	struct err err;

	assert_int_equal(state_open(setup.state, true, &state, &err), 0);
	assert_int_equal(state_authority_put(state, "f", value_of(id), side, &err), 0);
	state_close(state);
}

#endif
