"""The situation in which a rogue appears: a flow of twenty people that ran well against an honest server, a source
that has changed since, and galway run once more. Used by run.py and cuts.py."""
import concurrent.futures
import copy
import dataclasses
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from directory import Directory, Entry
from server import Server, certificate

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "flows"))  # python3-ldap has an ldif, too
import ldif  # noqa: E402

PEOPLE = 20
PATIENT = "60s"  # timeout where answers come: a slow machine takes its time
# Seconds of a run. The 10,000 pages of one case take 2 s alone, but the servers of all that run at once share one interpreter.
DEADLINE = 120
ABC, XYZ = "DC=abc,DC=example", "DC=xyz,DC=example"
BIND, PASSWORD = "CN=galway,OU=Service," + ABC, "invented"
RULES = """rule user
    scope   (&(objectClass=user)(mail=*))
    require cn
    name    "CN=" & [cn]
    objectClass add = Split("top;person;organizationalPerson;contact", ";")
    displayName = [displayName]
    mail = [mail]
    otherTelephone = [otherTelephone]
"""
# The guard would stop many of the wrong plans that a wrong reader leads to: it is out of the way here, and what is
# tested is the reader.
FLOW = """state = "state.db"
%s
flow abc-to-xyz {
    source = abc
    target = xyz
    rules = "people.rules"
    into = "OU=GAL,DC=xyz,DC=example"
    max-deletes = 1000
    max-deletes-percent = 100
    max-shrink-percent = 100
}
"""
COMMON = """connector %s {
    base = "%s"
    id = objectGUID
    %s
}
"""
KINDS = {  # a URL, `retry` and `timeout` go into each
    "ldap": """type = ldap
    auth = anonymous
    page-size = 5
    url = {"%s"}
    retry = %s
    timeout = %s""",
    "ad": f"""type = ad
    auth = simple
    bind = "{BIND}"
    password = "file:password"
    tls-ca = "ca.pem"
    page-size = 5
    url = {{"%s"}}
    retry = %s
    timeout = %s""",
}


class Failure(Exception):
    """What is wrong, for a person."""


# ---- two directories

def person(n):
    return Entry(f"CN=Person {n:02},OU=People,{ABC}", {
        "objectClass": ["top", "person", "organizationalPerson", "user"], "cn": f"Person {n:02}",
        "displayName": f"Person {n:02} of ABC", "mail": f"person{n:02}@abc.example", "sAMAccountName": f"person{n:02}"})


def source(kind, people=PEOPLE):
    abc = Directory(ABC, kind)
    abc.add(Entry("OU=People," + ABC, {"objectClass": ["top", "organizationalUnit"], "ou": "People"}))
    for n in range(1, people + 1):
        abc.add(person(n))
    abc.add(person(99))
    abc.delete(person(99).dn)  # a tombstone: who sees none cannot know whether he may
    return abc


def change(abc, telephones=0):
    """What happens in the source between the good run and the rogue's."""
    for n in range(PEOPLE + 1, PEOPLE + 4):
        abc.add(person(n))
    for n in (5, 6):
        abc.modify(person(n).dn, [(2, "displayName", [b"Somebody else"])])
    abc.delete(person(PEOPLE).dn)
    abc.rename(person(7).dn, "CN=Person 07 anew", None)
    if telephones:
        abc.modify(person(3).dn, [(2, "otherTelephone", [b"+%d" % i for i in range(telephones)])])
    return abc


def target(kind):
    xyz = Directory(XYZ, kind)
    xyz.add(Entry("OU=GAL," + XYZ, {"objectClass": ["top", "organizationalUnit"], "ou": "GAL"}))
    for n in range(1, 4):
        xyz.add(Entry(f"CN=Person X{n},{XYZ}", {"objectClass": ["top", "person", "organizationalPerson", "user"],
                                               "cn": f"Person X{n}", "mail": f"x{n}@xyz.example"}))
    return xyz


def to_ldif(directory):
    entries = sorted((e for e in directory.entries.values() if not e.deleted and "Deleted Objects" not in e.dn),
                     key=lambda e: (e.dn.count(","), e.dn))
    return ldif.write([ldif.Entry(e.dn.encode(), [(n, v) for n, vs in e.attributes.values() for v in vs])
                       for e in entries])


OURS = {"objectclass", "cn", "displayname", "mail", "othertelephone", "admindescription"}


def contacts(text):
    """What galway answers for in the target: {name: {(attribute, value)}}."""
    return {ldif.key(e.name): {(a.lower(), v) for a, v in e.pairs if a.lower() in OURS} for e in ldif.parse(text)
            if ldif.key(e.name).endswith("ou=gal,dc=xyz,dc=example")}


# ---- galway

