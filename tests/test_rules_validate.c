#include "rules_cases.h"

/* A rule that asks for what the source has, so that what is asked for is the validators' doing. */
#define RULE                                                                                    \
	"rule r\n scope (a=*)\n name \"CN=n\"\n require a\n"                                    \
	" objectClass add = [objectClass]\n displayName = [displayName]\n displayName = [cn]\n" \
	" mailNickname = [mailNickname]\n targetAddress = [targetAddress]\n mail = [mail]\n"    \
	" msRTCSIP-PrimaryUserAddress = [msRTCSIP-PrimaryUserAddress]\n"                        \
	" msRTCSIP-PrimaryUserAddress = IIF(IsPresent([noSip]), NULL, IgnoreThisFlow)\n"        \
	" proxyAddresses merge = Coalesce([proxyAddresses], IIF(IsPresent([mail]), NULL, "      \
	"IgnoreThisFlow))\n"                                                                    \
	" title = Coalesce([title], IgnoreThisFlow)\n c = Coalesce([c], IgnoreThisFlow)\n"      \
	" streetAddress = Coalesce([streetAddress], IgnoreThisFlow)\n"                          \
	" otherTelephone = Coalesce([otherTelephone], IgnoreThisFlow)\n"                        \
	" thumbnailPhoto = Coalesce([thumbnailPhoto], IgnoreThisFlow)\n"                        \
	" userCertificate = Coalesce([userCertificate], IgnoreThisFlow)\n"                      \
	" unheardOf = Coalesce([unheardOf], IgnoreThisFlow)\n"

/* What each entry below has; a line of the table may have it once more, and then both values count.
 */
#define CONTACT "a=1 | objectClass=contact | "
#define NAMED CONTACT "displayName=d | mailNickname=n | "
#define SENT NAMED "targetAddress=SMTP:t@abc.example | "
#define MAILED SENT "mail=t@abc.example | "

