#!/usr/bin/python3
"""Reading an LDAP server, compared with what python-ldap reads of it: every entry, every value.

    ldap_read.py READ       READ is the program of read.c
"""
import base64
import os
import random
import subprocess

import ldap.controls.simple
import ldap.dn

import server
from ds389 import Ds389
from slapd import Slapd

SUFFIX = "dc=abc,dc=example"


def records(text):
    """Entries of an LDIF text as {name: {attribute: {values}}}, their names by key, and keys of what is gone."""
    entries, keys, gone, key = {}, {}, set(), None
    for block in text.decode().replace("\n ", "").split("\n\n"):
        name, attributes = None, {}
        for line in block.splitlines():
            if line.startswith("# "):
                _, what, key = line.split()
                if what == "gone":
                    gone.add(key)
                continue
            attribute, _, value = line.partition(":")
            value = base64.b64decode(value[1:]) if value.startswith(":") else value.strip(" ").encode()
            if attribute == "dn":
                name = value.decode()
            else:
                attributes.setdefault(attribute.lower(), set()).add(value)
        attributes.pop("modifytimestamp", None)  # comes unasked where deltas need it
        if name is not None:
            if name in entries or key in keys:
                raise server.Failure(f"twice: {name}")
            entries[name], keys[key] = attributes, name
    return entries, keys, gone


