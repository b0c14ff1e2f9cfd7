#include "rules_cases.h"

#include "base/filter.h"

/* How lines become values: what is asked for, all of it. The rule has this scope and these lines.
 */
static const struct {
	const char *what, *lines, *entry, *desired;
} maps[] = {
	/* precedence and the NULL family */
	{"the first line that is not NULL", "x = [a]\n x = [b]\n x = [c]", "b=1 | c=2",
		"CN=n | x=1"},
	{"all NULL: must be absent", "x = [a]\n x = [b]", "c=1", "CN=n | x=-"},
	{"AuthoritativeNull stops: must be absent", "x = [a]\n x = AuthoritativeNull\n x = [b]",
		"b=1", "CN=n | x=-"},
	{"before AuthoritativeNull a value counts", "x = [a]\n x = AuthoritativeNull", "a=1",
		"CN=n | x=1"},
	{"IgnoreThisFlow: nothing is asked", "x = IgnoreThisFlow\n x = [a]\n y = 1", "a=1",
		"CN=n | y=1"},
	{"before IgnoreThisFlow a value counts", "x = [a]\n x = IgnoreThisFlow", "a=1",
		"CN=n | x=1"},
	{"an empty text is none", "x = Trim([a])\n x = [b]", "a= | b=1", "CN=n | x=1"},
	{"nor is what is left of nothing", "x = Left([c], 3)\n x = [b]", "b=1", "CN=n | x=1"},
	{"one of two that is empty", "x = [a]\n x = [b]", "a= | a=2 | b=1", "CN=n | x=2"},
	{"an empty text alone empties", "x = Trim([a])", "a=  ", "CN=n | x=-"},
	{"an empty text does not end it for merge", "x merge = Trim([a])\n x merge = [b]",
		"a= | b=1", "CN=n | x+=1"},
	{"what cannot be a condition", "x = IIF(IIF(True, IgnoreThisFlow, NULL), 1, 2)", "a=1",
		"CN=n | !E_RULE x"},
	{"nor of several places", "x = Switch([a] = \"1\", 1, AuthoritativeNull, 2)", "a=2 | a=3",
		"CN=n | !E_RULE x"},
	{"nor of Where", "x = Where($v, [a], IIF(True, AuthoritativeNull, 1))", "a=2 | a=3",
		"CN=n | !E_RULE x"},
	{"no values left are NULL", "x = Where($v, [a], $v = \"z\")\n x = [b]", "a=1 | a=2 | b=3",
		"CN=n | x=3"},
	{"an error in one line fails the object, and the rest is still there",
		"x = Error(\"no \" & [a])\n y = 1", "a=1", "CN=n | y=1 | !E_RULE x"},
	{"a line after the one that counts is not evaluated", "x = [a]\n x = Error(\"no\")", "a=1",
		"CN=n | x=1"},
	{"text that is not UTF-8 is damage in the source", "x = Trim([sn])", "sn=M\xfcller",
		"CN=n | !E_CTRL x"},
	{"an unknown parameter", "x = %nope%", "a=1", "CN=n | !E_RULE x"},
	{"a parameter", "x = %Forest.FQDN%", "a=1", "CN=n | x=abc.example"},
	{"octets where text belongs", "title = [thumbnailPhoto]", "thumbnailPhoto=\xff",
		"CN=n | title=\xff | !E_CTRL title"},
	/* modes */
	{"add", "x add = [a]\n x add = [b]", "b=1", "CN=n | x?=1"},
	{"add of nothing asks for nothing", "x add = [a]", "b=1", "CN=n"},
	{"merge unites all lines", "x merge = [a]\n x merge = [b]\n x merge = [c]",
		"a=2 | a=3 | c=1 | c=3", "CN=n | x+=1, 2, 3"},
	{"merge of nothing: none of ours", "x merge = [a]", "b=1", "CN=n | x+=-"},
	{"AuthoritativeNull ends a merge",
		"x merge = [a]\n x merge = AuthoritativeNull\n x merge = [b]", "a=1 | b=2",
		"CN=n | x+=1"},
	{"IgnoreThisFlow ends a merge", "x merge = [a]\n x merge = IgnoreThisFlow\n x merge = [b]",
		"a=1 | b=2", "CN=n | x+=1"},
	{"IgnoreThisFlow as the first of a merge", "x merge = IgnoreThisFlow\n x merge = [b]",
		"b=2", "CN=n"},
	/* values */
	{"equal values are one", "title = [a]\n seeAlso = [b]",
		"a=1 | a=1 | b=CN=A,DC=x | b=cn=a,dc=X", "CN=n | title=1 | seeAlso=CN=A,DC=x"},
	{"values have an order", "x = [a]\n y = Item([a], 1)", "a=c | a=b | a=a",
		"CN=n | x=a, b, c | y=a"},
	{"several lines, in the order of the attributes", "b = 1\n a = 1\n b = 2", "x=1",
		"CN=n | b=1 | a=1"},
	/* require */
	{"require", "require cn displayName sAMAccountName title a", "a= | cn=\t ",
		"CN=n | !E_CN_BLANK cn | !E_DN_BLANK displayName | !E_SAM_BLANK sAMAccountName | "
		"!E_REQUIRED title | !E_REQUIRED a"},
	{"require is content", "require cn a", "a=1 | cn=x", "CN=n"},
};

