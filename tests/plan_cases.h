#ifndef TESTS_PLAN_CASES_H
#define TESTS_PLAN_CASES_H

#include "sync_cases.h"

#include "sync/authority.h"
#include "sync/differences.h"
#include "sync/intents.h"
#include "sync/plan.h"
#include "sync/written.h"

/*
 * The language of the table of the decision: the case, what the source wants ("gone", "left": it
 * wants nothing, and "fails" is a rule's complaint), what the target has, what else is known, and
 * what must be planned.
 *
 * What else is known, divided by ';':
 *   linked             there is a link, which knows nothing of what was last written
 *   wrote tel=1        there is a link: the last run wanted this, and left it so;   was bob   with
 *                      that name, not the one it has
 *   left 50            the link: the source left at that time; it is 200 now
 *   known              the link has the name that the source has now
 *   flag xyz           whose it is by the source's own flag;   flagged xyz   as the link knows
 *   found              by the marker or a join, although there is a link
 *   object xyz         whose the object is;     of tel xyz   whose the attribute is
 *   leave keep         and hide, delete
 *   name bob           the name that is free;   nick ann1    the alias that is free
 *   verdict 6 text     a conflict that pairing found
 *   mark x             the target's marker: "-" is none; it is our own when there is a link
 *   warn W_X text      a complaint of the rules that is a warning
 *   flow xyz           whose the flow's objects are
 *   report             what the target's side did is only told: on-denied = report
 *   writes tel         the rules write this, too
 *   postpones          it refers to others that are added too, and the target wants them first
 *   epoch, rule        the rules changed since, or the object has another one
 *   meant -tel=1 +tel=2  a run that could not remember it meant to write this, at 150; also
 *                      >bob, "delete", and "add" of what the target has
 *
 * A plan: the operation, the entry, what changes (">bob" a new name, "-x" values taken away, "+x"
 * put there), then after '|': denials (side who tried: attribute), when the source left, the
 * message. Our own marker is written "+mark".
 */
#define LINKED "linked"

struct plan_case {
	unsigned number;
	const char *source, *target, *with, *plan;
};

/* One case, made. */
struct made {
	struct flow flow;
	struct open_row open;
	struct verdict verdict;
	struct link link;
	struct entry current;
	struct row row;
	const char *wrote; /* NULL: nothing is known */
	const char *was;   /* NULL: as it is */
	const char *marker;
	unsigned n_meant; /* the oldest first, as texts */
	const char *meant[3];
};

static inline void take_link(struct made *m)
{
	m->row.link = &m->link;
	m->link.source = value_of("s1");
	m->link.target = value_of("t1");
	m->link.name = 79;
}

static inline enum leave leave_of(const char *word)
{
	return strcmp(word, "keep") == 0   ? LEAVE_KEEP
	       : strcmp(word, "hide") == 0 ? LEAVE_HIDE
					   : LEAVE_DELETE;
}

static inline void take_word(struct arena *mem, struct made *m, char *text)
{
	char *rest = text, *word = strsep(&rest, " "), *more;
	struct desired *d = &m->open.desired;

	if (strcmp(word, "linked") == 0) {
		take_link(m);
	} else if (strcmp(word, "wrote") == 0) {
		take_link(m);
		m->wrote = rest;
	} else if (strcmp(word, "left") == 0) {
		take_link(m);
		m->link.left = atoll(rest);
	} else if (strcmp(word, "known") == 0) {
		take_link(m);
		m->link.name = 78;
	} else if (strcmp(word, "flag") == 0) {
		m->open.flag = rest;
	} else if (strcmp(word, "flagged") == 0) {
		take_link(m);
		m->link.flag = authority_flag_number(&m->flow, rest);
	} else if (strcmp(word, "found") == 0) {
		m->verdict.adopt = true;
	} else if (strcmp(word, "object") == 0) {
		m->row.side = rest;
	} else if (strcmp(word, "flow") == 0) {
		m->flow.side = rest;
	} else if (strcmp(word, "report") == 0) {
		m->flow.on_denied = DENIED_REPORT;
	} else if (strcmp(word, "of") == 0) {
		give_authority(mem, &m->flow, strsep(&rest, " "));
	} else if (strcmp(word, "writes") == 0) {
		attr_set_add(mem, &m->flow.writes, attr_of(rest));
	} else if (strcmp(word, "leave") == 0) {
		m->flow.leave = leave_of(rest);
	} else if (strcmp(word, "name") == 0) {
		m->verdict.name = full_name(mem, rest);
	} else if (strcmp(word, "nick") == 0) {
		m->verdict.nickname = value_of(rest);
	} else if (strcmp(word, "verdict") == 0) {
		more = strsep(&rest, " ");
		m->verdict.number = (unsigned)atoi(more);
		m->verdict.message = value_of(rest);
	} else if (strcmp(word, "mark") == 0) {
		m->marker = strsep(&rest, " ");
	} else if (strcmp(word, "warn") == 0) {
		if (d->complaints == NULL)
			d->complaints = arena_alloc(mem, 4 * sizeof(*d->complaints));
		word = strsep(&rest, " ");
		d->complaints[d->n_complaints++] = (struct complaint){word, true, ATTR_NONE, rest};
	} else if (strcmp(word, "meant") == 0) {
		m->meant[m->n_meant++] = rest;
	} else if (strcmp(word, "was") == 0) {
		m->was = rest;
	} else if (strcmp(word, "postpones") == 0) {
		m->row.postpones = true;
	} else if (strcmp(word, "epoch") == 0) {
		m->flow.epoch++;
	} else if (strcmp(word, "rule") == 0) {
		d->rule = rules_at(m->flow.rules, 1);
	} else {
		fail_msg("no such word: %s", word);
	}
}

