#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/ldif.h"

static char path[] = "/tmp/galway-peek-XXXXXX";

static struct ldif *opened(const char *text, size_t len)
{
	struct ldif *f;
	struct err err;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	if (ldif_open(path, false, &f, &err) < 0)
		fail_msg("%s", err.text);
	return f;
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* What peeking says of each record, the id being uid: "name=id>next" or, where it cannot say, "?"
 * and the name that ldif_next reads; an error is "! its text". */
static struct buf peek_all(const char *text)
{
	struct arena *mem = arena_new();
	struct ldif *f = opened(text, strlen(text));
	struct buf b = {0};
	struct ldif_peeked p;
	struct entry e;
	struct err err;
	int r;

	buf_puts(&b, "");
	while ((r = ldif_peek(f, mem, "uid", &p, &err)) > 0) {
		if (r == 1) {
			buf_printf(&b, "%.*s=%.*s>%.*s ", (int)p.name.len, p.name.data,
				(int)p.id.len, p.id.data, (int)p.next.len,
				p.next.len > 0 ? p.next.data : "");
			ldif_pass(f);
		} else if ((r = ldif_next(f, mem, &e, &err)) > 0) {
			buf_printf(&b, "?%.*s ", (int)e.name.len, e.name.data);
		} else {
			break;
		}
	}
	if (r < 0)
		buf_printf(&b, "! %s", strchr(err.text, ':') + 1);
	ldif_close(f);
	arena_free(mem);
	return b;
}

static const struct line {
	const char *text, *said;
} lines[] = {
	{"dn: cn=a\nuid: 1\n", "cn=a=1> "},
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nuid: 2\n\n", "cn=a=1>2 cn=b=2> "},
	{"dn: cn=a\r\nuid: 1\r\n\r\ndn: cn=b\r\nuid: 2\r\n\r\n", "cn=a=1>2 cn=b=2> "},
	{"dn: cn=a\nuid: 1\n\n\n\ndn: cn=b\nsn: x\nuid: 2\n\n", "cn=a=1>2 cn=b=2> "},
	/* base64, folded, both */
	{"dn:: Y249YQ==\nuid:: MQ==\n\ndn: cn=b\nuid:: Mg==\n\n", "cn=a=1>2 cn=b=2> "},
	{"dn: cn=a\nuid: 1\n 1\n\ndn: cn=b\nuid:: M\n jI=\n\n", "cn=a=11>22 cn=b=22> "},
	{"dn: c\n n=a\nuid: 1\n\ndn: cn=b\nuid: 2\n\n", "cn=a=1>2 cn=b=2> "},
	/* the last one is whole when the file has ended */
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nuid: 2\n", "cn=a=1> cn=b=2> "},
	/* another attribute that begins with its letters; the first of two counts */
	{"dn: cn=a\nuidNumber: 7\nuid: 1\nuid: 9\n", "cn=a=1> "},
	/* what is to be read as usual, and is not foreseen either */
	{"dn: cn=a\nsn: x\n\ndn: cn=b\nuid: 2\n", "?cn=a cn=b=2> "},
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nsn: x\n\ndn: cn=c\nuid: 3\n", "cn=a=1> ?cn=b cn=c=3> "},
	{"dn: cn=a\nuid: 1\n\n# b\ndn: cn=b\nuid: 2\n\ndn: cn=c\nuid: 3\n",
		"cn=a=1> ?cn=b cn=c=3> "},
	{"version: 1\n\ndn: cn=a\nuid: 1\n\ndn: cn=b\nuid: 2\n", "?cn=a cn=b=2> "},
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nuid::\n", "cn=a=1> ?cn=b "},
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nuid:: ?\n", "cn=a=1> ! 5: expected base64 after \"::\""},
	{"dn: cn=a\nuid: 1\n\ndn: cn=b\nuid: 2",
		"cn=a=1> ! 5: the file ends inside a line: is it truncated?"},
	{"", ""},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct buf b = peek_all(lines[i].text);
		if (strcmp(b.data, lines[i].said) != 0)
			fail_msg("line %zu: %s\nsays %s\nnot  %s", i, lines[i].text, b.data,
				lines[i].said);
		buf_free(&b);
	}
}

static unsigned below(unsigned n)
{
	static uint64_t seed = 1;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

#define N 5000

/* Records with and without a uid, of any length, over many buffers; where each begins and ends. */
static struct buf many(size_t begins[N], size_t ends[N])
{
	struct buf text = {0};

	for (unsigned i = 0; i < N; i++) {
		begins[i] = text.len;
		buf_printf(&text, "dn: cn=%u\n", i);
		for (unsigned k = below(20); k > 0; k--)
			buf_printf(&text, "sn: %0*u\n uid: x\n", (int)below(90) + 1, k);
		buf_printf(&text, i % 7 == 3 ? "sn: %u\n" : "uid: %u\n", i);
		if (i % 1000 == 0) /* longer than the buffer */
			buf_printf(&text, "jpegPhoto: %0700000u\n", i);
		ends[i] = text.len;
		buf_puts(&text, below(3) > 0 ? "\n" : "\n\r\n\n");
	}
	return text;
}

static void check_id(struct value id, unsigned i)
{
	char text[20];

	snprintf(text, sizeof(text), "%u", i);
	assert_true(value_same(id, value_of(text)));
}

/* However the records are gone through, passed by, read after the peek or without one, each is what
 * it is. */
static void test_borders(void **state)
{
	static size_t begins[N], ends[N];
	struct buf text = many(begins, ends);
	struct ldif *f = opened(text.data, text.len);
	struct arena *mem = arena_new();
	struct ldif_peeked p;
	struct entry e;
	struct err err;
	char name[20];
	unsigned n_foreseen = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++, arena_reset(mem)) {
		int r = below(4) == 0 ? 2 : ldif_peek(f, mem, "uid", &p, &err);
		snprintf(name, sizeof(name), "cn=%u", i);
		if (r == 1) {
			assert_int_not_equal(i % 7, 3);
			assert_true(value_same(p.name, value_of(name)));
			check_id(p.id, i);
			assert_true(p.digest ==
				    hash_bytes(text.data + begins[i], ends[i] - begins[i], 0));
			if (p.next.len > 0)
				check_id(p.next, i + 1);
			n_foreseen += p.next.len > 0;
			if (below(2) == 0) {
				ldif_pass(f);
				continue;
			}
		}
		assert_int_equal(ldif_next(f, mem, &e, &err), 1);
		assert_true(value_same(e.name, value_of(name)));
		if (i % 7 != 3)
			check_id(entry_first(&e, attr_named("uid")), i);
	}
	assert_int_equal(ldif_peek(f, mem, "uid", &p, &err), 0);
	/* 3/4 are peeked at, 6/7 have a uid, and so has the next. */
	assert_true(n_foreseen > N / 2);
	ldif_close(f);
	arena_free(mem);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_borders),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
