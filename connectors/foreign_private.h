#ifndef CONNECTORS_FOREIGN_PRIVATE_H
#define CONNECTORS_FOREIGN_PRIVATE_H

#include <stdbool.h>

#include "connectors/foreign.h"
#include "connectors/xml.h"

#define MMSML_NS "http://www.microsoft.com/mms/mmsml/v2"
#define DSML1_NS "http://www.dsml.org/DSML"
#define DSML2_NS "urn:oasis:names:tc:DSML:2:0:core"
#define SOAP_NS "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI_NS "http://www.w3.org/2001/XMLSchema-instance"

/* Inside of reading such files: foreign.c knows the shapes, the others one grammar each. Errors are
 * about the record, which the caller names. */
struct foreign {
	struct arena *mem;
	const char *name;
	enum foreign_view view;
	enum foreign_format format;
	struct xml *xml;
	bool open;             /* a search's answer, whose end did not come yet */
	bool any;              /* some record came */
	struct left_out *left; /* names of attributes that were left out */
};

/* 1: *out is filled; 0: the record says nothing of an entry; -1. */
typedef int foreign_reader(struct foreign *, struct arena *, const struct xml_node *,
	struct foreign_record *, struct err *);

foreign_reader mms_delta, mms_object, mms_entry; /* foreign_mms.c */
foreign_reader dsml_record;                      /* foreign_dsml.c */

/* The attribute that a node names; ATTR_NONE: it is left out, and told once. */
unsigned foreign_attr(struct foreign *, const struct xml_node *);
/* Base64, with white space wherever it is. */
int foreign_base64(struct arena *, struct value text, struct value *, struct err *);
/* One more mod of a change. */
struct mod *foreign_mod(struct arena *, struct change *, unsigned attr);
void foreign_value(struct arena *, struct value **values, unsigned *n, struct value);
/* The record is a whole entry; makes it the change that adds it, with mods that replace. */
void foreign_as_add(struct arena *, struct foreign_record *);

#endif
