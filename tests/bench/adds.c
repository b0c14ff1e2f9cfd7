/*
 * The least that adding costs a client that does not wait for each answer: bench_adds PORT FILE
 * WINDOW. The contacts of an LDIF file go to the server on 127.0.0.1 as they stand, so many at once
 * over one connection; nothing else is read, compared or remembered. What stays is the server:
 * hardly a sync of as many adds over one connection is faster.
 */
#include <arpa/inet.h>
#include <lber.h>
#include <ldap.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"

struct source {
	struct ldif *file;
	struct arena *mem;
	size_t read;
	bool ended;
};

struct link {
	int fd;
	size_t in_flight;
	unsigned char in[65536];
	size_t have;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void refused(const char *why, int code)
{
	fprintf(stderr, "bench_adds: %s (%d)\n", why, code);
	exit(1);
}

/* AddRequest, RFC 4511 section 4.7, put behind what is in out. */
static void encode(struct buf *out, const struct entry *e, int id)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval flat;

	(void)ber_printf(ber, "{it{o{", id, LDAP_REQ_ADD, e->name.data, (ber_len_t)e->name.len);
	for (unsigned i = 0; i < e->n; i++) {
		(void)ber_printf(ber, "{s[", attr_name(e->attrs[i].id));
		for (unsigned k = 0; k < e->attrs[i].n; k++)
			(void)ber_printf(ber, "o", e->attrs[i].values[k].data,
				(ber_len_t)e->attrs[i].values[k].len);
		(void)ber_printf(ber, "]}");
	}
	if (ber_printf(ber, "}}}") < 0 || ber_flatten2(ber, &flat, 0) < 0)
		fail("encoding");
	buf_add(out, flat.bv_val, flat.bv_len);
	ber_free(ber, 1);
}

/* One more add, unless there is none. */
static bool next_add(struct source *s, struct buf *out)
{
	struct entry e;
	struct err err;
	const int rc = s->ended ? 0 : ldif_next(s->file, s->mem, &e, &err);

	if (rc < 0)
		refused(err.text, 0);
	s->ended = rc == 0;
	if (!s->ended)
		encode(out, &e, (int)++s->read);
	arena_reset(s->mem);
	return !s->ended;
}

static void dial(struct link *l, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	l->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connecting");
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n <= 0)
			fail("sending");
		data += n;
		len -= (size_t)n;
	}
}

/* The answers that are there, which are short; all must be success. */
static void take_answers(struct link *l)
{
	size_t at = 0, n = 0;
	ssize_t got = read(l->fd, l->in + l->have, sizeof(l->in) - l->have);

	if (got <= 0)
		fail("receiving");
	l->have += (size_t)got;
	while (l->have - at >= 2 && l->have - at >= 2u + l->in[at + 1]) {
		const unsigned char *end = l->in + at + 2 + l->in[at + 1], *p = l->in + at + 2;
		p += 2 + p[1]; /* the id of the message */
		if (end - p < 5 || p[4] != LDAP_SUCCESS)
			refused("not added", end - p < 5 ? -1 : p[4]);
		at += 2u + l->in[at + 1];
		n++;
	}
	memmove(l->in, l->in + at, l->have - at);
	l->have -= at;
	l->in_flight -= n;
}

static void fill(struct link *l, struct source *from, size_t window, struct buf *out)
{
	buf_clear(out);
	while (l->in_flight < window && next_add(from, out))
		l->in_flight++;
	send_all(l->fd, out->data, out->len);
}

int main(int argc, char **argv)
{
	struct source from = {.mem = arena_new()};
	struct link link = {.fd = -1};
	struct buf out = {0};
	struct err err;

	if (argc != 4)
		return 2;
	if (ldif_open(argv[2], false, &from.file, &err) < 0)
		refused(err.text, 0);
	dial(&link, atoi(argv[1]));
	do {
		fill(&link, &from, strtoul(argv[3], NULL, 10), &out);
		if (link.in_flight > 0)
			take_answers(&link);
	} while (link.in_flight > 0 || !from.ended);
	buf_free(&out);
	ldif_close(from.file);
	arena_free(from.mem);
	return 0;
}
