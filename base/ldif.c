#include "base/ldif.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/ldif_private.h"
#include "base/utf8.h"

static const struct kind_word {
	const char *word;
	enum record_kind kind;
} kinds[] = {
	{"add", RECORD_ADD},
	{"delete", RECORD_DELETE},
	{"modify", RECORD_MODIFY},
	{"modrdn", RECORD_RENAME},
	{"moddn", RECORD_RENAME},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Names what stands there, but never a value: it may be a secret. */
int ldif_record_unexpected(
	struct ldif *f, const struct line *line, const char *expected, struct err *err)
{
	const char *colon = memchr(line->at, ':', (size_t)(line->end - line->at));
	size_t len = colon != NULL ? (size_t)(colon - line->at) : 0;

	if (*line->at == ' ')
		return ldif_fail(
			f, err, "expected %s, not a line that continues another", expected);
	if (len == 0)
		return ldif_fail(f, err, "expected %s", expected);
	return ldif_fail(
		f, err, "expected %s, not \"%.*s:\"", expected, len < 40 ? (int)len : 40, line->at);
}

static int read_name(
	struct ldif *f, struct arena *mem, char *colon, struct record *rec, struct err *err)
{
	if (ldif_lines_value(f, mem, colon, rec->line.end, &rec->name, err) < 0)
		return -1;
	if (!utf8_valid(rec->name.data, rec->name.len))
		return ldif_fail(f, err, "the dn is not UTF-8");
	return 0;
}

static int read_version(
	struct ldif *f, struct arena *mem, char *colon, struct record *rec, struct err *err)
{
	struct value version;

	if (ldif_lines_value(f, mem, colon, rec->line.end, &version, err) < 0)
		return -1;
	if (!value_same(version, value_of("1")))
		return ldif_fail(f, err, "expected version 1");
	return 0;
}

static int read_kind(
	struct ldif *f, struct arena *mem, char *colon, struct record *rec, struct err *err)
{
	struct value word;

	if (ldif_lines_value(f, mem, colon, rec->line.end, &word, err) < 0)
		return -1;
	for (size_t i = 0; i < N_KINDS; i++) {
		if (word.len != strlen(kinds[i].word) ||
			strncasecmp(word.data, kinds[i].word, word.len) != 0)
			continue;
		rec->kind = kinds[i].kind;
		return 0;
	}
	return ldif_fail(f, err, "expected changetype add, delete, modify, modrdn or moddn");
}

/* The lines between "dn:" and the rest: controls are read over. */
static int read_head(struct ldif *f, struct arena *mem, struct record *rec, struct err *err)
{
	struct line *line = &rec->line;
	bool controls = false;
	char *colon = NULL;

	rec->kind = RECORD_CONTENT;
	while ((rec->left = ldif_lines_next(f, line, err)) > 0 &&
		ldif_lines_named(line, "control") != NULL)
		controls = true;
	if (rec->left > 0 && (colon = ldif_lines_named(line, "changetype")) != NULL) {
		if (read_kind(f, mem, colon, rec, err) < 0)
			return -1;
		rec->left = ldif_lines_next(f, line, err);
	} else if (rec->left >= 0 && controls) {
		return ldif_fail(f, err, "expected \"changetype:\" after \"control:\"");
	}
	return rec->left < 0 ? -1 : 1;
}

int ldif_record_begin(struct ldif *f, struct arena *mem, struct record *rec, struct err *err)
{
	char *colon;
	int r;

	while ((r = ldif_lines_begin(f, &rec->line, err)) > 0 &&
		(colon = ldif_lines_named(&rec->line, "version")) != NULL) {
		if (read_version(f, mem, colon, rec, err) < 0)
			return -1;
	}
	if (r <= 0)
		return r;
	f->record = f->line;
	if ((colon = ldif_lines_named(&rec->line, "dn")) == NULL)
		return ldif_record_unexpected(f, &rec->line, "\"dn:\"", err);
	f->n++;
	if (read_name(f, mem, colon, rec, err) < 0)
		return -1;
	return read_head(f, mem, rec, err);
}

int ldif_record_attr(struct ldif *f, const char *name, size_t len, unsigned *id, struct err *err)
{
	*id = attr_id(name, len);
	if (*id == ATTR_NONE)
		return ldif_fail(f, err, "\"%.*s\" is not an attribute name",
			len < 40 ? (int)len : 40, name);
	return 0;
}

bool ldif_reserved(const char *name)
{
	return strcasecmp(name, "dn") == 0 || strcasecmp(name, "changetype") == 0 ||
	       strcasecmp(name, "control") == 0;
}

/* n bytes of an array that grows to `to` of them. */
static void *grown(struct arena *mem, const void *from, size_t n, size_t to)
{
	void *more = arena_alloc(mem, to);

	if (n > 0)
		memcpy(more, from, n);
	return more;
}

/* The slot of a name that was not foreseen; 0 on an error. */
static unsigned find_slot(struct ldif *f, const struct line *line, char **colon, struct err *err)
{
	unsigned id;

	*colon = memchr(line->at, ':', (size_t)(line->end - line->at));
	if (*colon == NULL || *colon == line->at)
		return ldif_record_unexpected(f, line, "\"name: value\"", err), 0;
	if (ldif_lines_named(line, "dn") != NULL)
		return ldif_fail(f, err, "expected an empty line before the next \"dn:\""), 0;
	size_t len = (size_t)(*colon - line->at);
	if (ldif_record_attr(f, line->at, len, &id, err) < 0)
		return 0;
	if (ldif_reserved(attr_name(id)))
		return ldif_record_unexpected(f, line, "an attribute", err), 0;
	if (id + 1 >= f->n_slots) {
		unsigned n = attr_count() + 64;
		f->slots = grown(
			f->mem, f->slots, f->n_slots * sizeof(*f->slots), n * sizeof(*f->slots));
		for (unsigned i = f->n_slots; i < n; i++)
			f->slots[i] = (struct slot){.len = SIZE_MAX};
		f->n_slots = n;
	}
	struct slot *s = &f->slots[id + 1];
	if (s->name == NULL) {
		s->name = arena_copy(f->mem, line->at, len);
		s->len = len;
	}
	return id + 1;
}

static inline bool begins_with(const struct line *line, const struct slot *s)
{
	return s->len < (size_t)(line->end - line->at) && line->at[s->len] == ':' &&
	       memcmp(line->at, s->name, s->len) == 0;
}

/* The slot of the line's name. Records look alike: most often it is the name that followed the last
 * one before, the last one again, or the one after that (when an attribute is absent). */
static inline unsigned slot_of(
	struct ldif *f, unsigned last, const struct line *line, char **colon, struct err *err)
{
	const unsigned next = f->slots[last].next;
	const unsigned guess[] = {next, last, f->slots[next].next};

	for (unsigned i = 0; i < 3; i++) {
		const struct slot *s = &f->slots[guess[i]];
		if (begins_with(line, s)) {
			*colon = line->at + s->len;
			return guess[i];
		}
	}
	return find_slot(f, line, colon, err);
}

static void more_values(struct ldif *f)
{
	unsigned n = f->values_room, to = n > 0 ? 2 * n : 64;

	f->values = grown(f->mem, f->values, n * sizeof(*f->values), to * sizeof(*f->values));
	f->places = grown(f->mem, f->places, n * sizeof(*f->places), to * sizeof(*f->places));
	f->attrs = grown(f->mem, f->attrs, n * sizeof(*f->attrs), to * sizeof(*f->attrs));
	f->sorted = arena_alloc(f->mem, to * sizeof(*f->sorted));
	f->values_room = to;
}

/* Point each attribute at its values: they stand in its order already, or are put so. */
static void place_values(struct ldif *f, bool scattered)
{
	struct value *at = scattered ? f->sorted : f->values;

	for (unsigned i = 0; i < f->n_attrs; i++) {
		f->attrs[i].values = at;
		at += f->attrs[i].n;
		if (scattered)
			f->attrs[i].n = 0;
	}
	for (unsigned i = 0; scattered && i < f->n_values; i++) {
		struct attr *a = &f->attrs[f->places[i]];
		a->values[a->n++] = f->values[i];
	}
}

int ldif_record_content(struct ldif *f, struct arena *mem, struct record *rec, struct err *err)
{
	bool scattered = false;
	unsigned last = 0;
	char *colon;
	int r;

	f->n_attrs = f->n_values = 0;
	for (r = rec->left; r > 0; r = ldif_lines_next(f, &rec->line, err)) {
		unsigned now = slot_of(f, last, &rec->line, &colon, err);
		if (now == 0)
			return -1;
		if (f->n_values == f->values_room)
			more_values(f);
		struct value *v = &f->values[f->n_values];
		if (ldif_lines_value(f, mem, colon, rec->line.end, v, err) < 0)
			return -1;
		struct slot *s = &f->slots[now];
		if (s->record != f->n) {
			s->record = f->n;
			s->place = f->n_attrs;
			f->attrs[f->n_attrs++] = (struct attr){.id = now - 1};
		}
		scattered = scattered || s->place + 1 != f->n_attrs;
		f->attrs[s->place].n++;
		f->places[f->n_values++] = s->place;
		if (now != last)
			f->slots[last].next = now;
		last = now;
	}
	if (r < 0)
		return -1;
	if (f->n_attrs == 0)
		return ldif_fail(f, err, "the record has no attributes");
	place_values(f, scattered);
	return 0;
}

int ldif_next(struct ldif *f, struct arena *mem, struct entry *e, struct err *err)
{
	struct record rec;
	int r = ldif_record_begin(f, mem, &rec, err);

	if (r <= 0)
		return r;
	if (rec.kind != RECORD_CONTENT && rec.kind != RECORD_ADD) {
		f->line = f->record;
		return ldif_fail(
			f, err, "expected an entry, not a change (changetype add is allowed)");
	}
	if (ldif_record_content(f, mem, &rec, err) < 0)
		return -1;
	*e = (struct entry){.name = rec.name, .n = f->n_attrs, .attrs = f->attrs};
	return 1;
}
