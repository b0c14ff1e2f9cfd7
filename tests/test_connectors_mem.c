#include "connectors_cases.h"

#include "base/log.h"
#include "connectors/mem.h"

static struct connector *mem_of(struct arena *mem, const char *entries)
{
	struct buf text = {0};
	struct err err = {0};

	buf_puts(&text, "");
	entries_to_ldif(mem, entries, &text);
	struct connector *c = mem_new("test", text.data, &err);
	buf_free(&text);
	if (c == NULL)
		fail_msg("%s", err.text);
	return c;
}

/* before, changes, what became of them, after. */
static const char *const write_cases[][4] = {
	{"cn=a mail=x", "mod cn=a -mail=x +mail=y", "done", "cn=a mail=y"},
	{"cn=a", "mod cn=b +mail=x", "cn=b: does not exist", "cn=a"},
	{"cn=a", "add cn=b mail=x", "done", "cn=a; cn=b mail=x"},
	{"", "add cn=b,ou=x mail=x", "done", "cn=b,ou=x mail=x"},
	{"cn=a", "add cn=b,ou=x mail=x", "cn=b,ou=x: its parent does not exist", "cn=a"},
	{"cn=a mail=x", "add CN=A mail=y", "CN=A: exists already", "cn=a mail=x"},
	{"cn=a mail=x sn=s", "add cn=a mail=x", "done", "cn=a mail=x sn=s"},
	{"cn=a; cn=b", "del cn=a; del cn=a", "done; done", "cn=b"},
	{"ou=p; cn=a,ou=p", "del ou=p", "ou=p: has entries below it", "ou=p; cn=a,ou=p"},
	{"cn=a mail=x", "ren cn=a cn=b -mail=x +mail=y", "done", "cn=b mail=y"},
	{"cn=a", "ren cn=a cn=A", "done", "cn=A"},
	{"cn=a; cn=b", "ren cn=a cn=b", "cn=a: its new name exists already", "cn=a; cn=b"},
	{"cn=a", "ren cn=a cn=a,ou=p", "cn=a: its new parent does not exist", "cn=a"},
	{"cn=b objectGUID=1", "ren cn=a cn=b id=1 +sn=s", "done", "cn=b sn=s"},
	{"cn=b objectGUID=2", "ren cn=a cn=b id=1", "cn=a: does not exist", "cn=b"},
	{"ou=p; cn=a,ou=p", "ren ou=p ou=q", "done", "ou=q; cn=a,ou=q"},
	{"cn=a; cn=b manager=cn=a member=cn=a member=cn=b", "del cn=a", "done", "cn=b member=cn=b"},
	{"cn=a; cn=b manager=CN=A", "ren cn=a cn=c", "done", "cn=c; cn=b manager=cn=c"},
	{"ou=p; cn=a,ou=p; cn=b manager=cn=a,ou=p", "ren ou=p ou=q", "done",
		"ou=q; cn=a,ou=q; cn=b manager=cn=a,ou=q"},
};

static void test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(write_cases) / sizeof(write_cases[0]); i++) {
		struct arena *mem = arena_new();
		struct connector *c = mem_of(mem, write_cases[i][0]);
		same_text(write_cases[i][1], write_text(mem, c, write_cases[i][1]),
			write_cases[i][2]);
		same_text(write_cases[i][1], read_all(mem, c), write_cases[i][3]);
		closed(c);
		arena_free(mem);
	}
}

/* faults; what becomes of "add cn=b sn=s; add cn=c sn=s; add cn=d sn=s"; what is read then. */
static const struct fault_case {
	struct mem_faults faults;
	const char *said, *after;
} fault_cases[] = {
	{{0}, "done; done; done", "cn=a; cn=b sn=s; cn=c sn=s; cn=d sn=s"},
	{{.fail = 2, .kind = ERR_ENTRY}, "done; cn=c: was refused; done",
		"cn=a; cn=b sn=s; cn=d sn=s"},
	{{.fail = 2, .kind = ERR_BUSY}, "! test: the connection broke", "cn=a; cn=b sn=s"},
	{{.fail = 1, .kind = ERR_FATAL}, "! test: the connection broke", "cn=a"},
	{{.unknown = 3}, "done; done; unknown", "cn=a; cn=b sn=s; cn=c sn=s; cn=d sn=s"},
	{{.cut = 1}, "done; done; done", "! test: the connection broke"},
	{{.cut = 4}, "done; done; done", "! test: the connection broke"},
	{{.cut = 5}, "done; done; done", "cn=a; cn=b sn=s; cn=c sn=s; cn=d sn=s"},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]); i++) {
		struct arena *mem = arena_new();
		struct connector *c = mem_of(mem, "cn=a");
		*mem_faults(c) = fault_cases[i].faults;
		same_text("said", write_text(mem, c, "add cn=b sn=s; add cn=c sn=s; add cn=d sn=s"),
			fault_cases[i].said);
		same_text("after", read_all(mem, c), fault_cases[i].after);
		closed(c);
		arena_free(mem);
	}
}

