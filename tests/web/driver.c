/*
 * Requests by connectors/http.h, for tests: driver CONFIG < LINES. The configuration is a section
 * "service" with url and HTTP_SETTINGS. A line is
 *
 *   METHOD URL [again] [=BODY]
 *
 * All of them are sent at once. Of each, in their order, a line is printed: "STATUS BYTES" with
 * " doubt", and "X-Told: ..." if that header came, or "KIND TEXT". "any" as first argument after
 * CONFIG takes them as they come, with their number before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "connectors/http.h"

#define MOST 20000

static const struct setting settings[] = {
	{"url", SETTING_TEXT, "!", NULL, ""},
	HTTP_SETTINGS,
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};
static const struct section_shape sections[] = {
	{"service", false, false, settings, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};
static const struct section_shape root = {NULL, false, false, NULL, NULL, NULL, sections};

static int fail(const struct err *err)
{
	static const char *const kinds[] = {"none", "entry", "busy", "fatal"};

	printf("%s %s\n", kinds[err->kind], err->text);
	return 1;
}

static enum http_method method_of(const char *word)
{
	static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i]) == 0)
			return (enum http_method)i;
	}
	exit(2);
}

static struct http_call *send_line(struct http *h, char *line, size_t number)
{
	struct http_request r = {.accept = "application/json", .with = (void *)number};
	char *save = NULL;

	r.method = method_of(strtok_r(line, " \n", &save));
	r.url = strtok_r(NULL, " \n", &save);
	for (const char *word; (word = strtok_r(NULL, " \n", &save)) != NULL;) {
		r.again = r.again || strcmp(word, "again") == 0;
		if (word[0] == '=')
			r.body = value_of(word + 1);
	}
	r.type = r.body.len > 0 ? "application/json" : NULL;
	return http_send(h, &r);
}

static void show(struct http *h, struct http_call *c, bool numbered)
{
	struct http_answer a;
	struct err err = {0};
	const int r = http_take(h, c, &a, &err);

	if (numbered)
		printf("%zu: ", (size_t)a.with);
	if (r < 0) {
		(void)fail(&err);
	} else {
		const char *told = http_header(c, "X-Told");
		printf("%d %zu%s%s%s", a.status, a.body.len, a.doubt ? " doubt" : "",
			told != NULL ? " X-Told: " : "", told != NULL ? told : "");
		if (!http_good(&a)) {
			(void)http_fail(c, "says so", &err);
			printf(" %s", err.text);
		}
		printf("\n");
	}
	http_drop(h, c);
}

static void run(struct http *h, bool any)
{
	static struct http_call *calls[MOST];
	char line[8192];
	size_t n = 0;

	if (http_caution(h) != NULL)
		fprintf(stderr, "%s\n", http_caution(h));
	for (; n < MOST && fgets(line, sizeof(line), stdin) != NULL; n++)
		calls[n] = send_line(h, line, n);
	for (size_t i = 0; i < n && !any; i++)
		show(h, calls[i], false);
	for (struct http_call *c; any && (c = http_any(h)) != NULL;)
		show(h, c, true);
}

int main(int argc, char **argv)
{
	struct arena *mem = arena_new();
	struct config *file;
	struct http *h = NULL;
	struct err err = {0};
	int r = 2;

	if (argc > 1 && (r = config_load(mem, argv[1], &root, &file, &err)) == 0) {
		const struct config *cfg = config_section(file, "service", NULL);
		const struct http_place place = {.url = config_text(cfg, "url")};
		r = http_open(cfg, &place, &h, &err);
	}
	if (r == 0)
		run(h, argc > 2);
	else
		r = fail(&err);
	http_close(h);
	arena_free(mem);
	return r;
}
