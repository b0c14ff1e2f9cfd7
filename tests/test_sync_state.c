#include "state_cases.h"

#include "base/keys.h"

static void same_link(const struct link *a, const struct link *b)
{
	assert_true(value_same(a->source, b->source) && value_same(a->target, b->target) &&
		    value_same(a->written, b->written) && value_same(a->undone, b->undone));
	assert_true(a->source_digest == b->source_digest && a->target_digest == b->target_digest &&
		    a->name == b->name && a->left == b->left);
}

static void test_flow(void **state)
{
	const char *path = fresh();
	struct arena *mem = arena_new();
	struct flow_state f, put = {0, UINT64_MAX, -1, 13, 7, 8, 9, 10, 11, 12},
			     other = {.epoch = 1};
	struct state *s = opened(path, true);
	struct value cookie;

	(void)state;
	good(state_flow(s, "f", &f, &err));
	assert_int_equal(f.id, 0);
	assert_int_equal(f.sources, -1);
	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &put, &err));
	good(state_put_flow(s, "other", &other, &err));
	good(state_put_cookie(s, put.id, (struct value){"c\0d", 3}, &err));
	good(state_commit(s, &err));
	assert_int_not_equal(put.id, other.id);
	state_close(s);
	s = opened(path, false);
	good(state_flow(s, "f", &f, &err));
	assert_true(f.id == put.id && f.epoch == UINT64_MAX && f.sources == -1 && f.deltas == 7);
	assert_true(f.generation == 8 && f.last_run == 9 && f.last_good == 10 && f.held == 11 &&
		    f.links == 12 && f.targets == 13);
	good(state_cookie(s, f.id, mem, &cookie, &err));
	assert_true(value_same(cookie, (struct value){"c\0d", 3}));
	good(state_cookie(s, other.id, mem, &cookie, &err));
	assert_int_equal(cookie.len, 0);
	good(state_cookie(s, 99, mem, &cookie, &err));
	assert_int_equal(cookie.len, 0);
	const char **names;
	unsigned n;
	good(state_flows(s, mem, &names, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "f");
	assert_string_equal(names[1], "other");
	state_close(s);
	/* A second time: the same flow, and its cookie stays. */
	s = opened(path, true);
	put.epoch = 5;
	long long id = put.id;
	good(state_put_flow(s, "f", &put, &err));
	assert_int_equal(put.id, id);
	good(state_flow(s, "f", &f, &err));
	assert_int_equal(f.epoch, 5);
	good(state_cookie(s, id, mem, &cookie, &err));
	assert_int_equal(cookie.len, 3);
	state_close(s);
	arena_free(mem);
}

static void test_links(void **state)
{
	static const char *const order[] = {"", "a", "a\xff", "b", "b1"};
	static const char *const mixed[] = {"b1", "a", "", "a\xff", "b"};
	const char *path = fresh();
	struct arena *mem = arena_new();
	long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct link link, put = link_of("s1", "t2");

	(void)state;
	put.left = -1;
	good(state_put_link(s, flow, &put, &err));
	assert_int_equal(state_link(s, flow, value_of("s1"), mem, &link, &err), 1);
	same_link(&link, &put);
	assert_int_equal(state_link(s, flow, value_of("s2"), mem, &link, &err), 0);
	assert_int_equal(state_link(s, flow + 1, value_of("s1"), mem, &link, &err), 0);
	good(state_drop_link(s, flow, value_of("s1"), &err));
	good(state_drop_link(s, flow, value_of("s1"), &err));
	assert_int_equal(state_link(s, flow, value_of("s1"), mem, &link, &err), 0);
	for (unsigned i = 0; i < 5; i++) {
		put = link_of(mixed[i], "t");
		good(state_put_link(s, flow, &put, &err));
	}
	assert_int_equal(state_count_links(s, flow, &err), 5);
	assert_int_equal(state_count_links(s, flow + 1, &err), 0);
	/* In the order of bytes, and from the first again. */
	for (unsigned turn = 0; turn < 2; turn++) {
		good(state_links(s, flow, &err));
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(state_next_link(s, &link, &err), 1);
			put = link_of(order[i], "t");
			same_link(&link, &put);
		}
		assert_int_equal(turn == 0 ? 0 : state_next_link(s, &link, &err), 0);
	}
	good(state_digests(s, flow, &err));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(state_next_digests(s, &link, &err), 1);
		put = link_of(order[i], "t");
		put = (struct link){put.source, put.target, put.source_digest, put.target_digest,
			.written = {NULL, 0}, .undone = {NULL, 0}};
		same_link(&link, &put);
	}
	assert_int_equal(state_next_digests(s, &link, &err), 0);
	state_close(s);
	arena_free(mem);
}

