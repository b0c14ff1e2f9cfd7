#include "tests/proof/sim_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/dn.h"

static const char *const cns[] = {"Ann", "ann", "Ben", "Cem", "Dora", "Eve Ek", "G\303\274l",
	"Ida, Lee", "#Max", "Liv \"L\""};
static const char *const locals[] = {
	"ann", "ben", "cem", "dora", "eve", "guel", "ida", "max", "liv", "team"};
static const char *const titles[] = {"Lead", "lead", " Chief ", "Clerk"};
static const char *const departments[] = {"Lab", "Sales"};

#define CHOOSE(dice, array) (array)[dice_below(dice, sizeof(array) / sizeof((array)[0]))]

static const char *domain(unsigned side)
{
	return side == 0 ? "abc.example" : "xyz.example";
}

bool edit_below(const struct entry *e, const char *container, unsigned side)
{
	char end[64];
	const int len = snprintf(end, sizeof(end), ",%s,%s", container, sim_bases[side]);

	return e->name.len > (size_t)len &&
	       memcmp(e->name.data + e->name.len - len, end, (size_t)len) == 0;
}

static bool has_class(const struct entry *e, const char *class)
{
	return entry_is(e, class);
}

bool edit_is_person(const struct entry *e, unsigned side)
{
	return edit_below(e, "OU=People", side) && has_class(e, "user") &&
	       entry_get(e, sim_attr(A_UPN)) == NULL;
}

bool edit_is_contact(const struct entry *e)
{
	return has_class(e, "contact");
}

static bool is_marked(const struct entry *e)
{
	return entry_first(e, sim_attr(A_MARK)).len > 0;
}

/* One of those that are so, -1: none. */
static int pick(const struct world *w, unsigned side, struct dice *dice,
	bool (*is)(const struct entry *, unsigned side))
{
	const struct sim_dir *d = &w->sides[side].now;
	unsigned n = 0;
	int found = -1;

	for (unsigned i = 0; i < d->n; i++) {
		if (is(d->entries[i], side) && dice_below(dice, ++n) == 0)
			found = (int)i;
	}
	return found;
}

static bool is_contact_here(const struct entry *e, unsigned side)
{
	(void)side;
	return has_class(e, "contact");
}

static bool is_marked_here(const struct entry *e, unsigned side)
{
	(void)side;
	return has_class(e, "contact") && is_marked(e);
}

static bool is_stranger(const struct entry *e, unsigned side)
{
	(void)side;
	return has_class(e, "contact") && !is_marked(e);
}

static const char *told(struct world *w, const struct entry *e)
{
	return arena_copy(w->mem, e->name.data, e->name.len);
}

/* An entry of that name below a container; NULL: the name is taken. */
static struct entry *make(
	struct world *w, unsigned side, const char *cn, const char *container, const char *class)
{
	const struct value escaped = dn_escape(w->mem, value_of(cn));
	const struct value name = value_of(arena_printf(w->mem, "CN=%.*s,%s,%s", (int)escaped.len,
		escaped.data, container, sim_bases[side]));
	struct entry *e = arena_zalloc(w->mem, sizeof(*e));
	struct value *guid = arena_alloc(w->mem, sizeof(*guid));

	if (sim_find(&w->sides[side].now, name) >= 0 || w->sides[side].now.n > SIM_ENTRIES / 2)
		return NULL;
	*guid = sim_guid(w);
	e->name = name;
	entry_put(w->mem, e, sim_attr(A_GUID), guid, 1);
	sim_put(w, e, A_CLASS, class);
	sim_put(w, e, A_CN, cn);
	return e;
}

/* Its addresses: that one, and sometimes another. */
static void give_mail(struct world *w, struct entry *e, const char *mail, const char *more)
{
	struct value *values = arena_alloc(w->mem, 2 * sizeof(*values));

	sim_put(w, e, A_MAIL, mail);
	values[0] = value_of(arena_printf(w->mem, "SMTP:%s", mail));
	if (more != NULL && strcmp(more, mail) != 0)
		values[1] = value_of(arena_printf(w->mem, "smtp:%s", more));
	entry_put(w->mem, e, sim_attr(A_PROXY), values,
		more != NULL && strcmp(more, mail) != 0 ? 2 : 1);
}

/* A word and a number: dice are thrown one after the other, never in the arguments of one call,
 * whose order is the compiler's. */
