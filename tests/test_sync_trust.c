#include "state_cases.h"

#include "base/log.h"
#include "connectors/connector.h"
#include "sync/flow.h"
#include "sync/trust.h"

/* What is told the operator, who reads no report: the warnings so far. */
static char told[1000];

void __wrap_log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void __wrap_log_line(enum log_level level, const char *fmt, ...)
{
	const size_t len = strlen(told);
	va_list args;

	assert_int_equal(level, LOG_WARN);
	va_start(args, fmt);
	vsnprintf(told + len, sizeof(told) - len, fmt, args);
	va_end(args);
	strncat(told, "\n", sizeof(told) - strlen(told) - 1);
}

/* A server that says who it is, and shows ann. NULL: it cannot be asked. */
struct server {
	struct connector connector;
	const char *who;
	bool reads, shown;
};

static int server_identity(
	struct connector *c, struct arena *mem, const char **identity, struct err *e)
{
	const char *who = ((struct server *)c)->who;

	if (who == NULL)
		return err_set(e, ERR_BUSY, "who are you?");
	*identity = arena_strdup(mem, who);
	return 0;
}

static int server_read(struct connector *c, const struct query *q, struct err *e)
{
	struct server *s = (struct server *)c;

	assert_int_equal(q->kind, QUERY_FIND);
	s->shown = false;
	return s->reads ? 0 : err_set(e, ERR_BUSY, "who is there?");
}

static int server_next(struct connector *c, struct arena *mem, struct entry *e, struct err *ignored)
{
	struct server *s = (struct server *)c;

	(void)mem;
	(void)ignored;
	*e = (struct entry){.name = value_of("CN=ann,DC=xyz")};
	s->shown = !s->shown;
	return s->shown;
}

/* Of "a 5" it is the directory a, which has got to 5. */
static int server_stands(struct connector *c, const char *before, struct arena *mem,
	const char **lacks, enum answerer *stands, struct err *e)
{
	const char *who = ((struct server *)c)->who;

	if (before[0] != who[0]) {
		*stands = ANSWERER_OTHER;
		return 0;
	}
	if (who[2] == '?')
		return err_set(e, ERR_BUSY, "where do you stand?");
	*stands = who[2] < before[2] ? ANSWERER_BEHIND : ANSWERER_SAME;
	*lacks = arena_printf(mem, "%c is at %c", who[0], who[2]);
	return 0;
}

static const struct connector_type server_type = {.name = "server",
	.can = CAN_FIND,
	.read = server_read,
	.next = server_next,
	.identity = server_identity};

/* One of several servers of a directory, which are not always of one state. */
static const struct connector_type replica_type = {.name = "replica",
	.can = CAN_FIND,
	.read = server_read,
	.next = server_next,
	.identity = server_identity,
	.stands = server_stands};

static struct server server_of(const char *who)
{
	return (struct server){
		.connector = {.type = &server_type, .label = "xyz"}, .who = who, .reads = true};
}

/* Its section of the configuration, with this canary; NULL: none. */
static const struct config *section_of(struct arena *mem, const char *canary)
{
	static const struct setting settings[] = {
		{"canary", SETTING_LIST, NULL, NULL, ""}, {NULL, SETTING_TEXT, NULL, NULL, NULL}};
	static const struct section_shape root = {.settings = settings};
	struct config *config;

	put_text(mem, "test.conf",
		canary == NULL ? "" : arena_printf(mem, "canary = \"CN=%s,DC=xyz\"\n", canary));
	good(config_load(mem, path_of(mem, "test.conf"), &root, &config, &err));
	return config;
}

/* The state, in which who answered the last run is written down; NULL: there was none. */
static struct state *state_after(const char *before)
{
	struct state *s = opened(fresh(), true);

	if (before != NULL) {
		good(state_begin(s, &err));
		good(state_put_pin(s, "xyz", before, 0, &err));
		good(state_commit(s, &err));
	}
	return s;
}

#define ANOTHER "xyz: another directory answers than in the last run"
#define REFUSED ANOTHER ": nothing is written before a run was approved"
#define MISSING "the canary CN=bob,DC=xyz is not to be seen in xyz"

/* Who answered the last run, who does now, and the canary; what a run is told, and why nobody may
 * write without one ("" he may). */
static const struct {
	const char *before, *now, *canary;
	bool other;
	const char *told, *why;
} cases[] = {
	/* the first run: whoever answers is the one from now on */
	{NULL, "a", NULL, false, "", ""},
	/* the last one did not say who it is: nothing can be told apart */
	{"", "a", NULL, false, "", ""},
	{"", "", NULL, false, "", ""},
	{"a", "a", NULL, false, "", ""},
	/* another server under the old name, or one that does not say any more */
	{"a", "b", NULL, true, ANOTHER " (b, before it was a)\n", REFUSED},
	{"a", "", NULL, true, ANOTHER " (it does not say who it is, before it was a)\n", REFUSED},
	/* by the very text */
	{"a", "A", NULL, true, ANOTHER " (A, before it was a)\n", REFUSED},
	{"a", "ab", NULL, true, ANOTHER " (ab, before it was a)\n", REFUSED},
	/* the right one, of which not all is to be seen */
	{"a", "a", "ann", false, "", ""},
	{"a", "a", "bob", false, MISSING ": nothing will be written\n",
		MISSING ": nothing is written"},
	{NULL, "a", "bob", false, MISSING ": nothing will be written\n",
		MISSING ": nothing is written"},
	/* both: a run tells both, and which directory it is counts first */
	{"a", "b", "bob", true,
		ANOTHER " (b, before it was a)\n" MISSING ": nothing will be written\n", REFUSED},
	{"a", "b", "ann", true, ANOTHER " (b, before it was a)\n", REFUSED},
};

