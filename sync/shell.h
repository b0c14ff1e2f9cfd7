#ifndef SYNC_SHELL_H
#define SYNC_SHELL_H

struct arena;
struct plan;
struct request;

/*
 * Command lines for a person to paste into a POSIX shell. They name the configuration that was
 * named, and every option that shapes a plan: what is pasted makes the very plan that was told of,
 * and no other.
 */

/* A word as such a shell takes it, in quotes where it needs them. */
const char *shell_word(struct arena *, const char *);
/* What shows this plan again, and what applies it, once, by its digest. */
const char *shell_diff(struct arena *, const struct request *, const struct plan *);
const char *shell_approve(
	struct arena *, const struct request *, const struct plan *, const char *digest);

#endif
