/* The yardstick: what it costs to read LDIF files and do nothing with them. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ldif.h"

static double cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Entries in the file, or -1. */
static long read_all(const char *path, struct err *err)
{
	struct arena *mem = arena_new();
	struct ldif *file = NULL;
	struct entry entry;
	long n = 0;
	int r = ldif_open(path, false, &file, err) < 0 ? -1 : 1;

	while (r > 0 && (r = ldif_next(file, mem, &entry, err)) > 0) {
		n++;
		arena_reset(mem);
	}
	ldif_close(file);
	arena_free(mem);
	return r < 0 ? -1 : n;
}

int main(int argc, char **argv)
{
	double began = cpu_seconds();
	long long entries = 0, bytes = 0;

	for (int i = 1; i < argc; i++) {
		struct err err;
		struct stat st;
		long n = read_all(argv[i], &err);
		if (n < 0 || stat(argv[i], &st) < 0) {
			fprintf(stderr, "ldif_parse: %s\n", n < 0 ? err.text : argv[i]);
			return 1;
		}
		entries += n;
		bytes += st.st_size;
	}
	double seconds = cpu_seconds() - began;
	printf("entries %lld bytes %lld cpu %.3f s, %.0f MB/s, %.2f us an entry\n", entries, bytes,
		seconds, (double)bytes / 1e6 / (seconds > 0 ? seconds : 1e-6),
		seconds * 1e6 / (double)(entries > 0 ? entries : 1));
	return 0;
}
