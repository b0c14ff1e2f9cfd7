#include "connectors_cases.h"

#include "base/err.h"
#include "base/hash.h"
#include "connectors/ad.h"

static const struct ad_cookie sample = {
	.method = AD_DIRSYNC,
	.directory = "11111111-2222-3333-4444-555555555555",
	.replica = "66666666-7777-8888-9999-aaaaaaaaaaaa",
	.scope = 0x0123456789abcdef,
	.usn = 4711,
	.dirsync = {"MSDS\0\1\2\3", 8},
};

#define HEAD                                                        \
	"galway-ad 1 dirsync 11111111-2222-3333-4444-555555555555 " \
	"66666666-7777-8888-9999-aaaaaaaaaaaa 0123456789abcdef 4711 "

/* The words of a cookie, to which the right hash is put, and what is said of it: "" when it can be
 * used. */
static const struct parse_case {
	const char *text, *says;
} parse_cases[] = {
	{HEAD "TVNEUwABAgM=", ""},
	{"galway-ad 1 usn d r 0000000000000000 0 -", ""},
	{"galway-ad 1 usn d r ffffffffffffffff 999999999999999999 -", ""},
	{"galway-ad 2 usn d r 0000000000000000 0 -", "damaged"},
	{"galway-xy 1 usn d r 0000000000000000 0 -", "damaged"},
	{"galway-ad 1 full d r 0000000000000000 0 -", "damaged"},
	{"galway-ad 1 guess d r 0000000000000000 0 -", "damaged"},
	{"galway-ad 1 usn  r 0000000000000000 0 -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 0  -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 0 - -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 0", "damaged"},
	{"galway-ad 1 usn d r 000000000000000 0 -", "damaged"},
	{"galway-ad 1 usn d r 00000000000000000 0 -", "damaged"},
	{"galway-ad 1 usn d r 0x00000000000000 0 -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 -1 -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 1x -", "damaged"},
	{"galway-ad 1 usn d r 0000000000000000 9999999999999999999 -", "damaged"},
	/* Each method has its own: without one dirsync would begin anew, and tell nothing. */
	{"galway-ad 1 usn d r 0000000000000000 0 TVNEUw==", "damaged"},
	{"galway-ad 1 dirsync d r 0000000000000000 0 -", "damaged"},
	{"galway-ad 1 dirsync d r 0000000000000000 0 T*", "damaged"},
};

static const char *with_hash(struct arena *mem, const char *text)
{
	return arena_printf(
		mem, "%s %016llx", text, (unsigned long long)hash_bytes(text, strlen(text), 0));
}

static const char *said(const char *text, size_t len, struct ad_cookie *c, struct arena *mem)
{
	struct err err = {0};

	if (ad_cookie_parse(mem, (struct value){text, len}, c, &err) == 0)
		return "";
	assert_int_equal(err.kind, ERR_ENTRY);
	return strstr(err.text, "damaged") != NULL ? "damaged" : arena_strdup(mem, err.text);
}

static void test_parse(void **state)
{
	struct arena *mem = arena_new();
	struct ad_cookie c;

	(void)state;
	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++) {
		const struct parse_case *t = &parse_cases[i];
		const char *text = with_hash(mem, t->text);
		same_text(t->text, said(text, strlen(text), &c, mem), t->says);
	}
	same_text("empty", said("", 0, &c, mem), "the last read left no cookie");
	arena_free(mem);
}

static void test_round_trip(void **state)
{
	struct arena *mem = arena_new();
	struct ad_cookie c;
	struct value text = ad_cookie_print(mem, &sample);

	(void)state;
	assert_string_equal(text.data, with_hash(mem, HEAD "TVNEUwABAgM="));
	assert_string_equal(said(text.data, text.len, &c, mem), "");
	assert_int_equal(c.method, sample.method);
	assert_string_equal(c.directory, sample.directory);
	assert_string_equal(c.replica, sample.replica);
	assert_true(c.scope == sample.scope && c.usn == sample.usn);
	assert_true(value_same(c.dirsync, sample.dirsync));
	const struct ad_cookie none = {.method = AD_FULL};
	assert_int_equal(ad_cookie_print(mem, &none).len, 0);
	arena_free(mem);
}

