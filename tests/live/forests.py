#!/usr/bin/python3
"""Two Active Directory forests, both directions at once: one side over ldaps with a simple bind, the other over GSSAPI with a
keytab, both with the rights that the manual gives. A first sync, then every kind of change, each with a delta that ends
where a full run would."""
import changes
import samba
import scenario
import server


def test(options):
    home = server.Folder("forests")
    try:
        with samba.forests(("abc.example", "127.0.0.2"), ("xyz.example", "127.0.0.3")) as (abc, xyz):
            run(options, home.path, abc, xyz)
    finally:
        home.remove()


def run(options, folder, abc, xyz):
    environment = samba.krb5_environment(folder / "krb5.conf", xyz, abc)
    # Samba lists objects of which an account may read nothing at all, which match (objectClass=*) only.
    kinds = "".join(f"(objectClass={c})" for c in ("user", "contact", "group", "organizationalUnit"))
    both = ["type = ad", f'filter = "(|{kinds})"']
    sides = [
        scenario.Side("abc", abc, *both, f'url = "{abc.ldaps_url}"', f'tls-ca = "{abc.ca}"',
                      f'bind = "{abc.service}"', scenario.secret(folder, "abc.secret", abc.password)),
        scenario.Side("xyz", xyz, *both, f'url = "{xyz.ldap_url}"', "auth = gssapi",
                      f'keytab = "{xyz.keytab}"'),
    ]
    for side in sides:
        side.populate()
    pair = scenario.Pair(options, folder, sides, ["abc-to-xyz", "xyz-to-abc"], environment)
    pair.first()
    for change in changes.STEPS:
        pair.step(change)
    pair.tamper()


if __name__ == "__main__":
    server.run(test)
