/*
 * Attributes of directories and of Graph, one row each. After Microsoft's description of v1.0; what
 * is read-only there is so here, proxyAddresses for one.
 */
#include "connectors/graph.h"

#define END                                  \
	{                                    \
		NULL, NULL, JSON_TEXT, false \
	}
#define EXTENSION(n)                                                                            \
	{                                                                                       \
		"extensionAttribute" #n, "onPremisesExtensionAttributes/extensionAttribute" #n, \
			JSON_TEXT, true                                                         \
	}

/* What all that came from Active Directory has. */
#define ON_PREMISES                                                                          \
	{"onPremisesSyncEnabled", "onPremisesSyncEnabled", JSON_BOOL, false},                \
	{                                                                                    \
		"onPremisesLastSyncDateTime", "onPremisesLastSyncDateTime", JSON_TIME, false \
	}

/* The marker of a guest is the last extension attribute: of guests we made nobody else's. */
static const struct json_field user[] = {
	{"adminDescription", "onPremisesExtensionAttributes/extensionAttribute15", JSON_TEXT, true},
	{"userPrincipalName", "userPrincipalName", JSON_TEXT, false},
	{"userType", "userType", JSON_TEXT, false},
	{"accountEnabled", "accountEnabled", JSON_BOOL, false},
	{"mail", "mail", JSON_TEXT, true},
	{"mailNickname", "mailNickname", JSON_TEXT, true},
	{"proxyAddresses", "proxyAddresses[]", JSON_TEXT, false},
	{"otherMailbox", "otherMails[]", JSON_TEXT, true},
	{"imAddresses", "imAddresses[]", JSON_TEXT, false},
	{"displayName", "displayName", JSON_TEXT, true},
	{"givenName", "givenName", JSON_TEXT, true},
	{"sn", "surname", JSON_TEXT, true},
	{"title", "jobTitle", JSON_TEXT, true},
	{"department", "department", JSON_TEXT, true},
	{"company", "companyName", JSON_TEXT, true},
	{"employeeID", "employeeId", JSON_TEXT, true},
	{"employeeType", "employeeType", JSON_TEXT, true},
	{"physicalDeliveryOfficeName", "officeLocation", JSON_TEXT, true},
	{"telephoneNumber", "businessPhones[0]", JSON_TEXT, true},
	{"mobile", "mobilePhone", JSON_TEXT, true},
	{"facsimileTelephoneNumber", "faxNumber", JSON_TEXT, true},
	{"streetAddress", "streetAddress", JSON_TEXT, true},
	{"l", "city", JSON_TEXT, true},
	{"st", "state", JSON_TEXT, true},
	{"postalCode", "postalCode", JSON_TEXT, true},
	{"co", "country", JSON_TEXT, true},
	{"c", "usageLocation", JSON_TEXT, true},
	{"preferredLanguage", "preferredLanguage", JSON_TEXT, true},
	{"showInAddressList", "showInAddressList", JSON_BOOL, true},
	{"mS-DS-ConsistencyGuid", "onPremisesImmutableId", JSON_BYTES, false},
	{"sAMAccountName", "onPremisesSamAccountName", JSON_TEXT, false},
	{"onPremisesDistinguishedName", "onPremisesDistinguishedName", JSON_TEXT, false},
	{"onPremisesUserPrincipalName", "onPremisesUserPrincipalName", JSON_TEXT, false},
	{"onPremisesDomainName", "onPremisesDomainName", JSON_TEXT, false},
	{"assignedPlans", "assignedPlans[capabilityStatus=Enabled]/service", JSON_TEXT, false},
	{"assignedLicenses", "assignedLicenses[]/skuId", JSON_TEXT, false},
	{"provisionedPlans", "provisionedPlans[provisioningStatus=Success]/service", JSON_TEXT,
		false},
	{"whenCreated", "createdDateTime", JSON_TIME, false},
	EXTENSION(1),
	EXTENSION(2),
	EXTENSION(3),
	EXTENSION(4),
	EXTENSION(5),
	EXTENSION(6),
	EXTENSION(7),
	EXTENSION(8),
	EXTENSION(9),
	EXTENSION(10),
	EXTENSION(11),
	EXTENSION(12),
	EXTENSION(13),
	EXTENSION(14),
	ON_PREMISES,
	END,
};

