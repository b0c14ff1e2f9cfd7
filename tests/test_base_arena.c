#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

/* Out of memory shall be what the program sees, not the sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* In place of the C library's: what the dying program did is counted by gcov. */
void _exit(int code)
{
	exit(code);
}

#define BLOCK (64u << 10)

static void test_alloc(void **state)
{
	static const size_t sizes[] = {
		0, 1, 15, 16, 17, 4096, BLOCK - 16, BLOCK, BLOCK + 1, 1u << 20};
	struct arena *a = arena_new();
	char *at[sizeof(sizes) / sizeof(sizes[0])];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at[i] = arena_alloc(a, sizes[i]);
		assert_int_equal((uintptr_t)at[i] % _Alignof(max_align_t), 0);
		memset(at[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(at[i][k], i + 1);
	}
	arena_free(a);
	arena_free(NULL);
}

static void test_copies(void **state)
{
	struct arena *a = arena_new();
	char *long_text = malloc(BLOCK + 1);

	(void)state;
	memset(long_text, 'x', BLOCK);
	long_text[BLOCK] = '\0';
	assert_memory_equal(arena_copy(a, "a\0b", 3), "a\0b\0", 4);
	assert_string_equal(arena_copy(a, NULL, 0), "");
	assert_string_equal(arena_strdup(a, "text"), "text");
	assert_string_equal(arena_printf(a, "%d%s", 1, "two"), "1two");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	assert_string_equal(arena_printf(a, "%s", long_text), long_text);
	char *zeros = arena_zalloc(a, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(zeros[i], 0);
	free(long_text);
	arena_free(a);
}

/* What was there before the mark stays, and the memory after it is used again. */
static void test_rewind(void **state)
{
	struct arena *a = arena_new();
	char *before = arena_strdup(a, "before");

	(void)state;
	struct arena_mark mark = arena_mark(a);
	void *first = arena_alloc(a, 100);
	arena_alloc(a, 5 * BLOCK);
	arena_alloc(a, BLOCK);
	size_t held = arena_held(a);
	for (int i = 0; i < 10; i++) {
		arena_rewind(a, mark);
		assert_ptr_equal(arena_alloc(a, 100), first);
		arena_alloc(a, 5 * BLOCK);
		arena_alloc(a, BLOCK);
		assert_int_equal(arena_held(a), held);
	}
	/* A kept block that is too small is kept all the same. */
	arena_rewind(a, mark);
	arena_alloc(a, 9 * BLOCK);
	assert_int_equal(arena_held(a), held + 9 * BLOCK);
	assert_string_equal(before, "before");
	arena_free(a);
}

/* One huge entry does not stay for the whole run. */
static void test_reset(void **state)
{
	struct arena *a = arena_new();
	void *first = arena_alloc(a, 8);
	size_t held = arena_held(a);

	(void)state;
	for (int i = 0; i < 3; i++) {
		arena_alloc(a, 9 * BLOCK);
		arena_alloc(a, BLOCK);
		assert_true(arena_held(a) > 10 * BLOCK);
		arena_reset(a);
		assert_int_equal(arena_held(a), held);
		assert_ptr_equal(arena_alloc(a, 8), first);
	}
	arena_free(a);
}

static void ask_too_much(unsigned how)
{
	static struct arena *a;
	volatile size_t most = SIZE_MAX;

	a = arena_new();
	if (how == 0)
		arena_alloc(a, most);
	else if (how == 1)
		arena_alloc(a, most - 40);
	else if (how == 2)
		arena_alloc(a, most / 2);
	else
		arena_copy(a, "", most);
}

/* The program ends with exit code 5 and says why. */
static void test_out_of_memory(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		char text[100] = "";
		int status, ends[2];
		assert_int_equal(pipe(ends), 0);
		fflush(stdout);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			dup2(ends[1], STDERR_FILENO);
			ask_too_much(how);
			_exit(0);
		}
		close(ends[1]);
		FILE *f = fdopen(ends[0], "r");
		bool said = false;
		while (fgets(text, sizeof(text), f) != NULL)
			said |= strcmp(text, "galway: out of memory\n") == 0;
		fclose(f);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 5);
		assert_true(said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
