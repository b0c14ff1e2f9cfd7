#include "rules/functions.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/buf.h"

/* name, family, arguments, least, most, what NULL gives, function, signature, help (, options) */
#define F(name, family, args, min, max, nulls, call, signature, help)                        \
	{                                                                                    \
		name, family, args, min, max, nulls, call, NULL, signature, help, NULL, NULL \
	}
#define OPTIONS(name, family, args, min, max, nulls, call, signature, help, options)            \
	{                                                                                       \
		name, family, args, min, max, nulls, call, NULL, signature, help, options, NULL \
	}
/* a function that evaluates its arguments itself */
#define FORM(name, family, args, min, max, form, signature, help)                              \
	{                                                                                      \
		name, family, args, min, max, NULL_IS_SEEN, NULL, form, signature, help, NULL, \
			NULL                                                                   \
	}
#define ALIAS(name, same)                                                               \
	{                                                                               \
		name, CLOUD, "", 0, 0, NULL_IS_SEEN, NULL, NULL, NULL, NULL, NULL, same \
	}

#define ENCODINGS "Unicode|ASCII|UTF8"
#define COMPARE "vbBinaryCompare|vbTextCompare"
#define CASES "CaseSensitive|CaseInsensitive"
#define NAME_TYPES "SimpleName|EmailName|UpnName|DnsName|DnsFromAlternativeName|UrlName"

#define NUL NULL_GIVES_NULL
#define EMPTY NULL_GIVES_EMPTY
#define FALSE NULL_GIVES_FALSE
#define SEEN NULL_IS_SEEN

