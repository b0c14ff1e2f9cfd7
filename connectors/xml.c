#include "connectors/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/xmlreader.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/file.h"

#define XMLNS "http://www.w3.org/2000/xmlns/"
#define HELD_MAX 8 /* levels outside of records */

/* An element that is being read, outermost first. */
struct level {
	struct xml_node *node, *last; /* last: of its children */
	struct buf text;
};

struct xml {
	struct arena *mem;
	const char *name;
	int fd; /* -1: all of it is at hand */
	struct stat opened;
	const char *at, *end;
	const struct xml_shape *shape;
	xmlTextReaderPtr reader;
	struct err failed;          /* kind != ERR_NONE: it cannot be read on */
	const char *held[HELD_MAX]; /* names of the elements that are open, outside of records */
	unsigned n_held;
	struct xml_node root; /* without children; name "": nothing was read */
	struct level levels[XML_DEPTH_MAX];
	size_t size; /* of the record */
};

static int give_bytes(void *context, char *to, int room)
{
	struct xml *x = context;
	size_t n = (size_t)(x->end - x->at);

	if (x->fd >= 0) {
		ssize_t got;
		do {
			got = read(x->fd, to, (size_t)room);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			file_fail(&x->failed, x->name);
		return (int)got;
	}
	n = n < (size_t)room ? n : (size_t)room;
	if (n > 0)
		memcpy(to, x->at, n);
	x->at += n;
	return (int)n;
}

/* The first complaint is the one that counts. */
static void note_error(void *context, xmlErrorPtr e)
{
	struct xml *x = context;
	const char *text = e->message != NULL ? e->message : "not XML";

	if (e->level == XML_ERR_WARNING || x->failed.kind != ERR_NONE)
		return;
	err_set(&x->failed, ERR_FATAL, "%s:%d: not well-formed XML: %.*s", x->name, e->line,
		(int)strcspn(text, "\n"), text);
}

/* Complaints that libxml2 makes to nobody, as of its encodings, would go to standard error. What is
 * wrong is noticed all the same: the document is not well-formed then. */
static void ignore_error(void *context, xmlErrorPtr e)
{
	(void)context;
	(void)e;
}

static struct xml *reader(
	const char *name, const struct xml_shape *shape, int fd, struct value bytes)
{
	struct arena *mem = arena_new();
	struct xml *x = arena_zalloc(mem, sizeof(*x));

	x->mem = mem;
	x->name = arena_strdup(mem, name);
	x->shape = shape;
	x->fd = fd;
	x->root.name = "";
	x->at = bytes.data;
	x->end = bytes.data + bytes.len;
	/* It reads at once. Without XML_PARSE_NOENT and XML_PARSE_DTDLOAD no entity is put in place
	 * and no other file is opened; without XML_PARSE_HUGE libxml2's own limits hold. */
	xmlSetStructuredErrorFunc(NULL, ignore_error);
	x->reader = xmlReaderForIO(
		give_bytes, NULL, x, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
	if (x->reader == NULL)
		err_set(&x->failed, ERR_BUSY, "out of memory");
	else
		xmlTextReaderSetStructuredErrorHandler(x->reader, note_error, x);
	return x;
}

struct xml *xml_memory(
	const char *name, const char *data, size_t len, const struct xml_shape *shape)
{
	return reader(name, shape, -1, (struct value){data, len});
}

int xml_open(const char *path, const struct xml_shape *shape, struct xml **out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return file_fail(err, path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_FATAL, "%s: not a regular file", path);
	}
	*out = reader(path, shape, fd, value_of(""));
	(*out)->opened = st;
	return 0;
}

void xml_close(struct xml *x)
{
	if (x == NULL)
		return;
	xmlFreeTextReader(x->reader);
	if (x->fd >= 0)
		close(x->fd);
	for (unsigned i = 0; i < XML_DEPTH_MAX; i++)
		buf_free(&x->levels[i].text);
	arena_free(x->mem);
}

/* libxml2 keeps 16 bits of a node's line. Where that is not enough, or it keeps none, the parser's
 * own is right but for some hundred bytes. */
static unsigned long line_of(const struct xml *x)
{
	long line = xmlGetLineNo(xmlTextReaderCurrentNode(x->reader));

	if (line <= 0 || line >= UINT16_MAX)
		line = xmlTextReaderGetParserLineNumber(x->reader);
	return (unsigned long)line;
}

static int refuse(struct xml *x, const char *what, const char *name)
{
	return err_set(&x->failed, ERR_FATAL, "%s:%lu: %s%s", x->name, line_of(x), what, name);
}

/* 1: the next node; 0: the end; -1. */
static int advance(struct xml *x)
{
	int r = x->failed.kind == ERR_NONE ? xmlTextReaderRead(x->reader) : -1;

	if (x->failed.kind != ERR_NONE)
		return -1;
	if (r < 0)
		return err_set(&x->failed, ERR_FATAL, "%s: not well-formed XML", x->name);
	if (r > 0 && xmlTextReaderNodeType(x->reader) == XML_READER_TYPE_DOCUMENT_TYPE)
		return refuse(x, "a DOCTYPE is not accepted", "");
	if (r > 0 && xmlTextReaderNodeType(x->reader) == XML_READER_TYPE_ENTITY_REFERENCE)
		return refuse(x, "an entity is not accepted", "");
	return r;
}

/* A copy in the record's arena, which counts. */
static const char *keep(struct xml *x, struct arena *mem, const xmlChar *text)
{
	size_t len = text != NULL ? strlen((const char *)text) : 0;

	x->size += len + 1;
	return arena_copy(mem, text, len);
}

static void read_attrs(struct xml *x, struct arena *mem, struct xml_node *node)
{
	int n = xmlTextReaderAttributeCount(x->reader);

	if (n <= 0)
		return;
	x->size += (size_t)n * sizeof(*node->attrs);
	node->attrs = arena_alloc(mem, (size_t)n * sizeof(*node->attrs));
	while (node->n_attrs < (unsigned)n && xmlTextReaderMoveToNextAttribute(x->reader) == 1) {
		const xmlChar *ns = xmlTextReaderConstNamespaceUri(x->reader);
		if (ns != NULL && strcmp((const char *)ns, XMLNS) == 0)
			continue;
		node->attrs[node->n_attrs++] = (struct xml_attr){keep(x, mem, ns),
			keep(x, mem, xmlTextReaderConstLocalName(x->reader)),
			keep(x, mem, xmlTextReaderConstValue(x->reader))};
	}
	(void)xmlTextReaderMoveToElement(x->reader);
}

/* The element where the reader stands becomes the child of the one before it. */
static int enter(struct xml *x, struct arena *mem, unsigned depth)
{
	struct xml_node *node = arena_zalloc(mem, sizeof(*node));
	struct level *up = depth > 0 ? &x->levels[depth - 1] : NULL;

	if (depth == XML_DEPTH_MAX)
		return refuse(x, "elements are nested too deeply", "");
	node->line = line_of(x);
	node->name = keep(x, mem, xmlTextReaderConstLocalName(x->reader));
	read_attrs(x, mem, node);
	x->size += sizeof(*node);
	if (up != NULL && up->last != NULL)
		up->last->next = node;
	else if (up != NULL)
		up->node->child = node;
	if (up != NULL)
		up->last = node;
	x->levels[depth].node = node;
	x->levels[depth].last = NULL;
	buf_clear(&x->levels[depth].text);
	buf_puts(&x->levels[depth].text, "");
	return 0;
}

static void leave(struct xml *x, struct arena *mem, struct level *level)
{
	level->node->text =
		(struct value){arena_copy(mem, level->text.data, level->text.len), level->text.len};
	x->size += level->text.len;
}

static bool is_text(int type)
{
	return type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
	       type == XML_READER_TYPE_WHITESPACE || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE;
}

/* From the start of an element to its end. */
static int read_record(struct xml *x, struct arena *mem, struct xml_node **out)
{
	unsigned depth = 0;

	x->size = 0;
	do {
		int type = xmlTextReaderNodeType(x->reader);
		bool empty = xmlTextReaderIsEmptyElement(x->reader) == 1;
		if (type == XML_READER_TYPE_ELEMENT && enter(x, mem, depth++) < 0)
			return -1;
		if (is_text(type))
			buf_puts(&x->levels[depth - 1].text,
				(const char *)xmlTextReaderConstValue(x->reader));
		if (type == XML_READER_TYPE_END_ELEMENT ||
			(type == XML_READER_TYPE_ELEMENT && empty))
			leave(x, mem, &x->levels[--depth]);
		if (x->size + (depth > 0 ? x->levels[depth - 1].text.len : 0) > XML_RECORD_MAX)
			return refuse(x, "a record of more than 64 MiB", "");
	} while (depth > 0 && advance(x) == 1);
	if (depth > 0)
		return -1; /* libxml2 told why, for an element that is not closed is an error */
	*out = x->levels[0].node;
	return 1;
}

/* What the element is that the reader stands at; NULL: not of the shape. */
static const struct xml_shape *shape_here(const struct xml *x)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(x->reader);
	const char *ns = (const char *)xmlTextReaderConstNamespaceUri(x->reader);
	const char *parent = x->n_held > 0 ? x->held[x->n_held - 1] : NULL;
	const struct xml_shape *s = x->shape;

	for (; s->name != NULL; s++) {
		bool place = s->parent == NULL ? parent == NULL
					       : parent != NULL && strcmp(s->parent, parent) == 0;
		if (place && strcmp(s->name, name) == 0 && strcmp(s->ns, ns != NULL ? ns : "") == 0)
			return s;
	}
	return NULL;
}

