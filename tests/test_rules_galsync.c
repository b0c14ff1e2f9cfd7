#include "rules_cases.h"

#include "base/filter.h"

/*
 * The built-in set. Of what is asked for, each item of the table must be there; "attr=-" stands for
 * an attribute that must be absent, "attr" for one that the rule does not have. Complaints must be
 * just the ones of the table.
 */
#define NO_RULE "none"

/* A user with everything that a rule requires. */
#define ANN                                                                           \
	"objectClass=top | objectClass=person | objectClass=user | cn=Ann Example | " \
	"displayName=Ann Example | "                                                  \
	"sAMAccountName=ann | mail=ann@abc.example | userPrincipalName=ann@abc.example"
#define ANN_MAILBOX                                                     \
	ANN " | homeMDB=CN=db | proxyAddresses=SMTP:ann@abc.example | " \
	    "legacyExchangeDN=/o=ABC/cn=ann | msExchRecipientTypeDetails=1"
#define GROUP                                                                              \
	"objectClass=top | objectClass=group | cn=All Staff | sAMAccountName=All Staff | " \
	"mail=all@abc.example"

static const struct {
	const char *what, *entry, *rule, *items;
} cases[] = {
	/* which rule */
	{"a user without Exchange", ANN, "user",
		"targetAddress=SMTP:ann@abc.example | mail=ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example | mailNickname=ann"},
	{"a user with a mailbox", ANN_MAILBOX, "user",
		"CN=Ann Example | objectClass?=contact, organizationalPerson, person, top | "
		"displayName=Ann Example | "
		"mailNickname=ann | targetAddress=SMTP:ann@abc.example | mail=ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example, X500:/o=ABC/cn=ann | "
		"msExchOriginatingForest=abc.example | "
		"msExchRecipientDisplayType=-2147483642 | msExchRecipientTypeDetails=64 | "
		"msRTCSIP-PrimaryUserAddress=- | legacyExchangeDN | msExchHideFromAddressLists | "
		"description | member"},
	{"a user without any address", "objectClass=user | cn=x | sAMAccountName=x | displayName=x",
		NO_RULE, ""},
	{"a computer", ANN " | objectClass=computer", NO_RULE, ""},
	{"a remote mailbox is a user, reached through its targetAddress",
		ANN_MAILBOX " | msExchRemoteRecipientType=4 | "
			    "targetAddress=SMTP:ann@abc.mail.onmicrosoft.example | "
			    "proxyAddresses=smtp:ann@abc.mail.onmicrosoft.example",
		"user",
		"targetAddress=SMTP:ann@abc.mail.onmicrosoft.example | "
		"proxyAddresses+=SMTP:ann@abc.example, X500:/o=ABC/cn=ann, "
		"smtp:ann@abc.mail.onmicrosoft.example"},
	{"a mail user",
		ANN " | msExchRecipientTypeDetails=128 | targetAddress=smtp:ann@partner.example | "
		    "proxyAddresses=SMTP:ann@abc.example",
		"mailuser",
		"targetAddress=SMTP:ann@partner.example | msExchRecipientDisplayType=-2147482106 | "
		"proxyAddresses+=SMTP:ann@abc.example, smtp:ann@partner.example | "
		"mail=ann@abc.example"},
	{"a mail user by its attributes", ANN " | targetAddress=SMTP:ann@partner.example",
		"mailuser", "targetAddress=SMTP:ann@partner.example"},
	{"a mailbox that forwards is no mail user",
		ANN_MAILBOX " | targetAddress=SMTP:ann@partner.example", "user",
		"targetAddress=SMTP:ann@abc.example"},
	{"a room",
		ANN " | msExchRecipientTypeDetails=16 | givenName=x | telephoneNumber=1 | "
		    "extensionAttribute3=e | "
		    "msRTCSIP-PrimaryUserAddress=sip:ann@abc.example",
		"room",
		"msExchRecipientDisplayType=-2147481850 | telephoneNumber=1 | "
		"extensionAttribute3=e | givenName | manager | "
		"msRTCSIP-PrimaryUserAddress=sip:ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example, sip:ann@abc.example"},
	{"a remote room", ANN " | msExchRecipientTypeDetails=8589934592", "room", ""},
	{"a room by its display type", ANN " | msExchRecipientDisplayType=7", "room", ""},
	{"equipment", ANN " | msExchRecipientTypeDetails=32", "equipment",
		"msExchRecipientDisplayType=-2147481594"},
	{"a shared mailbox", ANN " | msExchRecipientTypeDetails=4", "shared",
		"msExchRecipientDisplayType=-2147483642 | title"},
	{"a distribution group", GROUP " | groupType=8 | description=d | info=i | department=x",
		"group",
		"CN=All Staff | displayName=All Staff | mailNickname=AllStaff | "
		"targetAddress=SMTP:all@abc.example | "
		"msExchRecipientDisplayType=-2147483386 | description=d | info=i | department | "
		"member | manager | "
		"msRTCSIP-PrimaryUserAddress=- | ~W_DN_FALLBACK displayName"},
	{"a security group",
		GROUP " | displayName=d | groupType=-2147483640 | msExchRecipientDisplayType=9",
		"group", "msExchRecipientDisplayType=-2147481338"},
	{"a security group for permissions",
		GROUP
		" | displayName=d | groupType=-2147483640 | msExchRecipientDisplayType=1073741833",
		"group", "msExchRecipientDisplayType=-1073739514"},
	{"a group without mail", "objectClass=group | cn=x | sAMAccountName=x", NO_RULE, ""},
	{"a group with a long account name",
		"objectClass=group | cn=x | displayName=x | sAMAccountName={70} | "
		"mail=x@abc.example",
		"group",
		"mailNickname=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	{"a dynamic list",
		"objectClass=msExchDynamicDistributionList | cn=Everybody | displayName=Everybody "
		"| mailNickname=all | "
		"proxyAddresses=SMTP:all@abc.example",
		"dynamic",
		"mailNickname=all | msExchRecipientDisplayType=-2147482874 | "
		"targetAddress=SMTP:all@abc.example | description"},
	{"a dynamic list without an alias",
		"objectClass=msExchDynamicDistributionList | cn=Every Body | displayName=E | "
		"proxyAddresses=SMTP:all@abc.example",
		"dynamic", "mailNickname=EveryBody"},
	{"a contact",
		"objectClass=contact | cn=Bob Partner | displayName=Bob | "
		"targetAddress=SMTP:bob@partner.example | "
		"mailNickname=bob | mAPIRecipient=TRUE | internetEncoding=1310720 | "
		"proxyAddresses=SMTP:bob@partner.example | mail=bob@partner.example",
		"contact",
		"CN=Bob Partner | mailNickname=bob | targetAddress=SMTP:bob@partner.example | "
		"mail=bob@partner.example | "
		"proxyAddresses+=SMTP:bob@partner.example | msExchRecipientDisplayType=-2147482106 "
		"| "
		"mAPIRecipient=TRUE | internetEncoding=1310720 | "
		"msExchOriginatingForest=abc.example"},
	{"a contact from elsewhere, without alias and displayName",
		"objectClass=contact | cn=Bob Partner | mail=bob@partner.example | "
		"msExchOriginatingForest=old.example",
		"contact",
		"mailNickname=BobPartner | targetAddress=SMTP:bob@partner.example | "
		"displayName=Bob Partner | "
		"msExchOriginatingForest=old.example | ~W_DN_FALLBACK displayName"},
	{"a contact of the target's own people",
		"objectClass=contact | cn=x | displayName=x | mail=x@xyz.example", "contact",
		"!E_TARGET_LOCAL targetAddress"},

	/* never */
	{"hidden", ANN " | msExchHideFromAddressLists=TRUE", NO_RULE, ""},
	{"not hidden", ANN " | msExchHideFromAddressLists=FALSE", "user", ""},
	{"critical", ANN " | isCriticalSystemObject=TRUE", NO_RULE, ""},
	{"a service account", "objectClass=user | cn=x | sAMAccountName=svc$ | mail=x@abc.example",
		NO_RULE, ""},
	{"Guest", "objectClass=user | cn=Guest | mail=x@abc.example", NO_RULE, ""},
	{"krbtgt", "objectClass=user | cn=krbtgt | mail=x@abc.example", NO_RULE, ""},
	{"IUSR", "objectClass=user | cn=IUSR_WEB1 | mail=x@abc.example", NO_RULE, ""},
	{"IWAM", "objectClass=user | cn=IWAM_WEB1 | mail=x@abc.example", NO_RULE, ""},
	{"MSOL", "objectClass=user | cn=MSOL_1234 | mail=x@abc.example", NO_RULE, ""},
	{"people whose names begin so",
		"objectClass=user | cn=Msolo Iwamoto | displayName=Msolo Iwamoto | "
		"sAMAccountName=x | mail=x@abc.example",
		"user", "CN=Msolo Iwamoto"},
	{"Iwamoto",
		"objectClass=user | cn=Iwamoto Kenji | displayName=Iwamoto | "
		"sAMAccountName=x | mail=x@abc.example",
		"user", "CN=Iwamoto Kenji"},
	{"SUPPORT", "objectClass=user | cn=SUPPORT_388945a0 | mail=x@abc.example", NO_RULE, ""},
	{"CAS by name", "objectClass=user | cn=CAS_{a1} | mail=x@abc.example", NO_RULE, ""},
	{"CAS by alias", ANN " | mailNickname=CAS_{a1}", NO_RULE, ""},
	{"an arbitration mailbox", ANN " | msExchRecipientTypeDetails=8388608", NO_RULE, ""},
	{"a mailbox plan", ANN " | msExchRecipientTypeDetails=16777216", NO_RULE, ""},
	{"a discovery mailbox", ANN " | msExchRecipientTypeDetails=536870912", NO_RULE, ""},
	{"a system mailbox", "objectClass=user | cn=SystemMailbox{a1f05} | mail=x@abc.example",
		NO_RULE, ""},
	{"a discovery mailbox by name",
		"objectClass=user | cn=DiscoverySearchMailbox {D9} | mail=x@abc.example", NO_RULE,
		""},
	{"federation", "objectClass=user | cn=FederatedEmail.4c1f | mail=x@abc.example", NO_RULE,
		""},
	{"a health mailbox", "objectClass=user | cn=HealthMailbox1234 | mail=x@abc.example",
		NO_RULE, ""},
	{"a health mailbox by display name",
		"objectClass=user | cn=x | displayName=HealthMailbox-EX1-001 | mail=x@abc.example",
		NO_RULE, ""},
	{"a replication conflict", "objectClass=user | cn=Ann\nCNF:0d5f | mail=x@abc.example",
		NO_RULE, ""},
	{"a replication conflict by name",
		"objectClass=user | name=Ann\nCNF:0d5f | mail=x@abc.example", NO_RULE, ""},
	{"opt-out of a user", ANN " | adminDescription=User_NoSync", NO_RULE, ""},
	{"opt-out of a group", GROUP " | adminDescription=Group_NoSync", NO_RULE, ""},
	{"opt-out of a contact",
		"objectClass=contact | mail=x@abc.example | adminDescription=Contact_NoSync",
		NO_RULE, ""},
	{"another description", ANN " | adminDescription=Group_x", "user", ""},

	/* blank values, and addresses that are not what they seem */
	{"an address of another type that has SMTP: in it",
		ANN
		" | proxyAddresses=NOTES:CN=Ann/O=ABC@SMTP:x | proxyAddresses=SMTP:a@abc.example",
		"user", "mail=a@abc.example | targetAddress=SMTP:a@abc.example"},
	{"an address with a blank in front",
		"objectClass=user | cn=x | displayName=x | sAMAccountName=x | "
		"proxyAddresses= SMTP:a@abc.example | proxyAddresses=SMTP:b@abc.example",
		"user",
		"mail=b@abc.example | targetAddress=SMTP:b@abc.example | "
		"proxyAddresses+=SMTP:b@abc.example | ~E_PROXY_CHARS proxyAddresses"},
	{"none is marked as primary: mail",
		ANN " | proxyAddresses=smtp:a@abc.example | proxyAddresses=smtp:ann@abc.example",
		"user",
		"mail=ann@abc.example | targetAddress=SMTP:ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example, smtp:a@abc.example | "
		"~E_PROXY_PRIMARY proxyAddresses"},
	{"the primary one is of another domain, and so is mail",
		"objectClass=user | cn=x | displayName=x | sAMAccountName=x | mail=x@else.example "
		"| "
		"proxyAddresses=SMTP:x@else.example | proxyAddresses=smtp:y@abc.example",
		"user",
		"targetAddress=SMTP:y@abc.example | mail=y@abc.example | "
		"proxyAddresses+=SMTP:y@abc.example | ~W_FOREIGN_ADDRESS mail | "
		"~W_FOREIGN_ADDRESS proxyAddresses"},
	{"a blank displayName of a group", GROUP " | displayName=  ", "group",
		"displayName=All Staff | ~W_DN_FALLBACK displayName"},
	{"a blank mail",
		"objectClass=user | cn=x | displayName=x | sAMAccountName=x | mail=  | "
		"proxyAddresses=smtp:x@abc.example",
		"user",
		"mail=x@abc.example | targetAddress=SMTP:x@abc.example | ~E_PROXY_PRIMARY "
		"proxyAddresses"},
	{"a group with an account name that has no letter for an alias",
		"objectClass=group | cn=Отдел | sAMAccountName=Отдел | mail=sales@abc.example | "
		"mailNickname=sales | displayName=Отдел",
		"group", "mailNickname=sales"},

	/* what must be there */
	{"no sAMAccountName", "objectClass=user | cn=x | displayName=x | mail=x@abc.example",
		"user", "!E_SAM_BLANK sAMAccountName | !E_NICK_BLANK mailNickname"},
	{"no displayName", "objectClass=user | cn=x | sAMAccountName=x | mail=x@abc.example",
		"user", "!E_DN_BLANK displayName"},
	{"no cn", "objectClass=user | displayName=x | sAMAccountName=x | mail=x@abc.example",
		"user", "- | !E_CN_BLANK cn"},
	{"no address of its own",
		"objectClass=user | cn=x | displayName=x | sAMAccountName=x | mail=x@other.example",
		"user", "!E_TARGET_BLANK targetAddress | ~W_FOREIGN_ADDRESS mail"},

	/* names */
	{"a name that is not ASCII gets the alias",
		"objectClass=user | cn=Jörg Müller | displayName=Jörg Müller | "
		"sAMAccountName=jmueller | mail=jm@abc.example",
		"user",
		"CN=Jörg Müller(jmueller) | displayName=Jörg Müller | mailNickname=jmueller"},
	{"unless it does not fit",
		"objectClass=user | cn=ö{60} | displayName=x | sAMAccountName=jmu | "
		"mail=jm@abc.example",
		"user", "CN=öxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	{"an account name that is no alias",
		"objectClass=user | cn=x | displayName=x | sAMAccountName=jörg m. | "
		"mail=jm@abc.example",
		"user", "mailNickname=jorgm | ~E_NICK_CHARS mailNickname"},
	{"blanks around values",
		"objectClass=user | cn=x | displayName= \tAnn  | sAMAccountName=ann | "
		"mail=jm@abc.example | title= x ",
		"user", "displayName=Ann | title=x"},

	/* addresses */
	{"the address in an own domain",
		ANN
		" | proxyAddresses=SMTP:a@other.example | proxyAddresses=smtp:b@ABC-mail.example",
		"user",
		"targetAddress=SMTP:b@ABC-mail.example | mail=b@ABC-mail.example | "
		"proxyAddresses+=SMTP:b@ABC-mail.example | "
		"~W_FOREIGN_ADDRESS mail | ~W_FOREIGN_ADDRESS proxyAddresses"},
	{"the primary before others",
		ANN " | proxyAddresses=smtp:a@abc.example | proxyAddresses=SMTP:b@abc.example",
		"user",
		"targetAddress=SMTP:b@abc.example | mail=b@abc.example | "
		"proxyAddresses+=SMTP:b@abc.example, smtp:a@abc.example"},

	/* SIP */
	{"SIP",
		ANN_MAILBOX
		" | msRTCSIP-PrimaryUserAddress=SIP:ann@abc.example | msRTCSIP-UserEnabled=TRUE",
		"user",
		"msRTCSIP-PrimaryUserAddress=sip:ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example, X500:/o=ABC/cn=ann, sip:ann@abc.example"},
	{"SIP, switched off",
		ANN_MAILBOX " | msRTCSIP-PrimaryUserAddress=sip:ann@abc.example | "
			    "msRTCSIP-UserEnabled=FALSE | proxyAddresses=sip:ann@abc.example",
		"user",
		"msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:ann@abc.example, "
		"X500:/o=ABC/cn=ann"},
	{"SIP, as Lync Online has it", ANN_MAILBOX " | proxyAddresses=SIP:ann@abc.example", "user",
		"msRTCSIP-PrimaryUserAddress=sip:ann@abc.example | "
		"proxyAddresses+=SMTP:ann@abc.example, X500:/o=ABC/cn=ann, sip:ann@abc.example"},
	{"SIP in a domain of others",
		ANN_MAILBOX " | msRTCSIP-PrimaryUserAddress=sip:ann@xyz.example", "user",
		"msRTCSIP-PrimaryUserAddress=- | ~E_SIP_SYNTAX msRTCSIP-PrimaryUserAddress"},
	{"a group has none",
		GROUP " | displayName=x | groupType=8 | proxyAddresses=SMTP:all@abc.example | "
		      "proxyAddresses=sip:all@abc.example",
		"group", "msRTCSIP-PrimaryUserAddress=- | proxyAddresses+=SMTP:all@abc.example"},

	/* the person */
	{"the person",
		ANN " | givenName=Ann | sn=Example | initials=AE | title=t | department=d | "
		    "company=ABC | "
		    "physicalDeliveryOfficeName=o | telephoneNumber=1 | mobile=2 | "
		    "facsimileTelephoneNumber=3 | "
		    "homePhone=4 | pager=5 | streetAddress=s | l=l | st=st | postalCode=6 | c=DE | "
		    "co=Germany | "
		    "countryCode=276 | wWWHomePage=w | info=i | extensionAttribute1=e1 | "
		    "extensionAttribute15=e15 | "
		    "msDS-PhoneticDisplayName=p | thumbnailPhoto=\xff\xd8 | "
		    "manager=CN=Boss,DC=abc,DC=example",
		"user",
		"givenName=Ann | sn=Example | initials=AE | title=t | department=d | company=ABC | "
		"physicalDeliveryOfficeName=o | telephoneNumber=1 | mobile=2 | "
		"facsimileTelephoneNumber=3 | "
		"homePhone=4 | pager=5 | streetAddress=s | l=l | st=st | postalCode=6 | c=DE | "
		"co=Germany | "
		"countryCode=276 | wWWHomePage=w | info=i | extensionAttribute1=e1 | "
		"extensionAttribute15=e15 | "
		"msDS-PhoneticDisplayName=p | thumbnailPhoto=\xff\xd8 | "
		"manager=CN=Boss,DC=abc,DC=example"},
	{"what the person has no longer must go", ANN, "user",
		"title=- | mobile=- | thumbnailPhoto=- | manager=- | extensionAttribute7=-"},
	{"one that may get permissions", ANN_MAILBOX " | msExchRecipientDisplayType=1073741824",
		"user", "msExchRecipientDisplayType=-1073741818"},
};

