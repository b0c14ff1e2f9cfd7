#include "sync/commands.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "sync/completion.h"

/* The names of the sections of a kind, for a shell that asks: no directory and no rules are read.
 */
static int print_names(
	struct arena *mem, const struct request *q, const char *section, struct err *err)
{
	struct config *root;

	if (config_load(mem, q->config, setup_shape(), &root, err) < 0)
		return -1;
	for (unsigned i = 0; i < config_count(root, section); i++)
		printf("%s\n", config_title(config_at(root, section, i)));
	return EXIT_GOOD;
}

int command_completion(struct arena *mem, const struct request *q, struct err *err)
{
	const char *what = q->argc == 1 ? q->argv[0] : "";
	struct buf b = {0};

	if (strcmp(what, "flows") == 0)
		return print_names(mem, q, "flow", err);
	if (strcmp(what, "connectors") == 0)
		return print_names(mem, q, "connector", err);
	if (!completion_print(&b, what))
		return err_set(err, ERR_FATAL,
			"completion: name bash, zsh or fish; flows or connectors for their names");
	(void)fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
	return EXIT_GOOD;
}
