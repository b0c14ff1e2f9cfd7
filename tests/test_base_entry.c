#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/entry.h"

/* Is a value the other one by the attribute's syntax? */
static const struct {
	const char *attr, *a, *b;
	bool equal;
} equal_cases[] = {
	{"displayName", "Ann", "Ann", true},
	{"displayName", "Ann", "ann", false},
	{"displayName", "Ann", "Ann ", false},
	{"displayName", "", "", true},
	{"unknownName", "a", "A", false},
	{"mail", "Ann@ABC.example", "ann@abc.EXAMPLE", true},
	{"mail", "ÄNN", "änn", true},
	{"mail", "STRASSE", "straße", true},
	{"mail", "ann", "bob", false},
	{"mail", "", "a", false},
	{"mail", "a", "", false},
	{"mAPIRecipient", "TRUE", "true", true},
	{"mAPIRecipient", "TRUE", "FALSE", false},
	{"proxyAddresses", "SMTP:Ann@x", "SMTP:ann@X", true},
	{"proxyAddresses", "SMTP:ann@x", "smtp:ann@x", false},
	{"proxyAddresses", "SMTP:ann@x", "SMTP:bob@x", false},
	{"proxyAddresses", "X500:/o=A", "X500:/O=a", true},
	{"proxyAddresses", "SMTP:", "SMTP", false},
	{"proxyAddresses", "SMTP:a", "SM", false},
	{"proxyAddresses", "SM", "SMTP:a", false},
	{"proxyAddresses", "ann", "ANN", true},
	{"proxyAddresses", ":a", ":A", true},
	{"manager", "CN=Ann, OU=x", "cn=ann,ou=X", true},
	{"manager", "CN=Ann,OU=x", "CN=Ann,OU=y", false},
	{"manager", "no name", "No Name", false},
	{"countryCode", "1", "01", false},
	{"whenChanged", "20240101000000.0Z", "20240101000000Z", false},
	{"thumbnailPhoto", "a", "A", false},
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(equal_cases) / sizeof(equal_cases[0]); i++) {
		unsigned attr = attr_named(equal_cases[i].attr);
		struct value a = value_of(equal_cases[i].a), b = value_of(equal_cases[i].b);
		if (value_equal(attr, a, b) != equal_cases[i].equal ||
			value_equal(attr, b, a) != equal_cases[i].equal)
			fail_msg("%s %s %s", equal_cases[i].attr, a.data, b.data);
	}
}

static void test_order(void **state)
{
	static const char *const ordered[] = {"", "A", "AA", "AB", "B", "a", "\x7f", "\xff"};
	const size_t n = sizeof(ordered) / sizeof(ordered[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			struct value a = value_of(ordered[i]), b = value_of(ordered[k]);
			assert_int_equal(value_order(a, b), i < k ? -1 : i > k);
			assert_int_equal(value_same(a, b), i == k);
		}
	}
	assert_true(value_same((struct value){NULL, 0}, value_of("")));
	assert_false(value_same((struct value){"a\0b", 3}, (struct value){"a\0c", 3}));
	assert_int_equal(value_order((struct value){"a\0b", 3}, (struct value){"a\0c", 3}), -1);
}

/* "mail=a mail=b tel=": an attribute's values; without one it is there without values. */
static struct entry entry_of(struct arena *mem, const char *text)
{
	struct entry e = {.id = value_of("id"), .name = value_of("CN=ann,DC=x")};
	char *at = arena_strdup(mem, text), *word;

	while ((word = strsep(&at, " ")) != NULL && *word != '\0') {
		char *equals = strchr(word, '=');
		unsigned attr = attr_id(word, (size_t)(equals - word));
		if (equals[1] != '\0')
			entry_add(mem, &e, attr, value_of(equals + 1));
		else
			entry_put(mem, &e, attr, NULL, 0);
	}
	e.key = entry_key(e.id);
	return e;
}

static const char *entry_text(struct arena *mem, const struct entry *e)
{
	const char *text = "";

	for (unsigned i = 0; i < e->n; i++) {
		if (e->attrs[i].n == 0)
			text = arena_printf(mem, "%s %s=", text, attr_name(e->attrs[i].id));
		for (unsigned k = 0; k < e->attrs[i].n; k++)
			text = arena_printf(mem, "%s %s=%s", text, attr_name(e->attrs[i].id),
				e->attrs[i].values[k].data);
	}
	return text[0] != '\0' ? text + 1 : text;
}

