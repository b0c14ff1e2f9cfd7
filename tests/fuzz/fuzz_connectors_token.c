/*
 * What is answered to who asks for a token of OAuth 2.0: the first byte says with which status,
 * and whether we are known by a certificate.
 *
 * A token that is kept is visible ASCII, and kept for a day at most. Else the one that was there
 * stays, and of an answer of status 200 nothing is told that could be a token.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "connectors/http_private.h"
#include "connectors/json.h"
#include "connectors/ldap_watch.h"

#include "settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define URL "https://login.abc.example/token"
/* Longer than any text of ours that could have a shorter one in it. */
#define SECRET 24

static const struct setting settings[] = {
	HTTP_SETTINGS,
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};
static const struct section_shape sections[] = {
	{"service", true, false, settings, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};

static struct arena *memory; /* of the configuration */
static struct config *file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char text[] = "service secret {\nclient-id = galway\n}\n"
				   "service certificate {\nclient-id = galway\n"
				   "client-cert = \"/nowhere.pem\"\n}\n";

	(void)argc;
	(void)argv;
	memory = arena_new();
	file = settings_of(memory, sections, text);
	return 0;
}

static void check_kept(const struct http *h, long long before)
{
	assert(h->token.len > 0 && h->tokens == 2);
	for (size_t i = 0; i < h->token.len; i++)
		assert(h->token.data[i] > ' ' && h->token.data[i] <= '~');
	assert(h->expires >= before && h->expires <= watch_now() + 86400 * 1000LL);
}

static void check_refused(const struct http *h, const struct http_call *c, const struct err *err)
{
	struct json *answer;
	struct err ignored;

	assert(strcmp(h->token.data, "old") == 0 && h->tokens == 1 && h->expires == 1);
	assert(err->kind == ERR_FATAL || (err->kind == ERR_BUSY && c->status != 200));
	if (c->status != 200 || json_parse(c->body.data != NULL ? c->body.data : "", c->body.len,
					&answer, &ignored) < 0)
		return;
	const char *token = json_text(answer, "access_token");
	assert(token == NULL || strlen(token) < SECRET || strstr(err->text, token) == NULL);
	json_free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = {200, 200, 400, 401, 429, 503, 302, 204};
	struct http h = {.token_url = URL, .tokens = 1, .expires = 1};
	struct http_call c = {.mem = arena_new(), .client = &h, .url = URL, .method = HTTP_POST};
	const long long before = watch_now();
	struct err err = {0};

	h.config = config_section(
		file, "service", size > 0 && (data[0] & 8) != 0 ? "certificate" : "secret");
	c.status = statuses[size > 0 ? data[0] & 7 : 0];
	buf_puts(&h.token, "old");
	if (size > 1)
		buf_add(&c.body, data + 1, size - 1);
	if (token_read(&h, &c, &err) == 0)
		check_kept(&h, before);
	else
		check_refused(&h, &c, &err);
	buf_free(&c.body);
	buf_free(&h.token);
	arena_free(c.mem);
	return 0;
}
