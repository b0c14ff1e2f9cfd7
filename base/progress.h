#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>

/*
 * How far a run is: a line on the terminal that stderr is, drawn anew ten times a second with plain
 * characters only, and gone when the phase is over; elsewhere one message (LOG_NOTE) for each phase
 * when it is over. Whose run it is says log_flow. Nothing of this before progress_start, which is
 * for the commands that people wait for.
 */
enum progress_phase { PROGRESS_NONE, PROGRESS_READ, PROGRESS_PLAN, PROGRESS_WRITE };

/* What is counted: entries of either side in PROGRESS_READ, else objects. Any thread may. */
enum progress_count { PROGRESS_SOURCE, PROGRESS_TARGET, PROGRESS_DONE, N_PROGRESS_COUNTS };

void progress_start(void);
/* The phase before is over. Of the counts that end it, about so many are expected; 0: nobody knows.
 */
void progress_phase(enum progress_phase, long long expected);
void progress_add(enum progress_count, long long n);
/* The last phase is over; or, with failed, was given up, which others tell. */
void progress_end(bool failed);
/* Something else is written to the terminal. */
void progress_hide(void);

/* The line as it is drawn; seconds since the phase began. For tests, too. */
#define PROGRESS_ROOM 512
void progress_text(char text[PROGRESS_ROOM], enum progress_phase, const char *flow,
	const long long counts[N_PROGRESS_COUNTS], long long expected, double seconds);
/* What fits into so many columns of a terminal, at a character's end; its width in columns. */
int progress_cut(char *text, int columns);

#endif
