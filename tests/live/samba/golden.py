#!/usr/bin/python3
"""Provisions a forest of samba into a folder whose etc/smb.conf is there already, and prepares it for the tests.

    golden.py FOLDER REALM DOMAIN ADDRESS PASSWORD

It is samba's own provisioning with skip_sysvolacl, which touches no ACL, xattr or owner: it works on any file system
and as the only user of a user namespace. Then: no password rules (a snapshot would rot when its passwords age), the
schema of Exchange and Lync, names for Kerberos by address, and the accounts that samba.py describes.
"""
import logging
import pathlib
import sys

import ldb
from samba import dckeytab, dsdb  # noqa: F401 (dckeytab gives Net its export_keytab)
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.net import Net
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB

NEVER = -0x8000000000000000


def prepare(folder, realm, domain, address, password):
    conf = folder / "etc" / "smb.conf"
    text = conf.read_text()
    for name in ("private", "state", "cache", "bind-dns"):
        (folder / name).mkdir(mode=0o700 if name == "private" else 0o755)
    lp = LoadParm()
    lp.load(str(conf))
    log = logging.getLogger("provision")
    log.addHandler(logging.FileHandler(folder / "provision.log"))
    provision(log, system_session(), smbconf=str(conf), samdb_fill="FULL", realm=realm, domain=domain, hostname="dc1",
              hostip=address, adminpass=password, dns_backend="NONE", serverrole="dc", lp=lp, skip_sysvolacl=True,
              dom_for_fun_level=dsdb.DS_DOMAIN_FUNCTION_2008_R2, base_schema="2012_R2", batch_mode=True)
    conf.write_text(text)  # provision writes one of its own

    lp.load(str(conf))
    sam = SamDB(url=str(folder / "private" / "sam.ldb"), session_info=system_session(), lp=lp)
    passwords(sam)
    schema(sam)
    names(sam, realm)
    accounts(sam, password)
    for account in ("galway", "reader"):
        Net(None, lp).export_keytab(keytab=str(folder / f"{account}.keytab"), principal=account)


def modify(sam, text):
    sam.modify_ldif(text.replace("@BASE@", sam.domain_dn()).replace("@SCHEMADN@", str(sam.get_schema_basedn())))


def passwords(sam):
    """Any password, for ever."""
    rules = {"maxPwdAge": NEVER, "minPwdAge": 0, "minPwdLength": 0, "pwdHistoryLength": 0, "pwdProperties": 0}
    lines = "".join(f"replace: {name}\n{name}: {value}\n-\n" for name, value in rules.items())
    modify(sam, f"dn: @BASE@\nchangetype: modify\n{lines}")


def schema(sam):
    """Classes want the attributes, and changes of classes want both, as the server knows them."""
    text = (pathlib.Path(__file__).parent / "schema.ldif").read_text()
    for part in text.split("\n#--- part "):
        modify(sam, "#" + part)
        sam.set_schema_update_now()


def names(sam, realm):
    """What a client without DNS asks tickets for: ldap/127.0.0.2."""
    values = [f"ldap/dc1.{realm.lower()}"] + [f"ldap/127.0.0.{n}" for n in range(1, 30)]
    lines = "".join(f"servicePrincipalName: {v}\n" for v in values)
    modify(sam, f"dn: CN=DC1,OU=Domain Controllers,@BASE@\nchangetype: modify\nadd: servicePrincipalName\n{lines}-\n")


def accounts(sam, password):
    modify(sam, "dn: OU=GAL,@BASE@\nchangetype: add\nobjectClass: organizationalUnit\n\n"
                "dn: OU=Service,@BASE@\nchangetype: add\nobjectClass: organizationalUnit\n")
    for account in ("galway", "reader"):
        sam.newuser(account, password, userou="OU=Service")
    # In every directory something was deleted once.
    modify(sam, "dn: CN=left,@BASE@\nchangetype: add\nobjectClass: contact\n")
    sam.delete(f"CN=left,{sam.domain_dn()}")
    # Read and list what was deleted; make, change, move and delete what is in the container.
    grant(sam, f"CN=Deleted Objects,{sam.domain_dn()}", "galway", "LCRP", "CI")
    grant(sam, f"OU=GAL,{sam.domain_dn()}", "galway", "RPWPCCDCLCLORCSDDT", "CI")


def grant(sam, name, account, rights, flags):
    """An entry at the front of the discretionary list of what is at that name."""
    who = sam.search(sam.domain_dn(), ldb.SCOPE_SUBTREE, f"(sAMAccountName={account})", ["objectSid"])[0]
    sid = ndr_unpack(security.dom_sid, who["objectSid"][0])
    controls = ["show_deleted:1", "sd_flags:1:4"]
    found = sam.search(name, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=controls)[0]
    domain = security.dom_sid(sam.get_domain_sid())
    sddl = ndr_unpack(security.descriptor, found["nTSecurityDescriptor"][0]).as_sddl(domain)
    at = sddl.index("(", sddl.index("D:"))
    sddl = f"{sddl[:at]}(A;{flags};{rights};;;{sid}){sddl[at:]}"
    message = ldb.Message(found.dn)
    message["sd"] = ldb.MessageElement(ndr_pack(security.descriptor.from_sddl(sddl, domain)), ldb.FLAG_MOD_REPLACE,
                                       "nTSecurityDescriptor")
    sam.modify(message, controls)


if __name__ == "__main__":
    prepare(pathlib.Path(sys.argv[1]).resolve(), *sys.argv[2:])