static const struct {
	const char *what, *name, *entry, *desired;
} names[] = {
	{"a name", "\"CN=\" & [cn]", "cn=Ann Example", "CN=Ann Example"},
	{"another type", "\"OU=\" & [cn]", "cn=Ann", "OU=Ann"},
	{"specials are escaped", "\"CN=\" & [cn]", "cn=Example, Ann \"A\" + <b>;c\\d#",
		"CN=Example\\, Ann \\\"A\\\" \\+ \\<b\\>\\;c\\\\d#"},
	{"a second equals sign", "\"CN=\" & [cn]", "cn=a=b", "CN=a=b"},
	{"blanks at the ends go", "\"CN=\" & [cn]", "cn=\t Ann \t", "CN=Ann | ~E_CTRL cn"},
	{"control characters go", "\"CN=\" & [cn]", "cn=An\x01n\x7f\xc2\x85X",
		"CN=AnnX | ~E_CTRL cn"},
	{"a tab or a line break is a blank", "\"CN=\" & [cn]", "cn=Ann\tB\nC",
		"CN=Ann B C | ~E_CTRL cn"},
	{"64 characters", "\"CN=\" & [cn]", "cn={64}",
		"CN=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	{"65 characters", "\"CN=\" & [cn]", "cn=ä{63}ü",
		"CN=äxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | ~E_LEN cn"},
	{"cut before a blank", "\"CN=\" & [cn]", "cn={63} y",
		"CN=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | ~E_LEN cn"},
	{"an attribute without a limit", "\"x=\" & [cn]", "cn={65}",
		"x=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | ~E_LEN x"},
	{"blank", "\"CN=\" & [cn]", "cn= \t", "- | ~E_CTRL cn | !E_CN_BLANK cn"},
	{"absent", "\"CN=\" & [cn]", "a=1", "- | !E_CN_BLANK cn"},
	{"NULL", "[x]", "a=1", "- | !E_CN_BLANK cn"},
	{"no equals sign", "[cn]", "cn=Ann", "- | !E_RULE"},
	{"not a type", "\"C/N=\" & [cn]", "cn=Ann", "- | !E_RULE"},
	{"several", "[a]", "a=CN=1 | a=CN=2", "- | !E_RULE"},
	{"an error", "Error(\"no\")", "a=1", "- | !E_RULE"},
	{"marks that nobody sees", "\"CN=\" & [a]", "a=A\xe2\x80\xaenn\xef\xbb\xbf",
		"CN=Ann | ~W_INVISIBLE cn"},
	{"octets", "\"CN=\" & CStr([a])", "a=\xff", "- | !E_CTRL"},
	{"not UTF-8", "[a]", "a=CN=\xff", "- | !E_CTRL cn"},
};

