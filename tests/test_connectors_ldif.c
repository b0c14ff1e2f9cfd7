#include "connectors_cases.h"

#include "base/keys.h"
#include "base/log.h"

/* before, changes (a batch each), what became of them, after. */
static const struct write_case {
	const char *before, *batches[3], *said, *after;
} write_cases[] = {
	{"cn=a mail=x", {"mod cn=a -mail=x +mail=y"}, "done", "cn=a mail=y"},
	{"cn=a uid=1", {"add cn=b mail=z"}, "done", "cn=a uid=1; cn=b mail=z"},
	{"cn=a; cn=b", {"del cn=a"}, "done", "cn=b"},
	{"cn=a", {"ren cn=a cn=b"}, "done", "cn=b"},
	{"cn=a mail=x", {"ren cn=a cn=b +sn=s -mail=x"}, "done", "cn=b sn=s"},
	{"cn=a", {"ren cn=a cn=A"}, "done", "cn=A"},
	/* what does not go */
	{"cn=a", {"mod cn=b +mail=x"}, "cn=b: does not exist", "cn=a"},
	{"cn=a", {"ren cn=b cn=c"}, "cn=b: does not exist", "cn=a"},
	{"cn=a; cn=b", {"ren cn=a cn=B"}, "cn=B: exists already", "cn=a; cn=b"},
	{"cn=a mail=x", {"add CN=A mail=y"}, "CN=A: exists already", "cn=a mail=x"},
	{"cn=a", {"add a mail=y"}, "a: is not a name", "cn=a"},
	{"cn=a", {"ren cn=a ="}, "=: is not a name", "cn=a"},
	/* done twice */
	{"cn=a mail=x sn=s", {"add cn=a mail=x"}, "done", "cn=a mail=x sn=s"},
	{"cn=a uid=1 mail=x", {"add cn=a uid=1 mail=y"}, "done", "cn=a uid=1 mail=x"},
	{"cn=b", {"del cn=a"}, "done", "cn=b"},
	{"cn=b uid=1", {"ren cn=a cn=b id=1 +sn=s"}, "done", "cn=b uid=1 sn=s"},
	{"cn=b uid=2", {"ren cn=a cn=b id=1 +sn=s"}, "cn=a: does not exist", "cn=b uid=2"},
	{"cn=b mail=x", {"ren cn=a cn=b id=cn=a"}, "done", "cn=b mail=x"},
	{"cn=a mail=x", {"mod cn=a -mail=y +mail=x"}, "done", "cn=a mail=x"},
	/* one after the other */
	{"", {"add cn=a mail=x; mod cn=a +mail=y; ren cn=a cn=b; mod cn=b -mail=x"},
		"done; done; done; done", "cn=b mail=y"},
	{"cn=a mail=x", {"del cn=a; add cn=a mail=y"}, "done; done", "cn=a mail=y"},
	{"cn=a mail=1; cn=b mail=2", {"ren cn=a cn=t; ren cn=b cn=a; ren cn=t cn=b"},
		"done; done; done", "cn=b mail=1; cn=a mail=2"},
	{"cn=a", {"ren cn=a cn=b", "ren cn=b cn=c; add cn=a mail=x", "del cn=c; mod cn=a +mail=y"},
		"done | done; done | done; done", "cn=a mail=x mail=y"},
	{"cn=a", {"add cn=b mail=x", "add cn=b mail=x", "add cn=b mail=y"},
		"done | done | cn=b: exists already", "cn=a; cn=b mail=x"},
	{"cn=a", {"add cn=b mail=x; add cn=b mail=x"}, "done; cn=b: exists already",
		"cn=a; cn=b mail=x"},
	{"cn=a", {"del cn=a", "mod cn=a +mail=x", "ren cn=a cn=b"},
		"done | cn=a: does not exist | cn=a: does not exist", ""},
	/* references */
	{"cn=a; cn=b manager=cn=A", {"del cn=a"}, "done", "cn=b"},
	{"cn=a; cn=b member=cn=a member=cn=c", {"del cn=a"}, "done", "cn=b member=cn=c"},
	{"cn=a; cn=b manager=cn=a", {"ren cn=a cn=z"}, "done", "cn=z; cn=b manager=cn=z"},
	{"cn=a manager=cn=a", {"ren cn=a cn=z"}, "done", "cn=z manager=cn=z"},
	{"cn=a; cn=b manager=cn=a", {"ren cn=a cn=c; del cn=c"}, "done; done", "cn=b"},
	{"cn=a; cn=b manager=cn=a", {"del cn=a; add cn=a mail=x"}, "done; done",
		"cn=b; cn=a mail=x"},
	{"cn=a; cn=b", {"mod cn=b +manager=cn=a; ren cn=a cn=c"}, "done; done",
		"cn=c; cn=b manager=cn=c"},
	{"cn=a; cn=b manager=cn=a",
		{"ren cn=a cn=c; add cn=a mail=x; mod cn=b -manager=cn=c +manager=cn=a"},
		"done; done; done", "cn=c; cn=b manager=cn=a; cn=a mail=x"},
	{"cn=a; cn=b", {"add cn=c manager=cn=a; del cn=a"}, "done; done", "cn=b; cn=c"},
	{"cn=a; cn=b objectCategory=cn=a", {"del cn=a"}, "done", "cn=b objectCategory=cn=a"},
	/* what is in a renamed entry */
	{"ou=p; cn=a,ou=p; cn=b manager=cn=a,ou=p", {"ren ou=p ou=q; mod cn=a,ou=q +mail=x"},
		"done; done", "ou=q; cn=a,ou=q mail=x; cn=b manager=cn=a,ou=q"},
	{"ou=p; cn=a,ou=p", {"ren ou=p ou=q", "ren ou=q ou=r", "del cn=a,ou=r"},
		"done | done | done", "ou=r"},
	{"ou=p; cn=a,ou=p", {"ren cn=a,ou=p cn=b,ou=p; ren ou=p ou=q"}, "done; done",
		"ou=q; cn=b,ou=q"},
	/* odd texts */
	{"cn=a", {"mod cn=a +description=\xc3\xa4\xc3\xb6 +info=<x +title=:y"}, "done",
		"cn=a description=\xc3\xa4\xc3\xb6 info=<x title=:y"},
	{"cn=a", {"mod cn=a"}, "done", "cn=a"},
};

