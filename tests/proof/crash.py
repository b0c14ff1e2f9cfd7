#!/usr/bin/python3
"""Crash points: a run is interrupted at a call, in every way there is, and one more run must bring what the run that was
not interrupted brought.

    crash.py GALWAY [--killer PATH] [--points N] [-j N] [--list] [SCENARIO | POINT]...

A point is SCENARIO:CALL:MODE: the CALLth of the calls that write to a file or send to a server, and what becomes of it
(tests/killer.c). SCENARIO:CALL:MODE:CALL:MODE interrupts the run that recovers, too, and one more recovers. Without N all
points are tried; of more than there are, the rest are such double ones, taken evenly. What is looked at after each: see
Stage.check. Ends with one line of figures, and with 0 only if all is well.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import queue
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

import crash_sides as sides
import server  # behind crash_sides, which knows where it is
from crash_scenarios import SCENARIOS

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = """state = "state.db"
{abc}{xyz}flow abc-to-xyz {{
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
    {flow}
}}
{more}"""
KILLED = -signal.SIGKILL
KILLS = ("before", "after", "first", "torn", "last")
MODES = {"w": (*KILLS, "full", "error"), "s": (*KILLS, "full", "error", "lost"),
         "c": ("before", "after", "full", "error")}
CHUNK = 40  # points that one process gets at once
PORTS = range(22000, 22500)


class Wrong(Exception):
    """What is wrong, for a person."""


class Stage:
    """A folder that is the current one, two slapds, and what a scenario makes of them."""

    def __init__(self, options, folder, slapds):
        self.options, self.folder, self.slapds = options, folder, slapds
        self.servers = {name: sides.Server(name, s) for name, s in slapds.items()}
        self.words = None
        self.out, self.err = (tempfile.TemporaryFile(dir=folder.parent) for _ in range(2))  # without a name: not counted

    # ---- galway

    def run(self, *words, **killer):
        """Its exit code. killer: what tests/killer.c is told."""
        env = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder.parent), "LC_ALL": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if killer:
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env.update(LD_PRELOAD=self.options.killer, KILLER_SOCKETS="1", **killer)
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
        for fd, file in ((1, self.out), (2, self.err)):
            file.seek(0)
            file.truncate()
            actions.append((os.POSIX_SPAWN_DUP2, file.fileno(), fd))
        words = [self.options.galway, "-c", "galway.conf", *words]
        child = os.posix_spawn(words[0], words, env, file_actions=actions)
        signal.alarm(60)
        self.code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        signal.alarm(0)
        return self.code

    def said(self):
        """What it wrote, both outputs."""
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        return "".join(texts)

    def must(self, codes, *words):
        if self.run(*words) not in codes:
            raise Wrong(f"galway {' '.join(words)} ended with {self.code}:\n{self.said()}")
        return self.said()

    # ---- for scenarios

    def galway(self, *words):
        return self.must((0, 1, 3, 4), *words)

    def file(self, name, text):
        path = pathlib.Path(name)
        path.write_text(text)
        path.chmod(0o600)
        return name

    def lose(self, name):
        os.unlink(name)

    def last_run(self):
        self.galway("history", "--format", "json")
        self.out.seek(0)
        return str(json.loads(self.out.read())["runs"][0]["run"])

    def configure(self, flow, more, settings):
        text = CONFIG.format(flow=flow, more=more, **{n: getattr(self, n).connector(settings.get(n, ""))
                                                      for n in ("abc", "xyz")})
        self.file("galway.conf", text)

    # ---- the state of everything

    def take(self):
        files = {p.name: p.read_bytes() for p in pathlib.Path().iterdir()}
        return files, {n: getattr(self, n).take() for n in ("abc", "xyz")}

    def restore(self, state):
        """What is there then, of the directories."""
        for path in os.listdir():
            os.unlink(path)
        for name, data in state[0].items():
            pathlib.Path(name).write_bytes(data)
            os.chmod(name, 0o600)
        return {n: getattr(self, n).restore(content) for n, content in state[1].items()}

    def prepare(self, name):
        """The scenario up to its run, and that run: how it goes when nobody interrupts it."""
        if self.words is not None and self.name == name:
            return
        self.name = name
        for path in pathlib.Path().iterdir():
            path.unlink()
        for s in self.servers.values():
            s.take()
            s.restore(s.empty)
        play, kinds = SCENARIOS[name]
        for side, kind in zip(("abc", "xyz"), kinds):
            setattr(self, side, self.servers[side] if kind == "ldap" else sides.File(side))
        self.words = play(self) or ["sync"]
        # Plans and approvals are for one run; what is left is another plan.
        self.again = ["sync"] if "--plan" in self.words or "--approve" in self.words else self.words
        self.start = self.take()
        self.known = self.runs() if os.path.exists("state.db") else set()
        counted = self.folder.parent / "count"
        counted.unlink(missing_ok=True)
        self.run(*self.words, KILLER_COUNT=str(counted))
        if self.code not in (0, 4):
            raise Wrong(f"{name}: not interrupted, it ended with {self.code}:\n{self.said()}")
        self.good = (0,) if self.code == 0 else (0, 4)
        self.calls, _ = counted.read_text().split()
        self.want = self.take()
        if self.want[1] == self.start[1]:
            raise Wrong(f"{name}: it changed nothing")
        self.want_state = self.remembered(self.check_quiet(self.want[1]))

    # ---- a point

    def point(self, fates):
        """Was it reached? Raises Wrong."""
        before = self.restore(self.start)
        words, reached = self.words, True
        for call, mode in fates:
            self.run(*words, KILLER_AT=str(call), KILLER_MODE=mode)
            if self.code not in (range(6) if mode not in KILLS else (*range(6), KILLED)):
                raise Wrong(f"interrupted, it ended with {self.code}:\n{self.said()}")
            reached = reached and (self.code == KILLED or mode not in KILLS)
            words = self.again
        self.recover()
        self.check(before)
        return reached

    def recover(self):
        """One run. If the guard wants to be asked, that wrote nothing, and what it says is done."""
        self.run(*self.again)
        asked = re.search(r"to do exactly this, once: galway (.*)", self.said()) if self.code == 3 else None
        if asked:
            self.run(*asked.group(1).split())
        if self.code not in self.good:
            raise Wrong(f"the next run ended with {self.code}:\n{self.said()}")

    def check(self, before):
        """Directories and what is remembered are those of the run that was not interrupted, nothing else was written, the
        next run has nothing to do, and the journal has it all."""
        files, now = self.take()
        told = [line for n, content in now.items()
                for line in getattr(self, n).wrong((self.start[1][n], before[n]), self.want[1][n], content)]
        told += [f"left behind: {name}" for name in files.keys() - self.want[0].keys()]
        told = told or self.unjournalled(now)
        told = told or sides.difference(self.want_state, self.remembered(self.check_quiet(now)))
        if told:
            raise Wrong("\n".join(told))

    def check_quiet(self, before):
        """The run after the next one."""
        self.must(self.good, *self.again, *(["--full"] if self.again == ["sync"] else []))
        after = self.take()[1]
        wrote = [f"{n}: {w}" for n in after for w in getattr(self, n).written(before[n], after[n])]
        if wrote or re.search(r"\d (added|modified|renamed|deleted)", self.said()):
            raise Wrong(f"the run after the next one has something to do: {wrote}\n{self.said()}")
        return after

    def runs(self):
        """Those that have a journal."""
        with sqlite3.connect("file:state.db?mode=ro", uri=True) as db:
            found = {run for run, in db.execute("SELECT run FROM journal")}
        db.close()
        return found

    def unjournalled(self, now):
        """Whatever changed is in the journal, also when the run that wrote it could not tell that it did. `set` has none."""
        if self.words[0] == "set":
            return []
        names = set()
        for run in self.runs() - self.known:
            self.must((0,), "history", str(run), "--format", "json")
            self.out.seek(0)
            names.update(op["target"]["name"].lower() for op in json.loads(self.out.read())["operations"])
        told = []
        for side, content in now.items():
            was, entries = (getattr(self, side).entries(x) for x in (self.start[1][side], content))
            for key in was.keys() | entries.keys():
                one, other = was.get(key), entries.get(key)
                if one != other and not names & {x[0] for x in (one, other) if x}:
                    told.append(f"not in the journal: {(other or one)[0]}")
        return told

    def remembered(self, now):
        """Links and what is pending, in words. Behind the run that finds nothing to do: what was put back is told by the run
        that does it, and by no other."""
        names = {}
        for side, content in now.items():
            names.update((key, e[0]) for key, e in getattr(self, side).entries(content).items())
        with sqlite3.connect("file:state.db?mode=ro", uri=True) as db:
            if db.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise Wrong("the state is damaged")
            lines = [f"link {flow} {names.get(spelled(a), spelled(a))} {names.get(spelled(b), spelled(b))}"
                     for flow, a, b in db.execute("SELECT f.name, source, target FROM link JOIN flow f ON f.id = flow")]
            lines += [f"pending {p}" for p in db.execute(
                "SELECT f.name, kind, p.name, attribute, value, side FROM pending p JOIN flow f ON f.id = flow")]
        db.close()
        return sorted(lines)


def spelled(ident):
    return ident.decode() if len(ident) == 36 else ident.hex()


# ---- which points


def singles(name, calls):
    return [(name, ((n, mode),)) for n, kind in enumerate(calls, 1) for mode in MODES[kind]]


def doubles(once, calls, n):
    """n of them: each way to be interrupted first, evenly, and then another, which is elsewhere each time."""
    for i in range(n):
        name, first = once[i * 7919 % len(once)]
        second = (i * 104729 + i // len(once)) % len(calls[name])
        modes = [m for m in MODES[calls[name][second]] if m in KILLS]
        yield name, (*first, (second + 1, modes[i % len(modes)]))


def choose(calls, options):
    once = [p for name in calls for p in singles(name, calls[name])]
    n = options.points or len(once)
    few = [once[i * len(once) // n] for i in range(n)] if n < len(once) else once
    return sorted([*few, *doubles(once, calls, n - len(few))]), len(once)


def parse(text):
    name, *rest = text.split(":")
    return name, tuple((int(n), mode) for n, mode in zip(rest[::2], rest[1::2]))


def spell(point):
    return ":".join([point[0], *(f"{n}:{mode}" for n, mode in point[1])])


# ---- processes


def hangs(*_):
    raise Wrong("it did not come to its end within a minute")


def work(ports, options, tasks, results):
    """A process with two slapds of its own. A task is a scenario to count the calls of, or a list of points."""
    signal.signal(signal.SIGALRM, hangs)
    slapds = sides.servers(ports)
    with server.Folder("crash") as folder, slapds["abc"], slapds["xyz"]:
        place = folder / "work"
        place.mkdir()
        os.chdir(place)
        stage = Stage(options, place, slapds)
        for task in iter(tasks.get, None):
            results.put(count(stage, task) if isinstance(task, str) else [try_point(stage, p) for p in task])
        os.chdir("/")


def count(stage, name):
    try:
        stage.prepare(name)
        return name, stage.calls, None
    except Exception as e:  # a thing of the test's own counts as well
        stage.words = None
        return name, "", f"{type(e).__name__}: {e}"


def try_point(stage, point):
    try:
        stage.prepare(point[0])
        return point, stage.point(point[1]), None
    except Exception as e:
        if stage.options.keep:
            shutil.copytree(stage.folder, pathlib.Path(stage.options.keep) / spell(point), dirs_exist_ok=True)
        stage.words = None  # begin anew
        return point, True, f"{type(e).__name__}: {e}"


def tell(what, why):
    print(f"{what}\n    " + why.replace("\n", "\n    "), flush=True)
    return what


class Workers:
    """Processes that take tasks, each when it has time."""

    def __init__(self, options):
        self.tasks, self.results = multiprocessing.Queue(), multiprocessing.Queue()
        free = [p for p in PORTS if server.is_free("127.0.0.1", p)]
        self.all = [multiprocessing.Process(target=work, args=(free[2 * n:2 * n + 2], options, self.tasks, self.results),
                                            daemon=True) for n in range(options.j)]

    def __enter__(self):
        for w in self.all:
            w.start()
        return self

    def __exit__(self, *_):
        for _ in self.all:
            self.tasks.put(None)
        for w in self.all:
            w.join(30)

    def results_of(self, tasks):
        for task in tasks:
            self.tasks.put(task)
        for _ in tasks:
            yield self.one()

    def one(self):
        while True:
            try:
                return self.results.get(timeout=5)
            except queue.Empty:
                if not all(w.is_alive() for w in self.all):
                    sys.exit("a process of the test came to an end")


def test(options, workers):
    """0 only if all recovered."""
    began = time.monotonic()
    wanted = {parse(p)[0] for p in options.only} or SCENARIOS.keys()
    counted = sorted(workers.results_of([n for n in SCENARIOS if n in wanted]))
    failed = [tell(name, why) for name, _, why in counted if why]
    calls = {name: kinds for name, kinds, why in counted if not why}
    if options.list:
        for name, kinds in calls.items():
            print(f"{name:24} {len(kinds):4} calls, {len(singles(name, kinds)):5} points")
    given = [parse(p) for p in options.only if ":" in p]
    points, there_are = (given, len(given)) if given else choose(calls, options)
    reached = dict.fromkeys((1, 2), 0)
    for chunk in workers.results_of([points[i:i + CHUNK] for i in range(0, len(points), CHUNK)]):
        for point, hit, why in chunk:
            reached[len(point[1])] += hit
            if why:
                failed.append(tell(spell(point), why))
    print(f"crash points: {len(calls)} scenarios, {sum(map(len, calls.values()))} calls; {reached[1]} of {there_are} points"
          f" and {reached[2]} double ones; {len(points) - sum(reached.values())} not reached, {len(failed)} not recovered;"
          f" {time.monotonic() - began:.0f} s")
    return not failed and len(calls) == len(wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galway")
    parser.add_argument("--killer")
    parser.add_argument("--points", type=int, help="so many; all single ones without")
    parser.add_argument("-j", type=int, default=os.cpu_count() + 1)
    parser.add_argument("--list", action="store_true", help="tell the points of each scenario")
    parser.add_argument("--keep", help="a folder for what is wrong")
    parser.add_argument("only", nargs="*")
    options = parser.parse_intermixed_args()
    options.galway = os.path.abspath(options.galway)
    options.killer = os.path.abspath(options.killer or pathlib.Path(options.galway).parent / "tests" / "libkiller.so")
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server.need("slapd", package="slapd")
    server.private_network()
    with Workers(options) as workers:
        good = test(options, workers)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    try:
        main()
    except server.Skip as skip:
        print(f"skipped: {skip}")
        sys.exit(server.SKIPPED)
