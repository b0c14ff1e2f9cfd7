#include "sync/handover.h"

#include <string.h>

#include "base/err.h"
#include "connectors/connector.h"
#include "sync/object.h"

static const struct config *config_of(const struct flow *f, bool source)
{
	return source ? f->source_config : f->target_config;
}

/* Is it one that the directory keeps by itself? */
static bool is_kept(const struct flow *f, const struct authority_flag *flag)
{
	const struct connector_type *type =
		connector_type(config_text(config_of(f, flag->source), "type"));

	return type->hand_over != NULL && flag->attr == attr_named(type->flag);
}

static int write_flag(const struct object *o, bool source, bool on, struct err *err)
{
	const struct flow *f = o->flow;
	const struct entry *e = source ? &o->source : &o->target;
	struct connector *c = NULL;
	struct err ignored;
	int rc = connector_open(config_of(f, source), &c, err);

	if (rc == 0)
		rc = connector_hand_over(c, e->id, on, err);
	(void)connector_close(c, &ignored);
	return rc < 0 ? err_in(err, "flow %s: %s: the authority stays where it is", f->name,
				source ? f->source : f->target)
		      : 0;
}

int handover_write(const struct object *o, const char *side, const char **wrote, struct err *err)
{
	const struct flow *f = o->flow;

	*wrote = NULL;
	for (unsigned i = 0; i < f->n_flags; i++) {
		const struct authority_flag *flag = &f->flags[i];
		const struct entry *e = flag->source ? &o->source : &o->target;
		const bool there = flag->source ? o->in_source : o->in_target;
		const bool wants = strcmp(flag->side, side) == 0;
		if (!there || !is_kept(f, flag) || entry_has(e, flag->attr, flag->value) == wants)
			continue;
		/* Another value than the flag's is the opposite: it is TRUE or FALSE. */
		const bool on = value_same(flag->value, value_of("TRUE")) == wants;
		if (write_flag(o, flag->source, on, err) < 0)
			return -1;
		*wrote = flag->source ? f->source : f->target;
	}
	return 0;
}
