#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"

/*
 * What was read, in short: "cn=a: cn=a mail=x mail=y | cn=b: ..."; bytes that are not printable and
 * blanks as \xx. A change is "cn=a: modify -mail=x +mail=y =title=z", "cn=a: rename cn=b,dc=x",
 * "cn=a: delete", "cn=a: add cn=a". An error is "! its text".
 */
static void put_bytes(struct buf *b, struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		buf_printf(b, c > ' ' && c < 0x7f ? "%c" : "\\%02x", c);
	}
}

static void put_values(
	struct buf *b, const char *sign, unsigned attr, const struct value *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		buf_printf(b, " %s%s=", sign, attr_name(attr));
		put_bytes(b, v[i]);
	}
}

static void put_entry(struct buf *b, const struct entry *e)
{
	put_bytes(b, e->name);
	buf_putc(b, ':');
	for (unsigned i = 0; i < e->n; i++)
		put_values(b, "", e->attrs[i].id, e->attrs[i].values, e->attrs[i].n);
}

static void put_change(struct buf *b, const struct change *c)
{
	static const char *const ops[] = {"add", "modify", "delete"};

	put_bytes(b, c->name);
	buf_printf(b, ": %s", c->new_name.len > 0 ? "rename " : ops[c->op]);
	put_bytes(b, c->new_name);
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		put_values(b, "-", m->attr, m->remove, m->n_remove);
		if (m->replace && m->n_add == 0)
			buf_printf(b, " =%s", attr_name(m->attr));
		put_values(b,
			m->replace            ? "="
			: c->op == CHANGE_ADD ? ""
					      : "+",
			m->attr, m->add, m->n_add);
	}
}

static void put_all(struct buf *b, struct ldif *f, bool changes)
{
	struct arena *mem = arena_new();
	struct change change;
	struct entry entry;
	struct err err;
	int r;

	buf_puts(b, "");
	while ((r = changes ? ldif_next_change(f, mem, &change, &err)
			    : ldif_next(f, mem, &entry, &err)) > 0) {
		if (b->len > 0)
			buf_puts(b, " | ");
		if (changes)
			put_change(b, &change);
		else
			put_entry(b, &entry);
		arena_reset(mem);
	}
	if (r < 0)
		buf_printf(b, "%s! %s", b->len > 0 ? " " : "", err.text);
	ldif_close(f);
	arena_free(mem);
}

static struct buf read_text(const char *text, size_t len, bool changes)
{
	struct buf b = {0};

	put_all(&b, ldif_memory("t", text, len), changes);
	return b;
}

struct line {
	const char *in, *out;
};

