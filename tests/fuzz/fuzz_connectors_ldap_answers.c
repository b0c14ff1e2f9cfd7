/*
 * What a server answers: a connector reads everything, and then what changed since, from a server
 * whose answers are the input: protocolOps (RFC 4511), each perhaps with controls behind it, up to
 * the one that ends the answer. Whoever asks more than there is finds the connection closed.
 *
 * The first byte says which connector it is and how changes are told; whether the root DSE and what
 * else makes up a login come from the input, too; and whether it is not read, but asked what
 * "galway check" wants to know.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ldap.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "connectors/types.h"

#include "ber.h"
#include "settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

static const char *const kinds[] = {"type = ldap\nchanges = full\n",
	"type = ldap\nchanges = syncrepl\n", "type = ldap\nchanges = timestamp\n",
	"type = ad\nchanges = dirsync\n", "type = ad\nchanges = usn\n"};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define FIRST_AD 3
#define LOGIN_TOO 128
#define PROBE 64

static struct arena *memory; /* of the configurations */
static struct config *configs[N_KINDS];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static sem_t done;

/* The answers, of which at says how far they were given. */
static struct answers {
	const uint8_t *at, *end;
	unsigned kind;
	bool login_too;
} answers;

/* libldap forgets a request when the connection ends before its answer; and looking for leaks takes
 * ten times as long as all the rest. tests/rogue looks for ours. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* ---- the server */

static void send_all(int fd, const void *data, size_t len)
{
	(void)!send(fd, data, len, MSG_NOSIGNAL);
}

/* A message whose id is right. */
static void send_body(int fd, ber_int_t id, const uint8_t *body, size_t len)
{
	const size_t all = len + 6;
	const uint8_t head[] = {0x30, 0x84, (uint8_t)(all >> 24), (uint8_t)(all >> 16),
		(uint8_t)(all >> 8), (uint8_t)all, 2, 4, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
		(uint8_t)(id >> 8), (uint8_t)id};

	send_all(fd, head, sizeof(head));
	send_all(fd, body, len);
}

/* The next answer of the input; false when it does not end. */
static bool send_answer(int fd, ber_int_t id)
{
	while (answers.at < answers.end) {
		const uint8_t *from = answers.at, *to = value_end(from, answers.end);
		if (to == NULL) {
			answers.at = answers.end;
			send_body(fd, id, from, (size_t)(answers.end - from));
			return false;
		}
		if (to < answers.end && *to == 0xa0 && value_end(to, answers.end) != NULL)
			to = value_end(to, answers.end);
		answers.at = to;
		send_body(fd, id, from, (size_t)(to - from));
		if (*from == 0x61 || *from == 0x65 || *from == 0x78)
			return true;
	}
	return false;
}

static void send_ber(int fd, BerElement *ber)
{
	struct berval bytes = {0, NULL};

	if (ber_flatten2(ber, &bytes, 0) == 0)
		send_all(fd, bytes.bv_val, bytes.bv_len);
	ber_free(ber, 1);
}

static void send_success(int fd, ber_int_t id, ber_tag_t tag)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	(void)ber_printf(ber, "{it{ess}}", id, tag, 0, "", "");
	send_ber(fd, ber);
}

