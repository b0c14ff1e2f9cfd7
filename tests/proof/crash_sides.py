"""The directories of the crash points: content that is taken, put back, and compared.

A side has put, change, remove and rename for scenarios; take() gives its content, restore(content) brings it back and
gives what is there then, wrong(...) says what differs. One is a real slapd (Server), one an LDIF file (File).
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("flows", "live")]
import ldif  # noqa: E402
import slapd  # noqa: E402
from server import as_values  # noqa: E402

import ldap  # noqa: E402
import ldap.controls  # noqa: E402

# Whoever connects may write: that needs no TLS, which would only be slow.
OPEN = {"globals": "allow update_anon", "config": "access to * by * write"}
RELAX = [ldap.controls.RequestControl("1.3.6.1.4.1.4203.666.5.12", True)]  # an add may say the entryUUID
CONNECTOR = """connector {name} {{
    base = "DC={name},DC=example"
    smtp-domains = {{"{name}.example"}}
    sip-domains = {{"{name}.example"}}
    {type}
    {settings}
}}
"""
CLASSES = {"user": ["top", "person", "organizationalPerson", "user"], "group": ["top", "group"],
           "contact": ["top", "person", "organizationalPerson", "contact"],
           "organizationalUnit": ["top", "organizationalUnit"]}


def attributes(name, kind, values):
    """Of a new entry; the naming attribute comes from its name."""
    attribute, value = name.split(",")[0].split("=")
    values = {"objectClass": CLASSES[kind], attribute.lower(): value, **values}
    return {a.replace("_", "-"): as_values(v) for a, v in values.items() if v is not None}


class Entry:
    """Of a server's content: what users can say of it, and when it was last written (entryCSN)."""

    def __init__(self, name, values):
        self.name, self.written = name, values.pop("entryCSN")[0]
        self.values = {a.lower(): frozenset(v) for a, v in values.items() if a != "entryUUID"}

    def lines(self):
        return [ldif.put("dn", self.name.encode())] + sorted(ldif.put(a, v) for a in self.values for v in self.values[a])


class Server:
    """Content is {entryUUID: Entry}."""

    def __init__(self, name, directory):
        self.name, self.directory, self.base = name, directory, directory.base
        self.empty = self.take()

    def connector(self, settings):
        kind = f'type = ldap\n    auth = anonymous\n    url = "{self.directory.url}"\n    timeout = 5s\n    retry = 2s'
        return CONNECTOR.format(name=self.name, type=kind, settings=settings)

    # ---- somebody edits it; names are without the base

    def put(self, name, kind, **values):
        self.directory.add({f"{name},{self.base}": attributes(name, kind, values)})

    def change(self, name, **values):
        self.directory.replace(f"{name},{self.base}", **values)

    def remove(self, name):
        self.directory.delete(f"{name},{self.base}")

    def rename(self, name, rdn, parent=None):
        self.directory.rename(f"{name},{self.base}", rdn, f"{parent},{self.base}" if parent else None)

    # ---- content

    def take(self):
        found = self.directory.search(attributes=["*", "entryUUID", "entryCSN"])
        self.now = {values["entryUUID"][0]: Entry(name, values) for name, values in found.items()}
        return self.now

    def restore(self, content):
        """As an administrator would, entry by entry; entryUUIDs stay. What is there was taken last."""
        now = self.now
        if self.same(now, content):
            return now
        link = self.directory.link
        for key in sorted(now.keys() - content.keys(), key=lambda k: -len(now[k].name)):
            link.delete_s(now[key].name)
        moved = [k for k in now.keys() & content.keys() if now[k].name != content[k].name]
        for key in moved:  # out of the way first
            link.rename_s(now[key].name, f"cn={key.decode()}", self.base)
        for key in sorted(content.keys() - now.keys(), key=lambda k: len(content[k].name)):
            values = {**content[key].values, "entryUUID": [key]}
            link.add_ext_s(content[key].name, [(a, list(v)) for a, v in values.items()], RELAX)
        for key in moved:
            rdn, parent = content[key].name.split(",", 1)
            link.rename_s(f"cn={key.decode()},{self.base}", rdn, parent)
        self.restore_values(content)
        now = self.take()
        if not self.same(now, content):
            raise ValueError(f"{self.name} cannot be put back")
        return now

    def restore_values(self, content):
        for key, entry in self.take().items():
            want = content[key].values
            mods = [(ldap.MOD_REPLACE, a, list(want.get(a, ())) or None)
                    for a in sorted(want.keys() | entry.values.keys()) if want.get(a) != entry.values.get(a)]
            if mods:
                self.directory.link.modify_s(entry.name, mods)

    @staticmethod
    def same(one, other):
        return one.keys() == other.keys() and all(
            e.name == other[k].name and e.values == other[k].values for k, e in one.items())

    @staticmethod
    def lines(content):
        return [line for e in sorted(content.values(), key=lambda e: e.name) for line in e.lines()]

    def wrong(self, start, want, got):
        """Lines that differ; entries that were there and are others now; entries that nobody should have written.
        start: (content before the run that was not interrupted, before the one that was)."""
        told = difference(self.lines(want), self.lines(got))
        told += [f"{want[k].name}: another entryUUID" for k in want.keys() & start[0].keys() if k not in got]
        told += [f"{got[k].name}: written" for k in want.keys() & start[0].keys() & got.keys()
                 if want[k].written == start[0][k].written and got[k].written != start[1][k].written]
        return told

    @staticmethod
    def written(before, after):
        return [e.name for k, e in after.items() if k not in before or e.written != before[k].written] + [
            e.name for k, e in before.items() if k not in after]

    @staticmethod
    def entries(content):
        """{id as the state has it: (name, values)}"""
        return {k.decode(): (e.name.lower(), e.values) for k, e in content.items()}


