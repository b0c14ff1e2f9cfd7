/* A fuzz target on the inputs of a folder, once each, where libFuzzer is not: what was found stays
 * found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static void one(const char *path)
{
	FILE *f = fopen(path, "r");
	long size;
	uint8_t *data;

	if (f == NULL || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		abort();
	rewind(f);
	/* Of its own size, so that a step too far is seen. */
	data = malloc((size_t)size + (size == 0));
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size)
		abort();
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int main(int argc, char **argv)
{
	char path[4096];
	struct dirent *e;
	unsigned n = 0;
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

	if (folder == NULL ||
		(LLVMFuzzerInitialize != NULL && LLVMFuzzerInitialize(&argc, &argv) != 0))
		return 1;
	while ((e = readdir(folder)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		one(path);
		n++;
	}
	(void)closedir(folder);
	printf("%u inputs\n", n);
	return n == 0;
}
