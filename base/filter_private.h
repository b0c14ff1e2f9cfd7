#ifndef BASE_FILTER_PRIVATE_H
#define BASE_FILTER_PRIVATE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/filter.h"

/* Shared by filter.c (match), filter_text.c (parse, print) and filter_chain.c (learn, solve). */
enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_PRESENT, /* from here on: items, which name an attribute */
	FILTER_SUBSTRING,
	FILTER_EQUAL,
	FILTER_APPROX,
	FILTER_GREATER,
	FILTER_LESS,
	FILTER_ALL_BITS,
	FILTER_ANY_BIT,
	FILTER_CHAIN,
};

/* What the entries say about one attribute: who names whom. Shared by the in-chain items of a
 * filter. */
struct filter_graph {
	unsigned attr;
	unsigned back; /* the attribute that says the same the other way round, or ATTR_NONE */
	struct buf edges;
	bool sorted;
	struct filter_graph *next;
};

/* A text asserted, and how it is compared: folded, or as it is for SYNTAX_BYTES. */
struct filter_text {
	struct value text, folded;
};

struct filter {
	enum filter_kind kind;
	struct filter *first; /* and, or, not: the first inside */
	struct filter *next;  /* the next beside */
	unsigned attr;
	enum attr_syntax syntax;
	/* What is asserted, in parts where '*' stood; none for presence. Do the first and the last
	 * part begin and end the value? */
	unsigned n;
	struct filter_text *texts;
	bool begins, ends;
	bool is_number;
	int64_t number;
	struct value guid;          /* SYNTAX_BYTES asserted as a GUID's text: its bytes */
	bool category;              /* objectCategory by its short name */
	uint64_t key;               /* in chain: dn_key */
	struct filter_graph *graph; /* in chain */
	bool learns;                /* it is this item that feeds and frees the graph */
	struct buf reached;         /* in chain, solved: sorted dn_keys of the entries that match */
};

/* A whole 64-bit number and nothing else? */
bool filter_number(struct value, int64_t *);
/* The graph for an attribute in the list that *graphs begins; *made says that it is new. */
struct filter_graph *filter_graph_for(
	struct arena *, struct filter_graph **graphs, unsigned attr, bool *made);
/* Do the solved graph or the entry's own values say that it matches? */
bool filter_chain_match(const struct filter *, const struct entry *);

#endif
