#include "sync/commands.h"

#include "base/err.h"

/* As sync, with the plan that takes the run back; its flow follows from the journal. */
int command_undo(struct arena *mem, const struct request *q, struct err *err)
{
	struct request undo = *q;

	if (q->argc != 1)
		return err_set(err, ERR_FATAL, "undo: name one run (see \"galway history\")");
	if (run_number(q->argv[0], &undo.options.undo, err) < 0)
		return -1;
	undo.argc = 0;
	return command_sync(mem, &undo, err);
}
