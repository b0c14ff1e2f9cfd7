#include "sync/preflight.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sync/commands.h"
#include "sync/page.h"

/* What a finding is made of, as text that is safe to show. */
struct cells {
	const char *needs, *kind, *code, *object, *other, *attribute, *what, *does;
};

static struct cells cells_of(struct arena *mem, const struct notice *f)
{
	return (struct cells){.needs = f->person ? "person" : "",
		.kind = notice_kind_name(f->kind),
		.code = f->code,
		.object = report_value(mem, f->object),
		.other = report_value(mem, f->other),
		.attribute = f->attribute,
		.what = report_value(mem, value_of(f->what)),
		.does = report_value(mem, value_of(f->does))};
}

static unsigned count(const struct preflight *p, enum notice_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->all[i]->kind == kind;
	return n;
}

/* ---- text */

static void text_notice(struct buf *b, const struct notice *f, const struct cells *c)
{
	buf_printf(b, "  %c %s\n", f->person ? '!' : ' ', c->object);
	if (c->other[0] != '\0')
		buf_printf(b, "      and %s\n", c->other);
	buf_printf(b, "      %s%s%s\n      galway: %s\n", c->code, c->code[0] != '\0' ? ": " : "",
		c->what, c->does);
}

static void text_flow(struct buf *b, struct arena *mem, const struct preflight *p)
{
	const struct summary *s = &p->summary;

	buf_printf(b,
		"flow %s: %lld objects in scope of %lld entries read: %lld to add, %lld to "
		"take over, %lld in conflict\n",
		p->flow->name, p->objects, s->read, s->add, s->link, s->conflict);
	for (unsigned i = 0; i < p->n_cautions; i++)
		buf_printf(b, "caution: %s\n", report_value(mem, value_of(p->cautions[i])));
	if (p->n == 0)
		buf_puts(b, "nothing found\n");
	for (unsigned i = 0; i < p->n; i++) {
		const struct notice *f = p->all[i];
		const struct cells c = cells_of(mem, f);
		if (i == 0 || f->kind != p->all[i - 1]->kind)
			buf_printf(b, "\n%s: %u\n", c.kind, count(p, f->kind));
		text_notice(b, f, &c);
	}
	if (p->n > 0)
		buf_printf(b, "\nflow %s: %u finding%s, of which %u need%s a person (!)\n",
			p->flow->name, p->n, p->n == 1 ? "" : "s", p->persons,
			p->persons == 1 ? "s" : "");
}

/* ---- csv */

static void csv_begin(struct buf *b)
{
	buf_puts(b, "flow,needs,kind,code,object,other,attribute,finding,galway\r\n");
}

static void csv_flow(struct buf *b, struct arena *mem, const struct preflight *p)
{
	for (unsigned i = 0; i < p->n_cautions; i++) {
		const char *const row[] = {
			p->flow->name, "", "caution", "", "", "", "", p->cautions[i], ""};
		for (size_t k = 0; k < sizeof(row) / sizeof(row[0]); k++)
			report_cell(b, row[k]);
		buf_puts(b, "\r\n");
	}
	for (unsigned i = 0; i < p->n; i++) {
		const struct cells c = cells_of(mem, p->all[i]);
		const char *const row[] = {p->flow->name, c.needs, c.kind, c.code, c.object,
			c.other, c.attribute, c.what, c.does};
		for (size_t k = 0; k < sizeof(row) / sizeof(row[0]); k++)
			report_cell(b, row[k]);
		buf_puts(b, "\r\n");
	}
}

/* ---- html: what sync/page/script.js filters and sorts by are the page's data attributes */

static void html_begin(struct buf *b)
{
	page_head(b, "galway preflight");
	buf_puts(b, "<header><h1>galway preflight</h1></header>\n<form>\n"
		    "<label>Search<input name=\"text\" type=\"search\"></label>\n"
		    "<label>Flow<select name=\"flow\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Finding<select name=\"op\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Code<select name=\"rule\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Attribute<select name=\"attributes\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<button type=\"reset\">Show all</button>\n<output></output>\n</form>\n");
}

static void html_cell(struct buf *b, const char *class, const char *text)
{
	buf_printf(b, "<td class=\"%s\">", class);
	page_text(b, text);
	buf_puts(b, "</td>");
}

