#include "rules_cases.h"

#include "base/utf8.h"

#include "rules/address.h"

static const char *print(struct arena *mem, const struct value *values, unsigned n)
{
	const char *text = "";

	for (unsigned i = 0; i < n; i++)
		text = arena_printf(mem, "%s%s%.*s", text, i > 0 ? " " : "", (int)values[i].len,
			values[i].data);
	return text;
}

static unsigned addresses(struct arena *mem, const char *text, struct value **out)
{
	char **parts;
	unsigned n = case_split(mem, text, " ", &parts);

	*out = arena_alloc(mem, n * sizeof(**out));
	for (unsigned i = 0; i < n; i++)
		(*out)[i] = value_of(parts[i]);
	return n;
}

/* By the rules of docs/validators.md, "Typed addresses". */
static const struct {
	const char *rule, *there, *ours, *taken, *merged;
} merges[] = {
	/* 1: TYPE:value; the type in upper case is the primary, else case does not count */
	{"1", "", "SMTP:a@x smtp:b@x", "", "SMTP:a@x smtp:b@x"},
	{"1", "EUM:1@x notes:n SMTP:a@x", "", "", "SMTP:a@x EUM:1@x notes:n"},
	{"1", "smtp:A@x", "smtp:a@x", "", "SMTP:a@x"},
	/* 2: exactly one SMTP: */
	{"2 a new primary demotes the old", "SMTP:a@x", "SMTP:b@x", "", "SMTP:b@x smtp:a@x"},
	{"2 a promoted secondary is no secondary", "SMTP:a@x smtp:b@x", "SMTP:b@x", "",
		"SMTP:b@x smtp:a@x"},
	{"2 theirs stays primary when we have none", "SMTP:a@x", "smtp:b@x", "",
		"SMTP:a@x smtp:b@x"},
	{"2 theirs stays primary when it is our secondary", "SMTP:b@x smtp:a@x", "smtp:B@x", "",
		"SMTP:B@x smtp:a@x"},
	{"2 a successor when the primary is taken", "SMTP:a@x smtp:c@x smtp:b@x", "", "SMTP:a@x",
		"SMTP:b@x smtp:c@x"},
	{"2 none at all", "SMTP:a@x X500:/o=a", "", "SMTP:a@x", "X500:/o=a"},
	{"2 of two of ours the smaller", "", "SMTP:b@x SMTP:a@x", "", "SMTP:a@x smtp:b@x"},
	{"2 one is made when there is none", "", "smtp:b@x smtp:a@x", "", "SMTP:a@x smtp:b@x"},
	/* 3: equal but for case is one value, ours; the primary's spelling stays */
	{"3", "smtp:Ann@X", "smtp:ann@x SMTP:b@x", "", "SMTP:b@x smtp:ann@x"},
	{"3", "X500:/O=ABC/cn=Ann SMTP:a@x", "x500:/o=abc/cn=ann", "",
		"SMTP:a@x x500:/o=abc/cn=ann"},
	{"3", "", "smtp:ann@x SMTP:Ann@X", "", "SMTP:Ann@X"},
	{"3", "SMTP:Ann@X smtp:ann@x", "", "", "SMTP:Ann@X"},
	{"3", "smtp:MÜLLER@x SMTP:b@x", "smtp:müller@x", "", "SMTP:b@x smtp:müller@x"},
	/* 4: one sip:, ours wins */
	{"4", "sip:a@x", "sip:b@x", "", "sip:b@x"},
	{"4", "SIP:a@x SMTP:a@x", "SMTP:a@x", "", "SMTP:a@x SIP:a@x"},
	{"4", "SIP:a@x", "sip:A@x", "", "sip:A@x"},
	{"4", "SIP:b@x sip:a@x", "", "", "SIP:b@x"},
	{"4", "", "SIP:B@x", "", "sip:B@x"},
	{"4", "SIP:b@x", "SIP:b@x", "", "sip:b@x"},
	{"4", "sip:a@x", "", "SIP:A@x", ""},
	{"4", "", "sip:b@x sip:a@x", "", "sip:a@x"},
	/* 5: X500 is only ever added */
	{"5", "X500:/o=a X500:/o=b", "X500:/o=c", "X500:/o=a", "X500:/o=a X500:/o=b X500:/o=c"},
	{"5", "SMTP:a@x x500:/o=a", "SMTP:a@x", "X500:/O=A", "SMTP:a@x x500:/o=a"},
	/* 6: other types pass through; they go when they were ours */
	{"6", "EUM:1 X400:c=de notes:n@x", "EUM:2 SMTP:a@x", "EUM:1",
		"SMTP:a@x EUM:2 X400:c=de notes:n@x"},
	{"6", "nonsense SMTP:a@x", "", "", "SMTP:a@x nonsense"},
	{"6 an untyped value with an at", "", "a@x", "", "a@x"},
	/* what was ours goes, what is theirs stays */
	{"merge", "SMTP:a@x smtp:b@x smtp:t@x", "SMTP:a@x", "smtp:B@x", "SMTP:a@x smtp:t@x"},
	{"merge", "SMTP:a@x", "SMTP:a@x", "SMTP:a@x", "SMTP:a@x"},
	{"merge", "", "", "smtp:a@x", ""},
};

