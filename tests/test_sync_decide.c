#include "apply_cases.h"
#include "failing.h"

#include "base/keys.h"
#include "base/log.h"
#include "connectors/connector.h"
#include "sync/written.h"

/*
 * What a run says of each object, beyond what its row says (test_sync_plan): whom it names in
 * references, what is left for another run and found again by it, and what is nobody's any more.
 */

/* Two ids that have one hash of 64 bits. */
static struct value twins[2];

uint64_t __real_entry_key(struct value id);
uint64_t __wrap_entry_key(struct value id);
uint64_t __wrap_entry_key(struct value id)
{
	return __real_entry_key(twins[1].len > 0 && value_same(id, twins[1]) ? twins[0] : id);
}

/* The directories refuse references to what is not there. */
static bool needs_referred;

int __real_connector_open(const struct config *cfg, struct connector **out, struct err *err);
int __wrap_connector_open(const struct config *cfg, struct connector **out, struct err *err);
int __wrap_connector_open(const struct config *cfg, struct connector **out, struct err *err)
{
	static struct connector_type type;
	const int rc = __real_connector_open(cfg, out, err);

	type = *connector_type("ldif");
	type.can |= NEEDS_REFERRED;
	if (rc == 0 && needs_referred)
		(*out)->type = &type;
	return rc;
}

static const struct flow_options all = {.full = true};

static const char joining[] =
	"rule user\n scope (key=*)\n name \"CN=\" & [cn]\n join note = [key]\n"
	" objectClass add = \"contact\"\n note = [key]\n tel = [tel]\n"
	" manager = [manager]\n";

/* Takes the record of that name out of the target. */
static const char *taken_out(struct arena *mem, const char *name)
{
	char *text = get_text(mem, "xyz.ldif");
	char *at = strstr(text, arena_printf(mem, "\ndn: CN=%s,", name));

	assert_non_null(at);
	char *end = strstr(at + 1, "\n\n");
	const size_t len = end != NULL ? (size_t)(end + 1 - at) : strlen(at);
	const char *record = arena_copy(mem, at, len);
	put_text(mem, "xyz.ldif", arena_printf(mem, "%.*s%s", (int)(at - text), text, at + len));
	return record;
}

static void put_entry(struct arena *mem, const char *name, const char *lines)
{
	put_text(mem, "xyz.ldif",
		arena_printf(mem, "%s\ndn: CN=%s,OU=GAL,DC=xyz\nobjectClass: contact\ncn: %s\n%s",
			get_text(mem, "xyz.ldif"), name, name, lines));
}

/* What becomes of contacts by others: "drop bob", "make bob note: b", "protect bob", "free bob",
 * "out bob" (of the managed containers), "give bob" (to the target's side), parted by ";". */
static void happens(struct arena *mem, const char *text)
{
	char *deeds[8], *words[4];
	const unsigned n = words_of(mem, text, ";", deeds, 8);

	for (unsigned i = 0; i < n; i++) {
		const unsigned n_words = words_of(mem, deeds[i], " ", words, 4);
		const char *what = words[0], *who = words[1];
		const char *dn = arena_printf(mem, "dn: CN=%s,OU=GAL,DC=xyz\n", who);
		if (strcmp(what, "drop") == 0)
			(void)taken_out(mem, who);
		else if (strcmp(what, "make") == 0)
			put_entry(mem, who,
				n_words == 4 ? arena_printf(mem, "%s %s\n", words[2], words[3])
					     : "");
		else if (strcmp(what, "protect") == 0)
			edit_target(mem, dn, arena_printf(mem, "%sadminCount: 1\n", dn));
		else if (strcmp(what, "free") == 0)
			edit_target(mem, "adminCount: 1\n", "");
		else if (strcmp(what, "out") == 0)
			edit_target(mem, dn, arena_printf(mem, "dn: CN=%s,DC=xyz\n", who));
		else if (strcmp(what, "give") == 0)
			give_object(mem, who, "xyz");
		else
			fail_msg("%s?", what);
	}
}

