#include "plan_cases.h"

#include "sync/undone.h"

#define DAY 86400LL

/*
 * A history: what is done on which day, each followed by a run, and what becomes of it.
 *
 *   done   "0t 1t 40m": on day 0 somebody gives the telephone number another value, ...
 *          t, m  a value: tel, mail      u  a value of ours is taken away from url (merge)
 *          n     the contact is renamed  d  it is deleted
 *          f     somebody puts everything back as the rules want it
 *          e     the rules change        a  authority is transferred
 *          s     the source has another telephone number
 *          .     nothing
 *   comes  for each: the same letter where it was put back, a capital where it is left alone, "~" a
 *          change that nobody is blamed for, "." nothing to do
 */
static const struct history {
	const char *done, *comes, *with;
} histories[] = {
	{"0t 1t 2t 3t", "t t t T", ""},
	/* in the same second, for how often is what counts */
	{"0t 0t 0t 0t", "t t t T", ""},
	{"0m 1m 2m 3m", "m m m M", ""},
	{"0u 1u 2u 3u", "u u u U", ""},
	{"0n 1n 2n 3n", "n n n N", ""},
	{"0d 1d 2d 3d", "d d d D", ""},
	/* runs between do not make it forgotten, also those that find all well */
	{"0t 1. 2t 3. 4t 5. 6. 7t", "t . t . t . . T", ""},
	{"0d 1. 2d 3. 4d 5. 6. 7d", "d . d . d . . D", ""},
	/* told in every run, however long */
	{"0t 1t 2t 3t 4. 40. 400.", "t t t T T T T", ""},
	{"0u 1u 2u 3u 4. 40. 400.", "u u u U U U U", ""},
	{"0n 1n 2n 3n 4. 40. 400.", "n n n N N N N", ""},
	{"0d 1d 2d 3d 4. 40. 400.", "d d d D D D D", ""},
	/* and what the source says of it meanwhile waits */
	{"0t 1t 2t 3t 4s 5.", "t t t T T T", ""},
	/* each attribute for itself; once a step, whatever it denies */
	{"0tm 1tm 2t 3t 4m 5m", "tm tm t T Tm TM", ""},
	{"0t 1u 2n 3m 4d 5t 6t 7t", "t u n m d t t T", ""},
	/* the name and the contact are one */
	{"0n 1d 2n 3d", "n d n D", ""},
	{"0n 1d 2n 3n", "n d n N", ""},
	/* thawed: as the rules want it, under other rules, by a transfer */
	{"0t 1t 2t 3t 4f 5t 6t 7t 8t", "t t t T . t t t T", ""},
	{"0d 1d 2d 3d 4f 5d 6d 7d 8d", "d d d D . d d d D", ""},
	{"0n 1n 2n 3n 4f 5n", "n n n N . n", ""},
	{"0u 1u 2u 3u 4f 5u", "u u u U . u", ""},
	{"0t 1t 2t 3t 4e 5t 6t 7t 8t", "t t t T ~ t t t T", ""},
	{"0d 1d 2d 3d 4e", "d d d D d", ""},
	{"0t 1t 2e 3t 4t 5t 6t", "t t . t t t T", ""},
	{"0t 1t 2t 3t 4a 5t 6t 7t", "t t t T t t t T", ""},
	{"0d 1d 2d 3d 4a", "d d d D d", ""},
	{"0tm 1tm 2tm 3tm 4a", "tm tm tm TM tm", ""},
	/* after 30 days nobody is at it any more */
	{"0t 30t 60t 90t", "t t t T", ""},
	{"0t 1t 2t 33t 34t 35t 36t", "t t t t t t T", ""},
	{"0t 1t 31t 32t", "t t t T", ""},
	{"0t 1t 32t 33t 34t 35t", "t t t t t T", ""},
	{"0t 1m 2t 3t 33m 34m", "t m t t m m", ""},
	{"0d 1d 2d 33d", "d d d d", ""},
	/* a clock that goes back */
	{"100t 50t 20t 0t", "t t t T", ""},
	/* nobody is blamed, nothing is counted */
	{"0s 1s 2s 3s 4t", "~ ~ ~ ~ t", ""},
	/* nothing is put back: nothing to freeze */
	{"0t 1. 2. 3. 4.", "T T T T T", "report"},
	{"0d 1. 2. 3. 4.", "D D D D D", "report"},
};

