#include "plan_cases.h"

#include "sync/undo.h"
#include "sync/undo_invert.h"

/*
 * The inverse of an operation: what the run did, what the target has now, what else is known, and
 * what must be planned (the language of plan_cases.h; then "/" and the conflict).
 *
 * What the run did: "add cn=ann tel=1", "delete t1 cn=ann tel=1", and for modify, link and forget
 * the name before, then ">bob" a new name, "-x=1" what it took away, "+x=2" what it put there.
 *
 * What else is known: linked: there is a link now; was: there was one before; mark x: the marker
 * that the entry has now ("-": none), it is our own without; holder: another one has the name;
 * postpones: the target takes no reference to what is not there.
 */
struct undo_case {
	const char *op, *now, *with, *plan;
};

static const struct undo_case cases[] = {
	/* what was added is deleted, while it is as it was added */
	{"add cn=ann tel=1", "t1 cn=ann tel=1", "linked", "delete t1"},
	{"add cn=ann tel=1", "t1 cn=ann tel=1", "", "delete t1"},
	{"add cn=ann tel=1", "t1 cn=ann tel=1 whenCreated=x", "linked", "delete t1"},
	{"add cn=ann class=contact", "t1 cn=ann class=top class=contact", "linked", "delete t1"},
	{"add cn=ann", "t1 cn=ann boss=cn=x", "linked", "delete t1"},
	{"add cn=ann tel=1", "t1 cn=ann tel=2", "linked",
		"none / was changed since it was added: left alone (undo the later runs first)"},
	{"add cn=ann tel=1", "t1 cn=ann tel=1 px=smtp:a", "linked",
		"none / was changed since it was added: left alone (undo the later runs first)"},
	{"add cn=ann", "t1 cn=bob", "linked",
		"none / was changed since it was added: left alone (undo the later runs first)"},
	{"add cn=ann", "t1 cn=ann", "linked; mark -",
		"none / does not carry our marker any more: left alone"},
	{"add cn=ann", "t1 cn=ann", "linked; mark galway:f:s2",
		"none / does not carry our marker any more: left alone"},
	{"add cn=ann", "t1 cn=ann adminCount=1", "linked",
		"none / is protected (isCriticalSystemObject or adminCount): left alone"},
	{"add cn=ann", "", "linked", "forget t1"},
	{"add cn=ann", "", "", "none"},
	{"add cn=ann", "", "holder", "none"},

	/* what was deleted is added again */
	{"delete t1 cn=ann tel=1 tel=2 note=theirs", "", "was",
		"add ann +cn=ann +tel=1 +tel=2 +note=theirs | remembered"},
	{"delete t1 cn=ann objectGUID=g whenCreated=x entryUUID=u memberOf=m objectSid=s", "",
		"was", "add ann +cn=ann | remembered"},
	{"delete t1 cn=ann boss=CN=x", "", "was; postpones",
		"add ann +cn=ann +boss=CN=x | postponed | remembered"},
	{"delete t1 cn=ann", "", "was; postpones", "add ann +cn=ann | remembered"},
	{"delete t1 cn=ann", "t2 cn=ann", "was", "link t2 | remembered"},
	{"delete t1 cn=ann", "t2 cn=ann", "was; linked", "none | remembered"},
	{"delete t1 cn=ann", "", "was; holder",
		"none / another entry has its name: not added again"},

	/* what was modified gets back what it had */
	{"modify ann -tel=1 +tel=2", "t1 cn=ann tel=2", "was; linked",
		"modify t1 -tel=2 +tel=1 | remembered"},
	{"modify ann -tel=1", "t1 cn=ann", "was; linked", "modify t1 +tel=1 | remembered"},
	{"modify ann +tel=2", "t1 cn=ann tel=2", "was; linked", "modify t1 -tel=2 | remembered"},
	{"modify ann +px=smtp:a", "t1 cn=ann px=smtp:a px=smtp:theirs", "was; linked",
		"modify t1 -px=smtp:a | remembered"},
	{"modify ann -mail=A@x +mail=a@x", "t1 cn=ann mail=a@x", "was; linked",
		"modify t1 -mail=a@x +mail=A@x | remembered"},
	{"modify ann -boss=CN=x +boss=CN=y", "t1 cn=ann boss=cn=Y", "was; linked",
		"modify t1 -boss=CN=y +boss=CN=x | remembered"},
	/* or has it already: the operation was never done, or was undone */
	{"modify ann -tel=1 +tel=2", "t1 cn=ann tel=1", "was; linked", "none | remembered"},
	{"modify ann -tel=1 +tel=2", "t1 cn=ann tel=1", "was; same", "none"},
	/* attribute by attribute; what was changed since stays */
	{"modify ann -tel=1 +tel=2", "t1 cn=ann tel=3", "was; linked",
		"none | remembered / changed since, left as it is: tel"},
	{"modify ann -tel=1 +tel=2 -note=a +note=b", "t1 cn=ann tel=3 note=b", "was; linked",
		"modify t1 -note=b +note=a | remembered / changed since, left as it is: tel"},
	{"modify ann -mail=a", "t1 cn=ann mail=c", "was; linked",
		"none | remembered / changed since, left as it is: mail"},
	{"modify ann +tel=1 +tel=2", "t1 cn=ann tel=1", "was; linked",
		"none | remembered / changed since, left as it is: tel"},
	{"modify ann +tel=1", "", "was; linked", "none / is not there any more"},
	{"modify ann +tel=1", "t1 cn=ann tel=1", "was; linked; mark -",
		"none / does not carry our marker any more: left alone"},
	{"modify ann +tel=1", "t1 cn=ann tel=1 adminCount=1", "was; linked",
		"none / is protected (isCriticalSystemObject or adminCount): left alone"},
	/* names */
	{"modify ann >bob", "t1 cn=bob", "was; linked", "modify t1 >ann | remembered"},
	{"modify ann >Ann", "t1 cn=Ann", "was; linked", "modify t1 >ann | remembered"},
	{"modify ann >bob,OU=Old", "t1 cn=bob,OU=Old", "was; linked",
		"modify t1 >ann | remembered"},
	{"modify ann >bob", "t1 cn=ann", "was; linked", "none | remembered"},
	{"modify ann >bob -tel=1 +tel=2", "t1 cn=eve tel=2", "was; linked",
		"modify t1 -tel=2 +tel=1 | remembered / changed since, left as it is: its name"},
	{"modify ann >bob +tel=1", "t1 cn=eve tel=2", "was; linked",
		"none | remembered / changed since, left as it is: its name"},

	/* adopted, and let go */
	{"link ann +mark=galway:f:s1 +tel=1", "t1 cn=ann tel=1", "linked",
		"forget t1 -mark -tel=1"},
	{"link ann", "t1 cn=ann", "linked", "forget t1"},
	{"link ann +tel=1", "t1 cn=ann tel=1", "", "modify t1 -tel=1"},
	{"forget ann -mark=galway:f:s1", "t1 cn=ann", "was; mark -", "link t1 +mark | remembered"},
	{"forget ann -mark=galway:f:s1", "t1 cn=ann", "was; mark galway:f:s2",
		"none / does not carry our marker any more: left alone"},
	{"forget ann", "t1 cn=ann", "was", "link t1 | remembered"},
	{"forget ann", "", "was", "none"},
};

