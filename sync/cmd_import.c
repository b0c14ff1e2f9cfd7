#include "sync/commands.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "sync/import_rule.h"

int command_import_rules(struct arena *mem, const struct request *q, struct err *err)
{
	struct sync_rules all = {0};
	struct import_sums sums;
	struct buf out = {0};

	if (q->argc == 0)
		return err_set(err, ERR_FATAL,
			"import-rules: name files of synchronization rules "
			"(SynchronizationRule_*.xml)");
	for (int i = 0; i < q->argc; i++) {
		if (import_read(mem, q->argv[i], &all, err) < 0)
			return -1;
	}
	import_write(&out, &all, &sums);
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
	log_info("%u synchronization rules, %u lines carried over, %u not", sums.rules, sums.lines,
		sums.lost);
	return sums.lost > 0 ? EXIT_PARTIAL : EXIT_GOOD;
}
