#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "sync/held.h"
#include "sync/options.h"

/* Directory data is not for everybody: no core files, no files that others may read. */
static void settle_in(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)umask(077);
}

/* What is large grows without being copied and is given back when it is freed. Left alone, the C
 * library would end this when the first such piece is freed, and give each thread a heap of its
 * own, which costs more than taking turns: most of what threads make lies in arenas. */
static void keep_memory_small(void)
{
	enum { LARGE = 128 << 10, AT_HAND = 4 << 20 };

	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, AT_HAND);
	(void)mallopt(M_ARENA_MAX, 1);
}

/* What is closed would be given to the next file that is opened, and a message would be written
 * into that. Opened for reading, so that writing fails and is told. */
static void occupy_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	keep_memory_small();
	struct arena *mem = arena_new();
	const struct command *command;
	struct request request;
	struct err err = {0};

	occupy_standard();
	settle_in();
	int code = options_parse(argc, argv, &command, &request, &err);
	const int held = code == 0 && command->looks ? held_begin() : -1;
	if (code == 0)
		code = command->run(mem, &request, &err);
	if (code < 0) {
		log_error("%s", err.text);
		code = exit_of(&err);
	}
	arena_free(mem);
	/* What did not go out before is not there to be flushed. */
	const bool lost = ferror(stdout) != 0;
	const bool told = lost && code == EXIT_LATER;
	if ((held_end(held) != 0 || fflush(stdout) != 0 || lost) && code != EXIT_USAGE && !told) {
		log_error(
			"standard output: %s", lost ? "not all could be written" : strerror(errno));
		code = EXIT_LATER;
	}
	return code;
}
