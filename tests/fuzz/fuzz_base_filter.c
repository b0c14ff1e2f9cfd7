/*
 * Filters: what is parsed prints, parses again and prints the same; both match alike, "not" turns
 * the answer round, and the part that is said to have failed is false. The input is a filter, and
 * after a line feed values for the attributes of an entry, a line each, in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static struct value line(const char **at, const char *end)
{
	const char *start = *at,
		   *stop = start < end ? memchr(start, '\n', (size_t)(end - start)) : end;

	if (stop == NULL)
		stop = end;
	*at = stop < end ? stop + 1 : end;
	return (struct value){start, (size_t)(stop - start)};
}

static struct value print(struct arena *mem, const struct filter *f)
{
	struct buf out = {0};

	filter_print(&out, f);
	struct value text = value_copy(mem, (struct value){out.data, out.len});
	buf_free(&out);
	return text;
}

static void check(struct arena *mem, struct filter *f, const struct entry *e)
{
	struct filter *again, *not ;
	struct err err;
	struct value text = print(mem, f);

	must(filter_parse(mem, text, &again, &err) == 0);
	must(value_same(print(mem, again), text));
	bool match = filter_match(f, e);
	must(filter_match(again, e) == match);
	const struct filter *part = filter_failed(f, e);
	must((part == NULL) == match && (match || !filter_match(part, e)));
	text = value_of(arena_printf(mem, "(!%s)", text.data));
	if (filter_parse(mem, text, &not, &err) == 0)
		must(filter_match(not, e) != match);
	filter_learn(f, e);
	filter_solve(f);
	must(filter_chained(f) || filter_match(f, e) == match);
	filter_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const attrs[] = {"cn", "mail", "proxyAddresses", "manager", "member",
		"memberOf", "objectCategory", "objectGUID", "groupType", "whenCreated"};
	struct arena *mem = arena_new();
	const char *at = (const char *)data, *end = at + size;
	struct value text = line(&at, end);
	struct entry e = {.name = value_of("CN=e,DC=x")};
	struct filter *f;
	struct err err;

	for (size_t i = 0; at < end; i++)
		entry_add(mem, &e, attr_named(attrs[i % (sizeof(attrs) / sizeof(attrs[0]))]),
			line(&at, end));
	if (filter_parse(mem, text, &f, &err) == 0)
		check(mem, f, &e);
	else
		must(err.kind == ERR_FATAL && strncmp(err.text, "filter: column ", 15) == 0);

	/* Any value can be asserted, and is equal to itself only. */
	struct value escaped = filter_escape(mem, (struct value){(const char *)data, size});
	text = value_of(arena_printf(mem, "(objectGUID=%s)", escaped.data));
	must(filter_parse(mem, text, &f, &err) == 0);
	struct value whole = {(const char *)data, size};
	e = (struct entry){0};
	entry_add(mem, &e, attr_named("objectGUID"), whole);
	must(filter_match(f, &e));
	arena_free(mem);
	return 0;
}
