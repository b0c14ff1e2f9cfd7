#ifndef TESTS_SYNC_CASES_H
#define TESTS_SYNC_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "rules/rules.h"
#include "sync/setup.h"

/*
 * The language of the tests of sync/. The flow "f" goes from abc to xyz, into OU=GAL,DC=xyz, and
 * may adopt in OU=Old,DC=xyz.
 *
 * A name is "ann" for CN=ann,OU=GAL,DC=xyz, "ann,OU=Old" for CN=ann,OU=Old,DC=xyz.
 * Values: "tel=1 tel=2 mail=a". Some attributes have short names: see aliases.
 * What rules want: the same, with ?= for add and += for merge; "tel=" must be absent, and "tel!="
 * because a rule says AuthoritativeNull.
 */
static const struct alias {
	const char *alias, *name;
} aliases[] = {
	{"px", "proxyAddresses"},
	{"hide", "msExchHideFromAddressLists"},
	{"nick", "mailNickname"},
	{"class", "objectClass"},
	{"boss", "manager"},
	{"mark", "adminDescription"},
	{"dn", "distinguishedName"},
	{"sip", "msRTCSIP-PrimaryUserAddress"},
};

static inline unsigned attr_of(const char *name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(aliases[i].alias, name) == 0)
			return attr_named(aliases[i].name);
	}
	return attr_named(name);
}

static inline const char *name_of(unsigned attr)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (attr_named(aliases[i].name) == attr)
			return aliases[i].alias;
	}
	return attr_name(attr);
}

static inline const char *folder(void)
{
	static char path[] = "/tmp/galway-sync-XXXXXX";

	if (access(path, F_OK) != 0)
		assert_non_null(mkdtemp(path));
	return path;
}

static inline int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder());
	return system(command);
}

static inline const char *path_of(struct arena *mem, const char *name)
{
	return arena_printf(mem, "%s/%s", folder(), name);
}

static inline void put_text(struct arena *mem, const char *name, const char *text)
{
	FILE *f = fopen(path_of(mem, name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(mem, name), 0600), 0);
}

static inline struct rules *rules_of(struct arena *mem, const char *text)
{
	struct rules *rules;
	struct err err = {0};

	put_text(mem, "test.rules", text);
	if (rules_load(mem, "test.rules", folder(), &rules, &err) < 0)
		fail_msg("%s", err.text);
	return rules;
}

/* Two rules: the attributes of most cases, and as many others. */
static const char two_rules[] = "rule user\n"
				" scope (cn=*)\n"
				" name \"CN=\" & [cn]\n"
				" objectClass add = [objectClass]\n"
				" mail = [mail]\n"
				" tel = [tel]\n"
				" note add = [note]\n"
				" proxyAddresses merge = [proxyAddresses]\n"
				" url merge = [url]\n"
				" mailNickname = [mailNickname]\n"
				" manager = [manager]\n"
				" msExchHideFromAddressLists = [hide]\n"
				"rule other like user\n"
				" scope (cn=*)\n";

static inline struct flow flow_of(struct arena *mem)
{
	static const char *const bases[] = {"OU=GAL,DC=xyz", "OU=Old,DC=xyz"};
	struct flow f = {.name = "f",
		.source = "abc",
		.target = "xyz",
		.side = "abc",
		.rules = rules_of(mem, two_rules),
		.epoch = 0x1234567890abcdef,
		.into = value_of(bases[0]),
		.n_managed = 2,
		.marker = attr_named("adminDescription"),
		.marker_prefix = value_of("galway:f:"),
		.leave = LEAVE_DELETE,
		.grace = 100};
	struct err err;

	f.managed = arena_alloc(mem, 2 * sizeof(*f.managed));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(dn_parse(mem, value_of(bases[i]), &f.managed[i], &err), 0);
	rules_writes(mem, f.rules, &f.writes);
	attr_set_add(mem, &f.writes, f.marker);
	attr_set_join(mem, &f.tells, &f.writes);
	return f;
}

