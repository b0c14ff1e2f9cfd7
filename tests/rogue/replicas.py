#!/usr/bin/python3
"""Two domain controllers of one directory, of which the second has not got yet what a run saw or wrote at the first:
replicas.py GALWAY. Nothing is written at the second one until it has, or a person approves it."""
import contextlib
import copy
import re
import shutil
import sys
import tempfile

import changes
from behaviours import READ_ONLY
from server import CLOSE
from stage import Failure, Stage, person, source, target, to_ldif

NEW = (21, 22, 23)
MORE = """connector uvw {
    type = ldif
    file = "uvw.ldif"
    base = "DC=xyz,DC=example"
}
flow few {
    source = abc
    target = uvw
    rules = "few.rules"
    into = "OU=GAL,DC=xyz,DC=example"
}
"""


class Second:
    """Another domain controller, which has the changes of the first one up to this USN."""
    takes = None

    def __init__(self, level):
        self.change = changes.another_replica(level)

    def when(self, request):
        return changes.stands(request)


class Lost:
    """After so many writes the connection goes at such a request, and nobody can connect again."""

    def __init__(self, writes, at):
        self.writes, self.at, self.server, self.gone = writes, at, None, False

    @property
    def takes(self):
        return (lambda server, s: None) if self.gone else None

    def when(self, request):
        return self.at(request) and len(self.server.writes) >= self.writes

    def change(self, server, request, honest):
        self.gone = True
        return [CLOSE]


class Behaves:
    """A change of changes.py."""
    takes = None

    def __init__(self, when, change):
        self.when, self.change = when, change


class Case:
    def __init__(self, stage, role):
        self.stage, self.role = stage, role
        settled, mine = stage.settled("ad", role)
        self.folder, self.first = stage.folder(), copy.deepcopy(mine)
        shutil.copytree(settled, self.folder, dirs_exist_ok=True)
        self.second, self.level = copy.deepcopy(mine), mine.usn
        self.people = self.first if role == "source" else source("ad")

    def hire(self, *numbers):
        for n in numbers:
            self.people.add(person(n))
        self.put()

    def put(self):
        if self.role == "target":
            (self.folder / "abc.ldif").write_bytes(to_ldif(self.people))

    @contextlib.contextmanager
    def served(self, directory, behaviour=None):
        with self.stage.server(directory, behaviour=behaviour) as server:
            if isinstance(behaviour, Lost):
                behaviour.server = server
            self.stage.configure(self.folder, server.url, self.role, "ad")
            yield server

    def run(self, server, words, code, says="", writes=None):
        before = len(server.writes)
        run = self.stage.run(self.folder, *words.split())
        text = f"galway {words}: exit code {run.exit}, {len(server.writes) - before} writes:\n{run.text}"
        if run.exit != code or says not in run.text or writes not in (None, len(server.writes) - before):
            raise Failure(f"not {code}, {writes} writes, '{says}': {text}")
        return run.text

    def at_second(self, words, code, says="", writes=None):
        with self.served(self.second, Second(self.level)) as server:
            return self.run(server, words, code, says, writes)


def nothing_to_do(stage):
    """Nobody approved anything by having nothing to do."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with c.served(c.first) as server:
        c.run(server, "sync", 0, "3 added", 3)
    c.second = copy.deepcopy(c.first)
    c.at_second("sync", 0, "lags behind", 0)
    c.people.modify(person(1).dn, [(2, "displayName", [b"Somebody else"])])
    c.put()
    c.at_second("sync", 3, "lags behind", 0)


def approved_for_one(stage):
    """Who looked at the plan for one person has looked at no other."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with c.served(c.first) as server:
        c.run(server, "sync", 0, "3 added", 3)
    c.people.modify(person(1).dn, [(2, "displayName", [b"Somebody else"])])
    c.put()
    text = c.at_second("sync --object person01@abc.example", 3, "lags behind", 0)
    digest = re.search("--approve ([0-9a-f]+)", text)[1]
    c.at_second(f"sync --object person01@abc.example --approve {digest}", 0, "1 modified", 1)
    c.at_second("sync", 3, "lags behind", 0)


