/*
 * What is decided while writing to a server: which changes may be under way together, whether a
 * change was done already, and what an add's answer says of the new entry's id.
 *
 * A change: "add NAME", "modify NAME", "delete NAME", "rename NAME NEW", and then values: mail+a
 * (put there), mail-a (take away), mail=a (whatever is there goes). An entry: its id, its name, and
 * attribute=value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_writer.h"

static struct arena *mem;

static struct value word(const char **text)
{
	*text += strspn(*text, " ");
	struct value v = {*text, strcspn(*text, " ")};

	*text += v.len;
	return v;
}

static bool is(struct value v, const char *text)
{
	return value_same(v, value_of(text));
}

static void put_mod(struct change *c, struct value text)
{
	const size_t len = strcspn(text.data, "+-=");
	const unsigned attr = attr_id(text.data, len);
	struct value v = {text.data + len + 1, text.len - len - 1};
	struct mod *m = c->n > 0 && c->mods[c->n - 1].attr == attr ? &c->mods[c->n - 1] : NULL;

	if (m == NULL) {
		m = &c->mods[c->n++];
		*m = (struct mod){.attr = attr,
			.replace = text.data[len] == '=',
			.add = arena_alloc(mem, 8 * sizeof(v)),
			.remove = arena_alloc(mem, 8 * sizeof(v))};
	}
	if (text.data[len] == '-')
		m->remove[m->n_remove++] = v;
	else if (v.len > 0)
		m->add[m->n_add++] = v;
}

static struct change change_of(const char *text)
{
	struct value op = word(&text), v;
	struct change c = {.op = is(op, "add")      ? CHANGE_ADD
				 : is(op, "delete") ? CHANGE_DELETE
						    : CHANGE_MODIFY,
		.id = value_of("1"),
		.name = word(&text),
		.mods = arena_alloc(mem, 8 * sizeof(struct mod))};

	if (is(op, "rename"))
		c.new_name = word(&text);
	while ((v = word(&text)).len > 0)
		put_mod(&c, v);
	return c;
}

static struct entry entry_of(const char *text)
{
	struct entry e = {.id = word(&text), .name = word(&text)};
	struct value v;

	while ((v = word(&text)).len > 0) {
		size_t len = strcspn(v.data, "=");
		entry_add(mem, &e, attr_id(v.data, len),
			(struct value){v.data + len + 1, v.len - len - 1});
	}
	return e;
}

/* What is under way, what comes next, and whether it has to wait. */
static const struct {
	const char *under_way, *next;
	bool waits;
} meetings[] = {
	{"add cn=a,ou=x", "add cn=b,ou=x", false},
	{"add cn=a,ou=x", "add cn=a,ou=y", false},
	{"modify cn=a,ou=x", "modify cn=b,ou=x", false},
	/* one entry */
	{"modify cn=a,ou=x", "modify cn=a,ou=x", true},
	{"modify cn=a,ou=x", "modify CN=A,OU=X", true},
	{"modify cn=a,ou=x", "delete cn=a,ou=x", true},
	{"add cn=a,ou=x", "modify cn=a,ou=x", true},
	{"delete cn=a,ou=x", "add cn=a,ou=x", true},
	{"modify cn=a", "rename cn=a cn=b", true},
	{"rename cn=a cn=b", "modify cn=b", true},
	{"rename cn=a cn=b", "add cn=a", true},
	{"rename cn=a cn=b", "rename cn=c cn=a", true},
	{"rename cn=a cn=b", "rename cn=b cn=c", true},
	{"rename cn=a cn=b", "rename cn=c cn=d", false},
	{"modify noname", "modify noname", true},
	/* what lies below */
	{"add ou=x", "add cn=a,ou=x", true},
	{"add ou=x,dc=z", "add cn=a,ou=y,ou=x,dc=z", true},
	{"modify ou=x", "add cn=a,ou=x", false},
	{"rename ou=x ou=y", "modify cn=a,ou=y", true},
	{"rename ou=x ou=y", "rename cn=a,ou=z cn=a,ou=y", true},
	{"delete cn=a,ou=x", "delete ou=x", true},
	{"modify cn=a,ou=x", "rename ou=x ou=y", true},
	{"modify cn=a,ou=x", "modify ou=x", false},
	/* references, before and after */
	{"add cn=a", "modify cn=b manager+cn=a", true},
	{"rename cn=c cn=a", "add cn=b manager+cn=a", true},
	{"delete cn=a", "modify cn=b manager-cn=a", true},
	{"rename ou=x ou=y", "modify cn=b manager=cn=a,ou=y", true},
	{"modify cn=b manager+cn=a", "delete cn=a", true},
	{"modify cn=b manager-cn=a", "rename cn=a cn=c", true},
	{"modify cn=b manager+cn=a", "modify cn=a", false},
	{"modify cn=a", "modify cn=b manager+cn=a", false},
	{"modify cn=b manager+cn=a", "modify cn=c manager+cn=a", false},
	{"add cn=a", "modify cn=b title+cn=a", false},
};

