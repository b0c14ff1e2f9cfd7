#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/ldif.h"
#include "connectors/file.h"
#include "connectors/ldif.h"

#define WINDOW (256u << 10)
#define END_MARK "\n# end "
#define MERGED_MARK "# merged "
#define MADE_MARK "# made for "

enum { LINE_ROOM = 80 };

/* The line that ends a batch, and what two others say of a file. They are compared, not parsed. */
static size_t end_line(char line[LINE_ROOM], const char *batch, size_t len)
{
	return (size_t)snprintf(
		line, LINE_ROOM, "# end %zu %016" PRIx64 "\n", len, hash_bytes(batch, len, 0));
}

static struct stamp stamp_of(uint64_t size, uint64_t digest)
{
	struct stamp s;

	(void)snprintf(s.text, sizeof(s.text), "%" PRIu64 " %016" PRIx64 "\n", size, digest);
	return s;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return strcmp(a->text, b->text) == 0;
}

/* What the line says that the text begins with, if it has this mark. A line that is too long is
 * cut, and so is no file's. */
static bool stamp_in(struct stamp *s, const char *mark, const char *text, size_t len)
{
	const size_t n_mark = strlen(mark);

	if (len < n_mark || memcmp(text, mark, n_mark) != 0)
		return false;
	text += n_mark;
	len -= n_mark;
	const char *eol = memchr(text, '\n', len);
	size_t n = eol != NULL ? (size_t)(eol + 1 - text) : len;
	(void)snprintf(s->text, sizeof(s->text), "%.*s",
		(int)(n < sizeof(s->text) ? n : sizeof(s->text)), text);
	return true;
}

