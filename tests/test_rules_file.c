#include "rules_cases.h"

#include "base/filter.h"

/*
 * A case is a set of files and what becomes of them when the first is loaded. "== name" begins a
 * file. What rules there are is printed as a line each, its scope, its joins' attributes, and a
 * line for each of its flows; or it is the whole error message.
 */
static const struct {
	const char *what, *files, *expected;
} cases[] = {
	{"a rule",
		"== t\n"
		"rule user\n"
		"    scope (objectClass=user)\n"
		"    require cn sn\n"
		"    name \"CN=\" & [cn]\n"
		"    join mail = [mail]\n"
		"    displayName = Trim([displayName])\n"
		"    displayName = [cn]\n"
		"    note add = \"a # b\" # a comment\n"
		"    proxyAddresses merge = [proxyAddresses]\n",
		"user (objectClass=user) join mail\n"
		"  displayName = Trim([displayName]) t:6\n"
		"  displayName = [cn] t:7\n"
		"  note add = \"a # b\" t:8\n"
		"  proxyAddresses merge = [proxyAddresses] t:9\n"},
	{"lines of one attribute come together",
		"== t\nrule a\n scope (a=*)\n name \"CN=x\"\n a = 1\n b = 2\n A = 3\n",
		"a (a=*)\n  a = 1 t:4\n  a = 3 t:6\n  b = 2 t:5\n"},
	{"comments, blank lines, tabs, CRLF and a byte order mark",
		"== t\n\xef\xbb\xbf# top\r\n\r\nrule a # of this\r\n\tscope\t(a=b#c)\r\n# left\r\n"
		"\tname \"CN=x\"\r\n\r\n\tx=[y]\r\n",
		"a (a=b#c)\n  x = [y] t:8\n"},
	{"open parentheses go on",
		"== t\nrule a\n scope (&(a=*)\n        # why\n   (b=*)\n\n  )\n name \"CN=\" & (\n"
		"   [cn])\n x = IIF([a] = \"(\",\n# left\n   1,\n\n\t2)\n y = 3",
		"a (&(a=*)(b=*))\n  x = IIF([a] = \"(\", 1, 2) t:9\n  y = 3 t:14\n"},
	{"a filter has no quotes",
		"== t\nrule a\n scope (&(a=5\" wide)\n  (b=6\"))\n name \"CN=x\"\n",
		"a (&(a=5\" wide)(b=6\"))\n"},
	{"words that begin statements are attributes, too",
		"== t\nrule a\n scope (a=*)\n name \"CN=x\"\n name = 1\n scope = 2\n drop add = 3\n"
		" require merge = 4\n join = 5\n join add = 6\n add = 7\n merge add = 8\n",
		"a (a=*) join add\n  name = 1 t:4\n  scope = 2 t:5\n  drop add = 3 t:6\n"
		"  require merge = 4 t:7\n  join = 5 t:8\n  add = 7 t:10\n  merge add = 8 t:11\n"},
	{"the last line without an end", "== t\nrule a\n scope (a=*)\n name \"CN=x\"\n a=1",
		"a (a=*)\n  a = 1 t:4\n"},
	{"UTF-8", "== t\nrule a\n scope (a=ü)\n name \"CN=ü\"\n a = \"ö\"",
		"a (a=ü)\n  a = \"ö\" t:4\n"},

	/* include */
	{"own lines are above included ones",
		"== t\ninclude sub/base\nrule user\n mail = [other]\n"
		"== sub/base\nrule user\n scope (a=*)\n name \"CN=x\"\n join mail = [m]\n mail = "
		"[m]\n sn = [sn]\n",
		"user (a=*) join mail\n  mail = [other] t:3\n  mail = [m] sub/base:5\n  sn = [sn] "
		"sub/base:6\n"},
	{"scope and joins replace, and the rule keeps its place; new rules come first",
		"== t\nrule b\n scope (b=2)\n join cn = [c]\nrule z\n scope (z=*)\n name "
		"\"CN=x\"\ninclude base\n"
		"== base\nrule a\n scope (a=*)\n name \"CN=x\"\nrule b\n scope (b=1)\n name "
		"\"CN=x\"\n join mail = [m]\n",
		"z (z=*)\na (a=*)\nb (b=2) join cn\n"},
	{"drop an included flow and keep one's own",
		"== t\ninclude base \nrule a\n drop x y\n x = 2\n"
		"== base\nrule a\n scope (a=*)\n name \"CN=x\"\n x add = 1\n y = 1\n z = 1\n",
		"a (a=*)\n  x = 2 t:4\n  z = 1 base:6\n"},
	{"drop an included rule, and begin it anew in a file above",
		"== t\ninclude mid\nrule a\n scope (a=2)\n name \"CN=x\"\n"
		"== mid\ninclude base\ndrop rule a\n"
		"== base\nrule a\n scope (a=1)\n name \"CN=x\"\nrule b\n scope (b=*)\n name "
		"\"CN=x\"\n",
		"a (a=2)\nb (b=*)\n"},
	{"of two included files the first is above",
		"== t\ninclude one\ninclude two\n"
		"== one\nrule a\n x = 1\n== two\nrule a\n scope (a=*)\n name \"CN=x\"\n x = 2\n y "
		"= 2\n",
		"a (a=*)\n  x = 1 one:2\n  x = 2 two:4\n  y = 2 two:5\n"},
	{"paths are relative to the file that names them",
		"== t\ninclude d/one\n== d/one\ninclude two\nrule a\n scope (a=*)\n name \"CN=x\"\n"
		"== d/two\nrule b\n scope (b=*)\n name \"CN=x\"\n",
		"a (a=*)\nb (b=*)\n"},

	/* like */
	{"a rule like another",
		"== t\nrule room like user\n scope (r=*)\n x = 1\n drop y\n"
		"rule user\n scope (u=*)\n name \"CN=x\"\n join mail = [m]\n x = 2\n y = 2\n z = "
		"2\n",
		"room (r=*) join mail\n  x = 1 t:3\n  x = 2 t:9\n  z = 2 t:11\n"
		"user (u=*) join mail\n  x = 2 t:9\n  y = 2 t:10\n  z = 2 t:11\n"},
	{"what a file above adds to a rule, the ones like it have, too",
		"== t\ninclude base\nrule user\n x = 1\n drop y\nrule c\n z = 1\n"
		"== base\nrule c like b\n scope (c=*)\n drop z y\nrule b like user\n scope (b=*)\n"
		"rule user\n scope (u=*)\n name \"CN=x\"\n x = 2\n y = 2\n z = 2\n",
		"c (c=*)\n  z = 1 t:6\n  x = 1 t:3\n  x = 2 base:9\n"
		"b (b=*)\n  x = 1 t:3\n  x = 2 base:9\n  z = 2 base:11\n"
		"user (u=*)\n  x = 1 t:3\n  x = 2 base:9\n  z = 2 base:11\n"},
	{"a dropped rule is still there for what is like it",
		"== t\ninclude base\ndrop rule user\n"
		"== base\nrule user\n scope (u=*)\n name \"CN=x\"\n x = 1\nrule room like user\n "
		"scope (r=*)\n",
		"room (r=*)\n  x = 1 base:4\n"},
	{"a file above says what a rule is like",
		"== t\ninclude base\nrule b like a\n"
		"== base\nrule a\n scope (a=*)\n name \"CN=x\"\n x = 1\nrule b\n scope (b=*)\n",
		"a (a=*)\n  x = 1 base:4\nb (b=*)\n  x = 1 base:4\n"},

	/* never */
	{"never is a part of each scope",
		"== t\nnever (x=1)\ninclude base\nnever (|(y=1)\n  (y=2))\nrule b\n scope (b=*)\n "
		"name \"CN=x\"\n"
		"== base\nnever (h=TRUE)\nrule a\n scope (a=*)\n name \"CN=x\"\n",
		"b (&(b=*)(!(h=TRUE))(!(x=1))(!(|(y=1)(y=2))))\n"
		"a (&(a=*)(!(h=TRUE))(!(x=1))(!(|(y=1)(y=2))))\n"},
	{"drop never takes out an included one, however it is written",
		"== t\ninclude base\ndrop never (& (h=TRUE) (i=1) )\nnever (k=1)\n"
		"== base\nnever (&(h=TRUE)(i=1))\nnever (j=1)\nnever (k=1)\nrule a\n scope (a=*)\n "
		"name \"CN=x\"\n",
		"a (&(a=*)(!(j=1))(!(k=1)))\n"},

	/* errors */
	{"no rules", "== t\n# nothing\n", "t: there are no rules"},
	{"an empty file", "== t\n", "t: there are no rules"},
	{"no such file", "== t\n\ninclude x/gone\n",
		"t:2:9: FOLDER/x/gone: No such file or directory\ninclude x/gone\n        ^"},
	{"no such built-in", "== t\ninclude galsink\n",
		"t:1:9: FOLDER/galsink: No such file or directory, and no built-in rules have this "
		"name\n"
		"include galsink\n        ^"},
	{"a folder", "== t\ninclude d\n== d/x\n",
		"t:1:9: FOLDER/d: not a regular file\ninclude d\n        ^"},
	{"a cycle", "== t\ninclude a\n== a\ninclude t\n",
		"a:1:9: t is included a second time\ninclude t\n        ^"},
	{"included twice",
		"== t\ninclude a\ninclude b\n== a\ninclude c\n== b\ninclude ../b/../c\n== c\n",
		"b:1:9: FOLDER/../b/../c: No such file or directory\ninclude ../b/../c\n        ^"},
	{"included twice by another path", "== t\ninclude a\ninclude ./a\n== a\n# none\n",
		"t:2:9: a is included a second time\ninclude ./a\n        ^"},
	{"a built-in twice", "== t\ninclude galsync\ninclude galsync\n",
		"t:2:9: galsync is included a second time\ninclude galsync\n        ^"},
	{"an error in an included file", "== t\ninclude d/a\n== d/a\nrule\n",
		"d/a:1:5: expected the name of a rule\nrule\n    ^"},
	{"include what", "== t\ninclude \n",
		"t:1:9: expected the name of a built-in set or of a file\ninclude \n        ^"},
	{"a statement that is none", "== t\nrules a\n",
		"t:1:1: expected include, rule, never or drop (the lines of a rule are "
		"indented)\nrules a\n^"},
	{"indented, but no rule", "== t\n  x = 1\n",
		"t:1:3: this line is indented, but belongs to no rule\n  x = 1\n  ^"},
	{"indented after drop rule", "== t\ndrop rule a\n  x = 1\n",
		"t:2:3: this line is indented, but belongs to no rule\n  x = 1\n  ^"},
	{"indented after include", "== t\nrule a\ninclude b\n\tx = 1\n",
		"t:3:2: this line is indented, but belongs to no rule\n x = 1\n ^"},
	{"a rule twice", "== t\nrule a\nrule b\nrule a\n",
		"t:3:6: rule a is already in line 1\nrule a\n     ^"},
	{"a rule and more", "== t\nrule a b\n",
		"t:1:8: expected 'like' and the name of a rule\nrule a b\n       ^"},
	{"a rule like nothing", "== t\nrule a like\n",
		"t:1:8: expected 'like' and the name of a rule\nrule a like\n       ^"},
	{"a rule like two", "== t\nrule a like b c\n",
		"t:1:15: expected the end of the line\nrule a like b c\n              ^"},
	{"a rule like one that is not there", "== t\nrule a like b\n scope (a=*)\n name \"x\"\n",
		"t:1:13: there is no rule b\nrule a like b\n            ^"},
	{"a rule like itself", "== t\nrule a like a\n",
		"t:1:13: rule a is like itself\nrule a like a\n            ^"},
	{"rules like each other", "== t\nrule a like b\nrule b like c\nrule c like b\n",
		"t:3:13: rule c is like itself\nrule c like b\n            ^"},
	{"no scope", "== t\nrule usr\n name \"CN=x\"\n",
		"t:1:6: rule usr has no scope, and no included rule of this name has one\nrule "
		"usr\n     ^"},
	{"no name", "== t\nrule a\n scope (a=*)\n",
		"t:1:6: rule a has no name, and no included rule of this name has one\nrule a\n    "
		" ^"},
	{"two scopes", "== t\nrule a\n scope (a=*)\n scope (b=*)\n",
		"t:3:2: a second scope in rule a\n scope (b=*)\n ^"},
	{"two names", "== t\nrule a\n name [a]\n name [b]\n",
		"t:3:2: a second name in rule a\n name [b]\n ^"},
	{"two requires", "== t\nrule a\n require a\n require b\n",
		"t:3:2: a second require in rule a\n require b\n ^"},
	{"require what", "== t\nrule a\n require\n",
		"t:2:9: expected the name of an attribute\n require\n        ^"},
	{"require what is no name", "== t\nrule a\n require cn x/y\n",
		"t:2:13: not the name of an attribute: 'x/y'\n require cn x/y\n            ^"},
	{"a bad filter", "== t\nrule a\n scope (&(ü=*)\n   (b*))\n",
		"t:2:11: expected '&', '|', '!' or the name of an attribute\n scope (&(ü=*)\n      "
		"    ^"},
	{"a bad filter in its second line", "== t\nrule a\n scope (&(a=ü)\n   (b*))\n",
		"t:3:6: expected '=', '>=', '<=', '~=' or ':' after the attribute\n   (b*))\n     "
		"^"},
	{"a filter that is not closed", "== t\nrule a\n scope (&(a=ü)\n name [a]\n",
		"t:3:2: expected '(' or ')'\n name [a]\n ^"},
	{"no filter", "== t\nnever\n", "t:1:6: expected '('\nnever\n     ^"},
	{"a filter too deep for its never",
		"== t\nnever (a=*)\nrule r\n scope {!63}(a=*){)63}\n name [a]\n", NULL},
	{"drop what", "== t\ndrop a\n", "t:1:6: expected 'rule' or 'never'\ndrop a\n     ^"},
	{"drop a rule that is not there", "== t\ndrop rule a\n",
		"t:1:11: no included rule is named a\ndrop rule a\n          ^"},
	{"drop one's own rule", "== t\nrule a\ndrop rule a\n",
		"t:2:11: rule a is already in line 1\ndrop rule a\n          ^"},
	{"drop a never that is not there", "== t\ndrop never (a=*)\n",
		"t:1:6: no included file says never (a=*)\ndrop never (a=*)\n     ^"},
	{"drop never what", "== t\ndrop never\n", "t:1:11: expected '('\ndrop never\n          ^"},
	{"drop an attribute that is not there",
		"== t\nrule a\n scope (a=*)\n name [a]\n drop cn sn\n cn = 1\n",
		"t:4:10: no rule gives sn\n drop cn sn\n         ^"},
	{"two modes in a file", "== t\nrule a\n scope (a=*)\n name [a]\n x = 1\n x merge = 2\n",
		"t:5:2: x has 'merge =' here, but '=' in t:4\n x merge = 2\n ^"},
	{"two modes in two files",
		"== t\ninclude b\nrule a\n x add = 1\n== b\nrule a\n scope (a=*)\n name [a]\n x = "
		"1\n",
		"b:4:2: x has '=' here, but 'add =' in t:3\n x = 1\n ^"},
	{"a mode that is none", "== t\nrule a\n x ad = 1\n",
		"t:2:4: expected '=', add or merge\n x ad = 1\n   ^"},
	{"no equals sign", "== t\nrule a\n x add 1\n", "t:2:8: expected '='\n x add 1\n       ^"},
	{"only a word", "== t\nrule a\n x\n", "t:2:3: expected '='\n x\n  ^"},
	{"an attribute that is none", "== t\nrule a\n x/y = 1\n",
		"t:2:2: not the name of an attribute: 'x/y'\n x/y = 1\n ^"},
	{"no attribute", "== t\nrule a\n = 1\n",
		"t:2:2: expected the name of an attribute\n = 1\n ^"},
	{"no expression", "== t\nrule a\n x = # 1\n",
		"t:2:5: expected an expression\n x = # 1\n    ^"},
	{"join what", "== t\nrule a\n join x [y]\n", "t:2:9: expected '='\n join x [y]\n        ^"},
	{"join nothing", "== t\nrule a\n join\n",
		"t:2:6: expected the name of an attribute\n join\n     ^"},
	{"a control character", "== t\nrule a\n x = \"\x01\"\n",
		"t:2:7: a control character (0x01)\n x = \"\x01\"\n      ^"},
	{"not UTF-8", "== t\nrule a\n x = \"\xfc\"\n", "t: the file is not UTF-8"},
	{"far to the right", "== t\nrule a\n require {250} x/y\n",
		"t:2:261: not the name of an attribute: 'x/y'"},
	{"a long line", "== t\nrule a\n x = \"{250}\" y\n", NULL},
};

