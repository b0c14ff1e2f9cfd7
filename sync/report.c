#include "sync/report.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/spool.h"
#include "base/text.h"
#include "base/utf8.h"
#include "connectors/dsml.h"

static void begin_json(struct buf *b)
{
	buf_puts(b, "{\"galway\":1,\"flows\":[");
}

static void end_json(struct buf *b)
{
	buf_puts(b, "]}\n");
}

static void begin_csv(struct buf *b)
{
	buf_puts(b, "flow,OMODT,case,rule,source,target,attribute,AMODT,old,new,line,message\r\n");
}

static void begin_ldif(struct buf *b)
{
	buf_puts(b, "version: 1\n");
}

/* begin, end: what stands before and after all flows; NULL: nothing. */
static const struct format {
	const char *name;
	void (*begin)(struct buf *);
	int (*flow)(struct report *, struct plan *, struct applied *, struct err *);
	void (*end)(struct buf *);
	void (*stopped)(struct report *, const char *flow, int exit, const char *error);
} formats[] = {
	[REPORT_TEXT] = {"text", NULL, report_text, NULL, NULL},
	[REPORT_JSON] = {"json", begin_json, report_json, end_json, report_json_stopped},
	[REPORT_CSV] = {"csv", begin_csv, report_csv, NULL, NULL},
	[REPORT_LDIF] = {"ldif", begin_ldif, report_ldif, NULL, NULL},
	[REPORT_DSML] = {"dsml", dsml_print_begin, report_ldif, dsml_print_end, NULL},
	[REPORT_MARKDOWN] = {"markdown", NULL, report_markdown, NULL, report_markdown_stopped},
	[REPORT_HTML] = {"html", report_html_begin, report_html, report_html_end,
		report_html_stopped},
};

bool report_format(const char *name, enum report_format *format)
{
	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			*format = (enum report_format)i;
			return true;
		}
	}
	return false;
}

static void put(struct report *r, void (*part)(struct buf *))
{
	struct buf b = {0};

	if (part == NULL)
		return;
	part(&b);
	(void)fwrite(b.data, 1, b.len, r->out);
	buf_free(&b);
}

void report_begin(struct report *r)
{
	put(r, formats[r->format].begin);
}

int report_flow(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	int rc = formats[r->format].flow(r, plan, applied, err);

	r->begun = true;
	return rc;
}

void report_stopped(struct report *r, const char *flow, int exit, const char *error)
{
	if (formats[r->format].stopped == NULL)
		return;
	formats[r->format].stopped(r, flow, exit, error);
	r->begun = true;
}

int report_set(struct report *r, const struct attempt *x, struct err *err)
{
	if (r->format == REPORT_JSON)
		return report_json_set(r, x, err);
	report_text_set(r, x);
	return 0;
}

int report_end(struct report *r, struct err *err)
{
	put(r, formats[r->format].end);
	if (fflush(r->out) != 0 || ferror(r->out))
		return err_set(
			err, ERR_BUSY, "the report could not be written: %s", strerror(errno));
	return 0;
}

const char *report_op(const struct step *s)
{
	static const char *const names[] = {
		[STEP_NONE] = "none",
		[STEP_ADD] = "add",
		[STEP_MODIFY] = "modify",
		[STEP_DELETE] = "delete",
		[STEP_LINK] = "link",
		[STEP_FORGET] = "forget",
		[STEP_CONFLICT] = "conflict",
	};

	return names[s->op];
}

const char *report_failure(struct applied *applied, struct arena *mem, uint32_t place)
{
	uint32_t at;
	struct value text;
	struct err ignored;

	if (applied == NULL || !keys_get(&applied->failures, place + 1ull, &at) ||
		spool_get(applied->texts, at, mem, &text, NULL, &ignored) < 0)
		return NULL;
	return text.data;
}

const char *report_value(struct arena *mem, struct value v)
{
	struct buf b = {0};

	if (utf8_valid(v.data, v.len) && memchr(v.len > 0 ? v.data : "", '\0', v.len) == NULL) {
		text_safe_add(&b, v.data, v.len, 1);
	} else {
		buf_printf(&b, "(%zu bytes) ", v.len);
		buf_base64(&b, v.data, v.len < 24 ? v.len : 24);
		buf_puts(&b, v.len > 24 ? "..." : "");
	}
	const char *text = arena_copy(mem, b.data != NULL ? b.data : "", b.len);
	buf_free(&b);
	return text;
}
