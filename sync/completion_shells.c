#include "sync/completion.h"

#include <string.h>

#include "base/buf.h"
#include "sync/options.h"

static bool has(unsigned kinds, enum completion_kind kind)
{
	return (kinds & 1u << kind) != 0;
}

/* --- bash */

static void bash_option_values(struct buf *b)
{
	static const char *const does[] = {
		[COMPLETE_NOTHING] = "return",
		[COMPLETE_FILES] = "_galway_files; return",
		[COMPLETE_FOLDERS] = "_galway_folders; return",
		[COMPLETE_FLOWS] = "_galway_names flows; return",
		[COMPLETE_CONNECTORS] = "_galway_names connectors; return",
	};
	const char *words;

	for (const struct choice *o = choices; o->name != NULL; o++) {
		if (o->value == NULL)
			continue;
		const enum completion_kind kind = completion_value(o->value, &words);
		const char *bar = "    ";
		for (const struct command *c = commands; c->name != NULL; c++) {
			if (options_takes(c, o)) {
				buf_printf(b, "%s'%s --%s'", bar, c->name, o->name);
				bar = " | ";
			}
		}
		buf_puts(b, ") ");
		if (words[0] != '\0')
			buf_printf(b, "_galway_words '%s'; ", words);
		buf_printf(b, "%s ;;\n", does[kind]);
	}
}

static void bash_commands(struct buf *b)
{
	static const struct {
		enum completion_kind kind;
		const char *call;
	} calls[] = {{COMPLETE_FILES, "_galway_files"}, {COMPLETE_FOLDERS, "_galway_folders"},
		{COMPLETE_FLOWS, "_galway_names flows"},
		{COMPLETE_CONNECTORS, "_galway_names connectors"}};

	for (const struct command *c = commands; c->name != NULL; c++) {
		struct buf words = {0};
		const unsigned kinds = completion_arguments(&words, c->arguments);
		buf_printf(b, "    %s) _galway_options '", c->name);
		for (const struct choice *o = choices; o->name != NULL; o++) {
			if (options_takes(c, o))
				buf_printf(b, " --%s", o->name);
		}
		buf_puts(b, "'");
		if (words.len > 0)
			buf_printf(b, " || _galway_words '%s'", words.data);
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
			if (has(kinds, calls[i].kind))
				buf_printf(b, "; _galway_is_option || %s", calls[i].call);
		}
		buf_puts(b, " ;;\n");
		buf_free(&words);
	}
}

static void bash(struct buf *b)
{
	buf_puts(b, "# Completion of galway for bash, made by \"galway completion bash\".\n\n"
		    "_galway_is_option() { [[ $cur == -* ]]; }\n"
		    "_galway_options() { _galway_is_option && _galway_words \"$1\"; }\n"
		    "_galway_words() { local IFS=$' \\n'; "
		    "COMPREPLY+=($(compgen -W \"$1\" -- \"$cur\")); }\n"
		    "_galway_files() { compopt -o filenames 2>/dev/null; local name\n"
		    "    while IFS= read -r name; do COMPREPLY+=(\"$name\"); "
		    "done < <(compgen -f -- \"$cur\"); }\n"
		    "_galway_folders() { compopt -o filenames 2>/dev/null; local name\n"
		    "    while IFS= read -r name; do COMPREPLY+=(\"$name\"); "
		    "done < <(compgen -d -- \"$cur\"); }\n"
		    "_galway_names() { local name\n"
		    "    while IFS= read -r name; do\n"
		    "        [[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
		    "    done < <(\"$program\" \"${config[@]}\" completion \"$1\" 2>/dev/null)\n"
		    "}\n\n"
		    "_galway()\n{\n"
		    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "    local program=${COMP_WORDS[0]} command='' config=() i\n"
		    "    COMPREPLY=()\n"
		    "    # bash makes three words of --option=value\n"
		    "    if [[ $cur == = ]]; then cur=''\n"
		    "    elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
		    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
		    "        case ${COMP_WORDS[i]} in\n"
		    "        -c) config=(-c \"${COMP_WORDS[++i]/#\\~/$HOME}\") ;;\n"
		    "        --log-format) ((i++)); [[ ${COMP_WORDS[i]} != = ]] || ((i++)) ;;\n"
		    "        -*) ;;\n"
		    "        *) command=${COMP_WORDS[i]}; break ;;\n"
		    "        esac\n"
		    "    done\n"
		    "    case \"$command $prev\" in\n"
		    "    *' -c' | *' -o') _galway_files; return ;;\n"
		    "    *' --log-format') _galway_words 'text json'; return ;;\n");
	bash_option_values(b);
	buf_puts(b, "    esac\n"
		    "    case $command in\n"
		    "    '') _galway_options '-c -v -q --log-format --help --version' || "
		    "_galway_words '");
	for (const struct command *c = commands; c->name != NULL; c++)
		buf_printf(b, " %s", c->name);
	buf_puts(b, "' ;;\n");
	bash_commands(b);
	buf_puts(b, "    esac\n}\n\ncomplete -F _galway galway\n");
}