static void test_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		struct change first = change_of(meetings[i].under_way);
		struct change next = change_of(meetings[i].next);
		struct window w;

		window_init(&w, 64);
		assert_false(window_blocks(&w, &next));
		window_enter(&w, &first);
		if (window_blocks(&w, &next) != meetings[i].waits)
			fail_msg("%s | %s", meetings[i].under_way, meetings[i].next);
		window_leave(&w, &first);
		assert_false(window_blocks(&w, &next));
		assert_false(window_blocks(&w, &first));
		window_free(&w);
	}
}

/* The stage in doubt, the change, what is there (NULL: nothing), and what that means. */
static const struct {
	enum stage stage;
	const char *change, *there;
	enum seen seen;
	const char *says;
} looks[] = {
	{STAGE_ADD, "add cn=a mail+m title+t", NULL, SEEN_BEFORE, ""},
	{STAGE_ADD, "add cn=a mail+m title+t", "9 cn=a mail=M title=t cn=a", SEEN_DONE, ""},
	{STAGE_ADD, "add cn=a mail+m title+t", "9 cn=a mail=m", SEEN_OTHER, "name: its title"},
	{STAGE_ADD, "add cn=a mail+m mail+n", "9 cn=a mail=m", SEEN_OTHER, "its mail differs"},
	{STAGE_DELETE, "delete cn=a", NULL, SEEN_DONE, ""},
	{STAGE_DELETE, "delete cn=a", "1 cn=a", SEEN_BEFORE, ""},
	{STAGE_DELETE, "delete cn=a", "2 cn=a", SEEN_DONE, ""},
	{STAGE_RENAME, "rename cn=a cn=b", NULL, SEEN_BEFORE, ""},
	{STAGE_RENAME, "rename cn=a cn=b", "1 cn=b", SEEN_DONE, ""},
	{STAGE_RENAME, "rename cn=a cn=b", "2 cn=b", SEEN_OTHER, "another entry has this name"},
	{STAGE_RENAME, "rename cn=a cn=A", "1 cn=a", SEEN_BEFORE, ""},
	{STAGE_RENAME, "rename cn=a cn=A", "1 cn=A", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a title-x title+y", NULL, SEEN_OTHER, "the entry is gone"},
	{STAGE_MODIFY, "modify cn=a title-x title+y", "1 cn=a title=x", SEEN_BEFORE, ""},
	{STAGE_MODIFY, "modify cn=a title-x title+y", "1 cn=a title=y", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a title-x title+y", "1 cn=a title=z", SEEN_OTHER,
		"meanwhile: title"},
	{STAGE_MODIFY, "modify cn=a title-x", "1 cn=a", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a title-x", "1 cn=a title=z", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a title=x", "1 cn=a title=x", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a title=x", "1 cn=a title=z", SEEN_BEFORE, ""},
	{STAGE_MODIFY, "modify cn=a title=", "1 cn=a title=z", SEEN_BEFORE, ""},
	{STAGE_MODIFY, "modify cn=a title=", "1 cn=a", SEEN_DONE, ""},
	{STAGE_MODIFY, "modify cn=a url+x url+y", "1 cn=a url=x", SEEN_OTHER, "meanwhile: url"},
	{STAGE_MODIFY, "modify cn=a title+x", "1 cn=a title=z", SEEN_OTHER, "meanwhile: title"},
	{STAGE_MODIFY, "modify cn=a url+x url+y", "1 cn=a url=z", SEEN_BEFORE, ""},
	/* the case of a type counts */
	{STAGE_MODIFY, "modify cn=a proxyAddresses-smtp:a proxyAddresses+SMTP:a",
		"1 cn=a proxyAddresses=smtp:A", SEEN_BEFORE, ""},
	{STAGE_MODIFY, "modify cn=a manager-cn=x manager+cn=y", "1 cn=a manager=CN=Y", SEEN_DONE,
		""},
	/* one of two was changed meanwhile: the server did neither */
	{STAGE_MODIFY, "modify cn=a title-x title+y sn-s sn+t", "1 cn=a title=x sn=u", SEEN_OTHER,
		"meanwhile: sn"},
	{STAGE_MODIFY, "rename cn=b cn=a title-x title+y", "1 cn=a title=x", SEEN_BEFORE, ""},
};

static void test_readback(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct change c = change_of(looks[i].change);
		struct entry e = entry_of(looks[i].there != NULL ? looks[i].there : "");
		struct err err = {.kind = ERR_NONE};
		enum seen seen =
			readback(mem, looks[i].stage, &c, looks[i].there != NULL ? &e : NULL, &err);

		if (seen != looks[i].seen || strstr(err.text, looks[i].says) == NULL)
			fail_msg("%s | %s: %d %s", looks[i].change,
				looks[i].there != NULL ? looks[i].there : "-", (int)seen, err.text);
	}
}

static void test_replacements(void **state)
{
	struct change c = change_of("modify cn=a url-x url+y title-t");
	struct entry e = entry_of("1 cn=a url=x url=z title=t");
	unsigned n;

	(void)state;
	struct mod *mods = readback_replace(mem, &c, &e, &n);
	assert_int_equal(n, 2);
	assert_true(mods[0].replace && mods[1].replace);
	assert_int_equal(mods[0].n_add, 2);
	assert_true(is(mods[0].add[0], "z") && is(mods[0].add[1], "y"));
	assert_int_equal(mods[1].n_add, 0);
}

/* SearchResultEntry, RFC 4511 4.5.2; NULL: no control. */
static const struct {
	const char *bytes;
	size_t len;
	const char *id; /* NULL: none is to be had */
} answers[] = {
	{"\x64\x15\x04\x02o=\x30\x0f\x30\x0d\x04\x03uid\x31\x06\x04\x04"
	 "four",
		23, "four"},
	{"\x64\x15\x04\x02o=\x30\x0f\x30\x0d\x04\x03UID\x31\x06\x04\x04"
	 "four",
		23, "four"},
	{"\x64\x15\x04\x02o=\x30\x0f\x30\x0d\x04\x03gid\x31\x06\x04\x04"
	 "four",
		23, NULL},
	{"\x64\x0f\x04\x02o=\x30\x09\x30\x07\x04\x03uid\x31\x00", 17, NULL},
	{"\x64\x06\x04\x02o=\x30\x00", 8, NULL},
	{"\x64\x15\x04\x02o=\x30\x0f\x30\x0d\x04\x03uid\x31\x06\x04\x04"
	 "fo",
		21, NULL},
	{"", 0, NULL},
	{NULL, 0, NULL},
};

static void test_post_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char *bytes = arena_copy(
			mem, answers[i].bytes != NULL ? answers[i].bytes : "", answers[i].len);
		char oid[] = LDAP_CONTROL_POST_READ;
		LDAPControl control = {.ldctl_oid = oid, .ldctl_value = {answers[i].len, bytes}};
		LDAPControl *controls[] = {&control, NULL};
		struct value id = {NULL, 0};
		bool found = operation_post_read(
			answers[i].bytes != NULL ? controls : NULL, attr_named("uid"), mem, &id);

		if (found != (answers[i].id != NULL) || (found && !is(id, answers[i].id)))
			fail_msg("answer %zu", i);
	}
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_readback),
		cmocka_unit_test(test_replacements),
		cmocka_unit_test(test_post_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
