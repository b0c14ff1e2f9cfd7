#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/setup.h"
#include "sync/survey.h"

/* "a 3, b 1": domains and how many have them. */
static struct domains domains_of(struct arena *mem, const char *text)
{
	struct domains d = {0, 8, arena_alloc(mem, 8 * sizeof(*d.all))};
	char *more, *copy = arena_strdup(mem, text);

	for (char *one = strtok_r(copy, ",", &more); one != NULL;
		one = strtok_r(NULL, ",", &more)) {
		one += strspn(one, " ");
		char *n = strchr(one, ' ');
		*n = '\0';
		d.all[d.n++] = (struct domain){one, strtoll(n + 1, NULL, 10)};
	}
	return d;
}

/* Seen on this side, on the other one, and what this side owns. */
static const struct ownership {
	const char *own, *other, *owns;
} ownerships[] = {
	{"abc 9", "xyz 9", "abc "},
	{"abc 9, gone 1", "", "abc "},
	{"abc 9, sub 2, gone 1", "", "abc sub "},
	{"abc 1", "", "abc "}, /* a small one */
	{"abc 1, sub 1", "", "abc sub "},
	{"abc 9, xyz 3", "xyz 9, abc 3", "abc "}, /* some moved before */
	{"abc 9, both 4", "both 4", "abc "},      /* nobody's: a person has to say */
	{"", "xyz 9", ""},
};

static void test_owns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ownerships) / sizeof(ownerships[0]); i++) {
		struct arena *mem = arena_new();
		struct domains own = domains_of(mem, ownerships[i].own);
		struct domains other = domains_of(mem, ownerships[i].other);
		struct buf b = {0};
		buf_puts(&b, "");
		for (unsigned k = 0; k < own.n; k++)
			buf_printf(&b, "%s%s", survey_owns(&own, k, &other) ? own.all[k].name : "",
				survey_owns(&own, k, &other) ? " " : "");
		assert_string_equal(b.data, ownerships[i].owns);
		buf_free(&b);
		arena_free(mem);
	}
}

static const struct naming_case {
	const char *base, *name;
} names[] = {
	{"DC=abc,DC=example", "abc"}, {"OU=Staff-1,DC=ABC", "staff-1"}, {"O=Two Words", "source"},
	{"O={ }", "source"}, {"", "source"}, {"no name", "source"},
	{"O=123456789012345678901234567890123", "source"}, /* of 33 */
};

static void test_name(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(survey_name(mem, names[i].base, "source"), names[i].name);
	arena_free(mem);
}

static const struct wish_case {
	struct side_wish wish;
	const char *fault; /* NULL: good */
} wishes[] = {
	{{"ldaps://a", "b", "file:c", "DC=d"}, NULL},
	{{"ldapi:///", NULL, NULL, NULL}, NULL},
	{{"a.ldif", NULL, NULL, NULL}, NULL},
	{{NULL, NULL, NULL, NULL}, "is missing"},
	{{"", NULL, NULL, NULL}, "is missing"},
	{{"ldaps://a", "b", NULL, NULL}, "go together"},
	{{"ldaps://a", NULL, "env:P", NULL}, "go together"},
	{{"ldaps://a", "b", "S3CRET", NULL}, "says where it is"},
	{{"ldaps://a\nstate = x", NULL, NULL, NULL}, "control character"},
	{{"ldaps://a", NULL, NULL, "DC=a\x7f"}, "control character"},
};

static void test_wish(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct err err = {0};
		int rc = survey_wish("source", &wishes[i].wish, &err);
		assert_int_equal(rc, wishes[i].fault == NULL ? 0 : -1);
		if (rc < 0 && (strstr(err.text, wishes[i].fault) == NULL ||
				      strstr(err.text, "S3CRET") != NULL))
			fail_msg("%s", err.text);
	}
}

/* A server may say anything of itself: that stays a comment. What a path has in it stays as it is.
 */
