/*
 * Entries of search results, made of BER that is written here: what is taken, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/ldap_entry.h"

#define BASE "ou=people,dc=abc,dc=example"

/* Tag, length in as few bytes as it takes, content. */
static void element(struct buf *b, unsigned char tag, const char *data, size_t len)
{
	buf_putc(b, (char)tag);
	if (len >= 0x80)
		buf_putc(b, (char)0x82);
	if (len >= 0x80)
		buf_putc(b, (char)(len >> 8));
	buf_putc(b, (char)(len & 0xff));
	buf_add(b, data, len);
}

static void add_values(struct buf *set, const char *text, size_t len)
{
	while (len > 0) {
		const char *comma = memchr(text, ',', len);
		const size_t n = comma != NULL ? (size_t)(comma - text) : len;
		element(set, 0x04, text, n);
		text += n + (comma != NULL);
		len -= n + (comma != NULL);
	}
}

/* A PartialAttributeList of "cn=Ann,B mail=a": words, each an attribute and its values. */
static void list_of(struct buf *list, const char *text)
{
	while (*text != '\0') {
		const size_t word = strcspn(text, " ");
		const char *equals = memchr(text, '=', word);
		/* "member;range=0-1" has one more in its name. */
		const char *option = memmem(text, word, ";range=", 7);
		struct buf set = {0}, one = {0};
		if (option != NULL)
			equals = memchr(option + 7, '=', word - (size_t)(option + 7 - text));
		buf_puts(&set, "");
		add_values(&set, equals + 1, word - (size_t)(equals + 1 - text));
		element(&one, 0x04, text, (size_t)(equals - text));
		element(&one, 0x31, set.data, set.len);
		element(list, 0x30, one.data, one.len);
		buf_free(&set);
		buf_free(&one);
		text += word + strspn(text + word, " ");
	}
}

static struct attr_set set_of(struct arena *mem, const char *names)
{
	struct attr_set set = {0};

	while (*names != '\0') {
		const size_t len = strcspn(names, " ");
		attr_set_add(mem, &set, attr_id(names, len));
		names += len + strspn(names + len, " ");
	}
	return set;
}

/* "cn=Ann,B mail=a", with "part " in front when there are more values; or "error: ...". */
static const char *outcome(struct arena *mem, int r, const struct entry *e, const struct err *err)
{
	const char *text = r < 0 ? arena_printf(mem, "error: %s", err->text) : r == 1 ? "part" : "";

	for (unsigned i = 0; r >= 0 && i < e->n; i++) {
		text = arena_printf(
			mem, "%s%s%s=", text, *text != '\0' ? " " : "", attr_name(e->attrs[i].id));
		for (unsigned k = 0; k < e->attrs[i].n; k++)
			text = arena_printf(mem, "%s%s%.*s", text, k > 0 ? "," : "",
				(int)e->attrs[i].values[k].len, e->attrs[i].values[k].data);
	}
	return text;
}

