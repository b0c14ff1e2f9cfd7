#!/usr/bin/python3
"""Undo, tried on every case of tests/flows: the run that is tested there is taken back.

    undo.py [--galway PATH] [--killer PATH] [--kill N] [-j N] [NAME...]

1. sync, and undo each run that wrote, the newest first: both directories are as they were.
2. undo the undos: they are as sync left them.
3. After an undo the flow is held: sync --if-due writes nothing and exits 3. A sync does it again.
4. Killed at every Nth write of an undo, others in other cases, and called again: as if it had not been killed.
5. A sync that was killed there is taken back, too.

Ids of entries that were added again may differ.

Then the cases of GIVEN: addresses that somebody else has by the time that a run is taken back.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
FLOWS = HERE.parent / "flows"
sys.path.insert(0, str(FLOWS))
import ldif  # noqa: E402
import run as flows  # noqa: E402


def directories(where):
    """Both sides, without ids."""
    sides = {}
    for path in sorted(where.glob("*.ldif")):
        entries = ldif.parse(path.read_bytes())
        for e in entries:
            e.pairs = [(a, v) for a, v in e.pairs if a.lower() != "objectguid"]
        sides[path.name] = ldif.canonical(entries)
    return sides


def same(what, want, got):
    for name in want:
        flows.differ(f"{what}: {name}", want[name], got.get(name, []))


class Undo(flows.Case):
    """A case, and its run taken back."""

    def history(self, where):
        return json.loads(self.run(where, "history", "--format", "json").stdout)["runs"]

    def undo(self, where, run, **how):
        """As a person does it, who approves what the guard refuses."""
        done = self.run(where, "undo", str(run), "--format", "json", **how)
        if done.returncode == 3:
            digest = re.search(rb"--approve ([0-9a-f]{64})", done.stderr).group(1).decode()
            done = self.run(where, "undo", str(run), "--format", "json", "--approve", digest, **how)
        return done

    def undo_all(self, where, runs):
        """The runs that did it."""
        before = self.history(where)[0]["run"]
        for run in runs:
            files = flows.snapshot(where)
            shown = self.run(where, "diff", "--undo", str(run), "--format", "json")
            if flows.snapshot(where) != files:
                raise flows.Failure("diff --undo changed files")
            done = self.undo(where, run)
            self.expect_exit(f"undo {run}", done, 0)
            steps = [[f["steps"] for f in self.report(x, "undo")["flows"]] for x in (shown, done)]
            if steps[0] != steps[1]:
                raise flows.Failure(f"undo {run} did not do what diff --undo showed:\n{json.dumps(steps, indent=1)}")
        return [r["run"] for r in self.history(where) if r["run"] > before and self.wrote(where, r["run"])]

    def test(self):
        self.prepare()
        where = self.copy("undo")
        if "DIGEST" in self.read("args-of-sync", ""):
            self.run(self.copy("refused"), "sync", *self.args)
        known = {r["run"] for r in self.history(where)} if (where / "state.db").exists() else set()
        if self.sync(where).returncode not in (0, 4):
            return
        before = directories(self.work / "start")
        runs = [r["run"] for r in self.history(where) if r["run"] not in known and self.wrote(where, r["run"])]
        after = directories(where)
        shutil.copytree(where, self.work / "synced")
        undone = self.undo_all(where, runs)
        same("undo", before, directories(where))
        shutil.copytree(where, self.work / "undone")
        self.check_held(runs, after)
        redone = self.undo_all(where, undone)
        same("undo of the undo", after, directories(where))
        self.undo_all(where, redone)
        same("undo, twice taken back", before, directories(where))
        if self.options.kill:
            self.check_kills(runs, before)
            self.check_killed_sync(known, before)

    def wrote(self, where, run):
        told = json.loads(self.run(where, "history", str(run), "--format", "json").stdout)
        return len(told["operations"]) > 0

    def check_held(self, runs, after):
        if not runs:
            return
        where = self.work / "undone"
        files = {p.name: p.read_bytes() for p in where.glob("*.ldif")}
        self.expect_exit("sync --if-due", self.run(where, "sync", "--if-due"), 3)
        if files != {p.name: p.read_bytes() for p in where.glob("*.ldif")}:
            raise flows.Failure("sync --if-due wrote, though an undo holds the flow")
        again = self.sync(where)
        if again.returncode in (0, 4) and not self.args:
            same("sync after the undo", after, directories(where))
            self.check_free(where)

    def check_free(self, where):
        if b"held since" in self.run(where, "status").stdout:
            raise flows.Failure("the flow is held after a sync")

    def check_kills(self, runs, before):
        synced = self.work / "synced"
        dice = zlib.crc32(self.folder.name.encode())
        for run in runs:
            count = self.work / f"count-{run}"
            where = self.work / "counted"
            shutil.copytree(synced, where)
            self.undo(where, run, killer={"KILLER_COUNT": str(count)})
            total = int(count.read_text().split()[-1])
            for at in range(1 + dice % self.options.kill, total + 1, self.options.kill):
                torn = {"KILLER_MODE": "torn"} if (at + dice) % 2 else {}
                self.kill_at(synced, run, where, dict(torn, KILLER_AT=str(at)))
            shutil.rmtree(synced)
            where.rename(synced)
        same("undo", before, directories(synced))

    def check_killed_sync(self, known, before):
        count = self.work / "count"
        dice = zlib.crc32(self.folder.name.encode())
        self.sync(self.copy("counted"), killer={"KILLER_COUNT": str(count)})
        total = int(count.read_text().split()[-1])
        for at in range(1 + dice % self.options.kill, total + 1, self.options.kill):
            where = self.copy("killed")
            self.sync(where, killer={"KILLER_AT": str(at)})
            runs = [r["run"] for r in self.history(where) if r["run"] not in known]
            for run in [r for r in runs if self.wrote(where, r)]:
                self.expect_exit(f"undo {run} of a sync killed at {at}", self.undo(where, run), 0)
            same(f"undo of a sync killed at {at}", before, directories(where))

    def kill_at(self, synced, run, good, killer):
        where = self.work / "killed"
        if where.exists():
            shutil.rmtree(where)
        shutil.copytree(synced, where)
        self.undo(where, run, killer=killer)
        self.expect_exit(f"undo {run} after {killer}", self.undo(where, run), 0)
        same(f"undo {run} after {killer}", directories(good), directories(where))


def person(name, *values):
    alias = name.lower()
    return "\n".join(("", f"dn: CN={name},OU=People,DC=abc,DC=example", "objectClass: user",
                      f"objectGUID: abc-{alias}---------", f"cn: {name}", f"displayName: {name}",
                      f"sAMAccountName: {alias}", f"mail: {alias}@abc.example",
                      f"proxyAddresses: SMTP:{alias}@abc.example", *values, ""))


def smtp(*names):
    return [f"proxyAddresses: smtp:{n}@abc.example" for n in names]


def people(**values):
    """Ann, Ben, Cid and Dan with more values; None: who left."""
    return "".join(person(n, *values.get(n.lower(), ())) for n in ("Ann", "Ben", "Cid", "Dan")
                   if values.get(n.lower(), ()) is not None)


def held(address, name, more=""):
    return f"E_PROXY_DUP: {address}@abc.example is held by CN={name},DC=xyz,DC=example{more}"


def staff(target):
    return target + b"\n\ndn: CN=Zoe,DC=xyz,DC=example\nobjectClass: user\ncn: Zoe\nmail: Ann@abc.example\n"


def both(target):
    line = b"\nproxyAddresses: smtp:team@xyz.example"
    return re.sub(rb"\nproxyAddresses: SMTP:(ann|ben)@abc.example", lambda m: m.group() + line, target)


def as_it_is(target):
    return target


SIP = "msRTCSIP-PrimaryUserAddress: sip:desk@abc.example"
# What the source says before run 2, which is taken back, by run 2 and by run 3; who else writes into the target before
# run 2, and after run 3; the conflicts of the undo, by whose they are.
GIVEN = {
    "given-deleted": (people(), people(ann=None), people(ann=None, ben=smtp("Ann")), as_it_is, as_it_is,
                      {"Ann": held("Ann", "Ben,OU=GAL")}),
    "given-modified": (people(ann=smtp("sales")), people(), people(ben=smtp("sales")), as_it_is, as_it_is,
                       {"Ann": held("sales", "Ben,OU=GAL")}),
    "given-sip": (people(ann=["proxyAddresses: sip:desk@abc.example"]), people(), people(ben=[SIP]), as_it_is,
                  as_it_is, {"Ann": held("desk", "Ben,OU=GAL")}),
    "given-staff": (people(), people(ann=None), people(ann=None), as_it_is, staff, {"Ann": held("Ann", "Zoe")}),
    # The undo takes it away from who has it.
    "given-taken": (people(ann=smtp("sales")), people(ben=smtp("sales")), people(ben=smtp("sales")), as_it_is,
                    as_it_is, {}),
    "given-taken-deleted": (people(), people(ann=None, ben=smtp("ann")), people(ann=None, ben=smtp("ann")), as_it_is,
                            as_it_is, {}),
    # Or would, but cannot.
    "given-relied-on": (people(ann=smtp("sales"), ben=smtp("info")), people(ben=smtp("sales")),
                        people(ben=smtp("sales"), dan=smtp("info")), as_it_is, as_it_is,
                        {"Ann": held("sales", "Ben,OU=GAL", ", which is in conflict itself"),
                         "Ben": held("info", "Dan,OU=GAL")}),
    "given-twice": (people(), people(ann=None, ben=None), people(ann=None, ben=None), both, as_it_is,
                    {"Ann": "E_PROXY_DUP: team@xyz.example is given back to another entry by the same undo"}),
}


class Given(Undo):
    """A case of GIVEN. Who has the address keeps it, and of that step nothing is done."""

    def test(self):
        *sources, in_between, at_last, conflicts = GIVEN[self.folder.name]
        where = self.work / "undo"
        where.mkdir()
        target, config = where / "xyz.ldif", where / "galway.conf"
        target.write_bytes(flows.EMPTY_TARGET)
        config.write_text(flows.CONFIG % ("    max-shrink-percent = 100\n", ""))
        config.chmod(0o600)
        for source, edit in zip(sources, (in_between, as_it_is, at_last)):
            (where / "abc.ldif").write_text("version: 1\n" + source)
            self.expect_exit("sync", self.sync(where), 0)
            target.write_bytes(edit(target.read_bytes()))
        before = directories(where)
        plan = self.run(where, "diff", "--undo", "2", "--format", "json")
        shown = self.expect_conflicts("diff --undo", plan, conflicts)
        self.check_found(where, shown)
        done = self.undo(where, 2)
        self.expect_exit("undo 2", done, 4 if conflicts else 0)
        if self.expect_conflicts("undo", done, conflicts) != shown:
            raise flows.Failure("undo did not do what diff --undo showed")
        if len(shown) == len(conflicts):
            same("undo", before, directories(where))
        self.expect_one_each(target)
        after = directories(where)
        self.expect_exit("undo 2, again", self.undo(where, 2), 4 if conflicts else 0)
        same("undo, again", after, directories(where))

    def expect_conflicts(self, what, done, conflicts):
        """The steps; those in conflict, and no others, are as told."""
        steps = self.report(done, what)["flows"][0]["steps"]
        told = {s["target"]["name"].split(",")[0][3:]: s["message"] for s in steps if s["op"] == "conflict"}
        cases = {s["case"] for s in steps if s["op"] == "conflict"}
        if told != conflicts or not cases <= {11}:
            raise flows.Failure(f"{what}: conflicts of {cases}:\n{told}\nnot\n{conflicts}")
        return steps

    def check_found(self, where, shown):
        """A target that finds entries is asked for who has the addresses."""
        config = where / "galway.conf"
        text = config.read_text()
        config.write_text(text.replace('type = ldif\n    file = "xyz.ldif"', 'type = mem\n    file = "xyz.ldif"'))
        found = self.run(where, "diff", "--undo", "2", "--format", "json")
        config.write_text(text)
        if self.report(found, "diff --undo")["flows"][0]["steps"] != shown:
            raise flows.Failure(f"another plan for a target that finds entries:\n{found.stdout.decode()}")

    def expect_one_each(self, target):
        holders = {}
        for e in ldif.parse(target.read_bytes()):
            for a in ("proxyAddresses", "mail", "targetAddress", "msRTCSIP-PrimaryUserAddress"):
                for v in e.values(a):
                    kind, _, address = v.decode().casefold().rpartition(":")
                    holders.setdefault((kind == "sip", address), set()).add(e.name)
        several = {a: names for a, names in holders.items() if len(names) > 1}
        if several:
            raise flows.Failure(f"several have an address: {several}")


def test_one(name, options):
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="galway-undo-", dir=parent) as work:
        try:
            kind, folder = (Given, HERE) if name in GIVEN else (Undo, FLOWS)
            kind(folder / name, options, pathlib.Path(work)).test()
        except flows.Failure as e:
            return str(e)
        except (OSError, ValueError, KeyError, AttributeError) as e:
            return f"{type(e).__name__}: {e}"
    return None


def main():
    build = HERE.parent.parent / "build" / "debug"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--galway", default=str(build / "galway"))
    parser.add_argument("--killer", default=str(build / "tests" / "libkiller.so"))
    parser.add_argument("--kill", type=int, default=8)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth case only")
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.update = False
    names = sorted(d.name for d in FLOWS.iterdir() if (d / "about").exists() and not (d / "fails").exists()
                   and (not options.names or any(n in d.name for n in options.names)))[::options.every]
    names += [n for n in GIVEN if not options.names or any(m in n for m in options.names)]
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(options.j) as pool:
        for name, why in zip(names, pool.map(test_one, names, [options] * len(names))):
            failed += why is not None
            print(f"{'FAIL' if why else 'ok  '} {name}" + (f"\n{why}" if why else ""), flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