static void test_merge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
		struct arena *mem = arena_new();
		struct value *there, *ours, *taken, *out, *again;
		unsigned n_there = addresses(mem, merges[i].there, &there);
		unsigned n_ours = addresses(mem, merges[i].ours, &ours);
		unsigned n_taken = addresses(mem, merges[i].taken, &taken);
		unsigned n = address_merge(mem, there, n_there, ours, n_ours, taken, n_taken, &out);
		if (strcmp(print(mem, out, n), merges[i].merged) != 0)
			fail_msg("rule %s: %s + %s - %s: %s, expected %s", merges[i].rule,
				merges[i].there, merges[i].ours, merges[i].taken,
				print(mem, out, n), merges[i].merged);
		/* A second run has nothing to do. */
		unsigned n_again = address_merge(mem, out, n, ours, n_ours, taken, n_taken, &again);
		assert_string_equal(print(mem, again, n_again), merges[i].merged);
		arena_free(mem);
	}
}

/* Any addresses in any order: one primary, one SIP, nothing of ours lost, and the same again. */
static void test_merge_properties(void **state)
{
	static const char *const pool[] = {"SMTP:a@x", "smtp:a@x", "SMTP:b@x", "smtp:B@x",
		"smtp:c@x", "sip:a@x", "SIP:b@x", "X500:/o=a", "x500:/O=A", "EUM:1", "SMTP:c@x",
		"plain"};
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct arena *mem = arena_new();
		struct value lists[3][4], *out, *again;
		unsigned n[3], primaries = 0, sips = 0, smtps = 0;
		for (unsigned k = 0; k < 3; k++) {
			n[k] = (seed = seed * 1103515245 + 12345) >> 16 & 3;
			for (unsigned i = 0; i < n[k]; i++)
				lists[k][i] = value_of(
					pool[((seed = seed * 1103515245 + 12345) >> 16) % 12]);
		}
		unsigned count =
			address_merge(mem, lists[0], n[0], lists[1], n[1], lists[2], n[2], &out);
		for (unsigned i = 0; i < count; i++) {
			primaries += address_primary(out[i]);
			smtps += address_type_is(out[i], "smtp");
			sips += address_type_is(out[i], "sip");
			for (unsigned k = 0; k < i; k++)
				assert_false(utf8_same(out[i], out[k]));
		}
		assert_int_equal(primaries, smtps > 0);
		assert_true(sips <= 1);
		for (unsigned i = 0; i < n[1]; i++) {
			bool kept = address_type_is(lists[1][i], "sip");
			for (unsigned k = 0; k < count; k++)
				kept |= utf8_same(lists[1][i], out[k]);
			assert_true(kept);
		}
		assert_int_equal(
			address_merge(mem, out, count, lists[1], n[1], lists[2], n[2], &again),
			count);
		for (unsigned i = 0; i < count; i++)
			assert_true(value_same(out[i], again[i]));
		arena_free(mem);
	}
}

