"""389 Directory Server on loopback, with a folder of its own: ns-slapd with a dse.ldif made of the template that
dscreate uses, without what dscreate does to the machine (it wants systemd and root, and writes below /etc and /var).

    with Ds389(suffix="DC=xyz,DC=example", plugins=["Content Synchronization"], tls=True) as s:
        ... s.url, s.ldaps_url, s.ca, s.base, s.admin, s.password ...
"""
import os
import pathlib
import re

import server

DATA = pathlib.Path("/usr/share/dirsrv/data")
CONFIG = pathlib.Path("/etc/dirsrv/config")
STANDARD = pathlib.Path("/usr/share/dirsrv/schema")


class Ds389(server.Directory):
    """A suffix in a database of its own, whose entry is there when the block begins. `plugins` are switched on; Content
    Synchronization (RFC 4533) brings the retro changelog, which it wants, with it."""

    admin, password = "cn=Directory Manager", "invented"

    def __init__(self, suffix="DC=xyz,DC=example", plugins=(), tls=False, port=None):
        self.base, self.tls, self.port = suffix, tls, port
        self.plugins = set(plugins)
        if "Content Synchronization" in self.plugins:
            self.plugins.add("Retro Changelog Plugin")

    def __enter__(self):
        server.need("ns-slapd", package="389-ds-base")
        if not (DATA / "template-dse.ldif").exists():
            raise server.Skip("389-ds has no template-dse.ldif (package 389-ds-base)")
        if not os.access(CONFIG, os.R_OK | os.X_OK):
            raise server.Skip(f"only root and dirsrv may read {CONFIG}")
        self.home = server.Folder("ds389")
        self.folder = self.home.path
        self.port = self.port or server.free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.ldaps_url = None
        self.process = None
        try:
            self.configure()
            self.start()
            self.add({self.base: {"objectClass": [b"top", b"domain", b"domainDNS"],
                                  "dc": [self.base.split(",")[0].split("=")[1].encode()]}})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        self.home.__exit__()

    def configure(self):
        for name in ("schema", "lock", "tmp", "cert", "ldif", "bak", "run", "inst", "log", "db", "changelog"):
            (self.folder / name).mkdir()
        (self.folder / "schema" / "00core.ldif").write_text(core_schema())
        (self.folder / "schema" / "99user.ldif").write_text(user_schema())
        for name in ("slapd-collations.conf", "certmap.conf"):
            (self.folder / name).write_text((CONFIG / name).read_text())
        known = {f"{name}_dir": self.folder / name for name in ("schema", "lock", "tmp", "cert", "ldif", "bak", "run",
                                                                 "inst", "log", "db")}
        known.update(db_home_dir=self.folder / "db", config_dir=self.folder, db_lib="bdb", ds_user="root",
                     ds_port=self.port, ds_suffix=self.base, ds_bename="userRoot", ds_passwd="{CLEAR}" + self.password,
                     fqdn="localhost", rootdn=self.admin, ldapi_enabled="off", ldapi=self.folder / "ldapi",
                     ldapi_autobind="off")
        text = ""
        for name in ("template-dse.ldif", "template-suffix-db.ldif"):
            text += re.sub(r"%(\w+)%", lambda m: str(known[m.group(1)]), (DATA / name).read_text()) + "\n"
        records = [self.record(r) for r in text.split("\n\n") if r.strip()]
        (self.folder / "dse.ldif").write_text("\n\n".join(records) + "\n")
        if self.tls:
            self.make_keys()

    def make_keys(self):
        """A certificate of our own, in the database of NSS that 389-ds wants."""
        server.need("certutil", "pk12util", package="libnss3-tools")
        authority = server.Authority(self.folder / "tls")
        certificate, key = authority.issue("127.0.0.1", "IP:127.0.0.1", "DNS:localhost")
        self.ca, bundle, store = authority.pem, authority.folder / "server.p12", f"sql:{self.folder / 'cert'}"
        authority.openssl("pkcs12", "-export", "-in", certificate, "-inkey", key, "-name", "Server-Cert",
                          "-passout", "pass:", "-out", bundle)
        server.command("certutil", "-N", "-d", store, "--empty-password")
        server.command("pk12util", "-i", bundle, "-d", store, "-W", "", "-K", "")
        server.command("certutil", "-A", "-d", store, "-n", "CA", "-t", "CT,,", "-a", "-i", self.ca)

    def record(self, text):
        """An entry of dse.ldif, as this server wants it."""
        name = re.match(r"\s*(?:#.*\n)*dn: *(.*)", text).group(1)
        lines = []
        if name == "cn=config":
            # Loopback, no limits, no log of every operation.
            lines = ["nsslapd-listenhost: 127.0.0.1", "nsslapd-sizelimit: -1", "nsslapd-accesslog-logging-enabled: off",
                     "nsslapd-maxdescriptors: 1024"]
            if self.tls:
                port = server.free_port()
                self.ldaps_url = f"ldaps://127.0.0.1:{port}"
                lines += ["nsslapd-security: on", f"nsslapd-secureport: {port}", "nsslapd-securelistenhost: 127.0.0.1"]
        if name == "cn=config,cn=ldbm database,cn=plugins,cn=config":
            lines = ["nsslapd-db-durable-transaction: off", "nsslapd-dbcachesize: 10000000",
                     "nsslapd-cache-autosize: 0"]
        if name == "cn=Retro Changelog Plugin,cn=plugins,cn=config":
            lines = ["nsslapd-attribute: nsuniqueid:targetUniqueId"]
        if name == "cn=referential integrity postoperation,cn=plugins,cn=config":
            lines = ["referint-membership-attr: manager"]
        plugin = re.fullmatch(r"cn=([^,]*),cn=plugins,cn=config", name)
        if plugin and plugin.group(1) in self.plugins:
            text = text.replace("nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on")
        return "\n".join([text.strip("\n"), *lines])

    def start(self):
        # -d 0 keeps it in the foreground.
        self.process = server.Process("ns-slapd", "-D", self.folder, "-i", self.folder / "pid", "-d", "0",
                                      log=self.folder / "log" / "out")
        self.process.wait_for(self.answers, "ns-slapd", timeout=60)

    def stop(self):
        self.hang_up()
        if self.process is not None:
            self.process.stop()