static inline void take_source(struct arena *mem, struct made *m, const char *text)
{
	m->open.id = value_of("s1");
	m->open.name = value_of("CN=source,DC=abc");
	m->open.source_digest = 77;
	m->open.name_key = 78;
	if (strcmp(text, "gone") == 0 || strcmp(text, "left") == 0) {
		m->open.presence = text[0] == 'g' ? GONE : LEFT;
	} else if (strncmp(text, "fails ", 6) == 0) {
		m->open.presence = FAILED;
		m->open.fault = value_of(text + 6);
	} else {
		assert_true(strncmp(text, "s1 ", 3) == 0);
		m->open.presence = PRESENT;
		m->open.desired = desired_of(mem, &m->flow, text + 3);
		struct value rdn = m->open.desired.rdn;
		m->verdict.name = full_name(mem, rdn.data + 3);
	}
}

static inline void take_target(struct arena *mem, struct made *m, const char *text)
{
	if (text[0] == '\0')
		return;
	m->current = entry_of(mem, text);
	m->row.current = &m->current;
	m->verdict.has_current = true;
	if (m->row.link == NULL)
		m->verdict.adopt = true;
	else if (m->marker == NULL)
		m->marker = "galway:f:s1";
	if (m->marker != NULL && strcmp(m->marker, "-") != 0)
		entry_add(mem, &m->current, m->flow.marker, value_of(m->marker));
}

/* What the last run left: it wanted this, and the target was so. */
static inline void take_written(struct arena *mem, struct made *m, uint64_t epoch)
{
	static const bool skip[32];
	struct entry after = m->current;

	if (m->wrote == NULL)
		return;
	struct desired d = desired_of(mem, &m->flow, m->wrote);
	after.n = 0;
	after.attrs = NULL;
	if (m->was != NULL)
		after.name = full_name(mem, m->was);
	for (unsigned i = 0; i < d.n; i++) {
		if (d.attrs[i].n > 0)
			entry_put(mem, &after, d.attrs[i].attr, d.attrs[i].values, d.attrs[i].n);
	}
	m->link.written = written_make(mem, &d, epoch, &after, skip);
}

static inline struct op op_meant(struct arena *mem, const struct made *m, const char *text)
{
	struct op op = {.kind = STEP_MODIFY,
		.when = 150,
		.source = value_of("s1"),
		.target = value_of("t1"),
		.change = {.op = CHANGE_MODIFY, .name = full_name(mem, "ann")}};
	char *words[8], *value;
	unsigned n = words_of(mem, text, " ", words, 8);

	op.change.mods = arena_zalloc(mem, n * sizeof(*op.change.mods));
	for (unsigned i = 0; i < n; i++) {
		struct mod *mod = &op.change.mods[op.change.n];
		if (strcmp(words[i], "delete") == 0 || strcmp(words[i], "add") == 0) {
			op.kind = words[i][0] == 'd' ? STEP_DELETE : STEP_ADD;
			op.digest = entry_digest(&m->current, NULL);
			continue;
		}
		if (words[i][0] == '>') {
			op.change.new_name = full_name(mem, words[i] + 1);
			continue;
		}
		value = strchr(words[i], '=');
		*value++ = '\0';
		struct value *v = arena_alloc(mem, sizeof(*v));
		*v = value_of(value);
		mod->attr = attr_of(words[i] + 1);
		*(words[i][0] == '+' ? &mod->add : &mod->remove) = v;
		*(words[i][0] == '+' ? &mod->n_add : &mod->n_remove) = 1;
		op.change.n++;
	}
	return op;
}

