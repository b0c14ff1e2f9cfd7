/* A saved plan: the input as it is, and as what is behind a head whose seal is right. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/arena.h"
#include "base/err.h"
#include "sync/saved.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/fuzz-XXXXXX";

static void forget(void)
{
	(void)unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = mkstemp(path);

	(void)argc;
	(void)argv;
	if (fd < 0)
		return -1;
	close(fd);
	return atexit(forget);
}

static void try(const uint8_t *data, size_t size, bool sealed)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	struct arena *mem = arena_new();
	struct saved saved;
	struct err err = {0};
	FILE *f = fopen(path, "w");

	if (f == NULL)
		abort();
	if (sealed) {
		SHA256(data, size, sum);
		(void)fputs("{\"galway-plan\":1,\"sha256\":\"", f);
		for (size_t i = 0; i < sizeof(sum); i++)
			(void)fprintf(f, "%02x", sum[i]);
		(void)fputs("\",\n", f);
	}
	(void)fwrite(data, 1, size, f);
	(void)fclose(f);
	if (saved_read(mem, path, &saved, &err) < 0) {
		if (err.kind != ERR_FATAL)
			abort();
	} else if (!sealed || saved.flow == NULL || saved.when == NULL || saved.digest == NULL) {
		/* Nobody finds a SHA-256 by trying. */
		abort();
	}
	arena_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try(data, size, false);
	try(data, size, true);
	return 0;
}