static const struct json_field group[] = {
	{"mail", "mail", JSON_TEXT, false},
	{"mailNickname", "mailNickname", JSON_TEXT, false},
	{"proxyAddresses", "proxyAddresses[]", JSON_TEXT, false},
	{"displayName", "displayName", JSON_TEXT, false},
	{"description", "description", JSON_TEXT, false},
	{"mailEnabled", "mailEnabled", JSON_BOOL, false},
	{"securityEnabled", "securityEnabled", JSON_BOOL, false},
	{"groupTypes", "groupTypes[]", JSON_TEXT, false},
	{"sAMAccountName", "onPremisesSamAccountName", JSON_TEXT, false},
	{"whenCreated", "createdDateTime", JSON_TIME, false},
	ON_PREMISES,
	END,
};

static const struct json_field contact[] = {
	{"mail", "mail", JSON_TEXT, false},
	{"mailNickname", "mailNickname", JSON_TEXT, false},
	{"proxyAddresses", "proxyAddresses[]", JSON_TEXT, false},
	{"displayName", "displayName", JSON_TEXT, false},
	{"givenName", "givenName", JSON_TEXT, false},
	{"sn", "surname", JSON_TEXT, false},
	{"title", "jobTitle", JSON_TEXT, false},
	{"department", "department", JSON_TEXT, false},
	{"company", "companyName", JSON_TEXT, false},
	{"telephoneNumber", "phones[type=business]/number", JSON_TEXT, false},
	{"mobile", "phones[type=mobile]/number", JSON_TEXT, false},
	{"facsimileTelephoneNumber", "phones[type=businessFax]/number", JSON_TEXT, false},
	{"physicalDeliveryOfficeName", "addresses[0]/officeLocation", JSON_TEXT, false},
	{"streetAddress", "addresses[0]/street", JSON_TEXT, false},
	{"l", "addresses[0]/city", JSON_TEXT, false},
	{"st", "addresses[0]/state", JSON_TEXT, false},
	{"postalCode", "addresses[0]/postalCode", JSON_TEXT, false},
	{"co", "addresses[0]/countryOrRegion", JSON_TEXT, false},
	ON_PREMISES,
	END,
};

/* Of a mailbox. */
static const struct json_field personal[] = {
	{"adminDescription", "singleValueExtendedProperties[id=" GRAPH_MARKER "]/value", JSON_TEXT,
		true},
	{"mail", "emailAddresses[0]/address", JSON_TEXT, true},
	{"displayName", "displayName", JSON_TEXT, true},
	{"givenName", "givenName", JSON_TEXT, true},
	{"sn", "surname", JSON_TEXT, true},
	{"middleName", "middleName", JSON_TEXT, true},
	{"initials", "initials", JSON_TEXT, true},
	{"personalTitle", "title", JSON_TEXT, true},
	{"generationQualifier", "generation", JSON_TEXT, true},
	{"title", "jobTitle", JSON_TEXT, true},
	{"department", "department", JSON_TEXT, true},
	{"company", "companyName", JSON_TEXT, true},
	{"physicalDeliveryOfficeName", "officeLocation", JSON_TEXT, true},
	{"telephoneNumber", "businessPhones[0]", JSON_TEXT, true},
	{"mobile", "mobilePhone", JSON_TEXT, true},
	{"homePhone", "homePhones[0]", JSON_TEXT, true},
	{"msRTCSIP-PrimaryUserAddress", "imAddresses[0]", JSON_TEXT, true},
	{"streetAddress", "businessAddress/street", JSON_TEXT, true},
	{"l", "businessAddress/city", JSON_TEXT, true},
	{"st", "businessAddress/state", JSON_TEXT, true},
	{"postalCode", "businessAddress/postalCode", JSON_TEXT, true},
	{"co", "businessAddress/countryOrRegion", JSON_TEXT, true},
	{"wWWHomePage", "businessHomePage", JSON_TEXT, true},
	{"info", "personalNotes", JSON_TEXT, true},
	END,
};

/* As Active Directory has them, so that rules and filters for it fit. */
static const char *const user_classes[] = {"top", "person", "organizationalPerson", "user", NULL};
static const char *const group_classes[] = {"top", "group", NULL};
static const char *const contact_classes[] = {
	"top", "person", "organizationalPerson", "contact", NULL};

const struct graph_kind graph_kinds[] = {
	{"users", "/users", "userPrincipalName", NULL, false, NULL, "manager", user_classes, user},
	{"guests", "/users", "mail", "userPrincipalName", false, "Guest", "manager", user_classes,
		user},
	{"groups", "/groups", "displayName", NULL, true, NULL, "members", group_classes, group},
	{"contacts", "/contacts", "displayName", NULL, true, NULL, "manager", contact_classes,
		contact},
	{NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL},
};

const struct graph_kind graph_mailbox = {"contacts", NULL,
	"singleValueExtendedProperties[id=" GRAPH_NAME "]/value", NULL, false, NULL, NULL,
	contact_classes, personal};
