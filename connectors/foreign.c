#include "connectors/foreign.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/foreign_private.h"

struct left_out {
	struct left_out *next;
	const char *name;
};

/* Who reads a record, by its tag. */
enum { DELTA, OBJECT, ENTRY1, REQUEST, RESULT };

static const struct {
	enum foreign_format format;
	foreign_reader *read;
} records[] = {
	[DELTA] = {FOREIGN_MMSML, mms_delta},
	[OBJECT] = {FOREIGN_CSEXPORT, mms_object},
	[ENTRY1] = {FOREIGN_DSML1, mms_entry},
	[REQUEST] = {FOREIGN_DSML2, dsml_record},
	[RESULT] = {FOREIGN_DSML2, dsml_record},
};

static const struct xml_shape shape[] = {
	{NULL, "mmsml", MMSML_NS, XML_HOLDS, 0},
	{"mmsml", "directory-schema", MMSML_NS, XML_SKIP, 0},
	{"mmsml", "directory-entries", MMSML_NS, XML_HOLDS, 0},
	{"directory-entries", "delta", MMSML_NS, XML_RECORD, DELTA},

	{NULL, "cs-objects", "", XML_HOLDS, 0},
	{"cs-objects", "cs-object", "", XML_RECORD, OBJECT},

	{NULL, "dsml", DSML1_NS, XML_HOLDS, 0},
	{"dsml", "directory-schema", DSML1_NS, XML_SKIP, 0},
	{"dsml", "directory-entries", DSML1_NS, XML_HOLDS, 0},
	{"directory-entries", "entry", DSML1_NS, XML_RECORD, ENTRY1},

	{NULL, "Envelope", SOAP_NS, XML_HOLDS, 0},
	{"Envelope", "Header", SOAP_NS, XML_SKIP, 0},
	{"Envelope", "Body", SOAP_NS, XML_HOLDS, 0},
	{"Body", "batchRequest", DSML2_NS, XML_HOLDS, 0},
	{"Body", "batchResponse", DSML2_NS, XML_HOLDS, 0},
	{NULL, "batchRequest", DSML2_NS, XML_HOLDS, 0},
	{"batchRequest", "authRequest", DSML2_NS, XML_SKIP, 0},
	{"batchRequest", "searchRequest", DSML2_NS, XML_SKIP, 0},
	{"batchRequest", "compareRequest", DSML2_NS, XML_SKIP, 0},
	{"batchRequest", "addRequest", DSML2_NS, XML_RECORD, REQUEST},
	{"batchRequest", "modifyRequest", DSML2_NS, XML_RECORD, REQUEST},
	{"batchRequest", "modDNRequest", DSML2_NS, XML_RECORD, REQUEST},
	{"batchRequest", "delRequest", DSML2_NS, XML_RECORD, REQUEST},
	{NULL, "batchResponse", DSML2_NS, XML_HOLDS, 0},
	{"batchResponse", "authResponse", DSML2_NS, XML_SKIP, 0},
	{"batchResponse", "errorResponse", DSML2_NS, XML_RECORD, RESULT},
	{"batchResponse", "searchResponse", DSML2_NS, XML_HOLDS, 0},
	{"searchResponse", "searchResultEntry", DSML2_NS, XML_RECORD, RESULT},
	{"searchResponse", "searchResultReference", DSML2_NS, XML_RECORD, RESULT},
	{"searchResponse", "searchResultDone", DSML2_NS, XML_RECORD, RESULT},
	{NULL, NULL, NULL, XML_SKIP, 0},
};

static struct foreign *of_view(const char *name, enum foreign_view view)
{
	struct arena *mem = arena_new();
	struct foreign *f = arena_zalloc(mem, sizeof(*f));

	f->mem = mem;
	f->name = arena_strdup(mem, name);
	f->view = view;
	return f;
}

int foreign_open(const char *path, enum foreign_view view, struct foreign **out, struct err *err)
{
	struct xml *xml;

	if (xml_open(path, shape, &xml, err) < 0)
		return -1;
	*out = of_view(path, view);
	(*out)->xml = xml;
	return 0;
}

struct foreign *foreign_memory(
	const char *name, const char *data, size_t len, enum foreign_view view)
{
	struct foreign *f = of_view(name, view);

	f->xml = xml_memory(name, data, len, shape);
	return f;
}

void foreign_close(struct foreign *f)
{
	if (f == NULL)
		return;
	xml_close(f->xml);
	arena_free(f->mem);
}

/* Names that are none would be taken for others when parts of them are put together. */
static int check_names(const struct foreign_record *r, struct err *err)
{
	const struct value name = r->whole ? r->entry.name : r->change.name;
	const struct value new_name = r->whole ? (struct value){NULL, 0} : r->change.new_name;

	if (dn_depth(name) > 0 && (new_name.len == 0 || dn_depth(new_name) > 0))
		return 0;
	return err_set(err, ERR_FATAL, "\"%s\" is not a distinguished name",
		dn_depth(name) == 0 ? name.data : new_name.data);
}

/* A step of a full import alone writes down all that there is; an export, or a delta, what changed.
 */
