#include "sync/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"
#include "base/log.h"
#include "rules/expr.h"

static int eval_one(struct arena *mem, const struct expr *expr, const struct entry *e)
{
	const struct expr_env env = {
		.entry = e, .now = (int64_t)time(NULL), .seed = (uint64_t)time(NULL)};
	struct expr_result result;
	struct buf out = {0};
	struct err err = {0};

	if (expr_eval(mem, expr, &env, &result, &err) < 0) {
		log_error("%.*s%s%s", (int)e->name.len, e->name.data != NULL ? e->name.data : "",
			e->name.len > 0 ? ": " : "", err.text);
		return EXIT_PARTIAL;
	}
	expr_print(&out, &result);
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
	return EXIT_GOOD;
}

static int open_input(const char *path, struct ldif **ldif, struct err *err)
{
	struct buf text = {0};
	ssize_t n = 0;

	if (path != NULL && strcmp(path, "-") != 0)
		return ldif_open(path, false, ldif, err);
	if (!isatty(STDIN_FILENO)) {
		while ((n = read(STDIN_FILENO, buf_room(&text, 65536), 65536)) > 0)
			text.len += (size_t)n;
	}
	*ldif = ldif_memory("standard input", text.data != NULL ? text.data : "", text.len);
	buf_free(&text);
	return n < 0 ? err_set(err, ERR_BUSY, "standard input cannot be read") : 0;
}

int command_eval(struct arena *mem, const struct request *q, struct err *err)
{
	struct expr *expr = NULL;
	struct ldif *ldif = NULL;
	struct entry e = {0};
	struct arena *scratch = arena_new();
	int code = EXIT_GOOD, rc = -1;
	long n = 0;

	if (q->argc < 1 || q->argc > 2)
		err_set(err, ERR_FATAL, "eval: an expression, and perhaps an LDIF file");
	else if (expr_parse(mem, value_of(q->argv[0]), NULL, 1, 0, &expr, err) == 0)
		rc = open_input(q->argc > 1 ? q->argv[1] : NULL, &ldif, err);
	while (rc == 0 && (rc = ldif_next(ldif, scratch, &e, err)) == 1) {
		code = exit_worse(code, eval_one(scratch, expr, &e));
		arena_reset(scratch);
		n++;
		rc = 0;
	}
	/* Without any entry the expression is on its own: "galway eval 'Len("abc")'". */
	if (rc == 0 && n == 0)
		code = eval_one(scratch, expr, &(struct entry){0});
	ldif_close(ldif);
	arena_free(scratch);
	return rc < 0 ? -1 : code;
}