/* One that is under way. */
struct world {
	struct made m;
	struct arena *mem;
	struct entry good; /* as the last run left it, or would have */
};

static void put_one(struct world *w, const char *attr, const char *value)
{
	struct value *v = arena_alloc(w->mem, sizeof(*v));

	*v = value_of(value);
	entry_put(w->mem, &w->m.current, attr_of(attr), v, v->len > 0 ? 1 : 0);
}

static void do_one(struct world *w, char what, long long now)
{
	struct made *m = &w->m;
	const char *new = arena_printf(w->mem, "%lld%c", now, what);

	switch (what) {
	case 't':
		put_one(w, "tel", new);
		break;
	case 'm':
		put_one(w, "mail", new);
		break;
	case 'u':
		put_one(w, "url", "");
		break;
	case 'n':
		m->current.name = full_name(w->mem, "bob");
		break;
	case 'd':
		m->row.current = m->row.was = NULL;
		break;
	case 'f':
		m->current = w->good;
		m->row.current = m->row.was = &m->current;
		break;
	case 'e':
		m->flow.epoch++;
		break;
	case 'a':
		m->link.undone = (struct value){NULL, 0};
		break;
	case 's':
		m->open.desired = desired_of(
			w->mem, &m->flow, arena_printf(w->mem, "cn=ann mail=a url+=u tel=%s", new));
		break;
	default:
		assert_int_equal(what, '.');
	}
}

static char letter_of(unsigned attr)
{
	static const struct {
		const char *attr;
		char letter;
	} letters[] = {{"tel", 't'}, {"mail", 'm'}, {"url", 'u'}, {"dn", 'n'}};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (attr_of(letters[i].attr) == attr)
			return letters[i].letter;
	}
	fail_msg("denied: %s", attr_name(attr));
	return '?';
}

static bool puts_back(const struct step *s, unsigned attr)
{
	bool does = attr == attr_of("dn") && s->change.new_name.len > 0;

	for (unsigned i = 0; i < s->change.n; i++)
		does |= s->change.mods[i].attr == attr;
	return s->write && does;
}

/* As `comes` says it, in the order t m u n d. */
static const char *outcome(struct arena *mem, const struct step *s, bool there)
{
	const char *text = "";

	if (s->op == STEP_ADD)
		return "d";
	for (const char *l = "tmun"; *l != '\0'; l++) {
		for (unsigned i = 0; i < s->n_denied; i++) {
			if (letter_of(s->denied[i].attr) != *l)
				continue;
			bool back = puts_back(s, s->denied[i].attr);
			text = arena_printf(mem, "%s%c", text,
				back    ? *l
				: there ? *l - 'a' + 'A'
					: 'D');
			break;
		}
	}
	if (text[0] != '\0')
		return text;
	return s->write ? "~" : ".";
}

/* One run: what is planned is done and remembered. A frozen attribute is told, and only such a one.
 */
static const char *run(struct world *w, long long now, bool report)
{
	struct made *m = &w->m;
	struct arena *mem = w->mem;
	const bool there = m->row.current != NULL;
	struct step s;

	m->row.now = now;
	plan_row(mem, &m->flow, &m->row, &s);
	const char *text = outcome(mem, &s, there);
	bool capital = strpbrk(text, "TMUND") != NULL;
	bool told = s.message != NULL && strstr(s.message, "who else writes it?") != NULL;
	assert_int_equal(told, capital && !report);
	if (s.op == STEP_ADD)
		m->current = (struct entry){.id = value_of("t1")};
	if (s.write)
		change_apply(mem, &m->current, &s.change);
	if (s.write)
		m->row.current = m->row.was = &m->current;
	if (s.remember)
		m->link = s.link;
	if (s.op == STEP_ADD)
		m->link.target = m->current.id;
	return text;
}

