#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/commands.h"

#define CLASSES_MAX 32

/* What a connector finds out about its directory, as lines of "galway check". */
struct told {
	const char *connector;
	int code;
};

static void tell(void *with, enum finding finding, const char *text)
{
	static const char *const words[] = {"note", "warning", "FAILED"};
	struct told *t = with;

	printf("connector %s: %s: %s\n", t->connector, words[finding], text);
	if (finding == FINDING_FAULT)
		t->code = EXIT_USAGE;
}

static void add_class(struct arena *mem, struct probe *p, const char **classes, struct value v)
{
	for (unsigned i = 0; i < p->n_classes; i++) {
		if (value_equal(attr_named("objectClass"), value_of(classes[i]), v))
			return;
	}
	if (p->n_classes < CLASSES_MAX)
		classes[p->n_classes++] = arena_copy(mem, v.data, v.len);
}

/* The object classes that a flow gives to what it makes, as far as they do not depend on the source
 * entry. */
static void add_classes(
	struct arena *mem, const struct flow *f, struct probe *p, const char **classes)
{
	const struct entry nobody = {.name = value_of("CN=nobody")};
	struct flow_trace *lines;

	for (unsigned r = 0; r < rules_count(f->rules); r++) {
		unsigned n = rules_trace(mem, rules_at(f->rules, r), &f->env, &nobody, &lines);
		for (unsigned i = 0; i < n; i++) {
			if (lines[i].attr != attr_named("objectClass") ||
				lines[i].err.kind != ERR_NONE)
				continue;
			for (unsigned k = 0; k < lines[i].result.n; k++)
				add_class(mem, p, classes, lines[i].result.values[k]);
		}
	}
}

int check_probe(const struct setup *setup, const struct config *config, struct connector *c,
	struct arena *mem, int *code, struct err *err)
{
	struct told told = {config_title(config), EXIT_GOOD};
	struct attr_set writes = {0};
	const char *classes[CLASSES_MAX];
	struct value *into = arena_alloc(mem, setup->n * sizeof(*into));
	struct probe probe = {
		.writes = &writes, .classes = classes, .into = into, .tell = tell, .with = &told};

	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		probe.source |= f->source_config == config;
		if (f->target_config != config)
			continue;
		probe.target = true;
		attr_set_join(mem, &writes, &f->writes);
		add_classes(mem, f, &probe, classes);
		into[probe.n_into++] = f->into;
	}
	int rc = c->type->probe != NULL ? c->type->probe(c, &probe, err) : 0;
	*code = exit_worse(*code, told.code);
	return rc;
}
