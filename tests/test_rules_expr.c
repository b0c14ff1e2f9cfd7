#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/err.h"
#include "rules/expr.h"
#include "rules/functions.h"

/*
 * Cases in files, three lines each and an empty one:
 *
 *   expr:   Left([displayName], 3)
 *   entry:  displayName=Ann Smith | proxyAddresses=SMTP:a@abc.example | %p%=x | objectGUID:=base64
 *   value:  Ann
 *
 * The entry line may be left out; dn=... is the name. The value line has values separated by " | ",
 * as "galway eval" prints them, in quotes where blanks or escapes (\n \r \t) matter, or
 * "error: text" that must occur. Instead of it "lint: text" must occur in the warnings, or
 * "lint: none".
 */
#define NOW 1767323045 /* 2026-01-02 03:04:05 */

struct fixture {
	struct arena *mem;
	struct entry entry;
	unsigned n_params;
	struct param params[8];
};

static char *read_whole(struct arena *mem, const char *path)
{
	FILE *f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s cannot be read", path);
	struct buf b = {0};
	size_t n;
	while ((n = fread(buf_room(&b, 4096), 1, 4096, f)) > 0)
		b.len += n;
	fclose(f);
	char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

static void add_param(struct fixture *f, const char *name, struct value v)
{
	struct param *p = &f->params[f->n_params];

	for (unsigned i = 0; i < f->n_params; i++) {
		if (strcmp(f->params[i].name, name) == 0)
			p = &f->params[i];
	}
	if (p == &f->params[f->n_params]) {
		assert_true(f->n_params < 8);
		*p = (struct param){name, 0, NULL};
		f->n_params++;
	}
	struct value *values = arena_alloc(f->mem, (p->n + 1) * sizeof(*values));
	if (p->n > 0)
		memcpy(values, p->values, p->n * sizeof(*values));
	values[p->n++] = v;
	p->values = values;
}

/* "name=value", "name:=base64", "%param%=value", "%param%" without values. */
static void add_field(struct fixture *f, char *field)
{
	char *equals = strchr(field, '=');
	struct value v = value_of(equals != NULL ? equals + 1 : "");

	if (equals != NULL) {
		bool base64 = equals > field && equals[-1] == ':';
		equals[base64 ? -1 : 0] = '\0';
		if (base64) {
			struct buf b = {0};
			assert_int_equal(buf_unbase64(&b, v.data, v.len), 0);
			v = (struct value){
				arena_copy(f->mem, b.data != NULL ? b.data : "", b.len), b.len};
			buf_free(&b);
		}
	}
	if (field[0] == '%' && equals != NULL) {
		field[strlen(field) - 1] = '\0';
		add_param(f, field + 1, v);
	} else if (field[0] == '%') {
		field[strlen(field) - 1] = '\0';
		f->params[f->n_params++] = (struct param){field + 1, 0, NULL};
	} else if (strcmp(field, "dn") == 0) {
		f->entry.name = v;
	} else if (equals == NULL) {
		entry_put(f->mem, &f->entry, attr_named(field), NULL, 0);
	} else {
		entry_add(f->mem, &f->entry, attr_named(field), v);
	}
}

static char *next_field(char **at, const char *separator)
{
	char *field = *at, *end;

	if (field == NULL)
		return NULL;
	end = strstr(field, separator);
	*at = end != NULL ? end + strlen(separator) : NULL;
	if (end != NULL)
		*end = '\0';
	return field;
}

/* Take the quotes and escapes off. */
static void unquote(struct buf *b, const char *text)
{
	static const char letters[] = "nrt", controls[] = "\n\r\t";
	size_t len = strlen(text);

	if (len < 2 || text[0] != '"' || text[len - 1] != '"') {
		buf_puts(b, text);
		return;
	}
	for (const char *c = text + 1; c < text + len - 1; c++) {
		const char *letter = c[0] == '\\' ? strchr(letters, c[1]) : NULL;
		buf_putc(b, letter != NULL ? controls[letter - letters] : *c);
		c += letter != NULL;
	}
}

/* What it gives, as galway eval prints it, or "error: ...". */
static void evaluate(struct fixture *f, const char *text, struct buf *out)
{
	struct expr_env env = {&f->entry, f->params, f->n_params, NOW, 1};
	struct expr_result result;
	struct err err = {0};
	struct expr *x;

	if (expr_parse(f->mem, value_of(text), NULL, 1, 0, &x, &err) < 0) {
		assert_int_equal(err.kind, ERR_FATAL);
		buf_printf(out, "error: %s\n", err.text);
	} else if (expr_eval(f->mem, x, &env, &result, &err) < 0) {
		assert_int_equal(err.kind, ERR_ENTRY);
		buf_printf(out, "error: %s\n", err.text);
	} else {
		expr_print(out, &result);
	}
}

static bool check_lint(struct fixture *f, const char *text, char *want, struct buf *got)
{
	struct err err = {0};
	struct expr *x;

	if (expr_parse(f->mem, value_of(text), "t", 1, 0, &x, &err) < 0) {
		buf_puts(got, err.text);
		return false;
	}
	buf_puts(got, "");
	expr_lint(got, x);
	return strcmp(want, "none") == 0 ? got->len == 0 : strstr(got->data, want) != NULL;
}

static bool check_value(struct fixture *f, const char *text, char *want, struct buf *got)
{
	struct buf expected = {0};
	bool same;

	evaluate(f, text, got);
	if (strncmp(want, "error: ", 7) == 0)
		return strncmp(got->data, "error: ", 7) == 0 &&
		       strstr(got->data + 7, want + 7) != NULL;
	for (char *at = want, *one; (one = next_field(&at, " | ")) != NULL;) {
		unquote(&expected, one);
		buf_putc(&expected, '\n');
	}
	same = got->len == expected.len && memcmp(got->data, expected.data, got->len) == 0;
	buf_free(&expected);
	return same;
}

/* The rest of a line that begins with key; NULL: it does not. */
static char *after(char *line, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0)
		return NULL;
	return line + n + strspn(line + n, " ");
}

