/*
 * bench_generate [-m] N: N invented users of ABC Corp as LDIF on stdout, about 20 attributes and
 * 1 KiB each. The same N gives the same bytes. Names are common, addresses and CNs unique, every
 * eighth user has an umlaut in the name, and so base64 in the file, as a real export has. With -m
 * every third user has a manager, and the file is as slapadd wants it: no version, and containers
 * with their naming attribute.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BASE "DC=abc,DC=example"
#define PEOPLE "OU=People," BASE
#define ADMIN_GROUP "/o=ABC Corp/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"
#define COUNT(table) (sizeof(table) / sizeof(*(table)))

struct name {
	const char *text;
	const char *ascii; /* for addresses; NULL: the text in lower case will do */
};

static const struct name given_names[] = {
	{"Ann", NULL},
	{"Bob", NULL},
	{"Clara", NULL},
	{"Dmitri", NULL},
	{"Eva", NULL},
	{"Farid", NULL},
	{"Gita", NULL},
	{"Hugo", NULL},
	{"Ines", NULL},
	{"Jonas", NULL},
	{"Kenji", NULL},
	{"Lena", NULL},
	{"Marta", NULL},
	{"Nadia", NULL},
	{"S\u00f8ren", "soren"},
};
static const struct name surnames[] = {
	{"Smith", NULL},
	{"Garcia", NULL},
	{"Okafor", NULL},
	{"Tanaka", NULL},
	{"Novak", NULL},
	{"Silva", NULL},
	{"Khan", NULL},
	{"Dubois", NULL},
	{"Rossi", NULL},
	{"Berg", NULL},
	{"Costa", NULL},
	{"Haddad", NULL},
	{"Lindholm", NULL},
	{"Fischer", NULL},
	{"Moreau", NULL},
	{"M\u00fcller", "mueller"},
};
static const char *const titles[] = {
	"Engineer",
	"Account Manager",
	"Analyst",
	"Recruiter",
	"Technician",
	"Counsel",
	"Designer",
};
static const char *const departments[] = {
	"Development",
	"Sales",
	"Finance",
	"People",
	"IT",
	"Legal",
	"Design",
	"Customer Support",
};
static const char *const towns[] = {"Berlin", "London", "Porto", "Oslo", "Lyon"};

/* splitmix64: numbers that look random and are the same every time. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* One line; base64 when there are bytes outside of ASCII. */
static void line(struct buf *out, const char *attr, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x80)
			continue;
		buf_puts(out, attr);
		buf_puts(out, ":: ");
		buf_base64(out, value, len);
		buf_putc(out, '\n');
		return;
	}
	buf_puts(out, attr);
	buf_puts(out, ": ");
	buf_add(out, value, len);
	buf_putc(out, '\n');
}

static void line_bytes(struct buf *out, const char *attr, const void *bytes, size_t len)
{
	buf_puts(out, attr);
	buf_puts(out, ":: ");
	buf_base64(out, bytes, len);
	buf_putc(out, '\n');
}

static const char *ascii(const struct name *name, char *room, size_t size)
{
	size_t i;

	if (name->ascii != NULL)
		return name->ascii;
	for (i = 0; name->text[i] != '\0' && i + 1 < size; i++)
		room[i] = (char)(name->text[i] | 0x20);
	room[i] = '\0';
	return room;
}

static void containers(struct buf *out, bool for_slapadd)
{
	static const struct {
		const char *dn, *class, *category, *naming;
	} container[] = {
		{BASE, "domainDNS", "Domain-DNS", "dc: abc\n"},
		{PEOPLE, "organizationalUnit", "Organizational-Unit", "ou: People\n"},
	};

	if (!for_slapadd)
		buf_puts(out, "version: 1\n\n");
	for (uint64_t i = 0; i < COUNT(container); i++) {
		uint64_t guid[2] = {mix(~i), mix(~i ^ 1u << 31)};

		buf_printf(out, "dn: %s\nobjectClass: top\nobjectClass: %s\n", container[i].dn,
			container[i].class);
		if (for_slapadd)
			buf_puts(out, container[i].naming);
		line_bytes(out, "objectGUID", guid, sizeof(guid));
		buf_printf(out, "objectCategory: CN=%s,CN=Schema,CN=Configuration," BASE "\n\n",
			container[i].category);
	}
}

static const struct name *given_of(uint64_t dice)
{
	return &given_names[dice % COUNT(given_names)];
}

