#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/ldap_code.h"

/* RFC 4511, appendix A, RFC 3909, 4370, 4528, 4533, and libldap's own. After the kind: s slow down,
 * l lost, h has a hint. */
static const struct code_case {
	int code;
	const char *name, *kind;
} cases[] = {
	{0, "success", "none"},
	{1, "operationsError", "entry"},
	{2, "protocolError", "fatal"},
	{3, "timeLimitExceeded", "busy sh"},
	{4, "sizeLimitExceeded", "fatal h"},
	{5, "compareFalse", "none"},
	{6, "compareTrue", "none"},
	{7, "authMethodNotSupported", "fatal h"},
	{8, "strongerAuthRequired", "fatal h"},
	{9, "code 9", "entry"},
	{10, "referral", "fatal h"},
	{11, "adminLimitExceeded", "entry h"},
	{12, "unavailableCriticalExtension", "fatal"},
	{13, "confidentialityRequired", "fatal h"},
	{14, "saslBindInProgress", "fatal"},
	{16, "noSuchAttribute", "entry"},
	{17, "undefinedAttributeType", "entry h"},
	{18, "inappropriateMatching", "entry"},
	{19, "constraintViolation", "entry"},
	{20, "attributeOrValueExists", "entry"},
	{21, "invalidAttributeSyntax", "entry"},
	{32, "noSuchObject", "entry h"},
	{33, "aliasProblem", "entry"},
	{34, "invalidDNSyntax", "entry"},
	{36, "aliasDereferencingProblem", "entry"},
	{48, "inappropriateAuthentication", "fatal"},
	{49, "invalidCredentials", "fatal h"},
	{50, "insufficientAccessRights", "entry h"},
	{51, "busy", "busy s"},
	{52, "unavailable", "busy s"},
	{53, "unwillingToPerform", "entry"},
	{54, "loopDetect", "entry"},
	{64, "namingViolation", "entry"},
	{65, "objectClassViolation", "entry h"},
	{66, "notAllowedOnNonLeaf", "entry"},
	{67, "notAllowedOnRDN", "entry"},
	{68, "entryAlreadyExists", "entry"},
	{69, "objectClassModsProhibited", "entry"},
	{71, "affectsMultipleDSAs", "entry"},
	{80, "other", "entry"},
	{118, "canceled", "entry"},
	{119, "noSuchOperation", "entry"},
	{120, "tooLate", "entry"},
	{121, "cannotCancel", "entry"},
	{122, "assertionFailed", "entry"},
	{123, "authorizationDenied", "fatal"},
	{4096, "e-syncRefreshRequired", "entry"},
	{4242, "code 4242", "entry"},
	{-1, "serverDown", "busy lh"},
	{-2, "localError", "fatal l"},
	{-3, "encodingError", "fatal l"},
	{-4, "decodingError", "fatal l"},
	{-5, "timeout", "busy sl"},
	{-6, "authUnknown", "fatal"},
	{-7, "filterError", "fatal"},
	{-9, "paramError", "fatal"},
	{-10, "noMemory", "fatal l"},
	{-11, "connectError", "fatal l"},
	{-12, "notSupported", "fatal"},
	{-13, "controlNotFound", "fatal"},
	{-4242, "code -4242", "entry"},
};

static void test_codes(void **state)
{
	static const char *const kinds[] = {"none", "entry", "busy", "fatal"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct code_case *t = &cases[i];
		const struct ldap_code *c = ldap_code(t->code);
		char got[32];

		(void)snprintf(got, sizeof(got), "%s%s%s%s%s", kinds[c->kind],
			c->slow_down || c->lost || c->hint != NULL ? " " : "",
			c->slow_down ? "s" : "", c->lost ? "l" : "", c->hint != NULL ? "h" : "");
		assert_int_equal(c->code, t->code);
		assert_string_equal(c->name, t->name);
		if (strcmp(got, t->kind) != 0)
			fail_msg("%d %s: %s, not %s", t->code, t->name, got, t->kind);
	}
}

static const struct text_case {
	int code;
	const char *server, *expected;
	enum err_kind kind;
} texts[] = {
	{68, NULL, "adding cn=a: entryAlreadyExists (68)", ERR_ENTRY},
	{68, "", "adding cn=a: entryAlreadyExists (68)", ERR_ENTRY},
	{32, "", "adding cn=a: noSuchObject (32); it is not there, or the account may not see it",
		ERR_ENTRY},
	{53, "0000052D: SvcErr\n", "adding cn=a: unwillingToPerform (53): 0000052D: SvcErr",
		ERR_ENTRY},
	{50, "no \r\n\t",
		"adding cn=a: insufficientAccessRights (50): no; grant the account this right",
		ERR_ENTRY},
	{51, "\n\n", "adding cn=a: busy (51)", ERR_BUSY},
	{2, "a\nb", "adding cn=a: protocolError (2): a\nb", ERR_FATAL},
	/* Whoever calls it has an error. */
	{0, NULL, "adding cn=a: success (0)", ERR_FATAL},
};

static void test_texts(void **state)
{
	static char large[5000];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			ldap_fail(&err, texts[i].code, texts[i].server, "adding %s", "cn=a"), -1);
		assert_int_equal(err.kind, texts[i].kind);
		assert_string_equal(err.text, texts[i].expected);
	}
	memset(large, 'x', sizeof(large) - 1);
	assert_int_equal(ldap_fail(&err, 80, large, "%s", large), -1);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(ldap_fail_last(&err, NULL, -1, "adding"), -1);
	assert_string_equal(err.text, "adding: serverDown (-1); the connection was lost");
}

/* What may be an answer to a change that was done before; all else is not. */
static void test_maybe_done(void **state)
{
	static const struct {
		enum change_op op;
		bool renames;
		const char *codes;
	} done[] = {
		{CHANGE_ADD, false, " 68 "},
		{CHANGE_DELETE, false, " 32 "},
		{CHANGE_MODIFY, false, " 16 20 "},
		{CHANGE_MODIFY, true, " 16 20 32 68 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		for (int code = -20; code < 130; code++) {
			char word[16];
			(void)snprintf(word, sizeof(word), " %d ", code);
			if (ldap_maybe_done(done[i].op, done[i].renames, code) !=
				(strstr(done[i].codes, word) != NULL))
				fail_msg("change %d, code %d", (int)i, code);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_maybe_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
