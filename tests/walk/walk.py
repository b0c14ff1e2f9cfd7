"""One walk: round after round of edits, a sync that may be killed, and the checks."""
import contextlib
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
CODES = {"diff": (0, 1, 4), "sync": (0, 3, 4), "authority": (0, 2)}
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
        self.seed, self.dice = seed, random.Random(seed)
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
        codes = CODES[words[0]] + (KILLED,) * ("KILLER_AT" in killer)
        if done.returncode not in codes:
            raise Divergence(f"{where.name}: galway {' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
        return done

    @staticmethod
    def query(where, text):
        with contextlib.closing(sqlite3.connect(where / "state.db", isolation_level=None)) as db:
            db.execute(text)

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
        self.before, self.pending = judge.look(self.places), False
        partial = any(w.startswith(("--no-", "--object")) for w in words)
        if self.dice.random() < 0.35 and not partial:
            report = self.killed(words)
        else:
            self.note("sync " + " ".join(words))
            told = self.told(words)
            report = self.sync(self.here, words)
            if told and told["steps"] != report["flows"][0]["steps"] and "refused" not in report["flows"][0]:
                raise Divergence(f"diff told {told}, and sync did {report}")
        self.check(self.before, report, partial)

    def told(self, words):
        """What a dry run says of the first flow; the second one may find what the first one wrote."""
        if self.dice.random() < 0.9:
            return None
        before = judge.files(self.here)
        report = json.loads(self.galway(self.here, "diff", "--format", "json", *words).stdout)
        if judge.files(self.here) != before:
            raise Divergence("diff changed files")
        return report["flows"][0]

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
            done = world.edit(self.places[self.dice.choice(("abc", "xyz"))], world.COSMETIC_EDITS)
            if done:
                self.note(done)
        for place in self.places.values():
            place.save()
        self.drifted(before)
        self.administrate()

    def administrate(self):
        """What happens to galway itself now and then."""
        what = self.dice.random()
        flow = self.dice.choice(self.flows)
        if what < 0.01:
            (self.here / "state.db").unlink(missing_ok=True)
            self.note("lose the state")
        elif what < 0.02:
            self.configure()
        elif what < 0.03 and self.places[flow[0]].people():
            who = self.dice.choice(self.places[flow[0]].people()).name.decode()
            words = ("authority", "transfer", who, self.dice.choice(flow))
            self.note(" ".join(words))
            self.galway(self.here, *words)
        else:
            return
        self.quiet = False

    def drifted(self, before):
        """What was edited by hand in a target is what a delta need not see."""
        after = judge.look(self.places)
        for flow in self.flows:
            self.drift[flow] |= judge.changed(before[flow[1]], after[flow[1]])
            self.markers |= judge.given_markers(before[flow[1]], after[flow[1]])

    def choose(self):
        dice = self.dice
        words = ["--full"] if dice.random() < 0.35 else []
        flow = dice.choice(self.flows)
        if dice.random() < 0.05:
            words.append(dice.choice(("--no-create", "--no-update", "--no-delete", "--no-rename")))
        elif dice.random() < 0.03 and self.places[flow[0]].people():
            someone = dice.choice(self.places[flow[0]].people())
            return ["--object", someone.name.decode(), "-to-".join(flow)]
        if len(self.flows) > 1 and dice.random() < 0.1:
            words.append("-to-".join(flow))
        return words

    def killed(self, words):
        """Killed at random moments, then left alone: it ends where a run ends that nobody disturbed."""
        if (self.here / "state.db").exists():
            # A run in the second of the one before writes less: not so now, whatever the clock says.
            self.query(self.here, "UPDATE flow SET last_run = 0, last_good = 0")
        there = copy(self.here, self.work / "undisturbed")
        count = self.work / "count"
        count.unlink(missing_ok=True)
        want = self.sync(there, words, KILLER_COUNT=str(count))
        calls = int(count.read_text().splitlines()[0].split()[-1])
        self.kill(words, calls)
        if self.dice.random() < 0.15:
            return self.interrupted(words)
        if "--full" in words:
            return self.settle([(there, want)], words)
        words.append("--full")
        others = [(there, self.sync(there, words))]
        if any(self.drift.values()):
            # What the delta decided without having seen it may have been done, or not.
            there = copy(self.work / "before", self.work / "undisturbed-full")
            others.append((there, self.sync(there, words)))
        return self.settle(others, words)

    def interrupted(self, words):
        """Edits on what a killed run has left: what it did, and did not put in its place yet, waits beside a file that nobody edits."""
        for place in self.places.values():
            place.load()
            place.hold()
        self.edit()
        for place in self.places.values():
            place.held = False
        self.before, self.pending = judge.look(self.places), True
        self.note("sync " + " ".join(words))
        return self.sync(self.here, words)

    def kill(self, words, calls):
        """The dice of the moments are others: how often galway writes depends on the clock."""
        dice, moments = random.Random(f"{self.seed} {self.n}"), []
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            killer = {"KILLER_AT": str(dice.randint(1, max(calls, 1)))}
            if dice.random() < 0.5:
                killer["KILLER_MODE"] = "torn"
            if self.sync(self.here, words, **killer) is not None:
                break
            self.kills += 1
            moments.append(killer["KILLER_AT"] + (" (torn)" if len(killer) > 1 else ""))
            if dice.random() < 0.1:
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

    def check(self, before, report, partial):
        after = self.harmless(before, report)
        if partial:
            self.quiet = False
            return
        self.seen(report)
        if self.quiet and judge.wrote(report):
            raise Divergence(f"nothing was edited, and yet: {report}")
        if self.dice.random() > 0.6 and "killed" not in self.history[-1] and not self.options.thorough:
            return
        doubt = self.dice.random() < 0.5 or self.options.thorough
        for _ in range(5):
            if not self.left(before, after, report, doubt):
                return
            self.note("once more")
            self.pending = False
            before, report = after, self.sync(self.here, ["--full"])
            after = self.harmless(before, report)
            self.seen(report)
        raise Divergence("it does not come to rest")

    def seen(self, report):
        for flow in report["flows"]:
            if flow["full"]:
                self.drift[tuple(flow["flow"].split("-to-"))].clear()

    def harmless(self, before, report):
        """Nothing was done that must never be done. How the sides are now."""
        judge.left_behind(self.here)
        for place in self.places.values():
            place.load()
        after = judge.look(self.places)
        targets = {target for _, target in self.flows}
        for name, place in self.places.items():
            judge.untouched(place, before[name], after[name], name in targets, self.pending)
            if not self.pending:
                judge.not_more(before[name], after[name], judge.marker, "is the marker of", self.markers)
                judge.not_more(before[name], after[name], world.addresses, "is held by")
        return after

    def left(self, before, after, report, doubt):
        """What a full run would do, but for what is known; in doubt one that compares every object."""
        where = self.here
        if doubt:
            where = copy(self.here, self.work / "doubted")
            self.query(where, "UPDATE link SET source_digest = 0, target_digest = 0")
        plans = self.diff(where, *[flow["flow"] for flow in report["flows"]])
        left, steps = [], []
        for done, plan in zip(report["flows"], plans["flows"]):
            source, target = plan["flow"].split("-to-")
            # A delta need not see what was edited in the target, and no run what the flow after it writes into its source.
            expected = self.drift[source, target] | judge.changed(before[source], after[source]) | judge.forgotten(report)
            new = judge.unknown(plan, done)
            left += judge.helped(plan, done, new, expected, self.places[source])
            steps += new
        self.quiet = not steps and len(report["flows"]) == len(self.flows)
        return left


def copy(folder, to):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for path in folder.iterdir():
        shutil.copyfile(path, to / path.name)
    (to / "galway.conf").chmod(0o600)
    return to
