#include "apply_cases.h"

#include "sync/intents.h"
#include "sync/row.h"

/*
 * What follows a run that was killed, or could not remember what it did: what it left is ours, what
 * others did since is theirs, and each is told once.
 */

/* What is denied, and waits: "WHO ATTR=VALUE by SIDE". */
static const char *denied(struct arena *mem)
{
	struct setup setup = load(mem);
	const char *text = "";
	struct flow_state f;
	struct state *state;
	struct pending p;
	struct err err = {0};

	assert_int_equal(state_open(setup.state, false, &state, &err), 0);
	assert_int_equal(state_flow(state, "f", &f, &err), 0);
	assert_int_equal(state_pendings(state, f.id, &err), 0);
	while (state_next_pending(state, mem, &p, &err) == 1)
		text = arena_printf(mem, "%s%s %s=%s by %s;", text,
			short_name(mem, value_of(p.name)), p.attribute, p.value, p.side);
	state_close(state);
	return text;
}

/* A run that is killed has told nobody whose value it put back: the next one does, and only that.
 */
static void test_denial_of_killed(void **state)
{
	static const enum fate fates[] = {BEFORE, AFTER};
	const char *there = "p0001,DC=abc tel=9 by xyz;";
	struct err err;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct arena *mem = arena_new();
		struct server s = {.at = 1, .fate = fates[i], .alone = true};
		start(mem, rules);
		put_people(mem, 3, 0, "1");
		assert_int_equal(run(mem, NULL, &err), 0);
		char *text = get_text(mem, "xyz.ldif"), *tel = strstr(text, "dn: CN=p0001,");
		assert_non_null(tel);
		tel = strstr(tel, "\ntel: ");
		assert_non_null(tel);
		tel[6] = '9';
		put_text(mem, "xyz.ldif", text);
		assert_int_equal(first_run(mem, &s), -1);
		assert_string_equal(denied(mem), there);
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_string_equal(denied(mem), there);
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_string_equal(denied(mem), "");
		arena_free(mem);
	}
}

/* Three people, whose contacts a killed run had to change; then one of them leaves, and is to be
 * hidden. */
static void leave_killed(struct arena *mem, struct server *s)
{
	struct err err;

	start_with(mem, " leave = hide\n grace = 7d\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 0, "2");
	assert_int_equal(first_run(mem, s), -1);
	put_people(mem, 3, 1, "2");
}

/* What a killed run wrote to the contact of somebody who leaves, and is hidden, is ours when he is
 * back. */
static void test_left_after_killed(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	leave_killed(mem, &s);
	assert_string_equal(sync_now(mem), "full; modify p0002");
	assert_string_equal(known(mem), "3 0 0");
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	arena_free(mem);
}

/* But what somebody else wrote there meanwhile is told, when the killed run had not come to it. */
static void test_left_after_nothing(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = BEFORE, .alone = true};
	struct err err;

	(void)state;
	leave_killed(mem, &s);
	assert_string_equal(sync_now(mem), "full; modify p0000; modify p0001; modify p0002");
	char *text = get_text(mem, "xyz.ldif"), *tel = strstr(text, "dn: CN=p0002,");
	assert_non_null(tel);
	tel = strstr(tel, "\ntel: 1");
	assert_non_null(tel);
	tel[6] = '9';
	put_text(mem, "xyz.ldif", text);
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "p0002,DC=abc tel=9 by xyz;");
	arena_free(mem);
}

/* One that a killed run made was hidden when its source was gone, and the answer was lost: it has
 * no link, and is shown again all the same. */
static void test_hidden_without_link(void **state)
{
	static const char hidden[] = "msExchHideFromAddressLists: TRUE\n";
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct server untold = {.at = 1, .fate = UNTOLD, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 4, 0, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 4, 1, "1");
	assert_int_equal(run(mem, &untold, &err), 1);
	assert_string_equal(known(mem), "3 2 0");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), hidden));
	put_people(mem, 4, 0, "1");
	assert_string_equal(sync_now(mem), "delta; link p0003");
	assert_null(strstr(get_text(mem, "xyz.ldif"), hidden));
	arena_free(mem);
}

/* A reply was lost, and the next run, which did it, failed behind that: its links count, and not
 * what the one before had meant. */
static void test_remembered_and_failed(void **state)
{
	struct arena *mem = arena_new();
	struct server lost = {.at = 1, .fate = LOST, .alone = true};
	struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 0, "2");
	assert_int_equal(run(mem, &lost, &err), 3);
	assert_string_equal(known(mem), "3 3 0");
	assert_int_equal(run(mem, &leaves, &err), -1);
	assert_string_equal(known(mem), "3 0 0");
	put_people(mem, 3, 0, "3");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	arena_free(mem);
}

