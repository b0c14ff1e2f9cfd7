#include "sync/commands.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "sync/attempt.h"

/* One of "ATTR=VALUE": values of the same attribute belong together, at most room of them; an empty
 * one clears it. */
static int add_value(struct attempt *x, const char *word, size_t room, struct err *err)
{
	const char *equals = strchr(word, '=');
	unsigned attr = attr_id(word, (size_t)(equals - word)), i = 0;
	struct value v = value_of(equals + 1);

	if (attr == ATTR_NONE)
		return err_set(err, ERR_FATAL, "set: %s: not an attribute", word);
	while (i < x->want.n && x->want.attrs[i].attr != attr)
		i++;
	struct wanted *w = &x->want.attrs[i];
	if (i == x->want.n) {
		*w = (struct wanted){.attr = attr, .line = "set"};
		w->values = arena_alloc(x->mem, room * sizeof(v));
		x->want.n++;
	} else if (v.len == 0 || w->n == 0) {
		return err_set(
			err, ERR_FATAL, "set: %s is cleared, or has values", attr_name(attr));
	}
	if (v.len > 0)
		w->values[w->n++] = v;
	return 0;
}

/* WHO ATTR=VALUE... [FLOW] */
static int parse(struct attempt *x, const struct request *q, const char **flow, struct err *err)
{
	*flow = NULL;
	x->want.attrs = arena_zalloc(x->mem, (size_t)(q->argc + 1) * sizeof(*x->want.attrs));
	for (int i = 1; i < q->argc; i++) {
		if (strchr(q->argv[i], '=') == NULL && *flow == NULL && i == q->argc - 1)
			*flow = q->argv[i];
		else if (strchr(q->argv[i], '=') == NULL)
			return err_set(err, ERR_FATAL, "set: %s: not ATTR=VALUE", q->argv[i]);
		else if (add_value(x, q->argv[i], (size_t)q->argc, err) < 0)
			return -1;
	}
	if (q->as == NULL || x->want.n == 0)
		return err_set(err, ERR_FATAL, "set: WHO, ATTR=VALUE and --as SIDE are needed");
	if (q->format != REPORT_TEXT && q->format != REPORT_JSON)
		return err_set(err, ERR_FATAL, "set: --format is text or json");
	x->who = q->argv[0];
	x->as = q->as;
	return 0;
}

/* The one flow that is meant: which has the side, and the object in its source; else in its target.
 */
static int choose(struct attempt *x, const struct setup *setup, const char *flow, struct err *err)
{
	int n[2] = {0, 0};

	for (unsigned i = 0; i < setup->n; i++) {
		const struct flow *f = &setup->flows[i];
		struct object o = {.flow = f};
		if ((flow != NULL && strcmp(flow, f->name) != 0) ||
			(strcmp(x->as, f->source) != 0 && strcmp(x->as, f->target) != 0))
			continue;
		int rc = object_find(f, x->state, x->who, x->mem, &o, err);
		if (rc < 0)
			return -1;
		bool native = !o.in_source && !o.linked;
		if (rc == 1 && n[native]++ == 0 && (!native || n[0] == 0))
			x->o = o;
	}
	if (n[0] + n[1] == 0)
		return err_set(err, ERR_FATAL, "%s: no such object in a flow from or to %s%s%s",
			x->who, x->as, flow != NULL ? ": " : "", flow != NULL ? flow : "");
	if ((n[0] > 0 ? n[0] : n[1]) > 1)
		return err_set(err, ERR_FATAL, "%s: several flows have it: name the one", x->who);
	return 0;
}

int command_set(struct arena *mem, const struct request *q, struct err *err)
{
	struct report r = {.format = q->format, .out = stdout};
	struct attempt x = {.mem = mem};
	struct setup setup;
	const char *flow;
	int code = -1;

	if (parse(&x, q, &flow, err) == 0 && setup_load(mem, q->config, &setup, err) == 0 &&
		state_open(setup.state, true, &x.state, err) == 0 &&
		choose(&x, &setup, flow, err) == 0 && attempt_decide(&x, err) == 0 &&
		attempt_apply(&x, err) == 0 && report_set(&r, &x, err) == 0)
		code = x.step.n_denied > 0 ? EXIT_PARTIAL : EXIT_GOOD;
	state_close(x.state);
	return code;
}