static bool has_item(struct arena *mem, char *const *found, unsigned n, const char *item)
{
	bool none = strchr(item, '=') == NULL && item[0] != '!' && item[0] != '~' && item[0] != '-';
	size_t len = strlen(item);

	(void)mem;
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(found[i], item) == 0)
			return true;
		if (none && strncasecmp(found[i], item, len) == 0 &&
			strchr("=+?", found[i][len]) != NULL)
			return false;
	}
	return none;
}

static unsigned count_complaints(char *const *items, unsigned n)
{
	unsigned complaints = 0;

	for (unsigned i = 0; i < n; i++)
		complaints += items[i][0] == '~' || items[i][0] == '!';
	return complaints;
}

static bool check_items(
	struct arena *mem, const char *what, const char *found, const char *expected)
{
	char **have, **want;
	unsigned n_have = case_split(mem, found, " | ", &have);
	unsigned n_want = case_split(mem, expected, " | ", &want);
	bool good = count_complaints(have, n_have) == count_complaints(want, n_want);

	if (!good)
		print_error("%s: complaints\n", what);
	for (unsigned i = 0; i < n_want; i++) {
		if (has_item(mem, have, n_have, want[i]))
			continue;
		print_error("%s: not as expected: %s\n", what, want[i]);
		good = false;
	}
	if (!good)
		print_error("  %s\n", found);
	return good;
}