/* {!60} and {)60}: that many; {250}: letters. */
static const char *expand(struct arena *mem, const char *text)
{
	struct buf b = {0};

	while (*text != '\0') {
		unsigned n;
		int used = 0;
		if (sscanf(text, "{!%u}%n", &n, &used) == 1 && used > 0) {
			for (unsigned i = 0; i < n; i++)
				buf_puts(&b, "(!");
		} else if (sscanf(text, "{)%u}%n", &n, &used) == 1 && used > 0) {
			for (unsigned i = 0; i < n; i++)
				buf_puts(&b, ")");
		} else if (sscanf(text, "{%u}%n", &n, &used) == 1 && used > 0) {
			for (unsigned i = 0; i < n; i++)
				buf_puts(&b, "x");
		} else {
			buf_putc(&b, *text);
			used = 1;
		}
		text += used;
	}
	const char *all = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return all;
}

static void write_files(struct arena *mem, const char *folder, const char *text)
{
	while (*text != '\0') {
		const char *name = text + 3, *start = strchr(text, '\n') + 1;
		const char *end = strstr(start, "== ");
		size_t len = end != NULL ? (size_t)(end - start) : strlen(start);
		case_file(mem, folder, arena_printf(mem, "%.*s", (int)(start - 1 - name), name),
			start, len);
		text = start + len;
	}
}

