#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"

#define V(s) ((struct value){s, sizeof(s) - 1})
#define N(table) (sizeof(table) / sizeof((table)[0]))

static struct arena *mem;

static int setup(void **state)
{
	(void)state;
	mem = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static struct value printed(struct value text)
{
	struct dn dn;
	struct err err;

	if (dn_parse(mem, text, &dn, &err) < 0)
		return value_of(arena_strdup(mem, err.text));
	return dn_print(mem, &dn);
}

static void assert_value(struct value got, struct value want)
{
	if (!value_same(got, want))
		fail_msg("got <%.*s>, want <%.*s>", (int)got.len, got.data, (int)want.len,
			want.data);
}

/* text, and how it is printed: the same when NULL */
static void parse(void **state)
{
	static const struct {
		struct value text;
		const char *want;
	} cases[] = {
		{V(""), NULL},
		{V("CN=Ann Lee,OU=GAL,DC=abc,DC=example"), NULL},
		{V("cn=a  b"), NULL},
		{V("CN = Ann ,  OU= x +L = y , DC=z  "), "CN=Ann,OU=x+L=y,DC=z"},
		{V("  CN=a"), "CN=a"},
		{V("CN="), NULL},
		{V("CN=,DC=x"), NULL},
		{V("CN=  ,DC=x"), "CN=,DC=x"},
		{V("2.5.4.3=x,x-a1=y,0=z"), NULL},
		{V("CN=Lee\\, Ann"), NULL},
		{V("CN=\\2cx\\2Cy\\3B"), "CN=\\,x\\,y\\;"},
		{V("CN=a=b\\=c"), "CN=a=b=c"},
		{V("CN=\\#a#b"), NULL},
		{V("CN=a\\#b\\ c"), "CN=a#b c"},
		{V("CN=\\ a\\ "), NULL},
		{V("CN=a\\  "), "CN=a\\ "},
		{V("CN=\\ "), NULL},
		{V("CN=\\20\\20\\20"), "CN=\\  \\ "},
		{V("CN=\\\"\\+\\,\\;\\<\\>\\\\"), NULL},
		{V("CN=M\xc3\xbcller"), NULL},
		{V("CN=M\\C3\\bcller"), "CN=M\xc3\xbcller"},
		{V("CN=M\\C3\xbcller"), "CN=M\xc3\xbcller"},
		{V("CN=Ann\\0ACNF:1c1a5ed0-0f4f-4c5b-9c5e-1d2b7a3f0e11,DC=x"), NULL},
		{V("CN=a\tb\nc\x7f"), "CN=a\\09b\\0Ac\\7F"},
		{V("CN=#04024869,DC=x"), NULL},
		{V("CN=# 04"), "!column 5: pairs of hexadecimal digits are expected after '#'"},
		{V("CN= #0aFf +L=x"), "CN=#0AFF+L=x"},
		{V("CN=#00"), NULL},

		{V(" "), "!column 2: an attribute type is expected"},
		{V("CN"), "!column 3: '=' is expected after the attribute type"},
		{V("CN,DC=x"), "!column 3: '=' is expected after the attribute type"},
		{V("C N=x"), "!column 3: '=' is expected after the attribute type"},
		{V("C_N=x"), "!column 2: '=' is expected after the attribute type"},
		{V("=x"), "!column 1: an attribute type is expected"},
		{V("CN=x,"), "!column 6: an attribute type is expected"},
		{V("CN=x,,DC=y"), "!column 6: an attribute type is expected"},
		{V("CN=x+"), "!column 6: an attribute type is expected"},
		{V(",CN=x"), "!column 1: an attribute type is expected"},
		{V("-a=x"), "!column 1: an attribute type is expected"},
		{V(".1=x"), "!column 1: an attribute type is expected"},
		{V("1.=x"), "!column 3: an attribute type is expected"},
		{V("1..2=x"), "!column 3: an attribute type is expected"},
		{V("\xc3\xa4=x"), "!column 1: an attribute type is expected"},
		{V("CN=\xc3\xa4,=x"), "!column 6: an attribute type is expected"},
		{V("CN=#"), "!column 5: pairs of hexadecimal digits are expected after '#'"},
		{V("1=#\t"), "!column 4: pairs of hexadecimal digits are expected after '#'"},
		{V("CN=#0"), "!column 5: pairs of hexadecimal digits are expected after '#'"},
		{V("CN=#040"), "!column 7: ',' or '+' is expected after the value"},
		{V("CN=#04 05"), "!column 8: ',' or '+' is expected after the value"},
		{V("CN=a\\"), "!column 5: a special character or two hexadecimal digits are "
			      "expected after '\\'"},
		{V("CN=a\\x"), "!column 5: a special character or two hexadecimal digits are "
			       "expected after '\\'"},
		{V("CN=a\\4"), "!column 5: a special character or two hexadecimal digits are "
			       "expected after '\\'"},
		{V("CN=a\\\0"), "!column 5: a special character or two hexadecimal digits are "
				"expected after '\\'"},
		{V("CN=a\\00"), "!column 5: a NUL byte is not allowed"},
		{V("CN=a;DC=b"), "!column 5: one of \" ; < > must be escaped"},
		{V("CN=\"a,b\""), "!column 4: one of \" ; < > must be escaped"},
		{V("<GUID=1>"), "!column 1: an attribute type is expected"},
		{V("CN=a<"), "!column 5: one of \" ; < > must be escaped"},
		{V("CN=a \t,DC=x"),
			"!column 6: a tab or line end at either end of a value must be escaped"},
		{V("CN= \ra"),
			"!column 5: a tab or line end at either end of a value must be escaped"},
		{V("CN=a\\,\n "),
			"!column 7: a tab or line end at either end of a value must be escaped"},
		{V("CN=\\09a\\0d"), "CN=\\09a\\0D"},
		{V("CN=\xff"), "!column 4: the value is not UTF-8"},
		{V("CN=\\FF"), "!column 4: the value is not UTF-8"},
		{V("DC=x,CN=\xc3"), "!column 9: the value is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct value text = cases[i].text, want = text;
		if (cases[i].want != NULL)
			want = value_of(cases[i].want);
		if (want.len > 0 && want.data[0] == '!')
			want = value_of(
				arena_printf(mem, "name \"%s\": %s", text.data, want.data + 1));
		assert_value(printed(text), want);
	}
}

static void parse_more(void **state)
{
	char text[400] = "CN=";
	struct dn dn;
	struct err err;

	(void)state;
	assert_value(
		printed(V("CN=a\0b")), V("name \"CN=a\": column 5: a NUL byte is not allowed"));
	assert_int_equal(dn_parse(mem, V("CN=a;"), &dn, &err), -1);
	assert_int_equal(err.kind, ERR_ENTRY);
	/* A long name is shown in part. */
	memset(text + 3, 'x', sizeof(text) - 4);
	text[sizeof(text) - 2] = ';';
	assert_int_equal(dn_parse(mem, value_of(text), &dn, &err), -1);
	assert_non_null(strstr(err.text, "xxx...\": column 399: one of"));

	assert_int_equal(dn_parse(mem, V("ou=a\\,b + 1.2=#04024869,dc=c"), &dn, &err), 0);
	assert_int_equal(dn.n, 2);
	assert_int_equal(dn.rdns[0].n, 2);
	assert_string_equal(dn.rdns[0].avas[0].type, "ou");
	assert_value(dn.rdns[0].avas[0].value, V("a,b"));
	assert_false(dn.rdns[0].avas[0].ber);
	assert_string_equal(dn.rdns[0].avas[1].type, "1.2");
	assert_value(dn.rdns[0].avas[1].value, V("\x04\x02Hi"));
	assert_true(dn.rdns[0].avas[1].ber);
	assert_int_equal(dn.rdns[1].n, 1);
	assert_value(dn.rdns[1].avas[0].value, V("c"));
}

static void equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
		{"", "", true},
		{"CN=a,DC=b", "", false},
		{"CN=Ann,DC=x", "cn=ANN,dc=X", true},
		{"CN=Ann,DC=x", "CN=Ann,DC=y", false},
		{"CN=Ann,DC=x", "CN=Ann", false},
		{"CN=Ann,DC=x", "CN=Ann , DC = x", true},
		{"CN=Ann Lee", "CN=Ann  Lee", false},
		{"CN=\\ Ann", "CN=Ann", false},
		{"CN=a\\,b", "cn=A\\2Cb", true},
		{"CN=a\\,OU=b", "CN=a,OU=b", false},
		{"CN=JÖRG", "CN=jörg", true},
		{"CN=J\\C3\\96RG", "CN=jörg", true},
		{"CN=STRASSE", "CN=straße", true},
		{"CN=k", "CN=\xe2\x84\xaa", true},
		{"CN=a+L=b,DC=x", "l=B+cn=A,dc=x", true},
		{"CN=a+L=b", "CN=a+L=c", false},
		{"CN=a+L=b", "CN=a", false},
		{"CN=a+CN=a+CN=b", "CN=a+CN=b+CN=b", false},
		{"CN=#6869", "CN=hi", false},
		{"CN=#0aFF", "cn=#0Aff", true},
		{"CN=#0aFF", "cn=#0Afe", false},
		{"CN=#0aFF+L=x", "L=x+cn=#0AFF", true},
		{"CN=#61+CN=a", "CN=a+CN=#61", true},
		{"CN=#61+CN=a", "CN=a+CN=a", false},
		{"CN=a", "2.5.4.3=a", false},
		{"CN=a", "CNN=a", false},
		{"no name", "no name", true},
		{"no name", "No name", false},
		{"CN=a", "CN=a,", false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct value a = value_of(cases[i].a), b = value_of(cases[i].b);
		struct dn x, y;
		struct err err;
		bool want = cases[i].want;
		if (dn_text_equal(a, b) != want || dn_text_equal(b, a) != want ||
			(dn_key(a) == dn_key(b)) != want)
			fail_msg("%s ? %s", cases[i].a, cases[i].b);
		if (dn_parse(mem, a, &x, &err) == 0 && dn_parse(mem, b, &y, &err) == 0)
			assert_int_equal(dn_equal(&x, &y), want);
	}
}

static void below(void **state)
{
	static const struct {
		const char *child, *base;
		bool want;
	} cases[] = {
		{"CN=a,DC=x", "DC=x", true},
		{"CN=a,DC=x", "dc=X", true},
		{"DC=x", "DC=x", false},
		{"DC=x", "CN=a,DC=x", false},
		{"DC=x", "", true},
		{"", "", false},
		{"", "DC=x", false},
		{"CN=a,OU=b,OU=c,DC=x", "OU=c,DC=x", true},
		{"CN=a,OU=b,OU=c,DC=x", "OU=b,DC=x", false},
		{"CN=a,OU=bc,DC=x", "OU=c,DC=x", false},
		{"CN=a,XOU=c,DC=x", "OU=c,DC=x", false},
		{"CN=a,CN=c,DC=x", "OU=c,DC=x", false},
		{"x1=a,x-2=b,DC=x", "X1=a,DC=x", false},
		{"CN=a,x1=b,DC=x", "X1=b,DC=x", true},
		{"cn=foo\\,ou=people,dc=x", "ou=people,dc=x", false},
		{"cn=foo\\,ou=people,dc=x", "dc=x", true},
		{"cn=foo\\\\,ou=people,dc=x", "ou=people,dc=x", true},
		{"cn=foo\\5C,ou=people,dc=x", "ou=people,dc=x", true},
		{"cn=foo\\\\\\,ou=people,dc=x", "ou=people,dc=x", false},
		{"cn=foo\\2C\\6Fu=people,dc=x", "ou=people,dc=x", false},
		{"cn=foo+l=b\\,ou=people,dc=x", "ou=people,dc=x", false},
		{"cn=a,ou=people\\ ,dc=x", "ou=people,dc=x", false},
		{"cn=a,ou=people , dc=x", "ou=people,dc=x", true},
		{"cn=a,ou=p\\65ople,dc=x", "ou=people,dc=x", true},
		{"cn=a,ou=people+l=b,dc=x", "ou=people,dc=x", false},
		{"cn=a,ou=people,dc=x", "ou=people+l=b,dc=x", false},
		{"cn=a,l=B+ou=people,dc=x", "ou=People+l=b,dc=x", true},
		{"cn=a,ou=#6869,dc=x", "ou=hi,dc=x", false},
		{"cn=a,ou=hi,dc=x", "ou=#6869,dc=x", false},
		{"cn=a,ou=#6869,dc=x", "ou=#6869,dc=x", true},
		{"cn=a,ou=k", "ou=\xe2\x84\xaa", true},
		{"cn=a,ou=ÄÖ", "ou=äö", true},
		{"cn=a;ou=people,dc=x", "dc=x", false},
		{"cn=\"a\",dc=x", "dc=x", false},
		{"no name,dc=x", "dc=x", false},
		{"cn=a,dc=x,", "dc=x", false},
		{"cn=a,ou=x,ou=x", "ou=x", true},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct dn base, child;
		struct err err;
		struct value text = value_of(cases[i].child);
		assert_int_equal(dn_parse(mem, value_of(cases[i].base), &base, &err), 0);
		if (dn_text_below(text, &base) != cases[i].want)
			fail_msg("%s below %s", cases[i].child, cases[i].base);
		if (dn_parse(mem, text, &child, &err) == 0)
			assert_int_equal(dn_below(&child, &base), cases[i].want);
	}
}

static void normal(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"CN=Ann Lee,OU=GAL", "cn=ann lee,ou=gal"},
		{" CN = \\41nn + 1.2=#ff+ L=B", "1.2=#FF+cn=ann+l=b"},
		{"CN=JÖRG\\0A\\,x", "cn=jörg\\0A\\,x"},
		{"CN=b+CN=#61+CN=a", "cn=a+cn=b+cn=#61"},
		{"CN", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct value text = value_of(cases[i].text), got = dn_normal(mem, text);
		if (cases[i].want == NULL) {
			assert_null(got.data);
			assert_int_equal(dn_key(text), hash_bytes(text.data, text.len, 0));
			continue;
		}
		assert_value(got, value_of(cases[i].want));
		assert_int_equal(dn_key(text), hash_nocase(got.data, got.len, 0));
	}
}

