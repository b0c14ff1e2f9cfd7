#include "connectors_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"

/*
 * Every call that changes a file can be the last one: the program dies before it, after it or, for
 * a write, when half is done, or the disk is full. Or somebody puts another FILE there behind it.
 * These take the place of the C library's.
 */
static enum trip { NEVER, DIE_BEFORE, DIE_AFTER, DIE_HALF, DISK_FULL, REPLACED } trip;
static unsigned countdown;

static bool trips(void)
{
	return trip != NEVER && countdown > 0 && --countdown == 0;
}

/* A new export, as large as what the tests begin with. */
static const char other_text[] = "cn=a uid=1 mail=q; cn=b uid=2 manager=cn=c; cn=e uid=8";

/* Copied over FILE with `cp -p`: neither its size nor its time tells. */
static void replace_file(void)
{
	struct arena *mem = arena_new();
	struct buf text = {0};
	struct stat was, is;

	assert_int_equal(stat(path_of("dir.ldif"), &was), 0);
	entries_to_ldif(mem, other_text, &text);
	put_file("dir.ldif", text.data, text.len);
	const struct timespec times[] = {was.st_atim, was.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path_of("dir.ldif"), times, 0), 0);
	assert_int_equal(stat(path_of("dir.ldif"), &is), 0);
	assert_int_equal(is.st_mtim.tv_nsec, was.st_mtim.tv_nsec);
	buf_free(&text);
	arena_free(mem);
}

static void assert_file(const char *name, const struct buf *was)
{
	struct buf is = get_file(name);

	assert_int_equal(is.len, was->len);
	assert_memory_equal(is.data, was->data, was->len);
	buf_free(&is);
}

static long tripped(long number, long a, long b, long c, long d)
{
	const bool writes = number == SYS_write || number == SYS_pwrite64;

	if (!trips())
		return syscall(number, a, b, c, d);
	if (trip == REPLACED) {
		long r = syscall(number, a, b, c, d);
		replace_file();
		return r;
	}
	if (trip == DIE_BEFORE)
		_exit(9);
	if ((trip == DIE_HALF || trip == DISK_FULL) && writes)
		syscall(number, a, b, c / 2, d);
	if (trip == DISK_FULL) {
		errno = ENOSPC;
		return -1;
	}
	if (trip == DIE_AFTER || (trip == DIE_HALF && !writes))
		syscall(number, a, b, c, d);
	_exit(9);
}

ssize_t write(int fd, const void *data, size_t n)
{
	return tripped(SYS_write, fd, (long)data, (long)n, 0);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return tripped(SYS_pwrite64, fd, (long)data, (long)n, at);
}

int rename(const char *from, const char *to)
{
	return (int)tripped(SYS_rename, (long)from, (long)to, 0, 0);
}

int unlink(const char *path)
{
	return (int)tripped(SYS_unlink, (long)path, 0, 0, 0);
}

int fsync(int fd)
{
	return (int)tripped(SYS_fsync, fd, 0, 0, 0);
}

int ftruncate(int fd, off_t size)
{
	return (int)tripped(SYS_ftruncate, fd, size, 0, 0);
}

static const char before_text[] = "cn=a uid=1 mail=x; cn=b uid=2 manager=cn=a; cn=c uid=3";
static const char *const batches[] = {
	"mod cn=a id=1 -mail=x +mail=y; ren cn=a cn=t id=1",
	"ren cn=b cn=a id=2; ren cn=t cn=b id=1; add cn=d uid=4 manager=cn=b sn=z",
	"del cn=c id=3; mod cn=a id=2 +sn=\xc3\xa4",
};
static const char *const states[] = {
	"cn=a uid=1 mail=x; cn=b uid=2 manager=cn=a; cn=c uid=3",
	"cn=t uid=1 mail=y; cn=b uid=2 manager=cn=t; cn=c uid=3",
	"cn=b uid=1 mail=y; cn=a uid=2 manager=cn=b; cn=c uid=3; cn=d uid=4 manager=cn=b sn=z",
	"cn=b uid=1 mail=y; cn=a uid=2 manager=cn=b sn=\xc3\xa4; cn=d uid=4 manager=cn=b sn=z",
};

#define N_BATCHES 3u

/* FILE.changes with all batches, and where each of them ends; FILE is as it was before. */
static struct buf written_changes(size_t ends[N_BATCHES])
{
	struct arena *mem = arena_new();
	struct buf text = {0};

