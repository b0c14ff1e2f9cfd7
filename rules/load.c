#include "rules/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/hash.h"

#include "rules/builtin.h"
#include "rules/rule.h"

#define FILE_MAX (256u << 10)

/* What was read already: a set may be included once, and so never by itself. */
struct loaded {
	struct loaded *next;
	const char *path; /* absolute, or the name of a built-in set */
	const char *label;
};

struct loader {
	struct arena *mem;
	struct err *err;
	const char *folder;
	uint64_t texts;
	struct loaded *loaded;
	struct attr_set given; /* attributes of all flows, dropped or not */
};

static const struct builtin_rules *builtin(const char *name)
{
	const struct builtin_rules *b = builtin_rules;

	while (b->name != NULL && strcmp(b->name, name) != 0)
		b++;
	return b->name != NULL ? b : NULL;
}

/* Who may write the rules says what is written into the target: a file that others may change is
 * refused, as the configuration is. */
static const char *unsafe(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "the file belongs to another user";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "group or others may write the file (chmod go-w)";
	if (st->st_size > (off_t)FILE_MAX)
		return "the file is larger than 256 KiB";
	return NULL;
}

static int read_bytes(struct arena *mem, int fd, struct value *text, struct err *err)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_FATAL, "%s", strerror(errno));
	if (unsafe(&st) != NULL)
		return err_set(err, ERR_FATAL, "%s", unsafe(&st));
	char *data = arena_alloc(mem, FILE_MAX);
	while (n > 0 && len < FILE_MAX) {
		n = read(fd, data + len, FILE_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return err_set(err, ERR_FATAL, "%s", strerror(errno));
	*text = (struct value){data, len};
	return 0;
}

static int read_file(struct arena *mem, const char *path, struct value *text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = fd >= 0 ? read_bytes(mem, fd, text, err)
			 : err_set(err, ERR_FATAL, "%s", strerror(errno));

	if (fd >= 0)
		close(fd);
	return rc < 0 ? err_in(err, "%s", path) : 0;
}

/* "b.rules" named in "rules/a.rules" is "rules/b.rules"; a built-in set is itself. */
static const char *beside(struct arena *mem, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');

	if (builtin(name) != NULL || name[0] == '/' || slash == NULL)
		return name;
	return arena_printf(mem, "%.*s/%s", (int)(slash - file), file, name);
}

static int remember(struct loader *l, const char *path, const char *label, struct err *err)
{
	struct loaded *new = arena_alloc(l->mem, sizeof(*new));

	for (const struct loaded *i = l->loaded; i != NULL; i = i->next) {
		if (strcmp(i->path, path) == 0)
			return err_set(err, ERR_FATAL, "%s is included a second time", i->label);
	}
	*new = (struct loaded){l->loaded, path, label};
	l->loaded = new;
	return 0;
}

/* The text of a built-in set, or of a file relative to the loader's folder. */
static int read_text(struct loader *l, const char *label, struct rule_text *out, struct err *err)
{
	const struct builtin_rules *b = builtin(label);
	char real[PATH_MAX];

	*out = (struct rule_text){label, {NULL, 0}};
	if (b != NULL) {
		out->text = (struct value){b->text, b->len};
		return remember(l, label, label, err);
	}
	const char *path =
		label[0] == '/' ? label : arena_printf(l->mem, "%s/%s", l->folder, label);
	if (realpath(path, real) == NULL)
		return err_set(err, ERR_FATAL, "%s: %s%s", path, strerror(errno),
			strchr(label, '/') == NULL ? ", and no built-in rules have this name" : "");
	if (remember(l, arena_strdup(l->mem, real), label, err) < 0)
		return -1;
	return read_file(l->mem, path, &out->text, err);
}

/* Where the pointer to the part of a rule stands; at the end of the list when there is none. A file
 * above may have begun the rule anew, and then comes first. */
static struct part **part_find(struct part **parts, const char *name, bool dropped)
{
	while (*parts != NULL &&
		(strcmp((*parts)->name, name) != 0 || ((*parts)->dropped && !dropped)))
		parts = &(*parts)->next;
	return parts;
}

static bool drops(const struct part *part, unsigned attr)
{
	const struct word *w = part->drops;

	while (w != NULL && w->attr != attr)
		w = w->next;
	return w != NULL;
}

/* Flows are added below the ones there are, but for those of dropped attributes. */
static void add_flows(struct arena *mem, struct part *upper, const struct line *flows)
{
	struct line **end = &upper->flows;

	while (*end != NULL)
		end = &(*end)->next;
	for (const struct line *i = flows; i != NULL; i = i->next) {
		if (drops(upper, i->attr))
			continue;
		*end = arena_alloc(mem, sizeof(**end));
		**end = *i;
		end = &(*end)->next;
		*end = NULL;
	}
}

/* What upper does not say itself, it takes from lower: an included part of the same rule, or the
 * rule that it is like. */
static void put_below(struct arena *mem, struct part *upper, const struct part *lower)
{
	if (upper->scope.len == 0)
		upper->scope = lower->scope;
	if (upper->require == NULL)
		upper->require = lower->require;
	if (upper->rdn == NULL)
		upper->rdn = lower->rdn;
	if (upper->joins == NULL)
		upper->joins = lower->joins;
	add_flows(mem, upper, lower->flows);
}

/* The same of an included part, which may be like another rule itself. */
static void put_above(struct arena *mem, struct part *upper, const struct part *lower)
{
	struct word **end = &upper->drops;

	put_below(mem, upper, lower);
	if (upper->like == NULL) {
		upper->like = lower->like;
		upper->like_place = lower->like_place;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = lower->drops;
}

/* Put the rules of a file above included ones. What is new comes first; a rule that both have keeps
 * its place below, so that adding a line to it does not change which rule an entry gets. */
static int overlay_parts(struct loader *l, struct part *upper, struct part **lower)
{
	struct part *fresh = NULL, **end = &fresh;

	for (struct part *u = upper, *next; u != NULL; u = next) {
		struct part **at = part_find(lower, u->name, false);
		next = u->next;
		if (u->drop && *at == NULL)
			return place_error(
				u->place, l->err, "no included rule is named %s", u->name);
		if (u->drop) {
			(*at)->dropped = true;
		} else if (*at != NULL) {
			put_above(l->mem, u, *at);
			u->next = (*at)->next;
			*at = u;
		} else {
			*end = u;
			end = &u->next;
		}
	}
	*end = *lower;
	*lower = fresh;
	return 0;
}

static int overlay_nevers(struct loader *l, struct never *upper, struct never **lower)
{
	for (struct never *u = upper, *next; u != NULL; u = next) {
		struct never **at = lower;
		next = u->next;
		while (*at != NULL && !value_same((*at)->filter, u->filter))
			at = &(*at)->next;
		if (u->drop && *at == NULL)
			return place_error(
				u->place, l->err, "no included file says never %s", u->filter.data);
		if (u->drop) {
			*at = (*at)->next;
		} else if (*at == NULL) {
			u->next = NULL;
			*at = u;
		}
	}
	return 0;
}

/* A file above what it includes, into *all; from is the include, or NULL. That nothing is read
 * twice limits the depth. */
static int load(
	struct loader *l, const char *label, const struct place *from, struct rule_file *all)
{
	struct rule_text *text = arena_alloc(l->mem, sizeof(*text));
	struct rule_file file;
	struct err inner;

	*all = (struct rule_file){NULL, NULL, NULL};
	if (read_text(l, label, text, &inner) < 0)
		return from != NULL ? place_error(*from, l->err, "%s", inner.text)
				    : err_set(l->err, ERR_FATAL, "%s", inner.text);
	l->texts = hash_bytes(text->text.data, text->text.len, l->texts);
	if (rule_file_parse(l->mem, text, &file, l->err) < 0)
		return -1;
	for (const struct part *i = file.parts; i != NULL; i = i->next) {
		for (const struct line *flow = i->flows; flow != NULL; flow = flow->next)
			attr_set_add(l->mem, &l->given, flow->attr);
	}
	for (const struct include *i = file.includes; i != NULL; i = i->next) {
		struct rule_file more;
		if (load(l, beside(l->mem, label, i->name), &i->place, &more) < 0 ||
			overlay_parts(l, all->parts, &more.parts) < 0 ||
			overlay_nevers(l, all->nevers, &more.nevers) < 0)
			return -1;
		*all = more;
	}
	if (overlay_parts(l, file.parts, &all->parts) < 0)
		return -1;
	return overlay_nevers(l, file.nevers, &all->nevers);
}

/* Put the rule that a part is like below it, that one's first. */
static int resolve_like(struct loader *l, struct part *all, struct part *part)
{
	if (part->like == NULL)
		return 0;
	struct part *base = *part_find(&all, part->like, true);
	if (base == NULL)
		return place_error(part->like_place, l->err, "there is no rule %s", part->like);
	if (base->visiting || base == part)
		return place_error(part->like_place, l->err, "rule %s is like itself", part->name);
	part->visiting = true;
	if (resolve_like(l, all, base) < 0)
		return -1;
	part->visiting = false;
	part->like = NULL;
	put_below(l->mem, part, base);
	return 0;
}

static struct flow *flow_find(struct rule *rule, unsigned attr)
{
	for (unsigned i = 0; i < rule->n_flows; i++) {
		if (rule->flows[i].attr == attr)
			return &rule->flows[i];
	}
	return NULL;
}

/* Lines of one attribute come together, in the order of first mention. */
static int group_flows(struct arena *mem, struct line *lines, struct rule *rule, struct err *err)
{
	static const char *const modes[] = {"=", "add =", "merge ="};
	unsigned n = 0;

	for (const struct line *i = lines; i != NULL; i = i->next)
		n++;
	rule->flows = arena_alloc(mem, n * sizeof(*rule->flows));
	rule->attrs = arena_alloc(mem, n * sizeof(*rule->attrs));
	for (struct line *i = lines, *next; i != NULL; i = next) {
		struct flow *flow = flow_find(rule, i->attr);
		next = i->next;
		i->next = NULL;
		if (flow == NULL) {
			rule->attrs[rule->n_flows] = i->attr;
			rule->flows[rule->n_flows++] = (struct flow){i->attr, i->mode, i};
			continue;
		}
		if (i->mode != flow->mode)
			return place_error(i->place, err, "%s has '%s' here, but '%s' in %s",
				attr_name(i->attr), modes[i->mode], modes[flow->mode],
				flow->lines->where);
		struct line *last = flow->lines;
		while (last->next != NULL)
			last = last->next;
		last->next = i;
	}
	return 0;
}

/* The scope of a rule without what is never in it. Its own comes first: most rules are for few
 * entries, and have said so before all that is never is asked again. */
static struct value whole_scope(struct arena *mem, struct value scope, const struct never *nevers)
{
	struct buf text = {0};

	if (nevers == NULL)
		return scope;
	buf_printf(&text, "(&%s", scope.data);
	for (const struct never *i = nevers; i != NULL; i = i->next)
		buf_printf(&text, "(!%s)", i->filter.data);
	buf_puts(&text, ")");
	const char *whole = arena_copy(mem, text.data, text.len);
	buf_free(&text);
	return value_of(whole);
}

static int finish_rule(
	struct loader *l, const struct part *part, const struct never *nevers, struct rule *rule)
{
	struct err inner;

	if (part->scope.len == 0 || part->rdn == NULL)
		return place_error(part->place, l->err,
			"rule %s has no %s, and no included rule of this name has one", part->name,
			part->scope.len == 0 ? "scope" : "name");
	for (const struct word *w = part->drops; w != NULL; w = w->next) {
		if (!attr_set_has(&l->given, w->attr))
			return place_error(
				w->place, l->err, "no rule gives %s", attr_name(w->attr));
	}
	rule->name = part->name;
	rule->require = part->require;
	rule->rdn = part->rdn;
	rule->joins = part->joins;
	if (filter_parse(l->mem, whole_scope(l->mem, part->scope, nevers), &rule->scope, &inner) <
		0)
		return place_error(part->place, l->err, "%s", inner.text);
	return group_flows(l->mem, part->flows, rule, l->err);
}

static int finish(struct loader *l, const struct rule_file *file, struct rules *rules)
{
	unsigned n = 0;

	for (struct part *i = file->parts; i != NULL; i = i->next, n++) {
		if (resolve_like(l, file->parts, i) < 0)
			return -1;
	}
	rules->rules = arena_zalloc(l->mem, n * sizeof(*rules->rules));
	for (const struct part *i = file->parts; i != NULL; i = i->next) {
		struct rule *rule = &rules->rules[rules->n];
		if (i->dropped)
			continue;
		rule->number = rules->n++;
		if (finish_rule(l, i, file->nevers, rule) < 0)
			return -1;
	}
	return 0;
}

static void note_files(struct loader *l, struct rules *rules)
{
	for (const struct loaded *i = l->loaded; i != NULL; i = i->next)
		rules->n_files += i->path[0] == '/';
	rules->files = arena_alloc(l->mem, rules->n_files * sizeof(*rules->files));
	unsigned n = 0;
	for (const struct loaded *i = l->loaded; i != NULL; i = i->next) {
		if (i->path[0] == '/')
			rules->files[n++] = i->path;
	}
}

int rules_load(struct arena *mem, const char *name, const char *folder, struct rules **out,
	struct err *err)
{
	struct loader loader = {.mem = mem, .err = err, .folder = folder};
	struct rules *rules = arena_zalloc(mem, sizeof(*rules));
	struct rule_file file;

	if (load(&loader, name, NULL, &file) < 0 || finish(&loader, &file, rules) < 0)
		return -1;
	if (rules->n == 0)
		return err_set(err, ERR_FATAL, "%s: there are no rules", name);
	rules->texts = loader.texts;
	note_files(&loader, rules);
	*out = rules;
	return 0;
}
