#include "failing.h"

#include "base/config.h"
#include "base/log.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/gather.h"
#include "sync/pair.h"
#include "sync/row.h"

/* What to do, as conflicts say it. */
#define IF_GONE                                                                                  \
	": if that one is gone, delete this contact; if not, only one of the two may have what " \
	"it is found by"
#define TAKE_AWAY ": to have it taken over, take away its adminDescription"

/* This mark and something else, and two ids, have one hash of 64 bits. */
static struct {
	const char *mark;
	uint64_t hash;
	bool ids;
} alike;

uint64_t __real_marker_hash(struct value marker);
uint64_t __wrap_marker_hash(struct value marker);
uint64_t __wrap_marker_hash(struct value marker)
{
	return alike.mark != NULL && value_same(marker, value_of(alike.mark))
		       ? alike.hash
		       : __real_marker_hash(marker);
}

/* The files are of servers that can be asked for some: then a delta knows few links. */
static bool servers;

static int read_more(struct connector *c, const struct query *q, struct err *err)
{
	struct query all = *q;

	if (q->kind == QUERY_FIND)
		all.kind = QUERY_ALL;
	return connector_type("ldif")->read(c, &all, err);
}

static int next_alike(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	const int rc = connector_type("ldif")->next(c, mem, e, err);

	if (rc == 1 && alike.ids)
		e->key = 42;
	return rc;
}

static int fill_alike(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	const int rc = connector_type("ldif")->fill(c, mem, e, err);

	if (alike.ids)
		e->key = 42;
	return rc;
}

int __real_connector_open(const struct config *cfg, struct connector **out, struct err *err);
int __wrap_connector_open(const struct config *cfg, struct connector **out, struct err *err);
int __wrap_connector_open(const struct config *cfg, struct connector **out, struct err *err)
{
	static struct connector_type server;
	const int rc = __real_connector_open(cfg, out, err);

	server = *connector_type("ldif");
	server.can |= CAN_FIND;
	server.read = read_more;
	server.next = next_alike;
	server.fill = fill_alike;
	if (rc == 0 && (servers || (alike.ids && strcmp(config_title(cfg), "abc") == 0)))
		(*out)->type = &server;
	return rc;
}

/*
 * Whose contact is it? A source as flow_cases.h has it, and a target: "bob,OU=Old class=contact
 * mail=a", whose entries keep their ids when they are renamed. A plan: the operations, the entries,
 * and what is said of conflicts.
 */
static const char joins[] = "rule user\n scope (key=*)\n name \"CN=\" & [cn]\n"
			    " join mail = [mail]\n join note = [key]\n"
			    " objectClass add = \"contact\"\n note = [key]\n mail = [mail]\n"
			    " proxyAddresses merge = [proxyAddresses]\n seeAlso = [seeAlso]\n";