	put_entries(mem, before_text);
	struct buf file = get_file("dir.ldif");
	struct connector *c = opened(mem, LDIF);
	for (size_t i = 0; i < N_BATCHES; i++) {
		write_text(mem, c, batches[i]);
		buf_free(&text);
		text = get_file("dir.ldif.changes");
		ends[i] = text.len;
	}
	closed(c);
	put_file("dir.ldif", file.data, file.len);
	buf_free(&file);
	arena_free(mem);
	return text;
}

static size_t whole_batches(const size_t ends[N_BATCHES], size_t len)
{
	size_t n = 0;

	while (n < N_BATCHES && ends[n] <= len)
		n++;
	return n;
}

/* Cut anywhere, FILE.changes is one of the batches' states, reading does not touch it, and what is
 * written next is done on that state. */
static void test_cut(void **state)
{
	size_t ends[N_BATCHES];
	struct buf all = written_changes(ends), file = get_file("dir.ldif");

	(void)state;
	assert_int_equal(ends[N_BATCHES - 1], all.len);
	for (size_t len = 0; len <= all.len; len++) {
		struct arena *mem = arena_new();
		const char *is = states[whole_batches(ends, len)];
		put_file("dir.ldif.changes", all.data, len);
		same_text("cut", read_file(mem), is);
		struct buf still = get_file("dir.ldif.changes");
		assert_int_equal(still.len, len);
		buf_free(&still);
		struct connector *c = opened(mem, LDIF);
		same_text("write", write_text(mem, c, "add cn=new uid=9 sn=s"), "done");
		closed(c);
		same_text("after", read_file(mem), arena_printf(mem, "%s; cn=new uid=9 sn=s", is));
		assert_false(has_file("dir.ldif.changes"));
		put_file("dir.ldif", file.data, file.len);
		arena_free(mem);
	}
	buf_free(&all);
	buf_free(&file);
}

/* A byte that is wrong: in the last batch a crash may have done it, before that it is damage. */
static void test_damage(void **state)
{
	size_t ends[N_BATCHES];
	struct buf all = written_changes(ends);

	(void)state;
	for (size_t at = 0; at < all.len; at += 3) {
		struct arena *mem = arena_new();
		all.data[at] ^= 1;
		put_file("dir.ldif.changes", all.data, all.len);
		all.data[at] ^= 1;
		const char *is = read_file(mem);
		bool damaged = strstr(is, ": damaged between byte ") != NULL;
		if (!damaged && (at < ends[1] || strcmp(is, states[2]) != 0))
			fail_msg("byte %zu: %s", at, is);
		arena_free(mem);
	}
	buf_free(&all);
}

/* All batches and the close, in a child that is to die on the way. 0: it came to the end. */
static int run_child(enum trip how, unsigned at)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct arena *mem = arena_new();
		struct connector *c = opened(mem, LDIF);
		struct err err;
		trip = how;
		countdown = at;
		for (size_t i = 0; i < N_BATCHES; i++)
			write_text(mem, c, batches[i]);
		connector_close(c, &err);
		_exit(trips() || countdown > 0 ? 0 : 9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static size_t state_of(const char *text)
{
	size_t i = 0;

	while (i <= N_BATCHES && strcmp(text, states[i]) != 0)
		i++;
	if (i > N_BATCHES)
		fail_msg("a state between: %s", text);
	return i;
}

/* Whatever call a crash comes at, what is found is a state between batches, and never one that is
 * older than what was there before; the batches that lack, and a close, give the end. */
static void test_crash(void **state)
{
	static const enum trip ways[] = {DIE_BEFORE, DIE_AFTER, DIE_HALF};
	unsigned points = 0;

	(void)state;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		size_t reached = 0;
		for (unsigned at = 1;; at++) {
			struct arena *mem = arena_new();
			put_entries(mem, before_text);
			if (run_child(ways[w], at) == 0) {
				arena_free(mem);
				break;
			}
			points++;
			size_t i = state_of(read_file(mem));
			assert_true(i >= reached);
			reached = i;
			struct connector *c = opened(mem, LDIF);
			for (; i < N_BATCHES; i++)
				assert_null(strstr(write_text(mem, c, batches[i]), "does not"));
			/* Nothing to write is a reason to tidy up, too. */
			same_text("take up", write_text(mem, c, ""), "");
			closed(c);
			assert_int_equal(state_of(read_file(mem)), N_BATCHES);
			assert_false(has_file("dir.ldif.changes"));
			arena_free(mem);
		}
		assert_int_equal(reached, N_BATCHES);
	}
	assert_true(points >= 40);
}

