/*
 * An entry of a search result, read in place: two arrays in the arena, for the attributes and for
 * all of their values, are all the memory that an entry takes beside the message it came in.
 *
 * libldap is asked for the name and for where each attribute stands; what is inside of one is read
 * here, as ldap_get_attribute_ber would allocate an array for each. LDAP's BER has definite lengths
 * only (RFC 4511 5.1), so that a value is a tag, a length and its bytes. Components that a later
 * LDAP might put behind those of today are passed over (RFC 4511 4).
 */
#include "connectors/ldap_entry.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/utf8.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_id.h"

/* More than any schema has; a bound for what a hostile server can make us compare. */
#define ATTRS_MAX 2000
/* The same for values: 16 MiB have room for seven million that are empty, and each wants a place.
 */
#define VALUES_MAX 1000000

enum tag { TAG_OCTETS = 0x04, TAG_SEQUENCE = 0x30, TAG_SET = 0x31 };

/* The element of that tag at the front of the bytes, which are cut by it. */
static bool take(struct value *from, enum tag tag, struct value *element)
{
	const unsigned char *at = (const unsigned char *)from->data;
	size_t head = 2, len;

	if (from->len < head || at[0] != tag)
		return false;
	len = at[1];
	if (len >= 0x80) {
		const unsigned bytes = at[1] & 0x7f;
		head += bytes;
		if (bytes == 0 || bytes > 4 || from->len < head)
			return false;
		len = 0;
		for (unsigned i = 0; i < bytes; i++)
			len = len << 8 | at[2 + i];
	}
	if (len > from->len - head)
		return false;
	*element = (struct value){from->data + head, len};
	from->data += head + len;
	from->len -= head + len;
	return true;
}

int raw_entry(LDAP *ld, LDAPMessage *m, struct value *name, struct value *list, struct err *err)
{
	BerElement *ber = NULL;
	struct berval dn, first = {0, NULL};
	ber_len_t len = 0;
	int rc = ldap_get_dn_ber(ld, m, &ber, &dn);

	/* What is left is the list; its first element says where that begins. */
	if (rc == LDAP_SUCCESS &&
		(ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &len) != LBER_OPT_SUCCESS ||
			(len > 0 && ber_skip_raw(ber, &first) == LBER_ERROR)))
		rc = LDAP_DECODING_ERROR;
	ber_free(ber, 0);
	if (rc != LDAP_SUCCESS)
		return ldap_fail(err, rc, NULL, "an entry");
	*name = (struct value){dn.bv_val, dn.bv_len};
	*list = (struct value){first.bv_val, len};
	return 0;
}

int raw_next(struct value *list, struct raw_attr *a)
{
	struct value inside, rest, one;

	if (list->len == 0)
		return 0;
	if (!take(list, TAG_SEQUENCE, &inside) || !take(&inside, TAG_OCTETS, &a->name) ||
		!take(&inside, TAG_SET, &a->set))
		return -1;
	a->n = 0;
	for (rest = a->set; rest.len > 0; a->n++) {
		if (!take(&rest, TAG_OCTETS, &one))
			return -1;
	}
	return 1;
}

void raw_values(const struct raw_attr *a, struct value *to)
{
	struct value rest = a->set;

	for (unsigned i = 0; i < a->n; i++)
		(void)take(&rest, TAG_OCTETS, &to[i]);
}

static bool number(const char **at, const char *end, unsigned long long *n)
{
	const char *begin = *at;

	*n = 0;
	while (*at < end && ascii_digit(**at) && *at - begin < 15)
		*n = *n * 10 + (unsigned long long)(*(*at)++ - '0');
	return *at > begin;
}

int raw_range(struct value name, struct raw_range *r)
{
	static const char option[] = ";range=";
	const size_t len = sizeof(option) - 1;
	const char *end = name.data + name.len, *at = name.data;

	while ((size_t)(end - at) >= len && strncasecmp(at, option, len) != 0)
		at++;
	if ((size_t)(end - at) < len)
		return 0;
	r->attribute = (struct value){name.data, (size_t)(at - name.data)};
	at += len;
	if (!number(&at, end, &r->low) || at == end || *at++ != '-')
		return -1;
	r->last = at < end && *at == '*';
	if (r->last)
		at++;
	else if (!number(&at, end, &r->high) || r->high < r->low)
		return -1;
	return at == end ? 1 : -1;
}

static int unfit(struct err *err, struct value name, const char *what, struct value which)
{
	return err_set(err, ERR_FATAL, "%.*s: %s%.*s", (int)name.len, name.data, what,
		(int)(which.len < 200 ? which.len : 200), which.data);
}

/* Does the name end as the base is written, and begin a new RDN there? Nearly all do, and a comma
 * without a backslash in front of it is no part of a value. */
static bool plainly_below(struct value name, struct value base)
{
	if (name.len < base.len + 2)
		return false;
	const char *at = name.data + name.len - base.len;
	return strncasecmp(at, base.data, base.len) == 0 && at[-1] == ',' && at[-2] != '\\';
}

