#ifndef SYNC_PAGE_H
#define SYNC_PAGE_H

#include <stddef.h>

struct arena;
struct buf;
struct value;

/* What the HTML report carries, of sync/page/: "style", "script"; ended by a NULL name; made by
 * cmake/embed.cmake. */
struct page_parts {
	const char *name;
	const char *text;
	size_t len;
};

extern const struct page_parts page_parts[];

/* All of a self-contained page before its content, and after it. Only the two parts run or style
 * anything: the policy names them by their digests (Content Security Policy level 2, hash-source).
 */
void page_head(struct buf *, const char *title);
void page_foot(struct buf *);
/* The same without a script: readers of mail run none, and some throw a mail with one away. */
void page_still_head(struct buf *, const char *title);
void page_still_foot(struct buf *);

/* Text as text: nothing in it is markup, in an element or in a quoted attribute. */
void page_text(struct buf *, const char *);

/* The same in an element, where lines may end within DNs, addresses and paths. */
void page_lines(struct buf *, const char *);

/* What an entry is called (the value of its first RDN), and below that where it is. */
void page_name(struct buf *, struct arena *, struct value name);

#endif
