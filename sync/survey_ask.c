#include "sync/survey.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"

/* One line; NULL when it is empty. */
static int ask(struct arena *mem, FILE *in, FILE *out, const char *which, const char *question,
	const char **answer, struct err *err)
{
	char *line = NULL;
	size_t room = 0;

	(void)fprintf(out, "%s: %s: ", which, question);
	(void)fflush(out);
	ssize_t n = getline(&line, &room, in);
	while (n > 0 && strchr(" \t\r\n", line[n - 1]) != NULL)
		n--;
	*answer = n > 0 ? arena_copy(mem, line, (size_t)n) : NULL;
	free(line);
	return n < 0 ? err_set(err, ERR_FATAL, "init: no more answers") : 0;
}

/* 1: nothing was said where it may be left open. */
static int ask_where(struct arena *mem, FILE *in, FILE *out, const char *which, bool open,
	struct side_wish *w, struct err *err)
{
	const char *question =
		open ? "URL (ldaps://dc1.abc.example), or an LDIF file (empty: an example to edit)"
		     : "URL (ldaps://dc1.abc.example), or an LDIF file";

	do {
		if (ask(mem, in, out, which, question, &w->where, err) < 0)
			return -1;
	} while (w->where == NULL && !open);
	return w->where == NULL;
}

static int ask_side(struct arena *mem, FILE *in, FILE *out, const char *which, struct side_wish *w,
	struct err *err)
{
	if (survey_is_file(w))
		return 0;
	if (w->bind == NULL && strncasecmp(w->where, "ldapi:", 6) != 0 &&
		ask(mem, in, out, which, "who logs in (empty: Kerberos)", &w->bind, err) < 0)
		return -1;
	if (w->bind != NULL && w->password == NULL &&
		ask(mem, in, out, which,
			"where the password is (file:PATH, env:NAME, exec:COMMAND)", &w->password,
			err) < 0)
		return -1;
	return w->base != NULL
		       ? 0
		       : ask(mem, in, out, which, "base (empty: the server's own)", &w->base, err);
}

int survey_ask(struct arena *mem, FILE *in, FILE *out, bool open, struct side_wish sides[2],
	const char **into, struct err *err)
{
	static const char *const names[2] = {"source", "target"};
	bool asked = false;

	for (unsigned i = 0; i < 2; i++) {
		if (sides[i].where != NULL)
			continue;
		asked = true;
		const int rc = ask_where(mem, in, out, names[i], open && i == 0, &sides[i], err);
		if (rc != 0)
			return rc;
		if (ask_side(mem, in, out, names[i], &sides[i], err) < 0)
			return -1;
	}
	if (!asked || *into != NULL)
		return 0;
	return ask(mem, in, out, "target",
		"the container for the contacts (empty: OU=GAL of the target)", into, err);
}