class Reader:
    def __init__(self, program, directory, name="abc", **settings):
        self.program, self.name = program, name
        self.config = directory.folder / "galway.conf"
        self.secret = directory.folder / "secret"
        self.secret.write_text(directory.password)
        self.secret.chmod(0o600)
        self.settings = {"type": "ldap", "url": directory.ldaps_url or directory.ldapi_url, "base": directory.base,
                         "tls-ca": directory.ca and str(directory.ca), "bind": directory.admin,
                         "password": f"file:{self.secret}", "retry": "0s", **settings}

    def __call__(self, *words, code=0, **settings):
        lines = [f"    {k.replace('_', '-')} = {quoted(v)}" for k, v in {**self.settings, **settings}.items()
                 if v is not None]
        self.config.write_text("\n".join([f"connector {self.name} {{", *lines, "}", ""]))
        self.config.chmod(0o600)
        done = subprocess.run([self.program, self.config, self.name, *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if done.returncode not in (code if isinstance(code, set) else {code}):
            raise server.Failure(f"read {words} ended with {done.returncode}, not {code}: {done.stderr.decode()}")
        return done.stderr.decode() if code else records(done.stdout)


def quoted(value):
    if isinstance(value, list):
        return "{" + ", ".join(quoted(v) for v in value) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def key_of(directory):
    return "nsUniqueId" if isinstance(directory, Ds389) else "entryUUID"


def expected(directory, base=None, filter="(objectClass=*)", attributes=("*",)):
    found = directory.search(base, filter, [*attributes, key_of(directory)])
    return {name: {a.lower(): set(v) for a, v in values.items()} for name, values in found.items()}


def same(got, want, what):
    if got == want:
        return
    for name in sorted(set(got) | set(want)):
        if got.get(name) != want.get(name):
            raise server.Failure(f"{what}: {name}: {got.get(name)!r}, not {want.get(name)!r}")


def fill(directory, n, seed=7):
    """n people and some groups, with values of every kind."""
    rng = random.Random(seed)
    directory.add({f"ou={ou},{SUFFIX}": {"objectClass": [b"organizationalUnit"], "ou": [ou.encode()]}
                   for ou in ("Leute", "Gruppen", "Käse")})
    names = []
    for i in range(n):
        cn = rng.choice(["Ann Smith", "Jörg Müller", "Zoë, die Größte", "李小龍", "a+b=c", "#hash", "back\\slash"]) + f" {i}"
        name = f"cn={ldap_escape(cn)},ou={rng.choice(['Leute', 'Käse'])},{SUFFIX}"
        names.append(name)
        values = {"objectClass": [b"top", b"person", b"organizationalPerson", b"user"], "cn": [cn.encode()],
                  "sn": [b"x"], "sAMAccountName": [f"u{i}".encode()], "mail": [f"u{i}@abc.example".encode()],
                  "objectGUID": [rng.randbytes(16)], "displayName": [cn.encode()],
                  "proxyAddresses": [f"smtp:u{i}.{k}@abc.example".encode() for k in range(rng.randrange(5))]}
        if rng.random() < 0.1:
            values["thumbnailPhoto"] = [rng.randbytes(rng.randrange(1, 9000))]
        directory.add([(name, values)])
    for size in (0, 1, 60):
        directory.add([(f"cn=Gruppe {size},ou=Gruppen,{SUFFIX}",
                        {"objectClass": [b"top", b"group"], "cn": [f"Gruppe {size}".encode()],
                         "member": [n.encode() for n in names[:size]]})])
    return names


def ldap_escape(text):
    return ldap.dn.escape_dn_chars(text)


def reads_all(reader, directory):
    for size in (1, 7, 1000, 0):
        got, *_ = reader("all", page_size=size)
        same(got, expected(directory), f"pages of {size}")
    some = ("cn", "mail", "objectGUID", "proxyAddresses", "member")
    got, *_ = reader("--want", ",".join(some), "all")
    same(got, expected(directory, attributes=some), "some attributes")
    got, *_ = reader("all", filter="(sAMAccountName=*)", base=f"ou=Leute,{SUFFIX}")
    same(got, expected(directory, f"ou=Leute,{SUFFIX}", "(sAMAccountName=*)"), "with a filter and a base")


def finds(reader, directory):
    """Wishes of each kind, in one window and in several, and what is not there."""
    everything = expected(directory)
    people = {n: v for n, v in everything.items() if b"user" in v["objectclass"]}
    some = list(people.items())[::9][:20]
    wishes = [f"id={v[key_of(directory).lower()].copy().pop().decode()}" for _, v in some[:7]]
    wishes += [f"name={n}" for n, _ in some[5:12]]
    wishes += [f"mail={v['mail'].copy().pop().decode()}" for _, v in some[10:]]
    nobody = ["id=00000000-0000-0000-0000-000000000000", f"name=cn=nobody,{SUFFIX}", "mail=nobody@abc.example",
              "name=cn=elsewhere,dc=xyz,dc=example", "name=no name", "mail=*", "nosuchattribute=x"]
    for window in (1, 3, 64):
        got, *_ = reader(*wishes, *nobody, window=window)
        same(got, dict(some), f"found in a window of {window}")
    got, *_ = reader(*wishes, filter="(cn=nobody)")
    same(got, {}, "what the filter leaves out")


def changes(directory, people):
    """One of each kind."""
    people = list(people)
    directory.replace(people.pop(), displayName="Änderung")
    directory.replace(people.pop(), mail=None)
    directory.add_value(people.pop(), "proxyAddresses", "smtp:new@abc.example")
    directory.replace(people.pop(), thumbnailPhoto=bytes(range(256)))
    directory.rename(people.pop(), "cn=Renamed")
    directory.rename(people.pop(), "cn=Moved", f"ou=Gruppen,{SUFFIX}")
    directory.delete(people.pop())
    directory.delete(people.pop())
    directory.replace(people.pop(), sAMAccountName=None)  # leaves the filter of the test
    directory.add([(f"cn=New,ou=Leute,{SUFFIX}", {"objectClass": [b"top", b"person", b"organizationalPerson", b"user"],
                                                  "cn": [b"New"], "sn": [b"x"], "sAMAccountName": [b"new"]})])
    return people


def after(before, delta):
    """What is known of the directory after a delta."""
    (entries, keys, _), (changed, changed_keys, gone) = before, delta
    known = {k: (n, entries[n]) for k, n in keys.items() if k not in gone}
    known.update({k: (n, changed[n]) for k, n in changed_keys.items()})
    return {n: v for n, v in known.values()}, {k: n for k, (n, _) in known.items()}, set()


class Chain:
    """Reads of one request after each other, each from the cookie of the one before."""

    def __init__(self, reader, directory, **settings):
        self.reader, self.settings = reader, {
            "filter": "(|(sAMAccountName=*)(objectClass=organizationalUnit))", **settings}
        self.want = ("--want", "cn,mail,displayName,proxyAddresses,thumbnailPhoto")
        self.words = (*self.want, "--cookie", directory.folder / "cookie")
        self.known = reader(*self.words, "all", **self.settings)

    def step(self, what, most):
        """A delta, which brings at most so many entries, ends where a full read does."""
        delta = self.reader(*self.words, "since", **self.settings)
        if len(delta[0]) > most:
            raise server.Failure(f"{what}: {len(delta[0])} entries, not {most}: {list(delta[0])[:20]}")
        self.known = after(self.known, delta)
        same(self.known[0], self.reader(*self.want, "all", **self.settings)[0], what)
        return delta

    def refused(self, what, why, **settings):
        """The cookie cannot be used."""
        text = self.reader(*self.words, "since", code=3, **{**self.settings, **settings})
        if why not in text:
            raise server.Failure(f"{what}: {text}")


def tidy(directory):
    for filter in ("(cn=New)", "(cn=Moved)", "(cn=Renamed)"):
        for name in directory.search(filter=filter):
            directory.delete(name)


def age(directory, newest):
    """Everything but one entry was changed years ago."""
    for name in directory.search(attributes=("1.1",)):
        directory.link.modify_ext_s(name, [(ldap.MOD_REPLACE, "modifyTimestamp", [b"20200102030405Z"])],
                                    serverctrls=[ldap.controls.simple.RelaxRulesControl(True)])
    directory.replace(newest, displayName="newest")


def by_timestamp_and_list(reader, directory, people):
    """Only what changed comes, and what the list shows: what is new, gone, or renamed, whatever its timestamp is."""
    newest, *people = people
    age(directory, newest)
    chain = Chain(reader, directory, changes="timestamp")
    chain.step("timestamp: nothing changed", 1)
    people = changes(directory, people)
    chain.step("timestamp: changes", 10)
    directory.rename(f"ou=Käse,{SUFFIX}", "ou=Brot")
    chain.step("timestamp: a container renamed", len(people))
    directory.rename(f"ou=Brot,{SUFFIX}", "ou=Käse")
    tidy(directory)
    directory.rename(people.pop(), "cn=Renamed")
    directory.add([(f"ou=New,{SUFFIX}", {"objectClass": [b"organizationalUnit"], "ou": [b"New"]})])
    directory.delete(people.pop())
    age(directory, newest)
    _, _, gone = chain.step("timestamp: the list", len(people))
    if len(gone) != 4:
        raise server.Failure(f"timestamp: {gone} are gone")
    directory.delete(f"ou=New,{SUFFIX}")
    tidy(directory)
    return people


def by_timestamp(reader, directory, people):
    """What changed in the last five minutes comes again."""
    chain = Chain(reader, directory, changes="timestamp")
    everything = len(people) + 10
    for i in range(3):
        people = changes(directory, people)
        _, _, gone = chain.step(f"timestamp {i}", everything)
        if len(gone) != (6 if i > 0 else 3):  # with those that tidy() took away
            raise server.Failure(f"timestamp {i}: {gone} are gone")
        tidy(directory)
    directory.rename(f"ou=Käse,{SUFFIX}", "ou=Brot")
    chain.step("timestamp: a container renamed", everything)
    directory.rename(f"ou=Brot,{SUFFIX}", "ou=Käse")


def by_syncrepl(reader, directory, people, method):
    chain = Chain(reader, directory, changes=method)
    chain.step("nothing changed", 0)
    for i in range(3):
        people = changes(directory, people)
        chain.step(f"{method} {i}", 10)
        tidy(directory)
    wished = next(v["entryuuid"].copy().pop().decode() for v in directory_ids(directory, people[0]))
    chain.words += (f"id={wished}",)
    chain.step("wished for", 1)
    directory.rename(f"ou=Käse,{SUFFIX}", "ou=Brot")
    chain.refused("a container renamed", "container")
    directory.rename(f"ou=Brot,{SUFFIX}", "ou=Käse")
    chain.refused("another filter", "something else", filter="(sAMAccountName=*)")
    chain.refused("another way", "something else", changes="timestamp")
    return people


def directory_ids(directory, name):
    return expected(directory, name).values()


def presence(reader, directory, people):
    """Without a session log slapd tells what is still there: not believed, and what helps is said."""
    chain = Chain(reader, directory, changes="auto")
    people = changes(directory, people)
    chain.refused("a present phase", "still there")
    chain.refused("a present phase", "set changes = timestamp")
    tidy(directory)


def limited(program, directory):
    """A size limit that paging passes, and syncrepl does not."""
    who = f"cn=reader,{SUFFIX}"
    fill(directory, 30)
    directory.add({who: {"objectClass": [b"organizationalPerson"], "sn": [b"x"],
                         "userPassword": [directory.password.encode()]}})
    reader = Reader(program, directory, bind=who)
    words = ("--want", "cn", "--cookie", directory.folder / "cookie", "all")
    for method in ("auto", "syncrepl"):
        text = reader(*words, code=2, changes=method)
        if not all(t in text for t in ("incomplete", "sizeLimitExceeded", "set changes = timestamp")):
            raise server.Failure(f"a size limit: {text}")
    if len(reader(*words, changes="timestamp", page_size=7)[0]) < 30:
        raise server.Failure("a size limit of pages counts for all")


def other_server(reader, directory):
    people = fill(directory, 100)
    reads_all(reader, directory)
    finds(reader, directory)
    for method in ("timestamp", "auto"):
        chain = Chain(reader, directory, changes=method)
        for i in range(2):
            people = changes(directory, people)
            chain.step(f"389-ds, {method} {i}", 120)
            tidy(directory)


def test(options):
    program = options.galway
    number = int(os.environ.get("N", "300"))
    with Slapd(suffix=SUFFIX) as directory:
        reader = Reader(program, directory)
        people = fill(directory, number)
        reads_all(reader, directory)
        finds(reader, directory)
        people = by_timestamp_and_list(reader, directory, people)
        by_timestamp(reader, directory, people)
    with Slapd(suffix=SUFFIX, overlays=["syncprov"]) as directory:
        reader = Reader(program, directory)
        people = fill(directory, number)
        people = by_syncrepl(reader, directory, people, "syncrepl")
        by_syncrepl(reader, directory, people, "auto")
    with Slapd(suffix=SUFFIX, overlays=[("syncprov", "")]) as directory:
        presence(Reader(program, directory), directory, fill(directory, 50))
    config = "access to attrs=userPassword by anonymous auth\naccess to * by users read\nsizelimit size.soft=20 " \
             "size.hard=20 size.prtotal=unlimited"
    with Slapd(suffix=SUFFIX, overlays=["syncprov"], tls=True, config=config) as directory:
        limited(program, directory)
    try:
        with Ds389(suffix=SUFFIX, plugins=["Content Synchronization"], tls=True) as directory:
            other_server(Reader(program, directory), directory)
    except server.Skip as e:
        raise server.Skip(f"389 Directory Server: {e}") from e


if __name__ == "__main__":
    server.run(test)