/* A run gave a name to another, and did not live to tell those who refer to it: the next one does,
 * also when it is of somebody else only, or an undo of something else, or fails. */
static void test_names_of_failed(void **state)
{
	enum { NOTHING, ONE, UNDO, FAILS, ALL };
	static const struct flow_options between[] = {
		[ONE] = {.object = "CN=x,DC=abc"}, [UNDO] = {.undo = 2}};

	(void)state;
	for (int i = NOTHING; i < ALL; i++) {
		struct arena *mem = arena_new();
		struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
		struct server fails = {.at = 1, .fate = SOME, .alone = true};
		struct err err;
		start(mem, rules);
		put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;d key=k");
		assert_int_equal(run(mem, NULL, &err), 0);
		put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;d key=k;e key=k");
		assert_int_equal(run(mem, NULL, &err), 0);
		assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=GAL,DC=xyz\n"));
		put_source(mem, "a key=k manager=CN=b,DC=abc;x key=k uid=b;b key=k uid=d;e key=k");
		assert_int_equal(run(mem, &leaves, &err), -1);
		assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=x,OU=GAL,DC=xyz\n"));
		if (i == FAILS) {
			assert_int_equal(run(mem, &fails, &err), 1);
		} else if (i != NOTHING) {
			/* In a directory where references do not follow. */
			char *text = get_text(mem, "xyz.ldif");
			memcpy(strstr(text, "manager: CN=x"), "manager: CN=b", 13);
			put_text(mem, "xyz.ldif", text);
			(void)sync_with(mem, &between[i]);
		}
		assert_string_equal(sync_now(mem), i == UNDO    ? "full; add e; modify a"
						   : i == FAILS ? "delta; modify a"
								: "full; modify a");
		assert_non_null(
			strstr(get_text(mem, "xyz.ldif"), "manager: CN=b(1),OU=GAL,DC=xyz\n"));
		assert_string_equal(denied(mem), "");
		assert_string_equal(sync_now(mem), "delta");
		arena_free(mem);
	}
}

/* Whoever moves a container gives more names away than are noted one by one. */
static void test_names_most(void **state)
{
	struct arena *mem = arena_new();
	struct server leaves = {.at = 1, .fate = LEAVES, .alone = true};
	struct flow_state f;
	struct state *st;
	struct keys names;
	struct err err = {0};

	(void)state;
	keys_init(&names, 0, false);
	start(mem, rules);
	put_people_in(mem, 10020, 0, "1", "");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people_in(mem, 10020, 0, "1", "OU=New,");
	assert_int_equal(run(mem, &leaves, &err), -1);
	assert_int_equal(state_open(load(mem).state, false, &st, &err), 0);
	assert_int_equal(state_flow(st, "f", &f, &err), 0);
	assert_int_equal(state_names(st, f.id, &names, &err), 0);
	state_close(st);
	assert_true(keys_has(&names, 0));
	assert_int_equal(names.n, 10000);
	keys_free(&names);
	arena_free(mem);
}

/* What a killed run deleted nobody else did, also when a run between adds nobody. */
static void test_deleted_by_killed(void **state)
{
	const struct flow_options adds_none = {.skip = SKIP_CREATE};
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " on-denied = report\n");
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 3, 1, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 3, 0, "1");
	assert_string_equal(sync_with(mem, &adds_none), "full");
	assert_string_equal(sync_now(mem), "full; add p0002");
	arena_free(mem);
}

/* All of a contact that a killed run made is ours, also when its source left before it was
 * remembered, and came back with another address. */
static void test_made_and_left(void **state)
{
	static const char merging[] = "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
				      " objectClass add = \"contact\"\n note = [key]\n"
				      " url merge = [tel]\n";
	struct arena *mem = arena_new();
	struct server killed = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_text(mem, "flow.rules", merging);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 4, 0, "1");
	assert_int_equal(first_run(mem, &killed), -1);
	put_people(mem, 4, 1, "1");
	assert_string_equal(sync_now(mem), "full; modify p0003");
	put_people(mem, 4, 0, "2");
	(void)sync_now(mem);
	assert_null(strstr(get_text(mem, "xyz.ldif"), "url: 1\n"));
	arena_free(mem);
}

/* Whom somebody moves has another name for those who refer to him, also where no directory sees to
 * that. */
