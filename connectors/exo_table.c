/*
 * Attributes of directories, and the parameters of Set-MailContact and Set-Contact that have them.
 */

#include "base/arena.h"
#include "connectors/exo.h"

#define CUSTOM(n)                                                                     \
	{                                                                             \
		"extensionAttribute" #n, EXO_MAIL, "CustomAttribute" #n, JSON_TEXT, 0 \
	}
#define EXTENSION(n)                                                                          \
	{                                                                                     \
		"msExchExtensionCustomAttribute" #n, EXO_MAIL, "ExtensionCustomAttribute" #n, \
			JSON_TEXT, EXO_MANY                                                   \
	}

const struct exo_field exo_fields[] = {
	{"displayName", EXO_MAIL, "DisplayName", JSON_TEXT, EXO_NEW},
	{"mailNickname", EXO_MAIL, "Alias", JSON_TEXT, EXO_NEW},
	{"targetAddress", EXO_MAIL, "ExternalEmailAddress", JSON_TEXT, EXO_NEW},
	{"proxyAddresses", EXO_MAIL, "EmailAddresses", JSON_TEXT, EXO_MANY},
	{"msExchHideFromAddressLists", EXO_MAIL, "HiddenFromAddressListsEnabled", JSON_BOOL, 0},
	{"displayNamePrintable", EXO_MAIL, "SimpleDisplayName", JSON_TEXT, 0},
	CUSTOM(1),
	CUSTOM(2),
	CUSTOM(3),
	CUSTOM(4),
	CUSTOM(5),
	CUSTOM(6),
	CUSTOM(7),
	CUSTOM(8),
	CUSTOM(9),
	CUSTOM(10),
	CUSTOM(11),
	CUSTOM(12),
	CUSTOM(13),
	CUSTOM(14),
	CUSTOM(15),
	EXTENSION(1),
	EXTENSION(2),
	EXTENSION(3),
	EXTENSION(4),
	EXTENSION(5),
	{"mail", EXO_MAIL, "PrimarySmtpAddress", JSON_TEXT, EXO_READ},
	{"legacyExchangeDN", EXO_MAIL, "LegacyExchangeDN", JSON_TEXT, EXO_READ},
	{"isDirSynced", EXO_MAIL, "IsDirSynced", JSON_BOOL, EXO_READ},

	{"givenName", EXO_PERSON, "FirstName", JSON_TEXT, EXO_NEW},
	{"sn", EXO_PERSON, "LastName", JSON_TEXT, EXO_NEW},
	{"initials", EXO_PERSON, "Initials", JSON_TEXT, EXO_NEW},
	{"title", EXO_PERSON, "Title", JSON_TEXT, 0},
	{"department", EXO_PERSON, "Department", JSON_TEXT, 0},
	{"company", EXO_PERSON, "Company", JSON_TEXT, 0},
	{"physicalDeliveryOfficeName", EXO_PERSON, "Office", JSON_TEXT, 0},
	{"telephoneNumber", EXO_PERSON, "Phone", JSON_TEXT, 0},
	{"otherTelephone", EXO_PERSON, "OtherTelephone", JSON_TEXT, EXO_MANY},
	{"mobile", EXO_PERSON, "MobilePhone", JSON_TEXT, 0},
	{"homePhone", EXO_PERSON, "HomePhone", JSON_TEXT, 0},
	{"otherHomePhone", EXO_PERSON, "OtherHomePhone", JSON_TEXT, EXO_MANY},
	{"facsimileTelephoneNumber", EXO_PERSON, "Fax", JSON_TEXT, 0},
	{"otherFacsimileTelephoneNumber", EXO_PERSON, "OtherFax", JSON_TEXT, EXO_MANY},
	{"pager", EXO_PERSON, "Pager", JSON_TEXT, 0},
	{"streetAddress", EXO_PERSON, "StreetAddress", JSON_TEXT, 0},
	{"l", EXO_PERSON, "City", JSON_TEXT, 0},
	{"st", EXO_PERSON, "StateOrProvince", JSON_TEXT, 0},
	{"postalCode", EXO_PERSON, "PostalCode", JSON_TEXT, 0},
	{"postOfficeBox", EXO_PERSON, "PostOfficeBox", JSON_TEXT, EXO_MANY},
	/* Get-Contact gives the country's name, whatever it was set with. */
	{"co", EXO_PERSON, "CountryOrRegion", JSON_TEXT, 0},
	{"telephoneAssistant", EXO_PERSON, "TelephoneAssistant", JSON_TEXT, 0},
	{"msExchAssistantName", EXO_PERSON, "AssistantName", JSON_TEXT, 0},
	{"wWWHomePage", EXO_PERSON, "WebPage", JSON_TEXT, 0},
	{"info", EXO_PERSON, "Notes", JSON_TEXT, 0},
	{"msDS-PhoneticDisplayName", EXO_PERSON, "PhoneticDisplayName", JSON_TEXT, 0},
	{NULL, EXO_MAIL, NULL, JSON_TEXT, 0},
};

#define N_FIELDS (sizeof(exo_fields) / sizeof(exo_fields[0]))

const struct exo_field *exo_field_of(unsigned attr)
{
	for (const struct exo_field *f = exo_fields; f->attr != NULL; f++) {
		if (attr_named(f->attr) == attr)
			return f;
	}
	return NULL;
}

const struct json_field *exo_json_fields(struct arena *mem, enum exo_side side)
{
	struct json_field *to = arena_zalloc(mem, N_FIELDS * sizeof(*to));
	size_t n = 0;

	for (const struct exo_field *f = exo_fields; f->attr != NULL; f++) {
		if (f->side != side)
			continue;
		const char *path = f->property;
		if (f->is & EXO_MANY)
			path = arena_printf(mem, "%s[]", f->property);
		to[n++] = (struct json_field){f->attr, path, f->kind, !(f->is & EXO_READ)};
	}
	return to;
}

const char *const *exo_properties(struct arena *mem, enum exo_side side)
{
	const char **to = arena_zalloc(mem, (N_FIELDS + 3) * sizeof(*to));
	size_t n = 0;

	to[n++] = "Guid";
	if (side == EXO_MAIL) {
		to[n++] = "ExternalDirectoryObjectId";
		to[n++] = "Name";
	}
	for (const struct exo_field *f = exo_fields; f->attr != NULL; f++) {
		if (f->side == side)
			to[n++] = f->property;
	}
	return to;
}