static unsigned run_file(const char *path, unsigned *cases)
{
	struct arena *mem = arena_new();
	struct fixture f = {.mem = mem};
	char *at = read_whole(mem, path), *expr = NULL, *line, *rest;
	unsigned number = 0, bad = 0;

	while ((line = next_field(&at, "\n")) != NULL) {
		struct buf got = {0};
		char *want = after(line, "value:"), *lint = after(line, "lint:");

		number++;
		if ((rest = after(line, "expr:")) != NULL) {
			f = (struct fixture){.mem = mem};
			expr = rest;
		} else if ((rest = after(line, "entry:")) != NULL) {
			for (char *field; (field = next_field(&rest, " | ")) != NULL;)
				add_field(&f, field);
		} else if (want != NULL || lint != NULL) {
			if (expr == NULL)
				fail_msg("%s:%u: no expression", path, number);
			++*cases;
			const char *shown = arena_strdup(mem, want != NULL ? want : lint);
			if (!(want != NULL ? check_value : check_lint)(
				    &f, expr, want != NULL ? want : lint, &got)) {
				print_error("%s:%u: %s\n  want %s\n  got  %s\n", path, number, expr,
					shown, got.data);
				bad++;
			}
			expr = NULL;
			buf_free(&got);
		} else if (line[0] != '\0' && line[0] != '#') {
			fail_msg("%s:%u: %s?", path, number, line);
		}
	}
	arena_free(mem);
	return bad;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_test(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".test") == 0;
}

static void files(void **state)
{
	struct dirent **names;
	int n = scandir(TEST_DIR "/rules", &names, is_test, by_name);
	unsigned bad = 0, cases = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char path[1000];
		snprintf(path, sizeof(path), TEST_DIR "/rules/%s", names[i]->d_name);
		bad += run_file(path, &cases);
		free(names[i]);
	}
	free(names);
	print_message("%u cases in %d files\n", cases, n);
	assert_int_equal(bad, 0);
	assert_true(cases > 300);
}

/*
 * The examples of the manual: blocks
 *
 *   ```eval
 *   > EXPR
 *   what galway eval prints, or "error: text that must occur"
 *   ```
 *
 * evaluated on the entry of its block "```entry", whose lines are fields as above.
 */
enum block { NONE, ENTRY, EVAL };

static void check_example(
	struct fixture *f, const char *text, const char *want, struct buf *seen, unsigned *bad)
{
	struct buf got = {0};
	bool error = strncmp(want, "error: ", 7) == 0;

	evaluate(f, text, &got);
	buf_puts(seen, text);
	buf_putc(seen, '\n');
	if (error ? strncmp(got.data, want, strlen(want) - 1) != 0 : strcmp(got.data, want) != 0) {
		print_error("expressions.md: %s\n  want %s  got  %s", text, want, got.data);
		++*bad;
	}
	buf_free(&got);
}

/* Runs them all; seen gets their expressions. */
static unsigned run_manual(struct fixture *f, struct buf *seen)
{
	char *at = read_whole(f->mem, TEST_DIR "/../docs/expressions.md"), *line, *expr = NULL;
	enum block block = NONE;
	struct buf want = {0};
	unsigned bad = 0;

	while ((line = next_field(&at, "\n")) != NULL) {
		bool fence = strncmp(line, "```", 3) == 0;
		if (expr != NULL && (fence || line[0] == '>')) {
			check_example(f, expr, want.data, seen, &bad);
			buf_clear(&want);
			expr = NULL;
		}
		if (fence)
			block = strcmp(line, "```entry") == 0  ? ENTRY
				: strcmp(line, "```eval") == 0 ? EVAL
							       : NONE;
		else if (block == ENTRY)
			add_field(f, line);
		else if (block == EVAL && line[0] == '>')
			expr = line + 2;
		else if (block == EVAL)
			buf_printf(&want, "%s\n", line);
	}
	buf_free(&want);
	return bad;
}

static bool calls(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = text; (at = strstr(at, name)) != NULL; at++) {
		if ((at == text || !ascii_letter(at[-1])) && at[n] == '(')
			return true;
	}
	return false;
}

static void manual(void **state)
{
	struct fixture f = {.mem = arena_new()};
	struct buf seen = {0};
	unsigned bad;

	(void)state;
	buf_puts(&seen, "");
	bad = run_manual(&f, &seen);
	for (const struct function *fn = functions; fn->name != NULL; fn++) {
		if (!calls(seen.data, fn->name)) {
			print_error("expressions.md has no example of %s\n", fn->name);
			bad++;
		}
	}
	buf_free(&seen);
	arena_free(f.mem);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
