#include "flow_cases.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "connectors/connector.h"

/* What the user left for another run is there in the next one, delta or not. */
static void test_skip(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	assert_string_equal(sync_now(mem), "full; add ann; add bob");
	put_source(mem, "ann key=a tel=1; ben uid=bob key=b; cid key=c");
	assert_string_equal(sync_with(mem, &(struct flow_options){.skip = SKIP_CREATE}),
		"delta; modify ann; modify bob >ben");
	assert_string_equal(sync_now(mem), "delta; add cid");
	assert_string_equal(sync_now(mem), "delta");
	put_source(mem, "ann key=a tel=2; ben uid=bob key=b; cid key=c");
	assert_string_equal(sync_with(mem, &(struct flow_options){.skip = SKIP_UPDATE}), "delta");
	assert_string_equal(sync_now(mem), "delta; modify ann");
	put_source(mem, "ann key=a tel=2; bert uid=bob key=b tel=1; cid key=c");
	assert_string_equal(
		sync_with(mem, &(struct flow_options){.skip = SKIP_RENAME}), "delta; modify ben");
	assert_string_equal(sync_with(mem, &(struct flow_options){.skip = SKIP_RENAME}), "delta");
	assert_string_equal(sync_now(mem), "delta; modify ben >bert");
	put_source(mem, "ann key=a tel=2; bert uid=bob key=b tel=1");
	assert_string_equal(sync_with(mem, &(struct flow_options){.skip = SKIP_DELETE}), "delta");
	assert_string_equal(sync_now(mem), "delta; delete cid");
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* A full run in which a part was left for another does not settle what it did not look at. */
static void test_skip_full(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a");
	sync_now(mem);
	put_text(mem, "flow.rules",
		"rule user\n scope (key=*)\n name \"CN=\" & [cn]\n note = [key]\n tel = [tel]\n "
		"title = \"t\"\n");
	assert_string_equal(sync_with(mem, &(struct flow_options){.skip = SKIP_UPDATE}), "full");
	assert_string_equal(sync_now(mem), "full; modify ann");
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

static struct flow_state known_now(struct arena *mem)
{
	struct setup setup = load(mem);
	struct state *state;
	struct flow_state known;
	struct err err;

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &known, &err), 0);
	state_close(state);
	return known;
}

/* The last good run was long ago. */
static void make_old(struct arena *mem)
{
	struct setup setup = load(mem);
	struct state *state;
	struct flow_state known = known_now(mem);
	struct err err;

	known.last_good = 1;
	assert_int_equal(state_open(setup.state, true, &state, &err), 0);
	assert_int_equal(state_begin(state, &err), 0);
	assert_int_equal(state_put_flow(state, "f", &known, &err), 0);
	assert_int_equal(state_commit(state, &err), 0);
	state_close(state);
}

/* A run that leaves steps out neither goes on after an undo nor is one that need not be made for an
 * interval; one that might have, and found none, does and is. The next looks at everything still.
 */
