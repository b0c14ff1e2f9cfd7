#!/usr/bin/python3
"""Crash points: a run is interrupted at a call, in every way there is, and one more run must bring what the run that was
not interrupted brought.

    crash.py GALWAY [--killer PATH] [--points N] [--twice] [-j N] [--list] [SCENARIO | POINT]...

A point is SCENARIO:CALL:MODE: the CALLth of the calls that write to a file or send to a server, and what becomes of it
(tests/killer.c). SCENARIO:CALL:MODE:CALL:MODE interrupts the run that recovers, too, and one more recovers. Without N all
points are tried; of more than there are, the rest are such double ones, taken evenly. What is looked at after each: see
Stage.check. Ends with one line of figures, and with 0 only if all is well, and the points were reached (tests/killer.c
notes which call met its fate): all of those that are given, else all but one in a hundred (MISSABLE).
"""
import argparse
import multiprocessing
import os
import pathlib
import queue
import shutil
import signal
import sys
import tempfile
import time

import crash_sides as sides
import server  # behind crash_sides, which knows where it is
from crash_scenarios import SCENARIOS
from crash_stage import KILLS, MODES, Stage

CHUNK = 40  # points that one process gets at once
# Each process sets its own stages up, and files may be a page longer in one of them: of what was counted in another,
# one point in so many may be none there.
MISSABLE = 100
PORTS = range(22000, 22500)


# ---- which points


def singles(name, calls):
    return [(name, ((n, mode),)) for n, kind in enumerate(calls, 1) for mode in MODES[kind]]


def doubles(once, calls, n):
    """n of them: each way to be interrupted first, evenly, and then another, which is elsewhere each time."""
    for i in range(n):
        name, first = once[i * 7919 % len(once)]
        second = (i * 104729 + i // len(once)) % len(calls[name])
        modes = [m for m in MODES[calls[name][second]] if m in KILLS] or ["before"]
        yield name, (*first, (second + 1, modes[i % len(modes)]))


def choose(calls, options):
    once = [p for name in calls for p in singles(name, calls[name])]
    n = options.points or len(once)
    if options.twice:
        return sorted(doubles(once, calls, n)), len(once)
    few = [once[i * len(once) // n] for i in range(n)] if n < len(once) else once
    return sorted([*few, *doubles(once, calls, n - len(few))]), len(once)


def parse(text):
    name, *rest = text.split(":")
    return name, tuple((int(n), mode) for n, mode in zip(rest[::2], rest[1::2]))


def spell(point):
    return ":".join([point[0], *(f"{n}:{mode}" for n, mode in point[1])])


# ---- processes


def work(ports, options, tasks, results):
    """A process with two slapds of its own. A task is a scenario to count the calls of, or a list of points."""
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
        for _ in range(2):
            stage.prepare(point[0])
            if stage.point(point[1]):
                return point, True, None
            stage.words = None  # set up once more, it may be there
        return point, False, None
    except Exception as e:
        if stage.options.keep:
            shutil.copytree(stage.folder, pathlib.Path(stage.options.keep) / spell(point), dirs_exist_ok=True)
        stage.words = None  # begin anew
        return point, False, f"{type(e).__name__}: {e}"


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

    def __exit__(self, failure, *_):
        for w in self.all:
            if failure is None:
                self.tasks.put(None)
            else:
                w.terminate()
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
    failed = [tell(name, "no such scenario") for name in wanted - SCENARIOS.keys()]
    counted = sorted(workers.results_of([n for n in SCENARIOS if n in wanted]))
    failed += [tell(name, why) for name, _, why in counted if why]
    calls = {name: kinds for name, kinds, why in counted if not why}
    if options.list:
        for name, kinds in calls.items():
            print(f"{name:24} {len(kinds):4} calls, {len(singles(name, kinds)):5} points")
    given = [parse(p) for p in options.only if ":" in p]
    points, there_are = (given, len(given)) if given else choose(calls, options)
    reached, missed = dict.fromkeys((1, 2), 0), []
    for chunk in workers.results_of([points[i:i + CHUNK] for i in range(0, len(points), CHUNK)]):
        for point, hit, why in chunk:
            reached[len(point[1])] += hit
            if why:
                failed.append(tell(spell(point), why))
            elif not hit:
                missed.append(tell(spell(point), "not reached"))
    print(f"crash points: {len(calls)} scenarios, {sum(map(len, calls.values()))} calls; {reached[1]} of {there_are} points"
          f" and {reached[2]} double ones; {len(missed)} not reached, {len(failed)} failed;"
          f" {time.monotonic() - began:.0f} s")
    return points and not failed and len(missed) <= (0 if given else len(points) // MISSABLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galway")
    parser.add_argument("--killer")
    parser.add_argument("--points", type=int, help="so many; all single ones without")
    parser.add_argument("--twice", action="store_true", help="double ones only")
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
