#include "sync/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

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

int command_init(struct arena *mem, const struct request *q, struct err *err)
{
	const char *folder = q->argc > 0 ? q->argv[0] : ".";
	const char *path = arena_printf(mem, "%s/galway.conf", folder);
	size_t len = sizeof(example) - 1;

	if (q->argc > 1)
		return err_set(err, ERR_FATAL, "init: at most one folder");
	if (folder[0] == '\0')
		return err_set(err, ERR_FATAL, "init: the folder's name is empty");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	bool good = write(fd, example, len) == (ssize_t)len;
	if (close(fd) < 0 || !good) {
		err_set(err, ERR_BUSY, "%s: %s", path, strerror(errno));
		(void)unlink(path);
		return -1;
	}
	printf("%s: written. Edit it, then: galway -c %s check\n", path, path);
	return EXIT_GOOD;
}
