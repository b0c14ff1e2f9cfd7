#!/usr/bin/python3
"""Reading an Active Directory: all of it as python-ldap reads it, and after each kind of change a delta that tells
exactly in what two full reads differ. By every method, and for accounts with other rights.

    ad_read.py READ         READ is the program of read.c
"""
import base64
import ctypes
import shutil
import struct

import ldap
from ldap.controls import RequestControl

import server
from ldap_read import Reader, same
from samba import Forest

WANTED = ["cn", "displayName", "title", "mail", "proxyAddresses", "member", "userAccountControl", "objectClass",
          "msExchHideFromAddressLists", "distinguishedName"]
PEOPLE, LISTS, OTHERS, ELSEWHERE = "OU=People", "OU=Lists", "OU=Others", "OU=Elsewhere"
FILTER = "(&(|(objectCategory=person)(objectClass=group))(!(msExchHideFromAddressLists=TRUE)))"


class Company:
    """What is read lies below OU=Company; what leaves it goes to OU=Elsewhere."""

    def __init__(self, dc):
        self.dc, self.base = dc, f"OU=Company,{dc.base}"
        for name in (self.base, *(f"{ou},{self.base}" for ou in (PEOPLE, LISTS, OTHERS)), f"{ELSEWHERE},{dc.base}"):
            self.container(name)
        for i in range(20):
            self.person(f"Ann {i}", f"{PEOPLE},{self.base}")
        for i in range(5):
            self.person(f"Jörg {i}", f"{OTHERS},{self.base}", "contact")
        for i in range(3):
            self.person(f"Zoë, {i}", f"{ELSEWHERE},{dc.base}")
        dc.add({f"CN=All,{LISTS},{self.base}": {"objectClass": [b"group"], "sAMAccountName": [b"all"],
                                                 "member": [self.name(f"Ann {i}").encode() for i in range(5)]}})

    def container(self, name):
        self.dc.add({name: {"objectClass": [b"organizationalUnit"]}})

    def person(self, cn, parent, kind="user"):
        alias = "".join(c for c in cn if c.isalnum() and c.isascii()).lower()
        values = {"objectClass": [kind.encode()], "displayName": [cn.encode()], "title": [b"Clerk"],
                  "mail": [f"{alias}@abc.example".encode()],
                  "proxyAddresses": [f"SMTP:{alias}@abc.example".encode(), f"smtp:{alias}.x@abc.example".encode()]}
        if kind == "user":
            values["sAMAccountName"] = [alias.encode()]
        self.dc.add({f"CN={ldap.dn.escape_dn_chars(cn)},{parent}": values})

    def name(self, cn, ou=PEOPLE):
        return f"CN={ldap.dn.escape_dn_chars(cn)},{ou},{self.base}"

    def tree_delete(self, name):
        self.dc.link.delete_ext_s(name, serverctrls=[RequestControl("1.2.840.113556.1.4.805", True)])


