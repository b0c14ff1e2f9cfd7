#include "sync/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/discover.h"
#include "sync/survey.h"

static const char example[] =
	"# galway.conf. Relative paths start at this file; \"galway check\" says what is wrong.\n"
	"state    = \"state.db\"\n"
	"interval = 3h\n"
	"\n"
	"# One directory each. The domains are those whose addresses the side owns.\n"
	"connector abc {\n"
	"    type = ldif\n"
	"    file = \"abc.ldif\"\n"
	"    base = \"DC=abc,DC=example\"\n"
	"    smtp-domains = {\"abc.example\"}\n"
	"    sip-domains  = {\"abc.example\"}\n"
	"}\n"
	"connector xyz {\n"
	"    type = ldif\n"
	"    file = \"xyz.ldif\"\n"
	"    base = \"DC=xyz,DC=example\"\n"
	"    smtp-domains = {\"xyz.example\"}\n"
	"    sip-domains  = {\"xyz.example\"}\n"
	"}\n"
	"\n"
	"# One direction each: the people, groups and contacts of abc become contacts in xyz.\n"
	"flow abc-to-xyz {\n"
	"    source = abc\n"
	"    target = xyz\n"
	"    rules  = galsync\n"
	"    into   = \"OU=GAL,DC=xyz,DC=example\"\n"
	"    # adopt = {\"OU=Partners,DC=xyz,DC=example\"}   # contacts made by hand, to be taken "
	"over\n"
	"    # leave = hide                                 # or delete (the default), or keep\n"
	"}\n"
	"\n"
	"# Whose an attribute is, where it is not the source's:\n"
	"# authority { msRTCSIP-PrimaryUserAddress = \"xyz\" }\n";

/* A new file: what is there is never written over. */
static int write_new(const char *path, const char *text, size_t len, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	bool good = write(fd, text, len) == (ssize_t)len;
	if (close(fd) < 0 || !good) {
		err_set(err, ERR_BUSY, "%s: %s", path, strerror(errno));
		(void)unlink(path);
		return -1;
	}
	return 0;
}

static const char *draft_of(struct arena *mem, const char *path, const char *side)
{
	return arena_printf(mem, "%s.%s.draft", path, side);
}

/* A place in a file that is not there any more helps nobody. */
static void forget_draft(const char *draft, struct err *err)
{
	const size_t len = strlen(draft);
	const char *rest =
		strncmp(err->text, draft, len) == 0 ? strstr(err->text + len, ": ") : NULL;

	if (rest != NULL)
		memmove(err->text, rest + 2, strlen(rest + 2) + 1);
}

/* The connector of one side as a configuration of its own, which is there for so long only. */
static int load_side(struct arena *mem, const char *path, const struct survey *s, const char *ca,
	const struct config **config, struct err *err)
{
	const char *draft = draft_of(mem, path, s->name);
	struct buf b = {0};
	struct config *root;

	survey_connector(&b, s, NULL, ca);
	int rc = write_new(draft, b.data, b.len, err);
	buf_free(&b);
	if (rc < 0)
		return -1;
	rc = config_load(mem, draft, setup_shape(), &root, err);
	(void)unlink(draft);
	if (rc == 0)
		*config = config_at(root, "connector", 0);
	return rc;
}

/* The server's own base, when nobody named another. */
static int discover(struct arena *mem, const char *path, const char *which, struct survey *s,
	const char *ca, struct err *err)
{
	const struct config *config;
	struct discovered d;

	s->type = "ldap";
	if (load_side(mem, path, s, ca, &config, err) < 0 ||
		discover_server(config, mem, &d, err) < 0)
		return -1;
	s->type = d.type;
	s->base = d.base;
	s->vendor = d.vendor;
	s->who = d.who;
	s->contexts = d.contexts;
	s->n_contexts = d.n_contexts;
	if (s->base[0] != '\0')
		return 0;
	struct buf b = {0};
	for (unsigned i = 0; i < d.n_contexts; i++)
		buf_printf(&b, "%s%s", i > 0 ? "; " : "", d.contexts[i]);
	err_set(err, ERR_FATAL, "it has no naming context of its own: name one by --%s-base: %s",
		which, b.data != NULL ? b.data : "it shows none");
	buf_free(&b);
	return -1;
}

/* Relative to where we are, and not to the configuration. */
static int whole_path(struct arena *mem, const char **path, struct err *err)
{
	char *whole = realpath(*path, NULL);

	if (whole == NULL)
		return err_set(err, ERR_FATAL, "%s: %s", *path, strerror(errno));
	*path = arena_strdup(mem, whole);
	free(whole);
	return 0;
}

static const char *const sides[2] = {"source", "target"};

/* What is in one directory. */
static int look(struct arena *mem, const char *path, const struct request *q, unsigned side,
	struct survey *s, struct err *err)
{
	const struct config *config;

