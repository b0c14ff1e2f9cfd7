#include "sync/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"

/* What one connector showed when it was read to its end. */
struct seen {
	long long entries, recipients;
	bool *into; /* per flow: its container is there */
};

static int read_side(
	const struct setup *setup, const struct config *config, struct seen *seen, struct err *err)
{
	struct connector *c = NULL;
	struct arena *scratch = arena_new();
	const struct query all = {.kind = QUERY_ALL};
	unsigned proxies = attr_named("proxyAddresses");
	struct entry e;
	struct err ignored;
	int rc = connector_open(config, &c, err);

	if (rc == 0)
		rc = connector_read(c, &all, err);
	while (rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		seen->entries++;
		seen->recipients += entry_get(&e, proxies) != NULL;
		for (unsigned i = 0; i < setup->n; i++)
			seen->into[i] =
				seen->into[i] || dn_text_equal(e.name, setup->flows[i].into);
		arena_reset(scratch);
		rc = 0;
	}
	(void)connector_close(c, &ignored);
	arena_free(scratch);
	return rc;
}

static int check_connector(
	const struct setup *setup, const struct config *config, struct arena *mem)
{
	struct seen seen = {.into = arena_zalloc(mem, setup->n * sizeof(bool))};
	struct err err = {0};
	const char *name = config_title(config);
	int code = EXIT_GOOD;

	if (read_side(setup, config, &seen, &err) < 0) {
		printf("connector %s: FAILED: %s\n", name, err.text);
		return exit_of(&err);
	}
	printf("connector %s: good: %s, %lld entries, %lld with proxyAddresses\n", name,
		config_text(config, "type"), seen.entries, seen.recipients);
	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		if (f->target_config != config || seen.into[i])
			continue;
		printf("flow %s: FAILED: into: %.*s does not exist in %s: create it first\n",
			f->name, (int)f->into.len, f->into.data, name);
		code = EXIT_USAGE;
	}
	return code;
}

/* What is correct, but perhaps not meant. */
static void warn_rules(const struct flow *f)
{
	struct buf b = {0};

	rules_lint(&b, f->rules);
	for (char *at = b.data, *end; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		printf("flow %s: warning: %.*s\n", f->name, (int)(end - at), at);
	}
	buf_free(&b);
}

static int check_flow(const struct flow *f, struct err *err)
{
	const struct connector_type *target = connector_type(config_text(f->target_config, "type"));
	unsigned n;

	if ((target->can & CAN_WRITE) == 0 || config_bool(f->target_config, "readonly"))
		return err_set(err, ERR_FATAL, "%s: target %s is never written to (type %s%s)",
			config_where(f->config, "target"), f->target, target->name,
			config_bool(f->target_config, "readonly") ? ", readonly" : "");
	printf("flow %s: good: %s to %s, %u rules of %s, into %.*s\n", f->name, f->source,
		f->target, rules_count(f->rules), config_text(f->config, "rules"), (int)f->into.len,
		f->into.data);
	if (config_list(f->source_config, "smtp-domains", &n) == NULL || n == 0)
		printf("flow %s: note: connector %s has no smtp-domains: any address counts as its "
		       "own\n",
			f->name, f->source);
	warn_rules(f);
	return 0;
}

int command_check(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	int code = EXIT_GOOD;

	if (setup_load(mem, q->config, &setup, err) < 0)
		return -1;
	printf("configuration %s: good\n", q->config);
	for (unsigned i = 0; i < config_count(setup.config, "connector"); i++)
		code = exit_worse(code,
			check_connector(&setup, config_at(setup.config, "connector", i), mem));
	for (unsigned i = 0; i < setup.n; i++) {
		struct err fault = {0};
		if (check_flow(&setup.flows[i], &fault) < 0) {
			printf("flow %s: FAILED: %s\n", setup.flows[i].name, fault.text);
			code = exit_worse(code, exit_of(&fault));
		}
	}
	return code;
}
