#include "sync_cases.h"

#include "base/spool.h"
#include "sync/plan.h"
#include "sync/report.h"
#include "sync/ruling.h"

#define V(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}

/* Values as somebody hostile may have written them. */
static struct value formula[] = {
	V("=cmd|'/c calc'!A0"), V("+1"), V("-1"), V("@x"), V("plain"), V("")};
static struct value escapes[] = {V("\x1b[2Jgone"), V("a\r\nb"), V("\t=1"), V("\u202eback\u200b"),
	V("\xc2\x9b"), V("say \"x\", y")};
static struct value bytes[] = {V("\xff\xfe"), V("a\0b"), V("\x89PNG\r\n\x1a\n0123456789012345678")};
static struct value one[] = {V("1")}, two[] = {V("2"), V("3")};

static struct mod mods[] = {
	{.add = formula, .n_add = 6},
	{.add = escapes, .n_add = 6},
	{.add = bytes, .n_add = 3},
};
static struct mod changed[] = {
	{.remove = one, .n_remove = 1, .add = two, .n_add = 2},
	{.remove = two, .n_remove = 2},
};
static struct mod removed[] = {{.remove = one, .n_remove = 1}};
static const char *lines[] = {"r:1", "r:2", NULL};
static struct denied denials[] = {
	{.value = V("=x"), .side = "xyz", .authority = "abc", .rule = "r:1"},
	{.removal = true, .side = "abc", .authority = "xyz"},
	{.removal = true, .value = V("1"), .side = "abc", .authority = "xyz"},
};

static const struct value ann = {"CN=ann,DC=xyz", 13}, bob = {"CN=bob,DC=xyz", 13};

/* One step of each kind; the values of the new object are new ones of an old one, too. */
static void put_steps(struct steps *steps, bool old)
{
	const struct value source = value_of("CN=s,DC=abc"), id = value_of("s1");
	struct step all[] = {
		{.op = STEP_NONE, .number = 9, .source_id = id, .target_name = ann},
		{.op = STEP_ADD,
			.number = 4,
			.rule = "user",
			.source_id = id,
			.source_name = source,
			.target_name = ann,
			.write = true,
			.change = {.op = CHANGE_ADD, .name = ann, .n = 3, .mods = mods},
			.lines = lines,
			.message = "W_X: a\x1b[0m"},
		{.op = STEP_MODIFY,
			.number = 10,
			.rule = "user",
			.source_id = id,
			.source_name = source,
			.target_id = value_of("t1"),
			.target_name = ann,
			.write = true,
			.change = {CHANGE_MODIFY, value_of("t1"), ann, bob, 2, changed},
			.lines = lines,
			.n_denied = 3,
			.denied = denials},
		{.op = STEP_LINK,
			.number = 5,
			.source_id = id,
			.target_id = value_of("\x01"),
			.target_name = bob},
		{.op = STEP_FORGET,
			.number = 3,
			.source_id = id,
			.target_name = bob,
			.write = true,
			.change = {CHANGE_MODIFY, value_of("t1"), bob, {NULL, 0}, 1, removed},
			.lines = lines},
		{.op = STEP_DELETE,
			.number = 3,
			.source_id = id,
			.target_name = ann,
			.write = true,
			.change = {.op = CHANGE_DELETE, .name = ann}},
		{.op = STEP_CONFLICT,
			.number = 11,
			.source_id = id,
			.source_name = source,
			.message = "=E_X"},
		{.op = STEP_CONFLICT, .number = 6, .source_id = id, .message = "no names"},
	};
	struct err err;

	if (old) {
		all[1].op = STEP_MODIFY;
		all[1].change.op = CHANGE_MODIFY;
	}
	for (size_t i = 0; i < 3; i++)
		mods[i].attr = attr_of(i == 0 ? "tel" : i == 1 ? "note" : "photo");
	changed[0].attr = denials[0].attr = denials[2].attr = attr_of("tel");
	changed[1].attr = denials[1].attr = removed[0].attr = attr_of("mail");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(steps_add(steps, &all[i], &err), 0);
}

/* How it is shown. */
struct shown {
	bool colour, brief, applied, empty, old, refused;
	unsigned flows;
};

static struct plan plan_of(const struct flow *flow, bool empty, bool old)
{
	struct plan plan = {.flow = flow, .full = true, .summary = {.read = 9, .none = 1}};

	steps_init(&plan.steps);
	if (!empty) {
		put_steps(&plan.steps, old);
		plan.summary = (struct summary){9, 1, 1, 1, 1, 1, 2, 3, 0, 1, 1, 0, 0};
	}
	return plan;
}

