#ifndef SYNC_WRITTEN_H
#define SYNC_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "rules/rules.h"

struct arena;
struct keys;

/*
 * What a link remembers of the last write, in as few bytes as tell apart a change of ours from
 * somebody else's: for each attribute with values 32 bits of its digest, in the order of the rule's
 * attributes; for merge attributes the hash of each value of ours, so that only those are ever
 * taken away again.
 *
 *   u32 hash of the name | u16 epoch | u8 attributes | bits, one an attribute | u32 digest for each
 * bit set | then for each merge attribute: u32 hash of its name | u16 n | n x u64 | likewise, with
 * 0 for a hash, the keys of the source names that the entry refers to
 *
 * The first part is read only while the rules are those it was written under (epoch); the second
 * tells its own attribute.
 */
struct written {
	const struct rule *rule;
	uint64_t epoch;
	struct value bytes; /* of the link; empty: nothing is known */
};

/* How an attribute was left: 1 and the digest's 32 bits, 1 and 0 when it was left absent, 0 when
 * that is not known. */
int written_digest(const struct written *, unsigned attr, uint32_t *digest);
/* Is the entry's name the one that we left it with? True when that is not known. */
bool written_name(const struct written *, struct value name);
/* Is the value one that we put into a merge attribute? */
bool written_value(const struct written *, unsigned attr, struct value);

/* What to remember after the entry was left as it is in `after`. skip[i]: the i-th of the rule's
 * attributes is not ours to remember. */
struct value written_make(struct arena *, const struct desired *, uint64_t epoch,
	const struct entry *after, const bool *skip);
/* The same, and which values of a merge attribute are ours as it was before: for one that was not
 * ours to write, or that the rules gave nothing for. */
struct value written_keep(struct arena *, struct value bytes, struct value before, unsigned attr);
/* The same, and whose contacts it refers to: dn_keys of their names in the source. */
struct value written_with_references(
	struct arena *, struct value bytes, const uint64_t *names, unsigned n);
/* Does it refer to one of these? Under any rules. */
bool written_refers(struct value bytes, const struct keys *names);

#endif
