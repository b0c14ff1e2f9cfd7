#include "sync/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/spool.h"
#include "sync/report.h"

/* The first line; behind it is what is sealed. */
#define HEAD "{\"galway-plan\":1,\"sha256\":\""
#define TAIL "\",\n"
#define HEX 64
#define HEAD_SIZE (sizeof(HEAD) - 1 + HEX + sizeof(TAIL) - 1)

/* SHA-256 of what follows in the file, to its end. */
static int seal(FILE *f, char hex[HEX + 1], struct err *err)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char block[8192], sum[32];
	size_t n;
	int rc = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : -1;

	while (rc == 0 && (n = fread(block, 1, sizeof(block), f)) > 0)
		rc = EVP_DigestUpdate(md, block, n) == 1 ? 0 : -1;
	if (rc < 0 || EVP_DigestFinal_ex(md, sum, NULL) != 1)
		rc = err_set(err, ERR_FATAL, "SHA-256 is not to be had");
	else if (ferror(f))
		rc = err_set(err, ERR_BUSY, "%s", strerror(errno));
	for (size_t i = 0; rc == 0 && i < sizeof(sum); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	EVP_MD_CTX_free(md);
	return rc;
}

/* What the plan was made with, as members of an object. */
static int put_facts(
	FILE *f, const struct plan *plan, const struct flow_options *o, const char *digest)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%SZ", gmtime_r(&now, &tm));
	json_t *j = json_pack("{s:s, s:s, s:s, s:{s:b, s:s*, s:i}}", "flow", plan->flow->name,
		"when", when, "digest", digest, "options", "full", o->full, "object", o->object,
		"skip", (int)o->skip);
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(j);
	if (text == NULL)
		return -1;
	int n = fprintf(f, "%.*s,\n", (int)strlen(text) - 2, text + 1);
	free(text);
	return n < 0 ? -1 : 0;
}

/* The report, each step in a line of its own. */
static int put_steps(FILE *f, struct plan *plan, struct err *err)
{
	struct report r = {.format = REPORT_JSON, .out = f};

	report_begin(&r);
	if (report_flow(&r, plan, NULL, err) < 0)
		return -1;
	return report_end(&r, err);
}

static int put_all(FILE *f, struct plan *plan, const struct flow_options *o, struct err *err)
{
	char digest[65], hex[HEX + 1] = "";

	if (plan_digest(plan, digest, err) < 0)
		return -1;
	(void)fprintf(f, HEAD "%0*d" TAIL, HEX, 0);
	if (put_facts(f, plan, o, digest) < 0)
		return err_set(err, ERR_FATAL, "what it was made with is not text");
	(void)fputs("\"report\":", f);
	if (put_steps(f, plan, err) < 0)
		return -1;
	(void)fputs("}\n", f);
	if (fflush(f) != 0 || fseek(f, HEAD_SIZE, SEEK_SET) < 0)
		return err_set(err, ERR_BUSY, "%s", strerror(errno));
	if (seal(f, hex, err) < 0)
		return -1;
	if (fseek(f, sizeof(HEAD) - 1, SEEK_SET) < 0 || fputs(hex, f) < 0 || fflush(f) != 0 ||
		ferror(f) || fsync(fileno(f)) < 0)
		return err_set(err, ERR_BUSY, "%s", strerror(errno));
	return 0;
}

int saved_write(const char *path, struct plan *plan, const struct flow_options *o, struct err *err)
{
	char *partial;
	int rc = -1;

	if (asprintf(&partial, "%s.XXXXXX", path) < 0)
		return err_set(err, ERR_BUSY, "out of memory");
	int fd = mkstemp(partial);
	FILE *f = fd >= 0 ? fdopen(fd, "w+") : NULL;
	if (f == NULL)
		err_set(err, ERR_FATAL, "%s", strerror(errno));
	else
		rc = put_all(f, plan, o, err);
	if (f != NULL && fclose(f) != 0 && rc == 0)
		rc = err_set(err, ERR_BUSY, "%s", strerror(errno));
	if (rc == 0 && rename(partial, path) < 0)
		rc = err_set(err, ERR_FATAL, "%s", strerror(errno));
	if (rc < 0 && fd >= 0)
		(void)unlink(partial);
	free(partial);
	return rc < 0 ? err_in(err, "plan %s", path) : 0;
}

/* It stands for somebody's approval: nobody else can have written it. */
static int check_owner(FILE *f, struct err *err)
{
	struct stat st;

	if (fstat(fileno(f), &st) < 0)
		return err_set(err, ERR_FATAL, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_FATAL, "not a regular file");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_FATAL, "the file belongs to another user");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_FATAL, "group or others may write it (chmod go-w)");
	return 0;
}