static const struct {
	const char *source, *target, *plan;
} once[] = {
	/* found by the first join that finds anybody */
	{"ann key=1 mail=a@x.de", "bob class=contact mail=A@X.DE", "link bob >ann"},
	{"ann key=1 mail=a@x.de", "bob class=contact note=1; cid class=contact note=2",
		"link bob >ann"},
	{"ann key=1 mail=a@x.de", "bob class=contact mail=a@x.de note=1; cid class=contact note=1",
		"link bob >ann"},
	{"ann key=1", "bob,OU=Old class=contact note=1", "link bob,OU=Old"},
	/* a join by several values, of which one is it */
	{"ann key=1", "bob class=contact note=0 note=1 note=2", "link bob >ann"},
	/* our mark counts more than any join */
	{"ann key=1", "bob class=contact mark=galway:f:ann; cid class=contact note=1",
		"link bob >ann"},
	{"ann key=1", "bob class=contact mark=galway:f:ann note=1", "link bob >ann"},
	/* several */
	{"ann key=1", "bob class=contact note=1; cid class=contact note=1",
		"conflict ann: 2 target entries match: CN=bob,OU=GAL,DC=xyz and "
		"CN=cid,OU=GAL,DC=xyz"},
	{"ann key=1",
		"bob class=contact note=1; cid class=contact note=1; dan class=contact note=1",
		"conflict ann: 3 target entries match: CN=bob,OU=GAL,DC=xyz and "
		"CN=cid,OU=GAL,DC=xyz ..."},
	{"ann key=1", "bob class=contact mark=galway:f:ann; cid class=contact mark=galway:f:ann",
		"conflict ann: 2 target entries match: CN=bob,OU=GAL,DC=xyz and "
		"CN=cid,OU=GAL,DC=xyz"},
	/* no contact, or none of the managed containers: not taken over */
	{"ann key=1", "bob class=person note=1", "add ann"},
	{"ann key=1", "bob,OU=Else class=contact note=1", "add ann"},
	{"ann key=1 mail=a@x.de", "bob class=person mail=a@x.de",
		"conflict ann: E_PROXY_DUP: a@x.de is held by CN=bob,OU=GAL,DC=xyz in xyz, and "
		"wanted "
		"by CN=ann,DC=abc in abc"},
	{"ann key=1 mail=a@x.de", "bob,OU=Else class=contact mail=a@x.de",
		"conflict ann: E_PROXY_DUP: a@x.de is held by CN=bob,OU=Else,DC=xyz in xyz, and "
		"wanted "
		"by CN=ann,DC=abc in abc: to take this contact over, list its container in adopt"},
	/* another's mark; what is no mark of ours is nobody's */
	{"ann key=1", "bob class=contact note=1 mark=galway:g:zed",
		"conflict ann: CN=bob,OU=GAL,DC=xyz carries the marker galway:g:zed" TAKE_AWAY},
	{"ann key=1", "bob class=contact note=1 mark=hand", "link bob >ann"},
	{"ann key=1", "bob class=contact note=1 mark=by-somebody", "link bob >ann"},
	/* once only: whoever comes first, by the ids */
	{"ann key=1; bob key=1", "cid class=contact note=1",
		"link cid >bob; conflict ann: CN=cid,OU=GAL,DC=xyz was found by another source "
		"object before: only one of the two may have what it is found by"},
	/* protected */
	{"ann key=1", "bob class=contact note=1 adminCount=1",
		"conflict ann: CN=bob,OU=GAL,DC=xyz is protected (isCriticalSystemObject or "
		"adminCount): left alone"},
	/* an address that two want: one gets it, in the order of the ids */
	{"ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", "",
		"add bob; conflict ann: E_PROXY_DUP: a@x.de is wanted by both CN=bob,DC=abc and "
		"CN=ann,DC=abc in abc"},
	/* what it has stays, whoever else has it too */
	{"ann key=1 mail=a@x.de",
		"ann class=contact mail=a@x.de mark=galway:f:ann; bob class=person mail=a@x.de",
		"link ann"},
	/* the first conflict is the one that is told */
	{"ann key=1 mail=a@x.de proxyAddresses=smtp:b@x.de",
		"bob class=person mail=a@x.de mail=b@x.de",
		"conflict ann: E_PROXY_DUP: a@x.de is held by CN=bob,OU=GAL,DC=xyz in xyz, and "
		"wanted "
		"by CN=ann,DC=abc in abc"},
	/* nothing is heard of who has it: he keeps it */
	{"ann key=1 mail=a@x.de", "bob class=person mail=a@x.de mark=galway:f:bob",
		"conflict ann: E_PROXY_DUP: a@x.de is held by CN=bob,OU=GAL,DC=xyz in xyz, and "
		"wanted "
		"by CN=ann,DC=abc in abc"},
	/* many who are referred to */
	{"a key=1; b key=2; c key=3; d key=4; e key=5; f key=6; g key=7; h key=8; i key=9; "
	 "j key=10 seeAlso=CN=a,DC=abc seeAlso=CN=b,DC=abc seeAlso=CN=c,DC=abc seeAlso=CN=d,DC=abc "
	 "seeAlso=CN=e,DC=abc seeAlso=CN=f,DC=abc seeAlso=CN=g,DC=abc seeAlso=CN=h,DC=abc "
	 "seeAlso=CN=i,DC=abc",
		"", "add a; add b; add c; add d; add e; add f; add g; add h; add i; add j"},
};

/* Behind that: the source, and a text of the target that somebody replaces; with nothing to put
 * there, it is all that the target has. NULL: nothing is replaced. */
