#include "connectors/ldap_id.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"

enum { UUID_BYTES = 16, UUID_TEXT = 36 };

static bool is_uuid(unsigned attr)
{
	return attr == attr_named("entryUUID");
}

struct value ldap_id_of(struct arena *mem, unsigned attr, struct value v)
{
	/* The length first: it is what every other id fails by. */
	if (v.len != UUID_TEXT || !is_uuid(attr) || memchr(v.data, '\0', v.len) != NULL)
		return v;
	return entry_id_parse(mem, arena_copy(mem, v.data, v.len));
}

struct value ldap_id_asked(struct arena *mem, unsigned attr, struct value id)
{
	return id.len == UUID_BYTES && is_uuid(attr) ? value_of(entry_id_text(mem, id)) : id;
}