/* As flow.c does it. All attributes count for what was added. */
static inline void take_meant(struct arena *mem, struct made *m)
{
	struct attr_set all = {0};
	struct op ops[3];

	for (unsigned i = 0; i < m->current.n; i++)
		attr_set_add(mem, &all, m->current.attrs[i].id);
	const struct attr_set sets[3] = {all, all, all};
	struct intents in = {.n = m->n_meant, .ops = ops, .attrs = sets};
	for (unsigned i = 0; i < m->n_meant; i++)
		ops[m->n_meant - 1 - i] = op_meant(mem, m, m->meant[i]);
	intents_apply(&in, mem, &m->row, &m->link);
}

static inline void make(struct arena *mem, const struct plan_case *c, struct made *m)
{
	char *words[8];

	*m = (struct made){.flow = flow_of(mem)};
	m->row = (struct row){.open = &m->open, .verdict = &m->verdict, .now = 200};
	uint64_t epoch = m->flow.epoch;
	take_source(mem, m, c->source);
	unsigned n = words_of(mem, c->with, ";", words, 8);
	for (unsigned i = 0; i < n; i++)
		take_word(mem, m, words[i]);
	take_target(mem, m, c->target);
	take_written(mem, m, epoch);
	take_meant(mem, m);
}

static inline void print_values(
	struct buf *b, char sign, unsigned attr, const struct value *v, unsigned n)
{
	static const char own[] = "galway:f:s1";

	for (unsigned i = 0; i < n; i++) {
		buf_printf(b, " %c%s", sign, name_of(attr));
		if (strcmp(name_of(attr), "mark") != 0 || !value_same(v[i], value_of(own)))
			buf_printf(b, "=%.*s", (int)v[i].len, v[i].data);
	}
}

static inline const char *print_step(struct arena *mem, const struct step *s)
{
	static const char *const ops[] = {
		"none", "add ", "modify ", "delete ", "link ", "forget ", "conflict: "};
	struct buf b = {0};

	buf_puts(&b, ops[s->op]);
	if (s->op == STEP_CONFLICT)
		buf_puts(&b, s->message);
	else if (s->op != STEP_NONE && s->target_id.len > 0)
		buf_add(&b, s->target_id.data, s->target_id.len);
	else if (s->op != STEP_NONE)
		buf_puts(&b, short_name(mem, s->target_name));
	if (s->write && s->change.new_name.len > 0)
		buf_printf(&b, " >%s", short_name(mem, s->change.new_name));
	for (unsigned i = 0; s->write && i < s->change.n; i++) {
		const struct mod *m = &s->change.mods[i];
		assert_non_null(s->lines[i]);
		print_values(&b, '-', m->attr, m->remove, m->n_remove);
		print_values(&b, '+', m->attr, m->add, m->n_add);
	}
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		bool is_name = strcmp(name_of(d->attr), "dn") == 0;
		const char *value = is_name ? short_name(mem, d->value)
					    : arena_copy(mem, d->value.data, d->value.len);
		assert_string_not_equal(d->side, d->authority);
		buf_printf(&b, " | %s may not: %s%s%s%s", d->side, d->removal ? "-" : "",
			name_of(d->attr), d->value.len > 0 ? "=" : "", value);
	}
	if (s->remember && s->link.left != 0)
		buf_printf(&b, " | left %lld", s->link.left);
	if (s->remember && s->link.flag != 0)
		buf_printf(&b, " | flag %d", s->link.flag);
	if (s->refers_new)
		buf_puts(&b, " | postponed");
	if (s->op != STEP_CONFLICT && s->message != NULL)
		buf_printf(&b, " | %s", s->message);
	const char *text = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return text;
}

static inline const char *which(struct arena *mem, const struct plan_case *c)
{
	return arena_printf(mem, "%u | %s | %s | %s", c->number, c->source, c->target, c->with);
}

#endif