static void test_skip_held(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a");
	sync_now(mem);
	put_source(mem, "ann key=a tel=1; bob key=b");
	assert_string_equal(sync_now(mem), "delta; add bob; modify ann");
	assert_string_equal(
		sync_with(mem, &(struct flow_options){.undo = 2}), "delta; modify ann; delete bob");
	make_old(mem);
	static const struct flow_options parts[] = {{.skip = SKIP_CREATE | SKIP_UPDATE},
		{.skip = SKIP_CREATE | SKIP_UPDATE, .full = true}, {.object = "ann"}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_string_equal(sync_with(mem, &parts[i]), i < 2 ? "full" : "full; modify ann");
		assert_true(known_now(mem).held != 0);
		assert_int_equal(known_now(mem).last_good, 1);
	}
	assert_string_equal(
		sync_with(mem, &(struct flow_options){.skip = SKIP_DELETE}), "full; add bob");
	assert_int_equal(known_now(mem).held, 0);
	assert_true(known_now(mem).last_good > 1);
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* With something left out each time, a full run is not later than without. */
static void test_skip_full_every(void **state)
{
	static const struct flow_options part = {.skip = SKIP_CREATE};
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_text(mem, "galway.conf",
		arena_printf(mem, "%.*s full-every = 3\n}\n",
			(int)(strstr(config, " full-every") - config), config));
	put_source(mem, "ann key=a");
	assert_string_equal(sync_now(mem), "full; add ann");
	put_source(mem, "ann key=a; bob key=b");
	assert_string_equal(sync_with(mem, &part), "delta");
	assert_string_equal(sync_with(mem, &part), "delta");
	assert_string_equal(sync_with(mem, &part), "full");
	assert_string_equal(sync_now(mem), "full; add bob");
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* An object that belongs to the other side is not added again when that deleted it. */
static void test_authority_of_gone(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a");
	sync_now(mem);
	give_object(mem, "ann", "xyz");
	start(mem, rules);
	put_source(mem, "ann key=a");
	sync_now(mem);
	give_object(mem, "ann", "xyz");
	put_text(mem, "xyz.ldif",
		"version: 1\n\ndn: DC=xyz\ndc: xyz\n\ndn: OU=GAL,DC=xyz\nou: GAL\n");
	assert_string_equal(
		sync_with(mem, &(struct flow_options){.full = true}), "full; modify ann !dn");
	give_object(mem, "ann", NULL);
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full; add ann");
	arena_free(mem);
}

/* In-chain scopes: a group that changes moves objects that do not, so there are no deltas. */
static void test_chain(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, "rule user\n scope (memberOf:1.2.840.113556.1.4.1941:=CN=all,DC=abc)\n"
		   " name \"CN=\" & [cn]\n note = [key]\n");
	put_source(mem, "all key=all member=CN=sub,DC=abc; sub; ann key=a memberOf=CN=sub,DC=abc");
	assert_string_equal(sync_now(mem), "full; add ann; add sub");
	put_source(mem, "all key=all; sub; ann key=a memberOf=CN=sub,DC=abc");
	assert_string_equal(sync_now(mem), "full; delete ann; delete sub");
	arena_free(mem);
}

static const char *find_who(struct arena *mem, const char *who)
{
	struct setup setup = load(mem);
	struct connector *c;
	struct entry e;
	struct err err = {0};

	assert_int_equal(connector_open(setup.flows[0].source_config, &c, &err), 0);
	int rc = flow_find(c, who, mem, &e, &err);
	assert_int_equal(connector_close(c, &(struct err){.kind = ERR_NONE}), 0);
	return rc < 0    ? err.text[0] != '\0' ? "several" : "?"
	       : rc == 0 ? "none"
			 : arena_copy(mem, e.name.data, e.name.len);
}

static void test_find(void **state)
{
	static const char *const cases[][2] = {
		{"CN=ann,DC=abc", "CN=ann,DC=abc"},
		{"cn=ANN, dc=abc", "CN=ann,DC=abc"},
		{"A@abc.example", "CN=ann,DC=abc"},
		{"ANN1", "CN=ann,DC=abc"},
		{"a@upn.example", "CN=ann,DC=abc"},
		{"c0ffee00-1111-2222-3333-444455556666", "CN=bob,DC=abc"},
		{"ann", "CN=ann,DC=abc"},
		{"ANN", "none"},
		{"", "none"},
		{"both@abc.example", "several"},
		{"CN=nobody,DC=abc", "none"},
	};
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem,
		"ann mail=a@abc.example sAMAccountName=ann1 userPrincipalName=a@upn.example; "
		"bob uid=c0ffee00-1111-2222-3333-444455556666; "
		"x mail=both@abc.example; y mail=both@abc.example");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!same_text(cases[i][0], find_who(mem, cases[i][0]), cases[i][1]))
			fail();
	}
	arena_free(mem);
}

