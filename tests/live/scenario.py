"""Two directories, the flows between them, and what the tests of pairs of servers have in common: galway is run with a
configuration of its own, and what the target then holds is compared with the contract, read past galway."""
import os
import pathlib
import socket
import ssl
import tempfile
import time
import urllib.parse

import ldap
import ldap.filter

import changes
import contract
import people
import server

# What a directory adds to a contact by itself.
SYSTEM = {a.lower() for a in """instanceType whenCreated whenChanged uSNCreated uSNChanged name objectGUID
    objectCategory distinguishedName directReports dSCorePropagationData memberOf adminDescription""".split()}
READ = ["*", "objectGUID", "entryUUID", "nsUniqueId"]


def secret(folder, text):
    """A file with a password, and what a configuration says of it."""
    handle, path = tempfile.mkstemp(prefix="secret-", dir=folder)
    os.write(handle, text.encode())
    os.close(handle)
    return f'password = "file:{path}"'


def simple_bind(directory, folder, kind="ldap", who=None):
    """The settings of a connector that gets at a server over ldaps."""
    return [f"type = {kind}", f'url = "{directory.ldaps_url}"', f'tls-ca = "{directory.ca}"',
            f'bind = "{who or directory.admin}"', secret(folder, directory.password)]


def certificate_end(directory):
    """Of the certificate that its server shows, seconds since 1970."""
    url = urllib.parse.urlsplit(directory.ldaps_url)
    context = ssl.create_default_context(cafile=directory.ca)
    context.check_hostname = False
    with (socket.create_connection((url.hostname, url.port or 636), 10) as connection,
          context.wrap_socket(connection) as secured):
        return ssl.cert_time_to_seconds(secured.getpeercert()["notAfter"])


class Side:
    """A directory with a company in it. `settings` are lines for its connector; `full_after`: the names of changes (see
    changes.py) after which it cannot tell what changed, so that all is read."""

    def __init__(self, name, directory, *settings, full_after=()):
        self.name, self.directory, self.settings, self.full_after = name, directory, list(settings), full_after
        self.base, self.domain = directory.base, f"{name}.example"
        self.into = f"OU=GAL,{self.base}"
        self.is_ad = hasattr(directory, "ldbsearch")

    def populate(self):
        self.company = people.Company(self.name, self.base)
        if not self.is_ad:
            self.directory.add({self.into: {"objectClass": [b"top", b"organizationalUnit"], "ou": [b"GAL"]}})
        self.directory.add((name, self.fitting(entry)) for name, entry in self.company.entries)

    def fitting(self, entry):
        """AD wants the one structural class, and gives the naming attribute itself."""
        if not self.is_ad:
            return entry
        return {a: v[-1:] if a == "objectClass" else v for a, v in entry.items() if a != "cn"}

    def put(self, name, kind, **values):
        """A new entry."""
        name, entry = self.company.entry(name, kind, **values)
        self.directory.add([(name, self.fitting(entry))])
        return name

    def alias(self, text):
        return self.company.alias(text)

    def find(self, cn):
        """The name of the one entry with that cn, outside of what galway made."""
        called = f"(cn={ldap.filter.escape_filter_chars(cn)})"
        found = [n for n in self.directory.search(filter=called, attributes=["1.1"])
                 if not contract.is_below(n, self.into)]
        if len(found) != 1:
            raise server.Failure(f"{self.name}: {len(found)} entries are called {cn}")
        return found[0]

    def rename(self, name, rdn, parent=None):
        """References follow, as AD does by itself."""
        new = self.directory.rename(name, rdn, parent)
        if not self.is_ad:
            self.follow(name, new)
        return new

    def follow(self, old, new):
        gone, rest = contract.normal(old), len(ldap.dn.str2dn(old))
        for referrer, values in self.directory.search(filter="(|(manager=*)(member=*))",
                                                      attributes=["manager", "member"]).items():
            for attribute, names in values.items():
                moved = []
                for reference in names:
                    parts = ldap.dn.str2dn(reference.decode())
                    below = contract.normal(reference.decode())[-rest:] == gone
                    moved.append((ldap.dn.dn2str(parts[:-rest] + ldap.dn.str2dn(new))).encode() if below else reference)
                if moved != names:
                    self.directory.replace(referrer, **{attribute: moved})

    def sources(self):
        """Everything outside of what galway made, for the contract."""
        for name, attributes in self.directory.search(attributes=READ).items():
            if not contract.is_below(name, self.into):
                yield contract.Source(name, attributes, self.ident(attributes))

    def ident(self, attributes):
        """The id as galway prints it."""
        for attribute in ("entryUUID", "nsUniqueId"):
            if attribute in attributes:
                return attributes[attribute][0].decode()
        if "objectGUID" not in attributes:
            raise server.Failure(f"{self.name}: an entry without an id")
        guid = attributes["objectGUID"][0]
        order = (3, 2, 1, 0, None, 5, 4, None, 7, 6, None, 8, 9, None, 10, 11, 12, 13, 14, 15)
        return "".join("-" if i is None else f"{guid[i]:02x}" for i in order)

    def contacts(self):
        """{marker: {attribute: {value}}} of what is in the container, from the database itself where that can be."""
        search = self.directory.ldbsearch if self.is_ad else self.directory.search
        found = {}
        for name, attributes in search(self.into, "(objectClass=contact)").items():
            entry = {contract.spelled(a): set(v) for a, v in attributes.items() if a.lower() not in SYSTEM}
            if "manager" in entry:
                entry["manager"] = {contract.normal(v.decode()) for v in entry["manager"]}
            marker = attributes.get("adminDescription", [b"no marker: " + name.encode()])[0].decode()
            if marker in found:
                raise server.Failure(f"{self.name}: two contacts have the marker {marker}")
            found[marker] = entry
        return found

    def everything(self):
        """All that is there, down to time stamps; without AD's own accounts and ours, in which it notes who logs on."""
        attributes = ["*"] if self.is_ad else ["*", "+"]
        return {name: values for name, values in self.directory.search(attributes=attributes).items()
                if "lastLogon" not in values or contract.is_below(name, f"OU=People,{self.base}")}

    def state(self):
        """The same, and how much the server has noted of writes, where it does: also of those that change nothing."""
        return self.everything(), getattr(self.directory, "written", int)()

    def outside(self):
        """The same without the container. contextCSN is the state of the whole directory, kept at its top."""
        return {name: {a: v for a, v in values.items() if a != "contextCSN"}
                for name, values in self.everything().items() if not contract.is_below(name, self.into)}

    def connector(self):
        lines = [f'base = "{self.base}"', f'forest = "{self.domain}"', f'smtp-domains = {{"{self.domain}"}}',
                 f'sip-domains = {{"{self.domain}"}}', *self.settings]
        return f"connector {self.name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