static bool within(struct value name, const struct search_request *req, struct arena *mem)
{
	const struct value base = value_of(req->base);
	struct dn dn;
	struct err ignored;

	/* The root; and AD's "<GUID=...>", which is no name. */
	if (base.len == 0 || base.data[0] == '<')
		return true;
	if (req->scope != LDAP_SCOPE_BASE && plainly_below(name, base))
		return true;
	if (dn_text_equal(name, base))
		return true;
	return req->scope != LDAP_SCOPE_BASE && dn_parse(mem, base, &dn, &ignored) == 0 &&
	       dn_text_below(name, &dn);
}

/* Asking for one of these brings its subtypes too (RFC 4519 2.18 and 2.7, RFC 4512 2.5.1). */
static bool brings_others(const struct attr_set *wanted)
{
	return attr_set_has(wanted, attr_named("name")) ||
	       attr_set_has(wanted, attr_named("distinguishedName"));
}

static bool is_wanted(const struct search_request *req, unsigned id)
{
	return req->wanted == NULL || id == req->id || attr_set_has(req->wanted, id) ||
	       (req->also != NULL && attr_set_has(req->also, id));
}

/* What of an attribute is to be kept? 1, 2 (it is only a part of the values) and its id; 0:
 * nothing; -1: it should not be there. */
static int wanted(struct value name, const struct search_request *req, unsigned *id)
{
	const char *option = memchr(name.data, ';', name.len);
	struct raw_range range;
	int part = option != NULL ? raw_range(name, &range) : 0;

	if (part < 0)
		return -1;
	if (part == 1 && range.last)
		name = range.attribute;
	*id = attr_id(name.data, name.len);
	if (*id == ATTR_NONE)
		return -1;
	const unsigned plain = part == 1 ? attr_id(range.attribute.data, range.attribute.len) : *id;
	if (is_wanted(req, plain))
		return part == 1 && !range.last ? 2 : 1;
	/* "cn;lang-de" comes to who asks for cn (RFC 4512 2.5.2.1), and is another attribute. */
	if (option != NULL && is_wanted(req, attr_id(name.data, (size_t)(option - name.data))))
		return 0;
	return brings_others(req->wanted) ? 0 : -1;
}

/* How many attributes with values there are, and how many values; false when it is not BER. */
static bool measure(struct value list, unsigned *n_attrs, size_t *n_values)
{
	struct raw_attr a;
	int r;

	*n_attrs = 0;
	*n_values = 0;
	while ((r = raw_next(&list, &a)) == 1) {
		*n_attrs += a.n > 0;
		*n_values += a.n;
	}
	return r == 0;
}

/* AD gives an attribute without values beside the one that has a range: it says nothing. */
static int put_attrs(struct entry *e, struct value list, const struct search_request *req,
	struct value *values, struct err *err)
{
	struct raw_attr a;
	unsigned id;
	int part = 0;

	while (raw_next(&list, &a) == 1) {
		int r = a.n > 0 ? wanted(a.name, req, &id) : 0;
		if (r < 0)
			return unfit(err, e->name, "nobody asked for ", a.name);
		if (r == 0)
			continue;
		if (entry_get(e, id) != NULL)
			return unfit(err, e->name, "has this attribute twice: ", a.name);
		raw_values(&a, values);
		e->attrs[e->n++] = (struct attr){id, a.n, values};
		values += a.n;
		part |= r == 2;
	}
	return part;
}

int entry_read(struct value name, struct value list, const struct search_request *req,
	struct arena *mem, struct entry *e, struct err *err)
{
	unsigned n_attrs;
	size_t n_values;

	*e = (struct entry){.name = name};
	if (!measure(list, &n_attrs, &n_values))
		return unfit(err, name, "its attributes are no BER", value_of(""));
	if (n_attrs > ATTRS_MAX || n_values > VALUES_MAX)
		return unfit(err, name, "has too many attributes or values", value_of(""));
	if (!utf8_valid(name.data, name.len) || memchr(name.data, '\0', name.len) != NULL)
		return unfit(err, name, "its name is no text", value_of(""));
	if (!within(name, req, mem))
		return unfit(err, name, "lies outside of ", value_of(req->base));
	e->attrs = arena_alloc(mem, n_attrs * sizeof(*e->attrs));
	int part = put_attrs(e, list, req, arena_alloc(mem, n_values * sizeof(struct value)), err);
	if (part < 0)
		return -1;
	e->id = ldap_id_of(mem, req->id, entry_first(e, req->id));
	if (e->id.len == 0)
		return err_set(err, ERR_FATAL,
			"%.*s: has no %s: may the account read it, is `id` right?", (int)name.len,
			name.data, attr_name(req->id));
	/* Values have no order: which is the first may be another one the next time. */
	if (entry_get(e, req->id)->n > 1)
		return err_set(err, ERR_FATAL, "%.*s: has more than one %s: is `id` right?",
			(int)name.len, name.data, attr_name(req->id));
	e->key = entry_key(e->id);
	return part;
}

int search_entry(LDAP *ld, LDAPMessage *m, const struct search_request *req, struct arena *mem,
	struct entry *e, struct err *err)
{
	struct value name, list;

	if (raw_entry(ld, m, &name, &list, err) < 0)
		return -1;
	return entry_read(name, list, req, mem, e, err);
}
