#include "tests/proof/sim_run.h"

/* The very judge of "galway sync". */
#include "sync/cmd_run.c"

#include <malloc.h>
#include <stdio.h>

#include "sync/state_sql.h"
#include "tests/proof/sim_edit.h"

static struct loaded {
	struct arena *mem;
	bool two_way;
	struct setup setups[2];
} variants[SIM_VARIANTS];

static const char small_rules[] =
	"rule user\n"
	" scope (&(objectClass=user)(mail=*)(!(employeeType=out))%s)\n"
	" name \"CN=\" & [cn]\n"
	" join mail = [mail]\n"
	" objectClass add = Split(\"top;person;organizationalPerson;contact\", \";\")\n"
	" displayName = Trim([displayName])\n"
	" mailNickname = [sAMAccountName]\n"
	" targetAddress = Append(\"SMTP:\", [mail])\n"
	" mail = [mail]\n"
	" proxyAddresses merge = [proxyAddresses]\n"
	" title = Trim([title])\n"
	" telephoneNumber = [telephoneNumber]\n"
	" manager = [manager]\n"
	" thumbnailPhoto = [thumbnailPhoto]\n";

static const char *put_file(struct arena *mem, const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
		perror(name);
		exit(2);
	}
	(void)chmod(name, 0600);
	return arena_strdup(mem, name);
}

/* Every pair of types with the settings that matter, in some order. */
static const char *config_of(struct arena *mem, unsigned v, unsigned rules, bool two_way)
{
	static const char *const types[][2] = {{"ad", "ad"}, {"ldap", "ldap"}, {"ldif", "ldif"},
		{"mem", "mem"}, {"ldap", "ad"}, {"csv", "ldap"}, {"csv", "ldif"}, {"ad", "mem"}};
	static const char *const leaves[] = {"delete", "delete", "hide", "delete", "keep"};
	static const unsigned fulls[] = {8, 2, 100, 4};
	const char *text = "state = \"state.db\"\n";
	const char *set = v % 7 == 3 ? "galsync" : arena_printf(mem, "small-%u.rules", rules);

	for (unsigned i = 0; i < 2; i++)
		text = arena_printf(mem, "%sconnector %s {\n type = %s\n base = \"%s\"\n%s}\n",
			text, i == 0 ? "abc" : "xyz", types[v % (two_way ? 5 : 8)][i], sim_bases[i],
			v % 7 == 3 ? i == 0 ? " smtp-domains = {\"abc.example\"}\n"
					    : " smtp-domains = {\"xyz.example\"}\n"
				   : "");
	for (unsigned i = 0; i < 1u + two_way; i++)
		text = arena_printf(mem,
			"%sflow %s {\n source = %s\n target = %s\n rules = \"%s\"\n"
			" into = \"OU=GAL,%s\"\n adopt = {\"OU=Old,%s\"}\n leave = %s\n"
			" grace = 2d\n full-every = %u\n}\n",
			text, i == 0 ? "there" : "back", i == 0 ? "abc" : "xyz",
			i == 0 ? "xyz" : "abc", set, sim_bases[!i], sim_bases[!i], leaves[v % 5],
			fulls[v / 8 % 4]);
	return put_file(mem, "galway.conf", text);
}

static const struct loaded *load(unsigned v)
{
	struct loaded *l = &variants[v];
	struct err err = {0};

	if (l->mem != NULL)
		return l;
	l->mem = arena_new();
	l->two_way = v % 6 == 5;
	for (unsigned rules = 0; rules < 2; rules++) {
		if (setup_load(l->mem, config_of(l->mem, v, rules, l->two_way), &l->setups[rules],
			    &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.text);
			exit(2);
		}
	}
	return l;
}

