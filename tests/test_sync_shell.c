#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "sync/commands.h"
#include "sync/shell.h"

/* A word, and how it is pasted. */
static const struct {
	const char *word, *pasted;
} words[] = {
	{"hq", "hq"},
	{"/etc/galway/galway.conf", "/etc/galway/galway.conf"},
	{"ann.smith@abc.example", "ann.smith@abc.example"},
	{"", "''"},
	{"hq to xyz", "'hq to xyz'"},
	{"CN=Ann,OU=People", "'CN=Ann,OU=People'"},
	{"CN=Ann O'Hara,DC=abc", "'CN=Ann O'\\''Hara,DC=abc'"},
	{"''", "''\\'''\\'''"},
	{"$(id)", "'$(id)'"},
	{"a;b", "'a;b'"},
	{"~", "'~'"},
	{"a\\b", "'a\\b'"},
	{"J\xc3\xb6rg", "'J\xc3\xb6rg'"},
};

static void test_words(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_string_equal(shell_word(mem, words[i].word), words[i].pasted);
	arena_free(mem);
}

/* What was asked for, and of which plan; what shows it, and what applies it. */
static const struct {
	struct request request;
	struct plan plan;
	const char *flow, *diff, *approve;
} lines[] = {
	{{.config = "c"}, {.full = false}, "hq", "galway diff hq", "galway sync --approve 12 hq"},
	{{.config = "c"}, {.full = true}, "hq", "galway diff --full hq",
		"galway sync --full --approve 12 hq"},
	{{.config = "my c", .config_given = true}, {.full = false}, "hq to xyz",
		"galway -c 'my c' diff 'hq to xyz'",
		"galway -c 'my c' sync --approve 12 'hq to xyz'"},
	{{.options.skip = SKIP_CREATE | SKIP_UPDATE}, {.full = false}, "hq",
		"galway diff --no-create --no-update hq",
		"galway sync --no-create --no-update --approve 12 hq"},
	{{.options.skip = SKIP_DELETE | SKIP_RENAME}, {.full = true}, "hq",
		"galway diff --full --no-delete --no-rename hq",
		"galway sync --full --no-delete --no-rename --approve 12 hq"},
	{{.options.object = "Ann O'Hara"}, {.full = true, .one = true}, "hq",
		"galway diff --full --object 'Ann O'\\''Hara' hq",
		"galway sync --full --object 'Ann O'\\''Hara' --approve 12 hq"},
	{{.config = "c", .config_given = true}, {.undoes = 7}, "hq", "galway -c c diff --undo 7",
		"galway -c c undo --approve 12 7"},
};

static void test_lines(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct flow flow = {.name = lines[i].flow};
		struct plan plan = lines[i].plan;
		plan.flow = &flow;
		assert_string_equal(shell_diff(mem, &lines[i].request, &plan), lines[i].diff);
		assert_string_equal(
			shell_approve(mem, &lines[i].request, &plan, "12"), lines[i].approve);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