static const char *numbered(struct world *w, struct dice *dice, unsigned n)
{
	const char *word = CHOOSE(dice, locals);

	return arena_printf(w->mem, "%s%u", word, dice_below(dice, n));
}

static const char *address(struct world *w, unsigned side, struct dice *dice)
{
	/* Few are fought for, most are somebody's own. */
	if (dice_chance(dice, 30))
		return arena_printf(w->mem, "%s@%s", CHOOSE(dice, locals), domain(side));
	return arena_printf(w->mem, "%s@%s", numbered(w, dice, 1000), domain(side));
}

static void give_addresses(
	struct world *w, unsigned side, struct entry *e, struct dice *dice, unsigned percent_more)
{
	const char *mail = address(w, side, dice);

	give_mail(w, e, mail, dice_chance(dice, percent_more) ? address(w, side, dice) : NULL);
}

/* ---- people */

static const char *hire(struct world *w, unsigned side, struct dice *dice)
{
	const char *where = dice_chance(dice, 60) ? "OU=A,OU=People" : "OU=B,OU=People";
	char cn[40];

	(void)snprintf(cn, sizeof(cn), "%s", CHOOSE(dice, cns));
	if (dice_chance(dice, 60))
		(void)snprintf(cn, sizeof(cn), "P%u", dice_below(dice, 1000));
	struct entry *e = make(w, side, cn, where, "user");
	if (e == NULL)
		return NULL;
	sim_put(w, e, A_SAM, numbered(w, dice, 20));
	sim_put(w, e, A_DISPLAY, cn);
	give_addresses(w, side, e, dice, 25);
	if (dice_chance(dice, 50))
		sim_put(w, e, A_TITLE, CHOOSE(dice, titles));
	if (dice_chance(dice, 50))
		sim_put(w, e, A_DEPARTMENT, CHOOSE(dice, departments));
	const int manager = pick(w, side, dice, edit_is_person);
	if (manager >= 0 && dice_chance(dice, 50))
		sim_put(w, e, A_MANAGER, told(w, w->sides[side].now.entries[manager]));
	sim_insert(w, side, e);
	return told(w, e);
}

static const char *leave(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	if (at < 0)
		return NULL;
	const char *who = told(w, w->sides[side].now.entries[at]);
	sim_remove(w, side, (unsigned)at);
	return who;
}

/* A site is sold, or a job in the source went wrong. */
static const char *leave_many(struct world *w, unsigned side, struct dice *dice)
{
	const char *all = NULL;

	for (unsigned n = 5 + dice_below(dice, 6); n > 0; n--) {
		const char *who = leave(w, side, dice);
		if (who != NULL)
			all = all == NULL ? who : arena_printf(w->mem, "%s; %s", all, who);
	}
	return all;
}

/* The new name of an entry, "CN=..." and its container; NULL: taken, or already its own. */
static const char *rename_to(struct world *w, unsigned side, int at, struct value name)
{
	const struct entry *e = w->sides[side].now.entries[at];
	const int there = sim_find(&w->sides[side].now, name);

	if (value_same(e->name, name) || (there >= 0 && there != at))
		return NULL;
	const char *text = arena_printf(w->mem, "%s to %.*s", told(w, e), (int)name.len, name.data);
	w->n_shifted += edit_is_contact(e);
	if (w->n_moved < SIM_MOVED)
		w->moved[w->n_moved++] = e->id;
	sim_rename(w, side, (unsigned)at, name);
	return text;
}

static const char *rename_person(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);
	const struct value cn = dn_escape(w->mem, value_of(CHOOSE(dice, cns)));

	if (at < 0)
		return NULL;
	const struct value parent = dn_parent(w->sides[side].now.entries[at]->name);
	return rename_to(w, side, at,
		value_of(arena_printf(w->mem, "CN=%.*s,%.*s", (int)cn.len, cn.data, (int)parent.len,
			parent.data)));
}

static struct value leaf_of(struct value name)
{
	return (struct value){name.data, name.len - dn_parent(name).len - 1};
}

static const char *move_to(struct world *w, unsigned side, int at, const char *container)
{
	const struct value leaf = leaf_of(w->sides[side].now.entries[at]->name);

	return rename_to(w, side, at,
		value_of(arena_printf(w->mem, "%.*s,%s,%s", (int)leaf.len, leaf.data, container,
			sim_bases[side])));
}