static void print_rules(struct arena *mem, const struct rules *rules, struct buf *b)
{
	static const char *const modes[] = {"=", "add =", "merge ="};
	const struct rules_env env = {0};
	const struct entry nobody = {0};

	for (unsigned i = 0; i < rules_count(rules); i++) {
		const struct rule *rule = rules_at(rules, i);
		struct flow_trace *trace;
		unsigned n = rules_trace(mem, rule, &env, &nobody, &trace);
		assert_int_equal(rule_number(rule), i);
		buf_printf(b, "%s ", rule_name(rule));
		filter_print(b, rule_scope(rule));
		buf_putc(b, '\n');
		for (unsigned k = 0; k < n; k++)
			buf_printf(b, "  %s %s %s %s\n", attr_name(trace[k].attr),
				modes[trace[k].mode], trace[k].text, trace[k].line);
	}
}

/* "joins ..." of the expected text is checked apart: the rules tell only all attributes of all
 * joins. */
static const char *without_joins(struct arena *mem, const char *text, struct attr_set *joins)
{
	struct buf b = {0};

	while (*text != '\0') {
		char name[64];
		int used = 0;
		if (sscanf(text, " join %63[^ \n]%n", name, &used) == 1 && *text == ' ' &&
			used > 0 && text[1] == 'j' && text[used] == '\n') {
			attr_set_add(mem, joins, attr_named(name));
			text += used;
		} else {
			buf_putc(&b, *text++);
		}
	}
	const char *rest = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return rest;
}

