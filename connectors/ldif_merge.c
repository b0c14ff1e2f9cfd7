#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ldif.h"
#include "base/log.h"
#include "connectors/file.h"
#include "connectors/ldif.h"

#define FLUSH (256u << 10)

/* Mode and owner as FILE has them. */
static int create(const char *file, const char *tmp, struct err *err)
{
	struct stat st;

	/* What a crash has left; nobody else may have made it. */
	if (unlink(tmp) < 0 && errno != ENOENT)
		return file_fail(err, tmp);
	if (stat(file, &st) < 0)
		return file_fail(err, file);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_fail(err, tmp);
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		log_warn("%s: its owner and group cannot be kept", file);
	if (fchmod(fd, st.st_mode & 0777) < 0) {
		file_fail(err, tmp);
		close(fd);
		return -1;
	}
	return fd;
}

static int flush(int fd, const char *tmp, struct buf *text, size_t limit, struct err *err)
{
	if (text->len < limit)
		return 0;
	if (file_write(fd, tmp, text->data, text->len, -1, err) < 0)
		return -1;
	buf_clear(text);
	return 0;
}

/* was: FILE as it was opened. */
static int write_all(struct ldif_dir *d, int fd, const char *tmp, struct stat *was, struct err *err)
{
	struct arena *mem = arena_new();
	struct buf text = {0};
	struct entry e;

	buf_puts(&text, "version: 1\n\n");
	int r = overlay_open(&d->overlay, &d->changes, d->allow_urls, err);
	if (r == 0 && fstat(ldif_fd(d->overlay.file), was) < 0)
		r = file_fail(err, d->file);
	while (r >= 0 && (r = overlay_next(&d->overlay, mem, &e, err)) > 0) {
		ldif_print_entry(&text, &e);
		r = flush(fd, tmp, &text, FLUSH, err);
		arena_reset(mem);
	}
	if (r == 0)
		r = flush(fd, tmp, &text, 1, err);
	if (r == 0)
		r = file_sync(fd, tmp, err);
	buf_free(&text);
	arena_free(mem);
	overlay_close(&d->overlay);
	return r;
}

/* An older version has not noted for which FILE the changes were made: what has no entry any more,
 * or one that is there by now, is left out. */
static void warn_left_out(struct ldif_dir *d)
{
	struct arena *mem = arena_new();
	struct change change;
	struct err err;

	for (uint32_t i = 0; i < changes_count(&d->changes); i++) {
		const struct event *ev = changes_event(&d->changes, i);
		bool exists = ev->kind == EVENT_ADD && ev->met;
		bool missing = (ev->kind & (EVENT_MODIFY | EVENT_RENAME)) != 0 && !ev->met;
		if ((exists || missing) && changes_read(&d->changes, ev, mem, &change, &err) == 0)
			log_warn("%s: a change was left out: %.*s %s", d->file,
				(int)change.name.len, change.name.data,
				exists ? "exists already" : "does not exist any more");
		arena_reset(mem);
	}
	arena_free(mem);
}

int ldif_merge(struct ldif_dir *d, struct err *err)
{
	const char *tmp = arena_printf(d->mem, "%s.tmp", d->file);
	uint64_t size, digest;
	struct stat was;

	int fd = create(d->file, tmp, err);
	if (fd < 0)
		return -1;
	int r = write_all(d, fd, tmp, &was, err);
	close(fd);
	if (r == 0)
		r = file_digest(tmp, &size, &digest, err);
	if (r == 0)
		r = changes_mark(&d->changes, size, digest, err);
	/* What was put there meanwhile is not lost: the next run finds that it is another one. */
	if (r == 0 && file_replaced(d->file, &was))
		r = err_set(err, ERR_BUSY, "%s: changed while it was merged", d->file);
	if (r == 0 && rename(tmp, d->file) < 0)
		r = file_fail(err, d->file);
	if (r < 0) {
		unlink(tmp);
		return -1;
	}
	warn_left_out(d);
	if (file_sync_folder(d->file, err) < 0)
		return -1;
	return changes_remove(&d->changes, err);
}