static void check(const struct line *lines, size_t n, bool changes)
{
	for (size_t i = 0; i < n; i++) {
		struct buf b = read_text(lines[i].in, strlen(lines[i].in), changes);
		if (strcmp(b.data, lines[i].out) != 0)
			print_message("in: %s\n", lines[i].in);
		assert_string_equal(b.data, lines[i].out);
		buf_free(&b);
	}
}

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const struct line entries[] = {
	/* nothing, and what is read over */
	{"", ""},
	{"\n\n\n", ""},
	{"version: 1\n", ""},
	{"# only\n# comments\n", ""},
	{"\xef\xbb\xbf", ""},
	{"\xef\xbb\xbf\ndn: cn=a\ncn: a\n", "cn=a: cn=a"},
	{"version: 1\ndn: cn=a\ncn: a\n", "cn=a: cn=a"},
	{"version:1\n\n\ndn: cn=a\ncn: a\n", "cn=a: cn=a"},
	{"#x\nversion: 1\n#y\ndn: cn=a\n#z\ncn: a\n#\n", "cn=a: cn=a"},
	{"# folded\n comment: 1\ndn: cn=a\ncn: a\n# more\n \n x\nsn: b\n", "cn=a: cn=a sn=b"},
	{"dn: cn=a\ncn: a\n\n# x\n\n\nversion: 1\ndn: cn=b\ncn: b\n\n", "cn=a: cn=a | cn=b: cn=b"},
	/* ends of lines */
	{"dn: cn=a\r\ncn: a\r\n\r\ndn: cn=b\r\ncn: b\r\n\r\n\r\n", "cn=a: cn=a | cn=b: cn=b"},
	{"dn: cn=a\r\ncn: a\n\r\ndn: cn=b\ncn: b\r\n", "cn=a: cn=a | cn=b: cn=b"},
	{"dn: cn=a\ncn: a\rb\r\r\n", "cn=a: cn=a\\0db\\0d"},
	/* values */
	{"dn:cn=a\ncn:a\nsn:  b  \n", "cn=a: cn=a sn=b\\20\\20"},
	{"dn: cn=a\ncn:\nsn: \ntitle::\n", "cn=a: cn= sn= title="},
	{"dn: cn=a\nsn: :x\ntitle: <x\nl: a:b\n", "cn=a: sn=:x title=<x l=a:b"},
	{"dn: cn=\xc3\xa4\ncn: \xc3\xa4\nsn: \xff\n", "cn=\\c3\\a4: cn=\\c3\\a4 sn=\\ff"},
	{"dn:\nobjectClass: top\n", ": objectClass=top"},
	/* folding */
	{"dn: cn=a,\n dc=x\ncn: a\n  b\n c\n", "cn=a,dc=x: cn=a\\20bc"},
	{"dn: cn=a\r\n ,dc=x\r\nc\r\n n: a\r\n \r\n  b\r\n", "cn=a,dc=x: cn=a\\20b"},
	{"d\n n\n :\n  cn=a\ncn: a\n", "cn=a: cn=a"},
	/* base64 */
	{"dn:: Y249YQ==\ncn:: YQ==\nsn::YWI=\nl::  YWJj\n", "cn=a: cn=a sn=ab l=abc"},
	{"dn: cn=a\njpegPhoto:: AP8Q\n /g\n ==\n", "cn=a: jpegPhoto=\\00\\ff\\10\\fe"},
	{"dn: cn=a\nl:: ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\n",
		"cn=a: "
		"l=\\00\\10\\83\\10Q\\87\\20\\92\\8b0\\d3\\8fA\\14\\93QU\\97a\\96\\9bq\\d7\\9f"
		"\\82\\18\\a3\\92Y\\a7\\a2\\9a\\ab\\b2\\db\\af\\c3\\1c\\b3\\d3]\\b7\\e3\\9e\\bb\\f3"
		"\\df\\bf"},
	/* attributes */
	{"dn: cn=a\nmail: x\nCN: a\nMAIL: y\ncn: b\nmail: z\n",
		"cn=a: mail=x mail=y mail=z cn=a cn=b"},
	{"dn: cn=a\nuserCertificate;binary:: YQ==\ncn;lang-de: b\n",
		"cn=a: userCertificate=a cn;lang-de=b"},
	{"dn: cn=a\ncn: a\nsn: b\n\ndn: cn=c\nsn: c\ncn: d\nl: e\n\ndn: cn=f\ncn: f\nl: g\n",
		"cn=a: cn=a sn=b | cn=c: sn=c cn=d l=e | cn=f: cn=f l=g"},
	{"dn: cn=a\ncnx: a\ncn: b\n\ndn: cn=b\ncn: a\ncnx: b\n\ndn: cn=c\nc: a\n",
		"cn=a: cnx=a cn=b | cn=b: cn=a cnx=b | cn=c: c=a"},
	/* an add is content; ldifde writes so */
	{"dn: cn=a\nchangetype: add\ncn: a\n", "cn=a: cn=a"},
	{"DN: cn=a\nChangeType: Add\ncn: a\n\ndn: cn=b\ncn: b\n", "cn=a: cn=a | cn=b: cn=b"},
	{"dn: cn=a\ncontrol: 1.2 true\ncontrol: 1.3\nchangetype:: YWRk\ncn: a\n", "cn=a: cn=a"},
	/* the count of ldapsearch, of all or of a page */
	{"dn: cn=a\ncn: a\n\n# numEntries: 1\n", "cn=a: cn=a"},
	{"dn: cn=a\ncn: a\n\n# numEntries: 1\n\ndn: cn=b\ncn: b\n\n# numEntries: 1\n",
		"cn=a: cn=a | cn=b: cn=b"},
	{"dn: cn=a\ncn: a\n\n# numEntries: 1\n\ndn: cn=b\ncn: b\n\n# numEntries: 2\n",
		"cn=a: cn=a | cn=b: cn=b"},
	{"dn: cn=a\ncn: a\n\n# numEntries: 7\n",
		"cn=a: cn=a ! t:4: numEntries is 7, but there are 1: is something missing?"},
	{"dn: cn=a\ncn: a\n# numEntries: 0\n",
		"! t:3: numEntries is 0, but there are 1: is something missing?"},
	/* errors */
	{"\xff\xfe\x64", "! t:1: expected UTF-8, this is UTF-16 (iconv -f UTF-16 -t UTF-8)"},
	{"\xfe\xff", "! t:1: expected UTF-8, this is UTF-16 (iconv -f UTF-16 -t UTF-8)"},
	{"version: 2\n", "! t:1: expected version 1"},
	{"version:: !\n", "! t:1: expected base64 after \"::\""},
	{"cn: a\n", "! t:1: expected \"dn:\", not \"cn:\""},
	{"\n\nhello\n", "! t:3: expected \"dn:\""},
	{": x\n", "! t:1: expected \"dn:\""},
	{" dn: x\n", "! t:1: expected \"dn:\", not a line that continues another"},
	{"dnx: x\n", "! t:1: expected \"dn:\", not \"dnx:\""},
	{"dn: cn=a\n", "! t:1: the record has no attributes"},
	{"dn: cn=a\n\ncn: a\n", "! t:1: the record has no attributes"},
	{"dn: cn=a\nchangetype: add\n", "! t:2: the record has no attributes"},
	{"dn: cn=\xff\ncn: a\n", "! t:1: the dn is not UTF-8"},
	{"dn:: /w==\ncn: a\n", "! t:1: the dn is not UTF-8"},
	{"dn:: *\ncn: a\n", "! t:1: expected base64 after \"::\""},
	{"dn: cn=a\ncn\n", "! t:2: expected \"name: value\""},
	{"dn: cn=a\ncn: a\n: b\n", "! t:3: expected \"name: value\""},

	{"dn: cn=a\ncn: a\nc n: b\n", "! t:3: \"c n\" is not an attribute name"},
	{"dn: cn=a\ncn: a\ndn: cn=b\ncn: b\n",
		"! t:3: expected an empty line before the next \"dn:\""},
	{"dn: cn=a\ncn: a\nchangetype: add\n", "! t:3: expected an attribute, not \"changetype:\""},
	{"dn: cn=a\ncn: a\ncontrol: 1.2\n", "! t:3: expected an attribute, not \"control:\""},
	{"dn: cn=a\nchangetype;binary: delete\n",
		"! t:2: expected an attribute, not \"changetype;binary:\""},
	{"dn: cn=a\ncontrol: 1.2\ncn: a\n", "! t:3: expected \"changetype:\" after \"control:\""},
	{"dn: cn=a\ncontrol: 1.2\n", "! t:2: expected \"changetype:\" after \"control:\""},
	{"dn: cn=a\nchangetype: ad\ncn: a\n",
		"! t:2: expected changetype add, delete, modify, modrdn or moddn"},
	{"dn: cn=a\nchangetype:: =\n", "! t:2: expected base64 after \"::\""},
	{"dn: cn=a\ncn: a\n\n\ndn: cn=b\nchangetype: delete\n",
		"cn=a: cn=a ! t:5: expected an entry, not a change (changetype add is allowed)"},
	{"dn: cn=a\ncn: a\n\n\n\ndn: cn=b\ncn: b\nsn: c",
		"cn=a: cn=a ! t:8: the file ends inside a line: is it truncated?"},
	{"dn: cn=b\ncn: b\n c", "! t:3: the file ends inside a line: is it truncated?"},
	{"dn: cn=b\nchangetype: add\r", "! t:2: the file ends inside a line: is it truncated?"},
	{"dn: cn=b\n# no", "! t:2: the file ends inside a line: is it truncated?"},
	{"dn", "! t:1: the file ends inside a line: is it truncated?"},
	{"\r", "! t:1: the file ends inside a line: is it truncated?"},
	{"dn: cn=a\ncn:: YQ\n", "! t:2: expected base64 after \"::\""},
	{"dn: cn=a\ncn:: YQ= =\n", "! t:2: expected base64 after \"::\""},
	{"dn: cn=a\ncn:: YQ==YQ==\n", "! t:2: expected base64 after \"::\""},
	{"dn: cn=a\ncn:: YQ==\nsn:: a===\n", "! t:3: expected base64 after \"::\""},
	{"dn: cn=a\ncn:: Y\xc3\xa4=\n", "! t:2: expected base64 after \"::\""},
	{"dn: cn=a\ncn: b\nl\n o\n ng: x\ncn:: ?\n", "! t:6: expected base64 after \"::\""},
	{"dn: cn=a\ncn:< file:///etc/passwd\n",
		"! t:2: a value from a URL (\":<\") is not allowed here"},
	{"dn:< file:///etc/passwd\n", "! t:1: a value from a URL (\":<\") is not allowed here"},
};

