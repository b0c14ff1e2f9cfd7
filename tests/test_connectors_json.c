#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/json.h"

static struct json *parse(const char *text)
{
	struct json *j;
	struct err err = {0};

	if (json_parse(text, strlen(text), &j, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return j;
}

#define TEN "[[[[[[[[[["
#define TEN_ENDS "]]]]]]]]]]"

/* What is taken, and what is refused with which words. */
static void test_parse(void **state)
{
	static const struct {
		const char *text, *refused;
	} cases[] = {
		{"{\"a\": [1, 2.5, true, null, \"\\u00fc\"]}", NULL},
		{"9223372036854775807", NULL},
		{TEN TEN TEN TEN TEN TEN
			"[[[["
			"]]]]" TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS,
			NULL},
		{TEN TEN TEN TEN TEN TEN
			"[[[[["
			"]]]]]" TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS TEN_ENDS,
			"nested over 64"},
		{"\"" TEN TEN TEN TEN TEN TEN TEN "\\\"" TEN "\"", NULL},
		{"{\"a\": 1, \"a\": 2}", "duplicate"},
		{"\"\\ud83d\"", "invalid Unicode"},
		{"\"\\udc00\\ud83d\"", "invalid Unicode"},
		{"\"\\u0000\"", "\\u0000"},
		{"\"\xc3\"", "unable to decode"},
		{"9223372036854775808", "too big"},
		{"1e400", "overflow"},
		{"{\"a\": 1", "expected"},
		{"[1] 2", "end of file expected"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json *j;
		struct err err = {0};
		const int r = json_parse(cases[i].text, strlen(cases[i].text), &j, &err);
		const char *want = cases[i].refused;
		if ((r < 0) != (want != NULL) || (r < 0 && err.kind != ERR_FATAL) ||
			(want != NULL && strstr(err.text, want) == NULL))
			fail_msg("case %zu: %s: %s", i, cases[i].text, err.text);
		json_free(j);
	}
}

static const char object[] =
	"{\"a\": {\"b.c\": \"dotted\", \"Case\": \"upper\", \"case\": \"lower\"},"
	" \"list\": [{\"type\": \"home\", \"value\": \"h\"}, {\"type\": \"WORK\", \"value\": "
	"\"w\"},"
	"  {\"type\": \"other\", \"primary\": true, \"value\": \"p\"}, {\"value\": \"none\"}],"
	" \"plain\": [\"x\", \"y\"], \"single\": {\"type\": \"work\", \"value\": \"s\"}, \"nil\": "
	"null}";

/* A path, and the values there. */
static void test_paths(void **state)
{
	static const struct {
		const char *path, *values;
	} cases[] = {
		{"a/b.c", "dotted"},
		{"A/B.C", "dotted"},
		{"a/case", "lower"},
		{"a/Case", "upper"},
		{"a/CASE", "upper"},
		{"a/none", ""},
		{"a/b.c/d", ""},
		{"list[]/value", "h w p none"},
		{"list[type=work]/value", "w"},
		{"list[!type=work]/value", "h p none"},
		{"list[primary]/value", "p"},
		{"plain[]", "x y"},
		{"list[0]/value", "h"},
		{"single[0]/value", "s"},
		{"single[]/value", "s"},
		{"single[type=work]/value", "s"},
		{"single[type=home]/value", ""},
		{"nil/a", ""},
	};
	struct json *j = parse(object);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json *found[8];
		struct buf b = {0};
		const size_t n = json_all(j, cases[i].path, found, 8);
		buf_puts(&b, "");
		assert_int_equal(n, json_all(j, cases[i].path, NULL, 0));
		for (size_t k = 0; k < n; k++)
			buf_printf(&b, "%s%s", k > 0 ? " " : "", json_text(found[k], ""));
		if (strcmp(b.data, cases[i].values) != 0)
			fail_msg("%s: \"%s\"", cases[i].path, b.data);
		buf_free(&b);
	}
	assert_null(json_at(NULL, "a"));
	assert_true(json_nothing(json_at(j, "nil")));
	json_free(j);
}

/* What is put where into what, and what comes of it. NULL takes away. */
static void test_put(void **state)
{
	static const struct {
		const char *before, *path, *value, *after;
	} cases[] = {
		{"{}", "a", "v", "{'a':'v'}"},
		{"{}", "a/b", "v", "{'a':{'b':'v'}}"},
		{"{'A':'x'}", "a", "v", "{'A':'v'}"},
		{"{'a':'x'}", "a/b", "v", "{'a':{'b':'v'}}"},
		{"{'a':'x','c':'y'}", "a", NULL, "{'c':'y'}"},
		{"{'c':'y'}", "a/b", NULL, "{'c':'y'}"},
		{"{}", "l[]", "v", "{'l':['v']}"},
		{"{'l':['u']}", "l[]", "v", "{'l':['u','v']}"},
		{"{'l':['u']}", "l[]", NULL, "{}"},
		{"{}", "l[]/value", "v", "{'l':[{'value':'v'}]}"},
		{"{}", "l[type=work]/value", "v", "{'l':[{'type':'work','value':'v'}]}"},
		{"{'l':[{'type':'Work','value':'u'}]}", "l[type=work]/value", "v",
			"{'l':[{'type':'Work','value':'v'}]}"},
		{"{'l':[{'type':'home','value':'u'}]}", "l[type=work]/value", "v",
			"{'l':[{'type':'home','value':'u'},{'type':'work','value':'v'}]}"},
		{"{'l':[{'type':'home','value':'u'},{'type':'work','value':'v'}]}",
			"l[type=work]/value", NULL, "{'l':[{'type':'home','value':'u'}]}"},
		{"{'l':[{'type':'work','city':'u'}]}", "l[type=work]/city", NULL,
			"{'l':[{'type':'work'}]}"},
		{"{}", "l[primary]/value", "v", "{'l':[{'primary':true,'value':'v'}]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[200];
		struct buf b = {0};
		(void)snprintf(text, sizeof(text), "%s", cases[i].before);
		for (char *c = text; *c != '\0'; c++)
			*c = *c == '\'' ? '"' : *c;
		struct json *j = parse(text);
		json_put(j, cases[i].path,
			cases[i].value != NULL ? json_new_text(value_of(cases[i].value)) : NULL);
		json_print(&b, j);
		for (char *c = b.data; *c != '\0'; c++)
			*c = *c == '"' ? '\'' : *c;
		if (strcmp(b.data, cases[i].after) != 0)
			fail_msg("case %zu: %s", i, b.data);
		buf_free(&b);
		json_free(j);
	}
}

static const struct json_field fields[] = {
	{"cn", "name", JSON_TEXT, true},
	{"uSNCreated", "number", JSON_INT, true},
	{"msExchHideFromAddressLists", "hidden", JSON_BOOL, true},
	{"whenChanged", "meta/when", JSON_TIME, true},
	{"objectGUID", "guid", JSON_GUID, true},
	{"thumbnailPhoto", "photo", JSON_BYTES, true},
	{"otherMailbox", "mails[]/value", JSON_TEXT, true},
	{"mail", "mails[primary]/value", JSON_TEXT, false},
	{"mail", "mails[0]/value", JSON_TEXT, false},
	{NULL, NULL, JSON_TEXT, false},
};

/* JSON, and the entry of it as ATTR=VALUE; bytes as their length. Or what is wrong. */
static void test_read(void **state)
{
	static const struct {
		const char *json, *entry;
	} cases[] = {
		{"{\"name\": \"Ann\", \"number\": 42, \"hidden\": true}",
			"cn=Ann uSNCreated=42 msExchHideFromAddressLists=TRUE"},
		{"{\"name\": 7, \"hidden\": \"False\"}", "cn=7 msExchHideFromAddressLists=FALSE"},
		{"{\"name\": null, \"number\": null}", ""},
		{"{\"name\": \"\"}", ""},
		{"{\"meta\": {\"when\": \"2026-11-21T11:30:00Z\"}}",
			"whenChanged=20261121113000.0Z"},
		{"{\"meta\": {\"when\": \"2026-11-21T11:30:00.123+01:30\"}}",
			"whenChanged=20261121100000.0Z"},
		{"{\"meta\": {\"when\": \"2026-02-30T11:30:00Z\"}}",
			"meta/when: is no date and time"},
		{"{\"meta\": {\"when\": \"0000-01-01T00:00:00+01:00\"}}",
			"meta/when: is no date and time"},
		{"{\"meta\": {\"when\": \"2026-11-21\"}}", "meta/when: is no date and time"},
		{"{\"guid\": \"00112233-4455-6677-8899-aabbccddeeff\"}", "objectGUID=(16)"},
		{"{\"guid\": \"0011\"}", "guid: is no GUID"},
		{"{\"photo\": \"AAEC\"}", "thumbnailPhoto=(3)"},
		{"{\"photo\": \"A!\"}", "photo: is no base64"},
		{"{\"mails\": [{\"value\": \"a\"}, {\"value\": \"b\", \"primary\": true}, {}]}",
			"otherMailbox=a otherMailbox=b mail=b"},
		{"{\"mails\": [{\"value\": \"a\"}, {\"value\": \"a\"}]}", "otherMailbox=a mail=a"},
		{"{\"name\": {}}", "name: is no text"},
		{"{\"number\": \"x\"}", "number: is no whole number"},
		{"{\"hidden\": \"yes\"}", "hidden: is no truth"},
		{"[1]", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct json *j = parse(cases[i].json);
		struct entry e = {0};
		struct err err = {0};
		struct buf b = {0};
		buf_puts(&b, "");
		if (json_read(j, fields, NULL, mem, &e, &err) < 0)
			buf_puts(&b, err.text);
		for (unsigned a = 0; err.kind == ERR_NONE && a < e.n; a++) {
			for (unsigned v = 0; v < e.attrs[a].n; v++) {
				const struct value value = e.attrs[a].values[v];
				buf_printf(&b, "%s%s=", b.len > 0 ? " " : "",
					attr_name(e.attrs[a].id));
				if (attr_syntax(e.attrs[a].id) == SYNTAX_BYTES)
					buf_printf(&b, "(%zu)", value.len);
				else
					buf_add(&b, value.data, value.len);
			}
		}
		if (strcmp(b.data, cases[i].entry) != 0)
			fail_msg("%s: %s", cases[i].json, b.data);
		buf_free(&b);
		json_free(j);
		arena_free(mem);
	}
}

/* Attribute and values, and the JSON of them. */
static void test_write(void **state)
{
	static const struct {
		const char *attr, *values[3], *json;
	} cases[] = {
		{"cn", {"Ann"}, "{\"name\":\"Ann\"}"},
		{"cn", {NULL}, "{}"},
		{"cn", {"a", "b"}, "cn: has one value only, not 2"},
		{"cn", {"\xff"}, "cn: \"\xff\" is no text"},
		{"uSNCreated", {"-42"}, "{\"number\":-42}"},
		{"uSNCreated", {"4x"}, "uSNCreated: \"4x\" is no whole number"},
		{"uSNCreated", {" 4"}, "uSNCreated: \" 4\" is no whole number"},
		{"msExchHideFromAddressLists", {"TRUE"}, "{\"hidden\":true}"},
		{"msExchHideFromAddressLists", {"yes"},
			"msExchHideFromAddressLists: \"yes\" is no truth"},
		{"whenChanged", {"20261121113000.0Z"},
			"{\"meta\":{\"when\":\"2026-11-21T11:30:00Z\"}}"},
		{"whenChanged", {"20261121113000Z"},
			"{\"meta\":{\"when\":\"2026-11-21T11:30:00Z\"}}"},
		{"whenChanged", {"2026"}, "whenChanged: \"2026\" is no date and time"},
		{"objectGUID", {"0123456789abcdef"},
			"{\"guid\":\"33323130-3534-3736-3839-616263646566\"}"},
		{"objectGUID", {"x"}, "objectGUID: \"x\" is no GUID"},
		{"thumbnailPhoto", {"abc"}, "{\"photo\":\"YWJj\"}"},
		{"otherMailbox", {"a", "b"}, "{\"mails\":[{\"value\":\"a\"},{\"value\":\"b\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json *j = json_new_object();
		struct value values[3];
		struct err err = {0};
		struct buf b = {0};
		unsigned n = 0;
		for (; cases[i].values[n] != NULL; n++)
			values[n] = value_of(cases[i].values[n]);
		const struct json_field *f = json_field_of(fields, attr_named(cases[i].attr));
		assert_non_null(f);
		if (json_write(j, f, values, n, &err) < 0)
			buf_puts(&b, err.text);
		else
			json_print(&b, j);
		if (strcmp(b.data, cases[i].json) != 0)
			fail_msg("%s: %s", cases[i].attr, b.data);
		assert_int_equal(err.kind, cases[i].json[0] == '{' ? ERR_NONE : ERR_ENTRY);
		buf_free(&b);
		json_free(j);
	}
	assert_null(json_field_of(fields, attr_named("mail")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
