#!/usr/bin/python3
"""Flow tests: each folder beside this file is one, see README.md for what it may hold.

    run.py [--galway PATH] [--killer PATH] [--kill N] [--update] [-j N] [NAME...]

NAME: the cases whose names have it in them; all of them without. --kill N: at every Nth moment, others in
other cases (1: at each; 0: never). --update writes what is expected from what is: read it before you believe it.
"""
import argparse
import concurrent.futures
import difflib
import hashlib
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib

import jsonschema

import ldif

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = json.loads((HERE.parent.parent / "docs" / "report.schema.json").read_text())
KILLED = -9
CONFIG = """state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
    smtp-domains = {"abc.example"}
    sip-domains = {"abc.example"}
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
    smtp-domains = {"xyz.example"}
    sip-domains = {"xyz.example"}
}
flow abc-to-xyz {
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
%s}
%s"""
EMPTY_TARGET = b"""version: 1

dn: DC=xyz,DC=example
objectClass: domain

dn: OU=GAL,DC=xyz,DC=example
objectClass: organizationalUnit
ou: GAL
"""


class Failure(Exception):
    """What is wrong, for a person."""


def differ(what, want, got):
    if want != got:
        diff = difflib.unified_diff(want, got, "expected", "actual", lineterm="", n=3)
        raise Failure(f"{what}\n" + "\n".join(diff))


def steps_lines(report):
    return json.dumps([f["steps"] for f in report["flows"]], indent=1, ensure_ascii=False).splitlines()


def text_lines(data):
    return data.decode("utf-8", "replace").split("\n")