/* The folder's name is another in each run. */
static const char *without_folder(struct arena *mem, const char *text, const char *folder)
{
	const char *at = strstr(text, folder);

	if (at == NULL)
		return text;
	return arena_printf(mem, "%.*sFOLDER%s", (int)(at - text), text, at + strlen(folder));
}

static bool check_case(struct arena *mem, const char *what, const char *files, const char *expected)
{
	const char *folder = case_folder(mem);
	struct rules *rules = NULL;
	struct err err = {ERR_NONE, ""};
	struct buf b = {0};

	write_files(mem, folder, expand(mem, files));
	if (rules_load(mem, "t", folder, &rules, &err) < 0) {
		assert_int_equal(err.kind, ERR_FATAL);
		buf_puts(&b, without_folder(mem, err.text, folder));
	} else {
		struct attr_set joins = {0}, found = {0};
		if (expected != NULL)
			expected = without_joins(mem, expected, &joins);
		rules_joins(mem, rules, &found);
		for (unsigned i = 0; i < attr_count(); i++)
			assert_int_equal(attr_set_has(&joins, i), attr_set_has(&found, i));
		print_rules(mem, rules, &b);
		rules_free(rules);
	}
	bool good = expected == NULL ? rules == NULL : strcmp(b.data, expected) == 0;
	if (!good)
		print_error("%s:\n%s\nexpected:\n%s\n", what, b.data, expected);
	buf_free(&b);
	case_folder_remove(mem, folder);
	return good;
}

