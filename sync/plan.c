#include "sync/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/value_set.h"
#include "sync/authority.h"
#include "sync/differences.h"
#include "sync/reach.h"
#include "sync/undone.h"
#include "sync/written.h"

static struct value yes = {"TRUE", 4};

struct value plan_marker(struct arena *mem, const struct flow *f, struct value source_id)
{
	const char *id = entry_id_text(mem, source_id);
	const size_t len = strlen(id);
	char *marker = arena_alloc(mem, f->marker_prefix.len + len);

	memcpy(marker, f->marker_prefix.data, f->marker_prefix.len);
	memcpy(marker + f->marker_prefix.len, id, len);
	return (struct value){marker, f->marker_prefix.len + len};
}

struct value plan_mark(const struct flow *f, const struct entry *e)
{
	static const char ours[] = "galway:";
	const struct attr *there = entry_get(e, f->marker);
	struct value mark = {NULL, 0};

	for (unsigned i = 0; there != NULL && i < there->n; i++) {
		const struct value v = there->values[i];
		if (v.len >= sizeof(ours) - 1 && memcmp(v.data, ours, sizeof(ours) - 1) == 0 &&
			(mark.len == 0 || value_order(v, mark) < 0))
			mark = v;
	}
	return mark;
}

bool plan_marked(const struct flow *f, const struct entry *e)
{
	const struct value marker = plan_mark(f, e), prefix = f->marker_prefix;

	return marker.len > prefix.len && memcmp(marker.data, prefix.data, prefix.len) == 0;
}

const char *plan_flag(const struct flow *f, const struct open_row *open, const struct link *link,
	const struct entry *target)
{
	const char *flag = open->flag;

	if (open->presence == GONE && link != NULL)
		flag = authority_flag_side(f, link->flag);
	return authority_flags(f, flag, target != NULL ? authority_flag(f, false, target) : NULL);
}

/* The names and ids that every step says. */
static void head(const struct row *row, struct step *s)
{
	const struct rule *rule = row->open->desired.rule;

	*s = (struct step){.source_id = row->open->id, .source_name = row->open->name};
	s->rule = rule != NULL ? rule_name(rule) : NULL;
	s->flag = row->flag;
	if (row->link != NULL) {
		s->link = *row->link;
		s->target_id = row->link->target;
	}
	if (row->current != NULL) {
		s->target_id = row->current->id;
		s->target_name = row->current->name;
	}
}

/* Nothing of it is done; what a run could not remember is remembered at least. */
static void keep_link(struct arena *mem, const struct row *row, struct step *s)
{
	s->remember = row->was != row->current;
	s->link = *row->link;
	if (s->remember)
		s->link.written = written_adrift(mem, s->link.written, row->was, row->current);
}

/* One line of text: what was there, then more; each may be NULL. */
static const char *and_also(struct arena *mem, const char *text, const char *more)
{
	if (text == NULL || more == NULL)
		return text == NULL ? more : text;
	return arena_printf(mem, "%s; %s", text, more);
}

static void tell_warnings(struct arena *mem, const struct row *row, struct step *s)
{
	const struct desired *d = &row->open->desired;
	struct value alias = row->verdict->nickname;

	if (alias.len > 0)
		s->message = and_also(mem, s->message,
			arena_printf(mem,
				"E_NICK_DUP: mailNickname: another entry has it: %.*s instead",
				(int)alias.len, alias.data));
	for (unsigned i = 0; i < d->n_complaints; i++) {
		const char *text =
			arena_printf(mem, "%s: %s", d->complaints[i].code, d->complaints[i].text);
		s->message = and_also(mem, s->message, text);
	}
}

static void deny_object(struct arena *mem, const struct flow *f, const struct row *row,
	bool removal, struct step *s)
{
	s->denied = arena_alloc(mem, sizeof(*s->denied));
	s->denied[s->n_denied++] = (struct denied){.attr = attr_named("distinguishedName"),
		.removal = removal,
		.value = removal ? (struct value){NULL, 0} : row->verdict->name,
		.side = f->source,
		.authority = authority_side(f, row->side, ATTR_NONE),
		.rule = NULL};
}

