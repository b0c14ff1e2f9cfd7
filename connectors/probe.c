#include "connectors/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/attr.h"
#include "connectors/http.h"

#define DAY 86400
#define SOON (30 * DAY)

void probe_tell(const struct probe *p, enum finding finding, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->tell(p->with, finding, text);
}

void probe_certificate(const struct probe *p, const char *which, long long ends)
{
	const long long left = ends - (long long)time(NULL);
	const time_t end = (time_t)ends;
	struct tm tm;
	char date[16] = "";

	if (ends == 0)
		return;
	(void)strftime(date, sizeof(date), "%Y-%m-%d", gmtime_r(&end, &tm));
	probe_tell(p, left < SOON ? FINDING_WARNING : FINDING_NOTE,
		"%s %s good until %s (%lld days)%s", which, left < 0 ? "was" : "is", date,
		left / DAY, left < SOON ? ": renew it" : "");
}

void probe_certificates(const struct probe *p, const struct http *h)
{
	static const char *const names[] = {
		[HTTP_SERVERS] = "the server's certificate",
		[HTTP_CLIENT_CERT] = "the certificate client-cert",
		[HTTP_TLS_CERT] = "the certificate tls-cert",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		probe_certificate(p, names[i], http_ends(h, (enum http_certificate)i));
}

bool probe_implied(unsigned attr)
{
	return attr == attr_named("objectClass") || attr == attr_named("cn") ||
	       attr == attr_named("distinguishedName") || attr == attr_named("name");
}
