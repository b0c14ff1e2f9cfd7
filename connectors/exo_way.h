#ifndef CONNECTORS_EXO_WAY_H
#define CONNECTORS_EXO_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct config;
struct err;
struct http;
struct json;

/*
 * A way to run the cmdlets of Exchange Online:
 *
 * - exec: a program of the administrator's, which has PowerShell run them. It gets a line of JSON
 *   for each command and answers with lines:
 *
 *     {"id":7,"cmdlet":"Get-MailContact","parameters":{"ResultSize":"Unlimited"},"select":["Guid"]}
 *     {"id":7,"result":[{"Guid":"..."}, ...]}    as often as it likes
 *     {"id":7,"end":2}                           the last line: so many there were
 *     {"id":7,"error":{"code":"...","message":"..."}}    or this one
 *
 * - rest: the service that Microsoft's own module for PowerShell uses (InvokeCommand), which is not
 *   documented for others.
 */
struct exo_command {
	const char *cmdlet;
	const struct json *parameters; /* an object */
	const char *const *select;     /* properties that are wanted, ended by NULL; NULL: all */
	bool again;                    /* running it twice does no harm */
};

/* Why a command failed. */
enum exo_fault {
	EXO_REFUSED, /* it was not done, and will not be */
	EXO_ABSENT,  /* what it names is not there */
	EXO_TAKEN,   /* what it makes is there already */
	EXO_BUSY,    /* it was not done: later */
	EXO_LOST,    /* no answer: perhaps it was done */
	EXO_BROKEN,  /* nothing will be done: a setting, credentials, a program */
};

struct exo_way {
	const struct exo_way_type *type;
	const char *caution;     /* what every report has to say of it; NULL */
	const struct http *http; /* that it uses; NULL */
	enum exo_fault fault;    /* after -1 */
};

struct exo_way_type {
	const char *name; /* of `way` */
	const char *rows; /* where in a page they are */
	int (*open)(const struct config *, struct exo_way **, struct err *);
	/* Start a command, all of which is copied. One that has not ended is given up. */
	int (*ask)(struct exo_way *, const struct exo_command *, struct err *);
	/* 1 and a page (json_free) with an array of objects; 0 at the end, when all came; -1. */
	int (*more)(struct exo_way *, struct json **page, struct err *);
	/* What is wrong, as an error that says which request was answered last; -1.
	 * NULL: nothing more can be said of it. */
	int (*in)(const struct exo_way *, struct err *);
	void (*close)(struct exo_way *);
};

extern const struct exo_way_type exo_exec, exo_rest;

/* exo_line.c. What an error of a command means: by the names of Exchange's exceptions in its text,
 * as the words are translated. */
enum exo_fault exo_fault_of(const char *code, const char *message);
/* The kind of error that it is for those above. */
int exo_fail(struct exo_way *, enum exo_fault, struct err *, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A line of the program of exec. */
struct exo_line {
	enum { EXO_ROWS, EXO_END, EXO_ERROR } kind;
	struct json
		*json;   /* the whole line; json_free. EXO_ROWS: "result" is an array of objects */
	long long count; /* EXO_END */
	const char *code, *message; /* EXO_ERROR, in json; "" when it does not say */
};

/* The line's kind; ERR_FATAL: it is no answer to the command of that id. The line has nothing to
 * free then. */
int exo_line(const char *text, size_t len, long long id, struct exo_line *, struct err *);

/* What the program has said, and its answer to one command. */
struct exo_lines {
	struct buf in;
	size_t at, seen; /* where the next line begins; how far no end of it was found */
	long long id;    /* of the command */
	long long rows;  /* that it gave */
};

/* The next line, without its end, which lives until the next call; false: there is no whole one,
 * and `in` has all that there is of it. */
bool exo_lines_next(struct exo_lines *, const char **text, size_t *len);
/* What the line says, as exo_line; ERR_FATAL also when the number at the end is not that of the
 * rows. */
int exo_lines_read(
	struct exo_lines *, const char *text, size_t len, struct exo_line *, struct err *);

#endif
