#!/usr/bin/python3
"""Two Active Directory forests, both directions at once: one over ldaps with a simple bind, the other over GSSAPI with
a keytab, both with no more rights than galway needs. A first sync, then every kind of change, each with a delta that
ends where a full run would; contacts are read back with ldbsearch."""
import contextlib

import samba
import scenario
import server
from samba import Forest
from scenario import Side


def test(options):
    with two_forests() as (folder, sides, environment):
        scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"], environment).play()


@contextlib.contextmanager
def two_forests():
    """A folder for galway, the sides, and the environment for Kerberos."""
    with (server.Folder("forests") as folder, Forest("abc.example", "127.0.0.2") as abc,
          Forest("xyz.example", "127.0.0.3") as xyz):
        # Samba lists objects of which an account may read nothing at all. They have no class for a filter, either.
        kinds = "".join(f"(objectClass={c})" for c in ("user", "contact", "group", "organizationalUnit"))
        only = f'filter = "(|{kinds})"'
        sides = [
            Side("abc", abc, *scenario.simple_bind(abc, folder, "ad", abc.service), only),
            Side("xyz", xyz, "type = ad", f'url = "{xyz.ldap_url}"', "auth = gssapi", f'keytab = "{xyz.keytab}"', only),
        ]
        yield folder, sides, samba.krb5_environment(folder / "krb5.conf", xyz, abc)


if __name__ == "__main__":
    server.run(test)