static const char *write_batches(struct arena *mem, struct connector *c, const char *const *batches)
{
	const char *said = "";

	for (size_t i = 0; i < 3 && batches[i] != NULL; i++)
		said = arena_printf(
			mem, "%s%s%s", said, i > 0 ? " | " : "", write_text(mem, c, batches[i]));
	return said;
}

/* The same before the close, after it, and for who opens the file meanwhile. */
static void test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(write_cases) / sizeof(write_cases[0]); i++) {
		const struct write_case *t = &write_cases[i];
		struct arena *mem = arena_new();
		put_entries(mem, t->before);
		struct connector *c = opened(mem, LDIF);
		same_text(t->batches[0], read_all(mem, c), t->before);
		same_text(t->batches[0], write_batches(mem, c, t->batches), t->said);
		same_text(t->batches[0], read_all(mem, c), t->after);
		struct connector *other = opened(mem, LDIF);
		same_text(t->batches[0], read_all(mem, other), t->after);
		closed(other);
		closed(c);
		assert_false(has_file("dir.ldif.changes"));
		assert_false(has_file("dir.ldif.tmp"));
		c = opened(mem, LDIF);
		same_text(t->batches[0], read_all(mem, c), t->after);
		closed(c);
		arena_free(mem);
	}
}

/* settings, FILE, what a read says. */
static const struct read_case {
	const char *settings, *text, *said;
} read_cases[] = {
	{LDIF, "", ""},
	{LDIF, "dn: cn=a\ncn: a\n\n", "cn=a"},
	{GUID, "dn: cn=a\nobjectGUID:: AQIDBAUGBwgJCgsMDQ4PEA==\n", "cn=a"},
	{LDIF, "dn: cn=a\ncn: a", "! */dir.ldif:2: the file ends inside a line: is it truncated?"},
	{LDIF, "dn: cn=a\ncn: a\n\ndn: CN=A\ncn: b\n",
		"! */dir.ldif:4: CN=A has the same name as cn=a (line 1)"},
	{LDIF, "dn: cn=a\nuid: 1\n\ndn: CN=A\nuid: 2\n",
		"! */dir.ldif:4: CN=A has the same name as cn=a (line 1)"},
	{LDIF, "dn: cn=a\nuid: 1\n\ndn: cn=c\nuid: 2\n\ndn: cn=b\nuid: 1\n",
		"! */dir.ldif:7: cn=b has the same uid as cn=a (line 1)"},
	{GUID, "dn: cn=a\nobjectGUID: 1\n\ndn: cn=b\nobjectGUID: 1\n",
		"! */dir.ldif:4: cn=b has the same objectGUID as cn=a (line 1)"},
	{LDIF, "dn: cn=a\nmember;range=0-1499: cn=b\n",
		"! */dir.ldif:1: cn=a: incomplete: member;range=0-1499 is only a part of the "
		"values"},
	{LDIF, "dn: cn=a\nphoto:< file:///etc/hostname\n",
		"! */dir.ldif:2: a value from a URL (\":<\") is not allowed here"},
	{LDIF "allow-urls = true\n", "dn: cn=a\nphoto:< file:///dev/null\n",
		"! */dir.ldif:2: /dev/null: Invalid argument"},
	{LDIF "base = \"dc=x\"\n", "dn: DC=X\ndc: X\n\ndn: cn=a, dc=X\ncn: a\n",
		"DC=X; cn=a, dc=X"},
	{LDIF "base = \"dc=x\"\n", "dn: cn=a,dc=x\ncn: a\n\ndn: cn=b\\,dc=x\ncn: b\n",
		"! */dir.ldif:4: cn=b\\,dc=x lies outside dc=x"},
	{LDIF "base = \"dc\"\n", "",
		"!! */test.conf:5: name \"dc\": column 3: '=' is expected after the attribute "
		"type"},
	{LDIF "readonly = maybe\n", "", "!! *"},
	{"type = ldif\nfile = none.ldif\n", "", "!! */none.ldif: No such file or directory"},
	{"type = ldif\nfile = \"/tmp\"\n", "", "!! /tmp: not a regular file"},
	{"type = ldif\nfile = dir.ldif\nid = \"a b\"\n", "", "!! *: a b is not an attribute"},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]); i++) {
		const struct read_case *t = &read_cases[i];
		struct arena *mem = arena_new();
		struct connector *c = NULL;
		struct err err = {0};
		put_text("dir.ldif", t->text);
		const char *said;
		if (open_with(mem, t->settings, &c, &err) < 0) {
			assert_int_equal(err.kind, ERR_FATAL);
			said = arena_printf(mem, "!! %s", err.text);
		} else {
			said = read_all(mem, c);
			closed(c);
		}
		if (!fits(said, t->said))
			fail_msg("%s:\n  is        %s\n  should be %s", t->text, said, t->said);
		arena_free(mem);
	}
}

