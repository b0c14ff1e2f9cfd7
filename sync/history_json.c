#include "sync/history.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "sync/commands.h"
#include "sync/json.h"

static void put(struct history *h, json_t *j)
{
	(void)fputs(h->begun ? ",\n" : "\n", h->report.out);
	h->begun = true;
	/* In ASCII: escaped, no character acts on a terminal. */
	if (j == NULL || json_dumpf(j, h->report.out, JSON_COMPACT | JSON_ENSURE_ASCII) < 0)
		(void)fputs("null", h->report.out);
	json_decref(j);
}

static void put_side(json_t *j, const struct journal_head *head)
{
	if (head == NULL || head->side == NULL)
		return;
	json_object_set_new(j, "side", json_string(head->side));
	json_object_set_new(j, "by", json_value(value_of(head->who)));
}

void history_json_run(struct history *h, struct arena *mem, const char *flow, const struct run *r,
	const struct journal_head *head)
{
	char started[TIME_ROOM], finished[TIME_ROOM];
	json_t *j = json_pack(
		"{s:I, s:s, s:s, s:b, s:i, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:I}}",
		"run", (json_int_t)r->id, "flow", flow, "started", time_local(r->started, started),
		"full", r->full ? 1 : 0, "exit", r->exit, "summary", "read", (json_int_t)r->read,
		"add", (json_int_t)r->add, "modify", (json_int_t)r->modify, "rename",
		(json_int_t)r->rename, "delete", (json_int_t)r->remove, "none", (json_int_t)r->none,
		"conflict", (json_int_t)r->conflict, "denied", (json_int_t)r->denied, "failed",
		(json_int_t)r->failed);

	(void)mem;
	if (r->error != NULL)
		json_object_set_new(j, "error", json_value(value_of(r->error)));
	json_object_set_new(j, "finished",
		r->finished != 0 ? json_string(time_local(r->finished, finished)) : json_null());
	if (head != NULL && head->undoes != 0)
		json_object_set_new(j, "undoes", json_integer(head->undoes));
	if (head != NULL && head->undone != 0)
		json_object_set_new(j, "undone", json_integer(head->undone));
	put_side(j, head);
	put(h, j);
}

void history_json_op(struct history *h, struct arena *mem, const char *flow, long long when,
	const struct journal_head *head, const struct op *op)
{
	struct mod *mods;
	const unsigned n = history_mods(mem, op, &mods);
	json_t *changes = json_array();
	char text[TIME_ROOM];

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(
			changes, json_pack("{s:s, s:o, s:o}", "attribute", attr_name(mods[i].attr),
					 "remove", json_values(mods[i].remove, mods[i].n_remove),
					 "add", json_values(mods[i].add, mods[i].n_add)));
	json_t *j =
		json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "run", (json_int_t)op->run,
			"flow", flow, "started", time_local(when, text), "op", history_op_name(op),
			"result", history_result(op)[0] == '\0' ? "done" : history_result(op),
			"source", json_object_of(mem, op->source, op->source_name), "target",
			json_object_of(mem, op->target, op->change.name), "changes", changes);

	put_side(j, head);
	put(h, j);
}
