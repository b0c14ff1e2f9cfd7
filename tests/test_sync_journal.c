#include "state_cases.h"

#include "connectors/connector.h"
#include "sync/journal.h"

static const struct value base = {"OU=GAL,DC=xyz", 13};

/* One of each kind, with what a packing may get wrong: bytes that are no text, nothing at all. */
static struct op op_of(struct arena *mem, enum step_op kind)
{
	static struct value photo[] = {{"\xff\0\xd8", 3}, {"", 0}}, title[] = {{"Clerk", 5}};
	struct op op = {.kind = kind,
		.source = {"s\0001", 3},
		.source_name = value_of("CN=ann,DC=abc"),
		.target = value_of("t1"),
		.change = {.name = full_name(mem, "ann")}};

	if (kind == STEP_ADD) {
		op.target = op.source_name = (struct value){NULL, 0};
		op.digest = UINT64_MAX - 1;
		return op;
	}
	op.has_link = true;
	op.link = link_of("s", "t1");
	op.link.source = op.source;
	op.link.left = -1;
	op.link.side = kind == STEP_DELETE ? "abc" : NULL;
	if (kind == STEP_DELETE) {
		op.has_before = true;
		op.before = (struct entry){.id = value_of("t1"), .name = op.change.name};
		entry_put(mem, &op.before, attr_named("thumbnailPhoto"), photo, 2);
		entry_put(mem, &op.before, attr_named("title"), title, 1);
		return op;
	}
	op.change.new_name = full_name(mem, "bob,OU=Old");
	op.change.n = 2;
	op.change.mods = arena_zalloc(mem, 2 * sizeof(*op.change.mods));
	op.change.mods[0] = (struct mod){.attr = attr_named("thumbnailPhoto"),
		.n_remove = 2,
		.remove = photo,
		.n_add = 1,
		.add = title};
	op.change.mods[1] =
		(struct mod){.attr = attr_named("x-of-nobody"), .n_add = 1, .add = title};
	return op;
}

/* Packed as the state has it; the bytes live in the arena. */
static struct op_row row_of(struct arena *mem, const struct op *op)
{
	struct buf b[3] = {{0}};
	struct value v[3];

	op_pack(op, base, &b[0], &b[1], &b[2]);
	for (int i = 0; i < 3; i++) {
		v[i] = (struct value){arena_copy(mem, b[i].data, b[i].len), b[i].len};
		buf_free(&b[i]);
	}
	return (struct op_row){.run = 7,
		.n = 1,
		.kind = (int)op->kind,
		.source = op->source,
		.target = op->target,
		.name = op->source_name,
		.change = v[0],
		.before = v[1],
		.link = v[2]};
}

static void same_values(const struct value *a, unsigned n_a, const struct value *b, unsigned n_b)
{
	assert_int_equal(n_a, n_b);
	for (unsigned i = 0; i < n_a; i++)
		assert_true(value_same(a[i], b[i]));
}

static void same_op(const struct op *a, const struct op *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_true(value_same(a->source, b->source) && value_same(a->target, b->target) &&
		    value_same(a->source_name, b->source_name));
	assert_true(value_same(a->change.name, b->change.name) &&
		    value_same(a->change.new_name, b->change.new_name) && a->digest == b->digest);
	assert_int_equal(a->change.n, b->change.n);
	for (unsigned i = 0; i < a->change.n; i++) {
		const struct mod *x = &a->change.mods[i], *y = &b->change.mods[i];
		assert_int_equal(x->attr, y->attr);
		same_values(x->remove, x->n_remove, y->remove, y->n_remove);
		same_values(x->add, x->n_add, y->add, y->n_add);
	}
	assert_true(a->has_before == b->has_before && a->before.n == b->before.n &&
		    value_same(a->before.name, b->before.name) &&
		    value_same(a->before.id, b->before.id));
	for (unsigned i = 0; i < a->before.n; i++)
		same_values(a->before.attrs[i].values, a->before.attrs[i].n,
			b->before.attrs[i].values, b->before.attrs[i].n);
	assert_int_equal(a->has_link, b->has_link);
	if (a->has_link)
		assert_true(value_same(a->link.target, b->link.target) &&
			    value_same(a->link.source, b->link.source) &&
			    value_same(a->link.written, b->link.written) &&
			    value_same(a->link.undone, b->link.undone) &&
			    (a->link.side == NULL) == (b->link.side == NULL) &&
			    (a->link.side == NULL || strcmp(a->link.side, b->link.side) == 0) &&
			    a->link.source_digest == b->link.source_digest &&
			    a->link.target_digest == b->link.target_digest &&
			    a->link.name == b->link.name && a->link.left == b->link.left);
}

