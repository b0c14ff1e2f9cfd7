#include "sync_cases.h"

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
	/* given to a new entry only: whatever is there later is theirs */
	{"note?=x", "note=x", "note?"},
	{"note?=x", "", "note?"},
	/* values of others stand beside ours */
	{"px+=smtp:a", "px=smtp:a px=smtp:b", "px?"},
	/* what others write is not remembered */
	{"tel=1", "tel=1 mail=a other=3", "tel=1 mail? other?"},
};

static const char *remembered(struct arena *mem, const struct written *w, const char *word)
{
	char *name = arena_strdup(mem, word);
	size_t n = strcspn(name, "=-?");
	char sign = name[n];
	uint32_t digest = 1;

	name[n] = '\0';
	unsigned attr = attr_of(name);
	int known = written_digest(w, attr, &digest);
	if (known == 0)
		return arena_printf(mem, "%s?", name);
	if (digest == 0)
		return arena_printf(mem, "%s-", name);
	/* Are they these values? */
	struct attr a = {attr, 0, arena_alloc(mem, 8 * sizeof(struct value))};
	char *at = name + n + 1, *value;
	while (sign == '=' && (value = strsep(&at, ",")) != NULL)
		a.values[a.n++] = value_of(value);
	return (uint32_t)attr_digest(&a) == digest ? word : arena_printf(mem, "%s=...", name);
}

static struct written make(struct arena *mem, const struct flow *f, const char *wanted,
	const char *after, const bool *skip)
{
	struct desired d = desired_of(mem, f, wanted);
	struct entry e = entry_of(mem, arena_printf(mem, "t1 cn=ann %s", after));

	return (struct written){d.rule, f->epoch, written_make(mem, &d, f->epoch, &e, skip)};
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
	uint32_t digest;

	(void)state;
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 1);
	w.epoch++;
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 0);
	/* Values of ours are ours under any rules. */
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	w.epoch--;
	w.rule = rules_at(f.rules, 1);
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 0);
	struct rules *less = rules_of(mem, "rule user\n scope (cn=*)\n name [cn]\n tel = [tel]\n");
	w.rule = rules_at(less, 0);
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 0);
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
	for (size_t i = 0; i < 6; i++) {
		assert_true(written_value(&w, attr_of(ours[i][0]), value_of(ours[i][1])));
		assert_false(written_value(&w, attr_of(theirs[i][0]), value_of(theirs[i][1])));
	}
	w = make(mem, &f, "tel=1 url+=", "", no_skip);
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
	uint32_t digest;

	(void)state;
	for (unsigned i = 0; i < n; i++)
		skip[i] = attrs[i] == attr_of("tel") || attrs[i] == attr_of("url");
	struct written w = make(mem, &f, "tel=1 mail=a px+=smtp:a url+=u", "tel=1 mail=a", skip);
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 0);
	assert_int_equal(written_digest(&w, attr_of("mail"), &digest), 1);
	assert_false(written_value(&w, attr_of("url"), value_of("u")));
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

/* What was ours before stays ours when this run may not write it. */
static void test_keep(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written before = make(mem, &f, "px+=SMTP:a url+=u", "", no_skip);
	struct written w = make(mem, &f, "url+=v", "", no_skip);

	(void)state;
	w.bytes = written_keep(mem, w.bytes, before.bytes, attr_of("px"));
	assert_true(written_value(&w, attr_of("px"), value_of("SMTP:a")));
	assert_true(written_value(&w, attr_of("url"), value_of("v")));
	assert_false(written_value(&w, attr_of("url"), value_of("u")));
	assert_true(value_same(
		written_keep(mem, w.bytes, (struct value){NULL, 0}, attr_of("px")), w.bytes));
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
	uint32_t digest;

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		char *cut = malloc(len + 1);
		memcpy(cut, whole.data, len);
		w.bytes = (struct value){cut, len};
		(void)written_digest(&w, attr_of("tel"), &digest);
		(void)written_digest(&w, attr_of("hide"), &digest);
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
	static const uint64_t names[] = {7, 0, UINT64_MAX};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct written w =
		make(mem, &f, "tel=1 url+=u px+=smtp:a", "tel=1 url=u px=smtp:a", no_skip);
	struct value none = w.bytes;
	uint32_t digest;

	(void)state;
	assert_true(value_same(written_with_references(mem, none, names, 0), none));
	w.bytes = written_with_references(mem, none, names, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(refers(w.bytes, names[i]));
		assert_false(refers(none, names[i]));
	}
	assert_false(refers(w.bytes, 8));
	assert_false(refers((struct value){NULL, 0}, 7));
	assert_int_equal(written_digest(&w, attr_of("tel"), &digest), 1);
	assert_true(written_value(&w, attr_of("url"), value_of("u")));
	assert_false(written_value(&w, attr_of("url"), value_of("v")));
	for (size_t len = 0; len < w.bytes.len; len++) {
		char *cut = malloc(len + 1);
		memcpy(cut, w.bytes.data, len);
		assert_false(refers((struct value){cut, len}, 7));
		free(cut);
	}
	arena_free(mem);
}

/* More attributes than are remembered by place: but values of ours are. */
static void test_many(void **state)
{
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct buf text = {0};
	static const bool skip[400];
	uint32_t digest;

	(void)state;
	buf_puts(&text, "rule user\n scope (cn=*)\n name [cn]\n url merge = [url]\n");
	for (unsigned i = 0; i < 300; i++)
		buf_printf(&text, " many%u = [cn]\n", i);
	f.rules = rules_of(mem, text.data);
	buf_free(&text);
	struct written w = make(mem, &f, "many1=1 url+=u", "many1=1 url=u", skip);
	assert_int_equal(written_digest(&w, attr_of("many1"), &digest), 0);
	assert_true(written_value(&w, attr_of("url"), value_of("U")));
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
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
