#include "connectors_cases.h"

#include "connectors/csv_rows.h"

/* The table, what its rows are: fields in [], rows one after the other; or "! error". */
static const struct rows_case {
	const char *text, *rows;
} rows_cases[] = {
	{"", ""},
	{"a,b\nc,d\n", "[a][b] [c][d]"},
	{"a,b\r\nc,d", "[a][b] [c][d]"},
	{"a\n\n\r\nb\n\n", "[a] [b]"},
	{",\n", "[][]"},
	{"a,\n", "[a][]"},
	{"a,", "[a][]"},
	{"\"\"\n", "[]"},
	{"\"a,b\",\"c\nd\",\"e\r\nf\"\n", "[a,b][c\nd][e\r\nf]"},
	{"\"a\"\"b\",\"\"\"\"\n", "[a\"b][\"]"},
	{" a , b \n", "[ a ][ b ]"},
	{"\xef\xbb\xbf"
	 "a,\xc3\xa4\n",
		"[a][\xc3\xa4]"},
	{"a\n\xef\xbb\xbf"
	 "b\n",
		"[a] [\xef\xbb\xbf"
		"b]"},
	{"a'b;c\td\n", "[a'b;c\td]"},
	{"a\nb\"c\n", "! t:2: a quote in a field that begins without"},
	{"a\n\"b\"c\n", "! t:2: something behind the closing quote"},
	{"a\n\"b\" \n", "! t:2: something behind the closing quote"},
	{"a\n\"b\nc\n", "! t:2: the quote that opens here is never closed"},
	{"a,\"b\nc\",\"d", "! t:2: the quote that opens here is never closed"},
	{"a\rb\n", "! t:1: a carriage return without a line feed"},
	{"a\r", "! t:1: a carriage return without a line feed"},
	{"a\n\xff\n", "! t:2: not UTF-8"},
	{"\xc3,\xa4\n", "! t:1: not UTF-8"},
};

static const char *rows_text(struct arena *mem, struct csv *c)
{
	struct buf out = {0};
	struct value *fields;
	struct err err = {0};
	size_t n;
	int r;

	buf_puts(&out, "");
	while ((r = csv_next(c, &fields, &n, &err)) > 0) {
		buf_puts(&out, out.len > 0 ? " " : "");
		for (size_t i = 0; i < n; i++) {
			buf_putc(&out, '[');
			buf_add(&out, fields[i].data, fields[i].len);
			buf_putc(&out, ']');
		}
	}
	csv_close(c);
	const char *text =
		r < 0 ? arena_printf(mem, "! %s", err.text) : arena_copy(mem, out.data, out.len);
	buf_free(&out);
	return text;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows_cases) / sizeof(rows_cases[0]); i++) {
		const struct rows_case *t = &rows_cases[i];
		struct arena *mem = arena_new();
		struct csv *c = csv_memory("t", ',', t->text, strlen(t->text));
		same_text(t->text, rows_text(mem, c), t->rows);
		arena_free(mem);
	}
	struct arena *mem = arena_new();
	same_text("nul", rows_text(mem, csv_memory("t", ',', "a\0b\n", 4)), "! t:1: a NUL byte");
	same_text("tab", rows_text(mem, csv_memory("t", '\t', "a,b\tc\n", 6)), "[a,b][c]");
	arena_free(mem);
}

/* Read in blocks, a table is what it is at once: each kind of byte comes to lie at a border. */
static void test_blocks(void **state)
{
	static const char row[] = "\"q\"\"q\n\r\n,\",\xc3\xa4\r\n\r\n";
	struct arena *mem = arena_new();
	struct buf text = {0};
	struct csv *c;
	struct err err;

	(void)state;
	for (size_t i = 0; text.len < (300u << 10); i++) {
		buf_add(&text, row, sizeof(row) - 1);
		if (i % 7 == 0)
			buf_puts(&text, "x,y\n");
	}
	put_file("big.csv", text.data, text.len);
	const char *should = rows_text(mem, csv_memory("t", ',', text.data, text.len));
	assert_int_equal(csv_open(path_of("big.csv"), ',', &c, &err), 0);
	assert_string_equal(rows_text(mem, c), should);
	/* No row is as long as the quote that lacks its partner makes it. */
	char *much = memset(buf_room(&text, 20u << 20), 'x', 20u << 20);
	much[0] = '"';
	text.len += 20u << 20;
	same_text("long", rows_text(mem, csv_memory("t", ',', much, 20u << 20)),
		"! t:1: a row of more than 16 MiB: is a quote missing?");
	much[0] = 'x';
	same_text("long", rows_text(mem, csv_memory("t", ',', much, 20u << 20)),
		"! t:1: a row of more than 16 MiB: is a quote missing?");
	buf_free(&text);
	arena_free(mem);
}