/* The targets of other flows, sorted. */
static void test_managed(void **state)
{
	static const char *const flows[] = {"f", "g", "never ran"};
	struct state *s = opened(fresh(), true);
	struct flow_state f = {0}, g = {0}, h = {0};
	uint64_t *keys;
	size_t n;

	(void)state;
	good(state_begin(s, &err));
	good(state_put_flow(s, "f", &f, &err));
	good(state_put_flow(s, "g", &g, &err));
	good(state_put_flow(s, "h", &h, &err));
	for (unsigned i = 0; i < 3000; i++) {
		char id[20];
		snprintf(id, sizeof(id), "%u", i);
		struct link link = link_of(id, id);
		good(state_put_link(s, i % 2 == 0 ? f.id : i % 3 == 0 ? h.id : g.id, &link, &err));
	}
	good(state_commit(s, &err));
	good(state_managed(s, flows, 3, &keys, &n, &err));
	assert_int_equal(n, 2500);
	for (size_t i = 1; i < n; i++)
		assert_true(keys[i - 1] < keys[i]);
	assert_true(state_manages(keys, n, keys[0]) && state_manages(keys, n, keys[n - 1]));
	assert_true(state_manages(keys, n, entry_key(value_of("0"))));
	assert_false(state_manages(keys, n, entry_key(value_of("3"))));
	assert_false(state_manages(NULL, 0, keys[0]));
	free(keys);
	good(state_managed(s, flows, 0, &keys, &n, &err));
	assert_int_equal(n, 0);
	free(keys);
	state_close(s);
}

static const char *text_or(const char *text)
{
	return text != NULL ? text : "-";
}

static const char *pendings(struct arena *mem, struct state *s, long long flow)
{
	const char *text = "";
	struct pending p;
	int rc;

	good(state_pendings(s, flow, &err));
	while ((rc = state_next_pending(s, mem, &p, &err)) == 1)
		text = arena_printf(mem, "%s[%s %s %s %s %s %s %s %s %s %lld %lld]", text,
			arena_copy(mem, p.source.data, p.source.len), p.kind, text_or(p.name),
			text_or(p.attribute), text_or(p.value), text_or(p.side),
			text_or(p.authority), text_or(p.rule), text_or(p.message), p.run, p.since);
	assert_int_equal(rc, 0);
	return text;
}

/* A run of flow 1; of "set" where it says a side. */
static void put_run(struct state *s, long long finished, const char *side)
{
	struct run run = {.started = 1, .finished = finished};
	struct journal_head head = {.attrs = "", .side = side, .who = "root"};

	good(state_put_run(s, 1, &run, &err));
	head.run = run.id;
	good(state_put_journal(s, &head, &err));
}

static void test_pending(void **state)
{
	struct arena *mem = arena_new();
	struct state *s = opened(fresh(), true);
	const struct pending conflict = {.source = value_of("s2"),
		.kind = "conflict",
		.name = "CN=b",
		.message = "m",
		.run = 1,
		.since = 10};
	struct pending denied = {
		value_of("s1"), "denied", "CN=a", "tel", "1", "abc", "xyz", "r:1", NULL, 1, 11};
	long long since = 99;

	(void)state;
	put_run(s, 9, NULL); /* 1 */
	good(state_put_pending(s, 1, &denied, &err));
	denied.attribute = "mail";
	denied.since = 12;
	good(state_put_pending(s, 1, &denied, &err));
	good(state_put_pending(s, 1, &conflict, &err));
	good(state_put_pending(s, 2, &conflict, &err));
	assert_string_equal(pendings(mem, s, 1),
		"[s2 conflict CN=b - - - - - m 1 10][s1 denied CN=a mail 1 abc xyz r:1 - 1 12]"
		"[s1 denied CN=a tel 1 abc xyz r:1 - 1 11]");
	/* Since the first of them. */
	good(state_drop_pending(s, 1, value_of("s1"), 2, &since, &err));
	assert_int_equal(since, 11);
	since = 99;
	good(state_drop_pending(s, 1, value_of("s1"), 2, &since, &err));
	assert_int_equal(since, 99);
	assert_string_equal(pendings(mem, s, 1), "[s2 conflict CN=b - - - - - m 1 10]");
	/* A full run settles what it did not find again, of its flow. */
	denied.run = 2;
	good(state_put_pending(s, 1, &denied, &err));
	good(state_settle(s, 1, 2, &err));
	assert_string_equal(pendings(mem, s, 1), "[s1 denied CN=a mail 1 abc xyz r:1 - 2 12]");
	assert_string_equal(pendings(mem, s, 2), "[s2 conflict CN=b - - - - - m 1 10]");
	state_close(s);
	arena_free(mem);
}

