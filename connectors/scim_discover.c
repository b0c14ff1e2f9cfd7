/*
 * What the service says of itself. It may say nothing, and then what is usual is tried.
 */
#include "base/err.h"
#include "base/log.h"
#include "connectors/scim.h"

static void learn(struct scim_service *s, const struct json *j)
{
	s->known = true;
	(void)json_flag(j, "patch/supported", &s->patch);
	(void)json_flag(j, "bulk/supported", &s->bulk);
	(void)json_flag(j, "filter/supported", &s->filter);
	(void)json_flag(j, "etag/supported", &s->etag);
	(void)json_flag(j, "pagination/cursor", &s->cursor);
	(void)json_flag(j, "pagination/index", &s->index);
	(void)json_number(j, "bulk/maxOperations", &s->bulk_operations);
	(void)json_number(j, "bulk/maxPayloadSize", &s->bulk_bytes);
}

int scim_discover(struct scim_dir *d, struct err *err)
{
	struct json *j = NULL;

	if (d->discovered)
		return 0;
	d->service = (struct scim_service){.patch = true, .filter = true, .etag = true};
	if (d->dialect == SCIM_ENTRA)
		d->service = (struct scim_service){.patch = true, .filter = true, .cursor = true};
	const int r = scim_take(d, scim_get(d, "/ServiceProviderConfig"), &j, err);
	/* Without an answer there is no service; with a bad one, it just does not say. */
	if (r < 0 && err->kind == ERR_BUSY)
		return -1;
	if (r == 0 && json_at(j, "patch") != NULL)
		learn(&d->service, j);
	else
		log_debug("%s: does not say what it can: %s", http_base(d->http),
			r < 0 ? err->text : "no ServiceProviderConfig");
	json_free(j);
	d->discovered = true;
	return 0;
}
