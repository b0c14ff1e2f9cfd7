#include "sync/survey.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "rules/address.h"
#include "sync/notice.h"

static void count_domain(struct arena *mem, struct domains *d, struct value address)
{
	const struct value domain = address_domain(address);
	unsigned i = 0;

	if (domain.len == 0)
		return;
	char *name = arena_copy(mem, domain.data, domain.len);
	for (size_t k = 0; k < domain.len; k++)
		name[k] = ascii_lower(name[k]);
	while (i < d->n && strcmp(d->all[i].name, name) != 0)
		i++;
	if (i == d->n) {
		if (d->n == d->room) {
			d->room = d->room > 0 ? 2 * d->room : 16;
			struct domain *bigger = arena_alloc(mem, d->room * sizeof(*bigger));
			if (d->n > 0)
				memcpy(bigger, d->all, d->n * sizeof(*bigger));
			d->all = bigger;
		}
		d->all[d->n++] = (struct domain){name, 0};
	}
	d->all[i].n++;
}

/* The address that mail is answered to; a directory without Exchange has mail only. */
static struct value primary_of(const struct entry *e)
{
	const struct attr *a = entry_find(e, "proxyAddresses");
	struct value rest = entry_first(e, attr_named("mail"));

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (address_primary(a->values[i]))
			(void)address_split(a->values[i], NULL, &rest);
	}
	return address_smtp_fault(rest) == NULL ? rest : (struct value){NULL, 0};
}

static struct value sip_of(const struct entry *e)
{
	struct value rest = {NULL, 0};

	(void)address_split(entry_first(e, attr_named("msRTCSIP-PrimaryUserAddress")), NULL, &rest);
	return rest.len > 0 && address_sip_fault(rest) == NULL ? rest : (struct value){NULL, 0};
}

/* The container of contacts, and, of a file, the name that all others are below. */
static void see_name(struct arena *mem, struct survey *s, const struct entry *e)
{
	struct dn dn, base;
	struct err ignored;

	if (dn_parse(mem, e->name, &dn, &ignored) < 0 || dn.n == 0)
		return;
	if (survey_is_file(&s->wish) && s->wish.base == NULL &&
		(s->base[0] == '\0' ||
			(dn_parse(mem, value_of(s->base), &base, &ignored) == 0 && dn.n < base.n)))
		s->base = arena_copy(mem, e->name.data, e->name.len);
	if (s->gal == NULL && survey_clean(e->name.data) &&
		strncasecmp(e->name.data, "OU=GAL,", 7) == 0)
		s->gal = arena_copy(mem, e->name.data, e->name.len);
}

void survey_see(struct arena *mem, struct survey *s, const struct entry *e)
{
	s->entries++;
	see_name(mem, s, e);
	if (!entry_is(e, "user") && !entry_is(e, "inetOrgPerson"))
		return;
	s->mailboxes += notice_has_mailbox(e);
	if (entry_find(e, "targetAddress") == NULL)
		count_domain(mem, &s->smtp, primary_of(e));
	count_domain(mem, &s->sip, sip_of(e));
}

int survey_read(const struct config *config, struct arena *mem, struct survey *s, struct err *err)
{
	static const char *const names[] = {"objectClass", "mail", "proxyAddresses",
		"targetAddress", "homeMDB", "msExchMailboxGuid", "msRTCSIP-PrimaryUserAddress"};
	struct attr_set wanted = {0};
	const struct query all = {.kind = QUERY_ALL, .wanted = &wanted};
	struct arena *scratch = arena_new();
	struct connector *c = NULL;
	struct entry e;
	struct err ignored;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		attr_set_add(mem, &wanted, attr_named(names[i]));
	int rc = connector_open(config, &c, err);
	if (rc == 0)
		rc = connector_read(c, &all, err);
	while (rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		survey_see(mem, s, &e);
		arena_reset(scratch);
		rc = 0;
	}
	(void)connector_close(c, &ignored);
	arena_free(scratch);
	return rc;
}
