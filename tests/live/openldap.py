#!/usr/bin/python3
"""OpenLDAP to OpenLDAP: with content synchronization (the overlay syncprov) in the source, and without it and in small
pages, each a first sync and then every kind of change; and killed in the middle of a run. The overlay auditlog of the
target is the oracle for what is written: nothing but the contacts' attributes, below `into`."""
import contextlib
import re
import subprocess

import contract
import scenario
import server
import slapd
from scenario import Side

# What slapd writes down for itself.
OPERATIONAL = {"structuralobjectclass", "entryuuid", "creatorsname", "createtimestamp", "entrycsn", "modifiersname",
               "modifytimestamp"}
# What slapd and 389-ds have built in, so that ad.schema does not.
BUILT_IN = {"objectclass", "cn", "name", "description", "distinguishedname", "seealso", "uid", "entryuuid",
            "nsuniqueid"}


def test(options):
    schema_is_complete()
    with two_sides(["syncprov"], full_after=slapd.FULL_AFTER) as (folder, sides):
        synchronized(options, folder, sides)
    with two_sides([], "page-size = 10", "window = 3") as (folder, sides):
        synchronized(options, folder, sides)
    with two_sides([], "window = 2") as (folder, sides):
        killed(options, folder, sides)


@contextlib.contextmanager
def two_sides(overlays, *settings, full_after=()):
    """A folder for galway, and the sides: the source with these overlays, the target."""
    with (server.Folder("openldap") as folder, slapd.Slapd("DC=abc,DC=example", overlays=overlays, tls=True) as abc,
          slapd.Slapd("DC=xyz,DC=example", overlays=["auditlog", "refint"], tls=True) as xyz):
        yield folder, [Side("abc", abc, *scenario.simple_bind(abc, folder), *settings, full_after=full_after),
                       Side("xyz", xyz, *scenario.simple_bind(xyz, folder), *settings)]


def synchronized(options, folder, sides):
    scenario.Pair(options, folder, sides, ["abc-to-xyz"]).play()
    target = sides[1]
    audited(target, target.directory.audit())


def killed(options, folder, sides):
    """Killed in the middle of its writes, galway is right in the next run: no contact is made twice."""
    target = sides[1]
    for side in sides:
        side.populate()
    for enough in (1, 12, 30):
        (folder / str(enough)).mkdir()
        pair = scenario.Pair(options, folder / str(enough), sides, ["abc-to-xyz"])
        galway = subprocess.Popen([pair.galway, "-c", pair.config, "sync"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while len(target.contacts()) < enough and galway.poll() is None:
                pass
        finally:
            galway.kill()
            galway.wait(10)
        pair.sync()
        pair.verify(f"killed after {enough} contacts")
        for name in target.directory.search(target.into, "(objectClass=contact)", ["1.1"]):
            target.directory.delete(name)


def audited(side, writes):
    """After what the test itself wrote, everything is below `into`, and of the contact's list."""
    allowed = {a.lower() for a in galsync_attributes()} | OPERATIONAL
    container = [n for n, write in enumerate(writes) if contract.normal(write[0]) == contract.normal(side.into)]
    mine = len(side.company.entries) + container[0] + 1
    for name, kind, parts in writes[mine:]:
        what = f"{kind} of {name}"
        if not contract.is_below(name, side.into):
            raise server.Failure(f"{what}: outside of {side.into}")
        for action, attribute in parts if kind in ("add", "modify") else ():
            if attribute.lower() not in allowed:
                raise server.Failure(f"{what}: {action} {attribute}: not an attribute of a contact")
        if kind == "modrdn" and dict(parts).get("newsuperior", side.into).lower() != side.into.lower():
            raise server.Failure(f"{what}: to {dict(parts)['newsuperior']}")
    if len(writes) - mine < 60:
        raise server.Failure(f"auditlog has only {len(writes) - mine} writes")


def galsync_attributes():
    """Those that the contract speaks of, the marker, and the name."""
    names = {a for copied, _ in contract.KINDS.values() for a in copied}
    return names | {"objectClass", "cn", "displayName", "mailNickname", "targetAddress", "mail", "proxyAddresses",
                    "msRTCSIP-PrimaryUserAddress", "msExchOriginatingForest", "msExchRecipientDisplayType",
                    "msExchRecipientTypeDetails", "manager", "adminDescription"}


def schema_is_complete():
    """ad.schema has every attribute of base/attr.c that servers have not."""
    table = (server.HERE.parent.parent / "base" / "attr.c").read_text()
    names = re.findall(r'^\t\{"([\w-]+)", SYNTAX_', table, re.M)
    schema = (server.HERE / "schema" / "ad.schema").read_text()
    missing = [n for n in names if n.lower() not in BUILT_IN and f"NAME '{n}'" not in schema]
    if missing or len(names) < 100:
        raise server.Failure(f"schema/ad.schema lacks {', '.join(missing) or 'a table to compare with'}")


if __name__ == "__main__":
    server.run(test)
