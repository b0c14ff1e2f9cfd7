#ifndef TESTS_LDAP_SCRIPT_H
#define TESTS_LDAP_SCRIPT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <ldap.h>

/*
 * A server of a few lines: what it does on each connection is a script of words, connections parted
 * by '|' (the last one counts for all that follow).
 *
 *   bind=CODE      takes a request, answers a BindResponse with that result code
 *   root           takes a request, answers an empty entry and success
 *   knows-whoami   the same; the entry says that WhoAmI is supported
 *   anonymous-logon  the same; the entry's tokenGroups is S-1-5-7
 *   whoami=ID      takes a request, answers that id
 *   entries=N      takes a request, answers N entries and success
 *   done=CODE      takes a request, answers a SearchResultDone with that code
 *   take           takes a request and answers nothing
 *   stray          an entry and an end for a message id that nobody uses
 *   notice=CODE    a notice of disconnection with the text "maintenance"
 *   hex=BYTES      these bytes
 *   silent         nothing, until the client closes
 *   drip           a byte of a message every 50 ms, for ever
 *   reset          a RST
 */
struct server_script {
	const char *script;
	int listener, port;
	pthread_t thread;
	_Atomic int connections;
	_Atomic bool stop;
};

struct peer {
	struct server_script *server;
	int fd;
	unsigned char id; /* of the last request */
};

static void send_bytes(struct peer *p, const void *data, size_t len)
{
	(void)!send(p->fd, data, len, MSG_NOSIGNAL);
}

/* A message: the id, the operation with one byte of length. */
static void send_message(struct peer *p, unsigned char id, const void *op, size_t len)
{
	unsigned char head[] = {0x30, (unsigned char)(len + 3), 2, 1, id};

	send_bytes(p, head, sizeof(head));
	send_bytes(p, op, len);
}

static void send_result(struct peer *p, unsigned char id, unsigned char tag, int code)
{
	const unsigned char op[] = {tag, 7, 10, 1, (unsigned char)code, 4, 0, 4, 0};

	send_message(p, id, op, sizeof(op));
}

static void send_entry(struct peer *p, unsigned char id)
{
	static const unsigned char op[] = {0x64, 4, 4, 0, 0x30, 0};

	send_message(p, id, op, sizeof(op));
}

static void send_notice(struct peer *p, int code)
{
	static const char oid[] = "1.3.6.1.4.1.1466.20036", text[] = "maintenance";
	unsigned char op[64] = {0x78, 0, 10, 1, (unsigned char)code, 4, 0, 4, sizeof(text) - 1};
	size_t len = 9;

	memcpy(op + len, text, sizeof(text) - 1);
	len += sizeof(text) - 1;
	op[len++] = 0x8a;
	op[len++] = sizeof(oid) - 1;
	memcpy(op + len, oid, sizeof(oid) - 1);
	len += sizeof(oid) - 1;
	op[1] = (unsigned char)(len - 2);
	send_message(p, 0, op, len);
}

static bool readable(struct server_script *server, int fd)
{
	struct pollfd f = {fd, POLLIN, 0};

	while (!server->stop) {
		if (poll(&f, 1, 20) > 0)
			return true;
	}
	return false;
}

/* Requests are small, and come one at a time. False: the client is gone. */
static bool take(struct peer *p)
{
	unsigned char request[1024];

	if (!readable(p->server, p->fd))
		return false;
	const ssize_t n = recv(p->fd, request, sizeof(request), 0);
	if (n < 5)
		return false;
	const unsigned char *id = request + 2 + (request[1] & 0x80 ? request[1] & 0x7f : 0);
	p->id = id[2];
	/* An unbind has no answer. */
	if (id[3] == 0x42)
		return false;
	return true;
}

static void do_silent(struct peer *p)
{
	char rest[256];

	while (readable(p->server, p->fd) && recv(p->fd, rest, sizeof(rest), 0) > 0)
		;
}

static bool do_bind(struct peer *p, const char *code)
{
	if (!take(p))
		return false;
	send_result(p, p->id, 0x61, atoi(code));
	return true;
}

static bool do_entries(struct peer *p, const char *n)
{
	if (!take(p))
		return false;
	for (int i = 0; i < atoi(n); i++)
		send_entry(p, p->id);
	send_result(p, p->id, 0x65, 0);
	return true;
}

static bool do_root(struct peer *p, const char *none)
{
	(void)none;
	return do_entries(p, "1");
}

/* A root DSE of one attribute with one value. */
static bool send_root(struct peer *p, const char *name, const char *value, size_t len)
{
	unsigned char op[128];
	const size_t n = strlen(name);

	if (!take(p))
		return false;
	const unsigned char left = (unsigned char)(n + len);
	const unsigned char head[] = {
		0x64, left + 12, 4, 0, 0x30, left + 8, 0x30, left + 6, 4, (unsigned char)n};
	const unsigned char middle[] = {0x31, (unsigned char)(len + 2), 4, (unsigned char)len};
	memcpy(op, head, sizeof(head));
	memcpy(op + sizeof(head), name, n);
	memcpy(op + sizeof(head) + n, middle, sizeof(middle));
	memcpy(op + sizeof(head) + n + sizeof(middle), value, len);
	send_message(p, p->id, op, sizeof(head) + n + sizeof(middle) + len);
	send_result(p, p->id, 0x65, 0);
	return true;
}

