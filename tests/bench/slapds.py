"""slapd for measurements: loaded by slapadd, with the indexes that a directory of its size would have, and writes that
either wait for the disk or do not."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))
import server  # noqa: E402  (tests/live: processes that are stopped again)

SCHEMA = server.HERE / "schema" / "ad.schema"
EQUALITY = ("objectClass entryUUID entryCSN modifyTimestamp objectGUID cn mail mailNickname proxyAddresses"
            " targetAddress sAMAccountName userPrincipalName msRTCSIP-PrimaryUserAddress legacyExchangeDN"
            " adminDescription manager uSNChanged")
# Without a sync after each write, mdb must write through its map: by write(2) it gets slower as the file grows.
NO_SYNC = "dbnosync\nenvflags writemap\n"
CONFIG = """\
include {schema}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
pidfile {folder}/pid
sizelimit unlimited
threads 8
loglevel 0
allow update_anon
database mdb
suffix "{suffix}"
directory {folder}/db
maxsize 17179869184
{sync}access to * by * write
index {indexes} eq
overlay syncprov
syncprov-checkpoint 1000 10
syncprov-sessionlog 10000
"""


class Slapd:
    """One database below a suffix, on a port. Whoever connects may write: there is nobody else."""

    def __init__(self, folder, suffix, port):
        self.folder, self.suffix, self.port = folder, suffix, port
        self.url = f"ldap://127.0.0.1:{port}"
        self.process = None
        folder.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def fill(self, ldif, durable=False, log="0"):
        """Starts anew with the entries of this file. log: slapd's -d."""
        self.stop()
        shutil.rmtree(self.folder / "db", ignore_errors=True)
        (self.folder / "db").mkdir()
        self.config = self.folder / "slapd.conf"
        self.config.write_text(CONFIG.format(schema=SCHEMA, folder=self.folder, suffix=self.suffix,
                                             sync="" if durable else NO_SYNC, indexes=EQUALITY.replace(" ", ",")))
        server.command("slapadd", "-q", "-w", "-f", self.config, "-l", ldif, timeout=3600)
        (self.folder / "log").unlink(missing_ok=True)
        self.process = server.Process("slapd", "-f", self.config, "-h", self.url, "-d", log, log=self.folder / "log")
        self.process.wait_for(lambda: not server.is_free("127.0.0.1", self.port), "slapd")

    def stop(self):
        if self.process is not None:
            self.process.stop()
            self.process = None

    def cpu(self):
        """Seconds of user and system that the running server has used."""
        stat = pathlib.Path(f"/proc/{self.process.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / 100

    def contents(self, ldif):
        """Writes all entries to a file, as they could be added again: without what the server itself wrote."""
        own = ("structuralObjectClass", "entryUUID", "creatorsName", "createTimestamp", "entryCSN", "modifiersName",
               "modifyTimestamp", "contextCSN")
        whole = ldif.with_suffix(".slapcat")
        server.command("slapcat", "-o", "ldif-wrap=no", "-f", self.config, "-l", whole, timeout=3600)
        with whole.open() as lines, ldif.open("w") as out:
            out.writelines(line for line in lines if line.split(":", 1)[0] not in own)
        whole.unlink()
