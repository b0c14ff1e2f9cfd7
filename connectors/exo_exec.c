/*
 * A program that runs the commands: lines of JSON on its standard input and output.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "connectors/exo_way.h"
#include "connectors/json.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_watch.h"

#define READ_SIZE 65536
#define END_SECONDS 10 /* for the program to say good-bye to Exchange */

struct exec {
	struct exo_way way;
	const struct config *config;
	struct arena *mem;
	char **argv;
	pid_t pid;    /* 0: it does not run */
	int to, from; /* its standard input and output */
	struct exo_lines lines;
	bool pending;       /* the last command has not ended */
	long long deadline; /* milliseconds; 0: nothing was done yet */
};

/* Its end, until then; false: it still runs. */
static bool wait_end(struct exec *x, long long until)
{
	pid_t r;

	while ((r = waitpid(x->pid, NULL, WNOHANG)) == 0 && watch_now() < until)
		pause_until(watch_now() + 5);
	return r != 0;
}

/* All of it: what it started, too. */
static void stop(struct exec *x, bool kindly)
{
	if (x->pid == 0)
		return;
	close(x->to);
	if (!kindly || !wait_end(x, watch_now() + END_SECONDS * 1000LL)) {
		(void)kill(-x->pid, SIGKILL);
		(void)waitpid(x->pid, NULL, 0);
	}
	close(x->from);
	x->pid = 0;
	x->pending = false;
	buf_clear(&x->lines.in);
	x->lines.at = x->lines.seen = 0;
}

/* What is said of a program that is of no use any more, after which nobody knows what it did. */
static int lost(struct exec *x, struct err *err, const char *why)
{
	const enum err_kind kind = err->kind;

	stop(x, false);
	(void)exo_fail(&x->way, EXO_LOST, err, "%s: %s", x->argv[0], why);
	if (kind == ERR_FATAL)
		err->kind = ERR_FATAL;
	return -1;
}

