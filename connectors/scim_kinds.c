/*
 * Attributes of directories and of SCIM (RFC 7643, 4), one row each.
 */
#include "connectors/scim.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define ENTRA "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User"
#define WORK "addresses[type=work]/"

static const struct json_field user[] = {
	{"adminDescription", "externalId", JSON_TEXT, true},
	{"uid", "userName", JSON_TEXT, false},
	{"displayName", "displayName", JSON_TEXT, true},
	{"givenName", "name/givenName", JSON_TEXT, true},
	{"sn", "name/familyName", JSON_TEXT, true},
	{"middleName", "name/middleName", JSON_TEXT, true},
	{"personalTitle", "name/honorificPrefix", JSON_TEXT, true},
	{"generationQualifier", "name/honorificSuffix", JSON_TEXT, true},
	{"title", "title", JSON_TEXT, true},
	{"employeeType", "userType", JSON_TEXT, true},
	{"preferredLanguage", "preferredLanguage", JSON_TEXT, true},
	{"wWWHomePage", "profileUrl", JSON_TEXT, true},
	{"active", "active", JSON_BOOL, true},
	{"mail", "emails[type=work]/value", JSON_TEXT, true},
	{"mail", "emails[primary]/value", JSON_TEXT, false},
	{"mail", "emails[0]/value", JSON_TEXT, false},
	{"otherMailbox", "emails[!type=work]/value", JSON_TEXT, false},
	{"telephoneNumber", "phoneNumbers[type=work]/value", JSON_TEXT, true},
	{"mobile", "phoneNumbers[type=mobile]/value", JSON_TEXT, true},
	{"homePhone", "phoneNumbers[type=home]/value", JSON_TEXT, true},
	{"facsimileTelephoneNumber", "phoneNumbers[type=fax]/value", JSON_TEXT, true},
	{"pager", "phoneNumbers[type=pager]/value", JSON_TEXT, true},
	{"streetAddress", WORK "streetAddress", JSON_TEXT, true},
	{"l", WORK "locality", JSON_TEXT, true},
	{"st", WORK "region", JSON_TEXT, true},
	{"postalCode", WORK "postalCode", JSON_TEXT, true},
	{"c", WORK "country", JSON_TEXT, true},
	{"employeeNumber", ENTERPRISE "/employeeNumber", JSON_TEXT, true},
	{"department", ENTERPRISE "/department", JSON_TEXT, true},
	{"company", ENTERPRISE "/organization", JSON_TEXT, true},
	{"division", ENTERPRISE "/division", JSON_TEXT, true},
	{"departmentNumber", ENTERPRISE "/costCenter", JSON_TEXT, true},
	{"manager", ENTERPRISE "/manager/value", JSON_TEXT, true},
	{"mailNickname", ENTRA "/mailNickname", JSON_TEXT, true},
	{"whenCreated", "meta/created", JSON_TIME, false},
	{"whenChanged", "meta/lastModified", JSON_TIME, false},
	{NULL, NULL, JSON_TEXT, false},
};

static const struct json_field group[] = {
	{"adminDescription", "externalId", JSON_TEXT, true},
	{"displayName", "displayName", JSON_TEXT, false},
	{"member", "members[]/value", JSON_TEXT, true},
	{"whenCreated", "meta/created", JSON_TIME, false},
	{"whenChanged", "meta/lastModified", JSON_TIME, false},
	{NULL, NULL, JSON_TEXT, false},
};

/* As Active Directory has them, so that rules and filters for it fit. */
static const char *const user_classes[] = {"top", "person", "organizationalPerson", "user", NULL};
static const char *const group_classes[] = {"top", "group", NULL};

const struct scim_kind scim_kinds[] = {
	{"users", "/Users", "urn:ietf:params:scim:schemas:core:2.0:User", "userName", false,
		user_classes, user},
	{"groups", "/Groups", "urn:ietf:params:scim:schemas:core:2.0:Group", "displayName", true,
		group_classes, group},
	{NULL, NULL, NULL, NULL, false, NULL, NULL},
};