static const char *move_person(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	return at < 0 ? NULL
		      : move_to(w, side, at,
				dice_chance(dice, 50) ? "OU=A,OU=People" : "OU=B,OU=People");
}

/* One goes elsewhere, and another has its name from then on, whom somebody refers to. */
static const char *take_over(struct world *w, unsigned side, struct dice *dice)
{
	const int a = pick(w, side, dice, edit_is_person), b = pick(w, side, dice, edit_is_person),
		  c = pick(w, side, dice, edit_is_person);

	if (a < 0 || a == b)
		return NULL;
	const struct value name = w->sides[side].now.entries[a]->name;
	const char *where = edit_below(w->sides[side].now.entries[a], "OU=A,OU=People", side)
				    ? "OU=B,OU=People"
				    : "OU=A,OU=People";
	if (move_to(w, side, a, where) == NULL)
		return NULL;
	const char *what = rename_to(w, side, b, name);
	sim_put(w, sim_edit(w, side, (unsigned)c), A_MANAGER,
		told(w, w->sides[side].now.entries[b]));
	return what;
}

static const char *set(
	struct world *w, unsigned side, int at, enum sim_attr attr, const char *value)
{
	if (at < 0)
		return NULL;
	struct entry *e = sim_edit(w, side, (unsigned)at);
	sim_put(w, e, attr, value);
	return told(w, e);
}

static const char *retitle(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	return set(w, side, at, A_TITLE, dice_chance(dice, 20) ? NULL : CHOOSE(dice, titles));
}

static const char *new_phone(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	return set(w, side, at, A_TEL, arena_printf(w->mem, "%u", dice_below(dice, 1000)));
}

static const char *new_department(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	return set(w, side, at, A_DEPARTMENT, CHOOSE(dice, departments));
}

static const char *new_photo(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);
	struct value *photo = arena_alloc(w->mem, sizeof(*photo));
	const uint64_t bytes = dice_next(dice) & 0xffff00ffffff00ff;

	if (at < 0)
		return NULL;
	*photo = (struct value){arena_copy(w->mem, &bytes, sizeof(bytes)), sizeof(bytes)};
	struct entry *e = sim_edit(w, side, (unsigned)at);
	entry_put(w->mem, e, sim_attr(A_PHOTO), photo, 1);
	return told(w, e);
}

static const char *out_of_scope(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	if (at < 0)
		return NULL;
	const bool out = entry_get(w->sides[side].now.entries[at], sim_attr(A_TYPE)) != NULL;
	return set(w, side, at, A_TYPE, out ? NULL : "out");
}

static const char *new_mail(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	if (at < 0)
		return NULL;
	struct entry *e = sim_edit(w, side, (unsigned)at);
	give_addresses(w, side, e, dice, 30);
	return told(w, e);
}

/* Nothing is left by which a contact could be found but its mark. */
static const char *marry(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	if (at < 0)
		return NULL;
	give_addresses(w, side, sim_edit(w, side, (unsigned)at), dice, 30);
	const struct value parent = dn_parent(w->sides[side].now.entries[at]->name);
	const char *renamed = rename_to(w, side, at,
		value_of(arena_printf(w->mem, "CN=M%u,%.*s", dice_below(dice, 1000),
			(int)parent.len, parent.data)));
	return renamed != NULL ? renamed : told(w, w->sides[side].now.entries[at]);
}

static const char *swap_mail(struct world *w, unsigned side, struct dice *dice)
{
	const int a = pick(w, side, dice, edit_is_person), b = pick(w, side, dice, edit_is_person);

	if (a < 0 || a == b)
		return NULL;
	struct entry *x = sim_edit(w, side, (unsigned)a), *y = sim_edit(w, side, (unsigned)b);
	const char *one = arena_copy(w->mem, entry_first(x, sim_attr(A_MAIL)).data,
		entry_first(x, sim_attr(A_MAIL)).len);
	const char *other = arena_copy(w->mem, entry_first(y, sim_attr(A_MAIL)).data,
		entry_first(y, sim_attr(A_MAIL)).len);
	give_mail(w, x, other, NULL);
	give_mail(w, y, one, NULL);
	return arena_printf(w->mem, "%s and %s", told(w, x), told(w, y));
}

