#!/usr/bin/python3
"""With just the rights of docs/permissions.md galway can do its work, and its account can write nothing else: the
blocks are taken out of the page and applied to OpenLDAP, 389-ds and Samba, with the page's own names.

What can be done with them is the story of scenario.py; what cannot is tried by the account itself, past galway."""
import contextlib
import os
import re

import ldap
import ldap.modlist

import changes
import scenario
import server
import slapd
from ds389 import Ds389
from samba import Forest
from scenario import Side

PAGE = server.HERE.parent.parent / "docs" / "permissions.md"
# Low enough that a read ends at it, unless the account is spared.
LIMIT = 20
# Every kind of write.
STEPS = [changes.modify, changes.rename, changes.delete, changes.come_back]


def block(name, side="abc"):
    """The page's block of that name. It may speak of the other company: the source's rights are the target's too."""
    found = re.findall(rf"^```\w+ {name}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    if len(found) != 1:
        raise server.Failure(f"{len(found)} blocks of {PAGE.name} are called {name}")
    return re.sub(r"\b(DC|dc)=(abc|xyz)\b", rf"\1={side}", found[0])


# ---- OpenLDAP


def slapd_lines(*ldifs):
    """cn=config as slapd.conf has it, for the rules of access are the same in both: in front of those of the test."""
    names = {"olcAccess": "access", "olcLimits": "limits", "olcAddContentAcl": "add_content_acl"}
    lines = []
    for text in ldifs:
        for line in text.replace("\n  ", " ").splitlines():
            attribute, _, value = line.partition(": ")
            if attribute in names:
                lines.append(f"{names[attribute]} {re.sub(r'^{[0-9]+}', '', value)}")
    usual = ["access to attrs=userPassword by anonymous auth", f"sizelimit {LIMIT}"]
    return "\n".join([*lines, *usual])


class Limited(slapd.Slapd):
    """Nobody may do anything there who is not told to."""

    def __init__(self, name, *blocks, overlays):
        super().__init__(f"DC={name},DC=example", overlays=overlays, tls=True,
                         config=slapd_lines(*[block(b, name) for b in blocks]))
        self.service = f"cn=galway,ou=Service,{self.base}"

    def __enter__(self):
        super().__enter__()
        add_account(self)
        return self


def add_account(directory):
    directory.add({f"ou=Service,{directory.base}": {"objectClass": [b"organizationalUnit"]},
                   directory.service: {"objectClass": [b"organizationalPerson"], "sn": [b"galway"],
                                       "userPassword": [directory.password.encode()]}})


# ---- 389 Directory Server


class Limited389(Ds389):
    def __init__(self, name, *blocks, plugins=()):
        super().__init__(f"DC={name},DC=example", plugins=plugins, tls=True)
        self.blocks, self.service = [block(b, name) for b in blocks], f"cn=galway,ou=Service,{self.base}"

    def __enter__(self):
        super().__enter__()
        add_account(self)
        self.replace("cn=config", nsslapd_sizelimit=LIMIT)
        return self

    def grant(self):
        for text in self.blocks:
            server.command("ldapmodify", "-x", "-H", self.url, "-D", self.admin, "-w", self.password, input=text)


# ---- Samba


class LimitedForest(Forest):
    """The account of the page has all that it needs here; so it is done with the one that has nothing."""

    def __init__(self, realm, address, *blocks):
        super().__init__(realm, address)
        self.blocks = [block(b, realm.split(".")[0]).replace("galway", "reader") for b in blocks]
        self.service = self.reader

    def grant(self):
        conf, data = self.folder / "etc" / "smb.conf", self.folder / "private" / "sam.ldb"
        # As on a domain controller, where the configuration is where programs look for it.
        front = f"""set -euo pipefail
samba-tool() {{ command samba-tool "$@" --configfile={conf} -H {data}; }}
ldbsearch() {{ command ldbsearch --configfile={conf} "$@"; }}
"""
        for text in self.blocks:
            server.command("bash", "-c", front + text.replace("/var/lib/samba/private/sam.ldb", str(data)),
                           env={**os.environ, "SMB_CONF_PATH": str(conf), "PATH": "/usr/bin:" + os.environ["PATH"]}, cwd=self.folder)


# ---- what may not be done


def refused(what, action, *words):
    try:
        action(*words)
    except (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT):
        return
    except ldap.LDAPError as e:
        raise server.Failure(f"{what}: refused, but not for want of rights: {e}") from e
    raise server.Failure(f"{what}: the account may do that")


def contact_at(name):
    return name, ldap.modlist.addModlist({"objectClass": [b"contact"], "cn": [b"Intruder"]})


def cannot_write(side, everywhere):
    """The account may not write outside of the container, and nothing but contacts in it; `everywhere`: nor there."""
    d = side.directory
    with contextlib.closing(Connection(d)) as c:
        person, group = side.find("Lind, Eva"), side.find("Board")
        value = [(ldap.MOD_REPLACE, "displayName", [b"Intruder"])]
        refused("change a person", c.modify_s, person, value)
        refused("change a password", c.modify_s, person, [(ldap.MOD_REPLACE, "userPassword", [b"x"])])
        refused("change a group's members", c.modify_s, group, [(ldap.MOD_ADD, "member", [d.service.encode()])])
        refused("delete a person", c.delete_s, person)
        refused("rename a person", c.rename_s, person, "CN=Intruder")
        refused("move a person into the container", c.rename_s, person, "CN=Intruder", side.into)
        refused("make a contact elsewhere", c.add_s, *contact_at(f"CN=Intruder,OU=People,{d.base}"))
        refused("change the container", c.modify_s, side.into, [(ldap.MOD_REPLACE, "description", [b"Intruder"])])
        refused("delete the container", c.delete_s, side.into)
        refused("make a user", c.add_s, f"CN=Intruder,{side.into}",
                ldap.modlist.addModlist({"objectClass": [b"user"], "cn": [b"Intruder"], "sAMAccountName": [b"intr"]}))
        if everywhere:
            refused("make a contact", c.add_s, *contact_at(f"CN=Intruder,{side.into}"))
            return
        mine = next(iter(d.search(side.into, "(objectClass=contact)", ["1.1"])))
        refused("write what is not listed", c.modify_s, mine, [(ldap.MOD_REPLACE, "employeeID", [b"x"])])
        refused("move a contact out", c.rename_s, mine, "CN=Intruder", f"OU=People,{d.base}")


class Connection:
    """As the account."""

    def __init__(self, directory):
        self.c = directory.connect(directory.service)

    def __getattr__(self, name):
        return getattr(self.c, name)

    def close(self):
        self.c.unbind_s()


# ---- the pairs


def play(options, folder, source, target, kind="ldap", full_after=()):
    """The page's rights, first: `into` has to be there for some of them."""
    sides = [Side("abc", source, *scenario.simple_bind(source, folder, kind, source.service), full_after=full_after),
             Side("xyz", target, *scenario.simple_bind(target, folder, kind, target.service))]
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz"])
    for side in sides:
        side.populate()
        if hasattr(side.directory, "grant"):
            side.directory.grant()
    checked(pair)
    pair.sync()
    pair.verify("first sync")
    for change in STEPS:
        pair.step(change)
    pair.tamper()
    checked(pair)
    cannot_write(sides[0], True)
    cannot_write(sides[1], False)
    return pair


def checked(pair):
    """check lacks nothing, and warns of nothing: neither a missing right nor one too many."""
    said = pair.run("check")
    wrong = [line for line in said.splitlines() if "FAILED" in line or "warning" in line]
    if wrong:
        raise server.Failure("check says:\n" + "\n".join(wrong))


def exchange(pair):
    """Who runs an Exchange has to tell it of new contacts."""
    target = pair.sides["xyz"].directory
    services = f"CN=Services,CN=Configuration,{target.base}"
    target.add({f"CN=Microsoft Exchange,{services}": {"objectClass": [b"container"]}})
    said = pair.run("check")
    if "only after Update-Recipient" not in said:
        raise server.Failure(f"check does not warn of Exchange: {said}")


def openldap_to_389(options):
    with (server.Folder("permissions") as folder,
          Limited("abc", "openldap-source", overlays=["syncprov"]) as abc,
          Limited389("xyz", "389-source", "389-target", plugins=["referential integrity postoperation"]) as xyz):
        play(options, folder, abc, xyz, full_after=slapd.FULL_AFTER)


def ds389_to_openldap(options):
    with (server.Folder("permissions") as folder,
          Limited389("abc", "389-source", plugins=["referential integrity postoperation"]) as abc,
          Limited("xyz", "openldap-target", overlays=["refint"]) as xyz):
        play(options, folder, abc, xyz)


def samba_to_samba(options):
    with (server.Folder("permissions") as folder,
          LimitedForest("abc.example", "127.0.0.2", "samba-source", "samba-get-changes") as abc,
          LimitedForest("xyz.example", "127.0.0.3", "samba-target") as xyz):
        exchange(play(options, folder, abc, xyz, "ad"))


def test(options):
    for what in (openldap_to_389, ds389_to_openldap, samba_to_samba):
        what(options)
        print(what.__name__)


if __name__ == "__main__":
    server.run(test)
