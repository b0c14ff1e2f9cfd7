#!/usr/bin/python3
"""What a sync between two directory servers costs: see ldap.sh, which builds what this measures."""
import argparse
import os
import pathlib
import re
import subprocess
import sys

import ldap

import links
import slapds
import tables
from slapds import server

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCE, TARGET = "DC=abc,DC=example", "DC=xyz,DC=example"
INTO = f"OU=GAL,{TARGET}"
SOURCE_PORT, TARGET_PORT, DELAY_PORT = 21500, 21501, 21502
CHANGES = 100  # of a delta
WINDOW = "96"  # operations under way at once, the default of connectors
PEERS = ("bulk", "per_entry", "lsc", "ldap3_per_entry")  # scripts in peers/
# Slow writes, by syncs of the disk or by the round trip in microseconds. ldapadd adds so many of the contacts then, and
# its time is that of all by the rule of three: each add takes as long as the one before.
SLOW = {"fsync": (0, 10000), "1 ms": (1000, 2000), "5 ms": (5000, 500)}
MOST_SYNCED = 10000  # users, for the same reason
CONFIG = """\
state = "state.db"
connector abc {{
    type = ldap
    url = {{"{source}"}}
    auth = anonymous
    base = "{source_base}"
    smtp-domains = {{"abc.example"}}
    sip-domains = {{"abc.example"}}
}}
connector xyz {{
    type = ldap
    url = {{"{target}"}}
    auth = anonymous
    base = "{target_base}"
}}
flow abc-to-xyz {{
    source = abc
    target = xyz
    rules = galsync
    into = "{into}"
    full-every = 1000000
}}
"""
EMPTY = f"""\
dn: {TARGET}
objectClass: top
objectClass: domainDNS
dc: xyz

dn: {INTO}
objectClass: top
objectClass: organizationalUnit
ou: GAL

"""


