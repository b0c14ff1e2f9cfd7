#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/foreign_private.h"

/* Requests and results of DSMLv2. */

/* xsi:type="xsd:base64Binary", whatever the prefix is; "" without. */
static const char *type_of(const struct xml_node *node)
{
	for (unsigned i = 0; i < node->n_attrs; i++) {
		const struct xml_attr *a = &node->attrs[i];
		const char *colon = strchr(a->value, ':');
		if (strcmp(a->ns, XSI_NS) == 0 && strcmp(a->name, "type") == 0)
			return colon != NULL ? colon + 1 : a->value;
	}
	return "";
}

static int read_value(
	struct arena *mem, const struct xml_node *node, struct value *out, struct err *err)
{
	const char *type = type_of(node);

	if (strcmp(type, "base64Binary") == 0)
		return foreign_base64(mem, node->text, out, err);
	if (strcmp(type, "anyURI") == 0)
		return err_set(err, ERR_FATAL, "a value that stands elsewhere (anyURI)");
	*out = node->text;
	return 0;
}

static int read_values(struct arena *mem, const struct xml_node *node, struct value **values,
	unsigned *n, struct err *err)
{
	const struct xml_node *v = xml_child(node, "value");

	for (; v != NULL; v = xml_again(v)) {
		struct value value;
		if (read_value(mem, v, &value, err) < 0)
			return -1;
		foreign_value(mem, values, n, value);
	}
	return 0;
}

/* <attr>s of an add and of an entry. */
static int read_attrs(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct entry *e, struct err *err)
{
	for (const struct xml_node *a = xml_child(node, "attr"); a != NULL; a = xml_again(a)) {
		unsigned attr = foreign_attr(f, a), n = 0;
		struct value *values = NULL;
		if (attr == ATTR_NONE)
			continue;
		if (read_values(mem, a, &values, &n, err) < 0)
			return -1;
		for (unsigned i = 0; i < n; i++)
			entry_add(mem, e, attr, values[i]);
	}
	return 0;
}

static int read_entry(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	out->whole = true;
	out->entry.name = value_of(xml_attr(node, "dn"));
	return read_attrs(f, mem, node, &out->entry, err) < 0 ? -1 : 1;
}

static int read_add(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	if (read_entry(f, mem, node, out, err) < 0)
		return -1;
	if (f->view != FOREIGN_HAS)
		foreign_as_add(mem, out);
	return 1;
}

static int read_modify(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const struct xml_node *m = xml_child(node, "modification");

	for (; m != NULL; m = xml_again(m)) {
		const char *what = xml_attr(m, "operation");
		unsigned attr = foreign_attr(f, m), n = 0;
		struct value *values = NULL;
		if (what == NULL || (strcmp(what, "add") != 0 && strcmp(what, "delete") != 0 &&
					    strcmp(what, "replace") != 0))
			return err_set(err, ERR_FATAL, "modification: no such operation");
		if (attr == ATTR_NONE)
			continue;
		if (read_values(mem, m, &values, &n, err) < 0)
			return -1;
		if (n == 0 && strcmp(what, "add") == 0)
			continue;
		struct mod *mod = foreign_mod(mem, &out->change, attr);
		const bool take = strcmp(what, "delete") == 0 && n > 0;
		mod->replace = strcmp(what, "add") != 0 && !take;
		*(take ? &mod->remove : &mod->add) = values;
		*(take ? &mod->n_remove : &mod->n_add) = n;
	}
	out->change.op = CHANGE_MODIFY;
	return 1;
}

static int read_rename(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const char *rdn = xml_attr(node, "newrdn"), *parent = xml_attr(node, "newSuperior");

	(void)f;
	if (rdn == NULL || dn_depth(value_of(rdn)) != 1)
		return err_set(err, ERR_FATAL, "modDNRequest: no newrdn");
	out->change.op = CHANGE_MODIFY;
	out->change.new_name = dn_child(mem, value_of(rdn),
		parent != NULL ? value_of(parent) : dn_parent(out->change.name));
	return 1;
}

static int read_delete(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	(void)f;
	(void)mem;
	(void)node;
	(void)err;
	out->change.op = CHANGE_DELETE;
	return 1;
}

/* The search's own result: its answers are whole when it is "success". */
static int read_done(struct foreign *f, const struct xml_node *node, struct err *err)
{
	const struct xml_node *result = xml_child(node, "resultCode");
	const char *code = result != NULL ? xml_attr(result, "code") : NULL;

	if (code == NULL || strcmp(code, "0") != 0)
		return err_set(err, ERR_FATAL, "the search ended with the result %s",
			code != NULL ? code : "of nobody");
	f->open = false;
	return 0;
}

static const struct {
	const char *name;
	bool change; /* only where changes are wanted */
	foreign_reader *read;
} kinds[] = {
	{"searchResultEntry", false, read_entry},
	{"addRequest", false, read_add},
	{"modifyRequest", true, read_modify},
	{"modDNRequest", true, read_rename},
	{"delRequest", true, read_delete},
};

int dsml_record(struct foreign *f, struct arena *mem, const struct xml_node *node,
	struct foreign_record *out, struct err *err)
{
	const char *dn = xml_attr(node, "dn");
	size_t i = 0;

	if (strcmp(node->name, "searchResultDone") == 0)
		return read_done(f, node, err);
	while (i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].name, node->name) != 0)
		i++;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return err_set(err, ERR_FATAL, "%s: the answer is not whole", node->name);
	if (kinds[i].change && f->view == FOREIGN_HAS)
		return err_set(err, ERR_FATAL,
			"the file has changes (%s), not all that a directory has: only \"galway "
			"compare\" reads it",
			node->name);
	if (dn == NULL || dn[0] == '\0')
		return err_set(err, ERR_FATAL, "%s: no dn", node->name);
	f->open = f->open || i == 0;
	out->change.name = value_of(dn);
	return kinds[i].read(f, mem, node, out, err);
}
