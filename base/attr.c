#include "base/attr.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/hash.h"

struct known {
	const char *name;
	enum attr_syntax syntax;
	bool single, free_text;
	unsigned limit;
};

#define MULTI false
#define SINGLE true
#define CUT true /* over-long values are cut */
#define KEEP false

/* The attributes of an address list. A limit is the schema's upper range or Exchange Online's,
 * whichever is less; 0 is none known. */
static const struct known known[] = {
	/* naming and kind */
	{"objectClass", SYNTAX_NOCASE, MULTI, KEEP, 0},
	{"objectCategory", SYNTAX_DN, SINGLE, KEEP, 0},
	{"objectGUID", SYNTAX_BYTES, SINGLE, KEEP, 16},
	{"objectSid", SYNTAX_BYTES, SINGLE, KEEP, 28},
	{"distinguishedName", SYNTAX_DN, SINGLE, KEEP, 0},
	{"name", SYNTAX_TEXT, SINGLE, KEEP, 255},
	{"cn", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"ou", SYNTAX_TEXT, MULTI, KEEP, 64},
	{"dc", SYNTAX_TEXT, SINGLE, KEEP, 255},
	{"o", SYNTAX_TEXT, MULTI, KEEP, 64},
	{"entryUUID", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"nsUniqueId", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"uid", SYNTAX_NOCASE, MULTI, KEEP, 256},
	{"adminDescription", SYNTAX_TEXT, SINGLE, KEEP, 1024},
	{"isCriticalSystemObject", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"adminCount", SYNTAX_INT, SINGLE, KEEP, 0},
	{"groupType", SYNTAX_INT, SINGLE, KEEP, 0},
	{"instanceType", SYNTAX_INT, SINGLE, KEEP, 0},
	{"sAMAccountType", SYNTAX_INT, SINGLE, KEEP, 0},
	{"userAccountControl", SYNTAX_INT, SINGLE, KEEP, 0},
	{"primaryGroupID", SYNTAX_INT, SINGLE, KEEP, 0},
	{"uSNChanged", SYNTAX_INT, SINGLE, KEEP, 0},
	{"uSNCreated", SYNTAX_INT, SINGLE, KEEP, 0},
	{"accountExpires", SYNTAX_INT, SINGLE, KEEP, 0},
	{"lastLogonTimestamp", SYNTAX_INT, SINGLE, KEEP, 0},
	{"pwdLastSet", SYNTAX_INT, SINGLE, KEEP, 0},
	{"whenChanged", SYNTAX_TIME, SINGLE, KEEP, 0},
	{"whenCreated", SYNTAX_TIME, SINGLE, KEEP, 0},
	{"isDeleted", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"sAMAccountName", SYNTAX_NOCASE, SINGLE, KEEP, 256},
	{"userPrincipalName", SYNTAX_NOCASE, SINGLE, KEEP, 113},
	{"employeeID", SYNTAX_TEXT, SINGLE, KEEP, 16},
	{"employeeNumber", SYNTAX_TEXT, SINGLE, KEEP, 512},
	{"employeeType", SYNTAX_TEXT, SINGLE, KEEP, 256},
	/* mail */
	{"mail", SYNTAX_NOCASE, SINGLE, KEEP, 256},
	{"mailNickname", SYNTAX_NOCASE, SINGLE, KEEP, 64},
	{"targetAddress", SYNTAX_ADDRESS, SINGLE, KEEP, 256},
	{"proxyAddresses", SYNTAX_ADDRESS, MULTI, KEEP, 1123},
	{"legacyExchangeDN", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"textEncodedORAddress", SYNTAX_NOCASE, SINGLE, KEEP, 1024},
	{"showInAddressBook", SYNTAX_DN, MULTI, KEEP, 0},
	{"mAPIRecipient", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"internetEncoding", SYNTAX_INT, SINGLE, KEEP, 0},
	{"homeMDB", SYNTAX_DN, SINGLE, KEEP, 0},
	{"homeMTA", SYNTAX_DN, SINGLE, KEEP, 0},
	{"msExchHomeServerName", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"msExchMailboxGuid", SYNTAX_BYTES, SINGLE, KEEP, 16},
	{"msExchMasterAccountSid", SYNTAX_BYTES, SINGLE, KEEP, 28},
	{"msExchOriginatingForest", SYNTAX_NOCASE, MULTI, KEEP, 0},
	{"msExchRecipientDisplayType", SYNTAX_INT, SINGLE, KEEP, 0},
	{"msExchRecipientTypeDetails", SYNTAX_INT, SINGLE, KEEP, 0},
	{"msExchRemoteRecipientType", SYNTAX_INT, SINGLE, KEEP, 0},
	{"msExchHideFromAddressLists", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"msExchAssistantName", SYNTAX_TEXT, SINGLE, CUT, 256},
	{"msExchVersion", SYNTAX_INT, SINGLE, KEEP, 0},
	/* Lync */
	{"msRTCSIP-PrimaryUserAddress", SYNTAX_NOCASE, SINGLE, KEEP, 256},
	{"msRTCSIP-UserEnabled", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"msRTCSIP-OptionFlags", SYNTAX_INT, SINGLE, KEEP, 0},
	{"msRTCSIP-DeploymentLocator", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"msRTCSIP-PrimaryHomeServer", SYNTAX_DN, SINGLE, KEEP, 0},
	{"msRTCSIP-Line", SYNTAX_NOCASE, SINGLE, KEEP, 0},
	{"msRTCSIP-FederationEnabled", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"msRTCSIP-InternetAccessEnabled", SYNTAX_BOOL, SINGLE, KEEP, 0},
	{"msRTCSIP-OriginatorSid", SYNTAX_BYTES, SINGLE, KEEP, 28},
	{"msDS-SourceObjectDN", SYNTAX_TEXT, SINGLE, KEEP, 10240},
	{"mS-DS-ConsistencyGuid", SYNTAX_BYTES, SINGLE, KEEP, 16},
	/* people */
	{"displayName", SYNTAX_TEXT, SINGLE, CUT, 256},
	{"givenName", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"sn", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"middleName", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"generationQualifier", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"personalTitle", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"initials", SYNTAX_TEXT, SINGLE, CUT, 6},
	{"title", SYNTAX_TEXT, SINGLE, CUT, 128},
	{"department", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"company", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"division", SYNTAX_TEXT, SINGLE, CUT, 256},
	{"physicalDeliveryOfficeName", SYNTAX_TEXT, SINGLE, CUT, 128},
	{"telephoneNumber", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"otherTelephone", SYNTAX_TEXT, MULTI, CUT, 64},
	{"mobile", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"otherMobile", SYNTAX_TEXT, MULTI, CUT, 64},
	{"homePhone", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"otherHomePhone", SYNTAX_TEXT, MULTI, CUT, 64},
	{"pager", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"facsimileTelephoneNumber", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"telephoneAssistant", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"ipPhone", SYNTAX_TEXT, SINGLE, CUT, 64},
	{"streetAddress", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"l", SYNTAX_TEXT, SINGLE, CUT, 128},
	{"st", SYNTAX_TEXT, SINGLE, CUT, 128},
	{"co", SYNTAX_TEXT, SINGLE, CUT, 128},
	{"postalCode", SYNTAX_TEXT, SINGLE, CUT, 40},
	{"postOfficeBox", SYNTAX_TEXT, MULTI, CUT, 40},
	{"c", SYNTAX_TEXT, SINGLE, KEEP, 2},
	{"countryCode", SYNTAX_INT, SINGLE, KEEP, 0},
	{"info", SYNTAX_TEXT, SINGLE, CUT, 448},
	{"description", SYNTAX_TEXT, MULTI, CUT, 448},
	{"wWWHomePage", SYNTAX_TEXT, SINGLE, CUT, 2048},
	{"url", SYNTAX_TEXT, MULTI, CUT, 448},
	{"msDS-PhoneticDisplayName", SYNTAX_TEXT, SINGLE, CUT, 256},
	{"extensionAttribute1", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute2", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute3", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute4", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute5", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute6", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute7", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute8", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute9", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute10", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute11", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute12", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute13", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute14", SYNTAX_TEXT, SINGLE, CUT, 1024},
	{"extensionAttribute15", SYNTAX_TEXT, SINGLE, CUT, 1024},
	/* references */
	{"manager", SYNTAX_DN, SINGLE, KEEP, 0},
	{"assistant", SYNTAX_DN, SINGLE, KEEP, 0},
	{"secretary", SYNTAX_DN, MULTI, KEEP, 0},
	{"managedBy", SYNTAX_DN, SINGLE, KEEP, 0},
	{"directReports", SYNTAX_DN, MULTI, KEEP, 0},
	{"member", SYNTAX_DN, MULTI, KEEP, 0},
	{"memberOf", SYNTAX_DN, MULTI, KEEP, 0},
	{"seeAlso", SYNTAX_DN, MULTI, KEEP, 0},
	{"owner", SYNTAX_DN, MULTI, KEEP, 0},
	/* octets */
	{"thumbnailPhoto", SYNTAX_BYTES, SINGLE, KEEP, 102400},
	{"jpegPhoto", SYNTAX_BYTES, MULTI, KEEP, 0},
	{"userCertificate", SYNTAX_BYTES, MULTI, KEEP, 32768},
	{"userSMIMECertificate", SYNTAX_BYTES, MULTI, KEEP, 32768},
	{"sIDHistory", SYNTAX_BYTES, MULTI, KEEP, 28},
	{"nTSecurityDescriptor", SYNTAX_BYTES, SINGLE, KEEP, 0},
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))
#define SLOTS (2u * (ATTR_MAX + 1))
#define NEAR 1024u