class Bench:
    """The servers, and what was measured: results[n, what] is a list of tables.Result."""

    def __init__(self, options, folder, source, target):
        self.options, self.folder, self.source, self.target = options, folder, source, target
        self.results, self.sizes, self.links = {}, [], {}
        self.conf = folder / "galway.conf"
        self.empty = folder / "empty.ldif"
        self.empty.write_text(EMPTY)
        self.attributes = []
        self.configure(target.url)

    def configure(self, target_url):
        self.conf.write_text(CONFIG.format(source=self.source.url, source_base=SOURCE, target=target_url,
                                           target_base=TARGET, into=INTO))

    # ---- measuring

    def measure(self, n, what, command, operations=0, scale=1, says=""):
        """Runs it as one more round of this. says: what its output must match."""
        used = self.source.cpu() + self.target.cpu()
        numbers = self.folder / "numbers"
        with (self.folder / "output").open("w+b") as out:
            done = subprocess.run([self.options.measure, numbers, *command], stdin=subprocess.DEVNULL, check=False,
                                  stdout=out if says else subprocess.DEVNULL, stderr=out, cwd=self.folder)
            out.seek(0)
            text = out.read().decode("utf-8", "replace")
        wall, cpu, peak, status = (float(x) for x in numbers.read_text().split())
        if done.returncode != 0 or status != 0 or not re.search(says, text, re.MULTILINE):
            raise server.Failure(f"{what}: {' '.join(map(str, command))} ended with {status:.0f}:\n{text[-2000:]}")
        used = self.source.cpu() + self.target.cpu() - used
        self.results.setdefault((n, what), []).append(
            tables.Result(wall * scale, cpu * scale, used * scale, peak / 1024, operations * scale))

    def galway(self, n, what, *words, operations=0, says="."):
        self.measure(n, what, [self.options.galway, "-c", self.conf, "sync", *words], operations, says=says)

    def search(self, n, what, base, *words, operations=0):
        self.measure(n, what, ["ldapsearch", "-x", "-LLL", "-H", self.source.url, "-b", base, *words], operations)

    def rounds(self, n, what):
        for i in range(self.options.rounds if n < 1000000 else min(self.options.rounds, 3)):
            print(f"{n}: {what}, round {i + 1}", file=sys.stderr)
            yield i

    # ---- what is measured

    def size(self, n):
        ldif = self.folder / "source.ldif"
        self.generate(n, ldif)
        self.source.fill(ldif)
        ldif.unlink()
        self.sizes.append(n)
        if n < 1000000:
            contacts = self.contacts(n)
            self.first(n, contacts)
        else:
            self.begin_anew()
            self.galway(n, "first sync", operations=n)
        self.expect(n)
        self.links[n], _, _ = links.bytes_a_link(self.folder / "state.db", n)
        self.nothing_to_do(n)
        self.delta(n)
        if n < 1000000:
            self.slow(n, contacts)

    def generate(self, n, ldif):
        with ldif.open("wb") as out:
            subprocess.run([self.options.generate, "-m", str(n)], stdout=out, check=True)

    def find_attributes(self):
        """Those that galway reads of the source are those that ldapsearch is to read: the server says which."""
        ldif = self.folder / "few.ldif"
        self.generate(10, ldif)
        self.source.fill(ldif, log="256")
        self.begin_anew()
        self.configure(self.target.url)
        self.galway(10, "trial")
        searches = {}
        log = (self.source.folder / "log").read_text()
        for operation, names in re.findall(r"(conn=\d+ op=\d+) SRCH attr=(.*)", log):
            searches.setdefault(operation, []).extend(names.split())
        self.attributes = max(searches.values(), key=len)

    def begin_anew(self, durable=False):
        """An empty target, and a galway that remembers nothing."""
        self.target.fill(self.empty, durable)
        for path in self.folder.glob("state.db*"):
            path.unlink()

    def contacts(self, n):
        """A file of the contacts that galway makes, for ldapadd."""
        self.begin_anew()
        self.galway(10, "trial")
        self.expect(n)
        ldif = self.folder / "contacts.ldif"
        self.target.contents(ldif)
        entries = ldif.read_text().split("\n\n")
        contacts = [e for e in entries if "objectClass: contact" in e]
        if len(contacts) != n:
            raise server.Failure(f"{len(contacts)} contacts in the target, not {n}")
        ldif.write_text("\n\n".join(contacts) + "\n")
        return ldif

    def expect(self, n):
        link = ldap.initialize(self.target.url)
        found = link.search_ext(INTO, ldap.SCOPE_ONELEVEL, "(objectClass=contact)", ["1.1"])
        count = 0
        while link.result(found, all=0)[0] != ldap.RES_SEARCH_RESULT:
            count += 1
        link.unbind_s()
        if count != n:
            raise server.Failure(f"{count} contacts in the target, not {n}")

    def ldapadd(self, n, what, ldif, count, url):
        self.measure(n, what, ["ldapadd", "-x", "-H", url, "-f", ldif], count, n / count)

    def adds(self, n, what, ldif, port):
        """The floor: the contacts in a window of galway's size, and nothing else."""
        self.measure(n, what, [self.options.adds, str(port), ldif, WINDOW], n)

    def first(self, n, contacts):
        for _ in self.rounds(n, "first sync"):
            self.target.fill(self.empty)
            self.ldapadd(n, "ldapadd", contacts, n, self.target.url)
            self.target.fill(self.empty)
            self.adds(n, "adds", contacts, TARGET_PORT)
            self.begin_anew()
            self.galway(n, "first sync", operations=n)

    def nothing_to_do(self, n):
        nothing = "nothing to do$"
        self.galway(n, "full after first", "--full", operations=n, says=nothing)
        for i in self.rounds(n, "nothing to do"):
            self.search(n, "ldapsearch", SOURCE, "(objectClass=*)", *self.attributes, operations=n)
            self.galway(n, "full", "--full", operations=n, says=nothing)
            self.search(n, "ldapsearch paged", SOURCE, "-E", "pr=1000/noprompt", "(objectClass=*)", *self.attributes,
                        operations=n)
            self.search(n, "root DSE", "", "-s", "base", "(objectClass=*)", "1.1")
            self.galway(n, "delta 0", says=nothing)
            if n < 1000000 and i < self.options.slow_rounds:
                for peer in self.options.peers:
                    self.measure(n, peer, ["/usr/bin/python3", HERE / "peers" / f"{peer}.py", self.source.url, SOURCE,
                                           self.target.url, TARGET], n, says="^0$")

    def delta(self, n):
        """As many changes of the source for galway as ldapmodify makes in the target, of other contacts."""
        count = min(CHANGES, n // 4)
        source, target = ldap.initialize(self.source.url), ldap.initialize(self.target.url)
        users = some(source, SOURCE, "(objectClass=user)", count)
        contacts = [f"{dn[:-len(',OU=People,' + SOURCE)]},{INTO}" for dn in some(
            source, SOURCE, "(objectClass=user)", 2 * count)[count:]]
        writes = self.folder / "writes.ldif"
        for i in self.rounds(n, "delta"):
            for dn in users:
                source.modify_s(dn, [(ldap.MOD_REPLACE, "title", [f"Title {i}".encode()])])
            writes.write_text("".join(f"dn: {dn}\nchangetype: modify\nreplace: title\ntitle: Title {i}\n\n"
                                      for dn in contacts))
            self.galway(n, "delta 100", operations=count)
            self.measure(n, "ldapmodify", ["ldapmodify", "-x", "-H", self.target.url, "-f", writes], count)
            changed = target.search_s(INTO, ldap.SCOPE_ONELEVEL, f"(title=Title {i})", ["1.1"])
            if len(changed) != 2 * count:
                raise server.Failure(f"{len(changed)} contacts were changed, not {2 * count}")

    def slow(self, n, contacts):
        """The first sync where each write takes its time."""
        for _ in range(self.options.slow_rounds):
            for what, (delay, most) in SLOW.items():
                if what == "fsync" and n > MOST_SYNCED:
                    continue
                print(f"{n}: first sync, {what}", file=sys.stderr)
                count = min(n, most)
                few = self.folder / "few.ldif"
                few.write_text("\n\n".join(contacts.read_text().split("\n\n")[:count]) + "\n")
                with Delay(self.options.delay, delay) as port:
                    url = f"ldap://127.0.0.1:{port}"
                    self.target.fill(self.empty, durable=what == "fsync")
                    self.ldapadd(n, f"ldapadd, {what}", few, count, url)
                    self.target.fill(self.empty, durable=what == "fsync")
                    self.adds(n, f"adds, {what}", contacts, port)
                    self.begin_anew(durable=what == "fsync")
                    self.configure(url)
                    self.galway(n, f"first sync, {what}", operations=n)
        self.configure(self.target.url)


class Delay:
    """A round trip of so many microseconds to the target; 0: none, and the target itself."""

    def __init__(self, program, delay):
        self.program, self.delay, self.child = program, delay, None

    def __enter__(self):
        if self.delay == 0:
            return TARGET_PORT
        self.child = subprocess.Popen([self.program, str(DELAY_PORT), str(TARGET_PORT), str(self.delay // 2)],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      preexec_fn=server.die_with_parent)
        if self.child.stdout.readline() != b"ready\n":
            raise server.Failure("the delay does not start")
        return DELAY_PORT

    def __exit__(self, *_):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


def some(link, base, filter, count):
    """The names of so many entries, in the directory's order, which are ASCII and need no base64."""
    message = link.search_ext(base, ldap.SCOPE_SUBTREE, filter, ["1.1"])
    names = []
    while len(names) < count:
        kind, data = link.result(message, all=0)
        if kind == ldap.RES_SEARCH_RESULT:
            raise server.Failure("too few entries")
        names += [dn for dn, _ in data if dn.isascii()]
    link.abandon(message)
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for program in ("galway", "generate", "measure", "delay", "adds"):
        parser.add_argument(f"--{program}", required=True, type=os.path.abspath)
    parser.add_argument("--n", default="10000,100000", help="numbers of users")
    parser.add_argument("--million", action="store_true", help="and 1,000,000: galway and ldapsearch alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=3, help="of scripts, and of slow writes")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    server.need("slapd", "slapadd", package="slapd")
    server.need("ldapsearch", package="ldap-utils")
    options.peers = [p for p in PEERS if p != "ldap3_per_entry" or has_ldap3()]
    sizes = [int(n) for n in options.n.split(",") if n] + [1000000] * options.million
    server.private_network()
    with server.Folder("bench") as folder, \
            slapds.Slapd(folder / "abc", SOURCE, SOURCE_PORT) as source, \
            slapds.Slapd(folder / "xyz", TARGET, TARGET_PORT) as target:
        bench = Bench(options, folder, source, target)
        bench.find_attributes()
        for n in sizes:
            bench.size(n)
            text = tables.text(bench.results, bench.links, bench.sizes)
            print(text, flush=True)
    if options.write:
        command = os.environ.get("BENCH_COMMAND", "tests/bench/ldap.sh")
        made = f"Made by `{command}` with {os.cpu_count()} cores, medians of whole processes:\n\n"
        tables.write(ROOT / "docs" / "performance.md", made + text)


def has_ldap3():
    return subprocess.run(["/usr/bin/python3", "-c", "import ldap3"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


if __name__ == "__main__":
    try:
        main()
    except server.Skip as e:
        print(f"skipped: {e}")
        sys.exit(server.SKIPPED)
    except server.Failure as e:
        sys.exit(f"ldap.sh: {e}")
