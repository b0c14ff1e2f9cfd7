"""The stage of the crash points: a scenario is set up, run without an interruption, and then again and again with one; what
must hold after that is looked at in Stage.check."""
import json
import os
import pathlib
import re
import shlex
import signal
import sqlite3
import tempfile
import uuid

import crash_sides as sides
from crash_scenarios import SCENARIOS

CONFIG = """state = "state.db"
{abc}{xyz}flow abc-to-xyz {{
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
    {flow}
}}
{more}"""
KILLED = -signal.SIGKILL
TRIES = 5  # of a point, until its calls are met
KILLS = ("before", "after", "first", "torn", "last")  # tests/killer.c
# Of a file without a name nothing is left when its process is killed: that is to be killed at the next call.
MODES = {"w": (*KILLS, "full", "error"), "s": (*KILLS, "full", "error", "lost"),
         "c": ("before", "after", "full", "error"), "t": ("full", "error")}


class Wrong(Exception):
    """What is wrong, for a person."""


class Stage:
    """A folder that is the current one, two slapds, and what a scenario makes of them."""

    def __init__(self, options, folder, slapds):
        self.options, self.folder, self.slapds = options, folder, slapds
        self.servers = {name: sides.Server(name, s) for name, s in slapds.items()}
        self.words = None
        signal.signal(signal.SIGALRM, self.hangs)
        self.out, self.err = (tempfile.TemporaryFile(dir=folder.parent) for _ in range(2))  # without a name: not counted

    # ---- galway

    def run(self, *words, **killer):
        """Its exit code. killer: what tests/killer.c is told."""
        env = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder.parent), "LC_ALL": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if killer:
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env.update(LD_PRELOAD=self.options.killer, KILLER_SOCKETS="1", KILLER_NAMELESS="1", **killer)
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
        for fd, file in ((1, self.out), (2, self.err)):
            file.seek(0)
            file.truncate()
            actions.append((os.POSIX_SPAWN_DUP2, file.fileno(), fd))
        words = [self.options.galway, "-c", "galway.conf", *words]
        self.child = os.posix_spawn(words[0], words, env, file_actions=actions)
        signal.alarm(60)
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        signal.alarm(0)
        return self.code

    def hangs(self, *_):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        raise Wrong("galway did not come to its end within a minute")

    def said(self):
        """What it wrote, both outputs."""
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        return "".join(texts)

    def must(self, codes, *words):
        if self.run(*words) not in codes:
            raise Wrong(f"galway {' '.join(words)} ended with {self.code}:\n{self.said()}")
        return self.said()

    # ---- for scenarios

    def galway(self, *words):
        return self.must((0, 1, 3, 4), *words)

    def file(self, name, text):
        path = pathlib.Path(name)
        path.write_text(text)
        path.chmod(0o600)
        return name

    def lose(self, name):
        os.unlink(name)

    def last_run(self):
        self.galway("history", "--format", "json")
        self.out.seek(0)
        return str(json.loads(self.out.read())["runs"][0]["run"])

    def configure(self, flow, more, settings):
        text = CONFIG.format(flow=flow, more=more, **{n: getattr(self, n).connector(settings.get(n, ""))
                                                      for n in ("abc", "xyz")})
        self.file("galway.conf", text)

    # ---- the state of everything

    def take(self):
        files = {p.name: p.read_bytes() for p in pathlib.Path().iterdir()}
        return files, {n: getattr(self, n).take() for n in ("abc", "xyz")}

    def restore(self, state):
        """What is there then, of the directories."""
        for path in os.listdir():
            os.unlink(path)
        for name, data in state[0].items():
            pathlib.Path(name).write_bytes(data)
            os.chmod(name, 0o600)
        return {n: getattr(self, n).restore(content) for n, content in state[1].items()}

    def prepare(self, name):
        """The scenario up to its run, and that run: how it goes when nobody interrupts it."""
        if self.words is not None and self.name == name:
            return
        self.name = name
        for path in pathlib.Path().iterdir():
            path.unlink()
        for s in self.servers.values():
            s.take()
            s.restore(s.empty)
        play, kinds = SCENARIOS[name]
        for side, kind in zip(("abc", "xyz"), kinds):
            setattr(self, side, self.servers[side] if kind == "ldap" else sides.File(side))
        self.words = play(self) or ["sync"]
        # Plans and approvals are for one run; what is left is another plan.
        self.again = ["sync"] if "--plan" in self.words or "--approve" in self.words else self.words
        self.start = self.take()
        self.known = self.runs() if os.path.exists("state.db") else set()
        self.run(*self.words)
        if self.code not in (0, 4):
            raise Wrong(f"{name}: not interrupted, it ended with {self.code}:\n{self.said()}")
        self.good = (0,) if self.code == 0 else (0, 4)
        self.want = self.take()
        if self.want[1] == self.start[1]:
            raise Wrong(f"{name}: it changed nothing")
        self.want_state = self.remembered(self.check_quiet(self.want[1]))
        # Put back, which a delta may notice: so are all runs that come.
        before = self.restore(self.start)
        self.watched(*self.words)
        self.calls, calls = self.counted()
        if len(self.calls) != calls:
            raise Wrong(f"{name}: has more calls than tests/killer.c tells: {calls}")
        self.recover()
        self.check(before)

    # ---- a point

    def watched(self, *words, **killer):
        """What the call was that met its fate, if one did."""
        met, count = (self.folder.parent / name for name in ("met", "count"))
        for file in (met, count):
            file.unlink(missing_ok=True)
        self.run(*words, KILLER_MET=str(met), KILLER_COUNT=str(count), **killer)
        return met.read_text() if met.exists() else ""

    def point(self, fates):
        """Did each call meet its fate? Threads may change places, so that the first is one that cannot: it is tried
        again. The run that recovers may have fewer calls than the one that nobody interrupts: then within those. Raises
        Wrong."""
        for _ in range(TRIES):
            before = self.restore(self.start)
            met = [self.interrupt(self.again if n else self.words, *fate) for n, fate in enumerate(fates)]
            self.recover()
            self.check(before)
            good = fates[0][1] in MODES.get(met[0], ())
            if good and all(met):
                return True
            if good:
                fates = (fates[0], (1 + (fates[1][0] - 1) % max(1, self.came), fates[1][1]))
        return False

    def interrupt(self, words, call, mode):
        """What the call was, if it came; self.came: how many came of a run that missed it."""
        met = self.watched(*words, KILLER_AT=str(call), KILLER_MODE=mode)
        # Threads may change places, and then the call that should lose its answer is a write.
        if self.code not in range(6) and not (self.code == KILLED and mode in (*KILLS, "lost")):
            raise Wrong(f"interrupted, it ended with {self.code}:\n{self.said()}")
        if met and mode in KILLS and self.code != KILLED:
            raise Wrong(f"killed, it ended with {self.code}:\n{self.said()}")
        if not met:
            _, self.came = self.counted()
        return met

    def counted(self):
        """Of the last run, which came to its end: (what each call was, how many there were)."""
        kinds, n = (self.folder.parent / "count").read_text().split()
        return kinds, int(n)

    def recover(self):
        """One run. If the guard wants to be asked, that wrote nothing, and what it says is done."""
        self.run(*self.again)
        asked = re.search(r"to do exactly this, once: galway (.*)", self.said()) if self.code == 3 else None
        if asked:
            self.run(*shlex.split(asked.group(1)))
        if self.code not in self.good:
            raise Wrong(f"the next run ended with {self.code}:\n{self.said()}")

    def check(self, before):
        """Directories and what is remembered are those of the run that was not interrupted, nothing else was written, the
        next run has nothing to do, and the journal has it all."""
        files, now = self.take()
        told = [line for n, content in now.items()
                for line in getattr(self, n).wrong((self.start[1][n], before[n]), self.want[1][n], content)]
        told += [f"left behind: {name}" for name in files.keys() - self.want[0].keys()]
        told = told or self.unjournalled(now)
        told = told or sides.difference(self.want_state, self.remembered(self.check_quiet(now)))
        if told:
            raise Wrong("\n".join(told))

    def check_quiet(self, before):
        """The run after the next one."""
        self.must(self.good, *self.again, *(["--full"] if self.again == ["sync"] else []))
        after = self.take()[1]
        wrote = [f"{n}: {w}" for n in after for w in getattr(self, n).written(before[n], after[n])]
        if wrote or re.search(r"\d (added|modified|renamed|deleted)", self.said()):
            raise Wrong(f"the run after the next one has something to do: {wrote}\n{self.said()}")
        return after

    def runs(self):
        """Those that have a journal."""
        with sqlite3.connect("file:state.db?mode=ro", uri=True) as db:
            found = {run for run, in db.execute("SELECT run FROM journal")}
        db.close()
        return found

    def unjournalled(self, now):
        """Whatever changed is in the journal, also when the run that wrote it could not tell that it did."""
        names = set()
        for run in self.runs() - self.known:
            self.must((0,), "history", str(run), "--format", "json")
            self.out.seek(0)
            names.update(op["target"]["name"].lower() for op in json.loads(self.out.read())["operations"])
        told = []
        for side, content in now.items():
            was, entries = (getattr(self, side).entries(x) for x in (self.start[1][side], content))
            for key in was.keys() | entries.keys():
                one, other = was.get(key), entries.get(key)
                if one != other and not names & {x[0] for x in (one, other) if x}:
                    told.append(f"not in the journal: {(other or one)[0]}")
        return told

    def remembered(self, now):
        """Links and what is pending, in words. Behind the run that finds nothing to do: what was put back is told by the run
        that does it, and by no other."""
        names = {}
        for side, content in now.items():
            names.update((key, e[0]) for key, e in getattr(self, side).entries(content).items())
        with sqlite3.connect("file:state.db?mode=ro", uri=True) as db:
            if db.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise Wrong("the state is damaged")
            lines = [f"link {flow} {named(names, a)} {named(names, b)}"
                     for flow, a, b in db.execute("SELECT f.name, source, target FROM link JOIN flow f ON f.id = flow")]
            lines += [f"pending {p}" for p in db.execute(
                "SELECT f.name, kind, p.name, attribute, value, side FROM pending p JOIN flow f ON f.id = flow")]
        db.close()
        return sorted(lines)


def named(names, ident):
    """An entryUUID is kept as 16 bytes, in the order of an objectGUID."""
    spelled = str(uuid.UUID(bytes_le=ident)) if len(ident) == 16 else ident.decode(errors="replace")
    return names.get(spelled, names.get(ident.hex(), ident.hex()))