/* Interned names: id -> name, and a hash table of ids + 1. Names of the known attributes are the
 * program's; others live in an arena that is never given back. Looking up takes no lock: a name is
 * there before its place in the table says so.
 *
 * A name is in `near`, one page, or when its place is another's there, in the large table: the few
 * names that there nearly always are would have a page each of that. */
static const char *names[ATTR_MAX];
static uint64_t seeds[ATTR_MAX];
static _Atomic uint32_t near[NEAR], slots[SLOTS];
static _Atomic unsigned n_names;
static struct arena *memory;
static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t begun = PTHREAD_ONCE_INIT;

/* 0: not there, and *place is where it would be. */
static uint32_t look_up(const char *name, size_t len, _Atomic uint32_t **place)
{
	const uint32_t hash = (uint32_t)hash_nocase(name, len, 0);
	uint32_t i = hash / NEAR & (SLOTS - 1), slot;

	*place = &near[hash & (NEAR - 1)];
	while ((slot = atomic_load_explicit(*place, memory_order_acquire)) != 0) {
		const char *there = names[slot - 1];
		if (strncasecmp(there, name, len) == 0 && there[len] == '\0')
			break;
		*place = &slots[i];
		i = (i + 1) & (SLOTS - 1);
	}
	return slot;
}

static unsigned add(const char *name, size_t len, bool copy)
{
	_Atomic uint32_t *place;
	uint32_t slot = look_up(name, len, &place);

	if (slot != 0)
		return slot - 1;
	if (n_names == ATTR_MAX)
		return ATTR_NONE;
	names[n_names] = copy ? arena_copy(memory, name, len) : name;
	seeds[n_names] = hash_nocase(name, len, 2);
	atomic_store_explicit(place, ++n_names, memory_order_release);
	return n_names - 1;
}

