#ifndef TESTS_RULES_CASES_H
#define TESTS_RULES_CASES_H

/*
 * A small language for the tests of rules/.
 *
 * An entry:    "cn=Ann Example | mail=ann@abc.example | proxyAddresses=SMTP:a@abc.example"
 *              one value each; {300} stands for 300 letters x, {#300} for 300 values with numbers.
 * What rules ask for, as print_desired writes it:
 *              "CN=Ann | mail=a@b | tel=- | note?=x | proxyAddresses+=a, b | ~W_CODE mail | !E_CODE
 * cn"
 *              - is "must be absent", ?= is add, += is merge, ~ a warning and ! an error about an
 * attribute.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/entry.h"
#include "base/err.h"
#include "rules/rules.h"

/* The texts between separators, without blanks around them; each ends in NUL. */
static inline unsigned case_split(
	struct arena *mem, const char *text, const char *separator, char ***out)
{
	char **parts = arena_alloc(mem, (strlen(text) + 1) * sizeof(*parts));
	unsigned n = 0;

	while (*text != '\0') {
		const char *end = strstr(text, separator);
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
		const char *start = text;
		text += len + (end != NULL ? strlen(separator) : 0);
		for (; len > 0 && *start == ' '; len--)
			start++;
		while (len > 0 && start[len - 1] == ' ')
			len--;
		if (len > 0)
			parts[n++] = arena_copy(mem, start, len);
	}
	*out = parts;
	return n;
}

/* One value with {n} and {#n}; number is the n-th of {#n}. *count: how many values there are. */
static inline struct value case_value(
	struct arena *mem, const char *text, unsigned number, unsigned *count)
{
	struct buf b = {0};
	unsigned n;

	*count = 1;
	while (*text != '\0') {
		int used = 0;
		if (sscanf(text, "{#%u}%n", &n, &used) == 1 && used > 0) {
			buf_printf(&b, "%u", number);
			*count = n;
		} else if (sscanf(text, "{%u}%n", &n, &used) == 1 && used > 0) {
			memset(buf_room(&b, n), 'x', n);
			b.len += n;
		} else {
			buf_putc(&b, *text);
			used = 1;
		}
		text += used;
	}
	struct value v = value_copy(mem, (struct value){b.data != NULL ? b.data : "", b.len});
	buf_free(&b);
	return v;
}

static inline struct entry case_entry(struct arena *mem, const char *text)
{
	struct entry e = {.id = value_of("id"), .name = value_of("CN=x,DC=abc,DC=example")};
	char **parts;
	unsigned n = case_split(mem, text, " | ", &parts);

	for (unsigned i = 0; i < n; i++) {
		char *equals = strchr(parts[i], '=');
		unsigned attr, count = 1;
		assert_non_null(equals);
		attr = attr_id(parts[i], (size_t)(equals - parts[i]));
		assert_int_not_equal(attr, ATTR_NONE);
		for (unsigned k = 0; k < count; k++)
			entry_add(mem, &e, attr, case_value(mem, equals + 1, k, &count));
	}
	e.key = entry_key(e.id);
	return e;
}

static inline void print_wanted(struct buf *b, const struct wanted *w)
{
	static const char *const modes[] = {"=", "?=", "+="};

	buf_printf(b, " | %s%s%s", attr_name(w->attr), modes[w->mode], w->n == 0 ? "-" : "");
	for (unsigned i = 0; i < w->n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		buf_add(b, w->values[i].data, w->values[i].len);
	}
}

/* all: with the attributes that must be absent. */
static inline const char *print_desired(struct arena *mem, const struct desired *d, bool all)
{
	struct buf b = {0};

	buf_add(&b, d->rdn.data != NULL ? d->rdn.data : "-", d->rdn.data != NULL ? d->rdn.len : 1);
	for (unsigned i = 0; i < d->n; i++) {
		if (all || d->attrs[i].n > 0)
			print_wanted(&b, &d->attrs[i]);
	}
	for (unsigned i = 0; i < d->n_complaints; i++) {
		const struct complaint *c = &d->complaints[i];
		buf_printf(&b, " | %c%s%s%s", c->warning ? '~' : '!', c->code,
			c->attr != ATTR_NONE ? " " : "",
			c->attr != ATTR_NONE ? attr_name(c->attr) : "");
	}
	const char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

/* A folder of its own for the files of a test. */
static inline const char *case_folder(struct arena *mem)
{
	char *folder = arena_strdup(mem, "/tmp/galway-rules-XXXXXX");

	assert_non_null(mkdtemp(folder));
	return folder;
}

static inline void case_file(
	struct arena *mem, const char *folder, const char *name, const char *text, size_t len)
{
	const char *path = arena_printf(mem, "%s/%s", folder, name);
	char *slash = strrchr(path, '/');

	if (slash > path + strlen(folder)) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static inline void case_folder_remove(struct arena *mem, const char *folder)
{
	assert_int_equal(system(arena_printf(mem, "rm -r -- '%s'", folder)), 0);
}

/* Rules of one text, as the file "t". */
static inline struct rules *case_rules(struct arena *mem, const char *text)
{
	const char *folder = case_folder(mem);
	struct rules *rules = NULL;
	struct err err = {ERR_NONE, ""};

	case_file(mem, folder, "t", text, strlen(text));
	if (rules_load(mem, "t", folder, &rules, &err) < 0)
		fail_msg("%s", err.text);
	case_folder_remove(mem, folder);
	return rules;
}

/* What a flow from abc.example to xyz.example sees. */
static inline struct rules_env case_env(void)
{
	static const char *const smtp[] = {"abc.example", "abc-mail.example"},
				 *const sip[] = {"abc.example"}, *const target[] = {"xyz.example"};
	static struct value smtp_values[2], sip_values[1], target_values[1], forest;
	static struct param params[] = {
		{"smtp-domains", 2, smtp_values},
		{"sip-domains", 1, sip_values},
		{"target-smtp-domains", 1, target_values},
		{"Forest.FQDN", 1, &forest},
	};

	smtp_values[0] = value_of(smtp[0]);
	smtp_values[1] = value_of(smtp[1]);
	sip_values[0] = value_of(sip[0]);
	target_values[0] = value_of(target[0]);
	forest = value_of("abc.example");
	return (struct rules_env){.params = params,
		.n_params = 4,
		.source_smtp = smtp,
		.n_source_smtp = 2,
		.source_sip = sip,
		.n_source_sip = 1,
		.target_smtp = target,
		.n_target_smtp = 1};
}

#endif
