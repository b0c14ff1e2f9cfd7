#include "sync/report.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/commands.h"
#include "sync/impact.h"
#include "sync/page.h"
#include "sync/people.h"
#include "sync/ruling.h"
#include "sync/state.h"
#include "sync/stopped.h"

/* More objects than these that nobody has to look at are counted only: a browser would take minutes
 * for a first sync, and nobody reads them. */
#define MOST 5000

/* What a page is made of, as it is written. */
struct sheet {
	struct report *r;
	struct arena *mem;
	struct plan *plan;
	struct applied *applied;
	struct buf b;
	long long shown, left_out;
};

static void flush(struct sheet *h)
{
	(void)fwrite(h->b.data, 1, h->b.len, h->r->out);
	buf_clear(&h->b);
}

static void value(struct sheet *h, struct value v)
{
	page_lines(&h->b, report_value(h->mem, v));
}

void report_html_begin(struct buf *b)
{
	page_head(b, "galway");
	buf_puts(b, "<header><h1>galway</h1></header>\n<form>\n"
		    "<label>Search<input name=\"text\" type=\"search\"></label>\n"
		    "<label>Flow<select name=\"flow\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Operation<select name=\"op\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Rule<select name=\"rule\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label>Attribute<select name=\"attributes\"><option "
		    "value=\"\">all</option></select></label>\n"
		    "<label class=\"check\"><input name=\"every\" type=\"checkbox\">every "
		    "value</label>\n"
		    "<button type=\"reset\">Show all</button>\n<output></output>\n</form>\n");
}

void report_html_end(struct buf *b)
{
	page_foot(b);
}

static void verdict(struct sheet *h)
{
	const struct ruling *ruling = h->r->ruling;
	const bool against = ruling != NULL && ruling->n > 0;
	const char *text = h->applied != NULL && against ? "Approved by a person, and applied. The "
							   "guard had said:"
			   : h->applied != NULL ? "Applied: the guard had nothing against it."
			   : against ? "Refused by the guard: nothing of this is written."
				     : "A plan: nothing was written. The guard has nothing against "
				       "it.";

	buf_printf(&h->b, "<div class=\"verdict%s\">%s",
		h->applied == NULL ? against ? " refused" : " planned" : "", text);
	if (against) {
		buf_puts(&h->b, "<ul>");
		for (unsigned i = 0; i < ruling->n; i++) {
			buf_puts(&h->b, "<li>");
			value(h, value_of(ruling->reasons[i]));
			buf_puts(&h->b, "</li>");
		}
		buf_puts(&h->b, "</ul>");
	}
	buf_puts(&h->b, "</div>\n");
	for (unsigned i = 0; i < h->plan->n_cautions; i++) {
		buf_puts(&h->b, "<p class=\"caution\">Caution: ");
		value(h, value_of(h->plan->cautions[i]));
		buf_puts(&h->b, "</p>\n");
	}
}

/* What is counted of a plan or a run, in the order in which a person wants to see it. */
struct count {
	const char *class, *name;
	long long n;
};

#define N_PARTS 7

static void count_plan(const struct summary *s, struct count parts[N_PARTS])
{
	const struct count all[N_PARTS] = {{"failed", "failed", s->failed},
		{"conflict", "in conflict", s->conflict}, {"denied", "denied", s->denied},
		{"delete", "deleted", s->remove}, {"rename", "renamed", s->rename},
		{"modify", "modified", s->modify}, {"add", "added", s->add}};

	memcpy(parts, all, sizeof(all));
}

static void count_run(const struct run *r, struct count parts[N_PARTS])
{
	const struct summary s = {.failed = r->failed,
		.conflict = r->conflict,
		.denied = r->denied,
		.remove = r->remove,
		.rename = r->rename,
		.modify = r->modify,
		.add = r->add};

	count_plan(&s, parts);
}

static long long total(const struct count parts[N_PARTS])
{
	long long n = 0;

	for (unsigned i = 0; i < N_PARTS; i++)
		n += parts[i].n;
	return n;
}

static void tile(struct sheet *h, const struct count *c)
{
	buf_printf(&h->b, "<li class=\"%s\"><b>%lld</b>%s</li>", c->class, c->n, c->name);
}

static void tiles(
	struct sheet *h, const struct summary *s, const struct count parts[N_PARTS], long long all)
{
	const struct count rest[] = {{"link", "linked", s->link},
		{"forget", "forgotten", s->forget}, {"none", "unchanged", s->none}};