/* text, parent, depth */
static void parent(void **state)
{
	static const struct {
		const char *text, *parent;
		unsigned depth;
	} cases[] = {
		{"", "", 0},
		{"DC=x", "", 1},
		{"CN=a,DC=x", "DC=x", 2},
		{"CN=a , DC=x", "DC=x", 2},
		{"CN=a\\,b\\\\,OU=c,DC=x", "OU=c,DC=x", 3},
		{"CN=a\\2C,DC=x", "DC=x", 2},
		{"CN=#04+L=b,DC=x", "DC=x", 2},
		{"CN=ä\\ ", "", 1},
		{"CN=,DC=x", "DC=x", 2},
		{"no name", "no name", 0},
		{"CN=a,no name", "CN=a,no name", 0},
		{"CN=a,", "CN=a,", 0},
		{"CN=a,DC=x\\", "CN=a,DC=x\\", 0},
		{"1.2=a,DC=x", "DC=x", 2},
		{"CN=a\x7f,DC=x", "DC=x", 2},
		{"CN=a<b,DC=x", "CN=a<b,DC=x", 0},
		{"CN=a>b,DC=x", "CN=a>b,DC=x", 0},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		assert_value(dn_parent(value_of(cases[i].text)), value_of(cases[i].parent));
		assert_int_equal(dn_depth(value_of(cases[i].text)), cases[i].depth);
	}
}

