#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

void *memory_need(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		memory_lacks();
	return p;
}

_Noreturn void memory_lacks(void)
{
	static const char text[] = "galway: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(5);
}
