#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "connectors/file.h"
#include "sync/commands.h"
#include "sync/files.h"
#include "sync/state_lock.h"

/* What the state remembers of each flow, also of those that are no more. */
static int show_state(
	const struct setup *setup, struct state *state, struct arena *mem, struct err *err)
{
	const char **names;
	unsigned n;
	long long links, now = (long long)time(NULL);

	if (state_check(state, err) < 0 || state_flows(state, mem, &names, &n, err) < 0)
		return -1;
	printf("state %s: good, of %u flows\n", setup->state, n);
	for (unsigned i = 0; i < n; i++) {
		struct flow_state known;
		if (state_flow(state, names[i], &known, err) < 0 ||
			(links = state_count_links(state, known.id, err)) < 0)
			return -1;
		printf("state of %s: %lld links, ", names[i], links);
		if (known.last_good > 0)
			printf("last good run %lld minutes ago\n", (now - known.last_good) / 60);
		else
			printf("no good run yet\n");
		if (setup_flow(setup, names[i]) == NULL)
			printf("state of %s: warning: no flow of this name in the configuration. "
			       "If it was renamed: \"A flow gets another name\" in "
			       "docs/design.md\n",
				names[i]);
	}
	return 0;
}

int check_state(const struct setup *setup, struct arena *mem)
{
	struct state *state = NULL;
	struct err err = {0};
	int code = EXIT_GOOD;

	if (state_writable(setup->state, &err) < 0 ||
		state_open(setup->state, false, &state, &err) < 0 ||
		show_state(setup, state, mem, &err) < 0) {
		printf("state: FAILED: %s\n", err.text);
		code = exit_of(&err);
	}
	state_close(state);
	return code;
}

int check_metrics(const struct setup *setup, const char *config, struct arena *mem)
{
	const char *path = setup->metrics;
	struct err err = {0};

	if (path == NULL)
		return EXIT_GOOD;
	if (files_free(mem, setup, config, "metrics", path, &err) == 0) {
		if (file_may_make(path)) {
			printf("metrics %s: good\n", path);
			return EXIT_GOOD;
		}
		err_set(&err, ERR_FATAL,
			"metrics %s: no file can be made in its folder: %s: make the folder, or "
			"give it to the user who runs galway",
			path, strerror(errno));
	}
	printf("metrics: FAILED: %s\n", err.text);
	return exit_of(&err);
}