/* What every server says of itself, and every entry has as an id. */
static void send_honest(int fd, ber_int_t id)
{
	static const char *const root[][2] = {{"objectClass", "OpenLDAProotDSE"},
		{"namingContexts", "dc=abc"}, {"supportedControl", "1.2.840.113556.1.4.319"},
		{"supportedControl", "1.3.6.1.4.1.4203.1.9.1.1"},
		{"supportedControl", "1.2.840.113556.1.4.841"},
		{"supportedControl", "1.2.840.113556.1.4.417"},
		{"entryUUID", "10000000-0000-4000-8000-000000000001"},
		{"objectGUID", "0123456789abcdef"}, {"invocationId", "fedcba9876543210"},
		{"defaultNamingContext", "dc=abc"}, {"dsServiceName", "cn=dc1"},
		{"highestCommittedUSN", "1000"}, {"forestFunctionality", "7"}};
	const size_t n = sizeof(root) / sizeof(root[0]);
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	(void)ber_printf(ber, "{it{s{", id, 0x64, "dc=abc");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(root[i][0], "supportedControl") == 0 && i > 2)
			continue;
		(void)ber_printf(ber, "{s[", root[i][0]);
		for (size_t k = i; k < n && strcmp(root[k][0], root[i][0]) == 0; k++)
			(void)ber_printf(ber, "s", root[k][1]);
		(void)ber_printf(ber, "]}");
		/* No Active Directory has the rest. */
		if (answers.kind < FIRST_AD && strcmp(root[i][0], "invocationId") == 0)
			break;
	}
	(void)ber_printf(ber, "}}}");
	send_ber(fd, ber);
}

/* A search for one entry. */
static bool is_look(BerElement *request)
{
	struct berval base;
	ber_int_t scope;

	return ber_scanf(request, "{me", &base, &scope) != LBER_ERROR && scope == LDAP_SCOPE_BASE;
}

static bool answer(int fd, BerElement *request)
{
	ber_int_t id;
	ber_tag_t tag;
	ber_len_t len;

	if (ber_scanf(request, "i", &id) == LBER_ERROR)
		return false;
	tag = ber_peek_tag(request, &len);
	if (tag == LDAP_REQ_ABANDON)
		return true;
	if (tag != LDAP_REQ_SEARCH && tag != LDAP_REQ_BIND)
		return false;
	if (answers.login_too || (tag == LDAP_REQ_SEARCH && !is_look(request)))
		return send_answer(fd, id);
	if (tag == LDAP_REQ_SEARCH)
		send_honest(fd, id);
	send_success(fd, id, tag == LDAP_REQ_SEARCH ? LDAP_RES_SEARCH_RESULT : LDAP_RES_BIND);
	return true;
}

static void serve(int fd)
{
	Sockbuf *sb = ber_sockbuf_alloc();
	bool more = true;

	(void)ber_sockbuf_add_io(sb, &ber_sockbuf_io_tcp, LBER_SBIOD_LEVEL_PROVIDER, &fd);
	(void)ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_FD, &fd);
	while (more) {
		BerElement *request = ber_alloc_t(LBER_USE_DER);
		ber_len_t len;
		more = ber_get_next(sb, &len, request) == LDAP_TAG_MESSAGE && answer(fd, request);
		ber_free(request, 1);
	}
	ber_sockbuf_free(sb);
}

/* One connection after the other; one that says "." is no client, but tells that all before it were
 * served. */
static void *server(void *listener)
{
	for (;;) {
		int fd = accept(*(int *)listener, NULL, NULL);
		char first;
		if (fd < 0)
			continue;
		if (recv(fd, &first, 1, MSG_PEEK) == 1 && first != '.') {
			serve(fd);
			continue;
		}
		close(fd);
		if (first == '.')
			(void)sem_post(&done);
	}
	return NULL;
}

static void wait_served(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		write(fd, ".", 1) != 1)
		abort();
	while (sem_wait(&done) < 0)
		;
	close(fd);
}

/* ---- the client */