static void test_entries(void **state)
{
	(void)state;
	check(entries, N(entries), false);
}

static const struct line change_records[] = {
	{"dn: cn=a\ncn: a\nsn: b\ncn: c\n", "cn=a: add cn=a cn=c sn=b"},
	{"dn: cn=a\nchangetype: add\ncn: a\n", "cn=a: add cn=a"},
	{"dn: cn=a\nchangetype: delete\n\ndn: cn=b\nchangetype: delete\n",
		"cn=a: delete | cn=b: delete"},
	{"dn: cn=a\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n", "cn=a: delete"},
	{"dn: cn=a\nchangetype: modify\n", "cn=a: modify"},
	{"dn: cn=a\nchangetype: modify\nadd: mail\nmail: x\nMail: y\n-\n",
		"cn=a: modify +mail=x +mail=y"},
	{"dn: cn=a\nchangetype: modify\ndelete: mail\nmail: x\n-\nreplace: l\nl: a\nl:: Yg==\n-\n",
		"cn=a: modify -mail=x =l=a =l=b"},
	{"dn: cn=a\nchangetype: modify\ndelete: l\n-\nreplace: sn\n-\n", "cn=a: modify =l =sn"},
	{"dn: cn=a\nchangetype: modify\ndelete: l\nl: a\n-\nadd: l\nl: b\n-\n",
		"cn=a: modify -l=a +l=b"},
	{"dn: cn=a\nchangetype: modify\ndelete: l\n-\nadd: l\nl: b\n-\nadd: l\nl: c\n-\n",
		"cn=a: modify =l=b +l=c"},
	{"dn: cn=a\nchangetype: modify\nADD: l\nl: 1\nl: 2\nl: 3\nl: 4\nl: 5\n# x\nl: 6\n-\n",
		"cn=a: modify +l=1 +l=2 +l=3 +l=4 +l=5 +l=6"},
	{"dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n",
		"cn=a,dc=x: rename cn=b,dc=x"},
	{"dn: cn=a,dc=x\nchangetype: moddn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: "
	 "ou=y,dc=x\n",
		"cn=a,dc=x: rename cn=b,ou=y,dc=x"},
	{"dn: cn=a\\,b,dc=x\nchangetype: modrdn\nnewrdn:: Y249Yg==\ndeleteoldrdn: "
	 "1\nnewsuperior:\n",
		"cn=a\\,b,dc=x: rename cn=b"},
	/* errors */
	{"", ""},
	{"dn: cn=a\nchangetype: add\n", "! t:2: the record has no attributes"},
	{"dn: cn=a\nchangetype: delete\ncn: a\n",
		"! t:3: expected the end of the record, not \"cn:\""},
	{"dn: cn=a\nchangetype: modify\nincrement: l\nl: 1\n-\n",
		"! t:3: \"increment:\" is not known here: use \"replace:\""},
	{"dn: cn=a\nchangetype: modify\nl: x\n-\n",
		"! t:3: expected \"add:\", \"delete:\" or \"replace:\", not \"l:\""},
	{"dn: cn=a\nchangetype: modify\nadd: c n\n", "! t:3: \"c n\" is not an attribute name"},
	{"dn: cn=a\nchangetype: modify\nadd:: !\n", "! t:3: expected base64 after \"::\""},
	{"dn: cn=a\nchangetype: modify\nadd: l\n-\n", "! t:4: \"add:\" without a value"},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl: x\n",
		"! t:4: expected \"-\" after the last value"},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl: x\nsn: y\n-\n",
		"! t:5: expected \"-\", not \"sn:\""},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl: x\nl\n", "! t:5: expected \"-\""},
	{"dn: cn=a\nchangetype: modify\nadd: l\n!: x\n-\n",
		"! t:4: \"!\" is not an attribute name"},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl:: x\n-\n", "! t:4: expected base64 after \"::\""},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl: x",
		"! t:4: the file ends inside a line: is it truncated?"},
	{"dn: cn=a\nchangetype: modify\nadd: l\nl: x\n-\nadd",
		"! t:6: the file ends inside a line: is it truncated?"},
	{"dn: cn=a\nchangetype: modrdn\n", "! t:2: expected newrdn, not the end of the record"},
	{"dn: cn=a\nchangetype: modrdn\ndeleteoldrdn: 1\n",
		"! t:3: expected newrdn, not \"deleteoldrdn:\""},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn:: ?\n", "! t:3: expected base64 after \"::\""},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b,dc=x\ndeleteoldrdn: 1\n",
		"! t:4: newrdn is not one part of a dn"},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\n",
		"! t:3: expected deleteoldrdn, not the end of the record"},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 0\n",
		"! t:4: expected deleteoldrdn 1: the old name always goes"},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: x\n",
		"! t:5: newsuperior is not a dn"},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior:: x\n",
		"! t:5: expected base64 after \"::\""},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\ncn: x\n",
		"! t:5: expected the end of the record, not \"cn:\""},
	{"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b",
		"! t:3: the file ends inside a line: is it truncated?"},
	{"dn: cn=a\nchangetype: delete\n\ndn: cn=b\ncn: b\n",
		"cn=a: delete ! t:4: records with and without changetype in one file"},
	{"dn: cn=a\ncn: a\n\ndn: cn=b\nchangetype: delete\n",
		"cn=a: add cn=a ! t:4: records with and without changetype in one file"},
};