/* ann gets a telephone and refers to bob, whose contact is another's business: who is to be in her
 * contact, so that no directory is told of an entry that is not there. */
static const char refers[] = "ann key=a tel=1 manager=CN=bob,DC=abc; bob key=b";
static const char renames[] = "ann key=a tel=1 manager=CN=bert,DC=abc; bert uid=bob key=b";

static const struct {
	const char *settings, *before, *meanwhile;
	unsigned skip;
	const char *source, *steps, *manager;
	const char *then; /* and what the run behind it does, of what was left to it */
} references[] = {
	{"", "ann key=a", "", 0, refers, "full; add bob; modify ann", "CN=bob,OU=GAL,DC=xyz",
		"delta"},
	/* added by another run */
	{"", "ann key=a", "", SKIP_CREATE, refers, "full; modify ann", "",
		"delta; add bob; modify ann"},
	/* taken over, and renamed */
	{"", "ann key=a", "make hand note: b", 0, refers, "full; modify ann; link hand >bob",
		"CN=bob,OU=GAL,DC=xyz", "delta"},
	/* found, and not to be touched: none of ours */
	{"", "ann key=a", "make hand note: b; protect hand", 0, refers,
		"full; modify ann; conflict hand", "", "delta; conflict hand"},
	/* nobody knows which */
	{"", "ann key=a", "make one note: b; make two note: b", 0, refers,
		"full; modify ann; conflict bob,DC=abc", "", "delta; conflict bob,DC=abc"},
	/* the target's side decides whether there is one */
	{"", "ann key=a", "give bob", 0, refers, "full; modify ann; modify bob !dn", "",
		"delta; modify bob !dn"},
	/* in conflict by now, and there: it has a name */
	{"", "ann key=a; bob key=b", "protect bob", 0, refers, "full; modify ann; conflict bob",
		"CN=bob,OU=GAL,DC=xyz", "delta; conflict bob"},
	{"", "ann key=a; bob key=b", "out bob", 0, refers, "full; modify ann; conflict bob",
		"CN=bob,DC=xyz", "delta; conflict bob"},
	{"", "ann key=a; bob key=b", "protect bob", 0, renames, "full; modify ann; conflict bob",
		"CN=bob,OU=GAL,DC=xyz", "delta; conflict bob"},
	{"", "ann key=a; bob key=b", "", 0, renames, "full; modify ann; modify bob >bert",
		"CN=bert,OU=GAL,DC=xyz", "delta"},
	/* deleted by somebody: added again, in this run or another, or not */
	{"", "ann key=a; bob key=b", "drop bob", 0, refers, "full; add bob; modify ann",
		"CN=bob,OU=GAL,DC=xyz", "delta"},
	{"", "ann key=a; bob key=b", "drop bob", SKIP_CREATE, refers, "full; modify ann", "",
		"delta; add bob; modify ann"},
	{" on-denied = report\n", "ann key=a; bob key=b", "drop bob", 0, refers,
		"full; modify ann; modify bob !dn", "", "delta; modify bob !dn"},
	{"", "ann key=a; bob key=b", "drop bob; give bob", 0, refers,
		"full; modify ann; modify bob !dn", "", "delta; modify bob !dn"},
};

static const char *manager_of(struct arena *mem, const char *who)
{
	return line_of(mem, arena_printf(mem, "galway:f:%s", who), "manager: ");
}