class Pair:
    """galway, with flows between two sides: `flows` is "abc-to-xyz" and the like."""

    def __init__(self, options, folder, sides, flows, environment=None):
        self.galway = options.galway
        self.sides = {side.name: side for side in sides}
        self.flows = [(flow, *(self.sides[name] for name in flow.split("-to-"))) for flow in flows]
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "galway.conf"
        self.environment = {**os.environ, **(environment or {})}
        text = 'state = "state.db"\nmetrics = "galway.prom"\n' + "".join(side.connector() for side in sides)
        for flow, source, target in self.flows:
            text += (f"flow {flow} {{\n    source = {source.name}\n    target = {target.name}\n"
                     f'    into = "{target.into}"\n    full-every = 100\n}}\n')
        self.config.write_text(text)
        self.config.chmod(0o600)

    def run(self, *words, codes=(0,)):
        """Its output, messages included."""
        return server.command(self.galway, "-c", self.config, *words, codes=codes, timeout=60,
                              env=self.environment).stdout

    def verify(self, what):
        """The targets hold what the contract wants, and a full run would do nothing. OpenLDAP's refint follows renames
        a moment later: so what is wrong gets that moment."""
        for flow, source, target in self.flows:
            want = contract.contacts(source.sources(), flow, source.domain, target.into)
            for pause in (0.1, 0.4, 1.5, 0):
                wrong = list(contract.differences(want, target.contacts()))
                if not wrong:
                    break
                time.sleep(pause)
            if wrong:
                raise server.Failure(f"{what}: {flow}: {len(wrong)} differences:\n" + "\n".join(wrong[:40]))
            if len(want) < 40:
                raise server.Failure(f"{what}: {flow}: only {len(want)} contacts: the test tests nothing")
        self.run("diff", "--full", codes=(0,))

    def sync(self, *words, codes=(0,)):
        """Its output. Nothing outside of the containers is written, down to time stamps."""
        before = [side.outside() for side in self.sides.values()]
        told = self.run("sync", *words, codes=codes)
        for side, was in zip(self.sides.values(), before):
            now = side.outside()
            changed = [n for n in was.keys() | now.keys() if was.get(n) != now.get(n)]
            if changed:
                raise server.Failure(f"{side.name}: sync changed outside of {side.into}: {changed[:5]}\n{told}")
        return told

    def play(self):
        """The whole story."""
        for side in self.sides.values():
            side.populate()
        self.first()
        for change in changes.STEPS:
            self.step(change)
        self.tamper()

    def first(self):
        """check and a dry run, which write nothing at all; the first sync."""
        before = [side.state() for side in self.sides.values()]
        self.run("check")
        self.run("diff", codes=(1,))
        if before != [side.state() for side in self.sides.values()]:
            raise server.Failure("check or diff wrote to a directory")
        self.sync()
        self.verify("first sync")
        self.metrics()

    def metrics(self):
        """They tell when the certificates of the servers end."""
        told = (self.folder / "galway.prom").read_text()
        for side in self.sides.values():
            if any(line.startswith('url = "ldaps:') for line in side.settings):
                line = f'galway_certificate_expiry_timestamp_seconds{{connector="{side.name}"}} {certificate_end(side.directory)}\n'
                if line not in told:
                    raise server.Failure(f"the metrics have no line {line}{told}")

    def step(self, change):
        """Changes in the sources, then a run: a delta, if the source can tell."""
        for _, source, _ in self.flows:
            change(source)
        told = self.sync()
        for flow, source, _ in self.flows:
            kind = "full" if change.__name__ in source.full_after else "delta"
            if f"{flow} ({kind}):" not in told:
                raise server.Failure(f"{change.__name__}: {flow}: no {kind} run, but\n{told}")
        self.verify(change.__name__)

    def tamper(self):
        """The target's people change a contact, rename one and delete one: a full run says so, and puts it right."""
        for _, _, target in self.flows:
            d, into = target.directory, target.into
            d.replace(f"CN=Board,{into}", displayName="Bored", info=None)
            d.rename(f"CN=Sales,{into}", "CN=Sails")
            d.delete(f"CN=Nina New,{into}")
        told = self.sync("--full", codes=(4,))
        for words in ("Bored", "CN=Sails", "denied"):
            if told.lower().count(words.lower()) < len(self.flows):
                raise server.Failure(f"sync --full does not tell of {words}:\n{told}")
        self.verify("tampered with")
