#include "sync/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/preflight_scan.h"
#include "sync/sides.h"

void preflight_add(struct scan *s, struct notice f)
{
	struct preflight *out = s->out;
	struct notice *kept = arena_alloc(s->mem, sizeof(*kept));

	if (out->n == s->found_room) {
		const unsigned room = s->found_room > 0 ? 2 * s->found_room : 64;
		const struct notice **all = arena_alloc(s->mem, room * sizeof(const void *));
		for (unsigned i = 0; i < out->n; i++)
			all[i] = out->all[i];
		out->all = all;
		s->found_room = room;
	}
	f.code = f.code != NULL ? f.code : "";
	f.attribute = f.attribute != NULL ? f.attribute : "";
	f.object = value_copy(s->mem, f.object);
	f.other = value_copy(s->mem, f.other);
	f.what = arena_strdup(s->mem, f.what);
	f.does = arena_strdup(s->mem, f.does);
	*kept = f;
	out->all[out->n++] = kept;
	out->persons += f.person;
}

const char *preflight_text(struct arena *mem, struct value v)
{
	return arena_copy(mem, v.data, v.len);
}

static struct value nickname_of(struct scan *s, const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->mods[i].attr == attr_named("mailNickname") && c->mods[i].n_add == 1)
			return value_copy(s->mem, c->mods[i].add[0]);
	}
	return (struct value){NULL, 0};
}

/* "E_WIPE" of "E_WIPE: text". */
static const char *code_of(struct arena *mem, const char *message)
{
	const size_t n = strspn(message, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return n > 2 && message[1] == '_' && message[n] == ':' ? arena_copy(mem, message, n) : "";
}

static void keep_fate(struct scan *s, const struct step *step)
{
	struct fate *f = &s->fates[s->n_fates];

	*f = (struct fate){.op = step->op,
		.source_name = value_copy(s->mem, step->source_name),
		.target_id = value_copy(s->mem, step->target_id),
		.target_name = value_copy(s->mem, step->target_name),
		.nickname = step->write ? nickname_of(s, &step->change) : (struct value){NULL, 0},
		.code = ""};
	if (step->op == STEP_CONFLICT) {
		f->message = arena_strdup(s->mem, step->message);
		f->code = code_of(s->mem, step->message);
	}
	keys_put(&s->fate_of, entry_key(step->source_id), s->n_fates++);
}

/* Each step of the plan; first only how many there are. */
static int read_plan(struct scan *s, struct plan *plan)
{
	struct step step;
	uint32_t place, n = 0;
	int rc = 0;

	for (int keep = 0; keep < 2 && rc == 0; keep++) {
		if (keep == 1)
			s->fates = arena_alloc(s->mem, n * sizeof(*s->fates));
		rc = plan_rewind(plan, s->err);
		while (rc >= 0 && (rc = plan_next(plan, s->scratch, &step, &place, s->err)) == 1) {
			n += step_shows(&step);
			if (keep == 1 && step_shows(&step))
				keep_fate(s, &step);
			arena_reset(s->scratch);
		}
	}
	return rc;
}

static int read_side(struct scan *s, const struct config *config, const struct attr_set *wanted,
	int (*one)(struct scan *, const struct entry *))
{
	const struct query all = {.kind = QUERY_ALL, .wanted = wanted};
	struct connector *c = NULL;
	struct entry e;
	struct err ignored;
	int rc = connector_open(config, &c, s->err);

	if (rc == 0)
		rc = connector_read(c, &all, s->err);
	while (rc == 0 && (rc = connector_next(c, s->scratch, &e, s->err)) == 1) {
		rc = one(s, &e);
		arena_reset(s->scratch);
	}
	(void)connector_close(c, &ignored);
	return rc;
}

/* Scopes may ask about groups in groups: the plan has forgotten what it had learned of them. */
static int learn(struct scan *s)
{
	struct err ignored;
	int rc = connector_open(s->out->flow->source_config, &s->g.source, s->err);

	s->g.scratch = s->scratch;
	if (rc == 0)
		rc = gather_learn(&s->g, s->err);
	(void)connector_close(s->g.source, &ignored);
	s->g.source = NULL;
	return rc;
}

static int read_sides(struct scan *s)
{
	static const char *const more[] = {"objectClass", "employeeID", "sn", "homeMDB",
		"msExchMailboxGuid", "proxyAddresses", "targetAddress"};
	const struct flow *f = s->out->flow;
	struct attr_set source = {0}, target = {0};

	attr_set_join(s->mem, &source, &f->reads);
	attr_set_join(s->mem, &source, &f->writes);
	attr_set_add(s->mem, &source, f->marker);
	claims_reads(s->mem, &target);
	attr_set_add(s->mem, &target, f->marker);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		attr_set_add(s->mem, &source, attr_named(more[i]));
		attr_set_add(s->mem, &target, attr_named(more[i]));
	}
	if ((rules_chained(f->rules) && learn(s) < 0) ||
		read_side(s, f->source_config, &source, preflight_source) < 0)
		return err_in(s->err, "source %s", f->source);
	if (read_side(s, f->target_config, &target, preflight_target) < 0)
		return err_in(s->err, "target %s", f->target);
	return 0;
}

