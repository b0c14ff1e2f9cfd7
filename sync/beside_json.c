#include "sync/beside_json.h"

#include "base/attr.h"
#include "sync/json.h"

static void put(FILE *out, json_t *j)
{
	/* In ASCII: escaped, no character acts on a terminal. */
	if (j == NULL || json_dumpf(j, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY) < 0)
		(void)fputs("null", out);
	json_decref(j);
}

void beside_json_begin(FILE *out, const char *flow)
{
	(void)fputs("{\"galway\":1,\"flow\":", out);
	put(out, json_string(flow));
	(void)fputs(",\"objects\":[", out);
}

static json_t *values(const struct attr *a)
{
	return a != NULL ? json_values(a->values, a->n) : json_array();
}

void beside_json_object(FILE *out, const struct beside *b, bool first)
{
	json_t *attrs = json_array();

	for (unsigned i = 0; i < b->n; i++) {
		const struct attr_beside *a = &b->attrs[i];
		if (a->like != LIKE_SAME)
			json_array_append_new(attrs,
				json_pack("{s:s, s:s, s:o, s:o}", "attribute", attr_name(a->attr),
					"likeness", likeness_name(a->like), "theirs",
					values(a->theirs), "ours", values(a->ours)));
	}
	(void)fputs(first ? "\n" : ",\n", out);
	put(out, json_pack("{s:o, s:s, s:s, s:s, s:o}", "name", json_value(b->name), "likeness",
			 likeness_name(b->like), "theirs", b->theirs, "ours", b->ours, "attributes",
			 attrs));
}

static json_t *counts(const struct beside_count *c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", likeness_name(LIKE_SAME),
		(json_int_t)c->n[LIKE_SAME], likeness_name(LIKE_DIFFERS),
		(json_int_t)c->n[LIKE_DIFFERS], likeness_name(LIKE_THEIRS),
		(json_int_t)c->n[LIKE_THEIRS], likeness_name(LIKE_OURS),
		(json_int_t)c->n[LIKE_OURS]);
}

void beside_json_end(FILE *out, const struct beside_sums *s, const struct summary *plan)
{
	json_t *attrs = json_object();

	for (unsigned i = 0; i < s->n_attrs; i++) {
		const struct beside_count *c = &s->attrs[i];
		if (c->n[0] + c->n[1] + c->n[2] + c->n[3] > 0)
			json_object_set_new(attrs, attr_name(i), counts(c));
	}
	(void)fputs("],\"sums\":", out);
	put(out, json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "format", s->format, "records",
			 (json_int_t)s->records, "elsewhere", (json_int_t)s->elsewhere, "conflict",
			 (json_int_t)plan->conflict, "denied", (json_int_t)plan->denied, "objects",
			 counts(&s->objects), "attributes", attrs));
	(void)fputs("}\n", out);
}