static bool check_case(struct arena *mem, struct rules *rules, size_t i)
{
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, cases[i].entry);
	const struct rule *rule = rules_scope(rules, &e);
	struct desired d;
	struct err err;

	if (strcmp(rule != NULL ? rule_name(rule) : NO_RULE, cases[i].rule) != 0) {
		print_error(
			"%s: rule %s\n", cases[i].what, rule != NULL ? rule_name(rule) : NO_RULE);
		return false;
	}
	if (rule == NULL)
		return true;
	(void)rules_map(mem, rule, &env, &e, &d, &err);
	return check_items(mem, cases[i].what, print_desired(mem, &d, true), cases[i].items);
}

static struct rules *galsync(struct arena *mem)
{
	struct rules *rules = NULL;
	struct err err = {ERR_NONE, ""};

	if (rules_load(mem, "galsync", "/nowhere", &rules, &err) < 0)
		fail_msg("%s", err.text);
	return rules;
}

static void test_cases(void **state)
{
	struct arena *rules_mem = arena_new();
	struct rules *rules = galsync(rules_mem);
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		failed += !check_case(mem, rules, i);
		arena_free(mem);
	}
	arena_free(rules_mem);
	assert_int_equal(failed, 0);
}

/* How an entry that is already there is found: by the address of old replies, then by mail. */
static void test_joins(void **state)
{
	struct arena *mem = arena_new();
	struct rules *rules = galsync(mem);
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, ANN_MAILBOX
		" | proxyAddresses=smtp:a@abc.example | proxyAddresses=smtp:a@other.example");
	static const char *const expected[] = {"0 proxyAddresses=X500:/o=ABC/cn=ann",
		"1 targetAddress=SMTP:ann@abc.example", "1 targetAddress=smtp:a@abc.example",
		"2 proxyAddresses=SMTP:ann@abc.example", "2 proxyAddresses=smtp:a@abc.example",
		"3 mail=ann@abc.example"};
	struct desired d;
	struct err err;

	(void)state;
	assert_int_equal(rules_map(mem, rules_scope(rules, &e), &env, &e, &d, &err), 0);
	assert_int_equal(d.n_joins, sizeof(expected) / sizeof(expected[0]));
	for (unsigned i = 0; i < d.n_joins; i++)
		assert_string_equal(arena_printf(mem, "%u %s=%.*s", d.joins[i].group,
					    attr_name(d.joins[i].attr), (int)d.joins[i].value.len,
					    d.joins[i].value.data),
			expected[i]);
	arena_free(mem);
}

