#!/usr/bin/python3
"""389 Directory Server as source and as target: both directions at once between it and an OpenLDAP."""
import scenario
import server
import slapd
from ds389 import Ds389
from scenario import Side


def test(options):
    with (server.Folder("ds389-sync") as folder,
          Ds389("DC=abc,DC=example", plugins=["referential integrity postoperation"], tls=True) as abc,
          slapd.Slapd("DC=xyz,DC=example", overlays=["syncprov", "refint"], tls=True) as xyz):
        sides = [Side("abc", abc, *scenario.simple_bind(abc, folder)),
                 Side("xyz", xyz, *scenario.simple_bind(xyz, folder), full_after=slapd.FULL_AFTER)]
        scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"]).play()


if __name__ == "__main__":
    server.run(test)