/* Of an entry that is not in the file yet, FILE.changes is named. */
static void test_read_pending(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	put_entries(mem, "cn=a uid=1");
	struct connector *c = opened(mem, LDIF);
	same_text("add", write_text(mem, c, "add cn=b uid=1"), "done");
	const char *said = read_all(mem, c);
	if (!fits(said, "! */dir.ldif.changes: cn=b has the same uid as cn=a (line 1)"))
		fail_msg("%s", said);
	same_text("del", write_text(mem, c, "del cn=b"), "done");
	closed(c);
	arena_free(mem);
}

static void test_outside(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	put_entries(mem, "dc=x");
	struct connector *c = opened(mem, LDIF "base = \"dc=x\"\n");
	same_text("outside",
		write_text(mem, c, "add cn=a,dc=x sn=s; add cn=a,dc=y sn=s; ren cn=a,dc=x cn=a"),
		"done; cn=a,dc=y: lies outside the base; cn=a: lies outside the base");
	same_text("outside", read_all(mem, c), "dc=x; cn=a,dc=x sn=s");
	closed(c);
	put_entries(mem, "dc=x");
	c = opened(mem, LDIF "readonly = true\n");
	same_text("readonly", write_text(mem, c, "add cn=a sn=s"), "! abc: is readonly");
	closed(c);
	assert_null(connector_type("none"));
	assert_int_equal(connector_close(NULL, NULL), 0);
	arena_free(mem);
}

