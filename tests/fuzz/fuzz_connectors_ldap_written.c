/*
 * What a server answers to writes: an add, a modify, a rename, a delete and another add, of which
 * four may be under way at once. The input is protocolOps (RFC 4511), each perhaps with controls
 * behind it; the n-th answer is to the n-th request of its connection. One of tag 0 ends the
 * connection, and the next one has what is behind it; an ExtendedResponse is the notice before
 * that. The first byte says whether the server tells ids with adds (1),
 * and whether the changes are fed, three and then two (2).
 *
 * Nothing is done without an answer; what is done has no error, and what is not has one; what was
 * added has an id, and the others keep theirs.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openldap.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/ldap.h"
#include "connectors/ldap_connection.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_write.h"

#include "ber.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

static struct {
	const uint8_t *at, *end;
	size_t answers;
	int server; /* its end of the connection; -1 */
	long long now;
} wire;

/* libldap forgets a request when the connection ends before its answer. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* ---- a clock that goes when somebody waits */

long long pause_next(long long *last)
{
	*last = *last == 0 ? 100 : 2 * *last;
	return *last;
}

void pause_until(long long when)
{
	if (when > wire.now)
		wire.now = when;
}

long long watch_now(void)
{
	return wire.now;
}

int watch_start(struct watch *w, long long milliseconds, struct err *err)
{
	(void)w;
	(void)milliseconds;
	(void)err;
	return 0;
}

void watch_stop(struct watch *w)
{
	(void)w;
}

void watch_socket(struct watch *w, int fd)
{
	(void)w;
	(void)fd;
}

void watch_begin(struct watch *w)
{
	(void)w;
}

bool watch_end(struct watch *w)
{
	(void)w;
	return false;
}

/* ---- the server */

/* A message whose id is right. */
static void put_message(struct buf *to, unsigned id, const uint8_t *body, size_t len)
{
	const size_t all = len + 6;
	const uint8_t head[] = {0x30, 0x84, (uint8_t)(all >> 24), (uint8_t)(all >> 16),
		(uint8_t)(all >> 8), (uint8_t)all, 2, 4, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
		(uint8_t)(id >> 8), (uint8_t)id};

	buf_add(to, head, sizeof(head));
	buf_add(to, body, len);
}

/* All that comes on one connection. */
static void put_answers(struct buf *to)
{
	unsigned id = 1;

	while (wire.at < wire.end && *wire.at != 0) {
		const uint8_t *from = wire.at, *end = value_end(from, wire.end);
		const bool notice = *from == 0x78, last = end == NULL;
		if (last)
			end = wire.end;
		else if (end < wire.end && *end == 0xa0 && value_end(end, wire.end) != NULL)
			end = value_end(end, wire.end);
		wire.at = end;
		put_message(to, notice ? 0 : id, from, (size_t)(end - from));
		/* An entry and a reference are followed by the end of the search. */
		if (notice || *from == 0x64 || *from == 0x73)
			continue;
		wire.answers++;
		id++;
	}
	wire.at += wire.at < wire.end;
}

static void forget(struct session *s)
{
	if (s->ld != NULL)
		(void)ldap_unbind_ext_s(s->ld, NULL, NULL);
	if (wire.server >= 0)
		close(wire.server);
	s->ld = NULL;
	wire.server = -1;
}

