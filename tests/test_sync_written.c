#include "sync_cases.h"

#include "base/change.h"
#include "base/keys.h"
#include "sync/written.h"

static const bool no_skip[32];

/* What the rules wanted, how the entry was left, and then, for each attribute: what is remembered.
 * "=" with the values it was left with, "-" absent, "?" not known. */
static const struct written_case {
	const char *wanted, *after, *remembered;
} cases[] = {
	{"", "", "tel? mail? note? nick?"},
	{"tel=1", "tel=1", "tel=1 mail? note? nick?"},
	{"tel=1 tel=2 mail=a", "tel=2 tel=1 mail=a", "tel=1,2 mail=a note? nick?"},
	/* as the entry has it, not as the rules spell it */
	{"mail=a", "mail=A", "mail=A"},
	{"tel=", "", "tel- mail?"},
	{"tel= mail=a", "mail=a", "tel- mail=a"},
	/* beside those of which no digest is kept */
	{"tel=1 note?=x px+=smtp:a mail=a", "tel=1 note=x px=smtp:a mail=b", "tel=1 mail=b nick?"},
	/* what others write is not remembered */
	{"tel=1", "tel=1 mail=a other=3", "tel=1 mail? other?"},
};

/* Is the attribute as it was left, were it these values ("": absent)? */
static bool left_as(
	struct arena *mem, const struct written *w, const char *name, const char *values)
{
	char *words[8];
	struct attr now = {attr_of(name), 0, arena_alloc(mem, 8 * sizeof(struct value))};

	now.n = words_of(mem, values, ",", words, 8);
	for (unsigned i = 0; i < now.n; i++)
		now.values[i] = value_of(words[i]);
	return written_left(w, now.id, now.n > 0 ? &now : NULL);
}

/* What is not known may be anything. */
static const char *remembered(struct arena *mem, const struct written *w, const char *word)
{
	const char *name = arena_copy(mem, word, strcspn(word, "=-?"));
	const char *values = strchr(word, '=') != NULL ? strchr(word, '=') + 1 : "no,such";
	const bool absent = left_as(mem, w, name, ""), other = left_as(mem, w, name, "quite,other");

	if (absent && other)
		return arena_printf(mem, "%s?", name);
	if (absent)
		return arena_printf(mem, "%s-", name);
	return left_as(mem, w, name, values) && !other ? word : arena_printf(mem, "%s=...", name);
}

static struct written make(struct arena *mem, const struct flow *f, const char *wanted,
	const char *after, const bool *skip)
{
	struct desired d = desired_of(mem, f, wanted);
	struct entry e = entry_of(mem, arena_printf(mem, "t1 cn=ann %s", after));

	return (struct written){d.rule, f->epoch, written_make(mem, &d, f->epoch, &e, skip), NULL};
}

