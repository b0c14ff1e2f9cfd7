/* What a domain controller notes of replication, as it stores it: the lowest byte first. */
#include <string.h>

#include "base/entry.h"
#include "connectors/ad.h"

/* ATTRTYP of name in a domain's prefix table, which is the same everywhere (MS-DRSR 5.16.4). */
#define ATT_NAME 0x00090001u

/* replPropertyMetaData (MS-DRSR 5.166 as stored): version 1, reserved, count, reserved; then of
 * each attribute its type, version, time, invocationId, the USN where it was made and the one
 * here. */
enum { META_HEAD = 16, META_ENTRY = 48, META_COUNT = 8, META_USN = 40 };

static uint64_t little(const char *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | (unsigned char)at[bytes];
	return n;
}

bool ad_meta_renamed(struct value meta, long long since)
{
	if (meta.len < META_HEAD || little(meta.data, 4) != 1)
		return true;
	uint64_t n = little(meta.data + META_COUNT, 4);
	if (n > (meta.len - META_HEAD) / META_ENTRY)
		return true;
	for (uint64_t i = 0; i < n; i++) {
		const char *at = meta.data + META_HEAD + i * META_ENTRY;
		if (little(at, 4) == ATT_NAME)
			return little(at + META_USN, 8) >= (uint64_t)since;
	}
	return true;
}

/* replUpToDateVector (MS-DRSR 5.166, UPTODATE_VECTOR as stored): version, reserved, count,
 * reserved; then of each other replica its invocationId, up to which of its USNs its changes are
 * here, and in version 2 a time. */
enum { VECTOR_HEAD = 16, VECTOR_COUNT = 8, CURSOR_ID = 16, CURSOR_1 = 24, CURSOR_2 = 32 };

long long ad_vector_usn(struct arena *mem, struct value vector, const char *replica)
{
	const uint64_t version = vector.len < VECTOR_HEAD ? 0 : little(vector.data, 4);
	const size_t cursor = version == 1 ? CURSOR_1 : CURSOR_2;

	if (version != 1 && version != 2)
		return -1;
	const uint64_t n = little(vector.data + VECTOR_COUNT, 4);
	if (n > (vector.len - VECTOR_HEAD) / cursor)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		const char *at = vector.data + VECTOR_HEAD + i * cursor;
		if (strcmp(entry_id_text(mem, (struct value){at, CURSOR_ID}), replica) == 0)
			return (long long)(little(at + CURSOR_ID, 8) & INT64_MAX);
	}
	return 0;
}
