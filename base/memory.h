#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/*
 * Memory that is in no arena. Nobody looks whether there was any: without it the program ends with
 * exit code 5, as the next run resumes.
 */

/* n things of a size, all zeros; given back with free(). Never NULL. */
void *memory_need(size_t n, size_t size);
_Noreturn void memory_lacks(void);

#endif
