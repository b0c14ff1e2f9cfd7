#ifndef CONNECTORS_LDAP_FIND_H
#define CONNECTORS_LDAP_FIND_H

#include "base/keys.h"
#include "connectors/connector.h"
#include "connectors/ldap.h"

/*
 * Some entries of a directory: those that wishes name (connector.h). Up to `window` searches are
 * under way at once, each for up to FIND_VALUES ids or values of one attribute, or for one name.
 * Each entry is given once, in any order. A server that is busy or unavailable is asked again,
 * within `retry`.
 */
#define FIND_VALUES 50

struct find;

/* The request says where to look and what to give back (its page_size does not count: a search for
 * so few values is not paged); it and the wishes must live as long as the find. */
struct find *find_start(
	struct ldap_dir *, const struct search_request *, const struct wish *, size_t n);
/* Entries with this key are not given (again). */
void find_except(struct find *, uint64_t key);
/* Was an entry with this key given? */
bool find_gave(const struct find *, uint64_t key);
/* As connector_type.next. */
int find_next(struct find *, struct arena *, struct entry *, struct err *);
/* Gives up what is under way. NULL is allowed. */
void find_free(struct find *);

#endif
