#include "sync_cases.h"

#include <stdlib.h>
#include <time.h>

#include "base/spool.h"
#include "sync/people.h"
#include "sync/plan.h"
#include "sync/report.h"

#define V(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}

/* The section, and what comes of it: generation, distribution, download, at most, in hours. */
static const struct {
	const char *section;
	long long hours[4];
} books[] = {
	{"", {24, 8, 24, 48}},
	{"address-book { }", {24, 8, 24, 48}},
	{"address-book { download = 4h }", {24, 8, 4, 36}},
	{"address-book { generation = 8h distribution = 0s download = 1h }", {8, 0, 1, 9}},
	{"address-book { at-most = 56h }", {24, 8, 24, 56}},
	{"address-book { generation = 1d at-most = 2d }", {24, 8, 24, 48}},
};

static void test_books(void **state)
{
	static const struct section_shape sections[] = {
		{.name = "address-book", .settings = address_book_settings}, {.name = NULL}};
	static const struct setting none[] = {{NULL, SETTING_TEXT, NULL, NULL, NULL}};
	const struct section_shape root = {.name = "x", .settings = none, .inner = sections};

	(void)state;
	for (size_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		struct arena *mem = arena_new();
		char path[] = "/tmp/galway-people-XXXXXX";
		struct address_book b;
		struct config *config;
		struct err err;
		const int fd = mkstemp(path);
		assert_int_equal(write(fd, books[i].section, strlen(books[i].section)),
			(ssize_t)strlen(books[i].section));
		close(fd);
		if (config_load(mem, path, &root, &config, &err) < 0)
			fail_msg("%s", err.text);
		(void)unlink(path);
		address_book_read(config_section(config, "address-book", NULL), &b);
		assert_int_equal(b.generation, 3600 * books[i].hours[0]);
		assert_int_equal(b.distribution, 3600 * books[i].hours[1]);
		assert_int_equal(b.download, 3600 * books[i].hours[2]);
		assert_int_equal(b.at_most, 3600 * books[i].hours[3]);
		arena_free(mem);
	}
}

static struct value ann[] = {V("sip:ann@abc.example")}, anne[] = {V("SIP:anne@abc.example")};
static struct value bob[] = {V("sip:bob@abc.example")}, bob2[] = {V("sip:bob@xyz.example")};
static struct value one[] = {V("1")};
static struct mod mods[] = {{.remove = ann, .n_remove = 1, .add = anne, .n_add = 1},
	{.remove = bob, .n_remove = 1, .add = bob2, .n_add = 1}, {.remove = bob2, .n_remove = 1},
	{.add = one, .n_add = 1}, {.add = ann, .n_add = 1}};
static const char *lines[] = {NULL};

/* Which steps there are, each a modify of mods[letter]; "!" behind it: it failed. */
static struct plan plan_of(const struct flow *flow, const char *letters, struct applied *applied)
{
	struct plan plan = {.flow = flow, .full = true};
	struct err err;
	uint32_t at;

	for (unsigned i = 0; i < 5; i++)
		mods[i].attr = attr_of(i == 3 ? "title" : "msRTCSIP-PrimaryUserAddress");
	steps_init(&plan.steps);
	plan.steps.as_added = true;
	*applied = (struct applied){.texts = spool_new(), .finished = 1794243600};
	keys_init(&applied->failures, 0, true);
	assert_int_equal(spool_add(applied->texts, "no", 2, &at, &err), 0);
	for (; *letters != '\0'; letters++) {
		const char name[] = {'C', 'N', '=', '<', *letters, '|'};
		const struct value dn = {name, sizeof(name)};
		if (*letters == '!')
			continue;
		const struct step s = {.op = STEP_MODIFY,
			.number = 10,
			.source_id = dn,
			.target_name = dn,
			.write = true,
			.change = {CHANGE_MODIFY, dn, dn, {NULL, 0}, 1, &mods[*letters - 'a']},
			.lines = lines};
		assert_int_equal(steps_add(&plan.steps, &s, &err), 0);
		applied->summary.modify++;
	}
	return plan;
}

static void fail_steps(struct plan *plan, struct applied *applied, const char *letters)
{
	struct arena *mem = arena_new();
	struct step s;
	struct err err;
	uint32_t place;

	assert_int_equal(plan_rewind(plan, &err), 0);
	while (plan_next(plan, mem, &s, &place, &err) == 1) {
		if (letters[1] == '!')
			keys_put(&applied->failures, place + 1ull, 0);
		letters += letters[1] == '!' ? 2 : 1;
	}
	arena_free(mem);
}

/* Steps; how many SIP addresses changed, for how many meetings, how many hints. */
static const struct {
	const char *steps;
	unsigned long n_sip, meetings;
	unsigned hints;
} cases[] = {
	{"d", 0, 0, 1},
	{"e", 0, 0, 3},
	{"a", 1, 1, 3},
	{"b", 1, 0, 3},
	{"c", 1, 1, 3},
	{"abcde", 3, 2, 3},
	{"a!b", 1, 0, 3},
	{"a!d", 0, 0, 1},
};

/* One that writes addresses. */
static struct flow writer_of(struct arena *mem)
{
	struct flow f = {.name = "abc-to-xyz"};

	attr_set_add(mem, &f.writes, attr_of("proxyAddresses"));
	return f;
}