static void test_cases(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		failed += !check_case(mem, cases[i].what, cases[i].files, cases[i].expected);
		arena_free(mem);
	}
	assert_int_equal(failed, 0);
}

/* A rule file that others may write is an open door to the target. */
static void test_unsafe_files(void **state)
{
	static const struct {
		mode_t mode;
		const char *message; /* NULL: good */
	} modes[] = {
		{0600, NULL}, {0644, NULL}, {0664, "group or others"}, {0646, "group or others"}};
	static const char text[] = "rule a\n scope (a=*)\n name [cn]\n";
	struct arena *mem = arena_new();
	const char *folder = case_folder(mem), *path = arena_printf(mem, "%s/t", folder);
	struct rules *rules;
	struct err err;

	(void)state;
	case_file(mem, folder, "t", text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i].mode), 0);
		assert_int_equal(
			rules_load(mem, path, "/", &rules, &err), modes[i].message ? -1 : 0);
		if (modes[i].message != NULL)
			assert_non_null(strstr(err.text, modes[i].message));
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, (256 << 10) + 1), 0);
	assert_int_equal(rules_load(mem, path, "/", &rules, &err), -1);
	assert_non_null(strstr(err.text, "larger than 256 KiB"));
	if (geteuid() == 0) {
		assert_int_equal(truncate(path, 10), 0);
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(rules_load(mem, path, "/", &rules, &err), -1);
		assert_non_null(strstr(err.text, "another user"));
	}
	case_folder_remove(mem, folder);
	arena_free(mem);
}

