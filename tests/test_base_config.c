#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"

/* A file of the shape that galway's has: a section kind whose settings depend on one of them,
 * sections in sections, and free pairs. */
static const struct setting root_settings[] = {
	{"state", SETTING_PATH, "state.db", NULL, "where the state is kept"},
	{"interval", SETTING_SPAN, "3h", NULL, "time between runs"},
	{"names", SETTING_LIST, "{\"a\", b}", NULL, "a list that is there by itself"},
	{"ratio", SETTING_NUMBER, NULL, NULL, "a number"},
	{"quick", SETTING_BOOL, "true", NULL, "a truth"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting connector_settings[] = {
	{"readonly", SETTING_BOOL, "false", NULL, "never written"},
	{"domains", SETTING_LIST, NULL, NULL, "of this side"},
	{"type", SETTING_WORD, "!", "ldif|ad", "the type"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting ldif_settings[] = {
	{"file", SETTING_PATH, "!", NULL, "the file"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting ad_settings[] = {
	{"url", SETTING_LIST, NULL, NULL, "servers"},
	{"base", SETTING_TEXT, NULL, NULL, "the naming context"},
	{"password", SETTING_SECRET, NULL, NULL, "where it is"},
	{"file", SETTING_TEXT, NULL, NULL, "another kind under a known name"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct section_variant types[] = {
	{"ldif", ldif_settings},
	{"ad", ad_settings},
	{NULL, NULL},
};

static const struct setting limit_settings[] = {
	{"deletes", SETTING_NUMBER, "500", NULL, "deletes at most"},
	{"then", SETTING_WORD, "stop", "stop|ask", "and then"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct section_shape flow_sections[] = {
	{"authority", false, true, NULL, NULL, NULL, NULL},
	{"limits", false, false, limit_settings, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static const struct section_shape root_sections[] = {
	{"connector", true, false, connector_settings, "type", types, NULL},
	{"flow", true, false, NULL, NULL, NULL, flow_sections},
	{"limits", false, false, limit_settings, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static const struct section_shape root = {
	NULL, false, false, root_settings, NULL, NULL, root_sections};

static char folder[] = "/tmp/galway-config-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void write_file(const char *name, const char *text, size_t len)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(name, 0600), 0);
}

/* What is given, in short: " name=value", a list as [a b], a section as " kind title{ ... }"; what
 * is not given is left out. The folder is @. */
static void put_text(struct buf *b, const char *text)
{
	const char *at = strstr(text, folder);

	if (at != NULL)
		buf_printf(b, "%.*s@%s", (int)(at - text), text, at + strlen(folder));
	else
		buf_puts(b, text);
}

static void put_setting(struct buf *b, const struct config *c, const struct setting *s)
{
	const char *const *list;
	unsigned n;

	if (!config_given(c, s->name))
		return;
	buf_printf(b, " %s=", s->name);
	switch (s->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_SECRET:
	case SETTING_WORD:
		put_text(b, config_text(c, s->name));
		break;
	case SETTING_LIST:
		list = config_list(c, s->name, &n);
		for (unsigned i = 0; i < n; i++)
			buf_printf(b, "%s%s", i == 0 ? "[" : " ", list[i]);
		buf_puts(b, n == 0 ? "[]" : "]");
		break;
	case SETTING_NUMBER:
	case SETTING_SPAN:
		buf_printf(b, "%lld", config_number(c, s->name));
		break;
	case SETTING_BOOL:
		buf_puts(b, config_bool(c, s->name) ? "true" : "false");
		break;
	}
}

static void put_section(struct buf *b, const struct config *c, const struct section_shape *shape)
{
	for (const struct setting *s = shape->settings; s != NULL && s->name != NULL; s++)
		put_setting(b, c, s);
	for (const struct section_variant *v = shape->variants; v != NULL && v->word != NULL; v++) {
		for (const struct setting *s = v->settings;
			s->name != NULL && strcmp(v->word, config_text(c, "type")) == 0; s++)
			put_setting(b, c, s);
	}
	for (unsigned i = 0; shape->free && i < config_pairs(c); i++)
		buf_printf(b, " %s=%s", config_key(c, i), config_value(c, i));
	for (const struct section_shape *in = shape->inner; in != NULL && in->name != NULL; in++) {
		for (unsigned i = 0; i < config_count(c, in->name); i++) {
			const struct config *inner = config_at(c, in->name, i);
			const char *title = config_title(inner);
			assert_ptr_equal(config_section(c, in->name, title), inner);
			buf_printf(b, " %s%s%s{", in->name, title != NULL ? " " : "",
				title != NULL ? title : "");
			put_section(b, inner, in);
			buf_puts(b, " }");
		}
	}
}

/* The file's contents, or "! error". */
static struct buf load(const char *text, size_t len)
{
	struct arena *mem = arena_new();
	struct config *c = NULL;
	struct err err = {0};
	struct buf b = {0};

	write_file("g.conf", text, len);
	if (config_load(mem, "g.conf", &root, &c, &err) == 0) {
		buf_puts(&b, "");
		put_section(&b, c, &root);
	} else {
		assert_int_equal(err.kind, ERR_FATAL);
		buf_printf(&b, "! %s", err.text);
	}
	arena_free(mem);
	return b;
}

static const struct line {
	const char *in, *out;
} lines[] = {
	/* files */
	{"", ""},
	{"\n\n# nothing\n", ""},
	{"\xef\xbb\xbfratio = 1", " ratio=1"},
	{"ratio = 1\r\nquick = false\r\n", " ratio=1 quick=false"},
	/* settings */
	{"state = \"s.db\"", " state=@/s.db"},
	{"state = /s.db", " state=/s.db"},
	{"interval = 90s", " interval=90"},
	{"interval = 15m", " interval=900"},
	{"interval = \"3h\"", " interval=10800"},
	{"interval = 7d", " interval=604800"},
	{"interval = 0s", " interval=0"},
	{"interval = 9223372036854775807s", " interval=9223372036854775807"},
	{"ratio = 9223372036854775807", " ratio=9223372036854775807"},
	{"quick=true", " quick=true"},
	{"names = x", " names=[x]"},
	{"names = {x}", " names=[x]"},
	{"names = {}", " names=[]"},
	{"names += x", " names=[x]"},
	{"names = {\"x y\", # a comment, \"in a list\"\n 'z',\n}", " names=[x y z]"},
	{"names = {ldaps://dc1.xyz.example/,a:b,DC\\x}",
		" names=[ldaps://dc1.xyz.example/ a:b DC\\x]"},
	{"names = {\"a\\\"\\\\\\${b}\", 'a\\,\"${b}', 'it\\'s'}",
		" names=[a\"\\${b} a\\,\"${b} it's]"},
	{"names = \"\xc3\xa4\t#\"", " names=[\xc3\xa4\t#]"},
	/* sections */
	{"limits {}", " limits{ }"},
	{"limits { deletes = 5 then = ask }", " limits{ deletes=5 then=ask }"},
	{"connector abc { type = ldif # ldif, ad\n file = \"x/abc.ldif\"\n}",
		" connector abc{ type=ldif file=@/x/abc.ldif }"},
	{"connector a { type = ad\n password = \"file:x/y\" }",
		" connector a{ type=ad password=file:@/x/y }"},
	{"connector a { type = ad\n password = \"file:/x\" }",
		" connector a{ type=ad password=file:/x }"},
	{"connector a { type = ad\n password = \"env:x\" }",
		" connector a{ type=ad password=env:x }"},
	{"connector \"a b\" { file = abc type = ad url = {a, b} domains = x }",
		" connector a b{ domains=[x] type=ad url=[a b] file=abc }"},
	{"flow b { authority { mail = abc msRTCSIP-PrimaryUserAddress = \"x y\" } }\nflow a { "
	 "limits { "
	 "deletes = 1 } }",
		" flow b{ authority{ mail=abc msRTCSIP-PrimaryUserAddress=x y } }"
		" flow a{ limits{ deletes=1 } }"},
	/* what is not known */
	{"rato = 1", "! g.conf:1: no such option 'rato'"},
	{"\nlimit { }", "! g.conf:2: no such option 'limit'"},
	{"limits {\n\n delete = 1 }", "! g.conf:3: no such option 'delete'"},
	{"limits|deletes = 1", "! g.conf:1: no sub-section title/index for 'limits'"},
	{"include(\"g.conf\")", "! g.conf:1: no such option 'include'"},
	{"connector a {\n type = ldif\n url = x\n file = y }",
		"! g.conf:3: url: not a setting of connector a"},
	/* wrong values */
	{"interval = 3",
		"! g.conf:1: interval: expected a time like 90s, 15m, 3h or 7d, not \"3\""},
	{"interval = 3w",
		"! g.conf:1: interval: expected a time like 90s, 15m, 3h or 7d, not \"3w\""},
	{"interval = h",
		"! g.conf:1: interval: expected a time like 90s, 15m, 3h or 7d, not \"h\""},
	{"interval = 106751991167301d",
		"! g.conf:1: interval: expected a time like 90s, 15m, 3h or 7d, not "
		"\"106751991167301d\""},
	{"ratio = 1.5", "! g.conf:1: ratio: expected a whole number, not \"1.5\""},
	{"ratio = -1", "! g.conf:1: ratio: expected a whole number, not \"-1\""},
	{"ratio = \"\"", "! g.conf:1: ratio: expected a whole number, not \"\""},
	{"ratio = 9223372036854775808",
		"! g.conf:1: ratio: expected a whole number, not \"9223372036854775808\""},
	{"quick = yes", "! g.conf:1: quick: expected true or false, not \"yes\""},
	{"quick = TRUE", "! g.conf:1: quick: expected true or false, not \"TRUE\""},
	{"state = \"\"", "! g.conf:1: state: expected a path, not \"\""},
	{"limits { then = sto }", "! g.conf:1: then: expected stop|ask, not \"sto\""},
	{"limits { then = \"\" }", "! g.conf:1: then: expected stop|ask, not \"\""},
	{"limits { then = \"stop|ask\" }", "! g.conf:1: then: expected stop|ask, not \"stop|ask\""},
	{"ratio = {1, 2}", "! g.conf:1: ratio: expected a whole number, not a list"},
	{"state = {}", "! g.conf:1: state: expected a path, not a list"},
	{"connector a {\n file = x\n type = foo }",
		"! g.conf:3: type: expected ldif|ad, not \"foo\""},
	/* what is missing, or there too often */
	{"\nconnector a { type = ldif }", "! g.conf:2: connector a: file is missing"},
	{"flow a { }\nconnector a {\n }", "! g.conf:2: connector a: type is missing"},
	{"ratio = 1\nratio = 2", "! g.conf:2: ratio: twice, first at g.conf:1"},
	{"limits { }\nlimits { }", "! g.conf:2: limits: twice, first at g.conf:1"},
	{"flow a { }\nflow b { }\nflow a { }", "! g.conf:3: found duplicate title 'a'"},
	{"flow a { authority { x = 1\n x = 2 } }", "! g.conf:2: x: twice, first at g.conf:1"},
	{"flow { }", "! g.conf:1: missing title for section 'flow'"},
	{"flow \"\" { }", "! g.conf:1: flow: without a title"},
	/* grammar */
	{"ratio", "! g.conf:1: premature end of file"},
	{"ratio = ", "! g.conf:1: premature end of file"},
	{"\nratio 1", "! g.conf:2: missing equal sign after option 'ratio'"},
	{"ratio = }", "! g.conf:1: unexpected token '}'"},
	{"= 1", "! g.conf:1: unexpected token '='"},
	{"names = {a b}", "! g.conf:1: unexpected token 'b'"},
	{"names = (a)", "! g.conf:1: unexpected token '('"},
	{"limits x { }", "! g.conf:1: missing opening brace for section 'limits'"},
	{"flow a b { }", "! g.conf:1: missing opening brace for section 'flow'"},
	{"limits { } }", "! g.conf:1: unexpected closing brace"},
	{"flow a { authority { x = {1} } }", "! g.conf:1: unexpected token '{'"},
	{"flow a { authority { x { } } }", "! g.conf:1: missing equal sign after option 'x'"},
	/* what libconfuse would misread without a word */
	{"flow a {\n limits {\n deletes = 1\n", "! g.conf:2: section limits is not closed"},
	{"flow a {\n limits { }\n", "! g.conf:1: section flow is not closed"},
	{"state = \"abc", "! g.conf:1: a string that is not closed on its line"},
	{"state = \"abc\nratio = 1\"", "! g.conf:1: a string that is not closed on its line"},
	{"state = 'abc\\", "! g.conf:1: a string that is not closed on its line"},
	{"state = \"abc\\", "! g.conf:1: a string that is not closed on its line"},
	{"\"state\" = a", "! g.conf:1: expected a name, without quotes"},
	{"state = \"${HOME}\"",
		"! g.conf:1: \"${\" is not replaced here: write \"\\${\" if that is meant"},
	{"state = ${HOME}", "! g.conf:1: \"${\" is not replaced here"},
	{"names = \"CN=a\\, b\"",
		"! g.conf:1: write \"\\\\\" for a backslash, or put the value into '...'"},
	{"names = a*b", "! g.conf:1: a value with * stands in quotes"},
	{"names = *", "! g.conf:1: a value with * stands in quotes"},
	{"names = a#b", "! g.conf:1: a value with # stands in quotes"},
	{"names = a'b'", "! g.conf:1: a value with ' stands in quotes"},
	{"names = a+b", "! g.conf:1: a value with + stands in quotes"},
	{"names = +", "! g.conf:1: a value with + stands in quotes"},
	{"ratio = 1 // one", "! g.conf:1: comments begin with #"},
	{"ratio = 1 /* one */", "! g.conf:1: comments begin with #"},
	{"names = \"a\x01\"", "! g.conf:1: a control character in a string"},
	{"names = a\x7f", "! g.conf:1: a control character"},
	{"\n# \xff\n", "! g.conf:2: not UTF-8 text"},
	{"flow a{flow a{flow a{flow a{flow a{flow a{flow a{flow a{flow a{",
		"! g.conf:1: sections lie too deep"},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct buf b = load(lines[i].in, strlen(lines[i].in));
		if (strcmp(b.data, lines[i].out) != 0)
			print_message("in: %s\n", lines[i].in);
		assert_string_equal(b.data, lines[i].out);
		buf_free(&b);
	}
}

static void test_nul(void **state)
{
	struct buf b = load("state = a\n\0", 11);

	(void)state;
	assert_string_equal(b.data, "! g.conf:2: not UTF-8 text");
	buf_free(&b);
}

/* What is not written has its fallback, or is unset. */
static void test_fallbacks(void **state)
{
	static const char text[] =
		"connector a { type = ad }\nflow f { authority { x = 1\ny = 2 } limits { } }";
	struct arena *mem = arena_new();
	struct config *c;
	struct err err;
	unsigned n = 9;

	(void)state;
	write_file("g.conf", text, strlen(text));
	assert_int_equal(config_load(mem, "g.conf", &root, &c, &err), 0);
	assert_string_equal(config_text(c, "state") + strlen(folder), "/state.db");
	assert_int_equal(config_number(c, "interval"), 10800);
	assert_int_equal(config_number(c, "ratio"), -1);
	assert_true(config_bool(c, "quick"));
	assert_false(config_given(c, "quick"));
	assert_string_equal(config_list(c, "names", &n)[1], "b");
	assert_int_equal(n, 2);
	assert_null(config_title(c));
	assert_string_equal(config_folder(c), folder);
	assert_string_equal(config_where(c, NULL), "g.conf");
	assert_string_equal(config_where(c, "state"), "g.conf");
	assert_null(config_section(c, "limits", NULL));
	assert_null(config_section(c, "connector", "b"));
	assert_null(config_at(c, "connector", 1));

	const struct config *a = config_section(c, "connector", "a");
	assert_null(config_text(a, "base"));
	config_list(a, "url", &n);
	assert_int_equal(n, 0);
	assert_string_equal(config_folder(a), folder);

	const struct config *f = config_at(c, "flow", 0);
	assert_string_equal(config_where(f, NULL), "g.conf:2");
	assert_string_equal(config_where(config_section(f, "authority", NULL), "y"), "g.conf:3");
	assert_string_equal(config_text(config_section(f, "limits", NULL), "then"), "stop");
	arena_free(mem);
}

/* A fallback that is none is told, as a mistake in the file would be. */
static void test_bad_fallback(void **state)
{
	static const struct setting settings[] = {
		{"n", SETTING_NUMBER, "many", NULL, ""}, {NULL, SETTING_TEXT, NULL, NULL, NULL}};
	static const struct section_shape shape = {NULL, false, false, settings, NULL, NULL, NULL};
	struct arena *mem = arena_new();
	struct config *c;
	struct err err;

	(void)state;
	write_file("g.conf", "", 0);
	assert_int_equal(config_load(mem, "g.conf", &shape, &c, &err), -1);
	assert_string_equal(err.text, "g.conf: n: expected a whole number, not \"many\"");
	arena_free(mem);
}

static void check_refused(const char *path, const char *expected)
{
	struct arena *mem = arena_new();
	struct config *c;
	struct err err = {0};

	assert_int_equal(config_load(mem, path, &root, &c, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	assert_string_equal(err.text, expected);
	arena_free(mem);
}

static void test_trust(void **state)
{
	(void)state;
	write_file("g.conf", "", 0);
	assert_int_equal(chmod("g.conf", 0620), 0);
	check_refused("g.conf", "g.conf: group or others may write it (chmod go-w)");
	assert_int_equal(chmod("g.conf", 0602), 0);
	check_refused("g.conf", "g.conf: group or others may write it (chmod go-w)");
	assert_int_equal(mkdir("open", 0700), 0);
	write_file("open/g.conf", "", 0);
	assert_int_equal(chmod("open", 0777), 0);
	check_refused("open/g.conf", "open/g.conf: others may write its folder");
	write_file("large", "", 0);
	assert_int_equal(truncate("large", (1 << 20) + 1), 0);
	check_refused("large", "large: larger than 1024 KiB");
	check_refused("absent", "absent: No such file or directory");
	check_refused("none/g.conf", "none/g.conf: No such file or directory");
	check_refused("/dev/null", "/dev/null: not a regular file");
	check_refused(".", ".: not a regular file");
}

/* In a folder where others may write, the sticky bit keeps the file ours. */
static void test_sticky(void **state)
{
	struct arena *mem = arena_new();
	struct config *c;
	struct err err;
	char path[100];

	(void)state;
	assert_int_equal(mkdir("sticky", 0700), 0);
	assert_int_equal(chmod("sticky", 01777), 0);
	snprintf(path, sizeof(path), "%s/sticky/g.conf", folder);
	write_file(path, "state = x", 9);
	assert_int_equal(config_load(mem, path, &root, &c, &err), 0);
	assert_string_equal(config_text(c, "state") + strlen(folder), "/sticky/x");
	arena_free(mem);
}

static void test_owner(void **state)
{
	(void)state;
	write_file("g.conf", "", 0);
	if (chown("g.conf", 12345, (gid_t)-1) != 0)
		skip();
	check_refused("g.conf", "g.conf: belongs neither to root nor to this user");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_bad_fallback),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