/* While it is read, the file must not change. */
static void test_changing(void **state)
{
	struct value *fields;
	struct err err = {0};
	struct csv *c;
	size_t n;
	int r;

	(void)state;
	put_text("t.csv", "a\nb\n");
	assert_int_equal(csv_open(path_of("t.csv"), ',', &c, &err), 0);
	assert_int_equal(csv_next(c, &fields, &n, &err), 1);
	put_text("t.csv", "a\nb\nc\n");
	while ((r = csv_next(c, &fields, &n, &err)) > 0)
		continue;
	assert_int_equal(r, -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_int_equal(csv_next(c, &fields, &n, &err), -1);
	csv_close(c);
	csv_close(NULL);
}

#define CSV "type = csv\nfile = t.csv\nid = uid\nobject-class = \"\"\n"
#define HR "type = csv\nfile = t.csv\nid = employeeID\n"

/* settings, table, the entries; "! error" of the read, "!! error" of the opening (without the
 * place). */
static const struct read_case {
	const char *settings, *text, *said;
} read_cases[] = {
	{CSV, "uid,mail\n1,x\n2,\n", "CN=1 uid=1 mail=x; CN=2 uid=2"},
	{CSV "base = \"ou=p,dc=x\"\n", "uid\na\n", "CN=a,ou=p,dc=x uid=a"},
	{CSV "name = displayName\n", "uid,displayName\n1,\"Doe, J\"\n",
		"CN=Doe\\, J uid=1 displayName=Doe, J"},
	{CSV "columns = {\"Nr=uid\", \"E Mail=mail\", \"Salary=\"}\n",
		"Nr,E Mail,Salary\n1,x,100\n", "CN=1 uid=1 mail=x"},
	{CSV "multi-columns = {\"mail\"}\n", "uid,mail,sn\n1,x;;y;,a;b\n",
		"CN=1 uid=1 mail=x mail=y sn=a;b"},
	{CSV "multi-columns = \"Mails\"\nmulti = \" | \"\ncolumns = \"Mails=mail\"\n",
		"uid,Mails\n1,x | y\n", "CN=1 uid=1 mail=x mail=y"},
	{CSV "delimiter = \";\"\n", "uid;mail\n1;x,y\n", "CN=1 uid=1 mail=x,y"},
	{CSV "delimiter = tab\n", "uid\tmail\n1\tx\n", "CN=1 uid=1 mail=x"},
	{"type = csv\nfile = t.csv\n", "objectGUID,sn\n03020100-0504-0706-0809-0a0b0c0d0e0f,x\n",
		"CN=03020100-0504-0706-0809-0a0b0c0d0e0f sn=x"},
	{CSV, "uid\n", ""},
	/* what is wrong with it */
	{CSV, "", "! */t.csv: no header line"},
	{CSV, "uid,mail\n1\n", "! */t.csv:2: 1 fields under 2 columns"},
	{CSV, "uid,mail\n1,x,y\n", "! */t.csv:2: 3 fields under 2 columns"},
	{CSV, "uid,mail\n\"1\n2\",x\n,y\n", "! */t.csv:4: no uid"},
	{CSV "name = sn\n", "uid,sn\n1,\n", "! */t.csv:2: no sn"},
	{CSV, "uid,mail\n1,x\n2,y\n1,z\n", "! */t.csv:4: CN=1 has the same uid as CN=1 (line 2)"},
	{CSV "name = sn\n", "uid,sn\n1,a\n2,A\n",
		"! */t.csv:3: CN=A has the same name as CN=a (line 2)"},
	{HR, "uid\n1\n", "! */t.csv:1: no column is employeeID: the setting id names one"},
	{CSV "name = sn\n", "uid\n1\n", "! */t.csv:1: no column is sn: the setting name names one"},
	{CSV, "uid,First Name\n",
		"! */t.csv:1: column \"First Name\" is not an attribute: say which "
		"with columns = {\"First Name=...\"}"},
	{CSV "columns = \"a=b c\"\n", "uid,a\n",
		"! */t.csv:1: column \"a\" is not an attribute: say "
		"which with columns = {\"a=...\"}"},
	{CSV, "uid,mail,Mail\n", "! */t.csv:1: two columns are mail"},
	{CSV "columns = \"Mial=mail\"\n", "uid,Mail\n", "! */t.csv has no column \"Mial=mail\""},
	{CSV "multi-columns = \"Mial\"\n", "uid,Mail\n", "! */t.csv has no column \"Mial\""},
	{CSV "delimiter = \"ab\"\n", "uid\n", "!! *: delimiter is one character, or \"tab\""},
	{CSV "delimiter = \"\"\n", "uid\n", "!! *: delimiter is one character, or \"tab\""},
	{CSV "multi = \"\"\n", "uid\n", "!! *: multi is what stands between values"},
	{CSV "name = \"a b\"\n", "uid\n", "!! *: a b is not an attribute"},
	{"type = csv\nfile = none.csv\n", "", "!! */none.csv: No such file or directory"},
	{"type = csv\nfile = \"/tmp\"\n", "", "!! /tmp: not a regular file"},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]); i++) {
		const struct read_case *t = &read_cases[i];
		struct arena *mem = arena_new();
		struct connector *c = NULL;
		struct err err = {0};
		const char *said;
		put_text("t.csv", t->text);
		if (open_with(mem, t->settings, &c, &err) < 0) {
			said = arena_printf(mem, "!! %s", err.text);
		} else {
			said = read_all(mem, c);
			/* Reading again is the same. */
			assert_string_equal(read_all(mem, c), said);
			closed(c);
		}
		if (!fits(said, t->said))
			fail_msg("%s%s:\n  is        %s\n  should be %s", t->settings, t->text,
				said, t->said);
		arena_free(mem);
	}
}

