#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "rules/expr.h"
#include "sync/import_rule.h"

/* One rule of ours being written: the rules [first, end) of theirs. */
struct writing {
	struct arena *mem;
	struct buf *out;
	struct import_sums *sums;
	const struct sync_rule *first, *end;
	unsigned n_provision;
	/* by attribute id: the mode that its first line has; '\0': none yet */
	char *modes;
	unsigned n_modes;
};

static int by_precedence(const void *a, const void *b)
{
	const struct sync_rule *x = a, *y = b;
	int order = x->inbound != y->inbound ? (x->inbound ? -1 : 1)
					     : strcasecmp(x->source_type, y->source_type);

	if (order == 0)
		order = strcasecmp(x->target_type, y->target_type);
	if (order == 0)
		order = x->precedence < y->precedence ? -1 : x->precedence > y->precedence;
	return order != 0 ? order : strcmp(x->name, y->name);
}

static bool together(const struct sync_rule *x, const struct sync_rule *y)
{
	return x->inbound == y->inbound && strcasecmp(x->source_type, y->source_type) == 0 &&
	       strcasecmp(x->target_type, y->target_type) == 0;
}

/* A line that could be carried over only as a comment, and why. */
static void lost(struct writing *w, const char *why, const char *line)
{
	size_t n = strcspn(why, "\n");

	buf_printf(w->out, "    # not carried over: %.*s\n", (int)n, why);
	if (line[0] != '\0')
		buf_printf(w->out, "    #   %s\n", line);
	w->sums->lost++;
}

/* "user-person", of letters, digits and dashes; another one of the name gets a number. */
static void put_name(struct writing *w)
{
	const struct sync_rule *r = w->first;
	char *name = arena_printf(
		w->mem, "\nrule %s%s-%s", r->inbound ? "" : "out-", r->source_type, r->target_type);

	for (char *c = name + strlen("\nrule "); *c != '\0'; c++) {
		*c = ascii_lower(*c);
		*c = ascii_letter(*c) || ascii_digit(*c) ? *c : '-';
	}
	const char *line = arena_printf(w->mem, "%s\n", name);
	for (unsigned n = 2; strstr(w->out->data, line) != NULL; n++)
		line = arena_printf(w->mem, "%s-%u\n", name, n);
	buf_puts(w->out, line);
}

/* What the metaverse calls person is called user in a directory. */
static const char *class_of(const struct sync_rule *r)
{
	return !r->inbound && strcmp(r->source_type, "person") == 0 ? "user" : r->source_type;
}

/* The objects that some rule provisions. One whose scope cannot be said provisions nobody. */
static void put_scope(struct writing *w)
{
	struct buf any = {0};
	bool all = w->n_provision == 0;
	unsigned n = 0;

	if (all)
		buf_puts(w->out, "    # none of these rules provisions: all objects of the type\n");
	for (const struct sync_rule *r = w->first; r < w->end && !all; r++) {
		const char *why = "", *filter = r->provision ? import_filter(w->mem, r, &why) : "";
		if (!r->provision)
			continue;
		if (filter == NULL)
			lost(w,
				arena_printf(w->mem, "the scope of \"%s\", which takes nobody: %s",
					r->name, why),
				"");
		else if (filter[0] == '\0')
			all = true;
		else
			buf_puts(&any, filter);
		n += filter != NULL;
	}
	buf_printf(w->out, "    scope (&(objectClass=%s)",
		filter_escape(w->mem, value_of(class_of(w->first))).data);
	if (!all)
		buf_printf(w->out, "%s%s%s", n > 1 ? "(|" : "",
			n > 0 ? any.data : "(!(objectClass=*))", n > 1 ? ")" : "");
	buf_puts(w->out, ")\n");
	buf_free(&any);
}

/* Why the expression does not parse; NULL: it does. */
static const char *fault(struct writing *w, const char *expression)
{
	struct expr *expr;
	struct err err;

	if (expr_parse(w->mem, value_of(expression), NULL, 1, 0, &expr, &err) == 0)
		return NULL;
	return arena_strdup(w->mem, err.text);
}

