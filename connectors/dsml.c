#include "connectors/dsml.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/text.h"

/* May it stand there as text? Not what a person cannot see or a terminal obeys, nor blanks at an
 * end, nor U+FFFE and U+FFFF, which are no characters of XML 1.0 (2.2). */
static bool is_text(struct value v)
{
	static const char none[] = "\xef\xbf";
	struct buf safe = {0};

	if (v.len > 0 && (v.data[0] == ' ' || v.data[v.len - 1] == ' '))
		return false;
	for (size_t i = 0; i + 2 < v.len; i++) {
		if (memcmp(v.data + i, none, 2) == 0 && (unsigned char)v.data[i + 2] >= 0xbe)
			return false;
	}
	buf_puts(&safe, "");
	text_safe_add(&safe, v.data, v.len, 1);
	bool same = safe.len == v.len && (v.len == 0 || memcmp(safe.data, v.data, v.len) == 0);
	buf_free(&safe);
	return same;
}

static void add_escaped(struct buf *b, struct value v)
{
	static const char special[] = "&<>\"";
	static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;"};

	for (size_t i = 0; i < v.len; i++) {
		const char *s = v.data[i] != '\0' ? strchr(special, v.data[i]) : NULL;
		if (s != NULL)
			buf_puts(b, written[s - special]);
		else
			buf_putc(b, v.data[i]);
	}
}

/* A name. Control characters, which XML has not or changes, are escaped as RFC 4514 has it. */
static void add_attribute(struct buf *b, const char *name, struct value v)
{
	buf_printf(b, " %s=\"", name);
	for (size_t i = 0; i < v.len; i++) {
		if ((unsigned char)v.data[i] < ' ')
			buf_printf(b, "\\%02X", (unsigned)v.data[i]);
		else
			add_escaped(b, (struct value){v.data + i, 1});
	}
	buf_putc(b, '"');
}

static void add_values(struct buf *b, const char *indent, const struct value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bool text = is_text(values[i]);
		buf_printf(b, "%s<value%s>", indent, text ? "" : " xsi:type=\"xsd:base64Binary\"");
		if (text)
			add_escaped(b, values[i]);
		else
			buf_base64(b, values[i].data, values[i].len);
		buf_puts(b, "</value>\n");
	}
}

static void add_modification(
	struct buf *b, unsigned attr, const char *operation, const struct value *values, unsigned n)
{
	buf_printf(
		b, "  <modification name=\"%s\" operation=\"%s\">\n", attr_name(attr), operation);
	add_values(b, "   ", values, n);
	buf_puts(b, "  </modification>\n");
}

static void begin(struct buf *b, const char *request, struct value name, unsigned long *id)
{
	buf_printf(b, " <%s requestID=\"%lu\"", request, ++*id);
	add_attribute(b, "dn", name);
}

static void print_add(struct buf *b, const struct change *c, unsigned long *id)
{
	begin(b, "addRequest", c->name, id);
	buf_puts(b, ">\n");
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		if (m->n_add == 0)
			continue;
		buf_printf(b, "  <attr name=\"%s\">\n", attr_name(m->attr));
		add_values(b, "   ", m->add, m->n_add);
		buf_puts(b, "  </attr>\n");
	}
	buf_puts(b, " </addRequest>\n");
}

static void print_rename(struct buf *b, const struct change *c, unsigned long *id)
{
	const struct value parent = dn_parent(c->new_name);

	begin(b, "modDNRequest", c->name, id);
	add_attribute(b, "newrdn", dn_leaf(c->new_name));
	buf_puts(b, " deleteoldrdn=\"true\"");
	if (!value_same(parent, dn_parent(c->name)))
		add_attribute(b, "newSuperior", parent);
	buf_puts(b, "/>\n");
}

static void print_modify(struct buf *b, const struct change *c, unsigned long *id)
{
	begin(b, "modifyRequest", c->new_name.len > 0 ? c->new_name : c->name, id);
	buf_puts(b, ">\n");
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		if (m->n_remove > 0)
			add_modification(b, m->attr, "delete", m->remove, m->n_remove);
		if (m->replace)
			add_modification(b, m->attr, "replace", m->add, m->n_add);
		else if (m->n_add > 0)
			add_modification(b, m->attr, "add", m->add, m->n_add);
	}
	buf_puts(b, " </modifyRequest>\n");
}

void dsml_print_change(struct buf *b, const struct change *c, unsigned long *id)
{
	switch (c->op) {
	case CHANGE_ADD:
		print_add(b, c, id);
		break;
	case CHANGE_MODIFY:
		if (c->new_name.len > 0)
			print_rename(b, c, id);
		if (c->n > 0)
			print_modify(b, c, id);
		break;
	case CHANGE_DELETE:
		begin(b, "delRequest", c->name, id);
		buf_puts(b, "/>\n");
		break;
	}
}

void dsml_print_begin(struct buf *b)
{
	buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<batchRequest xmlns=\"urn:oasis:names:tc:DSML:2:0:core\""
		    " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
		    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
		    " processing=\"sequential\" onError=\"exit\">\n");
}

void dsml_print_comment(struct buf *b, const char *text)
{
	buf_puts(b, " <!-- ");
	for (; *text != '\0'; text++) {
		buf_putc(b, *text);
		if (text[0] == '-' && text[1] == '-')
			buf_putc(b, ' ');
	}
	buf_puts(b, " -->\n");
}

void dsml_print_end(struct buf *b)
{
	buf_puts(b, "</batchRequest>\n");
}