/* Joins: the keys, "group attr=value". */
static const struct {
	const char *what, *lines, *entry, *keys;
} joins[] = {
	{"groups in order, NULL gives none", "join mail = [m]\n join cn = [x]\n join sn = [cn]",
		"m=a@b | cn=Ann", "0 mail=a@b 2 sn=Ann"},
	{"values are alternatives", "join proxyAddresses = [p]", "p=smtp:b@x | p=SMTP:a@x",
		"0 proxyAddresses=SMTP:a@x 0 proxyAddresses=smtp:b@x"},
	{"an address of a type only finds nobody",
		"join proxyAddresses = \"X500:\" & [l]\n join targetAddress = \"SMTP: \"", "cn=x",
		""},
	{"an empty value finds nobody", "join mail = [m]\n join cn = [c]", "m= | c= | c=x",
		"1 cn=x"},
};

static void map(
	struct arena *mem, const char *rule, const char *entry, struct desired *d, struct err *err)
{
	struct rules *rules = case_rules(mem, rule);
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, entry);

	*err = (struct err){ERR_NONE, ""};
	(void)rules_map(mem, rules_at(rules, 0), &env, &e, d, err);
}

static bool check(const char *what, const char *found, const char *expected)
{
	if (strcmp(found, expected) == 0)
		return true;
	print_error("%s:\n  %s\nexpected:\n  %s\n", what, found, expected);
	return false;
}

static void test_map(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct arena *mem = arena_new();
		struct desired d;
		struct err err;
		map(mem,
			arena_printf(
				mem, "rule r\n scope (a=*)\n name \"CN=n\"\n %s\n", maps[i].lines),
			maps[i].entry, &d, &err);
		failed += !check(maps[i].what, print_desired(mem, &d, true), maps[i].desired);
		assert_int_equal(err.kind, strstr(maps[i].desired, "!E_") ? ERR_ENTRY : ERR_NONE);
		arena_free(mem);
	}
	assert_int_equal(failed, 0);
}

static void test_names(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct arena *mem = arena_new();
		struct desired d;
		struct err err;
		map(mem, arena_printf(mem, "rule r\n scope (a=*)\n name %s\n", names[i].name),
			names[i].entry, &d, &err);
		failed += !check(names[i].what, print_desired(mem, &d, true), names[i].desired);
		arena_free(mem);
	}
	assert_int_equal(failed, 0);
}

static void test_joins(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		struct arena *mem = arena_new();
		const char *keys = "";
		struct desired d;
		struct err err;
		map(mem,
			arena_printf(
				mem, "rule r\n scope (a=*)\n name \"CN=n\"\n %s\n", joins[i].lines),
			joins[i].entry, &d, &err);
		for (unsigned k = 0; k < d.n_joins; k++)
			keys = arena_printf(mem, "%s%s%u %s=%.*s", keys, k > 0 ? " " : "",
				d.joins[k].group, attr_name(d.joins[k].attr),
				(int)d.joins[k].value.len, d.joins[k].value.data);
		failed += !check(joins[i].what, keys, joins[i].keys);
		arena_free(mem);
	}
	assert_int_equal(failed, 0);
}

