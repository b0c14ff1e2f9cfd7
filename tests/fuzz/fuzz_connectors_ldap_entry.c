#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/ldap_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool points_into(struct value v, const char *bytes, size_t len)
{
	return v.len == 0 || (v.data >= bytes && v.data + v.len <= bytes + len);
}

/* Every name and value lies inside of the message, each attribute is there once, and nothing came
 * that was not wanted. */
static void check(const struct entry *e, const struct search_request *req, const char *bytes,
	size_t len, bool whole)
{
	for (unsigned i = 0; i < e->n; i++) {
		const struct attr *a = &e->attrs[i];
		struct raw_range range;
		if (a->n == 0 || a->id == ATTR_NONE || entry_get(e, a->id) != a)
			abort();
		if (whole && req->wanted != NULL && a->id != req->id &&
			!attr_set_has(req->wanted, a->id))
			abort();
		if (whole && raw_range(value_of(attr_name(a->id)), &range) == 1)
			abort();
		for (unsigned k = 0; k < a->n; k++) {
			if (!points_into(a->values[k], bytes, len))
				abort();
		}
	}
	if (e->id.len == 0 || e->key != entry_key(e->id))
		abort();
}

/* The first byte says what is wanted, the rest is a PartialAttributeList. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	struct attr_set wanted = {0};
	struct entry e;
	struct err err = {0};

	if (size == 0) {
		arena_free(mem);
		return 0;
	}
	attr_set_add(mem, &wanted, attr_named("cn"));
	attr_set_add(mem, &wanted, attr_named("member"));
	if (data[0] & 2)
		attr_set_add(mem, &wanted, attr_named("name"));
	const struct search_request req = {.base = "dc=abc",
		.scope = LDAP_SCOPE_SUBTREE,
		.wanted = data[0] & 1 ? &wanted : NULL,
		.id = attr_named("entryUUID")};
	/* Of its own size, so that a step too far is seen. */
	char *bytes = malloc(size);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	const struct value list = {bytes + 1, size - 1};
	int r = entry_read(value_of("cn=a,dc=abc"), list, &req, mem, &e, &err);
	if (r >= 0)
		check(&e, &req, bytes, size, r == 0);
	else if (err.kind != ERR_FATAL)
		abort();
	free(bytes);
	arena_free(mem);
	return 0;
}
