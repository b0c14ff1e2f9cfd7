#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Text from a directory, made safe for a terminal or a log: control characters (C0, C1, DEL), bytes
 * that are not UTF-8, and bidirectional and zero-width marks become \xNN, so that a name cannot
 * move the cursor, forge a line or hide itself. A newline stays a newline: the program's own
 * messages have them before a caret line.
 */
void text_safe(char *to, size_t room, const char *text);
/* The same for bytes; with newline != 0 newlines are escaped too. */
void text_safe_add(struct buf *, const char *data, size_t len, int newline);

/* What stands between the quotes of a JSON string (RFC 8259), in ASCII: no character acts on a
 * terminal. Bytes that are not UTF-8 become the text \xNN. */
void text_json_add(struct buf *, const char *data, size_t len);

/* A mark that changes how the text around it is shown, or is not seen: zero width, bidirectional,
 * line and paragraph separators, soft hyphen, BOM, tags. */
bool text_invisible(uint32_t character);

#endif