static void test_attributes(void **state)
{
	struct arena *mem = arena_new();
	struct entry e = entry_of(mem, "mail=a sn=b mail=c objectClass=Person tel="), copy;
	const struct value two[] = {value_of("1"), value_of("2")};

	(void)state;
	assert_string_equal(entry_text(mem, &e), "mail=a mail=c sn=b objectClass=Person tel=");
	assert_int_equal(entry_find(&e, "MAIL")->n, 2);
	assert_null(entry_find(&e, "title"));
	assert_true(value_same(entry_first(&e, attr_named("mail")), value_of("a")));
	assert_null(entry_first(&e, attr_named("title")).data);
	assert_null(entry_first(&e, attr_named("tel")).data);
	assert_true(entry_has(&e, attr_named("mail"), value_of("C")));
	assert_false(entry_has(&e, attr_named("sn"), value_of("B")));
	assert_false(entry_has(&e, attr_named("title"), value_of("B")));
	assert_true(entry_is(&e, "person"));
	assert_false(entry_is(&e, "user"));
	entry_copy(mem, &copy, &e);
	entry_put(mem, &e, attr_named("mail"), two, 2);
	entry_drop(&e, attr_named("sn"));
	entry_drop(&e, attr_named("title"));
	entry_add(mem, &e, attr_named("title"), value_of("t"));
	assert_string_equal(entry_text(mem, &e), "mail=1 mail=2 objectClass=Person tel= title=t");
	assert_string_equal(entry_text(mem, &copy), "mail=a mail=c sn=b objectClass=Person tel=");
	assert_true(value_same(copy.id, e.id) && value_same(copy.name, e.name));
	assert_ptr_not_equal(copy.name.data, e.name.data);
	arena_free(mem);
}

/* Two entries: the same sets of values, and the same digest? */
static const struct {
	const char *a, *b;
	bool equal, digest;
} set_cases[] = {
	{"", "", true, true},
	{"mail=a", "mail=a", true, true},
	{"mail=a mail=b", "mail=b mail=a", true, true},
	{"mail=a mail=b", "mail=a", false, false},
	{"mail=a", "mail=b", false, false},
	{"mail=a", "mail=A", true, false},
	{"mail=a mail=A", "mail=a mail=b", false, false},
	{"mail=a mail=A", "mail=a mail=a", true, false},
	{"mail=a mail=b", "mail=ab", false, false},
	{"mail=", "", true, true},
	{"mail=", "mail=a", false, false},
	{"mail=a sn=b", "sn=b mail=a", true, true},
	{"mail=a sn=b", "mail=b sn=a", false, false},
};

static bool is_none(unsigned attr, struct value v)
{
	(void)attr;
	(void)v;
	return false;
}

static void test_sets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(set_cases) / sizeof(set_cases[0]); i++) {
		struct arena *mem = arena_new();
		struct entry a = entry_of(mem, set_cases[i].a), b = entry_of(mem, set_cases[i].b);
		unsigned mail = attr_named("mail");
		bool equal = attr_equal(entry_get(&a, mail), entry_get(&b, mail));
		bool back = attr_equal(entry_get(&b, mail), entry_get(&a, mail));
		if (equal != set_cases[i].equal || back != equal ||
			(entry_digest(&a, NULL) == entry_digest(&b, NULL)) != set_cases[i].digest)
			fail_msg("%s; %s", set_cases[i].a, set_cases[i].b);
		if (entry_get(&a, mail) != NULL && entry_get(&b, mail) != NULL && a.n == 1)
			assert_int_equal(attr_digest(entry_get(&a, mail), is_none) ==
						 attr_digest(entry_get(&b, mail), is_none),
				set_cases[i].digest);
		arena_free(mem);
	}
}

/* Only what is wanted counts, and neither id nor name; an attribute that is new to the program has
 * its digest, too. */
