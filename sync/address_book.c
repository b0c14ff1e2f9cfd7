#include "sync/address_book.h"

#include <stdbool.h>
#include <stddef.h>

#define HOUR 3600LL

const struct setting address_book_settings[] = {
	{"generation", SETTING_SPAN, NULL, NULL,
		"how often an offline address book is generated; 24h without"},
	{"distribution", SETTING_SPAN, NULL, NULL,
		"how often it is distributed to where it is downloaded from; 8h without"},
	{"download", SETTING_SPAN, NULL, NULL, "how often Outlook downloads it; 24h without"},
	{"at-most", SETTING_SPAN, NULL, NULL,
		"how long all of it takes at worst; without: 48h, or the sum when one of the three "
		"is set"},
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};

void address_book_read(const struct config *c, struct address_book *b)
{
	const struct {
		const char *name;
		long long *to, usual;
	} times[] = {{"generation", &b->generation, 24 * HOUR},
		{"distribution", &b->distribution, 8 * HOUR},
		{"download", &b->download, 24 * HOUR}};
	bool given = false;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const long long n = c != NULL ? config_number(c, times[i].name) : -1;
		*times[i].to = n >= 0 ? n : times[i].usual;
		given |= n >= 0;
	}
	b->at_most = c != NULL ? config_number(c, "at-most") : -1;
	if (b->at_most < 0)
		b->at_most = given ? b->generation + b->distribution + b->download : 48 * HOUR;
}