static void test_hostile(void **state)
{
	static const char *lie = "x\nstate = \"evil\"\r\nconnector evil { }";
	static const char *odd = "/tmp/a \"b\" \\ $c #d";
	struct arena *mem = arena_new();
	struct survey two[2] = {{.wish = {odd, NULL, NULL, NULL},
					.name = "abc",
					.type = "ldif",
					.base = "DC=abc",
					.vendor = lie,
					.who = lie,
					.n_contexts = 2,
					.contexts = (const char *[]){lie, lie},
					.gal = lie},
		{.wish = {"/tmp/b", NULL, NULL, NULL},
			.name = "xyz",
			.type = "ldif",
			.base = "DC=\\\"xyz\\\"",
			.vendor = "",
			.who = ""}};
	char path[] = "/tmp/galway-survey-XXXXXX";
	struct setup setup;
	struct buf b = {0};
	struct err err = {0};

	(void)state;
	survey_print(&b, &two[0], &two[1], NULL, "OU=GAL,DC=\\\"xyz\\\"", "state.db");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, b.data, b.len), (ssize_t)b.len);
	(void)close(fd);
	int rc = setup_load(mem, path, &setup, &err);
	(void)unlink(path);
	if (rc < 0)
		fail_msg("%s\n%s", err.text, b.data);
	assert_int_equal(config_count(setup.config, "connector"), 2);
	assert_string_equal(config_text(setup.flows[0].source_config, "file"), odd);
	assert_string_equal(config_text(setup.flows[0].target_config, "base"), two[1].base);
	assert_null(strstr(setup.state, "evil"));
	buf_free(&b);
	arena_free(mem);
}

/* What is known already, what a person answers, and what is known then; "end": the answers ended,
 * "open": nothing was said. */
static const struct ask_case {
	const char *source, *target, *answers, *known;
	bool open;
} asks[] = {
	{NULL, NULL, "a.ldif\nb.ldif\n\n", "a.ldif - - - b.ldif - - - into -", true},
	{NULL, NULL, "\n", "open", true},
	{NULL, NULL, "\n\na.ldif\n\nb.ldif\nOU=X\n", "a.ldif - - - b.ldif - - - into OU=X", false},
	{"a.ldif", NULL, "ldaps://x\nme\nfile:x\nDC=x\n\n",
		"a.ldif - - - ldaps://x me file:x DC=x into -", false},
	{"a.ldif", NULL, "ldaps://x\n\n\n\n", "a.ldif - - - ldaps://x - - - into -", false},
	{"a.ldif", NULL, "ldapi://\n\n\n", "a.ldif - - - ldapi:// - - - into -", false},
	{"a.ldif", "b.ldif", "", "a.ldif - - - b.ldif - - - into -", false},
	{NULL, NULL, "a.ldif\n", "end", true},
	{"a.ldif", NULL, "\n", "end", false},
};

static void test_asking(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		const struct ask_case *c = &asks[i];
		struct side_wish w[2] = {{.where = c->source}, {.where = c->target}};
		struct arena *mem = arena_new();
		struct buf b = {0};
		struct err err;
		const char *into = NULL;
		char answers[200];
		snprintf(answers, sizeof(answers), "%s", c->answers);
		FILE *in = answers[0] != '\0' ? fmemopen(answers, strlen(answers), "r")
					      : fopen("/dev/null", "r");
		FILE *out = fopen("/dev/null", "w");
		assert_true(in != NULL && out != NULL);
		const int rc = survey_ask(mem, in, out, c->open, w, &into, &err);
		for (unsigned k = 0; k < 2; k++) {
			const char *const parts[] = {
				w[k].where, w[k].bind, w[k].password, w[k].base};
			for (unsigned p = 0; p < 4; p++)
				buf_printf(&b, "%s ", parts[p] != NULL ? parts[p] : "-");
		}
		buf_printf(&b, "into %s", into != NULL ? into : "-");
		buf_putc(&b, '\0');
		assert_string_equal(rc < 0 ? "end" : rc > 0 ? "open" : b.data, c->known);
		buf_free(&b);
		fclose(in);
		fclose(out);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owns),
		cmocka_unit_test(test_asking),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_wish),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