class Case:
    """A folder, and the work done on copies of it."""

    def __init__(self, folder, options, work):
        self.folder, self.options, self.work = folder, options, work
        self.args = self.read("args", "").split()
        self.exits = [int(x) for x in self.read("exit", "1 0").split()]
        self.digest = ""  # of the plan that was refused last

    def read(self, name, default=None):
        path = self.folder / name
        return path.read_text() if path.exists() else default

    def has(self, name):
        return (self.folder / name).exists()

    # ---- running galway

    def run(self, where, *words, killer=None):
        env = {"PATH": os.environ["PATH"], "TMPDIR": str(self.work), "LC_ALL": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if killer is not None:
            env["LD_PRELOAD"] = self.options.killer
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env.update(killer)
        words = [self.digest if w == "DIGEST" else w for w in words]
        done = subprocess.run([self.options.galway, "-c", "galway.conf", *words], cwd=where, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        if done.returncode not in (range(6) if killer is None else [*range(6), KILLED]):
            raise Failure(f"galway {' '.join(words)} ended with {done.returncode}\n" + done.stderr.decode())
        found = re.search(rb"--approve ([0-9a-f]{64})", done.stderr)
        if found:
            self.digest = found.group(1).decode()
        return done

    def sync(self, where, **how):
        return self.run(where, "sync", "--format", "json", *self.args, *self.read("args-of-sync", "").split(), **how)

    def approved(self, where, refused):
        """What is left to do has another digest, and is planned by a full run, for which a source may have shrunk."""
        words = re.findall(r"to do exactly this, once: galway (.*)", refused.stderr.decode())
        return self.run(where, *shlex.split(words[-1]), "--format", "json") if words else refused

    def diff(self, where, form, *words):
        return self.run(where, "diff", "--format", form, *self.args, *words)

    # ---- the state before the run that is tested

    def place(self, folder, where):
        """The files of a folder take the place of those that are there, edits are applied to them."""
        for path in sorted(folder.iterdir()):
            if path.is_dir() or path.name.endswith(".edit.ldif"):
                continue
            if path.suffix in (".ldif", ".rules", ".csv", ".conf"):
                shutil.copyfile(path, where / path.name)
        for path in sorted(folder.glob("*.edit.ldif")):
            edited = where / path.name.replace(".edit", "")
            edited.write_bytes(ldif.write(ldif.apply(ldif.parse(edited.read_bytes()), path.read_bytes())))

    def configure(self, folder, where):
        if not (folder / "galway.conf").exists():
            parts = [(folder / name).read_text() if (folder / name).exists() else self.read(name, "")
                     for name in ("flow.conf", "more.conf")]
            (where / "galway.conf").write_text(CONFIG % tuple(parts))
        (where / "galway.conf").chmod(0o600)
        for rules in where.glob("*.rules"):
            rules.chmod(0o600)

    def command(self, line, where):
        """A line of a file "commands": the exit code that is expected (0 or 4 without), and the words."""
        if line == "lose the state":
            (where / "state.db").unlink()
            return
        words = line.split()
        codes = [int(words.pop(0))] if words[0].isdigit() else [0, 4]
        done = self.run(where, *words)
        if done.returncode not in codes:
            raise Failure(f"setup: galway {line} ended with {done.returncode}\n" + done.stderr.decode())

    def prepare(self):
        start = self.work / "start"
        start.mkdir()
        (start / "xyz.ldif").write_bytes(EMPTY_TARGET)
        for rules in self.folder.glob("*.rules"):
            shutil.copyfile(rules, start / rules.name)
        steps = sorted((d for d in self.folder.iterdir() if d.is_dir() and d.name.isdigit()), key=lambda d: int(d.name))
        for step in steps + [self.folder]:
            self.place(step, start)
            self.configure(step, start)
            if step != self.folder:
                commands = step / "commands"
                for line in (commands.read_text() if commands.exists() else "sync").splitlines():
                    self.command(line, start)
        return start

    def copy(self, name):
        to = self.work / name
        if to.exists():
            shutil.rmtree(to)
        return pathlib.Path(shutil.copytree(self.work / "start", to))

    # ---- what is compared

    def expect(self, name, got):
        """Lines of a file of the case; --update writes them."""
        if self.options.update and not self.has("fails"):
            (self.folder / name).write_text("\n".join(got))
            return
        if not self.has(name):
            raise Failure(f"{name} is missing")
        differ(name, self.read(name).split("\n"), got)

    def report(self, done, what):
        try:
            report = json.loads(done.stdout)
            jsonschema.validate(report, SCHEMA)
        except (ValueError, jsonschema.ValidationError) as e:
            raise Failure(f"{what}: the report is not as docs/report.schema.json says: {e}") from e
        for flow in report["flows"]:
            counted = counts(flow["steps"])
            told = {k: flow["summary"][k] for k in counted}
            if counted != told:
                raise Failure(f"{what}: the summary says {told}, the steps come to {counted}")
        return report

    def expect_steps(self, report):
        got = list(all_lines(report))
        if (self.options.update and not self.has("fails")) or not self.has("steps"):
            self.expect("steps", got + [""])
            return
        want = self.read("steps").splitlines()
        same = len(want) == len(got) and all(matches(w, g) for w, g in zip(want, got))
        if not same:
            differ("steps (a message is as expected when it has the expected text in it)", want, got)

    def expect_messages(self, done):
        for line in self.read("messages", "").splitlines():
            if line not in done.stderr.decode():
                raise Failure(f"stderr has no '{line}', but:\n" + done.stderr.decode())

    def expect_exit(self, what, done, code):
        if done.returncode != code:
            raise Failure(f"{what} ended with {done.returncode}, not {code}\n" + done.stderr.decode())

    def expect_target(self, where, what):
        """The target is as after.ldif has it; the source is as it was, if after-abc.ldif says nothing else."""
        for side, name in (("xyz", "after.ldif"), ("abc", "after-abc.ldif")):
            now = (where / f"{side}.ldif")
            before = self.work / "start" / now.name
            if self.has(name) or (self.options.update and side == "xyz" and self.exits[1] in (0, 4)):
                got = ldif.canonical(ldif.parse(now.read_bytes()))
                if self.options.update and what == "sync":
                    self.expect(name, got)
                else:
                    differ(f"{what}: {name}", ldif.canonical(ldif.parse((self.folder / name).read_bytes())), got)
            elif before.exists() and before.read_bytes() != now.read_bytes():
                raise Failure(f"{what}: {now.name} was changed")
        extra = set(os.listdir(where)) - set(os.listdir(self.work / "start")) - {"state.db", "state.db.lock"}
        if extra:
            raise Failure(f"{what}: left behind: {sorted(extra)}")

    # ---- the checks

    def test(self):
        self.prepare()
        plan, report = self.check_diff()
        if plan is not None:
            self.check_orders(plan)
            self.check_found(steps_lines(report))
            self.check_delta(plan)
        where, total = self.check_sync(report)
        self.check_again(where, report)
        if self.options.kill and not self.options.update:
            self.check_kills(total)

    def check_diff(self):
        """The plan is as expected, in each format, and making it changes nothing."""
        where = self.copy("diff")
        before = snapshot(where)
        plan = self.diff(where, "ldif")
        report = self.diff(where, "json")
        for form in ("csv", "text"):
            self.expect_exit(f"diff --format {form}", self.diff(where, form), plan.returncode)
        self.expect_exit("diff", plan, self.exits[0])
        if snapshot(where) != before:
            raise Failure(f"diff changed files: {before} -> {snapshot(where)}")
        if plan.returncode in (2, 5):
            self.expect_messages(plan)
            return None, None
        report = self.report(report, "diff")
        self.expect("plan.ldif", text_lines(plan.stdout))
        self.expect_steps(report)
        self.check_explain(where, report)
        return plan.stdout, report

    def check_explain(self, where, report):
        """Asked about the one object that the plan is about, explain says the same."""
        steps = [(flow["flow"], s) for flow in report["flows"] for s in flow["steps"]]
        if len(steps) != 1 or self.args or not steps[0][1]["source"]["name"]:
            return
        flow, step = steps[0]
        done = self.run(where, "explain", flow, step["source"]["id"])
        if f"(case {step['case']}" not in done.stdout.decode():
            raise Failure(f"explain does not say case {step['case']}:\n{(done.stdout + done.stderr).decode()}")

    def check_orders(self, plan):
        """Entries, attributes and values in other orders give the same plan."""
        for seed in ("reversed", "1", "2"):
            where = self.copy("orders")
            for side in ("abc", "xyz"):
                path = where / f"{side}.ldif"
                if path.exists():
                    path.write_bytes(ldif.write(shuffled(ldif.parse(path.read_bytes()), seed)))
            differ(f"plan of the input in another order ({seed})", text_lines(plan),
                   text_lines(self.diff(where, "ldif").stdout))

    def check_found(self, plan):
        """A target that finds entries, as a server does, is not read whole for a few rows: the plan is the same."""
        where = self.copy("found")
        config = (where / "galway.conf").read_text()
        mem = config.replace('type = ldif\n    file = "xyz.ldif"', 'type = mem\n    file = "xyz.ldif"')
        if mem == config or "allow-urls" in config:
            return
        (where / "galway.conf").write_text(mem)
        differ("plan for a target that finds entries", plan, self.steps_of_diff(where))
        if not self.args:
            # And when the source is one too, both are read at the same time.
            full = self.steps_of_diff(self.copy("full"), "--full")
            (where / "galway.conf").write_text(mem.replace("type = ldif", "type = mem"))
            if self.has("1"):
                differ("plan of a delta that asks for the links it needs", plan, self.steps_of_diff(where))
            differ("plan of diff --full of both sides read at once", full, self.steps_of_diff(where, "--full"))

    def steps_of_diff(self, where, *args):
        """As lines. In LDIF a target may want references in a change of their own."""
        return steps_lines(self.report(self.diff(where, "json", *args), "diff"))

    def check_delta(self, plan):
        """What a delta plans is what a full run would, when only the source was edited. Whether the guard takes it is
        another thing: only a full run knows how large the source is."""
        if self.args or not self.has("1") or self.has("xyz.ldif") or self.has("xyz.edit.ldif"):
            return
        full = self.diff(self.copy("full"), "ldif", "--full")
        differ("plan of diff --full", *([line for line in text_lines(x) if not line.startswith("# the guard refuses")]
                                        for x in (plan, full.stdout)))

    def check_sync(self, planned):
        where = self.copy("sync")
        if "DIGEST" in self.read("args-of-sync", ""):
            self.run(self.copy("refused"), "sync", *self.args)
        count = self.work / "count"
        done = self.sync(where, killer={"KILLER_COUNT": str(count)} if self.options.kill else None)
        self.expect_exit("sync", done, self.exits[1])
        self.expect_messages(done)
        self.expect_target(where, "sync")
        if planned is not None and self.exits[1] not in (2, 5):
            report = self.report(done, "sync")
            steps = [f["steps"] for f in report["flows"]]
            if steps != [f["steps"] for f in planned["flows"]]:
                raise Failure(f"sync did not do what diff planned:\n{json.dumps(steps, indent=1)}")
        return where, int(count.read_text().split()[-1]) if self.options.kill else 0

    def check_nothing_left(self, where, what, planned):
        """Nothing is planned but what no run can settle, and that was told before."""
        if self.exits[1] not in (0, 4):
            return
        done = self.diff(where, "json", "--full")
        report = self.report(done, what)
        told = [without_message(line) for line in all_lines(planned)]
        news = [line for line in all_lines(report) if not line.startswith(("modify", "    denied"))
                and not (line.startswith("conflict") and without_message(line) in told)]
        changes = [c for f in report["flows"] for s in f["steps"] for c in s["changes"]]
        if changes or news:
            raise Failure(f"{what}: diff --full plans:\n" + json.dumps(report, indent=1, ensure_ascii=False))

    def check_again(self, where, planned):
        if planned is None:
            return
        self.check_nothing_left(where, "second run", planned)
        files = {p: snapshot(where)[p] for p in ("abc.ldif", "xyz.ldif") if (where / p).exists()}
        again = self.run(where, "sync", "--full", "--format", "json", *self.args)
        if again.returncode not in ((0, 4) if self.exits[1] in (0, 4) else (self.exits[1],)):
            raise Failure(f"second run: sync ended with {again.returncode}\n" + again.stderr.decode())
        if {p: snapshot(where)[p] for p in files} != files:
            raise Failure("second run: a directory was written")
        self.expect_target(where, "second run")

    def check_kills(self, total):
        planned = None
        if self.exits[1] not in (2, 5):
            planned = self.report(self.diff(self.copy("killed"), "json"), "diff")
        dice = zlib.crc32(self.folder.name.encode())
        for n in range(1 + dice % self.options.kill, total + 1, self.options.kill):
            torn = {"KILLER_MODE": "torn"} if (n + dice) % 2 else {}
            what = f"killed at {n} of {total}" + (" (half of it, if it is a write)" if torn else "")
            where = self.copy("killed")
            first = self.sync(where, killer={"KILLER_AT": str(n), **torn})
            if first.returncode != KILLED:
                continue
            if n % 4 == 0:
                self.check_reader(where, what)
            done = self.sync(where)
            if done.returncode == 3 and self.exits[1] != 3:
                done = self.approved(where, done)
            good = {0, 4} if self.exits[1] in (0, 4) else {self.exits[1]}
            if done.returncode not in good:
                raise Failure(f"{what}: the next run ended with {done.returncode}\n" + done.stderr.decode())
            self.expect_target(where, what)
            if planned is not None and n % 4 == 1:
                self.check_nothing_left(where, what, planned)

    def check_reader(self, where, what):
        """A dry run after a crash works, and changes nothing."""
        before = snapshot(where)
        done = self.diff(where, "json")
        if done.returncode not in (0, 1, 4, self.exits[0]) or snapshot(where) != before:
            raise Failure(f"{what}: diff ended with {done.returncode}, or changed files\n" + done.stderr.decode())


# ---- what a report says


def counts(steps):
    count = dict.fromkeys(("add", "modify", "rename", "delete", "conflict", "denied"), 0)
    for s in steps:
        names = [c["attribute"] for c in s["changes"]]
        count["denied"] += len(s["denied"])
        if s["op"] in ("add", "delete", "conflict"):
            count[s["op"]] += 1
        else:
            count["rename"] += "distinguishedName" in names
            count["modify"] += any(n != "distinguishedName" for n in names)
    return count


def step_lines(s):
    name = s["source"]["name"] or s["target"]["name"]
    yield " | ".join([s["op"], str(s["case"]), s["rule"], name, s["message"].replace("\n", " ")]).rstrip()
    for d in s["denied"]:
        value = d["value"]
        value = "(removal)" if value is None else value if isinstance(value, str) else json.dumps(value)
        yield " | ".join(["    denied", d["attribute"], value, d["side"], d["authority"]])


def all_lines(report):
    return (line for flow in report["flows"] for s in flow["steps"] for line in step_lines(s))


def without_message(line):
    """Which object, and what; why may read otherwise when another one got its contact meanwhile."""
    op, _, rule, name, *_ = (line + " | | | ").split(" | ", 4)
    return f"{op} | {rule} | {name.removesuffix(' |')}"


def matches(want, got):
    want, got = want.split(" | ", 4), got.split(" | ", 4)
    if len(want) == 5 and not want[0].startswith("    "):
        return len(got) == 5 and want[:4] == got[:4] and want[4] in got[4]
    return want == got


# ---- files


def snapshot(folder):
    return {p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns, p.stat().st_mode)
            for p in sorted(folder.iterdir()) if p.is_file()}


def shuffled(entries, seed):
    if seed == "reversed":
        return [ldif.Entry(e.name, e.pairs[::-1]) for e in entries[::-1]]
    dice = random.Random(seed)
    dice.shuffle(entries)
    for e in entries:
        dice.shuffle(e.pairs)
    return entries


def test_one(name, options):
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="galway-flow-", dir=parent) as work:
        try:
            Case(HERE / name, options, pathlib.Path(work)).test()
        except Failure as e:
            return str(e)
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
            return f"{type(e).__name__}: {e}"
    return None


def main():
    build = HERE.parent.parent / "build" / "debug"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--galway", default=str(build / "galway"))
    parser.add_argument("--killer", default=str(build / "tests" / "libkiller.so"))
    parser.add_argument("--kill", type=int, default=2)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth case only")
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = sorted(d.name for d in HERE.iterdir() if d.is_dir() and (d / "about").exists()
                   and (not options.names or any(n in d.name for n in options.names)))[::options.every]
    failed = known = 0
    with concurrent.futures.ProcessPoolExecutor(options.j) as pool:
        for name, why in zip(names, pool.map(test_one, names, [options] * len(names))):
            wrong = why is not None
            if (HERE / name / "fails").exists() and not options.update:
                known += wrong
                why = None if wrong else "it does not fail any more: remove the file \"fails\""
            failed += why is not None
            word = "FAIL" if why else "wait" if wrong else "ok  "
            print(f"{word} {name}" + (f"\n{why}" if why else ""), flush=True)
    print(f"{len(names) - failed - known} passed, {failed} failed" + (f", {known} known to fail" if known else ""))
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