#define D "CN=n | objectClass?=contact | displayName=d | mailNickname=n"
#define T D " | targetAddress=SMTP:t@abc.example"
#define M T " | mail=t@abc.example"
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *code, *entry, *desired;
} cases[] = {
	/* displayName */
	{"E_DN_BLANK", CONTACT "mailNickname=n | targetAddress=SMTP:t@abc.example",
		"CN=n | objectClass?=contact | displayName=- | mailNickname=n | "
		"targetAddress=SMTP:t@abc.example | mail=- | "
		"!E_DN_BLANK displayName"},
	{"E_DN_BLANK: only a contact needs one", "a=1 | objectClass=user",
		"CN=n | objectClass?=user | displayName=- | mailNickname=- | targetAddress=- | "
		"mail=-"},
	{"W_DN_FALLBACK", CONTACT "cn=c | mailNickname=n | targetAddress=SMTP:t@abc.example",
		"CN=n | objectClass?=contact | displayName=c | mailNickname=n | "
		"targetAddress=SMTP:t@abc.example | mail=- | "
		"~W_DN_FALLBACK displayName"},

	/* mailNickname */
	{"E_NICK_BLANK", CONTACT "displayName=d | targetAddress=SMTP:t@abc.example",
		"CN=n | objectClass?=contact | displayName=d | mailNickname=- | "
		"targetAddress=SMTP:t@abc.example | mail=- | "
		"!E_NICK_BLANK mailNickname"},
	{"E_NICK_CHARS: every character that IdFix does not take",
		"a=1 | mailNickname=a \\!#$%&*+/=?^`{}|~<>()';:,[]\"@z-_9.Z",
		"CN=n | displayName=- | mailNickname=az-_9.Z | targetAddress=- | mail=- | "
		"~E_NICK_CHARS mailNickname"},
	{"E_NICK_CHARS: dots", "a=1 | mailNickname=.a..b.",
		"CN=n | displayName=- | mailNickname=a.b | targetAddress=- | mail=- | "
		"~E_NICK_CHARS mailNickname"},
	{"E_NICK_CHARS: letters that are not ASCII", "a=1 | mailNickname=Jørgen.Müßig",
		"CN=n | displayName=- | mailNickname=Jorgen.Mussig | targetAddress=- | mail=- | "
		"~E_NICK_CHARS mailNickname"},
	{"E_NICK_CHARS: nothing is left", "a=1 | mailNickname=@@@",
		"CN=n | displayName=- | mailNickname=- | targetAddress=- | mail=- | !E_NICK_CHARS "
		"mailNickname"},
	{"E_NICK_LEN", "a=1 | mailNickname={63}yz",
		"CN=n | displayName=- | mailNickname=" X63
		"y | targetAddress=- | mail=- | ~E_NICK_LEN mailNickname"},
	{"E_NICK_LEN: not cut behind a dot", "a=1 | mailNickname={63}.yz",
		"CN=n | displayName=- | mailNickname=" X63
		" | targetAddress=- | mail=- | ~E_NICK_LEN mailNickname"},

	/* targetAddress */
	{"E_TARGET_BLANK", NAMED "b=1",
		D " | targetAddress=- | mail=- | !E_TARGET_BLANK targetAddress"},
	{"E_TARGET_SYNTAX: the type", NAMED "targetAddress=smtp:t@abc.example",
		D " | targetAddress=smtp:t@abc.example | mail=- | !E_TARGET_SYNTAX targetAddress"},
	{"E_TARGET_SYNTAX: no type", NAMED "targetAddress=t@abc.example",
		D " | targetAddress=t@abc.example | mail=- | !E_TARGET_SYNTAX targetAddress"},
	{"E_TARGET_SYNTAX: the address", NAMED "targetAddress=SMTP:a\\b@abc.example",
		D
		" | targetAddress=SMTP:a\\b@abc.example | mail=- | !E_TARGET_SYNTAX targetAddress"},
	{"E_TARGET_SYNTAX: .local", NAMED "targetAddress=SMTP:t@abc.local",
		D " | targetAddress=SMTP:t@abc.local | mail=- | !E_TARGET_SYNTAX targetAddress"},
	{"E_TARGET_LOCAL", NAMED "targetAddress=SMTP:t@XYZ.example",
		D " | targetAddress=SMTP:t@XYZ.example | mail=- | !E_TARGET_LOCAL targetAddress"},
	{"E_LEN: an address that is cut would be another's",
		NAMED "targetAddress=SMTP:{240}@abc.example", NULL},

	/* mail */
	{"E_SMTP_SYNTAX", SENT "mail=t t@abc.example | proxyAddresses=SMTP:t@abc.example",
		T " | mail=t t@abc.example | proxyAddresses+=SMTP:t@abc.example | !E_SMTP_SYNTAX "
		  "mail"},
	{"W_FOREIGN_ADDRESS: mail, and the primary takes its place",
		SENT "mail=t@other.example | proxyAddresses=SMTP:p@abc.example",
		T " | mail=p@abc.example | proxyAddresses+=SMTP:p@abc.example, smtp:t@abc.example "
		  "| ~W_FOREIGN_ADDRESS mail"},
	{"W_FOREIGN_ADDRESS: nothing takes its place",
		NAMED "targetAddress=SMTP:t@abc.example | mail=t@other.example | b=1",
		T " | mail=t@abc.example | proxyAddresses+=SMTP:t@abc.example | ~W_FOREIGN_ADDRESS "
		  "mail"},
	{"W_FOREIGN_ADDRESS: without proxyAddresses mail goes", "a=1 | mail=t@other.example",
		"CN=n | displayName=- | mailNickname=- | targetAddress=- | mail=- | "
		"proxyAddresses+=- | ~W_FOREIGN_ADDRESS mail"},

	/* SIP */
	{"E_SIP_SYNTAX: left out, the object goes on",
		MAILED "msRTCSIP-PrimaryUserAddress=ann@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"E_SIP_SYNTAX: the prefix is in lower case",
		MAILED "msRTCSIP-PrimaryUserAddress=SIP:t@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"E_SIP_SYNTAX: user@domain", MAILED "msRTCSIP-PrimaryUserAddress=sip:t",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"E_SIP_SYNTAX: nothing but the prefix", MAILED "msRTCSIP-PrimaryUserAddress=sip:",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"E_SIP_SYNTAX: the domain", MAILED "msRTCSIP-PrimaryUserAddress=sip:t@abc-mail.example",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"E_SIP_SYNTAX: nor is there another one in proxyAddresses",
		MAILED "msRTCSIP-PrimaryUserAddress=sip:t | proxyAddresses=sip:t@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example | "
		  "~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"SIP goes into proxyAddresses, in place of others",
		MAILED "msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		       "proxyAddresses=SIP:old@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:t@abc.example"},
	{"no SIP, none in proxyAddresses", MAILED "noSip=1 | proxyAddresses=sip:old@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:t@abc.example"},
	{"W_SIP_NE_MAIL", MAILED "msRTCSIP-PrimaryUserAddress=sip:u@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:u@abc.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:u@abc.example | "
		  "~W_SIP_NE_MAIL msRTCSIP-PrimaryUserAddress"},
	{"W_SIP_NE_MAIL: not for case", MAILED "msRTCSIP-PrimaryUserAddress=sip:T@ABC.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:T@ABC.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:T@ABC.example"},
	{"W_SIP_NE_UPN",
		MAILED "msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		       "userPrincipalName=u@abc.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:t@abc.example | "
		  "~W_SIP_NE_UPN msRTCSIP-PrimaryUserAddress"},
	{"W_SIP_NE_UPN: not for case",
		MAILED "msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		       "userPrincipalName=T@ABC.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:t@abc.example"},
	{"E_UPN_SIPDOMAIN",
		MAILED "msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		       "userPrincipalName=t@corp.abc.example",
		M " | msRTCSIP-PrimaryUserAddress=sip:t@abc.example | "
		  "proxyAddresses+=SMTP:t@abc.example, sip:t@abc.example | "
		  "~E_UPN_SIPDOMAIN userPrincipalName"},
	{"E_UPN_SIPDOMAIN: of people with SIP only", MAILED "userPrincipalName=t@corp.abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example"},

	/* proxyAddresses: one by one */
	{"E_PROXY_CHARS: characters",
		MAILED "proxyAddresses=SMTP:t@abc.example | proxyAddresses=smtp:a b@abc.example | "
		       "proxyAddresses=smtp:a<b@abc.example | "
		       "proxyAddresses=smtp:a:b@abc.example | proxyAddresses=smtp:jörg@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses | ~E_PROXY_CHARS proxyAddresses"},
	{"E_PROXY_CHARS: in the primary", MAILED "proxyAddresses=SMTP:a b@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example | !E_PROXY_CHARS proxyAddresses"},
	{"E_PROXY_CHARS: no type, no address",
		MAILED "proxyAddresses=t@abc.example | proxyAddresses=X500: | proxyAddresses=:x",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses"},
	{"E_PROXY_CHARS: a type that is none",
		MAILED "proxyAddresses=SMTP:t@abc.example | proxyAddresses= smtp:x@xyz.example | "
		       "proxyAddresses=smtp :y@xyz.example",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses"},
	{"E_SMTP_SYNTAX: of a secondary",
		MAILED "proxyAddresses=SMTP:t@abc.example | proxyAddresses=smtp:t@abc.local",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_SMTP_SYNTAX proxyAddresses"},
	{"E_SMTP_SYNTAX: of the primary", MAILED "proxyAddresses=SMTP:t@abc",
		M " | proxyAddresses+=SMTP:t@abc.example | !E_SMTP_SYNTAX proxyAddresses"},
	{"E_SIP_SYNTAX: in proxyAddresses",
		MAILED "proxyAddresses=sip:t | proxyAddresses=sip:t@xyz.example",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_SIP_SYNTAX proxyAddresses | "
		  "~E_SIP_SYNTAX proxyAddresses"},
	{"other types pass, whatever is in them",
		MAILED "proxyAddresses=X400:c=de; a=: | proxyAddresses=EUM:1 2",
		M " | proxyAddresses+=SMTP:t@abc.example, EUM:1 2, X400:c=de; a=:"},
	{"E_LEN: an SMTP address", MAILED "proxyAddresses=smtp:{240}@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_LEN proxyAddresses"},
	{"E_LEN: another", MAILED "proxyAddresses=X500:{1119}",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_LEN proxyAddresses"},
	{"W_FOREIGN_ADDRESS",
		MAILED
		"proxyAddresses=smtp:t@abc-mail.example | proxyAddresses=smtp:ceo@xyz.example",
		M " | proxyAddresses+=SMTP:t@abc.example, smtp:t@abc-mail.example | "
		  "~W_FOREIGN_ADDRESS proxyAddresses"},
	{"W_FOREIGN_ADDRESS: the primary",
		MAILED "proxyAddresses=SMTP:ceo@xyz.example | proxyAddresses=smtp:z@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example, smtp:z@abc.example | ~W_FOREIGN_ADDRESS "
		  "proxyAddresses"},
	{"a partner's own address is not foreign",
		NAMED "targetAddress=SMTP:b@partner.example | mail=B@partner.example | "
		      "proxyAddresses=SMTP:b@PARTNER.example",
		D " | targetAddress=SMTP:b@partner.example | mail=B@partner.example | "
		  "proxyAddresses+=SMTP:b@PARTNER.example"},

	/* proxyAddresses: together */
	{"E_PROXY_PRIMARY: none, mail is",
		MAILED "proxyAddresses=smtp:a@abc.example | proxyAddresses=smtp:t@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example, smtp:a@abc.example | ~E_PROXY_PRIMARY "
		  "proxyAddresses"},
	{"E_PROXY_PRIMARY: none, targetAddress is", SENT "proxyAddresses=smtp:a@abc.example",
		T " | mail=- | proxyAddresses+=SMTP:t@abc.example, smtp:a@abc.example | "
		  "~E_PROXY_PRIMARY proxyAddresses"},
	{"E_PROXY_PRIMARY: none, the smallest is",
		"a=1 | proxyAddresses=smtp:b@abc.example | proxyAddresses=smtp:a@abc.example",
		"CN=n | displayName=- | mailNickname=- | targetAddress=- | mail=- | "
		"proxyAddresses+=SMTP:a@abc.example, smtp:b@abc.example | ~E_PROXY_PRIMARY "
		"proxyAddresses"},
	{"E_PROXY_PRIMARY: two",
		MAILED "proxyAddresses=SMTP:a@abc.example | proxyAddresses=SMTP:b@abc.example",
		M " | proxyAddresses+=SMTP:a@abc.example, smtp:b@abc.example, smtp:t@abc.example | "
		  "!E_PROXY_PRIMARY proxyAddresses"},
	{"E_PROXY_PRIMARY: not for case",
		MAILED "proxyAddresses=SMTP:t@abc.example | proxyAddresses=SMTP:T@abc.example",
		M " | proxyAddresses+=SMTP:T@abc.example"},
	{"without any, they are made of mail", MAILED "b=1",
		M " | proxyAddresses+=SMTP:t@abc.example"},
	{"without an address there are none", "a=1 | mail= | proxyAddresses=X500:/o=a",
		"CN=n | displayName=- | mailNickname=- | targetAddress=- | mail=- | "
		"proxyAddresses+=X500:/o=a"},
	{"mail before targetAddress", SENT "mail=m@abc.example",
		T " | mail=m@abc.example | proxyAddresses+=SMTP:m@abc.example, smtp:t@abc.example"},
	{"targetAddress is among them", MAILED "proxyAddresses=SMTP:p@abc.example",
		M " | proxyAddresses+=SMTP:p@abc.example, smtp:t@abc.example"},
	{"W_MANY_PROXIES", SENT "proxyAddresses=SMTP:t@abc.example | proxyAddresses=X500:{#200}",
		"~W_MANY_PROXIES proxyAddresses"},
	{"W_MANY_PROXIES: 200 are not",
		SENT "proxyAddresses=SMTP:t@abc.example | proxyAddresses=X500:{#199}", ""},
	{"E_TOO_MANY_PROXIES",
		SENT "proxyAddresses=SMTP:t@abc.example | proxyAddresses=X500:{#300}",
		"!E_TOO_MANY_PROXIES proxyAddresses"},
	{"E_TOO_MANY_PROXIES: 300 are not",
		SENT "proxyAddresses=SMTP:t@abc.example | proxyAddresses=X500:{#299}",
		"~W_MANY_PROXIES proxyAddresses"},

	/* every attribute */
	{"E_CTRL", MAILED "title=a\x01z",
		M " | proxyAddresses+=SMTP:t@abc.example | title=a\x01z | !E_CTRL title"},
	{"E_CTRL: a line break in a name", MAILED "title=a\nb",
		M " | proxyAddresses+=SMTP:t@abc.example | title=a\nb | !E_CTRL title"},
	{"E_CTRL: DEL", MAILED "title=a\x7f",
		M " | proxyAddresses+=SMTP:t@abc.example | title=a\x7f | !E_CTRL title"},
	{"E_CTRL: C1", MAILED "title=a\xc2\x85",
		M " | proxyAddresses+=SMTP:t@abc.example | title=a\xc2\x85 | !E_CTRL title"},
	{"E_CTRL: no C1", MAILED "title=\xc2\xa0\xc3\x85",
		M " | proxyAddresses+=SMTP:t@abc.example | title=\xc2\xa0\xc3\x85"},
	{"E_CTRL: in an address", MAILED "proxyAddresses=X500:/o=\x1b[2J",
		M
		" | proxyAddresses+=SMTP:t@abc.example, X500:/o=\x1b[2J | !E_CTRL proxyAddresses"},
	{"W_INVISIBLE: right-to-left override, zero-width space",
		MAILED "title=a\xe2\x80\xaez\xe2\x80\x8b",
		M " | proxyAddresses+=SMTP:t@abc.example | title=az | ~W_INVISIBLE title"},
	{"W_INVISIBLE: the last of a group, and its neighbours",
		MAILED "title=\xef\xbb\xbf\xe2\x80\x8f\xe2\x81\xa9\xe2\x80\x90\xe2\x80\xaf",
		M " | proxyAddresses+=SMTP:t@abc.example | title=\xe2\x80\x90\xe2\x80\xaf | "
		  "~W_INVISIBLE title"},
	{"W_INVISIBLE: nothing is left",
		CONTACT "displayName=\xe2\x80\x8b | mailNickname=n | "
			"targetAddress=SMTP:t@abc.example | mail=t@abc.example",
		"CN=n | objectClass?=contact | displayName=- | mailNickname=n | "
		"targetAddress=SMTP:t@abc.example | mail=t@abc.example | "
		"proxyAddresses+=SMTP:t@abc.example | "
		"~W_INVISIBLE displayName | !E_DN_BLANK displayName"},
	{"W_INVISIBLE: an address with one is a bad address",
		MAILED "proxyAddresses=X500:/o=a\xe2\x80\x8b | "
		       "proxyAddresses=smtp:a\xe2\x80\x8b@abc.example",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_PROXY_CHARS proxyAddresses | "
		  "~E_PROXY_CHARS proxyAddresses"},
	{"W_INVISIBLE: mail with one",
		SENT "mail=t\xe2\x80\x8b@abc.example | proxyAddresses=SMTP:t@abc.example",
		T " | mail=t\xe2\x80\x8b@abc.example | proxyAddresses+=SMTP:t@abc.example | "
		  "!E_SMTP_SYNTAX mail"},
	{"E_CTRL: unpaired surrogates", MAILED "title=\xed\xa0\x80",
		M " | proxyAddresses+=SMTP:t@abc.example | !E_CTRL title"},
	{"E_CTRL: lines of a street are none", MAILED "streetAddress=Way 1\r\n\tFloor 2",
		M " | proxyAddresses+=SMTP:t@abc.example | streetAddress=Way 1\r\n\tFloor 2"},
	{"E_CTRL: octets, and what nobody knows",
		MAILED "thumbnailPhoto=\xff\x01 | unheardOf=\xff\x01",
		M " | proxyAddresses+=SMTP:t@abc.example | thumbnailPhoto=\xff\x01 | "
		  "unheardOf=\xff\x01"},
	{"E_LEN: text is cut", MAILED "title=ä{127}z",
		M " | proxyAddresses+=SMTP:t@abc.example | title=ä" X63 X63 "x | ~E_LEN title"},
	{"E_LEN: cut before a blank", MAILED "title={126}  z",
		M " | proxyAddresses+=SMTP:t@abc.example | title=" X63 X63 " | ~E_LEN title"},
	{"E_LEN: of a limit it has just", MAILED "title=ä{127}",
		M " | proxyAddresses+=SMTP:t@abc.example | title=ä" X63 X63 "x"},
	{"E_LEN: what is cut may be equal", MAILED "otherTelephone={63}ab | otherTelephone={63}ac",
		M " | proxyAddresses+=SMTP:t@abc.example | otherTelephone=" X63
		  "a | ~E_LEN otherTelephone | ~E_LEN otherTelephone"},
	{"E_LEN: a code is not cut", MAILED "c=DEU",
		M " | proxyAddresses+=SMTP:t@abc.example | c=DEU | !E_LEN c"},
	{"E_LEN: a photo is left out", MAILED "thumbnailPhoto=\xff{102400}",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_LEN thumbnailPhoto"},
	{"E_LEN: a photo and the only certificate",
		MAILED "thumbnailPhoto=\xff{102400} | userCertificate=\xff{32768}",
		M " | proxyAddresses+=SMTP:t@abc.example | ~E_LEN thumbnailPhoto | ~E_LEN "
		  "userCertificate"},
	{"E_LEN: one certificate of two",
		MAILED "userCertificate=\xff | userCertificate=\xff{32768}",
		M " | proxyAddresses+=SMTP:t@abc.example | userCertificate=\xff | ~E_LEN "
		  "userCertificate"},
	{"E_SINGLE: the smallest text", MAILED "title=b | title=a",
		M " | proxyAddresses+=SMTP:t@abc.example | title=a | ~E_SINGLE title"},
	{"E_SINGLE: not of a code", MAILED "c=DE | c=AT",
		M " | proxyAddresses+=SMTP:t@abc.example | c=AT, DE | !E_SINGLE c"},
	{"E_REQUIRED", "b=1",
		"CN=n | displayName=- | mailNickname=- | targetAddress=- | mail=- | !E_REQUIRED a"},
};

static struct desired validated(struct arena *mem, const char *entry, struct err *err)
{
	struct rules *rules = case_rules(mem, RULE);
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, entry);
	struct desired d;

	*err = (struct err){ERR_NONE, ""};
	(void)rules_map(mem, rules_at(rules, 0), &env, &e, &d, err);
	return d;
}

/* Of a long list only the complaints are compared. */
static const char *complaints(struct arena *mem, const struct desired *d)
{
	struct desired only = *d;

	only.n = 0;
	const char *text = print_desired(mem, &only, true);
	return strchr(text, '|') != NULL ? strchr(text, '|') + 2 : "";
}

static void test_cases(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct err err;
		struct desired d = validated(mem, cases[i].entry, &err);
		const char *expected = cases[i].desired;
		bool brief = expected != NULL && strncmp(expected, "CN=", 3) != 0;
		const char *found = brief ? complaints(mem, &d) : print_desired(mem, &d, true);
		if (expected == NULL ? err.kind == ERR_NONE : strcmp(found, expected) != 0) {
			print_error("%s:\n  %s\nexpected:\n  %s\n", cases[i].code, found, expected);
			failed++;
		}
		arena_free(mem);
	}
	assert_int_equal(failed, 0);
}

/* A message names the attribute, the value, the line, what is wrong, and what to do. */
static const struct {
	const char *entry, *text;
} messages[] = {
	{"a=1 | mailNickname=jörg m",
		"mailNickname 'jörg m' (t:8): it has a character that mail systems do not take, "
		"written as 'jorgm'; choose another name in the source"},
	{NAMED "targetAddress=SMTP:t@xyz.example",
		"targetAddress 'SMTP:t@xyz.example' (t:9): the target's own domain; give the entry "
		"an address of the source's own"},
	{MAILED "title=a\nz\xe2\x80\xae", "title 'a\\x0az\\xe2\\x80\\xae' (t:14): it has a control "
					  "character; retype the value in the source"},
	{MAILED "title={100}", ""},
	{MAILED "title={140}", "title "
			       "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			       "xxxxxxxxxxxxxx...' (t:14): "
			       "140 characters, cut to 128; shorten it in the source"},
	{MAILED "thumbnailPhoto=\xff{102400}",
		"thumbnailPhoto (t:18): 102401 bytes, 102400 are possible, it is left out; "
		"shorten it in the source"},
	{"b=1", "a: it is blank in the source; set it in the source"},
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct arena *mem = arena_new();
		struct err err;
		struct desired d = validated(mem, messages[i].entry, &err);
		assert_string_equal(
			d.n_complaints > 0 ? d.complaints[0].text : "", messages[i].text);
		arena_free(mem);
	}
}

static const char *read_text(struct arena *mem, const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	return arena_copy(mem, text, n);
}

/* Values as somebody wants to write them, without a rule: "" when they may be, else the code. */
static const struct {
	const char *attr, *values[3], *code;
} as_they_are[] = {
	{"msRTCSIP-PrimaryUserAddress", {"sip:a@abc.example"}, ""},
	{"msRTCSIP-PrimaryUserAddress", {"sip:a@other.example"}, "E_SIP_SYNTAX"},
	{"msRTCSIP-PrimaryUserAddress", {NULL}, ""},
	{"mail", {"a@abc.example"}, ""},
	{"mail", {"a"}, "E_SMTP_SYNTAX"},
	{"title", {"Lead"}, ""},
	{"title", {"Lead", "Boss"}, "E_SINGLE"},
	{"title",
		{"Le\xe2\x80\x8b"
		 "ad"},
		"W_INVISIBLE"},
	{"displayName", {NULL}, ""},
	{"proxyAddresses", {"SMTP:a@abc.example", "smtp:b@abc.example"}, ""},
	{"proxyAddresses", {"smtp:b@abc.example", "SMTP:a@abc.example"}, ""},
	{"proxyAddresses", {"smtp:b@abc.example"}, "E_PROXY_PRIMARY"},
	{"telephoneNumber", {"1", "1"}, "E_SINGLE"},
	{"otherTelephone", {"1", "1"}, "otherTelephone"},
};

static void test_as_they_are(void **state)
{
	static const char *const domains[] = {"abc.example"};
	const struct rules_env env = {.source_sip = domains, .n_source_sip = 1};
	const struct entry e = {.n = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(as_they_are) / sizeof(as_they_are[0]); i++) {
		struct arena *mem = arena_new();
		struct value values[3];
		struct wanted w = {.attr = attr_named(as_they_are[i].attr), .values = values};
		struct desired d = {.n = 1, .attrs = &w};
		struct err err = {0};
		for (; w.n < 3 && as_they_are[i].values[w.n] != NULL; w.n++)
			values[w.n] = value_of(as_they_are[i].values[w.n]);
		int rc = rules_check(mem, &env, &e, &d, &err);
		err.text[strcspn(err.text, ":")] = '\0';
		assert_string_equal(err.text, as_they_are[i].code);
		assert_int_equal(rc, err.text[0] == '\0' ? 0 : -1);
		assert_int_equal(err.kind, rc == 0 ? ERR_NONE : ERR_ENTRY);
		arena_free(mem);
	}
}

/* Each code is tested above (or, of names and rules, in test_rules_map.c), and has its line in the
 * manual: "| `CODE` | rule |". */
static void test_codes(void **state)
{
	static const char *const elsewhere[] = {"E_CN_BLANK", "E_SAM_BLANK", "E_RULE"};
	struct arena *mem = arena_new();
	const char *manual = read_text(mem, TEST_DIR "/../docs/validators.md");
	struct buf b = {0};
	char **lines;

	(void)state;
	validators_help(&b);
	unsigned n = case_split(mem, b.data, "\n", &lines);
	assert_true(n > 20);
	for (unsigned i = 0; i < n; i++) {
		char code[32];
		bool tested = false;
		assert_int_equal(sscanf(lines[i], "%31s", code), 1);
		for (size_t k = 0; k < sizeof(elsewhere) / sizeof(elsewhere[0]); k++)
			tested |= strcmp(elsewhere[k], code) == 0;
		for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
			tested |= strncmp(cases[k].code, code, strlen(code)) == 0;
		const char *rule = lines[i] + strlen(code) + strspn(lines[i] + strlen(code), " ");
		const char *row = arena_printf(
			mem, "| `%s` | %.*s |", code, (int)(strstr(rule, "; else") - rule), rule);
		if (!tested || strstr(manual, row) == NULL)
			fail_msg("not tested, or not in the manual: %s", row);
	}
	buf_free(&b);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_as_they_are),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