/* "xyz" decides about an attribute. */
static inline void give_authority(struct arena *mem, struct flow *f, const char *attr)
{
	struct authority_line *more = arena_alloc(mem, (f->n_authority + 1) * sizeof(*more));

	if (f->n_authority > 0)
		memcpy(more, f->authority, f->n_authority * sizeof(*more));
	more[f->n_authority++] = (struct authority_line){attr_of(attr), f->target};
	f->authority = more;
}

static inline struct value full_name(struct arena *mem, const char *name)
{
	return value_of(arena_printf(
		mem, "CN=%s,%s", name, strchr(name, ',') != NULL ? "DC=xyz" : "OU=GAL,DC=xyz"));
}

static inline const char *short_name(struct arena *mem, struct value name)
{
	static const char *const ends[] = {",OU=GAL,DC=xyz", ",DC=xyz"};
	const char *text = arena_copy(mem, name.data, name.len);

	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(ends[i]), len = strlen(text);
		if (len > n && strcmp(text + len - n, ends[i]) == 0) {
			text = arena_copy(mem, text, len - n);
			break;
		}
	}
	return strncmp(text, "CN=", 3) == 0 ? text + 3 : text;
}

/* The words of a text, without blanks. */
static inline unsigned words_of(
	struct arena *mem, const char *text, const char *between, char **words, unsigned room)
{
	char *at = arena_strdup(mem, text), *word;
	unsigned n = 0;

	while ((word = strsep(&at, between)) != NULL) {
		word += strspn(word, " ");
		if (*word == '\0')
			continue;
		assert_true(n < room);
		words[n++] = word;
	}
	return n;
}

/* "t1 cn=ann tel=1 ..." */
static inline struct entry entry_of(struct arena *mem, const char *text)
{
	char *words[64];
	unsigned n = words_of(mem, text, " ", words, 64);
	struct entry e = {.id = value_of(words[0])};

	for (unsigned i = 1; i < n; i++) {
		char *equals = strchr(words[i], '=');
		assert_non_null(equals);
		*equals = '\0';
		if (strcmp(words[i], "cn") == 0) {
			e.name = full_name(mem, equals + 1);
			equals[1 + strcspn(equals + 1, ",")] = '\0';
		}
		entry_add(mem, &e, attr_of(words[i]), value_of(equals + 1));
	}
	e.key = entry_key(e.id);
	return e;
}

/* "cn=ann tel=1 note?=x px+=smtp:a mail=": an attribute's values stand together. */
static inline struct desired desired_of(struct arena *mem, const struct flow *f, const char *text)
{
	char *words[64];
	unsigned n = words_of(mem, text, " ", words, 64);
	struct desired d = {.rule = rules_at(f->rules, 0)};

	d.attrs = arena_zalloc(mem, 64 * sizeof(*d.attrs));
	for (unsigned i = 0; i < n; i++) {
		char *equals = strchr(words[i], '=');
		assert_non_null(equals);
		const bool nothing = equals[-1] == '!';
		enum flow_mode mode = equals[-1] == '?'   ? FLOW_ADD
				      : equals[-1] == '+' ? FLOW_MERGE
							  : FLOW_ALWAYS;
		*(mode == FLOW_ALWAYS && !nothing ? equals : equals - 1) = '\0';
		unsigned attr = attr_of(words[i]);
		if (strcmp(words[i], "cn") == 0 && d.rdn.len == 0) {
			d.rdn = value_of(arena_printf(mem, "CN=%s", equals + 1));
			continue;
		}
		if (d.n == 0 || d.attrs[d.n - 1].attr != attr) {
			d.attrs[d.n] = (struct wanted){
				.attr = attr, .mode = mode, .line = "r:1", .nothing = nothing};
			d.attrs[d.n++].values = arena_alloc(mem, 16 * sizeof(struct value));
		}
		struct wanted *w = &d.attrs[d.n - 1];
		if (equals[1] != '\0')
			w->values[w->n++] = value_of(equals + 1);
	}
	return d;
}

/* As assert_string_equal, and tells which case it is. */
static inline bool same_text(const char *which, const char *is, const char *should)
{
	if (strcmp(is, should) == 0)
		return true;
	print_error("%s:\n  is        %s\n  should be %s\n", which, is, should);
	return false;
}

#endif
