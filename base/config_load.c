#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "base/arena.h"
#include "base/config_private.h"
#include "base/config_scan.h"
#include "base/err.h"

struct load {
	struct arena *mem;
	const char *path, *folder;
	struct marks marks;
	unsigned at; /* the next mark */
	struct err *err;
};

/* libconfuse has one lexer for the whole program and gives no pointer to its callbacks. */
static struct load *loading;

static void complain(cfg_t *cfg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void complain(cfg_t *cfg, const char *fmt, va_list ap)
{
	err_vset(loading->err, ERR_FATAL, fmt, ap);
	err_in(loading->err, "%s:%d", loading->path, cfg->line);
}

static unsigned n_settings(const struct setting *s)
{
	unsigned n = 0;

	while (s != NULL && s[n].name != NULL)
		n++;
	return n;
}

/* Every value is a list of words to libconfuse; what it must be is checked by us, who can say why
 * not. */
static void add_options(cfg_opt_t *opts, unsigned *n, const struct setting *s)
{
	for (; s != NULL && s->name != NULL; s++) {
		unsigned i = 0;
		while (i < *n && strcmp(opts[i].name, s->name) != 0)
			i++;
		opts[i] = (cfg_opt_t){
			.name = s->name, .type = CFGT_STR, .flags = CFGF_LIST | CFGF_NODEFAULT};
		*n += i == *n;
	}
}

/* What may stand in a section, for libconfuse: the settings of all variants, and sections. */
static cfg_opt_t *options(struct arena *mem, const struct section_shape *shape)
{
	unsigned room = n_settings(shape->settings) + 1, n = 0;

	for (const struct section_variant *v = shape->variants; v != NULL && v->word != NULL; v++)
		room += n_settings(v->settings);
	for (const struct section_shape *in = shape->inner; in != NULL && in->name != NULL; in++)
		room++;
	cfg_opt_t *opts = arena_zalloc(mem, room * sizeof(*opts));
	add_options(opts, &n, shape->settings);
	for (const struct section_variant *v = shape->variants; v != NULL && v->word != NULL; v++)
		add_options(opts, &n, v->settings);
	for (const struct section_shape *in = shape->inner; in != NULL && in->name != NULL; in++) {
		opts[n++] = (cfg_opt_t){.name = in->name,
			.type = CFGT_SEC,
			.flags = CFGF_MULTI | (in->titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : 0) |
				 (in->free ? CFGF_KEYSTRVAL : 0),
			.subopts = options(mem, in)};
	}
	return opts;
}

static const char *where_of(struct load *l, const struct mark *mark)
{
	return arena_printf(l->mem, "%s:%u", l->path, mark->line);
}

static bool is_word(const struct mark *mark, const char *word)
{
	return mark->len == strlen(word) && memcmp(mark->word, word, mark->len) == 0;
}

/* "connector abc", for messages. */
static const char *label(struct load *l, const struct config *c)
{
	if (c->title == NULL)
		return c->shape->name != NULL ? c->shape->name : "the file";
	return arena_printf(l->mem, "%s %s", c->shape->name, c->title);
}

static const cfg_opt_t *option_of(const cfg_t *section, const struct mark *mark)
{
	for (unsigned i = 0; section->opts[i].name != NULL; i++) {
		if (is_word(mark, section->opts[i].name))
			return &section->opts[i];
	}
	return NULL;
}

static void take_values(struct load *l, struct item *item, const cfg_opt_t *opt)
{
	const char **values = arena_alloc(l->mem, opt->nvalues * sizeof(*values));

	for (unsigned i = 0; i < opt->nvalues; i++)
		values[i] = arena_strdup(l->mem, opt->values[i]->string);
	item->values = values;
	item->n = opt->nvalues;
}

static int fail(struct load *l, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct load *l, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(l->err, ERR_FATAL, fmt, ap);
	va_end(ap);
	return err_in(l->err, "%s", where);
}

static struct item *item_named(const struct config *c, const struct mark *mark)
{
	for (unsigned i = 0; i < c->n_items; i++) {
		if (is_word(mark, c->items[i].name))
			return &c->items[i];
	}
	return NULL;
}

static int take_setting(
	struct load *l, const cfg_t *from, struct config *c, const struct mark *mark)
{
	const char *where = where_of(l, mark);
	const cfg_opt_t *opt = option_of(from, mark);
	struct item *item = item_named(c, mark);

	if (item != NULL && item->where != NULL)
		return fail(l, where, "%s: twice, first at %s", item->name, item->where);
	if (opt != NULL && c->shape->free) {
		item = &c->items[c->n_items++];
		*item = (struct item){.name = arena_strdup(l->mem, opt->name)};
	}
	if (opt == NULL || item == NULL)
		return fail(l, where, "%.*s: not a setting of %s", (int)mark->len, mark->word,
			label(l, c));
	item->where = where;
	take_values(l, item, opt);
	if (c->shape->free)
		return 0;
	return config_convert(l->mem, l->folder, item, where, l->err);
}

static int build(struct load *l, cfg_t *from, struct config *c);

static int take_section(struct load *l, cfg_t *from, struct config *c, const struct mark *mark)
{
	const struct section_shape *shape = c->shape->inner;
	const char *where = where_of(l, mark);

	while (shape != NULL && shape->name != NULL && !is_word(mark, shape->name))
		shape++;
	if (shape == NULL || shape->name == NULL)
		return fail(l, where, "%.*s: not a section of %s", (int)mark->len, mark->word,
			label(l, c));
	unsigned n = config_count(c, shape->name);
	cfg_t *section = cfg_getnsec(from, shape->name, n);
	if (n > 0 && !shape->titled)
		return fail(l, where, "%s: twice, first at %s", shape->name,
			config_at(c, shape->name, 0)->where);
	if (section == NULL || (shape->titled && *cfg_title(section) == '\0'))
		return fail(l, where, "%s: without a title", shape->name);
	struct config *inner = arena_zalloc(l->mem, sizeof(*inner));
	inner->shape = shape;
	inner->title = shape->titled ? arena_strdup(l->mem, cfg_title(section)) : NULL;
	inner->where = where;
	inner->folder = l->folder;
	c->inner[c->n_inner++] = inner;
	return build(l, section, inner);
}

/* Where the setting stands in the section that begins at l->at. */
static const char *place_of(struct load *l, const struct config *c, const char *name)
{
	unsigned depth = 0;

	for (unsigned i = l->at; i < l->marks.n; i++) {
		const struct mark *mark = &l->marks.mark[i];
		if (mark->kind == MARK_SETTING && depth == 0 && is_word(mark, name))
			return where_of(l, mark);
		if (mark->kind == MARK_END && depth-- == 0)
			break;
		depth += mark->kind == MARK_SECTION;
	}
	return c->where;
}

/* The settings that the word given for by_word brings. */
static int find_variant(
	struct load *l, cfg_t *from, const struct config *c, const struct setting **settings)
{
	const struct section_shape *shape = c->shape;
	const struct setting *by = shape->settings;
	const char *expected = "";

	while (strcmp(by->name, shape->by_word) != 0)
		by++;
	const char *word = cfg_getnstr(from, by->name, 0);
	if (word == NULL)
		word = by->fallback;
	if (word == NULL || strcmp(word, "!") == 0)
		return fail(l, c->where, "%s: %s is missing", label(l, c), by->name);
	for (const struct section_variant *v = shape->variants; v->word != NULL; v++) {
		*settings = v->settings;
		if (strcmp(v->word, word) == 0)
			return 0;
		expected = arena_printf(
			l->mem, "%s%s%s", expected, *expected != '\0' ? "|" : "", v->word);
	}
	return fail(l, place_of(l, c, by->name), "%s: expected %s, not \"%s\"", by->name, expected,
		word);
}

static void add_items(struct config *c, const struct setting *s)
{
	for (; s != NULL && s->name != NULL; s++)
		c->items[c->n_items++] = (struct item){.name = s->name, .setting = s};
}

/* Places for what may stand in the section. */
static int prepare(struct load *l, cfg_t *from, struct config *c)
{
	const struct section_shape *shape = c->shape;
	const struct setting *variant = NULL;
	unsigned n = 0;

	if (shape->by_word != NULL && find_variant(l, from, c, &variant) < 0)
		return -1;
	for (const struct section_shape *in = shape->inner; in != NULL && in->name != NULL; in++)
		n += cfg_size(from, in->name);
	c->inner = arena_alloc(l->mem, n * sizeof(struct config *));
	n = shape->free ? cfg_num(from) : n_settings(shape->settings) + n_settings(variant);
	c->items = arena_alloc(l->mem, n * sizeof(*c->items));
	add_items(c, shape->settings);
	add_items(c, variant);
	return 0;
}

/* What was not written. */
static int complete(struct load *l, struct config *c)
{
	for (unsigned i = 0; i < c->n_items; i++) {
		struct item *item = &c->items[i];
		if (item->where != NULL || item->setting->fallback == NULL)
			continue;
		if (strcmp(item->setting->fallback, "!") == 0)
			return fail(l, c->where, "%s: %s is missing", label(l, c), item->name);
		config_fallback(l->mem, item);
		if (config_convert(l->mem, l->folder, item, c->where, l->err) < 0)
			return -1;
	}
	return 0;
}

/* Walk through the marks of a section with what libconfuse made of it at hand. */
static int build(struct load *l, cfg_t *from, struct config *c)
{
	if (prepare(l, from, c) < 0)
		return -1;
	while (l->at < l->marks.n) {
		const struct mark *mark = &l->marks.mark[l->at++];
		if (mark->kind == MARK_END)
			break;
		int r = mark->kind == MARK_SETTING ? take_setting(l, from, c, mark)
						   : take_section(l, from, c, mark);
		if (r < 0)
			return -1;
	}
	return complete(l, c);
}

int config_load(struct arena *mem, const char *path, const struct section_shape *root,
	struct config **out, struct err *err)
{
	struct load l = {.mem = mem, .path = arena_strdup(mem, path), .err = err};
	char *text, *folder;
	size_t len;

	if (config_read(mem, path, &folder, &text, &len, err) < 0 ||
		config_scan(mem, path, text, len, &l.marks, err) < 0)
		return -1;
	l.folder = folder;
	cfg_t *parsed = cfg_init(options(mem, root), CFGF_NONE);
	struct config *c = arena_zalloc(mem, sizeof(*c));
	*c = (struct config){.shape = root, .where = l.path, .folder = folder};
	cfg_set_error_function(parsed, complain);
	loading = &l;
	err_set(err, ERR_FATAL, "%s: cannot be parsed", path);
	int r = cfg_parse_buf(parsed, text) == CFG_SUCCESS ? build(&l, parsed, c) : -1;
	loading = NULL;
	cfg_free(parsed);
	*out = c;
	if (r == 0)
		*err = (struct err){0};
	return r;
}