/* More of the file behind what text has of it, which begins with the next batch. */
static ssize_t fill(struct changes *c, struct buf *text, struct err *err)
{
	char *to = buf_room(text, WINDOW);
	ssize_t n;

	do {
		n = pread(c->fd, to, WINDOW, (off_t)(c->whole + text->len));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return file_fail(err, c->path);
	text->len += (size_t)n;
	return n;
}

/* The line is not what the batch before it asks for. At the end of the file the crash that tore the
 * batch may have lost any part of it; with something behind it, or when it says another length (of
 * a batch whose predecessor has lost its end), the file was damaged later. */
static int bad_batch(struct changes *c, struct buf *text, size_t len, size_t total, struct err *err)
{
	char line[LINE_ROOM];
	size_t n = (size_t)snprintf(line, sizeof(line), "# end %zu ", len);

	if (total == text->len && fill(c, text, err) < 0)
		return -1;
	if (total == text->len && total - len > n && memcmp(text->data + len, line, n) == 0)
		return 0;
	return err_set(err, ERR_FATAL, "%s: damaged between byte %" PRIu64 " and %" PRIu64, c->path,
		c->whole, c->whole + total);
}

/* 1: text begins with a whole batch of len bytes, and its line makes it total bytes. 0: there is
 * none. */
static int find_batch(
	struct changes *c, struct buf *text, size_t *len, size_t *total, struct err *err)
{
	const size_t n_mark = sizeof(END_MARK) - 1;
	char line[LINE_ROOM];

	for (size_t seen = 0;;) {
		char *from = text->data + seen, *end = text->data + text->len;
		char *mark = memmem(from, (size_t)(end - from), END_MARK, n_mark);
		char *eol = mark != NULL ? memchr(mark + 1, '\n', (size_t)(end - mark - 1)) : NULL;
		if (eol != NULL) {
			*len = (size_t)(mark + 1 - text->data);
			*total = (size_t)(eol + 1 - text->data);
			if (end_line(line, text->data, *len) == *total - *len &&
				memcmp(line, mark + 1, *total - *len) == 0)
				return 1;
			return bad_batch(c, text, *len, *total, err);
		}
		if (mark != NULL)
			seen = (size_t)(mark - text->data);
		else
			seen = text->len < n_mark ? 0 : text->len - n_mark;
		ssize_t n = fill(c, text, err);
		if (n <= 0)
			return (int)n;
	}
}

/* Records are parted by empty lines, and a paragraph of comments is none. */
static int index_batch(struct changes *c, const char *batch, size_t len, struct err *err)
{
	struct ldif *f = ldif_memory(c->path, batch, len);
	struct arena *mem = arena_new();
	const char *at = batch, *end = batch + len;
	struct change change;
	int r = 0;

	while (at < end) {
		const char *gap = memmem(at, (size_t)(end - at), "\n\n", 2);
		size_t n = (size_t)((gap != NULL ? gap + 2 : end) - at);
		if (*at != '#') {
			r = ldif_next_change(f, mem, &change, err);
			if (r <= 0)
				break;
			changes_index(c, c->whole + (size_t)(at - batch), n, &change);
			arena_reset(mem);
		} else if (!c->noted)
			c->noted = stamp_in(&c->made, MADE_MARK, at, n);
		at += n;
	}
	ldif_close(f);
	arena_free(mem);
	return r < 0 ? -1 : 0;
}

/* What is behind the last whole batch: nothing, a torn batch, or the mark of a merge. */
static int look_behind(struct changes *c, const struct buf *text, struct err *err)
{
	uint64_t size, digest;

	c->torn = text->len > 0;
	c->loaded = c->whole + text->len;
	if (!stamp_in(&c->merge, MERGED_MARK, text->data, text->len))
		return 0;
	if (file_digest(c->file, &size, &digest, err) < 0)
		return -1;
	const struct stamp is = stamp_of(size, digest);
	c->merged = same_stamp(&is, &c->merge);
	if (c->merged)
		changes_forget(c, 0);
	return 0;
}

static int scan(struct changes *c, struct err *err)
{
	struct buf text = {0};
	size_t len = 0, total = 0;
	int r;

	buf_puts(&text, "");
	while ((r = find_batch(c, &text, &len, &total, err)) > 0) {
		if (index_batch(c, text.data, len, err) < 0) {
			r = -1;
			break;
		}
		c->whole += total;
		text.len -= total;
		memmove(text.data, text.data + total, text.len);
	}
	if (r == 0)
		r = look_behind(c, &text, err);
	buf_free(&text);
	return r;
}

/* Whoever can write FILE.changes writes FILE: it must be a file of ours, of root's or of FILE's
 * owner. */
static int check_owner(const struct changes *c, struct err *err)
{
	struct stat st, file;

	if (fstat(c->fd, &st) < 0)
		return file_fail(err, c->path);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return err_set(err, ERR_FATAL, "%s: not a regular file of its own", c->path);
	bool owned = st.st_uid == geteuid() || st.st_uid == 0 ||
		     (stat(c->file, &file) == 0 && st.st_uid == file.st_uid);
	if (!owned || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_FATAL, "%s: others may have written it", c->path);
	return 0;
}

int changes_load(struct changes *c, struct arena *mem, const char *file, struct err *err)
{
	*c = (struct changes){.file = file, .path = arena_printf(mem, "%s.changes", file)};
	c->fd = open(c->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT)
		return 0;
	if (c->fd < 0)
		return file_fail(err, c->path);
	return check_owner(c, err) < 0 ? -1 : scan(c, err);
}

void changes_free(struct changes *c)
{
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->events);
	buf_free(&c->buckets);
	buf_free(&c->window);
	buf_free(&c->packed);
	*c = (struct changes){.fd = -1, .path = c->path, .file = c->file};
}

static int changed(const struct changes *c, struct err *err)
{
	return err_set(err, ERR_BUSY, "%s: changed while it was read", c->path);
}

int changes_note(struct changes *c, int fd, struct err *err)
{
	uint64_t size, digest;

	if (c->noted)
		return 0;
	if (file_digest_open(fd, c->file, &size, &digest, err) < 0)
		return -1;
	c->made = stamp_of(size, digest);
	return 0;
}

/* By another process: it has written more of them, or it has merged them. */
static bool written_on(const struct changes *c)
{
	struct stat st;

	return !c->writable &&
	       (fstat(c->fd, &st) < 0 || st.st_nlink == 0 || st.st_size != (off_t)c->loaded);
}

int changes_fit(const struct changes *c, int fd, struct err *err)
{
	const struct stamp *want = c->merged ? &c->merge : &c->made;
	const struct stamp *other = c->merged ? &c->made : &c->merge;
	uint64_t size, digest;

	if (!c->noted || c->whole == 0)
		return 0;
	if (file_digest_open(fd, c->file, &size, &digest, err) < 0)
		return -1;
	const struct stamp is = stamp_of(size, digest);
	if (same_stamp(&is, want))
		return 0;
	if (same_stamp(&is, other) || written_on(c))
		return changed(c, err);
	return err_set(err, ERR_FATAL,
		"%s: not the file that %s was made for: it was replaced meanwhile; look at those "
		"changes, and delete them if the file is a new export that counts, or put the old "
		"file back",
		c->file, c->path);
}