static void test_digests(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct flow f = flow_of(mem);
		struct written w = make(mem, &f, cases[i].wanted, cases[i].after, no_skip);
		char *words[8];
		unsigned n = words_of(mem, cases[i].remembered, " ", words, 8);
		const char *text = "";
		for (unsigned k = 0; k < n; k++)
			text = arena_printf(mem, "%s%s%s", text, k > 0 ? " " : "",
				remembered(mem, &w, words[k]));
		wrong += !same_text(cases[i].wanted, text, cases[i].remembered);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Known only under the rules it was written under, and by the rule of the object. */
static void test_rules(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w = make(mem, &f, "tel=1 url+=u", "tel=1 url=u", no_skip);

	(void)state;
	assert_false(left_as(mem, &w, "tel", "2"));
	w.epoch++;
	assert_true(left_as(mem, &w, "tel", "2"));
	/* Values of ours are ours under any rules. */
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	w.epoch--;
	w.rule = rules_at(f.rules, 1);
	assert_true(left_as(mem, &w, "tel", "2"));
	struct rules *less = rules_of(mem, "rule user\n scope (cn=*)\n name [cn]\n tel = [tel]\n");
	w.rule = rules_at(less, 0);
	w.epoch++;
	assert_true(left_as(mem, &w, "tel", "2"));
	arena_free(mem);
}

static void test_values(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w = make(mem, &f, "px+=SMTP:a px+=x500:b url+=u url+=v url+=\xff mail=m",
		"px=SMTP:a px=x500:b px=smtp:c url=u mail=m", no_skip);
	static const char *const ours[][2] = {{"px", "SMTP:a"}, {"px", "smtp:A"}, {"px", "X500:B"},
		{"url", "u"}, {"url", "V"}, {"url", "\xff"}};
	static const char *const theirs[][2] = {{"px", "smtp:c"}, {"px", "u"}, {"url", "SMTP:a"},
		{"url", ""}, {"mail", "m"}, {"tel", "u"}};

	(void)state;
	/* Looked through, and in order. */
	for (size_t i = 0; i < 12; i++) {
		const char *const *o = ours[i % 6], *const *t = theirs[i % 6];
		if (i == 6)
			written_sort(mem, &w);
		assert_true(written_value(&w, attr_of(o[0]), value_of(o[1])));
		assert_false(written_value(&w, attr_of(t[0]), value_of(t[1])));
	}
	assert_non_null(w.sorted);
	w = make(mem, &f, "tel=1 url+=", "", no_skip);
	written_sort(mem, &w);
	assert_false(written_value(&w, attr_of("url"), value_of("u")));
	arena_free(mem);
}

/* What belongs to the other side is not remembered. */
static void test_skip(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	unsigned n;
	const unsigned *attrs = rule_attrs(rules_at(f.rules, 0), &n);
	bool skip[32];

	(void)state;
	for (unsigned i = 0; i < n; i++)
		skip[i] = attrs[i] == attr_of("tel") || attrs[i] == attr_of("url");
	struct written w = make(mem, &f, "tel=1 mail=a px+=smtp:a url+=u", "tel=1 mail=a", skip);
	assert_true(left_as(mem, &w, "tel", "2"));
	assert_false(left_as(mem, &w, "mail", "b"));
	assert_true(written_value(&w, attr_of("px"), value_of("smtp:a")));
	arena_free(mem);
}

static void test_name(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w = make(mem, &f, "tel=1", "tel=1", no_skip), nothing = {.epoch = 1};

	(void)state;
	assert_true(written_name(&w, value_of("cn=ANN, OU=GAL,DC=xyz")));
	assert_false(written_name(&w, value_of("CN=bob,OU=GAL,DC=xyz")));
	assert_true(written_name(&nothing, value_of("CN=bob")));
	arena_free(mem);
}

/* Bytes that end early say nothing, and are not read past their end. */
static void test_cut(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 mail=a px+=SMTP:a url+=u url+=v", "tel=1 mail=a", no_skip);
	struct value whole = w.bytes;

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		char *cut = malloc(len + 1);
		memcpy(cut, whole.data, len);
		w.bytes = (struct value){cut, len};
		assert_true(left_as(mem, &w, "tel", "2"));
		assert_true(left_as(mem, &w, "hide", "2"));
		(void)written_name(&w, value_of("CN=ann"));
		assert_false(written_value(&w, attr_of("url"), value_of("v")));
		free(cut);
	}
	arena_free(mem);
}

static bool refers(struct value bytes, uint64_t name)
{
	struct keys names;

	keys_init(&names, 0, false);
	keys_put(&names, name, 0);
	bool found = written_refers(bytes, &names);
	keys_free(&names);
	return found;
}

/* To whom it refers, under any rules, and beside all that is remembered otherwise. */
static void test_references(void **state)
{
	static const uint64_t names[] = {7, 9, UINT64_MAX};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 url+=u px+=smtp:a", "tel=1 url=u px=smtp:a", no_skip);
	struct value none = w.bytes;

	(void)state;
	assert_true(value_same(written_with_references(mem, none, names, 0), none));
	/* Of a link that knows nothing, as one of an older version, nothing comes to be known. */
	assert_int_equal(written_with_references(mem, (struct value){NULL, 0}, names, 3).len, 0);
	w.bytes = written_with_references(mem, none, names, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(refers(w.bytes, names[i]));
		assert_false(refers(none, names[i]));
	}
	assert_false(refers(w.bytes, 8));
	/* Any. */
	assert_true(refers(w.bytes, 0) && !refers(none, 0));
	assert_false(refers((struct value){NULL, 0}, 7));
	assert_false(left_as(mem, &w, "tel", "2"));
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	assert_false(written_value(&w, attr_of("url"), value_of("v")));
	for (size_t len = 0; len < w.bytes.len; len++) {
		char *cut = malloc(len + 1);
		memcpy(cut, w.bytes.data, len);
		assert_false(refers((struct value){cut, len}, UINT64_MAX));
		free(cut);
	}
	arena_free(mem);
}

/* What a server only claims: of attributes nothing is known, values that may be ours are, and so is
 * the name. */
