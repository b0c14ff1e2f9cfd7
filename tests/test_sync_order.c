#include "sync_cases.h"

#include "base/keys.h"
#include "sync/order.h"
#include "sync/plan.h"

/* Steps, "operation name", as they come and as they are to be done. */
static const char *const cases[][2] = {
	{"", ""},
	{"add CN=b; add CN=a", "add CN=a; add CN=b"},
	{"add CN=B; add cn=a; add CN=C", "add cn=a; add CN=B; add CN=C"},
	/* parents before children, but children before parents when they go */
	{"add CN=a,OU=p; add OU=p; add CN=z", "add CN=z; add OU=p; add CN=a,OU=p"},
	{"delete CN=a,OU=p; delete OU=p; delete CN=z",
		"delete CN=a,OU=p; delete CN=z; delete OU=p"},
	{"delete OU=p; delete CN=a,OU=q,OU=p; delete OU=q,OU=p",
		"delete CN=a,OU=q,OU=p; delete OU=q,OU=p; delete OU=p"},
	/* changes only by name */
	{"modify CN=b; modify CN=a,OU=p; link CN=c; link CN=a",
		"link CN=a; modify CN=a,OU=p; modify CN=b; link CN=c"},
	/* the kinds */
	{"conflict CN=a; delete CN=a; forget CN=a; link CN=a; add CN=a; none CN=a",
		"none CN=a; add CN=a; link CN=a; forget CN=a; delete CN=a; conflict CN=a"},
	{"forget CN=b; delete CN=a; modify CN=c; conflict CN=d",
		"modify CN=c; forget CN=b; delete CN=a; conflict CN=d"},
	/* without a name in the target that of the source counts */
	{"forget CN=b; forget ?", "forget ?; forget CN=b"},
	{"conflict CN=c; conflict -b; conflict -A", "conflict -A; conflict -b; conflict CN=c"},
};

static struct step step_of(struct arena *mem, char *text)
{
	static const char *const ops[] = {
		"none", "add", "modify", "delete", "link", "forget", "conflict"};
	char *rest = text, *word = strsep(&rest, " ");
	struct step s = {.source_id = value_of(arena_strdup(mem, rest))};

	while (strcmp(ops[s.op], word) != 0)
		s.op++;
	if (rest[0] == '-')
		s.source_name = value_of(arena_printf(mem, "CN=%s", rest + 1));
	else if (rest[0] != '?')
		s.target_name = value_of(rest);
	s.message = text; /* the operation, now that it was cut off */
	return s;
}

static void put(struct steps *steps, struct arena *mem, const char *text)
{
	struct step s = step_of(mem, arena_strdup(mem, text));
	struct err err;

	assert_int_equal(steps_add(steps, &s, &err), 0);
}

static const char *read_steps(struct arena *mem, struct steps *steps)
{
	struct keys places;
	const char *text = "";
	struct step s;
	struct err err;
	uint32_t place;
	int rc;

	keys_init(&places, 0, false);
	assert_int_equal(steps_rewind(steps, &err), 0);
	while ((rc = steps_next(steps, mem, &s, &place, &err)) == 1) {
		assert_true(keys_put(&places, place + 1ull, 0));
		text = arena_printf(mem, "%s%s%s %s", text, text[0] != '\0' ? "; " : "", s.message,
			arena_copy(mem, s.source_id.data, s.source_id.len));
	}
	assert_int_equal(rc, 0);
	keys_free(&places);
	return text;
}

/* In this order and in the opposite one; and read twice. */
static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		char *words[16];
		unsigned n = words_of(mem, cases[i][0], ";", words, 16);
		for (unsigned turn = 0; turn < 2; turn++) {
			struct steps steps;
			steps_init(&steps);
			for (unsigned k = 0; k < n; k++)
				put(&steps, mem, words[turn == 0 ? k : n - 1 - k]);
			assert_string_equal(read_steps(mem, &steps), cases[i][1]);
			assert_string_equal(read_steps(mem, &steps), cases[i][1]);
			steps_free(&steps);
			steps_free(&steps);
		}
		arena_free(mem);
	}
}

/* Names that begin alike: by the source, whatever the order in which they come. */
static void test_long_names(void **state)
{
	struct arena *mem = arena_new();
	const char *first = NULL;

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct steps steps;
		steps_init(&steps);
		for (unsigned i = 0; i < 20; i++)
			put(&steps, mem,
				arena_printf(mem, "add CN=0123456789012345678901234567890123%u",
					turn == 0 ? i : 19 - i));
		const char *text = read_steps(mem, &steps);
		if (turn == 0)
			first = text;
		assert_string_equal(text, first);
		steps_free(&steps);
	}
	arena_free(mem);
}

/* No room for the steps: a later run may find some. */
static void test_no_room(void **state)
{
	static char large[300000];
	struct steps steps;
	struct step s = {.op = STEP_MODIFY, .source_id = {large, sizeof(large)}};
	struct err err = {0};
	int rc = 0;

	(void)state;
	setenv("TMPDIR", "/nonexistent/galway", 1);
	steps_init(&steps);
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = steps_add(&steps, &s, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_BUSY);
	unsetenv("TMPDIR");
	steps_free(&steps);
}

/* A large plan is in the order of the ids, whatever the names. */
static void test_by_id(void **state)
{
	struct arena *mem = arena_new();
	struct steps steps;

	(void)state;
	steps_init(&steps);
	steps.by_id = true;
	put(&steps, mem, "modify -b");
	put(&steps, mem, "modify CN=a");
	put(&steps, mem, "delete CN=c");
	put(&steps, mem, "modify -A");
	assert_string_equal(
		read_steps(mem, &steps), "modify -A; modify -b; modify CN=a; delete CN=c");
	steps_free(&steps);
	arena_free(mem);
}

/* An undo goes backwards: as the steps came. */
static void test_as_added(void **state)
{
	struct arena *mem = arena_new();
	struct steps steps;

	(void)state;
	steps_init(&steps);
	steps.as_added = true;
	put(&steps, mem, "delete CN=b");
	put(&steps, mem, "add CN=c");
	put(&steps, mem, "delete CN=a");
	assert_string_equal(read_steps(mem, &steps), "delete CN=b; add CN=c; delete CN=a");
	steps_free(&steps);
	arena_free(mem);
}

/* The file of the steps: the one without a name that is open. */
static int open_file(void)
{
	char path[40], name[200];

	for (int fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		if (strstr(name, " (deleted)") != NULL)
			return fd;
	}
	return -1;
}

/* What comes back from the disk is not believed. */
static void test_spoiled(void **state)
{
	static char large[300000];
	struct arena *mem = arena_new();
	struct step s = {.op = STEP_MODIFY, .source_id = {large, sizeof(large)}};
	struct steps steps;
	struct err err = {0};
	uint32_t place;

	(void)state;
	steps_init(&steps);
	assert_int_equal(steps_add(&steps, &s, &err), 0);
	assert_int_equal(steps_rewind(&steps, &err), 0);
	const int fd = open_file();
	assert_true(fd >= 0);
	/* The end of the file comes too early. */
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(steps_next(&steps, mem, &s, &place, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	/* Zeros are no step. */
	assert_int_equal(steps_rewind(&steps, &err), 0);
	assert_int_equal(ftruncate(fd, 400000), 0);
	assert_int_equal(steps_next(&steps, mem, &s, &place, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	assert_string_equal(err.text, "temporary file: damaged step");
	steps_free(&steps);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_by_id),
		cmocka_unit_test(test_as_added),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