/* --- zsh */

/* Between the quotes of an argument of _arguments: [help] and : have a meaning there. */
static void zsh_text(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_puts(b, "'\\''");
		else if (strchr("[]:\\", *text) != NULL)
			buf_printf(b, "\\%c", *text);
		else
			buf_putc(b, *text);
	}
}

static const char *const zsh_actions[] = {
	[COMPLETE_NOTHING] = "",
	[COMPLETE_FILES] = "_files",
	[COMPLETE_FOLDERS] = "_files -/",
	[COMPLETE_FLOWS] = "_galway_names flows",
	[COMPLETE_CONNECTORS] = "_galway_names connectors",
};

static void zsh_option(struct buf *b, const struct choice *o)
{
	const char *words = "";

	buf_printf(b, " \\\n            '--%s%s[", o->name, o->value != NULL ? "=" : "");
	zsh_text(b, o->help);
	buf_putc(b, ']');
	if (o->value != NULL) {
		const enum completion_kind kind = completion_value(o->value, &words);
		buf_printf(b, ":%s:", o->value);
		if (words[0] != '\0')
			buf_printf(b, "(%s)", words);
		else
			buf_puts(b, zsh_actions[kind]);
	}
	buf_putc(b, '\'');
}

/* All that can stand there, in one action; several are alternatives. */
static void zsh_arguments(struct buf *b, const struct command *c)
{
	struct buf words = {0};
	const unsigned kinds = completion_arguments(&words, c->arguments);

	if (kinds != 0 || words.len > 0) {
		buf_puts(b, " \\\n            '*:argument: _alternative");
		if (words.len > 0)
			buf_printf(b, " \"words:word:(%s)\"", words.data + 1);
		for (unsigned k = COMPLETE_FILES; k <= COMPLETE_CONNECTORS; k++) {
			if (has(kinds, (enum completion_kind)k))
				buf_printf(b, " \"names:name:%s\"", zsh_actions[k]);
		}
		buf_putc(b, '\'');
	}
	buf_free(&words);
}

static void zsh(struct buf *b)
{
	buf_puts(b, "#compdef galway\n"
		    "# Completion of galway for zsh, made by \"galway completion zsh\".\n\n"
		    "_galway_names() {\n"
		    "    local -a names\n"
		    "    local kind=${@[-1]} # compadd's options come before\n"
		    "    names=(\"${(@f)$(\"$_galway_program\" $_galway_config completion $kind "
		    "2>/dev/null)}\")\n"
		    "    names=(${names:#})\n"
		    "    compadd \"${@[1,-2]}\" -a names\n"
		    "}\n\n"
		    "_galway() {\n"
		    "    local context state state_descr line curcontext=$curcontext\n"
		    "    local _galway_program=$words[1]\n"
		    "    local -a _galway_config commands\n"
		    "    typeset -A opt_args\n"
		    "    commands=(");
	for (const struct command *c = commands; c->name != NULL; c++) {
		buf_printf(b, "\n        '%s:", c->name);
		zsh_text(b, c->help);
		buf_putc(b, '\'');
	}
	buf_puts(b,
		")\n"
		"    _arguments -C -S \\\n"
		"        '-c[the configuration]:file:_files' '-v[tell more]' '-q[errors only]' \\\n"
		"        '--log-format=[how messages are told]:format:(text json)' \\\n"
		"        '--help[this page]' '--version[of galway]' \\\n"
		"        '1:command:{_describe command commands}' '*::argument:->rest' && return\n"
		"    [[ $state == rest ]] || return\n"
		"    (( ${+opt_args[-c]} )) && _galway_config=(-c ${(Q)~opt_args[-c]})\n"
		"    case $words[1] in\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		buf_printf(b, "    %s)\n        _arguments", c->name);
		for (const struct choice *o = choices; o->name != NULL; o++) {
			if (options_takes(c, o))
				zsh_option(b, o);
		}
		zsh_arguments(b, c);
		buf_puts(b, " ;;\n");
	}
	buf_puts(b, "    esac\n}\n\n_galway \"$@\"\n");
}

