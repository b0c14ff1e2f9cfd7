/* The checks of attributes that hold addresses, and must agree with each other. */
#include "rules/validate.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/utf8.h"

#include "rules/address.h"

#define SMTP_MAX 256     /* characters of one address, Exchange Online's limit */
#define PROXIES_MANY 200 /* Exchange Online begins to refuse the object ... */
#define PROXIES_MAX 300  /* ... and does (LargeObject) */

static const struct value none = {NULL, 0};

/* The one value that the rules want of an attribute; empty: none. */
static struct value wanted_one(const struct mapping *m, const char *attr)
{
	const struct wanted *w = wanted_find(m->out, attr_named(attr));

	return w != NULL && w->n == 1 ? w->values[0] : none;
}

static struct value without_type(struct value address)
{
	struct value rest;

	address_split(address, NULL, &rest);
	return rest;
}

static struct value with_type(struct arena *mem, const char *type, struct value address)
{
	size_t n = strlen(type);
	char *copy = arena_alloc(mem, n + address.len + 1);

	memcpy(copy, type, n);
	if (address.len > 0)
		memcpy(copy + n, address.data, address.len);
	copy[n + address.len] = '\0';
	return (struct value){copy, n + address.len};
}

static bool in_domains(struct value address, const char *const *domains, unsigned n)
{
	struct value domain = address_domain(address);

	for (unsigned i = 0; i < n; i++) {
		if (utf8_same(domain, value_of(domains[i])))
			return true;
	}
	return false;
}

/* An SMTP address that is not the source's to give: it could take over the mail of whoever owns the
 * domain. The one exception is where the entry's own mail goes: a partner's, outside both. */
static bool foreign(const struct mapping *m, struct value address)
{
	const struct rules_env *env = m->env;

	return env->n_source_smtp > 0 &&
	       !in_domains(address, env->source_smtp, env->n_source_smtp) &&
	       !utf8_same(address, without_type(wanted_one(m, "targetAddress")));
}

/* Of "sip:user@domain". */
static const char *sip_fault(const struct rules_env *env, struct value sip)
{
	const char *fault = address_sip_fault(without_type(sip));

	if (fault == NULL && env->n_source_sip > 0 &&
		!in_domains(sip, env->source_sip, env->n_source_sip))
		fault = "the domain is not one of the source's sip-domains";
	return fault;
}

void check_target(struct mapping *m, struct wanted *w)
{
	const struct rules_env *env = m->env;
	struct subject subject = {w->attr, none, w->line};

	if (w->n == 0 && wants_contact(m->out))
		complain_error(m, E_TARGET_BLANK, subject, "there is no address for its mail");
	if (w->n != 1)
		return;
	subject.value = w->values[0];
	const char *fault = "it does not begin with SMTP:";
	if (address_primary(subject.value))
		fault = address_smtp_fault(without_type(subject.value));
	if (fault != NULL)
		complain_error(m, E_TARGET_SYNTAX, subject, "%s", fault);
	else if (in_domains(subject.value, env->target_smtp, env->n_target_smtp))
		complain_error(m, E_TARGET_LOCAL, subject, "the target's own domain");
}

void check_mail(struct mapping *m, struct wanted *w)
{
	if (w->n != 1)
		return;
	const struct subject subject = {w->attr, w->values[0], w->line};
	const char *fault = address_smtp_fault(subject.value);
	if (fault != NULL) {
		complain_error(m, E_SMTP_SYNTAX, subject, "%s", fault);
	} else if (foreign(m, subject.value)) {
		complain_warning(m, W_FOREIGN_ADDRESS, subject,
			"the domain is not one of the source's smtp-domains, it is left out");
		w->n = 0;
	}
}