def changes(c):
    """One line a case: what happens, how, and how many entries change and are gone. A member's rename also changes
    what its groups say of it, which no server tells: those who move here are in no group."""
    dc, away, group = c.dc, f"{ELSEWHERE},{c.dc.base}", f"CN=All,{LISTS},{c.base}"
    return [
        ("nothing", lambda: None, 0, 0),
        ("a value", lambda: dc.replace(c.name("Ann 1"), title="Chief"), 1, 0),
        ("several values", lambda: dc.replace(c.name("Ann 2"), proxyAddresses=["SMTP:new@abc.example"], mail="n@x"), 1, 0),
        ("an attribute is removed", lambda: dc.replace(c.name("Ann 3"), title=None), 1, 0),
        ("rename", lambda: dc.rename(c.name("Ann 10"), "CN=Anne"), 1, 0),
        ("move", lambda: dc.rename(c.name("Ann 11"), "CN=Ann 11", f"{OTHERS},{c.base}"), 1, 0),
        ("move out", lambda: dc.rename(c.name("Ann 12"), "CN=Ann 12", away), 0, 1),
        ("move in", lambda: dc.rename(f"CN=Zoë\\, 0,{away}", "CN=Zoë\\, 0", f"{PEOPLE},{c.base}"), 1, 0),
        ("disable", lambda: dc.replace(c.name("Ann 13"), userAccountControl=514), 1, 0),
        ("hide", lambda: dc.replace(c.name("Ann 14"), msExchHideFromAddressLists="TRUE"), 0, 1),
        ("show", lambda: dc.replace(c.name("Ann 14"), msExchHideFromAddressLists="FALSE"), 1, 0),
        ("a member more", lambda: dc.add_value(group, "member", c.name("Ann 6")), 1, 0),
        ("a member less", lambda: dc.remove_value(group, "member", c.name("Ann 1")), 1, 0),
        ("a new user", lambda: c.person("Eva", f"{PEOPLE},{c.base}"), 1, 0),
        ("a new container", lambda: (c.container(f"OU=New,{c.base}"), c.person("Ida", f"OU=New,{c.base}")), 1, 0),
        ("delete", lambda: dc.delete(c.name("Ann 15")), 0, 1),
        ("made and deleted", lambda: (c.person("Otto", f"{PEOPLE},{c.base}"), dc.delete(c.name("Otto"))), 0, 0),
        ("changed and deleted", lambda: (dc.replace(c.name("Ann 16"), title="x"), dc.delete(c.name("Ann 16"))), 0, 1),
        ("deleted and made again", lambda: (dc.delete(c.name("Eva")), c.person("Eva", f"{PEOPLE},{c.base}")), 1, 1),
        ("swapped names", lambda: (dc.rename(c.name("Ann 17"), "CN=Tmp"), dc.rename(c.name("Ann 18"), "CN=Ann 17"),
                                   dc.rename(c.name("Tmp"), "CN=Ann 18")), 2, 0),
        ("a container is renamed", lambda: dc.rename(f"{OTHERS},{c.base}", "OU=Renamed"), 6, 0),
        ("it is moved down", lambda: dc.rename(f"OU=Renamed,{c.base}", "OU=Renamed", f"OU=New,{c.base}"), 6, 0),
        ("what is above it is renamed", lambda: dc.rename(f"OU=New,{c.base}", "OU=Newer"), 7, 0),
        ("it leaves", lambda: dc.rename(f"OU=Newer,{c.base}", "OU=Newer", away), 0, 7),
        ("it comes back", lambda: dc.rename(f"OU=Newer,{away}", "OU=Others", c.base), 7, 0),
        ("it is deleted", lambda: c.tree_delete(f"{OTHERS},{c.base}"), 0, 7),
        ("many", lambda: [c.person(f"Many {i}", f"{PEOPLE},{c.base}") for i in range(300)], 300, 0),
        ("many change", lambda: [dc.replace(c.name(f"Many {i}"), title="x") for i in range(300)], 300, 0),
    ]


class AdReader(Reader):
    def __init__(self, program, dc, company, label, **settings):
        self.program, self.name = program, label
        self.config, secret = dc.folder / f"{label}.conf", dc.folder / f"{label}.secret"
        secret.write_text(dc.password)
        secret.chmod(0o600)
        settings = {"type": "ad", "url": dc.ldaps_url, "tls-ca": str(dc.ca), "base": company.base,
                    "filter": FILTER, "bind": dc.admin, "password": f"file:{secret}", "retry": "0s", **settings}
        self.settings = {name: value for name, value in settings.items() if value is not None}