static const enum step_op kinds[] = {STEP_ADD, STEP_MODIFY, STEP_DELETE, STEP_LINK, STEP_FORGET};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void test_pack(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < N_KINDS; i++) {
		struct op op = op_of(mem, kinds[i]), back;
		struct op_row row = row_of(mem, &op);
		good(op_unpack(mem, &row, base, &back, &err));
		same_op(&back, &op);
	}
	arena_free(mem);
}

/* The names of a flow without a container, and one that only looks as if it lay below it. */
static void test_base(void **state)
{
	static const struct value bases[] = {{"", 0}, {"OU=GAL,DC=xyz", 13}};
	static const char *const names[] = {"CN=ann,OU=GAL,DC=xyz", "CN=ann;OU=GAL,DC=xyz",
		"OU=GAL,DC=xyz", "CN=ann,OU=GAL,DC=abc", ""};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(names) / sizeof(names[0]); i++) {
		struct op op = op_of(mem, STEP_ADD), back;
		struct buf b[3] = {{0}};
		op.change.name = value_of(names[i / 2]);
		op_pack(&op, bases[i % 2], &b[0], &b[1], &b[2]);
		struct op_row row = row_of(mem, &op);
		row.change = (struct value){b[0].data, b[0].len};
		good(op_unpack(mem, &row, bases[i % 2], &back, &err));
		assert_true(value_same(back.change.name, op.change.name));
		buf_free(&b[0]);
	}
	arena_free(mem);
}

/* Which attributes tell whether an entry is as we left it: names, and back. */
static void test_attrs(void **state)
{
	struct arena *mem = arena_new();
	struct attr_set writes = {0}, back;

	(void)state;
	assert_string_equal(journal_attrs(mem, &writes), "");
	attr_set_add(mem, &writes, attr_named("mail"));
	attr_set_add(mem, &writes, attr_named("manager"));
	attr_set_add(mem, &writes, attr_named("objectClass"));
	attr_set_add(mem, &writes, attr_named("title"));
	const char *names = journal_attrs(mem, &writes);
	assert_true(strcmp(names, "mail title") == 0 || strcmp(names, "title mail") == 0);
	/* What is no name is nobody's attribute. */
	journal_attrs_parse(mem, "mail !! title", &back);
	for (unsigned i = 0; i < attr_count(); i++)
		assert_int_equal(attr_set_has(&back, i),
			i == attr_named("mail") || i == attr_named("title"));
	arena_free(mem);
}

/* Bytes that end early, at each place, are damage and nothing else. */
static void test_damage(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < N_KINDS; i++) {
		struct op op = op_of(mem, kinds[i]), back;
		const struct op_row whole = row_of(mem, &op);
		struct op_row row = whole;
		for (size_t k = 0; k < whole.change.len; k++) {
			char *part = malloc(k + 1);
			memcpy(part, whole.change.data, k);
			row.change = (struct value){part, k};
			assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
			assert_int_equal(err.kind, ERR_FATAL);
			free(part);
		}
		row = whole;
		for (size_t k = 1; k < whole.before.len; k++) {
			row.before.len = k;
			assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
		}
		row = whole;
		for (size_t k = 1; k < whole.link.len; k++) {
			row.link.len = k;
			assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
		}
		row = whole;
		row.kind = STEP_CONFLICT;
		assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
		row.kind = STEP_NONE;
		assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
	}
	/* An attribute whose name is none. */
	struct op op = op_of(mem, STEP_MODIFY), back;
	struct op_row row = row_of(mem, &op);
	char *at = memmem(row.change.data, row.change.len, "thumbnailPhoto", 14);
	assert_non_null(at);
	at[0] = '!';
	assert_int_equal(op_unpack(mem, &row, base, &back, &err), -1);
	arena_free(mem);
}

