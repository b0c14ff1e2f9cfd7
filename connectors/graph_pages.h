#ifndef CONNECTORS_GRAPH_PAGES_H
#define CONNECTORS_GRAPH_PAGES_H

#include "connectors/graph.h"

/*
 * Pages of a list or of a delta query, the next one asked for while one is read. Complete means
 * proved: a delta query ends with its deltaLink, a list with as many objects as its @odata.count
 * says. A link that came before, or leads elsewhere (http.h), is an error.
 */
struct graph_pages;

struct graph_pages *graph_pages_start(struct graph_dir *, const char *url, bool delta);
void graph_pages_free(struct graph_pages *);
/* 1 and an object, which lives until the next call; 0 at the proved end; -1. */
int graph_pages_next(struct graph_pages *, const struct json **, struct err *);
/* What is wrong with what they gave, with the ids of the request for the last page (http_in). */
int graph_pages_in(const struct graph_pages *, struct err *);
/* The same for who sees it later (http_request_of); NULL: the object that they gave last is not the
 * first one of its page. */
const char *graph_pages_request(const struct graph_pages *, struct arena *);
/* After the end of a delta query: where the next one starts. Lives as long as the pages. */
const char *graph_pages_delta(const struct graph_pages *);
/* After -1: does Graph refuse the link, so that one has to start anew? */
bool graph_pages_stale(const struct graph_pages *);

#endif
