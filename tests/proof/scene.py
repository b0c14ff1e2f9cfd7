"""A company's directory, another's, and galway between them: what the incidents are played in.

    with Scene() as s:              forty people of abc, synchronized into xyz once, well; both are LDIF files
    with Scene("ldap") as s:        abc is a server (tests/rogue/server.py): s.rogue(when, change) makes it lie
        s.abc...                    somebody edits the source (tests/rogue/directory.py)
        s.refused(3, "empty")       galway runs: this exit code, these words, and the target is the same to the byte
        s.done(0, "", ["- cn=..."]) galway runs, and the target differs by exactly this
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("flows", "rogue")]  # python3-ldap has an ldif, too
import ldif  # noqa: E402
from directory import Directory, Entry  # noqa: E402
from server import Server, certificate  # noqa: E402

ABC, XYZ, GAL = "DC=abc,DC=example", "DC=xyz,DC=example", "OU=GAL,DC=xyz,DC=example"
PEOPLE = 40
BIND, PASSWORD = "CN=galway,OU=Service," + ABC, "invented"
RULE = """rule %(kind)s
    scope   %(scope)s
    require cn
    name    "CN=" & [cn]
    objectClass add = Split("top;person;organizationalPerson;contact", ";")
    displayName = [displayName]
    mail = [mail]
    otherTelephone = [otherTelephone]
    proxyAddresses merge = [proxyAddresses]