static const struct name *surname_of(uint64_t dice)
{
	return &surnames[(dice >> 8) % COUNT(surnames)];
}

/* attribute: the DN of user i */
static void line_user(struct buf *out, struct buf *text, const char *attr, uint64_t i)
{
	const uint64_t dice = mix(i);

	buf_clear(text);
	buf_printf(text, "CN=%s %s u%07llu," PEOPLE, given_of(dice)->text, surname_of(dice)->text,
		(unsigned long long)i);
	line(out, attr, text->data);
}

static void user(struct buf *out, struct buf *text, uint64_t i, bool manager)
{
	const uint64_t dice = mix(i);
	const struct name *given = given_of(dice);
	const struct name *sn = surname_of(dice);
	const uint64_t guid[2] = {dice, mix(dice)};
	char account[32], room[2][32], mail[128];

	snprintf(account, sizeof(account), "u%07llu", (unsigned long long)i);
	snprintf(mail, sizeof(mail), "%s.%s.%llu@abc.example",
		ascii(given, room[0], sizeof(room[0])), ascii(sn, room[1], sizeof(room[1])),
		(unsigned long long)i);

	line_user(out, text, "dn", i);
	buf_puts(out, "objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\n"
		      "objectClass: user\n");
	buf_clear(text);
	buf_printf(text, "%s %s %s", given->text, sn->text, account);
	line(out, "cn", text->data);
	line(out, "sn", sn->text);
	line(out, "givenName", given->text);
	line(out, "l", towns[(dice >> 16) % COUNT(towns)]);
	line(out, "title", titles[(dice >> 24) % COUNT(titles)]);
	line(out, "department", departments[(dice >> 32) % COUNT(departments)]);
	buf_printf(out, "telephoneNumber: +49 30 555 %07llu\n", (unsigned long long)i);
	buf_clear(text);
	buf_printf(text, "%s, %s", sn->text, given->text);
	line(out, "displayName", text->data);
	if (manager)
		line_user(out, text, "manager", (i + 9) / 10);
	buf_printf(out, "uSNChanged: %llu\n", (unsigned long long)i * 3 + 40000);
	buf_puts(out, "company: ABC Corp\n");
	line_bytes(out, "objectGUID", guid, sizeof(guid));
	buf_printf(out,
		"userAccountControl: 512\nsAMAccountName: %s\nuserPrincipalName: %s@abc.example\n",
		account, account);
	buf_puts(out, "objectCategory: CN=Person,CN=Schema,CN=Configuration," BASE "\n");
	buf_printf(out,
		"proxyAddresses: SMTP:%s\nproxyAddresses: smtp:%s@abc.example\n"
		"proxyAddresses: sip:%s\n",
		mail, account, mail);
	buf_printf(out, "mail: %s\nmailNickname: %s\n", mail, account);
	buf_printf(out, "legacyExchangeDN: " ADMIN_GROUP "/cn=Recipients/cn=%s\n", account);
	buf_puts(out, "msExchRecipientDisplayType: 1073741824\nmsExchRecipientTypeDetails: 1\n");
	buf_printf(
		out, "msRTCSIP-PrimaryUserAddress: sip:%s\nmsRTCSIP-UserEnabled: TRUE\n\n", mail);
}

static int flush(struct buf *out)
{
	int rc = fwrite(out->data, 1, out->len, stdout) == out->len ? 0 : -1;

	buf_clear(out);
	return rc;
}

int main(int argc, char **argv)
{
	struct buf out = {0}, text = {0};
	char *end = NULL;
	const bool managers = argc == 3 && strcmp(argv[1], "-m") == 0;
	uint64_t n = argc == 2 + managers ? strtoull(argv[argc - 1], &end, 10) : 0;
	int rc = 0;

	if (end == NULL || *end != '\0' || n == 0) {
		fprintf(stderr, "usage: bench_generate [-m] N\n");
		return 2;
	}
	containers(&out, managers);
	for (uint64_t i = 1; i <= n && rc == 0; i++) {
		user(&out, &text, i, managers && i % 3 == 0);
		if (out.len > 1 << 20)
			rc = flush(&out);
	}
	if (rc < 0 || flush(&out) < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "bench_generate: %s\n", strerror(errno));
		return 1;
	}
	buf_free(&text);
	buf_free(&out);
	return 0;
}
