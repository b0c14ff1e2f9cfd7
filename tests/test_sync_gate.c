#include "sync_cases.h"

#include "connectors/connector.h"
#include "sync/gate.h"
#include "sync/object.h"
#include "sync/undo.h"

/*
 * A change, what else is known, and why it is stopped ("" is let through). Each line that is
 * stopped differs in one thing from one that passes, so that each guard has a line that fails
 * without it.
 *
 * "add ann tel", "modify ann tel >bob", "delete ann": names as everywhere, attributes with the
 * value "v" or with another one ("px=sip:a", or "px=-sip:a", which goes). Known: "object xyz", "of
 * tel xyz" (whose it is), "flow xyz", "undo": it is a step of one.
 */
static const struct gate_case {
	const char *change, *with, *why;
} cases[] = {
	/* below a managed container, by the parsed name, strictly */
	{"modify ann tel", "", ""},
	{"modify ann,OU=Old tel", "", ""},
	{"modify ann,OU=Sub,OU=GAL tel", "", ""},
	{"modify ann,OU=Staff tel", "",
		"CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	{"modify ann,OU=GAL,OU=Staff tel", "",
		"CN=ann,OU=GAL,OU=Staff,DC=xyz lies outside the managed containers"},
	{"modify ann\\,OU=GAL,OU=Staff tel", "",
		"CN=ann\\,OU=GAL,OU=Staff,DC=xyz lies outside the managed containers"},
	{"modify =OU=GAL,DC=xyz tel", "", "OU=GAL,DC=xyz lies outside the managed containers"},
	{"modify =DC=xyz tel", "", "DC=xyz lies outside the managed containers"},
	{"modify =nonsense tel", "", "nonsense lies outside the managed containers"},
	{"modify = tel", "", " lies outside the managed containers"},
	{"add ann,OU=Staff tel", "", "CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	/* the new name too */
	{"modify ann >bob", "", ""},
	{"modify ann >bob,OU=Old", "", ""},
	{"modify ann >bob,OU=Staff", "",
		"CN=ann,OU=GAL,DC=xyz lies outside the managed containers"},
	{"modify ann,OU=Staff >bob", "",
		"CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	/* deletes only in the flow's own container */
	{"delete ann", "", ""},
	{"delete ann,OU=Sub,OU=GAL", "", ""},
	{"delete ann,OU=Old", "", "CN=ann,OU=Old,DC=xyz was there before us: not to be deleted"},
	{"delete ann,OU=Staff", "", "CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	{"delete =OU=GAL,DC=xyz", "", "OU=GAL,DC=xyz lies outside the managed containers"},
	/* what the rules write, the marker, hiding; the naming attribute in an add */
	{"modify ann mark", "", ""},
	{"modify ann hide", "", ""},
	{"modify ann tel mail px", "", ""},
	{"modify ann title", "", "CN=ann,OU=GAL,DC=xyz: title is not to be written"},
	{"modify ann tel title", "", "CN=ann,OU=GAL,DC=xyz: title is not to be written"},
	{"add ann cn tel", "", ""},
	{"add ann sn tel", "", "CN=ann,OU=GAL,DC=xyz: sn is not to be written"},
	{"modify ann cn", "", "CN=ann,OU=GAL,DC=xyz: cn is not to be written"},
	/* an undo puts back what other rules wrote, or somebody else */
	{"modify ann title", "undo", ""},
	{"add ann sn tel", "undo", ""},
	{"modify ann title", "undo; of title xyz", "CN=ann,OU=GAL,DC=xyz: title belongs to xyz"},
	{"modify ann userPassword", "undo",
		"CN=ann,OU=GAL,DC=xyz: userPassword is not to be written"},
	{"modify ann,OU=Staff tel", "undo",
		"CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	/* and never */
	{"modify ann userPassword", "all",
		"CN=ann,OU=GAL,DC=xyz: userPassword is not to be written"},
	{"modify ann title", "all", ""},
	{"add =member=x,OU=GAL,DC=xyz member", "",
		"member=x,OU=GAL,DC=xyz: member is not to be written"},
	{"modify ann member", "all", "CN=ann,OU=GAL,DC=xyz: member is not to be written"},
	{"modify ann member", "all; members", ""},
	{"modify ann memberOf", "all; members",
		"CN=ann,OU=GAL,DC=xyz: memberOf is not to be written"},
	/* the source is authoritative */
	{"modify ann tel", "of mail xyz", ""},
	{"modify ann tel", "of tel xyz", "CN=ann,OU=GAL,DC=xyz: tel belongs to xyz"},
	{"modify ann mail tel", "of tel xyz", "CN=ann,OU=GAL,DC=xyz: tel belongs to xyz"},
	{"modify ann tel", "object xyz", "CN=ann,OU=GAL,DC=xyz: tel belongs to xyz"},
	{"modify ann tel", "of tel xyz; object abc", ""},
	{"modify ann tel", "flow xyz", "CN=ann,OU=GAL,DC=xyz: tel belongs to xyz"},
	{"modify ann tel", "flow xyz; object abc", ""},
	{"add ann", "", ""},
	{"add ann", "object xyz", "CN=ann,OU=GAL,DC=xyz: the object belongs to xyz"},
	{"add ann", "flow xyz", "CN=ann,OU=GAL,DC=xyz: the object belongs to xyz"},
	{"add ann cn", "of cn xyz", ""},
	{"delete ann", "object xyz", "CN=ann,OU=GAL,DC=xyz: the object belongs to xyz"},
	{"delete ann", "flow xyz", "CN=ann,OU=GAL,DC=xyz: the object belongs to xyz"},
	{"modify ann >bob", "of dn xyz", "CN=ann,OU=GAL,DC=xyz: distinguishedName belongs to xyz"},
	{"modify ann >bob", "object xyz", "CN=ann,OU=GAL,DC=xyz: distinguishedName belongs to xyz"},
	{"modify ann", "object xyz", ""},
	/* for each value */
	{"modify ann px=smtp:a px=sip:a", "", ""},
	{"modify ann px=smtp:a", "of sip xyz", ""},
	{"modify ann tel=sip:a", "of sip xyz", ""},
	{"modify ann px=smtp:a px=sip:a", "of sip xyz",
		"CN=ann,OU=GAL,DC=xyz: sip:a is not the source's"},
	{"modify ann px=-sip:a", "of sip xyz", "CN=ann,OU=GAL,DC=xyz: sip:a is not the source's"},
	{"add ann px=sip:a", "of sip xyz", "CN=ann,OU=GAL,DC=xyz: sip:a is not the source's"},
	{"modify ann px=sip:a", "of sip xyz; object abc", ""},
};

/* Rights, secrets and identity: whatever the rules say. */
static const char *const never[] = {"userPassword", "unicodePwd", "servicePrincipalName",
	"userAccountControl", "msDS-AllowedToActOnBehalfOfOtherIdentity", "msDS-KeyCredentialLink",
	"sIDHistory", "adminCount", "nTSecurityDescriptor", "member", "memberOf",
	"altSecurityIdentities", "primaryGroupID", "objectSid", "objectGUID"};

static struct value name_from(struct arena *mem, const char *word)
{
	return word[0] == '=' ? value_of(word + 1) : full_name(mem, word);
}

static struct step step_of(struct arena *mem, const char *text)
{
	char *words[8];
	unsigned n = words_of(mem, text, " ", words, 8);
	struct step s = {.op = STEP_MODIFY, .change.op = CHANGE_MODIFY, .write = true};

	if (strcmp(words[0], "add") == 0) {
		s.op = STEP_ADD;
		s.change.op = CHANGE_ADD;
	} else if (strcmp(words[0], "delete") == 0) {
		s.op = STEP_DELETE;
		s.change.op = CHANGE_DELETE;
	}
	s.change.name = name_from(mem, words[1]);
	s.change.mods = arena_zalloc(mem, 8 * sizeof(*s.change.mods));
	for (unsigned i = 2; i < n; i++) {
		char *rest = words[i];
		if (rest[0] == '>') {
			s.change.new_name = name_from(mem, rest + 1);
			continue;
		}
		const unsigned attr = attr_of(strsep(&rest, "="));
		const bool goes = rest != NULL && rest[0] == '-';
		struct value *v = arena_alloc(mem, sizeof(*v));
		*v = value_of(rest == NULL ? "v" : rest + goes);
		s.change.mods[s.change.n++] = (struct mod){attr, false, goes, !goes, v, v};
	}
	return s;
}

static const char *with(struct arena *mem, struct flow *f, const char *text)
{
	const char *object = NULL;
	char *words[4];
	unsigned n = words_of(mem, text, ";", words, 4);

	for (unsigned i = 0; i < n; i++) {
		char *rest = words[i], *word = strsep(&rest, " ");
		if (strcmp(word, "object") == 0)
			object = rest;
		else if (strcmp(word, "of") == 0)
			give_authority(mem, f, strsep(&rest, " "));
		else if (strcmp(word, "flow") == 0)
			f->side = rest;
		else if (strcmp(word, "members") == 0)
			f->members = true;
		else if (strcmp(word, "undo") != 0)
			for (unsigned k = 0; k < attr_count(); k++)
				attr_set_add(mem, &f->writes, k);
	}
	return object;
}

static void test_check(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gate_case *c = &cases[i];
		struct arena *mem = arena_new();
		struct flow f = flow_of(mem);
		struct step s = step_of(mem, c->change);
		const char *object = with(mem, &f, c->with);
		struct err err = {0};
		s.number = strstr(c->with, "undo") != NULL ? UNDO_CASE : 0;
		int rc = gate_check(mem, &f, object, &s, &err);
		const char *why = rc == 0 ? "" : err.text + strlen("gate: ");
		assert_int_equal(err.kind, rc == 0 ? ERR_NONE : ERR_ENTRY);
		wrong += !same_text(arena_printf(mem, "%s | %s", c->change, c->with), why, c->why);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

static void test_never(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		struct step s = step_of(mem, arena_printf(mem, "modify ann %s", never[i]));
		struct err err;
		with(mem, &f, "all");
		if (gate_check(mem, &f, NULL, &s, &err) == 0)
			fail_msg("%s", never[i]);
	}
	arena_free(mem);
}

/* The other side of the gate: notes what came through, and answers by turns. */
static struct written_changes {
	unsigned n, calls, fed;
	const char *names[8];
	int rc;
} through;

static int note_write(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	(void)c;
	through.calls++;
	for (size_t i = 0; i < n; i++) {
		struct value name = changes[i].name;
		through.names[through.n++] = arena_copy(mem, name.data, name.len);
		out[i] = (struct outcome){.kind = i == 1 ? OUTCOME_UNKNOWN : OUTCOME_DONE};
		out[i].id = name;
	}
	return through.rc < 0 ? err_set(err, ERR_BUSY, "broke") : 0;
}

static const struct connector_type note_type = {
	.name = "note", .can = CAN_WRITE, .write = note_write};

/* What is stopped fails, the others are written, and each answer is of its own step. */
static void test_write(void **state)
{
	static const char *const texts[] = {"modify ann,OU=Staff tel", "modify ann tel",
		"modify bob title", "modify cid tel", "delete dan"};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct connector to = {.type = &note_type, .label = "xyz"};
	struct step steps[5];
	const struct step *at[5];
	const char *sides[] = {NULL, NULL, NULL, NULL, "xyz"};
	struct outcome out[5];
	struct err err;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		steps[i] = step_of(mem, texts[i]);
		at[i] = &steps[i];
	}
	through = (struct written_changes){0};
	assert_int_equal(gate_write(&to, &f, at, sides, out, 5, false, mem, &err), 0);
	assert_int_equal(through.n, 2);
	assert_string_equal(short_name(mem, value_of(through.names[0])), "ann");
	assert_string_equal(short_name(mem, value_of(through.names[1])), "cid");
	static const enum outcome_kind kinds[] = {
		OUTCOME_FAILED, OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_UNKNOWN, OUTCOME_FAILED};
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(out[i].kind, kinds[i]);
	assert_string_equal(short_name(mem, out[1].id), "ann");
	assert_string_equal(short_name(mem, out[3].id), "cid");
	assert_non_null(strstr(out[4].err.text, "the object belongs to xyz"));
	/* All pass: none is taken for another. */
	const struct step *all[] = {at[1], at[3], at[1]};
	through = (struct written_changes){0};
	assert_int_equal(gate_write(&to, &f, all, sides, out, 3, false, mem, &err), 0);
	static const enum outcome_kind answers[] = {OUTCOME_DONE, OUTCOME_UNKNOWN, OUTCOME_DONE};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(out[i].kind, answers[i]);
	assert_string_equal(short_name(mem, out[2].id), "ann");
	/* Nothing passes: nothing is asked of the connector. */
	through = (struct written_changes){.rc = -1};
	assert_int_equal(gate_write(&to, &f, at, sides, out, 1, false, mem, &err), 0);
	assert_int_equal(through.n, 0);
	assert_int_equal(gate_write(&to, &f, at, sides, out, 2, false, mem, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	arena_free(mem);
}

static int note_feed(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	through.fed++;
	return note_write(c, changes, out, n, mem, err);
}

/* It is fed where all pass; also with nothing, for what is under way comes to its end with that. */
static void test_feed(void **state)
{
	static const struct connector_type fed_type = {
		.name = "note", .can = CAN_WRITE, .write = note_write, .feed = note_feed};
	static const struct {
		unsigned from, n, fed, written;
	} feeds[] = {{1, 1, 1, 1}, {0, 2, 0, 1}, {1, 0, 1, 0}, {0, 1, 0, 0}};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct connector to = {.type = &fed_type, .label = "xyz"};
	struct step steps[] = {
		step_of(mem, "modify ann,OU=Staff tel"), step_of(mem, "modify ann tel")};
	const struct step *const at[] = {&steps[0], &steps[1]};
	const char *sides[] = {NULL, NULL};
	struct outcome out[2];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++) {
		through = (struct written_changes){0};
		assert_int_equal(gate_write(&to, &f, at + feeds[i].from, sides, out, feeds[i].n,
					 true, mem, &err),
			0);
		assert_int_equal(through.fed, feeds[i].fed);
		assert_int_equal(through.n, feeds[i].written);
		assert_int_equal(through.calls, 1);
	}
	/* What is not to be written is not fed either. */
	to.readonly = true;
	through = (struct written_changes){0};
	assert_int_equal(gate_write(&to, &f, at + 1, sides, out, 1, true, mem, &err), -1);
	assert_int_equal(through.calls, 0);
	arena_free(mem);
}

/*
 * "galway set": who wants to write, the change, what else is known, why it is stopped. Both sides
 * have the entry: the source's is ann,OU=People. The flow reads tel, mail and proxyAddresses.
 */
static const struct {
	const char *side, *change, *with, *why;
} sets[] = {
	{"abc", "modify ann,OU=People tel", "", ""},
	{"abc", "modify ann tel", "", "CN=ann,OU=GAL,DC=xyz is not the object that was named"},
	{"abc", "modify ann,OU=People tel", "no source",
		"CN=ann,OU=People,DC=xyz is not the object that was named"},
	{"abc", "modify ann,OU=People tel >bob", "",
		"CN=ann,OU=People,DC=xyz is not the object that was named"},
	{"abc", "delete ann,OU=People", "",
		"CN=ann,OU=People,DC=xyz is not the object that was named"},
	{"abc", "modify ann,OU=People tel", "id",
		"CN=ann,OU=People,DC=xyz is not the object that was named"},
	{"abc", "modify ann,OU=People tel", "flow xyz",
		"CN=ann,OU=People,DC=xyz: tel belongs to xyz"},
	{"abc", "modify ann,OU=People mail tel", "of tel xyz",
		"CN=ann,OU=People,DC=xyz: tel belongs to xyz"},
	{"abc", "modify ann,OU=People px=sip:a", "of sip xyz",
		"CN=ann,OU=People,DC=xyz: sip:a is not the source's"},
	{"abc", "modify ann,OU=People note", "", "CN=ann,OU=People,DC=xyz: note is not to be set"},
	{"abc", "modify ann,OU=People cn", "all", "CN=ann,OU=People,DC=xyz: cn is not to be set"},
	{"abc", "modify ann,OU=People class", "all",
		"CN=ann,OU=People,DC=xyz: objectClass is not to be set"},
	{"abc", "modify ann,OU=People mark", "all",
		"CN=ann,OU=People,DC=xyz: adminDescription is not to be set"},
	{"abc", "modify ann,OU=People dn", "all",
		"CN=ann,OU=People,DC=xyz: distinguishedName is not to be set"},
	{"abc", "modify ann,OU=People isDeleted", "all",
		"CN=ann,OU=People,DC=xyz: isDeleted is not to be set"},
	{"abc", "modify ann,OU=People userPassword", "all",
		"CN=ann,OU=People,DC=xyz: userPassword is not to be set"},
	{"xyz", "modify ann tel", "flow xyz", ""},
	{"xyz", "modify ann tel", "object xyz", ""},
	{"xyz", "modify ann note", "flow xyz", ""},
	{"xyz", "modify ann px=sip:a", "flow xyz", ""},
	{"xyz", "modify ann tel", "", "CN=ann,OU=GAL,DC=xyz: tel belongs to abc"},
	{"xyz", "modify ann tel", "no source", ""},
	{"xyz", "modify ann tel", "no source; linked", "CN=ann,OU=GAL,DC=xyz: tel belongs to abc"},
	{"xyz", "modify ann tel", "flow xyz; no target",
		"CN=ann,OU=GAL,DC=xyz is not the object that was named"},
	{"xyz", "modify ann,OU=Staff tel", "flow xyz; target ann,OU=Staff",
		"CN=ann,OU=Staff,DC=xyz lies outside the managed containers"},
	{"xyz", "modify ann tel", "flow xyz; account",
		"CN=ann,OU=GAL,DC=xyz has a sAMAccountName, so that it is an account and no "
		"contact: left alone"},
	{"xyz", "modify ann sn", "flow xyz", "CN=ann,OU=GAL,DC=xyz: sn is not to be set"},
};

static void set_with(struct arena *mem, struct flow *f, struct object *o, char *word)
{
	char *rest = word;

	word = strsep(&rest, " ");
	if (strcmp(word, "no") == 0)
		*(rest[0] == 's' ? &o->in_source : &o->in_target) = false;
	else if (strcmp(word, "id") == 0)
		o->source.id = value_of("another");
	else if (strcmp(word, "linked") == 0)
		o->linked = true;
	else if (strcmp(word, "target") == 0)
		o->target.name = full_name(mem, rest);
	else if (strcmp(word, "account") == 0)
		entry_add(mem, &o->target, attr_named("sAMAccountName"), value_of("ann"));
	else if (strcmp(word, "object") == 0)
		o->side = rest;
	else if (strcmp(word, "flow") == 0)
		f->side = rest;
	else if (strcmp(word, "of") == 0)
		give_authority(mem, f, strsep(&rest, " "));
	for (unsigned k = 0; strcmp(word, "all") == 0 && k < attr_count(); k++)
		attr_set_add(mem, &f->reads, k);
}

static void test_set(void **state)
{
	static const char *const reads[] = {"tel", "mail", "px"};
	struct connector to = {.type = &note_type, .label = "any"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct arena *mem = arena_new();
		struct flow f = flow_of(mem);
		struct object o = {.flow = &f, .in_source = true, .in_target = true};
		struct step s = step_of(mem, sets[i].change);
		struct outcome out;
		struct err err = {0};
		char *words[4];
		for (unsigned k = 0; k < 3; k++)
			attr_set_add(mem, &f.reads, attr_of(reads[k]));
		o.source.id = o.target.id = s.change.id = value_of("ann's");
		o.source.name = full_name(mem, "ann,OU=People");
		o.target.name = full_name(mem, "ann");
		unsigned n = words_of(mem, sets[i].with, ";", words, 4);
		for (unsigned k = 0; k < n; k++)
			set_with(mem, &f, &o, words[k]);
		through = (struct written_changes){0};
		int rc = gate_set(&to, &o, sets[i].side, &s.change, &out, mem, &err);
		wrong += !same_text(arena_printf(mem, "%s | %s | %s", sets[i].side, sets[i].change,
					    sets[i].with),
			rc == 0 ? "" : err.text + strlen("gate: "), sets[i].why);
		assert_int_equal(through.n, rc == 0);
		assert_int_equal(out.kind, rc == 0 ? OUTCOME_DONE : OUTCOME_FAILED);
		/* Nobody knows what came of it. */
		through = (struct written_changes){.rc = -1};
		assert_int_equal(gate_set(&to, &o, sets[i].side, &s.change, &out, mem, &err), -1);
		assert_int_equal(out.kind, rc == 0 ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Hiding is ours, whatever the rules write. */
static void test_hide(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct step hide = step_of(mem, "modify ann hide"), tel = step_of(mem, "modify ann tel");
	struct err err;

	(void)state;
	f.writes = (struct attr_set){0};
	assert_int_equal(gate_check(mem, &f, NULL, &hide, &err), 0);
	assert_int_equal(gate_check(mem, &f, NULL, &tel, &err), -1);
	arena_free(mem);
}

/* A flag of the directory's counts where nobody set anything. */
static void test_flag(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct step s = step_of(mem, "modify ann tel");
	struct err err;

	(void)state;
	s.flag = "xyz";
	assert_int_equal(gate_check(mem, &f, NULL, &s, &err), -1);
	assert_int_equal(gate_check(mem, &f, "abc", &s, &err), 0);
	f.side = "xyz";
	s.flag = "abc";
	assert_int_equal(gate_check(mem, &f, NULL, &s, &err), 0);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_feed),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_hide),
		cmocka_unit_test(test_flag),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
