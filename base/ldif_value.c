#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/ldif_private.h"

/* 0..63; NO for what is no base64. */
#define NO 64
#define NO8 NO, NO, NO, NO, NO, NO, NO, NO
#define NO32 NO8, NO8, NO8, NO8
/* clang-format off */
static const unsigned char digits[256] = {
	NO32,
	NO8, NO, NO, NO, 62, NO, NO, NO, 63, /* + / */
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
	NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, /* A ... */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* a ... */
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
	NO32, NO32, NO32, NO32,
};
/* clang-format on */

char *ldif_unbase64(char *text, const char *end)
{
	const unsigned char *p = (unsigned char *)text, *last = (const unsigned char *)end;
	unsigned pad = 0;
	uint32_t bits = 0;
	char *to = text;

	if ((last - p) % 4 != 0)
		return NULL;
	while (pad < 2 && last > p && last[-1] == '=') {
		last--;
		pad++;
	}
	for (; last - p >= 4; p += 4) {
		unsigned a = digits[p[0]], b = digits[p[1]], c = digits[p[2]], d = digits[p[3]];
		if (((a | b | c | d) & NO) != 0)
			return NULL;
		bits = a << 18 | b << 12 | c << 6 | d;
		*to++ = (char)(bits >> 16);
		*to++ = (char)(bits >> 8);
		*to++ = (char)bits;
	}
	if (pad == 0)
		return to;
	for (bits = 0; p < last; p++) {
		if (digits[*p] == NO)
			return NULL;
		bits = bits << 6 | digits[*p];
	}
	if (pad == 2) {
		*to++ = (char)(bits >> 4);
		return to;
	}
	*to++ = (char)(bits >> 10);
	*to++ = (char)(bits >> 2);
	return to;
}

/* The path of a URL, %XX decoded, or NULL. */
static const char *url_path(struct arena *mem, struct value url)
{
	static const char scheme[] = "file:///";
	const size_t n = sizeof(scheme) - 1;

	if (url.len <= n || strncasecmp(url.data, scheme, n) != 0)
		return NULL;
	char *path = arena_copy(mem, url.data + n - 1, url.len - n + 1), *to = path;
	const char *p = path, *end = path + url.len - n + 1;
	while (p < end) {
		int byte = *p == '%' ? ascii_hex_pair(p + 1, end) : *p;
		if (byte <= 0 && *p == '%')
			return NULL;
		p += *p == '%' ? 3 : 1;
		*to++ = (char)byte;
	}
	*to = '\0';
	return path;
}

/* All of a regular file; -1 with errno. */
static int slurp(struct arena *mem, int fd, struct value *v)
{
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return -1;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(st.st_mode) || st.st_size > LDIF_RECORD_MAX)
		return -1;
	char *data = arena_alloc(mem, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, data + len, (size_t)st.st_size - len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	data[len] = '\0';
	*v = (struct value){data, len};
	return 0;
}

static int read_url(
	struct ldif *f, struct arena *mem, struct value url, struct value *v, struct err *err)
{
	if (!f->urls)
		return ldif_fail(f, err, "a value from a URL (\":<\") is not allowed here");
	const char *path = url_path(mem, url);
	if (path == NULL)
		return ldif_fail(f, err, "expected a URL of the form file:///path");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return ldif_fail(f, err, "%s: %s", path, strerror(errno));
	int r = slurp(mem, fd, v);
	int code = errno;
	close(fd);
	return r == 0 ? 0 : ldif_fail(f, err, "%s: %s", path, strerror(code));
}

int ldif_lines_encoded(
	struct ldif *f, struct arena *mem, char *colon, char *end, struct value *v, struct err *err)
{
	char *p = colon + 2;

	while (p < end && *p == ' ')
		p++;
	if (colon[1] == '<')
		return read_url(f, mem, (struct value){p, (size_t)(end - p)}, v, err);
	char *last = ldif_unbase64(p, end);
	if (last == NULL)
		return ldif_fail(f, err, "expected base64 after \"::\"");
	*v = (struct value){p, (size_t)(last - p)};
	return 0;
}
