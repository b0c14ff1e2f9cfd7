#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/memory.h"

#define WRITE_SIZE (256u << 10)
#define READ_SIZE (64u << 10)
#define ALIGN 16u

struct spool {
	int fd;           /* -1: everything still fits in tail */
	uint64_t flushed; /* bytes in the file */
	struct buf tail;  /* what comes after them */
	char *window;     /* a piece of the file, for reading in order */
	uint64_t window_at;
	size_t window_len;
};

const char *spool_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder != NULL && folder[0] == '/' ? folder : "/var/tmp";
}

struct spool *spool_new(void)
{
	struct spool *s = memory_need(1, sizeof(*s));

	s->fd = -1;
	return s;
}

void spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->tail);
	free(s->window);
	free(s);
}

static int no_spool(const char *doing, struct err *err)
{
	return err_set(err, ERR_BUSY,
		"temporary file in %s: %s: %s (set TMPDIR to a folder with room)", spool_folder(),
		doing, strerror(errno));
}

static int append(struct spool *s, const char *data, size_t len, struct err *err)
{
	if (s->fd < 0) {
		s->fd = open(spool_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (s->fd < 0)
			return no_spool("create", err);
	}
	while (len > 0) {
		ssize_t n = pwrite(s->fd, data, len, (off_t)s->flushed);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return no_spool("write", err);
		s->flushed += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int flush(struct spool *s, struct err *err)
{
	int rc = append(s, s->tail.data, s->tail.len, err);

	buf_clear(&s->tail);
	return rc;
}

int spool_add(struct spool *s, const void *data, size_t len, uint32_t *at, struct err *err)
{
	static const char zeros[ALIGN];
	uint32_t n = (uint32_t)len;
	uint64_t place = (s->flushed + s->tail.len) / ALIGN;

	if (len > UINT32_MAX - ALIGN || place >= UINT32_MAX)
		return err_set(err, ERR_FATAL, "too much to plan: over 64 GiB");
	*at = (uint32_t)place;
	buf_add(&s->tail, &n, sizeof(n));
	if (len < WRITE_SIZE) {
		buf_add(&s->tail, data, len);
	} else if (flush(s, err) < 0 || append(s, data, len, err) < 0) {
		/* A large one goes straight to the file: a copy of it in memory would count. */
		return -1;
	}
	buf_add(&s->tail, zeros, (ALIGN - (sizeof(n) + len) % ALIGN) % ALIGN);
	return s->tail.len >= WRITE_SIZE ? flush(s, err) : 0;
}

static int read_file(struct spool *s, uint64_t at, char *to, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t n = pread(s->fd, to, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return no_spool("read", err);
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Bytes from the file, through the window when they are near the last ones. */
static int read_near(struct spool *s, uint64_t at, char *to, size_t len, struct err *err)
{
	if (s->window == NULL)
		s->window = memory_need(1, READ_SIZE);
	if (len > READ_SIZE / 2)
		return read_file(s, at, to, len, err);
	if (at < s->window_at || at + len > s->window_at + s->window_len) {
		/* In order: read ahead. Elsewhere: a page or so. */
		size_t want =
			at == s->window_at + s->window_len ||
					(at >= s->window_at && at <= s->window_at + s->window_len)
				? READ_SIZE
				: 4096 + len;
		if (want > s->flushed - at)
			want = (size_t)(s->flushed - at);
		s->window_len = 0;
		if (read_file(s, at, s->window, want, err) < 0)
			return -1;
		s->window_at = at;
		s->window_len = want;
	}
	memcpy(to, s->window + (at - s->window_at), len);
	return 0;
}

static int read_at(struct spool *s, uint64_t at, char *to, size_t len, struct err *err)
{
	if (at > s->flushed + s->tail.len || len > s->flushed + s->tail.len - at)
		return err_set(err, ERR_FATAL, "temporary file: no record at %llu",
			(unsigned long long)at);
	if (at >= s->flushed) {
		if (len > 0)
			memcpy(to, s->tail.data + (at - s->flushed), len);
		return 0;
	}
	return read_near(s, at, to, len, err);
}

int spool_get(struct spool *s, uint32_t place, struct arena *mem, struct value *record,
	uint32_t *next, struct err *err)
{
	uint64_t at = (uint64_t)place * ALIGN;
	uint32_t len = 0;

	/* A record is written whole, so that it never lies across the end of the file. */
	if (read_at(s, at, (char *)&len, sizeof(len), err) < 0)
		return -1;
	char *data = arena_alloc(mem, len + 1u);
	if (read_at(s, at + sizeof(len), data, len, err) < 0)
		return -1;
	data[len] = '\0';
	*record = (struct value){data, len};
	if (next != NULL)
		*next = (uint32_t)((at + sizeof(len) + len + ALIGN - 1) / ALIGN);
	return 0;
}

uint32_t spool_end(const struct spool *s)
{
	return (uint32_t)((s->flushed + s->tail.len) / ALIGN);
}