"""
USERS = "(&(objectClass=user)(mail=*))"
CONNECTOR = """connector %s {
    base = "%s"
    id = objectGUID
    %s
}
"""
FLOW = """flow %(name)s-to-xyz {
    source = %(name)s
    target = xyz
    rules = "people.rules"
    into = "OU=GAL,DC=xyz,DC=example"
    %(settings)s
}
"""
SERVED = """type = ldap
    auth = anonymous
    timeout = 10s
    retry = 1s
    url = {"%s"}
    %s"""


class Failure(Exception):
    """What is wrong, for a person. deletes: of those who should be there."""

    def __init__(self, text, deletes=0):
        super().__init__(text)
        self.deletes = deletes


# ---- who is there


def person(n, name="abc", ou="People", **more):
    base = f"DC={name},DC=example"
    cn = f"Person {n:02}" if name == "abc" else f"{name.upper()} {n:02}"
    return Entry(f"CN={cn},OU={ou},{base}", {
        "objectClass": ["top", "person", "organizationalPerson", "user"], "cn": cn, "department": "Sales",
        "displayName": f"{cn} of {name}", "otherTelephone": [f"+1 555 {n:04}"], "mail": f"p{n:02}@{name}.example",
        "proxyAddresses": [f"SMTP:p{n:02}@{name}.example", f"smtp:first.{n:02}@{name}.example"], **more})


def unit(name, base):
    return Entry(f"OU={name},{base}", {"objectClass": ["top", "organizationalUnit"], "ou": name})


def company(name, kind="ldap", people=PEOPLE, units=("People",)):
    """The people, all in the first of the units."""
    base = f"DC={name},DC=example"
    directory = Directory(base, kind)
    for each in units:
        directory.add(unit(each, base))
    for n in range(1, people + 1):
        directory.add(person(n, name, units[0]))
    if kind == "ad":  # a tombstone: who sees none cannot know whether he may
        directory.add(person(people + 59, name, units[0]))
        directory.delete(person(people + 59, name, units[0]).dn)
    return directory


def target():
    """xyz, with what is not galway's: a contact made by hand among those of galway, an administrator, a group that
    has both for its members."""
    xyz = Directory(XYZ, "ldap")
    for each in (unit("GAL", XYZ), unit("Staff", XYZ)):
        xyz.add(each)
    xyz.add(Entry("CN=Made by hand," + GAL, {"objectClass": ["top", "person", "organizationalPerson", "contact"],
                                            "cn": "Made by hand", "mail": "hand@partner.example"}))
    xyz.add(Entry("CN=Administrator,OU=Staff," + XYZ, {
        "objectClass": ["top", "person", "organizationalPerson", "user"], "cn": "Administrator", "adminCount": "1",
        "mail": "admin@xyz.example", "proxyAddresses": ["SMTP:admin@xyz.example", "smtp:root@xyz.example"]}))
    xyz.add(Entry("CN=Board,OU=Staff," + XYZ, {
        "objectClass": ["top", "group"], "cn": "Board",
        "member": ["CN=Administrator,OU=Staff," + XYZ, "CN=Made by hand," + GAL]}))
    return xyz


def to_ldif(directory):
    entries = sorted((e for e in directory.entries.values() if not e.deleted and "Deleted Objects" not in e.dn),
                     key=lambda e: (e.dn.count(","), e.dn))
    return ldif.write([ldif.Entry(e.dn.encode(), [(n, v) for n, vs in e.attributes.values() for v in vs])
                       for e in entries])


# ---- what became different


# What a directory says of an entry by itself.
OPERATIONAL = {"objectguid", "entryuuid", "modifytimestamp", "createtimestamp"}


def content(data):
    return {ldif.key(e.name): {(a.lower(), v) for a, v in e.pairs if a.lower() not in OPERATIONAL}
            for e in ldif.parse(data)}


def short(name):
    return name.removesuffix("," + GAL.lower())


def differences(before, after):
    """Sorted lines: "- NAME" of an entry that is gone, "+ NAME" of a new one, "NAME: -attribute=value +...". """
    old, new = content(before), content(after)
    lines = [f"- {short(n)}" for n in old.keys() - new.keys()] + [f"+ {short(n)}" for n in new.keys() - old.keys()]
    for name in old.keys() & new.keys():
        values = [f"-{a}={ldif.ascii_safe('', v)[2:]}" for a, v in sorted(old[name] - new[name])]
        values += [f"+{a}={ldif.ascii_safe('', v)[2:]}" for a, v in sorted(new[name] - old[name])]
        if values:
            lines.append(f"{short(name)}: {' '.join(values)}")
    return sorted(lines)


class Answer:
    """What galway said and did, once: for the table."""

    def __init__(self, code, words, deletes):
        self.code, self.words, self.deletes = code, words, deletes


# ---- the scene


class Scene:
    galway = None  # the program; set before the first scene
    answers = []  # what is told of the incident, over all of its scenes

    def __init__(self, source="ldif", people=PEOPLE, *, flow="", settings="", scope=USERS, second=False, abc=None,
                 behaviour=None, identity="objectGUID", served=False):
        """source: ldif, ldap or ad. settings: of abc's connector. second: def is there, too, with ten people, and a
        flow of its own into the same container. behaviour: of the server (tests/rogue/server.py), from the first
        run on. served: xyz is a server, too."""
        self.source, self.flow, self.settings, self.scope, self.second = source, flow, settings, scope, second
        self.base, self.identity, self.behaviour, self.url = ABC, identity, behaviour, None
        self.abc = abc or company("abc", "ad" if source == "ad" else "ldap", people)
        self.top = ""  # settings of the whole file
        self.more = company("def", people=10)
        self.rules = RULE % {"kind": "user", "scope": scope}
        self.xyz, self.served = target(), served
        self.server = self.far = None

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="galway-incidents-",
                                                     dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.folder = pathlib.Path(self.temporary.name)
        self.write("password", PASSWORD + "\n")
        if self.served:
            self.far = Server(self.xyz)
        else:
            self.write("xyz.ldif", to_ldif(self.xyz))
        if self.source in ("ldap", "ad"):
            self.serve()
        try:
            self.honest()
        except BaseException:
            self.__exit__()
            raise
        return self

    def honest(self):
        """The first run, and what it leaves behind."""
        done = self.run("sync")
        if done.returncode != 0:
            raise Failure(f"the honest first run ended with {done.returncode}:\n{done.text}")
        if self.there() == to_ldif(target()):
            raise Failure(f"the honest first run made no contacts:\n{done.text}")

    def __exit__(self, *_):
        self.shut()
        if self.far is not None:
            self.far.__exit__()
        self.temporary.cleanup()

    # ---- the source's server

    def serve(self):
        tls = certificate(self.folder)[1] if self.source == "ad" else None
        self.server = Server(self.abc, tls=tls, users={BIND: PASSWORD}, behaviour=self.behaviour)
        self.url = self.server.url

    def shut(self):
        if self.server is not None:
            self.server.__exit__()
            self.server = None

    def rogue(self, when, change):
        self.server.behaviour = types.SimpleNamespace(when=when, change=change, takes=None)

    def well(self):
        self.server.behaviour = None

    # ---- files

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(0o600)

    def read(self, name):
        return (self.folder / name).read_bytes()

    def there(self):
        """The target as it is."""
        return to_ldif(self.xyz) if self.served else self.read("xyz.ldif")

    def configure(self):
        if self.url:
            where = SERVED % (self.url, self.settings)
        else:
            where = f'type = ldif\n    file = "abc.ldif"\n    {self.settings}'
        text = 'state = "state.db"\n' + self.top
        if self.source == "ad":
            where = where.replace("type = ldap\n    auth = anonymous",
                                  f'type = ad\n    auth = simple\n    bind = "{BIND}"\n    password = "file:password"\n'
                                  '    tls-ca = "ca.pem"')
        text += (CONNECTOR % ("abc", self.base, where)).replace("objectGUID", self.identity)
        there = SERVED % (self.far.url, "") if self.served else 'type = ldif\n    file = "xyz.ldif"'
        text += CONNECTOR % ("xyz", XYZ, there)
        text += FLOW % {"name": "abc", "settings": self.flow}
        if self.second:
            text += CONNECTOR % ("def", "DC=def,DC=example", 'type = ldif\n    file = "def.ldif"')
            text += FLOW % {"name": "def", "settings": ""}
        self.write("galway.conf", text)
        self.write("people.rules", self.rules)

    # ---- galway

    def run(self, *words, files=True):
        """galway, run to its end. files: the directories are written into their files first."""
        self.configure()
        if files and not self.url:
            self.write("abc.ldif", to_ldif(self.abc))
        if files and self.second:
            self.write("def.ldif", to_ldif(self.more))
        done = subprocess.run([self.galway, "-c", "galway.conf", *words], cwd=self.folder, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8"})
        done.text = (done.stdout + done.stderr).decode("utf-8", "replace")
        return done

    def done(self, code, says, changes, *words, files=True, told=True):
        """Run it; changes: of the target, exactly. Every line that begins with "-" was meant by the test. told: it
        stands in the table."""
        words = words or ("sync",)
        before = self.there()
        done = self.run(*words, files=files)
        after = self.there()
        what = f"galway {' '.join(words)}"
        got = differences(before, after)
        if got != sorted(changes) or (not changes and before != after):
            raise Failure(f"{what}: the target became {got or 'another file'}, not {sorted(changes)}:\n{done.text}",
                          sum(line.startswith("- ") and line not in changes for line in got))
        if done.returncode != code:
            raise Failure(f"{what} ended with {done.returncode}, not {code}:\n{done.text}")
        found = re.search(says, " ".join(done.text.split()), re.I)
        if found is None:
            raise Failure(f"{what} does not say /{says}/:\n{done.text}")
        if told:
            self.answers.append(Answer(code, found.group(0), sum(line.startswith("- ") for line in changes)))
        return done

    def refused(self, code, says, *words, files=True):
        """Run it; the target stays as it is, to the byte, and who comes next finds that all is well."""
        return self.done(code, says, [], *words, files=files)

    def settles(self, changes=()):
        """When all is well again nothing wrong was remembered: the next full run does this, and the one after it
        nothing."""
        self.done(0, "", list(changes), "sync", "--full", told=False)
        self.done(0, "", [], "sync", "--full", told=False)