/* The digest of the plan, made in another process, in which attributes have other numbers. */
static const char *digest_elsewhere(struct arena *mem, unsigned more)
{
	char hex[65] = "";
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct flow_options options = {.full = true};
		struct setup setup;
		struct state *state;
		struct plan plan;
		struct err err;
		for (unsigned i = 0; i < more; i++)
			attr_named(arena_printf(mem, "more%u", i));
		attr_named(more > 0 ? "tel" : "zip");
		bool good = setup_load(mem, path_of(mem, "galway.conf"), &setup, &err) == 0 &&
			    state_open(setup.state, false, &state, &err) == 0 &&
			    flow_plan(&setup.flows[0], state, &options, mem, &plan, &err) == 0 &&
			    plan_digest(&plan, hex, &err) == 0 &&
			    write(ends[1], hex, sizeof(hex)) == sizeof(hex);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(read(ends[0], hex, sizeof(hex)), sizeof(hex));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(strlen(hex), 64);
	return arena_strdup(mem, hex);
}

/* The same plan has the same digest, another one another; and each is another after a run. */
static void test_plan_digest(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a tel=1 zip=5");
	const char *first = digest_elsewhere(mem, 0);
	assert_string_equal(digest_elsewhere(mem, 700), first);
	put_source(mem, "ann key=a tel=2 zip=5");
	assert_string_not_equal(digest_elsewhere(mem, 0), first);
	put_source(mem, "ann key=a tel=1 zip=5");
	assert_string_equal(digest_elsewhere(mem, 0), first);
	sync_with(mem, &(struct flow_options){.full = true});
	const char *none = digest_elsewhere(mem, 0);
	assert_string_not_equal(none, first);
	sync_with(mem, &(struct flow_options){.full = true});
	assert_string_not_equal(digest_elsewhere(mem, 0), none);
	arena_free(mem);
}

/* The target's new shape cannot be written: the run stops, what it did is remembered, and it is not
 * a good run. The next one starts where it did. */
