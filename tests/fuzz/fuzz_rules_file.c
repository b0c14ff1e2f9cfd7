/* Rules that load, written again as one file, load as the same; and what they ask for is
 * well-formed. The input is two files: a line "==" ends the first, which may include the second as
 * "b". */
#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/utf8.h"

#include "rules/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/galway-fuzz-XXXXXX";

static void remove_folder(void)
{
	if (chdir(folder) == 0) {
		unlink("t");
		unlink("b");
		rmdir(folder);
	}
}

static void write_file(struct arena *mem, const char *name, const void *data, size_t len)
{
	int fd = open(arena_printf(mem, "%s/%s", folder, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

/* In upper case no attribute is a word that begins a statement. */
static void put_attr(struct buf *b, unsigned attr)
{
	for (const char *c = attr_name(attr); *c != '\0'; c++)
		buf_putc(b, (char)toupper((unsigned char)*c));
}

static void put_scope(struct buf *b, const struct filter *scope)
{
	struct buf text = {0};

	filter_print(&text, scope);
	buf_puts(b, " scope ");
	/* '#' behind a blank would begin a comment. */
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '#')
			buf_puts(b, "\\23");
		else
			buf_putc(b, text.data[i]);
	}
	buf_putc(b, '\n');
	buf_free(&text);
}

static void put_lines(
	struct buf *b, const char *begin, const struct line *lines, const char *equals)
{
	for (const struct line *i = lines; i != NULL; i = i->next) {
		buf_puts(b, begin);
		put_attr(b, i->attr);
		buf_printf(b, " %s %s\n", equals, i->text);
	}
}

static void print_rules(struct buf *b, const struct rules *rules)
{
	static const char *const modes[] = {"=", "add =", "merge ="};

	for (unsigned i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rules[i];
		buf_printf(b, "rule %s\n", rule->name);
		put_scope(b, rule->scope);
		buf_puts(b, rule->require != NULL ? " require" : "");
		for (const struct word *w = rule->require; w != NULL; w = w->next) {
			buf_putc(b, ' ');
			put_attr(b, w->attr);
		}
		buf_printf(b, "\n name %s\n", rule->rdn->text);
		put_lines(b, " join ", rule->joins, "=");
		for (unsigned k = 0; k < rule->n_flows; k++)
			put_lines(b, " ", rule->flows[k].lines, modes[rule->flows[k].mode]);
	}
}

/* Each attribute once and in the order of the list; an error when there is a complaint that is one.
 */
static void check_desired(const struct rule *rule, const struct desired *d, int rc)
{
	unsigned n, at = 0, errors = 0;
	const unsigned *attrs = rule_attrs(rule, &n);

	for (unsigned i = 0; i < d->n; i++, at++) {
		while (at < n && attrs[at] != d->attrs[i].attr)
			at++;
		assert(at < n);
		assert(d->attrs[i].n == 0 || d->attrs[i].values != NULL);
	}
	for (unsigned i = 0; i < d->n_complaints; i++) {
		const char *text = d->complaints[i].text;
		assert(utf8_valid(text, strlen(text)));
		errors += !d->complaints[i].warning;
	}
	assert((rc < 0) == (errors > 0));
	assert(errors > 0 || d->rdn.len > 0);
}

static void map(struct arena *mem, const struct rules *rules)
{
	static const char *const attrs[] = {
		"cn", "mail", "a", "b", "objectClass", "proxyAddresses", "sn"};
	static const char *const values[] = {
		"Ann", "ann@abc.example", "1", "\xff", "user", "SMTP:x@abc.example", ""};
	const struct rules_env env = {0};
	struct entry e = {.name = value_of("CN=x")};
	struct desired d;
	struct err err;

	for (unsigned i = 0; i < 7; i++)
		entry_add(mem, &e, attr_named(attrs[i]), value_of(values[i]));
	entry_add(mem, &e, attr_named("proxyAddresses"), value_of("smtp:y@abc.example"));
	(void)rules_scope(rules, &e);
	for (unsigned i = 0; i < rules_count(rules); i++) {
		struct flow_trace *trace;
		int rc = rules_map(mem, rules_at(rules, i), &env, &e, &d, &err);
		check_desired(rules_at(rules, i), &d, rc);
		(void)rules_trace(mem, rules_at(rules, i), &env, &e, &trace);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena *mem = arena_new();
	const uint8_t *cut = size > 0 ? memmem(data, size, "\n==\n", 4) : NULL;
	struct rules *rules = NULL, *again = NULL;
	struct buf b = {0}, c = {0};
	struct err err;

	if (!ready)
		ready = mkdtemp(folder) != NULL && atexit(remove_folder) == 0;
	write_file(mem, "t", data, cut != NULL ? (size_t)(cut - data) + 1 : size);
	write_file(mem, "b", cut != NULL ? cut + 4 : data,
		cut != NULL ? size - (size_t)(cut + 4 - data) : 0);
	if (rules_load(mem, "t", folder, &rules, &err) == 0) {
		print_rules(&b, rules);
		write_file(mem, "t", b.data, b.len);
		if (rules_load(mem, "t", folder, &again, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			abort();
		}
		print_rules(&c, again);
		assert(b.len == c.len && memcmp(b.data, c.data, b.len) == 0);
		map(mem, rules);
	} else {
		assert(err.kind == ERR_FATAL && err.text[0] != '\0');
	}
	rules_free(rules);
	rules_free(again);
	buf_free(&b);
	buf_free(&c);
	arena_free(mem);
	return 0;
}
