#include "sync/survey.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/text.h"

bool survey_is_file(const struct side_wish *w)
{
	return strstr(w->where, "://") == NULL;
}

bool survey_clean(const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	}
	return true;
}

static bool is_reference(const char *password)
{
	static const char *const schemes[] = {"file:", "env:", "exec:", "credential:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncmp(password, schemes[i], strlen(schemes[i])) == 0)
			return true;
	}
	return false;
}

int survey_wish(const char *which, const struct side_wish *w, struct err *err)
{
	if (w->where == NULL || w->where[0] == '\0')
		return err_set(
			err, ERR_FATAL, "init: --%s is missing: a URL, or an LDIF file", which);
	if (!survey_clean(w->where) || !survey_clean(w->bind) || !survey_clean(w->password) ||
		!survey_clean(w->base))
		return err_set(
			err, ERR_FATAL, "init: a control character in what --%s says", which);
	/* The text is not shown: it may be the password itself. */
	if (w->password != NULL && !is_reference(w->password))
		return err_set(err, ERR_FATAL,
			"init: --%s-password: says where it is: file:PATH, env:NAME, exec:COMMAND "
			"or credential:NAME",
			which);
	if ((w->bind != NULL) != (w->password != NULL))
		return err_set(err, ERR_FATAL, "init: --%s-bind and --%s-password go together",
			which, which);
	return 0;
}