/* The disk is full at a call of the write that follows `first` batches: said as busy, FILE.changes
 * as it was before, and done when it is asked for again. Was there such a call? */
static bool full_at(unsigned at, size_t first)
{
	struct arena *mem = arena_new();
	struct change changes[16];
	struct outcome out[16];
	struct err err = {0};

	put_entries(mem, before_text);
	struct connector *c = opened(mem, LDIF);
	for (size_t i = 0; i < first; i++)
		write_text(mem, c, batches[i]);
	struct buf was = get_file("dir.ldif.changes"), is;
	size_t n = parse_changes(mem, batches[first], changes, 16);
	trip = DISK_FULL;
	countdown = at;
	int r = connector_write(c, changes, out, n, mem, &err);
	bool tripped_it = countdown == 0;
	trip = NEVER;
	if (tripped_it) {
		assert_int_equal(r, -1);
		assert_int_equal(err.kind, ERR_BUSY);
		assert_non_null(strstr(err.text, "No space left on device"));
		is = get_file("dir.ldif.changes");
		assert_int_equal(is.len, was.len);
		assert_true((is.data == NULL) == (was.data == NULL));
		assert_true(is.len == 0 || memcmp(is.data, was.data, was.len) == 0);
		buf_free(&is);
		same_text("full", read_all(mem, c), states[first]);
		write_text(mem, c, batches[first]);
	}
	closed(c);
	same_text("later", read_file(mem), states[first + 1]);
	buf_free(&was);
	arena_free(mem);
	return tripped_it;
}

static void test_full(void **state)
{
	(void)state;
	for (size_t first = 0; first < N_BATCHES; first++) {
		unsigned at = 1;
		while (full_at(at, first))
			at++;
		assert_true(at >= 3);
	}
}

static void test_full_at_close(void **state)
{
	(void)state;
	for (unsigned at = 1;; at++) {
		struct arena *mem = arena_new();
		struct err err = {0};
		put_entries(mem, before_text);
		struct connector *c = opened(mem, LDIF);
		for (size_t i = 0; i < N_BATCHES; i++)
			write_text(mem, c, batches[i]);
		trip = DISK_FULL;
		countdown = at;
		int r = connector_close(c, &err);
		bool tripped_it = countdown == 0;
		trip = NEVER;
		same_text("full", read_file(mem), states[N_BATCHES]);
		if (tripped_it) {
			assert_int_equal(r, -1);
			assert_int_equal(err.kind, ERR_BUSY);
			if (at > 1)
				assert_false(has_file("dir.ldif.tmp"));
		}
		arena_free(mem);
		if (!tripped_it) {
			assert_true(at > 6);
			break;
		}
	}
}

/* Nothing but a write makes anything change, not even what is left of an interrupted run. */
static void test_untouched(void **state)
{
	size_t ends[N_BATCHES];
	struct buf all = written_changes(ends);
	struct arena *mem = arena_new();
	struct stat was, is;

	(void)state;
	put_file("dir.ldif.changes", all.data, all.len - 1);
	assert_int_equal(stat(path_of("dir.ldif"), &was), 0);
	read_file(mem);
	assert_int_equal(stat(path_of("dir.ldif"), &is), 0);
	assert_int_equal(was.st_ino, is.st_ino);
	struct buf still = get_file("dir.ldif.changes");
	assert_int_equal(still.len, all.len - 1);
	/* A failed change is no write. */
	unlink(path_of("dir.ldif.changes"));
	struct connector *c = opened(mem, LDIF);
	same_text("failed", write_text(mem, c, "mod cn=none +mail=x"), "cn=none: does not exist");
	closed(c);
	assert_int_equal(stat(path_of("dir.ldif"), &is), 0);
	assert_int_equal(was.st_ino, is.st_ino);
	buf_free(&still);
	buf_free(&all);
	arena_free(mem);
}

