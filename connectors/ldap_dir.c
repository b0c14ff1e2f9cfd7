/*
 * What the ldap and ad connectors have in common: the settings, the session, and that a session
 * which comes back is with the same directory as before.
 */
#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap.h"
#include "connectors/ldap_connection.h"

static const char *const default_ids[] = {
	[SERVER_LDAP] = "entryUUID", /* RFC 4530 */
	[SERVER_AD] = "objectGUID",
	[SERVER_OPENLDAP] = "entryUUID",
	[SERVER_389DS] = "nsUniqueId",
};

/* The settings, as far as they do not depend on the server. */
static void settle(const struct config *cfg, struct ldap_dir *d)
{
	const long long page_size = config_number(cfg, "page-size");
	const long long window = config_number(cfg, "window");

	d->config = cfg;
	d->filter = config_text(cfg, "filter");
	d->page_size = page_size < INT_MAX ? (unsigned)page_size : INT_MAX;
	d->window = window < 1 ? 1 : window < 10000 ? (unsigned)window : 10000;
}

/* What the server told. */
static int learn(struct ldap_dir *d, struct err *err)
{
	const struct server *server = session_server(d->session);

	if (config_given(d->config, "id"))
		d->id = attr_named(config_text(d->config, "id"));
	else
		d->id = attr_named(default_ids[server->kind]);
	d->base = value_copy(d->mem, value_of(server->base));
	d->directory = arena_strdup(d->mem, server->directory);
	d->replica = arena_strdup(d->mem, server->replica);
	if (dn_parse(d->mem, d->base, &d->base_dn, err) < 0) {
		err->kind = ERR_FATAL;
		return err_in(err, "the base");
	}
	return 0;
}

int ldap_dir_open(const struct config *cfg, struct ldap_dir *d, struct err *err)
{
	settle(cfg, d);
	if (session_open(cfg, &d->session, err) < 0)
		return -1;
	const struct server *server = session_server(d->session);
	if (server->encrypted && !server->verified)
		d->connector.caution = "tls = insecure: the server's certificate is not verified";
	if (learn(d, err) == 0)
		return 0;
	ldap_dir_close(d);
	return -1;
}

void ldap_dir_close(struct ldap_dir *d)
{
	session_close(d->session);
	d->session = NULL;
}

long long ldap_dir_expires(const struct connector *c)
{
	const struct ldap_dir *d = (const struct ldap_dir *)c;

	return d->session != NULL ? session_server(d->session)->expires : 0;
}

/* Of the directory from before. */
static int same_replica(struct ldap_dir *d, struct err *err)
{
	const struct server *server = session_server(d->session);

	if (strcmp(server->replica, d->replica) == 0)
		return 0;
	d->session->alive = false;
	return err_set(err, ERR_BUSY,
		"%s is another domain controller than the one with which this run began, and may "
		"lag behind it",
		server->url);
}

int ldap_dir_live(struct ldap_dir *d, struct err *err)
{
	if (d->session != NULL && session_alive(d->session))
		return 0;
	if ((d->session == NULL ? session_open(d->config, &d->session, err)
				: session_again(d->session, err)) < 0)
		return -1;
	const struct server *server = session_server(d->session);
	if (strcmp(server->directory, d->directory) == 0)
		return same_replica(d, err);
	err_set(err, ERR_FATAL, "%s: another directory answers than before: %s, not %s",
		server->url, server->directory, d->directory);
	ldap_dir_close(d);
	return -1;
}

struct search_request ldap_dir_request(const struct ldap_dir *d, const struct attr_set *wanted)
{
	return (struct search_request){
		.base = d->base.data,
		.scope = LDAP_SCOPE_SUBTREE,
		.filter = d->filter,
		.wanted = wanted,
		.id = d->id,
		.page_size = d->page_size,
		.referrals = d->referrals,
		.n_referrals = d->n_referrals,
	};
}