static void test_doubt(void **state)
{
	static const uint64_t names[] = {7};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 url+=u px+=smtp:a", "tel=1 url=u px=smtp:a", no_skip);
	const struct value before = w.bytes, none = {NULL, 0};

	/* Taken away, one of them; the other only lost its rank. */
	struct value removed[] = {value_of("SMTP:r"), value_of("SMTP:h")},
		     added = value_of("smtp:h");
	struct mod mod = {
		.attr = attr_of("px"), .n_remove = 2, .remove = removed, .n_add = 1, .add = &added};
	const struct change c = {.op = CHANGE_MODIFY, .n = 1, .mods = &mod};

	(void)state;
	w = make(mem, &f, "tel=2 url+=v px+=smtp:b", "tel=2 url=v px=smtp:b", no_skip);
	w.bytes = written_with_references(mem, w.bytes, names, 1);
	const struct value claimed = w.bytes;
	assert_false(left_as(mem, &w, "tel", "1"));
	for (unsigned i = 0; i < 2; i++) {
		w.bytes =
			written_doubt(mem, i == 0 ? before : none, claimed, &c, value_of("cn=bob"));
		assert_true(left_as(mem, &w, "tel", "1") && left_as(mem, &w, "tel", "2"));
		assert_true(left_as(mem, &w, "tel", "3"));
		assert_int_equal(written_value(&w, attr_of("url"), value_of("u")), i == 0);
		assert_true(written_value(&w, attr_of("url"), value_of("v")));
		assert_false(written_value(&w, attr_of("url"), value_of("w")));
		assert_true(written_value(&w, attr_of("px"), value_of("SMTP:r")));
		assert_false(written_value(&w, attr_of("px"), value_of("smtp:h")));
		assert_true(written_name(&w, value_of("cn=bob")));
		assert_false(written_name(&w, value_of("cn=ann")));
		assert_null(written_rule(f.rules, f.epoch, w.bytes));
		assert_true(refers(w.bytes, 7));
	}
	assert_true(value_same(written_doubt(mem, before, none, &c, value_of("cn=bob")), none));
	/* Which of several it became does not matter. */
	struct value both[] = {value_of("smtp:r"), value_of("smtp:h")};
	mod.add = both;
	mod.n_add = 2;
	w.bytes = written_doubt(mem, before, claimed, &c, value_of("cn=bob"));
	assert_false(written_value(&w, attr_of("px"), value_of("smtp:r")));
	assert_false(written_value(&w, attr_of("px"), value_of("smtp:h")));
	/* And of a contact without such values none is ours. */
	w = make(mem, &f, "tel=1", "tel=1", no_skip);
	w.bytes = written_doubt(
		mem, none, w.bytes, &(struct change){.op = CHANGE_MODIFY}, value_of("cn=bob"));
	assert_true(left_as(mem, &w, "tel", "2") && written_name(&w, value_of("cn=bob")));
	assert_false(written_value(&w, attr_of("px"), value_of("smtp:b")));
	arena_free(mem);
}

/* What a run wrote and did not remember is ours from now on, and nothing is known of the rest. */
static void test_adrift(void **state)
{
	static const uint64_t names[] = {7};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 url+=u px+=smtp:a", "tel=1 url=u px=smtp:a", no_skip);
	const struct value none = {NULL, 0};
	struct value urls[] = {value_of("u"), value_of("v"), value_of("w")};
	struct value hand = value_of("SMTP:h"), below = value_of("smtp:h");
	struct entry was = {.name = value_of("cn=ann")}, now = {.name = value_of("CN=Ann")};

	(void)state;
	entry_put(mem, &was, attr_of("url"), &urls[1], 1);
	entry_put(mem, &now, attr_of("url"), &urls[1], 2);
	entry_put(mem, &was, attr_of("px"), &hand, 1);
	entry_put(mem, &now, attr_of("px"), &below, 1);
	w.bytes = written_with_references(mem, w.bytes, names, 1);
	const struct value before = w.bytes;
	assert_false(left_as(mem, &w, "tel", "2"));
	w.bytes = written_adrift(mem, before, &was, &now);
	assert_true(left_as(mem, &w, "tel", "1") && left_as(mem, &w, "tel", "2"));
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	assert_false(written_value(&w, attr_of("url"), value_of("v")));
	assert_true(written_value(&w, attr_of("url"), value_of("w")));
	assert_false(written_value(&w, attr_of("px"), value_of("smtp:h")));
	assert_null(written_rule(f.rules, f.epoch, w.bytes));
	assert_true(refers(w.bytes, 7));
	assert_true(written_same_name(before, w.bytes));
	now.name = value_of("cn=bob");
	w.bytes = written_adrift(mem, w.bytes, &was, &now);
	assert_true(left_as(mem, &w, "tel", "2"));
	assert_true(written_name(&w, value_of("cn=bob")));
	assert_false(written_same_name(before, w.bytes));
	assert_true(written_same_name(none, w.bytes) && written_same_name(w.bytes, none));
	assert_true(value_same(written_adrift(mem, none, &was, &now), none));
	/* All of it is new. */
	was.n = 0;
	w.bytes = written_adrift(mem, none, &was, &now);
	assert_true(written_value(&w, attr_of("px"), value_of("smtp:h")));
	assert_true(left_as(mem, &w, "tel", "2") && written_name(&w, value_of("cn=bob")));
	arena_free(mem);
}

