/* What a link remembers of the last write, as it comes from the state: bytes that end anywhere. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/change.h"
#include "base/err.h"
#include "base/keys.h"
#include "sync/written.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *memory; /* of the rules */
static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err err;

	(void)argc;
	(void)argv;
	memory = arena_new();
	return rules_load(memory, "galsync", "/", &rules, &err);
}

/* The tag of the rules' epoch is put there, or nothing behind it would be looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rule *rule = rules_at(rules, 0);
	struct value value = value_of("SMTP:ann@abc.example");
	const struct attr one = {attr_named("mail"), 1, &value};
	struct keys names;
	unsigned n;
	char *bytes = malloc(size + (size == 0));

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	if (size >= 4)
		memcpy(bytes + 2, &(uint16_t){1}, 2);
	const struct value all = {bytes, size};
	/* Of this epoch and this rule the tag is 1. */
	const uint64_t epoch = (uint64_t)1 - rule_number(rule);
	const struct written w = {rule, epoch, all, NULL};
	const unsigned *attrs = rule_attrs(rule, &n);
	for (unsigned i = 0; i < n; i++) {
		(void)written_left(&w, attrs[i], NULL);
		(void)written_left(&w, attrs[i], &one);
		(void)written_value(&w, attrs[i], value);
	}
	(void)written_name(&w, value_of("cn=ann"));
	if (size >= 5 && written_rule(rules, epoch, all) == NULL)
		abort();
	/* What is made of it is as good: no digests of attributes, and the references. */
	struct arena *mem = arena_new();
	const struct entry was = {.name = value_of("cn=ann")}, now = {.name = value_of("cn=bob")};
	const struct change none = {.n = 0};
	const struct value made[] = {written_adrift(mem, all, &was, &now),
		written_doubt(mem, all, all, &none, now.name),
		written_unsure(mem, rules, epoch, all)};
	for (unsigned i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)written_value(&(struct written){rule, epoch, made[i], NULL}, attrs[0], value);
	struct written sorted = w;
	written_sort(mem, &sorted);
	if (written_value(&sorted, attrs[0], value) != written_value(&w, attrs[0], value))
		abort();
	arena_free(mem);
	keys_init(&names, 1, false);
	keys_put(&names, 1, 0);
	(void)written_refers(all, &names);
	keys_free(&names);
	free(bytes);
	return 0;
}