/* Values that are the other side's all the same; the denial of their own attribute tells it. */
static void leave_out_exceptions(
	struct arena *mem, const struct flow *f, const struct row *row, struct wanted *w)
{
	const struct value *all = w->values;
	const unsigned n = w->n;

	w->values = arena_alloc(mem, n * sizeof(*w->values));
	w->n = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!authority_excepts(f, row->side, w->attr, all[i]))
			w->values[w->n++] = all[i];
	}
}

/* Whether a contact that is there is hidden the rules do not say. */
static bool hiding_unsaid(const struct row *row)
{
	const unsigned hide = attr_named("msExchHideFromAddressLists");
	const struct wanted *said = desired_get(&row->open->desired, hide);

	return said == NULL || said->mode == FLOW_ADD;
}

/* Back from hiding (leave = hide): to be shown again, unless the rules say whether it is. */
static bool shows_again(const struct row *row)
{
	return (row->link != NULL ? row->link->left > 0 : row->hid) && hiding_unsaid(row);
}

/* The rules want this; the marker is as good as one of their flows. */
static struct wanted *all_wanted(
	struct arena *mem, const struct flow *f, const struct row *row, unsigned *n)
{
	const struct desired *d = &row->open->desired;
	struct wanted *w = arena_alloc(mem, (d->n + 2) * sizeof(*w));
	struct value *marker = arena_alloc(mem, 2 * sizeof(*marker));
	unsigned nickname = attr_named("mailNickname"),
		 hide = attr_named("msExchHideFromAddressLists");

	*n = 0;
	for (unsigned i = 0; i < d->n; i++) {
		if (d->attrs[i].attr == f->marker)
			continue;
		w[*n] = d->attrs[i];
		if (w[*n].attr == nickname && row->verdict->nickname.len > 0) {
			marker[1] = row->verdict->nickname;
			w[*n].values = &marker[1];
			w[*n].n = 1;
		}
		leave_out_exceptions(mem, f, row, &w[*n]);
		(*n)++;
	}
	marker[0] = plan_marker(mem, f, row->open->id);
	w[(*n)++] = (struct wanted){f->marker, FLOW_ALWAYS, 1, marker, "galway", false};
	if (shows_again(row))
		w[(*n)++] = (struct wanted){hide, FLOW_ALWAYS, 0, NULL, "galway", true};
	return w;
}

/* The new entry, and its naming attribute, which directories want to see in an add, as the name
 * says it, whatever the rules give for it. */
static void make_add(struct arena *mem, const struct flow *f, const struct row *row,
	const struct wanted *w, unsigned n, struct step *s)
{
	struct change *c = &s->change;
	struct value *value = arena_alloc(mem, sizeof(*value));
	const unsigned naming = dn_naming(mem, row->verdict->name, value);

	*c = (struct change){.op = CHANGE_ADD, .name = row->verdict->name};
	c->mods = arena_zalloc(mem, (n + 1) * sizeof(*c->mods));
	s->lines = arena_alloc(mem, (n + 1) * sizeof(*s->lines));
	for (unsigned i = 0; i < n; i++) {
		if (w[i].n == 0 || w[i].attr == naming)
			continue;
		if (!authority_ours(f, row->side, w[i].attr)) {
			difference_deny(mem, f, row->side, &w[i], s);
			continue;
		}
		s->lines[c->n] = w[i].line;
		c->mods[c->n++] =
			(struct mod){.attr = w[i].attr, .n_add = w[i].n, .add = w[i].values};
	}
	s->lines[c->n] = "name";
	c->mods[c->n++] = (struct mod){.attr = naming, .n_add = 1, .add = value};
}

/* How the target entry is when the step was done. */
static struct entry after_of(struct arena *mem, const struct row *row, const struct step *s)
{
	struct entry after = {0};

	if (row->current != NULL) {
		after = *row->current;
		after.attrs = arena_alloc(mem, after.n * sizeof(*after.attrs));
		if (after.n > 0)
			memcpy(after.attrs, row->current->attrs, after.n * sizeof(*after.attrs));
	}
	if (s->write) {
		change_apply(mem, &after, &s->change);
		after.digest = 0;
	}
	return after;
}

