#include "rules/validate.h"

#include <string.h>

#include <unistr.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/err.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/value_set.h"

struct wanted *wanted_find(const struct desired *out, unsigned attr)
{
	for (unsigned i = 0; i < out->n; i++) {
		if (out->attrs[i].attr == attr)
			return &out->attrs[i];
	}
	return NULL;
}

void wanted_drop(struct desired *out, struct wanted *w)
{
	struct wanted *end = out->attrs + out->n--;

	memmove(w, w + 1, (size_t)(end - (w + 1)) * sizeof(*w));
}

bool wants_contact(const struct desired *out)
{
	const struct wanted *w = wanted_find(out, attr_named("objectClass"));

	for (unsigned i = 0; w != NULL && i < w->n; i++) {
		if (utf8_same(w->values[i], value_of("contact")))
			return true;
	}
	return false;
}

struct value without_invisible(struct arena *mem, struct value v, unsigned *n)
{
	size_t kept = 0;

	*n = 0;
	if (utf8_ascii(v.data, v.len) || !utf8_valid(v.data, v.len))
		return v;
	char *copy = arena_alloc(mem, v.len);
	for (size_t at = 0, len; at < v.len; at += len) {
		ucs4_t c;
		len = (size_t)u8_mbtouc(&c, (const uint8_t *)v.data + at, v.len - at);
		if (text_invisible(c)) {
			(*n)++;
			continue;
		}
		memcpy(copy + kept, v.data + at, len);
		kept += len;
	}
	return *n > 0 ? (struct value){copy, kept} : v;
}

/* Text that people read. In an address, an alias or a name that somebody else gave (a reference)
 * such a mark makes another one: those have checks of their own. */
static void check_invisible(struct mapping *m, struct wanted *w)
{
	unsigned kept = 0, n;

	if (!attr_free_text(w->attr))
		return;
	for (unsigned i = 0; i < w->n; i++) {
		struct value v = without_invisible(m->mem, w->values[i], &n);
		if (n > 0)
			complain_warning(m, W_INVISIBLE,
				(struct subject){w->attr, w->values[i], w->line},
				"marks that nobody sees (%u), left out", n);
		if (v.len > 0)
			w->values[kept++] = v;
	}
	w->n = kept;
}

/* Addresses and notes are written with several lines; in a name or a number a line break is damage.
 */
static bool multi_line(unsigned attr)
{
	static const char *const names[] = {
		"streetAddress", "info", "description", "postalAddress", "homePostalAddress"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (attr == attr_named(names[i]))
			return true;
	}
	return false;
}

size_t text_control(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	if (c == 0xc2 && n > 1 && (unsigned char)s[1] < 0xa0)
		return 2;
	return c < ' ' || c == 0x7f ? 1 : 0;
}

static const char *text_fault(struct value v, bool lines)
{
	size_t plain = 0;

	while (plain < v.len && v.data[plain] >= ' ' && v.data[plain] < 0x7f)
		plain++;
	if (plain == v.len)
		return NULL;
	if (!utf8_valid(v.data, v.len))
		return "it is not UTF-8";
	for (size_t i = plain; i < v.len; i++) {
		bool fine = lines && v.data[i] != '\0' && strchr("\t\r\n", v.data[i]) != NULL;
		if (!fine && text_control(v.data + i, v.len - i) > 0)
			return "it has a control character";
	}
	return NULL;
}

static void check_text(struct mapping *m, struct wanted *w)
{
	/* An attribute that nobody knows may hold octets. */
	if (!attr_known(w->attr) || attr_syntax(w->attr) == SYNTAX_BYTES)
		return;
	for (unsigned i = 0; i < w->n; i++) {
		const char *fault = text_fault(w->values[i], false);
		if (fault != NULL && multi_line(w->attr))
			fault = text_fault(w->values[i], true);
		if (fault != NULL)
			complain_error(m, E_CTRL, (struct subject){w->attr, w->values[i], w->line},
				"%s", fault);
	}
}

/* Of several values the smallest stays, the same one each time. */
static void check_single(struct mapping *m, struct wanted *w)
{
	if (w->n < 2 || !attr_single(w->attr))
		return;
	const struct subject subject = {w->attr, w->values[0], w->line};
	if (!attr_free_text(w->attr)) {
		complain_error(m, E_SINGLE, subject, "one of %u values", w->n);
		return;
	}
	complain_warning(m, E_SINGLE, subject, "one of %u values, the others are left out", w->n);
	w->n = 1;
}

static bool has_own_check(unsigned attr)
{
	return attr == attr_named("mailNickname") || attr == attr_named("proxyAddresses");
}

/* Text is cut, octets (a photo) are left out, and a name or number that is cut would be another. */
static bool length_good(struct mapping *m, const struct wanted *w, struct value *v)
{
	bool octets = attr_syntax(w->attr) == SYNTAX_BYTES;
	unsigned limit = attr_limit(w->attr);
	size_t len = octets ? v->len : utf8_count(v->data, v->len);
	const struct subject subject = {w->attr, octets ? (struct value){NULL, 0} : *v, w->line};

	if (limit == 0 || len <= limit || has_own_check(w->attr))
		return true;
	if (octets) {
		complain_warning(m, E_LEN, subject, "%zu bytes, %u are possible, it is left out",
			len, limit);
		return false;
	}
	if (attr_free_text(w->attr)) {
		complain_warning(m, E_LEN, subject, "%zu characters, cut to %u", len, limit);
		*v = utf8_cut(*v, limit);
		while (v->len > 1 && v->data[v->len - 1] == ' ')
			v->len--;
	} else {
		complain_error(m, E_LEN, subject, "%zu characters, %u are possible", len, limit);
	}
	return true;
}

