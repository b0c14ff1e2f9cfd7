/*
 * What the ways have in common: the lines of one, and what errors of Exchange mean.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "connectors/exo_way.h"
#include "connectors/json.h"

/* The first row of which a word is in the code or the text. */
static const struct {
	const char *word;
	enum exo_fault fault;
} words[] = {
	{"ManagementObjectNotFoundException", EXO_ABSENT},
	{"ADNoSuchObjectException", EXO_ABSENT},
	{"ADObjectAlreadyExistsException", EXO_TAKEN},
	{"ProxyAddressExistsException", EXO_TAKEN},
	{"PropertyValueExistsException", EXO_TAKEN},
	{"NameNotUniqueException", EXO_TAKEN},
	{"Micro delay", EXO_BUSY},
	{"OverBudgetException", EXO_BUSY},
	{"Throttl", EXO_BUSY},
	{"ServerBusy", EXO_BUSY},
	{"TooManyRequests", EXO_BUSY},
	{"TransientException", EXO_BUSY},
	{"bridge.connect", EXO_BROKEN},
	{"CommandNotFoundException", EXO_BROKEN},
	{"UnauthorizedAccess", EXO_BROKEN},
};

enum exo_fault exo_fault_of(const char *code, const char *message)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(code, words[i].word) != NULL ||
			strcasestr(message, words[i].word) != NULL)
			return words[i].fault;
	}
	return EXO_REFUSED;
}

int exo_fail(struct exo_way *way, enum exo_fault fault, struct err *err, const char *fmt, ...)
{
	static const enum err_kind kinds[] = {
		[EXO_REFUSED] = ERR_ENTRY,
		[EXO_ABSENT] = ERR_ENTRY,
		[EXO_TAKEN] = ERR_ENTRY,
		[EXO_BUSY] = ERR_BUSY,
		[EXO_LOST] = ERR_BUSY,
		[EXO_BROKEN] = ERR_FATAL,
	};
	va_list ap;

	way->fault = fault;
	va_start(ap, fmt);
	(void)err_vset(err, kinds[fault], fmt, ap);
	va_end(ap);
	return -1;
}

/* All elements are objects. */
static bool are_rows(const struct json *array)
{
	for (size_t i = 0; i < json_count(array, ""); i++) {
		if (json_member(json_item(array, i), 0) == NULL)
			return false;
	}
	return true;
}

static int understand(struct exo_line *line)
{
	const struct json *rows = json_at(line->json, "result");
	const struct json *error = json_at(line->json, "error");
	const bool end = json_number(line->json, "end", &line->count);

	if ((rows != NULL) + (error != NULL) + end != 1)
		return -1;
	line->kind = end ? EXO_END : rows != NULL ? EXO_ROWS : EXO_ERROR;
	if (end)
		return line->count < 0 ? -1 : 0;
	if (rows != NULL)
		return json_count(rows, "") > 0 && are_rows(rows) ? 0 : -1;
	line->code = json_text(error, "code");
	line->message = json_text(error, "message");
	if (line->code == NULL)
		line->code = "";
	if (line->message == NULL)
		line->message = "";
	return 0;
}

int exo_line(const char *text, size_t len, long long id, struct exo_line *line, struct err *err)
{
	long long its;
	int r = 0;

	*line = (struct exo_line){.json = NULL};
	if (json_parse(text, len, &line->json, err) < 0)
		return err_in(err, "a line that is no JSON");
	if (!json_number(line->json, "id", &its) || its != id)
		r = err_set(err, ERR_FATAL, "an answer that is not to command %lld", id);
	else if (understand(line) < 0)
		r = err_set(err, ERR_FATAL,
			"an answer that has not one of result (an array of objects), end (their "
			"number) and error");
	if (r < 0) {
		json_free(line->json);
		line->json = NULL;
	}
	return r;
}

bool exo_lines_next(struct exo_lines *l, const char **text, size_t *len)
{
	const char *end = NULL;

	if (l->at > 0) {
		memmove(l->in.data, l->in.data + l->at, l->in.len - l->at);
		l->in.len -= l->at;
		l->at = l->seen = 0;
	}
	if (l->in.len > l->seen)
		end = memchr(l->in.data + l->seen, '\n', l->in.len - l->seen);
	l->seen = l->in.len;
	if (end == NULL)
		return false;
	*text = l->in.data;
	*len = (size_t)(end - l->in.data);
	l->at = *len + 1;
	return true;
}

int exo_lines_read(
	struct exo_lines *l, const char *text, size_t len, struct exo_line *line, struct err *err)
{
	if (exo_line(text, len, l->id, line, err) < 0)
		return -1;
	if (line->kind == EXO_ROWS)
		l->rows += (long long)json_count(line->json, "result");
	if (line->kind != EXO_END || line->count == l->rows)
		return 0;
	json_free(line->json);
	line->json = NULL;
	return err_set(err, ERR_FATAL, "the number at the end is not that of the objects");
}