	buf_puts(&h->b, "<ul class=\"counts\">");
	tile(h, &(struct count){"none", "read", s->read});
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (parts[i].n > 0)
			tile(h, &parts[i]);
	}
	for (unsigned i = 0; i < 3; i++) {
		if (rest[i].n > 0)
			tile(h, &rest[i]);
	}
	buf_puts(&h->b, all == 0 ? "</ul>\n<p class=\"empty\">Nothing to do.</p>\n" : "</ul>\n");
}

#define BAR_WIDTH 320
#define BAR_HEIGHT 16

/* One bar, parted by operation. */
static void operations(struct sheet *h, const struct count parts[N_PARTS], long long all)
{
	double x = 0;

	buf_printf(&h->b,
		"<figure><svg role=\"img\" aria-label=\"operations\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">",
		BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT);
	for (unsigned i = 0; i < N_PARTS; i++) {
		const double width = (double)parts[i].n / (double)all * BAR_WIDTH;
		if (parts[i].n > 0)
			buf_printf(&h->b,
				"<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"%d\">"
				"<title>%lld %s</title></rect>",
				parts[i].class, x, width, BAR_HEIGHT, parts[i].n, parts[i].name);
		x += width;
	}
	buf_puts(&h->b, "</svg><figcaption>operations</figcaption></figure>\n");
}

#define RUNS 30
#define COLUMN 10
#define CHART_HEIGHT 60

/* A run's column; what is too little to be seen is seen all the same. */
static void column(struct sheet *h, const struct run *run, unsigned at, long long most)
{
	struct count parts[N_PARTS];
	char when[TIME_ROOM];
	double y = CHART_HEIGHT;

	count_run(run, parts);
	buf_printf(&h->b, "<g><title>run %lld, %s, %s", run->id, time_local(run->started, when),
		stopped_word(run));
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (parts[i].n > 0)
			buf_printf(&h->b, ", %lld %s", parts[i].n, parts[i].name);
	}
	buf_puts(&h->b, "</title>");
	/* One that did not come to its end is seen among those that had nothing to do. */
	const int foot = run->finished == 0 ? 12 : 1;
	buf_printf(&h->b, "<rect class=\"%s\" x=\"%u\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		run->finished == 0 ? "failed" : "none", at * COLUMN, CHART_HEIGHT - foot,
		COLUMN - 2, foot);
	for (unsigned i = N_PARTS; i-- > 0;) {
		double height = (double)parts[i].n / (double)most * (CHART_HEIGHT - 10);
		if (parts[i].n == 0)
			continue;
		height = height < 1.5 ? 1.5 : height;
		y -= height;
		buf_printf(&h->b,
			"<rect class=\"%s\" x=\"%u\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
			parts[i].class, at * COLUMN, y, COLUMN - 2, height);
	}
	buf_puts(&h->b, "</g>");
}

/* The last runs, the newest on the right. */
static int last_runs(struct sheet *h, struct err *err)
{
	struct count parts[N_PARTS];
	struct run runs[RUNS];
	unsigned n = 0;
	long long most = 1;
	int rc = 1;

	if (h->r->state == NULL || h->plan->known.id == 0)
		return 0;
	if (state_runs(h->r->state, h->plan->known.id, false, err) < 0)
		return -1;
	while (n < RUNS && (rc = state_next_run(h->r->state, &runs[n], err)) == 1) {
		count_run(&runs[n], parts);
		const long long all = total(parts);
		most = all > most ? all : most;
		n++;
	}
	if (rc < 0 || n == 0)
		return rc < 0 ? -1 : 0;
	buf_printf(&h->b,
		"<figure><svg role=\"img\" aria-label=\"the last runs\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\">",
		RUNS * COLUMN, CHART_HEIGHT, RUNS * COLUMN, CHART_HEIGHT);
	for (unsigned i = 0; i < n; i++)
		column(h, &runs[n - 1 - i], RUNS - n + i, most);
	buf_puts(&h->b, "</svg><figcaption>the last ");
	buf_printf(&h->b, n > 1 ? "%u runs" : "run", n);
	buf_puts(&h->b, "</figcaption></figure>\n");
	return 0;
}

static void impact_text(struct sheet *h, const struct impact *i)
{
	buf_puts(&h->b, "<span class=\"message\">High impact: the SIP address changes from ");
	value(h, i->before);
	buf_puts(&h->b, " to ");
	value(h, i->after.len > 0 ? i->after : value_of("none"));
	buf_printf(&h->b, "; contacts outside are to be told%s.</span>",
		i->meetings ? ", and meetings to be scheduled anew" : "");
}

