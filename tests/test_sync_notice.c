#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "rules/rules.h"
#include "sync/notice.h"

static const struct shorter {
	const char *source, *wanted;
	bool shortened;
} shorter[] = {
	{"Head of everything", "Head of", true},
	{" Head of everything", "Head of ", true}, /* blanks at the ends do not count */
	{"Head of", "Head of", false},
	{"Head of ", "Head of", false},
	{"Head of", "Head of everything", false},
	{"Head of", "head", false}, /* another one */
	{"Head of", "", false},     /* left out, which is told by others */
	{"", "", false},
};

static void test_shortened(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++) {
		if (notice_shortened(value_of(shorter[i].source), value_of(shorter[i].wanted)) !=
			shorter[i].shortened)
			fail_msg("'%s' '%s'", shorter[i].source, shorter[i].wanted);
	}
}

/* attribute=value, parted by blanks */
static const struct mailbox {
	const char *entry;
	bool has;
} mailboxes[] = {
	{"objectClass=user proxyAddresses=SMTP:a@abc.example", true},
	{"objectClass=user homeMDB=CN=MDB01", true},
	{"objectClass=user msExchMailboxGuid=1", true},
	{"objectClass=user mail=a@abc.example", false}, /* an account that says where it is */
	{"objectClass=user proxyAddresses=SMTP:a@abc.example targetAddress=SMTP:a@x.example",
		false},
	{"objectClass=user objectClass=computer proxyAddresses=SMTP:a@abc.example", false},
	{"objectClass=contact proxyAddresses=SMTP:a@abc.example", false},
	{"objectClass=group proxyAddresses=SMTP:a@abc.example", false},
};

static void test_mailbox(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
		struct arena *mem = arena_new();
		struct entry e = {0};
		char *more, *text = arena_strdup(mem, mailboxes[i].entry);
		for (char *word = strtok_r(text, " ", &more); word != NULL;
			word = strtok_r(NULL, " ", &more)) {
			char *equals = strchr(word, '=');
			*equals = '\0';
			entry_add(mem, &e, attr_named(word), value_of(equals + 1));
		}
		if (notice_has_mailbox(&e) != mailboxes[i].has)
			fail_msg("%s", mailboxes[i].entry);
		arena_free(mem);
	}
}

/* Each code that a validator complains with has its kind. */
static void test_codes(void **state)
{
	struct buf b = {0};
	enum notice_kind kind;
	const char *does;
	unsigned n = 0;

	(void)state;
	validators_help(&b);
	for (char *line = strtok(b.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		line[strcspn(line, " ")] = '\0';
		if (!notice_of_code(line, false, &kind, &does) ||
			!notice_of_code(line, true, &kind, &does))
			fail_msg("%s", line);
		n++;
	}
	assert_true(n > 20);
	assert_false(notice_of_code("E_PROXY_DUP", false, &kind, &does));
	assert_false(notice_of_code("", false, &kind, &does));
	buf_free(&b);
}

static void test_order(void **state)
{
	/* as they shall be */
	static const struct notice all[] = {
		{.kind = NOTICE_DUPLICATE, .code = "", .object = {"b", 1}, .what = ""},
		{.kind = NOTICE_LONG, .person = true, .code = "", .object = {"z", 1}, .what = ""},
		{.kind = NOTICE_LONG, .code = "", .object = {"a", 1}, .what = ""},
		{.kind = NOTICE_LONG, .code = "", .object = {"b", 1}, .what = ""},
		{.kind = NOTICE_LONG,
			.code = "",
			.object = {"b", 1},
			.other = {"c", 1},
			.what = ""},
		{.kind = NOTICE_LONG,
			.code = "E_LEN",
			.object = {"b", 1},
			.other = {"c", 1},
			.what = ""},
		{.kind = NOTICE_LONG,
			.code = "E_LEN",
			.object = {"b", 1},
			.other = {"c", 1},
			.what = "more"},
	};
	enum { N = sizeof(all) / sizeof(all[0]) };
	const struct notice *mixed[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		mixed[i] = &all[(i * 3 + 2) % N];
	qsort(mixed, N, sizeof(mixed[0]), notice_order);
	for (size_t i = 0; i < N; i++)
		assert_ptr_equal(mixed[i], &all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shortened),
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