class File:
    """NAME.ldif of the folder that we are in. Content is its bytes: who puts the folder back, puts it back, too."""

    def __init__(self, name):
        self.name, self.base, self.path = name, f"DC={name},DC=example", pathlib.Path(f"{name}.ldif")
        self.count = 0
        self.path.write_text(f"dn: {self.base}\nobjectClass: domain\n\n")

    def connector(self, settings):
        return CONNECTOR.format(name=self.name, type=f'type = ldif\n    file = "{self.path}"', settings=settings)

    def put(self, name, kind, **values):
        self.count += 1
        guid = f"{self.name}-{self.count:012}".encode()
        lines = [ldif.put("dn", f"{name},{self.base}".encode()), ldif.put("objectGUID", guid)]
        lines += [ldif.put(a, v) for a, vs in attributes(name, kind, values).items() for v in vs]
        with self.path.open("a") as f:
            f.write("\n".join(lines) + "\n\n")

    def edit(self, name, kind, lines):
        record = "\n".join([ldif.put("dn", f"{name},{self.base}".encode()), f"changetype: {kind}", *lines]) + "\n"
        self.path.write_bytes(ldif.write(ldif.apply(ldif.parse(self.path.read_bytes()), record.encode())))

    def change(self, name, **values):
        lines = []
        for a, v in values.items():
            attribute = a.replace("_", "-")
            lines += [f"replace: {attribute}", *(ldif.put(attribute, value) for value in as_values(v)), "-"]
        self.edit(name, "modify", lines)

    def remove(self, name):
        self.edit(name, "delete", [])

    def rename(self, name, rdn, parent=None):
        self.edit(name, "modrdn", [f"newrdn: {rdn}", "deleteoldrdn: 1",
                                   *([f"newsuperior: {parent},{self.base}"] if parent else [])])

    def take(self):
        return self.path.read_bytes()

    def restore(self, content):
        return content

    def wrong(self, start, want, got):
        del start
        return difference(*(ldif.canonical(ldif.parse(x)) for x in (want, got)))

    def written(self, before, after):
        return [str(self.path)] if before != after else []

    @staticmethod
    def entries(content):
        entries = [(e.values("objectGUID"), e) for e in ldif.parse(content)]
        return {guid[0].hex(): (e.name.decode().lower(), set(e.pairs)) for guid, e in entries if guid}


def difference(want, got):
    return [f"- {x}" for x in want if x not in got] + [f"+ {x}" for x in got if x not in want] or (
        ["the order"] if want != got else [])


def servers(ports):
    """Two slapds, as the sides of scenarios: {name: a directory to enter}. Of abc's changes syncrepl tells."""
    return {name: slapd.Slapd(f"DC={name},DC=example", overlays=overlays, port=port, **OPEN)
            for (name, overlays), port in zip((("abc", ["syncprov"]), ("xyz", [])), ports)}
