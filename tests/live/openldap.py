#!/usr/bin/python3
"""OpenLDAP to OpenLDAP: with content synchronization (the overlay syncprov) in the source and without it, each a first sync and
then every kind of change; and killed in the middle of a run. The overlay auditlog of the target is the oracle for what is written: nothing by a dry run, and
nothing but the contacts' attributes below `into` by a run."""
import contextlib
import re
import subprocess

import changes
import contract
import scenario
import server
from slapd import Slapd

# Who has references in a directory wants this: what is renamed is followed.
REFINT = ("refint", "refint_attributes manager")
# What slapd writes down for itself.
OPERATIONAL = {"structuralObjectClass", "entryUUID", "creatorsName", "createTimestamp", "entryCSN", "modifiersName",
               "modifyTimestamp"}


def test(options):
    schema_is_complete()
    # A container's new name is the new name of all below it, of which syncprov says nothing.
    for overlays, full_after in ((["syncprov"], ["rename_container"]), ([], [])):
        with two_servers(overlays) as (abc, xyz, folder):
            synchronized(options, folder, abc, xyz, full_after)
    with two_servers([]) as (abc, xyz, folder):
        killed(options, folder, abc, xyz)


@contextlib.contextmanager
def two_servers(overlays):
    """The source with these overlays, the target, and a folder for galway."""
    home = server.Folder("openldap")
    try:
        with (Slapd("DC=abc,DC=example", overlays=overlays, tls=True) as abc,
              Slapd("DC=xyz,DC=example", overlays=["auditlog", REFINT], tls=True) as xyz):
            yield abc, xyz, home.path
    finally:
        home.remove()


def two_sides(folder, abc, xyz, *settings, full_after=()):
    return [scenario.Side(name, s, "type = ldap", f'url = "{s.ldaps_url}"', f'tls-ca = "{s.ca}"', f'bind = "{s.admin}"',
                          scenario.secret(folder, f"{name}.secret", s.password), *settings,
                          full_after=full_after)
            for name, s in (("abc", abc), ("xyz", xyz))]


def synchronized(options, folder, abc, xyz, full_after):
    sides = two_sides(folder, abc, xyz, full_after=full_after)
    for side in sides:
        side.populate()
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz"])
    xyz.audit()
    pair.run("check")
    pair.run("diff", codes=(1,))
    if xyz.audit():
        raise server.Failure("check or diff wrote to the target")
    pair.sync()
    pair.verify("first sync")
    for change in changes.STEPS:
        pair.step(change)
    pair.tamper()
    audited(sides[1], xyz.audit())


def killed(options, folder, abc, xyz):
    """Killed in the middle of its writes, galway is right in the next run: no contact is made twice."""
    sides = two_sides(folder, abc, xyz, "window = 2")
    for side in sides:
        side.populate()
    for enough in (1, 12, 30):
        (folder / str(enough)).mkdir()
        pair = scenario.Pair(options, folder / str(enough), sides, ["abc-to-xyz"])
        galway = subprocess.Popen([pair.galway, "-c", pair.config, "sync"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while len(sides[1].contacts()) < enough and galway.poll() is None:
                pass
        finally:
            galway.kill()
            galway.wait(10)
        pair.sync()
        pair.verify(f"killed after {enough} contacts")
        for name in xyz.search(sides[1].into, "(objectClass=contact)", ["1.1"]):
            xyz.delete(name)


def audited(side, writes):
    allowed = {a.lower() for a in galsync_attributes()} | {a.lower() for a in OPERATIONAL}
    for name, kind, parts in writes:
        what = f"{kind} of {name}"
        if not contract.is_below(name, side.into) or contract.normal(name) == contract.normal(side.into):
            raise server.Failure(f"{what}: outside of {side.into}")
        for action, attribute in parts if kind in ("add", "modify") else ():
            if attribute.lower() not in allowed:
                raise server.Failure(f"{what}: {action} {attribute}: not an attribute of a contact")
        if kind == "modrdn" and dict(parts).get("newsuperior", side.into).lower() != side.into.lower():
            raise server.Failure(f"{what}: to {dict(parts)['newsuperior']}")
    if len(writes) < 60:
        raise server.Failure(f"auditlog has only {len(writes)} writes")


def galsync_attributes():
    """Those that the contract speaks of, the marker, and the name."""
    names = set(contract.PERSON + contract.EXTENSIONS)
    for copied, _ in contract.KINDS.values():
        names.update(copied)
    return names | {"objectClass", "cn", "displayName", "mailNickname", "targetAddress", "mail", "proxyAddresses", "manager",
                    "msRTCSIP-PrimaryUserAddress", "msExchOriginatingForest", "msExchRecipientDisplayType",
                    "msExchRecipientTypeDetails", "adminDescription"}


def schema_is_complete():
    """ad.schema has every attribute of base/attr.c that slapd has not."""
    built_in = {"objectclass", "cn", "name", "description", "distinguishedname", "seealso", "uid", "entryuuid", "nsuniqueid"}
    table = (server.HERE.parent.parent / "base" / "attr.c").read_text()
    names = re.findall(r'^\t\{"([\w-]+)", SYNTAX_', table, re.M)
    schema = (server.HERE / "schema" / "ad.schema").read_text()
    missing = [n for n in names if n.lower() not in built_in and f"NAME '{n}'" not in schema]
    if missing or len(names) < 100:
        raise server.Failure(f"schema/ad.schema lacks {', '.join(missing) or 'a table to compare with'}")


if __name__ == "__main__":
    server.run(test)