/* An element outside of records. 1: it is one; 0: go on; -1. */
static int read_element(struct xml *x, struct arena *mem, struct xml_node **out)
{
	const struct xml_shape *s = shape_here(x);
	const bool empty = xmlTextReaderIsEmptyElement(x->reader) == 1;

	if (s == NULL)
		return refuse(x, "this element is not known here: ",
			(const char *)xmlTextReaderConstName(x->reader));
	if (s->parent == NULL) {
		x->root.name = s->name;
		read_attrs(x, x->mem, &x->root);
	}
	if (s->role == XML_HOLDS) {
		if (!empty && x->n_held == HELD_MAX)
			return refuse(x, "elements are nested too deeply", "");
		if (!empty)
			x->held[x->n_held++] = s->name;
		return 0;
	}
	struct arena_mark mark = arena_mark(mem);
	if (read_record(x, mem, out) < 0)
		return -1;
	(*out)->tag = s->tag;
	if (s->role == XML_SKIP)
		arena_rewind(mem, mark);
	return s->role == XML_RECORD;
}

/* Whoever writes the file while we read it may have given us half of it. */
static void check_end(struct xml *x)
{
	if (x->fd >= 0 && file_changed(x->fd, &x->opened))
		err_set(&x->failed, ERR_BUSY, "%s: changed while it was read", x->name);
}