static void test_digest(void **state)
{
	struct arena *mem = arena_new();
	struct attr_set wanted = {0};
	char name[20];

	(void)state;
	attr_set_add(mem, &wanted, attr_named("mail"));
	struct entry a = entry_of(mem, "mail=a sn=b"), b = entry_of(mem, "mail=a sn=c");
	assert_true(entry_digest(&a, &wanted) == entry_digest(&b, &wanted));
	assert_true(entry_digest(&a, NULL) != entry_digest(&b, NULL));
	a.id = a.name = value_of("other");
	assert_true(entry_digest(&a, &wanted) == entry_digest(&b, &wanted));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "digest%d", i);
		struct entry one = {0}, other = {0};
		entry_add(mem, &one, attr_named(name), value_of("v"));
		entry_add(mem, &other, attr_named("mail"), value_of("v"));
		assert_true(entry_digest(&one, NULL) != entry_digest(&other, NULL));
	}
	arena_free(mem);
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	bool same = a->n == b->n && a->key == b->key && a->gone == b->gone &&
		    value_same(a->id, b->id) && value_same(a->name, b->name);

	for (unsigned i = 0; same && i < a->n; i++) {
		same = a->attrs[i].id == b->attrs[i].id && a->attrs[i].n == b->attrs[i].n;
		for (unsigned k = 0; same && k < a->attrs[i].n; k++)
			same = value_same(a->attrs[i].values[k], b->attrs[i].values[k]);
	}
	return same;
}

static void test_pack(void **state)
{
	static const char *const texts[] = {"", "mail=a", "mail=a mail=b sn=c tel=", "tel="};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena *mem = arena_new();
		struct entry e = entry_of(mem, texts[i]), back;
		struct buf b = {0};
		e.gone = i == 0;
		entry_add(mem, &e, attr_named("photo"), (struct value){"\0\xff\n", 3});
		entry_pack(&b, &e);
		const char *at = b.data;
		assert_int_equal(entry_unpack(mem, &at, b.data + b.len, &back), 0);
		assert_ptr_equal(at, b.data + b.len);
		assert_true(same_entry(&e, &back));
		for (size_t len = 0; len < b.len; len++) {
			char *cut = malloc(len + 1);
			memcpy(cut, b.data, len);
			at = cut;
			assert_int_equal(entry_unpack(mem, &at, cut + len, &back), -1);
			free(cut);
		}
		buf_free(&b);
		arena_free(mem);
	}
}

/* Numbers that promise more than there is ask for no memory. */
static void test_damaged(void **state)
{
	struct arena *mem = arena_new();
	size_t held = arena_held(mem);

	(void)state;
	for (size_t at = 0; at < 60; at += 4) {
		char bytes[64] = {0};
		const char *from = bytes;
		struct entry e;
		memset(bytes + at, 0xff, 4);
		(void)entry_unpack(mem, &from, bytes + sizeof(bytes), &e);
		assert_true(from <= bytes + sizeof(bytes));
	}
	assert_true(arena_held(mem) < held + 100000);
	arena_free(mem);
}

/* An id, and how it is shown and written by a person. */
static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} ids[] = {
	{"\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16,
		"00112233-4455-6677-8899-aabbccddeeff"},
	{"ann", 3, "ann"},
	{"Jörg x", 7, "Jörg x"},
	{"\x01", 1, "0x01"},
	{"a\x7f", 2, "0x617f"},
	{"a\0b", 3, "0x610062"},
	{"\xff\xfe", 2, "0xfffe"},
	{"4711", 4, "4711"},
	{"00112233-4455-6677-8899-aabbccddeefX", 36, "00112233-4455-6677-8899-aabbccddeefX"},
	{"0x6g", 4, "0x6g"},
	{"0x", 2, "0x"},
	{"0x123", 5, "0x123"},
};

static void test_ids(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct value id = {ids[i].bytes, ids[i].len};
		assert_string_equal(entry_id_text(mem, id), ids[i].text);
		assert_true(value_same(entry_id_parse(mem, ids[i].text), id));
	}
	assert_true(value_same(entry_id_parse(mem, "00112233-4455-6677-8899-AABBCCDDEEFF"),
		(struct value){ids[0].bytes, 16}));
	assert_string_equal(entry_id_text(mem, (struct value){NULL, 0}), "0x");
	/* A GUID has no more and no fewer digits. */
	assert_int_equal(entry_id_parse(mem, "00112233-4455-6677-8899-aabbccddee-f").len, 36);
	assert_int_equal(entry_id_parse(mem, "001122334455667788990aabbccddeeff0fa").len, 36);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
