#include "connectors/connector.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/dn.h"
#include "connectors/types.h"

const struct connector_type *const connector_types[] = {
	&ldif_type,
	&csv_type,
	&mim_type,
	&dsml_type,
	&mem_type,
	&ldap_type,
	&ad_type,
	&scim_type,
	&exo_type,
	&graph_type,
	NULL,
};

const struct setting connector_settings[] = {
	{"type", SETTING_WORD, "!", "ldif|csv|mim|dsml|mem|ldap|ad|scim|exo|graph",
		"what kind of directory it is"},
	{"id", SETTING_TEXT, "objectGUID", NULL,
		"the attribute that identifies an entry and never changes; ldap: entryUUID or "
		"nsUniqueId, by the server"},
	{"base", SETTING_TEXT, NULL, NULL, "the DN at or below which every entry lies"},
	{"smtp-domains", SETTING_LIST, NULL, NULL, "the mail domains that this side owns"},
	{"sip-domains", SETTING_LIST, NULL, NULL, "the SIP domains that this side owns"},
	{"forest", SETTING_TEXT, NULL, NULL,
		"its name, for %Forest.FQDN%; else the DC parts of base"},
	{"canary", SETTING_LIST, NULL, NULL,
		"DNs of entries that must be seen, or nothing is written"},
	{"authority-flag", SETTING_LIST, NULL, NULL,
		"ATTR=VALUE:SIDE, ...: an entry here that has this value belongs to that "
		"connector"},
	{"readonly", SETTING_BOOL, "false", NULL, "true: it is never written to"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

struct section_shape connector_section(void)
{
	static struct section_variant
		variants[sizeof(connector_types) / sizeof(connector_types[0])];

	for (size_t i = 0; connector_types[i] != NULL; i++)
		variants[i] = (struct section_variant){
			connector_types[i]->name, connector_types[i]->settings};
	return (struct section_shape){.name = "connector",
		.titled = true,
		.settings = connector_settings,
		.by_word = "type",
		.variants = variants};
}

const struct connector_type *connector_type(const char *name)
{
	for (size_t i = 0; connector_types[i] != NULL; i++) {
		if (strcmp(connector_types[i]->name, name) == 0)
			return connector_types[i];
	}
	return NULL;
}

/* What is true of a setting whatever the type is. */
static int check_settings(const struct config *cfg, struct err *err)
{
	const char *id = config_text(cfg, "id"), *base = config_text(cfg, "base");
	struct arena *mem = arena_new();
	struct dn dn;
	int r = 0;

	if (attr_named(id) == ATTR_NONE) {
		r = err_set(
			err, ERR_FATAL, "%s: %s is not an attribute", config_where(cfg, "id"), id);
	} else if (base != NULL && dn_parse(mem, value_of(base), &dn, err) < 0) {
		err->kind = ERR_FATAL;
		r = err_in(err, "%s", config_where(cfg, "base"));
	}
	arena_free(mem);
	return r;
}

int connector_open(const struct config *cfg, struct connector **out, struct err *err)
{
	const struct connector_type *type = connector_type(config_text(cfg, "type"));

	assert(type != NULL);
	if (check_settings(cfg, err) < 0 || type->open(cfg, out, err) < 0)
		return -1;
	(*out)->type = type;
	(*out)->label = config_title(cfg);
	(*out)->readonly = config_bool(cfg, "readonly");
	return 0;
}

int connector_identity(
	struct connector *c, struct arena *mem, const char **identity, struct err *err)
{
	*identity = "";
	return c->type->identity != NULL ? c->type->identity(c, mem, identity, err) : 0;
}

int connector_stands(struct connector *c, const char *before, const char *now, struct arena *mem,
	const char **lacks, enum answerer *stands, struct err *err)
{
	*lacks = NULL;
	*stands = before[0] == '\0' || strcmp(before, now) == 0 ? ANSWERER_SAME : ANSWERER_OTHER;
	if (*stands == ANSWERER_SAME || c->type->stands == NULL)
		return 0;
	return c->type->stands(c, before, mem, lacks, stands, err);
}

static size_t without_last(const char *identity)
{
	const char *last = strrchr(identity, ' ');

	return last != NULL ? (size_t)(last - identity) : strlen(identity);
}

const char *connector_unsettled(struct arena *mem, const char *identity)
{
	return strchr(identity, ' ') == NULL ? identity
					     : arena_printf(mem, "%.*s " CONNECTOR_UNSETTLED,
						       (int)without_last(identity), identity);
}

int connector_come(struct connector *c, struct arena *mem, const char **identity, struct err *err)
{
	return c->type->stands == NULL ? 0 : connector_identity(c, mem, identity, err);
}

long long connector_expires(const struct connector *c)
{
	return c != NULL && c->type->expires != NULL ? c->type->expires(c) : 0;
}

int connector_read(struct connector *c, const struct query *q, struct err *err)
{
	if (q->kind == QUERY_SINCE && (c->type->can & CAN_SINCE) == 0)
		return err_set(err, ERR_ENTRY, "%s: %s connectors cannot tell what changed",
			c->label, c->type->name);
	return c->type->read(c, q, err);
}

int connector_next(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	return c->type->next(c, mem, e, err);
}

int connector_fill(struct connector *c, struct arena *mem, struct entry *e, struct err *err)
{
	return e->partial ? c->type->fill(c, mem, e, err) : 0;
}

int connector_cookie(struct connector *c, struct arena *mem, struct value *cookie, struct err *err)
{
	return c->type->cookie(c, mem, cookie, err);
}

int connector_more(struct connector *c, const struct attr_set *wanted, struct arena *mem,
	struct entry *e, struct err *err)
{
	return c->type->more != NULL ? c->type->more(c, wanted, mem, e, err) : 0;
}

static int check_writable(const struct connector *c, struct err *err)
{
	return c->readonly ? err_set(err, ERR_FATAL, "%s: is readonly", c->label) : 0;
}

int connector_hand_over(struct connector *c, struct value id, bool on, struct err *err)
{
	return check_writable(c, err) < 0 ? -1 : c->type->hand_over(c, id, on, err);
}

static int check_can_write(const struct connector *c, struct err *err)
{
	if ((c->type->can & CAN_WRITE) == 0)
		return err_set(err, ERR_FATAL, "%s: %s connectors cannot be written to", c->label,
			c->type->name);
	return check_writable(c, err);
}

int connector_write(struct connector *c, const struct change *changes, struct outcome *out,
	size_t n, struct arena *mem, struct err *err)
{
	if (check_can_write(c, err) < 0)
		return -1;
	return c->type->write(c, changes, out, n, mem, err);
}

int connector_feed(struct connector *c, const struct change *changes, struct outcome *out, size_t n,
	struct arena *mem, struct err *err)
{
	if (check_can_write(c, err) < 0)
		return -1;
	return c->type->feed(c, changes, out, n, mem, err);
}

int connector_close(struct connector *c, struct err *err)
{
	return c == NULL ? 0 : c->type->close(c, err);
}
