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

#include "base/err.h"
#include "base/secret.h"

#define CANARY "S3CR3T-canary"

static char folder[] = "/tmp/secret-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, mode_t mode, const char *data, size_t len)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void put_files(void)
{
	static char large[5000];
	static const struct {
		const char *name;
		mode_t mode;
		const char *text;
		size_t len;
	} files[] = {
		{"good", 0600, CANARY "\nsecond line\n", sizeof(CANARY "\nsecond line\n") - 1},
		{"read-only", 0400, CANARY, sizeof(CANARY) - 1},
		{"windows", 0600, CANARY "\r\n", sizeof(CANARY "\r\n") - 1},
		{"blank", 0600, " a b \n", 6},
		{"group", 0640, CANARY, sizeof(CANARY) - 1},
		{"world", 0604, CANARY, sizeof(CANARY) - 1},
		{"empty", 0600, "", 0},
		{"empty-line", 0600, "\n" CANARY, sizeof("\n" CANARY) - 1},
		{"nul", 0600, "S3\0R3T", 6},
		{"longest", 0600, large, 4096},
		{"too-long", 0600, large, 4097},
		{"5000", 0600, large, 5000},
	};

	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(files[i].name, files[i].mode, files[i].text, files[i].len);
	assert_int_equal(symlink("good", path_of("link")), 0);
	assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
}

/* Where, and what comes of it: the secret, or "! the end of the error". @ is the folder. */
static const struct secret_case {
	const char *where, *expected;
} cases[] = {
	{"file:@/good", CANARY},
	{"file:@/read-only", CANARY},
	{"file:@/windows", CANARY},
	{"file:@/blank", " a b "},
	{"file:@/link", CANARY},
	{"file:@/group", "! others may read it (mode 0640): chmod 600 it, and change the secret"},
	{"file:@/world", "! others may read it (mode 0604): chmod 600 it, and change the secret"},
	{"file:@/empty", "! the secret is empty"},
	{"file:@/empty-line", "! the secret is empty"},
	{"file:@/nul", "! has a NUL in it"},
	{"file:@/too-long", "! over 4096 bytes"},
	{"file:@/5000", "! over 4096 bytes"},
	{"file:@/none", "! No such file or directory"},
	{"file:@", "! not a regular file"},
	{"file:@/pipe", "! not a regular file"},
	{"file:good", "! the path must begin with /"},
	{"file:", "! the path must begin with /"},
	{"env:GALWAY_TEST_SECRET", CANARY},
	{"env:GALWAY_TEST_EMPTY", "! the secret is empty"},
	{"env:GALWAY_TEST_NONE", "! env:GALWAY_TEST_NONE: not in the environment"},
	{"credential:good", CANARY},
	{"credential:group",
		"! others may read it (mode 0640): chmod 600 it, and change the secret"},
	{"credential:../good", "! not the name of a credential"},
	{"credential:a/b", "! not the name of a credential"},
	{"exec:echo " CANARY, CANARY},
	{"exec:printf '" CANARY "\\nmore\\n'", CANARY},
	{"exec:printf " CANARY "; exit 3", "! exec: ended with exit code 3"},
	{"exec:kill -9 $$", "! exec: ended with signal 9"},
	{"exec:true", "! exec: the secret is empty"},
	{"exec:no-such-command-" CANARY " 2>/dev/null", "! exec: ended with exit code 127"},
	{"exec:printf 'a\\0b'", "! exec: has a NUL in it"},
	{"exec:head -c 1000000 /dev/zero | tr '\\0' x", "! exec: over 4096 bytes"},
	{"exec:echo " CANARY "; head -c 1000000 /dev/zero", CANARY},
	{CANARY, "! says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME"},
	{"", "! says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME"},
	{"FILE:@/good", "! says neither file:PATH, env:NAME, exec:COMMAND nor credential:NAME"},
};

static void check(const struct secret_case *t)
{
	char where[512], got[sizeof(struct err)];
	const char *at = strchr(t->where, '@');
	struct secret s;
	struct err err = {ERR_NONE, ""};

	if (at != NULL)
		(void)snprintf(where, sizeof(where), "%.*s%s%s", (int)(at - t->where), t->where,
			folder, at + 1);
	else
		(void)snprintf(where, sizeof(where), "%s", t->where);
	if (secret_load(where, &s, &err) == 0) {
		(void)snprintf(got, sizeof(got), "%s", s.data);
		assert_int_equal(s.len, strlen(got));
	} else {
		const size_t len = strlen(err.text), want = strlen(t->expected) - 2;
		(void)snprintf(got, sizeof(got), "! %s",
			t->expected[0] == '!' && len > want ? err.text + len - want : err.text);
		assert_int_equal(err.kind, ERR_FATAL);
		assert_null(strstr(err.text, CANARY));
		assert_null(s.data);
	}
	if (strcmp(got, t->expected) != 0)
		fail_msg("%s: %s, not %s", t->where, got, t->expected);
	secret_free(&s);
	secret_free(&s);
	assert_null(s.data);
}

static void test_cases(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	put_files();
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	assert_int_equal(setenv("GALWAY_TEST_SECRET", CANARY, 1), 0);
	assert_int_equal(setenv("GALWAY_TEST_EMPTY", "", 1), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&cases[i]);
}

static void test_longest(void **state)
{
	char where[300];
	struct secret s;
	struct err err;

	(void)state;
	(void)snprintf(where, sizeof(where), "file:%s", path_of("longest"));
	assert_int_equal(secret_load(where, &s, &err), 0);
	assert_int_equal(s.len, 4096);
	assert_int_equal(s.data[4096], 0);
	secret_free(&s);
}

static void test_no_credentials(void **state)
{
	struct secret s;
	struct err err;

	(void)state;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(secret_load("credential:good", &s, &err), -1);
	assert_non_null(strstr(err.text, "LoadCredential"));
}

static int remove_files(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_no_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, remove_files);
}