/* A run of three operations of the flow. */
static long long put_run(struct state *s, struct arena *mem, long long flow, long long started)
{
	struct run run = {.started = started};
	const struct op op = op_of(mem, STEP_MODIFY);
	struct op_row row = row_of(mem, &op);

	good(state_begin(s, &err));
	good(state_put_run(s, flow, &run, &err));
	const struct journal_head head = {
		.run = run.id, .undoes = run.id - 1, .base = base, .attrs = "mail title"};
	good(state_put_journal(s, &head, &err));
	for (row.run = run.id, row.n = 1; row.n <= 3; row.n++)
		good(state_put_op(s, &row, &err));
	good(state_journal_done(s, run.id, 2, &err));
	good(state_op_result(s, run.id, 1, OP_FAILED, &err));
	good(state_commit(s, &err));
	return run.id;
}

/* "1.1 failed, 1.2 done ..." */
static const char *ops_of(struct state *s, struct arena *mem, long long run, bool back)
{
	static const char *const results[] = {"", "failed", "unknown"};
	const char *text = "";
	struct op_row row;
	int rc;

	good(state_ops(s, run, back, &err));
	while ((rc = state_next_op(s, mem, &row, &err)) == 1)
		text = arena_printf(mem, "%s%s%lld.%u%s", text, text[0] != '\0' ? " " : "", row.run,
			row.n, results[row.result]);
	good(rc);
	return text;
}

static void test_state(void **state)
{
	const char *path = fresh();
	struct arena *mem = arena_new();
	const long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct journal_head head;
	struct run run;

	(void)state;
	assert_int_equal(put_run(s, mem, flow, 100), 1);
	assert_int_equal(put_run(s, mem, flow, 200), 2);
	assert_string_equal(ops_of(s, mem, 1, false), "1.1failed 1.2 1.3unknown");
	assert_string_equal(ops_of(s, mem, 2, true), "2.3unknown 2.2 2.1failed");
	assert_string_equal(
		ops_of(s, mem, 0, false), "1.1failed 1.2 1.3unknown 2.1failed 2.2 2.3unknown");
	assert_string_equal(ops_of(s, mem, 3, false), "");
	assert_int_equal(state_journal(s, 1, mem, &head, &err), 1);
	assert_true(head.flow == flow && head.undoes == 0 && head.undone == 2 && head.done == 2);
	assert_true(value_same(head.base, base));
	assert_string_equal(head.attrs, "mail title");
	assert_int_equal(state_journal(s, 3, mem, &head, &err), 0);

	/* What is old goes, but for each flow's last run. */
	good(state_retire(s, 100, &err));
	assert_string_equal(ops_of(s, mem, 1, false), "1.1failed 1.2 1.3unknown");
	good(state_retire(s, 99, &err));
	assert_string_equal(ops_of(s, mem, 0, false), "2.1failed 2.2 2.3unknown");
	assert_int_equal(state_journal(s, 1, mem, &head, &err), 0);
	good(state_retire(s, 0, &err));
	good(state_runs(s, flow, true, &err));
	assert_int_equal(state_next_run(s, &run, &err), 1);
	assert_true(run.id == 2 && run.flow == flow);
	assert_int_equal(state_next_run(s, &run, &err), 0);
	state_close(s);
	arena_free(mem);
}

/* Of a flow that rests its last run stays, and what a side did behind it does not take its place.
 */