static unsigned intern(const char *name, size_t len)
{
	_Atomic uint32_t *place;
	uint32_t slot = look_up(name, len, &place);

	if (slot != 0)
		return slot - 1;
	(void)pthread_mutex_lock(&adding);
	unsigned id = add(name, len, true);
	(void)pthread_mutex_unlock(&adding);
	return id;
}

static void add_known(void)
{
	memory = arena_new();
	for (size_t i = 0; i < N_KNOWN; i++)
		add(known[i].name, strlen(known[i].name), false);
}

static void begin(void)
{
	(void)pthread_once(&begun, add_known);
}

/* RFC 4512 2.5: a descriptor or an OID, then options after ';'. */
static bool well_formed(const char *name, size_t len)
{
	if (len == 0 || len > 512)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';

		if (!letter && !digit && (i == 0 || strchr("-;._=", c) == NULL || c == '\0'))
			return false;
	}
	return name[len - 1] != ';';
}

/* Ids + 1 of names that were asked for lately, by what costs little to look at: entry after entry
 * has the same ones, spelled alike. */
static _Atomic uint32_t recent[256];

static _Atomic uint32_t *recent_place(const char *name, size_t len)
{
	const unsigned char *at = (const unsigned char *)name;

	return &recent[(len * 31 + at[0] * 7u + at[len / 2] * 5u + at[len - 1]) % 256];
}

