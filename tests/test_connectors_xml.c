#include "connectors_cases.h"

#include "connectors/dsml.h"
#include "connectors/foreign.h"
#include "connectors/xml.h"

#define NS "urn:x"

static const struct xml_shape shape[] = {
	{NULL, "list", "", XML_HOLDS, 0},
	{"list", "part", "", XML_HOLDS, 0},
	{"list", "old", "", XML_SKIP, 0},
	{"list", "one", "", XML_RECORD, 1},
	{"part", "two", NS, XML_RECORD, 2},
	{NULL, NULL, NULL, XML_SKIP, 0},
};

static void print_node(struct buf *out, const struct xml_node *n)
{
	buf_printf(out, "%s", n->name);
	for (unsigned i = 0; i < n->n_attrs; i++)
		buf_printf(out, " %s%s=%s", n->attrs[i].ns[0] != '\0' ? "*" : "", n->attrs[i].name,
			n->attrs[i].value);
	buf_printf(out, "[%.*s", (int)n->text.len, n->text.data);
	for (const struct xml_node *c = n->child; c != NULL; c = c->next) {
		buf_putc(out, ' ');
		print_node(out, c);
	}
	buf_putc(out, ']');
}

static const char *records(struct arena *mem, struct xml *x)
{
	struct buf out = {0};
	struct xml_node *node;
	struct err err = {0};
	int r;

	buf_puts(&out, "");
	while ((r = xml_next(x, mem, &node, &err)) == 1) {
		buf_printf(&out, "%s%d:", out.len > 0 ? " " : "", node->tag);
		print_node(&out, node);
	}
	const char *text =
		r < 0 ? arena_printf(mem, "! %s", err.text) : arena_copy(mem, out.data, out.len);
	/* What failed fails again. */
	if (r < 0)
		assert_int_equal(xml_next(x, mem, &node, &err), -1);
	buf_free(&out);
	xml_close(x);
	return text;
}

/* The text, what its records are, or "! error". */
static const struct xml_case {
	const char *text, *said;
} xml_cases[] = {
	{"<list/>", ""},
	{"<?xml version='1.0'?><!-- a --><list><?p i?> <part/>\n</list>", ""},
	{"<list><one/></list>", "1:one[]"},
	{"<list><one a='1' b='&lt;'>x<!-- - --> y<![CDATA[<&]]></one><one/></list>",
		"1:one a=1 b=<[x y<&] 1:one[]"},
	{"<list><one>\n <a>1</a>\n <a><b c='d'/></a></one></list>",
		"1:one[\n \n  a[1] a[ b c=d[]]]"},
	{"<list><old><one/><any/></old><one/></list>", "1:one[]"},
	{"<list><part><x:two xmlns:x='urn:x' x:a='1' a='2'/></part></list>", "2:two *a=1 a=2[]"},
	{"<list><one>&#228;\xc3\xa4&amp;</one></list>", "1:one[\xc3\xa4\xc3\xa4&]"},
	{"\xef\xbb\xbf<list><one>\xc3\xa4</one></list>", "1:one[\xc3\xa4]"},
	{"<?xml version='1.0' encoding='ISO-8859-1'?><list><one>\xe4</one></list>",
		"1:one[\xc3\xa4]"},
	/* what is not of the shape */
	{"<other/>", "! t:1: this element is not known here: other"},
	{"<list>\n<two/></list>", "! t:2: this element is not known here: two"},
	{"<list><part><two/></part></list>", "! t:1: this element is not known here: two"},
	{"<list><x:one xmlns:x='urn:x'/></list>", "! t:1: this element is not known here: x:one"},
	{"<list xmlns='urn:x'/>", "! t:1: this element is not known here: list"},
	{"<list>text</list>", "! t:1: text is not expected here"},
	{"<list><list/></list>", "! t:1: this element is not known here: list"},
	/* what is no XML */
	{"", "! t:1: not well-formed XML: *"},
	{"<list>", "! t:1: not well-formed XML: *"},
	{"<list><one>", "! t:1: not well-formed XML: *"},
	{"<list><one></list>", "! t:1: not well-formed XML: *"},
	{"<list/><list/>", "! t:1: not well-formed XML: *"},
	{"<list><one>&foo;</one></list>", "! t:1: not well-formed XML: *'foo'*"},
	{"<list><one a='&foo;'/></list>", "! t:1: not well-formed XML: *"},
	{"<list><one>\xff</one></list>", "! t:1: not well-formed XML: *"},
	{"<list><one>\x01</one></list>", "! t:1: not well-formed XML: *"},
	{"<list><one>&#0;</one></list>", "! t:1: not well-formed XML: *"},
	{"<?xml version='1.0' encoding='EUC-JP'?><list><one>\xe1t</one></list>", "! t*"},
	{"<?xml version='1.0' encoding='EUC-JP'?><list><one a='\xe1t'/></list>", "! t*"},
	{"<?xml version='1.0' encoding='none'?><list/>", "! t:1: not well-formed XML: *"},
	{"<list><x:one/></list>", "! t:1: not well-formed XML: *"},
	{"<list><one a='1' a='2'/></list>", "! t:1: not well-formed XML: *"},
	{"{\"json\":1}", "! t:1: not well-formed XML: *"},
	/* a DOCTYPE, whatever is in it */
	{"<!DOCTYPE list><list/>", "! t:1: a DOCTYPE is not accepted"},
	{"<!DOCTYPE list SYSTEM 'file:///etc/passwd'><list/>", "! t:1: a DOCTYPE is not accepted"},
	{"<!DOCTYPE list SYSTEM 'http://127.0.0.1:9/x.dtd'><list/>",
		"! t:1: a DOCTYPE is not accepted"},
	{"<!DOCTYPE list [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><list><one>&e;</one></list>",
		"! t:1: a DOCTYPE is not accepted"},
	{"<!DOCTYPE list [<!ENTITY % e SYSTEM 'file:///etc/passwd'> %e;]><list/>",
		"! t:1: a DOCTYPE is not accepted"},
	{"<!DOCTYPE list [<!ATTLIST list xmlns CDATA 'urn:y'>]><list/>",
		"! t:1: a DOCTYPE is not accepted"},
};