static struct section_variant variants[] = {{"ldap", NULL}, {"ad", NULL}, {NULL, NULL}};
static const struct section_shape sections[] = {
	{"connector", true, false, connector_settings, "type", variants, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static struct config *configure(struct arena *mem, unsigned kind)
{
	struct buf text = {0};

	buf_printf(&text, "connector abc {\n%sbase = \"dc=abc\"\nurl = \"ldapi://", kinds[kind]);
	for (const char *c = address.sun_path; *c != '\0'; c++) {
		if (*c == '/')
			buf_puts(&text, "%2f");
		else
			buf_putc(&text, *c);
	}
	buf_puts(&text, "\"\nauth = anonymous\npage-size = 3\ntimeout = 2s\nretry = 0s\n}\n");
	struct config *file = settings_of(mem, sections, text.data);
	buf_free(&text);
	return file;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char folder[] = "/tmp/fuzz-XXXXXX";
	static int listener;
	pthread_t thread;

	(void)argc;
	(void)argv;
	if (mkdtemp(folder) == NULL || sem_init(&done, 0, 0) < 0)
		abort();
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(listener, 8) < 0 || pthread_create(&thread, NULL, server, &listener) != 0)
		abort();
	memory = arena_new();
	variants[0].settings = ldap_type.settings;
	variants[1].settings = ad_type.settings;
	/* Whoever waits for a connection has it in the end. */
	for (unsigned i = 0; i < N_KINDS; i++)
		configs[i] = configure(memory, i);
	return 0;
}

/* True: it ended as one that is complete. */
static bool read_to_end(struct connector *c, const struct query *q, struct arena *mem)
{
	struct err err = {0};
	struct entry e;
	int r = connector_read(c, q, &err);

	if (r < 0 && err.kind == ERR_NONE)
		abort();
	if (r < 0)
		return false;
	while ((r = connector_next(c, mem, &e, &err)) == 1) {
		if (e.id.len == 0 && e.key == 0)
			abort();
	}
	if (r < 0 && err.kind != ERR_BUSY && err.kind != ERR_FATAL)
		abort();
	return r == 0;
}

static void pass_over(void *with, enum finding finding, const char *text)
{
	(void)with;
	(void)finding;
	(void)text;
}

/* What "galway check" asks. */
static void ask(struct connector *c, struct arena *mem)
{
	static const char *const classes[] = {"contact"};
	const struct value into = value_of("ou=gal,dc=abc");
	struct attr_set writes = {0};
	struct err err;
	const struct probe probe = {.source = true,
		.target = true,
		.writes = &writes,
		.classes = classes,
		.n_classes = 1,
		.makes = classes,
		.n_makes = 1,
		.into = &into,
		.n_into = 1,
		.tell = pass_over};

	attr_set_add(mem, &writes, attr_named("cn"));
	attr_set_add(mem, &writes, attr_named("mail"));
	(void)c->type->probe(c, &probe, &err);
}

static void use(struct connector *c, struct arena *mem)
{
	struct attr_set wanted = {0};
	const struct wish wishes[] = {{.by = WISH_NAME, .value = value_of("cn=a,dc=abc")},
		{.by = WISH_ID, .value = value_of("10000000-0000-4000-8000-00000000000a")}};
	struct query q = {.kind = QUERY_ALL, .want_cookie = true, .wanted = &wanted};
	struct value cookie;
	struct err err;

	attr_set_add(mem, &wanted, attr_named("cn"));
	attr_set_add(mem, &wanted, attr_named("mail"));
	if (!read_to_end(c, &q, mem) || connector_cookie(c, mem, &cookie, &err) < 0)
		return;
	q.cookie = value_copy(mem, cookie);
	q.kind = QUERY_SINCE;
	(void)read_to_end(c, &q, mem);
	q = (struct query){.kind = QUERY_FIND, .wishes = wishes, .n_wishes = 2, .wanted = &wanted};
	(void)read_to_end(c, &q, mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem;
	struct connector *c;
	struct err err;

	if (size == 0)
		return 0;
	answers = (struct answers){
		data + 1, data + size, data[0] % PROBE % N_KINDS, (data[0] & LOGIN_TOO) != 0};
	mem = arena_new();
	if (connector_open(config_section(configs[answers.kind], "connector", "abc"), &c, &err) ==
		0) {
		if ((data[0] & PROBE) != 0)
			ask(c, mem);
		else
			use(c, mem);
		(void)connector_close(c, &err);
	}
	wait_served();
	arena_free(mem);
	return 0;
}