/* The first RDN, as it is spelled; what has no other, and what is no name, as it is. */
static void leaf(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"DC=x", "DC=x"},
		{"CN=a,DC=x", "CN=a"},
		{"CN=a ,  DC=x", "CN=a "},
		{"CN=a\\,b,DC=x", "CN=a\\,b"},
		{"no name", "no name"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		assert_value(dn_leaf(value_of(cases[i][0])), value_of(cases[i][1]));
}

/* The digest of one name is that of another: as the key, but that the case of values counts. */
static void digest(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"CN=a,DC=x", "cn=a,dc=x", true},
		{"CN=a,DC=x", "CN=A,DC=x", false},
		{"CN=a,DC=x", "CN=a,DC=y", false},
		{"CN=a\\,b,DC=x", "cn=a\\2cb , dc=x", true},
		{"CN=a\\,b,DC=x", "cn=a\\,B,dc=x", false},
		{"CN=a+L=b\\,c,DC=x", "cn=a+l=b\\2cc,dc=x", true},
		{"no name", "no name", true},
		{"no name", "No name", false},
	};
	char *longs[2] = {arena_alloc(mem, 700), arena_alloc(mem, 700)};

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		assert_int_equal(dn_digest(value_of(cases[i].a)) == dn_digest(value_of(cases[i].b)),
			cases[i].same);
	/* Plain, but too long for the short way. */
	snprintf(longs[0], 700, "CN=%600s,DC=x", "x");
	memset(longs[0] + 3, 'x', 600);
	snprintf(longs[1], 700, "cn%s", longs[0] + 2);
	assert_true(dn_digest(value_of(longs[0])) == dn_digest(value_of(longs[1])));
	longs[1][3] = 'X';
	assert_true(dn_digest(value_of(longs[0])) != dn_digest(value_of(longs[1])));
}