static void test_changes(void **state)
{
	(void)state;
	check(change_records, N(change_records), true);
}

/* What a C string cannot say. */
static void test_nul(void **state)
{
	static const char plain[] = "dn: cn=a\ncn: a\0b\n", comment[] = "#\0\ndn: cn=a\ncn: a\n";
	struct buf b = read_text(plain, sizeof(plain) - 1, false);

	(void)state;
	assert_string_equal(b.data, "! t:2: a NUL byte");
	buf_free(&b);
	b = read_text(comment, sizeof(comment) - 1, false);
	assert_string_equal(b.data, "cn=a: cn=a");
	buf_free(&b);
}

static void test_where(void **state)
{
	static const char text[] = "\n\ndn: cn=a\ncn: a\n\n#\n#\ndn: cn=b\ncn: b\nsn: c\n";
	struct ldif *f = ldif_memory("x.ldif", text, sizeof(text) - 1);
	struct arena *mem = arena_new();
	struct entry e;
	struct err err;

	(void)state;
	assert_string_equal(ldif_name(f), "x.ldif");
	assert_int_equal(ldif_next(f, mem, &e, &err), 1);
	assert_int_equal(ldif_line(f), 3);
	assert_int_equal(ldif_next(f, mem, &e, &err), 1);
	assert_int_equal(ldif_line(f), 8);
	assert_int_equal(ldif_next(f, mem, &e, &err), 0);
	assert_int_equal(ldif_next(f, mem, &e, &err), 0);
	ldif_close(f);
	ldif_close(NULL);
	arena_free(mem);
}

