#include "sync/commands.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "rules/expr.h"
#include "sync/options.h"

static void help_table(struct buf *b, const struct setting *s)
{
	for (; s != NULL && s->name != NULL; s++) {
		const char *fallback = s->fallback == NULL ? "" : s->fallback;
		bool required = strcmp(fallback, "!") == 0;
		buf_printf(b, "  %-22s%s%s%s%s%s\n", s->name, s->help, s->words != NULL ? ": " : "",
			s->words != NULL ? s->words : "",
			required              ? " (required)"
			: fallback[0] != '\0' ? ", else "
					      : "",
			required ? "" : fallback);
	}
}

static void help_settings(struct buf *b)
{
	const struct section_shape *root = setup_shape();

	buf_puts(b, "At the top:\n");
	help_table(b, root->settings);
	for (const struct section_shape *s = root->inner; s->name != NULL; s++) {
		buf_printf(b, "\n%s%s {%s}\n", s->name, s->titled ? " NAME" : "",
			s->free ? " any = \"value\" " : "");
		help_table(b, s->settings);
		for (const struct section_variant *v = s->variants; v != NULL && v->word != NULL;
			v++) {
			buf_printf(b, " with %s = %s:\n", s->by_word, v->word);
			help_table(b, v->settings);
		}
		for (const struct section_shape *i = s->inner; i != NULL && i->name != NULL; i++)
			buf_printf(b, "  %s { any = \"value\" }\n", i->name);
	}
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
	else if (strcmp(topic, "functions") == 0 && q->argc == 1)
		functions_help(&b);
	else if (strcmp(topic, "functions") == 0 && !function_help(&b, q->argv[1]))
		code = err_set(err, ERR_FATAL, "no function '%s': see \"galway help functions\"",
			q->argv[1]);
	else if (strcmp(topic, "settings") == 0)
		help_settings(&b);
	else if (strcmp(topic, "functions") != 0)
		code = err_set(err, ERR_FATAL,
			"no help on '%s': there is functions, functions NAME, and settings", topic);
	if (b.len > 0)
		(void)fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
	return code;
}