static const struct {
	const char *name, *attributes, *wanted /* NULL: all */, *expected;
} cases[] = {
	{"cn=a," BASE, "entryUUID=1 cn=Ann,B mail=a", "cn mail", "entryUUID=1 cn=Ann,B mail=a"},
	{"cn=a," BASE, "CN=Ann entryUUID=1", "cn mail", "cn=Ann entryUUID=1"},
	{"cn=a," BASE, "entryUUID=1 title=x", NULL, "entryUUID=1 title=x"},
	{BASE, "entryUUID=1", "cn", "entryUUID=1"},
	/* Present without values: it is not there. */
	{"cn=a," BASE, "entryUUID=1 member=", "member", "entryUUID=1"},
	{"cn=a," BASE, "entryUUID=1 member= member;range=0-1=x,y", "member",
		"part entryUUID=1 member;range=0-1=x,y"},
	{"cn=a," BASE, "entryUUID=1 member;range=0-*=x,y", "member", "entryUUID=1 member=x,y"},
	{"cn=a," BASE, "entryUUID=1 userCertificate;binary=x", "userCertificate",
		"entryUUID=1 userCertificate=x"},
	/* Options and subtypes of what was asked for come with it. */
	{"cn=a," BASE, "entryUUID=1 cn=Ann cn;lang-de=Anna", "cn", "entryUUID=1 cn=Ann"},
	{"cn=a," BASE, "entryUUID=1 sn=x cn=Ann", "name cn", "entryUUID=1 cn=Ann"},
	{"cn=a," BASE, "entryUUID=1 owner=x", "distinguishedName", "entryUUID=1"},
	/* Names */
	{"CN=a,OU=People,DC=ABC,DC=Example", "entryUUID=1", "cn", "entryUUID=1"},
	{"cn=a, ou=people, dc=abc, dc=example", "entryUUID=1", "cn", "entryUUID=1"},
	{"cn=a\\,ou=people,dc=abc,dc=example", "entryUUID=1", "cn",
		"error: cn=a\\,ou=people,dc=abc,dc=example: lies outside of " BASE},
	{"cn=a\\\\," BASE, "entryUUID=1", "cn", "entryUUID=1"},
	{"cn=a,xou=people,dc=abc,dc=example", "entryUUID=1", "cn",
		"error: cn=a,xou=people,dc=abc,dc=example: lies outside of " BASE},
	{"dc=abc,dc=example", "entryUUID=1", "cn",
		"error: dc=abc,dc=example: lies outside of " BASE},
	{"", "entryUUID=1", "cn", "error: : lies outside of " BASE},
	/* What was not asked for */
	{"cn=a," BASE, "entryUUID=1 mail=a", "cn", "error: cn=a," BASE ": nobody asked for mail"},
	{"cn=a," BASE, "entryUUID=1 mail;lang-de=a", "cn",
		"error: cn=a," BASE ": nobody asked for mail;lang-de"},
	{"cn=a," BASE, "entryUUID=1 mail;range=0-1=a,b", "cn",
		"error: cn=a," BASE ": nobody asked for mail;range=0-1"},
	{"cn=a," BASE, "entryUUID=1 cn;range=1-0=a", "cn",
		"error: cn=a," BASE ": nobody asked for cn;range=1-0"},
	{"cn=a," BASE, "entryUUID=1 c/n=a", NULL, "error: cn=a," BASE ": nobody asked for c/n"},
	{"cn=a," BASE, "entryUUID=1 cn=a CN=b", "cn",
		"error: cn=a," BASE ": has this attribute twice: CN"},
	{"cn=a," BASE, "cn=a", "cn",
		"error: cn=a," BASE ": has no entryUUID: may the account read it, is `id` right?"},
	{"cn=a," BASE, "entryUUID= cn=a", "cn",
		"error: cn=a," BASE ": has no entryUUID: may the account read it, is `id` right?"},
};

static struct search_request request(const struct attr_set *wanted)
{
	return (struct search_request){.base = BASE,
		.scope = LDAP_SCOPE_SUBTREE,
		.wanted = wanted,
		.id = attr_named("entryUUID")};
}

static void test_cases(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attr_set wanted = {0};
		struct buf list = {0};
		struct entry e;
		struct err err;
		if (cases[i].wanted != NULL)
			wanted = set_of(mem, cases[i].wanted);
		const struct search_request req = request(cases[i].wanted != NULL ? &wanted : NULL);
		list_of(&list, cases[i].attributes);
		int r = entry_read(value_of(cases[i].name), (struct value){list.data, list.len},
			&req, mem, &e, &err);
		assert_string_equal(outcome(mem, r, &e, &err), cases[i].expected);
		assert_true(r < 0 || e.key == entry_key(value_of("1")));
		buf_free(&list);
		arena_reset(mem);
	}
	arena_free(mem);
}

