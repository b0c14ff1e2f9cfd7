#ifndef CONNECTORS_GRAPH_ROUND_H
#define CONNECTORS_GRAPH_ROUND_H

#include "connectors/graph.h"

/*
 * What delta queries say, as entries.
 *
 * A round is taken whole before the first entry is given back, so that of an object that came
 * several times the last word counts, and nothing is believed of a round without an end. Its
 * objects wait in a spool; in memory are 32 bytes an object.
 *
 * In the first round an object that came once is as it came. What came again, or in a later round,
 * may have only what changed: it is read by its id, and what the delta query said of it put over
 * that, for a replica may be late. What was said to be removed is gone, for what reason ever: a
 * restored one is said to be there.
 *
 * References are ids, and become names: in a first round from what it said itself.
 *
 * The cookie is the deltaLinks with what was asked for:  "graph 1\n<kind> <select>\n<link>\n..."
 */
struct graph_round;

/* Take the rounds of all kinds, from the query's cookie or the first. ERR_ENTRY: the cookie cannot
 * be used. */
int graph_round_start(
	struct graph_dir *, const struct query *, struct graph_round **, struct err *);
void graph_round_free(struct graph_round *);
/* 1 and an entry, each once; 0, -1. */
int graph_round_next(struct graph_round *, struct arena *, struct entry *, struct err *);
struct value graph_round_cookie(const struct graph_round *);

/* graph_refer.c: the references of an object as an attribute of its entry. first: as the first
 * round says them; otherwise they are asked for. */
struct graph_names;
int graph_refer(struct graph_dir *, struct graph_names *, const struct graph_kind *,
	const struct json *, bool first, struct arena *, struct entry *, struct err *);
struct graph_names *graph_names_new(void);
void graph_names_free(struct graph_names *);
void graph_names_put(struct graph_names *, struct value id, struct value dn);

#endif
