#!/usr/bin/python3
"""Active Directory to OpenLDAP and back, both directions at once."""
import scenario
import server
import slapd
from samba import Forest
from scenario import Side


def test(options):
    with (server.Folder("mixed") as folder, Forest("abc.example", "127.0.0.2") as abc,
          slapd.Slapd("DC=xyz,DC=example", overlays=["syncprov", "refint"], tls=True) as xyz):
        sides = [Side("abc", abc, *scenario.simple_bind(abc, folder, "ad")),
                 Side("xyz", xyz, *scenario.simple_bind(xyz, folder), full_after=slapd.FULL_AFTER)]
        scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"]).play()


if __name__ == "__main__":
    server.run(test)