/* As an older version has left them, which did not note for which FILE they were made. */
static const char older[] =
	"# changes that are yet to be merged into the file beside this one\n\n"
	"dn: cn=a\nchangetype: modify\ndelete: mail\nmail: x\n-\nadd: mail\nmail: y\n-\n\n"
	"dn: cn=a\nchangetype: modrdn\nnewrdn: cn=t\ndeleteoldrdn: 1\n\n"
	"# end 197 73ee99d4894e0f6a\n"
	"dn: cn=b\nchangetype: modrdn\nnewrdn: cn=a\ndeleteoldrdn: 1\n\n"
	"dn: cn=t\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n\n"
	"dn: cn=d\nchangetype: add\nuid: 4\nmanager: cn=b\nsn: z\ncn: d\n\n"
	"# end 175 f9ad9d17f7d63ef8\n"
	"dn: cn=c\nchangetype: delete\n\n"
	"dn: cn=a\nchangetype: modify\nadd: sn\nsn:: w6Q=\n-\n\n"
	"# end 78 e516421c674b9bb4\n";

/* They are taken up on whatever FILE is: what does not fit any more is left out. */
static void test_older(void **state)
{
	const char *const cases[][2] = {
		{before_text, states[N_BATCHES]},
		{"cn=b uid=2; cn=d uid=5; cn=e", "cn=a uid=2 sn=\xc3\xa4; cn=d uid=5; cn=e"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		put_entries(mem, cases[i][0]);
		put_text("dir.ldif.changes", older);
		same_text("read", read_file(mem), cases[i][1]);
		struct connector *c = opened(mem, LDIF);
		same_text("take up", write_text(mem, c, ""), "");
		closed(c);
		same_text("older", read_file(mem), cases[i][1]);
		assert_false(has_file("dir.ldif.changes"));
		arena_free(mem);
	}
}

/* Nobody does anything to the two files, and both are named. */
static void assert_refused(struct arena *mem)
{
	struct buf file = get_file("dir.ldif"), changes = get_file("dir.ldif.changes");
	const struct query all = {.kind = QUERY_ALL};
	const struct change change = {
		.op = CHANGE_DELETE, .name = value_of("cn=b"), .id = value_of("2")};
	struct connector *c = opened(mem, LDIF);
	struct outcome out;
	struct err err = {0};

	assert_int_equal(connector_read(c, &all, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	const char *said = arena_printf(mem,
		"%s: not the file that %s was made for: it was replaced meanwhile",
		path_of("dir.ldif"), path_of("dir.ldif.changes"));
	if (strncmp(err.text, said, strlen(said)) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(connector_write(c, &change, &out, 1, mem, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	closed(c);
	c = opened(mem, LDIF);
	same_text("nothing", write_text(mem, c, ""), "");
	assert_int_equal(connector_close(c, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	assert_file("dir.ldif", &file);
	assert_file("dir.ldif.changes", &changes);
	assert_false(has_file("dir.ldif.tmp"));
	buf_free(&file);
	buf_free(&changes);
}

/* What is written behind those of an older version is made for one FILE, and so are all of them
 * then. */
static void test_older_noted(void **state)
{
	struct arena *mem = arena_new();
	struct err err;

	(void)state;
	put_entries(mem, before_text);
	put_text("dir.ldif.changes", older);
	struct connector *c = opened(mem, LDIF);
	same_text("write", write_text(mem, c, "mod cn=d id=4 +mail=z"), "done");
	replace_file();
	assert_int_equal(connector_close(c, &err), -1);
	assert_int_equal(err.kind, ERR_FATAL);
	struct buf text = get_file("dir.ldif.changes");
	assert_memory_equal(text.data, older, sizeof(older) - 1);
	assert_refused(mem);
	buf_free(&text);
	arena_free(mem);
}

/* Whatever call a crash comes at: on a new export nothing is done that was meant for the FILE
 * before it, or for what the merge made of that; and when the old one is put back, it is taken up.
 */
static void test_replaced(void **state)
{
	static const enum trip ways[] = {DIE_BEFORE, DIE_AFTER, DIE_HALF};
	unsigned refused = 0;

	(void)state;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		for (unsigned at = 1;; at++) {
			struct arena *mem = arena_new();
			put_entries(mem, before_text);
			int died = run_child(ways[w], at);
			struct buf file = get_file("dir.ldif");
			size_t was = state_of(read_file(mem));
			replace_file();
			if (has_file("dir.ldif.changes") && was > 0) {
				assert_refused(mem);
				refused++;
				put_file("dir.ldif", file.data, file.len);
				assert_int_equal(state_of(read_file(mem)), was);
				replace_file();
				assert_int_equal(unlink(path_of("dir.ldif.changes")), 0);
			}
			same_text("new export", read_file(mem), other_text);
			buf_free(&file);
			arena_free(mem);
			if (died == 0)
				break;
		}
	}
	assert_true(refused >= 20);
}

/* Copied over FILE while galway writes: the copy stays, whatever call it comes behind. */
static void test_replaced_meanwhile(void **state)
{
	unsigned lost = 0;

	(void)state;
	for (unsigned at = 1;; at++) {
		struct arena *mem = arena_new();
		struct err err;
		put_entries(mem, before_text);
		struct connector *c = opened(mem, LDIF);
		trip = REPLACED;
		countdown = at;
		for (size_t i = 0; i < N_BATCHES; i++)
			write_text(mem, c, batches[i]);
		int r = connector_close(c, &err);
		bool tripped_it = countdown == 0;
		trip = NEVER;
		if (tripped_it && r < 0) {
			assert_refused(mem);
			lost++;
			unlink(path_of("dir.ldif.changes"));
		}
		same_text("copy", read_file(mem), tripped_it ? other_text : states[N_BATCHES]);
		arena_free(mem);
		if (!tripped_it)
			break;
	}
	assert_true(lost >= 8);
}

/* A reader has looked at FILE.changes, and at FILE after somebody else's merge: it is to try again.
 */
static void test_merged_meanwhile(void **state)
{
	struct arena *mem = arena_new();
	struct connector *writer, *reader;
	const struct query all = {.kind = QUERY_ALL};
	struct err err;

	(void)state;
	put_entries(mem, before_text);
	writer = opened(mem, LDIF);
	write_text(mem, writer, batches[0]);
	reader = opened(mem, LDIF);
	same_text("before", read_all(mem, reader), states[1]);
	closed(writer);
	assert_int_equal(connector_read(reader, &all, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	closed(reader);
	same_text("after", read_file(mem), states[1]);
	arena_free(mem);
}

/* A link stays a link, the mode stays, comments go. */
static void test_file_kept(void **state)
{
	struct arena *mem = arena_new();
	struct stat st;

	(void)state;
	put_entries(mem, "cn=a");
	assert_int_equal(chmod(path_of("dir.ldif"), 0640), 0);
	unlink(path_of("link.ldif"));
	assert_int_equal(symlink("dir.ldif", path_of("link.ldif")), 0);
	struct connector *c = opened(mem, "type = ldif\nfile = link.ldif");
	same_text("link", write_text(mem, c, "mod cn=a +mail=x"), "done");
	assert_int_equal(stat(path_of("dir.ldif.changes"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	closed(c);
	assert_int_equal(lstat(path_of("link.ldif"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path_of("dir.ldif"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	struct buf text = get_file("dir.ldif");
	assert_string_equal(text.data, "version: 1\n\ndn: cn=a\ncn: a\nmail: x\n\n");
	buf_free(&text);
	arena_free(mem);
}

/* What others may have written is not taken for ours. */
static void test_planted(void **state)
{
	static const struct planted {
		const char *said;
		int mode;
		bool link, twice;
	} planted[] = {
		{"others may have written it", 0620, false, false},
		{"others may have written it", 0602, false, false},
		{"Too many levels of symbolic links", 0600, true, false},
		{"not a regular file of its own", 0600, false, true},
	};
	size_t ends[N_BATCHES];
	struct buf all = written_changes(ends);

	(void)state;
	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		struct arena *mem = arena_new();
		unlink(path_of("dir.ldif.changes"));
		unlink(path_of("planted"));
		put_file("planted", all.data, all.len);
		if (planted[i].link)
			assert_int_equal(symlink("planted", path_of("dir.ldif.changes")), 0);
		else
			assert_int_equal(link(path_of("planted"), path_of("dir.ldif.changes")), 0);
		if (!planted[i].twice)
			rename(path_of("planted"), path_of("other"));
		if (!planted[i].twice && !planted[i].link)
			unlink(path_of("other"));
		assert_int_equal(chmod(path_of(planted[i].link ? "other" : "dir.ldif.changes"),
					 (mode_t)planted[i].mode),
			0);
		const char *is = read_file(mem);
		if (planted[i].link)
			assert_int_equal(is[0], '!');
		else
			assert_non_null(strstr(is, planted[i].said));
		unlink(path_of("dir.ldif.changes"));
		arena_free(mem);
	}
	buf_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_full_at_close),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_older_noted),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_replaced_meanwhile),
		cmocka_unit_test(test_merged_meanwhile),
		cmocka_unit_test(test_file_kept),
		cmocka_unit_test(test_planted),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
