/*
 * Ids of LDAP entries: a UUID is bytes here and text there, any other is what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "connectors/ldap_id.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static const struct {
	const char *attr, *value;
	size_t len;        /* of the id */
	const char *asked; /* what the server is asked for it */
} ids[] = {
	{"entryUUID", UUID, 16, UUID},
	{"entryUUID", "01234567-89AB-CDEF-0123-456789ABCDEF", 16, UUID},
	{"entryUUID", "01234567-89ab-cdef-0123-456789abcdeg", 36,
		"01234567-89ab-cdef-0123-456789abcdeg"},
	{"entryUUID", "1", 1, "1"},
	{"employeeNumber", UUID, 36, UUID},
	{"employeeNumber", "0123456789abcdef", 16, "0123456789abcdef"},
	{"objectGUID", "0123456789abcdef", 16, "0123456789abcdef"},
	{"nsUniqueId", "66446001-1dd211b2-80c3d1a3-b0000000", 35,
		"66446001-1dd211b2-80c3d1a3-b0000000"},
};

static void test_an_id_is_asked_for_as_it_was_given(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	for (unsigned i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		const unsigned attr = attr_named(ids[i].attr);
		const struct value id = ldap_id_of(mem, attr, value_of(ids[i].value));
		assert_int_equal(id.len, ids[i].len);
		assert_true(value_same(ldap_id_asked(mem, attr, id), value_of(ids[i].asked)));
	}
	arena_free(mem);
}

static void test_a_sync_uuid_is_the_id_of_the_entry(void **state)
{
	static const unsigned char bytes[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	struct arena *mem = arena_new();
	const struct value id = entry_id_guid(mem, bytes);

	(void)state;
	assert_string_equal(entry_id_text(mem, id), UUID);
	assert_true(value_same(id, ldap_id_of(mem, attr_named("entryUUID"), value_of(UUID))));
	arena_free(mem);
}

static void test_bytes_within_a_text_are_no_uuid(void **state)
{
	static const char text[36] = "01234567-89ab-cdef-0123-456789abcde"; /* and a NUL */
	struct arena *mem = arena_new();

	(void)state;
	assert_int_equal(
		ldap_id_of(mem, attr_named("entryUUID"), (struct value){text, 36}).len, 36);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_id_is_asked_for_as_it_was_given),
		cmocka_unit_test(test_a_sync_uuid_is_the_id_of_the_entry),
		cmocka_unit_test(test_bytes_within_a_text_are_no_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