/* Without smtp-domains and sip-domains every domain is the source's. */
static void test_without_domains(void **state)
{
	static const struct param params[] = {
		{"smtp-domains", 0, NULL}, {"sip-domains", 0, NULL}, {"Forest.FQDN", 0, NULL}};
	const struct rules_env env = {.params = params, .n_params = 3};
	struct arena *mem = arena_new();
	struct rules *rules = galsync(mem);
	struct entry e = case_entry(mem, ANN " | proxyAddresses=SMTP:a@other.example | "
					     "msRTCSIP-PrimaryUserAddress=sip:ann@sip.example");
	struct desired d;
	struct err err;

	(void)state;
	assert_int_equal(rules_map(mem, rules_scope(rules, &e), &env, &e, &d, &err), 0);
	assert_true(check_items(mem, "without domains", print_desired(mem, &d, true),
		"targetAddress=SMTP:a@other.example | mail=a@other.example | "
		"msExchOriginatingForest=- | "
		"proxyAddresses+=SMTP:a@other.example, sip:ann@sip.example | "
		"~W_SIP_NE_MAIL msRTCSIP-PrimaryUserAddress | ~E_UPN_SIPDOMAIN userPrincipalName"));
	arena_free(mem);
}

/* The order in which a directory gives attributes and values does not count. */
static void test_any_order(void **state)
{
	struct arena *mem = arena_new();
	struct rules *rules = galsync(mem);
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, ANN_MAILBOX
		" | proxyAddresses=smtp:a@abc.example | proxyAddresses=sip:ann@abc.example | "
		"proxyAddresses=X500:/o=old | title=t");
	struct entry other = e;
	struct desired one, two;
	struct err err;

	(void)state;
	other.attrs = arena_alloc(mem, e.n * sizeof(*other.attrs));
	for (unsigned i = 0; i < e.n; i++) {
		struct attr *to = &other.attrs[e.n - 1 - i];
		*to = e.attrs[i];
		to->values = arena_alloc(mem, to->n * sizeof(*to->values));
		for (unsigned k = 0; k < to->n; k++)
			to->values[k] = e.attrs[i].values[to->n - 1 - k];
	}
	assert_int_equal(rules_map(mem, rules_scope(rules, &e), &env, &e, &one, &err), 0);
	assert_int_equal(rules_map(mem, rules_scope(rules, &other), &env, &other, &two, &err), 0);
	assert_string_equal(print_desired(mem, &one, true), print_desired(mem, &two, true));
	arena_free(mem);
}

/* Every expression of the set is as its manual recommends. */
static void test_lint(void **state)
{
	struct arena *mem = arena_new();
	struct rules *rules = galsync(mem);
	struct buf b = {0};

	(void)state;
	assert_int_equal(rules_count(rules), 8);
	rules_lint(&b, rules);
	if (b.len > 0)
		fail_msg("%s", b.data);
	buf_free(&b);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_without_domains),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_lint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