/* The delete failed. */
static struct applied applied_of(struct plan *plan)
{
	struct applied a = {.summary = plan->summary, .texts = spool_new()};
	struct arena *mem = arena_new();
	struct step s;
	struct err err;
	uint32_t place, at;

	keys_init(&a.failures, 0, true);
	a.summary.failed = 1;
	assert_int_equal(spool_add(a.texts, "insufficient\taccess", 19, &at, &err), 0);
	assert_int_equal(plan_rewind(plan, &err), 0);
	while (plan_next(plan, mem, &s, &place, &err) == 1) {
		if (s.op == STEP_DELETE)
			keys_put(&a.failures, place + 1ull, at);
	}
	arena_free(mem);
	return a;
}

/* A report as it is written; the caller frees it. */
static char *report_of(enum report_format format, struct shown how)
{
	const struct flow flow = {.name = "abc-to-xyz"};
	const struct ruling ruling = {.n = how.refused, .reasons = {"=9 deletes, too many"}};
	char *text = NULL;
	size_t len;
	struct report r = {.format = format,
		.out = open_memstream(&text, &len),
		.colour = how.colour,
		.brief = how.brief,
		.ruling = &ruling};
	struct err err = {0};

	report_begin(&r);
	for (unsigned i = 0; i < how.flows; i++) {
		struct plan plan = plan_of(&flow, how.empty, how.old);
		struct applied applied = applied_of(&plan);
		if (report_flow(&r, &plan, how.applied ? &applied : NULL, &err) < 0)
			fail_msg("%s", err.text);
		applied_free(&applied);
		plan_free(&plan);
	}
	assert_int_equal(report_end(&r, &err), 0);
	fclose(r.out);
	assert_int_equal(strlen(text), len);
	return text;
}

/* As the file of that name in tests/report, but for carriage returns. */
static void check_report(const char *name, enum report_format format, struct shown how)
{
	struct arena *mem = arena_new();
	char *text = report_of(format, how), *to = text;
	struct buf expected = {0};
	FILE *f = fopen(arena_printf(mem, "%s/report/%s", TEST_DIR, name), "r");

	for (const char *from = text; *from != '\0'; from++) {
		/* What a directory said does not reach the reader as it is. */
		assert_true(*from != '\x1b' && *from != '\t' && *from != '\x7f');
		assert_true((*from == '\r') == (format == REPORT_CSV && from[1] == '\n'));
		if (*from != '\r')
			*to++ = *from;
	}
	*to = '\0';
	assert_non_null(f);
	expected.len = fread(buf_room(&expected, 65535), 1, 65535, f);
	expected.data[expected.len] = '\0';
	fclose(f);
	if (strcmp(text, expected.data) != 0) {
		(void)fputs(text, stderr);
		fail_msg("report/%s is not that", name);
	}
	buf_free(&expected);
	free(text);
	arena_free(mem);
}

static void test_formats(void **state)
{
	(void)state;
	check_report("plan.txt", REPORT_TEXT, (struct shown){.flows = 1});
	check_report("plan.csv", REPORT_CSV, (struct shown){.flows = 1});
	check_report("plan.json", REPORT_JSON, (struct shown){.flows = 1});
	check_report("plan.ldif", REPORT_LDIF, (struct shown){.flows = 1});
	check_report("plan.md", REPORT_MARKDOWN, (struct shown){.flows = 1});
	check_report("values.md", REPORT_MARKDOWN, (struct shown){.flows = 1, .old = true});
	check_report("applied.md", REPORT_MARKDOWN, (struct shown){.flows = 2, .applied = true});
	check_report("plan.dsml", REPORT_DSML, (struct shown){.flows = 1});
	check_report("empty.txt", REPORT_TEXT, (struct shown){.flows = 2, .empty = true});
	check_report("empty.csv", REPORT_CSV, (struct shown){.flows = 2, .empty = true});
	check_report("empty.json", REPORT_JSON, (struct shown){.flows = 2, .empty = true});
	check_report("none.json", REPORT_JSON, (struct shown){.flows = 0});
	/* What is refused does not look as if it were done. */
	check_report("refused.txt", REPORT_TEXT,
		(struct shown){.flows = 1, .brief = true, .refused = true});
	check_report("refused.csv", REPORT_CSV, (struct shown){.flows = 1, .refused = true});
	check_report("refused.ldif", REPORT_LDIF, (struct shown){.flows = 1, .refused = true});
	check_report("refused.dsml", REPORT_DSML, (struct shown){.flows = 1, .refused = true});
	/* What was applied: what failed, and why; and only what somebody has to look at. */
	check_report("applied.json", REPORT_JSON, (struct shown){.flows = 1, .applied = true});
	check_report("brief.txt", REPORT_TEXT,
		(struct shown){.flows = 1, .applied = true, .brief = true});
}