/* Leaves the file behind its first line. */
static int check_seal(FILE *f, struct err *err)
{
	char head[HEAD_SIZE + 1] = "", hex[HEX + 1];

	if (fread(head, 1, HEAD_SIZE, f) != HEAD_SIZE ||
		memcmp(head, HEAD, sizeof(HEAD) - 1) != 0 ||
		memcmp(head + HEAD_SIZE - (sizeof(TAIL) - 1), TAIL, sizeof(TAIL) - 1) != 0)
		return err_set(err, ERR_FATAL, "not a plan of this program's");
	if (seal(f, hex, err) < 0)
		return -1;
	if (memcmp(head + sizeof(HEAD) - 1, hex, HEX) != 0)
		return err_set(err, ERR_FATAL, "it was damaged or edited: save it again");
	return fseek(f, HEAD_SIZE, SEEK_SET) < 0 ? err_set(err, ERR_FATAL, "%s", strerror(errno))
						 : 0;
}

static int take_facts(struct arena *mem, FILE *f, struct saved *saved, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	const char *flow, *when, *digest, *object = NULL;
	int full, skip, rc = -1;
	json_t *j = NULL;
	ssize_t n = getline(&line, &room, f);

	if (n > 2)
		j = json_loads(arena_printf(mem, "{%.*s}", (int)n - 2, line), 0, NULL);
	if (j != NULL && json_unpack(j, "{s:s, s:s, s:s, s:{s:b, s?s, s:i}}", "flow", &flow, "when",
				 &when, "digest", &digest, "options", "full", &full, "object",
				 &object, "skip", &skip) == 0) {
		saved->flow = arena_strdup(mem, flow);
		saved->when = arena_strdup(mem, when);
		saved->digest = arena_strdup(mem, digest);
		saved->options = (struct flow_options){.full = full != 0,
			.object = object != NULL ? arena_strdup(mem, object) : NULL,
			.skip = (unsigned)skip};
		rc = 0;
	}
	json_decref(j);
	free(line);
	return rc < 0 ? err_set(err, ERR_FATAL, "not a plan of this program's") : 0;
}

static FILE *open_saved(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (f == NULL) {
		err_set(err, ERR_FATAL, "%s", strerror(errno));
	} else if (check_owner(f, err) < 0 || check_seal(f, err) < 0) {
		(void)fclose(f);
		f = NULL;
	}
	return f;
}

int saved_read(struct arena *mem, const char *path, struct saved *saved, struct err *err)
{
	FILE *f = open_saved(path, err);
	int rc = -1;

	*saved = (struct saved){.path = path};
	if (f != NULL) {
		rc = take_facts(mem, f, saved, err);
		(void)fclose(f);
	}
	return rc < 0 ? err_in(err, "plan %s", path) : 0;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A hash of each step of a report, sorted. */
static void hash_steps(FILE *f, struct buf *hashes)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, f)) > 0) {
		if (strncmp(line, "{\"op\":", 6) != 0)
			continue;
		/* Behind it is a comma, or the end of the report. */
		size_t len = (size_t)n - (line[n - 2] == ',' ? 2 : sizeof("]}]}\n") - 1);
		uint64_t h = hash_bytes(line, len, 0);
		buf_add(hashes, &h, sizeof(h));
	}
	free(line);
	if (hashes->len > 0)
		qsort(hashes->data, hashes->len / sizeof(uint64_t), sizeof(uint64_t), by_number);
}

/* The plan's report in a file without a name. */
static FILE *report_file(struct plan *plan, struct err *err)
{
	char *name;
	FILE *f = NULL;

	if (asprintf(&name, "%s/galway-XXXXXX", spool_folder()) < 0) {
		err_set(err, ERR_BUSY, "out of memory");
		return NULL;
	}
	int fd = mkstemp(name);
	if (fd >= 0) {
		(void)unlink(name);
		f = fdopen(fd, "w+");
	}
	if (f == NULL)
		err_set(err, ERR_BUSY, "%s: %s", name, strerror(errno));
	free(name);
	if (f != NULL && put_steps(f, plan, err) < 0) {
		(void)fclose(f);
		f = NULL;
	}
	if (f != NULL)
		rewind(f);
	return f;
}

/* Numbers that only one of two sorted lists has. */
static long long count_apart(const struct buf *a, const struct buf *b)
{
	const uint64_t *x = (const uint64_t *)(const void *)a->data,
		       *y = (const uint64_t *)(const void *)b->data;
	size_t n = a->len / sizeof(*x), m = b->len / sizeof(*y), i = 0, k = 0;
	long long apart = 0;

	while (i < n && k < m) {
		bool same = x[i] == y[k], first = x[i] < y[k];
		apart += !same;
		i += same || first;
		k += same || !first;
	}
	return apart + (long long)(n - i + m - k);
}

long long saved_differ(const struct saved *saved, struct plan *plan, struct err *err)
{
	struct buf then = {0}, now = {0};
	long long apart = -1;
	FILE *f = open_saved(saved->path, err), *g = f != NULL ? report_file(plan, err) : NULL;

	if (g != NULL) {
		hash_steps(f, &then);
		hash_steps(g, &now);
		apart = count_apart(&then, &now);
		(void)fclose(g);
	}
	if (f != NULL)
		(void)fclose(f);
	buf_free(&then);
	buf_free(&now);
	return apart < 0 ? err_in(err, "plan %s", saved->path) : apart;
}