static bool do_knows_whoami(struct peer *p, const char *none)
{
	(void)none;
	return send_root(p, "supportedExtension", LDAP_EXOP_WHO_AM_I, strlen(LDAP_EXOP_WHO_AM_I));
}

static bool do_anonymous_logon(struct peer *p, const char *none)
{
	(void)none;
	return send_root(p, "tokenGroups", "\1\1\0\0\0\0\0\5\7\0\0\0", 12);
}

static bool do_whoami(struct peer *p, const char *id)
{
	unsigned char op[64] = {0x78, 0, 10, 1, 0, 4, 0, 4, 0, 0x8b};
	const size_t len = strlen(id);

	if (!take(p))
		return false;
	op[1] = (unsigned char)(len + 9);
	op[10] = (unsigned char)len;
	memcpy(op + 11, id, len);
	send_message(p, p->id, op, len + 11);
	return true;
}

static bool do_done(struct peer *p, const char *code)
{
	if (!take(p))
		return false;
	send_result(p, p->id, 0x65, atoi(code));
	return true;
}

static bool do_take(struct peer *p, const char *none)
{
	(void)none;
	return take(p);
}

static bool do_stray(struct peer *p, const char *none)
{
	(void)none;
	send_entry(p, 100);
	send_result(p, 100, 0x65, 0);
	return true;
}

static bool do_notice(struct peer *p, const char *code)
{
	send_notice(p, atoi(code));
	return false;
}

/* All at once: what libldap says of bytes that are no message depends on how they come in. */
static bool do_hex(struct peer *p, const char *bytes)
{
	unsigned char all[256];
	size_t n = 0;

	for (; bytes[0] != 0 && bytes[1] != 0 && n < sizeof(all); bytes += 2) {
		const char pair[] = {bytes[0], bytes[1], 0};
		all[n++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	send_bytes(p, all, n);
	return true;
}

static bool do_wait(struct peer *p, const char *none)
{
	(void)none;
	do_silent(p);
	return false;
}

static bool do_drip(struct peer *p, const char *none)
{
	const struct timespec moment = {0, 50000000};
	static const unsigned char head[] = {0x30, 0x83, 0x10, 0, 0};

	(void)none;
	send_bytes(p, head, sizeof(head));
	while (!p->server->stop && send(p->fd, "x", 1, MSG_NOSIGNAL) == 1)
		(void)nanosleep(&moment, NULL);
	return false;
}

static bool do_reset(struct peer *p, const char *none)
{
	const struct linger now = {1, 0};

	(void)none;
	(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return false;
}

static const struct word {
	const char *name;
	bool (*act)(struct peer *, const char *argument); /* false: the connection is closed */
} words[] = {
	{"bind", do_bind},
	{"root", do_root},
	{"knows-whoami", do_knows_whoami},
	{"anonymous-logon", do_anonymous_logon},
	{"whoami", do_whoami},
	{"entries", do_entries},
	{"done", do_done},
	{"take", do_take},
	{"stray", do_stray},
	{"notice", do_notice},
	{"hex", do_hex},
	{"silent", do_wait},
	{"drip", do_drip},
	{"reset", do_reset},
};

static bool act(struct peer *p, const char *word, const char *argument)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].name, word) == 0)
			return words[i].act(p, argument);
	}
	abort();
}

/* The nth part of the script, or the last. */
static void follow(struct peer *p, int n)
{
	char text[512], *rest = NULL, *end;
	const char *part = p->server->script;

	for (const char *bar; n > 0 && (bar = strchr(part, '|')) != NULL; n--)
		part = bar + 1;
	(void)snprintf(text, sizeof(text), "%s", part);
	if ((end = strchr(text, '|')) != NULL)
		*end = 0;
	for (char *w = strtok_r(text, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
		char *argument = strchr(w, '=');
		if (argument != NULL)
			*argument++ = 0;
		if (!act(p, w, argument != NULL ? argument : ""))
			return;
	}
}

static void *serve(void *with)
{
	struct server_script *server = with;

	while (readable(server, server->listener)) {
		struct peer p = {server, accept(server->listener, NULL, NULL), 0};
		if (p.fd < 0)
			continue;
		follow(&p, server->connections++);
		close(p.fd);
	}
	return NULL;
}

/* The same on a socket in the folder. */
static void server_start_local(struct server_script *server, const char *script, const char *folder)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	memset(server, 0, sizeof(*server));
	server->script = script;
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", folder);
	(void)unlink(at.sun_path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_start(struct server_script *server, const char *script)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	memset(server, 0, sizeof(*server));
	server->script = script;
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&at, &len), 0);
	server->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server_script *server)
{
	server->stop = true;
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	close(server->listener);
}

#endif
