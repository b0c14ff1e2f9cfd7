#!/usr/bin/python3
"""A read that is cut: the conversation of a galway run that has nothing to do, ended by FIN or RST behind each byte of
what the server says.

    cuts.py GALWAY [--all | --every N] [-j N] [--kind KIND] [--role ROLE]

A reader that takes what has come for all there is would want to delete the rest. So galway must end with 2 or 5 at
each cut, and leave every file as it was. Every 7th byte, or each with --all. What is cut is the sum of all
connections: the ones that galway makes behind the cut are closed as well.
"""
import argparse
import collections
import concurrent.futures
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
from stage import Failure, Stage

PEOPLE = 4  # two pages
GOOD = 0


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


class Bench:
    """A folder, a server and a relay, for one thread."""

    def __init__(self, stage, kind, role):
        self.stage = stage
        settled, directory = stage.settled(kind, role, PEOPLE)
        self.folder = stage.folder()
        shutil.copytree(settled, self.folder, dirs_exist_ok=True)
        self.server = stage.server(directory)
        self.relay = Cutter(self.server.port)
        scheme = self.server.url.split(":")[0]
        stage.configure(self.folder, f"{scheme}://{self.relay.url}", role, kind, retry="0s")
        self.files = self.read()

    def read(self):
        return {p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}

    def diff(self, budget, reset):
        """galway's run, and whether it was cut. Raises Failure when something is wrong with it."""
        self.relay.arm(budget, reset)
        run = self.stage.run(self.folder, "diff", "--full")
        wrong = list(run.faults())
        if run.exit not in ((2, 5) if self.relay.cut else (GOOD,)):
            wrong.append(f"exit code {run.exit}")
        if self.server.writes:
            wrong.append(f"wrote {self.server.writes}")
        if self.read() != self.files:
            wrong.append("a file changed")
        if wrong:
            raise Failure(f"{'cut by ' + ('RST' if reset else 'FIN') if self.relay.cut else 'whole'} after {budget}: "
                          f"{', '.join(wrong)}\n{run.text[:1000]}")
        return run

    def close(self):
        self.relay.stop()
        self.server.__exit__()


def try_all(stage, kind, role, every, jobs):
    """(cuts, failures, exit codes)"""
    benches = [Bench(stage, kind, role) for _ in range(jobs)]
    benches[0].diff(None, False)
    total = benches[0].relay.passed
    todo = [(n, reset) for n in [*range(0, total, every), total] for reset in (False, True)]
    failed, exits = [], collections.Counter()

    def work(bench, part):
        for n, reset in part:
            try:
                exits[bench.diff(n, reset).exit] += 1
            except Failure as failure:
                failed.append(str(failure))
                if len(failed) < 10:
                    print(f"FAILED ({kind}, {role}): {failure}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        parts = [list(itertools.islice(todo, i, None, jobs)) for i in range(jobs)]
        for done in [pool.submit(work, *x) for x in zip(benches, parts)]:
            done.result()
    for bench in benches:
        bench.close()
    return len(todo), len(failed), exits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("galway")
    parser.add_argument("--all", action="store_const", const=1, dest="every")
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kind", choices=BOTH)
    parser.add_argument("--role", choices=READER)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as work, Stage(options.galway, work, options.j) as stage:
        for kind, role in itertools.product(BOTH, READER):
            if options.kind not in (None, kind) or options.role not in (None, role):
                continue
            began = time.monotonic()
            cuts, failed, exits = try_all(stage, kind, role, options.every, options.j)
            seconds = time.monotonic() - began
            print(f"cuts ({kind}, {role}): {cuts} cuts, {failed} failed, exit codes {dict(sorted(exits.items()))}, "
                  f"{1000 * seconds / cuts:.0f} ms a cut")
            wrong += failed
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
