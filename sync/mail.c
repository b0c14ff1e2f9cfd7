#include "sync/mail.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/smtp.h"
#include "rules/address.h"
#include "sync/commands.h"
#include "sync/mail_once.h"
#include "sync/message.h"
#include "sync/page.h"
#include "sync/setup.h"

const struct setting mail_settings[] = {
	{"mail-to", SETTING_LIST, "!", NULL, "who gets it: \"a@abc.example\" or a list"},
	{"mail-from", SETTING_TEXT, "!", NULL, "whose address it comes from"},
	{"when", SETTING_WORD, "changes", "always|changes|trouble",
		"after each sync; when it changed something, or somebody has to look; only then"},
	SMTP_SETTINGS,
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

enum { TEXT, PAGE, N_PARTS };

struct mail {
	struct arena *mem;
	const struct setup *setup;
	const struct config *config;
	struct report parts[N_PARTS];
	char *texts[N_PARTS];
	size_t lens[N_PARTS];
	unsigned n_flows, n_errors;
	const char *flow; /* the last one's name */
	struct summary sum;
	struct mail_mark mark;
};

static int check_address(
	const struct config *c, const char *setting, const char *address, struct err *err)
{
	const char *fault = address_smtp_fault(value_of(address));

	if (fault == NULL)
		return 0;
	return err_set(err, ERR_FATAL, "%s: %s: \"%s\": %s", config_where(c, setting), setting,
		address, fault);
}

int mail_check(const struct config *c, struct err *err)
{
	unsigned n;
	const char *const *to = config_list(c, "mail-to", &n);

	if (n == 0)
		return err_set(err, ERR_FATAL, "%s: mail-to: nobody", config_where(c, "mail-to"));
	for (unsigned i = 0; i < n; i++) {
		if (check_address(c, "mail-to", to[i], err) < 0)
			return -1;
	}
	if (check_address(c, "mail-from", config_text(c, "mail-from"), err) < 0)
		return -1;
	return smtp_check(c, err);
}

struct mail *mail_new(struct arena *mem, const struct setup *setup, struct state *state)
{
	static const enum report_format formats[] = {[TEXT] = REPORT_TEXT, [PAGE] = REPORT_HTML};

	if (setup->report == NULL)
		return NULL;
	struct mail *m = arena_zalloc(mem, sizeof(*m));
	*m = (struct mail){.mem = mem, .setup = setup, .config = setup->report};
	for (unsigned i = 0; i < N_PARTS; i++)
		m->parts[i] = (struct report){.format = formats[i],
			.out = open_memstream(&m->texts[i], &m->lens[i]),
			.brief = true,
			.mail = true,
			.book = &setup->book,
			.state = state};
	if (m->parts[TEXT].out == NULL || m->parts[PAGE].out == NULL) {
		log_warn("report: no mail: no memory");
		mail_free(m);
		return NULL;
	}
	return m;
}

void mail_free(struct mail *m)
{
	for (unsigned i = 0; m != NULL && i < N_PARTS; i++) {
		if (m->parts[i].out != NULL)
			(void)fclose(m->parts[i].out);
		m->parts[i].out = NULL;
		free(m->texts[i]);
		m->texts[i] = NULL;
	}
}

void mail_error(struct mail *m, const char *text)
{
	struct buf b = {0};

	if (m == NULL)
		return;
	const char *safe = report_value(m->mem, value_of(text));
	m->n_errors++;
	mail_mark_text(&m->mark, text);
	(void)fprintf(m->parts[TEXT].out, "error: %s\n", safe);
	buf_puts(&b, "<div class=\"verdict refused\">");
	page_text(&b, safe);
	buf_puts(&b, "</div>\n");
	(void)fwrite(b.data, 1, b.len, m->parts[PAGE].out);
	buf_free(&b);
}

void mail_flow(
	struct mail *m, struct plan *plan, struct applied *applied, const struct ruling *ruling)
{
	struct err err = {.kind = ERR_NONE};

	if (m == NULL)
		return;
	const struct summary *s = applied != NULL ? &applied->summary : &plan->summary;
	m->n_flows++;
	m->flow = plan->flow->name;
	mail_mark_flow(&m->mark, plan->flow->name, s);
	if (applied != NULL) {
		m->sum.add += s->add;
		m->sum.modify += s->modify;
		m->sum.rename += s->rename;
		m->sum.remove += s->remove;
	}
	for (unsigned i = 0; i < N_PARTS; i++) {
		m->parts[i].ruling = ruling;
		if (report_flow(&m->parts[i], plan, applied, &err) < 0)
			mail_error(m, err.text);
		m->parts[i].ruling = NULL;
	}
}

static bool changed(const struct mail *m)
{
	return m->sum.add + m->sum.modify + m->sum.rename + m->sum.remove > 0;
}

static bool wanted(struct mail *m, int code, bool repeated)
{
	const char when = config_text(m->config, "when")[0];
	const bool trouble = code != EXIT_GOOD;

	if (m->n_flows + m->n_errors == 0)
		return false;
	if (trouble && !changed(m) && repeated &&
		mail_told(&m->mark, m->setup->state, m->setup->interval, (long long)time(NULL)))
		return false;
	return trouble || when == 'a' || (when == 'c' && changed(m));
}

static const char *outcome(const struct mail *m, int code)
{
	static const char *const texts[] = {
		[EXIT_REFUSED] = "refused: somebody has to look",
		[EXIT_PARTIAL] = "done, but somebody has to look",
		[EXIT_LATER] = "failed, a later run may succeed",
		[EXIT_USAGE] = "failed: somebody has to act",
	};

	if (code != EXIT_GOOD)
		return texts[code];
	return changed(m) ? "done" : "nothing to do";
}

static const char *subject_start(const struct mail *m)
{
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	return arena_printf(m->mem, "galway on %s: ", host);
}

/* "abc-to-xyz: done, 3 added": what is asked first, on a telephone. */
static const char *subject_of(const struct mail *m, int code)
{
	const struct {
		const char *name;
		long long n;
	} counts[] = {{"added", m->sum.add}, {"modified", m->sum.modify},
		{"renamed", m->sum.rename}, {"deleted", m->sum.remove}};
	const char *text = subject_start(m);

	if (m->n_flows == 1)
		text = arena_printf(m->mem, "%s%s: ", text, m->flow);
	text = arena_printf(m->mem, "%s%s", text, outcome(m, code));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i].n > 0)
			text = arena_printf(
				m->mem, "%s, %lld %s", text, counts[i].n, counts[i].name);
	}
	return text;
}

