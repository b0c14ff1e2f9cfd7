#include "sync/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "connectors/smtp.h"
#include "sync/canary.h"
#include "sync/gate.h"

/* A container that flows name in the connector's directory. */
struct place {
	const struct flow *flow;
	struct value name;
	bool into, there; /* into: where contacts are made; else it is one of adopt */
};

/* What one connector showed when it was read to its end. */
struct seen {
	long long entries, recipients, nameless; /* nameless: without an id */
	unsigned n;
	struct place *places;
};

static void find_places(struct arena *mem, const struct setup *setup, const struct config *config,
	struct seen *seen)
{
	unsigned n = 0;

	for (unsigned i = 0; i < setup->n; i++)
		n += setup->flows[i].target_config == config ? setup->flows[i].n_managed : 0;
	seen->places = arena_alloc(mem, n * sizeof(*seen->places));
	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		for (unsigned k = 0; f->target_config == config && k < f->n_managed; k++)
			seen->places[seen->n++] = (struct place){
				.flow = f, .name = dn_print(mem, &f->managed[k]), .into = k == 0};
	}
}

static void see(struct seen *seen, const struct entry *e, unsigned id)
{
	seen->entries++;
	seen->recipients += entry_get(e, attr_named("proxyAddresses")) != NULL;
	seen->nameless += entry_get(e, id) == NULL;
	for (unsigned i = 0; i < seen->n; i++) {
		struct place *place = &seen->places[i];
		place->there = place->there || dn_text_equal(e->name, place->name);
	}
}

static int read_side(struct connector *c, unsigned id, struct seen *seen, struct err *err)
{
	struct arena *scratch = arena_new();
	struct attr_set wanted = {0};
	const struct query all = {.kind = QUERY_ALL, .wanted = &wanted};
	struct entry e;

	attr_set_add(scratch, &wanted, id);
	attr_set_add(scratch, &wanted, attr_named("proxyAddresses"));
	struct arena_mark mark = arena_mark(scratch);
	int rc = connector_read(c, &all, err);
	while (rc == 0 && (rc = connector_next(c, scratch, &e, err)) == 1) {
		see(seen, &e, id);
		arena_rewind(scratch, mark);
		rc = 0;
	}
	arena_free(scratch);
	return rc;
}

/* What is there, but perhaps not as meant. */
static void warn_connector(const struct config *config, const struct seen *seen)
{
	const char *name = config_title(config);
	unsigned n;
	const char *const *domains = config_list(config, "smtp-domains", &n);

	if (seen->nameless > 0)
		printf("connector %s: warning: %lld entries without %s (id): these are known by "
		       "their names, and a rename is a delete and an add\n",
			name, seen->nameless, config_text(config, "id"));
	for (unsigned i = 0; i < n; i++) {
		if (domains[i][0] == '\0' || strpbrk(domains[i], "@: \t*") != NULL)
			printf("connector %s: warning: smtp-domains: \"%s\" is not a domain\n",
				name, domains[i]);
	}
}

/* The containers that flows name. */
static int check_places(
	const struct setup *setup, const struct seen *seen, const char *name, bool *placeless)
{
	int code = EXIT_GOOD;

	for (unsigned i = 0; i < seen->n; i++) {
		const struct place *place = &seen->places[i];
		if (place->there)
			continue;
		printf("flow %s: %s: %.*s does not exist in %s%s\n", place->flow->name,
			place->into ? "FAILED: into" : "warning: adopt", (int)place->name.len,
			place->name.data, name, place->into ? ": create it first" : "");
		if (place->into) {
			code = EXIT_USAGE;
			placeless[place->flow - setup->flows] = true;
		}
	}
	return code;
}

/* Without it a sync writes nothing, whatever is approved. */
static int check_canary(struct connector *c, const struct config *config, struct arena *mem,
	int *code, struct err *err)
{
	const char *text;

	if (canary_look(c, config, mem, &text, err) < 0)
		return -1;
	if (text == NULL)
		return 0;
	printf("connector %s: FAILED: %s: nothing is written until it is: name an entry that is "
	       "there, by its DN, or let the account see it\n",
		config_title(config), text);
	*code = exit_worse(*code, EXIT_USAGE);
	return 0;
}