/* Every row has the class, unless the table says so itself. */
static void test_class(void **state)
{
	static const struct class_case {
		const char *settings, *text, *class;
	} cases[] = {
		{HR, "employeeID\n7\n", "user"},
		{HR "object-class = contact\n", "employeeID\n7\n", "contact"},
		{HR, "employeeID,objectClass\n7,group\n", "group"},
	};
	const struct query all = {.kind = QUERY_ALL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct entry e;
		struct err err;
		put_text("t.csv", cases[i].text);
		struct connector *c = opened(mem, cases[i].settings);
		assert_int_equal(connector_read(c, &all, &err), 0);
		assert_int_equal(connector_next(c, mem, &e, &err), 1);
		assert_true(entry_is(&e, cases[i].class));
		assert_true(value_same(e.id, value_of("7")));
		assert_int_equal(e.key, entry_key(e.id));
		closed(c);
		arena_free(mem);
	}
}

static void test_guid(void **state)
{
	const struct query all = {.kind = QUERY_ALL};
	struct arena *mem = arena_new();
	struct entry e;
	struct err err;

	(void)state;
	put_text("t.csv", "objectGUID,cn\n03020100-0504-0706-0809-0a0b0c0d0e0f,x\n");
	struct connector *c = opened(mem, "type = csv\nfile = t.csv\nname = cn\n");
	assert_int_equal(connector_read(c, &all, &err), 0);
	assert_int_equal(connector_next(c, mem, &e, &err), 1);
	assert_int_equal(e.id.len, 16);
	assert_memory_equal(e.id.data, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
	closed(c);
	arena_free(mem);
}

static void test_since(void **state)
{
	struct arena *mem = arena_new();
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct err err;

	(void)state;
	put_text("t.csv", "uid,mail\n1,a\n2,b\n3,c\n");
	struct connector *c = opened(mem, CSV);
	read_with(mem, c, &q);
	assert_int_equal(connector_cookie(c, mem, &q.cookie, &err), 0);
	q.cookie = value_copy(mem, q.cookie);
	q.kind = QUERY_SINCE;
	put_text("t.csv", "uid,mail\n4,d\n3,x\n1,a\n");
	same_text("since", read_with(mem, c, &q), "CN=4 uid=4 mail=d; CN=3 uid=3 mail=x; gone");
	q.cookie.len--;
	assert_int_equal(connector_read(c, &q, &err), -1);
	assert_int_equal(err.kind, ERR_ENTRY);
	same_text("write", write_text(mem, c, "del cn=a"),
		"! abc: csv connectors cannot be written to");
	closed(c);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_changing),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_guid),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