/* A word that a line of a rule begins with, and no attribute there. */
static bool reserved(const char *word)
{
	static const char *const words[] = {"scope", "require", "name", "join", "drop"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static void put_join(struct writing *w, const struct sync_rule *r, const struct sync_group *g)
{
	const struct sync_condition *c = g->conditions;

	if (g->n != 1) {
		struct buf b = {0};
		for (unsigned i = 0; i < g->n; i++)
			buf_printf(&b, "%s%s = %s", i > 0 ? " and " : "", g->conditions[i].op,
				g->conditions[i].attr);
		lost(w, "a join of several attributes together", b.data != NULL ? b.data : "");
		buf_free(&b);
		return;
	}
	/* attr: the connector's, op: the metaverse's */
	const char *to = r->inbound ? c->op : c->attr, *from = r->inbound ? c->attr : c->op;
	const char *line = arena_printf(w->mem, "join %s = [%s]", to, from);
	if (import_attr(to) == ATTR_NONE)
		lost(w, arena_printf(w->mem, "\"%s\" is no attribute", to), line);
	else if (import_attr(from) == ATTR_NONE)
		lost(w, arena_printf(w->mem, "\"%s\" is no attribute", from), line);
	else
		buf_printf(w->out, "    %s\n", line);
}

static void put_joins(struct writing *w)
{
	for (const struct sync_rule *r = w->first; r < w->end; r++) {
		for (unsigned i = 0; i < r->n_joins; i++)
			put_join(w, r, &r->joins[i]);
	}
}

/* As text, unless the attribute is a number, True or False. */
static const char *constant(struct writing *w, unsigned attr, const char *text)
{
	const enum attr_syntax syntax = attr != ATTR_NONE ? attr_syntax(attr) : SYNTAX_TEXT;
	const bool number = syntax == SYNTAX_INT && text[0] != '\0' &&
			    strspn(text, "-0123456789") == strlen(text);
	const bool yes = syntax == SYNTAX_BOOL;

	if (yes && strcasecmp(text, "true") == 0)
		return "True";
	if (yes && strcasecmp(text, "false") == 0)
		return "False";
	return number ? text : import_quoted(w->mem, text);
}

/* All lines of an attribute must have one mode: the first one's. */
static bool same_mode(struct writing *w, unsigned attr, char mode)
{
	if (attr >= w->n_modes) {
		unsigned n = 2 * attr_count() + attr + 1;
		char *more = arena_zalloc(w->mem, n);
		if (w->n_modes > 0)
			memcpy(more, w->modes, w->n_modes);
		w->modes = more;
		w->n_modes = n;
	}
	if (w->modes[attr] == '\0')
		w->modes[attr] = mode;
	return w->modes[attr] == mode;
}

/* Why a flow cannot be a line; NULL: it can. */
static const char *refusal(
	struct writing *w, unsigned attr, const char *dest, char mode, const char *expression)
{
	if (attr == ATTR_NONE)
		return arena_printf(w->mem, "\"%s\" is no attribute", dest);
	if (reserved(dest))
		return "in a rule file this word is no attribute";
	if (strcasecmp(dest, "dn") == 0 || strcasecmp(dest, "distinguishedName") == 0)
		return "galway makes names by \"name\" and \"into\"";
	const char *why = fault(w, expression);
	if (why == NULL && !same_mode(w, attr, mode))
		why = "another line for it is kept in another way";
	return why;
}

/* scope: a condition that stands before each line; "": none; NULL: it cannot be said. */
static void put_flow(struct writing *w, const struct sync_flow *f, const char *scope)
{
	const unsigned attr = import_attr(f->dest);
	const char mode = f->once ? 'a' : f->merge ? 'm' : '=';
	const char *equals = mode == 'a' ? "add =" : mode == 'm' ? "merge =" : "=";
	const char *expression = f->expression != NULL ? f->expression
				 : f->source != NULL   ? arena_printf(w->mem, "[%s]", f->source)
						       : constant(w, attr, f->constant);
	if (scope != NULL && scope[0] != '\0')
		expression = arena_printf(w->mem, "IIF(%s, %s, NULL)", scope, expression);
	const char *line = arena_printf(w->mem, "%s %s %s", f->dest, equals, expression);
	const char *why = scope == NULL ? "its rule's scope, see above"
					: refusal(w, attr, f->dest, mode, expression);
	if (why == NULL && f->source != NULL && import_attr(f->source) == ATTR_NONE)
		why = arena_printf(w->mem, "\"%s\" is no attribute", f->source);

	if (why != NULL) {
		lost(w, why, line);
		return;
	}
	buf_printf(w->out, "    %s\n", line);
	w->sums->lines++;
}

static void put_flows(struct writing *w, const struct sync_rule *r)
{
	const char *why = "", *scope = "";

	buf_printf(w->out, "\n    # %s (precedence %ld)\n", r->name, r->precedence);
	/* The scope of the only one that provisions is the rule's. */
	if (!(r->provision && w->n_provision == 1))
		scope = import_condition(w->mem, r, &why);
	if (scope == NULL)
		lost(w, arena_printf(w->mem, "the scope: %s", why), "");
	for (unsigned i = 0; i < r->n_flows; i++)
		put_flow(w, &r->flows[i], scope);
	w->sums->rules++;
}

static void put_rule(struct writing *w)
{
	for (const struct sync_rule *r = w->first; r < w->end; r++)
		w->n_provision += r->provision;
	put_name(w);
	put_scope(w);
	buf_puts(w->out,
		"    # what galway makes, and its name: not in the rules of Entra Connect\n"
		"    name \"CN=\" & [cn]\n"
		"    objectClass add = Split(\"top;person;organizationalPerson;contact\", "
		"\";\")\n");
	(void)same_mode(w, attr_named("objectClass"), 'a');
	put_joins(w);
	for (const struct sync_rule *r = w->first; r < w->end; r++)
		put_flows(w, r);
}

void import_write(struct buf *out, struct sync_rules *all, struct import_sums *sums)
{
	struct arena *mem = arena_new();
	struct sync_rule *kept = arena_alloc(mem, all->n * sizeof(*kept));
	unsigned n = 0;

	*sums = (struct import_sums){0};
	if (all->n > 1)
		qsort(all->rules, all->n, sizeof(*all->rules), by_precedence);
	buf_puts(out, "# Synchronization rules of Entra Connect, by galway import-rules. Lines "
		      "that begin with\n"
		      "# \"not carried over\" want a person.\n");
	for (unsigned i = 0; i < all->n; i++) {
		if (all->rules[i].disabled)
			buf_printf(out, "# disabled: %s\n", all->rules[i].name);
		else
			kept[n++] = all->rules[i];
	}
	for (unsigned i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && together(&kept[i], &kept[end]); end++)
			;
		struct writing w = {
			.mem = mem, .out = out, .sums = sums, .first = &kept[i], .end = &kept[end]};
		put_rule(&w);
	}
	arena_free(mem);
}