/* Was the conflict told already, by what the validators say or by whose the address is? */
static bool told(const struct scan *s, const struct fate *f)
{
	enum notice_kind kind;
	const char *does;

	if (f->object == 0)
		return false;
	return strcmp(f->code, "E_PROXY_DUP") == 0 ? s->objects[f->object - 1].addressed
						   : notice_of_code(f->code, false, &kind, &does);
}

/* What the plan alone knows: what is taken over, and conflicts that nothing told so far. */
static void tell_fates(struct scan *s)
{
	for (uint32_t i = 0; i < s->n_fates; i++) {
		const struct fate *f = &s->fates[i];
		if (f->op == STEP_LINK)
			preflight_add(s, (struct notice){.kind = NOTICE_ADOPTED,
						 .object = f->source_name,
						 .other = f->target_name,
						 .what = "found by a join",
						 .does = "taken over, and brought up to date"});
		if (f->op == STEP_CONFLICT && !told(s, f))
			preflight_add(s, (struct notice){.kind = NOTICE_CONFLICT,
						 .person = true,
						 .code = f->code,
						 .object = f->source_name,
						 .other = f->target_name,
						 .what = f->message,
						 .does = "left alone until it is solved"});
	}
}

static int scan(struct scan *s)
{
	const struct flow_options options = {.full = true};
	struct preflight *out = s->out;
	struct plan plan;
	int rc = flow_plan(out->flow, s->state, &options, s->mem, &plan, s->err);

	if (rc == 0)
		rc = read_plan(s, &plan);
	out->summary = plan.summary;
	out->n_cautions = plan.n_cautions;
	memcpy(out->cautions, plan.cautions, sizeof(out->cautions));
	plan_free(&plan);
	if (rc < 0 || state_flow(s->state, out->flow->name, &s->g.known, s->err) < 0 ||
		sides_load(&s->g, s->err) < 0 ||
		state_managed(s->state, out->flow->reverse, out->flow->n_reverse, &s->g.managed,
			&s->g.n_managed, s->err) < 0 ||
		read_sides(s) < 0)
		return -1;
	tell_fates(s);
	out->objects = s->n_objects;
	if (out->n > 0)
		qsort(out->all, out->n, sizeof(const void *), notice_order);
	return 0;
}

int preflight_flow(const struct flow *flow, struct state *state, struct arena *mem,
	struct preflight *out, struct err *err)
{
	struct scan s = {.out = out,
		.state = state,
		.mem = mem,
		.scratch = arena_new(),
		.g = {.flow = flow, .state = state},
		.err = err};

	*out = (struct preflight){.flow = flow};
	keys_init(&s.fate_of, 0, true);
	keys_init(&s.owner, 0, true);
	keys_init(&s.employees, 0, true);
	const int rc = scan(&s);
	keys_free(&s.fate_of);
	keys_free(&s.owner);
	keys_free(&s.employees);
	keys_free(&s.g.sides);
	free(s.g.managed);
	rules_free(flow->rules);
	arena_free(s.scratch);
	return rc;
}
