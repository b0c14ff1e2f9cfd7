#ifndef RULES_FUNCTIONS_H
#define RULES_FUNCTIONS_H

#include "rules/date.h"
#include "rules/expr_private.h"

/*
 * The functions and operators of the expression language: each is a line of a table, from which
 * follow parsing, checking of arguments, mapping over values, "galway help functions" and a test
 * that the manual has them all.
 */
enum family {
	CERTIFICATE,
	CONVERSION,
	DATE_TIME,
	DIRECTORY,
	EVALUATION,
	MATH,
	MULTI_VALUED,
	PROGRAM_FLOW,
	TEXT,
	CLOUD,  /* of the cloud's own dialect, where it means the same */
	GALWAY, /* our own */
	OPERATOR,
};

/* What a function gives when one of its mapped arguments is NULL. */
enum nulls {
	NULL_GIVES_NULL,
	NULL_GIVES_EMPTY, /* "" when it is the first, else NULL */
	NULL_GIVES_FALSE,
	NULL_IS_SEEN, /* the function sees it */
};

#define ANY_NUMBER 255 /* of arguments */
#define ANY_PAIRS 254  /* the same, but even */

struct function {
	const char *name; /* canonical spelling; NULL ends the table */
	enum family family;
	/*
	 * A letter for each argument, the last for all that follow.
	 *
	 * Mapped, so that a multi-valued argument calls the function for each of its values:
	 * - s str or ref, n num, b bin, t str or bin, r ref, d dt, a any
	 * - x condition: a bool, or what CBool reads
	 *
	 * Given whole:
	 * - S texts or references, V anything, A "attribute"
	 *
	 * For the parser:
	 * - o one of the options, $ variable, e left to the form to evaluate
	 */
	const char *args;
	unsigned char min, max;
	enum nulls nulls;
	int (*call)(struct call *);
	/* instead of call: evaluates itself what it needs */
	int (*form)(struct eval *, const struct node *, struct val *);
	const char *signature, *help;
	const char *options; /* for 'o': "First|Second" */
	const char *same;    /* an alias: all else is in this function's line */
};

struct operation {
	struct function fn;
	int level; /* usual precedence elsewhere, for the warning: here all are equal */
	int stops; /* a left side that is this (False 0, True 1) decides; -1: none does */
};

extern const struct function functions[];
extern const struct operation operations[], negations[]; /* binary, longer names first; unary */

/* Case does not count; an alias gives its function. NULL: none. */
const struct function *function_find(const char *name, size_t len);
/* Why there is no such function, in words, the nearest name included. */
const char *function_missing(struct arena *, const char *name, size_t len);
/* Is it a word of some function's options? */
bool function_option(const char *word, size_t len);
/* The letter of argument i. */
char function_arg(const struct function *, unsigned i);
/* The number of a word in options, -1: none. */
int option_number(const char *options, const char *word, size_t len);

/* rules/fn_certificate.c: one for all that tell something of a certificate, by their names */
int fn_certificate(struct call *);
int fn_iscert(struct call *);

/* rules/fn_convert.c */
int fn_cbin(struct call *);
int fn_cbool(struct call *);
int fn_cguid(struct call *);
int fn_cnum(struct call *);
int fn_cref(struct call *);
int fn_cstr(struct call *);
int fn_convertfrombase64(struct call *);
int fn_converttobase64(struct call *);
int fn_convertfromutf8hex(struct call *);
int fn_converttoutf8hex(struct call *);
int fn_stringfromguid(struct call *);
int fn_stringfromsid(struct call *);
int fn_thumbprint(struct call *);

/* rules/fn_date.c */
int fn_cdate(struct call *);
int fn_dateadd(struct call *);
int fn_datefromnum(struct call *);
int fn_formatdatetime(struct call *);
int fn_now(struct call *);
int fn_numfromdate(struct call *);

/* rules/fn_directory.c */
int fn_dncomponent(struct call *);
int fn_dncomponentrev(struct call *);
int fn_escapedncomponent(struct call *);
int fn_identity(struct call *);

/* rules/fn_test.c */
int fn_isbitset(struct call *);
int fn_isdate(struct call *);
int fn_isempty(struct call *);
int fn_isguid(struct call *);
int fn_isnull(struct call *);
int fn_isnullorempty(struct call *);
int fn_isnumeric(struct call *);
int fn_ispresent(struct call *);
int fn_isstring(struct call *);
int fn_bitand(struct call *);
int fn_bitor(struct call *);
int fn_randomnum(struct call *);
int fn_guid(struct call *);

/* rules/fn_multi.c */
int fn_contains(struct call *);
int fn_count(struct call *);
int fn_item(struct call *);
int fn_itemornull(struct call *);
int fn_join(struct call *);
int fn_removeduplicates(struct call *);
int fn_split(struct call *);

/* rules/fn_flow.c */
int form_choose(struct eval *, const struct node *, struct val *); /* IIF and Switch */
int form_coalesce(struct eval *, const struct node *, struct val *);
int form_error(struct eval *, const struct node *, struct val *);
int form_select(struct eval *, const struct node *, struct val *);
int form_where(struct eval *, const struct node *, struct val *);
int form_with(struct eval *, const struct node *, struct val *);

/* rules/fn_text.c */
int fn_append(struct call *);
int fn_instr(struct call *);
int fn_instrrev(struct call *);
int fn_lcase(struct call *);
int fn_left(struct call *);
int fn_len(struct call *);
int fn_ltrim(struct call *);
int fn_mid(struct call *);
int fn_padleft(struct call *);
int fn_padright(struct call *);
int fn_pcase(struct call *);
int fn_right(struct call *);
int fn_rtrim(struct call *);
int fn_trim(struct call *);
int fn_ucase(struct call *);
int fn_word(struct call *);

/* rules/fn_replace.c */
int fn_replace(struct call *);
int fn_replacechars(struct call *);
int fn_stripspaces(struct call *);

/* rules/fn_galway.c */
int fn_addressesin(struct call *);
int fn_addressvalue(struct call *);
int fn_ascii(struct call *);
int fn_nickname(struct call *);
int fn_normalizediacritics(struct call *);
int fn_sipaddress(struct call *);

/* Shared between families. */
/* Bytes in upper-case hexadecimal. */
int give_hex(struct call *, const void *data, size_t len);
bool guid_parse(struct value text, unsigned char bytes[16]);
uint64_t next_random(struct eval *);
/* Case mapping of each character by itself, so that positions stay. */
struct value text_fold(struct eval *, struct value);

#endif
