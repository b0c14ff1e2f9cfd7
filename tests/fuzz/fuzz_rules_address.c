/*
 * proxyAddresses: lines of addresses, of those that are there, ours and ours of before, parted by
 * empty lines. What the merge must hold is looked at (rules/address.h).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "rules/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 64

struct list {
	struct value v[MOST];
	unsigned n;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static bool has(const struct value *v, unsigned n, struct value wanted)
{
	bool found = false;

	for (unsigned i = 0; i < n; i++)
		found |= utf8_same(v[i], wanted);
	return found;
}

static void take_lists(const char *at, const char *end, struct list lists[3])
{
	for (unsigned k = 0; at < end && k < 3;) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		const size_t len = (size_t)((eol != NULL ? eol : end) - at);
		if (len == 0)
			k++;
		else if (lists[k].n < MOST)
			lists[k].v[lists[k].n++] = (struct value){at, len};
		at += len + (eol != NULL);
	}
}

static void one(struct value v)
{
	struct value type, rest;

	(void)address_domain(v);
	if (address_split(v, &type, &rest))
		must(type.len > 0 && type.len + 1 + rest.len == v.len);
	else
		must(type.len == 0 && value_same(rest, v));
	must(!address_primary(v) || address_type_is(v, "smtp"));
	/* What is good has no byte that a header or a terminal would take for something else. */
	const bool good = address_smtp_fault(v) == NULL;
	for (size_t i = 0; good && i < v.len; i++)
		must(v.data[i] > ' ' && v.data[i] < 0x7f);
	(void)address_sip_fault(v);
}

static void check_merged(const struct value *out, unsigned n, const struct list lists[3])
{
	unsigned primaries = 0, smtp = 0, sip = 0;

	for (unsigned i = 0; i < n; i++) {
		must(has(lists[0].v, lists[0].n, out[i]) || has(lists[1].v, lists[1].n, out[i]));
		must(!has(out, i, out[i]));
		primaries += address_primary(out[i]);
		smtp += address_type_is(out[i], "smtp");
		sip += address_type_is(out[i], "sip");
	}
	must(primaries == (smtp > 0) && sip <= 1);
	for (unsigned i = 0; i < lists[0].n; i++)
		must(!address_type_is(lists[0].v[i], "x500") || has(out, n, lists[0].v[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list lists[3] = {0};
	struct value *out, *again;
	struct arena *mem = arena_new();

	take_lists((const char *)data, (const char *)data + size, lists);
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < lists[k].n; i++)
			one(lists[k].v[i]);
	}
	const unsigned n = address_merge(
		mem, lists[0].v, lists[0].n, lists[1].v, lists[1].n, lists[2].v, lists[2].n, &out);
	check_merged(out, n, lists);
	/* What has been done has not to be done again. */
	const unsigned m =
		address_merge(mem, out, n, lists[1].v, lists[1].n, lists[2].v, lists[2].n, &again);
	must(m == n);
	for (unsigned i = 0; i < n; i++)
		must(value_same(out[i], again[i]));
	arena_free(mem);
	return 0;
}