static void test_references(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		struct arena *mem = arena_new();
		const struct flow_options options = {.full = true, .skip = references[i].skip};
		const char *which = arena_printf(
			mem, "%s, then %s", references[i].before, references[i].meanwhile);
		start_with(mem, references[i].settings);
		put_text(mem, "flow.rules", joining);
		put_source(mem, references[i].before);
		sync_now(mem);
		happens(mem, references[i].meanwhile);
		put_source(mem, references[i].source);
		wrong += !same_text(which, sync_with(mem, &options), references[i].steps);
		wrong += !same_text(which, manager_of(mem, "ann"), references[i].manager);
		wrong += !same_text(which, sync_now(mem), references[i].then);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Nobody is renamed in this run, and everything else is done: who is new gets his name, who left
 * goes, and the next run renames those that are left. */
static void test_skip_rename(void **state)
{
	const struct flow_options options = {.full = true, .skip = SKIP_RENAME};
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cid key=c; dan key=d; eve key=e");
	sync_now(mem);
	happens(mem, "drop bob; protect cid");
	put_source(mem, "anna uid=ann key=a; bert uid=bob key=b; cyd uid=cid key=c; eve key=f; "
			"fay key=f");
	assert_string_equal(sync_with(mem, &options),
		"full; add bert; add fay; modify eve; delete dan; conflict cid");
	happens(mem, "free cid");
	assert_string_equal(sync_now(mem), "delta; modify ann >anna; modify cid >cyd");
	assert_string_equal(sync_now(mem), "delta");
	arena_free(mem);
}

/* Found by a join, or by its mark after somebody put it back: left for another run as a change is,
 * and found again by that. */
static void test_skip_link(void **state)
{
	const struct flow_options options = {.full = true, .skip = SKIP_UPDATE};
	struct arena *mem = arena_new();

	(void)state;
	start(mem, joining);
	put_source(mem, "ann key=a");
	put_entry(mem, "ann", "note: a\nobjectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\n");
	assert_string_equal(sync_with(mem, &options), "full");
	assert_string_equal(sync_now(mem), "full; link ann");
	/* From a backup: another entry, with another id. */
	edit_target(mem, "objectGUID:: AAAA", "objectGUID:: AQAA");
	assert_string_equal(sync_with(mem, &options), "full");
	assert_string_equal(sync_now(mem), "delta; link ann");
	assert_string_equal(sync_with(mem, &all), "full");
	arena_free(mem);
}

static unsigned waiting(struct arena *mem)
{
	struct setup setup = load(mem);
	struct flow_state f;
	struct state *state;
	struct pending p;
	struct err err = {0};
	unsigned n = 0;

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &f, &err), 0);
	assert_int_equal(state_pendings(state, f.id, &err), 0);
	while (state_next_pending(state, mem, &p, &err) == 1)
		n++;
	state_close(state);
	return n;
}

/* What was told waits no more when it is as it should be, though there is nothing to do; and a run
 * of one object that is as it should be does nothing at all. */
static void test_nothing_to_do(void **state)
{
	const struct flow_options one = {.object = "CN=ann,DC=abc"};
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	sync_now(mem);
	happens(mem, "protect ann");
	assert_string_equal(sync_with(mem, &all), "full; conflict ann");
	assert_int_equal(waiting(mem), 1);
	happens(mem, "free ann");
	assert_string_equal(sync_now(mem), "delta");
	assert_int_equal(waiting(mem), 0);
	assert_string_equal(sync_with(mem, &one), "full");
	arena_free(mem);
}

/* What the link remembers of the contact. */
static struct value written_of(struct arena *mem, const char *who)
{
	struct setup setup = load(mem);
	struct flow_state f;
	struct state *state;
	struct link link;
	struct err err = {0};

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &f, &err), 0);
	assert_int_equal(state_link(state, f.id, value_of(who), mem, &link, &err), 1);
	state_close(state);
	return link.written;
}

static bool refers_to(struct value written, const char *whom)
{
	struct keys names;

	keys_init(&names, 0, false);
	keys_put(&names, dn_key(value_of(whom)), 0);
	const bool so = written_refers(written, &names);
	keys_free(&names);
	return so;
}

/* By what a link remembers of references they follow who is renamed, or goes. It is what the
 * contact was left with, no less and no more, also when nothing is written: in conflict, hidden, or
 * deleted by somebody. */