def during_the_read(stage):
    """Who comes while a source is read is seen, and the second one has to have him."""
    c = Case(stage, "source")

    def hired(server, request, honest):
        if person(21).dn not in [e.dn for e in c.first.entries.values()]:
            c.first.add(person(21))
        return honest()
    with c.served(c.first, Behaves(changes.reads, hired)) as server:
        c.run(server, "sync --full", 0, "1 added")
    c.at_second("sync --full", 3, "lags behind")


def read_only_source(stage):
    """A read-only controller has no changes of its own that others could lack."""
    c = Case(stage, "source")
    with c.served(c.first, Behaves(changes.root, changes.root_with(supportedCapabilities=READ_ONLY))) as server:
        c.run(server, "sync --full", 0)
    c.level = 0
    c.people.add(person(21))
    c.second.add(person(21))
    c.at_second("sync --full", 0, "1 added")


def one_object(stage):
    """What a run for one person wrote counts, too."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with c.served(c.first) as server:
        c.run(server, "sync --object person21@abc.example", 0, "1 added", 1)
    c.at_second("sync --full", 3, "lags behind", 0)


def broken_off(stage):
    """How far the first one came by a run that did not end is not known, but to itself."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with c.served(c.first, Lost(3, lambda r: r.op == "search" and r.root)) as server:
        c.run(server, "sync", 5, "", 3)
    c.level = c.first.usn
    c.at_second("sync --full", 3, "did not come to its end", 0)
    with c.served(c.first) as server:
        c.run(server, "sync --full", 0, "23 unchanged", 0)
    c.second, c.level = copy.deepcopy(c.first), c.first.usn
    c.at_second("sync --full", 0, "unchanged", 0)


def broken_off_elsewhere(stage):
    """Nor does another one go on with it."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with stage.server(c.second, behaviour=Second(c.level)) as other, \
            c.served(c.first, Lost(2, lambda r: r.op == "add")) as server:
        stage.configure(c.folder, f'{server.url}", "{other.url}', "target", "ad")
        c.run(server, "sync", 5, "is another domain controller than the one with which this run began")
        if other.writes:
            raise Failure(f"somebody went on: {other.writes}")
    c.at_second("sync --full", 3, "did not come to its end", 0)


def broken_off_long_before_the_end(stage):
    """Nor with what comes a thousand writes later."""
    c = Case(stage, "target")
    c.hire(*range(21, 1121))
    with c.served(c.first) as server:
        digest = re.search("--approve ([0-9a-f]+)", c.run(server, "sync", 3, "more than the limit", 0))[1]
    with stage.server(c.second, behaviour=Second(c.level)) as other, \
            c.served(c.first, Lost(200, lambda r: r.op == "add")) as server:
        stage.configure(c.folder, f'{server.url}", "{other.url}', "target", "ad")
        c.run(server, f"sync --approve {digest}", 5, "is another domain controller than the one with which this run began")
        if other.writes:
            raise Failure(f"somebody went on: {len(other.writes)}")


def two_flows(stage):
    """The second flow is refused though the first one, of the same source, had nothing to do."""
    c = Case(stage, "source")
    few = (c.folder / "people.rules").read_text().replace("(mail=*)", "(mail=person01@abc.example)")

    def both():
        conf = c.folder / "galway.conf"
        conf.write_text(conf.read_text() + MORE)
        (c.folder / "few.rules").write_text(few)
        (c.folder / "few.rules").chmod(0o600)
    (c.folder / "uvw.ldif").write_bytes(to_ldif(target("ad")))
    c.hire(*NEW)
    with c.served(c.first) as server:
        both()
        c.run(server, "sync", 0)
    c.level = 1000
    with c.served(c.second, Second(c.level)) as server:
        both()
        c.run(server, "sync few abc-to-xyz", 3, "lags behind")


def main():
    cases, failed = (nothing_to_do, one_object, approved_for_one, during_the_read, read_only_source, broken_off,
                     broken_off_elsewhere, broken_off_long_before_the_end, two_flows), 0
    names = sys.argv[2:]
    with tempfile.TemporaryDirectory() as work, Stage(sys.argv[1], work) as stage:
        for case in cases:
            if names and case.__name__ not in names:
                continue
            try:
                case(stage)
                print(f"ok   {case.__name__}")
            except Failure as failure:
                failed += 1
                print(f"FAILED {case.__name__}: {failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
