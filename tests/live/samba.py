"""An Active Directory forest on loopback: a domain controller of samba, with Exchange's and Lync's schema.

    with Forest("abc.example", "127.0.0.2") as dc:
        ... dc.url, dc.ldaps_url, dc.ca, dc.base, dc.admin, dc.password, dc.service, dc.keytab, dc.environment() ...

It is a fresh copy of a golden snapshot, which is made once per machine (some 5 s) and kept in server.cache. There are
three accounts, all with the same password, and keytabs for the last two:

    dc.admin    Administrator
    dc.service  galway, with the rights it needs and no more: it may write below OU=GAL, and see what was deleted
    dc.reader   a user without any right: it does not see what was deleted
"""
import contextlib
import fcntl
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys

import ldif  # python-ldap's

import server

SCRIPTS = pathlib.Path(__file__).resolve().parent / "samba"
CONF = """[global]
    netbios name = DC1
    workgroup = {domain}
    realm = {REALM}
    server role = active directory domain controller
    # Without the /8 samba finds no network interface and listens nowhere.
    interfaces = {address}/8
    bind interfaces only = Yes
    server services = ldap, cldap, kdc
    private dir = {folder}/private
    lock directory = {folder}
    state directory = {folder}/state
    cache directory = {folder}/cache
    binddns dir = {folder}/bind-dns
    pid directory = {folder}/run
    ncalrpc dir = {folder}/run/ncalrpc
    winbindd socket directory = {folder}/run/winbindd
    ntp signd socket directory = {folder}/run/ntp
    log file = {folder}/log.%m
    logging = file
    max log size = 0
    # As Windows does: GSSAPI in TLS needs no protection of its own, and without any protection nothing goes.
    ldap server require strong auth = allow_sasl_over_tls
    dsdb:schema update allowed = yes
    # Twice as fast, and nothing is to survive here.
    ldb:nosync = yes
    tls keyfile = {folder}/tls/server.key
    tls certfile = {folder}/tls/server.pem
    tls cafile = {folder}/tls/ca.pem

[sysvol]
    path = {folder}/state/sysvol
[netlogon]
    path = {folder}/state/sysvol/{realm}/scripts
"""