int xml_next(struct xml *x, struct arena *mem, struct xml_node **out, struct err *err)
{
	int r = 0, found = 0;

	while (found == 0 && (r = advance(x)) == 1) {
		int type = xmlTextReaderNodeType(x->reader);
		if (type == XML_READER_TYPE_ELEMENT)
			found = read_element(x, mem, out);
		else if (type == XML_READER_TYPE_END_ELEMENT)
			x->n_held--;
		else if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA)
			found = refuse(x, "text is not expected here", "");
	}
	if (found == 0 && r == 0)
		check_end(x);
	if (x->failed.kind != ERR_NONE) {
		*err = x->failed;
		return -1;
	}
	return found;
}

const struct xml_node *xml_root(const struct xml *x)
{
	return &x->root;
}

int xml_at(const struct xml *x, const struct xml_node *node, struct err *err)
{
	return err_in(err, "%s:%lu", x->name, node->line);
}

const char *xml_attr(const struct xml_node *node, const char *name)
{
	for (unsigned i = 0; i < node->n_attrs; i++) {
		if (node->attrs[i].ns[0] == '\0' && strcmp(node->attrs[i].name, name) == 0)
			return node->attrs[i].value;
	}
	return NULL;
}

static const struct xml_node *named(const struct xml_node *node, const char *name)
{
	while (node != NULL && strcmp(node->name, name) != 0)
		node = node->next;
	return node;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	return named(node->child, name);
}

const struct xml_node *xml_again(const struct xml_node *node)
{
	return named(node->next, node->name);
}

struct value xml_word(const struct xml_node *node)
{
	static const char blanks[] = " \t\r\n";
	struct value v = node->text;

	while (v.len > 0 && strchr(blanks, v.data[0]) != NULL) {
		v.data++;
		v.len--;
	}
	while (v.len > 0 && strchr(blanks, v.data[v.len - 1]) != NULL)
		v.len--;
	return v;
}
