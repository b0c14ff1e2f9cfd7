#include "sync/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/* In pairs, the source's before the target's, of --source, -bind, -password and -base; then the
 * others. */
#define INIT_SIDES "stbBpKgG"
#define INIT_LETTERS INIT_SIDES "ki"

const struct command commands[] = {
	{"check", "", "read the configuration, the rules and every directory; say what is wrong",
		"", true, command_check},
	{"diff", "[FLOW...]", "show what sync would do; nothing is written", "fwFoCUDRSu", true,
		command_diff},
	{"preflight", "[FLOW...]",
		"before a first sync: what is wrong in the directories, and what galway would do",
		"H", true, command_preflight},
	{"sync", "[FLOW...]", "do it; all flows, or those named", "fwFoCUDRaIP", false,
		command_sync},
	{"compare", "FILE [FLOW]",
		"what MIM, Entra Connect or DSML would write, beside what we would", "J", true,
		command_compare},
	{"import-rules", "FILE...",
		"synchronization rules of Entra Connect as a rule file, on standard output", "",
		false, command_import_rules},
	{"explain", "[FLOW] WHO", "one object: scope, joins, rules, authority, and the step", "",
		true, command_explain},
	{"eval", "EXPR [FILE]", "an expression for each entry of an LDIF file or standard input",
		"", false, command_eval},
	{"status", "[FLOW...]", "the last runs, and what is in conflict, denied or failed", "",
		true, command_status},
	{"history", "[FLOW | RUN | WHO]",
		"the runs, what one of them changed, or one object's life", "J", true,
		command_history},
	{"undo", "RUN", "take a run back: put there what it found", "Foa", false, command_undo},
	{"links", "FLOW", "id and name of each source entry and of its target entry", "", true,
		command_links},
	{"authority", "show WHO | transfer WHO SIDE",
		"the source of authority of an object, or hand it over", "", false,
		command_authority},
	{"set", "WHO ATTR=VALUE... [FLOW]",
		"write as a side, where it is the authority; else the denial is recorded", "AJ",
		false, command_set},
	{"schedule", "systemd|cron [FOLDER]",
		"print, or write there, what has sync run every interval", "", true,
		command_schedule},
	{"init", "[FOLDER]",
		"write a configuration to start from; with options: for these two directories, "
		"which are looked at",
		INIT_LETTERS, false, command_init},
	{"completion", "bash|zsh|fish", "print what that shell completes galway's words by", "",
		false, command_completion},
	{"help", "[TOPIC]", "this page; a command, functions [NAME], settings or validators", "",
		false, command_help},
	{NULL, NULL, NULL, NULL, false, NULL},
};

const struct choice choices[] = {
	{'f', "full", NULL, "read everything, not only what changed in the source"},
	{'w', "object", "WHO",
		"only this object: its DN, mail, sAMAccountName, userPrincipalName or id"},
	{'F', "format", "FORMAT", "text, html, json, csv, ldif, dsml or markdown"},
	{'H', "format", "text|html|csv", "one of these"},
	{'J', "format", "text|json", "one of these"},
	{'o', "output", "FILE", "write the report there, whole or not at all; also -o FILE"},
	{'C', "no-create", NULL, "leave new objects for another run"},
	{'U', "no-update", NULL, "leave changes for another run"},
	{'D', "no-delete", NULL, "leave deletes for another run"},
	{'R', "no-rename", NULL, "leave renames and moves for another run"},
	{'a', "approve", "DIGEST", "apply the very plan that was refused with this digest, once"},
	{'S', "save", "PLAN",
		"write the plan there, to be applied as it is or not at all; also one that the "
		"guard refuses"},
	{'P', "plan", "PLAN",
		"apply the plan that was saved there, if it is still what would be done; that "
		"approves it"},
	{'A', "as", "SIDE", "set: who wants to write, a connector's name"},
	{'I', "if-due", NULL,
		"only when the last good run of some flow is older than the interval; then all of "
		"them"},
	{'u', "undo", "RUN", "what undo would do"},
	{'s', "source", "WHERE", "the URL of the directory that is read, or an LDIF file"},
	{'t', "target", "WHERE", "the same of the one that is written to"},
	{'b', "source-bind", "NAME", "who logs in; none: Kerberos, or ldapi"},
	{'B', "target-bind", "NAME", "the same for the target"},
	{'p', "source-password", "REF",
		"where the password is: file:PATH, env:NAME, exec:COMMAND, credential:NAME"},
	{'K', "target-password", "REF", "the same for the target"},
	{'g', "source-base", "DN", "what is read is below it; none: the server's own"},
	{'G', "target-base", "DN", "the same for the target"},
	{'k', "tls-ca", "FILE", "CA certificates of both servers; none: the system's"},
	{'i', "into", "DN", "where contacts are made; none: OU=GAL of the target"},
	{'h', "help", NULL, "of any command: what it does and takes; also -h"},
	{'\0', NULL, NULL, NULL},
};

