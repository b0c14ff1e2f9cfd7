#include "base/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/dn.h"
#include "base/filter_private.h"
#include "base/utf8.h"

bool filter_number(struct value v, int64_t *number)
{
	char text[24];
	char *end;
	size_t sign = v.len > 0 && v.data[0] == '-';

	if (v.len == sign || v.len >= sizeof(text) || !ascii_digit(v.data[sign]))
		return false;
	memcpy(text, v.data, v.len);
	text[v.len] = '\0';
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end == text + v.len;
}

/* Does the text go on with this part? */
static bool goes_on(struct value text, size_t at, struct value part, bool fold)
{
	if (part.len == 0 || text.len - at < part.len)
		return part.len == 0;
	if (!fold)
		return memcmp(text.data + at, part.data, part.len) == 0;
	for (size_t i = 0; i < part.len; i++) {
		if (ascii_lower(text.data[at + i]) != part.data[i])
			return false;
	}
	return true;
}

/* Each part in turn at the first place it is found. */
static bool parts_match(const struct filter *f, struct value text)
{
	bool fold = f->syntax != SYNTAX_BYTES;
	size_t at = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct value part = f->texts[i].folded;
		size_t rest = text.len - at;
		bool fixed = i == 0 && f->begins;

		if (i == f->n - 1 && f->ends) {
			if (rest < part.len || (fixed && rest > part.len))
				return false;
			at = text.len - part.len;
			fixed = true;
		}
		while (!goes_on(text, at, part, fold)) {
			if (fixed || at == text.len)
				return false;
			at++;
		}
		at += part.len;
	}
	return true;
}

/* Does the value begin otherwise, in the ASCII characters that stand before any other? Folding
 * leaves them in their places, and takes too long to learn what they say already. The value has
 * others: they end the loop. */
static bool begins_otherwise(const struct filter *f, struct value v)
{
	const struct value part = f->texts->folded;

	for (size_t i = 0; f->begins && i < part.len && (v.data[i] & 0x80) == 0; i++) {
		if (ascii_lower(v.data[i]) != part.data[i])
			return true;
	}
	return false;
}

/* Equality is one part that both begins and ends the value. */
static bool text_match(const struct filter *f, struct value v)
{
	if (f->syntax == SYNTAX_BYTES || utf8_ascii(v.data, v.len))
		return parts_match(f, v);
	if (begins_otherwise(f, v))
		return false;
	struct arena *mem = arena_new();
	bool match = parts_match(f, utf8_fold(mem, v));
	arena_free(mem);
	return match;
}

/*
 * AD lets (objectCategory=person) stand for the class's name below CN=Schema, and takes the LDAP
 * name of the class, which is that name without dashes: msExchDynamicDistributionList,
 * ms-Exch-Dynamic-Distribution-List.
 */
static bool category_match(const struct filter *f, struct value v)
{
	struct value short_name = f->texts->folded;
	const char *at = v.len > 0 ? memchr(v.data, '=', v.len) : NULL;
	size_t i = 0;

	if (at == NULL)
		return text_match(f, v);
	const char *end = v.data + v.len;
	for (at++; at < end && *at != ','; at++) {
		while (i < short_name.len && short_name.data[i] == '-')
			i++;
		if (*at == '-')
			continue;
		if (i == short_name.len || ascii_lower(*at) != short_name.data[i++])
			return false;
	}
	return i == short_name.len;
}

static bool equal_match(const struct filter *f, struct value v)
{
	int64_t number;

	switch (f->syntax) {
	case SYNTAX_INT:
		if (f->is_number)
			return filter_number(v, &number) && number == f->number;
		break;
	case SYNTAX_DN:
		if (f->category)
			return category_match(f, v);
		return dn_text_equal(v, f->texts->text);
	case SYNTAX_BYTES:
		if (f->guid.len > 0 && value_same(v, f->guid))
			return true;
		break;
	default:
		break;
	}
	return text_match(f, v);
}

/* -1, 0, 1; 2 when there is no telling. */
static int order(const struct filter *f, struct value v)
{
	int64_t number;

	if (f->syntax != SYNTAX_INT)
		return utf8_order(v, f->texts->text);
	if (!filter_number(v, &number))
		return 2;
	return (number > f->number) - (number < f->number);
}

static bool value_match(const struct filter *f, struct value v)
{
	int64_t number;
	int compared;

	switch (f->kind) {
	case FILTER_EQUAL:
	case FILTER_APPROX:
		return equal_match(f, v);
	case FILTER_SUBSTRING:
		return text_match(f, v);
	case FILTER_GREATER:
		compared = order(f, v);
		return compared == 0 || compared == 1;
	case FILTER_LESS:
		return order(f, v) <= 0;
	case FILTER_ALL_BITS:
		return filter_number(v, &number) && (number & f->number) == f->number;
	case FILTER_ANY_BIT:
		return filter_number(v, &number) && (number & f->number) != 0;
	default: /* presence */
		return true;
	}
}

static bool item_match(const struct filter *f, const struct entry *e)
{
	const struct attr *a = entry_get(e, f->attr);

	if (f->kind == FILTER_CHAIN)
		return filter_chain_match(f, e);
	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (value_match(f, a->values[i]))
			return true;
	}
	return false;
}

bool filter_match(const struct filter *f, const struct entry *e)
{
	if (f->kind >= FILTER_PRESENT)
		return item_match(f, e);
	if (f->kind == FILTER_NOT)
		return !filter_match(f->first, e);
	bool all = f->kind == FILTER_AND;
	for (const struct filter *i = f->first; i != NULL; i = i->next) {
		if (filter_match(i, e) != all)
			return !all;
	}
	return all;
}

const struct filter *filter_failed(const struct filter *f, const struct entry *e)
{
	if (filter_match(f, e))
		return NULL;
	/* Of an or, all are at fault: only when it has one is that one smaller. */
	if (f->kind == FILTER_OR && f->first != NULL && f->first->next == NULL)
		return filter_failed(f->first, e);
	if (f->kind != FILTER_AND)
		return f;
	const struct filter *i = f->first;
	while (filter_match(i, e))
		i = i->next;
	return filter_failed(i, e);
}

void filter_reads(struct arena *mem, const struct filter *f, struct attr_set *wanted)
{
	if (f->kind >= FILTER_PRESENT)
		attr_set_add(mem, wanted, f->attr);
	if (f->kind == FILTER_CHAIN && f->graph->back != ATTR_NONE)
		attr_set_add(mem, wanted, f->graph->back);
	for (const struct filter *i = f->first; i != NULL; i = i->next)
		filter_reads(mem, i, wanted);
}
