/*
 * Where requests may go.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "connectors/http_private.h"

bool url_loopback(const char *host)
{
	struct in_addr address;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* Until the query: that may have in it what is nobody's business. */
static int shown(const char *url)
{
	return (int)strcspn(url, "?#");
}

static bool has(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	const bool is = curl_url_get(u, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return is;
}

static int parts(CURLU *u, const char *url, bool plain, struct origin *o, struct err *err)
{
	if (curl_url_get(u, CURLUPART_SCHEME, &o->scheme, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_HOST, &o->host, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_PORT, &o->port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return err_set(err, ERR_FATAL, "%.*s: is not a URL", shown(url), url);
	if (has(u, CURLUPART_USER) || has(u, CURLUPART_PASSWORD) || has(u, CURLUPART_FRAGMENT))
		return err_set(err, ERR_FATAL, "a URL with a user or a fragment is not taken");
	if (strcasecmp(o->scheme, "https") == 0)
		return 0;
	if (strcasecmp(o->scheme, "http") != 0)
		return err_set(err, ERR_FATAL, "%.*s: is not https", shown(url), url);
	if (!plain || !url_loopback(o->host))
		return err_set(err, ERR_FATAL,
			"%.*s: nothing is sent without encryption: use https (or plain = true, to "
			"a loopback address)",
			shown(url), url);
	return 0;
}

int url_origin(const char *url, bool plain, struct origin *o, struct err *err)
{
	CURLU *u = curl_url();
	int r;

	*o = (struct origin){0};
	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
		r = err_set(err, ERR_FATAL, "%.*s: is not a URL", shown(url), url);
	else
		r = parts(u, url, plain, o, err);
	curl_url_cleanup(u);
	return r;
}

void url_forget(struct origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
	*o = (struct origin){0};
}

bool url_same(const struct origin *a, const struct origin *b)
{
	return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

void http_escape(struct buf *to, struct value v)
{
	for (size_t i = 0; i < v.len; i++) {
		const char c = v.data[i];
		if (ascii_letter(c) || ascii_digit(c) || (c != '\0' && strchr("-._~", c) != NULL))
			buf_putc(to, c);
		else
			buf_printf(to, "%%%02X", (unsigned char)c);
	}
}
