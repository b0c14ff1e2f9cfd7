#!/usr/bin/python3
"""Active Directory to OpenLDAP and back, both directions at once."""
import changes
import samba
import scenario
import server
from slapd import Slapd


def test(options):
    home = server.Folder("mixed")
    try:
        with (samba.Forest("abc.example", "127.0.0.2") as abc,
              Slapd("DC=xyz,DC=example", overlays=["syncprov", ("refint", "refint_attributes manager")], tls=True) as xyz):
            run(options, home.path, abc, xyz)
    finally:
        home.remove()


def run(options, folder, abc, xyz):
    full_after = {"abc": [], "xyz": ["rename_container"]}
    sides = [scenario.Side(name, s, f"type = {kind}", f'url = "{s.ldaps_url}"', f'tls-ca = "{s.ca}"',
                           f'bind = "{s.admin}"', scenario.secret(folder, f"{name}.secret", s.password), full_after=full_after[name])
             for name, s, kind in (("abc", abc, "ad"), ("xyz", xyz, "ldap"))]
    for side in sides:
        side.populate()
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"])
    pair.first()
    for change in changes.STEPS:
        pair.step(change)
    pair.tamper()


if __name__ == "__main__":
    server.run(test)