static const struct {
	const char *source, *target, *plan;
	const char *then_source, *then_from, *then_to, *then_plan;
} twice[] = {
	/* linked: to another, who is told by the mark when there is one */
	{"ann key=1", "", "add ann", "ann key=1; bob key=1", NULL, NULL,
		"conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source object "
		"(galway:f:ann)" IF_GONE},
	{"ann key=1", "", "add ann", "ann key=1; bob key=1", "adminDescription: galway:f:ann\n", "",
		"modify ann; conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source "
		"object" IF_GONE},
	/* moved away by hand */
	{"ann key=1", "", "add ann", "ann key=2", "CN=ann,OU=GAL", "CN=ann,OU=Else",
		"conflict ann: CN=ann,OU=Else,DC=xyz is not in the managed containers any more: "
		"move "
		"it "
		"back, or list its container in adopt"},
	/* an address goes on: the contact that gives it up is nobody else's by that */
	{"ann key=1 mail=a@x.de", "", "add ann", "ann key=1 mail=b@x.de; bob key=2 mail=a@x.de",
		NULL, NULL, "add bob; modify ann"},
	{"ann key=1 mail=a@x.de; bob key=2 mail=b@x.de", "", "add ann; add bob",
		"ann key=1 mail=b@x.de; bob key=2 mail=a@x.de", NULL, NULL,
		"modify ann; modify bob"},
	/* of a contact that goes it is not taken over: the next run makes a new one */
	{"ann key=1 mail=a@x.de", "", "add ann", "bob key=2 mail=a@x.de", NULL, NULL,
		"delete ann; conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source object "
		"(galway:f:ann), which is gone: once this contact is deleted, the next run makes a "
		"new one"},
	/* who gives it up is in conflict, and keeps it */
	{"ann key=1 mail=a@x.de", "", "add ann", "ann key=1 mail=b@x.de; bob key=2 mail=a@x.de",
		"CN=ann,OU=GAL", "CN=ann,OU=Else",
		"conflict ann: CN=ann,OU=Else,DC=xyz is not in the managed containers any more: "
		"move "
		"it "
		"back, or list its container in adopt; conflict bob: E_PROXY_DUP: a@x.de is held "
		"by "
		"CN=ann,OU=Else,DC=xyz in xyz, which is in conflict itself, and wanted by "
		"CN=bob,DC=abc in abc"},
	/* and so does who needs it still */
	{"ann key=1 mail=a@x.de", "", "add ann", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de",
		NULL, NULL,
		"conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source object "
		"(galway:f:ann)" IF_GONE},
	{"ann key=1 mail=a@x.de", "", "add ann",
		"ann key=1 mail=a@x.de; bob key=2 proxyAddresses=smtp:a@x.de", NULL, NULL,
		"conflict bob: E_PROXY_DUP: a@x.de is held by CN=ann,OU=GAL,DC=xyz in xyz, and "
		"wanted "
		"by CN=bob,DC=abc in abc"},
	/* or of whom nothing is known in this run: the rules fail */
	{"ann key=1 mail=a@x.de", "", "add ann",
		"ann key=1 mail=nonsense; bob key=2 proxyAddresses=smtp:a@x.de", NULL, NULL,
		"conflict ann: E_SMTP_SYNTAX: mail 'nonsense' (flow.rules:8): no '@'; correct it "
		"in the "
		"source; conflict bob: E_PROXY_DUP: a@x.de is held by CN=ann,OU=GAL,DC=xyz in xyz, "
		"and "
		"wanted by CN=bob,DC=abc in abc"},
	{"ann key=1 mail=a@x.de", "", "add ann",
		"ann key=1 mail=b@x.de tel=1; bob key=2 proxyAddresses=smtp:a@x.de", NULL, NULL,
		"add bob; modify ann"},
	/* gone on both sides; and in the target only */
	{"ann key=1; bob key=2", "", "add ann; add bob", "bob key=2", "", NULL, "add bob; forget "},
};

static void put_target(struct arena *mem, const char *text)
{
	struct buf b = {0};
	char *words[16], *pairs[16];
	unsigned n = words_of(mem, text, ";", words, 16);

	buf_puts(&b, "version: 1\n\ndn: DC=xyz\ndc: xyz\n\ndn: OU=GAL,DC=xyz\nou: GAL\n\n"
		     "dn: OU=Old,DC=xyz\nou: Old\n\ndn: OU=Else,DC=xyz\nou: Else\n");
	for (unsigned i = 0; i < n; i++) {
		const unsigned n_pairs = words_of(mem, words[i], " ", pairs, 16);
		const struct value name = full_name(mem, pairs[0]);
		buf_printf(&b, "\ndn: %.*s\n", (int)name.len, name.data);
		for (unsigned k = 1; k < n_pairs; k++) {
			char *equals = strchr(pairs[k], '=');
			*equals = '\0';
			buf_printf(&b, "%s: %s\n", attr_name(attr_of(pairs[k])), equals + 1);
		}
	}
	put_text(mem, "xyz.ldif", b.data);
	buf_free(&b);
}

