#include "connectors/ldap_writer.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"

#include "connectors/ldap_ask.h"
#include "connectors/ldap_id.h"
#include "connectors/local.h"

struct value stage_name(const struct change *c, enum stage stage)
{
	const bool renamed =
		c->new_name.len > 0 && (stage == STAGE_RENAME || stage == STAGE_MODIFY);

	return renamed ? c->new_name : c->name;
}

const char *operation_text(struct arena *mem, const struct operation *op)
{
	static const char *const words[] = {
		[STAGE_ADD] = "adding",
		[STAGE_IDENTIFY] = "reading the id of",
		[STAGE_RENAME] = "renaming",
		[STAGE_MODIFY] = "changing",
		[STAGE_DELETE] = "deleting",
		[STAGE_LOOK] = "reading back",
	};
	struct value name =
		op->stage == STAGE_RENAME ? op->change->name : stage_name(op->change, op->stage);

	return arena_printf(mem, "%s %.*s", words[op->stage], (int)name.len, name.data);
}

/* libldap takes names as C strings: NULL for one that would be cut short. */
static const char *c_string(struct arena *mem, struct value v)
{
	return memchr(v.data, '\0', v.len) == NULL ? arena_copy(mem, v.data, v.len) : NULL;
}

/* libldap does not write to what it sends, but its types do not say so. */
static char *unconst(const char *text)
{
	char *same;

	memcpy(&same, &text, sizeof(same));
	return same;
}

static struct berval **bervals(struct arena *mem, const struct value *values, unsigned n)
{
	struct berval *b = arena_alloc(mem, n * sizeof(*b));
	struct berval **list = arena_alloc(mem, (n + 1) * sizeof(struct berval *));

	for (unsigned i = 0; i < n; i++) {
		b[i] = (struct berval){values[i].len, unconst(values[i].data)};
		list[i] = &b[i];
	}
	list[n] = NULL;
	return list;
}

static void put_mod(struct arena *mem, LDAPMod ***at, int op, unsigned attr,
	const struct value *values, unsigned n)
{
	LDAPMod *m = arena_zalloc(mem, sizeof(*m));

	m->mod_op = op | LDAP_MOD_BVALUES;
	m->mod_type = unconst(attr_name(attr));
	m->mod_bvalues = bervals(mem, values, n);
	*(*at)++ = m;
}

/* Ended by NULL. Of one attribute, what goes stands before what comes: the server does it in this
 * order, and all of it or nothing (RFC 4511 4.6). */
static LDAPMod **ldap_mods(struct arena *mem, const struct mod *mods, unsigned n)
{
	LDAPMod **list = arena_zalloc(mem, (2 * (size_t)n + 1) * sizeof(LDAPMod *)), **at = list;

	for (unsigned i = 0; i < n; i++) {
		const struct mod *m = &mods[i];
		if (m->n_remove > 0)
			put_mod(mem, &at, LDAP_MOD_DELETE, m->attr, m->remove, m->n_remove);
		if (m->replace)
			put_mod(mem, &at, LDAP_MOD_REPLACE, m->attr, m->add, m->n_add);
		else if (m->n_add > 0)
			put_mod(mem, &at, LDAP_MOD_ADD, m->attr, m->add, m->n_add);
	}
	return list;
}

/* A post-read control (RFC 4527 3.2) that asks for one attribute; its value is to be freed. */
static int ask_post_read(unsigned id, LDAPControl *control)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	*control = (LDAPControl){.ldctl_oid = unconst(LDAP_CONTROL_POST_READ)};
	int rc = ber != NULL && ber_printf(ber, "{s}", attr_name(id)) >= 0 &&
				 ber_flatten2(ber, &control->ldctl_value, 1) == 0
			 ? LDAP_SUCCESS
			 : LDAP_NO_MEMORY;
	ber_free(ber, 1);
	return rc;
}

static int send_add(LDAP *ld, const struct operation *op, unsigned id, bool post_read,
	struct arena *mem, int *msgid)
{
	/* With the attributes of its name, which some servers want to be told. */
	const struct change all = local_complete(mem, ATTR_NONE, op->change);
	const char *name = c_string(mem, all.name);
	LDAPControl control = {0}, *controls[] = {&control, NULL};

