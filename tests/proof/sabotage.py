#!/usr/bin/python3
"""Each guard of galway taken out once, and those that cover each other together: do the tests notice?

    sabotage.py [N] [--of TEXT] [-j JOBS] [--work FOLDER] [NAME...]
    sabotage.py --table | --check

N: so many of the list, spread over it, and others with each TEXT: that is the commit, or the day where there is none.
NAME: that one, or those whose names have it in them. The sources are copied
and built once (by each of JOBS), outside of the checkout; then each sabotage changes one text of the copy, and what is
named beside it in the list (sabotages.py) must fail, and say why: that it stays silent without the sabotage is seen
first. What does not compile, crashes or fails otherwise is not found. --check: every text is in the sources once, and
docs/reliability.md has the table that --table prints.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

from sabotages import GROUPS, SABOTAGES, Pair, by_name

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
# Not copied; the scripts of the tests are run from the checkout, against the programs of the copy.
LEFT_OUT = {".git", "build", "__pycache__"}
LATE = 300  # seconds, for one finder
SILENT = (0, 77)  # 77: and something lacks here, so that not all was tried
CRASHED = re.compile(r"ended with -\d|Segmentation fault|failed with exception|core dumped")
FLOWS = "/usr/bin/python3 {0}/flows/run.py --galway {galway} --killer {killer} --kill "
SCIM = "/usr/bin/python3 {0}/web/scim.py {galway} --only "
EXO = "/usr/bin/python3 {0}/web/exo.py {galway} --only "
UNDO = "/usr/bin/python3 {0}/undo/undo.py --galway {galway} --killer {killer} --kill "
KINDS = {  # what is run, and how it says that it found
    "sim": ("{tests}/simulation --histories 1000 --most 1 --jobs 2", r"^seed \d+: ({what}):"),
    "seed": ("{tests}/simulation --seed {what}", r"^seed {what}: [\w ]+: "),
    "flow": (FLOWS + "0 {what}", r"^FAIL {what}$"),
    "undo": (UNDO + "0 {what}", r"^FAIL {what}$"),
    "undo-killed": (UNDO + "1 {what}", r"^FAIL {what}$"),
    "undo-few": ("/usr/bin/python3 {0}/live/undo.py {tests}/galway_few --slapd-only", r"^FAILED: {what}:"),
    "incident": ("/usr/bin/python3 {0}/proof/incidents.py {galway} {what}", r"^FAIL {what} "),
    "replicas": ("/usr/bin/python3 {0}/rogue/replicas.py {galway} {what}", r"^FAILED {what}:"),
    "rogue": ("/usr/bin/python3 {0}/rogue/run.py {galway} {what}", r"^FAILED {what} \("),
    "tls": ("/usr/bin/python3 {0}/live/tls.py {galway}", r"^WRONG: {what}"),
    "web": ("/usr/bin/python3 {0}/web/client.py {tests}/web_driver", r"^WRONG: {what}"),
    "graph": ("/usr/bin/python3 {0}/web/graph.py {galway}", r"^WRONG: {what}"),
    "scim": (SCIM + "{what}", r"^WRONG: .*{what}"),
    "scim-writes": (SCIM + "writes", r"^WRONG: {what}"),
    "exo-adopt": (EXO + "adopt", r"^WRONG: \w+: {what}"),
    "exo-lost": (EXO + "lost", r"^WRONG: \w+: {what}"),
    "exo-another": (EXO + "another", r"^WRONG: \w+: {what}"),
    "exo-reads": (EXO + "reads", r"^WRONG: \w+: {what}"),
    "preflight": ("/usr/bin/python3 {0}/preflight/run.py {galway}", r"^WRONG: {what}: "),
    "authority": ("/usr/bin/python3 {0}/authority/run.py {galway}", r"^{what}: "),
    "saved": ("/usr/bin/python3 {0}/saved/run.py {galway}", r"^{what}: "),
    "hostile": ("/usr/bin/python3 {0}/page/plain.py {galway}", r"^WRONG: {what}: "),
    "mail": ("/usr/bin/python3 {0}/mail/run.py {galway}", r"^WRONG: {what}"),
    "completion": ("/usr/bin/python3 {0}/completion/run.py {galway}", r"^WRONG: {what}"),
    "due": ("/usr/bin/python3 {0}/due/run.py {galway}", r"^WRONG: {what}"),
    "writes": ("/usr/bin/python3 {0}/live/ldap_write.py {tests}/live_writer", r"^FAILED: {what}"),
    "robust": ("bash {0}/robust/run.sh {galway}", r"^FAILED: .*{what}"),
}
PROGRAM = ("{tests}/{kind}", r"\[  FAILED  \] {what}$")


class Fault(Exception):
    """Nothing was shown by this: not how it is found, nor that it is not."""


# ---- what finds


class Finder:
    """"KIND WHAT", a line of KINDS; any other kind is a test program, and WHAT one of its tests."""

    def __init__(self, text):
        self.text = text
        kind, _, what = text.partition(" ")
        self.words, says = KINDS.get(kind, PROGRAM)
        self.says = re.compile(says.replace("{what}", what), re.M)
        self.words = self.words.replace("{what}", what).replace("{kind}", kind)
        programs = set(re.findall(r"{tests}/(\w+)", self.words))
        self.targets = programs | ({"galway", "killer"} if "{galway}" in self.words else set())

    def command(self, build):
        tests = build / "tests"
        return self.words.format(ROOT / "tests", tests=tests, galway=build / "galway",
                                 killer=tests / "libkiller.so").split()

    def run(self, build, log):
        """(exit code, output); 124 when it takes too long."""
        command = self.command(build)
        env = {**os.environ, "EVERY": "97", "LC_ALL": "C.UTF-8"}  # EVERY: tests/saved
        # A file, as what fails may leave a process behind that keeps a pipe open; which is ended with its group.
        with tempfile.TemporaryFile() as output:
            done = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = done.wait(LATE)
            except subprocess.TimeoutExpired:
                code = 124
            with contextlib.suppress(ProcessLookupError):
                os.killpg(done.pid, signal.SIGKILL)
            done.wait()
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        log.write(f"$ {' '.join(command)}\n{text}\n{self.text}: exit code {code}\n")
        log.flush()
        return code, text

    def said(self, code, text):
        """The line that says so of a finder that failed; for another reason is no find."""
        found = self.says.search(text)
        if not 0 < code < 124 or found is None or CRASHED.search(text):
            raise Fault(f"{self.text} failed with {code}, but not as it should, by /{self.says.pattern}/")
        return text[found.start():].split("\n", 1)[0]


# ---- the copy


class Copy:
    def __init__(self, folder):
        self.folder, self.build = folder, folder / "build"
        self.source = folder / "source"
        self.source.mkdir(parents=True, exist_ok=True)
        self.log = (folder / "log").open("w", encoding="utf-8")
        self.green = set()  # finders that were silent without a sabotage

    def make(self):
        for top, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in LEFT_OUT]
            for name in files:
                self.bring(pathlib.Path(top) / name)
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        # Optimized, as histories take their time; a sabotage leaves things unused, of which nobody wants to hear.
        self.shell("cmake", "-S", self.source, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                   "-DCMAKE_C_FLAGS=-w", "-DCMAKE_C_FLAGS_DEBUG=-O1", *launcher)

    def bring(self, path):
        """What is there already keeps its time, so that it is not compiled again."""
        to = self.source / path.relative_to(ROOT)
        if not to.exists() or to.read_bytes() != path.read_bytes():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            shutil.copymode(path, to)

    def shell(self, *command):
        command = [str(w) for w in command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, text=True, errors="replace",
                              env={**os.environ, "CCACHE_BASEDIR": str(self.folder), "CCACHE_NOHASHDIR": "1"})
        self.log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        self.log.flush()
        if done.returncode != 0:
            raise Fault(f"{command[0]} failed:\n{done.stdout[-2000:]}")

    def ninja(self, targets):
        self.shell("ninja", "-C", self.build, *sorted(targets))

    def put(self, path, text):
        (self.source / path).write_text(text, encoding="utf-8")

    def look_first(self, finder):
        """Without a sabotage it is silent."""
        if finder.words in self.green:
            return
        self.ninja(finder.targets)
        code, text = finder.run(self.build, self.log)
        if code not in SILENT:
            raise Fault(f"without any sabotage {finder.text} ends with {code}:\n{text[-2000:]}")
        self.green.add(finder.words)

    def sabotage(self, edits, finder):
        """What the finder says of it; None: nothing."""
        self.look_first(finder)
        before = {e.path: (self.source / e.path).read_text(encoding="utf-8") for e in edits}
        after = dict(before)
        for e in edits:
            if after[e.path].count(e.old) != 1:
                raise Fault(f"{e.path} has this {after[e.path].count(e.old)} times:\n{e.old}")
            after[e.path] = after[e.path].replace(e.old, e.new)
        for path, text in after.items():
            self.put(path, text)
        try:
            self.ninja(finder.targets)
            code, text = finder.run(self.build, self.log)
        finally:
            for path, text_before in before.items():
                self.put(path, text_before)
        return finder.said(code, text) if code not in SILENT else None


# ---- one after the other


def prove(copy, s):
    """What is told of a sabotage that is found. A half of a pair must be silent alone, or it is no half."""
    finder = Finder(s.finder)
    said = copy.sabotage(s.edits, finder)
    if said is None:
        raise Fault(f"{finder.text} is silent")
    for half in (by_name(n) for n in getattr(s, "halves", ())):
        if half.covered == s.name and copy.sabotage(half.edits, finder) is not None:
            raise Fault(f"{half.name} is found alone")
    return f"{finder.text}: {said}"


def is_name(text):
    return any(s.name == text for s in SABOTAGES)


def choose(options):
    """What can be found: a half that is covered is shown with its pair."""
    all_of_them = [s for s in SABOTAGES if not s.covered]
    if options.names:
        named = {n: [s for s in all_of_them if n == s.name or n in s.name and not is_name(n)] for n in options.names}
        unknown = [n for n, found in named.items() if not found]
        if unknown:
            raise Fault(f"no sabotage that can be found has this name: {', '.join(unknown)}")
        return [s for s in all_of_them if any(s in found for found in named.values())]
    if options.n is None or options.n >= len(all_of_them):
        return all_of_them
    of = options.of or commit() or time.strftime("%Y-%m-%d")
    first = zlib.crc32(of.encode())
    chosen = [all_of_them[(first + i * len(all_of_them) // options.n) % len(all_of_them)] for i in range(options.n)]
    print(f"of {of}: {' '.join(s.name for s in chosen)}", flush=True)
    return chosen


def commit():
    with contextlib.suppress(OSError):  # no git
        return subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return ""


def table():
    lines = []
    for group in GROUPS:
        lines += [f"| **{group}** | | | |"]
        for s in SABOTAGES:
            if s.group != group:
                continue
            where = ", ".join(dict.fromkeys(f"`{e.path}`" for e in s.edits))
            by = f"*only with* `{s.covered}`" if s.covered else f"`{s.finder}`"
            what = " and ".join(f"`{h}`" for h in s.halves) + ": " + s.what if isinstance(s, Pair) else s.what
            lines.append(f"| `{s.name}` | {what} | {where} | {by} |")
    return "| sabotage | taken out | in | found by |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"


def check():
    """Is the list about the sources as they are?"""
    faults = []
    for s in SABOTAGES:
        for e in s.edits:
            n = (ROOT / e.path).read_text(encoding="utf-8").count(e.old)
            if n != 1 and not isinstance(s, Pair):
                faults.append(f"{s.name}: {e.path} has its text {n} times:\n{e.old}")
            if e.old == e.new:
                faults.append(f"{s.name}: nothing is taken out of {e.path}")
        if s.covered and s.name not in by_name(s.covered).halves:
            faults.append(f"{s.name}: is no half of {s.covered}")
        if bool(s.finder) == bool(s.covered):
            faults.append(f"{s.name}: has a finder, or is covered, and not both")
    for name in {s.name for s in SABOTAGES if sum(s.name == t.name for t in SABOTAGES) > 1}:
        faults.append(f"{name}: is there twice")
    if table() not in PAGE.read_text(encoding="utf-8"):
        faults.append(f"{PAGE.name} has another table: see --table")
    print("\n".join(faults) if faults else f"sabotage: {len(SABOTAGES)} in the list, and all are as the sources are")
    return 1 if faults else 0


def work(copy, queue):
    """Until nothing is left; how many were found."""
    good = 0
    copy.make()
    with contextlib.suppress(IndexError):
        while True:
            s, start = queue.popleft(), time.monotonic()
            try:
                result, text = "found", prove(copy, s)
                good += 1
            except Fault as fault:
                result, text = "MISSED", fault
            print(f"{result} {s.name} ({time.monotonic() - start:.0f} s): {text}", flush=True)
    return good


def run(options, folder):
    began, chosen = time.monotonic(), choose(options)
    queue = collections.deque(chosen)
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        workers = [pool.submit(work, Copy(folder / str(i)), queue) for i in range(min(options.j, len(chosen)))]
        good = sum(w.result() for w in workers)
    pairs = sum(isinstance(s, Pair) for s in chosen)
    print(f"sabotage: {good} of {len(chosen)} found, {pairs} of them pairs; {len(SABOTAGES)} in the list; "
          f"{time.monotonic() - began:.0f} seconds")
    return 0 if chosen and good == len(chosen) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("-j", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--of", help="of what N are chosen: those of a commit, or a day, once more")
    parser.add_argument("--work", help="a folder that stays, with the log")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_intermixed_args()
    options.n = int(options.names.pop(0)) if options.names and options.names[0].isdigit() else None
    if options.table:
        print(table(), end="")
        return 0
    if options.check:
        return check()
    try:
        return run_in(options)
    except Fault as fault:
        print(f"sabotage: {fault}")
        return 1


def run_in(options):
    if options.work:
        folder = pathlib.Path(options.work).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return run(options, folder)
    with tempfile.TemporaryDirectory(prefix="galway-sabotage-") as folder:
        return run(options, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
