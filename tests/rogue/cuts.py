#!/usr/bin/python3
"""What is cut: the conversation of a galway run, ended by FIN or RST behind each byte of what the server says, and the
files that galway reads, ended behind each of theirs.

    cuts.py GALWAY [--every N | --cuts N] [-j N] [NAME...]

A reader that takes what has come for all there is would want to delete the rest. So a run that reads must end with 2 or
5 at each cut, and leave every file as it was; and after one that writes each contact is as it was before or as it was to
be, and an honest run makes all of them what they were to be. Every 7th byte, or as many as make N cuts in all, and no
fewer; FIN and RST take turns, and where every byte is cut, each is cut in both ways. What is cut is the sum of all
connections: the ones that galway makes behind the cut are closed as well.

A conversation that is over before its cut comes is no cut. Ends with 0 only if nothing was wrong, and the cuts were made:
N of them, and all that were to be made in each scenario but one in a hundred, as conversations differ by some bytes.
"""
import argparse
import collections
import concurrent.futures
import copy
import itertools
import os
import select
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time

from behaviours import BOTH, READER
from stage import Failure, Stage, contacts, source, to_ldif

PEOPLE = 4  # two pages
GOOD, CHANGES = 0, 1


class Cutter:
    """A relay in front of a server that lets `budget` bytes of what it says through and then ends all connections.
    None: all of them. cut: whether there was more."""

    def __init__(self, port):
        self.port, self.budget, self.reset, self.cut, self.passed = port, None, False, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.url = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.pairs = {}  # socket -> its other end; the client's ends are in self.clients
        self.clients, self.stopping = set(), False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def arm(self, budget, reset):
        self.budget, self.reset, self.cut, self.passed = budget, reset, False, 0

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.listener.close()

    def work(self):
        while not self.stopping:
            for s in select.select([self.listener, *self.pairs], [], [], 0.1)[0]:
                try:
                    if s is self.listener:
                        self.accept()
                    elif s in self.pairs:
                        self.relay(s)
                except OSError:
                    self.end(s)
        for s in list(self.pairs):
            self.end(s)

    def accept(self):
        client, _ = self.listener.accept()
        if self.cut or self.budget == 0:
            self.cut = True
            self.close(client)
            return
        server = socket.create_connection(("127.0.0.1", self.port))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pairs.update({client: server, server: client})
        self.clients.add(client)

    def relay(self, s):
        data = s.recv(65536)
        if not data:
            self.end(s)
        elif s in self.clients or self.budget is None:
            self.passed += 0 if s in self.clients else len(data)
            self.pairs[s].sendall(data)
        else:
            room = self.budget - self.passed
            self.passed += len(data)
            self.pairs[s].sendall(data[:room])
            if len(data) > room:
                self.cut = True
                self.end(s)

    def close(self, client):
        if self.reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def end(self, s):
        other = self.pairs.pop(s, None)
        if other is None:
            return
        del self.pairs[other]
        client, server = (s, other) if s in self.clients else (other, s)
        self.clients.discard(client)
        server.close()
        self.close(client)


