/*
 * FILE.changes of the ldif connector, beside a FILE of three entries: the input as the file, and as
 * a batch whose end is right. Everybody who reads FILE reads it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldif.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char content[] = "dn: cn=a,dc=x\ncn: a\nmail: a@abc.example\n\n"
			      "dn: cn=b,dc=x\ncn: b\nobjectClass: top\n\n"
			      "dn: ou=c,dc=x\nou: c\n\n";
static char folder[] = "/tmp/fuzz-XXXXXX", file[40], path[48];

static void forget(void)
{
	(void)unlink(path);
	(void)unlink(file);
	(void)rmdir(folder);
}

static void put(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/f", folder);
	(void)snprintf(path, sizeof(path), "%s.changes", file);
	put(file, content, sizeof(content) - 1);
	return atexit(forget);
}

static void read_all(struct changes *c, struct arena *mem)
{
	struct overlay o;
	struct entry e;
	struct err err = {0};
	int r = overlay_open(&o, c, false, &err);

	while (r == 0 && (r = overlay_next(&o, mem, &e, &err)) == 1)
		r = 0;
	if (r < 0 && err.kind == ERR_NONE)
		abort();
	overlay_close(&o);
}

static void try(struct arena *mem, bool whole)
{
	struct changes c;
	struct err err = {0};

	if (changes_load(&c, mem, file, &err) == 0)
		read_all(&c, mem);
	else if (err.kind != ERR_FATAL)
		abort();
	/* A batch with its end is never taken for a torn one. */
	if (whole && err.kind == ERR_NONE && c.torn)
		abort();
	changes_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	struct changes c;
	struct err err;
	struct buf batch = {0};

	put(path, data, size);
	try(mem, false);
	(void)unlink(path);
	if (changes_load(&c, mem, file, &err) < 0)
		abort();
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || changes_note(&c, fd, &err) < 0 || close(fd) < 0)
		abort();
	changes_begin(&c, &batch);
	buf_add(&batch, data, size);
	buf_puts(&batch, "\n\n");
	if (changes_append(&c, &batch, &err) < 0)
		abort();
	buf_free(&batch);
	changes_free(&c);
	try(mem, true);
	(void)unlink(path);
	arena_free(mem);
	return 0;
}