@dataclasses.dataclass
class Run:
    """galway run to its end. text: stdout and stderr; memory: the most that was resident, in KiB."""
    exit: int
    text: str
    seconds: float
    memory: int
    late: bool

    def faults(self):
        if self.late:
            yield f"did not end within {self.seconds:.1f} s"
        elif self.exit not in range(6):
            yield f"ended with {self.exit}"
        if re.search("Sanitizer|runtime error", self.text):
            yield "sanitizer"


def run_galway(galway, folder, words, deadline, leaks):
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "LC_ALL": "C.UTF-8",
           "ASAN_OPTIONS": f"quarantine_size_mb=8:detect_leaks={int(not leaks)}:" + os.environ.get("ASAN_OPTIONS", ""),
           "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", ""), "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "")}
    began, late = time.monotonic(), []

    def end(process):
        late.append(True)
        os.kill(process.pid, signal.SIGKILL)
    with tempfile.TemporaryFile() as out:
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen([galway, "-c", "galway.conf", *words], cwd=folder, env=env, stdout=out,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        timer = threading.Timer(deadline, end, [process])
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return Run(process.returncode, text, time.monotonic() - began, used.ru_maxrss, bool(late))


class Stage:
    """The situations by kind and role, each made once. deadline: of a run, in seconds. To be made before threads are
    and anything large: the memory of a process begins with what its parent has (ru_maxrss is kept by exec), so that
    galway is run by small processes."""

    def __init__(self, galway, work, jobs=1, deadline=DEADLINE):
        self.runners = concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"))
        list(self.runners.map(time.sleep, [0.01] * jobs))
        self.galway, self.work, self.deadline = str(pathlib.Path(galway).resolve()), pathlib.Path(work), deadline
        self.ca, self.tls = certificate(self.work)
        self.made, self.lock, self.serial = {}, threading.Lock(), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runners.shutdown()

    def server(self, directory, **how):
        return Server(directory, tls=self.tls if directory.kind == "ad" else None, users={BIND: PASSWORD}, **how)

    def folder(self):
        with self.lock:
            self.serial += 1
            folder = self.work / str(self.serial)
        folder.mkdir()
        return folder

    def configure(self, folder, url=None, role=None, kind=None, retry="10s", timeout=PATIENT, settings=""):
        """The rogue's side is a server, the other one an LDIF file."""
        sides = []
        for side, base, name in ((role == "source", ABC, "abc"), (role == "target", XYZ, "xyz")):
            where = f'type = ldif\n    file = "{name}.ldif"'
            if side:
                where = KINDS[kind] % (url, retry, timeout) + "\n    " + settings
            sides.append(COMMON % (name, base, where))
        files = {"galway.conf": FLOW % "".join(sides), "people.rules": RULES, "password": PASSWORD + "\n"}
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        shutil.copyfile(self.ca, folder / "ca.pem")

    def run(self, folder, *words, leaks=False):
        return self.runners.submit(run_galway, self.galway, folder, words, self.deadline, leaks).result()

    def good(self, folder, *words):
        run = self.run(folder, *words)
        if run.exit != 0:
            raise Failure(f"an honest run ended with {run.exit}:\n{run.text}")
        return run

    def wanted(self, telephones):
        """What the target must be in the end: by a flow between two files."""
        key = "wanted", telephones
        with self.lock:
            if key in self.made:
                return self.made[key]
        folder = self.folder()
        self.configure(folder)
        abc = source("ad")
        (folder / "abc.ldif").write_bytes(to_ldif(abc))
        (folder / "xyz.ldif").write_bytes(to_ldif(target("ad")))
        self.good(folder, "sync")
        (folder / "abc.ldif").write_bytes(to_ldif(change(abc, telephones)))
        self.good(folder, "sync")
        self.made[key] = contacts((folder / "xyz.ldif").read_bytes())
        return self.made[key]

    def settled(self, kind, role, people=PEOPLE, settings=""):
        """A folder and the server's directory after a good first run."""
        key = kind, role, people, settings
        with self.lock:
            if key in self.made:
                return self.made[key]
        folder = self.folder()
        abc, xyz = source(kind, people), target(kind)
        (folder / "abc.ldif").write_bytes(to_ldif(abc))
        (folder / "xyz.ldif").write_bytes(to_ldif(xyz))
        mine = abc if role == "source" else xyz
        with self.server(mine) as server:
            self.configure(folder, server.url, role, kind, settings=settings)
            self.good(folder, "sync")
        self.made[key] = folder, mine
        return self.made[key]

    def scene(self, kind, role, telephones=0, settings=""):
        """A copy of the settled folder and directory, with the source changed."""
        settled, mine = self.settled(kind, role, settings=settings)
        folder = self.folder()
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        mine = copy.deepcopy(mine)
        if role == "source":
            change(mine, telephones)
        else:
            (folder / "abc.ldif").write_bytes(to_ldif(change(source(kind), telephones)))
        return folder, mine