/* Did the target's side change it, and is that only told? */
static bool left_alone(
	const struct flow *f, const struct row *row, const struct step *s, unsigned attr)
{
	for (unsigned i = 0; i < s->n_denied; i++) {
		if (s->denied[i].attr == attr && strcmp(s->denied[i].side, f->target) == 0)
			return undone_reports(f, row->link, attr, row->now);
	}
	return false;
}

/* As somebody changed it, and as the rules want it: so it is remembered, and the difference is
 * somebody's in the next run too, whatever the source says by then. */
static struct entry as_wanted(struct arena *mem, const struct flow *f, const struct row *row,
	const struct step *s, const struct entry *after)
{
	const struct desired *d = &row->open->desired;
	struct entry e;

	if (s->n_denied == 0)
		return *after;
	entry_copy(mem, &e, after);
	for (unsigned i = 0; i < d->n; i++) {
		if (left_alone(f, row, s, d->attrs[i].attr))
			entry_put(mem, &e, d->attrs[i].attr, d->attrs[i].values, d->attrs[i].n);
	}
	if (left_alone(f, row, s, attr_named("distinguishedName")))
		e.name = row->verdict->name;
	return e;
}

/* Which values of a merge attribute are ours from now on: those that the rules give, but not what
 * somebody else had put there before, nor what the source may not say. What it said before, and may
 * not now, stays ours. alone: nothing was written. Under our marker, and without a link that tells,
 * everything was ours. */
static struct wanted own(struct arena *mem, const struct flow *f, const struct row *row,
	const struct entry *after, unsigned attr, const struct wanted *w, bool alone)
{
	struct written before = {row->open->desired.rule, f->epoch,
		row->link != NULL ? row->link->written : (struct value){NULL, 0}, NULL};
	const struct attr *was = row->current != NULL ? entry_get(row->was, attr) : NULL;
	const struct attr *there = row->current != NULL ? entry_get(after, attr) : NULL;
	const unsigned n_there = there != NULL ? there->n : 0, n_given = w != NULL ? w->n : 0;
	const bool all =
		was == NULL || (before.bytes.len == 0 && entry_get(row->was, f->marker) != NULL);
	const bool attr_ours = authority_ours(f, row->side, attr);
	struct wanted mine = {attr, FLOW_MERGE, 0, NULL, "", false};
	struct value_set theirs;

	written_sort(mem, &before);
	value_set_of(
		&theirs, mem, attr, was != NULL ? was->values : NULL, was != NULL ? was->n : 0);
	mine.values = arena_alloc(mem, (n_given + n_there) * sizeof(*mine.values));
	for (unsigned i = 0; i < n_given && attr_ours; i++) {
		struct value v = w->values[i];
		if (!authority_excepts(f, row->side, attr, v) &&
			((!alone && (all || !value_set_has(&theirs, v))) ||
				difference_ours(row, &before, attr, v)))
			mine.values[mine.n++] = v;
	}
	for (unsigned i = 0; i < n_there; i++) {
		struct value v = there->values[i];
		bool decided = w != NULL && attr_ours && !authority_excepts(f, row->side, attr, v);
		if (!decided && difference_ours(row, &before, attr, v))
			mine.values[mine.n++] = v;
	}
	return mine;
}

/* The link as it is to be once the step was done: what was written, and the digests by which the
 * next run sees that nothing changed. */
