#!/usr/bin/python3
"""Undo, tried on every case of tests/flows: the run that is tested there is taken back.

    undo.py [--galway PATH] [--killer PATH] [--kill N] [-j N] [NAME...]

1. sync, and undo each run that wrote, the newest first: both directories are as they were.
2. undo the undos: they are as sync left them.
3. After an undo the flow is held: sync --if-due writes nothing and exits 3. A sync does it again.
4. Killed at every Nth write of an undo, others in other cases, and called again: as if it had not been killed.
5. A sync that was killed there is taken back, too.

Ids of entries that were added again may differ.
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


def test_one(name, options):
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="galway-undo-", dir=parent) as work:
        try:
            Undo(FLOWS / name, options, pathlib.Path(work)).test()
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
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(options.j) as pool:
        for name, why in zip(names, pool.map(test_one, names, [options] * len(names))):
            failed += why is not None
            print(f"{'FAIL' if why else 'ok  '} {name}" + (f"\n{why}" if why else ""), flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