/* Adds one entry to an empty FILE, and gives its id. */
static struct value added_id(struct arena *mem, const char *settings, const char *add)
{
	struct change change;
	struct outcome out;
	struct err err;

	put_entries(mem, "");
	struct connector *c = opened(mem, settings);
	assert_int_equal(parse_changes(mem, add, &change, 1), 1);
	assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), 0);
	assert_int_equal(out.kind, OUTCOME_DONE);
	closed(c);
	return value_copy(mem, out.id);
}

/* The id of a new entry: made of what it is, found again when it is read. */
static void test_new_id(void **state)
{
	struct arena *mem = arena_new();
	struct entry e;
	struct err err;
	const struct query all = {.kind = QUERY_ALL};

	(void)state;
	struct value id = added_id(mem, GUID, "add cn=a mail=x mail=y");
	assert_int_equal(id.len, 16);
	assert_int_equal((unsigned char)id.data[7] >> 4, 8);
	assert_int_equal((unsigned char)id.data[8] >> 6, 2);
	struct connector *c = opened(mem, GUID);
	assert_int_equal(connector_read(c, &all, &err), 0);
	assert_int_equal(connector_next(c, mem, &e, &err), 1);
	assert_true(value_same(e.id, id));
	assert_true(value_same(entry_first(&e, attr_named("objectGUID")), id));
	assert_int_equal(e.key, entry_key(id));
	closed(c);
	assert_true(value_same(id, added_id(mem, GUID, "add CN=a mail=y mail=x")));
	assert_false(value_same(id, added_id(mem, GUID, "add cn=b mail=x mail=y")));
	assert_false(value_same(id, added_id(mem, GUID, "add cn=a mail=x mail=z")));
	assert_true(value_same(value_of("12"), added_id(mem, GUID, "add cn=a objectGUID=12")));
	assert_true(value_same(value_of("7"), added_id(mem, LDIF, "add cn=a uid=7")));
	assert_true(value_same(value_of("cn=a,ou=x"), added_id(mem, LDIF, "add CN=A,OU=x sn=s")));
	arena_free(mem);
}

/* An id that is the name changes with it; another does not. */
static void test_renamed_id(void **state)
{
	static const char *const cases[][3] = {
		{"cn=a uid=1", "ren cn=a cn=B id=1", "1"},
		{"cn=a", "ren CN=A cn=B id=cn=a", "cn=b"},
		{"cn=a uid=1", "mod cn=a id=1 +mail=x", "1"},
		{"cn=a uid=1", "del cn=a id=1", "1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct change change;
		struct outcome out;
		struct err err;
		put_entries(mem, cases[i][0]);
		struct connector *c = opened(mem, LDIF);
		parse_changes(mem, cases[i][1], &change, 1);
		assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), 0);
		same_text(cases[i][1], arena_copy(mem, out.id.data, out.id.len), cases[i][2]);
		closed(c);
		arena_free(mem);
	}
}