static void remember(struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	const struct desired *all = &row->open->desired;
	struct desired d = *all;
	struct entry after = after_of(mem, row, s);
	unsigned n;
	const unsigned *attrs = rule_attrs(d.rule, &n);
	bool *skip = arena_zalloc(mem, n * sizeof(*skip));

	d.n = 0;
	d.attrs = arena_alloc(mem, n * sizeof(*d.attrs));
	for (unsigned i = 0; i < n; i++) {
		const struct wanted *w = desired_get(all, attrs[i]);
		/* Between an add and its references the run may end. */
		skip[i] = w == NULL || !authority_ours(f, row->side, attrs[i]) ||
			  (s->refers_new && attr_syntax(attrs[i]) == SYNTAX_DN);
		if (w != NULL && w->mode != FLOW_MERGE)
			d.attrs[d.n++] = *w;
		else
			d.attrs[d.n++] = own(
				mem, f, row, &after, attrs[i], w, left_alone(f, row, s, attrs[i]));
	}
	const struct entry left = as_wanted(mem, f, row, s, &after);
	s->remember = true;
	s->link = (struct link){.source = row->open->id,
		.target = s->target_id,
		.source_digest = row->open->source_digest,
		.target_digest = target_digest(f, &after),
		.name = row->open->name_key,
		.flag = authority_flag_number(f, row->open->flag),
		.written = written_make(mem, &d, f->epoch, &left, skip),
		.undone = undone_after(mem, f, row, s)};
	/* Hidden by us still, as the authority is the target's by now: until it is ours again.
	 * Should the source leave once more, the grace period begins anew. */
	if (s->op != STEP_ADD && shows_again(row) &&
		entry_has(&after, attr_named("msExchHideFromAddressLists"), yes)) {
		s->link.left = row->now;
		s->link.source_digest = 0;
	}
}

/* Of its values, however a connector writes them down. */
static uint64_t contact_digest(const struct flow *f, const struct entry *e)
{
	return hash_bytes(
		&(uint64_t){dn_digest(e->name)}, sizeof(uint64_t), entry_digest(e, &f->tells));
}

uint64_t target_digest(const struct flow *f, const struct entry *e)
{
	return link_digest(e->digest != 0 ? e->digest : contact_digest(f, e));
}

/* A contact that somebody deleted, and that is not added again. */
static void leave_deleted(
	struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	s->op = STEP_MODIFY;
	s->target_id = row->link->target;
	deny_object(mem, f, row, true, s);
	s->denied[0].side = f->target;
	s->message =
		and_also(mem, "was deleted in the target: left alone", undone_tell(mem, f, row, s));
	s->link.undone = undone_after(mem, f, row, s);
	s->remember = !value_same(s->link.undone, row->link->undone);
}

/* Cases 4 and 8. */
static void plan_add(struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	unsigned n;
	const struct wanted *w = all_wanted(mem, f, row, &n);

	s->op = STEP_ADD;
	s->number = row->link != NULL ? 8 : 4;
	s->target_id = (struct value){NULL, 0};
	s->target_name = row->verdict->name;
	if (!authority_ours(f, row->side, ATTR_NONE)) {
		s->op = STEP_MODIFY;
		deny_object(mem, f, row, false, s);
		return;
	}
	if (row->link != NULL && !row->deleted &&
		undone_reports(f, row->link, attr_named("distinguishedName"), row->now)) {
		leave_deleted(mem, f, row, s);
		return;
	}
	make_add(mem, f, row, w, n, s);
	s->write = true;
	s->refers_new = row->postpones;
	if (s->number == 8 && !row->deleted)
		s->message = "was deleted in the target";
	tell_warnings(mem, row, s);
	remember(mem, f, row, s);
}

/* Nothing is touched, and the object is looked at again until the conflict is solved. Only its name
 * is noted, by which others refer to it, and whose it says that it is: that counts when it is gone.
 */
static void plan_conflict(struct arena *mem, const struct flow *f, const struct row *row,
	unsigned number, struct value message, struct step *s)
{
	s->op = STEP_CONFLICT;
	s->number = number;
	s->message = arena_copy(mem, message.data, message.len);
	if (row->link == NULL)
		return;
	const int flag = row->open->presence == GONE ? row->link->flag
						     : authority_flag_number(f, row->open->flag);
	if (row->link->name == row->open->name_key && row->link->flag == flag)
		return;
	s->remember = true;
	s->link = *row->link;
	s->link.name = row->open->name_key;
	s->link.flag = flag;
}

/* The addresses by which a contact is reached do not go because a value in the source is gone: the
 * rules have to say so (AuthoritativeNull). Why not; NULL. */
