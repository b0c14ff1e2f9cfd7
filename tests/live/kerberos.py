#!/usr/bin/python3
"""Kerberos, by every way there is: GSSAPI and GSS-SPNEGO, keys and tickets, with and without TLS; two accounts in one
run; and what cannot be: no ticket, keys of nobody, a KDC that is away."""
import os

import samba
import server
from ldap_read import quoted
from samba import Forest

INTO = "dn: OU=GAL,DC=xyz,DC=example\nobjectClass: organizationalUnit\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\n"


class Checker:
    """galway check of connectors of the forest, each with these settings, under an environment."""

    def __init__(self, options, folder, dc):
        self.galway, self.folder, self.dc = options.galway, folder, dc
        (folder / "xyz.ldif").write_text(INTO)

    def connector(self, name, settings):
        settings = {"type": "ad", "url": self.dc.ldap_url, "base": self.dc.base, "retry": "0s", "timeout": "5s",
                    "tls-ca": str(self.dc.ca), **settings}
        return f"connector {name} {{\n" + "".join(f"    {k} = {quoted(v)}\n" for k, v in settings.items()) + "}\n"

    def __call__(self, environment, code, *connectors):
        """What is said of them."""
        config = self.folder / "galway.conf"
        text = 'state = "state.db"\nconnector xyz {\n    type = ldif\n    file = "xyz.ldif"\n}\n'
        for i, settings in enumerate(connectors):
            text += self.connector(f"abc{i}", settings)
            text += f'flow f{i} {{\n    source = abc{i}\n    target = xyz\n    into = "OU=GAL,DC=xyz,DC=example"\n}}\n'
        config.write_text(text)
        config.chmod(0o600)
        return server.command(self.galway, "-c", config, "check", codes=(code,), env={**os.environ, **environment}).stdout


def says(what, said, *texts):
    for text in texts:
        if text not in said:
            raise server.Failure(f"{what}: not a word of {text!r}:\n{said}")


def good(check, environment, keytab, ccache):
    """Each way, and how the connection is protected then: Active Directory refuses to encrypt twice."""
    url = check.dc.ldap_url
    keys, ticket = {"keytab": str(keytab)}, {"ccache": ccache}
    transports = ((f"{url}, ldap, {{}} (encrypted), as ", {}),
                  (f"{check.dc.ldaps_url}, ldaps, {{}}, as ", {"url": check.dc.ldaps_url}),
                  (f"{url}, ldap with StartTLS, {{}}, as ", {"starttls": "true"}))
    for auth in ("gssapi", "spnego"):
        for how, settings in transports:
            for what, credentials in (("keytab", keys), ("ccache", ticket)):
                said = check(environment, 0, {"auth": auth, **settings, **credentials})
                says(f"{auth}, {what}", said, how.format(auth) + "galway@")
        said = check({**environment, "KRB5CCNAME": ccache}, 0, {"auth": auth})
        says(f"{auth}, the environment's cache", said, "as galway@")


def two(check, environment, *keytabs):
    """Each connector has its own account, and the cache of the environment is nobody's business."""
    said = check(environment, 0, *({"auth": "gssapi", "keytab": str(k)} for k in keytabs))
    says("two accounts", said, "as galway@", "as reader@")


def bad(check, environment, keytab, folder):
    nothing = {**environment, "KRB5CCNAME": f"FILE:{folder}/none"}
    for auth in ("gssapi", "spnego"):
        says("no ticket", check(nothing, 2, {"auth": auth}), "bind with GSS")
        says("no keys", check(nothing, 2, {"auth": auth, "keytab": f"{folder}/none.keytab"}), "none.keytab: No such file")
        open_keys = folder / "open.keytab"
        open_keys.write_bytes(keytab.read_bytes())
        open_keys.chmod(0o644)
        says("open keys", check(nothing, 2, {"auth": auth, "keytab": str(open_keys)}), "others may read it")
        says("no cache", check(nothing, 2, {"auth": auth, "ccache": f"FILE:{folder}/none"}), "bind with GSS")
    # Nobody listens there.
    away = folder / "away.conf"
    conf = (folder / "krb5.conf").read_text()
    away.write_text(conf.replace(f"kdc = {check.dc.address}:88", f"kdc = {check.dc.address}:9"))
    for auth in ("gssapi", "spnego"):
        said = check({**nothing, "KRB5_CONFIG": str(away)}, 5, {"auth": auth, "keytab": str(keytab)})
        says("the KDC is away", said, "bind with GSS")


def test(options):
    server.need("kinit", package="krb5-user")
    with server.Folder("kerberos") as folder, Forest("abc.example", "127.0.0.25") as dc:
        # The SASL module for GSSAPI forgets its credentials in TLS.
        (folder / "leaks").write_text("leak:gss_acquire_cred_from\nleak:gss_add_cred_from\n")
        environment = {**samba.krb5_environment(folder / "krb5.conf", dc), "LSAN_OPTIONS": f"suppressions={folder}/leaks:print_suppressions=0"}
        ccache = f"FILE:{folder}/ticket"
        server.command("kinit", "-k", "-t", dc.keytab, "-c", ccache, dc.principal, env={**os.environ, **environment})
        before = (folder / "ticket").read_bytes()
        check = Checker(options, folder, dc)
        good(check, environment, dc.keytab, ccache)
        two(check, environment, dc.keytab, dc.folder / "reader.keytab")
        bad(check, environment, dc.keytab, folder)
        if not (folder / "ticket").read_bytes().startswith(before[:100]):
            raise server.Failure("the ticket cache became another account's")


if __name__ == "__main__":
    server.run(test)
