#include "sync/completion.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "sync/options.h"

static const struct {
	const char *value;
	enum completion_kind kind;
	const char *words;
} values[] = {
	{"FILE", COMPLETE_FILES, ""},
	{"PLAN", COMPLETE_FILES, ""},
	{"WHERE", COMPLETE_FILES, ""},
	{"FOLDER", COMPLETE_FOLDERS, ""},
	{"FLOW", COMPLETE_FLOWS, ""},
	{"SIDE", COMPLETE_CONNECTORS, ""},
	{"FORMAT", COMPLETE_NOTHING, "text html json csv ldif dsml markdown"},
	{"text|html|csv", COMPLETE_NOTHING, "text html csv"},
	{"text|json", COMPLETE_NOTHING, "text json"},
	{"TOPIC", COMPLETE_NOTHING, "functions settings validators"},
};

enum completion_kind completion_value(const char *value, const char **words)
{
	*words = "";
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(values[i].value, value) == 0) {
			*words = values[i].words;
			return values[i].kind;
		}
	}
	return COMPLETE_NOTHING;
}

static void add_words(struct buf *words, const char *more)
{
	if (more[0] != '\0')
		buf_printf(words, " %s", more);
}

/* A word of it: "show" is itself, "FLOW" what it stands for. */
static unsigned one(struct buf *words, const char *word, size_t len)
{
	char text[40];
	const char *more;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, word, len);
	text[len] = '\0';
	if (ascii_lower(text[0]) == text[0]) {
		add_words(words, text);
		return 0;
	}
	const enum completion_kind kind = completion_value(text, &more);
	add_words(words, more);
	for (const struct command *c = commands; strcmp(text, "TOPIC") == 0 && c->name != NULL; c++)
		add_words(words, c->name);
	return kind != COMPLETE_NOTHING ? 1u << kind : 0;
}

unsigned completion_arguments(struct buf *words, const char *arguments)
{
	unsigned kinds = 0;

	buf_puts(words, "");
	while (*(arguments += strspn(arguments, " []|.")) != '\0') {
		const size_t len = strcspn(arguments, " []|.");
		kinds |= one(words, arguments, len);
		arguments += len;
	}
	return kinds;
}
