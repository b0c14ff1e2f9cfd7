#include "sync/report.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "sync/attempt.h"
#include "sync/commands.h"
#include "sync/impact.h"
#include "sync/json.h"
#include "sync/people.h"
#include "sync/ruling.h"

json_t *json_value(struct value v)
{
	struct buf b = {0};

	if (utf8_valid(v.data, v.len) && memchr(v.len > 0 ? v.data : "", '\0', v.len) == NULL)
		return json_stringn(v.len > 0 ? v.data : "", v.len);
	buf_base64(&b, v.data, v.len);
	json_t *j = json_pack("{s:s#}", "base64", b.data, (int)b.len);
	buf_free(&b);
	return j;
}

json_t *json_values(const struct value *v, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_value(v[i]));
	return list;
}

json_t *json_object_of(struct arena *mem, struct value id, struct value name)
{
	return json_pack("{s:s, s:o}", "id", id.len > 0 ? entry_id_text(mem, id) : "", "name",
		json_value(name));
}

static json_t *json_changes(const struct step *s)
{
	json_t *list = json_array();

	if (!s->write)
		return list;
	if (s->change.new_name.len > 0)
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s}", "attribute", "distinguishedName",
				      "add", json_values(&s->change.new_name, 1), "remove",
				      json_values(&s->change.name, 1), "rule", "name"));
	for (unsigned i = 0; i < s->change.n; i++) {
		const struct mod *m = &s->change.mods[i];
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s}", "attribute", attr_name(m->attr),
				      "add", json_values(m->add, m->n_add), "remove",
				      json_values(m->remove, m->n_remove), "rule",
				      s->lines[i] != NULL ? s->lines[i] : ""));
	}
	return list;
}

static json_t *json_impact(const struct impact *i)
{
	return json_pack("{s:o, s:o, s:b, s:b}", "before", json_value(i->before), "after",
		i->after.len > 0 ? json_value(i->after) : json_null(), "meetings", i->meetings,
		"contacts", true);
}

static json_t *json_denied(const struct step *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		bool none = d->removal && d->value.len == 0;
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:s, s:s, s:s}", "attribute", attr_name(d->attr),
				"value", none ? json_null() : json_value(d->value), "side", d->side,
				"authority", d->authority, "rule", d->rule != NULL ? d->rule : ""));
	}
	return list;
}

static json_t *json_step(struct arena *mem, const struct step *s, const char *failure)
{
	const char *message = failure != NULL ? failure : s->message;
	struct impact impact;

	json_t *step = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "op", report_op(s),
		"case", (int)s->number, "rule", s->rule != NULL ? s->rule : "", "source",
		json_object_of(mem, s->source_id, s->source_name), "target",
		json_object_of(mem, s->target_id, s->target_name), "changes", json_changes(s),
		"denied", json_denied(s), "message",
		json_value(value_of(message != NULL ? message : "")));
	if (s->write && impact_of(&s->change, &impact))
		json_object_set_new(step, "impact", json_impact(&impact));
	return step;
}

static json_t *json_summary(const struct summary *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "read",
		(json_int_t)s->read, "add", (json_int_t)s->add, "modify", (json_int_t)s->modify,
		"rename", (json_int_t)s->rename, "delete", (json_int_t)s->remove, "none",
		(json_int_t)s->none, "conflict", (json_int_t)s->conflict, "denied",
		(json_int_t)s->denied, "failed", (json_int_t)s->failed);
}

/* In ASCII: escaped, no character acts on a terminal. */
static int put(struct report *r, json_t *j, struct err *err)
{
	int rc = j != NULL
			 ? json_dumpf(j, r->out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII)
			 : -1;

	json_decref(j);
	return rc < 0 ? err_set(err, ERR_BUSY, "the report could not be written") : 0;
}

static int put_cautions(struct report *r, const struct plan *plan, struct err *err)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < plan->n_cautions; i++)
		json_array_append_new(list, json_string(plan->cautions[i]));
	(void)fputs(",\"cautions\":", r->out);
	return put(r, list, err);
}

static int put_refused(struct report *r, struct err *err)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->ruling->n; i++)
		json_array_append_new(list, json_string(r->ruling->reasons[i]));
	(void)fputs(",\"refused\":", r->out);
	return put(r, list, err);
}

