#include "sync/people.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "rules/address.h"
#include "sync/impact.h"
#include "sync/report.h"

#define HOUR 3600LL

const char *people_span(struct arena *mem, long long seconds)
{
	if (seconds % HOUR == 0)
		return arena_printf(mem, "%lld hour%s", seconds / HOUR, seconds == HOUR ? "" : "s");
	return arena_printf(mem, "%lld minutes", (seconds + 59) / 60);
}

/* Does it set or take away a SIP address? */
static bool has_sip(const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		for (unsigned k = 0; k < m->n_add; k++) {
			if (address_type_is(m->add[k], "sip"))
				return true;
		}
		for (unsigned k = 0; k < m->n_remove; k++) {
			if (address_type_is(m->remove[k], "sip"))
				return true;
		}
	}
	return false;
}

static void note_sip(
	struct people *p, struct arena *mem, const struct step *s, const struct impact *i)
{
	const struct value name = s->target_name.len > 0 ? s->target_name : s->source_name;

	if (p->n_sip++ >= SIP_CHANGES_MOST)
		return;
	if (p->sip == NULL)
		p->sip = arena_alloc(mem, SIP_CHANGES_MOST * sizeof(*p->sip));
	p->sip[p->n_sip - 1] =
		(struct sip_change){report_value(mem, name), report_value(mem, i->before),
			i->after.len > 0 ? report_value(mem, i->after) : "none", i->meetings};
}

static int look_at_steps(struct plan *plan, struct applied *applied, struct arena *mem,
	struct people *p, bool *sip, struct err *err)
{
	struct arena *scratch = arena_new();
	struct impact impact;
	struct step s;
	uint32_t place;
	int rc = plan_rewind(plan, err);

	while (rc >= 0 && (rc = plan_next(plan, scratch, &s, &place, err)) == 1) {
		if (s.write && report_failure(applied, scratch, place) == NULL) {
			*sip |= has_sip(&s.change);
			if (impact_of(&s.change, &impact))
				note_sip(p, mem, &s, &impact);
		}
		arena_reset(scratch);
	}
	arena_free(scratch);
	return rc;
}

static bool writes_addresses(const struct flow *f)
{
	return attr_set_has(&f->writes, attr_named("targetAddress")) ||
	       attr_set_has(&f->writes, attr_named("proxyAddresses"));
}

int people_of(const struct address_book *b, struct plan *plan, struct applied *applied,
	struct arena *mem, struct people *p, struct err *err)
{
	bool sip = false;

	*p = (struct people){.told = false};
	if (b == NULL || applied == NULL || !writes_addresses(plan->flow))
		return 0;
	const struct summary *s = &applied->summary;
	if (s->add + s->modify + s->rename + s->remove == 0)
		return 0;
	p->told = true;
	p->by = applied->finished + b->at_most;
	p->book = arena_printf(mem,
		"%s at worst: generated every %s, distributed every %s, "
		"downloaded by Outlook every %s",
		people_span(mem, b->at_most), people_span(mem, b->generation),
		people_span(mem, b->distribution), people_span(mem, b->download));
	p->hints[p->n_hints++] = "Outlook on the web, and without cached mode: as soon as the "
				 "directory's replicas have it";
	if (look_at_steps(plan, applied, mem, p, &sip, err) < 0)
		return -1;
	if (!sip)
		return 0;
	p->hints[p->n_hints++] =
		"Lync, Skype for Business: on Windows by the address book of an Outlook of the "
		"same version in cached mode; on phones, Macs and the web nobody is found, and "
		"the whole SIP address is typed";
	p->hints[p->n_hints++] = "Teams: people of another organization are found by their whole "
				 "address, whatever the address book says";
	return 0;
}