/* '*' in should stands for anything. */
static bool like(const char *is, const char *should)
{
	if (*should == '*')
		return like(is, should + 1) || (*is != '\0' && like(is + 1, should));
	return *is == *should && (*is == '\0' || like(is + 1, should + 1));
}

static void same(const char *which, const char *is, const char *should)
{
	if (!like(is, should))
		fail_msg("%s\n  is        %s\n  should be %s", which, is, should);
}

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xml_cases) / sizeof(xml_cases[0]); i++) {
		const struct xml_case *t = &xml_cases[i];
		struct arena *mem = arena_new();
		same(t->text, records(mem, xml_memory("t", t->text, strlen(t->text), shape)),
			t->said);
		arena_free(mem);
	}
}

/* UTF-16, as the tools of Windows write it. */
static void test_utf16(void **state)
{
	static const char text[] =
		"<?xml version='1.0' encoding='utf-16'?><list><one>a</one></list>";
	struct arena *mem = arena_new();
	struct buf wide = {0};

	(void)state;
	buf_add(&wide, "\xff\xfe", 2);
	for (const char *c = text; *c != '\0'; c++)
		buf_add(&wide, (const char[]){*c, '\0'}, 2);
	same("utf-16", records(mem, xml_memory("t", wide.data, wide.len, shape)), "1:one[a]");
	buf_free(&wide);
	arena_free(mem);
}

static const char *many(
	struct buf *b, const char *begin, const char *piece, size_t n, const char *end)
{
	buf_clear(b);
	buf_puts(b, begin);
	for (size_t i = 0; i < n; i++)
		buf_puts(b, piece);
	buf_puts(b, end);
	return b->data;
}

/* What is made to be too much is refused before it is much. */
static void test_limits(void **state)
{
	static const char bomb[] =
		"<!DOCTYPE list [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>"
		"<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
		"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
		"<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
		"<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
		"<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
		"<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'>"
		"<!ATTLIST list x CDATA '&g;'>]><list><one>&g;</one></list>";
	struct arena *mem = arena_new();
	struct buf b = {0};
	const char *text;

	(void)state;
	same("bomb", records(mem, xml_memory("t", bomb, strlen(bomb), shape)), "! t:1: *");
	assert_true(arena_held(mem) < (1u << 20));
	text = many(&b, "<list><one>", "<a>", XML_DEPTH_MAX, "");
	same("deep", records(mem, xml_memory("t", text, b.len, shape)),
		"! t:1: elements are nested too deeply");
	text = many(&b, "", "<a>", 1000000, "");
	same("deeper", records(mem, xml_memory("t", text, b.len, shape)),
		"! t:1: this element is not known here: a");
	text = many(&b, "<list><one>", "<a/>", 1000000, "</one></list>");
	same("wide", records(mem, xml_memory("t", text, b.len, shape)),
		"! t:1: a record of more than 64 MiB");
	arena_reset(mem);
	text = many(&b, "<list><one>", "0123456789abcdef", 1u << 20, "</one></list>");
	same("long", records(mem, xml_memory("t", text, b.len, shape)), "! t:*: *");
	text = many(&b, "<list>", "<one a='1'>x</one>", 100000, "</list>");
	struct xml *x = xml_memory("t", text, b.len, shape);
	struct xml_node *node;
	struct err err;
	size_t n = 0;
	for (; xml_next(x, mem, &node, &err) == 1; n++) {
		arena_reset(mem);
		assert_true(arena_held(mem) < (1u << 20));
	}
	assert_int_equal(n, 100000);
	xml_close(x);
	buf_free(&b);
	arena_free(mem);
}

static void test_files(void **state)
{
	struct arena *mem = arena_new();
	struct xml_node *node;
	struct err err = {0};
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(path_of("none.xml"), shape, &x, &err), -1);
	assert_int_equal(xml_open("/tmp", shape, &x, &err), -1);
	assert_string_equal(err.text, "/tmp: not a regular file");
	put_text("t.xml", "<list><one/><one/></list>");
	assert_int_equal(xml_open(path_of("t.xml"), shape, &x, &err), 0);
	assert_string_equal(records(mem, x), "1:one[] 1:one[]");
	/* It changes while it is read. */
	assert_int_equal(xml_open(path_of("t.xml"), shape, &x, &err), 0);
	assert_int_equal(xml_next(x, mem, &node, &err), 1);
	put_text("t.xml", "<list><one/><one/></list> ");
	assert_int_equal(xml_next(x, mem, &node, &err), 1);
	assert_int_equal(xml_next(x, mem, &node, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	xml_close(x);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
