#include <inttypes.h>
#include <stdio.h>

#include "rules/functions.h"

/* Questions about a value never give NULL. */

static bool text_of(const struct val *v)
{
	return v->kind == EXPR_VALUES && v->type == EXPR_STR;
}

static bool readable_number(struct call *c, struct value text)
{
	struct call one = {.ev = c->ev, .fn = c->fn, .n = 1};
	int64_t number;

	give_str(&one, text);
	one.arg[0] = one.out;
	fn_trim(&one);
	return number_parse(one.out.items[0].text, &number);
}

static bool readable_date(struct call *c, struct value text)
{
	int64_t filetime;

	(void)c;
	return date_parse(text, &filetime);
}

/* Is every value of that type, or a text that can be read as one? */
static int all_readable(
	struct call *c, enum expr_type type, bool (*readable)(struct call *, struct value))
{
	const struct val *v = &c->arg[0];
	bool yes = v->kind == EXPR_VALUES && v->type == type;

	if (text_of(v)) {
		yes = true;
		for (unsigned i = 0; i < v->n && yes; i++)
			yes = readable(c, v->items[i].text);
	}
	return give_bool(c, yes);
}

int fn_isdate(struct call *c)
{
	return all_readable(c, EXPR_DT, readable_date);
}

int fn_isnumeric(struct call *c)
{
	return all_readable(c, EXPR_NUM, readable_number);
}

int fn_isguid(struct call *c)
{
	unsigned char bytes[16];

	return give_bool(c, guid_parse(arg_text(c, 0), bytes));
}

int fn_isstring(struct call *c)
{
	const struct val *v = &c->arg[0];

	return give_bool(c, v->kind == EXPR_VALUES && v->type != EXPR_BIN && v->type != EXPR_DT);
}

/* Are there values, and all of them empty texts? */
static bool empty(const struct val *v)
{
	if (!text_of(v))
		return false;
	for (unsigned i = 0; i < v->n; i++) {
		if (v->items[i].text.len > 0)
			return false;
	}
	return true;
}

int fn_isempty(struct call *c)
{
	return give_bool(c, empty(&c->arg[0]));
}

int fn_isnull(struct call *c)
{
	return give_bool(c, c->arg[0].kind == EXPR_NULL);
}

int fn_isnullorempty(struct call *c)
{
	return give_bool(c, c->arg[0].kind == EXPR_NULL || empty(&c->arg[0]));
}

int fn_ispresent(struct call *c)
{
	return give_bool(c, c->arg[0].kind == EXPR_VALUES && !empty(&c->arg[0]));
}

int fn_isbitset(struct call *c)
{
	return give_bool(c, (arg_num(c, 0) & arg_num(c, 1)) != 0);
}

int fn_bitand(struct call *c)
{
	return give_num(c, EXPR_NUM, arg_num(c, 0) & arg_num(c, 1));
}

int fn_bitor(struct call *c)
{
	return give_num(c, EXPR_NUM, arg_num(c, 0) | arg_num(c, 1));
}

/* splitmix64: every seed is good, and the same seed gives the same numbers. */
uint64_t next_random(struct eval *ev)
{
	uint64_t z = ev->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

int fn_randomnum(struct call *c)
{
	int64_t least = arg_num(c, 0), most = arg_num(c, 1);
	uint64_t span = (uint64_t)most - (uint64_t)least + 1; /* 0: all numbers */
	uint64_t number = next_random(c->ev);

	if (least > most)
		return wrong(c, "there is no number between %" PRId64 " and %" PRId64, least, most);
	return give_num(
		c, EXPR_NUM, (int64_t)((uint64_t)least + (span > 0 ? number % span : number)));
}

/* RFC 4122, version 4. */
int fn_guid(struct call *c)
{
	uint64_t a = next_random(c->ev), b = next_random(c->ev);

	return give_str(
		c, value_of(arena_printf(c->ev->mem, "%08x-%04x-4%03x-%04x-%012" PRIx64,
			   (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
			   (unsigned)(b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff)));
}