static json_t *json_sip(const struct people *p)
{
	json_t *list = json_array();

	for (unsigned long i = 0; i < p->n_sip && i < SIP_CHANGES_MOST; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b}", "name", p->sip[i].name, "before",
				      p->sip[i].before, "after", p->sip[i].after, "meetings",
				      p->sip[i].meetings));
	return list;
}

static int put_people(struct report *r, struct plan *plan, struct applied *applied,
	struct arena *mem, struct err *err)
{
	char when[TIME_ROOM];
	json_t *hints = json_array();
	struct people p;
	int rc = people_of(r->book, plan, applied, mem, &p, err);

	for (unsigned i = 0; i < p.n_hints; i++)
		json_array_append_new(hints, json_string(p.hints[i]));
	if (rc < 0 || !p.told) {
		json_decref(hints);
		return rc;
	}
	(void)fputs(",\"people\":", r->out);
	rc = put(r,
		json_pack("{s:s, s:{s:I, s:I, s:I, s:I}, s:o, s:I, s:o}", "by",
			time_local(p.by, when), "seconds", "generation",
			(json_int_t)r->book->generation, "distribution",
			(json_int_t)r->book->distribution, "download",
			(json_int_t)r->book->download, "at-most", (json_int_t)r->book->at_most,
			"hints", hints, "sip-changes", (json_int_t)p.n_sip, "sip", json_sip(&p)),
		err);
	arena_reset(mem);
	return rc;
}

/* Steps are written one by one: a plan may be larger than memory. */
int report_json(struct report *r, struct plan *plan, struct applied *applied, struct err *err)
{
	struct arena *mem = arena_new();
	struct step s;
	uint32_t place;
	bool first = true;
	int rc = 0;

	(void)fprintf(r->out, "%s{\"flow\":", r->begun ? "," : "");
	if (rc == 0)
		rc = put(r, json_string(plan->flow->name), err);
	(void)fprintf(r->out, ",\"full\":%s", plan->full ? "true" : "false");
	if (plan->because != NULL)
		(void)fprintf(r->out, ",\"because\":\"%s\"", plan->because);
	if (plan->undoes != 0)
		(void)fprintf(r->out, ",\"undoes\":%lld", plan->undoes);
	(void)fputs(",\"summary\":", r->out);
	if (rc == 0)
		rc = put(
			r, json_summary(applied != NULL ? &applied->summary : &plan->summary), err);
	if (rc == 0 && plan->n_cautions > 0)
		rc = put_cautions(r, plan, err);
	if (rc == 0 && applied == NULL && r->ruling != NULL && r->ruling->n > 0)
		rc = put_refused(r, err);
	if (rc == 0)
		rc = put_people(r, plan, applied, mem, err);
	if (rc == 0)
		rc = plan_rewind(plan, err);
	(void)fputs(",\"steps\":[", r->out);
	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (step_shows(&s)) {
			(void)fputs(first ? "\n" : ",\n", r->out);
			first = false;
			rc = put(r, json_step(mem, &s, report_failure(applied, mem, place)), err);
		}
		arena_reset(mem);
	}
	(void)fputs("]}", r->out);
	arena_free(mem);
	return rc;
}

void report_json_stopped(struct report *r, const char *flow, int exit, const char *error)
{
	struct arena *mem = arena_new();
	struct err ignored; /* report_end says it */

	(void)fputs(r->begun ? "," : "", r->out);
	(void)put(r,
		json_pack("{s:s, s:i, s:o}", "flow", flow, "exit", exit, "error",
			json_value(value_of(report_value(mem, value_of(error))))),
		&ignored);
	arena_free(mem);
}

int report_json_set(struct report *r, const struct attempt *x, struct err *err)
{
	struct arena *mem = arena_new();
	int rc = put(r,
		json_pack("{s:i, s:s, s:s, s:b, s:o}", "galway", 1, "flow", x->o.flow->name, "side",
			x->as, "done", x->done, "step", json_step(mem, &x->step, NULL)),
		err);

	(void)fputc('\n', r->out);
	arena_free(mem);
	return rc;
}