/* What a killed run denied is told by the next one that comes to its end, and then settled. */
static void test_untold(void **state)
{
	struct arena *mem = arena_new();
	struct state *s = opened(fresh(), true);
	struct pending p = {
		value_of("s1"), "denied", "CN=a", "tel", "1", "abc", "xyz", "r:1", NULL, 2, 11};
	const char *denied = "[s1 denied CN=a tel 1 abc xyz r:1 - 2 11]";
	long long since;

	(void)state;
	put_run(s, 9, NULL); /* 1 */
	put_run(s, 0, NULL); /* 2 was killed */
	good(state_put_pending(s, 1, &p, &err));
	p.kind = "conflict"; /* that is found again, or solved */
	good(state_put_pending(s, 1, &p, &err));
	put_run(s, 0, NULL);  /* 3, too */
	put_run(s, 9, "xyz"); /* 4 tells of no denials */
	put_run(s, 0, NULL);  /* 5 */
	good(state_drop_pending(s, 1, value_of("s1"), 5, &since, &err));
	assert_string_equal(pendings(mem, s, 1), denied);
	assert_int_equal(since, 11);
	good(state_settle(s, 1, 5, &err));
	assert_string_equal(pendings(mem, s, 1), denied);
	/* By another attempt it is settled, and by the run behind one that told. */
	good(state_begin(s, &err));
	good(state_drop_pending(s, 1, value_of("s1"), 0, &since, &err));
	assert_string_equal(pendings(mem, s, 1), "");
	p.kind = "denied";
	good(state_put_pending(s, 1, &p, &err));
	put_run(s, 9, NULL); /* 6 */
	put_run(s, 0, NULL); /* 7 */
	good(state_settle(s, 1, 6, &err));
	assert_string_equal(pendings(mem, s, 1), denied);
	good(state_settle(s, 1, 7, &err));
	assert_string_equal(pendings(mem, s, 1), "");
	good(state_commit(s, &err));
	state_close(s);
	arena_free(mem);
}

/* s1 is the other side's, s2 of this one. */
static void check_sides(struct state *s, long long flow)
{
	struct keys sides;
	uint32_t ours;

	keys_init(&sides, 0, true);
	good(state_sides(s, flow + 1, "abc", &sides, &err));
	assert_int_equal(sides.n, 0);
	good(state_sides(s, flow, "abc", &sides, &err));
	assert_int_equal(sides.n, 2);
	assert_true(keys_get(&sides, entry_key(value_of("s1")), &ours));
	assert_int_equal(ours, 0);
	assert_true(keys_get(&sides, entry_key(value_of("s2")), &ours));
	assert_int_equal(ours, 1);
	keys_free(&sides);
}