static void test_stopped(void **state)
{
	struct arena *mem = arena_new();
	const struct flow_options all = {.full = false};
	struct setup setup;
	struct state *known;
	struct plan plan;
	struct applied applied;
	struct flow_state f;
	struct run r;
	struct err err = {0};

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	assert_int_equal(mkdir(path_of(mem, "xyz.ldif.tmp"), 0700), 0);
	setup = load(mem);
	assert_int_equal(state_open(setup.state, true, &known, &err), 0);
	assert_int_equal(flow_plan(&setup.flows[0], known, &all, mem, &plan, &err), 0);
	assert_int_equal(flow_apply(&plan, known, mem, &applied, &err), -1);
	assert_non_null(strstr(err.text, "xyz.ldif.tmp"));
	applied_free(&applied);
	plan_free(&plan);
	assert_int_equal(state_flow(known, "f", &f, &err), 0);
	assert_true(f.last_run > 0);
	assert_int_equal(f.last_good, 0);
	assert_int_equal(state_count_links(known, f.id, &err), 2);
	assert_int_equal(state_runs(known, f.id, true, &err), 0);
	assert_int_equal(state_next_run(known, &r, &err), 1);
	assert_int_equal(r.finished, 0);
	state_close(known);
	assert_int_equal(rmdir(path_of(mem, "xyz.ldif.tmp")), 0);
	assert_string_equal(sync_now(mem), "full");
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* A delta that stops leaves nobody knows what: the next run looks at everything. */
static void test_stopped_delta(void **state)
{
	struct arena *mem = arena_new();
	const struct flow_options all = {.full = false};
	struct setup setup;
	struct state *known;
	struct plan plan;
	struct applied applied;
	struct err err = {0};

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	assert_string_equal(sync_now(mem), "full; add ann; add bob");
	put_source(mem, "ann key=a; bob key=b; cem key=c");
	assert_int_equal(mkdir(path_of(mem, "xyz.ldif.tmp"), 0700), 0);
	setup = load(mem);
	assert_int_equal(state_open(setup.state, true, &known, &err), 0);
	assert_int_equal(flow_plan(&setup.flows[0], known, &all, mem, &plan, &err), 0);
	assert_false(plan.full);
	assert_int_equal(flow_apply(&plan, known, mem, &applied, &err), -1);
	applied_free(&applied);
	plan_free(&plan);
	state_close(known);
	assert_int_equal(rmdir(path_of(mem, "xyz.ldif.tmp")), 0);
	assert_string_equal(sync_now(mem), "full");
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* In a delta one takes the name that another had: who refers to the name means the new one. */
static void test_name_taken_over(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cem key=c manager=CN=bob,DC=abc");
	sync_now(mem);
	put_source(mem, "bob uid=ann key=a; bert uid=bob key=b; cem key=d manager=CN=bob,DC=abc");
	assert_int_equal(strncmp(sync_now(mem), "delta", 5), 0);
	assert_string_equal(
		line_of(mem, "galway:f:cem", "manager: "), line_of(mem, "galway:f:ann", "dn: "));
	arena_free(mem);
}

/* The same, where nothing of who refers to the name has changed: the next run sees it. */
static void test_name_handed_on(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cem key=c manager=CN=bob,DC=abc");
	sync_now(mem);
	put_source(mem, "bob uid=ann key=a; bert uid=bob key=b; cem key=c manager=CN=bob,DC=abc");
	assert_int_equal(strncmp(sync_now(mem), "delta", 5), 0);
	assert_string_equal(sync_now(mem), "delta; modify cem");
	assert_string_equal(
		line_of(mem, "galway:f:cem", "manager: "), line_of(mem, "galway:f:ann", "dn: "));
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* The same, where the name is taken in a later run than it was given up in: until then it is
 * nobody's. */
static void test_name_given_up(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cem key=c manager=CN=bob,DC=abc");
	sync_now(mem);
	put_source(mem, "ann key=a; bert uid=bob key=b; cem key=c manager=CN=bob,DC=abc");
	assert_string_equal(sync_now(mem), "delta; modify bob >bert");
	assert_string_equal(sync_now(mem), "delta; modify cem");
	assert_string_equal(sync_now(mem), "delta");
	put_source(mem, "bob uid=ann key=a; bert uid=bob key=b; cem key=c manager=CN=bob,DC=abc");
	assert_string_equal(sync_now(mem), "delta; modify ann >bob; modify cem");
	assert_string_equal(
		line_of(mem, "galway:f:cem", "manager: "), line_of(mem, "galway:f:ann", "dn: "));
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

static bool looked_at_next(struct arena *mem, const char *id)
{
	struct setup setup = load(mem);
	struct state *state;
	struct link link;
	struct err err;

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_link(state, known_now(mem).id, value_of(id), mem, &link, &err), 1);
	state_close(state);
	return link.source_digest == 0;
}

/* A run for one person takes his contact away: who refers to that is looked at by the next one. */
static void test_one_deleted(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cem key=c manager=CN=bob,DC=abc");
	sync_now(mem);
	put_source(mem, "ann key=a; bob; cem key=c manager=CN=bob,DC=abc");
	assert_string_equal(
		sync_with(mem, &(struct flow_options){.object = "bob"}), "full; delete bob");
	/* This target takes references away by itself; others do not. */
	assert_true(looked_at_next(mem, "cem"));
	assert_false(looked_at_next(mem, "ann"));
	arena_free(mem);
}

/* Nothing changes but the time, for which no directory has a delta. */
static void test_time_passes(void **state)
{
	static const long long years[] = {
		1577836800, 1609459200, 1640995200}; /* 2020, 2021, 2022 */
	struct arena *mem = arena_new();

	(void)state;
	start(mem, "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
		   " title = IIF(Now() >= CDate(\"2021-01-01\"), \"late\", \"early\")\n");
	put_source(mem, "ann key=a");
	run_at = years[0];
	assert_string_equal(sync_now(mem), "full; add ann");
	assert_string_equal(sync_now(mem), "full");
	run_at = years[1];
	assert_string_equal(sync_now(mem), "full; modify ann");
	assert_string_equal(line_of(mem, "galway:f:ann", "title: "), "late");
	run_at = years[2];
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	run_at = 0;
	arena_free(mem);
}

/* References follow a contact that is renamed. When he who refers to it gets another one later,
 * nobody else wrote that; but what somebody else did write beside it is told. */
static void test_renamed_and_replaced(void **state)
{
	static const char *const managers[] = {"bob", "bert"};
	struct arena *mem = arena_new();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		start(mem, rules);
		put_source(mem, "ann key=a; bob key=b; cem key=c manager=CN=bob,DC=abc");
		sync_now(mem);
		put_source(mem, arena_printf(mem,
					"ann key=a; bert uid=bob key=b; "
					"cem key=c manager=CN=%s,DC=abc",
					managers[i]));
		sync_now(mem);
		char *text = get_text(mem, "xyz.ldif");
		strstr(text, "note: c")[6] = 'x';
		put_text(mem, "xyz.ldif", text);
		put_source(mem, "ann key=a; bert uid=bob key=b; cem key=c manager=CN=ann,DC=abc");
		assert_string_equal(sync_now(mem), "delta; modify cem !note");
		assert_string_equal(line_of(mem, "galway:f:cem", "manager: "),
			line_of(mem, "galway:f:ann", "dn: "));
	}
	arena_free(mem);
}

/* Who refers to somebody whose contact could not be added, or renamed, is looked at in the next
 * run, a delta: by then the contact may have another name, which somebody else took meanwhile. */
static void refer_and_fail(struct arena *mem, const char *source, const char *taken)
{
	struct setup setup = load(mem);
	const struct flow_options none = {.full = false};
	struct state *state;
	struct plan plan;
	struct applied applied;
	struct err err = {0};

	put_source(mem, source);
	assert_int_equal(state_open(setup.state, true, &state, &err), 0);
	assert_int_equal(flow_plan(&setup.flows[0], state, &none, mem, &plan, &err), 0);
	put_text(mem, "xyz.ldif",
		arena_printf(mem, "%s\ndn: CN=%s,OU=GAL,DC=xyz\ncn: %s\nnote: theirs\n",
			get_text(mem, "xyz.ldif"), taken, taken));
	assert_int_equal(flow_apply(&plan, state, mem, &applied, &err), 0);
	assert_int_equal(applied.summary.failed, 1);
	applied_free(&applied);
	plan_free(&plan);
	state_close(state);
	assert_int_equal(strncmp(sync_now(mem), "delta", 5), 0);
	assert_string_equal(
		line_of(mem, "galway:f:ann", "manager: "), line_of(mem, "galway:f:bob", "dn: "));
	assert_string_equal(line_of(mem, "galway:f:bob", "dn: "),
		arena_printf(mem, "CN=%s(1),OU=GAL,DC=xyz", taken));
}

static void test_refers_to_failed(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "cem key=c");
	sync_now(mem);
	refer_and_fail(mem, "cem key=c; ann key=a manager=CN=bob,DC=abc; bob key=b", "bob");
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	sync_now(mem);
	refer_and_fail(mem, "ann key=a manager=CN=bert,DC=abc; bert uid=bob key=b", "bert");
	arena_free(mem);
}

/* Another version of galway looks at everything once. */
static void test_upgrade(void **state)
{
	const char *version = galway_version;
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a");
	sync_now(mem);
	assert_string_equal(sync_now(mem), "delta");
	galway_version = "0";
	assert_string_equal(sync_now(mem), "full");
	assert_string_equal(sync_now(mem), "delta");
	galway_version = version;
	arena_free(mem);
}

static void test_stale(void **state)
{
	static const struct {
		long long good, now;
		bool stale;
	} cases[] = {
		{0, 10, true}, {10, 10, false}, {10, 40, false}, {10, 41, true}, {50, 40, false}};
	const struct setup setup = {.interval = 10, .stale = 30};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct flow_state known = {.last_good = cases[i].good};
		assert_int_equal(setup_stale(&setup, &known, cases[i].now), cases[i].stale);
	}
}