/* With another scope the base itself is all there may be. */
static void test_base_scope(void **state)
{
	struct arena *mem = arena_new();
	struct search_request req = request(NULL);
	struct buf list = {0};
	struct entry e;
	struct err err;

	(void)state;
	req.scope = LDAP_SCOPE_BASE;
	list_of(&list, "entryUUID=1");
	const struct value bytes = {list.data, list.len};
	assert_int_equal(
		entry_read(value_of("OU=people,dc=abc,dc=example"), bytes, &req, mem, &e, &err), 0);
	assert_int_equal(entry_read(value_of("cn=a," BASE), bytes, &req, mem, &e, &err), -1);
	req.base = "<GUID=00>";
	assert_int_equal(entry_read(value_of("cn=a," BASE), bytes, &req, mem, &e, &err), 0);
	buf_free(&list);
	arena_free(mem);
}

/* Lists that are no BER, or none that LDAP allows: refused, and not a byte behind them is read. */
static const struct {
	const char *bytes;
	size_t len;
	int attributes; /* -1: refused */
} bers[] = {
#define BER(text, n)                      \
	{                                 \
		text, sizeof(text) - 1, n \
	}
	BER("", 0),
	BER("\x30\x07\x04\x02"
	    "cn\x31\x01\x04",
		-1),
	BER("\x30\x09\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a",
		1),
	/* A later LDAP may put more behind the values. */
	BER("\x30\x0b\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a\x81\x00",
		1),
	/* Lengths in more bytes than it takes are BER, if not DER. */
	BER("\x30\x81\x0a\x04\x02"
	    "cn\x31\x81\x03\x04\x01"
	    "a",
		1),
	BER("\x30\x84\x00\x00\x00\x09\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a",
		1),
	BER("\x30\x85\x00\x00\x00\x00\x09\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a",
		-1),
	/* Indefinite, RFC 4511 5.1 */
	BER("\x30\x80\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a\x00\x00",
		-1),
	BER("\x30", -1),
	BER("\x30\x84\xff\xff\xff", -1),
	BER("\x30\x84\xff\xff\xff\xff", -1),
	BER("\x30\x01\x04", -1),
	BER("\x31\x09\x04\x02"
	    "cn\x31\x03\x04\x01"
	    "a",
		-1),
	BER("\x30\x09\x04\x02"
	    "cn\x30\x03\x04\x01"
	    "a",
		-1),
	BER("\x30\x09\x04\x02"
	    "cn\x31\x03\x02\x01"
	    "a",
		-1),
	BER("\x30\x09\x04\x02"
	    "cn\x31\x03\x04\x02"
	    "a",
		-1),
};

static void test_ber(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bers) / sizeof(bers[0]); i++) {
		/* Exactly so many bytes, for the sanitizer to see a step too far. */
		char *bytes = test_malloc(bers[i].len > 0 ? bers[i].len : 1);
		struct value list = {bytes, bers[i].len};
		struct raw_attr a;
		int r, n = 0;
		memcpy(bytes, bers[i].bytes, bers[i].len);
		while ((r = raw_next(&list, &a)) == 1)
			n++;
		if ((r < 0 ? -1 : n) != bers[i].attributes)
			fail_msg("case %zu: %d, not %d", i, r < 0 ? -1 : n, bers[i].attributes);
		test_free(bytes);
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const char *name, *expected;
	} ranges[] = {
		{"member", "0"},
		{"member;binary", "0"},
		{"member;range=0-1499", "member 0 1499"},
		{"member;Range=1500-2999", "member 1500 2999"},
		{"member;range=3000-*", "member 3000 *"},
		{"member;range=0-0", "member 0 0"},
		{"member;range=", "-1"},
		{"member;range=0", "-1"},
		{"member;range=0-", "-1"},
		{"member;range=5-4", "-1"},
		{"member;range=-4", "-1"},
		{"member;range=0-*x", "-1"},
		{"member;range=0-1;binary", "-1"},
		{"member;range=0-99999999999999999999", "-1"},
		{";range=0-1", " 0 1"},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct raw_range x;
		int r = raw_range(value_of(ranges[i].name), &x);
		const char *text = arena_printf(mem, "%d", r);
		if (r == 1)
			text = arena_printf(mem, "%.*s %llu %s", (int)x.attribute.len,
				x.attribute.data, x.low,
				x.last ? "*" : arena_printf(mem, "%llu", x.high));
		assert_string_equal(text, ranges[i].expected);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_base_scope),
		cmocka_unit_test(test_ber),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