/* "text", as base/config.h has it. */
static void quoted(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

static void setting(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	buf_printf(b, "    %s = ", name);
	quoted(b, value);
	buf_putc(b, '\n');
}

static void login(struct buf *b, const struct survey *s, const char *ca)
{
	const struct side_wish *w = &s->wish;

	setting(b, "url", w->where);
	setting(b, "tls-ca", strncasecmp(w->where, "ldapi:", 6) != 0 ? ca : NULL);
	if (w->bind != NULL) {
		setting(b, "bind", w->bind);
		setting(b, "password", w->password);
		if (strncasecmp(w->where, "ldap:", 5) == 0)
			buf_puts(b, "    starttls = true    # or url = \"ldaps://...\"\n");
	} else if (strncasecmp(w->where, "ldapi:", 6) == 0) {
		buf_puts(b, "    auth = external    # who we are on this machine\n");
	} else {
		buf_puts(b, "    auth = gssapi      # Kerberos, by the ticket cache; or keytab = "
			    "FILE\n");
	}
}

static void domain_list(
	struct buf *b, const char *name, const struct domains *own, const struct domains *other)
{
	unsigned n = 0;

	for (unsigned i = 0; i < own->n; i++) {
		if (!survey_owns(own, i, other))
			continue;
		if (n++ == 0)
			buf_printf(b, "    %s = {", name);
		else
			buf_puts(b, ", ");
		quoted(b, own->all[i].name);
	}
	if (n > 0)
		buf_puts(b, "}\n");
	else
		buf_printf(b, "    # %s = {}    # none seen\n", name);
}

bool survey_owns(const struct domains *d, unsigned i, const struct domains *other)
{
	long long most = 0;

	for (unsigned k = 0; k < d->n; k++)
		most = d->all[k].n > most ? d->all[k].n : most;
	for (unsigned k = 0; k < other->n; k++) {
		if (strcmp(other->all[k].name, d->all[i].name) == 0 &&
			other->all[k].n >= d->all[i].n)
			return false;
	}
	return d->all[i].n == most || d->all[i].n > 1;
}

/* What was seen, for a person to judge. */
static void domain_comments(struct buf *b, const struct domains *d)
{
	for (unsigned i = 0; i < d->n; i++)
		buf_printf(b, "    #   %s: %lld\n", d->all[i].name, d->all[i].n);
}

/* What a server says, in a comment: it may say anything, and a line break would begin a setting. */
static void said(struct buf *b, const char *before, const char *text)
{
	if (text[0] == '\0')
		return;
	buf_puts(b, before);
	text_safe_add(b, text, strlen(text), 1);
}

static void found(struct buf *b, const struct survey *s)
{
	buf_printf(b, "# %lld entries, %lld mailboxes", s->entries, s->mailboxes);
	said(b, ", of ", s->vendor);
	said(b, ", seen as ", s->who);
	buf_putc(b, '\n');
	if (s->n_contexts > 1) {
		buf_puts(b, "# Naming contexts:");
		for (unsigned i = 0; i < s->n_contexts; i++)
			said(b, i > 0 ? "; " : " ", s->contexts[i]);
		buf_putc(b, '\n');
	}
}

void survey_connector(
	struct buf *b, const struct survey *s, const struct survey *other, const char *ca)
{
	if (other != NULL)
		found(b, s);
	buf_printf(b, "connector %s {\n    type = %s\n", s->name, s->type);
	if (survey_is_file(&s->wish))
		setting(b, "file", s->wish.where);
	else
		login(b, s, ca);
	if (other == NULL && !survey_is_file(&s->wish))
		buf_puts(b, "    retry = 0s\n");
	setting(b, "base", s->base);
	if (other != NULL) {
		buf_puts(b, "    # The domains whose addresses this side owns. Seen were primary "
			    "addresses in:\n");
		domain_comments(b, &s->smtp);
		domain_list(b, "smtp-domains", &s->smtp, &other->smtp);
		buf_puts(b, "    # and SIP addresses in:\n");
		domain_comments(b, &s->sip);
		domain_list(b, "sip-domains", &s->sip, &other->sip);
	}
	buf_puts(b, "}\n");
}

static void print_flow(
	struct buf *b, const struct survey *source, const struct survey *target, const char *into)
{
	struct buf gal = {0};

	buf_printf(b,
		"# One direction: the people, groups and contacts of %s become contacts in %s.\n"
		"flow %s-to-%s {\n    source = %s\n    target = %s\n    rules = galsync\n",
		source->name, target->name, source->name, target->name, source->name, target->name);
	setting(b, "into", into);
	buf_printf(b,
		"    # Containers with contacts made by hand, to be taken over and not doubled:\n"
		"    # adopt = {\"OU=...\"}\n"
		"    # What becomes of a contact whose source is gone: delete (the default), hide "
		"or "
		"keep:\n"
		"    # leave = hide\n}\n\n"
		"# The other direction, when %s shall be written to as well:\n"
		"# flow %s-to-%s {\n#     source = %s\n#     target = %s\n"
		"#     rules = galsync\n",
		source->name, target->name, source->name, target->name, source->name);
	said(&gal, source->gal != NULL ? "" : "OU=GAL,",
		source->gal != NULL ? source->gal : source->base);
	buf_puts(b, "#     into = ");
	quoted(b, gal.data);
	buf_puts(b, "\n# }\n");
	buf_free(&gal);
}

void survey_print(struct buf *b, const struct survey *source, const struct survey *target,
	const char *ca, const char *into, const char *state)
{
	buf_printf(b,
		"# Made by \"galway init\". Relative paths start at this file. Then:\n"
		"# \"galway check\", \"galway preflight\", \"galway diff\", \"galway "
		"sync\".\n"
		"state    = \"%s\"\n"
		"interval = 3h    # for sync --if-due\n\n",
		state);
	survey_connector(b, source, target, ca);
	buf_putc(b, '\n');
	survey_connector(b, target, source, ca);
	buf_putc(b, '\n');
	print_flow(b, source, target, into);
}

const char *survey_name(struct arena *mem, const char *base, const char *otherwise)
{
	struct dn dn;
	struct err ignored;

	if (dn_parse(mem, value_of(base), &dn, &ignored) < 0 || dn.n == 0)
		return otherwise;
	const struct value v = dn.rdns[0].avas[0].value;
	char *name = arena_copy(mem, v.data, v.len);
	for (size_t i = 0; i < v.len; i++) {
		if (!ascii_letter(name[i]) && !ascii_digit(name[i]) && name[i] != '-')
			return otherwise;
		name[i] = ascii_lower(name[i]);
	}
	return v.len > 0 && v.len <= 32 ? name : otherwise;
}
