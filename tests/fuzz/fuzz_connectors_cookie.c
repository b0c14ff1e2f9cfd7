/*
 * Cookies and what else says from where a delta starts, as the first byte says: that of the ad
 * connector, that of a file, replPropertyMetaData, and replUpToDateVector, which a domain
 * controller gives.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ad.h"
#include "connectors/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is understood prints as it was. */
static void of_ad(struct arena *mem, struct value v)
{
	struct ad_cookie c;
	struct err err = {0};

	if (ad_cookie_parse(mem, v, &c, &err) < 0) {
		if (err.kind != ERR_ENTRY)
			abort();
	} else if (!value_same(ad_cookie_print(mem, &c), v)) {
		abort();
	}
}

/* The same with the hash at its end put right. */
static void of_ad_hashed(struct arena *mem, struct value v)
{
	struct ad_cookie c = {.method = AD_USN, .directory = "d", .replica = "r", .dirsync = v};

	of_ad(mem, v);
	of_ad(mem, ad_cookie_print(mem, &c));
}

static void of_file(struct arena *mem, struct value v)
{
	const struct query q = {.kind = QUERY_SINCE, .cookie = v, .want_cookie = true};
	struct reading r = {0};
	struct entry e;
	struct err err = {0};
	uint64_t key;

	(void)mem;
	if (reading_start(&r, &q, 2, &err) == 0) {
		for (uint64_t i = 1; i < 3; i++) {
			e = (struct entry){.id = value_of("a"), .key = i, .digest = i};
			(void)reading_take(&r, &e);
		}
		(void)reading_end(&r, &key);
		size_t n = 0;
		while (reading_gone(&r, &e)) {
			if (!e.gone || ++n > v.len)
				abort();
		}
		(void)reading_cookie(&r);
	} else if (err.kind != ERR_ENTRY) {
		abort();
	}
	reading_free(&r);
}

static void of_meta(struct arena *mem, struct value v)
{
	(void)ad_meta_renamed(v, 1000);
	if (ad_vector_usn(mem, v, "00000000-0000-0000-0000-000000000000") < -1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct arena *, struct value) = {
		of_ad_hashed, of_file, of_meta};

	if (size == 0)
		return 0;
	struct arena *mem = arena_new();
	/* Of its own size, so that a step too far is seen. */
	char *bytes = malloc(size);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	kinds[data[0] % 3](mem, (struct value){bytes + 1, size - 1});
	free(bytes);
	arena_free(mem);
	return 0;
}