/* FILE before and after; what a delta between them says. */
static const char *const since_cases[][3] = {
	{"cn=a uid=1 mail=x", "cn=a uid=1 mail=x", ""},
	{"cn=a uid=1 mail=x", "cn=a uid=1 mail=y", "cn=a uid=1 mail=y"},
	/* A digest is of the record as it stands: another order is looked at, and found to be no
	   change. */
	{"cn=a uid=1 mail=x mail=y", "cn=a uid=1 mail=y mail=x", "cn=a uid=1 mail=y mail=x"},
	{"cn=a uid=1", "cn=b uid=1", "cn=b uid=1"},
	{"cn=a uid=1; cn=b uid=2", "cn=b uid=2", "gone"},
	{"cn=b uid=2", "cn=a uid=1; cn=b uid=2", "cn=a uid=1"},
	{"cn=a uid=1", "cn=a uid=2", "cn=a uid=2; gone"},
	{"cn=a uid=1; cn=b uid=2; cn=c uid=3", "", "gone; gone; gone"},
	{"", "cn=a uid=1", "cn=a uid=1"},
	{"", "", ""},
	/* sn is not wanted, and the record is another one all the same */
	{"cn=a uid=1 sn=x", "cn=a uid=1 sn=y", "cn=a uid=1 sn=y"},
	{"cn=a mail=x", "cn=b mail=x", "cn=b mail=x; gone"},
	{"cn=a; cn=b", "cn=b; cn=a", ""},
};

static struct value cookie_of(struct arena *mem, struct connector *c)
{
	struct value cookie;
	struct err err;

	assert_int_equal(connector_cookie(c, mem, &cookie, &err), 0);
	/* At an odd address, as whoever kept it may have it. */
	char *odd = arena_alloc(mem, cookie.len + 1);
	memcpy(odd + 1, cookie.data, cookie.len);
	return (struct value){odd + 1, cookie.len};
}

static void test_since(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(since_cases) / sizeof(since_cases[0]); i++) {
		struct arena *mem = arena_new();
		struct attr_set wanted = {0};
		struct query q = {.kind = QUERY_ALL, .want_cookie = true, .wanted = &wanted};
		attr_set_add(mem, &wanted, attr_named("mail"));
		put_entries(mem, since_cases[i][0]);
		struct connector *c = opened(mem, LDIF);
		same_text("all", read_with(mem, c, &q), since_cases[i][0]);
		q.cookie = cookie_of(mem, c);
		q.kind = QUERY_SINCE;
		put_entries(mem, since_cases[i][1]);
		same_text("since", read_with(mem, c, &q), since_cases[i][2]);
		struct value later = cookie_of(mem, c);
		q.kind = QUERY_ALL;
		read_with(mem, c, &q);
		assert_true(value_same(later, cookie_of(mem, c)));
		closed(c);
		arena_free(mem);
	}
}

/* Asked for by its id, an entry comes though nothing changed. */
static void test_since_also(void **state)
{
	struct arena *mem = arena_new();
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	const struct wish also = {.by = WISH_ID, .value = value_of("2")};

	(void)state;
	put_entries(mem, "cn=a uid=1; cn=b uid=2");
	struct connector *c = opened(mem, LDIF);
	read_with(mem, c, &q);
	q.cookie = cookie_of(mem, c);
	q.kind = QUERY_SINCE;
	q.wishes = &also;
	q.n_wishes = 1;
	same_text("also", read_with(mem, c, &q), "cn=b uid=2");
	closed(c);
	arena_free(mem);
}

/* A cookie with any byte wrong, or with bytes missing, is not used. */
static void test_bad_cookie(void **state)
{
	struct arena *mem = arena_new();
	struct query q = {.kind = QUERY_ALL, .want_cookie = true};
	struct err err;

	(void)state;
	put_entries(mem, "cn=a uid=1; cn=b uid=2");
	struct connector *c = opened(mem, LDIF);
	read_with(mem, c, &q);
	struct value good = cookie_of(mem, c);
	assert_int_equal(good.len, 40);
	q.kind = QUERY_SINCE;
	for (size_t i = 0; i < good.len; i++) {
		char *bad = arena_copy(mem, good.data, good.len);
		bad[i] ^= 4;
		q.cookie = (struct value){bad, good.len};
		assert_int_equal(connector_read(c, &q, &err), -1);
		assert_int_equal(err.kind, ERR_ENTRY);
		q.cookie = (struct value){good.data, i};
		assert_int_equal(connector_read(c, &q, &err), -1);
		assert_int_equal(err.kind, ERR_ENTRY);
	}
	q.cookie = good;
	same_text("good", read_with(mem, c, &q), "");
	closed(c);
	arena_free(mem);
}

