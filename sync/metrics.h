#ifndef SYNC_METRICS_H
#define SYNC_METRICS_H

struct arena;
struct err;
struct setup;
struct state;

/*
 * What a monitoring system wants to know of each flow, in the text format of Prometheus, for the
 * textfile collector of its node exporter: a file that is replaced as a whole (rename), and that
 * others may read (0644), as it has counts, moments and the names of flows only.
 */
int metrics_write(
	const char *path, const struct setup *, struct state *, struct arena *, struct err *);

#endif
