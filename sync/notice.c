#include "sync/notice.h"

#include <string.h>

#include "base/attr.h"

static const char *const kinds[N_NOTICE_KINDS] = {
	[NOTICE_DUPLICATE] = "duplicate address",
	[NOTICE_MAILBOXES] = "user with two mailboxes",
	[NOTICE_IN_THE_WAY] = "existing contact in the way",
	[NOTICE_CONFLICT] = "other conflict",
	[NOTICE_BLANK] = "blank value",
	[NOTICE_ALIAS] = "bad alias",
	[NOTICE_LONG] = "over-long value",
	[NOTICE_ADDRESS] = "bad address",
	[NOTICE_SIP] = "SIP address",
	[NOTICE_VALUE] = "bad value",
	[NOTICE_TAKEN] = "name or alias taken",
	[NOTICE_ADOPTED] = "existing contact, taken over",
};

const char *notice_kind_name(enum notice_kind kind)
{
	return kinds[kind];
}

#define LEFT_OUT "written without it"
#define REPAIRED "written as repaired"
#define AS_IT_IS "written as it is"

/* Codes of rules/complaint.c. warned: what is done when it is a warning. */
static const struct {
	const char *code;
	enum notice_kind kind;
	const char *warned;
} codes[] = {
	{"E_CN_BLANK", NOTICE_BLANK, REPAIRED},
	{"E_CTRL", NOTICE_VALUE, REPAIRED},
	{"E_DN_BLANK", NOTICE_BLANK, REPAIRED},
	{"E_LEN", NOTICE_LONG, "written shortened, or without it"},
	{"E_NICK_BLANK", NOTICE_BLANK, REPAIRED},
	{"E_NICK_CHARS", NOTICE_ALIAS, REPAIRED},
	{"E_NICK_LEN", NOTICE_ALIAS, "written shortened"},
	{"E_PROXY_CHARS", NOTICE_ADDRESS, LEFT_OUT},
	{"E_PROXY_PRIMARY", NOTICE_ADDRESS, REPAIRED},
	{"E_REQUIRED", NOTICE_BLANK, REPAIRED},
	{"E_RULE", NOTICE_VALUE, REPAIRED},
	{"E_SAM_BLANK", NOTICE_BLANK, REPAIRED},
	{"E_SINGLE", NOTICE_VALUE, "written with one of them"},
	{"E_SIP_SYNTAX", NOTICE_SIP, LEFT_OUT},
	{"E_SMTP_SYNTAX", NOTICE_ADDRESS, LEFT_OUT},
	{"E_TARGET_BLANK", NOTICE_ADDRESS, LEFT_OUT},
	{"E_TARGET_LOCAL", NOTICE_ADDRESS, AS_IT_IS},
	{"E_TARGET_SYNTAX", NOTICE_ADDRESS, AS_IT_IS},
	{"E_TOO_MANY_PROXIES", NOTICE_ADDRESS, AS_IT_IS},
	{"E_UPN_SIPDOMAIN", NOTICE_SIP, AS_IT_IS},
	{"W_DN_FALLBACK", NOTICE_BLANK, "written with the value that the rules took"},
	{"W_FOREIGN_ADDRESS", NOTICE_ADDRESS, LEFT_OUT},
	{"W_INVISIBLE", NOTICE_VALUE, "written without them"},
	{"W_MANY_PROXIES", NOTICE_ADDRESS, AS_IT_IS},
	{"W_SIP_NE_MAIL", NOTICE_SIP, AS_IT_IS},
	{"W_SIP_NE_UPN", NOTICE_SIP, AS_IT_IS},
};

bool notice_of_code(const char *code, bool warning, enum notice_kind *kind, const char **does)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].code, code) != 0)
			continue;
		*kind = codes[i].kind;
		*does = warning ? codes[i].warned : "not written until it is corrected";
		return true;
	}
	return false;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct value trimmed(struct value v)
{
	while (v.len > 0 && blank(v.data[v.len - 1]))
		v.len--;
	while (v.len > 0 && blank(v.data[0])) {
		v.data++;
		v.len--;
	}
	return v;
}

bool notice_shortened(struct value source, struct value wanted)
{
	source = trimmed(source);
	wanted = trimmed(wanted);
	return wanted.len > 0 && wanted.len < source.len &&
	       memcmp(source.data, wanted.data, wanted.len) == 0;
}

bool notice_has_mailbox(const struct entry *e)
{
	return entry_is(e, "user") && !entry_is(e, "computer") &&
	       entry_find(e, "targetAddress") == NULL &&
	       (entry_find(e, "homeMDB") != NULL || entry_find(e, "msExchMailboxGuid") != NULL ||
		       entry_find(e, "proxyAddresses") != NULL);
}

int notice_order(const void *a, const void *b)
{
	const struct notice *x = *(const struct notice *const *)a;
	const struct notice *y = *(const struct notice *const *)b;
	int order;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->person != y->person)
		return x->person ? -1 : 1;
	if ((order = value_order(x->object, y->object)) != 0 ||
		(order = value_order(x->other, y->other)) != 0 ||
		(order = strcmp(x->code, y->code)) != 0)
		return order;
	return strcmp(x->what, y->what);
}