class Reading:
    """One configuration: the last full read, and its cookie."""

    def __init__(self, program, dc, company, label, **settings):
        self.reader = AdReader(program, dc, company, label, **settings)
        self.label, self.cookie = label, dc.folder / f"cookie.{label}"
        self.exact = settings.get("changes") != "usn"  # uSNChanged tells of the last change twice
        self.last = self.full()

    def read(self, what, code=0, cookie=None):
        return self.reader("--want", ",".join(WANTED), "--cookie", cookie or self.cookie, what, code=code)

    def full(self):
        entries, gone = by_key(*self.read("all"))
        assert not gone
        return entries

    def check(self, what, now, n_changed, n_gone):
        entries, gone = by_key(*self.read("since"))
        changed = {i: e for i, e in now.items() if self.last.get(i) != e}
        lost = set(self.last) - set(now)
        what = f"{self.label}: {what}"
        if (len(changed), len(lost)) != (n_changed, n_gone):
            raise server.Failure(f"{what}: {len(changed)} changed and {len(lost)} went in truth")
        if not self.exact:
            changed.update({i: now[i] for i in entries if i in now})
        same(entries, changed, what)
        if not lost <= gone or gone & set(now):
            raise server.Failure(f"{what}: gone {gone}, not {lost}")
        self.last = now


def by_key(entries, keys, gone):
    """{key of the id: entry}, and the keys of what is gone."""
    return {key: {**entries[name], "dn": name} for key, name in keys.items()}, gone


def method(cookie):
    return cookie.read_text().split()[2] if cookie.stat().st_size else "full"


def accounts(program, dc, company):
    """Every way to tell changes, and which one that is."""
    who = {"service": {"bind": dc.service}, "reader": {"bind": dc.reader}}
    readings = [
        Reading(program, dc, company, "admin"),
        Reading(program, dc, company, "usn", changes="usn"),
        Reading(program, dc, company, "object-security", **{"dirsync-flags": "object-security"}),
        Reading(program, dc, company, "small", **{"page-size": 2, "window": 1}),
        Reading(program, dc, company, "service", **who["service"]),
        Reading(program, dc, company, "service-usn", changes="usn", **who["service"]),
    ]
    for r, is_to_be in zip(readings, ("dirsync", "usn", "dirsync", "dirsync", "dirsync", "usn")):
        if method(r.cookie) != is_to_be:
            raise server.Failure(f"{r.label}: the method is {method(r.cookie)}, not {is_to_be}")
    return readings


def blind(program, dc, company):
    """What cannot tell of deletions reads everything, and says why."""
    for label, settings, why in (
            ("reader", {"bind": dc.reader}, "deleted objects are not visible to the account"),
            ("reader-usn", {"bind": dc.reader, "changes": "usn"}, "deleted objects are not visible to the account"),
            ("refused", {"bind": dc.service, "changes": "dirsync", "dirsync-flags": "none"}, "left no cookie"),
            ("full", {"changes": "full"}, "the setting changes says so"),
            ("other-id", {"id": "sAMAccountName", "filter": "(sAMAccountName=*)"}, "id is not objectGUID"),
            ("member-of", {"filter": "(memberOf=*)"}, "memberOf changes without the object that has it")):
        reader = AdReader(program, dc, company, label, **settings)
        cookie = dc.folder / f"cookie.{label}"
        reader("--want", "cn,title", "--cookie", cookie, "all")
        if method(cookie) != "full":
            raise server.Failure(f"{label}: the method is {method(cookie)}")
        said = reader("--want", "cn,title", "--cookie", cookie, "since", code=3)
        # Without a cookie nothing else is looked at.
        if why not in said and "left no cookie" not in said:
            raise server.Failure(f"{label}: {said}")


def forged(cookie, **words):
    """The cookie with some of its words changed, and a right hash."""
    names = ["magic", "version", "method", "directory", "replica", "scope", "usn", "dirsync"]
    parts = dict(zip(names, cookie.read_text().split()), **words)
    text = " ".join(parts[n] for n in names)
    digest = ctypes.CDLL("libxxhash.so.0").XXH3_64bits_withSeed
    digest.restype, digest.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    path = cookie.with_suffix(".forged")
    path.write_text(f"{text} {digest(text.encode(), len(text), 0):016x}")
    return path


