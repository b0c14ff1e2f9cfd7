#include <string.h>

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "rules/address.h"
#include "rules/functions.h"

#define MAX_NICKNAME 64 /* mailNickname */

int fn_addressvalue(struct call *c)
{
	struct value rest;

	address_split(arg_text(c, 0), NULL, &rest);
	return give_str(c, rest);
}

static bool among(struct value domain, const struct val *domains)
{
	for (unsigned i = 0; i < domains->n; i++) {
		if (utf8_same(domain, domains->items[i].text))
			return true;
	}
	return domains->n == 0;
}

int fn_addressesin(struct call *c)
{
	const struct val *all = &c->arg[0], *domains = &c->arg[1];
	struct list list = {.ev = c->ev};

	for (unsigned i = 0; i < all->n; i++) {
		struct val one = val_at(all, i);
		struct value address = one.items[0].text;
		if (spend(c->ev, 64 * (size_t)domains->n) < 0)
			return -1;
		if (!address_type_is(address, "smtp") || !among(address_domain(address), domains))
			continue;
		if (list_add(&list, &one) < 0)
			return -1;
	}
	c->out = list_val(&list);
	return 0;
}

int fn_sipaddress(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};
	struct value address;

	fn_trim(c);
	address = c->out.items[0].text;
	if (address_type_is(address, "sip"))
		address_split(address, NULL, &address);
	c->out = (struct val){.kind = EXPR_NULL};
	if (address.len == 0)
		return 0;
	sink_add(&out, value_of("sip:"));
	sink_add(&out, address);
	return give_sink(c, &out);
}

/* Latin letters and marks that Unicode does not take apart. */
static const struct {
	ucs4_t character;
	const char *ascii;
} letters[] = {
	{0x00b4, "'"}, /* acute accent by itself */
	{0x00c6, "AE"},
	{0x00d0, "D"}, /* eth */
	{0x00d8, "O"},
	{0x00de, "TH"}, /* thorn */
	{0x00df, "ss"},
	{0x00e6, "ae"},
	{0x00f0, "d"},
	{0x00f8, "o"},
	{0x00fe, "th"},
	{0x0110, "D"},
	{0x0111, "d"},
	{0x0126, "H"},
	{0x0127, "h"},
	{0x0131, "i"},
	{0x0138, "k"},
	{0x0141, "L"},
	{0x0142, "l"},
	{0x014a, "N"}, /* eng */
	{0x014b, "n"},
	{0x0152, "OE"},
	{0x0153, "oe"},
	{0x0166, "T"},
	{0x0167, "t"},
	{0x018f, "E"}, /* schwa */
	{0x0259, "e"},
	{0x1e9e, "SS"},
	{0x2010, "-"}, /* hyphens and dashes */
	{0x2011, "-"},
	{0x2012, "-"},
	{0x2013, "-"},
	{0x2014, "-"},
	{0x2212, "-"},
	{0x2018, "'"},
	{0x2019, "'"},
	{0x201c, "\""},
	{0x201d, "\""},
	{0x2044, "/"}, /* of a fraction */
	{0x20ac, "EUR"},
};

/* A character as ASCII: itself, by the table, or by its parts. Marks and other scripts leave
 * nothing. */
static void add_ascii(struct sink *out, ucs4_t character)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int tag, n;

	if (character < 0x80) {
		sink_char(out, character);
		return;
	}
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].character == character) {
			sink_add(out, value_of(letters[i].ascii));
			return;
		}
	}
	n = uc_decomposition(character, &tag, parts);
	for (int i = 0; i < n; i++)
		add_ascii(out, parts[i]);
}

static void to_ascii(struct sink *out, struct value text)
{
	ucs4_t character;

	for (size_t i = 0; i < text.len;) {
		i += (size_t)u8_mbtouc(&character, (const uint8_t *)text.data + i, text.len - i);
		add_ascii(out, character);
	}
}

int fn_ascii(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};

	to_ascii(&out, arg_text(c, 0));
	return out.len > 0 ? give_sink(c, &out) : 0;
}

/* Letters, digits, '-', '_' and single dots inside: what every Exchange, and the cloud, takes. */
int fn_nickname(struct call *c)
{
	struct sink out = {.mem = c->ev->mem};
	size_t len = 0;

	to_ascii(&out, arg_text(c, 0));
	for (size_t i = 0; i < out.len && len < MAX_NICKNAME; i++) {
		char one = out.data[i];
		bool dot = one == '.' && len > 0 && out.data[len - 1] != '.';
		if (dot || ascii_letter(one) || ascii_digit(one) || one == '-' || one == '_')
			out.data[len++] = one;
	}
	while (len > 0 && out.data[len - 1] == '.')
		len--;
	return len > 0 ? give_str(c, (struct value){out.data, len}) : 0;
}

/* The letter without its marks; a character whose parts are not just marks stays whole (Hangul). */
static ucs4_t bare(ucs4_t character)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int n = uc_canonical_decomposition(character, parts);

	for (int i = 1; i < n; i++) {
		if (!uc_is_general_category(parts[i], UC_NON_SPACING_MARK))
			return character;
	}
	return n > 0 ? bare(parts[0]) : character;
}

int fn_normalizediacritics(struct call *c)
{
	struct value text = arg_text(c, 0);
	struct sink out = {.mem = c->ev->mem};
	ucs4_t character;

	for (size_t i = 0; i < text.len;) {
		i += (size_t)u8_mbtouc(&character, (const uint8_t *)text.data + i, text.len - i);
		if (!uc_is_general_category(character, UC_NON_SPACING_MARK))
			sink_char(&out, bare(character));
	}
	return give_sink(c, &out);
}
