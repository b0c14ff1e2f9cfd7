#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <unistr.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "rules/functions.h"

const char *const type_names[] = {"str", "num", "bool", "bin", "dt", "ref"};

struct val val_single(struct arena *mem, enum expr_type type, struct item item)
{
	struct item *one = arena_alloc(mem, sizeof(*one));

	*one = item;
	return (struct val){EXPR_VALUES, type, false, 1, one};
}

struct val val_at(const struct val *val, unsigned i)
{
	struct val one = *val;

	if (val->n <= 1)
		return one;
	one.n = 1;
	one.items += i;
	return one;
}

bool val_textual(const struct val *val)
{
	return val->type == EXPR_STR || val->type == EXPR_REF;
}

int eval_fail(struct eval *ev, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int status = err_vset(ev->err, ERR_ENTRY, fmt, ap);
	va_end(ap);
	return status;
}

int spend(struct eval *ev, size_t bytes)
{
	ev->steps += 1 + (unsigned)(bytes / 1024);
	if (ev->steps > MAX_STEPS)
		return eval_fail(ev, "the expression takes more than %d steps", MAX_STEPS);
	return 0;
}

const char *shown(struct eval *ev, struct value text)
{
	struct value cut = utf8_cut(text, 40);
	struct buf b = {0};

	text_safe_add(&b, cut.data, cut.len, 1);
	const char *safe = arena_printf(ev->mem, "\"%.*s%s\"", (int)b.len, b.len > 0 ? b.data : "",
		cut.len < text.len ? "..." : "");
	buf_free(&b);
	return safe;
}