#define N_PEOPLE 2000u

/* Each person is a number: 0 is nobody. */
static void put_people(struct arena *mem, const unsigned *people)
{
	struct buf text = {0};

	for (unsigned i = 0; i < N_PEOPLE; i++) {
		if (people[i] > 0)
			buf_printf(&text, "dn: cn=p%u\nuid: %u\nsn: %u\n\n", i, i, people[i]);
	}
	put_file("dir.ldif", text.data, text.len);
	buf_free(&text);
	(void)mem;
}

/* Take what a delta says over into what is known. */
static void follow_delta(
	struct arena *mem, struct connector *c, unsigned *known, struct value *cookie)
{
	const struct query q = {.kind = cookie->len > 0 ? QUERY_SINCE : QUERY_ALL,
		.cookie = *cookie,
		.want_cookie = true};
	struct entry e;
	struct err err;
	int r;

	assert_int_equal(connector_read(c, &q, &err), 0);
	while ((r = connector_next(c, mem, &e, &err)) > 0) {
		unsigned i = 0;
		while (e.gone && entry_key(value_of(arena_printf(mem, "%u", i))) != e.key)
			assert_true(++i < N_PEOPLE);
		if (!e.gone)
			i = (unsigned)atoi(arena_copy(mem, e.id.data, e.id.len));
		known[i] = e.gone ? 0
				  : (unsigned)atoi(
					    arena_copy(mem, entry_first(&e, attr_named("sn")).data,
						    entry_first(&e, attr_named("sn")).len));
	}
	assert_int_equal(r, 0);
	*cookie = cookie_of(mem, c);
}

/* A chain of deltas over random edits knows what a full read knows. */
static void test_chain(void **state)
{
	unsigned people[N_PEOPLE] = {0}, known[N_PEOPLE] = {0};
	struct value cookie = {NULL, 0};
	struct arena *mem = arena_new(), *kept = arena_new();
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < N_PEOPLE; i++)
		people[i] = i % 3;
	put_people(mem, people);
	struct connector *c = opened(kept, LDIF);
	for (unsigned round = 0; round < 20; round++) {
		follow_delta(mem, c, known, &cookie);
		cookie = value_copy(kept, cookie);
		assert_memory_equal(known, people, sizeof(known));
		for (unsigned edits = round * round; edits > 0; edits--) {
			seed = seed * 1103515245u + 12345u;
			people[(seed >> 8) % N_PEOPLE] = (seed >> 24) % 4;
		}
		put_people(mem, people);
		arena_reset(mem);
	}
	closed(c);
	arena_free(mem);
	arena_free(kept);
}

/* Among many, two are found, wherever they stand; and a FILE.changes of many batches is read as it
 * was written, in pieces. */
static void test_many(void **state)
{
	struct arena *mem = arena_new();
	struct buf text = {0};
	struct change change;
	struct outcome out;
	struct err err;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		buf_printf(&text, "dn: cn=p%u\nuid: %u\n\n", i, i == 4321 ? 17 : i);
	put_file("dir.ldif", text.data, text.len);
	struct connector *c = opened(mem, LDIF);
	const char *said = read_all(mem, c);
	if (!fits(said, "! */dir.ldif:12964: cn=p4321 has the same uid as cn=p17 (line 52)"))
		fail_msg("%s", said);
	for (unsigned i = 0; i < 3000; i++) {
		char *add = arena_printf(
			mem, "mod cn=p%u -uid=%u +uid=q%u +description=%0200u", i, i, i, i);
		change = parse_change(mem, add);
		assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), 0);
		assert_int_equal(out.kind, OUTCOME_DONE);
	}
	const char *before = read_all(mem, c);
	assert_null(strstr(before, "!"));
	struct connector *other = opened(mem, LDIF);
	assert_string_equal(read_all(mem, other), before);
	closed(other);
	closed(c);
	assert_string_equal(read_file(mem), before);
	buf_free(&text);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_pending),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_new_id),
		cmocka_unit_test(test_renamed_id),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_since_also),
		cmocka_unit_test(test_bad_cookie),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_many),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