/* What became of references in a run that failed is not known; of all else it is as before. */
static void test_unsure(void **state)
{
	static const char less[] = "rule user\n scope (cn=*)\n name [cn]\n manager = [manager]\n";
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 boss=CN=b url+=u", "tel=1 boss=CN=b url=u", no_skip);
	const struct value before = w.bytes;

	(void)state;
	assert_false(left_as(mem, &w, "boss", "CN=c"));
	w.bytes = written_unsure(mem, f.rules, f.epoch, before);
	assert_true(left_as(mem, &w, "boss", "CN=c"));
	assert_false(left_as(mem, &w, "tel", "2"));
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	/* Under other rules nobody knows which of them are references. */
	w.bytes = written_unsure(mem, f.rules, f.epoch + 1, before);
	assert_true(value_same(w.bytes, before));
	assert_true(value_same(written_unsure(mem, f.rules, f.epoch, (struct value){NULL, 0}),
		(struct value){NULL, 0}));
	/* Other rules that are taken for the same have fewer attributes: those behind them stay. */
	struct rules *other = rules_of(mem, less);
	w.bytes = written_unsure(mem, other, f.epoch, before);
	assert_false(left_as(mem, &w, "boss", "CN=c"));
	arena_free(mem);
}

/* Rules of which the short number would be the one of "not known" are known by another. */
static void test_epoch(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);

	(void)state;
	f.epoch = 0 - (uint64_t)rule_number(rules_at(f.rules, 0));
	struct written w = make(mem, &f, "tel=1", "tel=1", no_skip);
	assert_false(left_as(mem, &w, "tel", "2"));
	assert_ptr_equal(written_rule(f.rules, f.epoch, w.bytes), rules_at(f.rules, 0));
	arena_free(mem);
}

/* Many attributes: the last of them, too, up to 2,040; those behind may be anything. */
static void test_many(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct buf text = {0};
	static const bool skip[2100];

	(void)state;
	buf_puts(&text, "rule user\n scope (cn=*)\n name [cn]\n url merge = [url]\n");
	for (unsigned i = 1; i <= 2050; i++)
		buf_printf(&text, " many%u = [cn]\n", i);
	f.rules = rules_of(mem, text.data);
	buf_free(&text);
	struct written w = make(mem, &f, "many1=1 many2039=2 many2040=3 url+=u",
		"many1=1 many2039=2 many2040=3 url=u", skip);
	assert_true(left_as(mem, &w, "many1", "1"));
	assert_false(left_as(mem, &w, "many1", ""));
	assert_true(left_as(mem, &w, "many2039", "2"));
	assert_false(left_as(mem, &w, "many2039", "3"));
	assert_true(left_as(mem, &w, "many2040", "4"));
	assert_true(written_value(&w, attr_of("url"), value_of("U")));
	arena_free(mem);
}

/* So many attributes with values, and so many values of merge ones, take so many bytes. */
static void test_size(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	static const struct {
		const char *text;
		size_t len;
	} sizes[] = {
		/* objectClass add, mail, tel, note add, px, url merge, mailNickname, manager, hide
		 */
		{"mail=m tel=1 mailNickname=n manager= hide=", 6 + 1 + 3 * 2},
		{"mail= tel= mailNickname= manager= hide=", 6},
		{"mail=m tel= note?=x px+=a px+=b url+=u mailNickname= manager= hide=1",
			6 + 2 + 2 * 2 + 3 * 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool skip[32] = {false};
		struct desired d = desired_of(mem, &f, sizes[i].text);
		struct entry after = entry_of(mem, "t1 cn=ann");
		unsigned n;
		const unsigned *attrs = rule_attrs(d.rule, &n);
		for (unsigned k = 0; k < d.n; k++)
			entry_put(mem, &after, d.attrs[k].attr, d.attrs[k].values, d.attrs[k].n);
		/* of the merge and add ones that are not wanted */
		d.attrs = memcpy(arena_alloc(mem, (d.n + n) * sizeof(*d.attrs)), d.attrs,
			d.n * sizeof(*d.attrs));
		for (unsigned k = 0; k < n; k++) {
			if (desired_get(&d, attrs[k]) == NULL)
				d.attrs[d.n++] =
					(struct wanted){.attr = attrs[k], .mode = FLOW_MERGE};
		}
		assert_int_equal(written_make(mem, &d, 1, &after, skip).len, sizes[i].len);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_adrift),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