static const char *told_of(struct arena *mem, struct plan *plan)
{
	static const char *const ops[] = {
		"none", "add", "modify", "delete", "link", "forget", "conflict"};
	const char *text = "";
	struct step s;
	struct err err;
	uint32_t place;

	assert_int_equal(plan_rewind(plan, &err), 0);
	while (plan_next(plan, mem, &s, &place, &err) == 1) {
		if (!step_shows(&s))
			continue;
		struct value name = s.target_name.len > 0 ? s.target_name : s.source_name;
		if (s.op == STEP_CONFLICT)
			name = s.source_id;
		text = arena_printf(mem, "%s%s%s %s", text, text[0] != '\0' ? "; " : "", ops[s.op],
			short_name(mem, name));
		if (s.write && s.change.new_name.len > 0)
			text = arena_printf(
				mem, "%s >%s", text, short_name(mem, s.change.new_name));
		if (s.op == STEP_CONFLICT)
			text = arena_printf(mem, "%s: %s", text, s.message);
	}
	return text;
}

/* Plans it, and does it. */
static const char *pair_how(struct arena *mem, bool full)
{
	struct setup setup = load(mem);
	struct state *state;
	struct plan plan;
	struct applied applied;
	struct err err = {0};

	if (state_open(setup.state, true, &state, &err) < 0 ||
		flow_plan(&setup.flows[0], state, &(struct flow_options){.full = full}, mem, &plan,
			&err) < 0)
		fail_msg("%s", err.text);
	const char *text = told_of(mem, &plan);
	if (flow_apply(&plan, state, mem, &applied, &err) < 0)
		fail_msg("%s", err.text);
	applied_free(&applied);
	plan_free(&plan);
	state_close(state);
	return text;
}

static const char *pair_now(struct arena *mem)
{
	return pair_how(mem, true);
}

/* flags: of the connectors. */
static void begin_with(struct arena *mem, const char *settings, const char *source_flags,
	const char *target_flags, const char *source, const char *target)
{
	start(mem, joins);
	put_text(mem, "galway.conf",
		arena_printf(mem,
			"state = \"state.db\"\n"
			"connector abc {\n type = ldif\n file = \"abc.ldif\"\n id = uid\n base = "
			"\"DC=abc\"\n authority-flag = {%s}\n}\n"
			"connector xyz {\n type = ldif\n file = \"xyz.ldif\"\n base = \"DC=xyz\"\n"
			" authority-flag = {%s}\n}\n"
			"flow f {\n source = abc\n target = xyz\n rules = \"flow.rules\"\n"
			" into = \"OU=GAL,DC=xyz\"\n adopt = {\"OU=Old,DC=xyz\"}\n %s\n}\n",
			source_flags, target_flags, settings));
	put_source(mem, source);
	put_target(mem, target);
}

static void begin(struct arena *mem, const char *source, const char *target)
{
	begin_with(mem, "", "", "", source, target);
}

