#ifndef SYNC_WRITTEN_H
#define SYNC_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "rules/rules.h"

struct arena;
struct change;
struct keys;

/*
 * What a link remembers of the last write, in as few bytes as tell apart a change of ours from
 * somebody else's: for each attribute with values 16 bits of its digest, in the order of the rule's
 * attributes; for merge attributes a hash of each value of ours, so that only those are ever taken
 * away again.
 *
 *   u16 of the name's hash | u16 epoch (0: none) | u8 bytes of bits, no zeros at the end | bits,
 *   one an attribute | u16 digest for each bit set | number (pack_number) of | 40-bit hashes of
 *   {attribute, value} | to the end, 64 bits each: keys of source names that the entry refers to
 *
 * X500 addresses (reach.h) are not in the digests. No bit: the attribute was left absent, or is an
 * `add` or `merge` one, of which no digest is kept. The part by attributes is read only while the
 * rules are those it was written under (epoch), the rest under any. Where digests or tags are equal
 * by chance (1 in 65,536) somebody's change is not told, or is told though it was ours; what is
 * written is the same.
 */
struct written {
	const struct rule *rule;
	uint64_t epoch;
	struct value bytes;          /* of the link; empty: nothing is known */
	const unsigned char *sorted; /* written_sort; NULL: values are looked through */
};

/* Who asks for many values (written_value) has them in order first. */
void written_sort(struct arena *, struct written *);

/* Is an attribute that the rules always write as we left it? True when that is not known. now: what
 * the entry has of it, or NULL. */
bool written_left(const struct written *, unsigned attr, const struct attr *now);
/* Is the entry's name the one that we left it with? True when that is not known. */
bool written_name(const struct written *, struct value name);
/* Was it left under the name of then? True when one of them does not say. */
bool written_same_name(struct value then, struct value now);
/* Is the value one that we put into a merge attribute? */
bool written_value(const struct written *, unsigned attr, struct value);

/* The rule under which it was written; NULL: not known, as after a change of the rules. */
const struct rule *written_rule(const struct rules *, uint64_t epoch, struct value bytes);

/* What to remember after the entry was left as it is in `after`. The values of merge attributes are
 * those that are ours. skip[i]: how the i-th of the rule's attributes was left is not ours to say.
 */
struct value written_make(struct arena *, const struct desired *, uint64_t epoch,
	const struct entry *after, const bool *skip);
/* The same, and whose contacts it refers to: dn_keys of their names in the source. */
struct value written_with_references(
	struct arena *, struct value bytes, const uint64_t *names, unsigned n);
/* What to remember when it is not known whether the entry was left as `claimed` says, or as
 * `before` does: of its attributes nothing; of merge attributes the values of both are ours, and
 * those that the change was to take away; and it was left under this name. */
struct value written_doubt(struct arena *, struct value before, struct value claimed,
	const struct change *, struct value name);
/* What to remember of an entry that is left as it is, after a run that could not remember it made
 * `now` of `was`: the values that came are ours too, and how its attributes were left is not known;
 * a new name is ours. When nothing was remembered before: if there was nothing before, too. */
struct value written_adrift(
	struct arena *, struct value before, const struct entry *was, const struct entry *now);
/* What to remember when its references may mean, or be, others than when they were written: of
 * them nothing. */
struct value written_unsure(
	struct arena *, const struct rules *, uint64_t epoch, struct value bytes);
/* Does it refer to one of these? Under any rules. 0 among them stands for all. */
bool written_refers(struct value bytes, const struct keys *names);

#endif
