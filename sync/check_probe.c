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

/* The names of classes, each once. */
struct names {
	const char *names[CLASSES_MAX];
	unsigned n;
};

static void add_class(struct arena *mem, struct names *to, struct value v)
{
	for (unsigned i = 0; i < to->n; i++) {
		if (value_equal(attr_named("objectClass"), value_of(to->names[i]), v))
			return;
	}
	if (to->n < CLASSES_MAX)
		to->names[to->n++] = arena_copy(mem, v.data, v.len);
}

/* The object classes that a flow gives to what it makes, as far as they do not depend on the source
 * entry. The last of a list is the one that the entry is of, the others are above that. */
static void add_classes(
	struct arena *mem, const struct flow *f, struct names *classes, struct names *makes)
{
	const struct entry nobody = {.name = value_of("CN=nobody")};
	struct flow_trace *lines;

	for (unsigned r = 0; r < rules_count(f->rules); r++) {
		unsigned n = rules_trace(mem, rules_at(f->rules, r), &f->env, &nobody, &lines);
		for (unsigned i = 0; i < n; i++) {
			if (lines[i].attr != attr_named("objectClass") ||
				lines[i].err.kind != ERR_NONE)
				continue;
			const struct expr_result *list = &lines[i].result;
			for (unsigned k = 0; k < list->n; k++)
				add_class(mem, classes, list->values[k]);
			if (list->n > 0)
				add_class(mem, makes, list->values[list->n - 1]);
		}
	}
}

int check_probe(const struct setup *setup, const struct config *config, struct connector *c,
	struct arena *mem, int *code, struct err *err)
{
	struct told told = {config_title(config), EXIT_GOOD};
	struct attr_set writes = {0};
	struct names classes = {.n = 0}, makes = {.n = 0};
	struct value *into = arena_alloc(mem, setup->n * sizeof(*into));
	struct probe probe = {.writes = &writes,
		.classes = classes.names,
		.makes = makes.names,
		.into = into,
		.tell = tell,
		.with = &told};

	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		probe.source |= f->source_config == config;
		if (f->target_config != config)
			continue;
		probe.target = true;
		attr_set_join(mem, &writes, &f->writes);
		add_classes(mem, f, &classes, &makes);
		into[probe.n_into++] = f->into;
	}
	probe.n_classes = classes.n;
	probe.n_makes = makes.n;
	int rc = c->type->probe != NULL ? c->type->probe(c, &probe, err) : 0;
	*code = exit_worse(*code, told.code);
	return rc;
}