#define N_CHOICES (sizeof(choices) / sizeof(choices[0]) - 1)

static const struct option log_format = {"log-format", required_argument, NULL, 'L'};

bool options_takes(const struct command *c, const struct choice *o)
{
	return o->letter == 'h' || strchr(c->options, o->letter) != NULL;
}

static const struct command *command_named(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

/* A choice of init about one side. */
static bool take_side(struct request *q, int letter, const char *value)
{
	const char *at = strchr(INIT_SIDES, letter);

	if (at == NULL)
		return false;
	const size_t place = (size_t)(at - INIT_SIDES);
	struct side_wish *w = &q->sides[place % 2];
	const char **wishes[] = {&w->where, &w->bind, &w->password, &w->base};
	*wishes[place / 2] = value;
	return true;
}

/* The formats of a --format: few are its value's name, many stand in its help. */
static const char *formats_of(int letter)
{
	const struct choice *o = choices;

	while (o->letter != letter)
		o++;
	return letter == 'F' ? o->help : o->value;
}

static int take(struct request *q, int letter, const char *value, struct err *err)
{
	static const char skips[] = "CUDR";
	const char *skip = strchr(skips, letter);

	if (skip != NULL) {
		q->options.skip |= 1u << (skip - skips);
		return 0;
	}
	if (take_side(q, letter, value))
		return 0;
	switch (letter) {
	case 'k':
		q->tls_ca = value;
		break;
	case 'i':
		q->into = value;
		break;
	case 'f':
		q->options.full = true;
		break;
	case 'w':
		q->options.object = value;
		break;
	case 'o':
		q->output = value;
		break;
	case 'u':
		return run_number(value, &q->options.undo, err);
	case 'a':
		q->approve = value;
		break;
	case 'S':
		q->save = value;
		break;
	case 'P':
		q->plan = value;
		break;
	case 'A':
		q->as = value;
		break;
	case 'I':
		q->if_due = true;
		break;
	case 'F':
	case 'H':
	case 'J':
		q->format_given = true;
		if (!report_format(value, &q->format))
			return err_set(
				err, ERR_FATAL, "--format %s: it is %s", value, formats_of(letter));
		break;
	default:
		break;
	}
	return 0;
}

static void be_quiet(struct request *q)
{
	q->quiet = true;
	log_level(LOG_ERROR);
}

static int take_form(const char *form, struct err *err)
{
	if (strcmp(form, "json") != 0 && strcmp(form, "text") != 0)
		return err_set(err, ERR_FATAL, "--log-format %s: it is text or json", form);
	log_form(form[0] == 'j' ? LOG_JSON : LOG_TEXT);
	return 0;
}

/* An option of all commands, which stands before the command or behind it: 1; 0: it is none. */
static int take_global(struct request *q, int letter, struct err *err)
{
	switch (letter) {
	case 'c':
		q->config = optarg;
		q->config_given = true;
		return 1;
	case 'v':
		log_level(LOG_DEBUG);
		return 1;
	case 'q':
		be_quiet(q);
		return 1;
	case 'h':
		q->help = true;
		return 1;
	case 'L':
		return take_form(optarg, err) < 0 ? -1 : 1;
	default:
		return 0;
	}
}

/* The option that getopt does not know. Of "-full" it has looked at the f and still stands at the
 * word; of "--full=x", which takes no value, it says the letter, too. */
static const char *wrong_option(char **argv, char letter[3])
{
	const char *word = argv[optind - 1];

	for (const struct choice *o = choices; o->name != NULL; o++) {
		const size_t n = strlen(o->name);
		if (o->letter == optopt && o->value == NULL && strncmp(word, "--", 2) == 0 &&
			strncmp(word + 2, o->name, n) == 0 && word[2 + n] == '=')
			return word;
	}
	if (optopt == 0)
		return word;
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}

static int parse_choices(
	int argc, char **argv, const struct command *command, struct request *q, struct err *err)
{
	struct option longs[N_CHOICES + 2] = {{0}};
	size_t n = 0;
	char wrong[3];
	int letter;

	for (const struct choice *o = choices; o->name != NULL; o++) {
		if (options_takes(command, o))
			longs[n++] = (struct option){o->name, o->value != NULL, NULL, o->letter};
	}
	longs[n] = log_format;
	opterr = 0;
	optind = 0;
	while ((letter = getopt_long(argc, argv, ":o:c:vqh", longs, NULL)) != -1) {
		if (letter == ':')
			return err_set(err, ERR_FATAL, "%s needs a value", argv[optind - 1]);
		const int global = take_global(q, letter, err);
		if (global < 0 || q->help)
			return global < 0 ? -1 : 0;
		if (global == 1)
			continue;
		/* -o is known to getopt for every command. */
		if (letter == '?' || (letter == 'o' && strchr(command->options, 'o') == NULL))
			return err_set(err, ERR_FATAL, "%s: no such option of \"galway %s\"",
				letter == '?' ? wrong_option(argv, wrong) : "-o", command->name);
		if (take(q, letter, optarg, err) < 0)
			return -1;
	}
	q->argc = argc - optind;
	q->argv = argv + optind;
	if (q->argc > 0 && command->arguments[0] == '\0')
		return err_set(err, ERR_FATAL, "\"galway %s\" takes no argument: '%s'",
			command->name, q->argv[0]);
	return 0;
}

/* What stands before the command. Returns its place, or -1. */
static int parse_globals(int argc, char **argv, struct request *q, struct err *err)
{
	const struct option longs[] = {{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, log_format, {0}};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "+:c:vqh", longs, NULL)) != -1) {
		const int global = take_global(q, letter, err);
		if (global < 0)
			return -1;
		if (letter == 'V')
			q->version = true;
		else if (global == 0)
			return err_set(err, ERR_FATAL, "%s: %s", argv[optind - 1],
				letter == ':' ? "needs a value"
					      : "no such option before the command: see "
						"\"galway help\"");
	}
	return optind;
}