/* A contact that is not to be touched keeps its address when its source is gone. */
static void test_address_of_protected(void **state)
{
	static const char record[] = "dn: CN=ann,OU=GAL,DC=xyz\n";
	struct arena *mem = arena_new();

	(void)state;
	start(mem, "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
		   " objectClass add = \"contact\"\n mail = [mail]\n");
	put_source(mem, "ann key=a mail=a@abc.example; cem key=c");
	sync_now(mem);
	char *text = get_text(mem, "xyz.ldif"), *rest = strstr(text, record);
	assert_non_null(rest);
	*rest = '\0';
	rest += strlen(record);
	put_text(mem, "xyz.ldif", arena_printf(mem, "%s%sadminCount: 1\n%s", text, record, rest));
	put_source(mem, "bob key=b mail=a@abc.example; cem key=c");
	assert_string_equal(sync_now(mem), "delta; forget ann; conflict bob,DC=abc");
	arena_free(mem);
}

/* The epoch of f, with other flows behind it. */
static uint64_t epoch_beside(struct arena *mem, const char *flows)
{
	put_text(mem, "galway.conf", arena_printf(mem, "%s%s", config, flows));
	return load(mem).flows[0].epoch;
}

/* Where other flows write into the source nobody is read: another such place is another scope. */
static void test_others_are_scope(void **state)
{
#define BACK(name, into)                                                                          \
	"flow " name " {\n source = xyz\n target = abc\n rules = \"flow.rules\"\n into = \"" into \
	"\"\n}\n"
#define ON                                                                           \
	"flow on {\n source = abc\n target = xyz\n rules = \"flow.rules\"\n into = " \
	"\"OU=O,DC=xyz\"\n}\n"
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	const uint64_t alone = epoch_beside(mem, ""),
		       in = epoch_beside(mem, BACK("g", "OU=In,DC=abc")),
		       both = epoch_beside(
			       mem, BACK("g", "OU=In,DC=abc") BACK("h", "OU=On,DC=abc"));
	assert_true(alone != in && in != both && both != alone);
	assert_true(epoch_beside(mem, BACK("g", "OU=On,DC=abc")) != in);
	assert_true(epoch_beside(mem, BACK("h", "OU=On,DC=abc") BACK("g", "ou=IN,dc=abc")) == both);
	/* What goes the same way is nothing to it. */
	assert_true(epoch_beside(mem, ON) == alone);
	arena_free(mem);
}