static void test_moved_by_hand(void **state)
{
	static const char name[] = "dn: CN=b,OU=GAL";
	struct arena *mem = arena_new();

	(void)state;
	start_with(mem, " adopt = \"OU=Old,DC=xyz\"\n");
	put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k");
	assert_string_equal(sync_now(mem), "full; add a; add b");
	char *text = get_text(mem, "xyz.ldif"), *dn = strstr(text, name);
	assert_non_null(dn);
	memcpy(dn + strlen(name) - 3, "Old", 3);
	put_text(mem, "xyz.ldif", text);
	(void)sync_with(mem, &(struct flow_options){.full = true});
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=GAL,DC=xyz\n"));
	assert_string_equal(sync_now(mem), "delta; modify a");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=b,OU=Old,DC=xyz\n"));
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* Somebody puts another mark on it. */
static void take_over(struct arena *mem, const char *name)
{
	struct setup setup = load(mem);
	const struct query all = {.kind = QUERY_ALL};
	struct value mark = value_of("of the others");
	struct mod mod = {.attr = attr_named("adminDescription"), .n_add = 1, .add = &mark};
	struct connector *c;
	struct outcome out;
	struct entry e;
	struct err err = {0};

	assert_int_equal(connector_open(setup.flows[0].target_config, &c, &err), 0);
	assert_int_equal(connector_read(c, &all, &err), 0);
	while (connector_next(c, mem, &e, &err) == 1 && !value_same(e.name, value_of(name)))
		;
	mod.remove = (struct value[]){entry_first(&e, mod.attr)};
	mod.n_remove = 1;
	const struct change change = {
		.op = CHANGE_MODIFY, .id = e.id, .name = e.name, .n = 1, .mods = &mod};
	assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), 0);
	assert_int_equal(out.kind, OUTCOME_DONE);
	assert_int_equal(connector_close(c, &err), 0);
}

/* A contact that a killed run made is ours, though its source left before the next run; but not
 * one that somebody made his own. */
static void test_orphans(void **state)
{
	struct err err;

	(void)state;
	for (int theirs = 0; theirs < 2; theirs++) {
		struct arena *mem = arena_new();
		struct server s = {.at = 1, .fate = AFTER, .alone = true};
		start(mem, rules);
		put_people(mem, 3, 0, "1");
		assert_int_equal(run(mem, NULL, &err), 0);
		put_people(mem, 5, 0, "1");
		assert_int_equal(first_run(mem, &s), -1);
		assert_string_equal(known(mem), "3 2 0");
		put_people(mem, 5, 1, "1");
		if (theirs)
			take_over(mem, "CN=p0004,OU=GAL,DC=xyz");
		assert_string_equal(sync_now(mem),
			theirs ? "full; link p0003" : "full; link p0003; delete p0004");
		assert_int_equal(contacts(mem), theirs ? 5 : 4);
		assert_string_equal(known(mem), theirs ? "4 1 0" : "4 0 0");
		assert_string_equal(sync_now(mem), "delta");
		assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
		if (!theirs) {
			assert_string_equal(sync_with(mem, &(struct flow_options){.undo = 3}),
				"delta; add p0004; forget p0003");
			assert_int_equal(contacts(mem), 5);
			assert_string_equal(sync_now(mem), "full; link p0003; delete p0004");
			assert_int_equal(contacts(mem), 4);
		}
		arena_free(mem);
	}
}

/* Nor is the link given up that it has from a contact which somebody deleted: it is hidden, as that
 * one would be, and is the same person's when he is back. */
static void test_orphan_in_place(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = AFTER, .alone = true};
	struct err err;

	(void)state;
	start_with(mem, " leave = hide\n grace = 7d\n");
	put_source(mem, "ann key=k; bob key=k; cem key=k");
	assert_int_equal(run(mem, NULL, &err), 0);
	char *text = get_text(mem, "xyz.ldif"), *entry = strstr(text, "dn: CN=cem,");
	assert_non_null(entry);
	const char *next = strstr(entry, "\n\n");
	memmove(entry, next != NULL ? next + 2 : "", next != NULL ? strlen(next + 2) + 1 : 1);
	put_text(mem, "xyz.ldif", text);
	put_source(mem, "ann key=k; bob key=k; dan uid=cem key=k");
	assert_int_equal(first_run(mem, &s), -1);
	assert_int_equal(contacts(mem), 3);
	put_source(mem, "ann key=k; bob key=k");
	assert_string_equal(sync_now(mem), "full; modify dan");
	assert_string_equal(known(mem), "3 0 0");
	put_source(mem, "ann key=k; bob key=k; dan uid=cem key=k");
	assert_string_equal(sync_now(mem), "delta; modify dan");
	assert_int_equal(contacts(mem), 3);
	arena_free(mem);
}

/* A directory took a reference away with the contact that it was to, before the run that was to
 * change it could: nobody else did. */
