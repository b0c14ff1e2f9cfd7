"""What the client of web services costs beside what one has to pay anyway: web.py --read READ --writer WRITER ...

One server on loopback that answers after 20 ms, as a SCIM service and as Microsoft Graph, everything in one run and in interleaved rounds:
  reading 10,000 users     galway's connector (tests/live/read.c), and curl --parallel of the very pages that it asked for, with as
                           many at once. Where a page is only known from the one before it (Graph's delta queries) nobody can ask for
                           several at once; so curl does the same one after the other, too
  10,000 creations         galway's connector (tests/live/ldap_write.c) with 8 at once (4 in a mailbox), and curl, the same requests one
                           after the other on one connection (a tenth of them, for it takes as long as it says)
The sequential figure is per creation, so that the tenth can be compared.

Ends with 1 when a bar is missed: reading takes at most 1.5 times as long as curl of the same pages, as many at once as there can be,
which is one where each page names the next; creations are at least 6 times as fast with 8 at once, 3 times with the 4 of a mailbox.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "web"))
import fake  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BOX = "/v1.0/users/ann%40abc.example/contactFolders/f/contacts"


def timed(command, **kw):
    begun = time.monotonic()
    result = subprocess.run(command, check=True, capture_output=True, **kw)
    return time.monotonic() - begun, result.stdout


class Service:
    """What is measured, and how: settings of its connector; pages: how one of them is known; requests: what one creation takes,
    (method, path, body)."""

    def __init__(self, name, settings, pages=None, adds="", requests=(), chained=False, faster=6):
        self.name, self.settings, self.pages, self.adds, self.requests, self.chained = name, settings, pages, adds, requests, chained
        self.faster = faster  # creations, at least


SCIM = ["type = scim", "auth = none", "page-size = {page}"]
GRAPH = ["type = graph", 'tenant = "abc.example"', 'login-url = "{root}"', 'client-id = "x"', 'secret = "file:{folder}/secret"']
SERVICES = (
    Service("SCIM", SCIM, "startIndex", "add\tCN=made{i},O=cloud\tobjectClass+user\tdisplayName+Made {i}\tmail+made{i}@abc.example\n",
            [("POST", "/Users", '{"userName":"made%d","displayName":"Made"}')]),
    Service("Graph: users", GRAPH, "/users/delta", chained=True),
    Service("Graph: guests", [*GRAPH, "types = guests"], None,
            "add\tCN=made{i}@xyz.example,O=cloud\tobjectClass+user\tdisplayName+Made {i}\tmail+made{i}@xyz.example\ttitle+Staff\n",
            [("GET", "/v1.0/users?$select=id&$filter=mail%20eq%20'made%d%40xyz.example'", None),
             ("POST", "/v1.0/invitations", '{"invitedUserEmailAddress":"made%d@xyz.example"}'),
             ("PATCH", "/v1.0/users/new-%d", '{"displayName":"Made","jobTitle":"Staff"}')]),
    Service("Graph: contacts of a mailbox", [*GRAPH, 'mailbox = "ann@abc.example"'], None,
            "add\tCN=made{i},O=cloud\tobjectClass+contact\tdisplayName+Made {i}\tmail+made{i}@abc.example\n",
            [("POST", BOX, '{"displayName":"Made %d"}')], faster=3),
)
SLOWER = 1.5  # reading, at most


class Bench:
    def __init__(self, options, folder, service):
        self.o, self.folder, self.service = options, folder, service
        self.curl = ["curl", "--silent", "--show-error", "--fail", "--globoff", "--cacert", folder / "ca.pem"]
        self.root = f"https://127.0.0.1:{options.port}"
        (folder / "secret").write_text("x\n")
        self.conf = folder / "galway.conf"
        lines = ["connector target {", f'url = "{self.root}"', f'tls-ca = "{folder}/ca.pem"', 'base = "O=cloud"', f"window = {options.window}",
                 *(s.format(root=self.root, folder=folder, page=options.page_size) if "{" in s else s for s in service.settings), "}"]
        self.conf.write_text("\n".join(lines) + "\n")
        for file in (self.conf, folder / "secret"):
            file.chmod(0o600)

    def seen(self):
        return json.loads(subprocess.run([*self.curl, self.root + "/seen"], check=True, capture_output=True).stdout)

    def read(self):
        took, out = timed([self.o.read, self.conf, "target", "--want", "cn,mail,displayName,department", "all"])
        if out.count(b"dn:") != self.o.n:
            raise SystemExit(f"galway read {out.count(b'dn:')} of {self.o.n}")
        return took

    def transfer(self, pages, *how):
        """The same pages by curl, into files in memory that nobody reads."""
        lines = "".join(f'url = "{self.root}{p}"\noutput = "/dev/null"\n' for p in pages)
        return timed([*self.curl, *how, "--config", "-"], input=lines.encode())[0]

    def parallel(self, pages):
        return self.transfer(pages, "--parallel", "--parallel-max", str(self.o.window))

    def create(self):
        lines = "".join(self.service.adds.format(i=i) + "\n" * (i % 1000 == 999 or i == self.o.n - 1) for i in range(self.o.n))
        took, out = timed([self.o.writer, self.conf], input=lines.encode())
        done = out.count(b"DONE")
        if done != self.o.n:
            raise SystemExit(f"galway made {done} of {self.o.n}")
        return took / self.o.n

    def request(self, i, method, path, body):
        quoted = body.replace("%d", str(i)).replace('"', '\\"') if body else None
        return (f'url = "{self.root}{path.replace("%d", str(i))}"\nrequest = {method}\noutput = "/dev/null"\ngloboff\nsilent\nfail\n'
                f'cacert = "{self.folder}/ca.pem"\n' + (f'header = "Content-Type: application/json"\ndata = "{quoted}"\n' if body else ""))

    def one_by_one(self):
        n = max(1, self.o.n // 10)
        lines = "next\n".join(self.request(i, *r) for i in range(n) for r in self.service.requests)
        return timed(["curl", "--config", "-"], input=lines.encode())[0] / n


def bar(held):
    """How the line ends."""
    return "" if held else ": MISSED"


def reading(b, o):
    """Is the bar held?"""
    ways = {"galway": b.read, "curl --parallel": lambda: b.parallel(pages)}
    if b.service.chained:
        ways["curl, one after the other"] = lambda: b.transfer(pages)
    b.seen()
    b.read()
    pages = [p for p in b.seen() if b.service.pages in p]
    took = {name: [] for name in ways}
    for _ in range(o.rounds):
        for name, way in ways.items():
            took[name].append(way())
    galway, *others = ((name, statistics.median(t)) for name, t in took.items())
    print(f"{b.service.name}: {len(pages)} pages read: galway {galway[1]:.2f} s; " +
          "; ".join(f"{name} {t:.2f} s: {galway[1] / t:.2f} times" for name, t in others) + bar(galway[1] <= SLOWER * others[-1][1]))
    return galway[1] <= SLOWER * others[-1][1]


def creating(b):
    """Is the bar held?"""
    made, single = b.create(), b.one_by_one()
    held = single >= b.service.faster * made
    print(f"{b.service.name}: created: galway {1000 * made:.2f} ms each, one after the other {1000 * single:.2f} ms: "
          f"{single / made:.1f} times as fast{bar(held)}")
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", required=True)
    parser.add_argument("--writer", required=True)
    parser.add_argument("--n", type=int, default=10000)
    parser.add_argument("--delay", type=int, default=20, help="milliseconds before each answer")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=24050)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="galway-bench-") as folder:
        folder = pathlib.Path(folder)
        fake.authority(folder)
        fake.certificate(folder, "server")
        server = subprocess.Popen(["node", HERE / "web_server.mjs", str(o.port), folder / "server.key", folder / "server.pem",
                                   str(o.n), str(o.delay), str(o.page_size)], stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            held = True
            print(f"{o.n} users, {o.delay} ms an answer, {o.window} at once, {os.cpu_count()} cores")
            for service in SERVICES:
                b = Bench(o, folder, service)
                if service.pages:
                    held = reading(b, o) and held
                if service.adds:
                    held = creating(b) and held
            print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB")
        finally:
            server.terminate()
            server.wait()
    return 0 if held else 1


sys.exit(main())