static void test_unreadable_file(void **state)
{
	struct arena *mem = arena_new();
	const char *folder = case_folder(mem);
	struct rules *rules;
	struct err err;

	(void)state;
	assert_int_equal(symlink("/proc/self/mem", arena_printf(mem, "%s/t", folder)), 0);
	assert_int_equal(rules_load(mem, "t", folder, &rules, &err), -1);
	assert_int_equal(rules_load(mem, "gone", folder, &rules, &err), -1);
	assert_string_equal(without_folder(mem, err.text, folder),
		"FOLDER/gone: No such file or directory, and no built-in rules have this name");
	case_folder_remove(mem, folder);
	rules_free(NULL);
	arena_free(mem);
}

/* The epoch changes with anything that may change what rules ask for, and with nothing else. */
static void test_epoch(void **state)
{
	static const char *const one[] = {"abc.example"}, *const two[] = {"abc.exampl", "e"};
	struct arena *mem = arena_new();
	const char *text = "rule a\n scope (a=*)\n name [cn]\n";
	const struct rules *rules = case_rules(mem, text), *same = case_rules(mem, text);
	const struct rules *other = case_rules(mem, "rule a\n scope (a=*)\n name [sn]\n");
	const struct value values[] = {value_of("1"), value_of("12")};
	const struct param params[] = {
		{"p", 1, values}, {"P", 1, values}, {"p", 1, values + 1}, {"p", 2, values}};
	const struct rules_env envs[] = {
		{0},
		{.source_smtp = one, .n_source_smtp = 1},
		{.source_smtp = two, .n_source_smtp = 2},
		{.source_sip = one, .n_source_sip = 1},
		{.target_smtp = one, .n_target_smtp = 1},
		{.params = params, .n_params = 1},
		{.params = params + 2, .n_params = 1},
		{.params = params + 3, .n_params = 1},
	};
	const struct rules_env later = {.now = 1}, upper = {.params = params + 1, .n_params = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(envs) / sizeof(envs[0]); i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(
				rules_epoch(rules, &envs[i]), rules_epoch(rules, &envs[k]));
	}
	assert_int_equal(rules_epoch(rules, &envs[0]), rules_epoch(same, &envs[0]));
	assert_int_equal(rules_epoch(rules, &envs[0]), rules_epoch(rules, &later));
	assert_int_equal(rules_epoch(rules, &envs[5]), rules_epoch(rules, &upper));
	assert_int_not_equal(rules_epoch(rules, &envs[0]), rules_epoch(other, &envs[0]));
	arena_free(mem);
}