int sim_begin(const char *folder)
{
	struct arena *mem = arena_new();
	char text[2000];

	if (chdir(folder) < 0)
		return -1;
	/* A run takes and gives back some megabytes: the kernel need not hear of it. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 28);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)snprintf(text, sizeof(text), small_rules, "");
	put_file(mem, "small-0.rules", text);
	(void)snprintf(text, sizeof(text), small_rules, "(!(department=Lab))");
	put_file(mem, "small-1.rules", text);
	arena_free(mem);
	return 0;
}

void sim_end(void)
{
	for (unsigned v = 0; v < SIM_VARIANTS; v++)
		arena_free(variants[v].mem);
}

void sim_wrong(struct history *h, const char *invariant, const char *fmt, ...)
{
	va_list args;
	const int n =
		snprintf(h->wrong, h->wrong[0] == '\0' ? sizeof(h->wrong) : 0, "%s: ", invariant);

	if (h->wrong[n] != '\0')
		return;
	va_start(args, fmt);
	(void)vsnprintf(h->wrong + n, sizeof(h->wrong) - (size_t)n, fmt, args);
	va_end(args);
}

const struct flow *sim_flow(const struct history *h, unsigned flow)
{
	return &variants[h->variant].setups[h->rules].flows[flow];
}

bool sim_galsync(const struct history *h)
{
	return h->variant % 7 == 3;
}

/* ---- the state */

static int on_commit(void *with)
{
	struct world *w = with;
	const struct fault *no = sim_fault(w, FAULT_COMMIT), *after = sim_fault(w, FAULT_AFTER),
			   *disk = sim_fault(w, FAULT_DISK);
	const unsigned at = w->commits++;

	if (w->dead)
		return 1;
	if ((no != NULL && no->at == at) || (after != NULL && after->at == at))
		w->dead = true;
	return (no != NULL && no->at == at) || (disk != NULL && disk->at == at);
}

static void open_state(struct history *h)
{
	struct err err;

	if (state_open(h->file ? "state.db" : ":memory:", true, &h->state, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	sqlite3_commit_hook(h->state->db, on_commit, &h->w);
}

static void remove_state(void)
{
	static const char *const files[] = {"state.db", "state.db-journal"};

	for (unsigned i = 0; i < 2; i++)
		(void)unlink(files[i]);
}

static void copy_state(sqlite3 *to, sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (b == NULL || sqlite3_backup_step(b, -1) != SQLITE_DONE ||
		sqlite3_backup_finish(b) != SQLITE_OK) {
		(void)fprintf(stderr, "state: %s\n", sqlite3_errmsg(to));
		exit(2);
	}
}

void sim_start(struct history *h, unsigned variant)
{
	h->variant = variant;
	h->two_way = load(variant)->two_way;
	h->now = 1800000000;
	h->tracks[0].shown = h->tracks[1].shown = -1;
	remove_state();
	open_state(h);
}

void sim_stop(struct history *h)
{
	state_close(h->state);
	sqlite3_close(h->backup);
}

void sim_lose_state(struct history *h)
{
	state_close(h->state);
	remove_state();
	open_state(h);
	h->n_given = 0;
}

void sim_back_up_state(struct history *h)
{
	if (h->backup == NULL) {
		sqlite3 *db;
		if (sqlite3_open(":memory:", &db) != SQLITE_OK)
			exit(2);
		h->backup = db;
	}
	copy_state(h->backup, h->state->db);
	h->n_given_then = h->n_given;
	memcpy(h->given_then, h->given, sizeof(h->given));
}

bool sim_restore_state(struct history *h)
{
	if (h->backup == NULL)
		return false;
	copy_state(h->state->db, h->backup);
	h->n_given = h->n_given_then;
	memcpy(h->given, h->given_then, sizeof(h->given));
	return true;
}

void sim_swap_state(struct history *h)
{
	sqlite3 *db;
	struct value given[SIM_GIVEN];
	const unsigned n = h->n_given;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		exit(2);
	memcpy(given, h->given, sizeof(given));
	copy_state(db, h->state->db);
	if (!sim_restore_state(h))
		sim_lose_state(h);
	sqlite3_close(h->backup);
	h->backup = db;
	h->n_given_then = n;
	memcpy(h->given_then, given, sizeof(given));
}

/* ---- a run */

static void look(const struct history *h, struct sim_dir to[2])
{
	to[0] = h->w.sides[0].now;
	to[1] = h->w.sides[1].now;
}

static int plan(struct history *h, struct flow *flow, const struct sync *s, struct arena *mem,
	struct plan *p, struct err *err)
{
	const struct flow_options options = {.full = s->full};
	const int changes = sqlite3_total_changes(h->state->db);
	const unsigned audits = h->w.n_audits;

	h->w.sides[0].reads = h->w.sides[1].reads = 0;
	flow->env.now = h->now;
	const int rc = flow_plan(flow, h->state, &options, mem, p, err);
	if (sqlite3_total_changes(h->state->db) != changes)
		sim_wrong(h, "I1", "planning wrote to the state");
	if (h->w.n_audits != audits)
		sim_wrong(h, "I1", "planning wrote to a directory");
	return rc;
}

/* What is planned once more, the directories read in this order. */
static bool is_same_plan(struct history *h, struct flow *flow, const struct sync *s,
	struct arena *mem, uint64_t order, const char *digest)
{
	struct plan p;
	struct err err;
	char other[65] = "";
	const struct world kept = h->w;
	struct sync same = *s;

	same.full = s->was_full;
	h->w.shuffle += order;
	for (unsigned i = 0; i < SIM_FAULTS; i++) {
		if (h->w.faults[i].kind == FAULT_CUT || h->w.faults[i].kind == FAULT_READ)
			h->w.faults[i].kind = FAULT_NONE;
	}
	if (plan(h, flow, &same, mem, &p, &err) < 0 || plan_digest(&p, other, &err) < 0)
		sim_wrong(h, "I20", "cannot be planned again: %s", err.text);
	plan_free(&p);
	h->w.shuffle = kept.shuffle;
	h->w.sides[0].reads = kept.sides[0].reads;
	h->w.sides[1].reads = kept.sides[1].reads;
	h->w.sides[0].shown = kept.sides[0].shown;
	h->w.sides[1].shown = kept.sides[1].shown;
	memcpy(h->w.faults, kept.faults, sizeof(kept.faults));
	return strcmp(digest, other) == 0;
}

/* The same plan from the same directories, in whatever order they are read. */
static void plan_again(struct history *h, struct flow *flow, const struct sync *s,
	struct arena *mem, const char *digest)
{
	if (!is_same_plan(h, flow, s, mem, 0, digest))
		sim_wrong(h, "I20", "it is another plan, and nothing is another");
	/* Of two contacts with one mark that a lost state knew apart, the first is taken. */
	else if (!is_same_plan(h, flow, s, mem, 77, digest) && !(h->copied && h->others))
		sim_wrong(h, "I19", "read in another order, it is another plan");
}

/* 1: go. A person who approves has seen this very plan. */
static int judged(struct history *h, struct plan *p, struct sync *s, struct err *err)
{
	struct request request = {.approve = NULL};
	struct session session = {.state = h->state, .request = &request};
	char digest[65];
	int go = judge(&session, p, err);

	if (go != 0 || !s->approve || plan_digest(p, digest, err) < 0)
		return go;
	s->approved = true;
	request.approve = digest;
	go = judge(&session, p, err);
	if (go != 1)
		sim_wrong(h, "approval", "the digest of the plan does not approve it");
	return go;
}

static void do_meanwhile(struct history *h, const struct sync *s)
{
	struct dice dice = {s->dice + 1};

	if (s->meanwhile == NULL)
		return;
	const char *what = s->meanwhile->fn(&h->w, s->meanwhile_side, &dice);
	if (h->tell && what != NULL)
		printf("      meanwhile: %s: %s\n", s->meanwhile->name, what);
}

static void tell_steps(struct plan *p, struct arena *mem)
{
	static const char *const ops[] = {
		"none", "add", "modify", "delete", "link", "forget", "conflict"};
	struct step s;
	struct err err;
	uint32_t place;

	if (plan_rewind(p, &err) < 0)
		return;
	while (plan_next(p, mem, &s, &place, &err) == 1) {
		const struct value name = s.target_name.len > 0 ? s.target_name : s.source_name;
		if (!step_shows(&s))
			continue;
		printf("        plan: %s (%u) %.*s", ops[s.op], s.number, (int)name.len, name.data);
		for (unsigned i = 0; s.write && i < s.change.n; i++)
			printf(" %s", attr_name(s.change.mods[i].attr));
		for (unsigned i = 0; i < s.n_denied; i++)
			printf(" !%s", attr_name(s.denied[i].attr));
		printf("%s%s\n", s.message != NULL ? ": " : "", s.message != NULL ? s.message : "");
	}
}

/* Whose contacts nobody else ever wrote to has not attempted anything. */
static void check_blame(struct history *h, const struct flow *f, struct plan *p, struct arena *mem)
{
	struct step s;
	struct err err;
	uint32_t place;

	if (h->touched || p->summary.denied == 0 || plan_rewind(p, &err) < 0)
		return;
	while (plan_next(p, mem, &s, &place, &err) == 1) {
		for (unsigned i = 0; i < s.n_denied; i++) {
			/* What a directory did to references in a run that did not end well may be
			 * told once as somebody's. */
			if (strcmp(s.denied[i].side, f->target) == 0 &&
				(s.denied[i].attr != sim_attr(A_MANAGER) || !h->torn))
				sim_wrong(h, "I23",
					"%.*s: what galway wrote to %s is told as somebody else's",
					(int)s.target_name.len, s.target_name.data,
					attr_name(s.denied[i].attr));
		}
	}
}

/* What somebody undid again and again is left to him; who did not is not told so. */
static void note_frozen(struct history *h, struct plan *p, struct arena *mem)
{
	struct step s;
	struct err err;
	uint32_t place;

	if (p->summary.denied == 0 || plan_rewind(p, &err) < 0)
		return;
	while (plan_next(p, mem, &s, &place, &err) == 1) {
		if (s.message == NULL || strstr(s.message, "frozen: ") == NULL)
			continue;
		if (h->hands < 3)
			sim_wrong(h, "I22", "%.*s is frozen, and hands did %u things",
				(int)s.target_name.len, s.target_name.data, h->hands);
		if (h->n_frozen < SIM_FROZEN)
			h->frozen[h->n_frozen++] = value_copy(h->w.mem, s.source_id);
	}
}

/* What the next run takes for its limits. */
static void check_links(struct history *h, const struct flow *flow)
{
	struct flow_state known;
	struct err err;

	if (state_flow(h->state, flow->name, &known, &err) < 0)
		return;
	const long long links = state_count_links(h->state, known.id, &err);
	if (links >= 0 && links != known.links)
		sim_wrong(h, "I32", "%lld links are remembered to be %lld", links, known.links);
}

static void run(struct history *h, struct flow *flow, struct sync *s, struct arena *mem)
{
	struct plan p;
	char digest[65];
	int go = -1;

	if (plan(h, flow, s, mem, &p, &s->err) == 0) {
		s->planned = true;
		/* A read that breaks later, of what is deleted or was written, plans nothing. */
		if (h->w.sides[0].struck || h->w.sides[1].struck)
			sim_wrong(h, "I2", "a read broke, and there was a plan all the same");
		s->was_full = p.full;
		s->plan = p.summary;
		s->links = p.links;
		s->known = p.known;
		s->first = p.known.sources < 0 && p.links == 0;
		s->other = p.other != NULL;
		if (s->again && !h->w.sides[0].lied && !h->w.sides[1].lied && !s->other &&
			plan_digest(&p, digest, &s->err) == 0)
			plan_again(h, flow, s, mem, digest);
		if (h->tell)
			tell_steps(&p, mem);
		check_blame(h, flow, &p, mem);
		note_frozen(h, &p, mem);
		go = judged(h, &p, s, &s->err);
	}
	s->result = go == 0 ? SYNC_REFUSED : SYNC_FAILED;
	do_meanwhile(h, s);
	look(h, s->at_apply);
	if (go == 1) {
		struct applied applied;
		if (flow_apply(&p, h->state, mem, &applied, &s->err) == 0) {
			s->result = SYNC_DONE;
			check_links(h, flow);
		}
		s->done = applied.summary;
		applied_free(&applied);
	}
	plan_free(&p);
}

static unsigned identity(const struct history *h, unsigned flow, unsigned side)
{
	const struct flow *f = sim_flow(h, flow);
	const struct config *cfg = side == flow ? f->source_config : f->target_config;
	const struct fault *other = sim_fault(&h->w, FAULT_IDENTITY);

	if (!sim_identifies(config_text(cfg, "type")))
		return 0;
	return other != NULL && other->side == side ? 2 : 1;
}

/* Somebody else starts a run while this one has the state. */
static void try_beside(struct history *h)
{
	struct state *other;
	struct err err = {0};

	if (state_open("state.db", true, &other, &err) < 0 && err.kind == ERR_BUSY)
		return;
	sim_wrong(h, "I27", "two runs have the state");
}

void sim_sync(struct history *h, struct sync *s)
{
	struct arena *mem = arena_new();
	struct world *w = &h->w;
	/* The time is the simulation's; nothing else of a flow ever changes. */
	struct flow *flow = &variants[h->variant].setups[h->rules].flows[s->flow];

	w->dead = false;
	w->changes = w->failed = w->commits = w->n_audits = 0;
	w->shuffle = s->dice;
	for (unsigned i = 0; i < 2; i++) {
		w->sides[i].reads = 0;
		w->sides[i].lied = w->sides[i].struck = false;
	}
	for (unsigned i = 0; i < SIM_FAULTS; i++)
		s->faulty[i] = w->faults[i].kind;
	for (unsigned i = 0; i < 2; i++)
		s->identity[i] = identity(h, s->flow, i);
	sim_world = w;
	look(h, s->before);
	if (h->file)
		try_beside(h);
	run(h, flow, s, mem);
	w->figures->syncs++;
	w->figures->crashes += w->dead;
	w->figures->refusals += s->result == SYNC_REFUSED;
	w->figures->incomplete += w->sides[0].struck + w->sides[1].struck;
	w->figures->lies += w->sides[0].lied + w->sides[1].lied;
	w->figures->fulls += s->was_full;
	memset(w->faults, 0, sizeof(w->faults));
	w->dead = false;
	if (h->file) {
		state_close(h->state);
		open_state(h);
	} else {
		/* What a process that is gone has left half-done. */
		state_let_go(h->state);
	}
	arena_free(mem);
}
