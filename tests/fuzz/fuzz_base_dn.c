/*
 * Names: what is parsed prints, parses again as the same, and lies below its parent; every spelling
 * has one key. The input holds one or two names, a line feed between them: equality, keys and
 * normal forms must agree about them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void same(const struct dn *a, const struct dn *b)
{
	must(a->n == b->n);
	for (unsigned i = 0; i < a->n; i++) {
		must(a->rdns[i].n == b->rdns[i].n && a->rdns[i].n > 0);
		for (unsigned k = 0; k < a->rdns[i].n; k++) {
			const struct ava *x = &a->rdns[i].avas[k], *y = &b->rdns[i].avas[k];
			must(strcmp(x->type, y->type) == 0 && x->ber == y->ber);
			must(value_same(x->value, y->value));
		}
	}
}

static void one(struct arena *mem, struct value text)
{
	struct dn dn, again;
	struct err err;

	if (dn_parse(mem, text, &dn, &err) < 0) {
		must(err.kind == ERR_ENTRY && dn_depth(text) == 0);
		must(dn_normal(mem, text).data == NULL && value_same(dn_parent(text), text));
		return;
	}
	struct value print = dn_print(mem, &dn), normal = dn_normal(mem, text);
	must(dn_parse(mem, print, &again, &err) == 0);
	same(&dn, &again);
	must(dn_equal(&dn, &again) && dn_depth(text) == dn.n);
	must(value_same(dn_normal(mem, normal), normal));
	must(dn_key(text) == dn_key(print) && dn_key(text) == dn_key(normal));
	must(dn_text_equal(text, normal) && !dn_text_below(text, &dn));
	if (dn.n == 0)
		return;
	struct dn up = {dn.n - 1, dn.rdns + 1};
	must(dn_text_equal(dn_parent(text), dn_print(mem, &up)));
	must(dn_text_below(text, &up) && dn_below(&dn, &up) && !dn_below(&up, &dn));
}

static void two(struct arena *mem, struct value a, struct value b)
{
	struct dn x, y;
	struct err err;

	bool equal = dn_text_equal(a, b);
	must(equal == dn_text_equal(b, a) && equal == (dn_key(a) == dn_key(b)));
	if (dn_parse(mem, a, &x, &err) < 0 || dn_parse(mem, b, &y, &err) < 0)
		return;
	must(equal == dn_equal(&x, &y));
	must(equal == value_same(dn_normal(mem, a), dn_normal(mem, b)));
	must(dn_text_below(a, &y) == dn_below(&x, &y));
	must(!(dn_below(&x, &y) && dn_below(&y, &x)));
}

static struct value rdn_of(struct arena *mem, struct value v)
{
	struct value escaped = dn_escape(mem, v);
	char *text = arena_alloc(mem, escaped.len + 3);

	memcpy(text, "cn=", 3);
	if (escaped.len > 0)
		memcpy(text + 3, escaped.data, escaped.len);
	return (struct value){text, escaped.len + 3};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new();
	const char *text = (const char *)data;
	const char *cut = size > 0 ? memchr(text, '\n', size) : NULL;
	struct value a = {text, cut != NULL ? (size_t)(cut - text) : size};

	one(mem, a);
	if (cut != NULL)
		two(mem, a, (struct value){cut + 1, size - a.len - 1});

	/* What can be the value of a name comes back as it was. */
	struct dn dn;
	struct err err;
	struct value whole = {text, size};
	struct value name = dn_child(mem, rdn_of(mem, whole), value_of("dc=x"));
	if (dn_parse(mem, name, &dn, &err) == 0)
		must(dn.n == 2 && dn.rdns->n == 1 && value_same(dn.rdns->avas->value, whole));
	arena_free(mem);
	return 0;
}
