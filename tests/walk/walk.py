"""One walk: round after round of edits, a sync that may be killed, and the checks."""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess

import judge
import world
from judge import Divergence
from world import ldif

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
"""
FLOW = """flow {0}-to-{1} {{
    source = {0}
    target = {1}
    into = "OU=GAL,DC={1},DC=example"
    {2}
}}
"""


class Walk:
    def __init__(self, seed, work, options):
        self.dice = random.Random(seed)
        self.options, self.work, self.here = options, work, work / "now"
        self.here.mkdir()
        self.n = self.kills = 0
        self.history = []
        self.places = {name: world.Place(name, self.here, self.dice) for name in ("abc", "xyz")}
        self.flows = [("abc", "xyz"), ("xyz", "abc")][:self.dice.choice((1, 2, 2))]
        self.drift = {flow: set() for flow in self.flows}  # what a delta need not see
        self.markers = set()  # that were copied by hand
        self.quiet = False  # the last look found nothing to do
        self.configure()
        for place in self.places.values():
            world.found_company(place, self.dice.randint(6, 16))

    def configure(self):
        dice = self.dice
        lines = [f"leave = {dice.choice(('delete', 'delete', 'delete', 'hide', 'keep'))}",
                 f"full-every = {dice.choice((8, 1000, 1000))}"]
        if dice.random() < 0.8:
            lines += ["max-deletes-percent = 100", "max-shrink-percent = 100"]
        flows = ""
        for source, target in self.flows:
            more = list(lines)
            if dice.random() < 0.5:
                more.append(f'adopt = "OU=Partners,DC={target},DC=example"')
            if dice.random() < 0.2:
                attribute = dice.choice(("title", "telephoneNumber", "displayName", "manager", "distinguishedName",
                                         "proxyAddresses", "mailNickname"))
                more.append(f"authority-of {{ {attribute} = {target} }}")
            flows += FLOW.format(source, target, "\n    ".join(more))
        path = self.here / "galway.conf"
        path.write_text(CONFIG + flows)
        path.chmod(0o600)
        self.history.append(" ".join(flows.split()))

    def note(self, text):
        self.history.append(f"{self.n}: {text}")

    # ---- running galway

    def galway(self, where, *words, **killer):
        env = {"TMPDIR": str(self.work), "LC_ALL": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if killer:
            env["LD_PRELOAD"] = self.options.killer
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env.update(killer)
        done = subprocess.run([self.options.galway, "-c", "galway.conf", *words], cwd=where, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        codes = (0, 1, 4) if words[0] == "diff" else (0, 3, 4) + (KILLED,) * ("KILLER_AT" in killer)
        if done.returncode not in codes:
            raise Divergence(f"{where.name}: galway {' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
        return done

    def sync(self, where, words, **killer):
        """To its end, when it is not killed: what a guard refused a person approves. The report, or None."""
        done = self.galway(where, "sync", "--format", "json", *words, **killer)
        if done.returncode == KILLED:
            return None
        report = json.loads(done.stdout)
        for flow in report["flows"]:
            self.approve(where, flow, done)
        judge.summaries(report, done.returncode)
        return report

    def approve(self, where, flow, done):
        for _ in range(3):
            found = re.search(rb"--approve ([0-9a-f]{64}) " + flow["flow"].encode(), done.stderr)
            if not found:
                return
            flow["refused"] = True
            done = self.galway(where, "sync", "--full", "--format", "json", "--approve", found.group(1).decode(), flow["flow"])
            flow.update(json.loads(done.stdout)["flows"][0])
        raise Divergence("a plan was refused though it was approved")

    def diff(self, where, *words):
        return json.loads(self.galway(where, "diff", "--full", "--format", "json", *words).stdout)

    # ---- a round

    def round(self):
        self.n += 1
        self.edit()
        words = self.choose()
        copy(self.here, self.work / "before")
        before = judge.look(self.places)
        if self.dice.random() < 0.35:
            report = self.killed(words)
        else:
            self.note("sync " + " ".join(words))
            report = self.sync(self.here, words)
        self.check(before, report, words)

    def edit(self):
        before = judge.look(self.places)
        for _ in range(self.dice.choice((0, 1, 1, 2, 2, 3, 6))):
            name = self.dice.choice(("abc", "abc", "xyz"))
            kinds = [world.EDITS] * 3
            if any(target == name for _, target in self.flows):
                kinds.append(world.CONTACT_EDITS)
            done = world.edit(self.places[name], self.dice.choice(kinds))
            if done:
                self.quiet = False
                self.note(done)
        if self.dice.random() < 0.15:
            self.note(world.edit(self.places[self.dice.choice(("abc", "xyz"))], world.COSMETIC_EDITS))
        for place in self.places.values():
            place.save()
        self.drifted(before)

    def drifted(self, before):
        """What was edited by hand in a target is what a delta need not see."""
        after = judge.look(self.places)
        for flow in self.flows:
            self.drift[flow] |= judge.changed(before[flow[1]], after[flow[1]])
            self.markers |= judge.given_markers(before[flow[1]], after[flow[1]])

    def choose(self):
        words = ["--full"] if self.dice.random() < 0.35 else []
        if len(self.flows) > 1 and self.dice.random() < 0.1:
            words.append("-to-".join(self.dice.choice(self.flows)))
        return words

    def killed(self, words):
        """Killed at random moments, then left alone: it ends where a run ends that nobody disturbed."""
        there = copy(self.here, self.work / "undisturbed")
        count = self.work / "count"
        count.unlink(missing_ok=True)
        want = self.sync(there, words, KILLER_COUNT=str(count))
        calls = int(count.read_text().split()[0])
        self.kill(words, calls)
        if "--full" in words:
            return self.settle([(there, want)], words)
        words.append("--full")
        others = [(there, self.sync(there, words))]
        if any(self.drift.values()):
            # What the delta decided without having seen it may have been done, or not.
            there = copy(self.work / "before", self.work / "undisturbed-full")
            others.append((there, self.sync(there, words)))
        return self.settle(others, words)

    def kill(self, words, calls):
        moments = []
        for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
            killer = {"KILLER_AT": str(self.dice.randint(1, max(calls, 1)))}
            if self.dice.random() < 0.5:
                killer["KILLER_TORN"] = "1"
            if self.sync(self.here, words, **killer) is not None:
                break
            self.kills += 1
            moments.append(killer["KILLER_AT"] + (" (torn)" if len(killer) > 1 else ""))
            if self.dice.random() < 0.1:
                self.look_on()
        self.note(f"sync {' '.join(words)}, killed at {', '.join(moments) or 'none'} of {calls}")

    def look_on(self):
        """A dry run beside what a killed run has left changes nothing."""
        before = judge.files(self.here)
        self.diff(self.here)
        if judge.files(self.here) != before:
            raise Divergence("diff changed files that a killed run has left")

    def settle(self, others, words):
        """Somebody in conflict may be helped by the run itself, for the next one: a run that was killed may be ahead."""
        got = self.sync(self.here, words)
        for _ in range(3):
            wrong = self.compare(others, got)
            if not wrong or not any(judge.wrote(r) or judge.waiting(r) != judge.waiting(got) for r in [got] + [o for _, o in others]):
                break
            others = [(there, self.sync(there, words)) for there, _ in others]
            got = self.sync(self.here, words)
        if wrong:
            raise Divergence("after a kill " + wrong)
        return got

    def compare(self, others, got):
        """Each side is as one of the others have it."""
        for name in self.places:
            mine = (self.here / f"{name}.ldif").read_bytes()
            theirs = [(there / f"{name}.ldif").read_bytes() for there, _ in others]
            if mine in theirs:
                continue
            mine, theirs = ldif.canonical(ldif.parse(mine)), [ldif.canonical(ldif.parse(t)) for t in theirs]
            if mine not in theirs:
                return f"{name}.ldif is not what it is without:\n" + judge.differ(theirs[0], mine)
        if judge.waiting(got) not in [judge.waiting(report) for _, report in others]:
            return f"this waits: {judge.waiting(got)}, without: {judge.waiting(others[0][1])}"
        return None

    # ---- the checks

    def check(self, before, report, words):
        for place in self.places.values():
            place.load()
        after = judge.look(self.places)
        judge.left_behind(self.here)
        for name, place in self.places.items():
            adopts = {flow[1] for flow in self.flows}
            judge.untouched(place, before[name], after[name], name in adopts)
            judge.not_more(before[name], after[name], judge.marker, "is the marker of", self.markers)
            judge.not_more(before[name], after[name], world.addresses, "is held by")
        if self.quiet and judge.wrote(report):
            raise Divergence(f"nothing was edited, and yet: {report}")
        done = {flow["flow"]: flow for flow in report["flows"]}
        for flow in self.flows:
            name = "-to-".join(flow)
            if name in done and done[name]["full"]:
                self.drift[flow].clear()
        flows = [f for f in self.flows if "-to-".join(f) in done]
        if self.dice.random() < 0.6 or "killed" in self.history[-1]:
            self.settled(flows, done, before, after)

    def settled(self, flows, done, before, after):
        """A full run would find nothing to do, even when it compares every object."""
        where = self.here
        if self.dice.random() < 0.5:
            where = copy(self.here, self.work / "doubted")
            with sqlite3.connect(where / "state.db") as db:
                db.execute("UPDATE link SET source_digest = 0, target_digest = 0")
            db.close()
        plans = self.diff(where, *["-to-".join(f) for f in flows])
        self.quiet = len(flows) == len(self.flows)
        for flow, plan in zip(flows, plans["flows"]):
            crossed = judge.changed(before[flow[0]], after[flow[0]])
            source = self.places[flow[0]]
            self.quiet &= judge.nothing_left(plan, done["-to-".join(flow)], self.drift[flow], crossed, source)


def copy(folder, to):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for path in folder.iterdir():
        shutil.copyfile(path, to / path.name)
    (to / "galway.conf").chmod(0o600)
    return to
