#!/usr/bin/python3
"""Two domain controllers of one directory, of which the second has not got yet what a run saw or wrote at the first:
replicas.py GALWAY. Nothing is written at the second one until it has, or a person approves it."""
import contextlib
import copy
import shutil
import sys
import tempfile

import changes
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
    """After so many writes the connection goes, and nobody can connect again: at a search of the root, or at an add."""

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

    def at_second(self, words, code, says="", writes=None):
        with self.served(self.second, Second(self.level)) as server:
            self.run(server, words, code, says, writes)


def nothing_to_do(stage):
    """Nobody approved anything by having nothing to do."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with c.served(c.first) as server:
        c.run(server, "sync", 0, "3 added", 3)
    c.at_second("sync", 0, "lags behind", 0)
    c.people.modify(person(1).dn, [(2, "displayName", [b"Somebody else"])])
    c.put()
    c.at_second("sync", 3, "lags behind", 0)


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
    """Nor when another one goes on with it."""
    c = Case(stage, "target")
    c.hire(*NEW)
    with stage.server(c.second, behaviour=Second(c.level)) as other, \
            c.served(c.first, Lost(2, lambda r: r.op == "add")) as server:
        stage.configure(c.folder, f'{server.url}", "{other.url}', "target", "ad")
        c.run(server, "sync", 4)
    c.at_second("sync --full", 3, "did not come to its end", 0)


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
    cases, failed = (nothing_to_do, one_object, broken_off, broken_off_elsewhere, two_flows), 0
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