static void test_cases(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		const struct config *config = section_of(mem, cases[i].canary);
		struct server s = server_of(cases[i].now);
		struct state *known = state_after(cases[i].before);
		struct plan plan = {.full = false};
		const bool missing = strstr(cases[i].told, MISSING) != NULL;
		const char *which = arena_printf(mem, "case %zu", i), *pin;
		told[0] = '\0';
		good(trust_plan(&plan, known, &s.connector, config, mem, &pin, &err));
		wrong += !same_text(which, told, cases[i].told);
		wrong += !same_text(which, pin, cases[i].now);
		wrong += !same_text(
			which, plan.other != NULL ? plan.other : "", cases[i].other ? "xyz" : "");
		wrong += !same_text(
			which, plan.canary != NULL ? plan.canary : "", missing ? MISSING : "");
		assert_int_equal(plan.n_cautions, 0);
		err = (struct err){.kind = ERR_NONE};
		const int rc = trust_directory(known, &s.connector, config, mem, &err);
		assert_int_equal(rc, cases[i].why[0] != '\0' ? -1 : 0);
		assert_int_equal(err.kind, rc < 0 ? ERR_FATAL : ERR_NONE);
		wrong += !same_text(which, rc < 0 ? err.text : "", cases[i].why);
		state_close(known);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* A directory that may be anybody's is not refused: who reads the report, or the log, is told. */
static void test_caution(void **state)
{
	struct arena *mem = arena_new();
	const struct config *config = section_of(mem, NULL);
	struct server source = server_of("a"), target = server_of("b");
	struct state *known = state_after(NULL);
	struct plan plan = {.full = false};
	const char *pin;

	(void)state;
	told[0] = '\0';
	source.connector.label = "abc";
	source.connector.caution = "TLS is not asked for";
	target.connector.caution = "any certificate will do";
	good(trust_plan(&plan, known, &source.connector, config, mem, &pin, &err));
	good(trust_plan(&plan, known, &target.connector, config, mem, &pin, &err));
	assert_int_equal(plan.n_cautions, 2);
	assert_string_equal(plan.cautions[0], "abc: TLS is not asked for");
	assert_string_equal(plan.cautions[1], "xyz: any certificate will do");
	assert_string_equal(told, "abc: TLS is not asked for\nxyz: any certificate will do\n");
	assert_null(plan.other);
	state_close(known);
	arena_free(mem);
}

/* Who lags behind is the right one, but no plan is made by it; a single change may be. */
static void test_behind(void **state)
{
	static const struct {
		const char *before, *now, *behind, *told;
		bool other;
	} replicas[] = {
		{"a 5", "a 5", NULL, "", false},
		{"a 5", "a 6", NULL, "", false},
		{NULL, "a 1", NULL, "", false},
		{"a 5", "a 4", "xyz: a is at 4", "xyz: a is at 4\n", false},
		{"a 5", "b 9", NULL, ANOTHER " (b 9, before it was a 5)\n", true},
	};
	struct arena *mem = arena_new();
	const struct config *config = section_of(mem, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(replicas) / sizeof(replicas[0]); i++) {
		struct server s = server_of(replicas[i].now);
		struct state *known = state_after(replicas[i].before);
		struct plan plan = {.full = false};
		const char *pin;
		s.connector.type = &replica_type;
		told[0] = '\0';
		good(trust_plan(&plan, known, &s.connector, config, mem, &pin, &err));
		assert_string_equal(told, replicas[i].told);
		assert_string_equal(pin, replicas[i].now);
		assert_string_equal(plan.behind != NULL ? plan.behind : "",
			replicas[i].behind != NULL ? replicas[i].behind : "");
		assert_int_equal(plan.other != NULL, replicas[i].other);
		assert_int_equal(trust_directory(known, &s.connector, config, mem, &err),
			replicas[i].other ? -1 : 0);
		state_close(known);
	}
	struct server silent = server_of("a ?");
	struct state *known = state_after("a 5");
	struct plan plan = {.full = false};
	const char *pin;
	silent.connector.type = &replica_type;
	assert_int_equal(trust_plan(&plan, known, &silent.connector, config, mem, &pin, &err), -1);
	state_close(known);
	arena_free(mem);
}

static void untrusted(struct arena *mem, struct state *known, struct server *s, const char *canary,
	enum err_kind kind, const char *why)
{
	const struct config *config = section_of(mem, canary);
	struct plan plan = {.full = false};
	const char *pin;

	told[0] = '\0';
	for (int run = 0; run < 2; run++) {
		err = (struct err){.kind = ERR_NONE};
		assert_int_equal(
			run ? trust_plan(&plan, known, &s->connector, config, mem, &pin, &err)
			    : trust_directory(known, &s->connector, config, mem, &err),
			-1);
		assert_int_equal(err.kind, kind);
		assert_non_null(strstr(err.text, why));
	}
	assert_null(plan.other);
	assert_null(plan.canary);
	assert_string_equal(told, "");
}

/* One that cannot be asked is not trusted, as if it were the right one, nor taken for another: the
 * run ends, and the error says whether the next one may do. */
static void test_unknown(void **state)
{
	struct arena *mem = arena_new();
	struct server silent = server_of(NULL), blind = server_of("a"), well = server_of("a");
	struct state *known = state_after("a");

	(void)state;
	blind.reads = false;
	untrusted(mem, known, &silent, "ann", ERR_BUSY, "who are you?");
	untrusted(mem, known, &blind, "ann", ERR_BUSY, "looking for the canary: who is there?");
	break_state(known, NULL);
	untrusted(mem, known, &well, "ann", ERR_FATAL, "state");
	state_close(known);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_caution),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