static enum step_op kind_of(const char *word)
{
	static const char *const kinds[] = {"none", "add", "modify", "delete", "link", "forget"};
	unsigned i = 0;

	while (strcmp(kinds[i], word) != 0)
		i++;
	return (enum step_op)i;
}

static void take_change(struct arena *mem, char **words, unsigned n, struct change *c)
{
	c->op = CHANGE_MODIFY;
	c->name = full_name(mem, words[0]);
	c->mods = arena_zalloc(mem, n * sizeof(*c->mods));
	for (unsigned i = 1; i < n; i++) {
		if (words[i][0] == '>') {
			c->new_name = full_name(mem, words[i] + 1);
			continue;
		}
		char *equals = strchr(words[i], '=');
		*equals = '\0';
		unsigned attr = attr_of(words[i] + 1);
		if (c->n == 0 || c->mods[c->n - 1].attr != attr)
			c->mods[c->n++] = (struct mod){.attr = attr,
				.remove = arena_alloc(mem, 4 * sizeof(struct value)),
				.add = arena_alloc(mem, 4 * sizeof(struct value))};
		struct mod *m = &c->mods[c->n - 1];
		if (words[i][0] == '-')
			m->remove[m->n_remove++] = value_of(equals + 1);
		else
			m->add[m->n_add++] = value_of(equals + 1);
	}
}