static void test_resting(void **state)
{
	const char *path = fresh();
	const long long flow = one_link(path);
	struct state *s = opened(path, true);
	struct run run = {.started = 100}, denied = {.started = 200}, of_other = {.started = 9000};
	struct flow_state other = {.id = 0};

	(void)state;
	good(state_put_run(s, flow, &run, &err));
	good(state_put_run(s, flow, &denied, &err));
	const struct journal_head head = {
		.run = denied.id, .side = "abc", .who = "joe", .base = base, .attrs = "mail"};
	good(state_put_journal(s, &head, &err));
	good(state_put_flow(s, "other", &other, &err));
	good(state_put_run(s, other.id, &of_other, &err));
	good(state_retire(s, 50, &err));
	for (int sets = 0; sets < 2; sets++) {
		struct run left;
		good(state_runs(s, flow, sets != 0, &err));
		assert_int_equal(state_next_run(s, &left, &err), 1);
		assert_int_equal(left.id, run.id);
		assert_int_equal(state_next_run(s, &left, &err), 0);
	}
	state_close(s);
}

/* Runs by when they were started, what is kept of them, and which are. */
static const struct clock_case {
	long long started[5], keep;
	const char *left;
} clocks[] = {
	{{1000, 2000, 3000}, 2000, "1 2 3"},
	{{1000, 2000, 3000}, 1999, "2 3"},
	{{1000, 2000, 3000}, 999, "3"},
	/* Far ahead, and right again: a day. */
	{{1000, 2000, 9000000000, 9000001000, 3000}, 90000, "1 2 3 4 5"},
	{{1000, 2000, 9000000000, 9000001000, 3000}, 1000, "3 4 5"},
	/* Back, and right again. */
	{{1000000, 1001000, 5, 1002000}, 90000, "1 2 3 4"},
	{{1000000, 1001000, 5, 6, 7}, 1002, "1 2 3 4 5"},
	{{1000000, 1001000, 5, 6, 7}, 1, "4 5"},
};

static void test_clocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		const struct clock_case *c = &clocks[i];
		const char *path = fresh();
		const long long flow = one_link(path);
		struct state *s = opened(path, true);
		struct buf left = {0};
		struct run run;
		for (unsigned k = 0; k < 5 && c->started[k] != 0; k++) {
			run = (struct run){.started = c->started[k]};
			good(state_put_run(s, flow, &run, &err));
			/* Its end changes nothing of it. */
			run.finished = 99;
			good(state_put_run(s, flow, &run, &err));
		}
		good(state_retire(s, c->keep, &err));
		for (long long id = 1; id <= 5; id++) {
			good(state_runs(s, flow, true, &err));
			while (state_next_run(s, &run, &err) == 1) {
				if (run.id == id)
					buf_printf(&left, "%s%lld", left.len > 0 ? " " : "", id);
			}
		}
		buf_putc(&left, '\0');
		assert_string_equal(left.data, c->left);
		buf_free(&left);
		state_close(s);
	}
}

/* The last look before a delete: the entry as it was planned, what it is now (NULL: gone), and what
 * becomes of the step. "" is to be written. */
static const struct look_case {
	const char *name, *marker, *more, *why;
} looks[] = {
	{"CN=ann,OU=GAL,DC=xyz", "galway:f:s1", "", ""},
	{"CN=Ann, OU=GAL,DC=xyz", "galway:f:s1", "tel: 2\n", ""},
	{NULL, "", "", "gone"},
	{"CN=ann,OU=GAL,DC=xyz", "galway:f:s2", "", "does not carry our marker any more"},
	{"CN=ann,OU=GAL,DC=xyz", "x", "", "does not carry our marker any more"},
	{"CN=bob,OU=GAL,DC=xyz", "galway:f:s1", "", "was renamed or moved"},
	{"CN=ann,OU=Old,DC=xyz", "galway:f:s1", "", "was renamed or moved"},
	{"CN=ann,OU=GAL,DC=xyz", "galway:f:s1", "adminCount: 1\n",
		"is protected (isCriticalSystemObject or adminCount): left alone"},
};

static struct connector *target_of(struct arena *mem, const char *type, const struct look_case *c)
{
	struct connector *target = NULL;
	struct config *root;
	const char *entry =
		c->name == NULL ? ""
				: arena_printf(mem, "\ndn: %s\nuid: t1\nadminDescription: %s\n%s",
					  c->name, c->marker, c->more);

