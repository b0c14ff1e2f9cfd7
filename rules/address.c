#include "rules/address.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/utf8.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63
#define DOMAIN_MAX 253

static const char letters_digits[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/* RFC 5322 atext and RFC 3261 user without escapes and parameters, each beside letters and digits.
 */
static const char smtp_more[] = "!#$%&'*+/=?^_`{|}~-";
static const char sip_more[] = "-_!~*'&=+$";

bool address_split(struct value address, struct value *type, struct value *rest)
{
	const char *colon = address.len > 0 ? memchr(address.data, ':', address.len) : NULL;
	size_t n = colon != NULL ? (size_t)(colon - address.data) : 0;
	size_t skip = n > 0 ? n + 1 : 0;

	if (type != NULL)
		*type = (struct value){address.data, n};
	if (rest != NULL)
		*rest = (struct value){
			skip > 0 ? address.data + skip : address.data, address.len - skip};
	return n > 0;
}

bool address_type_is(struct value address, const char *type)
{
	struct value found;

	return address_split(address, &found, NULL) && found.len == strlen(type) &&
	       strncasecmp(found.data, type, found.len) == 0;
}

bool address_primary(struct value address)
{
	return address.len >= 5 && memcmp(address.data, "SMTP:", 5) == 0;
}

struct value address_domain(struct value address)
{
	const char *at = address.len > 0 ? memrchr(address.data, '@', address.len) : NULL;

	if (at == NULL)
		return (struct value){NULL, 0};
	return (struct value){at + 1, (size_t)(address.data + address.len - at - 1)};
}

static bool among(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static const char *local_fault(struct value local, const char *more)
{
	if (local.len == 0)
		return "nothing before '@'";
	if (local.len > LOCAL_MAX)
		return "more than 64 characters before '@'";
	for (size_t i = 0; i < local.len; i++) {
		char c = local.data[i];
		if ((unsigned char)c >= 0x80)
			return "a character before '@' that is not ASCII";
		if (c == '.' && (i == 0 || i + 1 == local.len || local.data[i - 1] == '.'))
			return "a dot at an end, or two in a row, before '@'";
		if (c != '.' && !among(c, letters_digits) && !among(c, more))
			return "a character before '@' that is not allowed";
	}
	return NULL;
}

static const char *label_fault(struct value label)
{
	if (label.len == 0 || label.len > LABEL_MAX)
		return "a part of the domain is empty or over 63 characters";
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return "a part of the domain begins or ends with '-'";
	for (size_t i = 0; i < label.len; i++) {
		if ((unsigned char)label.data[i] >= 0x80)
			return "a domain that is not ASCII (write it as xn--...)";
		if (!among(label.data[i], letters_digits) && label.data[i] != '-')
			return "a character in the domain that is not allowed";
	}
	return NULL;
}

/* The last label of a domain that mail can be sent to. */
static const char *top_fault(struct value top)
{
	if (top.len > 4 && strncasecmp(top.data, "xn--", 4) == 0)
		return NULL;
	if (top.len == 5 && strncasecmp(top.data, "local", 5) == 0)
		return "a domain under .local, to which no mail can be sent from outside";
	if (top.len < 2)
		return "a top-level domain of one character";
	for (size_t i = 0; i < top.len; i++) {
		if (!among(top.data[i], letters_digits) ||
			(top.data[i] >= '0' && top.data[i] <= '9'))
			return "a top-level domain that is not of letters";
	}
	return NULL;
}

static const char *domain_fault(struct value domain)
{
	struct value label = {domain.data, 0};
	unsigned labels = 0;

	if (domain.len == 0)
		return "nothing after '@'";
	if (domain.len > DOMAIN_MAX)
		return "a domain over 253 characters";
	for (size_t start = 0; start <= domain.len; start += label.len + 1, labels++) {
		const char *dot = memchr(domain.data + start, '.', domain.len - start);
		const char *end = dot != NULL ? dot : domain.data + domain.len;
		label = (struct value){domain.data + start, (size_t)(end - domain.data) - start};
		const char *fault = label_fault(label);
		if (fault != NULL)
			return fault;
	}
	return labels < 2 ? "a domain without a dot" : top_fault(label);
}

static const char *fault(struct value address, const char *more)
{
	struct value domain = address_domain(address);

	if (address.len == 0)
		return "it is empty";
	if (domain.data == NULL)
		return "no '@'";
	struct value local = {address.data, (size_t)(domain.data - address.data) - 1};
	const char *wrong = local_fault(local, more);
	return wrong != NULL ? wrong : domain_fault(domain);
}

const char *address_smtp_fault(struct value address)
{
	return fault(address, smtp_more);
}

const char *address_sip_fault(struct value address)
{
	return fault(address, sip_more);
}

/* A growing set of addresses, equal when they differ in case only. */
struct set {
	unsigned n;
	struct value *values;
};

static int find(const struct set *set, struct value v)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (utf8_same(set->values[i], v))
			return (int)i;
	}
	return -1;
}