void check_sip(struct mapping *m, struct wanted *w)
{
	if (w->n != 1)
		return;
	const struct subject subject = {w->attr, w->values[0], w->line};
	const char *fault = "it does not begin with sip:";
	if (subject.value.len > 4 && memcmp(subject.value.data, "sip:", 4) == 0)
		fault = sip_fault(m->env, subject.value);
	if (fault == NULL)
		return;
	/* Absent, here and in proxyAddresses: an old one beside the new would be somebody else's
	 * or nobody's. */
	complain_warning(m, E_SIP_SYNTAX, subject, "%s, it is left out", fault);
	w->n = 0;
}

/* Characters that no system takes in an SMTP proxy address, whatever RFC 5322 says of quoting. */
static const char *chars_fault(struct value address)
{
	if (!utf8_ascii(address.data, address.len))
		return "a character that is not ASCII";
	for (size_t i = 0; i < address.len; i++) {
		if (address.data[i] != '\0' && strchr(" <>();,[]\":", address.data[i]) != NULL)
			return "a blank or one of <>();,[]\": in it";
	}
	return NULL;
}

/* "smtp" with a blank in front would be another type, and no check would know it for an address. */
static bool type_good(struct value type)
{
	for (size_t i = 0; i < type.len; i++) {
		char c = type.data[i];
		if (!ascii_letter(c) && !ascii_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool invisible(const struct mapping *m, struct value v)
{
	unsigned n;

	(void)without_invisible(m->mem, v, &n);
	return n > 0;
}

/* What is wrong with one proxy address; NULL: nothing. */
static const char *proxy_fault(const struct mapping *m, struct value v, enum fault *code)
{
	struct value type, address;
	const char *fault;

	*code = E_PROXY_CHARS;
	if (!address_split(v, &type, &address))
		return "no type like smtp: in front";
	if (!type_good(type))
		return "a type that is not of letters and digits";
	if (address.len == 0)
		return "no address behind the type";
	if (invisible(m, v))
		return "a mark in it that nobody sees";
	*code = E_SIP_SYNTAX;
	if (address_type_is(v, "sip"))
		return sip_fault(m->env, v);
	*code = E_LEN;
	if (!address_type_is(v, "smtp"))
		return utf8_count(v.data, v.len) > attr_limit(attr_named("proxyAddresses"))
			       ? "longer than the directory takes"
			       : NULL;
	if (v.len > SMTP_MAX)
		return "longer than 256 characters";
	*code = E_PROXY_CHARS;
	if ((fault = chars_fault(address)) != NULL)
		return fault;
	*code = E_SMTP_SYNTAX;
	if ((fault = address_smtp_fault(address)) != NULL)
		return fault;
	*code = W_FOREIGN_ADDRESS;
	return foreign(m, address) ? "the domain is not one of the source's smtp-domains" : NULL;
}

/* Is the address good to have? If not, somebody hears of it; a bad primary one fails the object,
 * for mail would be answered to another address than its owner's. */
static bool proxy_good(struct mapping *m, const struct wanted *w, struct value v)
{
	const struct subject subject = {w->attr, v, w->line};
	enum fault code;
	const char *fault = proxy_fault(m, v, &code);

	if (fault == NULL)
		return true;
	if (address_primary(v) && code != W_FOREIGN_ADDRESS)
		complain_error(m, code, subject, "%s, and it is the primary address", fault);
	else
		complain_warning(m, code, subject, "%s, it is left out", fault);
	return false;
}

/* Addresses as they are collected. */
struct list {
	unsigned n;
	struct value *values;
};

static bool list_has(const struct list *list, struct value v)
{
	for (unsigned i = 0; i < list->n; i++) {
		if (utf8_same(list->values[i], v))
			return true;
	}
	return false;
}

/* One primary SMTP address. Without one, mail or targetAddress is it; the smallest of the others is
 * what address_merge then takes. */
static void settle_primary(struct mapping *m, const struct wanted *w, struct list *list)
{
	struct value mail = wanted_one(m, "mail"), first = none, *v = list->values;
	bool some = false;

	for (unsigned i = 0; i < list->n; i++) {
		some |= address_type_is(v[i], "smtp");
		if (!address_primary(v[i]))
			continue;
		if (first.len > 0)
			complain_error(m, E_PROXY_PRIMARY, (struct subject){w->attr, v[i], w->line},
				"a second primary address beside '%.*s'", (int)first.len,
				first.data);
		first = v[i];
	}
	if (mail.len == 0)
		mail = without_type(wanted_one(m, "targetAddress"));
	if (first.len > 0)
		return;
	if (some && !complained(m, W_FOREIGN_ADDRESS, w->attr))
		complain_warning(m, E_PROXY_PRIMARY, (struct subject){w->attr, mail, w->line},
			"none of the addresses is marked as primary (SMTP:)");
	if (mail.len > 0)
		list->values[list->n++] = with_type(m->mem, "SMTP:", mail);
}

void check_proxies(struct mapping *m, struct wanted *w)
{
	const struct wanted *sip = wanted_find(m->out, attr_named("msRTCSIP-PrimaryUserAddress"));
	struct list list = {0, arena_alloc(m->mem, (w->n + 3) * sizeof(*list.values))};

	for (unsigned i = 0; i < w->n; i++) {
		/* The SIP address is the attribute's, when there is the attribute. */
		bool skip = sip != NULL && address_type_is(w->values[i], "sip");
		if (!skip && proxy_good(m, w, w->values[i]))
			list.values[list.n++] = w->values[i];
	}
	if (sip != NULL && sip->n == 1)
		list.values[list.n++] = sip->values[0];
	settle_primary(m, w, &list);
	/* Mail is sent to targetAddress: it must be found under that address, too. */
	struct value target = wanted_one(m, "targetAddress");
	if (target.len > 0) {
		target = with_type(m->mem, "smtp:", without_type(target));
		if (!list_has(&list, target))
			list.values[list.n++] = target;
	}
	w->n = address_merge(m->mem, NULL, 0, list.values, list.n, NULL, 0, &w->values);
	if (w->n > PROXIES_MAX)
		complain_error(m, E_TOO_MANY_PROXIES, (struct subject){w->attr, none, w->line},
			"%u addresses, 300 are possible", w->n);
	else if (w->n > PROXIES_MANY)
		complain_warning(m, W_MANY_PROXIES, (struct subject){w->attr, none, w->line},
			"%u addresses, over 300 are refused", w->n);
}

/* Foreign mail was left out: the primary address takes its place. */
void check_mail_again(struct mapping *m, struct wanted *w)
{
	const struct wanted *proxies = wanted_find(m->out, attr_named("proxyAddresses"));

	if (!complained(m, W_FOREIGN_ADDRESS, w->attr) || proxies == NULL || proxies->n == 0 ||
		!address_primary(proxies->values[0]))
		return;
	w->values[0] = without_type(proxies->values[0]);
	w->n = 1;
}

/* What Lync clients trip over: they sign in with one address and ask for mail with another. */
void check_sip_again(struct mapping *m, struct wanted *w)
{
	const struct rules_env *env = m->env;
	struct value mail = wanted_one(m, "mail");
	struct value upn = entry_first(m->source, attr_named("userPrincipalName"));

	if (w->n != 1)
		return;
	struct value sip = without_type(w->values[0]);
	if (mail.len > 0 && !utf8_same(sip, mail))
		complain_warning(m, W_SIP_NE_MAIL, (struct subject){w->attr, w->values[0], w->line},
			"it differs from mail '%.*s'", (int)mail.len, mail.data);
	bool shared = env->n_source_sip > 0 ? in_domains(upn, env->source_sip, env->n_source_sip)
					    : utf8_same(address_domain(upn), address_domain(sip));
	if (upn.len > 0 && !shared)
		complain_warning(m, E_UPN_SIPDOMAIN,
			(struct subject){attr_named("userPrincipalName"), upn, NULL},
			"its domain is not one of SIP");
	else if (upn.len > 0 && !utf8_same(sip, upn))
		complain_warning(m, W_SIP_NE_UPN, (struct subject){w->attr, w->values[0], w->line},
			"it differs from the sign-in name '%.*s'", (int)upn.len, upn.data);
}