/* The connection that is there, or another one, as long as there is something to say. */
int ldap_dir_live(struct ldap_dir *d, struct err *err)
{
	struct session *s = d->session;
	struct buf b = {0};
	int ends[2], version = LDAP_VERSION3;

	if (s->alive)
		return 0;
	forget(s);
	if (wire.at == wire.end)
		return err_set(err, ERR_BUSY, "nobody is there");
	put_answers(&b);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
		ldap_init_fd(ends[0], LDAP_PROTO_TCP, "ldap://abc.example", &s->ld) != LDAP_SUCCESS)
		abort();
	(void)ldap_set_option(s->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(s->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	wire.server = ends[1];
	/* More than fits is as if it were lost on its way. */
	(void)!send(ends[1], b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(ends[1], SHUT_WR);
	buf_free(&b);
	s->alive = true;
	return 0;
}

/* ---- the client */

/* Of each change, what the call with it returned. */
static void give(struct ldap_dir *d, bool feeds, const struct change *changes,
	struct outcome *outcomes, int *rc, size_t n, struct arena *mem)
{
	const size_t step = feeds ? 3 : n;
	struct err err = {0};

	for (size_t i = 0; i < n; i += step) {
		const size_t some = n - i < step ? n - i : step;
		rc[i] = (feeds ? ldap_feed_changes : ldap_write_changes)(
			&d->connector, changes + i, outcomes + i, some, mem, &err);
		assert(rc[i] == 0 || err.kind != ERR_NONE);
		for (size_t k = i + 1; k < i + some; k++)
			rc[k] = rc[i];
	}
	const bool ended =
		!feeds || ldap_write_changes(&d->connector, NULL, NULL, 0, mem, &err) == 0;
	for (size_t k = (n - 1) / step * step; k < n && !ended; k++)
		rc[k] = -1;
	assert(!ldap_write_under_way(d));
}

static void write_all(struct ldap_dir *d, bool feeds, struct arena *mem)
{
	struct value class = value_of("contact"), old = value_of("a@abc.example"),
		     new = value_of("b@abc.example");
	struct mod made[] = {{.attr = attr_named("objectClass"), .add = &class, .n_add = 1},
		{.attr = attr_named("mail"), .add = &old, .n_add = 1}};
	struct mod changed = {
		.attr = attr_named("mail"), .remove = &old, .n_remove = 1, .add = &new, .n_add = 1};
	const struct change changes[] = {
		{.op = CHANGE_ADD, .name = value_of("cn=a,dc=abc"), .mods = made, .n = 2},
		{.op = CHANGE_MODIFY,
			.id = value_of("b"),
			.name = value_of("cn=b,dc=abc"),
			.mods = &changed,
			.n = 1},
		{.op = CHANGE_MODIFY,
			.id = value_of("c"),
			.name = value_of("cn=c,dc=abc"),
			.new_name = value_of("cn=d,dc=abc"),
			.mods = &changed,
			.n = 1},
		{.op = CHANGE_DELETE, .id = value_of("e"), .name = value_of("cn=e,dc=abc")},
		{.op = CHANGE_ADD, .name = value_of("cn=f,dc=abc"), .mods = made, .n = 2},
	};
	const size_t n = sizeof(changes) / sizeof(changes[0]);
	struct outcome outcomes[sizeof(changes) / sizeof(changes[0])];
	int rc[sizeof(changes) / sizeof(changes[0])];
	size_t done = 0;

	for (size_t i = 0; i < n; i++)
		outcomes[i] = (struct outcome){.kind = OUTCOME_DONE};
	give(d, feeds, changes, outcomes, rc, n, mem);
	for (size_t i = 0; i < n; i++) {
		const struct outcome *o = &outcomes[i];
		if (rc[i] < 0)
			continue;
		assert((o->kind == OUTCOME_DONE) == (o->err.kind == ERR_NONE));
		assert(o->kind == OUTCOME_DONE || o->err.text[0] != '\0');
		done += o->kind == OUTCOME_DONE;
		assert(o->kind != OUTCOME_DONE || o->id.len > 0);
		assert(o->kind != OUTCOME_DONE || changes[i].op == CHANGE_ADD ||
			value_same(o->id, changes[i].id));
	}
	assert(done <= wire.answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct value post_read = {
		LDAP_CONTROL_POST_READ, sizeof(LDAP_CONTROL_POST_READ) - 1};
	struct root root = {"supportedControl", &post_read, 1};
	struct session s = {.login = {.label = "abc", .timeout = 2, .retry = 5, .deadline = 60},
		.opened = true,
		.until = 1000000000,
		.server = {.url = "ldap://abc.example", .directory = "d", .replica = "r"}};
	struct arena *mem = arena_new();
	struct ldap_dir d = {.connector.label = "abc", .session = &s, .mem = mem, .window = 4};

	if (size > 0 && (data[0] & 1) != 0) {
		s.roots = &root;
		s.n_roots = 1;
	}
	d.id = attr_named("entryUUID");
	wire.at = data + (size > 0);
	wire.end = data + size;
	wire.answers = 0;
	wire.server = -1;
	wire.now = 1;
	write_all(&d, size > 0 && (data[0] & 2) != 0, mem);
	ldap_write_end(&d);
	forget(&s);
	arena_free(mem);
	return 0;
}