/* A flow that came to nothing, between two that did: where it is told, and how. */
static void test_stopped(void **state)
{
	static const struct {
		enum report_format format;
		const char *told;
	} cases[] = {
		{REPORT_TEXT, NULL},
		{REPORT_JSON, "},{\"flow\":\"<b>\",\"exit\":5,\"error\":\"a \\\"b\\\" "
			      "<i>\\\\x1b\"},{"},
		{REPORT_CSV, NULL},
		{REPORT_LDIF, NULL},
		{REPORT_DSML, NULL},
		{REPORT_HTML,
			"<section><h2>&lt;b&gt;</h2>\n<div class=\"verdict refused\">It did not "
			"come to its end (exit code 5): a &quot;b&quot; &lt;i&gt;"},
		{REPORT_MARKDOWN,
			"\n\n# \\<b\\>\n\n**It did not come to its end** (exit code 5): a "
			"\"b\" \\<i\\>\\\\x1b\n\n# "},
	};
	const struct flow flow = {.name = "abc-to-xyz"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text, *without = report_of(cases[i].format, (struct shown){.flows = 2});
		size_t len;
		struct report r = {.format = cases[i].format, .out = open_memstream(&text, &len)};
		struct err err = {0};
		report_begin(&r);
		for (unsigned k = 0; k < 2; k++) {
			struct plan plan = plan_of(&flow, false, false);
			assert_int_equal(report_flow(&r, &plan, NULL, &err), 0);
			plan_free(&plan);
			if (k == 0)
				report_stopped(&r, "<b>", 5, "a \"b\" <i>\x1b");
		}
		assert_int_equal(report_end(&r, &err), 0);
		fclose(r.out);
		if (cases[i].told == NULL)
			assert_string_equal(text, without);
		else if (strstr(text, cases[i].told) == NULL)
			fail_msg("%s: %s", cases[i].told, text);
		free(text);
		free(without);
	}
}

/* Colours change nothing but the colours. */
static void test_colour(void **state)
{
	char *plain = report_of(REPORT_TEXT, (struct shown){.flows = 1, .applied = true});
	char *text =
		report_of(REPORT_TEXT, (struct shown){.flows = 1, .applied = true, .colour = true});
	char *to = text;
	unsigned n = 0;

	(void)state;
	for (const char *from = text; *from != '\0';) {
		if (*from == '\x1b') {
			n++;
			from += strcspn(from, "m") + 1;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	assert_string_equal(text, plain);
	assert_true(n > 40);
	free(text);
	free(plain);
}

/* A value as a person sees it. */
static const struct {
	struct value value;
	const char *text;
} values[] = {
	{V(""), ""},
	{V("Ann Müller"), "Ann Müller"},
	{V("\x1b[31m\n\x7f"), "\\x1b[31m\\x0a\\x7f"},
	{V("\u202e"), "\\xe2\\x80\\xae"},
	{V("\xff"), "(1 bytes) /w=="},
	{V("a\0"), "(2 bytes) YQA="},
	{V("\xff-23456789-123456789-1234"), "(25 bytes) /y0yMzQ1Njc4OS0xMjM0NTY3ODktMTIz..."},
};

static void test_values(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_string_equal(report_value(mem, values[i].value), values[i].text);
	assert_string_equal(report_value(mem, (struct value){NULL, 0}), "");
	arena_free(mem);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"text", "json", "csv", "ldif", "dsml", "html", "markdown"};
	enum report_format format;

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		assert_true(report_format(names[i], &format));
		assert_int_equal(format, i);
	}
	assert_false(report_format("xml", &format));
	assert_false(report_format("", &format));
}

/* A report that cannot be written says so, in every format. */
static void test_full_disk(void **state)
{
	const struct flow flow = {.name = "abc-to-xyz"};

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		struct report r = {.format = (enum report_format)i, .out = fopen("/dev/full", "w")};
		struct plan plan = plan_of(&flow, false, false);
		struct err err = {0};
		assert_non_null(r.out);
		setvbuf(r.out, NULL, _IONBF, 0);
		report_begin(&r);
		int rc = report_flow(&r, &plan, NULL, &err);
		assert_true(report_end(&r, &err) < 0 || rc < 0);
		assert_int_equal(err.kind, ERR_BUSY);
		fclose(r.out);
		plan_free(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