static void messages(struct sheet *h, const struct step *s, const char *failure)
{
	const char *texts[] = {s->message, failure};
	struct impact impact;

	if (s->write && impact_of(&s->change, &impact))
		impact_text(h, &impact);
	for (unsigned i = 0; i < 2; i++) {
		if (texts[i] == NULL)
			continue;
		buf_puts(&h->b, "<span class=\"message\">");
		value(h, value_of(texts[i]));
		buf_puts(&h->b, "</span>");
	}
}

static void object_cell(struct sheet *h, const struct step *s)
{
	const struct value name = s->target_name.len > 0 ? s->target_name : s->source_name;

	if (name.len > 0)
		page_name(&h->b, h->mem, name);
	else
		page_text(&h->b, entry_id_text(h->mem, s->source_id));
	if (s->source_name.len > 0 && s->target_name.len > 0) {
		buf_puts(&h->b, "<small>from ");
		value(h, s->source_name);
		buf_puts(&h->b, "</small>");
	}
	if (s->rule != NULL) {
		buf_puts(&h->b, "<small>rule <span class=\"rule\">");
		page_text(&h->b, s->rule);
		buf_puts(&h->b, "</span></small>");
	}
}

/* What the page's filter chooses by. */
static void step_words(struct sheet *h, const struct step *s, const char *failure,
	const struct report_row *rows, unsigned n)
{
	const char *last = "";

	buf_printf(&h->b, "<tbody class=\"%s\" data-op=\"%s%s%s\" data-flow=\"", report_op(s),
		report_op(s), s->n_denied > 0 ? "\tdenied" : "", failure != NULL ? "\tfailed" : "");
	page_text(&h->b, h->plan->flow->name);
	buf_puts(&h->b, "\" data-rule=\"");
	page_text(&h->b, s->rule != NULL ? s->rule : "");
	buf_puts(&h->b, "\" data-attributes=\"");
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(last, rows[i].attribute) != 0)
			buf_printf(&h->b, "%s%s", i > 0 ? "\t" : "", rows[i].attribute);
		last = rows[i].attribute;
	}
	buf_puts(&h->b, "\">");
}

static void cell(struct sheet *h, const char *class, const char *text)
{
	buf_printf(&h->b, "<td class=\"%s\">", class);
	page_lines(&h->b, text);
	buf_puts(&h->b, "</td>");
}

/* The first row begins with what is of the whole step. */
static void step_cells(struct sheet *h, const struct step *s, const char *failure, unsigned rows)
{
	const char *worst = failure != NULL ? "failed" : s->n_denied > 0 ? "denied" : NULL;

	buf_printf(&h->b, "<td class=\"op %s\" rowspan=\"%u\">%s",
		failure != NULL ? "failed" : report_op(s), rows, report_op(s));
	if (worst != NULL)
		buf_printf(&h->b, "<span class=\"%s\">%s</span>", worst, worst);
	buf_printf(&h->b, "</td><td class=\"object\" rowspan=\"%u\">", rows);
	object_cell(h, s);
	buf_puts(&h->b, "</td>");
}

static void value_cells(
	struct sheet *h, const struct report_row *r, const struct report_row *before)
{
	const bool again = before != NULL && strcmp(before->attribute, r->attribute) == 0;
	const bool same = again && strcmp(before->line, r->line) == 0;

	cell(h, "attribute", again ? "" : r->attribute);
	cell(h, "old", r->old_value);
	cell(h, "new", r->new_value);
	cell(h, "line", same ? "" : r->line);
	buf_puts(&h->b, "</tr>");
}

/* The classes of a new entry are what a person looks for last. */
static void classes_last(struct arena *mem, struct report_row *rows, unsigned n)
{
	struct report_row *copy = arena_alloc(mem, n * sizeof(*copy));
	unsigned kept = 0, moved = 0;

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(rows[i].attribute, "objectClass") == 0)
			copy[moved++] = rows[i];
		else
			rows[kept++] = rows[i];
	}
	if (moved > 0)
		memcpy(rows + kept, copy, moved * sizeof(*rows));
}

