#include "state_cases.h"

#include "sync/links.h"

/* Links "0" to "t0", "1" to "t1" ... of one flow, of whose source n entries are said to be known.
 */
static struct state *with_links(unsigned n, long long sources, struct flow_state *known)
{
	struct state *s = opened(fresh(), true);
	char source[20], target[20];

	*known = (struct flow_state){.sources = sources};
	good(state_begin(s, &err));
	good(state_put_flow(s, "f", known, &err));
	for (unsigned i = 0; i < n; i++) {
		snprintf(source, sizeof(source), "%u", i);
		snprintf(target, sizeof(target), "t%u", i);
		struct link link = link_of(source, target);
		link.source_digest = i;
		good(state_put_link(s, known->id, &link, &err));
	}
	good(state_commit(s, &err));
	return s;
}

static uint64_t key_of(const char *prefix, unsigned i)
{
	char text[20];

	snprintf(text, sizeof(text), "%s%u", prefix, i);
	return entry_key(value_of(text));
}

static const struct size {
	unsigned n;
	long long sources; /* expected: unknown, too few, too many */
} sizes[] = {{0, -1}, {0, 100}, {1, 0}, {2, 1}, {63, 1000}, {64, -1}, {20000, -1}, {20000, 5},
	{20000, 19999}, {20000, 1000000}};

/* Each is found by both ids, and nothing else is. */
static void test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct flow_state known;
		struct state *s = with_links(sizes[i].n, sizes[i].sources, &known);
		struct links links;
		good(links_load(&links, s, &known, false, &err));
		good(links_index_targets(&links, &err));
		good(links_index_targets(&links, &err));
		assert_int_equal(links.n, sizes[i].n);
		for (unsigned k = 0; k < sizes[i].n; k++) {
			struct link_slot *slot = links_source(&links, key_of("", k));
			assert_non_null(slot);
			assert_true(slot->source_digest == k && slot->target_digest == 1ull << 63);
			assert_ptr_equal(links_target(&links, key_of("t", k)), slot);
		}
		for (unsigned k = 0; k < 20000; k++) {
			assert_null(links_source(&links, key_of("t", k)));
			assert_null(links_target(&links, key_of("", k)));
		}
		links_free(&links);
		links_free(&links);
		state_close(s);
	}
}

/* In the order of the slots. */
static void test_order(void **state)
{
	struct flow_state known;
	struct state *s = with_links(300, 300, &known);
	struct links links;
	struct link_slot *slot;
	struct link link;
	size_t n = 0;
	int rc;

	(void)state;
	good(links_load(&links, s, &known, false, &err));
	for (unsigned turn = 0; turn < 2; turn++) {
		good(links_begin(&links, &err));
		for (n = 0; (rc = links_next(&links, &link, &slot, &err)) == 1; n++) {
			assert_ptr_equal(slot, &links.slots[n]);
			assert_true(slot->source == entry_key(link.source));
			assert_true(slot->target == entry_key(link.target));
			assert_true(slot->source_digest == link.source_digest);
			assert_true(link.name == 3 && link.left == 4 && link.written.len == 3);
		}
		assert_int_equal(rc, 0);
		assert_int_equal(n, 300);
	}
	links_free(&links);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
