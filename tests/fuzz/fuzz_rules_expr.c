#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "rules/expr.h"

/*
 * Any text, as an expression on one entry. It gives a value or one error of the right kind; text
 * that it makes is UTF-8; the same again gives the same; the attributes that it reads are all that
 * it needs.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_RESULT (2u << 20)

static const char *const fields[][2] = {
	{"displayName", "Ann Sm\xc3\xadth"},
	{"proxyAddresses", "SMTP:ann@abc.example"},
	{"proxyAddresses", "smtp:a@xyz.example"},
	{"proxyAddresses", "X500:/o=abc"},
	{"userAccountControl", "512"},
	{"msExchHideFromAddressLists", "TRUE"},
	{"manager", "CN=B\\, C,OU=x,DC=abc"},
	{"objectGUID", "0123456789abcdef"},
	{"whenCreated", "20140905081453.0Z"},
	{"a", "1"},
	{"a", "2"},
	{"a", "x,y;z"},
	{"odd", "\xff\xfe"},
	{"info", ""},
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static void run(struct arena *mem, const struct expr *x, const struct entry *entry, struct buf *out)
{
	static const struct value domains[] = {{"abc.example", 11}, {"x", 1}};
	static const struct param params[] = {{"p", 2, domains}, {"q", 1, domains}, {"r", 0, NULL}};
	struct expr_env env = {entry, params, 3, 1767323045, 7};
	struct expr_result r;
	struct err err = {0};

	if (expr_eval(mem, x, &env, &r, &err) < 0) {
		check(err.kind == ERR_ENTRY && err.text[0] != '\0');
		buf_puts(out, err.text);
		return;
	}
	check((r.kind == EXPR_VALUES) == (r.n > 0));
	check(r.multi || r.n <= 1);
	for (unsigned i = 0; i < r.n; i++) {
		check(r.values[i].len <= MAX_RESULT);
		check(r.type == EXPR_BIN || utf8_valid(r.values[i].data, r.values[i].len));
	}
	expr_print(out, &r);
}

/* Only what it says that it reads. */
static void narrow(
	struct arena *mem, struct entry *to, const struct entry *from, const struct expr *x)
{
	struct attr_set reads = {0};

	to->name = from->name;
	expr_reads(mem, x, &reads);
	for (unsigned i = 0; i < from->n; i++) {
		const struct attr *a = &from->attrs[i];
		if (attr_set_has(&reads, a->id))
			entry_put(mem, to, a->id, a->values, a->n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry entry = {.name = value_of("CN=Ann,DC=abc")}, needed = {.n = 0};
	struct arena *mem = arena_new();
	struct buf first = {0}, second = {0};
	struct err err = {0};
	struct expr *x;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		entry_add(mem, &entry, attr_named(fields[i][0]), value_of(fields[i][1]));
	if (expr_parse(mem, (struct value){(const char *)data, size}, "f", 1, 0, &x, &err) < 0) {
		check(err.kind == ERR_FATAL && strncmp(err.text, "f:", 2) == 0);
		check(strchr(err.text, '\n') != NULL && err.text[strlen(err.text) - 1] == '^');
	} else {
		narrow(mem, &needed, &entry, x);
		run(mem, x, &entry, &first);
		run(mem, x, &needed, &second);
		check(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
		expr_lint(&first, x);
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(mem);
	return 0;
}