static const char *wipes(struct arena *mem, const struct row *row, const struct wanted *w,
	unsigned n, const struct change *c)
{
	for (unsigned i = 0; i < n * c->n; i++) {
		const struct wanted *wanted = &w[i / c->n];
		const struct mod *m = &c->mods[i % c->n];
		if (m->attr == wanted->attr && !wanted->nothing && reach_lost(m, row->current))
			return arena_printf(mem,
				"E_WIPE: %s would lose all its values: if it shall, the rules say "
				"AuthoritativeNull",
				attr_name(m->attr));
	}
	return NULL;
}

/* Whoever hid it: what was linked to it before may have, in another flow, or with a state that is
 * lost, or older than that. */
static bool stays_hidden(const struct row *row)
{
	return entry_has(row->current, attr_named("msExchHideFromAddressLists"), yes) &&
	       !shows_again(row) && hiding_unsaid(row);
}

/* Cases 5, 9 and 10. */
static void plan_modify(
	struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	unsigned n;
	const struct wanted *w = all_wanted(mem, f, row, &n);
	bool adopt = row->link == NULL || row->verdict->adopt;

	differences(mem, f, row, w, n, s);
	const char *why = wipes(mem, row, w, n, &s->change);
	if (why != NULL) {
		head(row, s);
		plan_conflict(mem, f, row, 11, value_of(why), s);
		return;
	}
	s->write = s->change.n > 0 || s->change.new_name.len > 0;
	const bool hidden = (adopt || row->link->left < 0) && stays_hidden(row);
	if (adopt) {
		s->op = STEP_LINK;
		s->number = 5;
	} else {
		bool differs = s->write || s->n_denied > 0 || hidden;
		s->op = differs ? STEP_MODIFY : STEP_NONE;
		s->number = differs ? 10 : 9;
	}
	s->message = undone_tell(mem, f, row, s);
	if (hidden)
		s->message = and_also(
			mem, "is hidden (msExchHideFromAddressLists), and stays so", s->message);
	if (s->op != STEP_NONE)
		tell_warnings(mem, row, s);
	remember(mem, f, row, s);
}

static bool inside(struct arena *mem, struct value name, const struct dn *bases, unsigned n)
{
	struct arena_mark mark = arena_mark(mem);
	bool below = false;

	for (unsigned i = 0; i < n && !below; i++)
		below = dn_text_below(name, &bases[i]);
	arena_rewind(mem, mark);
	return below;
}

const char *plan_protected(const struct flow *f, const struct entry *e)
{
	const unsigned account = attr_named("sAMAccountName");
	const struct value count = entry_first(e, attr_named("adminCount"));

	if (!attr_set_has(&f->writes, account) && entry_first(e, account).len > 0)
		return "has a sAMAccountName, so that it is an account and no contact: left alone";
	if (entry_has(e, attr_named("isCriticalSystemObject"), yes) ||
		(count.len > 0 && !value_same(count, value_of("0"))))
		return "is protected (isCriticalSystemObject or adminCount): left alone";
	return NULL;
}

/* The contact is somebody's who left; is it ours to touch? NULL, or why not. */
static const char *not_ours(struct arena *mem, const struct flow *f, const struct row *row)
{
	struct value marker = plan_marker(mem, f, row->link->source);

	if (!value_same(plan_mark(f, row->current), marker))
		return "does not carry our marker any more: left alone";
	if (!inside(mem, row->current->name, f->managed, f->n_managed))
		return "is not in the managed containers any more: left alone";
	return plan_protected(f, row->current);
}

/* A change of one attribute, which loses its values. */
static struct mod *one_mod(
	struct arena *mem, struct step *s, unsigned attr, const struct attr *there)
{
	struct change *c = &s->change;

	*c = (struct change){
		.op = CHANGE_MODIFY, .id = s->target_id, .name = s->target_name, .n = 1};
	c->mods = arena_zalloc(mem, sizeof(*c->mods));
	s->lines = arena_alloc(mem, sizeof(*s->lines));
	s->lines[0] = "galway";
	c->mods[0] = (struct mod){.attr = attr};
	if (there != NULL) {
		c->mods[0].remove = there->values;
		c->mods[0].n_remove = there->n;
	}
	s->write = true;
	return &c->mods[0];
}