bool number_parse(struct value text, int64_t *out)
{
	const char *c = text.data, *end = c + text.len;
	bool minus = c < end && *c == '-';
	uint64_t number = 0, limit = (uint64_t)INT64_MAX + minus;

	if (c < end && (*c == '-' || *c == '+'))
		c++;
	if (c == end)
		return false;
	for (; c < end; c++) {
		if (!ascii_digit(*c))
			return false;
		uint64_t digit = (uint64_t)(*c - '0');
		if (number > (limit - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = (int64_t)(minus ? 0 - number : number);
	return true;
}

/* A condition is a bool, a number (0 is False), or the text of one of them, as directories hold
 * booleans as text. */
static bool condition(enum expr_type type, struct item *item)
{
	int64_t number;

	if (type != EXPR_NUM && type != EXPR_BOOL && type != EXPR_STR)
		return false;
	if (type != EXPR_STR)
		item->num = item->num != 0;
	else if (utf8_same(item->text, value_of("true")))
		item->num = 1;
	else if (utf8_same(item->text, value_of("false")))
		item->num = 0;
	else if (number_parse(item->text, &number))
		item->num = number != 0;
	else
		return false;
	return true;
}

int val_conditions(struct eval *ev, const char *who, struct val *val)
{
	static const struct item no = {.num = 0};
	struct item *items;

	if (val->kind == EXPR_NULL) {
		*val = (struct val){EXPR_VALUES, EXPR_BOOL, false, 1, &no};
		return 0;
	}
	if (val->kind != EXPR_VALUES)
		return eval_fail(ev,
			"%s: AuthoritativeNull and IgnoreThisFlow can only be a whole result", who);
	if (val->type == EXPR_BOOL)
		return 0;
	items = arena_alloc(ev->mem, val->n * sizeof(*items));
	for (unsigned i = 0; i < val->n; i++) {
		items[i] = val->items[i];
		if (!condition(val->type, &items[i]))
			return eval_fail(ev, "%s: %s is not a condition", who,
				val->type == EXPR_STR ? shown(ev, items[i].text)
						      : type_names[val->type]);
	}
	val->type = EXPR_BOOL;
	val->items = items;
	return 0;
}

void sink_add(struct sink *s, struct value v)
{
	if (s->full || v.len > MAX_VALUE - s->len) {
		s->full = true;
		return;
	}
	if (v.len > s->room - s->len) {
		size_t room = 2 * (s->len + v.len) + 32;
		char *more = arena_alloc(s->mem, room);
		if (s->len > 0)
			memcpy(more, s->data, s->len);
		s->data = more;
		s->room = room;
	}
	if (v.len > 0)
		memcpy(s->data + s->len, v.data, v.len);
	s->len += v.len;
}

void sink_char(struct sink *s, uint32_t character)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, character, sizeof(bytes));

	sink_add(s, (struct value){(const char *)bytes, (size_t)n});
}

struct value sink_value(const struct sink *s)
{
	return s->len > 0 ? (struct value){s->data, s->len} : (struct value){"", 0};
}

struct value arg_text(const struct call *c, unsigned i)
{
	return c->arg[i].items[0].text;
}

int64_t arg_num(const struct call *c, unsigned i)
{
	return c->arg[i].items[0].num;
}

int64_t arg_option(const struct call *c, unsigned i, int64_t otherwise)
{
	return i < c->n ? arg_num(c, i) : otherwise;
}

int give_text(struct call *c, enum expr_type type, struct value text)
{
	c->out = val_single(c->ev->mem, type, (struct item){.text = text});
	return 0;
}

int give_num(struct call *c, enum expr_type type, int64_t num)
{
	c->out = val_single(c->ev->mem, type, (struct item){.num = num});
	return 0;
}

int give_str(struct call *c, struct value text)
{
	return give_text(c, EXPR_STR, text);
}

int give_bool(struct call *c, bool yes)
{
	return give_num(c, EXPR_BOOL, yes);
}

int give_sink(struct call *c, const struct sink *s)
{
	if (s->full)
		return wrong(c, "the value is longer than %u bytes", MAX_VALUE);
	if (spend(c->ev, s->len) < 0)
		return -1;
	return give_str(c, sink_value(s));
}

int wrong(struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(c->ev->err, ERR_ENTRY, fmt, ap);
	va_end(ap);
	return err_in(c->ev->err, "%s", c->fn->name);
}

/* As a directory stores it. */
static struct value stored(struct arena *mem, enum expr_type type, const struct item *item)
{
	switch (type) {
	case EXPR_NUM:
		return value_of(arena_printf(mem, "%" PRId64, item->num));
	case EXPR_BOOL:
		return value_of(item->num ? "TRUE" : "FALSE");
	case EXPR_DT:
		return date_generalized(mem, item->num);
	default:
		return item->text;
	}
}

int expr_eval(struct arena *mem, const struct expr *x, const struct expr_env *env,
	struct expr_result *out, struct err *err)
{
	struct eval ev; /* but for the variables, which are set before they are read: 2 KiB */
	struct val val;

	ev.mem = mem;
	ev.env = env;
	ev.err = err;
	ev.steps = 0;
	ev.random = env->seed;
	if (eval_node(&ev, x->root, &val) < 0)
		return -1;
	*out = (struct expr_result){
		.kind = val.kind, .type = val.type, .multi = val.multi, .n = val.n};
	out->values = arena_alloc(mem, val.n * sizeof(*out->values));
	for (unsigned i = 0; i < val.n; i++)
		out->values[i] = stored(mem, val.type, &val.items[i]);
	return 0;
}

static void print_one(struct buf *b, enum expr_type type, struct value v)
{
	switch (type) {
	case EXPR_BOOL:
		buf_puts(b, v.data[0] == 'T' ? "True" : "False");
		break;
	case EXPR_BIN:
		buf_base64(b, v.data, v.len);
		break;
	case EXPR_DT: /* 20120101230000.0Z */
		buf_printf(b, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", v.data, v.data + 4, v.data + 6,
			v.data + 8, v.data + 10, v.data + 12);
		break;
	default:
		buf_add(b, v.data, v.len);
	}
	buf_putc(b, '\n');
}

void expr_print(struct buf *b, const struct expr_result *r)
{
	static const char *const kinds[] = {
		[EXPR_NULL] = "NULL\n",
		[EXPR_NOTHING] = "AuthoritativeNull\n",
		[EXPR_IGNORE] = "IgnoreThisFlow\n",
	};

	if (r->kind != EXPR_VALUES)
		buf_puts(b, kinds[r->kind]);
	for (unsigned i = 0; i < r->n; i++)
		print_one(b, r->type, r->values[i]);
}