	put_text(mem, "look.ldif",
		arena_printf(mem, "version: 1\n\ndn: DC=xyz\ndc: xyz\nuid: top\n%s", entry));
	put_text(mem, "look.conf",
		arena_printf(mem,
			"connector xyz {\n type = %s\n file = \"look.ldif\"\n id = uid\n}\n",
			type));
	good(config_load(mem, path_of(mem, "look.conf"), setup_shape(), &root, &err));
	good(connector_open(config_section(root, "connector", "xyz"), &target, &err));
	return target;
}

/* One reads all, the other finds. */
static void test_look(void **state)
{
	static const char *const types[] = {"ldif", "mem"};
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);
	struct step steps[2] = {{.op = STEP_MODIFY, .write = true},
		{.op = STEP_DELETE, .write = true, .source_id = value_of("s1")}};

	(void)state;
	steps[1].change = (struct change){
		.op = CHANGE_DELETE, .id = value_of("t1"), .name = full_name(mem, "ann")};
	for (size_t i = 0; i < 2 * sizeof(looks) / sizeof(looks[0]); i++) {
		const struct look_case *c = &looks[i / 2];
		struct connector *target = target_of(mem, types[i % 2], c);
		struct journalled j[2];
		good(journal_look(target, &f, steps, 2, mem, j, &err));
		assert_null(j[0].early);
		const struct outcome *o = j[1].early;
		const char *why = o == NULL                   ? ""
				  : o->kind == OUTCOME_DONE   ? "gone"
				  : o->kind == OUTCOME_FAILED ? strrchr(o->err.text, ':') + 2
							      : "?";
		if (c->why[0] == 'i')
			why = o != NULL ? strstr(o->err.text, "is protected") : "";
		assert_true(same_text(c->why, why, c->why));
		assert_true(
			c->why[0] != '\0' || entry_first(j[1].before, attr_named("uid")).len == 2);
		good(connector_close(target, &err));
	}
	arena_free(mem);
}

/* A directory that gives entries that were not asked for, and one, and then no more: its read or
 * its answer may fail. */
static struct stubborn {
	int read, next;
	unsigned at;
} stubborn;

static int stubborn_read(struct connector *c, const struct query *q, struct err *e)
{
	(void)c;
	assert_int_equal(q->n_wishes, 1);
	return stubborn.read < 0 ? err_set(e, ERR_BUSY, "no read") : 0;
}

static int stubborn_next(struct connector *c, struct arena *mem, struct entry *e, struct err *why)
{
	static const char *const entries[] = {
		"t0 cn=eve", "t1 cn=bob", "t2 cn=cid", "t1 cn=ann mark=galway:f:s1", "t1 cn=dan"};

	(void)c;
	if (stubborn.at == 5)
		return stubborn.next < 0 ? err_set(why, ERR_BUSY, "no end") : 0;
	*e = entry_of(mem, entries[stubborn.at]);
	/* One of another id has the key of the one that was asked for. */
	if (stubborn.at == 2)
		e->key = entry_key(value_of("t1"));
	e->gone = stubborn.at == 4;
	stubborn.at++;
	return 1;
}

static const struct connector_type stubborn_type = {
	.name = "stubborn", .read = stubborn_read, .next = stubborn_next};

/* Only the entry itself is believed, and no read that did not come to its end. */
static void test_look_wrong(void **state)
{
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);
	struct connector target = {.type = &stubborn_type, .label = "xyz"};
	struct step step = {.op = STEP_DELETE, .write = true, .source_id = value_of("s1")};
	struct journalled j;

	(void)state;
	step.change = (struct change){
		.op = CHANGE_DELETE, .id = value_of("t1"), .name = full_name(mem, "ann")};
	stubborn = (struct stubborn){0};
	good(journal_look(&target, &f, &step, 1, mem, &j, &err));
	assert_null(j.early);
	assert_string_equal(short_name(mem, j.before->name), "ann");
	stubborn = (struct stubborn){.next = -1};
	assert_int_equal(journal_look(&target, &f, &step, 1, mem, &j, &err), -1);
	assert_null(j.early);
	stubborn = (struct stubborn){.read = -1};
	assert_int_equal(journal_look(&target, &f, &step, 1, mem, &j, &err), -1);
	assert_string_equal(err.text, "no read");
	arena_free(mem);
}

