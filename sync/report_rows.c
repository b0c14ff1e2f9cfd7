#include "sync/report.h"

#include "base/arena.h"
#include "base/attr.h"
#include "sync/impact.h"

static unsigned most_of(const struct step *s)
{
	unsigned n = 1 + s->n_denied;

	for (unsigned i = 0; s->write && i < s->change.n; i++)
		n += s->change.mods[i].n_add + s->change.mods[i].n_remove;
	return n;
}

/* A value taken away and one put in its place share a row. */
static unsigned mod_rows(
	struct report_row *rows, struct arena *mem, const struct mod *m, const char *line)
{
	const unsigned n = m->n_add > m->n_remove ? m->n_add : m->n_remove;

	for (unsigned i = 0; i < n; i++) {
		const bool old = i < m->n_remove, new = i < m->n_add;
		rows[i] = (struct report_row){attr_name(m->attr),
			old && new ? "update"
			: new      ? "add"
				   : "delete",
			old ? report_value(mem, m->remove[i]) : "",
			new ? report_value(mem, m->add[i]) : "", line != NULL ? line : ""};
	}
	return n;
}

unsigned report_rows(struct arena *mem, const struct step *s, struct report_row **rows)
{
	struct report_row *to = arena_alloc(mem, most_of(s) * sizeof(*to));
	unsigned n = 0;

	*rows = to;
	if (s->write && s->change.new_name.len > 0)
		to[n++] = (struct report_row){"distinguishedName", "update",
			report_value(mem, s->change.name), report_value(mem, s->change.new_name),
			"name"};
	for (unsigned i = 0; s->write && i < s->change.n; i++)
		n += mod_rows(to + n, mem, &s->change.mods[i], s->lines[i]);
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		const char *value = report_value(mem, d->value);
		to[n++] = (struct report_row){attr_name(d->attr), "denied", d->removal ? value : "",
			d->removal ? "" : value, d->rule != NULL ? d->rule : ""};
	}
	return n;
}

const char *report_told(struct arena *mem, const struct step *s)
{
	const char *message = s->message != NULL ? report_value(mem, value_of(s->message)) : "";
	struct impact impact;

	if (!s->write || !impact_of(&s->change, &impact))
		return message;
	return arena_printf(mem, "high impact: contacts outside are to be told%s%s%s",
		impact.meetings ? ", and meetings to be scheduled anew" : "",
		message[0] != '\0' ? "; " : "", message);
}

enum report_rank report_rank(const struct step *s, const char *failure)
{
	struct impact impact;

	if (s->op == STEP_CONFLICT || failure != NULL)
		return RANK_NOT_DONE;
	return s->n_denied > 0 || (s->write && impact_of(&s->change, &impact)) ? RANK_LOOK_AT
									       : RANK_REST;
}