static void take_op(struct arena *mem, const struct flow *f, const struct attr_set *attrs,
	const char *text, struct op *op)
{
	char *words[16];
	unsigned n = words_of(mem, text, " ", words, 16);
	const char *rest = text + strlen(words[0]) + 1;

	*op = (struct op){
		.kind = kind_of(words[0]), .source = value_of("s1"), .target = value_of("t1")};
	if (op->kind == STEP_ADD) {
		struct entry e = entry_of(mem, arena_printf(mem, "t1 %s", rest));
		entry_add(mem, &e, f->marker, plan_marker(mem, f, op->source));
		op->change.name = e.name;
		op->digest = entry_digest(&e, attrs);
	} else if (op->kind == STEP_DELETE) {
		op->has_before = true;
		op->before = entry_of(mem, rest);
		op->change.name = op->before.name;
	} else {
		take_change(mem, words + 1, n - 1, &op->change);
	}
}

/* What is known of one case. */
struct known {
	struct flow flow;
	struct attr_set attrs;
	struct op op;
	struct entry current, holder;
	struct link link;
	struct inverting v;
};

static void take_with(struct arena *mem, struct known *k, const char *text)
{
	const char *marker = "galway:f:s1";
	char *words[8];
	unsigned n = words_of(mem, text, ";", words, 8);

	k->link = (struct link){.source = value_of("s1"), .target = value_of("t1")};
	k->op.link = k->link;
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(words[i], "linked") == 0 || strcmp(words[i], "same") == 0) {
			k->v.link = &k->link;
			k->link.source_digest = words[i][0] == 'l';
		} else if (strcmp(words[i], "was") == 0) {
			k->op.has_link = true;
		} else if (strcmp(words[i], "holder") == 0) {
			k->v.holder = &k->holder;
		} else if (strcmp(words[i], "postpones") == 0) {
			k->v.postpones = true;
		} else {
			assert_true(strncmp(words[i], "mark ", 5) == 0);
			marker = words[i] + 5;
		}
	}
	if (k->v.current != NULL && strcmp(marker, "-") != 0)
		entry_add(mem, &k->current, k->flow.marker, value_of(marker));
}

static bool right(struct arena *mem, const struct undo_case *c)
{
	struct known *k = arena_zalloc(mem, sizeof(*k));
	struct step s, conflict;

	k->flow = flow_of(mem);
	journal_attrs_parse(mem, journal_attrs(mem, &k->flow.writes), &k->attrs);
	take_op(mem, &k->flow, &k->attrs, c->op, &k->op);
	k->v = (struct inverting){
		.flow = &k->flow, .op = &k->op, .attrs = &k->attrs, .line = "undo"};
	if (c->now[0] != '\0') {
		k->current = entry_of(mem, c->now);
		k->v.current = &k->current;
	}
	take_with(mem, k, c->with);
	undo_invert(mem, &k->v, &s, &conflict);
	const char *text = print_step(mem, &s);
	if (s.remember)
		text = arena_printf(mem, "%s | remembered", text);
	if (conflict.op == STEP_CONFLICT)
		text = arena_printf(mem, "%s / %s", text, conflict.message);
	assert_true(!s.remember || s.link.source_digest == 0);
	assert_int_equal(s.number, UNDO_CASE);
	return same_text(arena_printf(mem, "%s | %s | %s", c->op, c->now, c->with), text, c->plan);
}

static void test_cases(void **state)
{
	struct arena *mem = arena_new();
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		wrong += !right(mem, &cases[i]);
	assert_int_equal(wrong, 0);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