/* Whatever happens to a byte of it, and wherever it is cut, is noticed. */
static void test_damage(void **state)
{
	struct arena *mem = arena_new();
	struct ad_cookie c;
	struct value text = ad_cookie_print(mem, &sample);
	char *bytes = arena_copy(mem, text.data, text.len);

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		for (unsigned change = 1; change < 256; change++) {
			bytes[i] = (char)(text.data[i] ^ (char)change);
			assert_string_equal(said(bytes, text.len, &c, mem), "damaged");
		}
		bytes[i] = text.data[i];
		if (i > 0)
			assert_string_equal(said(bytes, i, &c, mem), "damaged");
	}
	arena_free(mem);
}

/* The server as it is now, other than when the cookie was made; what is said. */
static const struct check_case {
	const char *directory, *replica;
	uint64_t scope;
	long long usn;
	const char *says;
} check_cases[] = {
	{"d", "r", 1, 100, ""},
	{"d", "r", 1, 101, ""},
	{"e", "r", 1, 100, "the last read was of another directory (d, not e)"},
	{"d", "s", 1, 100,
		"the last read was of another domain controller, or this one was restored since "
		"(invocationId r, not s)"},
	{"d", "r", 2, 100,
		"the base, the filter, the attributes, the account or the settings are not those "
		"of the last read"},
	{"d", "r", 1, 99,
		"the server was set back to an older state since the last read "
		"(highestCommittedUSN 99, not 100 or more)"},
	{"d", "r", 1, -1,
		"the server was set back to an older state since the last read "
		"(highestCommittedUSN -1, not 100 or more)"},
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(check_cases) / sizeof(check_cases[0]); i++) {
		const struct check_case *t = &check_cases[i];
		const struct ad_cookie old = {AD_USN, "d", "r", 1, 100, {NULL, 0}};
		const struct ad_cookie now = {
			AD_FULL, t->directory, t->replica, t->scope, t->usn, {NULL, 0}};
		struct err err = {0};
		int r = ad_cookie_check(&old, &now, &err);
		assert_int_equal(r, t->says[0] == '\0' ? 0 : -1);
		assert_int_equal(err.kind, r == 0 ? ERR_NONE : ERR_ENTRY);
		same_text("check", err.text, t->says);
	}
}

/* An attribute of replPropertyMetaData: {type, USN here}; its n is 0 at the end. The count that is
 * claimed, since, and whether the entry was renamed. */
static const struct meta_case {
	struct meta_attr {
		unsigned type, usn;
	} attrs[3];
	unsigned claimed, since;
	bool renamed;
} meta_cases[] = {
	{{{0x00090001, 50}}, 1, 50, true},
	{{{0x00090001, 50}}, 1, 51, false},
	{{{0x00000003, 90}, {0x00090001, 50}, {0x00000004, 90}}, 3, 60, false},
	{{{0x00000003, 10}, {0x00090001, 70}}, 2, 60, true},
	/* It does not say. */
	{{{0x00000003, 10}}, 1, 60, true},
	{{{0x00090001, 50}}, 2, 60, true},
	{{{0x00090001, 50}}, 0xffffffff, 60, true},
	{{{0, 0}}, 0, 60, true},
};

static struct value meta_of(const struct meta_case *t, char bytes[200])
{
	size_t len = 16;

	memset(bytes, 0, 200);
	bytes[0] = 1;
	memcpy(bytes + 8, &t->claimed, 4);
	for (unsigned i = 0; i < 3 && t->attrs[i].type != 0; i++, len += 48) {
		memcpy(bytes + len, &t->attrs[i].type, 4);
		memcpy(bytes + len + 40, &t->attrs[i].usn, 4);
	}
	return (struct value){bytes, len};
}

static void test_meta(void **state)
{
	char bytes[200];

	(void)state;
	for (size_t i = 0; i < sizeof(meta_cases) / sizeof(meta_cases[0]); i++) {
		const struct meta_case *t = &meta_cases[i];
		assert_int_equal(ad_meta_renamed(meta_of(t, bytes), t->since), t->renamed);
	}
	struct value v = meta_of(&meta_cases[1], bytes);
	assert_false(ad_meta_renamed(v, 51));
	bytes[0] = 2; /* another version of it */
	assert_true(ad_meta_renamed(v, 51));
	assert_true(ad_meta_renamed((struct value){NULL, 0}, 51));
	assert_true(ad_meta_renamed((struct value){bytes, 15}, 51));
}

