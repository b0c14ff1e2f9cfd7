/*
 * bench_measure FILE COMMAND...: runs the command and writes "wall cpu peak status" to the file:
 * seconds, seconds of user and system, KiB, the exit status. A program of its own, because a
 * child's peak memory counts from the fork: that of a shell or an interpreter would be the smallest
 * to be seen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(const struct rusage *used)
{
	return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
	       (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

static int fail(const char *what)
{
	fprintf(stderr, "bench_measure: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: bench_measure FILE COMMAND...\n");
		return 2;
	}
	FILE *out = fopen(argv[1], "we");
	if (out == NULL)
		return fail(argv[1]);
	const double began = now();
	const pid_t child = fork();
	if (child < 0)
		return fail("fork");
	if (child == 0) {
		execvp(argv[2], argv + 2);
		(void)fail(argv[2]);
		_exit(127);
	}
	while (wait4(child, &status, 0, &used) < 0)
		if (errno != EINTR)
			return fail("wait");
	fprintf(out, "%.6f %.6f %ld %d\n", now() - began, cpu(&used), used.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(out) == 0 ? 0 : fail(argv[1]);
}