static void test_remembers(void **state)
{
	static const char source[] = "ann key=a mail=a@x.de manager=CN=bob,DC=abc; bob key=b";
	struct arena *mem = arena_new();

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_text(mem, "flow.rules", arena_printf(mem, "%s mail = [mail]\n", joining));
	put_source(mem, source);
	sync_now(mem);
	struct value written = written_of(mem, "ann");
	assert_true(refers_to(written, "CN=bob,DC=abc"));
	assert_false(refers_to(written, "CN=ann,DC=abc"));
	/* She would lose her address: a conflict, which notes her new name. */
	put_source(mem, "anna uid=ann key=a manager=CN=bob,DC=abc; bob key=b");
	for (int i = 0; i < 2; i++) {
		assert_string_equal(sync_now(mem), "delta; conflict ann");
		assert_true(value_same(written_of(mem, "ann"), written));
	}
	put_source(mem, "bob key=b");
	assert_string_equal(sync_now(mem), "delta; modify ann");
	assert_true(value_same(written_of(mem, "ann"), written));
	put_source(mem, source);
	assert_string_equal(sync_now(mem), "delta; modify ann");
	for (int i = 0; i < 3; i++) {
		happens(mem, "drop ann");
		assert_string_equal(sync_with(mem, &all), "full; add ann");
	}
	written = written_of(mem, "ann");
	assert_true(refers_to(written, "CN=bob,DC=abc"));
	happens(mem, "drop ann");
	assert_string_equal(sync_with(mem, &all), "full; modify ann !dn");
	assert_true(value_same(written_of(mem, "ann"), written));
	arena_free(mem);
}