def golden(realm, domain, password):
    """The folder of the snapshot, which is made when it is not there."""
    made_of = hashlib.sha256(CONF.encode() + password.encode())
    for path in (SCRIPTS / "golden.py", SCRIPTS / "schema.ldif"):
        made_of.update(path.read_bytes())
    made_of.update(server.command("samba", "--version").stdout.encode())
    name = f"{realm}-{made_of.hexdigest()[:12]}"
    cache = server.cache()
    with (cache / f"{realm}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two tests that want it one makes it
        if not (cache / name).exists():
            for old in cache.glob(f"{realm}-*"):
                shutil.rmtree(old)
            make(cache / f"making-{realm}", realm, domain, password)
            (cache / f"making-{realm}").rename(cache / name)
    return cache / name


def make(folder, realm, domain, password):
    shutil.rmtree(folder, ignore_errors=True)
    write_conf(folder, realm, domain, "127.0.0.1")
    # -E: the golden script wants samba's own module of the name of this one.
    server.command("/usr/bin/python3", "-E", SCRIPTS / "golden.py", folder, realm.upper(), domain, "127.0.0.1",
                   password, timeout=120)
    addresses = [f"IP:127.0.0.{n}" for n in range(1, 30)]
    server.Authority(folder / "tls", f"CA of {realm}").issue(f"dc1.{realm}", f"DNS:dc1.{realm}", *addresses)
    shutil.rmtree(folder / "state" / "sysvol")


def write_conf(folder, realm, domain, address):
    for name in ("etc", "run/ncalrpc", "run/winbindd"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    text = CONF.format(folder=folder, realm=realm, REALM=realm.upper(), domain=domain, address=address)
    (folder / "etc" / "smb.conf").write_text(text)


class Forest(server.Directory):
    password = "Invented.1"

    def __init__(self, realm="abc.example", address="127.0.0.2"):
        self.realm, self.address = realm, address
        self.domain = realm.split(".")[0].upper()
        self.base = ",".join(f"DC={part}" for part in realm.split("."))
        self.admin = f"CN=Administrator,CN=Users,{self.base}"
        self.service = f"CN=galway,OU=Service,{self.base}"
        self.reader = f"CN=reader,OU=Service,{self.base}"
        self.into = f"OU=GAL,{self.base}"
        self.ldap_url = f"ldap://{address}"
        self.url = self.ldaps_url = f"ldaps://{address}"

    def __enter__(self):
        server.need("samba", package="samba-ad-dc")
        server.need("ldbsearch", package="ldb-tools")
        if os.getuid() != 0:
            raise server.Skip("samba wants root, or a kernel that allows user namespaces")
        if not pathlib.Path("/usr/share/samba/setup").is_dir():
            raise server.Skip("samba cannot make a forest (package samba-ad-provision)")
        snapshot = golden(self.realm, self.domain, self.password)
        self.process = None
        self.home = server.Folder(self.domain.lower())
        try:
            self.folder = self.home.path / "dc"
            server.command("cp", "-a", "--sparse=always", snapshot, self.folder)
            write_conf(self.folder, self.realm, self.domain, self.address)
            self.ca = self.folder / "tls" / "ca.pem"
            self.keytab = self.folder / "galway.keytab"
            self.principal = f"galway@{self.realm.upper()}"
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        self.home.__exit__()

    def start(self):
        if not server.is_free(self.address, 389):
            raise server.Failure(f"somebody listens on {self.address}, port 389")
        # -M single: one process, which ends by itself when a test was killed and could not end it.
        self.process = server.Process("samba", "-F", "-M", "single", "-s", self.folder / "etc" / "smb.conf",
                                      "--no-process-group", "--debug-stdout", "--maximum-runtime=900",
                                      log=self.folder / "samba.out")
        self.process.wait_for(self.answers, f"samba ({self.realm})")

    def stop(self):
        self.hang_up()
        if self.process is not None:
            self.process.stop()

    def ldbsearch(self, base=None, filter="(objectClass=*)", *attributes):
        """{name: {attribute: [bytes]}} from the database's file, past LDAP."""
        done = subprocess.run(["ldbsearch", f"--configfile={self.folder}/etc/smb.conf", "-H",
                               f"{self.folder}/private/sam.ldb", "-b", base or self.base, filter, *attributes],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
        records = ldif.LDIFRecordList(io.BytesIO(done.stdout))
        records.parse_entry_records()
        return dict(records.all_records)

    def environment(self, *others):
        """For Kerberos in this and other forests: what stands in the environment of a program."""
        return krb5_environment(self.folder / "krb5.conf", self, *others)


def krb5_environment(path, *forests):
    """Writes a krb5.conf that needs no DNS."""
    realms = "".join(f"    {f.realm.upper()} = {{\n        kdc = {f.address}:88\n    }}\n" for f in forests)
    domains = "".join(f"    .{f.realm} = {f.realm.upper()}\n    {f.address} = {f.realm.upper()}\n" for f in forests)
    pathlib.Path(path).write_text(
        f"[libdefaults]\n    default_realm = {forests[0].realm.upper()}\n    dns_lookup_realm = false\n"
        "    dns_lookup_kdc = false\n    rdns = false\n    dns_canonicalize_hostname = false\n    noaddresses = true\n"
        f"[realms]\n{realms}[domain_realm]\n{domains}")
    return {"KRB5_CONFIG": str(path), "KRB5CCNAME": f"FILE:{path}.cache"}


@contextlib.contextmanager
def forests(*pairs):
    """Several, from (realm, address) pairs."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Forest(*pair)) for pair in pairs]


if __name__ == "__main__":
    sys.exit("a module of the live tests")