def files_of(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def check(what, run, exits, text=""):
    wrong = [*run.faults(), *([] if run.exit in exits else [f"exit code {run.exit}"]), *([text] if text else [])]
    if wrong:
        raise Failure(f"{what}: {', '.join(wrong)}\n{run.text[:1000]}")


class Bench:
    """A folder, a server and a relay, for one thread. changed: the source is not what it was in the run before."""
    words, people, changed, was_cut = ("diff", "--full"), PEOPLE, False, False
    resets = (False, True)  # the ways to end a connection

    def __init__(self, stage, kind, role):
        self.stage, self.kind, self.role = stage, kind, role
        self.settled, self.directory = (stage.scene(kind, role) if self.changed else
                                        stage.settled(kind, role, self.people))
        self.folder = stage.folder()
        self.server = stage.server(self.directory)
        self.relay = Cutter(self.server.port)
        shutil.copytree(self.settled, self.folder, dirs_exist_ok=True)
        self.configure()
        self.files = files_of(self.folder)
        self.total = self.measure()

    def configure(self):
        scheme = self.server.url.split(":")[0]
        self.stage.configure(self.folder, f"{scheme}://{self.relay.url}", self.role, self.kind, retry="0s")

    def measure(self):
        self.relay.arm(None, False)
        run = self.stage.run(self.folder, *self.words)
        check("whole", run, (GOOD, CHANGES))
        self.whole = run.exit
        return self.relay.passed

    def cut(self, budget, reset):
        """A run that reads."""
        self.relay.arm(budget, reset)
        run = self.stage.run(self.folder, *self.words)
        self.was_cut = self.relay.cut
        what = f"{'cut by ' + ('RST' if reset else 'FIN') if self.was_cut else 'whole'} after {budget}"
        check(what, run, (2, 5) if self.was_cut else (self.whole,))
        check(what, run, range(6), f"wrote {self.server.writes}" if self.server.writes else "")
        check(what, run, range(6), "a file changed" if files_of(self.folder) != self.files else "")
        return run

    def close(self):
        self.relay.stop()
        self.server.__exit__()


class Delta(Bench):
    """What changed since the run before."""
    words, changed = ("diff",), True


class Writing(Bench):
    """A run that writes, and an honest one behind it."""
    words, changed = ("sync",), True

    def fresh(self):
        shutil.copytree(self.settled, self.folder, dirs_exist_ok=True)
        for name in files_of(self.folder).keys() - files_of(self.settled).keys():
            (self.folder / name).unlink()
        self.server.directory = copy.deepcopy(self.directory)
        self.configure()

    def contacts(self):
        return contacts(to_ldif(self.server.directory))

    def measure(self):
        self.before, self.after = self.contacts(), self.stage.wanted(0)
        self.fresh()
        return super().measure()

    def cut(self, budget, reset):
        self.fresh()
        self.relay.arm(budget, reset)
        run = self.stage.run(self.folder, *self.words)
        self.was_cut = self.relay.cut
        what = f"cut by {'RST' if reset else 'FIN'} after {budget}"
        check(what, run, (2, 4, 5) if self.was_cut else (GOOD,))
        now = self.contacts()
        apart = {n for n in now.keys() | self.before.keys() if now.get(n) not in (self.before.get(n), self.after.get(n))}
        check(what, run, range(6), f"is neither as before nor as after: {sorted(apart)}" if apart else "")
        self.relay.arm(None, False)
        check(f"{what}: the next run", self.stage.run(self.folder, "sync"), (GOOD,))
        check(f"{what}: the next run", run, range(6), "not all is well" if self.contacts() != self.after else "")
        return run


class FileBench(Bench):
    """A file that galway reads ends early. At the end of a line nobody can know that of an LDIF file: what a diff then
    shows is the guard's to judge."""
    name, words, resets = "abc.ldif", ("diff", "--full"), (False,)

    def __init__(self, stage, kind, role):
        self.stage, self.folder = stage, stage.folder()
        shutil.copytree(stage.settled("ldap", "target", PEOPLE)[0], self.folder, dirs_exist_ok=True)
        xyz = stage.settled("ldap", "target", PEOPLE)[1]
        (self.folder / "xyz.ldif").write_bytes(to_ldif(xyz))
        stage.configure(self.folder)
        self.prepare()
        self.whole = (self.folder / self.name).read_bytes()
        self.files = files_of(self.folder)
        self.total = len(self.whole)

    def prepare(self):
        pass

    def cut(self, budget, reset):
        (self.folder / self.name).write_bytes(self.whole[:budget])
        run = self.stage.run(self.folder, *self.words)
        (self.folder / self.name).write_bytes(self.whole)
        self.was_cut = budget < self.total
        if budget == self.total:
            exits = range(6)
        elif self.name.endswith(".ldif") and (budget == 0 or self.whole[:budget].endswith(b"\n")):
            exits = (GOOD, CHANGES, 2, 3, 4)
        else:
            exits = (2,)
        check(f"{self.name} ends after {budget}", run, exits)
        if budget < self.total and files_of(self.folder) != self.files:
            raise Failure(f"{self.name} ends after {budget}: a file changed\n{run.text[:1000]}")
        return run

    def close(self):
        pass


class State(FileBench):
    """An empty one is none that galway left; one that lost its end does not end with a page, or lacks some."""
    name, words = "state.db", ("diff", "--full")


class Plan(FileBench):
    """A saved plan."""
    name, words = "plan", ("sync", "--plan", "plan")

    def prepare(self):
        (self.folder / "abc.ldif").write_bytes(to_ldif(source("ldap", PEOPLE + 1)))
        run = self.stage.run(self.folder, "diff", "--full", "--save", "plan")
        check("saving a plan", run, (CHANGES,))


# name, class, kind, role
SCENARIOS = [
    *[(f"full read, {kind}, {role}", Bench, kind, role) for kind in BOTH for role in READER],
    ("delta by timestamps, ldap, source", Delta, "ldap", "source"),
    ("delta by DirSync, ad, source", Delta, "ad", "source"),
    ("writes, ldap, target", Writing, "ldap", "target"),
    ("writes, ad, target", Writing, "ad", "target"),
    ("file of entries", FileBench, None, None),
    ("state", State, None, None),
    ("saved plan", Plan, None, None),
]


def try_all(benches, every):
    """(cuts that were to be made, that were, failures, exit codes)"""
    total, resets = benches[0].total, benches[0].resets
    places = [*range(0, total, every), total]
    if every == 1:
        todo = list(itertools.product(places, resets))
    else:
        todo = list(zip(places, itertools.cycle(resets)))
    failed, exits, made = [], collections.Counter(), []

    def work(bench, part):
        for n, reset in part:
            try:
                exits[bench.cut(n, reset).exit] += 1
                if bench.was_cut and n < total:
                    made.append(n)
            except Failure as failure:
                failed.append(str(failure))
                if len(failed) < 10:
                    print(f"FAILED: {failure}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(len(benches)) as pool:
        parts = [list(itertools.islice(todo, i, None, len(benches))) for i in range(len(benches))]
        for done in [pool.submit(work, *x) for x in zip(benches, parts)]:
            done.result()
    return sum(n < total for n, _ in todo), len(made), len(failed), exits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("galway")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cuts", type=int)
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1)
    options = parser.parse_intermixed_args()
    began, cuts, wrong = time.monotonic(), 0, 0
    unknown = [n for n in options.names if not any(n in name for name, *_ in SCENARIOS)]
    if unknown:
        sys.exit(f"no scenario has this in its name: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as work, Stage(options.galway, work, options.j) as stage:
        chosen = [(name, [make(stage, kind, role) for _ in range(options.j)])
                  for name, make, kind, role in SCENARIOS if not options.names or any(n in name for n in options.names)]
        every = options.every
        if options.cuts:
            # Of the state, which is large and one thing to galway, a hundredth.
            every = max(1, sum(b[0].total for n, b in chosen if n != "state") * 100 // (options.cuts * 101))
        for name, benches in chosen:
            at, since = every * (100 if name == "state" else 1), time.monotonic()
            due, n, failed, exits = try_all(benches, at)
            ms = 1000 * (time.monotonic() - since) / max(n, 1)
            print(f"cuts ({name}): {n} of {due} at {benches[0].total + 1} places, {failed} failed, exit codes "
                  f"{dict(sorted(exits.items()))}, {ms:.0f} ms a cut", flush=True)
            if n < max(1, due - max(1, due // 100) - failed):
                print(f"FAILED: cuts ({name}): only {n} of {due} were made", flush=True)
                wrong += 1
            cuts, wrong = cuts + n, wrong + failed
            for bench in benches:
                bench.close()
    print(f"byte-cuts: {cuts} cuts, {wrong} failed, {time.monotonic() - began:.0f} s")
    if cuts < (options.cuts or 1):
        print(f"FAILED: only {cuts} cuts were made, not {options.cuts or 1}")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
