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
#include "base/entry.h"
#include "base/err.h"
#include "base/filter.h"

#define V(s) ((struct value){s, sizeof(s) - 1})
#define N(table) (sizeof(table) / sizeof((table)[0]))

#define ALL ":1.2.840.113556.1.4.803:="
#define ANY ":1.2.840.113556.1.4.804:="
#define CHAIN ":1.2.840.113556.1.4.1941:="

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

static struct filter *parsed(const char *text)
{
	struct filter *f;
	struct err err;

	if (filter_parse(mem, value_of(text), &f, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return f;
}

static const char *printed(const struct filter *f)
{
	struct buf out = {0};

	filter_print(&out, f);
	const char *text = arena_copy(mem, out.data, out.len);
	buf_free(&out);
	return text;
}

/* "cn=a|mail=b|mail=c"; the name, when it is not empty, is the value of dn= */
static struct entry *entry(const char *text)
{
	struct entry *e = arena_zalloc(mem, sizeof(*e));
	char *at = arena_strdup(mem, text), *item;

	while ((item = strsep(&at, "|")) != NULL && *item != '\0') {
		struct value v = value_of(strchr(item, '=') + 1);
		size_t len = (size_t)(v.data - item) - 1;
		if (len == 2 && memcmp(item, "dn", 2) == 0)
			e->name = v;
		else
			entry_add(mem, e, attr_id(item, len), v);
	}
	return e;
}

/* text, and how it is printed (the same when NULL); '!': what is wrong */
static void parse(void **state)
{
	static const struct {
		struct value text;
		const char *want;
	} cases[] = {
		{V("(mail=a@abc.example)"), NULL},
		{V("(&(objectClass=user)(proxyAddresses=*)(!(msExchHideFromAddressLists=TRUE)))"),
			NULL},
		{V(" ( & ( cn=a )\r\n\t(|(cn=b) ( ! (cn=c) ) ) ) "),
			"(&(cn=a )(|(cn=b)(!(cn=c))))"},
		{V("(&)"), NULL},
		{V("( | )"), "(|)"},
		{V("(CN=a)"), "(cn=a)"},
		{V("(x-new;lang-de=a)"), NULL},
		{V("(cn= a b )"), NULL},
		{V("(cn  =a)"), "(cn=a)"},
		{V("(cn=)"), NULL},
		{V("(cn=*)"), NULL},
		{V("(cn=***)"), "(cn=*)"},
		{V("(cn=a*)"), NULL},
		{V("(cn=*a)"), NULL},
		{V("(cn=*a*)"), NULL},
		{V("(cn=a*b)"), NULL},
		{V("(cn=a**b*c)"), "(cn=a*b*c)"},
		{V("(cn=**a*)"), "(cn=*a*)"},
		{V("(cn>=a)"), NULL},
		{V("(cn<=a)"), NULL},
		{V("(cn~=a)"), NULL},
		{V("(cn=a=b)"), NULL},
		{V("(cn=>a)"), NULL},
		{V("(cn:=a)"), "(cn=a)"},
		{V("(groupType" ALL "2147483648)"), NULL},
		{V("(userAccountControl" ANY "-2)"), NULL},
		{V("(memberOf" CHAIN "CN=a,DC=x)"), NULL},
		{V("(uSNChanged>=12)"), NULL},
		{V("(cn=\\28a\\29\\2A\\5c\\00)"), "(cn=\\28a\\29\\2a\\5c\\00)"},
		{V("(cn=\\41\n)"), "(cn=A\\0a)"},
		{V("(cn=M\xc3\xbcller)"), NULL},
		{V("(cn=M\\c3\\bcller)"), "(cn=M\xc3\xbcller)"},
		{V("(cn=\xff)"), "(cn=\\ff)"},
		{V("(objectGUID=a\\c3\\bc)"), NULL},

		{V(""), "!column 1: expected '('"},
		{V("cn=a"), "!column 1: expected '('"},
		{V("("), "!column 2: expected '&', '|', '!' or the name of an attribute"},
		{V("()"), "!column 2: expected '&', '|', '!' or the name of an attribute"},
		{V("(=a)"), "!column 2: expected '&', '|', '!' or the name of an attribute"},
		{V("(((cn=a)))"), "!column 2: expected '&', '|', '!' or the name of an attribute"},
		{V("(2.5.4.3=a)"), NULL},
		{V("(\xc3\xa4=a)"),
			"!column 2: expected '&', '|', '!' or the name of an attribute"},
		{V("(cn)"), "!column 4: expected '=', '>=', '<=', '~=' or ':' after the attribute"},
		{V("(cn"), "!column 4: expected '=', '>=', '<=', '~=' or ':' after the attribute"},
		{V("(cn a=b)"),
			"!column 5: expected '=', '>=', '<=', '~=' or ':' after the attribute"},
		{V("(cn>a)"),
			"!column 4: expected '=', '>=', '<=', '~=' or ':' after the attribute"},
		{V("(cn:dn:=a)"), "!column 4: expected ':=' or one of the rules "
				  ":1.2.840.113556.1.4.803:=, .804 and .1941"},
		{V("(cn:2.5.13.2:=a)"), "!column 4: expected ':=' or one of the rules "
					":1.2.840.113556.1.4.803:=, .804 and .1941"},
		{V("(cn=ab"), "!column 7: expected ')' after the value"},
		{V("(cn=ä"), "!column 6: expected ')' after the value"},
		{V("(&(cn=a(mail=b))"),
			"!column 8: expected ')' after the value, or '\\28' for '('"},
		{V("(cn=a\0)"), "!column 6: expected '\\00' for NUL"},
		{V("(cn=a\\)"), "!column 6: expected two hexadecimal digits after '\\'"},
		{V("(cn=a\\2)"), "!column 6: expected two hexadecimal digits after '\\'"},
		{V("(cn=\\*)"), "!column 5: expected two hexadecimal digits after '\\'"},
		{V("(cn>=a*)"), "!column 7: expected '\\2a' for '*' in this value"},
		{V("(cn:=*)"), "!column 6: expected '\\2a' for '*' in this value"},
		{V("(cn=a))"), "!column 7: expected nothing after the filter"},
		{V("(&(cn=a)"), "!column 9: expected '(' or ')'"},
		{V("(&(cn=a)cn=b)"), "!column 9: expected '(' or ')'"},
		{V("(&cn=a)"), "!column 3: expected '(' or ')'"},
		{V("(!)"), "!column 3: expected '(' after '!'"},
		{V("(!cn=a)"), "!column 3: expected '(' after '!'"},
		{V("(!(cn=a)(cn=b))"), "!column 15: expected one filter after '!', not several"},
		{V("(&(|(cn=a\\zz)))"), "!column 10: expected two hexadecimal digits after '\\'"},
		{V("(groupType" ALL "0x2)"), "!column 36: expected a whole number"},
		{V("(groupType" ANY ")"), "!column 36: expected a whole number"},
		{V("(uSNChanged>=-)"), "!column 14: expected a whole number"},
		{V("(uSNChanged<=9223372036854775808)"), "!column 14: expected a whole number"},
		{V("(uSNChanged<=000000000000000000000000000000001)"),
			"!column 14: expected a whole number"},
		{V("(memberOf" CHAIN "staff)"), "!column 36: expected a distinguished name"},
		{V("(memberOf" CHAIN ")"), "!column 36: expected a distinguished name"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const char *want = cases[i].want != NULL ? cases[i].want : cases[i].text.data;
		struct filter *f;
		struct err err;
		if (filter_parse(mem, cases[i].text, &f, &err) == 0) {
			assert_string_equal(printed(f), want);
			assert_string_equal(printed(parsed(want)), want);
		} else {
			assert_int_equal(err.kind, ERR_FATAL);
			assert_string_equal(err.text, arena_printf(mem, "filter: %s", want + 1));
		}
	}
}

static void nesting(void **state)
{
	struct filter *f;
	struct err err;

	(void)state;
	for (unsigned depth = 63; depth < 66; depth++) {
		struct buf text = {0};
		for (unsigned i = 1; i < depth; i++)
			buf_puts(&text, "(!");
		buf_puts(&text, "(cn=a)");
		for (unsigned i = 1; i < depth; i++)
			buf_putc(&text, ')');
		int result = filter_parse(mem, (struct value){text.data, text.len}, &f, &err);
		assert_int_equal(result, depth <= 64 ? 0 : -1);
		buf_free(&text);
	}
	assert_string_equal(
		err.text, "filter: column 129: expected no more than 64 filters inside each other");
}

#define GUID "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
#define PERSON "objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=abc,DC=example"

/* filter, entry, does it match? */
static void match(void **state)
{
	static const struct {
		const char *filter, *entry;
		bool want;
	} cases[] = {
		{"(&)", "cn=a", true},
		{"(|)", "cn=a", false},
		/* what begins in ASCII, and goes on otherwise */
		{"(cn=Mu*)", "cn=MU\xc3\x9c", true},
		{"(cn=Mu*)", "cn=MA\xc3\x9c", false},
		{"(cn=mu\xc3\xbc)", "cn=MU\xc3\x9c", true},
		{"(cn=m\xc3\xbc)", "cn=MU\xc3\x9c", false},
		{"(cn=\xc3\xbcm)", "cn=\xc3\x9cM", true},
		{"(cn=*\xc3\xbc)", "cn=MU\xc3\x9c", true},
		{"(cn=mu\xc3\xbcller)", "cn=m\xc3\x9c", false},
		{"(cn=m)", "cn=M\xc3\x9c", false},
		{"(!(&))", "cn=a", false},
		{"(cn=*)", "cn=a", true},
		{"(cn=*)", "sn=a", false},
		{"(&(cn=a)(sn=b))", "cn=a|sn=b", true},
		{"(&(cn=a)(sn=b))", "cn=a|sn=c", false},
		{"(|(cn=a)(sn=b))", "cn=x|sn=b", true},
		{"(|(cn=a)(sn=b))", "cn=x|sn=y", false},
		/* an absent attribute is not equal, so not "is not" either */
		{"(sn=b)", "cn=a", false},
		{"(!(sn=b))", "cn=a", true},
		{"(sn>=b)", "cn=a", false},
		{"(sn<=b)", "cn=a", false},
		{"(sn=*b*)", "cn=a", false},

		/* text: no case, any value */
		{"(cn=ann lee)", "cn=Ann Lee", true},
		{"(cn=Ann)", "cn=Ann Lee", false},
		{"(cn=Ann Lee)", "cn=Ann", false},
		{"(cn=Ann)", "cn=Bob|cn=ANN", true},
		{"(cn~=ann)", "cn=Ann", true},
		{"(cn=)", "cn=a", false},
		{"(cn=MÜLLER)", "cn=müller", true},
		{"(cn=müller)", "cn=MÜLLER", true},
		{"(cn=muller)", "cn=müller", false},
		{"(cn=müller)", "cn=muller", false},
		{"(cn=STRASSE)", "cn=Straße", true},
		{"(cn=straße)", "cn=strasse", true},
		{"(cn=k)", "cn=\xe2\x84\xaa", true},
		{"(cn=\\ff)", "cn=\xff", true},
		{"(cn=\\ff)", "cn=\xfe", false},
		{"(cn=\\28a\\29)", "cn=(A)", true},
		{"(mail=Ann@ABC.example)", "mail=ann@abc.example", true},
		{"(proxyAddresses=smtp:ann@abc.example)", "proxyAddresses=SMTP:Ann@abc.example",
			true},
		{"(objectClass=user)", "objectClass=top|objectClass=User", true},
		{"(objectClass=user)", "objectClass=top|objectClass=userProxy", false},
		{"(msExchHideFromAddressLists=true)", "msExchHideFromAddressLists=TRUE", true},
		{"(msExchHideFromAddressLists=TRUE)", "msExchHideFromAddressLists=FALSE", false},

		/* substrings */
		{"(cn=a*)", "cn=ABC", true},
		{"(cn=b*)", "cn=ABC", false},
		{"(cn=*c)", "cn=ABC", true},
		{"(cn=*b)", "cn=ABC", false},
		{"(cn=*b*)", "cn=ABC", true},
		{"(cn=*d*)", "cn=ABC", false},
		{"(cn=*abcd*)", "cn=ABC", false},
		{"(cn=*abcd)", "cn=ABC", false},
		{"(cn=abcd*)", "cn=ABC", false},
		{"(cn=a*c)", "cn=ac", true},
		{"(cn=a*a)", "cn=a", false},
		{"(cn=ab*ba)", "cn=aba", false},
		{"(cn=ab*ba)", "cn=abba", true},
		{"(cn=a*b*c)", "cn=a-b-c", true},
		{"(cn=a*b*c)", "cn=a-c-b-c", true},
		{"(cn=a*b*c)", "cn=a-c-b", false},
		{"(cn=*a*b*)", "cn=ba", false},
		{"(cn=*aab*)", "cn=aaab", true},
		{"(cn=*b*b*)", "cn=ab", false},
		{"(cn=*Ü*)", "cn=müller", true},
		{"(cn=m*LLER)", "cn=MÜLLER", true},
		{"(cn=*ss*)", "cn=straße", true},
		{"(proxyAddresses=SMTP:*@abc.example)", "proxyAddresses=smtp:a@ABC.example", true},
		{"(manager=CN=a*)", "manager=cn=ann,dc=x", true},
		{"(userAccountControl=5*)", "userAccountControl=512", true},

		/* whole numbers */
		{"(userAccountControl=0512)", "userAccountControl=512", true},
		{"(userAccountControl=-1)", "userAccountControl=1", false},
		{"(userAccountControl=512)", "userAccountControl=5120", false},
		{"(userAccountControl=512)", "userAccountControl=x", false},
		{"(userAccountControl=x)", "userAccountControl=X", true},
		{"(uSNChanged>=9)", "uSNChanged=10", true},
		{"(uSNChanged>=10)", "uSNChanged=10", true},
		{"(uSNChanged>=11)", "uSNChanged=10", false},
		{"(uSNChanged<=9)", "uSNChanged=10", false},
		{"(uSNChanged<=10)", "uSNChanged=10", true},
		{"(uSNChanged<=9223372036854775807)", "uSNChanged=-9223372036854775808", true},
		{"(uSNChanged>=0)", "uSNChanged=x", false},
		{"(uSNChanged<=0)", "uSNChanged=x", false},
		{"(uSNChanged<=0)", "uSNChanged=", false},
		{"(groupType" ALL "2147483648)", "groupType=-2147483646", true},
		{"(groupType" ALL "2147483650)", "groupType=-2147483646", true},
		{"(groupType" ALL "2147483652)", "groupType=-2147483646", false},
		{"(groupType" ANY "2147483652)", "groupType=-2147483646", true},
		{"(groupType" ANY "4)", "groupType=-2147483646", false},
		{"(groupType" ALL "0)", "groupType=8", true},
		{"(groupType" ANY "0)", "groupType=8", false},
		{"(groupType" ANY "1)", "groupType=1x", false},
		{"(groupType" ALL "1)", "groupType=99999999999999999999", false},
		{"(groupType" ALL "2)", "cn=a", false},

		/* order of times and texts */
		{"(whenCreated>=20240101000000.0Z)", "whenCreated=20240229120000.0Z", true},
		{"(whenCreated<=20240101000000.0Z)", "whenCreated=20240229120000.0Z", false},
		{"(cn>=B)", "cn=a", false},
		{"(cn>=B)", "cn=b", true},
		{"(cn<=B)", "cn=bb", false},
		{"(cn<=B)", "cn=ä", false},

		/* octets */
		{"(objectGUID=\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c\\0d\\0e\\0f\\10)",
			"objectGUID=" GUID, true},
		{"(objectGUID=04030201-0605-0807-090a-0b0c0d0e0f10)", "objectGUID=" GUID, true},
		{"(objectGUID=04030201-0605-0807-090a-0b0c0d0e0f11)", "objectGUID=" GUID, false},
		{"(objectGUID=04030201-0605-0807-090a-0b0c0d0e0f10)",
			"objectGUID=04030201-0605-0807-090a-0b0c0d0e0f10", true},
		{"(objectGUID=0123456789abcdef\\00-0123456789abcdef01)",
			"objectGUID=0123456789abcdef", false},
		{"(objectGUID=0x23456789abcdef0123456789abcdef0123)",
			"objectGUID="
			"\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23",
			false},
		{"(objectGUID=a)", "objectGUID=A", false},
		{"(objectGUID=\\01*\\10)", "objectGUID=" GUID, true},
		{"(thumbnailPhoto=*A*)", "thumbnailPhoto=xay", false},

		/* names */
		{"(manager=cn=ann,dc=x)", "manager=CN=Ann , DC=X", true},
		{"(manager=cn=ann,dc=x)", "manager=CN=Ann,DC=Y", false},
		{"(manager=cn=a\\5c,b,dc=x)", "manager=CN=A\\2cB,DC=x", true},
		{"(manager=ann)", "manager=CN=Ann,DC=x", false},
		{"(" PERSON ")", PERSON, true},
		{"(objectCategory=person)", PERSON, true},
		{"(objectCategory=PERSON)", PERSON, true},
		{"(objectCategory=perso)", PERSON, false},
		{"(objectCategory=persons)", PERSON, false},
		{"(objectCategory=contact)", PERSON, false},
		{"(objectCategory=group)", "objectCategory=CN=Group,CN=Schema,DC=x", true},
		{"(objectCategory=msExchDynamicDistributionList)",
			"objectCategory=CN=ms-Exch-Dynamic-Distribution-List,CN=Schema,DC=x", true},
		{"(objectCategory=ms-Exch-Dynamic-Distribution-List)",
			"objectCategory=CN=ms-Exch-Dynamic-Distribution-List,CN=Schema,DC=x", true},
		{"(objectCategory=person)", "objectCategory=Person", true},
		{"(objectCategory=*)", PERSON, true},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct filter *f = parsed(cases[i].filter);
		struct entry *e = entry(cases[i].entry);
		if (filter_match(f, e) != cases[i].want)
			fail_msg("%s on %s", cases[i].filter, cases[i].entry);
		assert_int_equal(filter_failed(f, e) == NULL, cases[i].want);
	}
	/* A value that is empty, and no text either. */
	static const char *const empty[] = {"(cn=)", "(cn=*)", "(!(cn=*a*))", "(!(groupType=))",
		"(!(manager=CN=a))", "(!(objectCategory=a))", "(objectGUID=)", "(cn<=a)"};
	struct entry *nothing = entry("");
	struct value none = {NULL, 0};
	entry_add(mem, nothing, attr_named("cn"), none);
	entry_add(mem, nothing, attr_named("manager"), none);
	entry_add(mem, nothing, attr_named("objectCategory"), none);
	entry_add(mem, nothing, attr_named("objectGUID"), none);
	for (size_t i = 0; i < N(empty); i++)
		assert_true(filter_match(parsed(empty[i]), nothing));
	struct filter *f;
	struct err err;
	assert_int_equal(filter_parse(mem, none, &f, &err), -1);
	/* Present without values, which only rules know, is absent. */
	struct entry *e = entry("");
	entry_put(mem, e, attr_named("cn"), NULL, 0);
	assert_false(filter_match(parsed("(cn=*)"), e));
}

/* filter, entry, the smallest part that is false */
static void failed(void **state)
{
	static const struct {
		const char *filter, *entry, *want;
	} cases[] = {
		{"(cn=a)", "cn=b", "(cn=a)"},
		{"(&(cn=a)(mail=*))", "cn=a", "(mail=*)"},
		{"(&(cn=a)(!(sn=x)))", "cn=a|sn=X", "(!(sn=x))"},
		{"(&(cn=a)(&(sn=b)(l=c)))", "cn=a|sn=b", "(l=c)"},
		{"(&(cn=a)(|(sn=b)(l=c)))", "cn=a", "(|(sn=b)(l=c))"},
		{"(|(&(cn=a)(sn=b)))", "cn=a", "(sn=b)"},
		{"(|)", "cn=a", "(|)"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const struct filter *f =
			filter_failed(parsed(cases[i].filter), entry(cases[i].entry));
		assert_non_null(f);
		assert_string_equal(printed(f), cases[i].want);
	}
}

static void reads(void **state)
{
	struct attr_set set = {0};
	struct filter *f = parsed("(&(cn=a)(!(mail=*))(|(manager" CHAIN "CN=a)(x-chain" CHAIN
				  "CN=a))(memberOf" CHAIN "CN=a))");

	(void)state;
	filter_reads(mem, f, &set);
	static const char *const wanted[] = {
		"cn", "mail", "manager", "directReports", "x-chain", "memberOf", "member"};
	size_t n = 0;
	for (unsigned id = 0; id < attr_count(); id++)
		n += attr_set_has(&set, id);
	assert_int_equal(n, N(wanted));
	for (size_t i = 0; i < N(wanted); i++)
		assert_true(attr_set_has(&set, attr_named(wanted[i])));
}

/* filter, the directory, which of its entries match: a digit each */
static void chain(void **state)
{
	static const struct {
		const char *filter;
		const char *entries[6];
		const char *want;
	} cases[] = {
		/* the users' side */
		{"(memberOf" CHAIN "CN=G0)",
			{"dn=CN=g0", "dn=CN=g1|memberOf=CN=g0", "dn=CN=g2|memberOf=cn=G1",
				"dn=CN=u|memberOf=CN=g2", "dn=CN=v|memberOf=CN=g9"},
			"01110"},
		/* the groups' side */
		{"(memberOf" CHAIN "CN=g0)",
			{"dn=CN=u", "dn=CN=g2|member=CN=u", "dn=CN=g0|member=CN=G1|member=CN=x",
				"dn=CN=g1|member=CN=g2", "dn=CN=x", "dn=CN=y"},
			"110110"},
		/* both, and twice */
		{"(memberOf" CHAIN "CN=g0)",
			{"dn=CN=g0|member=CN=g1", "dn=CN=g1|memberOf=CN=g0",
				"dn=CN=u|memberOf=CN=g1"},
			"011"},
		/* cycles end; a group in a cycle is in itself */
		{"(memberOf" CHAIN "CN=g0)",
			{"dn=CN=g0|memberOf=CN=g2", "dn=CN=g1|memberOf=CN=g0",
				"dn=CN=g2|memberOf=CN=g1", "dn=CN=g3|memberOf=CN=g3"},
			"1110"},
		{"(memberOf" CHAIN "CN=g3)", {"dn=CN=g3|memberOf=CN=g3", "dn=CN=u"}, "10"},
		/* the way down */
		{"(member" CHAIN "CN=u)",
			{"dn=CN=g0|member=CN=g1", "dn=CN=g1|member=CN=u", "dn=CN=u", "dn=CN=g2",
				"dn=CN=g3|member=CN=v"},
			"11000"},
		{"(member" CHAIN "CN=u)", {"dn=CN=g0", "dn=CN=u|memberOf=CN=g0"}, "10"},
		{"(manager" CHAIN "CN=boss)",
			{"dn=CN=boss", "dn=CN=a|manager=CN=Boss", "dn=CN=b|manager=CN=a",
				"dn=CN=c|manager=CN=d"},
			"0110"},
		{"(manager" CHAIN "CN=boss)", {"dn=CN=boss|directReports=CN=a", "dn=CN=a"}, "01"},
		{"(x-boss" CHAIN "CN=boss)", {"dn=CN=a|x-boss=CN=b", "dn=CN=b|x-boss=CN=boss"},
			"11"},
		/* several items, one graph */
		{"(&(memberOf" CHAIN "CN=g)(!(memberOf" CHAIN "CN=h)))",
			{"dn=CN=a|memberOf=CN=g1", "dn=CN=g1|memberOf=CN=g",
				"dn=CN=b|memberOf=CN=g1|memberOf=CN=h"},
			"110"},
		{"(|(memberOf" CHAIN "CN=g)(manager" CHAIN "CN=m))",
			{"dn=CN=a|manager=CN=b", "dn=CN=b|manager=CN=m", "dn=CN=c|memberOf=CN=g",
				"dn=CN=d|manager=CN=c"},
			"1110"},
		{"(memberOf" CHAIN "CN=g)", {"dn=CN=a"}, "0"},
	};

	(void)state;
	assert_false(filter_chained(parsed("(&(cn=a)(!(memberOf=CN=g)))")));
	for (size_t i = 0; i < N(cases); i++) {
		struct filter *f = parsed(cases[i].filter);
		char got[8] = "";
		assert_true(filter_chained(f));
		for (size_t k = 0; k < strlen(cases[i].want); k++)
			filter_learn(f, entry(cases[i].entries[k]));
		filter_solve(f);
		for (size_t k = 0; k < strlen(cases[i].want); k++)
			got[k] = filter_match(f, entry(cases[i].entries[k])) ? '1' : '0';
		assert_string_equal(got, cases[i].want);
		filter_free(f);
		filter_free(f);
	}
	filter_free(NULL);
}

static void chain_unfed(void **state)
{
	struct filter *f = parsed("(memberOf" CHAIN "CN=g)");
	struct entry *gone = entry("dn=CN=a|memberOf=CN=g");

	(void)state;
	assert_true(filter_match(f, entry("dn=CN=a|memberOf=CN=x|memberOf=cn=G")));
	assert_false(filter_match(f, entry("dn=CN=a|memberOf=CN=x")));
	gone->gone = true;
	filter_learn(f, gone);
	filter_learn(f, entry("dn=CN=b|memberOf=CN=a"));
	filter_solve(f);
	assert_false(filter_match(f, entry("dn=CN=b|memberOf=CN=a")));
	filter_free(f);
}

/* More edges to one name than a byte counts, a long chain, and each value again. */
static void chain_large(void **state)
{
	struct filter *f = parsed("(memberOf" CHAIN "CN=g0)");

	(void)state;
	for (int i = 3000; i > 0; i--) {
		struct entry *e = entry(arena_printf(mem,
			"dn=CN=g%d|memberOf=CN=g%d|memberOf=CN=g%d|memberOf=CN=g3000", i, i - 1,
			i / 2));
		filter_learn(f, e);
		filter_learn(f, e);
	}
	filter_solve(f);
	for (int i = 0; i <= 3000; i++)
		assert_true(filter_match(f, entry(arena_printf(mem, "dn=CN=g%d", i))) == (i > 0));
	filter_free(f);
}

static void escape(void **state)
{
	static const struct {
		struct value value;
		const char *want;
	} cases[] = {
		{V(""), ""},
		{V("Ann Lee"), "Ann Lee"},
		{V("a*(b)\\\0"), "a\\2a\\28b\\29\\5c\\00"},
		{V("ä\n\x7f"), "ä\\0a\\7f"},
		{V("\xff\xc3\xa4"), "\\ff\\c3\\a4"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct value v = filter_escape(mem, cases[i].value);
		assert_string_equal(v.data, cases[i].want);
		assert_int_equal(v.len, strlen(cases[i].want));
	}
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static void random_text(struct buf *out, bool stars)
{
	static const char *const parts[] = {"a", "B", " ", "*", "=", ",", "\\28", "\\2A", "\\5c",
		"\\00", "\\ff", "ä", "ß", "CN=a", "\\c3\\a4", "\n"};

	for (unsigned n = pick(5); n > 0; n--) {
		const char *part = parts[pick(N(parts))];
		buf_puts(out, *part == '*' && !stars ? "x" : part);
	}
}

static void random_filter(struct buf *out, unsigned depth)
{
	static const char *const items[] = {"cn=", "CN~=", "cn>=", "mail<=", "objectGUID=", "cn:=",
		"manager=", "objectCategory="};
	static const char *const whole[] = {"groupType" ALL "12", "groupType" ANY "-7",
		"uSNChanged>=5", "memberOf" CHAIN "CN=a", "userAccountControl=5", "sn=*"};

	buf_puts(out, pick(5) == 0 ? " (" : "(");
	unsigned what = pick(depth < 4 ? 8 : 5);
	if (what < 4) {
		const char *item = items[pick(N(items))];
		buf_puts(out, item);
		random_text(out, strpbrk(item, ":~<>") == NULL);
	} else if (what == 4) {
		buf_puts(out, whole[pick(N(whole))]);
	} else {
		buf_putc(out, "&|!"[what - 5]);
		for (unsigned n = what == 7 ? 1 : pick(4); n > 0; n--)
			random_filter(out, depth + 1);
	}
	buf_putc(out, ')');
}

/* For filters of all sorts: print(parse(print(x))) = print(x), and both match alike; the part that
 * failed is false, and "not" turns the answer round. */
static void round_trip(void **state)
{
	struct entry *entries[] = {entry("cn=aB|mail=b|groupType=12|objectGUID=a"),
		entry("cn=a*=,|cn=ä|mail=c|uSNChanged=7|manager=CN=A|memberOf=CN=a"),
		entry("cn=ssss|userAccountControl=5|groupType=4|sn=x|objectCategory=CN=a")};
	struct arena_mark mark = arena_mark(mem);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct buf text = {0};
		random_filter(&text, 0);
		const struct filter *f = parsed(text.data);
		const char *once = printed(f);
		const struct filter *again = parsed(once);
		assert_string_equal(printed(again), once);
		const struct filter *not = parsed(arena_printf(mem, "(!%s)", once));
		for (size_t k = 0; k < N(entries); k++) {
			bool match = filter_match(f, entries[k]);
			const struct filter *part = filter_failed(f, entries[k]);
			assert_int_equal(filter_match(again, entries[k]), match);
			assert_int_equal(filter_match(not, entries[k]), !match);
			assert_int_equal(part == NULL, match);
			assert_true(part == NULL || !filter_match(part, entries[k]));
		}
		buf_free(&text);
		arena_rewind(mem, mark);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(nesting),
		cmocka_unit_test(match),
		cmocka_unit_test(failed),
		cmocka_unit_test(reads),
		cmocka_unit_test(chain),
		cmocka_unit_test(chain_unfed),
		cmocka_unit_test(chain_large),
		cmocka_unit_test(escape),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