const struct function functions[] = {
	F("CertExtensionOids", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"mvstr CertExtensionOids(str or bin cert)",
		"the object identifiers of its critical extensions"),
	F("CertFormat", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertFormat(str or bin cert)", "X509"),
	F("CertFriendlyName", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertFriendlyName(str or bin cert)",
		"NULL: a name that Windows gives it, not in the certificate"),
	F("CertHashString", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertHashString(str or bin cert)",
		"the SHA-1 digest in upper-case hexadecimal"),
	F("CertIssuer", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertIssuer(str or bin cert)",
		"the name of its issuer, the last part first: CN=CA, O=ABC"),
	F("CertIssuerDN", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertIssuerDN(str or bin cert)", "the same as CertIssuer"),
	F("CertIssuerOid", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertIssuerOid(str or bin cert)", "NULL: a name has no object identifier"),
	F("CertKeyAlgorithm", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertKeyAlgorithm(str or bin cert)",
		"the object identifier of the key's algorithm"),
	F("CertKeyAlgorithmParams", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertKeyAlgorithmParams(str or bin cert)",
		"the parameters of the key's algorithm: DER in hexadecimal"),
	OPTIONS("CertNameInfo", CERTIFICATE, "tox", 3, 3, NUL, fn_certificate,
		"str CertNameInfo(str or bin cert, enum type, bool issuer)",
		"a name of that type of whose it is, or of its issuer", NAME_TYPES),
	F("CertNotAfter", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"dt CertNotAfter(str or bin cert)", "the moment until which it is valid"),
	F("CertNotBefore", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"dt CertNotBefore(str or bin cert)", "the moment from which on it is valid"),
	F("CertPublicKeyOid", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertPublicKeyOid(str or bin cert)", "the same as CertKeyAlgorithm"),
	F("CertPublicKeyParametersOid", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertPublicKeyParametersOid(str or bin cert)", "the same as CertKeyAlgorithm"),
	F("CertSerialNumber", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertSerialNumber(str or bin cert)",
		"its serial number in upper-case hexadecimal"),
	F("CertSignatureAlgorithmOid", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertSignatureAlgorithmOid(str or bin cert)",
		"the object identifier of the signature's algorithm"),
	F("CertSubject", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertSubject(str or bin cert)",
		"whose it is, the last part first: CN=Ann Smith, O=ABC"),
	F("CertSubjectNameDN", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertSubjectNameDN(str or bin cert)", "the same as CertSubject"),
	F("CertSubjectNameOid", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertSubjectNameOid(str or bin cert)", "NULL: a name has no object identifier"),
	F("CertThumbprint", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertThumbprint(str or bin cert)", "the same as CertHashString"),
	F("CertVersion", CERTIFICATE, "t", 1, 1, NUL, fn_certificate,
		"str CertVersion(str or bin cert)", "the version of its format: 3"),
	F("IsCert", CERTIFICATE, "t", 1, 1, FALSE, fn_iscert, "bool IsCert(str or bin value)",
		"is it a certificate?"),

	F("CBin", CONVERSION, "t", 1, 1, NUL, fn_cbin, "bin CBin(str or bin value)",
		"the bytes of a text in UTF-8; bytes as they are"),
	F("CBool", CONVERSION, "x", 1, 1, SEEN, fn_cbool, "bool CBool(exp condition)",
		"True for True, a number other than 0, and the texts of them; False for NULL"),
	F("CDate", CONVERSION, "a", 1, 1, NUL, fn_cdate, "dt CDate(str value)",
		"a date, with a time and a zone when they are there; without a zone it is UTC"),
	F("CGuid", CONVERSION, "s", 1, 1, NUL, fn_cguid, "bin CGuid(str value)",
		"the 16 bytes of a GUID as Active Directory stores it"),
	F("CNum", CONVERSION, "a", 1, 1, NUL, fn_cnum, "num CNum(str value)",
		"the number that a decimal text stands for"),
	F("CRef", CONVERSION, "s", 1, 1, NUL, fn_cref, "ref CRef(str value)",
		"a text that is a distinguished name as a reference"),
	F("CStr", CONVERSION, "a", 1, 1, NUL, fn_cstr, "str CStr(num or ref or bool value)",
		"as text: decimal, the name, True or False"),
	OPTIONS("ConvertFromBase64", CONVERSION, "so", 1, 2, NUL, fn_convertfrombase64,
		"str ConvertFromBase64(str source[, enum encoding])",
		"the text in base64; the encoding is Unicode (UTF-16LE), ASCII or UTF8", ENCODINGS),
	F("ConvertFromUTF8Hex", CONVERSION, "s", 1, 1, NUL, fn_convertfromutf8hex,
		"str ConvertFromUTF8Hex(str source)",
		"the text whose UTF-8 bytes are given in hexadecimal"),
	F("ConvertToBase64", CONVERSION, "t", 1, 1, NUL, fn_converttobase64,
		"str ConvertToBase64(str or bin source)",
		"base64 of the bytes, or of the text in UTF-16LE"),
	F("ConvertToUTF8Hex", CONVERSION, "s", 1, 1, NUL, fn_converttoutf8hex,
		"str ConvertToUTF8Hex(str source)",
		"the UTF-8 bytes of a text in upper-case hexadecimal"),
	F("StringFromGuid", CONVERSION, "b", 1, 1, NUL, fn_stringfromguid,
		"str StringFromGuid(bin guid)", "a GUID of Active Directory as text"),
	F("StringFromSid", CONVERSION, "b", 1, 1, NUL, fn_stringfromsid,
		"str StringFromSid(bin sid)", "a security identifier as text: S-1-5-..."),
	F("Thumbprint", CONVERSION, "b", 1, 1, NUL, fn_thumbprint, "str Thumbprint(bin value)",
		"the SHA-1 digest in upper-case hexadecimal"),

	F("DateAdd", DATE_TIME, "snd", 3, 3, NUL, fn_dateadd,
		"dt DateAdd(str interval, num n, dt date)",
		"n intervals later: yyyy q m y d w ww h n s"),
	F("DateFromNum", DATE_TIME, "n", 1, 1, NUL, fn_datefromnum, "dt DateFromNum(num filetime)",
		"the date of a number as in lastLogonTimestamp"),
	F("FormatDateTime", DATE_TIME, "ds", 2, 2, NUL, fn_formatdatetime,
		"str FormatDateTime(dt date, str format)",
		"as text, in a format of .NET: yyyyMMddHHmmss.0Z"),
	F("Now", DATE_TIME, "a", 0, 0, NUL, fn_now, "dt Now()", "when this run began"),
	F("NumFromDate", DATE_TIME, "d", 1, 1, NUL, fn_numfromdate, "num NumFromDate(dt date)",
		"the date as a number as in lastLogonTimestamp"),

	F("DNComponent", DIRECTORY, "rn", 2, 2, NUL, fn_dncomponent,
		"str DNComponent(ref dn, num n)",
		"the value of the n-th part of a name, from the left; NULL when there is none"),
	OPTIONS("DNComponentRev", DIRECTORY, "rno", 2, 3, NUL, fn_dncomponentrev,
		"str DNComponentRev(ref dn, num n[, enum DC])",
		"the same from the right; DC leaves out the dc= parts", "DC"),
	F("EscapeDNComponent", DIRECTORY, "s", 1, 1, NUL, fn_escapedncomponent,
		"str EscapeDNComponent(str component)",
		"cn=value with the value escaped for use in a name"),
	F("ImportedValue", DIRECTORY, "A", 1, 1, SEEN, fn_identity,
		"var ImportedValue(\"attribute\")",
		"the attribute as the directory confirmed it; here the same as [attribute]"),

	F("IsBitSet", EVALUATION, "nn", 2, 2, FALSE, fn_isbitset,
		"bool IsBitSet(num value, num mask)", "is a bit of the mask set?"),
	F("IsDate", EVALUATION, "V", 1, 1, SEEN, fn_isdate, "bool IsDate(var value)",
		"can CDate read it?"),
	F("IsEmpty", EVALUATION, "V", 1, 1, SEEN, fn_isempty, "bool IsEmpty(var value)",
		"is it there, but an empty text?"),
	F("IsGuid", EVALUATION, "s", 1, 1, FALSE, fn_isguid, "bool IsGuid(str value)",
		"can CGuid read it?"),
	F("IsNull", EVALUATION, "V", 1, 1, SEEN, fn_isnull, "bool IsNull(var value)",
		"is it NULL (an attribute: absent)?"),
	F("IsNullOrEmpty", EVALUATION, "V", 1, 1, SEEN, fn_isnullorempty,
		"bool IsNullOrEmpty(var value)", "is it NULL or an empty text?"),
	F("IsNumeric", EVALUATION, "V", 1, 1, SEEN, fn_isnumeric, "bool IsNumeric(var value)",
		"can CNum read it?"),
	F("IsPresent", EVALUATION, "V", 1, 1, SEEN, fn_ispresent, "bool IsPresent(var value)",
		"is it neither NULL nor an empty text?"),
	F("IsString", EVALUATION, "V", 1, 1, SEEN, fn_isstring, "bool IsString(var value)",
		"can CStr make a text of it?"),

	F("BitAnd", MATH, "nn", 2, 2, NUL, fn_bitand, "num BitAnd(num a, num b)",
		"the bits that are set in both"),
	F("BitOr", MATH, "nn", 2, 2, NUL, fn_bitor, "num BitOr(num a, num b)",
		"the bits that are set in one of them"),
	F("RandomNum", MATH, "nn", 2, 2, NUL, fn_randomnum, "num RandomNum(num least, num most)",
		"a random number between two, both included"),
	ALIAS("Random", "RandomNum"),

	OPTIONS("Contains", MULTI_VALUED, "Sso", 2, 3, NUL, fn_contains,
		"num Contains(mvstr values, str search[, enum case])",
		"the place of the first value with that text in it, 0: none; a reference must be "
		"equal",
		CASES),
	F("Count", MULTI_VALUED, "V", 1, 1, SEEN, fn_count, "num Count(mv values)",
		"how many values there are"),
	F("Item", MULTI_VALUED, "Vn", 2, 2, NUL, fn_item, "var Item(mv values, num n)",
		"the n-th value; an error when there is none"),
	F("ItemOrNull", MULTI_VALUED, "Vn", 2, 2, NUL, fn_itemornull,
		"var ItemOrNull(mv values, num n)", "the n-th value; NULL when there is none"),
	F("Join", MULTI_VALUED, "Ss", 1, 2, SEEN, fn_join,
		"str Join(mvstr values[, str delimiter])",
		"one text of all values, with a blank or the delimiter between them"),
	F("RemoveDuplicates", MULTI_VALUED, "S", 1, 1, SEEN, fn_removeduplicates,
		"mvstr RemoveDuplicates(mvstr values)",
		"each value once; case does not count, the first stays"),
	F("Split", MULTI_VALUED, "ssn", 2, 3, NUL, fn_split,
		"mvstr Split(str value, str delimiter[, num limit])",
		"the parts between a character, at most limit of them"),
	F("ValueCount", MULTI_VALUED, "A", 1, 1, SEEN, fn_count, "num ValueCount(\"attribute\")",
		"how many values the attribute has"),

	FORM("Error", PROGRAM_FLOW, "s", 1, 1, form_error, "void Error(str message)",
		"this object fails, with the message"),
	FORM("IIF", PROGRAM_FLOW, "e", 3, 3, form_choose,
		"var IIF(exp condition, var then, var otherwise)",
		"one of two; the other is not evaluated"),
	FORM("Select", PROGRAM_FLOW, "$ee", 3, 3, form_select,
		"mv Select($item, mv values, var result)",
		"the result for each value; NULL drops it"),
	FORM("Switch", PROGRAM_FLOW, "e", 2, ANY_PAIRS, form_choose,
		"var Switch(exp condition, var value[, exp condition, var value ...])",
		"the value of the first condition that is True, else NULL"),
	FORM("Where", PROGRAM_FLOW, "$ee", 3, 3, form_where,
		"mv Where($item, mv values, exp condition)",
		"the values for which the condition is True"),
	FORM("With", PROGRAM_FLOW, "$ee", 3, 3, form_with, "var With($name, var value, var result)",
		"the result, in which $name stands for the value"),

	F("Guid", TEXT, "a", 0, 0, NUL, fn_guid, "str Guid()", "a new random GUID"),
	OPTIONS("InStr", TEXT, "ssno", 2, 4, NUL, fn_instr,
		"num InStr(str text, str search[, num start[, enum compare]])",
		"the place of the first one, 0: none", COMPARE),
	OPTIONS("InStrRev", TEXT, "ssno", 2, 4, NUL, fn_instrrev,
		"num InStrRev(str text, str search[, num start[, enum compare]])",
		"the place of the last one that ends by start, 0: none", COMPARE),
	F("LCase", TEXT, "s", 1, 1, NUL, fn_lcase, "str LCase(str text)", "in lower case"),
	F("Left", TEXT, "sn", 2, 2, EMPTY, fn_left, "str Left(str text, num n)",
		"the first n characters; all when n is negative"),
	F("Len", TEXT, "s", 1, 1, NUL, fn_len, "num Len(str text)", "the number of characters"),
	F("LTrim", TEXT, "s", 1, 1, NUL, fn_ltrim, "str LTrim(str text)",
		"without white space before it"),
	F("Mid", TEXT, "snn", 2, 3, EMPTY, fn_mid, "str Mid(str text, num start[, num n])",
		"n characters from start on; all when start or n make no sense"),
	F("PadLeft", TEXT, "sns", 3, 3, EMPTY, fn_padleft,
		"str PadLeft(str text, num length, str character)",
		"with the character before it until it has that length"),
	F("PadRight", TEXT, "sns", 3, 3, EMPTY, fn_padright,
		"str PadRight(str text, num length, str character)",
		"with the character after it until it has that length"),
	F("PCase", TEXT, "s", 1, 1, NUL, fn_pcase, "str PCase(str text)",
		"the first letter of each word in upper case, the rest in lower case"),
	F("Replace", TEXT, "sss", 3, 3, NUL, fn_replace, "str Replace(str text, str old, str new)",
		"every old by new; \\n \\r \\t are line feed, carriage return, tab"),
	F("ReplaceChars", TEXT, "ss", 2, 2, NUL, fn_replacechars,
		"str ReplaceChars(str text, str pattern)",
		"characters replaced by a pattern \"a:b,c:d\""),
	F("Right", TEXT, "sn", 2, 2, EMPTY, fn_right, "str Right(str text, num n)",
		"the last n characters; all when n is negative"),
	F("RTrim", TEXT, "s", 1, 1, NUL, fn_rtrim, "str RTrim(str text)",
		"without white space after it"),
	F("Trim", TEXT, "s", 1, 1, NUL, fn_trim, "str Trim(str text)",
		"without white space around it"),
	F("UCase", TEXT, "s", 1, 1, NUL, fn_ucase, "str UCase(str text)", "in upper case"),
	F("Word", TEXT, "sns", 3, 3, EMPTY, fn_word, "str Word(str text, num n, str delimiters)",
		"the n-th word between any of the delimiters; \"\" when there is none"),

	F("Append", CLOUD, "ss", 2, 2, NUL, fn_append, "str Append(str text, str suffix)",
		"the text and the suffix; NULL when one is NULL"),
	FORM("Coalesce", CLOUD, "e", 1, ANY_NUMBER, form_coalesce,
		"var Coalesce(var value[, var value ...])", "the first that is not NULL"),
	F("NormalizeDiacritics", CLOUD, "s", 1, 1, NUL, fn_normalizediacritics,
		"str NormalizeDiacritics(str text)", "without accents: e for \u00e9"),
	F("StripSpaces", CLOUD, "s", 1, 1, NUL, fn_stripspaces, "str StripSpaces(str text)",
		"without blanks"),
	ALIAS("ToLower", "LCase"),
	ALIAS("ToUpper", "UCase"),

	F("AddressesIn", GALWAY, "SS", 2, 2, SEEN, fn_addressesin,
		"mvstr AddressesIn(mvstr addresses, mvstr domains)",
		"the SMTP: and smtp: addresses in one of the domains; in any, when domains is "
		"NULL"),
	F("AddressValue", GALWAY, "s", 1, 1, NUL, fn_addressvalue, "str AddressValue(str address)",
		"an address without its type: a@abc.example of SMTP:a@abc.example"),
	F("Ascii", GALWAY, "s", 1, 1, NUL, fn_ascii, "str Ascii(str text)",
		"Latin letters as ASCII; others are left out; NULL when nothing is left"),
	F("Nickname", GALWAY, "s", 1, 1, NUL, fn_nickname, "str Nickname(str text)",
		"what Exchange takes as an alias, made of the text; NULL when nothing is left"),
	F("SipAddress", GALWAY, "s", 1, 1, NUL, fn_sipaddress, "str SipAddress(str address)",
		"sip: and the address; NULL when it is blank"),
	{.name = NULL},
};

static const char *const family_names[] = {
	[CERTIFICATE] = "Certificate",
	[CONVERSION] = "Conversion",
	[DATE_TIME] = "Date and time",
	[DIRECTORY] = "Directory",
	[EVALUATION] = "Evaluation",
	[MATH] = "Math",
	[MULTI_VALUED] = "Multi-valued",
	[PROGRAM_FLOW] = "Program flow",
	[TEXT] = "Text",
	[CLOUD] = "From Entra cloud sync",
	[GALWAY] = "Of galway",
};

/* Names that are known, but not here. */
static const struct {
	const char *name, *why;
} absent[] = {
	{"SelectUniqueValue", "it would have to ask the target whether a value is taken; Coalesce "
			      "gives the first "
			      "that is not NULL"},
	{"Not", "write !value, or value = False"},
	{"Concatenate", "write value & value"},
};

static bool same_name(const char *name, const char *other, size_t len)
{
	return strncasecmp(name, other, len) == 0 && name[len] == '\0';
}

const struct function *function_find(const char *name, size_t len)
{
	for (const struct function *f = functions; f->name != NULL; f++) {
		if (same_name(f->name, name, len))
			return f->same == NULL ? f : function_find(f->same, strlen(f->same));
	}
	return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits between two names (Levenshtein), without case. Names of this language are shorter than the
 * row. */
static unsigned distance(const char *a, size_t a_len, const char *b)
{
	unsigned row[32];
	size_t b_len = strlen(b);

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned corner = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned differ = ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]);
			unsigned next = least(corner + differ, least(row[j], row[j - 1]) + 1);
			corner = row[j];
			row[j] = next;
		}
	}
	return row[b_len];
}

const char *function_missing(struct arena *mem, const char *name, size_t len)
{
	const char *near = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (same_name(absent[i].name, name, len))
			return arena_printf(
				mem, "there is no %s here: %s", absent[i].name, absent[i].why);
	}
	for (const struct function *f = functions; f->name != NULL; f++) {
		unsigned d = len < 40 ? distance(name, len, f->name) : best;
		if (d < best && d < strlen(f->name)) {
			best = d;
			near = f->name;
		}
	}
	if (near == NULL)
		return arena_printf(mem, "there is no function %.*s", (int)len, name);
	return arena_printf(mem, "there is no function %.*s; is %s meant?", (int)len, name, near);
}

int option_number(const char *options, const char *word, size_t len)
{
	for (int i = 0;; i++) {
		size_t n = strcspn(options, "|");
		if (n == len && strncasecmp(options, word, n) == 0)
			return i;
		if (options[n] == '\0')
			return -1;
		options += n + 1;
	}
}

bool function_option(const char *word, size_t len)
{
	for (const struct function *f = functions; f->name != NULL; f++) {
		if (f->options != NULL && option_number(f->options, word, len) >= 0)
			return true;
	}
	return false;
}

char function_arg(const struct function *fn, unsigned i)
{
	for (const char *c = fn->args;; c++) {
		if (i-- == 0 || c[1] == '\0')
			return *c;
	}
}

static void print_function(struct buf *b, const struct function *fn)
{
	buf_printf(b, "  %s\n      %s", fn->signature, fn->help);
	for (const struct function *f = functions; f->name != NULL; f++) {
		if (f->same != NULL && strcmp(f->same, fn->name) == 0)
			buf_printf(b, "; also written %s", f->name);
	}
	buf_putc(b, '\n');
}

void functions_help(struct buf *b)
{
	for (enum family family = 0; family < OPERATOR; family++) {
		buf_printf(b, "%s%s\n", family == 0 ? "" : "\n", family_names[family]);
		for (const struct function *f = functions; f->name != NULL; f++) {
			if (f->family == family && f->same == NULL)
				print_function(b, f);
		}
	}
}

bool function_help(struct buf *b, const char *name)
{
	static const char *const nulls[] = {
		[NULL_GIVES_NULL] = "NULL gives NULL",
		[NULL_GIVES_EMPTY] = "NULL as the first argument gives \"\", as another one NULL",
		[NULL_GIVES_FALSE] = "NULL gives False",
	};
	const struct function *fn = function_find(name, strlen(name));

	if (fn == NULL)
		return false;
	print_function(b, fn);
	if (fn->nulls != NULL_IS_SEEN && fn->max > 0)
		buf_printf(b, "      %s\n", nulls[fn->nulls]);
	if (fn->options != NULL)
		buf_printf(b, "      options: %s\n", fn->options);
	return true;
}