/* The attribute that names an entry, and its value. */
static void naming(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(dn_naming(mem, V("OU=a\\,b,DC=x"), &v), attr_named("ou"));
	assert_value(v, V("a,b"));
	assert_int_equal(dn_naming(mem, V("CN=a+L=b"), &v), attr_named("cn"));
	assert_value(v, V("a"));
	assert_int_equal(dn_naming(mem, V(""), &v), ATTR_NONE);
	assert_int_equal(dn_naming(mem, V("no name"), &v), ATTR_NONE);
}

/* The empty value that is no text either is the root. */
static void nothing(void **state)
{
	struct value none = {NULL, 0};
	struct dn dn;
	struct err err;

	(void)state;
	assert_int_equal(dn_parse(mem, none, &dn, &err), 0);
	assert_true(dn_key(none) == dn_key(V("")) && dn_text_equal(none, V("")));
	assert_false(dn_text_below(none, &dn));
	assert_int_equal(dn_parent(none).len, 0);
	assert_int_equal(dn_escape(mem, none).len, 0);
	assert_int_equal(dn_child(mem, none, none).len, 0);
}

static void build(void **state)
{
	(void)state;
	assert_value(dn_escape(mem, V("Ann Lee")), V("Ann Lee"));
	assert_value(dn_escape(mem, V("")), V(""));
	assert_value(dn_escape(mem, V(" Lee, Ann+#1 ")), V("\\ Lee\\, Ann\\+#1\\ "));
	assert_value(dn_escape(mem, V("#1\n=")), V("\\#1\\0A="));
	/* What a name may not hold stays refused. */
	assert_value(dn_escape(mem, V("a\0b")), V("a\\00b"));
	assert_value(dn_child(mem, V("CN=a"), V("DC=x")), V("CN=a,DC=x"));
	assert_value(dn_child(mem, V("CN=a"), V("")), V("CN=a"));
	assert_value(dn_child(mem, V(""), V("DC=x")), V("DC=x"));
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static struct value random_value(void)
{
	static const char *const parts[] = {" ", ",", "+", "=", "\"", "\\", ";", "<", ">", "#",
		"\n", "\x7f", "a", "B", "z9", "ab c", "Ä", "ß", "日", "😀", "00", "\\2c"};
	char text[64] = "";

	for (unsigned n = pick(6); n > 0; n--)
		strcat(text, parts[pick(N(parts))]);
	return value_of(arena_strdup(mem, text));
}

static struct dn random_dn(void)
{
	static const char *const types[] = {"CN", "ou", "Dc", "l", "x-a", "2.5.4.3", "0"};
	struct dn dn = {pick(4), arena_alloc(mem, 4 * sizeof(struct rdn))};

	for (unsigned i = 0; i < dn.n; i++) {
		struct rdn *rdn = &dn.rdns[i];
		rdn->n = pick(4) == 0 ? 1 + pick(3) : 1;
		rdn->avas = arena_alloc(mem, rdn->n * sizeof(*rdn->avas));
		for (unsigned k = 0; k < rdn->n; k++) {
			struct value v = random_value();
			rdn->avas[k] = (struct ava){
				types[pick(N(types))], v, .ber = v.len > 0 && pick(8) == 0};
		}
	}
	return dn;
}

static void assert_same(const struct dn *a, const struct dn *b)
{
	assert_int_equal(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++) {
		assert_int_equal(a->rdns[i].n, b->rdns[i].n);
		for (unsigned k = 0; k < a->rdns[i].n; k++) {
			const struct ava *x = &a->rdns[i].avas[k], *y = &b->rdns[i].avas[k];
			assert_string_equal(x->type, y->type);
			assert_value(x->value, y->value);
			assert_int_equal(x->ber, y->ber);
		}
	}
}

/* Another way to write a name: case, blanks, escapes and the order in an RDN. */
static struct value rewritten(const struct dn *dn)
{
	char text[2000] = "", *at = text;

	for (unsigned i = 0; i < dn->n; i++) {
		const struct rdn *rdn = &dn->rdns[i];
		unsigned turn = pick(rdn->n);
		for (unsigned k = 0; k < rdn->n; k++) {
			const struct ava *ava = &rdn->avas[(k + turn) % rdn->n];
			at += sprintf(at, "%s%s =%s",
				k > 0   ? "+"
				: i > 0 ? ","
					: " ",
				ava->type, ava->ber ? "#" : " ");
			for (size_t c = 0; c < ava->value.len; c++) {
				unsigned char byte = (unsigned char)ava->value.data[c];
				if (byte >= 'a' && byte <= 'z' && !ava->ber)
					byte = (unsigned char)(byte - 32 * pick(2));
				at += sprintf(at, ava->ber ? "%02x" : "\\%02x", byte);
			}
			at += sprintf(at, "%.*s", (int)pick(3), "  ");
		}
	}
	return value_of(arena_strdup(mem, text));
}

/* For names of all sorts: parse(print(x)) = x, and other spellings are the same name with the same
 * key. */
static void round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct dn dn = random_dn(), again;
		struct err err;
		struct value text = dn_print(mem, &dn), other = rewritten(&dn);
		if (dn_parse(mem, text, &again, &err) < 0)
			fail_msg("%s", err.text);
		assert_same(&dn, &again);
		struct value form = dn_normal(mem, text);
		assert_value(dn_normal(mem, form), form);
		assert_value(dn_normal(mem, other), form);
		assert_true(dn_text_equal(text, other));
		assert_true(dn_key(text) == hash_nocase(form.data, form.len, 0));
		assert_true(dn_key(other) == dn_key(text));
		assert_int_equal(dn_depth(other), dn.n);
		if (dn.n > 0) {
			struct dn up = {dn.n - 1, dn.rdns + 1};
			assert_true(dn_text_below(text, &up) && dn_text_below(other, &up));
			assert_false(dn_text_below(text, &dn));
			assert_true(dn_text_equal(dn_parent(other), dn_print(mem, &up)));
		}
		arena_reset(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(parse_more),
		cmocka_unit_test(equal),
		cmocka_unit_test(below),
		cmocka_unit_test(normal),
		cmocka_unit_test(parent),
		cmocka_unit_test(leaf),
		cmocka_unit_test(digest),
		cmocka_unit_test(naming),
		cmocka_unit_test(nothing),
		cmocka_unit_test(build),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
