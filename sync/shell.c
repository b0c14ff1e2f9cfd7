#include "sync/shell.h"

#include <string.h>

#include "base/arena.h"
#include "sync/commands.h"

/* Never special, wherever they stand in a word. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@%+,:"

static const struct {
	enum skip skip;
	const char *option;
} skips[] = {{SKIP_CREATE, "--no-create "}, {SKIP_UPDATE, "--no-update "},
	{SKIP_DELETE, "--no-delete "}, {SKIP_RENAME, "--no-rename "}};

const char *shell_word(struct arena *mem, const char *word)
{
	const char *done = "'", *quote;

	if (*word != '\0' && word[strspn(word, PLAIN)] == '\0')
		return word;
	/* Nothing is special between single quotes, but they themselves. */
	for (; (quote = strchr(word, '\'')) != NULL; word = quote + 1)
		done = arena_printf(mem, "%s%.*s'\\''", done, (int)(quote - word), word);
	return arena_printf(mem, "%s%s'", done, word);
}

static const char *program(struct arena *mem, const struct request *q)
{
	return q->config_given ? arena_printf(mem, "galway -c %s", shell_word(mem, q->config))
			       : "galway";
}

/* A plan of one object reads everything; what else was read whole is so again, for a delta may have
 * other reasons by then. */
static const char *options(struct arena *mem, const struct request *q, const struct plan *plan)
{
	const char *text = plan->full ? "--full " : "";

	for (unsigned i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		if ((q->options.skip & skips[i].skip) != 0)
			text = arena_printf(mem, "%s%s", text, skips[i].option);
	}
	if (q->options.object != NULL)
		text = arena_printf(
			mem, "%s--object %s ", text, shell_word(mem, q->options.object));
	return text;
}

const char *shell_diff(struct arena *mem, const struct request *q, const struct plan *plan)
{
	if (plan->undoes != 0)
		return arena_printf(mem, "%s diff --undo %lld", program(mem, q), plan->undoes);
	return arena_printf(mem, "%s diff %s%s", program(mem, q), options(mem, q, plan),
		shell_word(mem, plan->flow->name));
}

const char *shell_approve(
	struct arena *mem, const struct request *q, const struct plan *plan, const char *digest)
{
	if (plan->undoes != 0)
		return arena_printf(
			mem, "%s undo --approve %s %lld", program(mem, q), digest, plan->undoes);
	return arena_printf(mem, "%s sync %s--approve %s %s", program(mem, q),
		options(mem, q, plan), digest, shell_word(mem, plan->flow->name));
}
