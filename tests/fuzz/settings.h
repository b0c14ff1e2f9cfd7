/* A configuration that a target is made with; text that is none ends the target. */
#ifndef FUZZ_SETTINGS_H
#define FUZZ_SETTINGS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"

/* In `mem`; `sections`: those that it may have. */
static inline struct config *settings_of(
	struct arena *mem, const struct section_shape *sections, const char *text)
{
	struct section_shape *root = arena_zalloc(mem, sizeof(*root));
	char path[] = "/tmp/fuzz-XXXXXX";
	const int fd = mkstemp(path);
	const size_t len = strlen(text);
	struct config *file;
	struct err err;

	root->inner = sections;
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	close(fd);
	if (config_load(mem, path, root, &file, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
	(void)unlink(path);
	return file;
}

#endif
