#include "connectors/ldap_code.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* code, name, kind, slow_down, lost, hint */
static const struct ldap_code codes[] = {
	{LDAP_SUCCESS, "success", ERR_NONE, false, false, NULL},
	/* AD says this to whom it does not know, and of much else. */
	{LDAP_OPERATIONS_ERROR, "operationsError", ERR_ENTRY, false, false, NULL},
	{LDAP_PROTOCOL_ERROR, "protocolError", ERR_FATAL, false, false, NULL},
	{LDAP_TIMELIMIT_EXCEEDED, "timeLimitExceeded", ERR_BUSY, true, false,
		"raise the server's time limit for this account"},
	{LDAP_SIZELIMIT_EXCEEDED, "sizeLimitExceeded", ERR_FATAL, false, false,
		"set page-size, or raise the server's size limit for this account"},
	{LDAP_COMPARE_FALSE, "compareFalse", ERR_NONE, false, false, NULL},
	{LDAP_COMPARE_TRUE, "compareTrue", ERR_NONE, false, false, NULL},
	{LDAP_AUTH_METHOD_NOT_SUPPORTED, "authMethodNotSupported", ERR_FATAL, false, false,
		"the server does not know this auth"},
	{LDAP_STRONG_AUTH_REQUIRED, "strongerAuthRequired", ERR_FATAL, false, false,
		"use ldaps:// or starttls = true"},
	{LDAP_REFERRAL, "referral", ERR_FATAL, false, false,
		"this server does not hold the entry, and referrals are not followed: name the "
		"server that does in url"},
	{LDAP_ADMINLIMIT_EXCEEDED, "adminLimitExceeded", ERR_ENTRY, false, false,
		"raise the server's limits for this account"},
	{LDAP_UNAVAILABLE_CRITICAL_EXTENSION, "unavailableCriticalExtension", ERR_FATAL, false,
		false, NULL},
	{LDAP_CONFIDENTIALITY_REQUIRED, "confidentialityRequired", ERR_FATAL, false, false,
		"use ldaps:// or starttls = true"},
	{LDAP_SASL_BIND_IN_PROGRESS, "saslBindInProgress", ERR_FATAL, false, false, NULL},
	{LDAP_NO_SUCH_ATTRIBUTE, "noSuchAttribute", ERR_ENTRY, false, false, NULL},
	{LDAP_UNDEFINED_TYPE, "undefinedAttributeType", ERR_ENTRY, false, false,
		"the server's schema lacks an attribute"},
	{LDAP_INAPPROPRIATE_MATCHING, "inappropriateMatching", ERR_ENTRY, false, false, NULL},
	{LDAP_CONSTRAINT_VIOLATION, "constraintViolation", ERR_ENTRY, false, false, NULL},
	{LDAP_TYPE_OR_VALUE_EXISTS, "attributeOrValueExists", ERR_ENTRY, false, false, NULL},
	{LDAP_INVALID_SYNTAX, "invalidAttributeSyntax", ERR_ENTRY, false, false, NULL},
	{LDAP_NO_SUCH_OBJECT, "noSuchObject", ERR_ENTRY, false, false,
		"it is not there, or the account may not see it"},
	{LDAP_ALIAS_PROBLEM, "aliasProblem", ERR_ENTRY, false, false, NULL},
	{LDAP_INVALID_DN_SYNTAX, "invalidDNSyntax", ERR_ENTRY, false, false, NULL},
	{LDAP_ALIAS_DEREF_PROBLEM, "aliasDereferencingProblem", ERR_ENTRY, false, false, NULL},
	{LDAP_INAPPROPRIATE_AUTH, "inappropriateAuthentication", ERR_FATAL, false, false, NULL},
	{LDAP_INVALID_CREDENTIALS, "invalidCredentials", ERR_FATAL, false, false,
		"is the name right, is the password, is the account locked or expired?"},
	{LDAP_INSUFFICIENT_ACCESS, "insufficientAccessRights", ERR_ENTRY, false, false,
		"grant the account this right"},
	{LDAP_BUSY, "busy", ERR_BUSY, true, false, NULL},
	{LDAP_UNAVAILABLE, "unavailable", ERR_BUSY, true, false, NULL},
	{LDAP_UNWILLING_TO_PERFORM, "unwillingToPerform", ERR_ENTRY, false, false, NULL},
	{LDAP_LOOP_DETECT, "loopDetect", ERR_ENTRY, false, false, NULL},
	{LDAP_NAMING_VIOLATION, "namingViolation", ERR_ENTRY, false, false, NULL},
	{LDAP_OBJECT_CLASS_VIOLATION, "objectClassViolation", ERR_ENTRY, false, false,
		"the object class lacks an attribute in the server's schema"},
	{LDAP_NOT_ALLOWED_ON_NONLEAF, "notAllowedOnNonLeaf", ERR_ENTRY, false, false, NULL},
	{LDAP_NOT_ALLOWED_ON_RDN, "notAllowedOnRDN", ERR_ENTRY, false, false, NULL},
	{LDAP_ALREADY_EXISTS, "entryAlreadyExists", ERR_ENTRY, false, false, NULL},
	{LDAP_NO_OBJECT_CLASS_MODS, "objectClassModsProhibited", ERR_ENTRY, false, false, NULL},
	{LDAP_AFFECTS_MULTIPLE_DSAS, "affectsMultipleDSAs", ERR_ENTRY, false, false, NULL},
	{LDAP_OTHER, "other", ERR_ENTRY, false, false, NULL},
	{LDAP_CANCELLED, "canceled", ERR_ENTRY, false, false, NULL},
	{LDAP_NO_SUCH_OPERATION, "noSuchOperation", ERR_ENTRY, false, false, NULL},
	{LDAP_TOO_LATE, "tooLate", ERR_ENTRY, false, false, NULL},
	{LDAP_CANNOT_CANCEL, "cannotCancel", ERR_ENTRY, false, false, NULL},
	{LDAP_ASSERTION_FAILED, "assertionFailed", ERR_ENTRY, false, false, NULL},
	{LDAP_PROXIED_AUTHORIZATION_DENIED, "authorizationDenied", ERR_FATAL, false, false, NULL},
	{LDAP_SYNC_REFRESH_REQUIRED, "e-syncRefreshRequired", ERR_ENTRY, false, false, NULL},
	/* libldap's own */
	{LDAP_SERVER_DOWN, "serverDown", ERR_BUSY, false, true, "the connection was lost"},
	{LDAP_LOCAL_ERROR, "localError", ERR_FATAL, false, true, NULL},
	{LDAP_ENCODING_ERROR, "encodingError", ERR_FATAL, false, true, NULL},
	{LDAP_DECODING_ERROR, "decodingError", ERR_FATAL, false, true, NULL},
	{LDAP_TIMEOUT, "timeout", ERR_BUSY, true, true, NULL},
	{LDAP_AUTH_UNKNOWN, "authUnknown", ERR_FATAL, false, false, NULL},
	{LDAP_FILTER_ERROR, "filterError", ERR_FATAL, false, false, NULL},
	{LDAP_PARAM_ERROR, "paramError", ERR_FATAL, false, false, NULL},
	{LDAP_NO_MEMORY, "noMemory", ERR_FATAL, false, true, NULL},
	{LDAP_CONNECT_ERROR, "connectError", ERR_FATAL, false, true, NULL},
	{LDAP_NOT_SUPPORTED, "notSupported", ERR_FATAL, false, false, NULL},
	{LDAP_CONTROL_NOT_FOUND, "controlNotFound", ERR_FATAL, false, false, NULL},
};

