#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/config_private.h"
#include "base/err.h"

/* Each conversion: 0, or -1 when the text is not of the kind. */

static int to_text(struct arena *mem, const char *folder, struct item *item)
{
	(void)mem, (void)folder, (void)item;
	return 0;
}

/* What is written there becomes a path from the folder on, with a scheme before it. */
static void set_path(struct arena *mem, const char *folder, struct item *item, const char *scheme)
{
	const char **values = arena_alloc(mem, sizeof(*values));

	values[0] = arena_printf(mem, "%s%s/%s", scheme, strcmp(folder, "/") == 0 ? "" : folder,
		item->values[0] + strlen(scheme));
	item->values = values;
}

static int to_path(struct arena *mem, const char *folder, struct item *item)
{
	const char *text = item->values[0];

	if (*text == '\0')
		return -1;
	if (*text != '/')
		set_path(mem, folder, item, "");
	return 0;
}

static int to_secret(struct arena *mem, const char *folder, struct item *item)
{
	static const char file[] = "file:";
	const char *where = item->values[0];

	if (strncmp(where, file, strlen(file)) == 0 && where[strlen(file)] != '/')
		set_path(mem, folder, item, file);
	return 0;
}

/* Digits; what follows them, or NULL. */
static const char *digits(const char *text, long long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 ? end : NULL;
}

static int to_number(struct arena *mem, const char *folder, struct item *item)
{
	const char *rest = digits(item->values[0], &item->number);

	(void)mem, (void)folder;
	return rest != NULL && *rest == '\0' ? 0 : -1;
}

static int to_span(struct arena *mem, const char *folder, struct item *item)
{
	static const struct unit {
		char letter;
		long long seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const char *rest = digits(item->values[0], &item->number);

	(void)mem, (void)folder;
	if (rest == NULL || strlen(rest) != 1)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*rest != units[i].letter || item->number > LLONG_MAX / units[i].seconds)
			continue;
		item->number *= units[i].seconds;
		return 0;
	}
	return -1;
}

static int to_bool(struct arena *mem, const char *folder, struct item *item)
{
	(void)mem, (void)folder;
	item->number = strcmp(item->values[0], "true") == 0;
	return item->number != 0 || strcmp(item->values[0], "false") == 0 ? 0 : -1;
}

static int to_word(struct arena *mem, const char *folder, struct item *item)
{
	const char *text = item->values[0];
	size_t len = strlen(text);

	(void)mem, (void)folder;
	for (const char *word = item->setting->words; len > 0; word++) {
		size_t n = strcspn(word, "|");
		if (n == len && memcmp(word, text, len) == 0)
			return 0;
		word += n;
		if (*word == '\0')
			break;
	}
	return -1;
}

static const struct kind {
	int (*convert)(struct arena *, const char *folder, struct item *);
	const char *expected; /* NULL: the words */
} kinds[] = {
	[SETTING_TEXT] = {to_text, "text"},
	[SETTING_PATH] = {to_path, "a path"},
	[SETTING_SECRET] = {to_secret, "where a secret is"},
	[SETTING_LIST] = {to_text, "a list"},
	[SETTING_NUMBER] = {to_number, "a whole number"},
	[SETTING_BOOL] = {to_bool, "true or false"},
	[SETTING_SPAN] = {to_span, "a time like 90s, 15m, 3h or 7d"},
	[SETTING_WORD] = {to_word, NULL},
};

int config_convert(struct arena *mem, const char *folder, struct item *item, const char *where,
	struct err *err)
{
	const struct setting *s = item->setting;
	const struct kind *kind = &kinds[s->kind];
	const char *expected = kind->expected != NULL ? kind->expected : s->words;

	if (s->kind == SETTING_LIST)
		return 0;
	if (item->n != 1)
		return err_set(err, ERR_FATAL, "%s: %s: expected %s, not a list", where, s->name,
			expected);
	if (kind->convert(mem, folder, item) < 0)
		return err_set(err, ERR_FATAL, "%s: %s: expected %s, not \"%s\"", where, s->name,
			expected, item->values[0]);
	return 0;
}

void config_fallback(struct arena *mem, struct item *item)
{
	static const char gaps[] = "{}\", ";
	const char *text = item->setting->fallback;
	const char **values = arena_alloc(mem, (strlen(text) + 1) * sizeof(*values));

	item->values = values;
	if (item->setting->kind != SETTING_LIST) {
		values[item->n++] = text;
		return;
	}
	for (text += strspn(text, gaps); *text != '\0'; text += strspn(text, gaps)) {
		size_t len = strcspn(text, gaps);
		values[item->n++] = arena_copy(mem, text, len);
		text += len;
	}
}
