#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sync/commands.h"
#include "sync/deadline.h"

/* How a process ends that has a deadline and takes three seconds. */
static int ends_with(long long deadline)
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		deadline_start(deadline);
		(void)sleep(3);
		_exit(EXIT_GOOD);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_deadline(void **state)
{
	(void)state;
	assert_int_equal(ends_with(1), EXIT_LATER);
	assert_int_equal(ends_with(0), EXIT_GOOD);
	assert_int_equal(ends_with(1LL << 40), EXIT_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_deadline)};

	return cmocka_run_group_tests_name("sync_deadline", tests, NULL, NULL);
}
