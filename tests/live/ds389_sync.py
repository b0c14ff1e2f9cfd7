#!/usr/bin/python3
"""389 Directory Server as source and as target: both directions at once between it and an OpenLDAP."""
import changes
import scenario
import server
from ds389 import Ds389
from slapd import Slapd


def test(options):
    home = server.Folder("ds389-sync")
    try:
        with (Ds389("DC=abc,DC=example", plugins=["referential integrity postoperation"], tls=True) as abc,
              Slapd("DC=xyz,DC=example", overlays=["syncprov", ("refint", "refint_attributes manager")], tls=True) as xyz):
            run(options, home.path, abc, xyz)
    finally:
        home.remove()


def run(options, folder, abc, xyz):
    full_after = {"abc": [], "xyz": ["rename_container"]}
    sides = [scenario.Side(name, s, "type = ldap", f'url = "{s.ldaps_url}"', f'tls-ca = "{s.ca}"', f'bind = "{s.admin}"',
                           scenario.secret(folder, f"{name}.secret", s.password), full_after=full_after[name]) for name, s in (("abc", abc), ("xyz", xyz))]
    for side in sides:
        side.populate()
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"])
    pair.first()
    for change in changes.STEPS:
        pair.step(change)
    pair.tamper()


if __name__ == "__main__":
    server.run(test)
