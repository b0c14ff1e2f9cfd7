#include "connectors/probe.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/attr.h"

void probe_tell(const struct probe *p, enum finding finding, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->tell(p->with, finding, text);
}

bool probe_implied(unsigned attr)
{
	return attr == attr_named("objectClass") || attr == attr_named("cn") ||
	       attr == attr_named("distinguishedName") || attr == attr_named("name");
}
