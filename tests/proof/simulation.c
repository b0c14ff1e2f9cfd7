#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/proof/sim_history.h"
#include "tests/proof/sim_run.h"

/*
 * simulation [--seed S] [--histories N] [--syncs N] [--seconds N] [--jobs N] [--most N] [--tell]
 *
 * Histories of the seeds S, S + 1, ...: N of them, or as many as N syncs take (of both, until both
 * are done), or as fit into N seconds, which end the others before they are done: then that is a
 * failure. --seed S alone tells that history. A failing one is shrunk and told, at most N of them
 * (--most). Ends with one line of figures, and 0 only if there was no violation and no less was
 * done than was asked for. SIGINT and SIGTERM end it before that, with the figures so far.
 */
struct options {
	uint64_t seed;
	unsigned long long histories, syncs, seconds, jobs, most;
	bool tell, seeded;
};

/* 64-bit counters, and nothing else, so that they are added as an array. */
#define N_FIGURES (sizeof(struct figures) / sizeof(unsigned long long))

static volatile sig_atomic_t told_to_end;
static pid_t children[64];

/* A terminal tells them all, kill the first one only: the others hear of it from here. */
static void end_early(int signal)
{
	told_to_end = 1;
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		if (children[i] > 0)
			(void)kill(children[i], signal);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool enough(const struct options *o, const struct figures *f, double end)
{
	if (told_to_end || (o->seconds > 0 && now() >= end))
		return true;
	return o->histories + o->syncs > 0 && f->histories * o->jobs >= o->histories &&
	       f->syncs * o->jobs >= o->syncs;
}

/* Every jobs-th seed. */
static void run_some(const struct options *o, unsigned job, struct figures *f)
{
	const double end = now() + (double)o->seconds;

	for (uint64_t seed = o->seed + job; f->violations < o->most && !enough(o, f, end);
		seed += o->jobs) {
		const char *wrong = history_run(seed, o->tell, f);
		if (wrong == NULL)
			continue;
		struct figures ignored = {0};
		printf("seed %llu: %s\n", (unsigned long long)seed, wrong);
		history_shrink(seed, &ignored);
		(void)fflush(stdout);
	}
}

static void in_folder(const struct options *o, unsigned job, struct figures *f)
{
	char folder[] = "/dev/shm/galway-sim-XXXXXX", command[64];

	/* In memory, where there is such a place. */
	if (access("/dev/shm", W_OK) != 0)
		(void)snprintf(folder, sizeof(folder), "/tmp/galway-sim-XXXXXX");
	if (mkdtemp(folder) == NULL || setenv("TMPDIR", folder, 1) < 0 || sim_begin(folder) < 0) {
		perror(folder);
		exit(2);
	}
	run_some(o, job, f);
	sim_end();
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") < 0 || system(command) != 0)
		perror(folder);
}

/* A process for each part; its figures come through a pipe. */
static int start_job(const struct options *o, unsigned job)
{
	struct figures f = {0};
	int ends[2];

	if (pipe(ends) < 0)
		return -1;
	(void)fflush(stdout);
	const pid_t pid = fork();
	if (pid == 0) {
		memset(children, 0, sizeof(children));
		in_folder(o, job, &f);
		const bool told = write(ends[1], &f, sizeof(f)) == sizeof(f);
		exit(told ? 0 : 2);
	}
	children[job] = pid;
	(void)close(ends[1]);
	return pid > 0 ? ends[0] : -1;
}

static bool run_jobs(const struct options *o, struct figures *sum)
{
	int ends[64];
	bool good = true;

	for (unsigned i = 0; i < o->jobs; i++)
		ends[i] = start_job(o, i);
	for (unsigned i = 0; i < o->jobs; i++) {
		unsigned long long part[N_FIGURES], *total = (unsigned long long *)sum;
		if (ends[i] < 0 || read(ends[i], part, sizeof(part)) != sizeof(part)) {
			good = false;
			continue;
		}
		for (size_t k = 0; k < N_FIGURES; k++)
			total[k] += part[k];
	}
	while (wait(NULL) > 0)
		continue;
	return good;
}

static void print_figures(const struct options *o, const struct figures *f, double seconds)
{
	printf("simulation: %llu histories from seed %llu, %llu syncs (%llu full), %llu edits, "
	       "%llu writes, %llu crashes, %llu lost replies, %llu failed changes, "
	       "%llu incomplete reads, %llu reads that lied, %llu expired cookies, "
	       "%llu refusals, %llu violations, %.0f seconds (%.0f syncs/s)\n",
		f->histories, (unsigned long long)o->seed, f->syncs, f->fulls, f->edits, f->writes,
		f->crashes, f->lost, f->failures, f->incomplete, f->lies, f->expired, f->refusals,
		f->violations, seconds, (double)f->syncs / (seconds > 0 ? seconds : 1));
}

static void read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {{"seed", 1, NULL, 's'}, {"histories", 1, NULL, 'n'},
		{"syncs", 1, NULL, 'y'}, {"seconds", 1, NULL, 't'}, {"jobs", 1, NULL, 'j'},
		{"most", 1, NULL, 'm'}, {"tell", 0, NULL, 'v'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		char *end = NULL;
		const unsigned long long n = optarg != NULL ? strtoull(optarg, &end, 10) : 0;
		switch (c) {
		case 's':
			o->seed = n;
			o->seeded = true;
			break;
		case 'n':
			o->histories = n;
			break;
		case 'y':
			o->syncs = n;
			break;
		case 't':
			o->seconds = n;
			break;
		case 'j':
			o->jobs = n < 1 ? 1 : n > 64 ? 64 : n;
			break;
		case 'm':
			o->most = n;
			break;
		case 'v':
			o->tell = true;
			break;
		default:
			exit(2);
		}
		if (optarg != NULL && (*end != '\0' || (n == 0 && c != 's'))) {
			(void)fprintf(stderr, "no number of them: %s\n", optarg);
			exit(2);
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "no such option: %s\n", argv[optind]);
		exit(2);
	}
	if (o->histories + o->syncs + o->seconds == 0) {
		o->histories = o->seeded ? 1 : 1000;
		o->tell |= o->seeded;
	}
}

int main(int argc, char **argv)
{
	struct options o = {.seed = 1, .jobs = 1, .most = 3};
	struct figures f = {0};
	const double start = now();

	log_level(LOG_NOTHING); /* refusals are what we want here: nobody reads their messages */
	read_options(&o, argc, argv);
	(void)signal(SIGINT, end_early);
	(void)signal(SIGTERM, end_early);
	const bool good = run_jobs(&o, &f);
	print_figures(&o, &f, now() - start);
	const bool all = f.histories >= (o.histories > 0 ? o.histories : 1) && f.syncs >= o.syncs;
	return good && all && f.violations == 0 ? 0 : 1;
}