/* leave = hide: hidden at first, deleted when the grace period has passed. */
static bool plan_hide(
	struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	unsigned hide = attr_named("msExchHideFromAddressLists");
	const bool hidden = entry_has(row->current, hide, yes);
	const long long then = llabs(row->link->left);
	/* Not from then on if the clock was ahead then. */
	const bool since = then != 0 && then <= row->now;
	const long long left = since ? then : row->now;

	if (since && row->now - then >= f->grace)
		return false;
	keep_link(mem, row, s);
	s->link.left = hidden && row->link->left <= 0 ? -left : left;
	s->link.source_digest = 0;
	s->remember = true;
	if (hidden) {
		s->op = STEP_NONE;
		return true;
	}
	s->op = STEP_MODIFY;
	if (!authority_ours(f, row->side, hide)) {
		struct wanted w = {hide, FLOW_ALWAYS, 1, &yes, "galway", false};
		keep_link(mem, row, s);
		difference_deny(mem, f, row->side, &w, s);
		return true;
	}
	struct mod *m = one_mod(mem, s, hide, entry_get(row->current, hide));
	m->add = &yes;
	m->n_add = 1;
	s->message = "left the source: hidden, and deleted after the grace period";
	return true;
}

/* Case 3. */
static void plan_leave(
	struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	const char *why = not_ours(mem, f, row);

	s->number = 3;
	s->op = STEP_FORGET;
	s->message = why;
	if (why != NULL)
		return;
	if (!authority_ours(f, row->side, ATTR_NONE)) {
		s->op = STEP_MODIFY;
		deny_object(mem, f, row, true, s);
		keep_link(mem, row, s);
		return;
	}
	if (!inside(mem, row->current->name, f->managed, 1)) {
		/* Adopted where it stood: it was there before us and stays, without our marker. */
		one_mod(mem, s, f->marker, entry_get(row->current, f->marker));
		s->message = "was adopted outside the target container: kept, no longer managed";
		return;
	}
	if (f->leave == LEAVE_KEEP) {
		s->message = row->link->left > 0 ? "left the source: kept, no longer managed, and "
						   "hidden still (msExchHideFromAddressLists)"
						 : "left the source: kept, no longer managed";
		return;
	}
	if (f->leave == LEAVE_HIDE && plan_hide(mem, f, row, s))
		return;
	s->op = STEP_DELETE;
	s->seen = contact_digest(f, row->current);
	s->write = true;
	s->change = (struct change){
		.op = CHANGE_DELETE, .id = row->current->id, .name = row->current->name};
}

void plan_row(struct arena *mem, const struct flow *f, const struct row *row, struct step *s)
{
	const struct open_row *open = row->open;

	head(row, s);
	if (open->presence == FAILED)
		plan_conflict(mem, f, row, 11, open->fault, s);
	else if (row->verdict->number != 0)
		plan_conflict(mem, f, row, row->verdict->number, row->verdict->message, s);
	else if (open->presence == PRESENT && row->current == NULL)
		plan_add(mem, f, row, s);
	else if (open->presence == PRESENT)
		plan_modify(mem, f, row, s);
	else if (row->link == NULL)
		*s = (struct step){.op = STEP_NONE, .number = 1};
	else if (row->current == NULL)
		*s = (struct step){.op = STEP_FORGET,
			.number = 2,
			.source_id = row->link->source,
			.source_name = open->name,
			.target_id = row->link->target};
	else
		plan_leave(mem, f, row, s);
}

bool step_shows(const struct step *s)
{
	return s->op != STEP_NONE;
}

bool step_counts(const struct step *s, const struct link *before)
{
	if (step_shows(s))
		return true;
	if (!s->remember)
		return false;
	return before == NULL || s->link.source_digest != before->source_digest ||
	       s->link.target_digest != before->target_digest || s->link.name != before->name ||
	       s->link.left != before->left || s->link.flag != before->flag ||
	       !value_same(s->link.written, before->written) ||
	       !value_same(s->link.undone, before->undone);
}