static void step_body(struct sheet *h, const struct step *s, const char *failure)
{
	struct report_row *rows;
	struct impact impact;
	const unsigned n = report_rows(h->mem, s, &rows);
	const bool told = n == 0 || s->message != NULL || failure != NULL ||
			  (s->write && impact_of(&s->change, &impact));

	classes_last(h->mem, rows, n);
	step_words(h, s, failure, rows, n);
	if (told) {
		buf_puts(&h->b, "<tr>");
		step_cells(h, s, failure, n + 1);
		buf_puts(&h->b, "<td class=\"told\" colspan=\"4\">");
		messages(h, s, failure);
		buf_puts(&h->b, "</td></tr>");
	}
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&h->b, "<tr class=\"%s\">", rows[i].kind);
		if (i == 0 && !told)
			step_cells(h, s, failure, n);
		value_cells(h, &rows[i], i > 0 ? &rows[i - 1] : NULL);
	}
	buf_puts(&h->b, "</tbody>\n");
}

static int bodies(struct sheet *h, enum report_rank rank, struct err *err)
{
	struct step s;
	uint32_t place;
	int rc = plan_rewind(h->plan, err);

	while (rc >= 0 && (rc = plan_next(h->plan, h->mem, &s, &place, err)) == 1) {
		const char *failure = report_failure(h->applied, h->mem, place);
		if (step_shows(&s) && report_rank(&s, failure) == rank) {
			if (h->r->mail ? h->shown++ < REPORT_MAIL_MOST
				       : rank != RANK_REST || h->shown++ < MOST)
				step_body(h, &s, failure);
			else
				h->left_out++;
			flush(h);
		}
		arena_reset(h->mem);
	}
	return rc;
}

static int table(struct sheet *h, struct err *err)
{
	static const struct {
		const char *cell, *name;
	} heads[] = {{"op", "operation"}, {"object", "object"}, {"attribute", "attribute"},
		{"old", "old"}, {"new", "new"}, {"rule", "rule"}};

	buf_puts(&h->b, "<table><thead><tr>");
	for (unsigned i = 0; i < 6; i++) {
		buf_printf(&h->b, "<th scope=\"col\" data-cell=\"%s\">", heads[i].cell);
		buf_printf(&h->b, h->r->mail ? "%s" : "<button type=\"button\">%s</button>",
			heads[i].name);
		buf_puts(&h->b, "</th>");
	}
	buf_puts(&h->b, "</tr></thead>\n");
	int rc = 0;
	for (enum report_rank rank = RANK_NOT_DONE; rank < N_RANKS && rc == 0; rank++)
		rc = bodies(h, rank, err);
	buf_puts(&h->b, "</table>\n");
	if (h->left_out > 0)
		buf_printf(&h->b,
			"<p class=\"empty\">%lld more objects are not shown here: --format csv has "
			"them all.</p>\n",
			h->left_out);
	return rc;
}

int report_html(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	struct sheet h = {.r = r, .mem = arena_new(), .plan = plan, .applied = applied};
	const struct summary *s = applied != NULL ? &applied->summary : &plan->summary;
	struct count parts[N_PARTS];
	struct people people;
	char when[TIME_ROOM];

	buf_puts(&h.b, "<section><h2>");
	page_text(&h.b, plan->flow->name);
	buf_printf(&h.b, " <small class=\"kind\">%s, <time>%s</time></small></h2>\n",
		plan->undoes != 0 ? "undo"
		: plan->full      ? "full"
				  : "delta",
		time_local(plan->flow->env.now, when));
	verdict(&h);
	count_plan(s, parts);
	const long long all = total(parts);
	tiles(&h, s, parts, all + s->link + s->forget);
	buf_puts(&h.b, "<div class=\"charts\">");
	if (all > 0)
		operations(&h, parts, all);
	int rc = last_runs(&h, err);
	buf_puts(&h.b, "</div>\n");
	if (rc == 0)
		rc = people_of(r->book, plan, applied, h.mem, &people, err);
	if (rc == 0)
		report_people_html(&h.b, h.mem, &people);
	if (rc == 0 && all + s->link + s->forget > 0)
		rc = table(&h, err);
	buf_puts(&h.b, "</section>\n");
	flush(&h);
	buf_free(&h.b);
	arena_free(h.mem);
	return rc;
}

void report_html_stopped(struct report *r, const char *flow, int exit, const char *error)
{
	struct sheet h = {.r = r, .mem = arena_new()};

	buf_puts(&h.b, "<section><h2>");
	page_text(&h.b, flow);
	buf_printf(&h.b,
		"</h2>\n<div class=\"verdict refused\">It did not come to its end (exit code %d): ",
		exit);
	value(&h, value_of(error));
	buf_puts(&h.b, "</div>\n</section>\n");
	flush(&h);
	buf_free(&h.b);
	arena_free(h.mem);
}