/* A state with a run of the flow "f", and a journal of it that is to be written. */
static struct state *journalling(
	struct arena *mem, const struct flow *f, struct journal *jr, const char **path)
{
	*path = fresh();
	const long long flow = one_link(*path);
	struct state *s = opened(*path, true);
	struct run run = {.started = 100};

	good(state_begin(s, &err));
	good(state_put_run(s, flow, &run, &err));
	journal_start(jr, mem, f, run.id, flow, 0);
	return s;
}

/* A batch: what is written, links that come and go, and what is done or failed before it is
 * written. */
static void test_intend(void **state)
{
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);
	struct outcome early = {.kind = OUTCOME_DONE},
		       out[3] = {{.kind = OUTCOME_DONE}, {.kind = OUTCOME_FAILED},
			       {.kind = OUTCOME_UNKNOWN}};
	const struct step steps[] = {
		{.op = STEP_MODIFY, .number = 10, .write = true, .source_id = {"s1", 2}},
		{.op = STEP_DELETE, .number = 3, .write = true, .source_id = {"s2", 2}},
		{.op = STEP_LINK, .number = 5, .source_id = {"s3", 2}},
		{.op = STEP_FORGET, .number = 2, .source_id = {"s4", 2}},
		{.op = STEP_MODIFY, .number = 10, .source_id = {"s5", 2}},
		{.op = STEP_ADD, .number = 8, .write = true, .source_id = {"s6", 2}},
	};
	struct journalled j[6] = {[1].early = &early};
	/* Nothing to write: done; the last two: failed, and nobody knows. */
	struct outcome *const outcomes[6] = {&out[0], NULL, NULL, &out[1], NULL, &out[2]};
	struct journal_head head;
	struct journal jr;
	const char *path;
	struct state *s = journalling(mem, &f, &jr, &path);

	(void)state;
	/* Without an operation there is no journal. */
	good(journal_intend(&jr, s, &f, &steps[4], 1, mem, &j[4], &err));
	good(journal_note(&jr, s, &j[4], &outcomes[4], 1, &err));
	assert_int_equal(state_journal(s, jr.run, mem, &head, &err), 0);
	good(journal_intend(&jr, s, &f, steps, 5, mem, j, &err));
	good(journal_intend(&jr, s, &f, &steps[5], 1, mem, &j[5], &err));
	assert_true(j[0].n == 1 && j[1].n == 0 && j[2].n == 2 && j[3].n == 3 && j[4].n == 0 &&
		    j[5].n == 4);
	good(journal_note(&jr, s, j, outcomes, 6, &err));
	assert_string_equal(ops_of(s, mem, jr.run, false), "1.1 1.2 1.3failed 1.4unknown");
	state_close(s);
	arena_free(mem);
}

/* What cannot be written down is not done. */
static void test_intend_wrong(void **state)
{
	static const char *const tables[] = {"journal", "op", "link"};
	const struct step step = {
		.op = STEP_MODIFY, .number = 10, .write = true, .source_id = {"s1", 2}};
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);
	struct journalled j = {.n = 0};
	struct outcome out = {.kind = OUTCOME_FAILED}, *const outcomes[] = {&out};
	struct journal jr;
	const char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct state *s = journalling(mem, &f, &jr, &path);
		break_state(s, tables[i]);
		assert_int_equal(journal_intend(&jr, s, &f, &step, 1, mem, &j, &err), -1);
		state_close(s);
	}
	struct state *s = journalling(mem, &f, &jr, &path);
	good(journal_intend(&jr, s, &f, &step, 1, mem, &j, &err));
	break_state(s, "op");
	assert_int_equal(journal_note(&jr, s, &j, outcomes, 1, &err), -1);
	state_close(s);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_resting),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_attrs),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_look_wrong),
		cmocka_unit_test(test_intend),
		cmocka_unit_test(test_intend_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
