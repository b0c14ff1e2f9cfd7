#include "base/log_system.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h> /* after ours: of its names that are ours, too, none is used here */
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/err.h"

#define JOURNAL "/run/systemd/journal/socket"

static int connected = -1; /* to the journal */

/* A datagram socket at which somebody listens, or -1. */
static int reach(const char *path, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	(void)err_set(err, ERR_BUSY, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int log_system_open(enum log_place place, struct err *err)
{
	const bool syslog = place == LOG_TO_SYSLOG;
	const int fd = reach(syslog ? _PATH_LOG : JOURNAL, err);

	if (fd < 0)
		return -1;
	if (syslog) {
		close(fd);
		openlog("galway", LOG_PID, LOG_DAEMON);
	} else {
		connected = fd;
	}
	return 0;
}

/* A field of systemd's native protocol, with its length, as a value may have a newline. */
static void put(struct buf *b, const char *prefix, const char *name, const char *value)
{
	const uint64_t n = strlen(value);
	unsigned char little[8];

	buf_puts(b, prefix);
	for (; *name != '\0'; name++)
		buf_putc(b, ascii_upper(*name));
	buf_putc(b, '\n');
	for (unsigned i = 0; i < 8; i++)
		little[i] = (unsigned char)(n >> (8 * i));
	buf_add(b, little, sizeof(little));
	buf_add(b, value, n);
	buf_putc(b, '\n');
}

static void put_field(struct buf *b, const struct log_field *f)
{
	struct buf number = {0};

	buf_printf(&number, "%.15g", f->number);
	put(b, "GALWAY_", f->name, f->text != NULL ? f->text : number.data);
	buf_free(&number);
}

static void to_journal(
	int severity, const char *text, const char *flow, const struct log_field *fields, size_t n)
{
	const char digit[] = {(char)('0' + severity), '\0'};
	struct buf b = {0};

	put(&b, "", "message", text);
	put(&b, "", "priority", digit);
	put(&b, "", "syslog_identifier", "galway");
	if (flow != NULL)
		put(&b, "GALWAY_", "flow", flow);
	for (size_t i = 0; i < n; i++)
		put_field(&b, &fields[i]);
	(void)send(connected, b.data, b.len, MSG_NOSIGNAL);
	buf_free(&b);
}

void log_system_put(enum log_place place, int severity, const char *text, const char *flow,
	const struct log_field *fields, size_t n)
{
	if (place == LOG_TO_SYSLOG)
		syslog(severity, "%s", text);
	else
		to_journal(severity, text, flow, fields, n);
}