def core_schema():
    """389-ds's own core schema, which a file of that name replaces: a person of AD may have no sn."""
    text = (STANDARD / "00core.ldif").read_text()
    must = r"(NAME 'person'\s+SUP top\s+STRUCTURAL\s+)MUST \( sn \$\s+cn \)\s+MAY \("
    patched = re.sub(must, r"\1MUST cn\n  MAY ( sn $", text)
    if patched == text:
        raise server.Skip("389-ds's 00core.ldif is not as this test knows it")
    return patched


def user_schema():
    """ad.schema as 99user.ldif, without what 389-ds has under that name. Where it has something else under that OID,
    the OID is one of ours. As person and organizationalPerson are 389-ds's, what AD's may have is in the classes below
    them: for simplicity, each of those may have everything."""
    standard = "\n".join(p.read_text() for p in sorted(STANDARD.glob("*.ldif"))).lower()
    names, numbers = set(re.findall(r"'([\w-]+)'", standard)), set(re.findall(r"\( *([\d.]+) +name", standard))
    lines = ["dn: cn=schema", "objectClass: top", "objectClass: ldapSubentry", "objectClass: subschema", "cn: schema"]
    text = re.sub(r"^#.*\n", "", (server.HERE / "schema" / "ad.schema").read_text(), flags=re.M)
    everything = ["description", "seeAlso", "uid"] + re.findall(r"^attributetype \( \S+ NAME '(\S+)'", text, re.M)
    for part in re.split(r"^(?=attributetype|objectclass)", text, flags=re.M)[1:]:
        kind, definition = " ".join(part.split()).split(" ", 1)
        number, name = re.match(r"\( (\S+) NAME '(\S+)'", definition).groups()
        if name.lower() in names:
            continue
        if number in numbers:
            definition = definition.replace(number, f"1.3.6.1.4.1.99999.3.{len(lines)}", 1)
        if kind == "attributetype":
            lines.append(f"attributeTypes: {definition}")
        else:
            lines.append(f"objectClasses: {definition.split(' MAY ')[0].removesuffix(' )')} "
                         f"MAY ( {' $ '.join(everything)} ) )")
    return "\n".join(lines) + "\n"
