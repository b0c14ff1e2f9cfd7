#include "connectors/smtp.h"

#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/err.h"
#include "base/secret.h"
#include "connectors/http_private.h"
#include "connectors/ldap_watch.h"

/* One connection, and the message on its way. */
struct post {
	const struct config *config;
	CURL *curl;
	struct secret secret;
	struct value message;
	size_t given;      /* of the message, to libcurl */
	long long give_up; /* milliseconds of the monotonic clock */
	char answer[200];  /* in which the server refuses something */
	char why[CURL_ERROR_SIZE];
};

static int check_url(const struct config *c, CURLU *u, const char *url, struct err *err)
{
	struct origin o = {NULL, NULL, NULL};
	char *path = NULL;
	int rc = 0;

	if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_SCHEME, &o.scheme, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_HOST, &o.host, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
		(strcasecmp(o.scheme, "smtp") != 0 && strcasecmp(o.scheme, "smtps") != 0) ||
		strcmp(path, "/") != 0 || strpbrk(url, "@?# ") != NULL)
		rc = err_set(err, ERR_FATAL, "it is not smtp://HOST[:PORT] or smtps://HOST[:PORT]");
	else if (strcasecmp(o.scheme, "smtp") == 0 && !config_bool(c, "starttls") &&
		 !url_loopback(o.host))
		rc = err_set(err, ERR_FATAL,
			"in the clear to a loopback address only: without starttls = false, or to "
			"a mail server on this machine");
	url_forget(&o);
	curl_free(path);
	return rc;
}

int smtp_check(const struct config *c, struct err *err)
{
	CURLU *u = curl_url();
	int rc = u == NULL ? err_set(err, ERR_BUSY, "no memory")
			   : check_url(c, u, config_text(c, "smtp"), err);

	curl_url_cleanup(u);
	if (rc < 0)
		return err_in(err, "%s: smtp", config_where(c, "smtp"));
	if ((config_text(c, "user") == NULL) != (config_text(c, "secret") == NULL))
		return err_set(err, ERR_FATAL, "%s: user and secret: both or none",
			config_where(c, config_text(c, "user") != NULL ? "user" : "secret"));
	return 0;
}

/* CURLOPT_HEADERFUNCTION: what the server says, line by line. A refusal is kept; a good-bye
 * follows. */
static size_t take_answer(char *data, size_t size, size_t n, void *with)
{
	struct post *p = with;
	size_t len = size * n;

	if (len == 0 || (data[0] != '4' && data[0] != '5'))
		return size * n;
	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	len = len < sizeof(p->answer) - 1 ? len : sizeof(p->answer) - 1;
	memcpy(p->answer, data, len);
	p->answer[len] = '\0';
	return size * n;
}

/* CURLOPT_READFUNCTION. */
static size_t give_message(char *to, size_t size, size_t n, void *with)
{
	struct post *p = with;
	const size_t rest = p->message.len - p->given, len = size * n < rest ? size * n : rest;

	memcpy(to, p->message.data + p->given, len);
	p->given += len;
	return len;
}

static void set_tls(const struct post *p)
{
	const struct config *c = p->config;
	const char *ca = config_text(c, "tls-ca");

	(void)curl_easy_setopt(p->curl, CURLOPT_USE_SSL,
		config_bool(c, "starttls") ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	(void)curl_easy_setopt(p->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca != NULL) {
		(void)curl_easy_setopt(p->curl, CURLOPT_CAINFO, ca);
		(void)curl_easy_setopt(p->curl, CURLOPT_CAPATH, NULL);
	}
}

static int open_post(struct post *p, const struct config *c, struct err *err)
{
	*p = (struct post){.config = c};
	p->give_up = watch_now() + 1000 * config_number(c, "timeout");
	if (config_text(c, "secret") != NULL &&
		secret_load(config_text(c, "secret"), &p->secret, err) < 0)
		return err_in(err, "%s", config_where(c, "secret"));
	p->curl = curl_easy_init();
	if (p->curl == NULL)
		return err_set(err, ERR_BUSY, "no memory for a message");
	(void)curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(p->curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(p->curl, CURLOPT_URL, config_text(c, "smtp"));
	(void)curl_easy_setopt(p->curl, CURLOPT_ERRORBUFFER, p->why);
	(void)curl_easy_setopt(p->curl, CURLOPT_HEADERFUNCTION, take_answer);
	(void)curl_easy_setopt(p->curl, CURLOPT_HEADERDATA, p);
	if (config_text(c, "user") != NULL) {
		(void)curl_easy_setopt(p->curl, CURLOPT_USERNAME, config_text(c, "user"));
		(void)curl_easy_setopt(p->curl, CURLOPT_PASSWORD, p->secret.data);
	}
	set_tls(p);
	return 0;
}

static void close_post(struct post *p)
{
	curl_easy_cleanup(p->curl);
	secret_free(&p->secret);
}

/* Whatever is set, in the time that is left. */
static int perform(struct post *p, struct err *err)
{
	const long long left = p->give_up - watch_now();

	if (left <= 0)
		return err_set(
			err, ERR_BUSY, "%s: no time is left", config_text(p->config, "smtp"));
	p->answer[0] = p->why[0] = '\0';
	p->given = 0;
	(void)curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)left);
	/* Else libcurl waits two minutes for the answer to a QUIT. */
	(void)curl_easy_setopt(p->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(left / 1000 + 1));
	const CURLcode code = curl_easy_perform(p->curl);
	if (code == CURLE_OK)
		return 0;
	const bool refused = p->answer[0] != '\0';
	return err_set(err, ERR_BUSY, "%s: %s%s%s", config_text(p->config, "smtp"),
		p->why[0] != '\0' ? p->why : curl_easy_strerror(code), refused ? ": " : "",
		refused ? p->answer : "");
}

static int send_one(struct post *p, const char *to, struct err *err)
{
	struct curl_slist *list = curl_slist_append(NULL, to);

	if (list == NULL)
		return err_set(err, ERR_BUSY, "no memory for a message");
	(void)curl_easy_setopt(p->curl, CURLOPT_MAIL_RCPT, list);
	const int rc = perform(p, err);
	(void)curl_easy_setopt(p->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(list);
	return rc;
}

int smtp_send(const struct config *c, const char *from, const char *const *to, unsigned n,
	struct value message, struct err *err)
{
	struct post p;
	struct err one = {.kind = ERR_NONE};
	const char *first = NULL;
	unsigned lost = 0;
	int rc = open_post(&p, c, err);

	if (rc == 0) {
		p.message = message;
		(void)curl_easy_setopt(p.curl, CURLOPT_MAIL_FROM, from);
		(void)curl_easy_setopt(p.curl, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(p.curl, CURLOPT_READFUNCTION, give_message);
		(void)curl_easy_setopt(p.curl, CURLOPT_READDATA, &p);
	}
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		if (send_one(&p, to[i], first == NULL ? err : &one) == 0)
			continue;
		first = first == NULL ? to[i] : first;
		lost++;
	}
	close_post(&p);
	if (lost == 0)
		return rc;
	return lost == 1 ? err_in(err, "%s", first)
			 : err_in(err, "%s and %u more", first, lost - 1);
}

int smtp_greet(const struct config *c, struct err *err)
{
	struct post p;
	int rc = open_post(&p, c, err);

	if (rc == 0) {
		(void)curl_easy_setopt(p.curl, CURLOPT_CONNECT_ONLY, 1L);
		rc = perform(&p, err);
	}
	close_post(&p);
	return rc;
}