static int look_at(const struct setup *setup, const struct config *config, struct connector *c,
	bool *placeless, struct arena *mem, int *code, struct err *err)
{
	const char *name = config_title(config);
	struct seen seen = {0};

	find_places(mem, setup, config, &seen);
	if (read_side(c, attr_named(config_text(config, "id")), &seen, err) < 0)
		return -1;
	/* A server's entry without an id is an error. */
	if ((c->type->can & CAN_FIND) != 0)
		seen.nameless = 0;
	printf("connector %s: good: %s, %lld entries, %lld with proxyAddresses\n", name,
		config_text(config, "type"), seen.entries, seen.recipients);
	warn_connector(config, &seen);
	if ((c->type->can & NEEDS_NO_PLACES) == 0)
		*code = check_places(setup, &seen, name, placeless);
	if (check_canary(c, config, mem, code, err) < 0)
		return -1;
	return check_probe(setup, config, c, mem, code, err);
}

/* placeless: by flow, those whose container is not there. */
static int check_connector(
	const struct setup *setup, const struct config *config, bool *placeless, struct arena *mem)
{
	struct connector *c = NULL;
	struct err err = {0}, ignored;
	int code = EXIT_GOOD;
	int rc = connector_open(config, &c, &err);

	if (rc == 0)
		rc = look_at(setup, config, c, placeless, mem, &code, &err);
	(void)connector_close(c, &ignored);
	if (rc == 0)
		return code;
	printf("connector %s: FAILED: %s\n", config_title(config), err.text);
	return exit_of(&err);
}

/* What is correct, but perhaps not meant. */
static void warn_rules(const struct flow *f)
{
	struct buf b = {0};

	for (unsigned i = 0; i < f->n_authority; i++) {
		unsigned attr = f->authority[i].attr;
		if (!attr_set_has(&f->writes, attr) && attr != attr_named("distinguishedName"))
			printf("flow %s: warning: authority of %s: no rule of this flow writes "
			       "it\n",
				f->name, attr_name(attr));
	}
	for (unsigned attr = 0; attr < f->writes.n; attr++) {
		if (attr_set_has(&f->writes, attr) && gate_forbids_flow(f, attr))
			printf("flow %s: warning: the rules write %s: that is never written, and "
			       "what has it fails\n",
				f->name, attr_name(attr));
	}
	rules_lint(&b, f->rules);
	for (char *at = b.data, *end; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		printf("flow %s: warning: %.*s\n", f->name, (int)(end - at), at);
	}
	buf_free(&b);
}

/* placeless: something else of it is wrong, and was told. */
static int check_flow(const struct flow *f, bool placeless, struct err *err)
{
	const struct connector_type *target = connector_type(config_text(f->target_config, "type"));
	unsigned n;

	if ((target->can & CAN_WRITE) == 0 || config_bool(f->target_config, "readonly"))
		return err_set(err, ERR_FATAL, "%s: target %s is never written to (type %s%s)",
			config_where(f->config, "target"), f->target, target->name,
			config_bool(f->target_config, "readonly") ? ", readonly" : "");
	if (!placeless)
		printf("flow %s: good: %s to %s, %u rules of %s, into %.*s\n", f->name, f->source,
			f->target, rules_count(f->rules), config_text(f->config, "rules"),
			(int)f->into.len, f->into.data);
	if (config_list(f->source_config, "smtp-domains", &n) == NULL || n == 0)
		printf("flow %s: note: connector %s has no smtp-domains: any address counts as its "
		       "own\n",
			f->name, f->source);
	warn_rules(f);
	return 0;
}

/* Nothing is sent: the server is asked to let us in. */
static int check_mail(const struct setup *setup)
{
	const struct config *c = setup->report;
	struct err err = {0};

	if (c == NULL)
		return EXIT_GOOD;
	if (smtp_greet(c, &err) == 0) {
		printf("report: good: mail by %s\n", config_text(c, "smtp"));
		return EXIT_GOOD;
	}
	printf("report: FAILED: %s\n", err.text);
	return exit_of(&err);
}

int command_check(struct arena *mem, const struct request *q, struct err *err)
{
	struct setup setup;
	int code = EXIT_GOOD;

	if (setup_load(mem, q->config, &setup, err) < 0)
		return -1;
	bool *placeless = arena_zalloc(mem, setup.n * sizeof(*placeless));
	printf("configuration %s: good\n", q->config);
	code = check_state(&setup, mem);
	for (unsigned i = 0; i < config_count(setup.config, "connector"); i++)
		code = exit_worse(
			code, check_connector(&setup, config_at(setup.config, "connector", i),
				      placeless, mem));
	for (unsigned i = 0; i < setup.n; i++) {
		struct err fault = {0};
		if (check_flow(&setup.flows[i], placeless[i], &fault) < 0) {
			printf("flow %s: FAILED: %s\n", setup.flows[i].name, fault.text);
			code = exit_worse(code, exit_of(&fault));
		}
	}
	code = exit_worse(code, check_metrics(&setup, q->config, mem));
	return exit_worse(code, check_mail(&setup));
}