static const struct {
	const char *address, *smtp, *sip; /* what is wrong: a part of the message; NULL: nothing */
} faults[] = {
	{"ann@abc.example", NULL, NULL},
	{"a.b-c_d@mail.abc.example", NULL, NULL},
	{"o'neil@abc.example", NULL, NULL},
	{"a!#$%&'*+/=?^_`{|}~-b@abc.example", NULL, "not allowed"},
	{"a+b=c&d$e!f*g~h@abc.example", NULL, NULL},
	{"a/b@abc.example", NULL, "not allowed"},
	{"ann@1-2.example", NULL, NULL},
	{"ann@xn--mller-kva.example", NULL, NULL},
	{"ann@abc.xn--p1ai", NULL, NULL},
	{"a@b@abc.example", "not allowed", "not allowed"},
	{"", "empty", "empty"},
	{"ann", "no '@'", "no '@'"},
	{"@abc.example", "nothing before", "nothing before"},
	{"ann@", "nothing after", "nothing after"},
	{".ann@abc.example", "a dot", "a dot"},
	{"ann.@abc.example", "a dot", "a dot"},
	{"a..n@abc.example", "a dot", "a dot"},
	{"a n@abc.example", "not allowed", "not allowed"},
	{"a\"n@abc.example", "not allowed", "not allowed"},
	{"a:n@abc.example", "not allowed", "not allowed"},
	{"a\\n@abc.example", "not allowed", "not allowed"},
	{"jörg@abc.example", "not ASCII", "not ASCII"},
	{"ann@äbc.example", "not ASCII", "not ASCII"},
	{"ann@abc", "without a dot", "without a dot"},
	{"ann@.example", "a part", "a part"},
	{"ann@abc..example", "a part", "a part"},
	{"ann@abc.", "a part", "a part"},
	{"ann@-abc.example", "'-'", "'-'"},
	{"ann@abc-.example", "'-'", "'-'"},
	{"ann@a_c.example", "in the domain", "in the domain"},
	{"ann@abc.example1", "top-level", "top-level"},
	{"ann@abc.e-e", "top-level", "top-level"},
	{"ann@10.0.0.1", "top-level", "top-level"},
	{"ann@abc.e", "top-level", "top-level"},
	{"ann@abc.local", ".local", ".local"},
	{"ann@abc.LOCAL", ".local", ".local"},
	{"{64}@abc.example", NULL, NULL},
	{"{65}@abc.example", "64 characters", "64 characters"},
	{"a@{63}.example", NULL, NULL},
	{"a@{64}.example", "a part", "a part"},
	{"a@{63}.{63}.{63}.{61}", NULL, NULL},
	{"a@{63}.{63}.{63}.{62}", "253", "253"},
};

static void check_fault(const char *address, const char *found, const char *expected)
{
	if ((found == NULL) != (expected == NULL) ||
		(found != NULL && strstr(found, expected) == NULL))
		fail_msg("%s: %s, expected %s", address, found != NULL ? found : "good",
			expected != NULL ? expected : "good");
}

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct arena *mem = arena_new();
		unsigned count;
		struct value v = case_value(mem, faults[i].address, 0, &count);
		check_fault(faults[i].address, address_smtp_fault(v), faults[i].smtp);
		check_fault(faults[i].address, address_sip_fault(v), faults[i].sip);
		arena_free(mem);
	}
}

static const struct {
	const char *address, *type, *rest, *domain;
	bool split, primary;
} splits[] = {
	{"SMTP:a@abc.example", "SMTP", "a@abc.example", "abc.example", true, true},
	{"smtp:a@abc.example", "smtp", "a@abc.example", "abc.example", true, false},
	{"Smtp:a", "Smtp", "a", "", true, false},
	{"X500:/o=a:b", "X500", "/o=a:b", "", true, false},
	{"sip:a@b@c", "sip", "a@b@c", "c", true, false},
	{"SMTP:", "SMTP", "", "", true, true},
	{":a@b", "", ":a@b", "b", false, false},
	{"plain", "", "plain", "", false, false},
	{"SMTP", "", "SMTP", "", false, false},
	{"", "", "", "", false, false},
};

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		struct value v = value_of(splits[i].address), type, rest;
		assert_int_equal(address_split(v, &type, &rest), splits[i].split);
		assert_true(value_same(type, value_of(splits[i].type)));
		assert_true(value_same(rest, value_of(splits[i].rest)));
		assert_true(value_same(address_domain(v), value_of(splits[i].domain)));
		assert_int_equal(address_primary(v), splits[i].primary);
		assert_int_equal(address_type_is(v, splits[i].type), splits[i].split);
		assert_false(address_type_is(v, "other"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_properties),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
