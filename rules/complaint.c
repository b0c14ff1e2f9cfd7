/* The codes of complaints, and their texts. */
#include "rules/validate.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"

#define SHOWN 80 /* characters of a value that a complaint shows */

/* The codes: what must hold, and what to do about it. Sorted as enum fault is. */
static const struct {
	const char *code, *rule, *remedy;
} faults[] = {
	[E_CN_BLANK] = {"E_CN_BLANK", "the name (cn) is not blank", "set cn in the source"},
	[E_CTRL] = {"E_CTRL", "text is UTF-8 without control characters",
		"retype the value in the source"},
	[E_DN_BLANK] = {"E_DN_BLANK", "displayName is not blank", "set displayName in the source"},
	[E_LEN] = {"E_LEN", "no value is longer than the directory takes",
		"shorten it in the source"},
	[E_NICK_BLANK] = {"E_NICK_BLANK", "a contact has a mailNickname",
		"set sAMAccountName or mailNickname in the source"},
	[E_NICK_CHARS] = {"E_NICK_CHARS",
		"mailNickname has letters, digits, '-', '_' and dots within",
		"choose another name in the source"},
	[E_NICK_LEN] = {"E_NICK_LEN", "mailNickname has at most 64 characters",
		"choose a shorter name in the source"},
	[E_PROXY_CHARS] = {"E_PROXY_CHARS",
		"a proxy address has a type (of letters, digits, - and _), and in an SMTP "
		"address nothing that needs quoting",
		"correct or remove it in the source"},
	[E_PROXY_PRIMARY] = {"E_PROXY_PRIMARY", "one proxy address is primary (SMTP:)",
		"mark one as primary in the source"},
	[E_REQUIRED] = {"E_REQUIRED", "what a rule requires is not blank", "set it in the source"},
	[E_RULE] = {"E_RULE", "each expression has a value", "correct the rule or the source"},
	[E_SAM_BLANK] = {"E_SAM_BLANK", "sAMAccountName is not blank",
		"set sAMAccountName in the source"},
	[E_SINGLE] = {"E_SINGLE", "a single-valued attribute gets one value",
		"choose one in the rule, as with Item([x], 1)"},
	[E_SIP_SYNTAX] = {"E_SIP_SYNTAX",
		"a SIP address is sip:user@domain, in one of the source's sip-domains",
		"correct it in the source, or add the domain to sip-domains"},
	[E_SMTP_SYNTAX] = {"E_SMTP_SYNTAX", "an SMTP address can be mailed to",
		"correct it in the source"},
	[E_TARGET_BLANK] = {"E_TARGET_BLANK", "a contact has a targetAddress",
		"give the entry an address in one of smtp-domains"},
	[E_TARGET_LOCAL] = {"E_TARGET_LOCAL",
		"targetAddress is not in one of the target's own smtp-domains",
		"give the entry an address of the source's own"},
	[E_TARGET_SYNTAX] = {"E_TARGET_SYNTAX", "targetAddress is SMTP: and an address",
		"correct it in the source"},
	[E_TOO_MANY_PROXIES] = {"E_TOO_MANY_PROXIES", "at most 300 proxy addresses",
		"remove old addresses in the source"},
	[E_UPN_SIPDOMAIN] = {"E_UPN_SIPDOMAIN", "people sign in with a name in a SIP domain",
		"change userPrincipalName in the source, or expect prompts"},
	[W_DN_FALLBACK] = {"W_DN_FALLBACK", "displayName is set", "set displayName in the source"},
	[W_FOREIGN_ADDRESS] = {"W_FOREIGN_ADDRESS",
		"SMTP addresses are in one of the source's smtp-domains",
		"add the domain to smtp-domains if it is the source's"},
	[W_INVISIBLE] = {"W_INVISIBLE", "text has no marks that nobody sees",
		"retype the value in the source"},
	[W_MANY_PROXIES] = {"W_MANY_PROXIES", "not over 200 proxy addresses",
		"remove old addresses in the source"},
	[W_SIP_NE_MAIL] = {"W_SIP_NE_MAIL", "the SIP address is the mail address",
		"make them equal in the source, or clients prompt for a password"},
	[W_SIP_NE_UPN] = {"W_SIP_NE_UPN", "the SIP address is the sign-in name (userPrincipalName)",
		"make them equal in the source: other sign-in addresses are not supported"},
};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

void validators_help(struct buf *out)
{
	for (size_t i = 0; i < FAULTS; i++)
		buf_printf(out, "%-18s  %s; else: %s\n", faults[i].code, faults[i].rule,
			faults[i].remedy);
}

static const char *complaint_text(
	struct arena *mem, enum fault fault, const struct subject *s, const char *what)
{
	struct value shown = utf8_cut(s->value, SHOWN);
	struct buf b = {0};

	if (s->attr != ATTR_NONE)
		buf_printf(&b, "%s ", attr_name(s->attr));
	if (shown.len > 0) {
		buf_putc(&b, '\'');
		text_safe_add(&b, shown.data, shown.len, 1);
		buf_puts(&b, shown.len < s->value.len ? "...' " : "' ");
	}
	if (s->line != NULL)
		buf_printf(&b, "(%s)", s->line);
	while (b.len > 0 && b.data[b.len - 1] == ' ')
		b.len--;
	buf_printf(&b, ": %s; %s", what, faults[fault].remedy);
	const char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

static void __attribute__((format(printf, 5, 0))) complain(struct mapping *m, enum fault fault,
	bool warning, struct subject s, const char *fmt, va_list args)
{
	struct desired *out = m->out;
	struct complaint *all =
		arena_alloc(m->mem, (out->n_complaints + 1) * sizeof(*out->complaints));
	char *what = arena_vprintf(m->mem, fmt, args);

	for (unsigned i = 0; i < out->n_complaints; i++)
		all[i] = out->complaints[i];
	all[out->n_complaints++] = (struct complaint){
		faults[fault].code, warning, s.attr, complaint_text(m->mem, fault, &s, what)};
	out->complaints = all;
	m->failed |= !warning;
}

void complain_error(struct mapping *m, enum fault fault, struct subject s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(m, fault, false, s, fmt, args);
	va_end(args);
}

void complain_warning(struct mapping *m, enum fault fault, struct subject s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(m, fault, true, s, fmt, args);
	va_end(args);
}

bool complained(const struct mapping *m, enum fault fault, unsigned attr)
{
	for (unsigned i = 0; i < m->out->n_complaints; i++) {
		const struct complaint *c = &m->out->complaints[i];
		if (c->attr == attr && strcmp(c->code, faults[fault].code) == 0)
			return true;
	}
	return false;
}
