#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "connectors/ad.h"

/* The words of a cookie, in their order. */
enum word {
	WORD_MAGIC,
	WORD_VERSION,
	WORD_METHOD,
	WORD_DIRECTORY,
	WORD_REPLICA,
	WORD_SCOPE,
	WORD_USN,
	WORD_DIRSYNC,
	WORD_HASH,
	N_WORDS
};

#define NO_DIRSYNC "-"

static const char *const methods[] = {
	[AD_FULL] = "full", [AD_DIRSYNC] = "dirsync", [AD_USN] = "usn"};

const char *ad_method_name(enum ad_method method)
{
	return methods[method];
}

struct value ad_cookie_print(struct arena *mem, const struct ad_cookie *c)
{
	struct buf b = {0};
	struct value cookie = {"", 0};

	if (c->method == AD_FULL)
		return cookie;
	buf_printf(&b, "galway-ad 1 %s %s %s %016" PRIx64 " %lld ", methods[c->method],
		c->directory, c->replica, c->scope, c->usn);
	if (c->dirsync.len > 0)
		buf_base64(&b, c->dirsync.data, c->dirsync.len);
	else
		buf_puts(&b, NO_DIRSYNC);
	buf_printf(&b, " %016" PRIx64, hash_bytes(b.data, b.len, 0));
	cookie = value_copy(mem, (struct value){b.data, b.len});
	buf_free(&b);
	return cookie;
}

/* Exactly the words of a cookie, with single blanks between them. */
static bool split(char *text, char *word[N_WORDS])
{
	for (unsigned i = 0; i < N_WORDS; i++) {
		word[i] = text;
		text += strcspn(text, " ");
		if (text == word[i] || (*text == '\0') != (i == N_WORDS - 1))
			return false;
		*text++ = '\0';
	}
	return true;
}

static bool read_hex(const char *text, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 16);
	return strspn(text, "0123456789abcdef") == 16 && *end == '\0';
}

static bool read_usn(const char *text, long long *out)
{
	size_t digits = strspn(text, "0123456789");

	*out = strtoll(text, NULL, 10);
	return digits > 0 && digits <= 18 && text[digits] == '\0';
}

static bool read_method(const char *text, enum ad_method *out)
{
	for (unsigned i = AD_DIRSYNC; i <= AD_USN; i++) {
		if (strcmp(text, methods[i]) == 0) {
			*out = (enum ad_method)i;
			return true;
		}
	}
	return false;
}

static bool read_dirsync(struct arena *mem, const char *text, struct value *out)
{
	struct buf b = {0};
	bool good = true;

	*out = (struct value){NULL, 0};
	if (strcmp(text, NO_DIRSYNC) == 0)
		return true;
	good = buf_unbase64(&b, text, strlen(text)) == 0;
	if (good)
		*out = value_copy(mem, (struct value){b.data, b.len});
	buf_free(&b);
	return good;
}

static bool parse(struct arena *mem, struct value text, struct ad_cookie *c)
{
	char *word[N_WORDS], *copy = arena_copy(mem, text.data, text.len);
	uint64_t hash;

	if (strlen(copy) != text.len || !split(copy, word) ||
		strcmp(word[WORD_MAGIC], "galway-ad") != 0 || strcmp(word[WORD_VERSION], "1") != 0)
		return false;
	c->directory = word[WORD_DIRECTORY];
	c->replica = word[WORD_REPLICA];
	return read_hex(word[WORD_HASH], &hash) &&
	       hash == hash_bytes(text.data, (size_t)(word[WORD_HASH] - 1 - copy), 0) &&
	       read_method(word[WORD_METHOD], &c->method) &&
	       read_hex(word[WORD_SCOPE], &c->scope) && read_usn(word[WORD_USN], &c->usn) &&
	       read_dirsync(mem, word[WORD_DIRSYNC], &c->dirsync) &&
	       (c->method == AD_DIRSYNC) == (c->dirsync.len > 0);
}

int ad_cookie_parse(struct arena *mem, struct value text, struct ad_cookie *c, struct err *err)
{
	*c = (struct ad_cookie){0};
	if (text.len == 0)
		return err_set(err, ERR_ENTRY, "the last read left no cookie");
	if (!parse(mem, text, c))
		return err_set(err, ERR_ENTRY, "the cookie of the last read is damaged");
	return 0;
}

int ad_cookie_check(const struct ad_cookie *c, const struct ad_cookie *now, struct err *err)
{
	if (strcmp(c->directory, now->directory) != 0)
		return err_set(err, ERR_ENTRY,
			"the last read was of another directory (%s, not %s)", c->directory,
			now->directory);
	if (strcmp(c->replica, now->replica) != 0)
		return err_set(err, ERR_ENTRY,
			"the last read was of another domain controller, or this one was restored "
			"since (invocationId %s, not %s)",
			c->replica, now->replica);
	if (c->scope != now->scope)
		return err_set(err, ERR_ENTRY,
			"the base, the filter, the attributes, the account or the settings are not "
			"those of the last read");
	if (c->usn > now->usn)
		return err_set(err, ERR_ENTRY,
			"the server was set back to an older state since the last read "
			"(highestCommittedUSN %lld, not %lld or more)",
			now->usn, c->usn);
	return 0;
}