static const struct address_book book = {86400, 28800, 86400, 172800};

static void test_people(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		const struct flow flow = writer_of(mem);
		struct applied applied;
		struct plan plan = plan_of(&flow, cases[i].steps, &applied);
		struct people p;
		struct err err;
		unsigned long meetings = 0;
		fail_steps(&plan, &applied, cases[i].steps);
		assert_int_equal(people_of(&book, &plan, &applied, mem, &p, &err), 0);
		assert_true(p.told);
		assert_int_equal(p.by, 1794243600 + 48 * 3600);
		assert_int_equal(p.n_sip, cases[i].n_sip);
		assert_int_equal(p.n_hints, cases[i].hints);
		for (unsigned long k = 0; k < p.n_sip; k++)
			meetings += p.sip[k].meetings;
		assert_int_equal(meetings, cases[i].meetings);
		applied_free(&applied);
		plan_free(&plan);
		arena_free(mem);
	}
}

/* To whom nothing is told. */
static void test_nobody(void **state)
{
	struct arena *mem = arena_new();
	const struct flow flow = writer_of(mem), other = {.name = "x"};
	struct applied applied;
	struct plan plan = plan_of(&flow, "a", &applied);
	struct people p;
	struct err err;

	(void)state;
	assert_int_equal(people_of(NULL, &plan, &applied, mem, &p, &err), 0);
	assert_false(p.told);
	assert_int_equal(people_of(&book, &plan, NULL, mem, &p, &err), 0);
	assert_false(p.told);
	applied.summary.modify = 0;
	assert_int_equal(people_of(&book, &plan, &applied, mem, &p, &err), 0);
	assert_false(p.told);
	applied.summary.add = 1;
	plan.flow = &other;
	assert_int_equal(people_of(&book, &plan, &applied, mem, &p, &err), 0);
	assert_false(p.told);
	plan.flow = &flow;
	assert_int_equal(people_of(&book, &plan, &applied, mem, &p, &err), 0);
	assert_true(p.told);
	applied_free(&applied);
	plan_free(&plan);
	arena_free(mem);
}

/* What the formats say of two SIP addresses that changed. */
static const struct {
	enum report_format format;
	bool brief;
	const char *says[4], *without;
} said[] = {
	{REPORT_TEXT, false,
		{"in everybody's address book by 2026-11-11T17:00:00+00:00 (48 hours at worst: "
		 "generated every 24 hours, distributed every 8 hours, downloaded by Outlook every "
		 "24 hours)\n",
			"  Lync, Skype for Business: ", "  SIP addresses that changed: 2\n",
			"    sip:ann@abc.example -> SIP:anne@abc.example  CN=<a|: contacts outside "
			"are to be told, and meetings to be scheduled anew\n"},
		"\033"},
	{REPORT_TEXT, true,
		{"in everybody's address book by 2026-11-11T17:00:00+00:00",
			"  SIP addresses that changed: 2\n",
			"    sip:bob@abc.example -> sip:bob@xyz.example  CN=<b|: contacts outside "
			"are to be told\n",
			""},
		"Teams"},
	{REPORT_HTML, false,
		{"<li>In everybody&#39;s address book by 2026-11-11T17:00:00+00:00 (48 hours",
			"<li>Teams: ", "<h3>SIP addresses that changed: 2</h3>",
			"sip:ann@abc.example \xe2\x86\x92 SIP:anne@abc.example, CN=&lt;a|: "},
		"<a|"},
	{REPORT_MARKDOWN, false,
		{"\n- In everybody's address book by 2026-11-11T17:00:00+00:00 (48 hours",
			"\n- Teams: ", "\nSIP addresses that changed: 2. Contacts",
			"\n| CN=\\<a\\| | sip\\:ann\\@abc\\.example | SIP\\:anne\\@abc\\.example | "
			"schedule anew |\n"},
		"=<a"},
	{REPORT_JSON, false,
		{"\"people\":{\"by\":\"2026-11-11T17:00:00+00:00\",\"seconds\":{\"generation\":"
		 "86400,\"distribution\":28800,\"download\":86400,\"at-most\":172800}",
			"\"sip-changes\":2",
			"{\"name\":\"CN=<a|\",\"before\":\"sip:ann@abc.example\","
			"\"after\":\"SIP:anne@abc.example\",\"meetings\":true}",
			"\"steps\":[\n{\"op\":\"modify\""},
		"\033"},
};

static void test_formats(void **state)
{
	struct arena *mem = arena_new();
	const struct flow flow = writer_of(mem);

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct applied applied;
		struct plan plan = plan_of(&flow, "ab", &applied);
		struct err err;
		char *text = NULL;
		size_t len;
		struct report r = {.format = said[i].format,
			.brief = said[i].brief,
			.book = &book,
			.out = open_memstream(&text, &len)};
		report_begin(&r);
		if (report_flow(&r, &plan, &applied, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(report_end(&r, &err), 0);
		fclose(r.out);
		for (unsigned k = 0; k < 4; k++) {
			if (strstr(text, said[i].says[k]) == NULL)
				fail_msg("%s\nlacks %s", text, said[i].says[k]);
		}
		assert_null(strstr(text, said[i].without));
		free(text);
		applied_free(&applied);
		plan_free(&plan);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_books),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_formats),
	};

	(void)setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests_name("sync_people", tests, NULL, NULL);
}
