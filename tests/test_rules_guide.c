#include "rules_cases.h"

/*
 * Each example of docs/rules.md: a block "```rules NAME" is loaded as a file of that name. Blocks
 * behind it say what becomes of it: "entry" and "desired" (items that must be among what is asked
 * for; "none" for no rule), or "error".
 */
struct block {
	const char *kind, *name, *text;
};

static unsigned read_blocks(
	struct arena *mem, const char *path, struct block *blocks, unsigned room)
{
	FILE *f = fopen(path, "r");
	char line[2000];
	struct buf b = {0};
	unsigned n = 0;
	bool inside = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char kind[20] = "", name[60] = "";
		if (strncmp(line, "```", 3) != 0) {
			if (inside)
				buf_puts(&b, line);
			continue;
		}
		if (inside)
			blocks[n++].text = arena_copy(mem, b.data != NULL ? b.data : "", b.len);
		inside = !inside;
		buf_clear(&b);
		assert_true(n < room);
		if (inside && sscanf(line, "```%19s %59s", kind, name) >= 1)
			blocks[n] = (struct block){
				arena_strdup(mem, kind), arena_strdup(mem, name), NULL};
	}
	fclose(f);
	buf_free(&b);
	assert_false(inside);
	return n;
}

static const char *without_newline(struct arena *mem, const char *text)
{
	size_t len = strlen(text);

	return arena_copy(mem, text, len > 0 && text[len - 1] == '\n' ? len - 1 : len);
}

static void check_item(
	struct arena *mem, const struct block *b, char *const *found, unsigned n, const char *item)
{
	bool absent = strchr(item, '=') == NULL;
	bool there = false;

	for (unsigned i = 0; i < n; i++) {
		there |= strcmp(found[i], item) == 0;
		there |= absent && strncmp(found[i], item, strlen(item)) == 0 &&
			 found[i][strlen(item)] == '=';
	}
	if (there == absent)
		fail_msg("%s: %s\n%s", b->name, item, arena_printf(mem, "%u items", n));
}

static void check_entry(struct arena *mem, struct rules *rules, const struct block *b)
{
	struct rules_env env = case_env();
	struct entry e = case_entry(mem, without_newline(mem, b[1].text));
	const struct rule *rule = rules_scope(rules, &e);
	const char *expected = without_newline(mem, b[2].text);
	char **found, **items;
	struct desired d;
	struct err err;

	if (rule == NULL || strcmp(expected, "none") == 0) {
		assert_true(rule == NULL && strcmp(expected, "none") == 0);
		return;
	}
	if (rules_map(mem, rule, &env, &e, &d, &err) < 0)
		fail_msg("%s: %s", b->name, err.text);
	unsigned n = case_split(mem, print_desired(mem, &d, true), " | ", &found);
	unsigned wanted = case_split(mem, expected, " | ", &items);
	for (unsigned i = 0; i < wanted; i++)
		check_item(mem, b, found, n, items[i]);
}

/* 1 when the block's example is more than rules: how many blocks it has. */
static unsigned check_example(struct arena *mem, const struct block *b, unsigned n)
{
	const char *folder = case_folder(mem);
	bool wrong = n > 1 && strcmp(b[1].kind, "error") == 0;
	struct rules *rules = NULL;
	struct err err = {ERR_NONE, ""};

	case_file(mem, folder, b->name, b->text, strlen(b->text));
	if (rules_load(mem, b->name, folder, &rules, &err) < 0 && !wrong)
		fail_msg("%s", err.text);
	case_folder_remove(mem, folder);
	if (wrong) {
		assert_string_equal(err.text, without_newline(mem, b[1].text));
		return 2;
	}
	if (n < 2 || strcmp(b[1].kind, "entry") != 0)
		return 1;
	assert_true(n > 2 && strcmp(b[2].kind, "desired") == 0);
	check_entry(mem, rules, b);
	return 3;
}

static void test_examples(void **state)
{
	struct arena *mem = arena_new();
	struct block blocks[100];
	unsigned n = read_blocks(mem, TEST_DIR "/../docs/rules.md", blocks, 100);

	(void)state;
	assert_true(n > 20);
	for (unsigned i = 0; i < n;) {
		assert_string_equal(blocks[i].kind, "rules");
		i += check_example(mem, &blocks[i], n - i);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
