#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/foreign_private.h"

/*
 * The grammar of mmsml and csexport: <delta> and <entry> hold <objectclass>, <attr> with <value>s
 * and <dn-attr> with <dn-value>s; an entry of DSMLv1 is one of these, too.
 */
static const char *operation(const struct xml_node *node)
{
	const char *o = xml_attr(node, "operation");

	return o != NULL ? o : "";
}

/* 0xffffffff80000002 is -2147483646. */
static int read_number(struct arena *mem, const char *text, struct value *out, struct err *err)
{
	char *end;

	errno = 0;
	uint64_t number = strtoull(text, &end, 16);
	if (errno != 0 || end == text || *end != '\0')
		return err_set(err, ERR_FATAL, "%s: not a number of 64 bits", text);
	*out = value_of(arena_printf(mem, "%" PRId64, (int64_t)number));
	return 0;
}

/* The text of a <value>, as a directory stores it. */
static int read_value(struct arena *mem, const struct xml_node *attr, const struct xml_node *node,
	struct value *out, struct err *err)
{
	const char *encoding = xml_attr(node, "encoding"), *type = xml_attr(attr, "type");
	struct value word = xml_word(node);

	if (encoding != NULL && strcmp(encoding, "base64") == 0)
		return foreign_base64(mem, word, out, err);
	if (encoding != NULL)
		return err_set(err, ERR_FATAL, "encoding %s is not known", encoding);
	*out = node->text;
	if (type == NULL || strcmp(type, "string") == 0 || strcmp(type, "binary") == 0)
		return 0;
	const char *text = arena_copy(mem, word.data, word.len);
	*out = value_of(text);
	if (strcmp(type, "boolean") == 0)
		*out = value_of(strcmp(text, "true") == 0    ? "TRUE"
				: strcmp(text, "false") == 0 ? "FALSE"
							     : text);
	else if (strncmp(text, "0x", 2) == 0)
		return read_number(mem, text, out, err);
	return 0;
}

/* The value of one <value> or <dn-value> of an attribute. */
static int read_one(struct arena *mem, const struct xml_node *attr, const struct xml_node *node,
	struct value *out, struct err *err)
{
	if (strcmp(node->name, "dn-value") != 0)
		return read_value(mem, attr, node, out, err);
	const struct xml_node *dn = xml_child(node, "dn");
	if (dn == NULL)
		return err_set(err, ERR_FATAL, "dn-value: no dn");
	*out = xml_word(dn);
	return 0;
}

static bool is_value(const struct xml_node *node)
{
	return strcmp(node->name, "value") == 0 || strcmp(node->name, "dn-value") == 0 ||
	       strcmp(node->name, "oc-value") == 0;
}

/* The attribute that a child of <delta> or <entry> stands for; ATTR_NONE: none. */
static unsigned attr_of(struct foreign *f, const struct xml_node *node)
{
	if (strcmp(node->name, "objectclass") == 0)
		return attr_named("objectClass");
	if (strcmp(node->name, "attr") != 0 && strcmp(node->name, "dn-attr") != 0)
		return ATTR_NONE;
	return foreign_attr(f, node);
}

/* "update": values that go and come, each said by itself. An attribute that is deleted goes whole,
 * one that is added or replaced has these values afterwards. */
static int read_mod(
	struct arena *mem, const struct xml_node *attr, struct mod *mod, struct err *err)
{
	const bool update = strcmp(operation(attr), "update") == 0;
	const bool remove = strcmp(operation(attr), "delete") == 0;

	mod->replace = !update;
	for (const struct xml_node *v = attr->child; v != NULL; v = v->next) {
		struct value value;
		if (!is_value(v) || remove)
			continue;
		if (read_one(mem, attr, v, &value, err) < 0)
			return -1;
		if (strcmp(operation(v), "delete") != 0)
			foreign_value(mem, &mod->add, &mod->n_add, value);
		else if (update)
			foreign_value(mem, &mod->remove, &mod->n_remove, value);
	}
	return 0;
}

static int read_mods(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct change *c, struct err *err)
{
	for (const struct xml_node *a = node->child; a != NULL; a = a->next) {
		unsigned attr = attr_of(f, a);
		if (attr == ATTR_NONE)
			continue;
		struct mod *m = foreign_mod(mem, c, attr);
		if (read_mod(mem, a, m, err) < 0)
			return -1;
		/* An update of nothing. */
		c->n -= !m->replace && m->n_add == 0 && m->n_remove == 0;
	}
	return 0;
}

/* All attributes with their values. */
static int read_attrs(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct entry *e, struct err *err)
{
	for (const struct xml_node *a = node->child; a != NULL; a = a->next) {
		unsigned attr = attr_of(f, a);
		struct value value;
		if (attr == ATTR_NONE || strcmp(operation(a), "delete") == 0)
			continue;
		for (const struct xml_node *v = a->child; v != NULL; v = v->next) {
			if (!is_value(v) || strcmp(operation(v), "delete") == 0)
				continue;
			if (read_one(mem, a, v, &value, err) < 0)
				return -1;
			entry_add(mem, e, attr, value);
		}
	}
	return 0;
}