	*s = (struct survey){.wish = q->sides[side],
		.name = sides[side],
		.type = "ldif",
		.base = q->sides[side].base != NULL ? q->sides[side].base : "",
		.vendor = "",
		.who = ""};
	if (survey_is_file(&s->wish)) {
		if (whole_path(mem, &s->wish.where, err) < 0)
			return -1;
	} else if (discover(mem, path, sides[side], s, q->tls_ca, err) < 0) {
		return -1;
	}
	if (load_side(mem, path, s, q->tls_ca, &config, err) < 0 ||
		survey_read(config, mem, s, err) < 0)
		return -1;
	if (!survey_clean(s->base))
		return err_set(err, ERR_FATAL, "its base has a control character in its name");
	s->name = survey_name(mem, s->base, sides[side]);
	return 0;
}

static int look_at_both(struct arena *mem, const struct request *q, const char *path,
	struct survey two[2], struct err *err)
{
	for (unsigned i = 0; i < 2; i++) {
		if (survey_wish(sides[i], &q->sides[i], err) < 0)
			return -1;
	}
	if (!survey_clean(q->into) || !survey_clean(q->tls_ca))
		return err_set(err, ERR_FATAL, "init: a control character in --into or --tls-ca");
	for (unsigned i = 0; i < 2; i++) {
		if (look(mem, path, q, i, &two[i], err) < 0) {
			forget_draft(draft_of(mem, path, sides[i]), err);
			return err_in(err, "init: %s", sides[i]);
		}
	}
	if (strcmp(two[0].wish.where, two[1].wish.where) == 0 &&
		strcmp(two[0].base, two[1].base) == 0)
		return err_set(err, ERR_FATAL, "init: the source is the target, too: %s",
			two[0].wish.where);
	if (strcmp(two[0].name, two[1].name) == 0) {
		two[0].name = sides[0];
		two[1].name = sides[1];
	}
	return 0;
}

/* The service may not write below /etc: its state is where packages and systemd have it. */
static const char *state_path(struct arena *mem, const char *folder)
{
	const char *whole = folder;

	if (whole_path(mem, &whole, &(struct err){.kind = ERR_NONE}) == 0 &&
		strncmp(whole, "/etc/", 5) == 0)
		return "/var/lib/galway/state.db";
	return "state.db";
}

/* Is it about two directories? */
static bool is_wish(const struct request *q)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct side_wish *w = &q->sides[i];
		if (w->where != NULL || w->bind != NULL || w->password != NULL || w->base != NULL)
			return true;
	}
	return q->into != NULL || q->tls_ca != NULL;
}

static int write_example(const char *path, struct err *err)
{
	if (write_new(path, example, sizeof(example) - 1, err) < 0)
		return -1;
	printf("%s: written. Edit it, then: galway -c %s check\n", path, path);
	return EXIT_GOOD;
}

/* What "check" would refuse is not written. */
static int container(struct arena *mem, const char *into, struct err *err)
{
	struct dn dn;

	/* Those with control characters are told without being shown (look_at_both). */
	if (into == NULL || !survey_clean(into) || dn_parse(mem, value_of(into), &dn, err) == 0)
		return 0;
	err->kind = ERR_FATAL;
	return err_in(err, "init: --into");
}

/* A configuration for two directories, which are looked at; and what "check" says of it. */
static int init_for(
	struct arena *mem, const struct request *given, const char *path, struct err *err)
{
	struct request wish = *given, *q = &wish;
	const struct request check = {.config = path};
	struct survey two[2] = {{.name = NULL}};
	struct buf b = {0};

	const int asked = isatty(STDIN_FILENO) ? survey_ask(mem, stdin, stdout, !is_wish(q),
							 q->sides, &q->into, err)
					       : 0;
	if (asked != 0)
		return asked < 0 ? -1 : write_example(path, err);
	if ((q->tls_ca != NULL && whole_path(mem, &q->tls_ca, err) < 0) ||
		container(mem, q->into, err) < 0 || look_at_both(mem, q, path, two, err) < 0)
		return -1;
	const char *into = q->into != NULL      ? q->into
			   : two[1].gal != NULL ? two[1].gal
						: arena_printf(mem, "OU=GAL,%s", two[1].base);
	survey_print(&b, &two[0], &two[1], q->tls_ca, into,
		state_path(mem, q->argc > 0 ? q->argv[0] : "."));
	int rc = write_new(path, b.data, b.len, err);
	buf_free(&b);
	if (rc < 0)
		return -1;
	printf("%s: written. This is what \"galway -c %s check\" says of it:\n", path, path);
	return command_check(mem, &check, err);
}

int command_init(struct arena *mem, const struct request *q, struct err *err)
{
	const char *folder = q->argc > 0 ? q->argv[0] : ".";
	const char *path = arena_printf(mem, "%s/galway.conf", folder);

	if (q->argc > 1)
		return err_set(err, ERR_FATAL, "init: at most one folder");
	if (folder[0] == '\0')
		return err_set(err, ERR_FATAL, "init: the folder's name is empty");
	if (access(path, F_OK) == 0)
		return err_set(
			err, ERR_FATAL, "%s: it is there already, and is not written over", path);
	if (access(folder, F_OK) < 0)
		return err_set(err, ERR_FATAL, "init: folder %s: %s", folder, strerror(errno));
	return is_wish(q) || isatty(STDIN_FILENO) ? init_for(mem, q, path, err)
						  : write_example(path, err);
}