/* What rules read and write is what is asked of the directories. */
static void test_reads_and_writes(void **state)
{
	static const char *const reads[] = {
		"a", "b", "c", "d", "e", "f", "displayName", "userPrincipalName"};
	static const char *const writes[] = {"x", "y"};
	struct arena *mem = arena_new();
	const struct rules *rules =
		case_rules(mem, "never (f=1)\nrule r\n scope (a=*)\n require b\n name [c]\n join j "
				"= [d]\n x = [e]\n y = 1\n x = 2\n");
	struct attr_set read = {0}, write = {0}, expected = {0};
	unsigned n;

	(void)state;
	rules_reads(mem, rules, &read);
	rules_writes(mem, rules, &write);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		attr_set_add(mem, &expected, attr_named(reads[i]));
	for (unsigned i = 0; i < attr_count(); i++)
		assert_int_equal(attr_set_has(&expected, i), attr_set_has(&read, i));
	const unsigned *attrs = rule_attrs(rules_at(rules, 0), &n);
	assert_int_equal(n, 2);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(attrs[i], attr_named(writes[i]));
		assert_true(attr_set_has(&write, attrs[i]));
	}
	arena_free(mem);
}

/* In names, joins and flows; a line that two rules have is warned of once. */
static void test_lint(void **state)
{
	struct arena *mem = arena_new();
	const struct rules *plain = case_rules(mem, "rule a\n scope (a=*)\n name [cn]\n x = [a]\n");
	const struct rules *rules = case_rules(mem,
		"rule a\n scope (a=*)\n name trim([cn])\n join x = 1 + 2 * 3\n x = lcase([x])\n"
		" x = [y]\nrule b like a\n scope (b=*)\n y = trim([y])\n");
	struct buf b = {0};

	(void)state;
	rules_lint(&b, plain);
	assert_int_equal(b.len, 0);
	rules_lint(&b, rules);
	assert_string_equal(b.data, "t:3:7: trim is spelled Trim\n"
				    "t:4:17: '*' after '+': operators are done from left to right; "
				    "parentheses make it plain\n"
				    "t:5:6: lcase is spelled LCase\n"
				    "t:9:6: trim is spelled Trim\n");
	buf_free(&b);
	arena_free(mem);
}

/* Who asks what time it is, and where. */
static void test_timed(void **state)
{
	static const struct {
		const char *text;
		bool timed;
	} asking[] = {
		{"rule r\n scope (a=*)\n name [cn]\n join x = [x]\n y = Trim([y])\n y = [z]\n",
			false},
		{"rule r\n scope (a=*)\n name [cn] & Now()\n", true},
		{"rule r\n scope (a=*)\n name [cn]\n join x = [x]\n join x = now()\n", true},
		{"rule r\n scope (a=*)\n name [cn]\n x = [x]\n y = [y]\n"
		 " y = IIF([z] > 1, \"a\", DateAdd(\"d\", 1, Now()))\n",
			true},
		{"rule r\n scope (a=*)\n name [cn]\nrule s\n scope (b=*)\n name [cn]\n x = Now()\n",
			true},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		assert_int_equal(rules_timed(case_rules(mem, asking[i].text)), asking[i].timed);
	arena_free(mem);
}

/* A nested group in a scope: the whole source is read first. */
static void test_in_chain(void **state)
{
	struct arena *mem = arena_new();
	struct rules *plain = case_rules(mem, "rule r\n scope (a=*)\n name [cn]\n");
	struct rules *rules = case_rules(mem,
		"rule r\n scope "
		"(memberOf:1.2.840.113556.1.4.1941:=CN=all,DC=abc,DC=example)\n name [cn]\n");
	struct entry team =
		case_entry(mem, "objectClass=group | memberOf=CN=all,DC=abc,DC=example");
	struct entry ann = case_entry(mem, "memberOf=CN=team,DC=abc,DC=example");

	(void)state;
	team.name = value_of("CN=team,DC=abc,DC=example");
	assert_false(rules_chained(plain));
	assert_true(rules_chained(rules));
	assert_null(rules_scope(rules, &ann));
	rules_learn(rules, &team);
	rules_learn(rules, &ann);
	rules_solve(rules);
	assert_ptr_equal(rules_scope(rules, &ann), rules_at(rules, 0));
	rules_free(rules);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unsafe_files),
		cmocka_unit_test(test_unreadable_file),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_timed),
		cmocka_unit_test(test_in_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