/* Two ids with one hash are not taken for one object: nothing is planned, and both are named. */
static void test_twins(void **state)
{
	static const char told[] = "flow f: the ids of %s and of another entry have one hash";
	static const char zeros[16];
	static const struct {
		const char *then, *meanwhile, *who;
	} cases[] = {
		/* of the source: the contact is the other's */
		{"bob key=b", "", "CN=ann,OU=GAL,DC=xyz"},
		{"bob key=b", "drop ann", "CN=bob,DC=abc"},
		/* of the target: another entry in the place of the contact */
		{"ann key=b", "drop ann; make hand objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==",
			"CN=hand,OU=GAL,DC=xyz"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct setup setup;
		struct flow_state f;
		struct state *known;
		struct plan plan;
		struct link link;
		struct err err = {0};
		start(mem, rules);
		put_source(mem, "ann key=a");
		sync_now(mem);
		put_source(mem, cases[i].then);
		happens(mem, cases[i].meanwhile);
		setup = load(mem);
		assert_int_equal(state_open(setup.state, true, &known, &err), 0);
		assert_int_equal(state_flow(known, "f", &f, &err), 0);
		assert_int_equal(state_link(known, f.id, value_of("ann"), mem, &link, &err), 1);
		twins[0] = i < 2 ? link.source : link.target;
		twins[1] = i < 2 ? value_of("bob") : (struct value){zeros, sizeof(zeros)};
		assert_int_equal(flow_plan(&setup.flows[0], known, &all, mem, &plan, &err), -1);
		assert_int_equal(err.kind, ERR_FATAL);
		assert_string_equal(err.text, arena_printf(mem, told, cases[i].who));
		twins[1].len = 0;
		plan_free(&plan);
		state_close(known);
		arena_free(mem);
	}
}

/* References to who is new in the same run wait until he is there, where the directory asks for
 * it, and only those. */
static void test_postponed(void **state)
{
	static const char source[] = "ann key=a manager=CN=bob,DC=abc; bob key=b; "
				     "cid key=c manager=CN=dan,DC=abc; dan key=d";

	(void)state;
	for (int needs = 0; needs < 2; needs++) {
		struct arena *mem = arena_new();
		struct setup setup;
		struct state *known;
		struct plan plan;
		struct step s;
		struct err err = {0};
		const char *text = "";
		uint32_t place;
		needs_referred = needs;
		start(mem, rules);
		put_source(mem, "dan key=d");
		sync_now(mem);
		put_source(mem, source);
		setup = load(mem);
		assert_int_equal(state_open(setup.state, true, &known, &err), 0);
		assert_int_equal(flow_plan(&setup.flows[0], known, &all, mem, &plan, &err), 0);
		assert_int_equal(plan_rewind(&plan, &err), 0);
		while (plan_next(&plan, mem, &s, &place, &err) == 1) {
			if (s.refers_new)
				text = arena_printf(
					mem, "%s %s", text, short_name(mem, s.target_name));
		}
		plan_free(&plan);
		state_close(known);
		assert_string_equal(text, needs ? " ann" : "");
		assert_string_equal(sync_now(mem), "delta; add ann; add bob; add cid");
		assert_string_equal(manager_of(mem, "ann"), "CN=bob,OU=GAL,DC=xyz");
		assert_string_equal(manager_of(mem, "cid"), "CN=dan,OU=GAL,DC=xyz");
		assert_string_equal(sync_with(mem, &all), "full");
		arena_free(mem);
	}
	needs_referred = false;
}

/* Three contacts were deleted by somebody, and added again by a run that heard no answer: their
 * links do not know them, for a server gives them other ids. Behind that cid's is deleted once
 * more. */
static void lose_answers(struct arena *mem)
{
	static const char id[] = "objectGUID:: ", base[] = " base = \"DC=xyz\"\n";
	const char *at_base = strstr(config, base);
	const char *flagged = arena_printf(mem, "%.*s authority-flag = \"title=theirs:xyz\"\n%s",
		(int)(at_base - config), config, at_base);
	struct server untold = {.at = 1, .fate = UNTOLD, .alone = true};
	struct err err;

	start(mem, rules);
	put_text(mem, "galway.conf", flagged);
	put_source(mem, "ann key=a; bob key=b; cid key=c");
	assert_int_equal(run(mem, NULL, &err), 0);
	happens(mem, "drop ann; drop bob; drop cid");
	assert_int_equal(run(mem, &untold, &err), 3);
	char *text = get_text(mem, "xyz.ldif");
	for (char *at = strstr(text, id); at != NULL; at = strstr(at + 1, id))
		memcpy(at + strlen(id), "AAAA", 4);
	put_text(mem, "xyz.ldif", text);
	happens(mem, "drop cid");
}

/* Who left meanwhile: his contact is ours, and goes; its link goes with it, and is not told as
 * forgotten beside it. What cannot be read is not taken for nothing. */
static void test_orphans(void **state)
{
	static const struct {
		const char *given;
		unsigned skip;
		const char *steps, *then;
	} cases[] = {
		{NULL, 0, "full; forget ; delete ann; delete bob", "delta"},
		{NULL, SKIP_DELETE, "full; forget ", "delta; delete ann; delete bob"},
		/* the target's, by somebody's word or by its own flag */
		{"ann", 0, "full; modify ann !dn; forget ; delete bob", "delta; modify ann !dn"},
		{"flag", 0, "full; modify ann !dn; forget ; delete bob", "delta; modify ann !dn"},
	};

	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		const struct flow_options options = {.full = true, .skip = cases[i].skip};
		lose_answers(mem);
		put_source(mem, "");
		if (cases[i].given != NULL && strcmp(cases[i].given, "flag") == 0)
			edit_target(mem, "note: a\n", "note: a\ntitle: theirs\n");
		else if (cases[i].given != NULL)
			give_object(mem, cases[i].given, "xyz");
		assert_true(fail_each(mem, "orphans", &options) > 20);
		wrong += !same_text("planned", sync_with(mem, &options), cases[i].steps);
		wrong += !same_text("and then", sync_now(mem), cases[i].then);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* A run of one object does not ask what became of others. */
static void test_orphans_of_others(void **state)
{
	const struct flow_options one = {.object = "CN=cid,DC=abc"};
	struct arena *mem = arena_new();

	(void)state;
	lose_answers(mem);
	put_source(mem, "cid");
	assert_string_equal(sync_with(mem, &one), "full; forget cid,DC=abc");
	assert_string_equal(sync_now(mem), "delta; delete ann; delete bob");
	arena_free(mem);
}

/* Nor is he of whom nothing could be read somebody without a contact. */
static void test_failures(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b");
	sync_now(mem);
	happens(mem, "drop bob");
	put_source(mem, refers);
	assert_true(fail_each(mem, refers, &all) > 20);
	assert_string_equal(sync_with(mem, &all), "full; add bob; modify ann");
	arena_free(mem);
}

/* Contacts that are missing say that the target may not be whole (max-missing-percent): those that
 * links name and that are to be added again or forgotten, but not those that a run deleted itself,
 * without hearing so. What is left for another run is no part of this one, nor of what its limits
 * count. */
static void test_missing(void **state)
{
	static const struct {
		unsigned skip;
		bool partial;
		long long missing, adds;
	} cases[] = {{0, false, 2, 2}, {SKIP_CREATE, true, 1, 0}, {SKIP_DELETE, false, 2, 2}};
	struct server untold = {.at = 1, .fate = UNTOLD, .alone = true};
	struct arena *mem = arena_new();
	struct setup setup;
	struct state *known;
	struct plan plan;
	struct err err = {0};

	(void)state;
	start(mem, rules);
	put_source(mem, "ann key=a; bob key=b; cid key=c; dan key=d");
	sync_now(mem);
	put_source(mem, "ann key=a; bob key=b; cid key=c");
	assert_int_equal(run(mem, &untold, &err), 1);
	happens(mem, "drop bob; drop cid");
	put_source(mem, "ann key=a; bob key=b; dan key=d");
	setup = load(mem);
	assert_int_equal(state_open(setup.state, true, &known, &err), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct flow_options options = {.full = true, .skip = cases[i].skip};
		assert_int_equal(flow_plan(&setup.flows[0], known, &options, mem, &plan, &err), 0);
		assert_int_equal(plan.missing, cases[i].missing);
		assert_int_equal(plan.summary.add, cases[i].adds);
		assert_int_equal(plan.kinds.all[1].tally.n[LIMIT_ADD], cases[i].adds);
		assert_int_equal(plan.partial, cases[i].partial);
		plan_free(&plan);
	}
	state_close(known);
	arena_free(mem);
}

/* A run that left something for another says so, and that one starts where this one did; one that
 * was only allowed to leave something is a whole one. Before: "ann key=a; bob key=b". */
static void test_partial(void **state)
{
	static const struct {
		const char *meanwhile, *source;
		unsigned skip;
		bool partial;
	} cases[] = {
		{"", "anna uid=ann key=x; cid key=c", 0, false},
		{"", "ann key=a; bob key=b; cid key=c", SKIP_CREATE, true},
		{"", "ann key=x", SKIP_CREATE, false},
		{"", "ann key=x; bob key=b", SKIP_UPDATE, true},
		{"", "ann key=a; cid key=c", SKIP_UPDATE, false},
		{"", "ann key=a", SKIP_DELETE, true},
		{"", "ann key=x; bob key=b; cid key=c", SKIP_DELETE, false},
		{"", "anna uid=ann key=a; bob key=b", SKIP_RENAME, true},
		/* nobody whose name would be another in this run */
		{"", "ann key=x; cid key=c", SKIP_RENAME, false},
		{"protect ann", "anna uid=ann key=a; bob key=b", SKIP_RENAME, false},
		{"drop ann", "anna uid=ann key=a; bob key=b", SKIP_RENAME, false},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct flow_options options = {.full = true, .skip = cases[i].skip};
		struct arena *mem = arena_new();
		struct setup setup;
		struct state *known;
		struct plan plan;
		struct err err = {0};
		start(mem, rules);
		put_source(mem, "ann key=a; bob key=b");
		sync_now(mem);
		happens(mem, cases[i].meanwhile);
		put_source(mem, cases[i].source);
		setup = load(mem);
		assert_int_equal(state_open(setup.state, true, &known, &err), 0);
		assert_int_equal(flow_plan(&setup.flows[0], known, &options, mem, &plan, &err), 0);
		wrong += !same_text(cases[i].source, plan.partial ? "partial" : "whole",
			cases[i].partial ? "partial" : "whole");
		plan_free(&plan);
		state_close(known);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_skip_rename),
		cmocka_unit_test(test_skip_link),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_postponed),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_orphans_of_others),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_partial),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
