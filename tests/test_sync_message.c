#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/entry.h"
#include "sync/message.h"

#define HEAD "From: galway@abc.example\r\nTo: a@abc.example,\r\n b@abc.example\r\n"

static const char *const to[] = {"a@abc.example", "b@abc.example"};

static struct message message_of(const char *subject)
{
	return (struct message){.from = "galway@abc.example",
		.to = to,
		.n_to = 2,
		.subject = subject,
		.date = 1794243600,
		.id = "1",
		.text = value_of("one\ntwo"),
		.page = value_of("")};
}

/* A subject, and its header. */
static const struct {
	const char *subject, *header;
} subjects[] = {
	{"done, 3 added", "Subject: done, 3 added\r\n"},
	{"", "Subject: \r\n"},
	{"a\r\nBcc: eve@abc.example", "Subject: a\\x0d\\x0aBcc: eve@abc.example\r\n"},
	{"=?utf-8?q?x?=", "Subject: =?UTF-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n"},
	{"M\xc3\xbcller", "Subject: =?UTF-8?B?TcO8bGxlcg==?=\r\n"},
	{"\x1b[2J\xe2\x80\xae\xff", "Subject: \\x1b[2J\\xe2\\x80\\xae\\xff\r\n"},
	/* 57 bytes stand as they are, 58 do not. */
	{"123456789 123456789 123456789 123456789 123456789 1234567",
		"Subject: 123456789 123456789 123456789 123456789 123456789 1234567\r\n"},
	{"123456789 123456789 123456789 123456789 123456789 12345678",
		"Subject: =?UTF-8?B?MTIzNDU2Nzg5IDEyMzQ1Njc4OSAxMjM0NTY3ODkgMTIzNDU2Nzg5?=\r\n"
		" =?UTF-8?B?IDEyMzQ1Njc4OSAxMjM0NTY3OA==?=\r\n"},
	/* A word ends with a character: the 39th byte is within one. */
	{"123456789 123456789 123456789 12345678\xc3\xbc",
		"Subject: =?UTF-8?B?MTIzNDU2Nzg5IDEyMzQ1Njc4OSAxMjM0NTY3ODkgMTIzNDU2Nzg=?=\r\n"
		" =?UTF-8?B?w7w=?=\r\n"},
};

static void test_subjects(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const struct message m = message_of(subjects[i].subject);
		struct buf b = {0};
		message_print(&b, &m);
		assert_memory_equal(b.data, HEAD, sizeof(HEAD) - 1);
		const char *header = b.data + sizeof(HEAD) - 1;
		assert_true(strlen(header) > strlen(subjects[i].header));
		const char kept = header[strlen(subjects[i].header)];
		b.data[sizeof(HEAD) - 1 + strlen(subjects[i].header)] = '\0';
		assert_string_equal(header, subjects[i].header);
		assert_int_equal(kept, 'D');
		buf_free(&b);
	}
}

/* A time zone, and the moment in it. */
static const struct {
	const char *zone, *date;
} dates[] = {
	{"UTC", "Date: Mon, 9 Nov 2026 17:00:00 +0000\r\n"},
	{"Europe/Berlin", "Date: Mon, 9 Nov 2026 18:00:00 +0100\r\n"},
	{"America/St_Johns", "Date: Mon, 9 Nov 2026 13:30:00 -0330\r\n"},
	{"Asia/Kathmandu", "Date: Mon, 9 Nov 2026 22:45:00 +0545\r\n"},
	{"Pacific/Kiritimati", "Date: Tue, 10 Nov 2026 07:00:00 +1400\r\n"},
};

static void test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		const struct message m = message_of("x");
		struct buf b = {0};
		(void)setenv("TZ", dates[i].zone, 1);
		tzset();
		message_print(&b, &m);
		assert_non_null(strstr(b.data, dates[i].date));
		buf_free(&b);
	}
}

/* The rest, and how lines end. */
static void test_parts(void **state)
{
	const struct message m = message_of("x");
	struct buf b = {0};

	(void)state;
	message_print(&b, &m);
	assert_non_null(strstr(b.data, "Message-ID: <1@abc.example>\r\nAuto-Submitted: "
				       "auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: "
				       "multipart/alternative; boundary=\"=_galway_report\"\r\n\r\n"
				       "--=_galway_report\r\nContent-Type: text/plain; "
				       "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
				       "b25lDQp0d28=\r\n--=_galway_report\r\nContent-Type: "
				       "text/html; "));
	assert_non_null(strstr(b.data, "\r\n\r\n--=_galway_report--\r\n"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests_name("sync_message", tests, NULL, NULL);
}