/* In place of the same value in another case, or at the end. */
static void put(struct set *set, struct value v)
{
	int at = find(set, v);

	set->values[at >= 0 ? (unsigned)at : set->n++] = v;
}

static void take_out(struct set *set, unsigned i)
{
	memmove(&set->values[i], &set->values[i + 1], (--set->n - i) * sizeof(*set->values));
}

/* The address with its type written as `type`, which has as many letters. */
static struct value retyped(struct arena *mem, struct value v, const char *type)
{
	char *copy = arena_copy(mem, v.data, v.len);

	memcpy(copy, type, strlen(type));
	return (struct value){copy, v.len};
}

/* The primary to be: of `first` (ours), else of `second` (there before), else the smallest SMTP
 * address of all. All are sorted. -1: no SMTP address. */
static int choose_primary(const struct set *all, const struct set *first, const struct set *second)
{
	const struct set *const sources[] = {first, second};

	for (unsigned s = 0; s < 2; s++) {
		for (unsigned i = 0; i < sources[s]->n; i++) {
			int at = find(all, sources[s]->values[i]);
			if (address_primary(sources[s]->values[i]) && at >= 0)
				return at;
		}
	}
	for (unsigned i = 0; i < all->n; i++) {
		if (address_type_is(all->values[i], "smtp"))
			return (int)i;
	}
	return -1;
}

static void one_primary(struct arena *mem, struct set *all, int primary)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct value *v = &all->values[i];
		if ((int)i == primary && !address_primary(*v))
			*v = retyped(mem, *v, "SMTP");
		else if ((int)i != primary && address_primary(*v))
			*v = retyped(mem, *v, "smtp");
	}
}

/* One sip: ours when there is one, in lower case, else the smallest. */
static void one_sip(struct arena *mem, struct set *all, const struct set *ours)
{
	int keep = -1;

	for (unsigned i = 0; i < ours->n && keep < 0; i++) {
		if (address_type_is(ours->values[i], "sip"))
			keep = find(all, ours->values[i]);
	}
	if (keep >= 0)
		all->values[keep] = retyped(mem, all->values[keep], "sip");
	for (unsigned i = 0; i < all->n && keep < 0; i++) {
		if (address_type_is(all->values[i], "sip"))
			keep = (int)i;
	}
	for (unsigned i = all->n; i-- > 0;) {
		if ((int)i != keep && address_type_is(all->values[i], "sip"))
			take_out(all, i);
	}
}

/* In order, without what differs in case only: the primary's spelling sorts first and stays. */
static struct set sorted(struct arena *mem, const struct value *values, unsigned n)
{
	struct value *copy = arena_alloc(mem, n * sizeof(*copy));
	struct set set = {0, copy};

	for (unsigned i = 0; i < n; i++)
		copy[i] = values[i];
	values_sort(copy, n);
	for (unsigned i = 0; i < n; i++) {
		if (find(&set, copy[i]) < 0)
			set.values[set.n++] = copy[i];
	}
	return set;
}

unsigned address_merge(struct arena *mem, const struct value *there, unsigned n_there,
	const struct value *ours, unsigned n_ours, const struct value *taken, unsigned n_taken,
	struct value **out)
{
	const struct set before = sorted(mem, there, n_there), mine = sorted(mem, ours, n_ours),
			 gone = sorted(mem, taken, n_taken);
	struct set all = {0, arena_alloc(mem, (n_there + n_ours) * sizeof(struct value))};

	for (unsigned i = 0; i < before.n; i++) {
		if (find(&gone, before.values[i]) < 0 || address_type_is(before.values[i], "x500"))
			put(&all, before.values[i]);
	}
	for (unsigned i = 0; i < mine.n; i++)
		put(&all, mine.values[i]);
	values_sort(all.values, all.n);
	one_primary(mem, &all, choose_primary(&all, &mine, &before));
	one_sip(mem, &all, &mine);
	/* Upper case sorts before lower, but other types (EUM, NOTES) before SMTP. */
	values_sort(all.values, all.n);
	for (unsigned i = 1; i < all.n; i++) {
		if (address_primary(all.values[i])) {
			struct value primary = all.values[i];
			memmove(&all.values[1], &all.values[0], i * sizeof(primary));
			all.values[0] = primary;
		}
	}
	*out = all.values;
	return all.n;
}