/* Changes are mostly asked for in the order in which they stand. */
static const char *record_text(struct changes *c, const struct event *ev, struct err *err)
{
	const size_t len = ev->len < WINDOW ? WINDOW : ev->len;

	if (ev->at < c->window_at || ev->at + ev->len > c->window_at + c->window.len) {
		buf_clear(&c->window);
		c->window_at = ev->at;
		while (c->window.len < ev->len) {
			ssize_t n = pread(c->fd, buf_room(&c->window, len), len - c->window.len,
				(off_t)(c->window_at + c->window.len));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return file_fail(err, c->path), NULL;
			if (n == 0)
				return changed(c, err), NULL;
			c->window.len += (size_t)n;
		}
	}
	return c->window.data + (ev->at - c->window_at);
}

int changes_read(struct changes *c, const struct event *ev, struct arena *mem,
	struct change *change, struct err *err)
{
	const char *text = record_text(c, ev, err);

	if (text == NULL)
		return -1;
	struct ldif *f = ldif_memory(c->path, text, ev->len);
	int r = ldif_next_change(f, mem, change, err);
	/* What was parsed may point into the reader's memory. */
	buf_clear(&c->packed);
	if (r > 0)
		change_pack(&c->packed, change);
	ldif_close(f);
	if (r <= 0)
		return r < 0 ? -1 : changed(c, err);
	const char *at = arena_copy(mem, c->packed.data, c->packed.len);
	return change_unpack(mem, &at, at + c->packed.len, change);
}

static int open_to_write(struct changes *c, struct err *err)
{
	const bool made = c->fd < 0;
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	if (c->writable)
		return 0;
	int fd = open(c->path, made ? flags | O_CREAT | O_EXCL : flags, 0600);
	if (fd < 0)
		return file_fail(err, c->path);
	if (!made)
		close(c->fd);
	c->fd = fd;
	c->writable = true;
	return made ? file_sync_folder(c->path, err) : 0;
}

void changes_begin(struct changes *c, struct buf *batch)
{
	if (c->whole == 0)
		buf_puts(batch,
			"# changes that are yet to be merged into the file beside this one\n\n");
	if (!c->noted)
		buf_printf(batch, MADE_MARK "%s\n", c->made.text);
}

static int put(struct changes *c, const char *data, size_t len, struct err *err)
{
	if (open_to_write(c, err) < 0)
		return -1;
	if (c->torn && ftruncate(c->fd, (off_t)c->whole) < 0)
		return file_fail(err, c->path);
	c->torn = true;
	buf_clear(&c->window);
	if (file_write(c->fd, c->path, data, len, (long long)c->whole, err) < 0)
		return -1;
	return file_sync(c->fd, c->path, err);
}

/* When this fails too, it is a torn batch. */
static void undo(struct changes *c)
{
	if (!c->writable)
		return;
	if (c->whole > 0) {
		c->torn = ftruncate(c->fd, (off_t)c->whole) < 0;
		return;
	}
	unlink(c->path);
	close(c->fd);
	c->fd = -1;
	c->writable = c->torn = false;
}

int changes_append(struct changes *c, struct buf *batch, struct err *err)
{
	char line[LINE_ROOM];

	buf_add(batch, line, end_line(line, batch->data, batch->len));
	if (put(c, batch->data, batch->len, err) < 0) {
		undo(c);
		return -1;
	}
	c->whole += batch->len;
	c->torn = false;
	c->noted = true;
	return 0;
}

int changes_mark(struct changes *c, uint64_t size, uint64_t digest, struct err *err)
{
	char line[LINE_ROOM];

	c->merge = stamp_of(size, digest);
	size_t n = (size_t)snprintf(line, sizeof(line), MERGED_MARK "%s", c->merge.text);
	return put(c, line, n, err);
}

int changes_remove(struct changes *c, struct err *err)
{
	if (unlink(c->path) < 0)
		return file_fail(err, c->path);
	changes_free(c);
	return file_sync_folder(c->path, err);
}
