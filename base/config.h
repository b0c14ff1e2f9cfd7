#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>

struct arena;
struct err;

/*
 * The configuration file: libconfuse ends here. Who uses a setting declares it in a table, from
 * which follow parsing, "galway check" and the manual.
 *
 *     name = value    name = {value, value}    kind { ... }    kind title { ... }    # comment
 *
 * A value is a word, "text" or 'text'. A word has no blank and none of # " ' = { } ( ) + , * in it.
 * In "text" a backslash stands before a quote, a backslash or a $ only; in 'text' it is a character
 * like any other but before a quote or a backslash: '(cn=a\2ab)'. Text ends on its line. The
 * environment is not looked at.
 *
 * Refused with file:line (ERR_FATAL): unknown keys and sections, wrong types, words outside the
 * list, a setting twice in a section, a section twice (with one title), a required setting missing,
 * "include", a string or section that is not closed, and what libconfuse would silently read as
 * something else than it looks like (config_scan.h). Refused as a whole: a file that group or
 * others may write, or that is not a regular file of ours or root's, or whose folder others may
 * write without the sticky bit.
 */
enum setting_kind {
	SETTING_TEXT,
	SETTING_PATH,   /* made absolute from the folder of the configuration file */
	SETTING_SECRET, /* where a secret is (secret.h): the same is done to the path of a file: */
	SETTING_LIST,   /* "a" or {"a", "b"} */
	SETTING_NUMBER, /* whole, not negative */
	SETTING_BOOL,   /* true or false */
	SETTING_SPAN,   /* 90s, 15m, 3h, 7d: seconds */
	SETTING_WORD,   /* one of words */
};

struct setting {
	const char *name; /* NULL ends a table */
	enum setting_kind kind;
	/* As it would be written (no blanks in a list's values); NULL: unset; "!": required. */
	const char *fallback;
	const char *words; /* SETTING_WORD: "delete|keep|hide" */
	const char *help;  /* one line for the manual */
};

/* A kind of section: connector, flow ... A titled section may come often, an untitled one once. */
struct section_shape {
	const char *name; /* NULL ends a table */
	bool titled;
	bool free; /* any name = "value"; settings is NULL */
	const struct setting *settings;
	/* Settings that depend on the word given for one setting: the table of tables is looked up
	 * by the value of the setting named by_word. NULL: none. */
	const char *by_word;
	const struct section_variant {
		const char *word; /* NULL ends the table */
		const struct setting *settings;
	} * variants;
	const struct section_shape *inner; /* sections within; NULL: none */
};

/* One section, or the whole file. Lives in the arena of config_load. */
struct config;

int config_load(struct arena *, const char *path, const struct section_shape *root,
	struct config **, struct err *);

/* Sections of a kind, in the order of the file. */
unsigned config_count(const struct config *, const char *section);
const struct config *config_at(const struct config *, const char *section, unsigned i);
/* By title, or the untitled one with NULL; NULL when there is none. */
const struct config *config_section(const struct config *, const char *section, const char *title);
const char *config_title(const struct config *);

/* Settings. Asking for one that is not in the table is a mistake of the program (assert). */
const char *config_text(
	const struct config *, const char *name); /* TEXT, PATH, WORD; NULL: unset */
const char *const *config_list(const struct config *, const char *name, unsigned *n);
long long config_number(const struct config *, const char *name); /* NUMBER, SPAN; -1: unset */
bool config_bool(const struct config *, const char *name);
/* Was it written in the file? */
bool config_given(const struct config *, const char *name);

/* The pairs of a free section. */
unsigned config_pairs(const struct config *);
const char *config_key(const struct config *, unsigned i);
const char *config_value(const struct config *, unsigned i);

/* In the place of the section, n copies of it: titled "TITLE/names[i]", with values[i] alone for
 * the setting. `section` itself lives on, but is not found any more. */
void config_multiply(struct arena *, struct config *root, const struct config *section,
	const char *setting, const char *const *names, const char *const *values, unsigned n);

/* "file:line" of a setting (or of the section, with NULL), for messages. */
const char *config_where(const struct config *, const char *name);
/* The folder of the file. */
const char *config_folder(const struct config *);

#endif