static const char *new_manager(struct world *w, unsigned side, struct dice *dice)
{
	const int a = pick(w, side, dice, edit_is_person), b = pick(w, side, dice, edit_is_person);

	if (a < 0)
		return NULL;
	return set(w, side, a, A_MANAGER,
		dice_chance(dice, 20) ? NULL : told(w, w->sides[side].now.entries[b]));
}

/* Case of what is compared without it, and what nobody reads. */
static const char *respell(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, edit_is_person);

	if (at < 0)
		return NULL;
	struct entry *e = sim_edit(w, side, (unsigned)at);
	const struct value mail = entry_first(e, sim_attr(A_MAIL));
	char *text = arena_copy(w->mem, mail.data, mail.len);
	text[0] ^= 0x20;
	sim_put(w, e, A_MAIL, text);
	sim_put(w, e, A_UNREAD, arena_printf(w->mem, "%u", dice_below(dice, 100)));
	return told(w, e);
}

/* ---- by hand, in the target */

static const char *type_contact(struct world *w, unsigned side, struct dice *dice)
{
	static const char *const containers[] = {"OU=GAL", "OU=GAL", "OU=Old", "OU=Old", "OU=Else"};
	const char *where = CHOOSE(dice, containers);
	struct entry *e = make(w, side, CHOOSE(dice, cns), where, "contact");
	const int known = pick(w, !side, dice, edit_is_person);

	if (e == NULL)
		return NULL;
	const char *mail = arena_printf(w->mem, "hand%u@hand.example", dice_below(dice, 1000));
	if (known >= 0 && dice_chance(dice, 60)) {
		const struct value theirs =
			entry_first(w->sides[!side].now.entries[known], sim_attr(A_MAIL));
		mail = arena_copy(w->mem, theirs.data, theirs.len);
	}
	give_mail(w, e, mail, dice_chance(dice, 50) ? "hand@hand.example" : NULL);
	sim_put(w, e, A_TARGET, arena_printf(w->mem, "SMTP:%s", mail));
	sim_put(w, e, A_TEL, "by hand");
	sim_insert(w, side, e);
	return told(w, e);
}

static const char *add_guest(struct world *w, unsigned side, struct dice *dice)
{
	struct entry *e = make(w, side, arena_printf(w->mem, "Guest %u", dice_below(dice, 100)),
		"OU=A,OU=People", "user");

	if (e == NULL)
		return NULL;
	sim_put(w, e, A_UPN, address(w, !side, dice));
	sim_put(w, e, A_SAM, arena_printf(w->mem, "guest%u", dice_below(dice, 100)));
	sim_insert(w, side, e);
	return told(w, e);
}

static const char *change_contact(struct world *w, unsigned side, struct dice *dice)
{
	static const enum sim_attr which[] = {A_TITLE, A_TEL, A_DISPLAY, A_NICK, A_UNREAD};

	const int at = pick(w, side, dice, is_contact_here);
	const enum sim_attr attr = CHOOSE(dice, which);

	return set(w, side, at, attr,
		dice_chance(dice, 30) ? NULL
				      : arena_printf(w->mem, "hand%u", dice_below(dice, 100)));
}

static const char *clear_mail(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, is_marked_here);

	return set(w, side, at, dice_chance(dice, 50) ? A_MAIL : A_PROXY, NULL);
}

static const char *add_proxy(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, is_contact_here);

	if (at < 0)
		return NULL;
	struct entry *e = sim_edit(w, side, (unsigned)at), copy;
	entry_add(w->mem, e, sim_attr(A_PROXY),
		value_of(arena_printf(
			w->mem, "smtp:more%u@hand.example", dice_below(dice, 100000))));
	entry_copy(w->mem, &copy, e);
	*e = copy;
	return told(w, e);
}

static const char *delete_contact(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, is_contact_here);

	if (at < 0)
		return NULL;
	const char *who = told(w, w->sides[side].now.entries[at]);
	sim_remove(w, side, (unsigned)at);
	return who;
}

static const char *rename_contact(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, is_contact_here);

	if (at < 0)
		return NULL;
	const struct value parent = dn_parent(w->sides[side].now.entries[at]->name);
	return rename_to(w, side, at,
		value_of(arena_printf(w->mem, "CN=Hand %u,%.*s", dice_below(dice, 100),
			(int)parent.len, parent.data)));
}

static const char *move_contact(struct world *w, unsigned side, struct dice *dice)
{
	static const char *const where[] = {"OU=Else", "OU=GAL", "OU=Old"};
	const int at = pick(w, side, dice, is_contact_here);

	return at < 0 ? NULL : move_to(w, side, at, CHOOSE(dice, where));
}