const struct ldap_code *ldap_code(int code)
{
	static _Thread_local char name[24];
	static _Thread_local struct ldap_code unknown;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code)
			return &codes[i];
	}
	(void)snprintf(name, sizeof(name), "code %d", code);
	unknown = (struct ldap_code){code, name, ERR_ENTRY, false, false, NULL};
	return &unknown;
}

/* AD ends its texts with a NUL, others with a line end. */
static size_t trimmed(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	while (len > 0 && strchr(" \r\n\t", text[len - 1]) != NULL)
		len--;
	return len;
}

__attribute__((format(printf, 4, 0))) static int fail(
	struct err *err, int code, const char *text, const char *fmt, va_list ap)
{
	const struct ldap_code *c = ldap_code(code);
	const size_t len = trimmed(text);
	char what[sizeof(err->text)];

	(void)vsnprintf(what, sizeof(what), fmt, ap);
	return err_set(err, c->kind != ERR_NONE ? c->kind : ERR_FATAL, "%s: %s (%d)%s%.*s%s%s",
		what, c->name, code, len > 0 ? ": " : "", (int)len, len > 0 ? text : "",
		c->hint != NULL ? "; " : "", c->hint != NULL ? c->hint : "");
}

int ldap_fail(struct err *err, int code, const char *server_text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(err, code, server_text, fmt, ap);
	va_end(ap);
	return -1;
}

int ldap_fail_last(struct err *err, LDAP *ld, int code, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (ld != NULL)
		(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	va_start(ap, fmt);
	fail(err, code, text, fmt, ap);
	va_end(ap);
	ldap_memfree(text);
	return -1;
}

bool ldap_maybe_done(enum change_op op, bool renames, int code)
{
	static const struct {
		enum change_op op;
		bool renames;
		int code;
	} already[] = {
		{CHANGE_ADD, false, LDAP_ALREADY_EXISTS},
		{CHANGE_DELETE, false, LDAP_NO_SUCH_OBJECT},
		/* A value to take away is not there, one to put there is. */
		{CHANGE_MODIFY, false, LDAP_NO_SUCH_ATTRIBUTE},
		{CHANGE_MODIFY, false, LDAP_TYPE_OR_VALUE_EXISTS},
		/* The old name is gone, the new one is there. */
		{CHANGE_MODIFY, true, LDAP_NO_SUCH_OBJECT},
		{CHANGE_MODIFY, true, LDAP_ALREADY_EXISTS},
		{CHANGE_MODIFY, true, LDAP_NO_SUCH_ATTRIBUTE},
		{CHANGE_MODIFY, true, LDAP_TYPE_OR_VALUE_EXISTS},
	};

	for (size_t i = 0; i < sizeof(already) / sizeof(already[0]); i++) {
		if (already[i].op == op && already[i].code == code &&
			(op != CHANGE_MODIFY || already[i].renames == renames))
			return true;
	}
	return false;
}
