#include "sync/commands.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "rules/expr.h"
#include "rules/rules.h"
#include "sync/options.h"

/* How a value is written. */
static const char *const kinds[] = {
	[SETTING_TEXT] = "text",
	[SETTING_PATH] = "path",
	[SETTING_SECRET] = "secret",
	[SETTING_LIST] = "list",
	[SETTING_NUMBER] = "number",
	[SETTING_BOOL] = "true|false",
	[SETTING_SPAN] = "time",
	[SETTING_WORD] = "word",
};

/* Sections without settings of their own. */
static const struct {
	const char *name, *pair, *help;
} pairs[] = {
	{"params", "NAME = \"TEXT\"", "expressions have it as %NAME%; a flow's own come first"},
	{"authority-of", "ATTRIBUTE = \"CONNECTOR\"",
		"who may say what the attribute is in this flow; else see authority"},
	{"authority", "ATTRIBUTE = \"CONNECTOR\"",
		"the same for every flow from or to that connector"},
};

static void help_table(struct buf *b, const struct setting *s)
{
	for (; s != NULL && s->name != NULL; s++) {
		const char *fallback = s->fallback == NULL ? "" : s->fallback;
		buf_printf(b, "  %-21s%-11s%s", s->name, kinds[s->kind], s->help);
		if (s->words != NULL)
			buf_printf(b, ": %s", s->words);
		if (strcmp(fallback, "!") == 0)
			buf_puts(b, " (required)");
		else if (fallback[0] != '\0')
			buf_printf(b, " (default %s)", fallback);
		buf_putc(b, '\n');
	}
}

static void help_pairs(struct buf *b, const struct section_shape *s, const char *indent)
{
	size_t i = 0;

	while (strcmp(pairs[i].name, s->name) != 0)
		i++;
	buf_printf(b, "%s%s { %s }\n%s    %s\n", indent, s->name, pairs[i].pair, indent,
		pairs[i].help);
}

static void help_section(struct buf *b, const struct section_shape *s)
{
	buf_putc(b, '\n');
	if (s->free) {
		help_pairs(b, s, "");
		return;
	}
	buf_printf(b, "%s%s { ... }\n", s->name, s->titled ? " NAME" : "");
	help_table(b, s->settings);
	for (const struct section_variant *v = s->variants; v != NULL && v->word != NULL; v++) {
		buf_printf(b, " with %s = %s: %s\n", s->by_word, v->word,
			connector_type(v->word)->help);
		help_table(b, v->settings);
	}
	for (const struct section_shape *i = s->inner; i != NULL && i->name != NULL; i++)
		help_pairs(b, i, "  ");
}

static void help_settings(struct buf *b)
{
	const struct section_shape *root = setup_shape();

	buf_puts(b, "The configuration file has NAME = VALUE, and sections; # begins a comment.\n"
		    "A list is \"a\" or {\"a\", \"b\"}, a time is 90s, 15m, 3h or 7d.\n"
		    "A relative path starts at the folder of the file.\n\n");
	help_table(b, root->settings);
	for (const struct section_shape *s = root->inner; s->name != NULL; s++)
		help_section(b, s);
}

static int help_function(struct buf *b, const char *name, struct err *err)
{
	if (function_help(b, name))
		return EXIT_GOOD;
	return err_set(err, ERR_FATAL, "no function '%s': see \"galway help functions\"", name);
}

/* The last are found when the target is known: pair.c, naming.c, plan.c. */
static void help_validators(struct buf *b)
{
	buf_puts(b, "What must hold of a contact, and else what to do (docs/validators.md):\n\n");
	validators_help(b);
	buf_puts(b, "E_NICK_DUP          a mailNickname belongs to one object; "
		    "else: nothing, it gets digits\n"
		    "E_PROXY_DUP         an address belongs to one object of the target; "
		    "else: take it from one of the two\n"
		    "E_WIPE              mail, proxyAddresses, targetAddress are not emptied; "
		    "else: AuthoritativeNull\n");
}

int command_help(struct arena *mem, const struct request *q, struct err *err)
{
	const char *topic = q->argc > 0 ? q->argv[0] : NULL;
	struct buf b = {0};
	int code = EXIT_GOOD;

	(void)mem;
	if (q->version)
		buf_puts(&b, "galway " GALWAY_VERSION "\n");
	else if (topic == NULL)
		options_help(&b);
	else if (strcmp(topic, "functions") == 0 && q->argc == 2)
		code = help_function(&b, q->argv[1], err);
	else if (q->argc > 1)
		code = err_set(err, ERR_FATAL, "help: one topic, or functions NAME");
	else if (strcmp(topic, "functions") == 0)
		functions_help(&b);
	else if (strcmp(topic, "settings") == 0)
		help_settings(&b);
	else if (strcmp(topic, "validators") == 0)
		help_validators(&b);
	else if (!options_help_command(&b, topic))
		code = err_set(err, ERR_FATAL,
			"no help on '%s': there is each command, functions [NAME], settings and "
			"validators",
			topic);
	if (b.len > 0)
		(void)fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
	return code;
}