static void check_length(struct mapping *m, struct wanted *w)
{
	struct value_set kept;

	value_set_new(&kept, m->mem, w->attr, w->n);
	for (unsigned i = 0; i < w->n; i++) {
		struct value v = w->values[i];
		if (length_good(m, w, &v))
			value_set_add(&kept, v);
	}
	if (kept.n == 0 && w->n > 0) {
		wanted_drop(m->out, w);
		return;
	}
	w->values = kept.values;
	w->n = kept.n;
}

static void check_display_name(struct mapping *m, struct wanted *w)
{
	const struct subject subject = {
		w->attr, w->n > 0 ? w->values[0] : (struct value){NULL, 0}, w->line};

	if (w->n == 0 && wants_contact(m->out) && !complained(m, E_DN_BLANK, w->attr))
		complain_error(m, E_DN_BLANK, subject, "it would be blank");
	if (w->n > 0 && entry_first(m->source, w->attr).len == 0)
		complain_warning(m, W_DN_FALLBACK, subject, "taken because displayName is blank");
}

static const char *nick_fault(struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		if (c == '.' && (i == 0 || i + 1 == v.len || v.data[i - 1] == '.'))
			return "it has a dot at an end, or two in a row";
		if (!ascii_letter(c) && !ascii_digit(c) && strchr("-_.", c) == NULL)
			return "it has a character that mail systems do not take";
	}
	return NULL;
}

/* The repair is what a rule would say. */
static struct value nickname(struct mapping *m, struct value v)
{
	const unsigned attr = attr_named("mailNickname");
	struct entry e = {0};
	struct expr_env see = {.entry = &e};
	struct expr_result r = {0};
	struct expr *expr;
	struct err err;

	entry_add(m->mem, &e, attr, v);
	if (expr_parse(m->mem, value_of("Nickname([mailNickname])"), NULL, 1, 0, &expr, &err) < 0 ||
		expr_eval(m->mem, expr, &see, &r, &err) < 0 || r.n == 0)
		return (struct value){NULL, 0};
	return r.values[0];
}

static void check_nickname(struct mapping *m, struct wanted *w)
{
	struct subject subject = {w->attr, {NULL, 0}, w->line};

	if (w->n == 0 && wants_contact(m->out))
		complain_error(m, E_NICK_BLANK, subject, "it would be blank");
	if (w->n != 1)
		return;
	struct value *v = &w->values[0];
	const char *fault = nick_fault(*v);
	subject.value = *v;
	if (fault != NULL)
		*v = nickname(m, *v);
	if (v->len == 0) {
		complain_error(m, E_NICK_CHARS, subject, "%s, and none that could stay", fault);
		w->n = 0;
		return;
	}
	if (fault != NULL)
		complain_warning(m, E_NICK_CHARS, subject, "%s, written as '%.*s'", fault,
			(int)v->len, v->data);
	if (v->len <= attr_limit(w->attr))
		return;
	complain_warning(
		m, E_NICK_LEN, subject, "%zu characters, cut to %u", v->len, attr_limit(w->attr));
	v->len = attr_limit(w->attr);
	v->len -= v->data[v->len - 1] == '.';
}

/* In this order: later ones rely on what earlier ones repaired. */
static const struct validator {
	const char *attr; /* NULL: each attribute */
	void (*check)(struct mapping *, struct wanted *);
} validators[] = {
	{NULL, check_text},
	{NULL, check_invisible},
	{NULL, check_single},
	{NULL, check_length},
	{"displayName", check_display_name},
	{"mailNickname", check_nickname},
	{"targetAddress", check_target},
	{"mail", check_mail},
	{"msRTCSIP-PrimaryUserAddress", check_sip},
	{"proxyAddresses", check_proxies},
	{"mail", check_mail_again},
	{"msRTCSIP-PrimaryUserAddress", check_sip_again},
};

void validate(struct mapping *m)
{
	for (size_t i = 0; i < sizeof(validators) / sizeof(validators[0]); i++) {
		const struct validator *v = &validators[i];
		unsigned attr = v->attr != NULL ? attr_named(v->attr) : ATTR_NONE;
		/* A check may take its attribute out: then the next one is in its place. */
		for (unsigned k = 0; k < m->out->n;) {
			struct wanted *w = &m->out->attrs[k];
			const unsigned n = m->out->n;
			if (v->attr == NULL || w->attr == attr)
				v->check(m, w);
			k += n == m->out->n;
		}
	}
}

void validate_reads(struct arena *mem, struct attr_set *set)
{
	attr_set_add(mem, set, attr_named("displayName"));
	attr_set_add(mem, set, attr_named("userPrincipalName"));
}
