#include "sync/commands.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/spread.h"

int exit_of(const struct err *err)
{
	static const int codes[] = {
		[ERR_NONE] = EXIT_USAGE,
		[ERR_ENTRY] = EXIT_PARTIAL,
		[ERR_BUSY] = EXIT_LATER,
		[ERR_FATAL] = EXIT_USAGE,
	};

	return codes[err->kind];
}

int exit_worse(int a, int b)
{
	/* What stopped comes before what was refused, that before what needs a look. */
	static const int rank[] = {[EXIT_GOOD] = 0,
		[EXIT_CHANGES] = 2,
		[EXIT_PARTIAL] = 1,
		[EXIT_REFUSED] = 3,
		[EXIT_LATER] = 4,
		[EXIT_USAGE] = 5};

	return rank[a] >= rank[b] ? a : b;
}

const char *user_name(struct arena *mem)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? arena_strdup(mem, user->pw_name)
			    : arena_printf(mem, "user %ld", (long)getuid());
}

const char *time_text(struct arena *mem, long long t)
{
	char text[TIME_ROOM];

	return arena_strdup(mem, time_local(t, text));
}

const char *time_local(long long t, char text[TIME_ROOM])
{
	const time_t seconds = (time_t)t;
	struct tm tm;
	size_t n = 0;

	if (t != 0 && localtime_r(&seconds, &tm) != NULL)
		n = strftime(text, TIME_ROOM, "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (n < 5)
		return "never";
	/* +hhmm becomes +hh:mm. */
	memmove(text + n - 1, text + n - 2, 3);
	text[n - 2] = ':';
	return text;
}

int source_find(
	const struct flow *f, const char *who, struct arena *mem, struct entry *e, struct err *err)
{
	struct connector *c = NULL;
	struct err ignored;
	int rc = connector_open(f->source_config, &c, err);

	if (rc == 0)
		rc = flow_find(c, who, mem, e, err);
	(void)connector_close(c, &ignored);
	return rc;
}

int nobody_found(const char *who, struct err *err)
{
	return err_set(err, ERR_FATAL,
		"%s: no such object in the source of any flow (a DN, mail, sAMAccountName, "
		"userPrincipalName or id is looked for)",
		who);
}

int run_number(const char *text, long long *run, struct err *err)
{
	char *end;

	errno = 0;
	*run = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *run > 0 && *run <= INT32_MAX)
		return 0;
	return err_set(
		err, ERR_FATAL, "%s: not the number of a run (see \"galway history\")", text);
}

int run_flow(const struct setup *setup, struct state *state, struct arena *mem, long long run,
	struct flow **flow, struct err *err)
{
	struct journal_head head;
	struct flow_state known;
	int rc = state_journal(state, run, mem, &head, err);

	if (rc == 0)
		return err_set(err, ERR_FATAL,
			"run %lld: it wrote nothing, or is not in the journal any more", run);
	for (unsigned i = 0; rc > 0 && i < setup->n; i++) {
		*flow = &setup->flows[i];
		if (state_flow(state, (*flow)->name, &known, err) < 0)
			return -1;
		if (known.id == head.flow)
			return 0;
	}
	return rc < 0 ? -1
		      : err_set(err, ERR_FATAL,
				"run %lld: its flow is not in the configuration any more", run);
}

int flows_named(const struct setup *setup, int argc, char **argv, struct arena *mem,
	struct flow ***flows, unsigned *n, struct err *err)
{
	*n = 0;
	*flows = arena_alloc(mem, setup->n * sizeof(**flows));
	for (unsigned i = 0; argc == 0 && i < setup->n; i++)
		(*flows)[(*n)++] = &setup->flows[i];
	for (int i = 0; i < argc; i++) {
		const unsigned before = *n;
		for (unsigned k = 0; k < setup->n; k++) {
			if (!spread_part(setup->flows[k].name, argv[i]))
				continue;
			for (unsigned j = 0; j < *n; j++) {
				if ((*flows)[j] == &setup->flows[k])
					return err_set(err, ERR_FATAL, "flow '%s' is named twice",
						argv[i]);
			}
			(*flows)[(*n)++] = &setup->flows[k];
		}
		if (*n == before)
			return setup_no_flow(setup, argv[i], err);
	}
	return 0;
}