int options_parse(
	int argc, char **argv, const struct command **command, struct request *q, struct err *err)
{
	const char *config = getenv("GALWAY_CONFIG");

	*q = (struct request){
		.config = config != NULL && *config != '\0' ? config : "/etc/galway/galway.conf"};
	int at = parse_globals(argc, argv, q, err);
	if (at < 0)
		return -1;
	if (q->help || q->version) {
		*command = command_named("help");
		return 0;
	}
	if (at >= argc)
		return err_set(err, ERR_FATAL, "no command: see \"galway help\"");
	*command = command_named(argv[at]);
	if (*command == NULL)
		return err_set(err, ERR_FATAL, "no command '%s': see \"galway help\"", argv[at]);
	if (parse_choices(argc - at, argv + at, *command, q, err) < 0)
		return -1;
	if (q->help) {
		*command = command_named("help");
		q->argc = 1;
		q->argv = argv + at;
	}
	return 0;
}

static void help_choice(struct buf *b, const struct choice *o)
{
	buf_printf(b, "  --%-16s%-9s %s", o->name, o->value != NULL ? o->value : "", o->help);
}

bool options_help_command(struct buf *b, const char *name)
{
	const struct command *c = command_named(name);

	if (c == NULL)
		return false;
	buf_printf(b, "galway [-c FILE] [-v|-q] %s%s%s%s\n\n  %s\n", c->name,
		c->options[0] != '\0' ? " [OPTIONS]" : "", c->arguments[0] != '\0' ? " " : "",
		c->arguments, c->help);
	buf_puts(b, c->options[0] != '\0' ? "\nOptions:\n" : "");
	for (size_t i = 0; i < N_CHOICES; i++) {
		if (strchr(c->options, choices[i].letter) == NULL)
			continue;
		help_choice(b, &choices[i]);
		buf_putc(b, '\n');
	}
	buf_puts(b, "\n\"galway help\" tells what is alike in all commands, and the exit codes.\n");
	return true;
}

void options_help(struct buf *b)
{
	buf_puts(b,
		"galway [-c FILE] [-v|-q] [--log-format FORMAT] COMMAND [OPTIONS] [ARGUMENTS]\n\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		buf_printf(b, "  %-13s%-33s %s\n", c->name, c->arguments, c->help);
	buf_puts(b, "\nOptions of diff and sync:\n");
	for (size_t i = 0; i < N_CHOICES; i++) {
		if (strchr("AHJ" INIT_LETTERS, choices[i].letter) != NULL)
			continue;
		help_choice(b, &choices[i]);
		buf_puts(b, strchr("aIP", choices[i].letter) != NULL  ? " (sync)\n"
			    : strchr("Su", choices[i].letter) != NULL ? " (diff)\n"
								      : "\n");
	}
	buf_puts(b,
		"\nThe configuration is -c FILE, else $GALWAY_CONFIG, else "
		"/etc/galway/galway.conf.\n"
		"-v tells more on standard error, -q errors only, and sync nothing that needs "
		"nobody.\n"
		"--log-format json: what is told there as a JSON object a line.\n"
		"WHO is a DN, mail, sAMAccountName, userPrincipalName or id in the source.\n"
		"SIDE is a connector's name.\n"
		"\nExit codes: 0 done, or nothing to do; 1 diff: there are changes; compare: not\n"
		"the same; 2 usage or configuration; status: the last good run is too old; 3 a\n"
		"flow's plan was refused, or it is held after an undo: nothing of it was written;\n"
		"4 done, but some objects failed, conflicted or were denied; preflight, status:\n"
		"something waits for somebody; import-rules: not all could be carried over; 5 a\n"
		"later run may succeed. Of several flows the first of 2, 5, 3, 1, 4, 0.\n");
}