static void make_page(const struct mail *m, const char *subject, struct buf *b)
{
	page_still_head(b, "galway");
	buf_puts(b, "<header><h1>");
	page_text(b, report_value(m->mem, value_of(subject)));
	buf_puts(b, "</h1></header>\n");
	buf_add(b, m->texts[PAGE], m->lens[PAGE]);
	page_still_foot(b);
}

static const char *unique(struct arena *mem)
{
	unsigned long long random[2];

	arc4random_buf(random, sizeof(random));
	return arena_printf(mem, "%016llx%016llx.galway", random[0], random[1]);
}

static int send_all(const struct mail *m, const char *subject, struct err *err)
{
	struct message message = {.from = config_text(m->config, "mail-from"),
		.subject = subject,
		.date = (long long)time(NULL),
		.id = unique(m->mem)};
	struct buf page = {0}, all = {0};

	message.to = config_list(m->config, "mail-to", &message.n_to);
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (fflush(m->parts[i].out) != 0)
			return err_set(err, ERR_BUSY, "no memory");
	}
	make_page(m, message.subject, &page);
	message.text = (struct value){m->texts[TEXT], m->lens[TEXT]};
	message.page = (struct value){page.data, page.len};
	message_print(&all, &message);
	const int rc = smtp_send(m->config, message.from, message.to, message.n_to,
		(struct value){all.data, all.len}, err);
	buf_free(&page);
	buf_free(&all);
	return rc;
}

void mail_left(const struct setup *setup, struct arena *mem, const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct mail *m = mail_new(mem, setup, NULL);

	if (m == NULL)
		return;
	mail_error(m, text);
	if (send_all(m, arena_printf(mem, "%sa run did not come to its end", subject_start(m)),
		    &err) < 0)
		log_warn("report: no mail: %s", err.text);
	mail_free(m);
}

void mail_send(struct mail *m, int code, bool repeated)
{
	struct err err = {.kind = ERR_NONE};

	if (m == NULL)
		return;
	if (code == EXIT_GOOD && m->n_flows > 0)
		mail_settle(m->setup->state);
	if (!wanted(m, code, repeated))
		return;
	if (send_all(m, subject_of(m, code), &err) < 0)
		log_warn("report: no mail: %s", err.text);
	else if (code != EXIT_GOOD)
		mail_tell(&m->mark, m->setup->state, (long long)time(NULL));
}