def refusals(r):
    """Cookies that must not be believed."""
    r.read("since", cookie=shutil.copy(forged(r.cookie), r.cookie.with_suffix(".copy")))  # forging works
    usn = int(r.cookie.read_text().split()[6])
    garbage = base64.b64encode(b"MSDS" + struct.pack("<I", 3) + b"\xff" * 60).decode()
    for words, why in (
            ({"directory": "00000000-0000-0000-0000-000000000000"}, "another directory"),
            ({"replica": "00000000-0000-0000-0000-000000000000"}, "another domain controller"),
            ({"scope": "0" * 16}, "are not those of the last read"),
            ({"usn": str(usn + 1000)}, "set back to an older state"),
            ({"dirsync": garbage}, "DirSync"),
            ({"dirsync": base64.b64encode(b"x").decode()}, "DirSync")):
        said = r.read("since", code=3, cookie=forged(r.cookie, **words))
        if why not in said:
            raise server.Failure(f"a cookie with {words}: {said}")
    for damaged in (b"", b"garbage", r.cookie.read_bytes()[:-1]):
        r.cookie.with_suffix(".forged").write_bytes(damaged)
        r.read("since", code=3, cookie=r.cookie.with_suffix(".forged"))


def whole_domain(program, dc, company):
    """Without a filter: all that the account may read, which is less than the server lists."""
    for who in (dc.admin, dc.reader):
        reader = AdReader(program, dc, company, "domain", bind=who, base=dc.base, filter=None)
        connection = dc.connect(who)
        found = connection.search_ext_s(dc.base, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["objectGUID"])
        wanted = {name for name, values in found if name is not None and values}
        if set(reader("--want", "cn", "all")[0]) != wanted:
            raise server.Failure(f"{who} reads another domain than python-ldap")
        connection.unbind_s()


def restored(dc, company, readings):
    """The server loses what happened after a snapshot, and gets other changes instead."""
    dc.stop()
    snapshot = dc.home.path / "snapshot"
    server.command("cp", "-a", "--sparse=always", dc.folder / "private", snapshot)
    dc.start()
    for i in range(3):
        dc.replace(company.name(f"Ann {i}"), title="lost")
    for r in readings:
        r.last = r.full()
    dc.stop()
    shutil.rmtree(dc.folder / "private")
    snapshot.rename(dc.folder / "private")
    dc.start()
    dc.replace(company.name("Ann 1"), title="kept")
    for r in readings:
        said = r.read("since", code=3)
        if "set back to an older state" not in said:
            raise server.Failure(f"{r.label}: a restored snapshot: {said}")


def test(options):
    with Forest("abc.example", "127.0.0.22") as dc:
        company = Company(dc)
        # Until something was deleted only an administrator can know that deletions are seen.
        company.person("Zoë, 9", f"{ELSEWHERE},{dc.base}")
        dc.delete(f"CN=Zoë\\, 9,{ELSEWHERE},{dc.base}")
        readings = accounts(options.galway, dc, company)
        reads = readings[0].reader("--want", ",".join(WANTED), "all")[0]
        found = dc.search(company.base, FILTER, [*WANTED, "objectGUID"])
        same(reads, {name: {a.lower(): set(v) for a, v in e.items()} for name, e in found.items()}, "everything")
        for what, change, n_changed, n_gone in changes(company):
            change()
            now, _ = by_key(*readings[0].reader("--want", ",".join(WANTED), "all"))
            for r in readings:
                r.check(what, now, n_changed, n_gone)
        print("changes: as full reads have them, by every method")
        whole_domain(options.galway, dc, company)
        blind(options.galway, dc, company)
        refusals(readings[0])
        restored(dc, company, readings)
        print("what cannot be believed is not")


if __name__ == "__main__":
    server.run(test)