static int check_step(const struct foreign *f, struct err *err)
{
	static const char whole[] = "full-import";
	const struct xml_node *root = xml_root(f->xml);
	const char *step = xml_attr(root, "step-type");

	if (f->view != FOREIGN_HAS || strcmp(root->name, "mmsml") != 0 ||
		(step != NULL && strncmp(step, whole, strlen(whole)) == 0))
		return 0;
	return err_set(err, ERR_FATAL,
		"%s: the file is of a step of type \"%s\", not of a full import: it need not be "
		"all that the directory has",
		f->name, step != NULL ? step : "");
}

/* An answer says that it is whole; a file without an answer says nothing. */
static int check_end(const struct foreign *f, struct err *err)
{
	const char *root = xml_root(f->xml)->name;
	const bool answer = strcmp(root, "batchResponse") == 0 || strcmp(root, "Envelope") == 0;

	if (f->open || (answer && !f->any))
		return err_set(err, ERR_FATAL,
			"%s: the answer to a search is not whole: there is no "
			"searchResultDone",
			f->name);
	return check_step(f, err);
}

int foreign_next(struct foreign *f, struct arena *mem, struct foreign_record *out, struct err *err)
{
	struct xml_node *node;
	int r;

	while ((r = xml_next(f->xml, mem, &node, err)) == 1) {
		f->any = true;
		*out = (struct foreign_record){.line = node->line};
		f->format = records[node->tag].format;
		if (check_step(f, err) < 0)
			return -1;
		int read = records[node->tag].read(f, mem, node, out, err);
		if (read > 0 && check_names(out, err) < 0)
			read = -1;
		if (read < 0) {
			err->kind = ERR_FATAL;
			return xml_at(f->xml, node, err);
		}
		if (read > 0)
			return 1;
	}
	return r == 0 ? check_end(f, err) : r;
}

int foreign_at(const struct foreign *f, unsigned long line, struct err *err)
{
	return xml_at(f->xml, &(struct xml_node){.line = line}, err);
}

enum foreign_format foreign_format(const struct foreign *f)
{
	return f->format;
}

const char *foreign_format_name(enum foreign_format format)
{
	static const char *const names[] = {
		[FOREIGN_MMSML] = "mmsml",
		[FOREIGN_CSEXPORT] = "csexport",
		[FOREIGN_DSML2] = "DSMLv2",
		[FOREIGN_DSML1] = "DSMLv1",
	};

	return names[format];
}

unsigned foreign_attr(struct foreign *f, const struct xml_node *node)
{
	const char *name = xml_attr(node, "name");
	unsigned attr = name != NULL ? attr_id(name, strlen(name)) : ATTR_NONE;
	struct left_out *l = f->left;

	if (attr != ATTR_NONE)
		return attr;
	name = name != NULL ? name : "";
	while (l != NULL && strcmp(l->name, name) != 0)
		l = l->next;
	if (l == NULL) {
		l = arena_alloc(f->mem, sizeof(*l));
		*l = (struct left_out){f->left, arena_strdup(f->mem, name)};
		f->left = l;
		log_warn("attribute \"%s\" is left out: no directory has such a name", name);
	}
	return ATTR_NONE;
}

int foreign_base64(struct arena *mem, struct value text, struct value *out, struct err *err)
{
	struct buf dense = {0}, bytes = {0};

	for (size_t i = 0; i < text.len; i++) {
		if (!isspace((unsigned char)text.data[i]))
			buf_putc(&dense, text.data[i]);
	}
	buf_puts(&dense, "");
	buf_puts(&bytes, "");
	int rc = buf_unbase64(&bytes, dense.data, dense.len);
	if (rc < 0)
		err_set(err, ERR_FATAL, "a value that is not base64");
	*out = (struct value){arena_copy(mem, bytes.data, bytes.len), bytes.len};
	buf_free(&dense);
	buf_free(&bytes);
	return rc;
}

struct mod *foreign_mod(struct arena *mem, struct change *c, unsigned attr)
{
	/* room for 1, 2, 4, 8 ... */
	if ((c->n & (c->n - 1)) == 0) {
		struct mod *more = arena_alloc(mem, (c->n > 0 ? 2 * c->n : 1) * sizeof(*more));
		if (c->n > 0)
			memcpy(more, c->mods, c->n * sizeof(*more));
		c->mods = more;
	}
	c->mods[c->n] = (struct mod){.attr = attr};
	return &c->mods[c->n++];
}

void foreign_as_add(struct arena *mem, struct foreign_record *r)
{
	r->whole = false;
	r->change.op = CHANGE_ADD;
	r->change.name = r->entry.name;
	for (unsigned i = 0; i < r->entry.n; i++) {
		struct mod *m = foreign_mod(mem, &r->change, r->entry.attrs[i].id);
		/* Whatever is there already: these are all that it shall have. */
		m->replace = true;
		m->add = r->entry.attrs[i].values;
		m->n_add = r->entry.attrs[i].n;
	}
}

void foreign_value(struct arena *mem, struct value **values, unsigned *n, struct value v)
{
	if ((*n & (*n - 1)) == 0) {
		struct value *more = arena_alloc(mem, (*n > 0 ? 2 * *n : 1) * sizeof(*more));
		if (*n > 0)
			memcpy(more, *values, *n * sizeof(*more));
		*values = more;
	}
	(*values)[(*n)++] = v;
}
