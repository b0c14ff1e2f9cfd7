"""slapd of OpenLDAP on loopback, with a folder of its own.

    with Slapd(suffix="DC=xyz,DC=example", overlays=["syncprov", "auditlog"], tls=True) as s:
        s.add({"OU=GAL," + s.base: {"objectClass": [b"organizationalUnit"], "ou": [b"GAL"]}})
        ... s.url, s.ldaps_url, s.ldapi_url, s.ca, s.admin, s.password, s.audit() ...
"""
import base64
import urllib.parse

import server

# What an overlay wants to be told. {folder} is the server's.
OVERLAYS = {
    "syncprov": "syncprov-checkpoint 100 10\nsyncprov-sessionlog 1000\n",
    "auditlog": "auditlog {folder}/audit.ldif\n",
    "refint": "refint_attributes manager\n",  # references follow when a contact is renamed
}
# After what changes syncprov cannot tell all: a container's new name is the new name of everything below it.
FULL_AFTER = ("rename_container",)


class Slapd(server.Directory):
    """One database (mdb) below a suffix, whose entry is there when the block begins. `config` is appended to the
    database's part of slapd.conf, `globals` stands before it; an overlay is a name of OVERLAYS, or a (name, lines)
    pair. TLS needs a name for the certificate: 127.0.0.1 and localhost are in it, and it is good for so many days."""

    password = "invented"

    def __init__(self, suffix="DC=xyz,DC=example", schema="ad.schema", overlays=(), tls=False, port=None, config="",
                 globals="", days=3650):
        self.base, self.schema, self.overlays, self.tls, self.days = suffix, schema, overlays, tls, days
        self.port, self.config, self.globals = port, config, globals
        self.admin = f"cn=admin,{suffix}"

    def __enter__(self):
        server.need("slapd", package="slapd")
        self.home = server.Folder("slapd")
        self.folder = self.home.path
        self.port = self.port or server.free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.ldapi_url = "ldapi://" + urllib.parse.quote(str(self.folder / "ldapi"), safe="")
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
        lines = [f"include {server.HERE / 'schema' / self.schema}", "modulepath /usr/lib/ldap", "moduleload back_mdb"]
        names = [o if isinstance(o, str) else o[0] for o in self.overlays]
        lines += [f"moduleload {name}" for name in dict.fromkeys(names)]
        lines += [f"pidfile {self.folder}/pid", "sizelimit unlimited", "threads 4"]
        if self.tls:
            self.authority = server.Authority(self.folder / "tls")
            certificate, key = self.authority.issue("127.0.0.1", "IP:127.0.0.1", "DNS:localhost", days=self.days)
            self.ca = self.authority.pem
            self.ldaps_url = f"ldaps://127.0.0.1:{server.free_port()}"
            lines += [f"TLSCACertificateFile {self.ca}", f"TLSCertificateFile {certificate}",
                      f"TLSCertificateKeyFile {key}"]
        lines += [self.globals, "database mdb", f'suffix "{self.base}"', f"directory {self.folder}/db",
                  "maxsize 1073741824", "dbnosync", f'rootdn "{self.admin}"', f"rootpw {self.password}"]
        # As AD does, what joins look for has an index; entryCSN and entryUUID are syncprov's.
        lines += ["index objectClass,entryUUID,entryCSN eq", "index cn,mail,proxyAddresses,adminDescription eq",
                  self.config]
        for overlay in self.overlays:
            name, text = (overlay, OVERLAYS.get(overlay, "")) if isinstance(overlay, str) else overlay
            lines += [f"overlay {name}", text.format(folder=self.folder)]
        (self.folder / "db").mkdir(exist_ok=True)
        (self.folder / "slapd.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        urls = " ".join(u for u in (self.url, self.ldaps_url, self.ldapi_url) if u)
        self.process = server.Process("slapd", "-f", self.folder / "slapd.conf", "-h", urls, "-d", "0",
                                      log=self.folder / "log")
        self.process.wait_for(self.answers, "slapd")

    def stop(self):
        self.hang_up()
        if self.process is not None:
            self.process.stop()

    def written(self):
        """How much auditlog has noted."""
        path = self.folder / "audit.ldif"
        return path.stat().st_size if path.exists() else 0

    def audit(self):
        """What auditlog saw since it was asked last: (name, changetype, [(action, attribute)]) of each write."""
        path = self.folder / "audit.ldif"
        with path.open("rb") as f:
            f.seek(getattr(self, "audited", 0))
            text = f.read()
            self.audited = f.tell()
        return list(audited(text.decode()))


def audited(text):
    """auditlog writes change records, each after a comment and with comments between."""
    for record in text.split("\n\n"):
        lines = []
        for line in record.splitlines():
            if line.startswith(" ") and lines:
                lines[-1] += line[1:]
            elif line and not line.startswith("#"):
                lines.append(line)
        if lines and lines[0].lower().startswith("dn:"):
            yield change(lines)


def change(lines):
    pairs = [split(line) for line in lines if line != "-"]
    (_, name), (_, kind) = pairs[0], pairs[1]
    if kind == "add":
        return name, kind, [("add", a) for a, _ in pairs[2:]]
    if kind == "modify":
        return name, kind, [(a, v) for a, v in pairs[2:] if a in ("add", "delete", "replace")]
    return name, kind, pairs[2:]


def split(line):
    """attribute: value, or attribute:: base64."""
    name, _, value = line.partition(":")
    if value.startswith(":"):
        return name, base64.b64decode(value[1:].strip()).decode("utf-8", "replace")
    return name, value.strip()