static void test_once(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		struct arena *mem = arena_new();
		begin(mem, once[i].source, once[i].target);
		wrong += !same_text(arena_printf(mem, "%s | %s", once[i].source, once[i].target),
			pair_now(mem), once[i].plan);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

static void test_twice(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		const char *from = twice[i].then_from, *to = twice[i].then_to;
		struct arena *mem = arena_new();
		begin(mem, twice[i].source, twice[i].target);
		const char *which =
			arena_printf(mem, "%s, then %s", twice[i].source, twice[i].then_source);
		wrong += !same_text(which, pair_now(mem), twice[i].plan);
		put_source(mem, twice[i].then_source);
		if (from != NULL && to == NULL)
			put_target(mem, from);
		else if (from != NULL)
			edit_target(mem, from, to);
		wrong += !same_text(which, pair_now(mem), twice[i].then_plan);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/*
 * An address is looked at where it may be written, whoever says whose the object is. Somebody gives
 * objects to a side, "ann=abc", behind a first run; a flag in the source says title=ours or
 * title=theirs, and one in the target (FLAGS) title=guest, that it is the source's, or title=own.
 */
#define ALL "authority = xyz"
#define MAIL "authority-of {\n mail = xyz\n proxyAddresses = xyz\n }"
#define FLAGS "\"title=guest:abc\", \"title=own:xyz\""
#define HELD                                                                                    \
	"conflict ann: E_PROXY_DUP: a@x.de is held by CN=bob,OU=GAL,DC=xyz in xyz, and wanted " \
	"by CN=ann,DC=abc in abc"
#define SHARED                                                                                    \
	"conflict ann: E_PROXY_DUP: a@x.de is wanted by both CN=bob,DC=abc and CN=ann,DC=abc in " \
	"abc"
#define BOB "bob class=person mail=a@x.de"

static const struct {
	const char *settings, *flags, *first, *target, *given;
	const char *source, *from, *to, *plan;
} sided[] = {
	/* given to the source */
	{ALL, "", "", BOB, "ann=abc", "ann key=1 mail=a@x.de", NULL, NULL, HELD},
	{ALL, "", "", BOB, "ann=abc", "ann key=1 mail=b@x.de", NULL, NULL, "add ann"},
	{ALL, "", "", BOB, "", "ann key=1 mail=a@x.de", NULL, NULL, "modify ann"},
	{ALL, "", "", "", "ann=abc bob=abc", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", NULL,
		NULL, "add bob; " SHARED},
	{ALL, "", "", "", "ann=abc", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", NULL, NULL,
		"add ann; modify bob"},
	/* by a flag of its own */
	{MAIL, "", "", BOB, "", "ann key=1 mail=a@x.de title=ours", NULL, NULL, HELD},
	{MAIL, "", "", BOB, "", "ann key=1 mail=a@x.de", NULL, NULL, "add ann"},
	{MAIL, "", "", "", "", "ann key=1 mail=a@x.de title=ours; bob key=2 mail=a@x.de title=ours",
		NULL, NULL, "add bob; " SHARED},
	{MAIL, "", "", "", "ann=abc", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de title=ours",
		NULL, NULL, "add bob; " SHARED},
	/* by one of its contact, which is known when the target was read: who may have one asks,
	 * too, for what is not written then */
	{MAIL, FLAGS, "ann key=1", BOB, "", "ann key=1 mail=a@x.de", "note: 1\n",
		"note: 1\ntitle: guest\n", HELD},
	{MAIL, FLAGS, "ann key=1", BOB, "", "ann key=1 mail=a@x.de", NULL, NULL, "modify ann"},
	{MAIL, FLAGS, "", BOB, "", "ann key=1 mail=a@x.de", NULL, NULL, "add ann"},
	{MAIL, FLAGS, "", "", "ann=abc", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", NULL, NULL,
		"add bob; " SHARED},
	{MAIL, FLAGS, "", "", "bob=abc", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", NULL, NULL,
		"add ann; add bob"},
	/* who has it, and needs it still, keeps it; who does not, gives it up */
	{MAIL, "", "ann key=1 mail=a@x.de title=ours", "", "ann=abc bob=abc",
		"ann key=3 mail=a@x.de; bob key=2 proxyAddresses=smtp:a@x.de", NULL, NULL,
		"modify ann; conflict bob: E_PROXY_DUP: a@x.de is held by CN=ann,OU=GAL,DC=xyz in "
		"xyz, and wanted by CN=bob,DC=abc in abc"},
	{MAIL, "", "ann key=1 mail=a@x.de title=ours", "", "ann=abc bob=abc",
		"ann key=3 mail=b@x.de; bob key=2 proxyAddresses=smtp:a@x.de", NULL, NULL,
		"add bob; modify ann"},
	/* the target's: nothing of it is written, and nobody is in its way */
	{"", "", "", BOB, "ann=xyz", "ann key=1 mail=a@x.de title=ours", NULL, NULL, "modify ann"},
	{"", "", "", BOB, "", "ann key=1 mail=a@x.de title=theirs", NULL, NULL, "modify ann"},
	{"", FLAGS, "ann key=1", BOB, "", "ann key=1 mail=a@x.de", "note: 1\n",
		"note: 1\ntitle: own\n", "modify ann"},
	{"", "", "", "", "bob=xyz", "ann key=1 mail=a@x.de; bob key=2 mail=a@x.de", NULL, NULL,
		"add ann; modify bob"},
};

static void give_all(struct arena *mem, const char *given)
{
	char *words[16];
	const unsigned n = words_of(mem, given, " ", words, 16);

	for (unsigned i = 0; i < n; i++) {
		char *equals = strchr(words[i], '=');
		*equals = '\0';
		give_object(mem, words[i], equals + 1);
	}
}

static void test_sided(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sided) / sizeof(sided[0]); i++) {
		struct arena *mem = arena_new();
		begin_with(mem, sided[i].settings, "\"title=ours:abc\", \"title=theirs:xyz\"",
			sided[i].flags, sided[i].first, sided[i].target);
		pair_now(mem);
		give_all(mem, sided[i].given);
		put_source(mem, sided[i].source);
		if (sided[i].from != NULL)
			edit_target(mem, sided[i].from, sided[i].to);
		wrong += !same_text(
			arena_printf(mem, "%zu: %s, given %s", i, sided[i].source, sided[i].given),
			pair_now(mem), sided[i].plan);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Somebody has all the names that there are for one: nobody is overwritten. */
static void test_no_name(void **state)
{
	struct arena *mem = arena_new();
	struct buf b = {0};

	(void)state;
	begin(mem, "ann key=1", "ann class=person");
	buf_puts(&b, get_text(mem, "xyz.ldif"));
	for (unsigned i = 1; i <= 1000; i++)
		buf_printf(&b, "\ndn: CN=ann(%u),OU=GAL,DC=xyz\nobjectClass: person\n", i);
	put_text(mem, "xyz.ldif", b.data);
	buf_free(&b);
	assert_string_equal(
		pair_now(mem), "conflict ann: no free name was found among 1000 variants");
	arena_free(mem);
}

/* Nothing that could not be read is taken for nothing that is there: there is no plan, whichever
 * read or write of what is known failed. */
static const struct {
	const char *source, *target, *then_source;
} failures[] = {
	{"ann key=1 mail=a@x.de; bob key=2 mail=b@x.de",
		"cid class=contact mail=a@x.de; dan class=contact note=2; eve class=contact note=2",
		NULL},
	{"ann key=1; bob key=2 mail=a@x.de; cid key=3 mail=a@x.de",
		"dan class=contact mark=galway:f:ann", NULL},
	{"ann key=1 mail=a@x.de; bob key=2 mail=b@x.de; cid key=3; dan key=4", "",
		"ann key=1 mail=b@x.de; bob key=2 mail=a@x.de seeAlso=CN=ann,DC=abc "
		"seeAlso=CN=eve,DC=abc; cid key=5; eve key=3 mail=c@x.de; fay key=6 mail=c@x.de "
		"seeAlso=CN=eve,DC=abc"},
	{"ann key=1 mail=a@x.de", "", "ann key=1 mail=b@x.de; bob key=2 mail=a@x.de"},
	{"ann key=1 mail=a@x.de", "sid class=person mail=s@x.de",
		"ann key=1 mail=s@x.de; bob key=2 mail=a@x.de"},
};

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct arena *mem = arena_new();
		begin(mem, failures[i].source, failures[i].target);
		if (failures[i].then_source != NULL) {
			pair_now(mem);
			put_source(mem, failures[i].then_source);
		}
		assert_true(fail_each(mem, failures[i].source,
				    &(struct flow_options){.full = true}) > 20);
		arena_free(mem);
	}
}

