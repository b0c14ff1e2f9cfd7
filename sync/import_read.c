#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/xml.h"
#include "sync/import_rule.h"

static const struct xml_shape shape[] = {
	{NULL, "synchronizationRule", "", XML_RECORD, 0},
	{NULL, "synchronizationRules", "", XML_HOLDS, 0},
	{"synchronizationRules", "synchronizationRule", "", XML_RECORD, 0},
	{NULL, NULL, NULL, XML_SKIP, 0},
};

/* The text of a child on one line, without blanks around it; "" without. */
static const char *text_of(struct arena *mem, const struct xml_node *node, const char *name)
{
	const struct xml_node *child = xml_child(node, name);
	const struct value v = child != NULL ? xml_word(child) : (struct value){"", 0};
	char *text = arena_alloc(mem, v.len + 1), *to = text;
	bool breaking = false;

	/* Control characters, as line breaks, and the blanks behind them become one blank. */
	for (size_t i = 0; i < v.len; i++) {
		bool control = (unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f;
		if (breaking && (control || v.data[i] == ' '))
			continue;
		breaking = control;
		*to++ = control ? ' ' : v.data[i];
	}
	*to = '\0';
	return text;
}

static unsigned count(const struct xml_node *node, const char *name)
{
	unsigned n = 0;

	for (const struct xml_node *c = node != NULL ? xml_child(node, name) : NULL; c != NULL;
		c = xml_again(c))
		n++;
	return n;
}

/* <conditions>, each with its <scope>s or <condition>s. */
static struct sync_group *read_groups(struct arena *mem, const struct xml_node *criteria,
	const char *word, const char *const fields[3], unsigned *n)
{
	*n = count(criteria, "conditions");
	struct sync_group *groups = arena_zalloc(mem, *n * sizeof(*groups)), *g = groups;
	const struct xml_node *all = *n > 0 ? xml_child(criteria, "conditions") : NULL;

	for (; all != NULL; all = xml_again(all), g++) {
		g->n = count(all, word);
		struct sync_condition *c = arena_alloc(mem, g->n * sizeof(*c));
		g->conditions = c;
		for (const struct xml_node *one = xml_child(all, word); one != NULL;
			one = xml_again(one), c++)
			*c = (struct sync_condition){text_of(mem, one, fields[0]),
				text_of(mem, one, fields[1]), text_of(mem, one, fields[2])};
	}
	return groups;
}

static struct sync_flow read_flow(struct arena *mem, const struct xml_node *mapping)
{
	const struct xml_node *src = xml_child(mapping, "src");
	const char *once = xml_attr(mapping, "execute-once");
	struct sync_flow f = {.dest = text_of(mem, mapping, "dest"),
		.merge = strncmp(text_of(mem, mapping, "valueMergeType"), "Merge", 5) == 0,
		.once = once != NULL && strcasecmp(once, "true") == 0};

	if (text_of(mem, mapping, "expression")[0] != '\0')
		f.expression = text_of(mem, mapping, "expression");
	else if (src != NULL && xml_child(src, "attr") != NULL)
		f.source = text_of(mem, src, "attr");
	else
		f.constant = src != NULL ? text_of(mem, mapping, "src") : "";
	return f;
}

static void read_flows(struct arena *mem, const struct xml_node *node, struct sync_rule *r)
{
	const struct xml_node *all = xml_child(node, "attribute-mappings");
	unsigned i = 0;

	r->n_flows = count(all, "mapping");
	r->flows = arena_alloc(mem, r->n_flows * sizeof(*r->flows));
	for (const struct xml_node *m = r->n_flows > 0 ? xml_child(all, "mapping") : NULL;
		m != NULL; m = xml_again(m))
		r->flows[i++] = read_flow(mem, m);
}

static int read_rule(
	struct arena *mem, const struct xml_node *node, struct sync_rule *r, struct err *err)
{
	static const char *const scope[] = {"csAttribute", "csOperator", "csValue"};
	static const char *const joins[] = {"csAttribute", "ilmAttribute", "caseSensitive"};
	const char *direction = text_of(mem, node, "direction");
	const char *precedence = text_of(mem, node, "precedence");
	char *end;

	*r = (struct sync_rule){.name = text_of(mem, node, "name"),
		.source_type = text_of(mem, node, "sourceObjectType"),
		.target_type = text_of(mem, node, "targetObjectType"),
		.inbound = strcmp(direction, "Inbound") == 0,
		.disabled = strcasecmp(text_of(mem, node, "disabled"), "true") == 0,
		.provision = strcmp(text_of(mem, node, "linkType"), "Provision") == 0,
		.precedence = strtol(precedence, &end, 10)};
	if (!r->inbound && strcmp(direction, "Outbound") != 0)
		return err_set(
			err, ERR_FATAL, "direction is \"%s\", not Inbound or Outbound", direction);
	if (end == precedence || *end != '\0')
		return err_set(err, ERR_FATAL, "precedence \"%s\" is not a number", precedence);
	if (r->source_type[0] == '\0' || r->target_type[0] == '\0')
		return err_set(err, ERR_FATAL, "no sourceObjectType or no targetObjectType");
	r->scope = read_groups(
		mem, xml_child(node, "synchronizationCriteria"), "scope", scope, &r->n_scope);
	r->joins = read_groups(
		mem, xml_child(node, "relationshipCriteria"), "condition", joins, &r->n_joins);
	read_flows(mem, node, r);
	return 0;
}

static int read_rules(struct xml *xml, struct arena *mem, struct sync_rules *all, struct err *err)
{
	struct xml_node *node;
	int rc;

	while ((rc = xml_next(xml, mem, &node, err)) == 1) {
		/* room for 1, 2, 4, 8 ... */
		if ((all->n & (all->n - 1)) == 0) {
			struct sync_rule *more =
				arena_alloc(mem, (all->n > 0 ? 2 * all->n : 1) * sizeof(*more));
			if (all->n > 0)
				memcpy(more, all->rules, all->n * sizeof(*more));
			all->rules = more;
		}
		if (read_rule(mem, node, &all->rules[all->n++], err) < 0) {
			rc = xml_at(xml, node, err);
			break;
		}
	}
	xml_close(xml);
	return rc;
}

int import_read(struct arena *mem, const char *path, struct sync_rules *all, struct err *err)
{
	struct xml *xml;

	return xml_open(path, shape, &xml, err) < 0 ? -1 : read_rules(xml, mem, all, err);
}

int import_read_text(struct arena *mem, const char *name, const char *data, size_t len,
	struct sync_rules *all, struct err *err)
{
	return read_rules(xml_memory(name, data, len, shape), mem, all, err);
}
