#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"
#include "rules/expr.h"
#include "rules/functions.h"

/*
 * Any bytes as a certificate, in every function of the family. It gives a value or an error of this
 * object, texts are UTF-8, and all of them agree with IsCert on whether it is one.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static int run(struct arena *mem, const struct entry *e, const char *text, struct expr_result *r)
{
	const struct expr_env env = {.entry = e, .now = 1767323045};
	struct err err = {0};
	struct expr *x;

	check(expr_parse(mem, value_of(text), NULL, 1, 0, &x, &err) == 0);
	int rc = expr_eval(mem, x, &env, r, &err);
	check(rc == 0 || (err.kind == ERR_ENTRY && err.text[0] != '\0'));
	for (unsigned i = 0; rc == 0 && i < r->n; i++)
		check(utf8_valid(r->values[i].data, r->values[i].len));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	struct entry e = {.name = value_of("CN=a")};
	struct expr_result r;

	entry_add(mem, &e, attr_named("userCertificate"), (struct value){(const char *)data, size});
	check(run(mem, &e, "IsCert([userCertificate])", &r) == 0 && r.n == 1);
	const bool is = value_same(r.values[0], value_of("TRUE"));
	for (const struct function *f = functions; f->family == CERTIFICATE; f++) {
		const char *more = f->max == 3 ? ", SimpleName, False" : "";
		int rc = run(
			mem, &e, arena_printf(mem, "%s([userCertificate]%s)", f->name, more), &r);
		check(is || rc < 0 || strcmp(f->name, "IsCert") == 0);
	}
	for (unsigned i = 0; i < 12; i++) {
		static const char *const kinds[] = {"SimpleName", "EmailName", "UpnName", "DnsName",
			"DnsFromAlternativeName", "UrlName"};
		(void)run(mem, &e,
			arena_printf(mem, "CertNameInfo([userCertificate], %s, %s)", kinds[i / 2],
				i % 2 == 0 ? "True" : "False"),
			&r);
	}
	arena_free(mem);
	return 0;
}