static void test_reference_went(void **state)
{
	static const char reference[] = "manager: CN=b,OU=GAL,DC=xyz\n";
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = SOME, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_source(mem, "a key=k manager=CN=b,DC=abc;b key=k;c key=k");
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), reference));
	put_source(mem, "a key=k manager=CN=c,DC=abc;c key=k");
	assert_int_equal(run(mem, &s, &err), 1);
	assert_int_equal(contacts(mem), 2);
	assert_null(strstr(get_text(mem, "xyz.ldif"), reference));
	assert_int_equal(run(mem, NULL, &err), 0);
	assert_string_equal(denied(mem), "");
	assert_non_null(strstr(get_text(mem, "xyz.ldif"), "manager: CN=c,OU=GAL,DC=xyz\n"));
	arena_free(mem);
}

/* What was meant and not done leaves nothing behind; whoever carries its mark has it of somebody.
 */
static void test_copied_mark(void **state)
{
	struct arena *mem = arena_new();
	struct server s = {.at = 1, .fate = BEFORE, .alone = true};
	struct err err;

	(void)state;
	start(mem, rules);
	put_people(mem, 3, 0, "1");
	assert_int_equal(run(mem, NULL, &err), 0);
	put_people(mem, 5, 0, "1");
	assert_int_equal(first_run(mem, &s), -1);
	put_people(mem, 5, 1, "1");
	put_text(mem, "xyz.ldif",
		arena_printf(mem,
			"%s\ndn: CN=hand,OU=GAL,DC=xyz\nobjectClass: contact\ncn: hand\n"
			"adminDescription: galway:f:p0004\n",
			get_text(mem, "xyz.ldif")));
	assert_string_equal(sync_now(mem), "full; add p0003");
	assert_int_equal(contacts(mem), 5);
	assert_string_equal(sync_with(mem, &(struct flow_options){.full = true}), "full");
	arena_free(mem);
}

/* References followed a contact that a killed run renamed: nobody else wrote them. */
static void test_followed(void **state)
{
	struct arena *mem = arena_new();
	const struct op op = {.kind = STEP_MODIFY,
		.source = value_of("bob"),
		.change = {.op = CHANGE_MODIFY,
			.name = value_of("CN=bob,DC=xyz"),
			.new_name = value_of("CN=bert,DC=xyz")}};
	const struct attr_set none = {0};
	const struct intents in = {.n = 1, .ops = &op, .attrs = &none};
	const struct open_row open = {.id = value_of("cem")};
	struct value manager = value_of("cn=Bert,DC=xyz");
	struct entry e = {.name = value_of("CN=cem,DC=xyz")};
	struct row row = {.open = &open, .current = &e};

	(void)state;
	entry_put(mem, &e, attr_named("manager"), &manager, 1);
	entry_put(mem, &e, attr_named("title"), &manager, 1);
	intents_apply(&in, mem, &row, NULL);
	assert_true(
		value_same(entry_first(row.was, attr_named("manager")), value_of("CN=bob,DC=xyz")));
	assert_true(value_same(entry_first(row.was, attr_named("title")), manager));
	assert_true(value_same(entry_first(row.current, attr_named("manager")), manager));
	arena_free(mem);
}

/* What was hidden is another contact: this one somebody hides. */
static void test_hid_another(void **state)
{
	struct arena *mem = arena_new();
	struct value yes = value_of("TRUE");
	struct mod mod = {
		.attr = attr_named("msExchHideFromAddressLists"), .n_add = 1, .add = &yes};
	struct op op = {.kind = STEP_MODIFY,
		.source = value_of("bob"),
		.target = value_of("t1"),
		.change = {.op = CHANGE_MODIFY, .n = 1, .mods = &mod}};
	const struct attr_set none = {0};
	const struct intents in = {.n = 1, .ops = &op, .attrs = &none};
	const struct open_row open = {.id = value_of("bob")};
	struct entry e = {.name = value_of("CN=bob,DC=xyz"), .id = value_of("t1")};

	(void)state;
	entry_put(mem, &e, mod.attr, &yes, 1);
	for (int other = 0; other < 2; other++) {
		struct row row = {.open = &open, .current = &e};
		intents_apply(&in, mem, &row, NULL);
		assert_int_equal(row.hid, !other);
		e.id = value_of("t2");
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denial_of_killed),
		cmocka_unit_test(test_left_after_killed),
		cmocka_unit_test(test_left_after_nothing),
		cmocka_unit_test(test_hidden_without_link),
		cmocka_unit_test(test_hid_another),
		cmocka_unit_test(test_remembered_and_failed),
		cmocka_unit_test(test_names_of_failed),
		cmocka_unit_test(test_names_most),
		cmocka_unit_test(test_deleted_by_killed),
		cmocka_unit_test(test_made_and_left),
		cmocka_unit_test(test_moved_by_hand),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_orphan_in_place),
		cmocka_unit_test(test_reference_went),
		cmocka_unit_test(test_copied_mark),
		cmocka_unit_test(test_followed),
	};

	sqlite3_auto_extension((void (*)(void))listen);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
