#include "sync/mail_once.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "sync/summary.h"

void mail_mark_text(struct mail_mark *m, const char *text)
{
	const char *colon = strchr(text, ':');

	colon = colon != NULL ? strchr(colon + 1, ':') : NULL;
	m->hash = hash_bytes(text, colon != NULL ? (size_t)(colon - text) : strlen(text), m->hash);
}

void mail_mark_flow(struct mail_mark *m, const char *flow, const struct summary *s)
{
	const long long counts[] = {s->conflict, s->denied, s->failed};

	m->hash = hash_bytes(flow, strlen(flow), m->hash);
	m->hash = hash_bytes(counts, sizeof(counts), m->hash);
}

static bool path_of(const char *state, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s.mailed", state) < PATH_MAX;
}

bool mail_told(const struct mail_mark *m, const char *state, long long seconds, long long now)
{
	char path[PATH_MAX], line[64] = "", *end;
	FILE *f = path_of(state, path) ? fopen(path, "re") : NULL;

	if (f == NULL)
		return false;
	const bool read = fgets(line, sizeof(line), f) != NULL;
	(void)fclose(f);
	const unsigned long long hash = strtoull(line, &end, 16);
	const long long when = strtoll(end, NULL, 10);
	return read && hash == m->hash && when > 0 && when <= now && now - when < seconds;
}

void mail_tell(const struct mail_mark *m, const char *state, long long now)
{
	char path[PATH_MAX];
	const int fd =
		path_of(state, path)
			? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)
			: -1;

	if (fd < 0)
		return;
	(void)dprintf(fd, "%016llx %lld\n", (unsigned long long)m->hash, now);
	(void)close(fd);
}

void mail_settle(const char *state)
{
	char path[PATH_MAX];

	if (path_of(state, path))
		(void)unlink(path);
}