	if (name == NULL)
		return LDAP_INVALID_DN_SYNTAX;
	if (post_read && ask_post_read(id, &control) != LDAP_SUCCESS)
		return LDAP_NO_MEMORY;
	int rc = ldap_add_ext(ld, name, ldap_mods(mem, all.mods, all.n),
		post_read ? controls : NULL, NULL, msgid);
	ber_memfree(control.ldctl_value.bv_val);
	return rc;
}

static int send_rename(LDAP *ld, const struct change *c, struct arena *mem, int *msgid)
{
	struct value rdn = c->new_name, parent = dn_parent(c->new_name);

	/* The parent points into the name: what stands before it, less the comma and blanks. */
	if (parent.len > 0 && parent.data > rdn.data) {
		rdn.len = (size_t)(parent.data - rdn.data);
		while (rdn.len > 0 && rdn.data[rdn.len - 1] == ' ')
			rdn.len--;
		rdn.len--;
	}
	const char *from = c_string(mem, c->name), *to = c_string(mem, rdn);
	const char *under = c_string(mem, parent);
	if (from == NULL || to == NULL || under == NULL)
		return LDAP_INVALID_DN_SYNTAX;
	return ldap_rename(ld, from, to, dn_text_equal(parent, dn_parent(c->name)) ? NULL : under,
		1, NULL, NULL, msgid);
}

/* The attributes of the change, and the id. */
static char **look_attributes(struct arena *mem, const struct operation *op, unsigned id)
{
	char **list = arena_zalloc(mem, ((size_t)op->change->n + 2) * sizeof(char *));

	list[0] = unconst(attr_name(id));
	for (unsigned i = 0; op->stage == STAGE_LOOK && i < op->change->n; i++)
		list[i + 1] = unconst(attr_name(op->change->mods[i].attr));
	return list;
}

static int send_look(
	LDAP *ld, const struct operation *op, unsigned id, struct arena *mem, int *msgid)
{
	const enum stage stage = op->stage == STAGE_LOOK ? op->doubt : op->stage;
	const char *name = c_string(mem, stage_name(op->change, stage));

	if (name == NULL)
		return LDAP_INVALID_DN_SYNTAX;
	return ldap_search_ext(ld, name, LDAP_SCOPE_BASE, "(objectClass=*)",
		look_attributes(mem, op, id), 0, NULL, NULL, NULL, 0, msgid);
}

int operation_send(LDAP *ld, const struct operation *op, unsigned id, bool post_read,
	struct arena *mem, int *msgid)
{
	const char *name = c_string(mem, stage_name(op->change, op->stage));

	if (name == NULL)
		return LDAP_INVALID_DN_SYNTAX;
	switch (op->stage) {
	case STAGE_ADD:
		return send_add(ld, op, id, post_read, mem, msgid);
	case STAGE_RENAME:
		return send_rename(ld, op->change, mem, msgid);
	case STAGE_MODIFY:
		return ldap_modify_ext(
			ld, name, ldap_mods(mem, op->mods, op->n_mods), NULL, NULL, msgid);
	case STAGE_DELETE:
		return ldap_delete_ext(ld, name, NULL, NULL, msgid);
	case STAGE_IDENTIFY:
	case STAGE_LOOK:
		break;
	}
	return send_look(ld, op, id, mem, msgid);
}

/* RFC 4527 3.2: the value is a SearchResultEntry (RFC 4511 4.5.2). */
bool operation_post_read(
	LDAPControl **controls, unsigned id, struct arena *mem, struct value *value)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_POST_READ, controls, NULL);
	struct berval dn, name, first;
	bool found = false;

	BerElement *ber = control != NULL ? ask_value(&control->ldctl_value) : NULL;
	if (ber == NULL)
		return false;
	if (ber_scanf(ber, "{m{{m[m", &dn, &name, &first) != LBER_ERROR &&
		attr_id(name.bv_val, name.bv_len) == id && first.bv_len > 0) {
		const char *copy = arena_copy(mem, first.bv_val, first.bv_len);
		*value = ldap_id_of(mem, id, (struct value){copy, first.bv_len});
		found = true;
	}
	ber_free(ber, 1);
	return found;
}
