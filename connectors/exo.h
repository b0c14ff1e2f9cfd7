#ifndef CONNECTORS_EXO_H
#define CONNECTORS_EXO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/dn.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "connectors/exo_way.h"
#include "connectors/json.h"
#include "connectors/reading.h"

struct arena;

/*
 * The inside of the exo connector: mail contacts of Exchange Online.
 *
 * Exchange Online has no directory that could be written to: there are commands (cmdlets) only. A
 * contact has two sides: what mail needs (Get-, Set-MailContact), and the person (Get-,
 * Set-Contact). An attribute is of one of them (exo_table.c). New-MailContact takes a few of both.
 *
 * An entry is called CN=<Name>,<base>; without `base` that is O=<the connector's title>. Its id is
 * its ExternalDirectoryObjectId, by which Entra ID and Graph know it, too. Commands take its Guid,
 * for that is what Microsoft documents for -Identity of all of them.
 *
 * One command is under way at a time.
 */
enum exo_side { EXO_MAIL, EXO_PERSON, EXO_SIDES };

enum exo_is {
	EXO_READ = 1, /* Exchange makes it itself */
	EXO_NEW = 2,  /* New-MailContact takes it */
	EXO_MANY = 4, /* has many values */
};

/* A row of the table: the parameter that sets it is called as the property that shows it. */
struct exo_field {
	const char *attr; /* NULL ends the table */
	enum exo_side side;
	const char *property;
	enum json_kind kind;
	unsigned is; /* enum exo_is */
};

extern const struct exo_field exo_fields[];
/* NULL: Exchange Online has no place for it. */
const struct exo_field *exo_field_of(unsigned attr);
/* The table of a side for json.h, and the names of its properties for `select`; in the arena. */
const struct json_field *exo_json_fields(struct arena *, enum exo_side);
const char *const *exo_properties(struct arena *, enum exo_side);

struct exo_dir {
	struct connector connector;
	const struct config *config;
	struct arena *mem;
	struct exo_way *way;
	const char *base;
	struct dn base_dn;
	const struct json_field *fields[EXO_SIDES];
	const char *const *properties[EXO_SIDES];
	const char *organization; /* its Guid; NULL: not asked yet */

	/* The read that is under way. */
	struct query query;
	struct exo_people *people; /* what Get-Contact said; NULL: no read */
	struct json *page;         /* of Get-MailContact; NULL */
	size_t row;                /* the next one on it */
	struct reading list;
};

/* exo_ask.c: a command and all that it gives: an array. The parameters are freed. While Exchange
 * is busy it is tried again, as long as `retry` says. -1: dir->way->fault says more. */
int exo_do(struct exo_dir *, const char *cmdlet, struct json *parameters, struct json **rows,
	struct err *);
/* What is wrong, with all that the way knows of the request that was answered last; -1. */
int exo_in(const struct exo_dir *, struct err *);
/* Start a Get- of a side, of all contacts: 1 and the first page (json_free), the others come by
 * dir->way; 0: there are none; -1. */
int exo_get_all(struct exo_dir *, enum exo_side, struct json **page, struct err *);
/* One contact: "PROPERTY -eq 'value'" of Get-MailContact. 1 and its row (json_free), 0: there is
 * none, -1. */
int exo_find(struct exo_dir *, const char *property, struct value, struct json **row, struct err *);
/* The person of a contact, by its Guid: the same. */
int exo_find_person(struct exo_dir *, const char *guid, struct json **row, struct err *);

/* exo_entry.c: what a row says of a contact. ERR_FATAL: it has no id, Guid or name. Of EXO_PERSON
 * the attributes alone are added. */
int exo_entry(struct exo_dir *, enum exo_side, const struct json *, const struct attr_set *wanted,
	struct arena *, struct entry *, struct err *);
/* CN=<name>,<base>, and the name inside of one; false: it is none of ours. */
struct value exo_name(const struct exo_dir *, struct arena *, struct value name);
bool exo_name_of(const struct exo_dir *, struct arena *, struct value dn, struct value *name);

/* exo_people.c: the persons, until the contacts come that they are of: about 300 bytes each. */
int exo_people_load(struct exo_dir *, struct err *);
void exo_people_free(struct exo_people *);
/* Add what the person has to the contact of that Guid; false: there is none, or it was taken. */
bool exo_people_take(struct exo_people *, const char *guid, struct arena *, struct entry *);
/* How many were not taken. */
size_t exo_people_left(const struct exo_people *);

/* exo_change.c: the parameters of a side that make the contact `before` what the change wants: only
 * what differs. An object, empty when nothing does. ERR_ENTRY: there is no place for it, or it was
 * changed meanwhile. */
int exo_change_parameters(struct exo_dir *, enum exo_side, const struct change *,
	const struct entry *before, struct arena *, struct json **, struct err *);
/* Those of New-MailContact. */
int exo_change_new(
	struct exo_dir *, const struct change *, struct arena *, struct json **, struct err *);
/* Has the contact a value that the add contradicts? Then it is somebody else's. */
bool exo_change_foreign(const struct change *add, const struct entry *);

/* exo.c: what a read has under way is given up; its cookie stays. */
void exo_stop_reading(struct exo_dir *);

/* exo_write.c, exo_probe.c: connector_type.write and .probe. */
int exo_write(struct connector *, const struct change *, struct outcome *, size_t n, struct arena *,
	struct err *);
int exo_probe(struct connector *, const struct probe *, struct err *);

#endif