static const char *pair_after(struct arena *mem, const char *source)
{
	put_source(mem, source);
	return pair_now(mem);
}

/* A hash of 64 bits is not all that counts. */
static void test_collisions(void **state)
{
	struct arena *mem = arena_new();
	struct value address = value_of("b@x.de");
	struct attr mail = {attr_of("mail"), 1, &address};
	const struct entry e = {.n = 1, .attrs = &mail};
	struct claim *claims;

	(void)state;
	/* Somebody's mark, and the key that ann joins by: only who has the key is hers. */
	alike.mark = "galway:f:zed";
	alike.hash = join_hash(attr_of("note"), value_of("1"));
	begin(mem, "ann key=1", "bob class=contact mark=galway:f:zed");
	assert_string_equal(pair_now(mem), "add ann");
	begin(mem, "ann key=1", "bob class=contact mark=galway:f:zed note=2");
	assert_string_equal(pair_now(mem), "add ann");
	begin(mem, "ann key=1", "bob class=contact mark=galway:f:zed note=1");
	assert_string_equal(pair_now(mem),
		"conflict ann: CN=bob,OU=GAL,DC=xyz carries the marker galway:f:zed" TAKE_AWAY);
	/* Her own mark: it is one contact, not two. */
	alike.mark = "galway:f:ann";
	begin(mem, "ann key=1", "bob class=contact mark=galway:f:ann note=1");
	assert_string_equal(pair_now(mem), "link bob >ann");
	/* Her own mark, and an address that she is to have: she is not in her own way. */
	begin(mem, "ann key=1 mail=a@x.de", "");
	assert_string_equal(pair_now(mem), "add ann");
	assert_int_equal(claims_held(mem, &e, &claims), 1);
	alike.hash = claims[0].key;
	assert_string_equal(pair_after(mem, "ann key=1 mail=b@x.de"), "modify ann");
	alike.mark = NULL;
	/* Two ids: each gets what is its own. */
	alike.ids = true;
	begin(mem, "ann key=1; bob key=2", "cid class=contact note=2; dan class=contact note=1");
	assert_string_equal(pair_now(mem), "link cid >bob; link dan >ann");
	alike.ids = false;
	arena_free(mem);
}

