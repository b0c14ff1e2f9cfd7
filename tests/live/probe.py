#!/usr/bin/python3
"""What "galway check" is told of a server: its schema, the account's rights, how changes are told, the connection.

    probe.py PROBE          PROBE is the program of probe.c
"""
import subprocess

import server
from ds389 import Ds389
from ldap_read import quoted
from samba import Forest
from slapd import Slapd

ATTRIBUTES = ["objectClass", "cn", "displayName", "mail", "targetAddress", "proxyAddresses", "adminDescription"]


class Prober:
    def __init__(self, program, directory, **settings):
        self.program, self.config, secret = program, directory.folder / "probe.conf", directory.folder / "probe.secret"
        secret.write_text(directory.password)
        secret.chmod(0o600)
        self.settings = {"base": directory.base, "password": f"file:{secret}", "retry": "0s", **settings}

    def __call__(self, *words, code=0, **settings):
        lines = [f"    {k.replace('_', '-')} = {quoted(v)}" for k, v in {**self.settings, **settings}.items()
                 if v is not None]
        self.config.write_text("\n".join(["connector it {", *lines, "}", ""]))
        self.config.chmod(0o600)
        return server.command(self.program, self.config, "it", *words, codes=(code,)).stdout


def tells(said, *findings, never=()):
    """Each finding is a line that begins so, or has "..." between its parts; nothing begins as in never."""
    for finding in findings:
        if not any(matches(line, finding.split("...")) for line in said.splitlines()):
            raise server.Failure(f"no line is {finding!r} in:\n{said}")
    for line in said.splitlines():
        if line.startswith(tuple(never)):
            raise server.Failure(f"{line!r} is told in:\n{said}")


def matches(line, parts):
    if not line.startswith(parts[0]):
        return False
    for part in parts:
        if part not in line:
            return False
        line = line[line.index(part) + len(part):]
    return True


def active_directory(program):
    with Forest("abc.example", "127.0.0.23") as dc:
        probe = Prober(program, dc, type="ad", url=dc.ldaps_url, tls_ca=str(dc.ca), bind=dc.service)
        # The right to make a contact is none for the classes above it, and none is needed.
        target = ["--into", dc.into, "--class", "person", "--class", "contact", *ATTRIBUTES]
        tells(probe("--source", *target), "note: ldaps://127.0.0.23, ", "note: read in pages of 1000",
              "note: the server's certificate is good until ",
              f"note: there is no contact in {dc.into} yet", never=["fault", "warning: the account"])
        contact = f"CN=Ann,{dc.into}"
        dc.add({contact: {"objectClass": [b"contact"]}, f"CN=Bob,{dc.into}": {"objectClass": [b"contact"]}})
        dc.delete(f"CN=Bob,{dc.into}")
        tells(probe("--source", *target), "note: changes are told by dirsync: with OBJECT_SECURITY: ",
              never=["fault", "warning"])
        tells(probe("--source", changes="usn"), "note: changes are told by usn: the setting changes says so")
        tells(probe("--source", changes="full"), "note: every run reads everything: the setting changes says so",
              never=["warning"])
        tells(probe("--source", filter="(memberOf=*)"),
              "warning: every run reads everything: memberOf changes without the object that has it")
        tells(probe(*target, "msRTCSIP-Invented", "userAccountControl", "--class", "invented"),
              "fault: the server does not know the attribute msRTCSIP-Invented: ...Lync...drop msRTCSIP-Invented",
              "fault: the server does not know the object class invented",
              never=["fault: the account may not write"])
        tells(probe(*target, "userAccountControl"), f"fault: the class of {contact} does not have userAccountControl")
        tells(probe("--source", *target, bind=dc.reader),
              f"fault: the account may not make a contact in {dc.into}",
              f"fault: the account may not write ...displayName...of {contact}",
              "warning: every run reads everything: none of the deleted objects is visible...dsacls...LCRP", never=["warning: the account"])
        tells(probe("--source", *target, bind=dc.admin),
              "note: changes are told by dirsync: the account has the right DS-Replication-Get-Changes",
              f"warning: the account may write to {dc.base} itself", "warning: the account may write to users outside",
              never=["fault"])
        tells(probe(tls="insecure", tls_ca=None), "warning: tls = insecure")
        tells(probe("--source", **{"id": "sAMAccountName", "filter": "(sAMAccountName=*)"}),
              "warning: every run reads everything: id is not objectGUID")