static uint64_t epoch_of_source(struct arena *mem, const char *connector)
{
	put_text(mem, "galway.conf",
		arena_printf(mem, "state = \"state.db\"\nconnector abc {\n%s}\n%s", connector,
			strstr(config, "connector xyz")));
	return load(mem).flows[0].epoch;
}

/* Another file, or other kinds of objects, may be without whomever the flow has: another scope. */
static void test_source_is_scope(void **state)
{
#define SCIM(more) "type = scim\nurl = \"https://abc.example/scim\"\n" more
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	assert_true(epoch_of_source(mem, "type = ldif\nfile = \"abc.ldif\"\n") !=
		    epoch_of_source(mem, "type = ldif\nfile = \"old/abc.ldif\"\n"));
	/* In the folder, or at the root. */
	assert_true(epoch_of_source(mem, "type = ldif\nfile = \"a/abc.ldif\"\n") !=
		    epoch_of_source(mem, "type = ldif\nfile = \"/a/abc.ldif\"\n"));
	assert_true(epoch_of_source(mem, "type = csv\nfile = \"abc.csv\"\n") !=
		    epoch_of_source(mem, "type = csv\nfile = \"abc.csv\"\ndelimiter = \";\"\n"));
	assert_true(epoch_of_source(mem, SCIM("types = {\"users\", \"groups\"}\n")) !=
		    epoch_of_source(mem, SCIM("types = {\"users\"}\n")));
	/* How it is read is nothing to who is there. */
	assert_true(
		epoch_of_source(mem, SCIM("")) == epoch_of_source(mem, SCIM("page-size = 7\n")));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_digest),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_skip_full),
		cmocka_unit_test(test_skip_held),
		cmocka_unit_test(test_skip_full_every),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_stopped_delta),
		cmocka_unit_test(test_authority_of_gone),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_name_taken_over),
		cmocka_unit_test(test_name_handed_on),
		cmocka_unit_test(test_name_given_up),
		cmocka_unit_test(test_one_deleted),
		cmocka_unit_test(test_time_passes),
		cmocka_unit_test(test_renamed_and_replaced),
		cmocka_unit_test(test_refers_to_failed),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_address_of_protected),
		cmocka_unit_test(test_others_are_scope),
		cmocka_unit_test(test_source_is_scope),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
