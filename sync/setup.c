#include "sync/setup.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/files.h"
#include "sync/mail.h"
#include "sync/spread.h"
#include "sync/state.h"

static const struct setting top_settings[] = {
	{"state", SETTING_PATH, "state.db", NULL,
		"where galway remembers links, pending objects and runs"},
	{"interval", SETTING_SPAN, "3h", NULL, "how often \"sync --if-due\" runs"},
	{"stale", SETTING_SPAN, NULL, NULL,
		"\"status\" ends with 2 when the last good run of a flow is older; three intervals "
		"without"},
	{"history", SETTING_SPAN, "90d", NULL,
		"how long a run can be looked at with \"history\" and undone"},
	{"deadline", SETTING_SPAN, "2h", NULL, "a sync that takes longer is ended; 0s: never"},
	{"log", SETTING_WORD, "stderr", "stderr|syslog|journal",
		"where the messages of sync go; to a terminal they go, too"},
	{"metrics", SETTING_PATH, NULL, NULL,
		"after a sync: counts and moments for Prometheus, a file of its textfile "
		"collector"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct setting flow_settings[] = {
	{"source", SETTING_TEXT, "!", NULL, "the connector that is read"},
	{"target", SETTING_TEXT, "!", NULL, "the connector that is written"},
	{"rules", SETTING_TEXT, "galsync", NULL, "a built-in rule set, or the path of a rule file"},
	{"into", SETTING_TEXT, "!", NULL,
		"the container of the target in which contacts are made; not to be changed after "
		"the first sync without moving them"},
	{"adopt", SETTING_LIST, NULL, NULL,
		"more containers of the target, whose contacts may be taken over; they are never "
		"deleted"},
	{"leave", SETTING_WORD, "delete", "delete|hide|keep",
		"what becomes of a contact whose source is gone or out of scope"},
	{"grace", SETTING_SPAN, "7d", NULL, "with leave = hide: how long until it is deleted"},
	{"marker", SETTING_TEXT, "adminDescription", NULL,
		"the attribute of the contact that says whose it is"},
	{"authority", SETTING_TEXT, NULL, NULL,
		"the connector that is authoritative for the objects; else the source"},
	{"on-denied", SETTING_WORD, "restore", "restore|report",
		"what the side without authority changed is put back, or left alone and told"},
	{"full-every", SETTING_NUMBER, "8", NULL,
		"every so many runs everything is read, not only what changed"},
	LIMIT_SETTINGS{"min-left-percent", SETTING_NUMBER, "50", NULL,
		"a plan that leaves fewer % of the links, or of one rule's, is refused"},
	{"max-shrink-percent", SETTING_NUMBER, "10", NULL,
		"a plan is refused when the source shrank by more %"},
	{"max-missing-percent", SETTING_NUMBER, "10", NULL,
		"and when the target lacks more % of the linked contacts; 5 may always be lacking"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

static const struct section_shape flow_inner[] = {
	{.name = "params", .free = true},
	{.name = "authority-of", .free = true},
	{.name = NULL},
};

const struct section_shape *setup_shape(void)
{
	static struct section_shape sections[] = {
		{.name = "connector"},
		{.name = "flow", .titled = true, .settings = flow_settings, .inner = flow_inner},
		{.name = "authority", .free = true},
		{.name = "params", .free = true},
		{.name = "report", .settings = mail_settings},
		{.name = "address-book", .settings = address_book_settings},
		{.name = NULL},
	};
	static const struct section_shape root = {
		.name = "galway", .settings = top_settings, .inner = sections};

	sections[0] = connector_section();
	return &root;
}

/* "abc.example", from the setting or the DC parts of the base; NULL. */
static const char *forest_of(struct arena *mem, const struct config *connector)
{
	const char *forest = config_text(connector, "forest");
	const char *base = config_text(connector, "base");
	struct dn dn;
	struct err ignored;

	if (forest != NULL || base == NULL || dn_parse(mem, value_of(base), &dn, &ignored) < 0)
		return forest;
	const char *name = "";
	for (unsigned i = 0; i < dn.n; i++) {
		const struct ava *part = &dn.rdns[i].avas[0];
		if (strcasecmp(part->type, "DC") != 0)
			continue;
		name = arena_printf(mem, "%s%s%.*s", name, name[0] != '\0' ? "." : "",
			(int)part->value.len, part->value.data);
	}
	return name[0] != '\0' ? name : NULL;
}

static const char *const *lower_list(
	struct arena *mem, const struct config *c, const char *name, unsigned *n)
{
	const char *const *list = config_list(c, name, n);
	char **lower = arena_alloc(mem, (*n + 1) * sizeof(*lower));

	for (unsigned i = 0; i < *n; i++) {
		lower[i] = arena_strdup(mem, list[i]);
		for (char *p = lower[i]; *p != '\0'; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	}
	return (const char *const *)lower;
}

static void add_param(struct arena *mem, struct rules_env *env, const char *name,
	const char *const *values, unsigned n)
{
	struct param *more = arena_alloc(mem, (env->n_params + 1) * sizeof(*more));
	struct value *v = arena_alloc(mem, n * sizeof(*v));

	if (env->n_params > 0)
		memcpy(more, env->params, env->n_params * sizeof(*more));
	for (unsigned i = 0; i < n; i++)
		v[i] = value_of(values[i]);
	more[env->n_params++] = (struct param){name, n, v};
	env->params = more;
}

static void add_pairs(struct arena *mem, struct rules_env *env, const struct config *section)
{
	for (unsigned i = 0; section != NULL && i < config_pairs(section); i++) {
		const char *value = config_value(section, i);
		add_param(mem, env, config_key(section, i), &value, 1);
	}
}

/* What expressions may name as %...%. The first of a name counts: a flow's own before the file's.
 */
static void make_env(struct arena *mem, const struct config *root, struct flow *f)
{
	struct rules_env *env = &f->env;
	const char *forest = forest_of(mem, f->source_config);
	const char *target_forest = forest_of(mem, f->target_config);
	const char *base = config_text(f->source_config, "base");

	env->source_smtp = lower_list(mem, f->source_config, "smtp-domains", &env->n_source_smtp);
	env->source_sip = lower_list(mem, f->source_config, "sip-domains", &env->n_source_sip);
	env->target_smtp = lower_list(mem, f->target_config, "smtp-domains", &env->n_target_smtp);
	env->now = (int64_t)time(NULL);
	add_pairs(mem, env, config_section(f->config, "params", NULL));
	add_pairs(mem, env, config_section(root, "params", NULL));
	add_param(mem, env, "smtp-domains", env->source_smtp, env->n_source_smtp);
	add_param(mem, env, "sip-domains", env->source_sip, env->n_source_sip);
	add_param(mem, env, "target-smtp-domains", env->target_smtp, env->n_target_smtp);
	add_param(mem, env, "Connector.ID", &f->source, 1);
	add_param(mem, env, "flow", &f->name, 1);
	add_param(mem, env, "Forest.FQDN", &forest, forest != NULL);
	add_param(mem, env, "Domain.FQDN", &forest, forest != NULL);
	add_param(mem, env, "Forest.LDAP", &base, base != NULL);
	add_param(mem, env, "Domain.LDAP", &base, base != NULL);
	add_param(mem, env, "Target.FQDN", &target_forest, target_forest != NULL);
}

static int parse_base(struct arena *mem, struct flow *f, const char *setting, const char *text,
	struct dn *dn, struct err *err)
{
	if (dn_parse(mem, value_of(text), dn, err) < 0 || dn->n == 0) {
		if (dn->n == 0 && err->kind == ERR_NONE)
			err_set(err, ERR_FATAL, "the root of a directory cannot be managed");
		err->kind = ERR_FATAL;
		return err_in(err, "%s: %s", config_where(f->config, setting), setting);
	}
	return 0;
}

static int make_bases(struct arena *mem, struct flow *f, struct err *err)
{
	unsigned n;
	const char *const *adopt = config_list(f->config, "adopt", &n);

	f->into = value_of(config_text(f->config, "into"));
	f->managed = arena_zalloc(mem, (n + 1) * sizeof(*f->managed));
	if (parse_base(mem, f, "into", f->into.data, &f->managed[0], err) < 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (parse_base(mem, f, "adopt", adopt[i], &f->managed[i + 1], err) < 0)
			return -1;
	}
	f->n_managed = n + 1;
	f->into = dn_print(mem, &f->managed[0]);
	return 0;
}

const char *setup_side(const struct flow *f, const char *side)
{
	if (spread_part(f->source, side))
		return f->source;
	return spread_part(f->target, side) ? f->target : NULL;
}

static bool is_connector(const struct config *root, const char *name)
{
	for (unsigned i = 0; i < config_count(root, "connector"); i++) {
		if (spread_part(config_title(config_at(root, "connector", i)), name))
			return true;
	}
	return false;
}

/* A line for another pair of connectors is not this flow's, but one that no connector has is a
 * mistake. */
static int add_authority(struct arena *mem, const struct config *root, const struct config *section,
	struct flow *f, struct err *err)
{
	for (unsigned i = 0; section != NULL && i < config_pairs(section); i++) {
		const char *side = config_value(section, i);
		unsigned attr = attr_named(config_key(section, i));
		if (attr == ATTR_NONE || !is_connector(root, side))
			return err_set(err, ERR_FATAL, "%s: authority: %s = %s: no connector '%s'",
				config_where(section, config_key(section, i)),
				config_key(section, i), side, side);
		side = setup_side(f, side);
		if (side == NULL)
			continue;
		struct authority_line *more =
			arena_alloc(mem, (f->n_authority + 1) * sizeof(*more));
		if (f->n_authority > 0)
			memcpy(more, f->authority, f->n_authority * sizeof(*more));
		more[f->n_authority++] = (struct authority_line){attr, side};
		f->authority = more;
	}
	return 0;
}

/* "ATTR=VALUE:SIDE"; a side that is none of the flow's is another flow's business. */
static int add_flag(struct arena *mem, const struct config *root, const struct config *connector,
	const char *text, struct flow *f, struct err *err)
{
	const char *equals = strchr(text, '='), *colon = strrchr(text, ':');
	const char *where = config_where(connector, "authority-flag");

	if (equals == NULL || colon == NULL || colon < equals + 2 ||
		attr_id(text, (size_t)(equals - text)) == ATTR_NONE)
		return err_set(err, ERR_FATAL, "%s: authority-flag: '%s' is not ATTR=VALUE:SIDE",
			where, text);
	if (!is_connector(root, colon + 1))
		return err_set(err, ERR_FATAL, "%s: authority-flag: %s: no connector '%s'", where,
			text, colon + 1);
	const char *side = setup_side(f, colon + 1);
	if (side == NULL)
		return 0;
	struct authority_flag *more = arena_alloc(mem, (f->n_flags + 1) * sizeof(*more));
	if (f->n_flags > 0)
		memcpy(more, f->flags, f->n_flags * sizeof(*more));
	more[f->n_flags++] = (struct authority_flag){.attr = attr_id(text, (size_t)(equals - text)),
		.value = {equals + 1, (size_t)(colon - equals - 1)},
		.side = side,
		.source = connector == f->source_config};
	f->flags = more;
	return 0;
}

static int add_flags(struct arena *mem, const struct config *root, const struct config *connector,
	struct flow *f, struct err *err)
{
	unsigned n;
	const char *const *list = config_list(connector, "authority-flag", &n);

	for (unsigned i = 0; i < n; i++) {
		if (add_flag(mem, root, connector, list[i], f, err) < 0)
			return -1;
	}
	return 0;
}

static int make_authority(
	struct arena *mem, const struct config *root, struct flow *f, struct err *err)
{
	const char *side = config_text(f->config, "authority");

	f->side = side != NULL ? setup_side(f, side) : f->source;
	if (f->side == NULL)
		return err_set(err, ERR_FATAL, "%s: authority = %s: must be %s or %s",
			config_where(f->config, "authority"), side, f->source, f->target);
	if (add_authority(mem, root, config_section(f->config, "authority-of", NULL), f, err) < 0 ||
		add_flags(mem, root, f->source_config, f, err) < 0 ||
		add_flags(mem, root, f->target_config, f, err) < 0)
		return -1;
	return add_authority(mem, root, config_section(root, "authority", NULL), f, err);
}

/* What the flow reads and writes follows from its rules. */
static void make_sets(struct arena *mem, struct flow *f)
{
	static const char *const source_always[] = {"department", "isDeleted"};
	static const char *const target_always[] = {"objectClass", "objectGUID",
		"msExchHideFromAddressLists", "isCriticalSystemObject", "adminCount",
		"sAMAccountName"};

	rules_reads(mem, f->rules, &f->reads);
	attr_set_add(mem, &f->reads, f->marker);
	for (unsigned i = 0; i < 2; i++)
		attr_set_add(mem, &f->reads, attr_named(source_always[i]));
	rules_writes(mem, f->rules, &f->writes);
	attr_set_add(mem, &f->writes, f->marker);
	attr_set_join(mem, &f->tells, &f->writes);
	for (unsigned i = 0; i < f->n_flags; i++)
		attr_set_add(mem, f->flags[i].source ? &f->reads : &f->tells, f->flags[i].attr);
	attr_set_join(mem, &f->looks, &f->tells);
	rules_joins(mem, f->rules, &f->looks);
	claims_reads(mem, &f->looks);
	for (unsigned i = 0; i < sizeof(target_always) / sizeof(target_always[0]); i++)
		attr_set_add(mem, &f->looks, attr_named(target_always[i]));
}

static int side_config(const struct config *root, struct flow *f, const char *setting,
	const char **name, const struct config **config, struct err *err)
{
	*name = config_text(f->config, setting);
	*config = config_section(root, "connector", *name);
	if (*config == NULL)
		return err_set(err, ERR_FATAL, "%s: %s = %s: no connector '%s'",
			config_where(f->config, setting), setting, *name, *name);
	return 0;
}

/* Settings of a source that say which entries it has, and what is in them: whoever edits one in
 * passing may take away as many people as with a scope. */
static bool decides(const char *setting)
{
	static const char *const settings[] = {"base", "id", "filter", "referrals", "columns",
		"multi-columns", "object-class", "name", "file", "delimiter", "multi", "types",
		"mailbox", "folder"};
	size_t i = 0;

	while (i < sizeof(settings) / sizeof(settings[0]) && strcmp(settings[i], setting) != 0)
		i++;
	return i < sizeof(settings) / sizeof(settings[0]);
}

/* A file is the same when the configuration moves together with it: what lies in its folder begins
 * without a slash. */
static const char *from_folder(const struct config *c, const char *path)
{
	const size_t n = strlen(config_folder(c));

	return strncmp(path, config_folder(c), n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static uint64_t hash_settings(const struct config *c, const struct setting *s, uint64_t h)
{
	for (; s->name != NULL; s++) {
		unsigned n = 0;
		const char *text = NULL;
		const char *const *list = &text;
		if (!decides(s->name))
			continue;
		if (s->kind == SETTING_LIST) {
			list = config_list(c, s->name, &n);
		} else {
			text = config_text(c, s->name);
			n = text != NULL;
			if (n > 0 && s->kind == SETTING_PATH)
				text = from_folder(c, text);
		}
		h = hash_bytes(s->name, strlen(s->name) + 1, h);
		for (unsigned i = 0; i < n; i++)
			h = hash_bytes(list[i], strlen(list[i]) + 1, h);
	}
	return h;
}

const char *galway_version = GALWAY_VERSION;

/* Everything that what was written depends on, but the entries of the source: which of them are
 * read (make_foreign adds which are not), the rules and who reads them, and where contacts may lie
 * and what marks them. */
static uint64_t epoch_of(struct arena *mem, const struct flow *f)
{
	const struct connector_type *type = connector_type(config_text(f->source_config, "type"));
	uint64_t h = rules_epoch(f->rules, &f->env);

	h = hash_bytes(galway_version, strlen(galway_version), h);
	h = hash_settings(f->source_config, connector_settings, h);
	h = hash_settings(f->source_config, type->settings, h);

	for (unsigned i = 0; i < f->n_managed; i++) {
		uint64_t key = dn_key(dn_print(mem, &f->managed[i]));
		h = hash_bytes(&key, sizeof(key), h);
	}
	h = hash_bytes(f->side, strlen(f->side), h);
	for (unsigned i = 0; i < f->n_authority; i++) {
		const char *attr = attr_name(f->authority[i].attr), *side = f->authority[i].side;
		h = hash_nocase(attr, strlen(attr) + 1, h);
		h = hash_bytes(side, strlen(side) + 1, h);
	}
	for (unsigned i = 0; i < f->n_flags; i++) {
		const struct authority_flag *flag = &f->flags[i];
		h = hash_nocase(attr_name(flag->attr), strlen(attr_name(flag->attr)) + 1, h);
		h = hash_bytes(flag->value.data, strlen(flag->value.data) + 1, h + flag->source);
	}
	return hash_nocase(attr_name(f->marker), strlen(attr_name(f->marker)), h);
}

/* A share of what is there is not more than all of it: somebody took it for a number. There may be
 * any number of new contacts. */
static int check_shares(const struct config *section, struct err *err)
{
	static const char *const shares[] = {"max-deletes-percent", "max-modifies-percent",
		"max-renames-percent", "max-clears-percent", "min-left-percent",
		"max-shrink-percent", "max-missing-percent"};

	for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		const long long n = config_number(section, shares[i]);
		if (n > 100)
			return err_set(err, ERR_FATAL, "%s: %s = %lld: more than 100 %%",
				config_where(section, shares[i]), shares[i], n);
	}
	return 0;
}

/* The marker would overwrite what the rules write, or the reverse. */
static int check_marker(struct arena *mem, const struct flow *f, struct err *err)
{
	static const char *const used[] = {"objectGUID", "cn", "name", "distinguishedName"};
	struct attr_set taken = {0};

	rules_writes(mem, f->rules, &taken);
	for (unsigned i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		attr_set_add(mem, &taken, attr_named(used[i]));
	if (!attr_set_has(&taken, f->marker))
		return 0;
	return err_set(err, ERR_FATAL,
		"%s: marker: %s is written by rules, or names the entry: the "
		"marker needs an attribute of its own",
		config_where(f->config, "marker"), attr_name(f->marker));
}

static int make_flow(struct arena *mem, const struct config *root, const struct config *section,
	struct flow *f, struct err *err)
{
	f->config = section;
	f->name = config_title(section);
	if (side_config(root, f, "source", &f->source, &f->source_config, err) < 0 ||
		side_config(root, f, "target", &f->target, &f->target_config, err) < 0)
		return -1;
	f->members =
		(connector_type(config_text(f->target_config, "type"))->can & CAN_MEMBERS) != 0;
	if (strcmp(f->source, f->target) == 0)
		return err_set(err, ERR_FATAL, "%s: source and target are the same connector",
			config_where(section, "target"));
	if (strchr(f->name, ':') != NULL || strlen(f->name) > 200)
		return err_set(err, ERR_FATAL, "%s: a flow's name has no ':' and at most 200 bytes",
			config_where(section, NULL));
	f->marker = attr_named(config_text(section, "marker"));
	if (f->marker == ATTR_NONE)
		return err_set(err, ERR_FATAL, "%s: marker: '%s' is not an attribute's name",
			config_where(section, "marker"), config_text(section, "marker"));
	f->marker_prefix = value_of(arena_printf(mem, "galway:%s:", f->name));
	f->leave = config_text(section, "leave")[0] == 'd'   ? LEAVE_DELETE
		   : config_text(section, "leave")[0] == 'h' ? LEAVE_HIDE
							     : LEAVE_KEEP;
	f->grace = config_number(section, "grace");
	f->on_denied = strcmp(config_text(section, "on-denied"), "report") == 0 ? DENIED_REPORT
										: DENIED_RESTORE;
	f->history = config_number(root, "history");
	f->full_every = (unsigned)config_number(section, "full-every");
	if (check_shares(section, err) < 0)
		return -1;
	limits_read(section, f->limits);
	f->min_left = config_number(section, "min-left-percent");
	f->max_shrink = config_number(section, "max-shrink-percent");
	f->max_missing = config_number(section, "max-missing-percent");
	make_env(mem, root, f);
	if (make_bases(mem, f, err) < 0 || make_authority(mem, root, f, err) < 0)
		return -1;
	if (rules_load(mem, config_text(section, "rules"), config_folder(root), &f->rules, err) <
			0 ||
		rules_check_params(f->rules, &f->env, err) < 0)
		return err_in(err, "flow %s", f->name);
	f->epoch = epoch_of(mem, f);
	make_sets(mem, f);
	return check_marker(mem, f, err);
}

/* The bases of the flows that write into this flow's source, and their names. Who lies there is not
 * read: so they are in the epoch, in whatever order the flows are told. */
static void make_foreign(struct arena *mem, const struct setup *setup, struct flow *f)
{
	unsigned n = 0;
	uint64_t keys = 0;

	for (unsigned i = 0; i < setup->n; i++)
		n += strcmp(setup->flows[i].target, f->source) == 0;
	f->foreign = arena_alloc(mem, n * sizeof(*f->foreign));
	f->reverse = arena_alloc(mem, n * sizeof(*f->reverse));
	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *other = &setup->flows[i];
		if (strcmp(other->target, f->source) != 0)
			continue;
		f->foreign[f->n_foreign++] = other->managed[0];
		f->reverse[f->n_reverse++] = other->name;
		keys += dn_key(dn_print(mem, &other->managed[0]));
	}
	f->epoch = hash_bytes(&keys, sizeof(keys), f->epoch);
}

static void make_beside(struct arena *mem, const struct setup *setup, struct flow *f)
{
	f->beside = arena_alloc(mem, setup->n * sizeof(*f->beside));
	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *other = &setup->flows[i];
		if (other != f && strcmp(other->target, f->target) == 0)
			f->beside[f->n_beside++] = other->name;
	}
}

bool setup_stale(const struct setup *setup, const struct flow_state *known, long long now)
{
	return known->last_good == 0 || now - known->last_good > setup->stale ||
	       known->last_good - now > setup->stale;
}

int setup_load(struct arena *mem, const char *path, struct setup *setup, struct err *err)
{
	struct config *root;

	*setup = (struct setup){0};
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_set(err, ERR_FATAL,
			"%s: there is no such file: -c FILE names the configuration, and \"galway "
			"init\" writes one",
			path);
	if (config_load(mem, path, setup_shape(), &root, err) < 0)
		return -1;
	setup->config = root;
	if (spread_all(mem, root, err) < 0)
		return -1;
	if (files_apart(root, err) < 0)
		return -1;
	setup->state = config_text(root, "state");
	setup->interval = config_number(root, "interval");
	setup->deadline = config_number(root, "deadline");
	setup->stale = config_number(root, "stale");
	if (setup->stale < 0)
		setup->stale = 3 * setup->interval;
	const char *log = config_text(root, "log");
	setup->log = log[0] == 'j' ? LOG_TO_JOURNAL : log[1] == 'y' ? LOG_TO_SYSLOG : LOG_TO_STDERR;
	setup->metrics = config_text(root, "metrics");
	address_book_read(config_section(root, "address-book", NULL), &setup->book);
	const struct config *report = config_section(root, "report", NULL);
	if (report != NULL && mail_check(report, err) < 0)
		return -1;
	setup->report = report;
	setup->n = config_count(root, "flow");
	if (setup->n == 0)
		return err_set(err, ERR_FATAL, "%s: no flow: nothing to synchronize", path);
	setup->flows = arena_zalloc(mem, setup->n * sizeof(*setup->flows));
	for (unsigned i = 0; i < setup->n; i++) {
		if (make_flow(mem, root, config_at(root, "flow", i), &setup->flows[i], err) < 0)
			return -1;
	}
	for (unsigned i = 0; i < setup->n; i++) {
		make_foreign(mem, setup, &setup->flows[i]);
		make_beside(mem, setup, &setup->flows[i]);
	}
	return 0;
}

struct flow *setup_flow(const struct setup *setup, const char *name)
{
	for (unsigned i = 0; i < setup->n; i++) {
		if (strcmp(setup->flows[i].name, name) == 0)
			return &setup->flows[i];
	}
	return NULL;
}

int setup_no_flow(const struct setup *setup, const char *name, struct err *err)
{
	struct buf b = {0};
	const char *parted = "";

	for (unsigned i = 0; i < setup->n && b.len < 300; i++, parted = ", ")
		buf_printf(&b, "%s%s", parted, setup->flows[i].name);
	if (setup->n > 0 && b.len >= 300)
		buf_puts(&b, " ...");
	buf_putc(&b, '\0');
	err_set(err, ERR_FATAL, "no flow '%s' in the configuration, which has %s", name,
		(const char *)b.data);
	buf_free(&b);
	return -1;
}
