#include <stdio.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ldif.h"
#include "sync/flow.h"

/* What a step does, as text that says names instead of this run's numbers. */
static void digest_text(struct arena *mem, struct buf *b, const struct step *s)
{
	buf_printf(b, "%d %u %s %s %.*s\n", s->op, s->number, entry_id_text(mem, s->source_id),
		entry_id_text(mem, s->target_id), (int)s->target_name.len, s->target_name.data);
	if (s->write)
		ldif_print_change(b, &s->change);
	/* The change itself says only who goes. */
	if (s->op == STEP_DELETE)
		buf_printf(b, "%016llx\n", (unsigned long long)s->seen);
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		buf_printf(b, "denied %s %u %s %zu ", d->side, (unsigned)d->removal,
			attr_name(d->attr), d->value.len);
		buf_add(b, d->value.data, d->value.len);
		buf_putc(b, '\n');
	}
}

int plan_digest(struct plan *plan, char hex[65], struct err *err)
{
	struct arena *mem = arena_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct buf b = {0};
	struct step s;
	uint32_t place;
	unsigned char sum[32];
	int rc = plan_rewind(plan, err);

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		rc = err_set(err, ERR_FATAL, "SHA-256 is not to be had");
	buf_printf(&b, "%s %lld %016llx\n", plan->flow->name, plan->known.generation,
		(unsigned long long)plan->flow->epoch);
	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (s.op != STEP_NONE)
			digest_text(mem, &b, &s);
		EVP_DigestUpdate(md, b.data, b.len);
		buf_clear(&b);
		arena_reset(mem);
	}
	EVP_DigestUpdate(md, b.len > 0 ? b.data : "", b.len);
	if (rc == 0 && EVP_DigestFinal_ex(md, sum, NULL) != 1)
		rc = err_set(err, ERR_FATAL, "SHA-256 failed");
	for (int i = 0; rc == 0 && i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	buf_free(&b);
	EVP_MD_CTX_free(md);
	arena_free(mem);
	return rc;
}
