/*
 * What a connector of a configuration tells "galway check" of its server, one finding a line:
 *
 *     probe CONFIG CONNECTOR [--source] [--into DN] [--class NAME]... [ATTRIBUTE]...
 *
 * With --into it is a target, in which entries with these attributes would be made, of the last of
 * these classes. Exit code 0, or 1 when the server could not be asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "connectors/connector.h"

static const struct section_shape *shape(void)
{
	static struct section_shape sections[2];
	static const struct section_shape root = {.name = "probe", .inner = sections};

	sections[0] = connector_section();
	return &root;
}

static void tell(void *with, enum finding finding, const char *text)
{
	static const char *const words[] = {
		[FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_FAULT] = "fault"};

	(void)with;
	printf("%s: %s\n", words[finding], text);
}

static int fail(const struct err *err)
{
	(void)fprintf(stderr, "probe: %s\n", err->text);
	return 1;
}

static void options(struct arena *mem, char **words, struct probe *p)
{
	struct value *into = arena_zalloc(mem, sizeof(*into));
	const char **classes = arena_zalloc(mem, 16 * sizeof(*classes));
	struct attr_set *writes = arena_zalloc(mem, sizeof(*writes));

	*p = (struct probe){.writes = writes, .classes = classes, .into = into, .tell = tell};
	for (; *words != NULL; words++) {
		if (strcmp(*words, "--source") == 0) {
			p->source = true;
		} else if (strcmp(*words, "--into") == 0 && words[1] != NULL) {
			p->target = true;
			p->n_into = 1;
			*into = value_of(*++words);
		} else if (strcmp(*words, "--class") == 0 && words[1] != NULL &&
			   p->n_classes < 16) {
			classes[p->n_classes++] = *++words;
			p->makes = &classes[p->n_classes - 1];
			p->n_makes = 1;
		} else {
			attr_set_add(mem, writes, attr_named(*words));
		}
	}
}

int main(int argc, char **argv)
{
	struct arena *mem = arena_new();
	struct connector *c = NULL;
	struct config *root;
	struct probe p;
	struct err err = {0};
	int code = 0;

	(void)setenv("LDAPNOINIT", "1", 1);
	if (argc < 3)
		return 2;
	options(mem, argv + 3, &p);
	if (config_load(mem, argv[1], shape(), &root, &err) < 0)
		return fail(&err);
	const struct config *section = config_section(root, "connector", argv[2]);
	if (section == NULL)
		return 2;
	if (connector_open(section, &c, &err) < 0 || c->type->probe(c, &p, &err) < 0)
		code = fail(&err);
	(void)connector_close(c, &err);
	arena_free(mem);
	return code;
}