/* The message is the first error's; lines say where values and complaints come from. */
static void test_lines(void **state)
{
	struct arena *mem = arena_new();
	struct desired d;
	struct err err;

	(void)state;
	map(mem,
		"rule r\n scope (a=*)\n name \"CN=n\"\n join cn = [a]\n x = [b]\n x = [a]\n"
		" y = [b]\n z = AuthoritativeNull\n mail = [m]\n title = Error(\"no \" & "
		"\"title\")\n join sn = CNum(\"x\")\n",
		"a=1 | m=nobody", &d, &err);
	assert_string_equal(
		err.text, "E_RULE: title (t:10): no title; correct the rule or the source");
	assert_int_equal(err.kind, ERR_ENTRY);
	assert_string_equal(d.joins[0].line, "t:4");
	assert_string_equal(d.attrs[0].line, "t:6");
	assert_string_equal(d.attrs[1].line, "t:7");
	assert_string_equal(d.attrs[2].line, "t:8");
	assert_string_equal(
		d.complaints[0].text, "title (t:10): no title; correct the rule or the source");
	assert_int_equal(d.complaints[1].attr, attr_named("sn"));
	assert_string_equal(
		d.complaints[2].text, "mail 'nobody' (t:9): no '@'; correct it in the source");
	assert_int_equal(d.n_complaints, 3);
	/* not a warning's */
	map(mem, "rule r\n scope (a=*)\n name \"CN=n\"\n title = [a]\n c = [b]\n",
		"a={200} | b=DEU", &d, &err);
	assert_int_equal(d.n_complaints, 2);
	assert_string_equal(err.text,
		"E_LEN: c 'DEU' (t:5): 3 characters, 2 are possible; shorten it in the source");
	arena_free(mem);
}

/* "explain" shows each line: what it gave, and whether it counted. */
static void test_trace(void **state)
{
	static const char *const expected =
		"t:4 x NULL\nt:5 x 1 *\nt:6 x 2\n"
		"t:7 y 1 *\nt:8 y NULL\nt:9 y AuthoritativeNull *\nt:10 y 2\n"
		"t:11 z !no\nt:12 z 1\n"
		"t:13 w IgnoreThisFlow *\nt:14 w 1\n";
	struct arena *mem = arena_new();
	struct rules *rules = case_rules(mem,
		"rule r\n scope (a=*)\n name [cn]\n x = [c]\n x = [a]\n x = [b]\n"
		" y merge = [a]\n y merge = [c]\n y merge = AuthoritativeNull\n y merge = [b]\n"
		" z add = Error(\"no\")\n z add = [a]\n w = IgnoreThisFlow\n w = [a]\n");
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, "a=1 | b=2");
	struct flow_trace *trace;
	struct buf b = {0};
	unsigned n = rules_trace(mem, rules_at(rules, 0), &env, &e, &trace);

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&b, "%s %s ", trace[i].line, attr_name(trace[i].attr));
		if (trace[i].err.kind == ERR_NONE) {
			expr_print(&b, &trace[i].result);
			b.len -= b.data[b.len - 1] == '\n';
		} else {
			buf_printf(&b, "!%s", trace[i].err.text);
		}
		buf_puts(&b, trace[i].used ? " *\n" : "\n");
	}
	assert_string_equal(b.data, expected);
	buf_free(&b);
	arena_free(mem);
}

/* A line's chance is the same in each run, and another one for each entry and attribute. */
static void test_seed(void **state)
{
	struct arena *mem = arena_new();
	struct rules *rules =
		case_rules(mem, "rule r\n scope (a=*)\n name \"CN=n\"\n x = Guid()\n y = Guid()\n");
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, "a=1"), other = e;
	struct desired one, two, three;
	struct err err;

	(void)state;
	other.key = 7;
	assert_int_equal(rules_map(mem, rules_at(rules, 0), &env, &e, &one, &err), 0);
	assert_int_equal(rules_map(mem, rules_at(rules, 0), &env, &e, &two, &err), 0);
	assert_int_equal(rules_map(mem, rules_at(rules, 0), &env, &other, &three, &err), 0);
	assert_true(value_same(one.attrs[0].values[0], two.attrs[0].values[0]));
	assert_false(value_same(one.attrs[0].values[0], one.attrs[1].values[0]));
	assert_false(value_same(one.attrs[0].values[0], three.attrs[0].values[0]));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
