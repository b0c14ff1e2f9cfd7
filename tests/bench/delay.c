/*
 * bench_delay LISTEN TO MICROSECONDS: a network in between. Connections to 127.0.0.1:LISTEN go on
 * to 127.0.0.1:TO, and every byte comes out that long after it came in, in both directions: the
 * round trip takes twice as long. The rate is not limited. Prints a line when it listens.
 *
 * A thread for each direction of each connection. What came in waits in a ring of chunks, each with
 * the time when it may go on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS 4096u /* of a ring; each holds what one read gave */
#define CHUNK 16384u

struct chunk {
	uint64_t due; /* nanoseconds */
	size_t len;
	char data[CHUNK];
};

struct connection {
	atomic_int directions; /* threads that still use the sockets */
	int fd[2];
};

struct direction {
	struct connection *connection;
	int from, to;
	unsigned first, n; /* of the chunks that wait */
	struct chunk chunk[CHUNKS];
};

static uint64_t delay; /* nanoseconds */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_delay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Something to read, or the first chunk's time: whichever comes first. */
static bool wait_for(const struct direction *d, bool open)
{
	struct pollfd in = {.fd = open && d->n < CHUNKS ? d->from : -1, .events = POLLIN};
	struct timespec rest = {0, 0}, *until = NULL;

	if (d->n > 0) {
		const uint64_t due = d->chunk[d->first].due, t = now();
		if (due > t)
			rest = (struct timespec){
				(time_t)((due - t) / 1000000000u), (long)((due - t) % 1000000000u)};
		until = &rest;
	}
	return ppoll(&in, 1, until, NULL) > 0;
}

static void *carry(void *arg)
{
	struct direction *d = arg;
	bool open = true;

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* 50 us of the kernel's own would be added */
	while (open || d->n > 0) {
		if (wait_for(d, open)) {
			struct chunk *c = &d->chunk[(d->first + d->n) % CHUNKS];
			const ssize_t got = recv(d->from, c->data, CHUNK, 0);
			open = got > 0;
			c->len = open ? (size_t)got : 0;
			c->due = now() + delay;
			d->n += open;
		}
		while (d->n > 0 && d->chunk[d->first].due <= now()) {
			const struct chunk *c = &d->chunk[d->first];
			if (!write_all(d->to, c->data, c->len))
				open = false;
			d->first = (d->first + 1) % CHUNKS;
			d->n--;
		}
	}
	shutdown(d->to, SHUT_WR);
	if (atomic_fetch_sub(&d->connection->directions, 1) == 1) {
		close(d->connection->fd[0]);
		close(d->connection->fd[1]);
		free(d->connection);
	}
	free(d);
	return NULL;
}

static void start(struct connection *c, int from, int to)
{
	struct direction *d = malloc(sizeof(*d));
	pthread_t thread;

	if (d == NULL)
		die("memory");
	d->connection = c;
	d->from = from;
	d->to = to;
	d->first = d->n = 0;
	if (pthread_create(&thread, NULL, carry, d) != 0)
		die("thread");
	pthread_detach(thread);
}

static struct sockaddr_in address(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void pass_on(int client, const struct sockaddr_in *to)
{
	struct connection *c = malloc(sizeof(*c));
	const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	if (c == NULL || server < 0 ||
		connect(server, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("connect");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	*c = (struct connection){.directions = 2, .fd = {client, server}};
	start(c, client, server);
	start(c, server, client);
}

int main(int argc, char **argv)
{
	const int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 4) {
		fprintf(stderr, "usage: bench_delay LISTEN TO MICROSECONDS\n");
		return 2;
	}
	const struct sockaddr_in here = address(argv[1]), there = address(argv[2]);
	delay = strtoull(argv[3], NULL, 10) * 1000;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 || listen(fd, 64) < 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int client = accept(fd, NULL, NULL);
		if (client < 0)
			die("accept");
		pass_on(client, &there);
	}
}
