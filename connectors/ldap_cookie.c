/*
 * The head of a cookie, in front of what the method keeps: what it was made for, and a hash of the
 * rest, in the machine's byte order. Whoever could forge one can write the state as well.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/ldap_since.h"

/* "galway", and the version of this head. */
#define MAGIC 0x67616c7761790101u

struct head {
	uint64_t magic, method, scope, check;
};

static uint64_t text(uint64_t h, const char *s)
{
	return hash_bytes(s, strlen(s) + 1, h);
}

/* The server, the account and the request: each of them can change what is seen. */
static uint64_t scope_of(const struct ldap_connector *l)
{
	const struct server *server = session_server(l->dir.session);
	const struct attr_set *wanted = l->query.wanted;
	uint64_t sum = 0, h = text(0, server->directory);

	h = text(h, server->replica);
	h = text(h, server->who);
	h = text(h, l->dir.base.data);
	h = text(h, l->dir.filter);
	h = text(h, l->changes);
	h = text(h, attr_name(l->dir.id));
	for (unsigned i = 0; wanted != NULL && i < wanted->n; i++) {
		if (wanted->flag[i])
			sum += hash_nocase(attr_name(i), strlen(attr_name(i)), 1);
	}
	return hash_bytes(&sum, sizeof(sum), h + (wanted != NULL));
}

struct value cookie_make(struct ldap_connector *l, struct value rest)
{
	const struct head head = {
		MAGIC, l->method, scope_of(l), hash_bytes(rest.data, rest.len, l->method)};
	char *data = arena_alloc(l->pass, sizeof(head) + rest.len);

	memcpy(data, &head, sizeof(head));
	if (rest.len > 0)
		memcpy(data + sizeof(head), rest.data, rest.len);
	return (struct value){data, sizeof(head) + rest.len};
}

int cookie_open(struct ldap_connector *l, struct value cookie, enum ldap_method *method,
	struct value *rest, struct err *err)
{
	struct head head = {0};

	if (cookie.len < sizeof(head))
		return err_set(err, ERR_ENTRY, "the last read left no cookie");
	memcpy(&head, cookie.data, sizeof(head));
	*rest = (struct value){cookie.data + sizeof(head), cookie.len - sizeof(head)};
	if (head.magic != MAGIC || head.check != hash_bytes(rest->data, rest->len, head.method) ||
		(head.method != LDAP_SYNCREPL && head.method != LDAP_TIMESTAMP))
		return err_set(err, ERR_ENTRY, "the cookie of the last read cannot be used");
	if (head.scope != scope_of(l))
		return err_set(err, ERR_ENTRY,
			"the last read was of another server, by another account, or for something "
			"else");
	*method = (enum ldap_method)head.method;
	return 0;
}