/* A delta between servers does not know whose all contacts are: by their marks; and the state is
 * asked of one from which somebody took it away. */
static void test_sparse(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	servers = true;
	begin(mem, "ann key=1",
		"cid class=contact note=3; dan class=contact note=4 mark=hand; eve class=contact "
		"note=5 "
		"mark=galway:g:eve");
	assert_string_equal(pair_now(mem), "add ann");
	put_source(mem, "ann key=1; bob key=1");
	assert_string_equal(pair_how(mem, false),
		"conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source object "
		"(galway:f:ann)" IF_GONE);
	edit_target(mem, "adminDescription: galway:f:ann\n", "");
	assert_string_equal(pair_how(mem, false),
		"conflict bob: CN=ann,OU=GAL,DC=xyz is linked to another source object" IF_GONE);
	(void)fail_each(mem, "sparse", &(struct flow_options){.full = false});
	put_source(mem, "ann key=1; bob key=2; cid key=3; dan key=4; eve key=5");
	assert_string_equal(pair_how(mem, false), "add bob; link cid; link dan; conflict eve: "
						  "CN=eve,OU=GAL,DC=xyz carries the marker "
						  "galway:g:eve" TAKE_AWAY);
	servers = false;
	arena_free(mem);
}

/* Bytes that are none of ours. */
static void test_damaged(void **state)
{
	static const char bytes[] = "\377\377\377\377";
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);
	struct gather g = {.flow = &f, .rows = spool_new()};
	struct matched m = {.entries = spool_new()};
	struct keys places;
	struct paired p = {.verdicts = spool_new(), .places = &places};
	struct open_row row;
	struct entry e;
	struct verdict v;
	struct err err;
	uint32_t at[3];

	(void)state;
	keys_init(&places, 0, true);
	assert_int_equal(spool_add(g.rows, bytes, 4, &at[0], &err), 0);
	assert_int_equal(spool_add(m.entries, bytes, 4, &at[1], &err), 0);
	assert_int_equal(spool_add(p.verdicts, bytes, 4, &at[2], &err), 0);
	assert_int_equal(pair_read_row(&g, mem, at[0], &row, &err), -1);
	assert_string_equal(err.text, "temporary file: damaged row");
	assert_int_equal(pair_read_entry(&m, mem, at[1], &e, &err), -1);
	assert_string_equal(err.text, "temporary file: damaged entry");
	assert_int_equal(pair_verdict(&p, mem, 7, &v, &err), -1);
	assert_string_equal(err.text, "temporary file: a row without a verdict");
	keys_put(&places, 8, at[2]);
	assert_int_equal(pair_verdict(&p, mem, 7, &v, &err), -1);
	assert_string_equal(err.text, "temporary file: damaged verdict");
	keys_free(&places);
	spool_free(g.rows);
	spool_free(m.entries);
	spool_free(p.verdicts);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_sided),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_damaged),
	};

	log_level(LOG_NOTHING);
	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