static bool is_recent(uint32_t slot, const char *name, size_t len)
{
	return slot != 0 && strlen(names[slot - 1]) == len &&
	       memcmp(names[slot - 1], name, len) == 0;
}

static unsigned spelled_anyhow(const char *name, size_t len)
{
	static const char binary[] = ";binary";
	const size_t n = sizeof(binary) - 1;

	begin();
	while (len > n && strncasecmp(name + len - n, binary, n) == 0)
		len -= n;
	if (!well_formed(name, len))
		return ATTR_NONE;
	return intern(name, len);
}

unsigned attr_id(const char *name, size_t len)
{
	if (len == 0)
		return ATTR_NONE;
	_Atomic uint32_t *place = recent_place(name, len);
	const uint32_t slot = atomic_load_explicit(place, memory_order_acquire);
	if (is_recent(slot, name, len))
		return slot - 1;
	const unsigned id = spelled_anyhow(name, len);
	if (id != ATTR_NONE)
		atomic_store_explicit(place, id + 1, memory_order_release);
	return id;
}

unsigned attr_named(const char *name)
{
	return attr_id(name, strlen(name));
}

unsigned attr_count(void)
{
	begin();
	return n_names;
}

bool attr_among(unsigned attr, const char *const *list, size_t n, unsigned *ids)
{
	size_t i = 0;

	if (ids[0] == 0) {
		for (size_t k = 0; k < n; k++)
			ids[k] = attr_named(list[k]);
	}
	while (i < n && ids[i] != attr)
		i++;
	return i < n;
}

const char *attr_name(unsigned id)
{
	begin();
	return id < n_names ? names[id] : "?";
}

uint64_t attr_seed(unsigned id)
{
	begin();
	return id < n_names ? seeds[id] : 0;
}

/* Known attributes were interned first, so that their ids are their places in the table. */
static const struct known *known_of(unsigned id)
{
	static const struct known other = {NULL, SYNTAX_TEXT, MULTI, KEEP, 0};

	return id < N_KNOWN ? &known[id] : &other;
}

bool attr_known(unsigned id)
{
	return id < N_KNOWN;
}

enum attr_syntax attr_syntax(unsigned id)
{
	return known_of(id)->syntax;
}

bool attr_single(unsigned id)
{
	return known_of(id)->single;
}

bool attr_free_text(unsigned id)
{
	return known_of(id)->free_text;
}

unsigned attr_limit(unsigned id)
{
	return known_of(id)->limit;
}

void attr_set_add(struct arena *mem, struct attr_set *set, unsigned id)
{
	if (id >= set->n) {
		unsigned n = id + 64;
		unsigned char *flag = arena_zalloc(mem, n);
		if (set->n > 0)
			memcpy(flag, set->flag, set->n);
		set->flag = flag;
		set->n = n;
	}
	set->flag[id] = 1;
}

void attr_set_join(struct arena *mem, struct attr_set *set, const struct attr_set *more)
{
	for (unsigned i = 0; i < more->n; i++) {
		if (more->flag[i])
			attr_set_add(mem, set, i);
	}
}