/* The anchor of an AD connector is the objectGUID. */
static int read_anchor(
	struct arena *mem, const struct xml_node *node, struct entry *e, struct err *err)
{
	const struct xml_node *anchor = xml_child(node, "anchor");
	const char *encoding = anchor != NULL ? xml_attr(anchor, "encoding") : NULL;
	const unsigned guid = attr_named("objectGUID");
	struct value bytes;

	if (encoding == NULL || strcmp(encoding, "base64") != 0 || entry_get(e, guid) != NULL)
		return 0;
	if (foreign_base64(mem, xml_word(anchor), &bytes, err) < 0)
		return -1;
	if (bytes.len == 16)
		entry_add(mem, e, guid, bytes);
	return 0;
}

int mms_entry(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const char *dn = xml_attr(node, "dn");

	if (dn == NULL || dn[0] == '\0')
		return err_set(err, ERR_FATAL, "entry: no dn");
	out->whole = true;
	out->entry.name = value_of(dn);
	if (read_attrs(f, mem, node, &out->entry, err) < 0 ||
		read_anchor(mem, node, &out->entry, err) < 0)
		return -1;
	return 1;
}

/* A delta that adds: what is said twice of an attribute is one attribute, as in an entry. */
static int read_add(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	out->entry.name = out->change.name;
	if (read_attrs(f, mem, node, &out->entry, err) < 0)
		return -1;
	foreign_as_add(mem, out);
	return 1;
}

static const struct {
	const char *name;
	bool whole; /* it says all that the object will have */
	enum change_op op;
} operations[] = {
	{"add", false, CHANGE_ADD},
	{"replace", true, CHANGE_ADD},
	{"delete-add", true, CHANGE_ADD},
	{"update", false, CHANGE_MODIFY},
	{"delete", false, CHANGE_DELETE},
};

int mms_delta(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const char *what = operation(node), *newdn = xml_attr(node, "newdn");
	struct change *c = &out->change;
	size_t i = 0;

	while (i < sizeof(operations) / sizeof(operations[0]) &&
		strcmp(operations[i].name, what) != 0)
		i++;
	if (f->view == FOREIGN_WILL && strcmp(what, "none") == 0)
		return 0;
	if (i == sizeof(operations) / sizeof(operations[0]))
		return err_set(err, ERR_FATAL, "delta: no such operation: \"%s\"", what);
	const bool add = operations[i].op == CHANGE_ADD;
	if (f->view == FOREIGN_HAS && !add)
		return err_set(err, ERR_FATAL,
			"the file has changes (%s), not all that a directory has: only \"galway "
			"compare\" reads it",
			what);
	if (operations[i].whole || f->view == FOREIGN_HAS)
		return mms_entry(f, mem, node, out, err);
	c->op = operations[i].op;
	c->name = value_of(xml_attr(node, "dn") != NULL ? xml_attr(node, "dn") : "");
	c->new_name = value_of(newdn != NULL && c->op == CHANGE_MODIFY ? newdn : "");
	if (c->name.len == 0)
		return err_set(err, ERR_FATAL, "delta: no dn");
	if (add)
		return read_add(f, mem, node, out, err);
	return read_mods(f, mem, node, c, err) < 0 ? -1 : 1;
}

/* The images of an object, the best first. Names without "synchronized-", "unapplied-" and
 * "pending-" are those of the older documentation. */
static const char *const has[] = {"pending-import-hologram", "import-hologram",
	"unconfirmed-export-hologram", "synchronized-hologram", "hologram", NULL};
static const char *const will[] = {"unapplied-export-hologram", "export-hologram",
	"escrowed-export-hologram", "unconfirmed-export-hologram", "pending-import-hologram",
	"import-hologram", "synchronized-hologram", "hologram", NULL};

static const struct xml_node *image(const struct xml_node *object, const char *const *names)
{
	for (; *names != NULL; names++) {
		const struct xml_node *h = xml_child(object, *names);
		const struct xml_node *entry = h != NULL ? xml_child(h, "entry") : NULL;
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

static const struct xml_node *delta_of(const struct xml_node *object, const char *name)
{
	const struct xml_node *d = xml_child(object, name);

	return d != NULL ? xml_child(d, "delta") : NULL;
}

/* An object may have neither image nor delta: a placeholder for a container. */
int mms_object(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const bool now = f->view == FOREIGN_HAS;
	const struct xml_node *entry = image(node, now ? has : will);
	const struct xml_node *delta = delta_of(node, now ? "pending-import" : "unapplied-export");
	const bool gone = delta != NULL && strcmp(operation(delta), "delete") == 0;

	if (now && gone)
		return 0;
	if (delta != NULL && !now &&
		(gone || (xml_child(node, "unapplied-export-hologram") == NULL &&
				 xml_child(node, "export-hologram") == NULL)))
		return mms_delta(f, mem, delta, out, err);
	return entry != NULL ? mms_entry(f, mem, entry, out, err) : 0;
}
