/*
 * What "galway check" tells of a tenant or mailbox.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph_pages.h"
#include "connectors/probe.h"

/* One object of each kind: what may be read? */
static int tell_kinds(struct graph_dir *d, const struct probe *p, struct err *err)
{
	for (unsigned k = 0; d->kinds[k] != NULL; k++) {
		const struct graph_kind *kind = d->kinds[k];
		struct arena *mem = arena_new();
		struct json *answer;
		int status;
		const int r = graph_take(d,
			graph_get(d, arena_printf(mem, "%s?$select=%s&$top=1", kind->endpoint,
					     graph_select(mem, kind, NULL))),
			&answer, &status, err);
		if (r == 0)
			probe_tell(p, FINDING_NOTE, "%s can be read", kind->setting);
		else if (status == 403)
			probe_tell(p, FINDING_FAULT, "%s cannot be read: %s", kind->setting,
				err->text);
		json_free(answer);
		arena_free(mem);
		if (r < 0 && status != 403)
			return -1;
	}
	return 0;
}

static void tell_writes(const struct graph_dir *d, const struct probe *p)
{
	struct arena *mem = arena_new();
	struct dn dn;
	struct err ignored;

	if (d->mailbox == NULL && d->kinds[0]->only == NULL)
		probe_tell(p, FINDING_WARNING,
			"entries are neither made nor deleted: types = guests, or a mailbox, does "
			"that");
	for (unsigned attr = 0; attr < p->writes->n; attr++) {
		if (attr_set_has(p->writes, attr) && !probe_implied(attr) &&
			json_field_of(d->kinds[0]->fields, attr) == NULL)
			probe_tell(p, FINDING_FAULT,
				"Graph has no place for the attribute %s, or does not let it be "
				"written: leave it out of the rule",
				attr_name(attr));
	}
	for (unsigned i = 0; i < p->n_into; i++) {
		if (dn_parse(mem, p->into[i], &dn, &ignored) < 0 || !dn_equal(&dn, &d->base_dn))
			probe_tell(p, FINDING_FAULT, "into has to be %s: there is nothing below it",
				d->base);
	}
	arena_free(mem);
}

int graph_probe(struct connector *c, const struct probe *p, struct err *err)
{
	struct graph_dir *d = (struct graph_dir *)c;
	const char *caution = http_caution(d->http);

	probe_tell(p, FINDING_NOTE, "%s, tenant %s, entries are called CN=...,%s",
		http_base(d->http), config_text(d->config, "tenant"), d->base);
	if (caution != NULL)
		probe_tell(p, FINDING_WARNING, "%s", caution);
	if (d->mailbox == NULL ? tell_kinds(d, p, err) < 0 : graph_folder(d, false, err) < 0)
		return -1;
	if (d->mailbox != NULL)
		probe_tell(p, FINDING_NOTE, "the mailbox %s has %s folder \"%s\"", d->mailbox,
			d->folder_path != NULL ? "the" : "not yet a", d->folder);
	probe_certificates(p, d->http);
	if (p->target)
		tell_writes(d, p);
	return 0;
}