static bool check(struct arena *mem, const struct history *h)
{
	const struct plan_case c = {9, "s1 cn=ann mail=a url+=u tel=1",
		"t1 cn=ann mail=a url=u tel=1",
		arena_printf(mem, "wrote mail=a url+=u tel=1%s%s", h->with[0] != '\0' ? "; " : "",
			h->with),
		""};
	struct world w = {.mem = mem};
	char *days[16];
	const unsigned n = words_of(mem, h->done, " ", days, 16);
	const char *comes = "";

	make(mem, &c, &w.m);
	entry_copy(mem, &w.good, &w.m.current);
	for (unsigned i = 0; i < n; i++) {
		char *what;
		const long long now = strtoll(days[i], &what, 10) * DAY;
		for (; *what != '\0'; what++)
			do_one(&w, *what, now);
		comes = arena_printf(
			mem, "%s%s%s", comes, i > 0 ? " " : "", run(&w, now, h->with[0] != '\0'));
	}
	return same_text(h->done, comes, h->comes);
}

static void test_histories(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
		struct arena *mem = arena_new();
		wrong += !check(mem, &histories[i]);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* Who may be at it: other flows, else whoever works in the container. */
static void test_tell(void **state)
{
	const char *beside[] = {"b", "c"};
	static const struct plan_case c = {
		10, "s1 cn=ann tel=1 mail=a", "t1 cn=ann tel=2 mail=b", "wrote tel=1 mail=a", ""};
	static const struct plan_case back = {
		9, "s1 cn=ann tel=1 mail=a", "t1 cn=ann tel=1 mail=a", "wrote tel=1 mail=a", ""};
	struct arena *mem = arena_new();
	struct world w = {.mem = mem};
	struct step s;

	(void)state;
	make(mem, &back, &w.m);
	for (long long i = 0; i < 3; i++) {
		do_one(&w, 't', i);
		do_one(&w, 'm', i);
		assert_string_equal(run(&w, i, false), "tm");
		assert_int_equal(undone_times(&w.m.flow, &w.m.link, attr_of("tel"), i), i + 1);
	}
	assert_int_equal(undone_times(&w.m.flow, &w.m.link, attr_of("url"), 3), 0);
	assert_int_equal(w.m.link.undone.len, 14);
	w.m.current = entry_of(mem, arena_printf(mem, "%s mark=galway:f:s1", c.target));
	plan_row(mem, &w.m.flow, &w.m.row, &s);
	assert_string_equal(s.message,
		"frozen: tel was put back 3 times and changed again: who else writes it? "
		"somebody in xyz, OU=GAL,DC=xyz; frozen: mail was put back 3 times and changed "
		"again: who else writes it? somebody in xyz, OU=GAL,DC=xyz");
	w.m.flow.n_beside = 2;
	w.m.flow.beside = beside;
	w.m.current = entry_of(mem, "t1 cn=ann tel=2 tel=3 mail=a mark=galway:f:s1");
	plan_row(mem, &w.m.flow, &w.m.row, &s);
	assert_string_equal(s.message,
		"frozen: tel was put back 3 times and changed again: who else writes it? flow b, "
		"flow c");
	arena_free(mem);
}

/* Bytes that are none of ours count for nothing. */
static void test_bytes(void **state)
{
	static const char bytes[] = "\1\2\3\4\5\6\7\1\2\3\4\5\6";
	struct arena *mem = arena_new();
	const struct flow f = flow_of(mem);

	(void)state;
	for (size_t len = 0; len < sizeof(bytes); len++) {
		char *cut = malloc(len + 1);
		memcpy(cut, bytes, len);
		const struct link link = {.undone = {cut, len}};
		assert_false(undone_frozen(&f, &link, attr_of("tel"), 0));
		assert_int_equal(undone_times(&f, &link, attr_of("tel"), 0), 0);
		free(cut);
	}
	assert_false(undone_frozen(&f, NULL, attr_of("tel"), 0));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
