#include "sync/dependents.h"

#include "base/keys.h"
#include "sync/gather.h"
#include "sync/state.h"
#include "sync/written.h"

/* The names that those who leave had when they were last looked at: whoever refers to them by
 * another has changed himself. */
static int find_leaving(struct gather *g, struct keys *names, struct err *err)
{
	struct link link;
	size_t i = 0;
	int rc;

	while (i < g->links.n && (g->links.slots[i].flags & LINK_LEAVES) == 0)
		i++;
	if (i == g->links.n)
		return 0;
	if (state_links(g->state, g->known.id, err) < 0)
		return -1;
	for (i = 0; (rc = state_next_link(g->state, &link, err)) == 1 && i < g->links.n; i++) {
		if ((g->links.slots[i].flags & LINK_LEAVES) != 0)
			keys_put(names, link.name, 0);
	}
	return rc < 0 ? -1 : 0;
}

static int find_referring(
	struct gather *g, const struct keys *names, struct keys *found, struct err *err)
{
	struct link link;
	int rc;

	if (state_links(g->state, g->known.id, err) < 0)
		return -1;
	for (size_t i = 0; (rc = state_next_link(g->state, &link, err)) == 1 && i < g->links.n;
		i++) {
		if ((g->links.slots[i].flags & LINK_OPEN) == 0 &&
			written_refers(link.written, names))
			keys_put(found, g->links.slots[i].source, 0);
	}
	return rc < 0 ? -1 : 0;
}

int dependents_find(struct gather *g, struct keys *found, struct err *err)
{
	struct keys names;

	keys_init(&names, 0, false);
	int rc = find_leaving(g, &names, err);
	if (rc == 0 && names.n > 0)
		rc = find_referring(g, &names, found, err);
	keys_free(&names);
	return rc;
}