def openldap(program):
    with Slapd(suffix="DC=xyz,DC=example") as directory:
        into = f"OU=GAL,{directory.base}"
        directory.add({into: {"objectClass": [b"organizationalUnit"]}})
        probe = Prober(program, directory, type="ldap", url=directory.ldapi_url, bind=directory.admin)
        target = ["--into", into, "--class", "contact", *ATTRIBUTES]
        tells(probe(*target), "note: the server cannot be asked for the account's rights", never=["fault", "warning"])
        tells(probe(*target, "msExchInvented", "dc", "--class", "invented"),
              "fault: the server does not know the attribute msExchInvented: ...Exchange...drop msExchInvented",
              "fault: the server does not know the object class invented",
              "fault: the object classes of the rules do not allow dc: ")
        tells(probe(url=directory.url, auth="anonymous", bind=None, password=None),
              "warning: auth = anonymous", "warning: the connection is not encrypted")
        tells(probe(page_size=0), "warning: not read in pages (page-size = 0)")
        tells(probe(*target), never=["note: changes", "note: every run", "warning"])
        tells(probe("--source"), "note: changes are told by timestamp: the server does not offer syncrepl", never=["warning"])
        tells(probe("--source", changes="timestamp"), "note: changes are told by timestamp: the setting changes says so")
        tells(probe("--source", changes="full"), "note: every run reads everything: the setting changes says so",
              never=["warning"])
        tells(probe("--source", changes="syncrepl", code=1), "probe: changes = syncrepl: ...does not offer syncrepl")
    blind = "access to attrs=modifyTimestamp by * none\naccess to * by * read"
    with Slapd(suffix="DC=xyz,DC=example", overlays=["syncprov"], tls=True, config=blind, days=10) as directory:
        probe = Prober(program, directory, type="ldap", url=directory.ldaps_url, tls_ca=str(directory.ca), bind=directory.admin)
        tells(probe("--source"), "note: changes are told by syncrepl: the server offers it; ...changes = timestamp",
              never=["warning: every run"])
        tells(probe(), "warning: the server's certificate is good until ...renew it", never=["note: the server's"])
        tells(probe("--source", changes="syncrepl"), "note: changes are told by syncrepl: the setting changes says so")
        tells(probe("--source", **{"id": "cn"}), "note: changes are told by timestamp: id is not entryUUID")
        tells(probe("--source", changes="timestamp", auth="anonymous", bind=None, password=None),
              "warning: every run reads everything: ...modifyTimestamp")


def ds389(program):
    with Ds389(suffix="DC=xyz,DC=example", tls=True) as directory:
        into, user = f"OU=GAL,{directory.base}", f"cn=sync,{directory.base}"
        directory.add({into: {"objectClass": [b"organizationalUnit"]},
                       f"ou=People,{directory.base}": {"objectClass": [b"organizationalUnit"]},
                       user: {"objectClass": [b"person"], "sn": [b"sync"],
                              "userPassword": [directory.password.encode()]}})
        probe = Prober(program, directory, type="ldap", url=directory.ldaps_url, tls_ca=str(directory.ca),
                       bind=directory.admin)
        target = ["--into", into, "--class", "contact", *ATTRIBUTES]
        tells(probe("--source", *target), "note: changes are told by timestamp: the server is no OpenLDAP",
              f"warning: the account may write to {directory.base} itself", never=["fault"])
        tells(probe(*target, bind=user), "warning: the server does not tell the account its rights")
        rights = f'(version 3.0; acl "{{}}"; allow ({{}}) userdn="ldap:///{user}";)'
        # Of what it sees the class of, and no more, its rights are told: none at all.
        nothing = '(targetattr="objectClass")' + rights.format("0", "read, search")
        directory.add_value(directory.base, "aci", nothing)
        tells(probe(*target, bind=user), "fault: the account may not add, rename and delete contact in ...: none)",
              "fault: the account may not write ...mail...of contact in ", never=["warning: the account"])
        directory.remove_value(directory.base, "aci", nothing)
        directory.add_value(into, "aci", '(targetattr="*")' + rights.format("a", "read, search, compare"))
        tells(probe(*target, bind=user), "fault: the account may not add, rename and delete contact in ...: v)",
              "fault: the account may not write ...mail...of contact in ")
        directory.add_value(into, "aci", '(targetattr="* || aci")' + rights.format("b", "all"))
        tells(probe(*target, bind=user), never=["fault", "warning"])
        directory.add_value(directory.base, "aci", '(targetattr="*")' + rights.format("c", "read, search, compare"))
        tells(probe(*target, bind=user), never=["fault", "warning"])
        # What nobody is to have: to make contacts elsewhere, to change people.
        too_much = f'(target="ldap:///cn=*,{directory.base}")' + rights.format("d", "add")
        directory.add_value(directory.base, "aci", too_much)
        tells(probe(*target, bind=user), f"warning: the account may write to {directory.base} itself",
              never=["fault"])
        directory.remove_value(directory.base, "aci", too_much)
        directory.add({f"cn={n},ou=People,{directory.base}": {"objectClass": [b"person"], "sn": [b"x"]} for n in "ab"})
        directory.add_value(f"ou=People,{directory.base}", "aci", '(targetattr="cn")' + rights.format("e", "write"))
        tells(probe(*target, bind=user), "warning: the account may write to people outside of into", never=["fault"])


def test(options):
    for what in (active_directory, openldap, ds389):
        what(options.galway)
        print(what.__name__)


if __name__ == "__main__":
    server.run(test)