static void test_authority(void **state)
{
	const char *path = fresh();
	long long flow = one_link(path);
	struct arena *mem = arena_new();
	struct state *s = opened(path, true);
	const char *side = "unset";

	(void)state;
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	assert_string_equal(side, "unset");
	good(state_authority_put(s, "f", value_of("s1"), "abc", &err));
	good(state_authority_put(s, "f", value_of("s1"), "xyz", &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 1);
	assert_string_equal(side, "xyz");
	assert_int_equal(state_authority(s, flow, value_of("s2"), mem, &side, &err), 0);
	assert_int_equal(state_authority(s, flow + 1, value_of("s1"), mem, &side, &err), 0);
	good(state_authority_put(s, "f", value_of("s2"), "abc", &err));
	check_sides(s, flow);
	good(state_authority_put(s, "f", value_of("s1"), NULL, &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	/* It goes with the link. */
	good(state_authority_put(s, "f", value_of("s1"), "xyz", &err));
	good(state_drop_link(s, flow, value_of("s1"), &err));
	assert_int_equal(state_authority(s, flow, value_of("s1"), mem, &side, &err), 0);
	state_close(s);
	arena_free(mem);
}

/* The newest first, of one object; of refusals the last for each attribute and side. */
static void test_transfers(void **state)
{
	static const struct transfer first = {10, "ann", "abc", "xyz", 1},
				     second = {20, "bob", "xyz", "abc", 2};
	const struct value s1 = value_of("s1"), s2 = value_of("s2");
	const char *path = fresh();
	struct arena *mem = arena_new();
	long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct transfer t;
	struct pending p;

	(void)state;
	good(state_put_transfer(s, flow, s1, &first, &err));
	good(state_put_transfer(s, flow, s1, &second, &err));
	good(state_put_transfer(s, flow, s2, &first, &err));
	good(state_transfers(s, flow, s1, &err));
	assert_int_equal(state_next_transfer(s, mem, &t, &err), 1);
	assert_true(t.at == 20 && t.generation == 2);
	assert_string_equal(t.who, "bob");
	assert_string_equal(t.from, "xyz");
	assert_string_equal(t.to, "abc");
	assert_int_equal(state_next_transfer(s, mem, &t, &err), 1);
	assert_int_equal(t.at, 10);
	assert_int_equal(state_next_transfer(s, mem, &t, &err), 0);

	struct pending put = {.source = s1,
		.name = "CN=Ann",
		.attribute = "tel",
		.value = "1",
		.side = "xyz",
		.authority = "abc",
		.rule = "the flow's",
		.since = 5};
	assert_int_equal(state_put_refusal(s, flow, &put, &err), 1);
	put.value = NULL;
	put.since = 6;
	assert_int_equal(state_put_refusal(s, flow, &put, &err), 1);
	put.since = 7; /* again: it waits since then */
	assert_int_equal(state_put_refusal(s, flow, &put, &err), 0);
	put.attribute = "mail";
	assert_int_equal(state_put_refusal(s, flow, &put, &err), 1);
	put.source = s2;
	assert_int_equal(state_put_refusal(s, flow, &put, &err), 1);
	good(state_drop_refusals(s, flow, s2, NULL, "abc", &err));
	good(state_drop_refusals(s, flow, s2, "tel", NULL, &err));
	good(state_drop_refusals(s, flow, s1, "mail", NULL, &err));
	good(state_settle(s, flow, 99, &err)); /* not by a run */
	good(state_refusals(s, flow, &err));
	assert_int_equal(state_next_refusal(s, mem, &p, &err), 1);
	assert_true(value_same(p.source, s2) && strcmp(p.attribute, "mail") == 0);
	assert_int_equal(state_next_refusal(s, mem, &p, &err), 1);
	assert_true(value_same(p.source, s1) && p.since == 6 && p.value == NULL && p.run == 0);
	assert_string_equal(p.rule, "the flow's");
	assert_int_equal(state_next_refusal(s, mem, &p, &err), 0);
	good(state_drop_refusals(s, flow, s1, NULL, "xyz", &err));
	good(state_drop_refusals(s, flow, s2, NULL, NULL, &err));
	good(state_refusals(s, flow, &err));
	assert_int_equal(state_next_refusal(s, mem, &p, &err), 0);
	state_close(s);
	arena_free(mem);
}

static void test_runs(void **state)
{
	struct state *s = opened(fresh(), true);
	struct run first = {0, 1, 1, 2, true, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, NULL},
		   second = {.started = 3, .exit = 5, .error = "no \xc3\xa4nswer"}, back;

	(void)state;
	good(state_put_run(s, 1, &first, &err));
	good(state_put_run(s, 1, &second, &err));
	assert_int_not_equal(first.id, second.id);
	good(state_runs(s, 1, true, &err));
	assert_int_equal(state_next_run(s, &back, &err), 1);
	assert_true(back.finished == 0 && back.exit == 5);
	assert_string_equal(back.error, "no \xc3\xa4nswer");
	second.finished = 4;
	second.error = NULL;
	long long id = second.id;
	good(state_put_run(s, 1, &second, &err));
	assert_int_equal(second.id, id);
	/* The newest first. */
	good(state_runs(s, 1, true, &err));
	assert_int_equal(state_next_run(s, &back, &err), 1);
	assert_true(back.id == second.id && back.started == 3 && back.finished == 4 && !back.full);
	assert_null(back.error);
	assert_int_equal(state_next_run(s, &back, &err), 1);
	assert_true(back.id == first.id && back.started == 1 && back.finished == 2 && back.full);
	assert_true(back.exit == 4 && back.read == 5 && back.add == 6 && back.modify == 7 &&
		    back.rename == 8 && back.remove == 9 && back.none == 10 &&
		    back.conflict == 11 && back.denied == 12 && back.failed == 13);
	assert_int_equal(state_next_run(s, &back, &err), 0);
	good(state_runs(s, 2, true, &err));
	assert_int_equal(state_next_run(s, &back, &err), 0);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_managed),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