static void html_notice(struct buf *b, struct arena *mem, const char *flow, const struct notice *f,
	const struct cells *c)
{
	const char *class = f->person ? "conflict" : f->kind == NOTICE_ADOPTED ? "link" : "modify";

	buf_printf(b, "<tbody class=\"%s\" data-op=\"%s\" data-flow=\"", class, c->kind);
	page_text(b, flow);
	buf_printf(b, "\" data-rule=\"%s\" data-attributes=\"%s\"><tr>", c->code, c->attribute);
	buf_printf(b, "<td class=\"op %s\">%s</td><td class=\"object\">", class, c->kind);
	page_name(b, mem, f->object);
	if (c->other[0] != '\0') {
		buf_puts(b, "<small>and ");
		page_lines(b, c->other);
		buf_puts(b, "</small>");
	}
	buf_puts(b, "</td>");
	html_cell(b, "attribute", c->attribute);
	html_cell(b, "what", c->what);
	html_cell(b, "does", c->does);
	html_cell(b, "line", c->code);
	buf_puts(b, "</tr></tbody>\n");
}

static void html_counts(struct buf *b, const struct preflight *p)
{
	buf_printf(b,
		"<ul class=\"counts\"><li class=\"none\"><b>%lld</b>in scope</li>"
		"<li class=\"conflict\"><b>%u</b>need a person</li>",
		p->objects, p->persons);
	for (unsigned k = 0; k < N_NOTICE_KINDS; k++) {
		const unsigned n = count(p, (enum notice_kind)k);
		if (n > 0)
			buf_printf(b, "<li class=\"modify\"><b>%u</b>%s</li>", n,
				notice_kind_name((enum notice_kind)k));
	}
	buf_puts(b, "</ul>\n");
}

static void html_table(struct buf *b, struct arena *mem, const struct preflight *p)
{
	static const struct {
		const char *cell, *name;
	} heads[] = {{"op", "finding"}, {"object", "object"}, {"attribute", "attribute"},
		{"what", "what"}, {"does", "galway"}, {"line", "code"}};

	buf_puts(b, "<table class=\"findings\"><thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		buf_printf(b,
			"<th scope=\"col\" data-cell=\"%s\"><button "
			"type=\"button\">%s</button></th>",
			heads[i].cell, heads[i].name);
	buf_puts(b, "</tr></thead>\n");
	for (unsigned i = 0; i < p->n; i++) {
		const struct cells c = cells_of(mem, p->all[i]);
		html_notice(b, mem, p->flow->name, p->all[i], &c);
	}
	buf_puts(b, "</table>\n");
}

static void html_flow(struct buf *b, struct arena *mem, const struct preflight *p)
{
	char when[TIME_ROOM];

	buf_puts(b, "<section><h2>");
	page_text(b, p->flow->name);
	buf_printf(b, " <small class=\"kind\">preflight, <time>%s</time></small></h2>\n",
		time_local(p->flow->env.now, when));
	for (unsigned i = 0; i < p->n_cautions; i++) {
		buf_puts(b, "<p class=\"caution\">Caution: ");
		page_text(b, report_value(mem, value_of(p->cautions[i])));
		buf_puts(b, "</p>\n");
	}
	html_counts(b, p);
	if (p->n > 0)
		html_table(b, mem, p);
	else
		buf_puts(b, "<p class=\"empty\">Nothing found.</p>\n");
	buf_puts(b, "</section>\n");
}

/* begin, end: what stands before and after all flows; NULL: nothing. flow NULL: no such format. */
static const struct format {
	void (*begin)(struct buf *);
	void (*flow)(struct buf *, struct arena *, const struct preflight *);
	void (*end)(struct buf *);
} formats[] = {
	[REPORT_TEXT] = {NULL, text_flow, NULL},
	[REPORT_CSV] = {csv_begin, csv_flow, NULL},
	[REPORT_HTML] = {html_begin, html_flow, page_foot},
};

bool preflight_format(enum report_format format)
{
	return format < sizeof(formats) / sizeof(formats[0]) && formats[format].flow != NULL;
}

static void put(FILE *out, void (*part)(struct buf *))
{
	struct buf b = {0};

	if (part == NULL)
		return;
	part(&b);
	(void)fwrite(b.data, 1, b.len, out);
	buf_free(&b);
}

void preflight_begin(enum report_format format, FILE *out)
{
	put(out, formats[format].begin);
}

void preflight_show(enum report_format format, FILE *out, const struct preflight *p)
{
	struct arena *mem = arena_new();
	struct buf b = {0};

	formats[format].flow(&b, mem, p);
	if (b.len > 0)
		(void)fwrite(b.data, 1, b.len, out);
	buf_free(&b);
	arena_free(mem);
}

void preflight_end(enum report_format format, FILE *out)
{
	put(out, formats[format].end);
}