static int spawn(struct exec *x, int in, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t usual;

	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_adddup2(&files, in, 0);
	(void)posix_spawn_file_actions_adddup2(&files, out, 1);
	(void)posix_spawnattr_init(&how);
	(void)sigemptyset(&usual);
	(void)posix_spawnattr_setsigmask(&how, &usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(&how, &usual);
	/* A process group of its own: all of it is ended when it is of no use any more. */
	(void)posix_spawnattr_setflags(
		&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	const int r = posix_spawnp(&x->pid, x->argv[0], &files, &how, x->argv, environ);
	(void)posix_spawnattr_destroy(&how);
	(void)posix_spawn_file_actions_destroy(&files);
	return r;
}

static int start(struct exec *x, struct err *err)
{
	int in[2], out[2], r;

	if (x->pid != 0)
		return 0;
	if (pipe2(in, O_CLOEXEC) < 0)
		return exo_fail(&x->way, EXO_BUSY, err, "%s: %s", x->argv[0], strerror(errno));
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return exo_fail(&x->way, EXO_BUSY, err, "%s: %s", x->argv[0], strerror(errno));
	}
	/* A program that ends while it is written to is told by write, not by a signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	r = spawn(x, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	x->to = in[1];
	x->from = out[0];
	if (r != 0) {
		x->pid = 0;
		close(x->to);
		close(x->from);
		return exo_fail(&x->way, EXO_BROKEN, err, "%s: cannot be started: %s", x->argv[0],
			strerror(r));
	}
	(void)fcntl(x->to, F_SETFL, O_NONBLOCK);
	return 0;
}

/* Until it can be read from, or written to: 0, or -1 when that takes too long. */
static int await(struct exec *x, int fd, short events, struct err *err)
{
	const long long wait = 1000 * config_number(x->config, "timeout");
	const long long left = x->deadline - watch_now();
	struct pollfd p = {fd, events, 0};
	int r;

	err->kind = ERR_BUSY;
	if (left <= 0)
		return lost(x, err, "deadline is over: is there so much to do?");
	const long long until = watch_now() + (wait < left ? wait : left);
	do {
		const long long rest = until - watch_now();
		r = poll(&p, 1, rest < 0 ? 0 : rest < INT32_MAX ? (int)rest : INT32_MAX);
	} while (r < 0 && errno == EINTR);
	return r > 0 ? 0 : lost(x, err, "no answer within timeout");
}

static int tell(struct exec *x, const struct buf *line, struct err *err)
{
	for (size_t done = 0; done < line->len;) {
		const ssize_t n = write(x->to, line->data + done, line->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN) {
			if (await(x, x->to, POLLOUT, err) < 0)
				return -1;
		} else if (n < 0 && errno != EINTR) {
			err->kind = ERR_BUSY;
			return lost(x, err, "ended");
		}
	}
	return 0;
}

static struct json *request(const struct exo_command *c, long long id)
{
	struct json *j = json_new_object(), *list;

	json_put(j, "id", json_new_number(id));
	json_put(j, "cmdlet", json_new_text((struct value){c->cmdlet, strlen(c->cmdlet)}));
	json_put(j, "parameters", json_clone(c->parameters));
	if (c->select == NULL)
		return j;
	list = json_new_list();
	for (unsigned i = 0; c->select[i] != NULL; i++)
		json_push(list, json_new_text(value_of(c->select[i])));
	json_put(j, "select", list);
	return j;
}

static int exec_ask(struct exo_way *way, const struct exo_command *c, struct err *err)
{
	struct exec *x = (struct exec *)way;
	struct buf line = {0};
	struct json *j;
	int r;

	if (x->deadline == 0)
		x->deadline = watch_now() + 1000 * config_number(x->config, "deadline");
	if (x->pending)
		stop(x, false);
	if (start(x, err) < 0)
		return -1;
	j = request(c, ++x->lines.id);
	json_print(&line, j);
	buf_putc(&line, '\n');
	json_free(j);
	x->pending = true;
	x->lines.rows = 0;
	r = tell(x, &line, err);
	buf_free(&line);
	return r;
}

/* The next line: 0. */
static int read_line(struct exec *x, const char **text, size_t *len, struct err *err)
{
	const size_t most = (size_t)config_number(x->config, "max-answer");
	struct buf *in = &x->lines.in;

	while (!exo_lines_next(&x->lines, text, len)) {
		err->kind = ERR_FATAL;
		if (in->len > most)
			return lost(x, err, "a line over max-answer");
		if (await(x, x->from, POLLIN, err) < 0)
			return -1;
		const ssize_t n = read(x->from, buf_room(in, READ_SIZE), READ_SIZE);
		err->kind = ERR_BUSY;
		if (n == 0 || (n < 0 && errno != EINTR))
			return lost(x, err, "ended before it had answered");
		in->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int exec_more(struct exo_way *way, struct json **page, struct err *err)
{
	struct exec *x = (struct exec *)way;
	struct exo_line line;
	const char *text;
	size_t len;
	int r = 0;

	*page = NULL;
	if (!x->pending)
		return 0;
	if (read_line(x, &text, &len, err) < 0)
		return -1;
	if (exo_lines_read(&x->lines, text, len, &line, err) < 0) {
		const struct err why = *err;
		return lost(x, err, why.text);
	}
	if (line.kind == EXO_ROWS) {
		*page = line.json;
		return 1;
	}
	x->pending = false;
	if (line.kind == EXO_ERROR)
		r = exo_fail(&x->way, exo_fault_of(line.code, line.message), err, "%s%s%s",
			line.code, *line.code != '\0' ? ": " : "", line.message);
	json_free(line.json);
	return r;
}

static int exec_open(const struct config *cfg, struct exo_way **out, struct err *err)
{
	unsigned n;
	const char *const *command = config_list(cfg, "command", &n);

	if (n == 0)
		return err_set(err, ERR_FATAL,
			"%s: way = exec needs command, the program and its arguments",
			config_where(cfg, NULL));
	struct arena *mem = arena_new();
	struct exec *x = arena_zalloc(mem, sizeof(*x));
	x->way.type = &exo_exec;
	x->config = cfg;
	x->mem = mem;
	x->argv = arena_zalloc(mem, (n + 1) * sizeof(*x->argv));
	for (unsigned i = 0; i < n; i++)
		x->argv[i] = arena_strdup(mem, command[i]);
	*out = &x->way;
	return 0;
}

static void exec_close(struct exo_way *way)
{
	struct exec *x = (struct exec *)way;

	if (x == NULL)
		return;
	stop(x, !x->pending);
	buf_free(&x->lines.in);
	arena_free(x->mem);
}

const struct exo_way_type exo_exec = {
	.name = "exec",
	.rows = "result",
	.open = exec_open,
	.ask = exec_ask,
	.more = exec_more,
	.close = exec_close,
};
