#!/usr/bin/python3
"""Rogue servers: each line of behaviours.TABLE, as source and as target, as an LDAP server and as Active Directory.

    run.py GALWAY [-j N] [--kind KIND] [--role ROLE] [--verbose] [NAME...]

NAME: the behaviours whose names have it in them; all without. Each case: galway ends within its deadline and
memory, with the exit code and the words of the table; not one write is sent when the exit code is not 0, and the
target is what it should be when it is. And then an honest run makes everything good: nothing wrong was remembered.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile
import time

import behaviours
from server import Server
from directory import Directory
from stage import DEADLINE, Failure, Stage, contacts, to_ldif

MEMORY = 200   # MiB


class Case:
    def __init__(self, stage, behaviour, kind, role, memory):
        self.stage, self.behaviour, self.kind, self.role, self.memory = stage, behaviour, kind, role, memory
        self.name = f"{behaviour.name} ({kind}, {role})"

    def same(self, folder, directory):
        text = (folder / "xyz.ldif").read_bytes() if self.role == "source" else to_ldif(directory)
        want, got = self.stage.wanted(self.behaviour.telephones), contacts(text)
        if want != got:
            names = sorted(n for n in want.keys() | got.keys() if want.get(n) != got.get(n))
            raise Failure(f"the target is not what it should be: {', '.join(names[:5])}")

    def files(self, folder):
        return {p.name: p.read_bytes() for p in folder.iterdir() if p.name.startswith("xyz")}

    def judge(self, run, server, before, after):
        b = self.behaviour
        for fault in run.faults():
            raise Failure(fault)
        if run.exit != b.exit:
            raise Failure(f"exit code {run.exit}, not {b.exit}")
        if not re.search(b.says, run.text.replace("\n", " "), re.I):
            raise Failure(f"does not say /{b.says}/")
        if run.memory >= self.memory << 10:
            raise Failure(f"{run.memory >> 10} MiB")
        if b.exit != 0 and not b.writes and (server.writes or before != after):
            raise Failure(f"writes: {server.writes or 'to the file'}")

    def run(self):
        folder, directory = self.stage.scene(self.kind, self.role, self.behaviour.telephones, self.behaviour.always)
        before = self.files(folder)
        with Server(Directory("DC=far,DC=example")) as elsewhere, self.stage.server(
                directory, behaviour=self.behaviour, **self.behaviour.limit) as server:
            server.elsewhere = elsewhere.url
            settings = f"{self.behaviour.always}\n    {self.behaviour.settings.replace('ELSEWHERE', elsewhere.url)}"
            self.stage.configure(folder, server.url, self.role, self.kind, self.behaviour.retry, self.behaviour.timeout, settings)
            run = self.stage.run(folder, *self.behaviour.words, leaks=self.behaviour.leaks)
            talk = "\n".join(server.log[-20:])
            try:
                self.judge(run, server, before, self.files(folder))
                if not server.misbehaved and not self.behaviour.limit:
                    raise Failure("did not come to misbehave")
                if elsewhere.counts.get("connection"):
                    raise Failure("followed a referral")
                if run.exit == 0:
                    self.same(folder, directory)
            except Failure as failure:
                raise Failure(f"{failure}\n{run.text[:2000]}\n{talk}") from None
        with self.stage.server(directory) as server:
            self.stage.configure(folder, server.url, self.role, self.kind, settings=settings)
            self.stage.good(folder, "sync")
            self.same(folder, directory)
        return run


def slowness(galway):
    """So many times as much time and memory take the sanitizers of addresses, and of threads."""
    program = pathlib.Path(galway).read_bytes()
    return 8 if b"__tsan_init" in program else 3 if b"__asan_init" in program else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("galway")
    parser.add_argument("names", nargs="*")
    parser.add_argument("-j", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--kind", choices=behaviours.BOTH)
    parser.add_argument("--role", choices=behaviours.READER)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_intermixed_args()
    slow = slowness(options.galway)
    deadline = DEADLINE * (4 if slow > 3 else 1)
    with tempfile.TemporaryDirectory() as work, Stage(options.galway, work, options.j, deadline) as stage:
        cases = [Case(stage, b, kind, role, MEMORY * slow)
                 for b in behaviours.TABLE for kind in b.kinds for role in b.roles
                 if options.kind in (None, kind) and options.role in (None, role)
                 and (not options.names or any(n in b.name for n in options.names))]
        for name in [n for n in options.names or [""] if not any(n in c.behaviour.name for c in cases)]:
            sys.exit(f"FAILED: there is no case of {name or 'this kind and role'}")
        failed, began, longest, most = [], time.monotonic(), 0, 0
        for kind, role, always in sorted({(c.kind, c.role, c.behaviour.always) for c in cases}):
            stage.settled(kind, role, settings=always)  # each once, before the threads
        for telephones in sorted({c.behaviour.telephones for c in cases}):
            stage.wanted(telephones)
        with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
            for case, future in [(c, pool.submit(c.run)) for c in cases]:
                try:
                    run = future.result()
                    longest, most = max(longest, run.seconds), max(most, run.memory)
                    if options.verbose:
                        print(f"ok {case.name}: {run.exit}, {run.seconds:.1f} s, {run.memory >> 10} MiB: "
                              f"{run.text.strip()[-300:]}")
                except Failure as failure:
                    failed.append(case.name)
                    print(f"FAILED {case.name}: {failure}", flush=True)
    print(f"rogue: {len(cases)} cases of {len({c.behaviour.name for c in cases})} behaviours, {len(failed)} failed; "
          f"{time.monotonic() - began:.0f} s, the longest run {longest:.1f} s, the largest {most >> 10} MiB")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
