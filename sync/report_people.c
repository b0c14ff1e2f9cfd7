#include "sync/report.h"

#include "base/arena.h"
#include "base/buf.h"
#include "sync/commands.h"
#include "sync/page.h"
#include "sync/people.h"

static const char *sip_note(const struct sip_change *c)
{
	return c->meetings ? "contacts outside are to be told, and meetings to be scheduled anew"
			   : "contacts outside are to be told";
}

static unsigned long listed(const struct people *p)
{
	return p->n_sip < SIP_CHANGES_MOST ? p->n_sip : SIP_CHANGES_MOST;
}

void report_people_text(struct report *r, const struct people *p)
{
	char when[TIME_ROOM];

	if (!p->told)
		return;
	(void)fprintf(r->out, "  in everybody's address book by %s (%s)\n", time_local(p->by, when),
		p->book);
	for (unsigned i = 0; (!r->brief || r->mail) && i < p->n_hints; i++)
		(void)fprintf(r->out, "  %s\n", p->hints[i]);
	if (p->n_sip > 0)
		(void)fprintf(r->out, "  SIP addresses that changed: %lu\n", p->n_sip);
	for (unsigned long i = 0; i < listed(p); i++)
		(void)fprintf(r->out, "    %s -> %s  %s: %s\n", p->sip[i].before, p->sip[i].after,
			p->sip[i].name, sip_note(&p->sip[i]));
}

static void item(struct buf *b, const char *text)
{
	buf_puts(b, "<li>");
	page_text(b, text);
	buf_puts(b, "</li>\n");
}

void report_people_html(struct buf *b, struct arena *mem, const struct people *p)
{
	char when[TIME_ROOM];

	if (!p->told)
		return;
	buf_puts(b, "<div class=\"people\"><h3>What it means for people</h3>\n<ul>\n");
	item(b, arena_printf(mem, "In everybody's address book by %s (%s)", time_local(p->by, when),
			p->book));
	for (unsigned i = 0; i < p->n_hints; i++)
		item(b, p->hints[i]);
	buf_puts(b, "</ul>\n");
	if (p->n_sip > 0)
		buf_printf(b, "<h3>SIP addresses that changed: %lu</h3>\n<ul>\n", p->n_sip);
	for (unsigned long i = 0; i < listed(p); i++)
		item(b, arena_printf(mem, "%s \xe2\x86\x92 %s, %s: %s", p->sip[i].before,
				p->sip[i].after, p->sip[i].name, sip_note(&p->sip[i])));
	buf_puts(b, p->n_sip > 0 ? "</ul></div>\n" : "</div>\n");
}