/* --- fish */

static void fish_text(struct buf *b, const char *text)
{
	buf_putc(b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
	buf_putc(b, '\'');
}

static const char *const fish_values[] = {
	[COMPLETE_NOTHING] = "",
	[COMPLETE_FILES] = " -F",
	[COMPLETE_FOLDERS] = " -a '(__fish_complete_directories)'",
	[COMPLETE_FLOWS] = " -a '(__galway_names flows)'",
	[COMPLETE_CONNECTORS] = " -a '(__galway_names connectors)'",
};

static void fish_option(struct buf *b, const struct command *c, const struct choice *o)
{
	const char *words = "";

	buf_printf(b, "complete -c galway -n '__galway_is %s' -l %s -d ", c->name, o->name);
	fish_text(b, o->help);
	if (o->value != NULL) {
		const enum completion_kind kind = completion_value(o->value, &words);
		buf_puts(b, kind == COMPLETE_FILES ? " -r" : " -x");
		buf_puts(b, fish_values[kind]);
		if (words[0] != '\0')
			buf_printf(b, " -a '%s'", words);
	}
	buf_putc(b, '\n');
}

static void fish_command(struct buf *b, const struct command *c)
{
	struct buf words = {0};
	const unsigned kinds = completion_arguments(&words, c->arguments);

	buf_printf(b, "complete -c galway -n __galway_is -a %s -d ", c->name);
	fish_text(b, c->help);
	buf_putc(b, '\n');
	for (const struct choice *o = choices; o->name != NULL; o++) {
		if (options_takes(c, o))
			fish_option(b, c, o);
	}
	if (words.len > 0)
		buf_printf(b, "complete -c galway -n '__galway_is %s' -a '%s'\n", c->name,
			words.data + 1);
	for (unsigned k = COMPLETE_FILES; k <= COMPLETE_CONNECTORS; k++) {
		if (has(kinds, (enum completion_kind)k))
			buf_printf(b, "complete -c galway -n '__galway_is %s'%s\n", c->name,
				fish_values[k]);
	}
	buf_free(&words);
}

static void fish(struct buf *b)
{
	buf_puts(b, "# Completion of galway for fish, made by \"galway completion fish\".\n\n"
		    "# The command, when it was named.\n"
		    "function __galway_command\n"
		    "    set -l words (commandline -opc)\n"
		    "    while set -q words[2]\n"
		    "        set -e words[1]\n"
		    "        switch $words[1]\n"
		    "            case -c --log-format\n"
		    "                set -q words[2]; and set -e words[1]\n"
		    "            case '-*'\n"
		    "            case '*'\n"
		    "                echo $words[1]\n"
		    "                return\n"
		    "        end\n"
		    "    end\n"
		    "end\n\n"
		    "function __galway_is\n"
		    "    set -l command (__galway_command)\n"
		    "    test \"$command\" = \"$argv[1]\"\n"
		    "end\n\n"
		    "function __galway_names\n"
		    "    set -l words (commandline -opc)\n"
		    "    set -l config\n"
		    "    if set -l i (contains -i -- -c $words)\n"
		    "        set config -c $words[(math $i + 1)]\n"
		    "    end\n"
		    "    $words[1] $config completion $argv[1] 2>/dev/null\n"
		    "end\n\n"
		    "complete -c galway -f\n"
		    "complete -c galway -n __galway_is -s c -r -F -d 'the configuration'\n"
		    "complete -c galway -n __galway_is -s v -d 'tell more'\n"
		    "complete -c galway -n __galway_is -s q -d 'errors only'\n"
		    "complete -c galway -n __galway_is -l log-format -x -a 'text json' "
		    "-d 'how messages are told'\n"
		    "complete -c galway -n __galway_is -l version -d 'of galway'\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		fish_command(b, c);
}

bool completion_print(struct buf *b, const char *shell)
{
	static const struct {
		const char *name;
		void (*print)(struct buf *);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].print(b);
			return true;
		}
	}
	return false;
}