/* Two cursors of a vector, what it claims to be and to have, and up to where a replica's changes
 * have come. */
#define OF_1 "03020100-0504-0706-0809-0a0b0c0d0e0f"
#define OF_2 "03020100-0504-0706-0809-0a0b0c0d0eff"
static const struct vector_case {
	unsigned version, claimed;
	const char *replica;
	long long usn;
} vector_cases[] = {
	{1, 2, OF_1, 4711},
	{1, 2, OF_2, 0x1234567890},
	{2, 2, OF_1, 4711},
	{2, 2, OF_2, 0x1234567890},
	{2, 1, OF_1, 4711},
	{2, 1, OF_2, 0},
	{2, 0, OF_1, 0},
	{2, 2, "nobody", 0},
	/* It does not say. */
	{2, 3, OF_1, -1},
	{1, 3, OF_1, -1},
	{2, 0xffffffff, OF_1, -1},
	{0, 2, OF_1, -1},
	{3, 2, OF_1, -1},
};

static struct value vector_of(const struct vector_case *t, char bytes[80])
{
	const size_t cursor = t->version == 1 ? 24 : 32;
	const uint64_t usns[] = {4711, 0x1234567890};

	memset(bytes, 0, 80);
	memcpy(bytes, &t->version, 4);
	memcpy(bytes + 8, &t->claimed, 4);
	for (unsigned i = 0; i < 2; i++) {
		char *at = bytes + 16 + i * cursor;
		for (unsigned k = 0; k < 16; k++)
			at[k] = (char)k;
		at[15] = i == 0 ? 15 : (char)0xff;
		memcpy(at + 16, &usns[i], 8);
	}
	return (struct value){bytes, 16 + 2 * cursor};
}

static void test_vector(void **state)
{
	struct arena *mem = arena_new();
	char bytes[80];

	(void)state;
	for (size_t i = 0; i < sizeof(vector_cases) / sizeof(vector_cases[0]); i++) {
		const struct vector_case *t = &vector_cases[i];
		const long long usn = ad_vector_usn(mem, vector_of(t, bytes), t->replica);
		if (usn != t->usn)
			fail_msg("case %zu: %lld", i, usn);
	}
	const struct value v = vector_of(&vector_cases[2], bytes);
	assert_int_equal(ad_vector_usn(mem, (struct value){v.data, 15}, OF_1), -1);
	assert_int_equal(ad_vector_usn(mem, (struct value){v.data, v.len - 1}, OF_1), -1);
	assert_int_equal(ad_vector_usn(mem, (struct value){NULL, 0}, OF_1), -1);
	arena_free(mem);
}

/* Each object once, and what is known of it together. */
static const struct changed_case {
	enum ad_what first, then, is;
} changed_cases[] = {
	{AD_CHANGED, AD_CHANGED, AD_CHANGED},
	{AD_CHANGED, AD_GONE, AD_CHANGED},
	{AD_GONE, AD_CHANGED, AD_CHANGED},
	{AD_GONE, AD_GONE, AD_GONE},
	{AD_GONE, AD_WISHED, AD_GONE},
	{AD_CHANGED, AD_WISHED, AD_CHANGED},
};

static void test_changed(void **state)
{
	static const struct value a = {"0123456789abcdef", 16}, b = {"0123456789abcdeF", 16};

	(void)state;
	for (size_t i = 0; i < sizeof(changed_cases) / sizeof(changed_cases[0]); i++) {
		const struct changed_case *t = &changed_cases[i];
		struct ad_changed c;
		ad_changed_start(&c);
		ad_changed_add(&c, a, t->first);
		ad_changed_add(&c, b, AD_WISHED);
		ad_changed_add(&c, a, t->then);
		ad_changed_add(&c, (struct value){"short", 5}, AD_CHANGED);
		assert_int_equal(ad_changed_count(&c), 2);
		assert_int_equal(((struct ad_id *)(void *)c.ids.data)->what, t->is);
		ad_changed_free(&c);
		ad_changed_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