static void test_since(void **state)
{
	struct arena *mem = arena_new();
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct connector *c = mem_of(mem, "cn=a sn=1; cn=b sn=2; cn=c sn=3");
	struct err err;

	(void)state;
	read_with(mem, c, &q);
	assert_int_equal(connector_cookie(c, mem, &q.cookie, &err), 0);
	q.kind = QUERY_SINCE;
	same_text("same", read_with(mem, c, &q), "");
	write_text(mem, c, "del cn=a; mod cn=c +sn=4");
	same_text("since", read_with(mem, c, &q), "cn=c sn=3 sn=4; gone");
	closed(c);
	arena_free(mem);
}

static void test_open(void **state)
{
	struct arena *mem = arena_new();
	struct connector *c;
	struct err err;
	struct buf text = {0};

	(void)state;
	assert_null(mem_new("test", "cn=a\n", &err));
	c = mem_of(mem, "cn=a sn=1; CN=A sn=2");
	same_text("twice", read_all(mem, c), "! test: two entries have one id or name");
	closed(c);
	put_text("dir.ldif", "dn: cn=b\nsn: x\n\ndn: cn=A\nsn: y\n");
	c = opened(mem, "type = mem\nfile = dir.ldif\nid = sn\n");
	same_text("file", read_all(mem, c), "cn=b sn=x; cn=A sn=y");
	mem_print(c, &text);
	assert_string_equal(text.data, "dn: cn=A\nsn: y\n\ndn: cn=b\nsn: x\n\n");
	buf_free(&text);
	closed(c);
	assert_int_equal(open_with(mem, "type = mem\nfile = none\n", &c, &err), -1);
	c = opened(mem, "type = mem\n");
	same_text("empty", read_all(mem, c), "");
	closed(c);
	arena_free(mem);
}

/* A change at random, of which only a server could say whether it can be done. */
static const char *random_change(struct arena *mem, unsigned *seed)
{
	static const char *const names[] = {
		"cn=a,ou=p", "cn=b,ou=p", "cn=c,ou=p", "cn=d,ou=q", "cn=e,ou=q", "cn=A,OU=P"};
	static const char *const folders[] = {"ou=p", "ou=q", "ou=r"};
	unsigned r[4];

	for (size_t i = 0; i < 4; i++) {
		*seed = *seed * 1103515245u + 12345u;
		r[i] = *seed >> 12;
	}
	const char *name = names[r[1] % 6], *other = names[r[2] % 6];
	switch (r[0] % 8) {
	case 0:
	case 1:
		return arena_printf(mem, "add %s sn=%u manager=%s", name, r[3] % 3, other);
	case 2:
		return arena_printf(mem, "del %s", name);
	case 3:
	case 4:
		return arena_printf(mem, "ren %s %s", name, other);
	case 5:
		return arena_printf(
			mem, "mod %s -manager=%s +manager=%s", name, other, names[r[3] % 6]);
	case 6:
		return arena_printf(mem, "mod %s -sn=%u +sn=%u", name, r[2] % 3, r[3] % 3);
	default:
		return arena_printf(mem, "ren %s %s", folders[r[1] % 3], folders[r[2] % 3]);
	}
}

static const char *sorted_ldif(struct arena *mem, struct connector *c)
{
	const struct query all = {.kind = QUERY_ALL};
	struct buf text = {0};
	struct entry e;
	struct err err;
	struct connector *copy;

	assert_int_equal(connector_read(c, &all, &err), 0);
	buf_puts(&text, "");
	while (connector_next(c, mem, &e, &err) > 0)
		ldif_print_entry(&text, &e);
	copy = mem_new("copy", text.data, &err);
	buf_clear(&text);
	mem_print(copy, &text);
	closed(copy);
	const char *sorted = arena_copy(mem, text.data, text.len);
	buf_free(&text);
	return sorted;
}

/* Whatever is done to both, the file's directory is the one in memory: before it is merged, and
 * after. */
static void test_as_file(void **state)
{
	static const char start[] = "ou=p; ou=q; cn=a,ou=p sn=1 manager=cn=b,ou=p; cn=b,ou=p sn=2";
	struct buf ldif = {0};
	unsigned seed = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct arena *mem = arena_new();
		struct connector *c = mem_of(mem, start);
		buf_clear(&ldif);
		mem_print(c, &ldif);
		put_file("dir.ldif", ldif.data, ldif.len);
		struct connector *file = opened(mem, "type = ldif\nfile = dir.ldif\n");
		for (unsigned i = 0; i < 40; i++) {
			const char *change = random_change(mem, &seed);
			const char *said = write_text(mem, c, change);
			/* The file takes what has no parent, and need not be asked. */
			if (strstr(said, "parent") != NULL)
				continue;
			const char *done = write_text(mem, file, change);
			if ((strcmp(said, "done") == 0) != (strcmp(done, "done") == 0))
				same_text(change, done, said);
			if (i % 8 == 0)
				same_text(change, sorted_ldif(mem, file), sorted_ldif(mem, c));
			if (i % 16 == 0) {
				closed(file);
				file = opened(mem, "type = ldif\nfile = dir.ldif\n");
			}
		}
		closed(file);
		file = opened(mem, "type = ldif\nfile = dir.ldif\n");
		same_text("after", sorted_ldif(mem, file), sorted_ldif(mem, c));
		closed(file);
		closed(c);
		arena_free(mem);
	}
	buf_free(&ldif);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_as_file),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