static const char *unmark(struct world *w, unsigned side, struct dice *dice)
{
	return set(w, side, pick(w, side, dice, is_marked_here), A_MARK, NULL);
}

static const char *copy_mark(struct world *w, unsigned side, struct dice *dice)
{
	const int from = pick(w, side, dice, is_marked_here);
	const int to = pick(w, side, dice, is_stranger);

	if (from < 0 || to < 0)
		return NULL;
	const struct value mark = entry_first(w->sides[side].now.entries[from], sim_attr(A_MARK));
	return set(w, side, to, A_MARK, arena_copy(w->mem, mark.data, mark.len));
}

static const char *protect(struct world *w, unsigned side, struct dice *dice)
{
	const int at = pick(w, side, dice, is_contact_here);

	return set(w, side, at, dice_chance(dice, 50) ? A_COUNT : A_SAM, "1");
}

const struct edit edits[] = {
	{"hire", 20, EDITS_SOURCE, hire},
	{"leave", 14, EDITS_SOURCE, leave},
	{"many leave", 2, EDITS_SOURCE, leave_many},
	{"rename", 8, EDITS_SOURCE, rename_person},
	{"move", 5, EDITS_SOURCE, move_person},
	{"take over a name", 4, EDITS_SOURCE, take_over},
	{"retitle", 10, EDITS_SOURCE, retitle},
	{"new phone", 8, EDITS_SOURCE, new_phone},
	{"new department", 5, EDITS_SOURCE, new_department},
	{"new photo", 3, EDITS_SOURCE, new_photo},
	{"in or out of scope", 10, EDITS_SOURCE, out_of_scope},
	{"new mail", 10, EDITS_SOURCE, new_mail},
	{"new name and mail", 8, EDITS_SOURCE, marry},
	{"swap mail", 4, EDITS_SOURCE, swap_mail},
	{"new manager", 8, EDITS_SOURCE, new_manager},
	{"respell", 6, EDITS_SOURCE | EDITS_NOTHING, respell},
	{"type a contact", 6, EDITS_TARGET, type_contact},
	{"add a guest", 3, EDITS_TARGET, add_guest},
	{"change a contact", 5, EDITS_TARGET, change_contact},
	{"clear mail of a contact", 2, EDITS_TARGET, clear_mail},
	{"add an address by hand", 3, EDITS_TARGET, add_proxy},
	{"delete a contact", 4, EDITS_TARGET, delete_contact},
	{"rename a contact", 3, EDITS_TARGET, rename_contact},
	{"move a contact", 2, EDITS_TARGET | EDITS_MARKS | EDITS_BINDS, move_contact},
	{"take a mark away", 3, EDITS_TARGET | EDITS_MARKS | EDITS_UNMARKS, unmark},
	{"copy a mark", 1, EDITS_TARGET | EDITS_MARKS | EDITS_COPIES, copy_mark},
	{"protect a contact", 2, EDITS_TARGET | EDITS_BINDS, protect},
};
const unsigned n_edits = sizeof(edits) / sizeof(edits[0]);

static void container(struct world *w, unsigned side, const char *rdn)
{
	struct entry *e = arena_zalloc(w->mem, sizeof(*e));
	struct value *guid = arena_alloc(w->mem, sizeof(*guid));

	*guid = sim_guid(w);
	e->name = value_of(rdn[0] == '\0' ? sim_bases[side]
					  : arena_printf(w->mem, "%s,%s", rdn, sim_bases[side]));
	entry_put(w->mem, e, sim_attr(A_GUID), guid, 1);
	sim_put(w, e, A_CLASS, "organizationalUnit");
	sim_insert(w, side, e);
}

void edit_found(struct world *w, unsigned side, unsigned people, struct dice *dice)
{
	static const char *const rdns[] = {
		"", "OU=People", "OU=A,OU=People", "OU=B,OU=People", "OU=GAL", "OU=Old", "OU=Else"};

	for (unsigned i = 0; i < sizeof(rdns) / sizeof(rdns[0]); i++)
		container(w, side, rdns[i]);
	for (unsigned i = 0; i < people; i++)
		(void)hire(w, side, dice);
	for (unsigned i = 0; i < people / 4; i++)
		(void)type_contact(w, side, dice);
}