/* Files. */

static char folder[] = "/tmp/galway-ldif-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const void *data, size_t len)
{
	FILE *out = fopen(path_of(name), "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	return path_of(name);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* The records of a file, as from memory. */
static struct buf read_file(const char *path, bool urls)
{
	struct buf b = {0};
	struct ldif *f;
	struct err err;

	assert_int_equal(ldif_open(path, urls, &f, &err), 0);
	put_all(&b, f, false);
	return b;
}

static void check_refused(const char *path, const char *what)
{
	struct ldif *f = NULL;
	struct err err = {0};
	char expected[300];

	assert_int_equal(ldif_open(path, false, &f, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	snprintf(expected, sizeof(expected), "%s: %s", path, what);
	assert_string_equal(err.text, expected);
}

static void test_not_a_file(void **state)
{
	(void)state;
	check_refused(path_of("absent"), "No such file or directory");
	check_refused(folder, "not a regular file");
	check_refused("/dev/null", "not a regular file");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	check_refused(path_of("fifo"), "not a regular file");
}

static uint64_t seed = 1;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

/* Records of any length on every place of the buffer's border give what they give in one piece. */
static void test_borders(void **state)
{
	struct buf text = {0};

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		const char *end = below(2) ? "\r\n" : "\n";
		buf_printf(&text, "dn: cn=%u%s", i, end);
		for (unsigned k = below(20) + 1; k > 0; k--)
			buf_printf(&text, "mail: %0*u%scn:: YWJj%s YWJj%s", (int)below(90), k, end,
				end, end);
		if (i % 1000 == 0) /* longer than the buffer */
			buf_printf(&text, "jpegPhoto: %0700000u%s", i, end);
		buf_puts(&text, end);
	}
	struct buf whole = read_text(text.data, text.len, false);
	struct buf parts = read_file(write_file("borders", text.data, text.len), false);
	assert_null(strstr(whole.data, "!"));
	assert_true(whole.len > 2000000);
	assert_int_equal(whole.len, parts.len);
	assert_memory_equal(whole.data, parts.data, whole.len);
	buf_free(&whole);
	buf_free(&parts);
	buf_free(&text);
}

static void test_endless_record(void **state)
{
	const char *path = write_file("endless", "dn: cn=a\ncn: ", 13);
	char expected[300];

	(void)state;
	assert_int_equal(truncate(path, LDIF_RECORD_MAX + (1 << 20)), 0);
	snprintf(expected, sizeof(expected), "! %s:1: a record of more than 64 MiB", path);
	struct buf b = read_file(path, false);
	assert_string_equal(b.data, expected);
	buf_free(&b);
}

/* A writer at work between the first and the last read(2). */
static void test_changed_meanwhile(void **state)
{
	struct arena *mem = arena_new();
	struct buf text = {0};
	struct ldif *f;
	struct entry e;
	struct err err;
	int r;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		buf_puts(&text, "dn: cn=a\ncn: aaaaaaaaaaaaaaaaaa\n\n");
	const char *path = write_file("changed", text.data, text.len);
	assert_int_equal(ldif_open(path, false, &f, &err), 0);
	assert_int_equal(ldif_next(f, mem, &e, &err), 1);
	write_file("changed", text.data, text.len / 2);
	while ((r = ldif_next(f, mem, &e, &err)) > 0)
		continue;
	assert_int_equal(r, -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_non_null(strstr(err.text, "/changed: changed while being read"));
	ldif_close(f);
	buf_free(&text);
	arena_free(mem);
}

/* @ is the folder. */
static const struct line urls[] = {
	{"file://@/photo", "cn=a: jpegPhoto=a\\00b"},
	{"FILE://@/ph%6Fto", "cn=a: jpegPhoto=a\\00b"},
	{"file://@/empty", "cn=a: jpegPhoto="},
	{"file://@/none", "! @/url:2: @/none: No such file or directory"},
	{"file://@", "! @/url:2: @: Invalid argument"},
	{"file://@/huge", "! @/url:2: @/huge: File too large"},
	{"file://@/%0", "! @/url:2: expected a URL of the form file:///path"},
	{"file://@/%00", "! @/url:2: expected a URL of the form file:///path"},
	{"file://@/%zz", "! @/url:2: expected a URL of the form file:///path"},
	{"http://@", "! @/url:2: expected a URL of the form file:///path"},
	{"x", "! @/url:2: expected a URL of the form file:///path"},
};

static const char *expand(char *to, const char *text)
{
	char *at = to;

	for (; *text != '\0'; text++) {
		if (*text == '@')
			at = stpcpy(at, folder);
		else
			*at++ = *text;
	}
	*at = '\0';
	return to;
}

static void test_urls(void **state)
{
	(void)state;
	write_file("photo", "a\0b", 3);
	write_file("empty", "", 0);
	assert_int_equal(truncate(write_file("huge", "", 0), LDIF_RECORD_MAX + 1), 0);
	for (size_t i = 0; i < N(urls); i++) {
		char url[200], text[300], expected[300];
		snprintf(text, sizeof(text), "dn: cn=a\njpegPhoto:< %s\n", expand(url, urls[i].in));
		struct buf b = read_file(write_file("url", text, strlen(text)), true);
		assert_string_equal(b.data, expand(expected, urls[i].out));
		buf_free(&b);
	}
}

/* Printing. */

static const struct line printed[] = {
	/* objectClass first, folded at 76 */
	{"dn: cn=a\ncn: a\nobjectClass: top\nobjectClass: contact\n",
		"dn: cn=a\nobjectClass: top\nobjectClass: contact\ncn: a\n\n"},
	{"dn: cn=a\ncn: "
	 "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12\n",
		"dn: cn=a\ncn: "
		"123456789 123456789 123456789 123456789 123456789 123456789 123456789 12\n\n"},
	{"dn: cn=a\ncn: "
	 "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123\n",
		"dn: cn=a\ncn: "
		"123456789 123456789 123456789 123456789 123456789 123456789 123456789 12\n"
		" 3\n\n"},
	/* what is not safe is base64 */
	{"dn: cn=\xc3\xa4\ncn: \xc3\xa4\nsn: a \ntitle:: IGE=\n",
		"dn:: Y249w6Q=\ncn:: w6Q=\nsn:: YSA=\ntitle:: IGE=\n\n"},
	{"dn: cn=a\ncn:: OmE=\nsn:: PGE=\nl:: AGE=\nc:: YQpkbjogYgo=\nco:: fw==\ntitle:\n",
		"dn: cn=a\ncn:: OmE=\nsn:: PGE=\nl:: AGE=\nc:: YQpkbjogYgo=\nco:: "
		"fw==\ntitle:\n\n"},
};

static const struct line printed_changes[] = {
	{"dn: cn=a\ncn: a\nobjectClass: top\n",
		"dn: cn=a\nchangetype: add\nobjectClass: top\ncn: a\n\n"},
	{"dn: cn=a\nchangetype: delete\n", "dn: cn=a\nchangetype: delete\n\n"},
	{"dn: cn=a\nchangetype: modify\n", "dn: cn=a\nchangetype: modify\n\n"},
	{"dn: cn=a\nchangetype: modify\ndelete: l\nl: a\n-\nadd: l\nl: b\n-\ndelete: sn\n-\n",
		"dn: cn=a\nchangetype: modify\ndelete: l\nl: a\n-\nadd: l\nl: b\n-\nreplace: "
		"sn\n-\n\n"},
	{"dn: cn=a,dc=x\nchangetype: moddn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: dc=x\n",
		"dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n\n"},
	{"dn: cn=a,dc=x\nchangetype: moddn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: ou=y\n",
		"dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: "
		"ou=y\n\n"},
	{"dn: cn=a,dc=x\nchangetype: moddn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior:\n",
		"dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: "
		"1\nnewsuperior:\n\n"},
};

static void check_printed(const struct line *lines, size_t n, bool as_changes)
{
	struct arena *mem = arena_new();
	struct change change;
	struct entry entry;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		struct ldif *f = ldif_memory("t", lines[i].in, strlen(lines[i].in));
		struct buf b = {0};
		if (as_changes) {
			assert_int_equal(ldif_next_change(f, mem, &change, &err), 1);
			ldif_print_change(&b, &change);
		} else {
			assert_int_equal(ldif_next(f, mem, &entry, &err), 1);
			ldif_print_entry(&b, &entry);
		}
		assert_string_equal(b.data, lines[i].out);
		buf_free(&b);
		ldif_close(f);
	}
	arena_free(mem);
}

static void test_print(void **state)
{
	(void)state;
	check_printed(printed, N(printed), false);
	check_printed(printed_changes, N(printed_changes), true);
}

/* A rename with mods is two records; blanks around the comma belong to no part. */
static void test_print_rename(void **state)
{
	struct value l = value_of("b");
	struct mod mod = {.attr = attr_named("l"), .n_add = 1, .add = &l};
	struct change c = {.op = CHANGE_MODIFY,
		.name = value_of("cn=a,dc=x"),
		.new_name = value_of("cn=b\\,\\ , ou=y,dc=x"),
		.n = 1,
		.mods = &mod};
	struct buf b = {0};

	(void)state;
	ldif_print_change(&b, &c);
	assert_string_equal(b.data,
		"dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn:: Y249YlwsXCA=\ndeleteoldrdn: 1\n"
		"newsuperior: ou=y,dc=x\n\n"
		"dn: cn=b\\,\\ , ou=y,dc=x\nchangetype: modify\nadd: l\nl: b\n-\n\n");
	buf_free(&b);
}

/* A column of a table may be called anything; an entry never becomes a change by it. */
static void test_print_reserved(void **state)
{
	struct value v = value_of("delete");
	struct attr attrs[] = {{attr_named("changetype"), 1, &v}, {attr_named("cn"), 1, &v},
		{attr_named("DN"), 1, &v}, {attr_named("control"), 1, &v}};
	struct entry e = {.name = value_of("cn=a"), .n = N(attrs), .attrs = attrs};
	struct buf b = {0};

	(void)state;
	ldif_print_entry(&b, &e);
	assert_string_equal(b.data, "dn: cn=a\ncn: delete\n\n");
	buf_free(&b);
}

/* parse(print(x)) = x */

static struct value random_bytes(struct arena *mem)
{
	static const unsigned lengths[] = {1, 3, 20, 80, 300};
	size_t len = below(lengths[below(N(lengths))]);
	char *data = arena_alloc(mem, len);
	unsigned kind = below(3);

	for (size_t i = 0; i < len; i++)
		data[i] = kind == 0 ? (char)below(256) : kind == 1 ? "a: <\n\r "[below(7)] : 'x';
	return (struct value){data, len};
}

static struct value random_name(struct arena *mem)
{
	static const char *const names[] = {"cn=a,dc=x", "cn=\xc3\xa4", "ou=y", "cn=\\,b,ou=z",
		"cn=a name that is folded because it is longer than 76 characters may be,dc=x"};

	return value_of(arena_strdup(mem, names[below(N(names))]));
}

static struct value *random_values(struct arena *mem, unsigned n)
{
	struct value *v = arena_alloc(mem, n * sizeof(*v));

	for (unsigned i = 0; i < n; i++)
		v[i] = random_bytes(mem);
	return v;
}

static const char *const some[] = {"objectClass", "cn", "mail", "jpegPhoto", "description", "x-y"};

static struct change random_change(struct arena *mem)
{
	struct change c = {.op = (enum change_op)below(3), .name = random_name(mem)};

	c.mods = arena_zalloc(mem, N(some) * sizeof(*c.mods));
	if (c.op == CHANGE_DELETE)
		return c;
	if (c.op == CHANGE_MODIFY && below(3) == 0) {
		c.new_name = random_name(mem);
		return c;
	}
	for (unsigned i = 0; i < N(some); i++) {
		struct mod *m = &c.mods[c.n];
		if (i > 0 && below(2) == 0)
			continue;
		*m = (struct mod){.attr = attr_named(some[i]), .n_add = 1 + below(3)};
		if (c.op == CHANGE_MODIFY) {
			m->n_remove = below(2);
			m->n_add = below(2);
			m->replace = m->n_remove == 0 && below(2) == 0;
			if (m->n_remove + m->n_add == 0 && !m->replace)
				continue;
		}
		m->add = random_values(mem, m->n_add);
		m->remove = random_values(mem, m->n_remove);
		c.n++;
	}
	return c;
}

static void test_round_trip(void **state)
{
	struct arena *mem = arena_new();
	struct buf text = {0}, expected = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct change c = random_change(mem);
		struct entry e = {.name = c.name};
		struct attr attrs[N(some)];
		bool changes = c.op != CHANGE_ADD || below(2) == 0;

		for (unsigned k = 0; k < c.n; k++)
			attrs[k] = (struct attr){c.mods[k].attr, c.mods[k].n_add, c.mods[k].add};
		e.attrs = attrs;
		e.n = c.n;
		buf_clear(&text);
		buf_clear(&expected);
		if (changes) {
			ldif_print_change(&text, &c);
			put_change(&expected, &c);
		} else {
			ldif_print_entry(&text, &e);
			put_entry(&expected, &e);
		}
		struct buf got = read_text(text.data, text.len, changes);
		assert_string_equal(got.data, expected.data);
		for (const char *line = text.data; *line != '\0'; line = strchr(line, '\n') + 1)
			assert_true(strcspn(line, "\n") <= 76);
		buf_free(&got);
		arena_reset(mem);
	}
	buf_free(&text);
	buf_free(&expected);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_not_a_file),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_endless_record),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_rename),
		cmocka_unit_test(test_print_reserved),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
